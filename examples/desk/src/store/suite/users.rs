//! Users, links, teams.

use std::sync::Arc;

use ozonetel_sdk::types::AgentId;

use super::{Case, cases};
use crate::core::caller::{Role, Scope};
use crate::core::dial::DialWay;
use crate::store::audit::{AuditFilter, AuditRow};
use crate::store::teams::Team;
use crate::store::users::{AgentLink, User, UserChange, UserChanged, UserLogin};
use crate::store::{Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_user_is_found_by_id_and_address_and_the_hash_by_address_alone,
        an_address_is_used_once,
        the_last_administrator_stays,
        two_administrators_who_disable_each_other_at_once_leave_one,
        a_password_is_changed_and_a_hash_made_stronger,
        an_agent_is_linked_to_one_user,
        a_team_has_the_members_it_was_saved_with,
        what_is_not_changed_leaves_no_audit,
    ]
}

pub(super) fn user(id: &str, role: Role) -> UserLogin {
    let user = User {
        id: id.to_owned(),
        email: format!("{id}@example.test"),
        name: format!("Name of {id}"),
        role,
        has_password: true,
        must_change: false,
        disabled: false,
        made_at: 5,
    };
    UserLogin { user, hash: Some(format!("hash of {id}")) }
}

pub(super) fn row(action: &str) -> AuditRow {
    AuditRow::of_desk(7, action, "user:x")
}

pub(super) async fn add(store: &Arc<dyn Store>, id: &str, role: Role) {
    store.add_user(user(id, role), row("user.add")).await.unwrap();
}

async fn actions(store: &Arc<dyn Store>) -> Vec<String> {
    let rows = store.audit(&AuditFilter::newest(Scope::All, 100)).await.unwrap();
    rows.into_iter().rev().map(|row| row.action).collect()
}

