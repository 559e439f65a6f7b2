mod colleagues;
mod handovers;
mod last_word;
mod wrap_up;

use std::sync::Arc;

use ozonetel_sdk::kookoo::IvrRequest;
use ozonetel_sdk::phone_call::Invite;
use ozonetel_sdk::types::{PhoneNumber, Ucid, Zone};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::core::dial::DialWay;
use crate::core::fact::{
    Action, ActionFact, ActionOutcome, DialedFact, DisposeAction, FactBody, FactSource, KookooFact,
    KookooLeg, KookooNews, LegNews,
};

mod said;

const T0: i64 = 1_763_613_900_000; // 2025-11-20 10:15:00 +05:30
const LEG: &str = "90000000000000009";
const CALL: &str = "90000000000000001";

fn ucid(text: &str) -> Ucid {
    text.parse().unwrap()
}

fn time(second: i64) -> String {
    format!("2025-11-20 10:{:02}:{:02}", 15 + second / 60, second % 60)
}

fn dialed(at: i64) -> Fact {
    let body = FactBody::Dialed(Box::new(DialedFact {
        way: DialWay::Agent,
        ucid: ucid(CALL),
        dial: "d1".into(),
        agent: "agent01".into(),
        number: PhoneNumber::from("9000000001"),
        reference: "desk-1".into(),
        campaign: Some("support_out".into()),
        did: Some("918000000001".into()),
        phone_name: None,
    }));
    Fact::new(FactSource::Dial, "d1", T0 + at * 1000, body)
}

fn event(action: &str, kind: &str, leg: &str, agent: &str, at: i64) -> Fact {
    let event = json!({
        "action": action, "call_type": kind, "ucid": leg, "monitor_ucid": CALL, "agent_id": agent,
        "caller_id": "9000000001", "did": "918000000001", "event_time": time(at),
    });
    Fact::of_event(serde_json::from_value(event).unwrap(), T0 + at * 1000 + 400, &Zone::india())
}

fn invited(at: i64, leg: &str, caller: bool) -> Fact {
    let invite = Invite::new(ucid(leg));
    let invite = if caller { invite.caller("09000000001") } else { invite };
    let body = FactBody::Invited { agent: "agent01".into(), invite, decision: "ask".into() };
    Fact::new(FactSource::Invite, format!("i{leg}"), T0 + at * 1000, body)
}

fn leg(news: LegNews, leg: &str, at: i64) -> Fact {
    Fact::of_leg("agent01".into(), ucid(leg), news, T0 + at * 1000)
}

fn acted(n: u32, action: Action, outcome: ActionOutcome, at: i64) -> Fact {
    let acted = ActionFact {
        ucid: ucid(CALL),
        by: "user-1".into(),
        agent: "agent01".into(),
        action,
        outcome,
    };
    let body = FactBody::Acted(Box::new(acted));
    Fact::new(FactSource::Action, format!("a{n}"), T0 + at * 1000, body)
}

fn disposed(n: u32, code: &str, at: i64) -> Fact {
    let said = DisposeAction {
        code: code.into(),
        disposition: "Follow Up".into(),
        notes: Some("call on Monday".into()),
        lead: None,
        duration_sec: None,
        direction: None,
        caller: None,
        call_back_ms: None,
    };
    acted(n, Action::Dispose(Box::new(said)), ActionOutcome::Done, at)
}

fn delivered(n: u32, state: &str, at: i64) -> Fact {
    let (target, state) = ("service".into(), state.into());
    let action = Action::Deliver { target, state, is_over: false };
    acted(n, action, ActionOutcome::Done, at)
}

fn callback(kind: &str, status: &str, disposition: &str, at: i64) -> Fact {
    let callback = json!({
        "monitorUCID": CALL, "Type": kind, "Status": status, "AgentID": "agent01",
        "CallerID": "9000000001", "Did": "918000000001", "Disposition": disposition,
        "StartTime": time(0), "EndTime": time(30), "TimeToAnswer": "00:00:07",
        "Duration": "00:00:23", "CallDuration": "00:00:30", "UUI": "desk-1",
        "AudioFile": "https://recordings.example.test/1.mp3",
    });
    let callback = serde_json::from_value(callback).unwrap();
    Fact::of_callback(callback, T0 + at * 1000, &Zone::india())
}

