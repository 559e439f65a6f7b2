//! What more than one agent says about a call.

use super::*;

/// Found by seed 77 of `make seeds`: what the agent said who did not answer stood for what the one said who did.
#[test]
fn what_the_agent_says_who_answered_counts_whoever_was_rung_before() {
    let other = "90000000000000005";
    let said = |n, code, agent: &str, at| {
        let mut fact = disposed(n, code, at);
        let FactBody::Acted(acted) = &mut fact.body else { unreachable!() };
        acted.agent = agent.into();
        fact
    };
    let rung = event("Calling", "InBound", other, "agent01", 1);
    let answered = event("Answered", "InBound", LEG, "agent02", 20);
    let (first, second) = (said(1, "NO_ANSWER", "agent01", 10), said(2, "OTHER", "agent02", 31));
    let late = said(3, "NO_ANSWER", "agent01", 40);
    let call = Call::of(vec![rung, first, delivered(4, "sent", 11), answered, second, late]);
    let given = call.state().disposition.as_ref().unwrap();
    assert_eq!((given.said.code.as_str(), &given.agent), ("OTHER", &"agent02".into()));
    assert_eq!(given.targets["service"], "pending");
}

/// Found by seed 2550: what was said of a missed call went to the leg of the agent who was rung before, and was refused.
#[test]
fn a_missed_call_has_the_leg_of_the_agent_who_has_it() {
    let other = "90000000000000005";
    let (rung, again) = (
        event("Calling", "InBound", other, "agent01", 0),
        event("Calling", "InBound", LEG, "agent02", 4),
    );
    let call = Call::of(vec![rung, invited(0, other, true), again]);
    assert_eq!((&call.state().agent, call.state().leg), (&Some("agent02".into()), Some(ucid(LEG))));
}

/// What is set for the agent who was rung before neither ends the call nor keeps the other one from saying something.
#[test]
fn who_was_rung_before_ends_nothing_for_the_agent_who_answered() {
    let other = "90000000000000005";
    let mut first = disposed(1, "NO_ANSWER", 10);
    let FactBody::Acted(acted_first) = &mut first.body else { unreachable!() };
    acted_first.agent = "agent01".into();
    let (target, state) = ("service".into(), "sent".into());
    let set = acted(2, Action::Deliver { target, state, is_over: true }, ActionOutcome::Done, 11);
    let rung = event("Calling", "InBound", other, "agent01", 1);
    let call = Call::of([rung.clone(), first.clone(), set.clone()]);
    assert_eq!(call.state().ended_ms, Some(T0 + 11_000), "as far as is known");
    let answered = event("Answered", "InBound", LEG, "agent02", 20);
    let call = Call::of([rung, first, set, answered]);
    let state = call.state();
    assert_eq!((state.phase, state.ended_ms), (CallPhase::Active, None));
    assert_eq!(state.disposition_for(&"agent02".into()), None);
    let known = state.disposition_for(&"agent01".into()).unwrap();
    assert_eq!((known.said.code.as_str(), &*known.targets["service"]), ("NO_ANSWER", "sent"));
}

/// Found by seed 864 of `make seeds`: the news of the answer was lost, and the agent was told that it was said already.
#[test]
fn only_what_was_said_by_who_answered_keeps_another_agent_from_saying_something() {
    let (one, other) = ("agent01".into(), "agent02".into());
    let rung = event("Calling", "InBound", CALL, "agent01", 1);
    let facts = [rung, disposed(1, "NO_ANSWER", 10)];
    let call = Call::of(facts.clone());
    assert!(call.state().disposition_for(&one).is_some());
    assert_eq!(call.state().disposition_for(&other), None);
    let answered = event("Answered", "InBound", CALL, "agent01", 5);
    let call = Call::of(facts.into_iter().chain([answered]));
    assert!(call.state().disposition_for(&other).is_some());
}

/// What a colleague said who was rung before was taken for it: the agent who answered was told that the call was done with.
#[test]
fn who_answered_owes_a_disposition_whatever_a_colleague_said_who_did_not() {
    let other = "90000000000000005";
    let row = |leg: &str, agent: &str, said: &str| {
        let row = json!({"CallID": CALL, "UCID": leg, "Type": "InBound", "AgentID": agent, "Disposition": said,
            "Status": "Unanswered", "CallDate": "2026-11-20", "StartTime": "10:15:00", "EndTime": "10:15:30"});
        Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 99_000, &Zone::india())
    };
    let mut first = disposed(1, "NO_ANSWER", 10);
    let FactBody::Acted(acted_first) = &mut first.body else { unreachable!() };
    acted_first.agent = "agent02".into();
    let mut sent = delivered(2, "sent", 11);
    let FactBody::Acted(acted_sent) = &mut sent.body else { unreachable!() };
    acted_sent.agent = "agent02".into();
    let mut call = Call::of([
        event("Calling", "InBound", other, "agent02", 1),
        first,
        sent,
        event("Calling", "InBound", LEG, "agent01", 12),
        event("Answered", "InBound", LEG, "agent01", 20),
        event("Disconnect", "InBound", other, "agent02", 12),
        event("Disconnect", "InBound", LEG, "agent01", 30),
    ]);
    let owes = |call: &Call| (call.state().phase, call.state().owes_disposition());
    assert_eq!(owes(&call), (CallPhase::AfterCall, true));
    call.apply(row(other, "agent02", "No Answer"));
    assert_eq!(
        (owes(&call), &call.state().service_disposition),
        ((CallPhase::AfterCall, true), &None)
    );
    call.apply(row(LEG, "agent01", "Sale"));
    assert_eq!(call.state().service_disposition, Some("Sale".into()));
    assert!(!call.state().owes_disposition());
    let has = call.state().service_has.iter().map(|(agent, name)| (&**agent, name.as_str()));
    assert_eq!(has.collect::<Vec<_>>(), [("agent01", "Sale"), ("agent02", "No Answer")]);
}
