//! Calls, facts and what is written with them.

use std::sync::Arc;

use ozonetel_sdk::phone_call::Invite;
use ozonetel_sdk::types::AgentId;
use serde_json::json;

use super::{Case, cases};
use crate::core::call::Call;
use crate::core::caller::Scope;
use crate::core::fact::{Action, Fact, FactBody, FactSource, LegNews};
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use crate::store::{
    Audience, CallChange, Draft, NewEvent, NewPush, OutboxWrite, Store, StoreError,
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_call_comes_back_with_its_facts,
        a_change_of_what_was_changed_meanwhile_is_refused,
        of_two_new_calls_with_one_id_one_is_kept,
        two_calls_become_one,
        what_is_stored_otherwise_than_its_facts_say_is_found,
        a_call_is_seen_by_its_agents,
        live_calls_are_those_that_are_not_closed,
        everything_of_a_change_is_written_or_nothing,
        the_later_draft_of_each_agent_stays,
        drafts_go_with_the_notes_of_their_call_and_when_they_are_old,
        a_text_with_a_nul_is_stored_and_found,
    ]
}

fn invited(key: &str, ucid: &str, agent: &str, at: i64) -> Fact {
    let invite = Invite::new(ucid.parse().unwrap()).caller("09000000001");
    let body = FactBody::Invited { agent: agent.into(), invite, decision: "ask".into() };
    Fact::new(FactSource::Invite, key, at, body)
}

pub(super) fn change(id: &str, version: i64, known: &[Fact], facts: &[Fact]) -> CallChange {
    let call = Call::of(known.iter().chain(facts).cloned());
    CallChange {
        id: id.into(),
        version,
        facts: facts.to_vec(),
        state: Arc::clone(call.state()),
        at: 1,
        ..CallChange::default()
    }
}