/// An outbound call from the dial to the callback.
fn outbound() -> Vec<Fact> {
    vec![
        dialed(0),
        invited(1, CALL, false),
        event("Calling", "Manual", CALL, "agent01", 1),
        leg(LegNews::Answered, CALL, 2),
        event("Answered", "Manual", CALL, "agent01", 7),
        acted(1, Action::Hold, ActionOutcome::Done, 10),
        acted(2, Action::Unhold, ActionOutcome::Done, 12),
        acted(3, Action::PauseRecording, ActionOutcome::Done, 14),
        leg(LegNews::Ended, CALL, 30),
        event("Disconnect", "Manual", CALL, "agent01", 30),
        disposed(4, "FOLLOW_UP_SCHEDULED", 40),
        delivered(5, "sent", 41),
        callback("Manual", "Answered", "Follow Up", 60),
    ]
}

/// A call that came in, rang at one agent, and was taken by another.
fn inbound() -> Vec<Fact> {
    let other = "90000000000000005";
    vec![
        event("Calling", "InBound", other, "agent02", 1),
        event("Disconnect", "InBound", other, "agent02", 9),
        invited(10, LEG, true),
        event("Calling", "InBound", LEG, "agent01", 10),
        leg(LegNews::Answered, LEG, 12),
        event("Answered", "InBound", LEG, "agent01", 12),
        event("Disconnect", "InBound", LEG, "agent01", 30),
        callback("inbound", "Answered", "", 90),
    ]
}

fn phases(facts: Vec<Fact>) -> Vec<CallPhase> {
    let mut call = Call::default();
    let mut phases = Vec::new();
    for fact in facts {
        call.apply(fact);
        if phases.last() != Some(&call.state().phase) {
            phases.push(call.state().phase);
        }
    }
    phases
}

#[test]
fn a_dialled_call_goes_through_its_phases() {
    use CallPhase::{Active, AfterCall, Calling, Closed, Ringing};
    assert_eq!(phases(outbound()), [Calling, Ringing, Active, AfterCall, Closed]);
    let call = Call::of(outbound());
    let state = call.state();
    assert_eq!(state.direction, Some(Direction::Outbound));
    assert_eq!((state.asked_ms, state.ringing_ms), (Some(T0), Some(T0 + 1000)));
    assert_eq!((state.answered_ms, state.ended_ms), (Some(T0 + 7000), Some(T0 + 30_000)));
    assert_eq!(state.dial, Some(("d1".into(), "desk-1".into())));
    assert_eq!(state.talk_sec, Some(23));
    assert_eq!(
        state.outcome.map(ozonetel_sdk::phone_call::CallOutcomeKind::as_str),
        Some("completed")
    );
    let said = state.disposition.as_ref().unwrap();
    assert_eq!(
        (said.said.code.as_str(), said.said.disposition.as_str()),
        ("FOLLOW_UP_SCHEDULED", "Follow Up")
    );
    let targets = [("service", "sent"), ("platform", "pending")];
    assert_eq!(said.targets, targets.map(|(name, state)| (name.into(), state.into())).into());
}

#[test]
fn a_call_that_came_in_is_the_one_of_the_agent_who_took_it() {
    use CallPhase::{Active, AfterCall, Closed, Ringing};
    // Between two agents no one is being rung.
    assert_eq!(phases(inbound()), [Ringing, Closed, Ringing, Active, AfterCall, Closed]);
    let call = Call::of(inbound());
    let state = call.state();
    assert_eq!(state.agent.as_ref().unwrap().as_str(), "agent01");
    assert_eq!(state.agents.len(), 2);
    assert_eq!(state.leg, Some(ucid(LEG)));
    assert_eq!(state.direction, Some(Direction::Inbound));
}

