//! The dial ledger.

use std::sync::Arc;

use ozonetel_sdk::types::PhoneNumber;
use serde_json::json;

use super::{Case, cases};
use crate::core::answer::{AskedLeg, AskedLegKind, WAITS_MS};
use crate::core::caller::{Role, Scope};
use crate::core::dial::{
    DialBar, DialClaim, DialDecision, DialEntry, DialState, DialWay, GivenAnswer,
    LONGEST_SILENCE_MS, QUIET_MS, number_key,
};
use crate::core::fact::{Fact, LegNews};
use crate::core::missed::{CLAIM_MS, MissedNumber};
use crate::store::audit::AuditRow;
use crate::store::lease::presence;
use crate::store::users::AgentLink;
use crate::store::work::Versioned;
use crate::store::{CallChange, DialWrite, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_row_comes_back_as_it_was_written,
        one_key_is_one_dial_whoever_asks_at_once,
        what_becomes_of_a_dial_can_be_asked_without_a_row_of_it,
        an_agent_has_one_open_dial,
        who_is_in_a_call_has_no_dial_until_it_is_over,
        a_dial_claims_the_missed_call_of_its_number_and_no_other_agents_goes_out,
        a_dial_that_rang_no_one_gives_back_what_it_claimed_as_that_is_written,
        a_dial_goes_the_agents_own_way_and_has_the_phone_name_of_the_link,
        agent_and_number_are_the_key_where_there_is_none,
        a_row_changes_from_the_state_it_is_in,
        the_first_in_a_state_are_of_the_scope,
        what_was_being_sent_is_found_by_who_sent_it,
        what_a_dead_desk_was_sending_is_found_by_the_others,
        a_leg_that_was_asked_for_is_used_once,
    ]
}

pub(in crate::store) fn row(id: &str, agent: &str, number: &str) -> DialEntry {
    let number = PhoneNumber::from(number);
    DialEntry {
        id: id.into(),
        user: "u1".into(),
        key: id.into(),
        is_explicit: true,
        body_hash: "hash".into(),
        agent: agent.into(),
        number_key: number_key(&number),
        number,
        campaign: Some("support_out".into()),
        did: None,
        phone_name: Some("agent01".into()),
        way: DialWay::Agent,
        state: DialState::Sending,
        reference: format!("desk-{id}"),
        ucid: None,
        answer: None,
        asked_ms: 100,
        decided_ms: None,
        settled_by: None,
        reason: None,
        is_open: true,
    }
}

fn decided(row: &DialEntry, state: DialState) -> DialWrite {
    let entry = DialEntry {
        state,
        ucid: (state == DialState::Accepted).then(|| "90000000000000001".parse().unwrap()),
        answer: Some(GivenAnswer { status: 200, body: json!({"message": "queued"}).into() }),
        decided_ms: Some(150),
        is_open: !state.rang_no_one(),
        ..row.clone()
    };
    DialWrite { from: row.state, entry }
}

async fn place(store: &Arc<dyn Store>, row: &DialEntry) -> DialDecision {
    store.begin_dial(row.clone(), "desk", row.asked_ms).await.unwrap()
}

/// What becomes of [`row`].
fn allowed(close: Option<&str>) -> DialDecision {
    let phone_name = Some("agent01".into());
    let (close, claim) = (close.map(Into::into), DialClaim::None);
    DialDecision::Place { close, way: DialWay::Agent, phone_name, claim }
}

async fn a_row_comes_back_as_it_was_written(store: Arc<dyn Store>) {
    let row = row("d1", "agent01", "+91 90000 00001");
    assert_eq!(place(&store, &row).await, allowed(None));
    for found in [
        store.dial("d1").await,
        store.dial_of_key("u1", "d1").await,
        store.dial_of_reference("desk-d1").await,
        store.open_dial(&"AGENT01".into()).await,
    ] {
        assert_eq!(found, Ok(Some(row.clone())));
    }
    let write = decided(&row, DialState::Accepted);
    store.change_dial(write.clone(), 150, Vec::new()).await.unwrap();
    assert_eq!(store.dial("d1").await, Ok(Some(write.entry)));
    assert_eq!(store.dial("d2").await, Ok(None));
    assert_eq!(store.dial_of_key("u2", "d1").await, Ok(None));
}

