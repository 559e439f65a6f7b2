//! Who has a call while a colleague is rung into it, is there, and once one of the two has gone.

use ozonetel_sdk::types::AgentId;

use super::*;
use crate::core::can::{CanContext, Command, judge};
use crate::core::fact::SocketNews;

const OTHER: &str = "90000000000000005";

fn phone(agent: &str, news: LegNews, leg: &str, at: i64) -> Fact {
    Fact::of_leg(agent.into(), ucid(leg), news, T0 + at * 1000)
}

fn rung(agent: &str, leg: &str, at: i64) -> Fact {
    let invite = Invite::new(ucid(leg)).caller("09000000001");
    let body = FactBody::Invited { agent: agent.into(), invite, decision: "ask".into() };
    Fact::new(FactSource::Invite, format!("{agent}{leg}{at}"), T0 + at * 1000, body)
}

fn pushed(agent: &str, news: SocketNews, leg: &str, at: i64) -> Fact {
    let push = serde_json::from_value(json!({"ucid": leg})).unwrap();
    Fact::of_push(agent.into(), news, push, T0 + at * 1000)
}

fn command(agent: &str, action: Action, at: i64) -> Fact {
    command_ending(agent, action, ActionOutcome::Done, at)
}

fn command_ending(agent: &str, action: Action, outcome: ActionOutcome, at: i64) -> Fact {
    let acted =
        ActionFact { ucid: ucid(CALL), by: "user-1".into(), agent: agent.into(), action, outcome };
    let key = format!("{agent}{at}");
    let body = FactBody::Acted(Box::new(acted));
    Fact::new(FactSource::Action, key, T0 + at * 1000, body)
}

fn transfer(number: &str, warm: bool) -> Action {
    Action::Transfer { number: number.into(), warm }
}

/// An inbound call that agent01 has answered on the leg `LEG`.
fn inbound_up() -> Vec<Fact> {
    vec![rung("agent01", LEG, 1), phone("agent01", LegNews::Answered, LEG, 2)]
}

/// A call that agent01 has dialled, of which events tell.
fn dialled_up() -> Vec<Fact> {
    outbound().into_iter().take(5).collect()
}

/// A call that agent01 has dialled, of which the agent's phone alone tells.
fn dialled_in_silence() -> Vec<Fact> {
    vec![dialed(0), rung("agent01", CALL, 1), phone("agent01", LegNews::Answered, CALL, 2)]
}

/// A colleague is rung into a call with a leg, and picks up.
fn asked(agent: &str, leg: &str) -> Vec<Fact> {
    vec![
        command("agent01", transfer("500002", true), 10),
        rung(agent, leg, 11),
        phone(agent, LegNews::Answered, leg, 12),
    ]
}

fn call_of(parts: impl IntoIterator<Item = Vec<Fact>>) -> Call {
    Call::of(parts.into_iter().flatten())
}

/// The agent, the phase, and those who handed it on.
fn is(call: &Call) -> (&str, CallPhase, Vec<&str>) {
    let state = call.state();
    let parts = state.parts.iter().map(|part| part.agent.as_str()).collect();
    (state.agent.as_ref().map_or("", AgentId::as_str), state.phase, parts)
}

fn may(call: &Call, command: Command) -> Result<(), &'static str> {
    judge(command, call.state(), CanContext { may_act: true, ..CanContext::default() })
}

/// The call of the one who asks ended when the colleague's phone, which bears the call's UCID, stopped ringing.
#[test]
fn a_colleague_who_does_not_pick_up_ends_nothing() {
    for up in [inbound_up(), dialled_up(), dialled_in_silence()] {
        let leg = if up.len() == 2 { LEG } else { CALL };
        let paused = command("agent01", Action::PauseRecording, 9);
        let ask = command("agent01", transfer("500002", true), 10);
        let mut call = call_of([up, vec![paused, ask, rung("agent02", leg, 11)]]);
        assert_eq!(is(&call), ("agent01", CallPhase::Active, vec![]));
        let effects = call.apply(pushed("agent02", SocketNews::Dropped, leg, 15));
        assert_eq!((is(&call), effects), (("agent01", CallPhase::Active, vec![]), vec![]));
        call.apply(phone("agent02", LegNews::Ended, leg, 15));
        assert_eq!(
            (is(&call), may(&call, Command::Hold)),
            (("agent01", CallPhase::Active, vec![]), Ok(()))
        );
        assert_eq!(call.state().recording.state, RecordingState::Paused);
        call.apply(phone("agent01", LegNews::Ended, leg, 30));
        assert_eq!((is(&call).1, call.state().ended_ms), (CallPhase::AfterCall, Some(T0 + 30_000)));
    }
    let offered = [
        event("Calling", "InBound", LEG, "agent01", 1),
        pushed("agent01", SocketNews::Dropped, LEG, 9),
    ];
    assert_eq!(Call::of(offered).state().ended_ms, Some(T0 + 9_000), "the offer that no one took");
}