/// All that was sent while the second agent's phone rang is lost.
#[test]
fn who_was_rung_first_did_not_take_the_call_that_another_one_answered() {
    let (other, zone) = ("90000000000000005", Zone::india());
    let rang = || {
        vec![
            event("Calling", "InBound", other, "agent02", 1),
            event("Disconnect", "InBound", other, "agent02", 9),
        ]
    };
    let row = json!({
        "UCID": LEG, "CallID": CALL, "AgentID": "agent01", "Type": "Inbound", "Status": "Answered",
        "CallDate": "2025-11-20", "StartTime": "10:15:00", "EndTime": "10:15:30",
        "TimeToAnswer": "00:00:07", "TalkTime": "00:00:23", "HangupBy": "UserHangup",
        "DialStatus": "answered", "AgentDialStatus": "answered", "CallStatus": "Answered",
    });
    let row = Fact::of_row(serde_json::from_value(row).unwrap(), T0 + 90_000, &zone);
    let by_callback = Call::of([rang(), vec![callback("inbound", "Answered", "", 90)]].concat());
    let by_row = Call::of([rang(), vec![row]].concat());
    for call in [&by_callback, &by_row] {
        let state = call.state();
        assert_eq!(state.agent, Some("agent01".into()));
        assert!(state.is_answered() && state.is_of(&"agent02".into()));
    }
    assert_eq!(by_row.state().leg, Some(ucid(LEG)));
    // No one answered: the one who was rung has it.
    let missed = Call::of([rang(), vec![callback("inbound", "NotAnswered", "", 90)]].concat());
    assert_eq!(missed.state().agent, Some("agent02".into()));
}

/// Found by `make chaos`: the disposition went to the leg of the first phone, over and over, and was refused.
#[test]
fn commands_go_to_the_leg_that_was_answered_also_where_a_phone_elsewhere_seems_to_ring_still() {
    let other = "90000000000000005";
    let rang = || vec![event("Calling", "InBound", other, "agent01", 0), invited(0, other, true)];
    let answered =
        |action| event(action, "InBound", LEG, "agent02", if action == "Calling" { 4 } else { 5 });
    let call = Call::of([rang(), vec![answered("Calling"), answered("Answered")]].concat());
    assert_eq!((&call.state().agent, call.state().leg), (&Some("agent02".into()), Some(ucid(LEG))));
    // As long as no one else has it, the phone that rings has.
    let ringing = Call::of(rang());
    assert_eq!(ringing.state().leg, Some(ucid(other)));
    // Of one agent, the INVITE's leg is the phone's, whatever the event calls it.
    let own = event("Answered", "InBound", LEG, "agent01", 5);
    assert_eq!(Call::of([rang(), vec![own]].concat()).state().leg, Some(ucid(other)));
}

#[test]
fn one_call_recorded_by_callback_and_form_is_one() {
    let mut facts = outbound();
    facts.extend([
        disposed(4, "FOLLOW_UP_SCHEDULED", 40),
        callback("Manual", "Answered", "Follow Up", 60),
    ]);
    let call = Call::of(facts);
    assert_eq!(call.facts().len(), outbound().len());
    assert_eq!(call.state(), Call::of(outbound()).state());
}

#[test]
fn after_call_work_begins_when_our_leg_ends_whatever_the_path() {
    let up = || {
        vec![
            dialed(0),
            invited(1, CALL, false),
            event("Calling", "Manual", CALL, "agent01", 1),
            leg(LegNews::Answered, CALL, 2),
            event("Answered", "Manual", CALL, "agent01", 7),
        ]
    };
    let third = PhoneNumber::from("9000000002");
    let transfer = |warm| Action::Transfer { number: third.clone(), warm };
    let done = ActionOutcome::Done;
    for (name, path) in [
        ("the browser hangs up", vec![leg(LegNews::Ended, CALL, 30)]),
        ("the service says so", vec![event("Disconnect", "Manual", CALL, "agent01", 30)]),
        ("the agent ends it", vec![acted(1, Action::End, done, 30)]),
        (
            "the agent leaves a conference",
            vec![
                acted(1, Action::Conference(third.clone()), done, 20),
                acted(2, Action::Kick(PhoneNumber::from("500001")), done, 30),
            ],
        ),
        (
            "a warm transfer is completed",
            vec![acted(1, transfer(true), done, 20), acted(2, Action::CompleteTransfer, done, 30)],
        ),
    ] {
        let state = Arc::clone(Call::of(up().into_iter().chain(path)).state());
        assert_eq!(state.phase, CallPhase::AfterCall, "{name}");
        assert_eq!(state.wrapup.map(|wrapup| wrapup.started_ms), Some(T0 + 30_000), "{name}");
        assert_eq!((state.held, state.muted), (Some(false), Some(false)), "{name}");
    }
    // The customer, or a third party, leaving is not the end of our leg.
    for action in [Action::Kick(third.clone()), Action::Kick(PhoneNumber::from("9000000001"))] {
        let path =
            [acted(1, Action::Conference(third.clone()), done, 20), acted(2, action, done, 30)];
        assert_eq!(Call::of(up().into_iter().chain(path)).state().phase, CallPhase::Active);
    }
}