async fn one_key_is_one_dial_whoever_asks_at_once(store: Arc<dyn Store>) {
    let asked = (0..12).map(|n| {
        let row = DialEntry { key: "k".into(), ..row(&format!("d{n}"), "agent01", "9000000001") };
        let store = Arc::clone(&store);
        async move { place(&store, &row).await }
    });
    let decisions = futures_util::future::join_all(asked).await;
    let placed = decisions.iter().filter(|decision| **decision == allowed(None)).count();
    let repeated = decisions.iter().filter(|one| matches!(one, DialDecision::UnderWay(_))).count();
    assert_eq!((placed, repeated), (1, 11));
    let other = DialEntry {
        key: "k".into(),
        body_hash: "other".into(),
        ..row("d99", "agent01", "9000000002")
    };
    assert!(matches!(place(&store, &other).await, DialDecision::OtherBody(_)));
}

async fn what_becomes_of_a_dial_can_be_asked_without_a_row_of_it(store: Arc<dyn Store>) {
    let row = row("d1", "agent01", "9000000001");
    let weighed = async |row: &DialEntry| store.weigh_dial(row.clone(), 100).await.unwrap();
    assert_eq!(weighed(&row).await, allowed(None));
    assert_eq!(store.dial("d1").await, Ok(None));
    place(&store, &row).await;
    assert_eq!(weighed(&row).await, DialDecision::UnderWay(Box::new(row.clone())));
    let write = decided(&row, DialState::Accepted);
    store.change_dial(write.clone(), 150, Vec::new()).await.unwrap();
    assert_eq!(weighed(&row).await, DialDecision::Replay(Box::new(write.entry.clone())));
    let other = DialEntry { body_hash: "other".into(), ..row.clone() };
    assert!(matches!(weighed(&other).await, DialDecision::OtherBody(_)));
    let second = DialEntry { id: "d2".into(), key: "d2".into(), ..row };
    assert_eq!(weighed(&second).await, DialDecision::AgentBusy(Box::new(write.entry)));
}

async fn an_agent_has_one_open_dial(store: Arc<dyn Store>) {
    let asked = (0..12).map(|n| {
        let row = row(&format!("d{n}"), "agent01", &format!("90000000{n:02}"));
        let store = Arc::clone(&store);
        async move { place(&store, &row).await }
    });
    let decisions = futures_util::future::join_all(asked).await;
    let placed = decisions.iter().filter(|decision| **decision == allowed(None)).count();
    let busy = decisions.iter().filter(|one| matches!(one, DialDecision::AgentBusy(_))).count();
    assert_eq!((placed, busy), (1, 11));
    assert_eq!(place(&store, &row("e1", "agent02", "9000000001")).await, allowed(None));
    // Once it rang no one, or its call was not heard of, the next one may go out.
    let open = store.open_dial(&"agent01".into()).await.unwrap().unwrap();
    store.change_dial(decided(&open, DialState::Accepted), 150, Vec::new()).await.unwrap();
    let later = DialEntry { asked_ms: 150 + QUIET_MS, ..row("f1", "agent01", "9000000050") };
    assert_eq!(place(&store, &later).await, allowed(Some(&open.id)));
    assert_eq!(store.open_dial(&"agent01".into()).await.unwrap().unwrap().id, "f1");
    assert!(!store.dial(&open.id).await.unwrap().unwrap().is_open);
}

async fn who_is_in_a_call_has_no_dial_until_it_is_over(store: Arc<dyn Store>) {
    let leg =
        |ucid: &str, news, at| Fact::of_leg("Agent01".into(), ucid.parse().unwrap(), news, at);
    let inbound = |ucid: &str| {
        let json = json!({"eventType": "Call", "eventTime": "2026-11-20 10:00:00", "data": {
            "action": "Calling", "call_type": "inbound", "ucid": ucid, "monitor_ucid": ucid,
            "agent_id": "agent01", "caller_id": "9000000009"}});
        let event = ozonetel_sdk::push::PushReader::new().events(None, json.to_string().as_bytes());
        let event = event.unwrap().items.remove(0);
        let ozonetel_sdk::push::EventBody::Call(call) = event.what else { panic!("a call") };
        Fact::of_event(*call, 1, &ozonetel_sdk::types::Zone::india())
    };
    let mut facts = vec![inbound("31")];
    let ring = super::calls::change("31", 0, &[], &facts);
    store.save_call(ring).await.unwrap();
    assert_eq!(store.weigh_dial(row("d1", "agent01", "9000000001"), 100).await, Ok(allowed(None)));
    let answered = [leg("31", LegNews::Answered, 50)];
    store.save_call(super::calls::change("31", 1, &facts, &answered)).await.unwrap();
    facts.extend(answered);
    let barred = DialDecision::Barred(DialBar::InCall);
    assert_eq!(place(&store, &row("d1", "AGENT01", "9000000001")).await, barred);
    assert_eq!(store.weigh_dial(row("d1", "agent01", "9000000001"), 100).await, Ok(barred));
    assert_eq!(store.dial("d1").await, Ok(None));
    assert_eq!(place(&store, &row("d2", "agent02", "9000000002")).await, allowed(None));
    // Of a call that has been silent for hours nothing is known.
    let late =
        DialEntry { asked_ms: 50 + LONGEST_SILENCE_MS, ..row("d3", "agent01", "9000000003") };
    assert_eq!(store.weigh_dial(late.clone(), late.asked_ms).await, Ok(allowed(None)));
    let ended = [leg("31", LegNews::Ended, 60)];
    store.save_call(super::calls::change("31", 2, &facts, &ended)).await.unwrap();
    assert_eq!(place(&store, &row("d4", "agent01", "9000000001")).await, allowed(None));
}

