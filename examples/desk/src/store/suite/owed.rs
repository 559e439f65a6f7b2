//! Owed and given dispositions, and reminders.

use std::sync::Arc;

use ozonetel_sdk::phone_call::Invite;
use ozonetel_sdk::types::{AgentId, SensitiveText, Ucid};

use super::calls::change;
use super::{Case, cases};
use crate::core::caller::Scope;
use crate::core::fact::{
    Action, ActionFact, ActionOutcome, DisposeAction, Fact, FactBody, FactSource, LegNews,
};
use crate::core::followup::{FollowUp, FollowUpState};
use crate::store::work::Versioned;
use crate::store::{Audience, CallChange, NewEvent, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_call_is_owed_from_its_end_until_something_is_said,
        an_owed_call_is_taken_over_and_nothing_else_is,
        of_more_owed_calls_than_are_asked_for_the_newest_that_no_one_has_taken_are_told,
        each_agent_of_a_call_that_was_handed_on_owes_the_own_part,
        who_has_a_call_back_owes_nothing_of_the_time_before,
        what_was_taken_over_stays_taken_when_its_call_becomes_part_of_another,
        a_code_is_kept_under_every_id_of_its_call,
        a_follow_up_is_written_with_its_call_once_and_moved,
        the_texts_of_all_closed_follow_ups_go_however_many_there_are,
        what_is_due_is_announced_once_for_each_time,
    ]
}

pub(super) fn acted(ucid: &str, key: &str, action: Action, at: i64) -> Fact {
    acted_by("agent01", (ucid, key), action, at)
}

fn acted_by(agent: &str, (ucid, key): (&str, &str), action: Action, at: i64) -> Fact {
    let fact = ActionFact {
        ucid: ucid.parse::<Ucid>().unwrap(),
        by: "u1".into(),
        agent: agent.into(),
        action,
        outcome: ActionOutcome::Done,
    };
    Fact::new(FactSource::Action, key, at, FactBody::Acted(Box::new(fact)))
}

pub(super) fn said(code: &str, notes: Option<&str>) -> Action {
    Action::Dispose(Box::new(DisposeAction {
        code: code.into(),
        disposition: "General Enquiry".into(),
        notes: notes.map(SensitiveText::from),
        lead: Some("7".into()),
        duration_sec: None,
        direction: None,
        caller: None,
        call_back_ms: None,
    }))
}

pub(super) fn dialed(ucid: &str, at: i64) -> Fact {
    let dialed = crate::core::fact::DialedFact {
        way: crate::core::dial::DialWay::Agent,
        ucid: ucid.parse().unwrap(),
        dial: format!("d{ucid}"),
        agent: "agent01".into(),
        number: "9000000001".into(),
        reference: format!("r{ucid}"),
        campaign: None,
        did: None,
        phone_name: None,
    };
    Fact::new(FactSource::Dial, format!("d{ucid}"), at, FactBody::Dialed(Box::new(dialed)))
}

/// A dialled call that has ended, and its facts.
async fn ended(store: &dyn Store, ucid: &str, at: i64) -> Vec<Fact> {
    let facts = vec![dialed(ucid, at), acted(ucid, &format!("end{ucid}"), Action::End, at + 1)];
    store.save_call(change(ucid, 0, &[], &facts)).await.unwrap();
    facts
}

async fn owed(store: &dyn Store, scope: &Scope) -> Vec<(String, Option<String>)> {
    let owed = store.owed_calls(scope, 9).await.unwrap();
    owed.into_iter().map(|owed| (owed.call.id, owed.taken_by)).collect()
}

async fn a_call_is_owed_from_its_end_until_something_is_said(store: Arc<dyn Store>) {
    let begun = [dialed("11", 1)];
    store.save_call(change("11", 0, &[], &begun)).await.unwrap();
    assert_eq!(owed(&*store, &Scope::All).await, []);
    let end = [acted("11", "e", Action::End, 2)];
    store.save_call(change("11", 1, &begun, &end)).await.unwrap();
    ended(&*store, "12", 0).await;
    let own = Scope::Agents(vec!["Agent01".into()]);
    for scope in [&Scope::All, &own] {
        let oldest_first = [("12".to_owned(), None), ("11".to_owned(), None)];
        assert_eq!(owed(&*store, scope).await, oldest_first);
    }
    for other in [Scope::Agents(vec!["agent02".into()]), Scope::Agents(Vec::new())] {
        assert_eq!(owed(&*store, &other).await, []);
    }
    let known = [begun, end].concat();
    let word = [acted("11", "s", said("NO_ANSWER", None), 3)];
    store.save_call(change("11", 2, &known, &word)).await.unwrap();
    assert_eq!(owed(&*store, &Scope::All).await, [("12".to_owned(), None)]);
}