/// Of a colleague in a dialled call there was no news, so the one who handed it on kept it.
#[test]
fn a_dialled_call_goes_to_the_colleague_too() {
    for up in [dialled_up(), dialled_in_silence()] {
        for leg in [CALL, OTHER] {
            let mut call = call_of([up.clone(), asked("agent02", leg)]);
            assert_eq!(
                is(&call),
                ("agent01", CallPhase::Active, vec![]),
                "who is asked has no call yet"
            );
            call.apply(command("agent01", Action::CompleteTransfer, 20));
            assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
            assert_eq!(may(&call, Command::Hold), Ok(()));
            call.apply(phone("agent01", LegNews::Ended, CALL, 21));
            call.apply(phone("agent02", LegNews::Ended, leg, 50));
            assert_eq!(
                (is(&call).1, call.state().ended_ms),
                (CallPhase::AfterCall, Some(T0 + 50_000))
            );
            let cold = vec![
                command("agent01", transfer("500002", false), 10),
                command("agent01", Action::CompleteTransfer, 11),
                phone("agent01", LegNews::Ended, CALL, 11),
                rung("agent02", leg, 12),
                phone("agent02", LegNews::Answered, leg, 14),
            ];
            let call = call_of([up.clone(), cold]);
            assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
        }
    }
    // A conference of which it is not known whether it was rung was, if the colleague's phone rings.
    let lost = command_ending("agent01", transfer("500002", true), ActionOutcome::Unknown, 10);
    let mut call = call_of([dialled_in_silence(), vec![lost]]);
    assert_eq!(call.state().answered_ms, None);
    call.apply(rung("agent02", CALL, 11));
    assert_eq!(is(&call), ("agent01", CallPhase::Active, vec![]));
    // Who picks up the agent's own phone again is no colleague.
    let again = phone("agent01", LegNews::Answered, OTHER, 15);
    let end = event("Disconnect", "Manual", CALL, "agent01", 30);
    let call = call_of([dialled_up(), vec![again, end]]);
    assert_eq!((is(&call).1, call.state().ended_ms), (CallPhase::AfterCall, Some(T0 + 30_000)));
}

/// The call was over as far as the desk knew, and the colleague had neither card nor form.
#[test]
fn whoever_was_asked_has_the_call_however_the_first_leaves() {
    let lost = command_ending("agent01", Action::CompleteTransfer, ActionOutcome::Unknown, 19);
    for (name, path) in [
        ("completed", vec![command("agent01", Action::CompleteTransfer, 20)]),
        ("completion not confirmed", vec![lost, phone("agent01", LegNews::Ended, LEG, 20)]),
        ("ended", vec![command("agent01", Action::End, 20)]),
        ("hung up", vec![phone("agent01", LegNews::Ended, LEG, 20)]),
        ("dropped", vec![command("agent01", Action::Kick("500001".into()), 20)]),
        ("dropped by no one known", vec![command("", Action::CompleteTransfer, 20)]),
        (
            "hung up, and then confirmed",
            vec![
                phone("agent01", LegNews::Ended, LEG, 20),
                command("agent01", Action::CompleteTransfer, 21),
            ],
        ),
    ] {
        for leg in [LEG, OTHER] {
            let mut call = call_of([inbound_up(), asked("agent02", leg), path.clone()]);
            assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]), "{name}");
            let part = call.state().part_of(&"agent01".into()).unwrap();
            assert_eq!((part.wrapup.started_ms, part.owes), (T0 + 20_000, true), "{name}");
            call.apply(phone("agent02", LegNews::Ended, leg, 50));
            assert_eq!(
                (is(&call).1, call.state().ended_ms),
                (CallPhase::AfterCall, Some(T0 + 50_000)),
                "{name}"
            );
        }
    }
}