#[test]
fn a_dialled_call_that_no_one_took_owes_a_disposition_too() {
    let facts = [
        dialed(0),
        event("Calling", "Manual", CALL, "agent01", 1),
        event("Disconnect", "Manual", CALL, "agent01", 30),
    ];
    let call = Call::of(facts);
    assert_eq!(call.state().phase, CallPhase::AfterCall);
    assert!(call.state().wrapup.is_some());
}

#[test]
fn stuck_in_after_call_work_ends_with_a_disposition_that_reached_the_service() {
    let mut call = Call::of(outbound().into_iter().take(10));
    assert_eq!(call.state().phase, CallPhase::AfterCall);
    call.apply(disposed(4, "NO_ANSWER", 40));
    assert_eq!(call.state().phase, CallPhase::AfterCall, "stored is not delivered");
    for (n, state) in [(5, "pending"), (6, "refused"), (7, "given_up")] {
        call.apply(delivered(n, state, 40 + i64::from(n)));
        assert_eq!(call.state().phase, CallPhase::AfterCall, "{state}");
    }
    call.apply(delivered(8, "sent", 50));
    assert_eq!(call.state().phase, CallPhase::Closed);
}

#[test]
fn of_two_dispositions_of_one_call_the_first_counts_unless_it_ended_badly() {
    let code = |facts: Vec<Fact>| {
        let call = Call::of(outbound().into_iter().take(10).chain(facts));
        call.state().disposition.as_ref().unwrap().said.code.clone()
    };
    let (first, second) = (disposed(4, "NO_ANSWER", 40), disposed(9, "WRONG_NUMBER", 45));
    assert_eq!(code(vec![first.clone(), second.clone()]), "NO_ANSWER");
    assert_eq!(code(vec![first.clone(), delivered(5, "sent", 41), second.clone()]), "NO_ANSWER");
    assert_eq!(code(vec![first, delivered(5, "refused", 41), second]), "WRONG_NUMBER");
}

#[test]
fn a_reload_loses_the_leg_and_not_the_call() {
    let up: Vec<Fact> = outbound().into_iter().take(5).collect();
    let lost = up.iter().cloned().chain([leg(LegNews::Lost, CALL, 20)]);
    let state = Arc::clone(Call::of(lost.clone()).state());
    assert_eq!((state.phase, state.sip), (CallPhase::Active, SipLeg::Lost));
    let back = lost.chain([invited(25, LEG, false), leg(LegNews::Answered, CALL, 26)]);
    assert_eq!(Call::of(back).state().sip, SipLeg::Up);
}

#[test]
fn a_failed_pause_changes_nothing_and_a_paused_recording_is_resumed_at_the_end() {
    let up: Vec<Fact> = outbound().into_iter().take(5).collect();
    let with = |action: Action, outcome| {
        let facts = up.iter().cloned().chain([acted(1, action, outcome, 14)]);
        Call::of(facts)
    };
    let on = with(Action::PauseRecording, ActionOutcome::Failed);
    assert_eq!(on.state().recording.state, RecordingState::On);
    let unknown = with(Action::PauseRecording, ActionOutcome::Unknown);
    assert_eq!(unknown.state().recording.state, RecordingState::Unknown);
    let mut paused = with(Action::PauseRecording, ActionOutcome::Done);
    assert_eq!(paused.state().recording.paused_ms, Some(T0 + 14_000));
    let end = event("Disconnect", "Manual", CALL, "agent01", 30);
    let effects = paused.apply(end.clone());
    assert!(effects.contains(&Effect::ResumeRecording { leg: ucid(CALL) }), "{effects:?}");
    assert!(paused.state().recording.resume_owed);
    paused.apply(acted(2, Action::ResumeRecording, ActionOutcome::Failed, 31));
    assert!(!paused.state().recording.resume_owed, "it was tried");
    assert!(
        !paused.apply(end).iter().any(|effect| matches!(effect, Effect::ResumeRecording { .. }))
    );
}

