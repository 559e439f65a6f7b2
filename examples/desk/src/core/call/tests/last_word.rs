//! The service's last word on whether anyone answered, and what was inferred before.

use ozonetel_sdk::phone_call::CallOutcomeKind;

use super::*;
use crate::core::report::CallReport;

const EARLIER: &str = "90000000000000005";

/// The finished row of an agent's leg.
fn row(agent: &str, leg: &str, status: &str, (from, until): (i64, i64)) -> Fact {
    let row = json!({
        "UCID": leg, "CallID": CALL, "AgentID": agent, "Type": "Inbound", "Status": status,
        "CallDate": "2025-11-20", "StartTime": &time(from)[11..], "EndTime": &time(until)[11..],
        "Event": "AgentDial", "HangupBy": "UserHangup", "HandlingTime": "00:00:20",
    });
    Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 90_000, &Zone::india())
}

/// The customer is put on hold while the telephone rings, which the service takes, and does not answer.
fn held_in_vain() -> Vec<Fact> {
    vec![
        dialed(0),
        acted(1, Action::Hold, ActionOutcome::Done, 5),
        callback("Manual", "NotAnswered", "", 60),
    ]
}

/// The agent picks up as the caller hangs up.
fn picked_up_in_vain() -> Vec<Fact> {
    vec![
        invited(10, LEG, true),
        event("Calling", "InBound", LEG, "agent01", 10),
        leg(LegNews::Answered, LEG, 12),
        event("Disconnect", "InBound", LEG, "agent01", 12),
        leg(LegNews::Ended, LEG, 13),
        row("agent01", LEG, "Unanswered", (10, 12)),
        callback("inbound", "NotAnswered", "", 60),
    ]
}

/// Calls that the service says no one answered.
pub(super) fn in_vain() -> Vec<Fact> {
    [held_in_vain(), picked_up_in_vain()].concat()
}

#[test]
fn a_hold_is_no_conversation_where_the_service_says_that_no_one_answered() {
    let mut call = Call::of(held_in_vain().into_iter().take(2));
    let state = call.state();
    assert_eq!((state.phase, state.answered_ms), (CallPhase::Active, Some(T0 + 5_000)));
    call.apply(callback("Manual", "NotAnswered", "", 60));
    let state = call.state();
    assert_eq!((state.answered_ms, state.denied_ms), (None, Some(T0 + 5_000)));
    assert_eq!((state.agent.clone(), state.ended_ms), (Some("agent01".into()), Some(T0 + 30_000)));
    // Of a call that it dialled the desk wants to know how it went all the same.
    assert!(state.owes_disposition());
    assert!(!CallReport::of(state).unwrap().answered);
}

#[test]
fn who_picks_up_as_the_caller_hangs_up_has_talked_to_no_one() {
    // With the row alone, with the callback alone, with both.
    for last in [&[5][..], &[6], &[5, 6]] {
        let facts = picked_up_in_vain();
        let mut call = Call::of(facts[..5].iter().cloned());
        assert_eq!(call.state().phase, CallPhase::AfterCall);
        for n in last {
            call.apply(facts[*n].clone());
        }
        let state = call.state();
        assert_eq!((state.answered_ms, state.denied_ms), (None, Some(T0 + 12_000)), "{last:?}");
        assert_eq!((state.phase, state.ended_ms), (CallPhase::Closed, Some(T0 + 12_000)));
        assert_eq!((state.wrapup, state.owes_disposition()), (None, false));
        assert!(state.is_final && state.outcome != Some(CallOutcomeKind::Completed));
        assert_eq!(state.agent, Some("agent01".into()));
    }
}

/// A row is of one leg.
#[test]
fn the_row_of_another_leg_denies_no_answer() {
    let taken = || inbound().into_iter().take(7);
    for (agent, until) in [("agent02", 9), ("agent02", 30), ("agent01", 5)] {
        let earlier = row(agent, EARLIER, "Unanswered", (1, until));
        let call = Call::of(taken().chain([earlier]));
        assert_eq!(call.state().answered_ms, Some(T0 + 12_000), "{agent} until {until}");
    }
    // Under another id it is the same leg, if it ended with the call.
    let own = row("agent01", EARLIER, "Unanswered", (10, 30));
    assert_eq!(Call::of(taken().chain([own])).state().answered_ms, None);
}

#[test]
fn that_someone_answered_is_denied_by_no_other_word_of_the_service() {
    let (yes, no) = (row("agent01", LEG, "Answered", (10, 30)), "NotAnswered");
    for last in [callback("inbound", no, "", 90), row("agent02", EARLIER, no, (1, 30))] {
        for facts in [[yes.clone(), last.clone()], [last.clone(), yes.clone()]] {
            let call = Call::of(inbound().into_iter().take(7).chain(facts));
            assert_eq!(call.state().answered_ms, Some(T0 + 12_000));
            assert_eq!(call.state().denied_ms, None);
        }
    }
}

#[test]
fn who_handed_on_a_call_that_no_one_answered_owes_nothing() {
    let third = PhoneNumber::from("500002");
    let by_colleague =
        |news, at: i64| Fact::of_leg("agent02".into(), ucid(EARLIER), news, T0 + at * 1000);
    let mut facts = picked_up_in_vain();
    let last = facts.split_off(5);
    facts.truncate(3);
    facts.extend([
        acted(1, Action::Conference(third), ActionOutcome::Done, 14),
        by_colleague(LegNews::Answered, 16),
        acted(2, Action::End, ActionOutcome::Done, 20),
    ]);
    let mut call = Call::of(facts);
    assert_eq!(call.state().owing().count(), 1, "{:?}", call.state().parts);
    call.apply(last[1].clone());
    assert_eq!(call.state().owing().count(), 0);
    assert!(call.state().parts.iter().all(|part| part.phase == CallPhase::Closed));
}

proptest! {
    /// A conversation is taken back by the service's last word alone.
    #[test]
    fn what_was_answered_stays_answered_unless_the_last_word_denies_it(
        facts in prop_oneof![
            prop::collection::vec(any_fact(held_in_vain()), 1..24),
            prop::collection::vec(any_fact(picked_up_in_vain()), 1..24),
        ],
    ) {
        let mut call = Call::default();
        for fact in facts {
            let before = Arc::clone(call.state());
            call.apply(fact);
            let after = call.state();
            let is_taken_back = before.is_answered() && !after.is_answered();
            prop_assert_eq!(is_taken_back, before.is_answered() && after.denied_ms.is_some());
            prop_assert!(after.denied_ms.is_none() || (after.is_final && after.is_ended()));
        }
    }
}