async fn a_dial_claims_the_missed_call_of_its_number_and_no_other_agents_goes_out(
    store: Arc<dyn Store>,
) {
    let record = MissedNumber::new("+919000000001".into(), "c1", 10);
    let key = record.key.clone();
    store.save_missed(Versioned { version: 0, record }, 10, Vec::new()).await.unwrap();
    let events = store.newest_event().await.unwrap();
    let asked = ["agent01", "agent02", "agent03"].map(|agent| {
        let (row, store) = (row(agent, agent, "09000000001"), Arc::clone(&store));
        async move { place(&store, &row).await }
    });
    let decisions = futures_util::future::join_all(asked).await;
    let takes =
        |one: &&DialDecision| matches!(one, DialDecision::Place { claim: DialClaim::Takes, .. });
    assert_eq!(decisions.iter().filter(takes).count(), 1, "{decisions:?}");
    let kept = async || store.missed_number(&key).await.unwrap().unwrap();
    let by = kept().await.record.claimed_by(101).unwrap().to_owned();
    let barred = DialDecision::Barred(DialBar::Claimed { by: by.clone() });
    assert_eq!(decisions.iter().filter(|one| **one == barred).count(), 2, "{decisions:?}");
    assert_eq!((kept().await.version, store.newest_event().await), (2, Ok(events + 1)));
    assert!(store.dial(&by).await.unwrap().is_some());
    assert_eq!(kept().await.record.claimed_for.as_ref(), Some(&by), "for the dial of that id");
    // After the claim another agent takes it; once the number was reached nobody has to.
    let other = if by == "agent01" { "agent02" } else { "agent01" };
    let late = DialEntry { asked_ms: 100 + CLAIM_MS, ..row("d9", other, "9000000001") };
    assert!(takes(&&place(&store, &late).await));
    let mut found = kept().await;
    assert_eq!(found.record.claimed_by(late.asked_ms), Some(other));
    found.record.reached(20);
    store.save_missed(found, 20, Vec::new()).await.unwrap();
    let last = DialEntry { asked_ms: 101 + CLAIM_MS, ..row("d10", "agent09", "9000000001") };
    assert_eq!(place(&store, &last).await, allowed(None));
}