/// A front end of its own hands on by a conference and by dropping the agent: the first had no part.
#[test]
fn a_conference_and_a_drop_of_the_own_number_hand_a_call_on() {
    let ask = command("agent01", Action::Conference("500002".into()), 10);
    let go = |at| command("agent01", Action::Kick("500001".into()), at);
    let rings = |at| rung("agent02", LEG, at);
    let answers = |at| phone("agent02", LegNews::Answered, LEG, at);
    let warm = vec![ask.clone(), rings(11), answers(12), go(20)];
    let cold = vec![ask, go(11), rings(12), answers(20)];
    for (path, left) in [(warm, 20), (cold, 11)] {
        let call = call_of([inbound_up(), path]);
        assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
        let part = call.state().part_of(&"agent01".into()).unwrap();
        assert_eq!((part.wrapup.started_ms, part.owes), (T0 + left * 1000, true));
    }
}

/// When the customer hangs up, both phones are dropped: nothing was left to who was asked.
#[test]
fn a_customer_who_hangs_up_leaves_the_call_to_no_one() {
    for leg in [LEG, OTHER] {
        let up = || call_of([inbound_up(), asked("agent02", leg)]);
        let ends =
            [phone("agent01", LegNews::Ended, LEG, 20), phone("agent02", LegNews::Ended, leg, 21)];
        let mut call = up();
        ends.iter().cloned().for_each(|fact| drop(call.apply(fact)));
        let over = ("agent01", CallPhase::AfterCall, vec![]);
        assert_eq!((is(&call), call.state().ended_ms), (over.clone(), Some(T0 + 20_000)));
        assert!(!call.state().transferred);
        for (agent, at) in [("agent01", 19), ("agent01", 21), ("", 21)] {
            let mut call = up();
            call.apply(event("Disconnect", "InBound", LEG, agent, at));
            call.apply(ends[0].clone());
            assert_eq!(is(&call), over, "the service says so of {agent} at {at}");
        }
        // Who was left alone with the customer had the call.
        let mut call = up();
        call.apply(ends[0].clone());
        call.apply(phone("agent02", LegNews::Ended, leg, 26));
        assert_eq!(is(&call), ("agent02", CallPhase::AfterCall, vec!["agent01"]));
        // A command says who leaves.
        let mut call = up();
        call.apply(command("agent01", Action::End, 20));
        call.apply(phone("agent02", LegNews::Ended, leg, 21));
        assert_eq!(is(&call), ("agent02", CallPhase::AfterCall, vec!["agent01"]));
    }
}

/// A consultation that a colleague left could be completed: the customer was dropped, and the colleague owed a word.
#[test]
fn a_colleague_who_hangs_up_is_no_longer_asked() {
    let mut call = call_of([inbound_up(), asked("agent02", LEG)]);
    assert_eq!(may(&call, Command::Transfer), Err("transfer_under_way"));
    call.apply(phone("agent02", LegNews::Ended, LEG, 15));
    assert_eq!(
        (is(&call), may(&call, Command::Transfer)),
        (("agent01", CallPhase::Active, vec![]), Ok(()))
    );
    assert_eq!(may(&call, Command::CompleteTransfer), Err("no_transfer"));
    assert_eq!(call.state().thirds().count(), 0);
    call.apply(command("agent01", Action::CompleteTransfer, 20));
    assert_eq!(is(&call), ("agent01", CallPhase::AfterCall, vec![]));
}

/// Who got a call was the third party of an old transfer: the call could not be handed on, and its end left the customer
/// alone.
#[test]
fn who_gets_a_call_begins_without_a_transfer() {
    let complete = command("agent01", Action::CompleteTransfer, 20);
    let mut call = call_of([inbound_up(), asked("agent02", LEG), vec![complete]]);
    assert_eq!(call.state().thirds().count(), 0);
    assert_eq!(
        (may(&call, Command::Transfer), may(&call, Command::Kick)),
        (Ok(()), Err("no_one_to_drop"))
    );
    assert!(call.state().transferred);
    // Back to the first, who is no longer gone: what was heard of the own end is of the part before.
    call.apply(command("agent02", transfer("500001", true), 30));
    call.apply(event("Answered", "InBound", OTHER, "agent01", 40));
    assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
    call.apply(command("agent02", Action::CompleteTransfer, 45));
    assert_eq!(is(&call), ("agent01", CallPhase::Active, vec!["agent02"]));
    assert_eq!((call.state().ended_ms, may(&call, Command::Hold)), (None, Ok(())));
    // The number under which the colleague was rung is the own one of who has the call.
    let complete = command("agent01", Action::CompleteTransfer, 20);
    let leave = command("agent02", Action::Kick("500002".into()), 30);
    let call = call_of([inbound_up(), asked("agent02", LEG), vec![complete, leave]]);
    assert_eq!(is(&call), ("agent02", CallPhase::AfterCall, vec!["agent01"]));
    // Handed on to someone outside it stays transferred.
    let outside = vec![
        command("agent01", transfer("9000000002", true), 10),
        command("agent01", Action::CompleteTransfer, 20),
    ];
    let call = call_of([inbound_up(), outside]);
    assert!(call.state().transfer.is_completed());
}

