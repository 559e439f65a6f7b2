//! Calls that applications lead, one fact after the other; then whatever happens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ozonetel_sdk::kookoo::verb::{
    CcTransfer, CollectDtmf, Conference, Dial, DialTarget, Element, GotoUrl, Hangup, PlayAudio,
    PlayText, Recognize, Record, SayAs, SendSms, StartRecord, Stream, Verb,
};
use ozonetel_sdk::kookoo::{IvrRequest, IvrResponse, IvrStep, OutboundCallStatus};
use ozonetel_sdk::push::PushReader;
use proptest::prelude::*;
use serde_json::Value;

use ozonetel_sim::world::{
    ActionRefusal, ApplicationSetup, IvrDial, IvrInput, LegSide, PhoneAction, PushKind, Setup,
    Timestamp, World,
};

const DID: &str = "918000000009";
const APP: &str = "https://ivr.example.test/app?shop=7&code=a%26b";

fn world_of(change: impl FnOnce(&mut Setup)) -> World {
    let applications = vec![ApplicationSetup { did: DID.into(), url: APP.into() }];
    let mut setup = Setup { applications, ..Setup::default() };
    change(&mut setup);
    World::new(setup, Timestamp::parse("2026-11-21T04:00:00Z").unwrap())
}

fn pass(world: &mut World, seconds: u64) {
    let to = world.now().after(Duration::from_secs(seconds));
    world.advance_to(to);
}

/// Questions that wait to be sent at most.
const WAITING: usize = 1024;

type Seen = Arc<Mutex<Vec<String>>>;

/// An application that gives these answers one after the other, and notes what it is asked.
fn script(world: &mut World, answers: Vec<IvrResponse>) -> Seen {
    let seen = Seen::default();
    let (noted, mut answers) = (Arc::clone(&seen), answers.into_iter());
    world.set_application(Some(Box::new(move |question| {
        noted.lock().unwrap().push(question.url.clone());
        answers.next().unwrap_or_default().to_xml().unwrap()
    })));
    seen
}

fn asked(seen: &Seen) -> Vec<IvrRequest> {
    let seen = seen.lock().unwrap();
    seen.iter().map(|url| IvrRequest::from_query(url.split_once('?').unwrap().1).unwrap()).collect()
}

fn steps(seen: &Seen) -> Vec<IvrStep> {
    asked(seen).iter().map(IvrRequest::step).collect()
}

fn arrive(world: &mut World) -> u64 {
    world.inbound(DID, "09000000001", None).unwrap().ucid
}

fn state(world: &World, sid: u64) -> &'static str {
    world.ivr().get(sid).unwrap().state_word()
}

#[test]
fn keys_reach_the_application_and_its_own_parameters_come_back() {
    let mut world = world_of(|_| ());
    let collect = CollectDtmf::new().max_digits(4).end_key("#").wait(8000);
    let greeting = IvrResponse::new().then(PlayText::new("Press").lang("EN")).then(collect.clone());
    let again = IvrResponse::new().then(collect);
    let seen = script(&mut world, vec![greeting, again.clone(), again, IvrResponse::new()]);
    let sid = arrive(&mut world);
    assert_eq!(state(&world, sid), "plays");
    let early = world.ivr_input(sid, IvrInput::Keys("1".into()));
    assert_eq!(early, Err(ActionRefusal::NotNow));
    pass(&mut world, 1);
    assert_eq!(state(&world, sid), "collects");
    world.ivr_input(sid, IvrInput::Keys("12".into())).unwrap();
    assert_eq!(state(&world, sid), "collects");
    world.ivr_input(sid, IvrInput::Keys("#".into())).unwrap();
    world.ivr_input(sid, IvrInput::Keys("98765".into())).unwrap();
    // Nothing is pressed until the time is over; then the answer is empty, which ends the call.
    pass(&mut world, 7);
    assert_eq!(state(&world, sid), "collects");
    pass(&mut world, 1);
    assert_eq!(state(&world, sid), "ended");
    let keys = |keys: Option<&str>| IvrStep::Keys(keys.map(Into::into));
    let over = IvrStep::Over { during: None };
    assert_eq!(
        steps(&seen),
        [IvrStep::NewCall, keys(Some("12")), keys(Some("9876")), keys(None), over]
    );
    let first = &asked(&seen)[0];
    assert_eq!(first.sid.as_deref(), Some(sid.to_string().as_str()));
    assert_eq!(first.caller().unwrap().as_str(), "+919000000001");
    assert_eq!(first.called_number.as_ref().unwrap().as_str(), DID);
    for request in asked(&seen) {
        assert_eq!(request.extra.get("shop").unwrap(), "7");
        assert_eq!(request.extra.get("code").unwrap(), "a&b");
    }
    assert!(asked(&seen)[1].cid.is_none(), "the caller is sent once");
}