async fn an_owed_call_is_taken_over_and_nothing_else_is(store: Arc<dyn Store>) {
    ended(&*store, "11", 1).await;
    store.save_call(change("12", 0, &[], &[dialed("12", 1)])).await.unwrap();
    let changed = || vec![NewEvent::new("owed.changed", Audience::Everyone, &1).unwrap()];
    let (own, other) = (AgentId::from("Agent01"), AgentId::from("agent02"));
    for (id, agent) in [("12", Some(&own)), ("13", Some(&own)), ("11", Some(&other)), ("11", None)]
    {
        let taken = store.take_owed_call((id, agent), "u9", 5, changed()).await;
        assert_eq!(taken, Ok(false), "{id}, {agent:?}");
    }
    assert_eq!(store.newest_event().await, Ok(0));
    assert_eq!(store.take_owed_call(("11", Some(&own)), "u9", 5, changed()).await, Ok(true));
    assert_eq!(store.newest_event().await, Ok(1));
    assert_eq!(owed(&*store, &Scope::All).await, [("11".to_owned(), Some("u9".to_owned()))]);
    for (id, agent, taker) in [("11", &own, Some("u9")), ("11", &other, None), ("12", &own, None)] {
        let known = store.owed_taker(id, Some(agent)).await.unwrap();
        assert_eq!(known.as_deref(), taker, "{id}, {agent}");
    }
}

async fn of_more_owed_calls_than_are_asked_for_the_newest_that_no_one_has_taken_are_told(
    store: Arc<dyn Store>,
) {
    for (id, at) in [("11", 10), ("12", 20), ("13", 30)] {
        ended(&*store, id, at).await;
    }
    let told = async |most| {
        let owed = store.owed_calls(&Scope::All, most).await.unwrap();
        owed.into_iter().map(|owed| owed.call.id).collect::<Vec<_>>()
    };
    assert_eq!(told(2).await, ["12", "13"]);
    let own = AgentId::from("agent01");
    assert!(store.take_owed_call(("13", Some(&own)), "u9", 40, vec![]).await.unwrap());
    assert_eq!(told(2).await, ["11", "12"]);
    assert_eq!(told(3).await, ["11", "12", "13"]);
}

async fn what_was_taken_over_stays_taken_when_its_call_becomes_part_of_another(
    store: Arc<dyn Store>,
) {
    let mut facts = ended(&*store, "11", 1).await;
    facts.extend(ended(&*store, "12", 5).await);
    let own = AgentId::from("agent01");
    assert!(store.take_owed_call(("12", Some(&own)), "u1", 9, vec![]).await.unwrap());
    let joined = CallChange { absorbed: vec![("12".into(), 1)], ..change("11", 1, &facts, &[]) };
    store.save_call(joined).await.unwrap();
    let taker = Some("u1".to_owned());
    assert_eq!(store.owed_taker("11", Some(&own)).await, Ok(taker.clone()));
    assert_eq!(owed(&*store, &Scope::All).await, [("11".to_owned(), taker)]);
}

/// The facts of a call that one agent has answered and handed on to another.
fn handed_on() -> Vec<Fact> {
    let leg = |agent: &str, news, at| Fact::of_leg(agent.into(), "11".parse().unwrap(), news, at);
    let rung = |agent: &str, at| {
        let invite = Invite::new("11".parse().unwrap()).caller("09000000001");
        let body = FactBody::Invited { agent: agent.into(), invite, decision: "ask".into() };
        Fact::new(FactSource::Invite, format!("i{agent}"), at, body)
    };
    vec![
        rung("agent01", 1),
        leg("agent01", LegNews::Answered, 2),
        acted("11", "t", Action::Transfer { number: "500002".into(), warm: true }, 3),
        rung("agent02", 4),
        leg("agent02", LegNews::Answered, 5),
        acted("11", "c", Action::CompleteTransfer, 6),
    ]
}

