use ozonetel_sdk::types::PhoneNumber;

use super::*;
use crate::core::call::{Participant, ParticipantRole, ParticipantState};
use crate::core::caller::{Role, Scope};
use crate::core::transfer::Transfer;

const MINE: CanContext = CanContext {
    may_act: true,
    may_dispose: true,
    reconnect: true,
    dial: None,
    disposition: DispositionProgress::None,
};

/// A conversation that the event subscription speaks of.
fn talking() -> CallState {
    CallState {
        number: Some(PhoneNumber::from("9000000001")),
        agent: Some("agent01".into()),
        answered_ms: Some(5),
        ringing_ms: Some(1),
        phase: CallPhase::Active,
        held: Some(false),
        muted: Some(false),
        is_live: true,
        sip: SipLeg::Up,
        ..CallState::default()
    }
}

fn why(command: Command, call: &CallState) -> Option<Refusal> {
    judge(command, call, MINE).err()
}

#[test]
fn in_a_conversation_everything_is_allowed_that_makes_sense() {
    let can = Can::of(&talking(), MINE);
    let json = serde_json::to_value(can).unwrap();
    let refused: Vec<(String, String)> = json
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, why)| Some((name.clone(), why.as_str()?.to_owned())))
        .collect();
    let want = [
        ("answer", "already_answered"),
        ("cancelTransfer", "no_transfer"),
        ("completeTransfer", "no_transfer"),
        ("dial", "in_a_call"),
        ("kick", "no_one_to_drop"),
        ("reconnect", "phone_is_connected"),
        ("unhold", "not_held"),
        ("unmute", "not_muted"),
    ];
    let mut refused = refused;
    refused.sort();
    let want: Vec<_> = want.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(refused, want);
}

#[test]
fn before_an_answer_and_after_the_end_nothing_can_be_held() {
    let ringing = CallState {
        answered_ms: None,
        phase: CallPhase::Ringing,
        sip: SipLeg::Ringing,
        ..talking()
    };
    for command in [Command::Hold, Command::Mute, Command::Transfer, Command::PauseRecording] {
        assert_eq!(why(command, &ringing), Some("no_answer_yet"), "{command:?}");
    }
    assert_eq!(why(Command::Answer, &ringing), None);
    assert_eq!(why(Command::End, &ringing), None);
    let ended = CallState { ended_ms: Some(9), phase: CallPhase::AfterCall, ..talking() };
    for command in [Command::Hold, Command::End, Command::Answer, Command::Reconnect] {
        assert_eq!(why(command, &ended), Some("call_ended"), "{command:?}");
    }
    assert_eq!(why(Command::Dispose, &ended), None);
}

#[test]
fn what_no_source_speaks_of_is_left_to_the_service() {
    let quiet = CallState {
        answered_ms: None,
        ringing_ms: None,
        phase: CallPhase::Calling,
        is_live: false,
        sip: SipLeg::None,
        ..talking()
    };
    assert_eq!(why(Command::Hold, &quiet), None);
    assert_eq!(why(Command::Hold, &CallState { is_live: true, ..quiet }), Some("no_answer_yet"));
}

#[test]
fn what_may_have_happened_can_be_done_either_way() {
    let call = CallState { held: None, ..talking() };
    assert_eq!((why(Command::Hold, &call), why(Command::Unhold, &call)), (None, None));
    let call = CallState { held: Some(true), ..talking() };
    assert_eq!(why(Command::Hold, &call), Some("already_held"));
    assert_eq!(why(Command::Unhold, &call), None);
}

#[test]
fn a_call_is_its_agents() {
    let theirs = CanContext { may_act: false, may_dispose: false, ..MINE };
    assert_eq!(judge(Command::Hold, &talking(), theirs), Err("not_your_call"));
    assert_eq!(judge(Command::Dispose, &talking(), theirs), Err("not_your_call"));
    assert_eq!(judge(Command::Reveal, &talking(), theirs), Ok(()));
}