#[test]
fn verbs_that_bring_something_are_told_and_end_the_answer() {
    let mut world = world_of(|_| ());
    let target = DialTarget::pstn(&"9000000002".into()).unwrap();
    let answers = vec![
        IvrResponse::new().then(StartRecord::new()).then(Record::new().max_duration(3)),
        IvrResponse::new().then(Recognize::new("")).then(PlayText::new("never")),
        IvrResponse::new().then(Dial::new(target).record("true").limit_time(20)),
        IvrResponse::new().then(Stream::new("520001").is_sip("true")),
        IvrResponse::new()
            .then(Verb::Other(Element::new("later")))
            .then(SendSms::new("thank you"))
            .then(Hangup::new()),
    ];
    let seen = script(&mut world, answers);
    let sid = arrive(&mut world);
    pass(&mut world, 3);
    world.ivr_input(sid, IvrInput::Speech("yes".into())).unwrap();
    assert_eq!(state(&world, sid), "dials");
    pass(&mut world, 2);
    assert_eq!(state(&world, sid), "talks");
    pass(&mut world, 20);
    assert_eq!(state(&world, sid), "streams");
    world.ivr_input(sid, IvrInput::End).unwrap();
    let steps = steps(&seen);
    assert!(
        matches!(&steps[1], IvrStep::Recorded(Some(link)) if link.as_str().contains("recordings"))
    );
    assert_eq!(steps[2], IvrStep::Recognized(Some("yes".into())));
    let IvrStep::Dialed { result, lasted, recording } = &steps[3] else { panic!("{steps:?}") };
    assert_eq!(result.as_ref().unwrap().as_str(), "answered");
    assert_eq!(*lasted, Some(Duration::from_secs(20)));
    assert!(recording.is_some());
    assert_eq!(&steps[4..], [IvrStep::Streamed, IvrStep::Over { during: None }]);
    let log = &world.ivr().get(sid).unwrap().log;
    let expected = [
        "start-record",
        "record",
        "recognize",
        "not done: playtext",
        "dial",
        "stream",
        "unknown tag later",
        "sendsms",
        "hangup",
    ];
    assert_eq!(log, &expected);
}

#[test]
fn whoever_hangs_up_is_told_with_the_verb_that_was_running() {
    let dial = || IvrResponse::new().then(Dial::new(DialTarget::plain("9000000002")));
    let stream = IvrResponse::new().then(Stream::new("").url("wss://media.example.test/"));
    let room = IvrResponse::new().then(Conference::new("room7"));
    for (answer, process) in [(dial(), Some("dial")), (stream, Some("stream")), (room, None)] {
        let mut world = world_of(|s| s.manual = true);
        let seen = script(&mut world, vec![answer]);
        let sid = arrive(&mut world);
        let hang_up = |world: &mut World| {
            world.phone_action(&sid.to_string(), LegSide::Customer, PhoneAction::Hangup)
        };
        hang_up(&mut world).unwrap();
        let during = process.map(str::to_owned);
        assert_eq!(steps(&seen)[1..], [IvrStep::Over { during }]);
        assert_eq!(hang_up(&mut world), Err(ActionRefusal::NotLive));
    }
    // No one takes the dial: the caller is still there.
    let mut world = world_of(|s| s.manual = true);
    let seen = script(&mut world, vec![dial(), dial()]);
    let sid = arrive(&mut world);
    world.ivr_input(sid, IvrInput::Callee(PhoneAction::Busy)).unwrap();
    assert_eq!(steps(&seen)[1].caller_is_there(), Some(true));
    assert_eq!(asked(&seen)[1].status.as_ref().unwrap().as_str(), "not_answered");
    assert_eq!(state(&world, sid), "dials");
}