async fn each_agent_of_a_call_that_was_handed_on_owes_the_own_part(store: Arc<dyn Store>) {
    let agents = ["agent01", "agent02"].map(AgentId::from);
    let [one, other] = agents.clone().map(|agent| Scope::Agents(vec![agent]));
    let both = Scope::Agents(agents.to_vec());
    let whose = async |scope: &Scope| {
        let owed = store.owed_calls(scope, 9).await.unwrap();
        let each = owed.iter().map(|one| (one.agent.to_string(), one.taken_by.clone()));
        each.collect::<Vec<_>>()
    };
    let of = |agent: &str, taker: Option<&str>| (agent.to_owned(), taker.map(str::to_owned));
    let mut facts = handed_on();
    store.save_call(change("11", 0, &[], &facts)).await.unwrap();
    for (scope, owing) in [(&one, 1), (&other, 0), (&both, 1), (&Scope::All, 1)] {
        assert_eq!(whose(scope).await, vec![of("agent01", None); owing], "{scope:?}");
    }
    let end = [Fact::of_leg("agent02".into(), "11".parse().unwrap(), LegNews::Ended, 9)];
    store.save_call(change("11", 1, &facts, &end)).await.unwrap();
    facts.extend(end);
    assert!(store.take_owed_call(("11", Some(&agents[0])), "u9", 5, vec![]).await.unwrap());
    let (first, second) = (of("agent01", Some("u9")), of("agent02", None));
    for scope in [&both, &Scope::All] {
        assert_eq!(whose(scope).await, [first.clone(), second.clone()], "{scope:?}");
    }
    assert_eq!((whose(&one).await, whose(&other).await), (vec![first], vec![second.clone()]));
    let word = [acted("11", "s", said("NO_ANSWER", None), 12)];
    store.save_call(change("11", 2, &facts, &word)).await.unwrap();
    assert_eq!(whose(&Scope::All).await, [second]);
    let again = store.take_owed_call(("11", Some(&agents[0])), "u9", 13, vec![]).await;
    assert_eq!(again, Ok(false));
}

async fn who_has_a_call_back_owes_nothing_of_the_time_before(store: Arc<dyn Store>) {
    let first = AgentId::from("agent01");
    let mut facts = handed_on();
    store.save_call(change("11", 0, &[], &facts)).await.unwrap();
    assert!(store.take_owed_call(("11", Some(&first)), "u9", 7, vec![]).await.unwrap());
    let leg = |agent: &str, news, at| Fact::of_leg(agent.into(), "11".parse().unwrap(), news, at);
    let invite = Invite::new("11".parse().unwrap()).caller("09000000001");
    let body = FactBody::Invited { agent: "agent01".into(), invite, decision: "ask".into() };
    let transfer = Action::Transfer { number: "500001".into(), warm: true };
    let back = [
        acted_by("agent02", ("11", "b1"), transfer, 8),
        Fact::new(FactSource::Invite, "iback", 9, body),
        leg("agent01", LegNews::Answered, 10),
        acted_by("agent02", ("11", "b2"), Action::CompleteTransfer, 11),
    ];
    store.save_call(change("11", 1, &facts, &back)).await.unwrap();
    facts.extend(back);
    let again = store.take_owed_call(("11", Some(&first)), "u9", 12, vec![]).await;
    assert_eq!(again, Ok(false));
    assert_eq!(store.owed_taker("11", Some(&first)).await, Ok(None));
}

async fn a_code_is_kept_under_every_id_of_its_call(store: Arc<dyn Store>) {
    let facts = ended(&*store, "11", 1_000).await;
    let ids = ["11", "12", "13", "a \"' \u{e9}"].map(str::to_owned);
    assert!(store.kept_codes(&ids).await.unwrap().is_empty());
    let word = [acted("12", "s", said("APPOINTMENT_BOOKED", None), 1_500)];
    store.save_call(change("11", 1, &facts, &word)).await.unwrap();
    let kept = store.kept_codes(&ids).await.unwrap();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["11", "12"]);
    assert_eq!(
        (kept["12"].code.as_deref(), kept["12"].lead.as_deref()),
        (Some("APPOINTMENT_BOOKED"), Some("7"))
    );
    let one = store.kept_codes(&ids[1..]).await.unwrap();
    assert_eq!(one.keys().collect::<Vec<_>>(), ["12"], "what was not asked for is not read");
    assert!(store.kept_codes(&[]).await.unwrap().is_empty());
}