async fn a_dial_that_rang_no_one_gives_back_what_it_claimed_as_that_is_written(
    store: Arc<dyn Store>,
) {
    let number = "9000000001";
    let record = MissedNumber::new(number.into(), "c1", 10);
    let key = record.key.clone();
    store.save_missed(Versioned { version: 0, record }, 10, Vec::new()).await.unwrap();
    let kept = async || {
        let kept = store.missed_number(&key).await.unwrap().unwrap();
        (kept.version, kept.record.claimed_by(200).map(str::to_owned))
    };
    let holder = || Some("agent01".to_owned());
    let first = row("d1", "agent01", number);
    place(&store, &first).await;
    store.change_dial(decided(&first, DialState::Unknown), 150, Vec::new()).await.unwrap();
    assert_eq!(kept().await, (2, holder()), "someone may be rung");
    let events = store.newest_event().await.unwrap();
    let unknown = DialEntry { state: DialState::Unknown, ..first };
    let not_happened = decided(&unknown, DialState::SettledNotHappened);
    store.change_dial(not_happened.clone(), 160, Vec::new()).await.unwrap();
    assert_eq!((kept().await, store.newest_event().await), ((3, None), Ok(events + 1)));
    let newest = store.events_after(events, 9).await.unwrap();
    assert_eq!(newest[0].kind, "missed.changed");
    // The agent's next dial has it for itself.
    let second = row("d2", "agent01", number);
    place(&store, &second).await;
    let again = store.change_dial(not_happened, 170, Vec::new()).await;
    assert_eq!((again, kept().await), (Err(StoreError::Conflict("dial")), (4, holder())));
    // With the call, too.
    let fact = Fact::of_leg("agent01".into(), "31".parse().unwrap(), LegNews::Lost, 1);
    let dials = vec![decided(&second, DialState::Refused)];
    let change = CallChange { dials, ..super::calls::change("31", 0, &[], &[fact]) };
    store.save_call(change).await.unwrap();
    assert_eq!(kept().await, (5, None));
    // What is claimed by hand stays.
    let mut found = store.missed_number(&key).await.unwrap().unwrap();
    found.record.claim("agent01", 180).unwrap();
    store.save_missed(found, 180, Vec::new()).await.unwrap();
    let third = row("d3", "agent01", number);
    place(&store, &third).await;
    store.change_dial(decided(&third, DialState::Refused), 190, Vec::new()).await.unwrap();
    assert_eq!(kept().await, (7, holder()));
}

async fn a_dial_goes_the_agents_own_way_and_has_the_phone_name_of_the_link(store: Arc<dyn Store>) {
    super::users::add(&store, "a", Role::Agent).await;
    let own = AgentLink {
        dial_way: Some(DialWay::Socket),
        phone_name: Some("desk one".to_owned()),
        ..AgentLink::new("a", "Agent01")
    };
    let audit = || AuditRow::of_desk(0, "link.set", "a");
    store.set_link(own.clone(), audit()).await.unwrap();
    for (id, agent, way, name) in [
        ("d1", "agent01", DialWay::Socket, Some("desk one".into())),
        ("d2", "agent02", DialWay::Agent, None),
    ] {
        let row = DialEntry { phone_name: None, ..row(id, agent, "9000000001") };
        let placed = place(&store, &row).await;
        let claim = DialClaim::None;
        assert_eq!(
            placed,
            DialDecision::Place { close: None, way, phone_name: name.clone(), claim }
        );
        let stored = store.dial(id).await.unwrap().unwrap();
        assert_eq!((stored.way, stored.phone_name), (way, name));
    }
    let asked =
        DialEntry { phone_name: Some("asked".into()), ..row("d4", "agent03", "9000000001") };
    store.set_link(AgentLink { agent: "agent03".into(), ..own.clone() }, audit()).await.unwrap();
    let DialDecision::Place { phone_name, .. } = place(&store, &asked).await else { panic!() };
    assert_eq!(phone_name, asked.phone_name);
    let own = AgentLink { dial_way: None, phone_name: None, ..own };
    store.set_link(own, audit()).await.unwrap();
    let done = row("d1", "agent01", "9000000001");
    store.change_dial(decided(&done, DialState::Refused), 150, Vec::new()).await.unwrap();
    assert_eq!(place(&store, &row("d3", "agent01", "9000000002")).await, allowed(None));
}

async fn agent_and_number_are_the_key_where_there_is_none(store: Arc<dyn Store>) {
    let asked = (0..12).map(|n| {
        let row = DialEntry {
            is_explicit: false,
            user: format!("u{n}"),
            ..row(
                &format!("d{n}"),
                "agent01",
                if n % 2 == 0 { "9000000001" } else { "+919000000001" },
            )
        };
        let store = Arc::clone(&store);
        async move { place(&store, &row).await }
    });
    let decisions = futures_util::future::join_all(asked).await;
    let placed = decisions.iter().filter(|decision| **decision == allowed(None)).count();
    let repeated = decisions.iter().filter(|one| matches!(one, DialDecision::UnderWay(_))).count();
    assert_eq!((placed, repeated), (1, 11));
    let open = store.open_dial(&"agent01".into()).await.unwrap().unwrap();
    store.change_dial(decided(&open, DialState::Refused), 150, Vec::new()).await.unwrap();
    let again = DialEntry { is_explicit: false, ..row("d50", "agent01", "9000000001") };
    assert_eq!(place(&store, &again).await, allowed(None), "a refused one blocks nothing");
}