#[test]
fn a_third_party_is_shown_as_it_is_known() {
    let up: Vec<Fact> = outbound().into_iter().take(5).collect();
    let third = PhoneNumber::from("9000000002");
    for (outcome, at, want) in [
        (ActionOutcome::Done, 21, Some("ringing")),
        (ActionOutcome::Done, 99, Some("not_confirmed")),
        (ActionOutcome::Unknown, 21, Some("not_confirmed")),
        (ActionOutcome::Failed, 21, None),
    ] {
        let conference = acted(1, Action::Conference(third.clone()), outcome, 20);
        let call = Call::of(up.iter().cloned().chain([conference]));
        let viewer = Viewer { now_ms: T0 + at * 1000, ..Viewer::default() };
        let view = serde_json::to_value(CallView::of(call.state(), viewer)).unwrap();
        let third =
            view["participants"].as_array().unwrap().iter().find(|one| one["role"] == "third");
        assert_eq!(third.map(|one| one["state"].as_str().unwrap()), want, "{outcome:?}");
    }
}

#[test]
fn what_is_sent_out_has_whole_numbers_only_for_who_handles_the_call() {
    let call = Call::of(outbound());
    for (whole, want) in [(true, "9000000001"), (false, "…01")] {
        let viewer =
            Viewer { ucid: CALL.into(), version: 3, whole, now_ms: T0, ..Viewer::default() };
        let view = serde_json::to_value(CallView::of(call.state(), viewer)).unwrap();
        assert_eq!(view["number"].as_str(), whole.then_some(want));
        assert_eq!(view["masked"], "…01");
        assert_eq!(view["participants"][0]["number"], want);
        assert_eq!(view.to_string().contains("9000000001"), whole);
        assert_eq!(view.to_string().contains("Monday"), whole);
        assert_eq!(view["can"]["hold"], "not_your_call");
    }
    assert!(!format!("{call:?}").contains("9000000001"));
}

#[test]
fn each_agent_who_is_rung_is_shown_who_calls_once() {
    let mut call = Call::default();
    let shown: Vec<Effect> = inbound().into_iter().flat_map(|fact| call.apply(fact)).collect();
    let popup = |agent: &str| Effect::Popup { agent: agent.into() };
    assert_eq!(shown, [popup("agent02"), popup("agent01")]);
}

/// Everything that may be said about one call.
fn any_fact(stories: Vec<Fact>) -> impl Strategy<Value = Fact> {
    let odd = (0_u32..6, 0_i64..60, 0_u8..3).prop_map(|(n, at, outcome)| {
        let outcome = match outcome {
            0 => ActionOutcome::Done,
            1 => ActionOutcome::Unknown,
            _ => ActionOutcome::Failed,
        };
        let third = PhoneNumber::from("9000000002");
        let action = match n {
            0 => Action::Hold,
            1 => Action::PauseRecording,
            2 => Action::ResumeRecording,
            3 => Action::Transfer { number: third, warm: true },
            4 => Action::CompleteTransfer,
            _ => Action::Kick(third),
        };
        acted(100 + n, action, outcome, at)
    });
    prop_oneof![4 => prop::sample::select(stories), 2 => odd]
}

/// What is said about one call: one that was dialled, one that came in, one over KooKoo, ones that no one answered, or
/// all mixed up.
fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    let of = |story| prop::collection::vec(any_fact(story), 0..24);
    let all = [outbound(), inbound(), over_kookoo(), last_word::in_vain()].concat();
    let in_vain = last_word::in_vain();
    prop_oneof![of(outbound()), of(inbound()), of(over_kookoo()), of(in_vain), of(all)]
}

/// What is known of a leg of a call over KooKoo.
fn kookoo(leg: KookooLeg, sid: &str, query: &str, at: i64) -> Fact {
    let news = match query {
        "" => KookooNews::AskedFor(ActionOutcome::Done),
        query => KookooNews::Asked(Box::new(IvrRequest::from_query(query).unwrap())),
    };
    let (ucid, agent) = (ucid(CALL), "agent01".into());
    let fact = KookooFact { ucid, agent, leg, sid: sid.parse().ok(), news };
    Fact::of_kookoo(fact, query, T0 + at * 1000)
}

fn over_kookoo() -> Vec<Fact> {
    const OWN: &str = "90000000000000055";
    let mut dialed = dialed(0);
    if let FactBody::Dialed(dialed) = &mut dialed.body {
        dialed.way = DialWay::Kookoo;
    }
    vec![
        dialed,
        kookoo(KookooLeg::Customer, CALL, "event=NewCall", 4),
        kookoo(KookooLeg::Agent, OWN, "", 5),
        kookoo(KookooLeg::Agent, OWN, "event=NewCall", 9),
        kookoo(KookooLeg::Customer, CALL, "event=Hangup", 40),
        kookoo(KookooLeg::Agent, OWN, "event=Disconnect", 41),
    ]
}