async fn what_is_stored_otherwise_than_its_facts_say_is_found(store: Arc<dyn Store>) {
    assert_eq!(store.unlike_facts(9).await, Ok((0, Vec::new())));
    for (id, at) in [("11", 5), ("12", 6), ("13", 7)] {
        let facts = [invited(id, id, "agent01", at)];
        let mut change = change(id, 0, &[], &facts);
        if id == "12" {
            Arc::make_mut(&mut change.state).agent = Some("agent02".into());
        }
        store.save_call(change).await.unwrap();
    }
    assert_eq!(store.unlike_facts(9).await, Ok((3, vec!["12".to_owned()])));
    assert_eq!(store.unlike_facts(1).await, Ok((1, Vec::new())), "the newest is as it should be");
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn a_call_comes_back_with_its_facts(store: Arc<dyn Store>) {
    let first = [invited("i1", "11", "agent01", 5)];
    assert_eq!(store.save_call(change("11", 0, &[], &first)).await, Ok(1));
    let second = [invited("i2", "11", "agent02", 6)];
    assert_eq!(store.save_call(change("11", 1, &first, &second)).await, Ok(2));
    // The same facts again are the same facts.
    let again = change("11", 2, &first, &second);
    assert_eq!(store.save_call(again.clone()).await, Ok(3));
    let loaded = store.load_calls(&ids(&["11", "12", "11"])).await.unwrap();
    assert_eq!(loaded.len(), 1);
    assert_eq!(
        (loaded[0].id.as_str(), loaded[0].version, loaded[0].call.facts().len()),
        ("11", 3, 2)
    );
    assert_eq!(loaded[0].call.state(), &again.state);
    let call = store.call("11", &Scope::All).await.unwrap().unwrap();
    assert_eq!((call.version, &call.state), (3, &again.state));
    assert_eq!(store.call("12", &Scope::All).await, Ok(None));
    assert_eq!(store.heard_of("11").await, Ok(Some(6)));
    assert_eq!(store.heard_of("12").await, Ok(None));
}

async fn a_change_of_what_was_changed_meanwhile_is_refused(store: Arc<dyn Store>) {
    let first = [invited("i1", "11", "agent01", 5)];
    store.save_call(change("11", 0, &[], &first)).await.unwrap();
    for version in [0, 2, 7] {
        let late = change("11", version, &first, &[invited("i2", "11", "agent02", 6)]);
        assert_eq!(store.save_call(late).await, Err(StoreError::Conflict("call")), "{version}");
    }
    assert_eq!(store.load_calls(&ids(&["11"])).await.unwrap()[0].call.facts().len(), 1);
}

async fn of_two_new_calls_with_one_id_one_is_kept(store: Arc<dyn Store>) {
    let one = change("11", 0, &[], &[invited("i1", "11", "agent01", 5)]);
    let other = CallChange {
        id: "12".into(),
        ..change("11", 0, &[], &[invited("i2", "11", "agent01", 5)])
    };
    let (one, other) = tokio::join!(store.save_call(one), store.save_call(other));
    let mut done = [one, other];
    done.sort_by_key(Result::is_err);
    assert_eq!(done, [Ok(1), Err(StoreError::Conflict("call"))]);
    assert_eq!(store.live_calls(&Scope::All, 9).await.unwrap().len(), 1);
}

async fn two_calls_become_one(store: Arc<dyn Store>) {
    let (one, other) = ([invited("i1", "11", "agent01", 5)], [invited("i2", "12", "agent02", 6)]);
    store.save_call(change("11", 0, &[], &one)).await.unwrap();
    let mut of_other = change("12", 0, &[], &other);
    of_other.outbox.push(OutboxWrite::Put(entry("o2", "12")));
    store.save_call(of_other).await.unwrap();
    let draft = |notes: &str| Draft { by: "u1".into(), notes: notes.into(), at: 1 };
    let agents = ["agent01", "agent02", "agent03"].map(AgentId::from);
    for (call, agent, notes) in [("11", 0, "own"), ("12", 0, "other"), ("12", 1, "hello")] {
        store.save_draft(call, &agents[agent], draft(notes)).await.unwrap();
    }
    let both: Vec<Fact> = one.iter().chain(&other).cloned().collect();
    let stale = CallChange { absorbed: vec![("12".into(), 7)], ..change("11", 1, &both, &[]) };
    assert_eq!(store.save_call(stale).await, Err(StoreError::Conflict("call")));
    let entry = super::assist::entry("12", "words");
    store.write_transcript("12", vec![entry], 1, vec![]).await.unwrap();
    let joined = CallChange { absorbed: vec![("12".into(), 1)], ..change("11", 1, &both, &[]) };
    assert_eq!(store.save_call(joined).await, Ok(2));
    for id in ["11", "12"] {
        assert_eq!(store.call(id, &Scope::All).await.unwrap().unwrap().id, "11");
        let loaded = store.load_calls(&ids(&[id])).await.unwrap();
        assert_eq!((loaded.len(), loaded[0].call.facts().len()), (1, 2));
    }
    assert_eq!(store.outbox_of("11").await.unwrap().len(), 1);
    for (agent, notes) in agents.iter().zip([Some("own"), Some("hello"), None]) {
        assert_eq!(store.draft("11", agent).await, Ok(notes.map(draft)), "{agent}");
        assert_eq!(store.draft("12", agent).await, Ok(None), "{agent}");
    }
    // What was heard of either is of the one, also what is written late.
    store.begin_assist("12", 5).await.unwrap();
    let late = super::assist::entry("13", "late");
    store.write_transcript("12", vec![late], 1, vec![]).await.unwrap();
    assert_eq!(store.transcript("11", None, 9).await.unwrap().len(), 2);
    assert_eq!(store.begin_assist("11", 9).await, Ok(5));
}

async fn a_call_is_seen_by_its_agents(store: Arc<dyn Store>) {
    let facts = [invited("i1", "11", "Agent01", 5), invited("i2", "11", "0042", 6)];
    store.save_call(change("11", 0, &[], &facts)).await.unwrap();
    for (agents, seen) in [
        (&["agent01"][..], true),
        (&["42"], true),
        (&["agent02", "AGENT01"], true),
        (&["agent02"], false),
        (&[], false),
    ] {
        let scope = Scope::Agents(agents.iter().map(|agent| (*agent).into()).collect());
        let call = store.call("11", &scope).await.unwrap();
        assert_eq!(call.is_some(), seen, "{agents:?}");
        assert_eq!(store.live_calls(&scope, 9).await.unwrap().len(), usize::from(seen));
    }
}

async fn live_calls_are_those_that_are_not_closed(store: Arc<dyn Store>) {
    for (n, id) in [(1, "11"), (2, "12"), (3, "13")] {
        let fact = [invited(id, id, "agent01", 10 - n)];
        store.save_call(change(id, 0, &[], &fact)).await.unwrap();
    }
    let event = json!({"action": "Disconnect", "ucid": "12", "call_type": "InBound", "event_time": "2026-11-20 10:00:00"});
    let zone = ozonetel_sdk::types::Zone::india();
    let end = Fact::of_event(serde_json::from_value(event).unwrap(), 9, &zone);
    let known = [invited("12", "12", "agent01", 8)];
    store.save_call(change("12", 1, &known, &[end])).await.unwrap();
    let live = store.live_calls(&Scope::All, 9).await.unwrap();
    let live: Vec<_> = live.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(live, ["13", "11"], "the oldest first");
    assert_eq!(store.live_calls(&Scope::All, 1).await.unwrap().len(), 1);
    let of = |agents: &[&str]| Scope::Agents(agents.iter().map(|agent| (*agent).into()).collect());
    let other = [invited("i4", "14", "agent02", 8)];
    store.save_call(change("14", 0, &[], &other)).await.unwrap();
    for (agents, expected) in [
        (&["Agent01"][..], &["13", "11"][..]),
        (&["agent02"], &["14"]),
        (&["agent01", "agent02", "agent01"], &["13", "14", "11"]),
        (&["agent03"], &[]),
        (&[], &[]),
    ] {
        let live = store.live_calls(&of(agents), 9).await.unwrap();
        let live: Vec<_> = live.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(live, expected, "{agents:?}");
    }
    let oldest = store.live_calls(&of(&["agent01", "agent02"]), 2).await.unwrap();
    assert_eq!(oldest.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["13", "14"]);
}

pub(super) fn entry(id: &str, call: &str) -> OutboxEntry {
    OutboxEntry {
        id: id.into(),
        target: OutboxTarget::Service,
        call: call.into(),
        kind: "disposition".into(),
        agent: "agent01".into(),
        payload: json!({"disposition": "Follow Up", "é": "\u{1}"}),
        state: OutboxState::Pending,
        attempt: 0,
        may_have_arrived: false,
        leased_until_ms: 0,
        next_ms: 10,
        created_ms: 10,
        message: None,
    }
}

async fn everything_of_a_change_is_written_or_nothing(store: Arc<dyn Store>) {
    let facts = [invited("i1", "11", "agent01", 5)];
    let with_event = || {
        let event = NewEvent::new("call.changed", Audience::Everyone, &json!({"a": 1})).unwrap();
        CallChange { events: vec![event], ..change("11", 0, &[], &facts) }
    };
    // A result of an entry that no one has claimed: the rest is undone.
    let mut wrong = with_event();
    wrong.outbox.push(OutboxWrite::Result(entry("o1", "11")));
    assert!(store.save_call(wrong).await.is_err());
    assert_eq!(store.call("11", &Scope::All).await, Ok(None));
    assert_eq!(store.newest_event().await, Ok(0));
    let mut right = with_event();
    right.outbox.push(OutboxWrite::Put(entry("o1", "11")));
    store.save_call(right).await.unwrap();
    assert_eq!(store.newest_event().await, Ok(1));
    assert_eq!(store.outbox_of("11").await.unwrap(), [entry("o1", "11")]);
}

async fn the_later_draft_of_each_agent_stays(store: Arc<dyn Store>) {
    let draft = |notes: &str, at| Draft { by: "u1".into(), notes: notes.into(), at };
    let (one, other) = (AgentId::from("Agent01"), AgentId::from("agent02"));
    assert_eq!(store.draft("11", &one).await, Ok(None));
    for (notes, at) in [("one", 5), ("two", 7), ("late", 6), ("three", 7)] {
        store.save_draft("11", &one, draft(notes, at)).await.unwrap();
    }
    store.save_draft("11", &other, draft("another's", 9)).await.unwrap();
    assert_eq!(store.draft("11", &"agent01".into()).await, Ok(Some(draft("three", 7))));
    assert_eq!(store.draft("11", &other).await, Ok(Some(draft("another's", 9))));
    assert_eq!(store.draft("12", &one).await, Ok(None));
}

async fn drafts_go_with_the_notes_of_their_call_and_when_they_are_old(store: Arc<dyn Store>) {
    let agents = ["agent01", "agent02"].map(AgentId::from);
    let over = Fact::of_leg("agent01".into(), "11".parse().unwrap(), LegNews::Ended, 7);
    let said = super::owed::acted("11", "s", super::owed::said("NO_ANSWER", Some("hello")), 8);
    let done = Action::Deliver { target: "service".into(), state: "sent".into(), is_over: true };
    let done = super::owed::acted("11", "d", done, 9);
    let facts = [super::owed::dialed("11", 5), over, said, done];
    store.save_call(change("11", 0, &[], &facts)).await.unwrap();
    for (call, at) in [("11", 90), ("12", 20), ("13", 60)] {
        for agent in &agents {
            let draft = Draft { by: "u1".into(), notes: "hello".into(), at };
            store.save_draft(call, agent, draft).await.unwrap();
        }
    }
    while store.forget_notes(50, 9).await.unwrap() == 9 {}
    for agent in &agents {
        for (call, is_left) in [("11", false), ("12", false), ("13", true)] {
            let left = store.draft(call, agent).await.unwrap();
            assert_eq!(left.is_some(), is_left, "{call}, {agent}");
        }
    }
}

async fn a_text_with_a_nul_is_stored_and_found(store: Arc<dyn Store>) {
    let facts = [invited("i\u{0}1", "11", "agent\u{0}01", 5)];
    assert_eq!(store.save_call(change("11", 0, &[], &facts)).await, Ok(1));
    let loaded = store.load_calls(&ids(&["11"])).await.unwrap();
    assert_eq!(loaded[0].call.facts(), facts);
    let own = Scope::Agents(vec!["agent\u{0}01".into()]);
    assert_eq!(store.live_calls(&own, 9).await.unwrap().len(), 1);
    assert!(store.call("11", &own).await.unwrap().is_some());
    let draft = Draft { by: "u1".into(), notes: "call\u{0}back".into(), at: 1 };
    let agent = AgentId::from("agent\u{0}01");
    store.save_draft("11", &agent, draft).await.unwrap();
    let notes = store.draft("11", &agent).await.unwrap().unwrap().notes;
    assert!(notes.starts_with("call") && notes.ends_with("back"), "{notes:?}");
    let push =
        NewPush { source: "calls".into(), digest: "\u{0}".into(), at: 1, body: "a\u{0}b".into() };
    assert_eq!(store.store_pushes(vec![push.clone(), push]).await, Ok(1));
}
