//! What one agent's phone, leg and words say is not said of another's part in the same call.

use ozonetel_sdk::types::AgentId;

use super::*;
use crate::core::call::effects_of_merged;

const OTHER: &str = "90000000000000005";

fn phone(agent: &str, news: LegNews, leg: &str, at: i64) -> Fact {
    Fact::of_leg(agent.into(), ucid(leg), news, T0 + at * 1000)
}

fn rung(agent: &str, leg: &str, at: i64) -> Fact {
    let mut fact = invited(at, leg, true);
    let FactBody::Invited { agent: own, .. } = &mut fact.body else { unreachable!() };
    *own = agent.into();
    fact
}

/// A ring that ended at a colleague hid the ring here, or ended the call of the agent who had answered.
#[test]
fn a_ring_that_ends_at_a_colleague_ends_nothing_here() {
    let mut call = Call::of([
        rung("agent02", OTHER, 1),
        rung("agent01", LEG, 9),
        phone("agent02", LegNews::Ended, OTHER, 10),
    ]);
    let is = |call: &Call| (call.state().phase, call.state().sip, call.state().agent.clone());
    assert_eq!(is(&call), (CallPhase::Ringing, SipLeg::Ringing, Some("agent01".into())));
    call.apply(phone("agent01", LegNews::Answered, LEG, 12));
    call.apply(phone("agent02", LegNews::Ended, OTHER, 13));
    assert_eq!(is(&call), (CallPhase::Active, SipLeg::Up, Some("agent01".into())));
    call.apply(phone("agent01", LegNews::Ended, LEG, 30));
    assert_eq!((is(&call).0, call.state().ended_ms), (CallPhase::AfterCall, Some(T0 + 30_000)));
}

/// The agent who asks a colleague has the call until it is handed over, and the colleague's goes on when the first leaves.
#[test]
fn a_colleague_who_is_asked_has_the_call_once_it_is_handed_over() {
    let warm = Action::Transfer { number: "500002".into(), warm: true };
    let mut call = Call::of([
        rung("agent01", LEG, 1),
        phone("agent01", LegNews::Answered, LEG, 2),
        acted(1, warm, ActionOutcome::Done, 10),
        rung("agent02", OTHER, 11),
        phone("agent02", LegNews::Answered, OTHER, 12),
    ]);
    let is = |call: &Call| (call.state().phase, call.state().agent.clone(), call.state().leg);
    let first = (CallPhase::Active, Some("agent01".into()), Some(ucid(LEG)));
    assert_eq!(is(&call), first);
    let mut back = Call::of(call.facts().iter().cloned());
    back.apply(acted(2, Action::CancelTransfer, ActionOutcome::Done, 20));
    back.apply(phone("agent02", LegNews::Ended, OTHER, 20));
    assert_eq!(is(&back), first);
    // Whoever was asked and let go before has no part in what is handed on to someone else.
    let outside = Action::Transfer { number: "9000000002".into(), warm: true };
    back.apply(acted(3, outside, ActionOutcome::Done, 25));
    back.apply(acted(4, Action::CompleteTransfer, ActionOutcome::Done, 30));
    assert_eq!(is(&back), (CallPhase::AfterCall, Some("agent01".into()), Some(ucid(LEG))));
    let complete = acted(2, Action::CompleteTransfer, ActionOutcome::Done, 20);
    call.apply(complete);
    call.apply(phone("agent01", LegNews::Ended, LEG, 21));
    assert_eq!(is(&call), (CallPhase::Active, Some("agent02".into()), Some(ucid(OTHER))));
    let legs = ["agent01", "agent02"].map(|agent| call.state().leg_of(&agent.into()));
    assert_eq!(legs, [Some(ucid(LEG)), Some(ucid(OTHER))]);
    call.apply(phone("agent02", LegNews::Ended, OTHER, 50));
    assert_eq!((is(&call).0, call.state().ended_ms), (CallPhase::AfterCall, Some(T0 + 50_000)));
}

fn by(agent: &str, mut fact: Fact) -> Fact {
    let FactBody::Acted(acted) = &mut fact.body else { unreachable!() };
    acted.agent = agent.into();
    fact
}

/// A call that agent01 has answered and handed on to agent02.
fn handed_on() -> Call {
    Call::of([
        rung("agent01", LEG, 1),
        phone("agent01", LegNews::Answered, LEG, 2),
        acted(1, Action::Transfer { number: "500002".into(), warm: true }, ActionOutcome::Done, 10),
        rung("agent02", OTHER, 11),
        phone("agent02", LegNews::Answered, OTHER, 12),
        acted(2, Action::CompleteTransfer, ActionOutcome::Done, 20),
    ])
}

fn owing(call: &Call) -> Vec<&str> {
    call.state().owing().map(AgentId::as_str).collect()
}