#[test]
fn an_outbound_call_rings_first_and_its_outcome_is_posted() {
    let dial = |number: &str, extra_data: Option<&str>| IvrDial {
        number: number.into(),
        url: Some(APP.into()),
        extra_data: extra_data.map(Into::into),
        caller_id: "918000000001".into(),
        callback_url: Some("https://hooks.example.test/kookoo".into()),
    };
    let status = |world: &mut World| -> OutboundCallStatus {
        let push = world.take_pushes().next().unwrap();
        assert_eq!(push.kind, PushKind::KookooStatus);
        PushReader::new().read(None, &push.body).unwrap().items.remove(0)
    };
    let mut world = world_of(|_| ());
    let words =
        IvrResponse::new().then(SayAs::new("1")).then(PlayAudio::new("https://a.test/x.wav"));
    let seen = script(&mut world, vec![words]);
    let sid = world.ivr_dial(dial("09000000001", Some("order 7")));
    assert_eq!(state(&world, sid), "ringing");
    pass(&mut world, 10);
    assert_eq!(steps(&seen).len(), 2);
    assert_eq!(asked(&seen)[0].outbound_sid.as_deref(), Some(sid.to_string().as_str()));
    let told = status(&mut world);
    assert_eq!(told.sid.as_deref(), Some(sid.to_string().as_str()));
    assert_eq!(told.status.as_deref(), Some("answered"));
    assert_eq!((told.duration.as_deref(), told.ringing_time.as_deref()), (Some("2"), Some("2")));
    assert_eq!(told.extra_data.as_ref().unwrap().as_str(), "order 7");

    world.ivr_dial(dial("12345", None));
    pass(&mut world, 10);
    let told = status(&mut world);
    assert_eq!(told.status.as_deref(), Some("not_answered"));
    assert_eq!(told.status_details.as_deref(), Some("InvalidNumberFormat"));

    // Verbs that came with the call are done without asking anybody.
    let xml = IvrResponse::new().then(PlayText::new("A & B")).then(Hangup::new()).to_xml().unwrap();
    let sid = world.ivr_dial(IvrDial { url: None, ..dial("09000000001", Some(&xml)) });
    pass(&mut world, 10);
    assert_eq!(world.ivr().get(sid).unwrap().log, ["playtext", "hangup"]);
    assert_eq!(status(&mut world).status.as_deref(), Some("answered"));
    assert_eq!(steps(&seen).len(), 2);
}

#[test]
fn a_caller_goes_to_agents_and_an_agents_caller_to_an_application() {
    let mut world = world_of(|_| ());
    world.login("agent01", "secret", "").unwrap();
    let nobody = CcTransfer::new("Nobody");
    let transfer = CcTransfer::new("General").uui("order 7");
    let seen = script(&mut world, vec![IvrResponse::new().then(nobody).then(transfer)]);
    let sid = arrive(&mut world);
    assert_eq!(state(&world, sid), "agents");
    pass(&mut world, 5);
    let call = world.calls().iter().next().unwrap().clone();
    assert!(call.answered());
    assert_eq!((call.uui.as_str(), call.did.as_str()), ("order 7", DID));
    world.phone_action(&call.monitor.to_string(), LegSide::Agent, PhoneAction::Hangup).unwrap();
    assert_eq!((state(&world, sid), steps(&seen).len()), ("ended", 2));
    assert_eq!(world.ivr().get(sid).unwrap().log[1], "no one has this skill");

    pass(&mut world, 200);
    let seen = script(&mut world, vec![IvrResponse::new().then(Conference::new("r"))]);
    let ucid = world.inbound("918000000001", "9000000001", None).unwrap().ucid;
    pass(&mut world, 5);
    assert!(world.to_application(&ucid.to_string(), APP, None));
    assert_eq!((state(&world, ucid), steps(&seen).len()), ("conference", 1));
    assert_eq!(world.agent("agent01").unwrap().state.word(), "ACW");
    assert!(world.call(ucid).unwrap().live());
    world.phone_action(&ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert!(!world.call(ucid).unwrap().live());
    assert_eq!(asked(&seen)[1].event.as_ref().unwrap().as_str(), "Hangup");
}

#[test]
fn an_address_may_move_with_or_without_its_parameters() {
    for (clean, shop) in [(None, Some("7")), (Some("true"), None)] {
        let mut world = world_of(|_| ());
        let mut go = GotoUrl::new("https://other.example.test/?code=new");
        if let Some(word) = clean {
            go = go.clean_params(word);
        }
        let seen = script(&mut world, vec![IvrResponse::new().then(go)]);
        arrive(&mut world);
        let second = &asked(&seen)[1];
        assert_eq!(second.extra.get("code").unwrap(), "new");
        assert_eq!(second.extra.get("shop").and_then(Value::as_str), shop);
        assert!(seen.lock().unwrap()[1].starts_with("https://other.example.test/?"));
    }
}

#[test]
fn an_application_that_never_ends_is_ended() {
    let mut world = world_of(|_| ());
    let go = IvrResponse::new().then(GotoUrl::new(APP)).to_xml().unwrap();
    world.set_application(Some(Box::new(move |_| go.clone())));
    let sid = arrive(&mut world);
    let call = world.ivr().get(sid).unwrap();
    assert_eq!(call.log.last().unwrap(), "asked too often");
    assert_eq!((call.live(), call.log.len()), (false, 201));
}

#[test]
fn a_bad_answer_or_none_ends_the_call() {
    for xml in [None, Some("no xml"), Some("<html/>"), Some("<response><a><b/></a></response>")] {
        let mut world = world_of(|_| ());
        let sid = arrive(&mut world);
        let question = world.take_application_request().unwrap();
        assert_eq!((question.sid, world.take_application_request()), (sid, None));
        world.application_answers(&question, xml.map(str::as_bytes));
        assert_eq!((state(&world, sid), world.ivr().get(sid).unwrap().log.len()), ("ended", 1));
        // An answer that comes too late changes nothing.
        world.application_answers(&question, Some(b"<response/>"));
        assert!(world.take_application_request().is_none());
    }
}

#[test]
fn questions_nobody_takes_are_bounded() {
    let mut world = world_of(|_| ());
    for _ in 0..WAITING + 3 {
        arrive(&mut world);
    }
    let full = "too many questions wait already";
    let refused = world.ivr().iter().filter(|c| c.log.iter().any(|line| line == full)).count();
    assert_eq!(refused, 3);
    assert_eq!(std::iter::from_fn(|| world.take_application_request()).count(), WAITING);
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        Just(Verb::from(PlayText::new("x"))),
        (1..5u32, 0..9000u32).prop_map(|(l, o)| CollectDtmf::new()
            .max_digits(l)
            .end_key("#")
            .wait(o)
            .into()),
        Just(CollectDtmf::new().wait_in_t(700).into()),
        (0..5u32).prop_map(|s| Record::new().max_duration(s).into()),
        Just(Recognize::new("").into()),
        Just(Dial::new(DialTarget::plain("9000000002")).into()),
        Just(Dial::new(DialTarget::plain("12")).record("true").limit_time(0).into()),
        Just(Conference::new("room").into()),
        Just(CcTransfer::new("General").into()),
        Just(GotoUrl::new(APP).into()),
        Just(Stream::new("520001").is_sip("true").into()),
        Just(SendSms::new("x").into()),
        Just(Hangup::new().into()),
        Just(Verb::Other(Element::new("odd"))),
    ]
}