async fn a_user_is_found_by_id_and_address_and_the_hash_by_address_alone(store: Arc<dyn Store>) {
    add(&store, "b", Role::Agent).await;
    let without = UserLogin { hash: None, ..user("a", Role::Supervisor) };
    store.add_user(without, row("user.add")).await.unwrap();
    let expected = user("b", Role::Agent);
    assert_eq!(store.user("b").await, Ok(Some(expected.user.clone())));
    assert_eq!(store.user_login("b@example.test").await, Ok(Some(expected)));
    assert_eq!(store.user_login("B@example.test").await, Ok(None));
    assert_eq!(store.user("c").await, Ok(None));
    let users = store.users().await.unwrap();
    assert_eq!(users.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(!users[0].has_password && users[1].has_password);
    assert_eq!(actions(&store).await, ["user.add", "user.add"]);
}

async fn an_address_is_used_once(store: Arc<dyn Store>) {
    add(&store, "a", Role::Agent).await;
    let mut other = user("b", Role::Agent);
    other.user.email = "a@example.test".to_owned();
    let taken = store.add_user(other, row("user.add")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    assert_eq!((store.users().await.unwrap().len(), actions(&store).await.len()), (1, 1));
}

async fn the_last_administrator_stays(store: Arc<dyn Store>) {
    assert_eq!(store.has_administrator().await, Ok(false));
    add(&store, "a", Role::Administrator).await;
    let without = UserLogin { hash: None, ..user("n", Role::Administrator) };
    store.add_user(without, row("user.add")).await.unwrap();
    assert_eq!(store.has_administrator().await, Ok(true));
    for change in [
        UserChange { disabled: Some(true), ..UserChange::default() },
        UserChange { role: Some(Role::Agent), ..UserChange::default() },
    ] {
        let changed = store.change_user("a", change, row("user.change")).await;
        assert_eq!(changed, Ok(UserChanged::LastAdministrator));
    }
    let name = UserChange { name: Some("Other".into()), ..UserChange::default() };
    let expected = User { name: "Other".into(), ..user("a", Role::Administrator).user };
    let changed = store.change_user("a", name, row("user.change")).await;
    assert_eq!(changed, Ok(UserChanged::Changed(expected.clone())));
    assert_eq!(store.user("a").await, Ok(Some(expected)));
    add(&store, "b", Role::Administrator).await;
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user("a", disable.clone(), row("user.change")).await.unwrap();
    assert!(store.user("a").await.unwrap().unwrap().disabled);
    let missing = store.change_user("x", disable, row("user.change")).await;
    assert_eq!(missing, Err(StoreError::Missing("user")));
}

async fn two_administrators_who_disable_each_other_at_once_leave_one(store: Arc<dyn Store>) {
    add(&store, "a", Role::Administrator).await;
    add(&store, "b", Role::Administrator).await;
    let disable = || UserChange { disabled: Some(true), ..UserChange::default() };
    let (one, other) = tokio::join!(
        store.change_user("a", disable(), row("user.change")),
        store.change_user("b", disable(), row("user.change")),
    );
    let last = |changed: &UserChanged| *changed == UserChanged::LastAdministrator;
    assert!(last(&one.unwrap()) != last(&other.unwrap()));
    assert_eq!(store.has_administrator().await, Ok(true));
}

async fn a_password_is_changed_and_a_hash_made_stronger(store: Arc<dyn Store>) {
    let without = UserLogin { hash: None, ..user("a", Role::Agent) };
    store.add_user(without, row("user.add")).await.unwrap();
    store.set_password("a", "one".into(), true, row("user.password")).await.unwrap();
    let login = store.user_login("a@example.test").await.unwrap().unwrap();
    assert_eq!(login.hash.as_deref(), Some("one"));
    assert!(login.user.must_change && login.user.has_password);
    assert_eq!(store.strengthen_hash("a", "another", "lost").await, Ok(false));
    assert_eq!(store.strengthen_hash("a", "one", "two").await, Ok(true));
    let login = store.user_login("a@example.test").await.unwrap().unwrap();
    assert_eq!(login.hash.as_deref(), Some("two"));
    let missing = store.set_password("x", "one".into(), false, row("user.password")).await;
    assert_eq!(missing, Err(StoreError::Missing("user")));
    assert_eq!(actions(&store).await, ["user.add", "user.password"]);
}

async fn an_agent_is_linked_to_one_user(store: Arc<dyn Store>) {
    add(&store, "a", Role::Agent).await;
    add(&store, "b", Role::Agent).await;
    let link = AgentLink {
        password: Some("sealed".into()),
        phone_name: Some("agent01".into()),
        extension: Some("500001".into()),
        sip_password: Some("sealed too".into()),
        unique_id: Some("1".into()),
        campaign_id: Some("2".into()),
        auto_answer: Some(3),
        dial_way: Some(DialWay::Socket),
        ..AgentLink::new("a", "Agent01")
    };
    store.set_link(link.clone(), row("link.set")).await.unwrap();
    assert_eq!(store.link_of_agent(&"agent01".into()).await, Ok(Some(link.clone())));
    assert_eq!(store.link_of_agent(&"agent02".into()).await, Ok(None));
    let taken = store.set_link(AgentLink::new("b", "AGENT01"), row("link.set")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    store.set_link(AgentLink::new("b", "007"), row("link.set")).await.unwrap();
    assert_eq!(store.links().await, Ok(vec![AgentLink::new("b", "007"), link]));
    let other = AgentLink::new("a", "agent03");
    store.set_link(other.clone(), row("link.set")).await.unwrap();
    assert_eq!(store.link_of_agent(&"agent01".into()).await, Ok(None), "the one before is gone");
    assert_eq!(store.link_of_agent(&"agent03".into()).await, Ok(Some(other)));
    for (link, expected) in [
        (AgentLink::new("x", "agent09"), StoreError::Missing("user")),
        (AgentLink::new("a", "0"), StoreError::Missing("agent")),
    ] {
        assert_eq!(store.set_link(link, row("link.set")).await, Err(expected));
    }
    assert_eq!(store.links().await.unwrap().len(), 2, "a failed change keeps the link before");
    assert_eq!(store.remove_link("a", row("link.remove")).await, Ok(true));
    assert_eq!(store.remove_link("a", row("link.remove")).await, Ok(false));
    assert_eq!(store.links().await, Ok(vec![AgentLink::new("b", "007")]));
}

async fn a_team_has_the_members_it_was_saved_with(store: Arc<dyn Store>) {
    add(&store, "s", Role::Supervisor).await;
    let team = |id: &str, name: &str, agents: &[&str], supervisors: &[&str]| Team {
        id: id.into(),
        name: name.into(),
        agents: agents.iter().map(|id| AgentId::from(*id)).collect(),
        supervisors: supervisors.iter().map(|id| (*id).to_owned()).collect(),
    };
    let save = |team: Team| store.save_team(team, row("team.save"));
    save(team("2", "West", &["b", "a", "A"], &["s", "s"])).await.unwrap();
    save(team("1", "East", &[], &[])).await.unwrap();
    let teams = store.teams().await.unwrap();
    assert_eq!(teams[0], team("1", "East", &[], &[]));
    assert_eq!((teams[1].agents.len(), teams[1].supervisors.len()), (2, 1));
    assert!(teams[1].agents[0].is_same_agent(&"a".into()));
    save(team("2", "West", &["c"], &[])).await.unwrap();
    assert_eq!(store.teams().await.unwrap()[1], team("2", "West", &["c"], &[]));
    let taken = save(team("2", "East", &[], &[])).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    let missing = save(team("3", "South", &["d"], &["x"])).await;
    assert_eq!(missing, Err(StoreError::Missing("user")));
    let nameless = save(team("3", "South", &["0"], &[])).await;
    assert_eq!(nameless, Err(StoreError::Missing("agent")));
    assert_eq!(store.teams().await.unwrap().len(), 2);
    assert_eq!(store.remove_team("2", row("team.remove")).await, Ok(true));
    assert_eq!(store.remove_team("2", row("team.remove")).await, Ok(false));
    assert_eq!(store.teams().await.unwrap().len(), 1);
}

async fn what_is_not_changed_leaves_no_audit(store: Arc<dyn Store>) {
    add(&store, "a", Role::Administrator).await;
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user("a", disable, row("user.change")).await.unwrap();
    store.remove_link("a", row("link.remove")).await.unwrap();
    store.remove_team("a", row("team.remove")).await.unwrap();
    assert!(store.set_link(AgentLink::new("x", "a"), row("link.set")).await.is_err());
    assert_eq!(actions(&store).await, ["user.add"]);
}
