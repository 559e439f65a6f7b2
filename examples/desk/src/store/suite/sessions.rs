//! Sessions, tokens, attempts, the set-up link.

use std::sync::Arc;

use ozonetel_sdk::types::AgentId;

use super::users::{add, row, user};
use super::{Case, cases};
use crate::core::caller::Role;
use crate::store::sessions::{ApiToken, AttemptLimit, AttemptMark, Session, SignedIn};
use crate::store::teams::Team;
use crate::store::users::{AgentLink, UserChange};
use crate::store::{Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_session_is_its_user_with_agent_and_team,
        a_session_ends_by_either_limit_by_hand_and_with_its_user,
        sessions_are_listed_newest_first_and_swept,
        a_token_is_found_until_it_ends_or_is_revoked,
        attempts_are_counted_per_key_until_the_window_ends,
        a_right_attempt_does_not_count_and_clears_wrong_ones_where_it_should,
        attempts_at_once_are_all_counted,
        who_is_known_passes_a_limit_until_the_mark_ends_and_counters_are_taken_away_by_their_names,
        a_password_that_was_compared_before_it_was_changed_opens_nothing,
        the_set_up_link_makes_one_administrator,
    ]
}

fn session(id: &str, user: &str, at: i64) -> Session {
    Session { id: id.into(), user: user.into(), opened_at: at, seen_at: at, ends_at: at + 100 }
}

async fn open(store: &Arc<dyn Store>, id: &str, user: &str, at: i64) {
    let (digest, hash) = (format!("d{id}"), format!("hash of {user}"));
    store.open_session(&digest, session(id, user, at), &hash, row("session.open")).await.unwrap();
}

async fn is_live(store: &Arc<dyn Store>, id: &str, at: i64) -> bool {
    store.signed_in(&format!("d{id}"), at, at - 10).await.unwrap().is_some()
}

async fn a_session_is_its_user_with_agent_and_team(store: Arc<dyn Store>) {
    for (id, role) in [("a", Role::Agent), ("s", Role::Supervisor)] {
        add(&store, id, role).await;
        open(&store, id, id, 0).await;
    }
    store.set_link(AgentLink::new("a", "agent01"), row("link.set")).await.unwrap();
    for (id, agents) in [("1", ["agent01", "agent02"]), ("2", ["agent02", "agent03"])] {
        let team = Team {
            id: id.into(),
            name: id.into(),
            agents: agents.map(AgentId::from).into(),
            supervisors: vec!["s".into(), "a".into()],
        };
        store.save_team(team, row("team.save")).await.unwrap();
    }
    let found = store.signed_in("da", 5, -5).await.unwrap().unwrap();
    let expected = SignedIn {
        session: session("a", "a", 0),
        user: user("a", Role::Agent).user,
        agent: Some("agent01".into()),
        team: Vec::new(),
    };
    assert_eq!(found, expected, "an agent looks after no one, whatever the team says");
    let found = store.signed_in("ds", 5, -5).await.unwrap().unwrap();
    assert_eq!(found.agent, None);
    assert_eq!(found.team, ["agent01", "agent02", "agent03"].map(AgentId::from));
    assert_eq!(store.signed_in("dx", 5, -5).await, Ok(None));
    assert_eq!(store.signed_in("a", 5, -5).await, Ok(None), "the id is not the secret");
}

async fn a_session_ends_by_either_limit_by_hand_and_with_its_user(store: Arc<dyn Store>) {
    add(&store, "a", Role::Agent).await;
    open(&store, "1", "a", 0).await;
    assert!(is_live(&store, "1", 9).await && !is_live(&store, "1", 10).await);
    store.touch_session("1", 8).await.unwrap();
    store.touch_session("1", 3).await.unwrap();
    assert!(is_live(&store, "1", 17).await && !is_live(&store, "1", 18).await);
    store.touch_session("1", 95).await.unwrap();
    assert!(is_live(&store, "1", 99).await && !is_live(&store, "1", 100).await);
    assert_eq!(store.end_session("b", "1", row("session.end")).await, Ok(false));
    assert_eq!(store.end_session("a", "1", row("session.end")).await, Ok(true));
    assert_eq!(store.end_session("a", "1", row("session.end")).await, Ok(false));
    assert!(!is_live(&store, "1", 96).await);
    open(&store, "5", "a", 0).await;
    assert_eq!(store.end_sessions_of("x", row("user.sign_out")).await, Ok(false));
    assert_eq!(store.end_sessions_of("a", row("user.sign_out")).await, Ok(true));
    assert!(!is_live(&store, "5", 1).await);
    for id in ["2", "3", "4"] {
        open(&store, id, "a", 0).await;
        match id {
            "2" => store.set_password("a", "hash of a".into(), false, row("p")).await.unwrap(),
            "3" => {
                let role = UserChange { role: Some(Role::Supervisor), ..UserChange::default() };
                store.change_user("a", role, row("c")).await.unwrap();
            }
            _ => {
                let name = UserChange { name: Some("x".into()), ..UserChange::default() };
                store.change_user("a", name, row("c")).await.unwrap();
                assert!(is_live(&store, id, 1).await, "a name ends nothing");
                let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
                store.change_user("a", disabled, row("c")).await.unwrap();
            }
        }
        assert!(!is_live(&store, id, 1).await, "{id}");
    }
    let missing =
        store.open_session("d", session("9", "x", 0), "hash of x", row("session.open")).await;
    assert_eq!(missing, Err(StoreError::Missing("user")));
}