/// What the one had said was taken for the other's, or who had handed the call on owed nothing.
#[test]
fn who_hands_a_call_on_owes_a_word_of_the_own_part_and_the_colleague_another() {
    let agents = ["agent01", "agent02"].map(AgentId::from);
    let mut call = handed_on();
    let part = call.state().part_of(&agents[0]).unwrap();
    assert_eq!((part.phase, part.wrapup.started_ms), (CallPhase::AfterCall, T0 + 20_000));
    assert_eq!((call.state().parts.len(), owing(&call)), (1, vec!["agent01"]));
    call.apply(phone("agent02", LegNews::Ended, OTHER, 50));
    assert_eq!(owing(&call), ["agent02", "agent01"]);
    // Whoever speaks first speaks of the own part alone.
    for first in [0, 1] {
        let mut call = Call::of(call.facts().iter().cloned());
        for (n, agent) in [(3, &agents[first]), (4, &agents[1 - first])] {
            assert!(call.state().disposition_for(agent).is_none(), "{first}, {agent}");
            call.apply(by(agent.as_str(), disposed(n, "NO_ANSWER", 60 + i64::from(n))));
            assert_eq!(call.state().word_of(agent).unwrap().agent, *agent);
            let targets = call.state().word_of(agent).unwrap().targets.len();
            assert_eq!(
                targets,
                if *agent == agents[0] { 1 } else { 2 },
                "the platform has one record"
            );
            call.apply(by(agent.as_str(), delivered(n + 10, "sent", 70 + i64::from(n))));
        }
        let phase = call.state().part_of(&agents[0]).unwrap().phase;
        assert_eq!((owing(&call), phase), (Vec::new(), CallPhase::Closed));
        let counts = call.state().kept_disposition().unwrap();
        assert_eq!((&counts.agent, call.state().phase), (&agents[1], CallPhase::Closed));
    }
}

/// Of who said it second nothing was promised.
#[test]
fn each_agents_promise_is_made_whoever_speaks_first() {
    let code = crate::core::disposition::CALLBACK;
    for order in [["agent01", "agent02"], ["agent02", "agent01"]] {
        let mut call = handed_on();
        for (agent, n) in order.into_iter().zip(3..) {
            let effects = call.apply(by(agent, disposed(n, code, 60 + i64::from(n))));
            let promise =
                Effect::CallBack { agent: agent.into(), due_ms: T0 + (60 + i64::from(n)) * 1000 };
            assert_eq!(effects, [promise], "{order:?}");
        }
    }
}

/// After a cold transfer the colleague answers when the agent has gone.
#[test]
fn a_cold_transfer_leaves_a_part_too_and_who_gets_the_call_back_has_it() {
    let transfer = |n, at| {
        let cold = Action::Transfer { number: "500002".into(), warm: false };
        [
            acted(n, cold, ActionOutcome::Done, at),
            acted(n + 1, Action::CompleteTransfer, ActionOutcome::Done, at + 1),
        ]
    };
    let mut call = Call::of(
        [rung("agent01", LEG, 1), phone("agent01", LegNews::Answered, LEG, 2)]
            .into_iter()
            .chain(transfer(1, 10)),
    );
    assert_eq!((call.state().parts.len(), owing(&call)), (0, vec!["agent01"]), "it is over");
    call.apply(rung("agent02", OTHER, 12));
    call.apply(phone("agent02", LegNews::Answered, OTHER, 14));
    let part = call.state().part_of(&"agent01".into()).unwrap();
    assert_eq!((part.wrapup.started_ms, part.owes), (T0 + 11_000, true));
    assert_eq!((call.state().phase, owing(&call)), (CallPhase::Active, vec!["agent01"]));
    for fact in transfer(3, 20) {
        call.apply(by("agent02", fact));
    }
    call.apply(rung("agent01", LEG, 22));
    call.apply(phone("agent01", LegNews::Answered, LEG, 24));
    assert_eq!(call.state().agent, Some("agent01".into()));
    let parts: Vec<_> = call.state().parts.iter().map(|part| part.agent.as_str()).collect();
    assert_eq!((parts, owing(&call)), (vec!["agent02"], vec!["agent02"]));
}

/// The service closes a part by its own word, and the last word about the call closes all.
#[test]
fn a_part_is_closed_by_what_the_service_has_of_it() {
    let row = |said: &str| {
        let row = json!({"CallID": CALL, "UCID": LEG, "Type": "InBound", "AgentID": "agent01",
            "Event": "AgentDial", "Status": "Answered", "HangupBy": "AgentHangup",
            "Disposition": said, "CallDate": "2025-11-20", "StartTime": "10:15:01", "EndTime": "10:15:20"});
        Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 99_000, &Zone::india())
    };
    for (said, phase, owes, overrun) in [
        ("", CallPhase::AfterCall, true, false),
        ("Sale", CallPhase::Closed, false, false),
        ("Wrap up time exceeded:60", CallPhase::Closed, true, true),
    ] {
        let mut call = handed_on();
        call.apply(row(said));
        let part = call.state().part_of(&"agent01".into()).unwrap();
        assert_eq!((part.phase, part.owes, part.wrapup.overrun), (phase, owes, overrun), "{said}");
        assert_eq!(call.state().phase, CallPhase::Active, "{said}");
    }
}