fn input() -> impl Strategy<Value = Option<IvrInput>> {
    prop_oneof![
        2 => Just(None),
        2 => "[0-9*#a]{0,6}".prop_map(|keys| Some(IvrInput::Keys(keys))),
        1 => Just(Some(IvrInput::Speech("yes".into()))),
        1 => Just(Some(IvrInput::Callee(PhoneAction::Answer))),
        1 => Just(Some(IvrInput::Callee(PhoneAction::Hangup))),
        1 => Just(Some(IvrInput::End)),
    ]
}

proptest! {
    #[test]
    fn every_question_reads_and_a_call_is_told_its_end_once(
        answers in prop::collection::vec(prop::collection::vec(verb(), 0..4), 0..12),
        inputs in prop::collection::vec((input(), 0..20_000u64), 0..25),
        manual in any::<bool>(),
        seed in 0..100u64,
    ) {
        let mut world = world_of(|s| (s.manual, s.seed) = (manual, seed));
        world.login("agent01", "secret", "").unwrap();
        let answers = answers.into_iter().map(|verbs| IvrResponse { verbs, ..IvrResponse::new() });
        let seen = script(&mut world, answers.collect());
        let sid = arrive(&mut world);
        for (input, ms) in inputs {
            if let Some(input) = input {
                let _ = world.ivr_input(sid, input);
            }
            let to = world.now().after(Duration::from_millis(ms));
            world.advance_to(to);
        }
        let live = world.ivr().get(sid).unwrap().live();
        prop_assert_eq!(world.disconnect(&sid.to_string()), live);
        let steps = steps(&seen);
        prop_assert_eq!(&steps[0], &IvrStep::NewCall);
        let over = steps.iter().filter(|s| matches!(s, IvrStep::Over { .. })).count();
        prop_assert_eq!(over, 1);
        prop_assert!(matches!(steps.last(), Some(IvrStep::Over { .. })), "nothing is asked after the end");
        for request in asked(&seen) {
            prop_assert_eq!(request.sid, Some(sid.to_string()));
        }
        prop_assert!(world.calls().iter().all(|call| !call.live()), "no agent is left alone");
    }
}