async fn sessions_are_listed_newest_first_and_swept(store: Arc<dyn Store>) {
    add(&store, "a", Role::Agent).await;
    add(&store, "b", Role::Agent).await;
    for (id, user, at) in [("1", "a", 0), ("2", "b", 4), ("3", "a", 8)] {
        open(&store, id, user, at).await;
    }
    let taken =
        store.open_session("d1", session("4", "a", 0), "hash of a", row("session.open")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    let ids = |sessions: Vec<Session>| sessions.into_iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(ids(store.sessions_of("a", 9, -1).await.unwrap()), ["3", "1"]);
    assert_eq!(ids(store.sessions_of("a", 10, 0).await.unwrap()), ["3"]);
    assert_eq!(store.sweep_sessions(14, 4).await, Ok(2));
    assert_eq!(ids(store.sessions_of("a", 10, 0).await.unwrap()), ["3"]);
    assert_eq!(store.sweep_sessions(108, 7).await, Ok(1));
}

async fn a_token_is_found_until_it_ends_or_is_revoked(store: Arc<dyn Store>) {
    let token = |id: &str, made_at: i64, ends_at: Option<i64>| ApiToken {
        id: id.into(),
        name: "reports".into(),
        role: Role::Service,
        agents: vec!["agent01".into(), "agent02".into()],
        made_by: "a".into(),
        made_at,
        ends_at,
        seen_at: None,
    };
    let (short, long) = (token("1", 0, Some(10)), token("2", 1, None));
    store.add_token("d1", short.clone(), row("token.add")).await.unwrap();
    store.add_token("d2", long.clone(), row("token.add")).await.unwrap();
    let refused = store.add_token("d2", token("3", 1, None), row("token.add")).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
    assert_eq!(store.token("d1", 9).await, Ok(Some(short.clone())));
    assert_eq!(store.token("d1", 10).await, Ok(None));
    assert_eq!(store.token("2", 0).await, Ok(None), "the id is not the secret");
    store.touch_token("2", 8).await.unwrap();
    store.touch_token("2", 7).await.unwrap();
    let seen = ApiToken { seen_at: Some(8), ..long };
    assert_eq!(store.tokens().await, Ok(vec![seen, short]));
    assert_eq!(store.remove_token("2", row("token.remove")).await, Ok(true));
    assert_eq!(store.remove_token("2", row("token.remove")).await, Ok(false));
    assert_eq!(store.token("d2", 0).await, Ok(None));
}

fn limit(key: &str, most: u32) -> AttemptLimit {
    AttemptLimit { key: key.into(), most, window_ms: 10, is_cleared: false, unless: None }
}

async fn attempts_are_counted_per_key_until_the_window_ends(store: Arc<dyn Store>) {
    let count = |limits: Vec<AttemptLimit>, at| {
        let store = Arc::clone(&store);
        async move { store.count_attempt(&limits, at).await.unwrap() }
    };
    assert_eq!(count(vec![limit("a", 2), limit("b", 9)], 0).await, None);
    assert_eq!(count(vec![limit("a", 2)], 5).await, None);
    assert_eq!(count(vec![limit("a", 2)], 9).await, Some(10));
    assert_eq!(count(vec![limit("b", 1)], 9).await, Some(10));
    assert_eq!(count(vec![limit("a", 2)], 10).await, None, "a new window");
    assert_eq!(count(vec![limit("c", 1), limit("a", 1), limit("d", 9)], 11).await, Some(20));
    assert_eq!(count(vec![limit("c", 1)], 12).await, Some(21), "those before the closed one count");
    assert_eq!(count(vec![limit("d", 0)], 12).await, Some(22), "those behind it do not");
    store.sweep_sessions(50, 0).await.unwrap();
    assert_eq!(count(vec![limit("d", 1)], 12).await, None);
}

async fn a_right_attempt_does_not_count_and_clears_wrong_ones_where_it_should(
    store: Arc<dyn Store>,
) {
    let limits = [limit("peer", 2), AttemptLimit { is_cleared: true, ..limit("pair", 9) }];
    for _ in 0..20 {
        assert_eq!(store.count_attempt(&limits, 0).await, Ok(None));
        store.attempt_was_right(&limits, 0).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(store.count_attempt(&limits, 0).await, Ok(None));
    }
    store.attempt_was_right(&limits, 0).await.unwrap();
    assert_eq!(store.count_attempt(&[limit("pair", 1)], 0).await, Ok(None), "it was cleared");
    assert_eq!(store.count_attempt(&limits, 0).await, Ok(None), "one of two wrong ones counts");
    assert_eq!(store.count_attempt(&limits, 0).await, Ok(Some(10)));
    store.attempt_was_right(&[limit("unknown", 1)], 0).await.unwrap();
    assert_eq!(store.count_attempt(&[limit("unknown", 0)], 0).await, Ok(Some(10)));
}

async fn who_is_known_passes_a_limit_until_the_mark_ends_and_counters_are_taken_away_by_their_names(
    store: Arc<dyn Store>,
) {
    let mark = |key: &str| Some(AttemptMark { key: key.into(), lasts_ms: 100 });
    let of = |known: &str| [AttemptLimit { unless: mark(known), ..limit("user:1", 1) }];
    let (known, other) = (of("known:1"), of("known:2"));
    assert_eq!(store.count_attempt(&known, 0).await, Ok(None));
    store.attempt_was_right(&known, 0).await.unwrap();
    assert_eq!(store.count_attempt(&other, 0).await, Ok(None), "a right one does not count");
    assert_eq!(store.count_attempt(&other, 0).await, Ok(Some(10)));
    for _ in 0..5 {
        assert_eq!(store.count_attempt(&known, 1).await, Ok(None));
        store.attempt_was_right(&known, 1).await.unwrap();
    }
    assert_eq!(
        store.count_attempt(&other, 1).await,
        Ok(Some(10)),
        "nor does it open what is closed"
    );
    store.count_attempt(&[limit("user:10", 1)], 1).await.unwrap();
    store.forget_attempts(&["pair:".into(), "user:1".into()]).await.unwrap();
    assert_eq!(store.count_attempt(&other, 1).await, Ok(None));
    assert_eq!(store.count_attempt(&[limit("user:10", 1)], 1).await, Ok(None), "by how it begins");
    store.sweep_sessions(50, 0).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.count_attempt(&known, 100).await, Ok(None));
    }
    assert_eq!(store.count_attempt(&known, 101).await, Ok(None), "it has ended");
    assert_eq!(store.count_attempt(&known, 101).await, Ok(Some(111)));
}