fn promise(id: &str, due_ms: i64) -> FollowUp {
    FollowUp {
        id: id.into(),
        agent: "agent01".into(),
        number: Some("9000000001".into()),
        lead: None,
        due_ms,
        note: String::new(),
        call: Some(id.into()),
        state: FollowUpState::Open,
        changed_ms: 1,
        asked: None,
    }
}

async fn a_follow_up_is_written_with_its_call_once_and_moved(store: Arc<dyn Store>) {
    let facts = [dialed("11", 1)];
    let with = |version, due| CallChange {
        follow_ups: vec![promise("11", due)],
        ..change("11", version, &[], &facts)
    };
    store.save_call(with(0, 50)).await.unwrap();
    assert_eq!(store.save_call(with(0, 70)).await, Err(StoreError::Conflict("call")));
    let open = store.open_follow_ups(&Scope::All, None, 9).await.unwrap();
    assert_eq!(open, [Versioned { version: 1, record: promise("11", 50) }]);
    store.save_call(with(1, 60)).await.unwrap();
    let open = store.open_follow_ups(&Scope::All, None, 9).await.unwrap();
    assert_eq!(open, [Versioned { version: 2, record: promise("11", 60) }]);
    assert_eq!(store.follow_ups_of_number(&"+91 90000 00001".into(), 9).await.unwrap(), open);
    // One that is closed stays closed.
    let done = FollowUp { state: FollowUpState::Done, ..promise("11", 60) };
    let done = Versioned { version: 2, record: done };
    store.save_follow_up(done, 5, Vec::new()).await.unwrap();
    store.save_call(with(2, 80)).await.unwrap();
    assert_eq!(store.open_follow_ups(&Scope::All, None, 9).await.unwrap(), []);
}

/// After the first hundred, the same ones were looked at again and again.
async fn the_texts_of_all_closed_follow_ups_go_however_many_there_are(store: Arc<dyn Store>) {
    for n in 0..5 {
        let (id, state) = (format!("f{n}"), FollowUpState::Done);
        let closed = FollowUp { note: "hello".into(), state, ..promise(&id, n) };
        let new = Versioned { version: 0, record: closed };
        store.save_follow_up(new, 1, Vec::new()).await.unwrap();
    }
    while store.forget_notes(9, 2).await.unwrap() == 2 {}
    let left = store.follow_ups_of_number(&"9000000001".into(), 9).await.unwrap();
    let notes: Vec<_> = left.iter().map(|one| one.record.note.as_str()).collect();
    assert_eq!(notes, [""; 5]);
}

async fn what_is_due_is_announced_once_for_each_time(store: Arc<dyn Store>) {
    let event = |one: &FollowUp| NewEvent::new("due", Audience::Everyone, &one.id);
    for (id, due) in [("f1", 50), ("f2", 40), ("f3", 60)] {
        let new = Versioned { version: 0, record: promise(id, due) };
        store.save_follow_up(new, 1, Vec::new()).await.unwrap();
    }
    assert_eq!(store.announce_due(39, 9, event).await, Ok(0));
    assert_eq!(store.announce_due(50, 9, event).await, Ok(2));
    let told = store.events_after(0, 9).await.unwrap();
    let told: Vec<_> = told.iter().map(|event| event.body.as_str()).collect();
    assert_eq!(told, [r#""f2""#, r#""f1""#]);
    assert_eq!(store.announce_due(50, 9, event).await, Ok(0));
    let moved = Versioned { version: 1, record: promise("f2", 55) };
    store.save_follow_up(moved, 2, Vec::new()).await.unwrap();
    let closed = FollowUp { state: FollowUpState::Cancelled, ..promise("f3", 60) };
    let closed = Versioned { version: 1, record: closed };
    store.save_follow_up(closed, 2, Vec::new()).await.unwrap();
    assert_eq!(store.announce_due(99, 9, event).await, Ok(1));
    assert_eq!(store.announce_due(99, 9, event).await, Ok(0));
}
