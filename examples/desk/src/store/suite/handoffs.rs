//! Hand-offs.

use std::sync::Arc;

use super::calls::change;
use super::owed::{acted, said};
use super::{Case, cases};
use crate::core::fact::{Action, Fact, FactBody, FactSource, LegNews};
use crate::core::handoff::{HandoffRow, HandoffState};
use crate::core::profile::{CallKeys, Profile};
use crate::store::{Audience, CallChange, HandoffBegun, NewEvent, Store, StoreError};
use ozonetel_sdk::phone_call::Invite;

pub(super) fn cases() -> Vec<Case> {
    cases![
        the_same_call_is_handed_over_once_while_that_goes_on,
        a_hand_off_is_found_by_every_id_of_its_call,
        of_two_changes_of_one_row_the_second_is_told,
        a_hand_off_that_moves_to_another_agent_is_found_there,
        a_call_and_a_hand_off_are_joined_to_one_other_each,
        a_call_that_becomes_part_of_another_brings_its_hand_off,
        what_no_call_was_found_for_goes_with_the_notes_of_its_time,
        what_no_call_was_found_for_goes_by_itself,
        of_two_hand_offs_of_what_was_one_call_both_go_with_its_notes,
    ]
}

fn row(id: &str, session: &str, call_id: &str) -> HandoffRow {
    HandoffRow {
        id: id.into(),
        maker: "t1".into(),
        session: session.into(),
        extension: "500001".into(),
        agent: "agent01".into(),
        call_sid: None,
        call_id: Some(call_id.into()),
        leg_sid: None,
        profile: Profile { phone: Some("9000000001".into()), ..Profile::default() },
        carrier: None,
        waits_at: None,
        state: HandoffState::Waiting,
        message: None,
        call: None,
        made_ms: 10,
        changed_ms: 10,
    }
}

fn event() -> Vec<NewEvent> {
    vec![NewEvent::new("profile.changed", Audience::Everyone, &1).unwrap()]
}

fn id(call_id: &str) -> CallKeys {
    CallKeys { call_sid: None, call_id: Some(call_id.into()) }
}

async fn the_same_call_is_handed_over_once_while_that_goes_on(store: Arc<dyn Store>) {
    let first = row("h1", "s1", "a");
    assert_eq!(store.begin_handoff(first.clone(), event()).await, Ok(HandoffBegun::New));
    let again = store.begin_handoff(row("h2", "s1", "a"), event()).await.unwrap();
    assert_eq!(again, HandoffBegun::Repeated(Box::new(first.clone())));
    assert_eq!(store.newest_event().await, Ok(1), "what is not stored is not told");
    assert_eq!(store.open_handoff(&row("x", "s1", "a")).await, Ok(Some(first.clone())));
    for (id, session, call) in [("h3", "s2", "a"), ("h4", "s1", "b")] {
        let other = store.begin_handoff(row(id, session, call), Vec::new()).await;
        assert_eq!(other, Ok(HandoffBegun::New), "{id}");
    }
    let over = HandoffRow { state: HandoffState::Failed, ..first.clone() };
    store.change_handoff(&first, over, Vec::new()).await.unwrap();
    assert_eq!(store.open_handoff(&first).await, Ok(None));
    assert_eq!(store.begin_handoff(row("h5", "s1", "a"), event()).await, Ok(HandoffBegun::New));
}