/// The end of the first agent's leg, which had the same id, was the end of the colleague's call.
#[test]
fn the_end_of_a_part_is_not_that_of_the_call_that_goes_on_on_a_leg_of_the_same_id() {
    let row = |agent: &str, leg: &str, until: i64| {
        let row = json!({"CallID": CALL, "UCID": leg, "Type": "InBound", "AgentID": agent,
            "Event": "AgentDial", "Status": "Answered", "HangupBy": "AgentHangup", "CallDate": "2025-11-20",
            "StartTime": "10:15:01", "HandlingTime": "00:00:20", "EndTime": &time(until)[11..]});
        Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 99_000, &Zone::india())
    };
    let complete = command("agent01", Action::CompleteTransfer, 20);
    for end in [
        event("Disconnect", "InBound", LEG, "agent01", 20),
        event("Disconnect", "InBound", LEG, "agent01", 21),
        row("agent01", LEG, 20),
        row("agent01", LEG, 21),
    ] {
        let mut call = call_of([inbound_up(), asked("agent02", LEG), vec![complete.clone()]]);
        let mut early = call_of([inbound_up(), asked("agent02", LEG)]);
        call.apply(end.clone());
        assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]), "{end:?}");
        assert_eq!((call.state().ended_ms, call.state().is_final), (None, false), "{end:?}");
        early.apply(end);
        early.apply(complete.clone());
        assert_eq!(early.state(), call.state());
        call.apply(row("agent02", OTHER, 60));
        assert_eq!((is(&call).1, call.state().ended_ms), (CallPhase::Closed, Some(T0 + 60_000)));
        assert!(call.state().is_final);
    }
    // Long after the hand-over it is the end of the call.
    let mut call = call_of([inbound_up(), asked("agent02", LEG), vec![complete]]);
    call.apply(event("Disconnect", "InBound", LEG, "agent01", 60));
    assert_eq!((is(&call).1, call.state().ended_ms), (CallPhase::AfterCall, Some(T0 + 60_000)));
}

/// Whoever else was dropped, the colleague was forgotten, and got nothing.
#[test]
fn to_drop_someone_else_forgets_no_colleague() {
    let expert = "9000000003";
    let facts = [
        vec![command("agent01", Action::Conference(expert.into()), 8)],
        asked("agent02", LEG),
        vec![
            command("agent01", Action::Kick(expert.into()), 15),
            command("agent01", Action::CompleteTransfer, 20),
        ],
    ];
    let call = call_of([inbound_up()].into_iter().chain(facts));
    assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
}

/// A dial kept its agent from the next one until the colleague had hung up.
#[test]
fn a_dial_is_released_once_its_call_is_handed_on() {
    let mut call = call_of([dialled_up(), asked("agent02", CALL)]);
    let release = Effect::ReleaseDial { dial: "d1".into() };
    let handed_on = call.apply(command("agent01", Action::CompleteTransfer, 20));
    assert_eq!(handed_on, std::slice::from_ref(&release));
    assert_eq!(call.apply(phone("agent02", LegNews::Ended, CALL, 50)), []);
    let mut call = call_of([dialled_up()]);
    assert_eq!(call.apply(phone("agent01", LegNews::Ended, CALL, 30)), [release]);
}

/// Two agents with legs and commands in one call, as they may come.
fn handovers() -> Vec<Fact> {
    let mut all = inbound_up();
    all.extend(asked("agent02", LEG));
    let back = transfer("500001", false);
    all.extend([
        command("agent01", Action::Conference("9000000003".into()), 9),
        pushed("agent02", SocketNews::Dropped, LEG, 13),
        command("agent01", Action::Kick("9000000003".into()), 15),
        phone("agent01", LegNews::Ended, LEG, 20),
        command("agent01", Action::CompleteTransfer, 20),
        event("Disconnect", "InBound", LEG, "agent01", 21),
        phone("agent02", LegNews::Ended, LEG, 22),
        command_ending("agent02", back, ActionOutcome::Unknown, 30),
        rung("agent01", OTHER, 32),
        phone("agent01", LegNews::Answered, OTHER, 33),
        command("agent02", Action::Kick("500002".into()), 40),
        phone("agent01", LegNews::Ended, OTHER, 50),
        disposed(9, "NO_ANSWER", 55),
    ]);
    all
}