async fn a_row_changes_from_the_state_it_is_in(store: Arc<dyn Store>) {
    let row = row("d1", "agent01", "9000000001");
    place(&store, &row).await;
    let refused = decided(&row, DialState::Refused);
    let unknown = decided(&row, DialState::Unknown);
    store.change_dial(unknown.clone(), 150, Vec::new()).await.unwrap();
    let late = store.change_dial(refused, 160, Vec::new()).await;
    assert_eq!(late, Err(StoreError::Conflict("dial")));
    let found = store.dials_in(DialState::Unknown, &Scope::All, 9).await;
    assert_eq!(found, Ok(vec![unknown.entry]));
    assert_eq!(store.dials_in(DialState::Sending, &Scope::All, 9).await, Ok(Vec::new()));
}

async fn the_first_in_a_state_are_of_the_scope(store: Arc<dyn Store>) {
    for (id, agent) in [("d1", "agent01"), ("d2", "agent02"), ("d3", "agent03")] {
        place(&store, &row(id, agent, "9000000001")).await;
    }
    let first = async |scope: &Scope| {
        let rows = store.dials_in(DialState::Sending, scope, 1).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(first(&Scope::All).await, ["d1"]);
    assert_eq!(first(&Scope::Agents(vec!["Agent03".into(), "agent02".into()])).await, ["d2"]);
    assert_eq!(first(&Scope::Agents(Vec::new())).await, Vec::<String>::new());
}

async fn what_was_being_sent_is_found_by_who_sent_it(store: Arc<dyn Store>) {
    for (id, agent, holder) in [("d1", "agent01", "desk"), ("d2", "agent02", "other")] {
        let row = row(id, agent, "9000000001");
        assert_eq!(store.begin_dial(row, holder, 100).await, Ok(allowed(None)));
    }
    let left = async |holder: &str, before| {
        let rows = store.dials_left_sending(holder, before).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(left("desk", 0).await, ["d1"]);
    assert_eq!(left("other", 100).await, ["d2"]);
    assert_eq!(left("third", 101).await, ["d1", "d2"]);
}

async fn what_a_dead_desk_was_sending_is_found_by_the_others(store: Arc<dyn Store>) {
    for (id, agent, holder) in
        [("d1", "agent01", "one"), ("d2", "agent02", "other"), ("d3", "agent03", "old")]
    {
        let row = row(id, agent, "9000000001");
        assert_eq!(store.begin_dial(row, holder, 100).await, Ok(allowed(None)));
    }
    for desk in ["one", "other"] {
        store.take_lease(&presence(desk), desk, 100, 108).await.unwrap().unwrap();
    }
    let left = async |own: &str, at| {
        let rows = store.dials_of_dead_desks(own, at).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(left("other", 107).await, Vec::<String>::new());
    // Its own it knows, and of a desk that never said that it is alive nothing is known.
    assert_eq!(left("other", 108).await, ["d1"]);
    assert_eq!(left("third", 108).await, ["d1", "d2"]);
}

async fn a_leg_that_was_asked_for_is_used_once(store: Arc<dyn Store>) {
    let agent = "agent01".into();
    place(&store, &row("d1", "agent01", "9000000001")).await;
    let leg = AskedLeg {
        id: "r1".into(),
        kind: AskedLegKind::Reconnect,
        ucid: Some("7".parse().unwrap()),
        since_ms: 90,
    };
    store.ask_leg(&agent, leg.clone()).await.unwrap();
    let dial = AskedLeg { id: "d1".into(), kind: AskedLegKind::Dial, ucid: None, since_ms: 100 };
    assert_eq!(store.asked_legs(&agent, 110).await, Ok(vec![leg, dial.clone()]));
    assert_eq!(store.asked_legs(&"agent02".into(), 110).await, Ok(Vec::new()));
    assert_eq!(store.asked_legs(&agent, 90 + WAITS_MS).await, Ok(vec![dial]));
    let (one, other) = tokio::join!(store.use_leg("d1"), store.use_leg("d1"));
    assert_eq!([one, other].iter().filter(|used| **used == Ok(true)).count(), 1);
    assert_eq!(store.use_leg("r1").await, Ok(true));
    assert_eq!(store.use_leg("r1").await, Ok(false));
    assert_eq!(store.use_leg("x").await, Ok(false));
    assert_eq!(store.asked_legs(&agent, 110).await, Ok(Vec::new()));
}