async fn a_hand_off_is_found_by_every_id_of_its_call(store: Arc<dyn Store>) {
    let mut carried = row("h1", "s1", "a");
    carried.call_sid = Some("CA1".into());
    carried.leg_sid = Some("CA2".into());
    store.begin_handoff(carried.clone(), Vec::new()).await.unwrap();
    let later = HandoffRow { made_ms: 11, changed_ms: 11, ..row("h2", "s2", "a") };
    store.begin_handoff(later.clone(), Vec::new()).await.unwrap();
    let sid = |sid: &str| CallKeys { call_sid: Some(sid.into()), call_id: None };
    for (keys, expected) in [
        (sid("CA1"), Some(&carried)),
        (sid("CA2"), Some(&carried)),
        (sid("CA3"), None),
        (id("a"), Some(&later)),
        (id("h1"), Some(&carried)),
        (id(""), None),
        (CallKeys::default(), None),
    ] {
        let found = store.handoff_with("500001", &keys).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{keys:?}");
        assert_eq!(store.handoff_with("500002", &keys).await, Ok(None));
    }
    assert_eq!(store.handoff("h1").await, Ok(Some(carried.clone())));
    assert_eq!(store.handoff("h9").await, Ok(None));
    let waiting = store.waiting_handoffs(&"Agent01".into(), 10).await.unwrap();
    assert_eq!(waiting, [later.clone(), carried]);
    assert_eq!(store.waiting_handoffs(&"agent01".into(), 11).await, Ok(vec![later]));
    assert_eq!(store.waiting_handoffs(&"agent02".into(), 0).await, Ok(Vec::new()));
    // What is written again is waited for again.
    let known = store.handoff("h1").await.unwrap().unwrap();
    let again = HandoffRow { changed_ms: 12, ..known.clone() };
    store.change_handoff(&known, again.clone(), Vec::new()).await.unwrap();
    assert_eq!(store.waiting_handoffs(&"agent01".into(), 12).await, Ok(vec![again]));
}

async fn of_two_changes_of_one_row_the_second_is_told(store: Arc<dyn Store>) {
    let first = row("h1", "s1", "a");
    store.begin_handoff(first.clone(), Vec::new()).await.unwrap();
    let rings = HandoffRow { state: HandoffState::Ringing, changed_ms: 11, ..first.clone() };
    store.change_handoff(&first, rings.clone(), event()).await.unwrap();
    let late = store.change_handoff(&first, rings.clone(), event()).await;
    assert_eq!(late, Err(StoreError::Conflict("hand-off")));
    assert_eq!(store.newest_event().await, Ok(1));
    assert_eq!(store.handoff("h1").await, Ok(Some(rings)));
}

async fn a_hand_off_that_moves_to_another_agent_is_found_there(store: Arc<dyn Store>) {
    let first = row("h1", "", "a");
    store.begin_handoff(first.clone(), Vec::new()).await.unwrap();
    let (extension, agent) = ("500002".to_owned(), "Agent02".into());
    let moved = HandoffRow { extension, agent, ..first.clone() };
    store.change_handoff(&first, moved.clone(), Vec::new()).await.unwrap();
    assert_eq!(store.handoff_with("500001", &id("a")).await, Ok(None));
    assert_eq!(store.handoff_with("500002", &id("a")).await, Ok(Some(moved.clone())));
    assert_eq!(store.waiting_handoffs(&"agent01".into(), 0).await, Ok(Vec::new()));
    assert_eq!(store.waiting_handoffs(&"agent02".into(), 0).await, Ok(vec![moved.clone()]));
    let again = store.begin_handoff(row("h2", "", "a"), Vec::new()).await.unwrap();
    assert_eq!(again, HandoffBegun::Repeated(Box::new(moved)));
}

fn rung(key: &str, ucid: &str) -> Fact {
    let invite = Invite::new(ucid.parse().unwrap()).caller("09000000001");
    let body = FactBody::Invited { agent: "agent01".into(), invite, decision: "ask".into() };
    Fact::new(FactSource::Invite, key, 5, body)
}

async fn a_call_and_a_hand_off_are_joined_to_one_other_each(store: Arc<dyn Store>) {
    for (id, call) in [("h1", "a"), ("h2", "b")] {
        store.begin_handoff(row(id, "s1", call), Vec::new()).await.unwrap();
    }
    let joins = |ucid: &str, version, handoff: &str| CallChange {
        handoff: Some(handoff.into()),
        ..change(ucid, version, &[], &[rung(ucid, ucid)])
    };
    assert_eq!(store.save_call(joins("11", 0, "h1")).await, Ok(1));
    let joined = store.handoff_of_call("11").await.unwrap().unwrap();
    assert_eq!((joined.id.as_str(), joined.call.as_deref()), ("h1", Some("11")));
    for (ucid, version, handoff) in [("11", 1, "h2"), ("12", 0, "h1"), ("12", 0, "h9")] {
        let second = store.save_call(joins(ucid, version, handoff)).await;
        assert_eq!(second, Err(StoreError::Conflict("call")), "{ucid}, {handoff}");
    }
    assert!(store.load_calls(&["12".to_owned()]).await.unwrap().is_empty());
    let waiting = store.waiting_handoffs(&"agent01".into(), 0).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(store.handoff_of_call("12").await, Ok(None));
}