#[test]
fn a_call_over_kookoo_is_a_conversation_once_both_are_there() {
    let phases = [
        CallPhase::Calling,
        CallPhase::Ringing,
        CallPhase::Ringing,
        CallPhase::Active,
        CallPhase::AfterCall,
        CallPhase::AfterCall,
    ];
    let mut call = Call::default();
    for (fact, phase) in over_kookoo().into_iter().zip(phases) {
        call.apply(fact);
        assert_eq!(call.state().phase, phase);
    }
    let state = call.state();
    assert_eq!(state.answered_ms, Some(T0 + 9_000));
    assert_eq!((state.way, state.agent_leg), (DialWay::Kookoo, Some(ucid("90000000000000055"))));
    assert!(state.ids.contains("90000000000000055"), "the agent's INVITE is of this call");
    // The end and the beginning in one moment, in whatever order.
    let at_once = |event: &str| kookoo(KookooLeg::Customer, CALL, event, 4);
    let call = Call::of(["event=Disconnect", "event=NewCall"].map(at_once));
    assert!(call.state().is_ended());
}

#[test]
fn events_of_one_second_are_taken_in_the_order_of_a_call() {
    for agent in ["agent01", "agent02", "agent03", "agent04", "agent05"] {
        let event = |word: &&str| event(word, "InBound", LEG, agent, 1);
        let phase = |words: &[&str]| Call::of(words.iter().map(event)).state().phase;
        assert_ne!(phase(&["Calling", "Disconnect"]), CallPhase::Ringing, "{agent}");
        assert_eq!(phase(&["Disconnect", "Answered", "Calling"]), CallPhase::AfterCall, "{agent}");
    }
}

/// The same facts, one for each key: what a store with its unique key holds.
fn once(facts: Vec<Fact>) -> Vec<Fact> {
    let mut seen = Vec::new();
    for fact in facts {
        if !seen.iter().any(|known: &Fact| known.is_same(&fact)) {
            seen.push(fact);
        }
    }
    seen
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        facts in any_facts(), seed in any::<u64>(),
    ) {
        let facts = once(facts);
        let mut call = Call::default();
        for fact in facts.clone() {
            call.apply(fact);
        }
        let mut other = facts.clone();
        let mut state = seed;
        for place in (1..other.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        other.extend(facts.iter().take(5).cloned());
        let mut again = Call::default();
        for fact in other {
            again.apply(fact);
        }
        prop_assert_eq!(&again, &call);
    }

    #[test]
    fn a_call_built_from_what_is_stored_is_the_call_that_was_stored(facts in any_facts()) {
        let mut call = Call::default();
        for fact in facts {
            call.apply(fact);
        }
        let stored = serde_json::to_string(call.facts()).unwrap();
        let read: Vec<Fact> = serde_json::from_str(&stored).unwrap();
        let rebuilt = Call::of(read);
        prop_assert_eq!(rebuilt.state(), call.state());
        let state = serde_json::to_string(&**call.state()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<CallState>(&state).unwrap(), &**call.state());
    }

    /// More facts never take back what is known: that there was a conversation, which way it went by the service's
    /// word, that something was said about it, and who had a part in it.
    #[test]
    fn what_is_known_stays_known(
        facts in prop_oneof![
            prop::collection::vec(any_fact(outbound()), 1..24),
            prop::collection::vec(any_fact(inbound()), 1..24),
        ],
    ) {
        let mut call = Call::default();
        for fact in facts {
            let before = Arc::clone(call.state());
            call.apply(fact);
            let after = call.state();
            prop_assert!(before.ids.is_subset(&after.ids));
            prop_assert!(before.agents.iter().all(|agent| after.is_of(agent)));
            prop_assert!(!before.is_answered() || after.is_answered());
            prop_assert!(!before.is_settled || after.is_settled);
            prop_assert!(before.disposition.is_none() || after.disposition.is_some());
            prop_assert!(before.began_ms.is_none_or(|began| after.began_ms.is_some_and(|now| now <= began)));
        }
    }
}