/// Who handed a call on was shown no way to say how the own part went, which the desk took.
#[test]
fn who_had_a_part_in_a_call_may_speak_of_it_and_do_nothing_else() {
    let call = CallState {
        agent: Some("agent02".into()),
        agents: vec!["agent01".into(), "agent02".into()],
        ..talking()
    };
    let caller = |own: &str, scope: &[&str]| Caller {
        id: "u1".to_owned(),
        role: Role::Agent,
        own: vec![own.into()],
        scope: Scope::Agents(scope.iter().map(|agent| AgentId::from(*agent)).collect()),
        is_person: true,
        must_change_password: false,
    };
    for (caller, standing, disposes, holds) in [
        (caller("agent02", &["agent02"]), "Handler", Ok(()), Ok(())),
        (caller("agent01", &["agent01", "agent02"]), "Handler", Ok(()), Ok(())),
        (caller("agent01", &["agent01"]), "Participant", Ok(()), Err("not_your_call")),
        (caller("agent03", &["agent03"]), "Onlooker", Err("not_your_call"), Err("not_your_call")),
    ] {
        let stands = Standing::of(&caller, &call);
        assert!(format!("{stands:?}").starts_with(standing), "{stands:?}");
        let context = CanContext::of(&call, stands);
        assert_eq!(judge(Command::Dispose, &call, context), disposes, "{stands:?}");
        assert_eq!(judge(Command::Hold, &call, context), holds, "{stands:?}");
    }
}

#[test]
fn a_disposition_is_given_once_unless_it_ended_badly() {
    for (progress, want) in [
        (DispositionProgress::None, Ok(())),
        (DispositionProgress::Waiting, Err("already_disposed")),
        (DispositionProgress::Delivered, Err("already_disposed")),
        (DispositionProgress::Refused, Ok(())),
    ] {
        let context = CanContext { disposition: progress, ..MINE };
        assert_eq!(judge(Command::Dispose, &talking(), context), want, "{progress:?}");
    }
}

#[test]
fn dialling_a_number_has_its_own_reasons() {
    let context = CanContext { dial: Some("outside_calling_hours"), ..MINE };
    assert_eq!(judge(Command::Dial, &talking(), context), Err("outside_calling_hours"));
    let unknown = CallState { number: None, ..talking() };
    assert_eq!(judge(Command::Dial, &unknown, MINE), Err("no_number"));
    // Who is in the conversation does not dial; whoever sees it may, and so may the agent after it.
    assert_eq!(why(Command::Dial, &talking()), Some("in_a_call"));
    let onlooker = CanContext { may_act: false, ..MINE };
    assert_eq!(judge(Command::Dial, &talking(), onlooker), Ok(()));
    for phase in [CallPhase::Ringing, CallPhase::AfterCall, CallPhase::Closed] {
        assert_eq!(why(Command::Dial, &CallState { phase, ..talking() }), None, "{phase:?}");
    }
}

#[test]
fn a_dead_leg_can_be_rung_again_where_that_is_proven() {
    let lost = CallState { sip: SipLeg::Lost, ..talking() };
    assert_eq!(why(Command::Reconnect, &lost), None);
    let unproven = CanContext { reconnect: false, ..MINE };
    assert_eq!(judge(Command::Reconnect, &lost, unproven), Err("not_available_on_account"));
}

#[test]
fn a_third_party_that_vanished_can_still_be_dropped() {
    let third = Participant {
        number: "9000000002".into(),
        role: ParticipantRole::Third,
        state: ParticipantState::NotConfirmed,
        since_ms: Some(1),
    };
    let transfer = Transfer {
        step: TransferStep::NotConfirmed,
        number: Some(PhoneNumber::from("9000000002")),
        warm: true,
    };
    let call = CallState { participants: vec![third], transfer, ..talking() };
    assert_eq!(why(Command::Kick, &call), None);
    assert_eq!(why(Command::CancelTransfer, &call), None);
    assert_eq!(why(Command::Transfer, &call), Some("transfer_under_way"));
}