async fn a_call_that_becomes_part_of_another_brings_its_hand_off(store: Arc<dyn Store>) {
    store.begin_handoff(row("h1", "s1", "a"), Vec::new()).await.unwrap();
    let (one, two) = (rung("i1", "11"), rung("i2", "12"));
    store.save_call(change("11", 0, &[], std::slice::from_ref(&one))).await.unwrap();
    let second = CallChange {
        handoff: Some("h1".into()),
        ..change("12", 0, &[], std::slice::from_ref(&two))
    };
    store.save_call(second).await.unwrap();
    let both = CallChange { absorbed: vec![("12".into(), 1)], ..change("11", 1, &[one, two], &[]) };
    store.save_call(both).await.unwrap();
    let moved = store.handoff_of_call("11").await.unwrap().unwrap();
    assert_eq!((moved.id.as_str(), moved.call.as_deref()), ("h1", Some("11")));
    assert_eq!(store.handoff_of_call("12").await, Ok(None));
}

async fn what_no_call_was_found_for_goes_with_the_notes_of_its_time(store: Arc<dyn Store>) {
    for (id, made_ms) in [("h1", 10), ("h2", 20), ("h3", 10)] {
        let new = HandoffRow { made_ms, ..row(id, "s1", id) };
        store.begin_handoff(new, Vec::new()).await.unwrap();
    }
    let joins =
        CallChange { handoff: Some("h3".into()), ..change("11", 0, &[], &[rung("i1", "11")]) };
    store.save_call(joins).await.unwrap();
    store.forget_notes(20, 10).await.unwrap();
    assert_eq!(store.handoff("h1").await, Ok(None));
    assert!(store.handoff("h2").await.unwrap().is_some(), "it is not as old");
    assert!(store.handoff("h3").await.unwrap().is_some(), "its call goes on");
}

async fn what_no_call_was_found_for_goes_by_itself(store: Arc<dyn Store>) {
    for (id, changed_ms) in [("h1", 10), ("h2", 20), ("h3", 10)] {
        let new = HandoffRow { changed_ms, ..row(id, "s1", id) };
        store.begin_handoff(new, Vec::new()).await.unwrap();
    }
    let joins =
        CallChange { handoff: Some("h3".into()), ..change("11", 0, &[], &[rung("i1", "11")]) };
    store.save_call(joins).await.unwrap();
    assert_eq!(store.forget_handoffs(20).await, Ok(1));
    assert_eq!(store.handoff("h1").await, Ok(None));
    assert!(store.handoff("h2").await.unwrap().is_some(), "it was written later");
    assert!(store.handoff("h3").await.unwrap().is_some(), "its call keeps it");
    assert_eq!(store.forget_handoffs(21).await, Ok(1));
    assert_eq!(store.forget_handoffs(1_000).await, Ok(0));
}

async fn of_two_hand_offs_of_what_was_one_call_both_go_with_its_notes(store: Arc<dyn Store>) {
    let mut facts = Vec::new();
    for (id, ucid) in [("h1", "11"), ("h2", "12")] {
        store.begin_handoff(row(id, "s1", id), Vec::new()).await.unwrap();
        let fact = rung(ucid, ucid);
        let joins = CallChange {
            handoff: Some(id.into()),
            ..change(ucid, 0, &[], std::slice::from_ref(&fact))
        };
        store.save_call(joins).await.unwrap();
        facts.push(fact);
    }
    let over = [
        Fact::of_leg("agent01".into(), "11".parse().unwrap(), LegNews::Ended, 7),
        acted("11", "s", said("NO_ANSWER", Some("hello")), 8),
        acted(
            "11",
            "d",
            Action::Deliver { target: "service".into(), state: "sent".into(), is_over: true },
            9,
        ),
    ];
    let both = CallChange { absorbed: vec![("12".into(), 1)], ..change("11", 1, &facts, &over) };
    store.save_call(both).await.unwrap();
    assert!(store.handoff("h2").await.unwrap().is_some());
    assert_eq!(store.forget_notes(50, 9).await, Ok(1));
    assert_eq!((store.handoff("h1").await, store.handoff("h2").await), (Ok(None), Ok(None)));
}