async fn attempts_at_once_are_all_counted(store: Arc<dyn Store>) {
    let limits = [limit("b", 5), limit("a", 100)];
    let tries = (0..20).map(|_| store.count_attempt(&limits, 0));
    let opened = futures_util::future::try_join_all(tries).await.unwrap();
    assert_eq!(opened.iter().filter(|opens_at| opens_at.is_none()).count(), 5);
}

async fn a_password_that_was_compared_before_it_was_changed_opens_nothing(store: Arc<dyn Store>) {
    add(&store, "a", Role::Agent).await;
    let opened = |id: &'static str, hash: &'static str| {
        let store = Arc::clone(&store);
        let digest = format!("d{id}");
        async move { store.open_session(&digest, session(id, "a", 0), hash, row("session.open")).await }
    };
    assert_eq!(opened("1", "hash of a").await, Ok(()));
    let replace = |old: &'static str, new: &'static str| {
        let store = Arc::clone(&store);
        async move { store.replace_password("a", old, new.into(), row("user.password")).await }
    };
    store.set_password("a", "first".into(), true, row("user.password")).await.unwrap();
    assert_eq!(replace("hash of a", "late").await, Ok(false));
    let (one, other) = tokio::join!(replace("first", "second"), replace("first", "third"));
    assert!(one.unwrap() != other.unwrap(), "each compared the one before; one of them changes it");
    assert!(!is_live(&store, "1", 1).await);
    let changed = StoreError::Conflict("password");
    assert_eq!(opened("2", "first").await, Err(changed.clone()));
    let login = store.user_login("a@example.test").await.unwrap().unwrap();
    assert!(!login.user.must_change);
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user("a", disable, row("user.change")).await.unwrap();
    for hash in ["second", "third"] {
        assert_eq!(opened("3", hash).await, Err(changed.clone()), "{hash}");
    }
}

async fn the_set_up_link_makes_one_administrator(store: Arc<dyn Store>) {
    let admin = |id: &str| user(id, Role::Administrator);
    let used = |digest: &'static str, at, id: &str| {
        let (store, login) = (Arc::clone(&store), admin(id));
        async move { store.use_setup(digest, at, login, row("set-up")).await }
    };
    assert_eq!(used("d1", 0, "a").await, Ok(false), "none was offered");
    store.offer_setup("d1", 10).await.unwrap();
    store.offer_setup("d2", 10).await.unwrap();
    assert_eq!(used("d1", 0, "a").await, Ok(false), "the one before is gone");
    assert_eq!(used("d2", 10, "a").await, Ok(false), "it has ended");
    add(&store, "z", Role::Agent).await;
    let mut taken = admin("a");
    taken.user.email = "z@example.test".into();
    let taken = store.use_setup("d2", 1, taken, row("set-up")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    let (one, other) = tokio::join!(used("d2", 1, "a"), used("d2", 1, "b"));
    assert!(one.unwrap() != other.unwrap());
    assert_eq!(store.has_administrator().await, Ok(true));
    store.offer_setup("d3", 10).await.unwrap();
    assert_eq!(used("d3", 1, "c").await, Ok(false), "there is an administrator");
}