/// The platform was told of a conversation what the agent had said who was rung and had none.
#[test]
fn a_colleagues_word_is_not_reported_of_a_conversation_of_which_the_service_knows_more() {
    let mut said = disposed(1, "NO_ANSWER", 10);
    let FactBody::Acted(acted) = &mut said.body else { unreachable!() };
    acted.agent = "agent02".into();
    let mut call = Call::of([
        event("Calling", "InBound", OTHER, "agent02", 1),
        said,
        event("Answered", "InBound", LEG, "agent01", 20),
        event("Disconnect", "InBound", LEG, "agent01", 30),
    ]);
    let counted = |call: &Call| {
        let state = call.state();
        (state.kept_disposition().is_some(), state.counted_disposition().is_some())
    };
    assert_eq!(counted(&call), (true, true), "until more is known");
    call.apply(callback("inbound", "Answered", "Sale", 60));
    assert_eq!(counted(&call), (false, false));
    let report = crate::core::report::CallReport::of(call.state()).unwrap();
    assert_eq!(report.disposition.as_deref(), Some("Sale"));
}

/// Two records with one promise became one record with two.
#[test]
fn a_promise_that_was_made_of_a_part_is_not_made_again() {
    let said = disposed(9, crate::core::disposition::CALLBACK, 40);
    let part = Call::of([said.clone()]);
    let whole = Call::of(outbound().into_iter().take(10).chain([said]));
    let call_back = |absorbed: &[_]| {
        let effects = effects_of_merged(&CallState::default(), absorbed, whole.state());
        effects.iter().filter(|effect| matches!(effect, Effect::CallBack { .. })).count()
    };
    assert_eq!((call_back(&[]), call_back(&[Arc::clone(part.state())])), (1, 0));
}

#[test]
fn an_agent_is_shown_who_calls_once_however_the_agent_is_written() {
    let mut call = Call::default();
    let shown = [event("Calling", "InBound", LEG, "43", 1), rung("043", LEG, 2)];
    let effects: Vec<Effect> = shown.into_iter().flat_map(|fact| call.apply(fact)).collect();
    assert_eq!(effects, [Effect::Popup { agent: "43".into() }]);
}

/// A row of the agent who was rung before closed the call while the next one was rung, and began after-call work before
/// there was an answer.
#[test]
fn the_row_of_a_leg_that_has_ended_ends_no_later_leg() {
    let row = |leg: &str, agent: &str, from: &str, until: &str, status: &str| {
        let row = json!({"CallID": CALL, "UCID": leg, "Type": "InBound", "AgentID": agent, "Event": "AgentDial",
            "Status": status, "HangupBy": "AgentHangup", "CallDate": "2025-11-20", "StartTime": from,
            "EndTime": until, "HandlingTime": "00:00:26"});
        Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 99_000, &Zone::india())
    };
    let mut call = Call::of([
        event("Calling", "InBound", OTHER, "agent02", 1),
        row(OTHER, "agent02", "10:15:01", "10:15:09", "Unanswered"),
    ]);
    let is = |call: &Call| {
        let state = call.state();
        (state.phase, state.is_final, state.ended_ms)
    };
    assert_eq!(is(&call), (CallPhase::Closed, true, Some(T0 + 9_000)), "as far as is known");
    call.apply(event("Calling", "InBound", LEG, "agent01", 9));
    assert_eq!(is(&call), (CallPhase::Ringing, false, None));
    call.apply(event("Answered", "InBound", LEG, "agent01", 14));
    assert_eq!(is(&call), (CallPhase::Active, false, None));
    for status in ["Answered", "Unanswered"] {
        let mut call = call.clone();
        call.apply(row(LEG, "agent01", "10:15:09", "10:15:40", status));
        assert_eq!(is(&call), (CallPhase::Closed, true, Some(T0 + 40_000)), "{status}");
        assert_eq!(call.state().is_answered(), status == "Answered");
    }
}

/// The end of a leg that no one heard of kept the call of the agent who had answered from ending.
#[test]
fn a_call_ends_with_the_leg_of_who_answered_it() {
    let mut call = Call::of([
        event("Calling", "InBound", OTHER, "agent02", 1),
        event("Calling", "InBound", LEG, "agent01", 9),
        event("Answered", "InBound", LEG, "agent01", 12),
        event("Disconnect", "InBound", LEG, "agent01", 30),
    ]);
    assert_eq!(
        (call.state().phase, call.state().ended_ms),
        (CallPhase::AfterCall, Some(T0 + 30_000))
    );
    call.apply(event("Disconnect", "InBound", OTHER, "agent02", 9));
    assert_eq!(call.state().ended_ms, Some(T0 + 30_000));
}