proptest! {
    #[test]
    fn of_two_agents_order_and_repetition_do_not_matter_either(
        facts in prop::collection::vec(prop::sample::select(handovers()), 0..30),
        dial in any::<bool>(),
    ) {
        let facts = once(facts.into_iter().chain(dial.then(|| dialed(0))).collect());
        let mut call = Call::default();
        for fact in facts.iter().chain(facts.iter().rev()) {
            call.apply(fact.clone());
        }
        let mut back = Call::default();
        for fact in facts.iter().rev() {
            back.apply(fact.clone());
        }
        prop_assert_eq!(&back, &call);
        prop_assert_eq!(&Call::of(facts), &call);
        let state = serde_json::to_string(&**call.state()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<CallState>(&state).unwrap(), &**call.state());
    }
}

#[test]
fn who_gets_a_call_is_not_muted_and_may_take_it_off_hold() {
    let held = vec![command("agent01", Action::Mute, 8), command("agent01", Action::Hold, 9)];
    let known = |call: &Call| (call.state().held, call.state().muted);
    for hold in [true, false] {
        let silent = if hold { held.clone() } else { Vec::new() };
        let mut call = call_of([inbound_up(), silent, asked("agent02", OTHER)]);
        assert_eq!(known(&call), (Some(hold), Some(hold)));
        call.apply(phone("agent01", LegNews::Ended, LEG, 20));
        assert_eq!(known(&call), (if hold { None } else { Some(false) }, Some(false)));
        for one in [Command::Hold, Command::Mute] {
            assert_eq!(may(&call, one), Ok(()), "{one:?}");
        }
        assert_eq!(may(&call, Command::Unhold).is_ok(), hold);
    }
}

/// The service's word of the leg came between the phone's end and the confirmation.
#[test]
fn a_completion_that_is_told_last_hands_the_call_on() {
    for last in [Action::CompleteTransfer, Action::End, Action::Kick("500001".into())] {
        for leg in [LEG, OTHER] {
            let mut call = call_of([
                inbound_up(),
                asked("agent02", leg),
                vec![
                    phone("agent01", LegNews::Ended, LEG, 20),
                    event("Disconnect", "InBound", LEG, "agent01", 21),
                    command("agent01", last.clone(), 22),
                ],
            ]);
            assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]), "{last:?}");
            call.apply(phone("agent02", LegNews::Ended, leg, 50));
            assert_eq!(is(&call), ("agent02", CallPhase::AfterCall, vec!["agent01"]), "{last:?}");
        }
    }
}

#[test]
fn that_an_agent_was_on_the_call_is_no_news_once_that_one_has_gone() {
    let cold = vec![
        command("agent01", transfer("500002", false), 10),
        command("agent01", Action::CompleteTransfer, 11),
        phone("agent01", LegNews::Ended, LEG, 11),
        rung("agent02", OTHER, 12),
        phone("agent02", LegNews::Answered, OTHER, 14),
    ];
    for late in [
        event("Answered", "InBound", LEG, "agent01", 15),
        pushed("agent01", SocketNews::Answered, LEG, 15),
    ] {
        let call = call_of([inbound_up(), cold.clone(), vec![late]]);
        assert_eq!(is(&call), ("agent02", CallPhase::Active, vec!["agent01"]));
    }
    // Who has it back says so by the own phone, or a good while later.
    let again = event("Answered", "InBound", "90000000000000009", "agent01", 200);
    let call = call_of([inbound_up(), cold, vec![again]]);
    assert_eq!(is(&call).0, "agent01");
    // Who was asked, and hung up or was let go.
    for gone in [
        phone("agent02", LegNews::Ended, OTHER, 15),
        command("agent01", Action::CancelTransfer, 15),
    ] {
        let late = event("Answered", "InBound", OTHER, "agent02", 16);
        let call = call_of([inbound_up(), asked("agent02", OTHER), vec![gone, late]]);
        assert_eq!(is(&call), ("agent01", CallPhase::Active, vec![]));
        assert_eq!(may(&call, Command::Hold), Ok(()));
    }
}
