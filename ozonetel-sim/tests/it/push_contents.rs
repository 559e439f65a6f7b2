//! What is sent agrees with what the reports say, read by the SDK on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::phone_call::{CallKey as SdkKey, CallOutcome, PhoneCalls};
use ozonetel_sdk::push::{Callback, PushReader};
use ozonetel_sdk::types::ClockDuration;
use proptest::prelude::*;
use serde_json::Value;

use super::call_properties::{Op, Run, op};
use ozonetel_sim::world::{
    AgentDial, AgentState, CONNECTION_LOST, CdrQuery, DispositionRequest, LegSide, PhoneAction,
    PhoneCall, Push, PushKind, Setup, Timestamp, World,
};

const ACCOUNT: &str = "https://hooks.example.test/account";
const CAMPAIGN: &str = "https://hooks.example.test/campaign?code=s";
const CALLS: &str = "https://hooks.example.test/calls";
const AGENTS: &str = "https://hooks.example.test/agents";

fn start() -> Timestamp {
    Timestamp::parse("2026-11-21T05:00:00Z").unwrap()
}

fn listened_to() -> Setup {
    let mut setup = Setup::default();
    setup.push.callback_url = Some(ACCOUNT.into());
    setup.push.call_events_url = Some(CALLS.into());
    setup.push.agent_events_url = Some(AGENTS.into());
    setup.campaigns[0].callback_url = Some(CAMPAIGN.into());
    setup
}

fn pass(world: &mut World, seconds: u64) {
    let to = world.now().after(Duration::from_secs(seconds));
    world.advance_to(to);
}

fn callback(push: &Push) -> Callback {
    let delivery = PushReader::new().callbacks(push.query(), &push.body).unwrap();
    assert_eq!((delivery.items.len(), delivery.failed.len(), delivery.pings), (1, 0, 0));
    delivery.items.into_iter().next().unwrap()
}

/// The rows of a call, in the order of its legs.
fn rows(world: &World, monitor: u64) -> Vec<CallRecord> {
    let id = Some(monitor.to_string());
    let query = CdrQuery { from: 0, to: i64::MAX, monitor_ucid: id, ..CdrQuery::default() };
    let mut rows: Vec<CallRecord> = world
        .reports()
        .cdr(&query)
        .into_iter()
        .map(|row| serde_json::from_value(row).unwrap())
        .collect();
    let legs: Vec<String> =
        world.call(monitor).unwrap().legs.iter().map(|l| l.ucid.to_string()).collect();
    rows.sort_by_key(|row| legs.iter().position(|id| row.ucid.unwrap().as_str() == *id));
    rows
}

fn by_rows(world: &World, monitor: u64) -> CallOutcome {
    let mut calls = PhoneCalls::new(10);
    for row in rows(world, monitor) {
        calls.observe(row);
    }
    calls.iter().next().unwrap().outcome()
}

/// One callback against the rows as they are when it is sent.
fn check_callback(world: &World, push: &Push) {
    let (call, monitor) = (callback(push), push.call_id.unwrap());
    let rows = rows(world, monitor);
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!(row.call_id, call.call_id);
        assert_eq!(row.did, call.did);
        assert_eq!(row.campaign_name, call.campaign_name);
        assert_eq!(row.skill, call.skill);
        assert_eq!(row.uui, call.uui);
        let agent = row.agent_id.is_some();
        assert!(!row.is_answered() || !agent || row.handling_time.is_some(), "after wrap-up");
    }
    assert_eq!(rows.iter().any(CallRecord::is_answered), call.is_answered());
    let talk: u32 = rows.iter().filter_map(|r| r.talk_time).map(ClockDuration::seconds).sum();
    assert_eq!(call.duration.unwrap().seconds(), talk);
    let disposition = rows.iter().rev().find_map(|r| r.disposition.clone());
    assert_eq!(call.disposition, disposition);
    let audio = rows.iter().rev().find_map(|r| r.call_audio.clone());
    assert_eq!(call.audio_file, audio);
    let agents: Vec<_> = rows.iter().filter_map(|r| r.agent_id.clone()).collect();
    let legs: Vec<_> = call.legs().legs.into_iter().filter_map(|l| l.agent_id).collect();
    assert_eq!(legs, agents);
    let (outcome, wanted) = (CallOutcome::from(&call).kind, by_rows(world, monitor).kind);
    assert_eq!(outcome, wanted, "{:?}", world.call(monitor).unwrap().legs);
    check_times(&call, &rows, world.call(monitor).unwrap());
}

/// Begin and end: those of the rows, with the time in the queue before the first. Only a caller who waited
/// alone after the last leg ended later than the rows.
fn check_times(call: &Callback, rows: &[CallRecord], world: &PhoneCall) {
    let zone = ozonetel_sdk::types::Zone::india();
    let (begin, end) = call.span(&zone).unwrap();
    let whole = u64::from(call.call_duration.unwrap().seconds());
    assert_eq!(end.duration_since(begin).unwrap().as_secs(), whole);
    let first = &rows[0];
    let queued = first.queue_time.map_or(0, ClockDuration::seconds);
    let at = first.call_date.unwrap().at(first.start_time.unwrap()).instant(&zone);
    let waited = if first.event.as_deref() == Some("Queue") { 0 } else { queued };
    assert_eq!(at, begin + Duration::from_secs(waited.into()));
    let longest = rows
        .iter()
        .map(|r| {
            let at = r.call_date.unwrap().at(r.start_time.unwrap()).instant(&zone);
            at + Duration::from_secs(r.duration.unwrap().seconds().into())
        })
        .max()
        .unwrap();
    if world.legs.last().unwrap().hangup_by == CONNECTION_LOST {
        assert!(end >= longest);
    } else {
        assert_eq!(end, longest);
    }
}

/// What the last action says of an agent's state.
fn state_of(action: &str) -> AgentState {
    match action {
        "READY" | "release" => AgentState::Ready,
        "calling" | "incall" => AgentState::Busy,
        "ACW" => AgentState::Acw,
        "pause" => AgentState::Paused,
        "logout" => AgentState::LoggedOut,
        other => panic!("{other} is not a final status"),
    }
}

fn check_agents(world: &World, actions: &BTreeMap<String, String>) {
    for agent in world.agents().iter() {
        let state = match agent.state {
            AgentState::Dialing => AgentState::Busy,
            other => other,
        };
        let told = actions.get(&agent.setup.id).map_or(AgentState::LoggedOut, |a| state_of(a));
        assert_eq!(told, state, "{}", agent.setup.id);
    }
}

/// Ends whatever still goes on.
fn finish(world: &mut World) {
    let live: Vec<u64> = world.calls().iter().filter(|c| c.live()).map(|c| c.monitor).collect();
    for monitor in live {
        assert!(world.disconnect(&monitor.to_string()));
    }
    pass(world, 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_agrees_with_the_rows(
        ops in prop::collection::vec(op(), 1..50),
        seed in 0..1000u64,
        manual in prop::bool::weighted(0.3),
    ) {
        let mut setup = Setup { seed, manual, ..listened_to() };
        setup.behaviour.agent_answer_rate = 0.7;
        setup.behaviour.customer_answer_rate = 0.7;
        let mut run = Run { world: World::new(setup, start()), accepted: BTreeSet::new() };
        let mut callbacks: BTreeMap<(u64, String), usize> = BTreeMap::new();
        let (mut events, mut all) = (PhoneCalls::new(1000), PhoneCalls::new(1000));
        let mut actions = BTreeMap::new();
        let ops = ops.into_iter().map(Some).chain([None]);
        for op in ops {
            match &op {
                Some(op) => run.apply(op),
                None => finish(&mut run.world),
            }
            // A second between what people do, so that legs follow one another.
            if !matches!(op, Some(Op::Advance(_))) {
                pass(&mut run.world, 1);
            }
            let pushes: Vec<Push> = run.world.take_pushes().collect();
            for push in pushes {
                match push.kind {
                    PushKind::Callback => {
                        check_callback(&run.world, &push);
                        all.observe(callback(&push));
                        *callbacks.entry((push.call_id.unwrap(), push.url)).or_default() += 1;
                    }
                    kind => {
                        let url = if kind == PushKind::CallEvent { CALLS } else { AGENTS };
                        prop_assert_eq!(&push.url, url);
                        let event = PushReader::new().events(None, &push.body).unwrap().items.remove(0);
                        if let Some(agent) = event.agent() {
                            let id = agent.agent_id.as_ref().unwrap().as_str().to_owned();
                            actions.insert(id, agent.action.as_ref().unwrap().as_str().to_owned());
                        }
                        events.observe(event.clone());
                        all.observe(event);
                    }
                }
            }
            check_agents(&run.world, &actions);
        }
        let world = &run.world;
        prop_assert_eq!(world.pushes().overflowed(), 0);
        let mut expected = BTreeMap::new();
        for call in world.calls().iter() {
            expected.insert((call.monitor, ACCOUNT.to_owned()), 1);
            if call.campaign == "support_out" {
                expected.insert((call.monitor, CAMPAIGN.to_owned()), 1);
            }
            for row in rows(world, call.monitor) {
                all.observe(row);
            }
            let id: ozonetel_sdk::types::CallId = call.monitor.to_string().parse().unwrap();
            let seen = events.get(&SdkKey::from(id)).unwrap();
            prop_assert_eq!(seen.outcome().kind, by_rows(world, call.monitor).kind);
        }
        prop_assert_eq!(callbacks, expected, "one callback per call and address");
        prop_assert_eq!(events.len(), world.calls().iter().count());
        prop_assert_eq!(all.len(), world.calls().iter().count());
    }
}

/// The newest pushes of a kind, as JSON.
fn json(pushes: &[Push], kind: PushKind) -> Vec<Value> {
    let of = pushes.iter().filter(|p| p.kind == kind);
    of.map(|p| {
        if p.content_type == Some("application/json") {
            return serde_json::from_slice(&p.body).unwrap();
        }
        let (_, data) = form_urlencoded::parse(&p.body).find(|(n, _)| n == "data").unwrap();
        serde_json::from_str(&data).unwrap()
    })
    .collect()
}

fn dialed(world: &mut World) -> u64 {
    world.login("agent01", "secret", "").unwrap();
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: "order 7".into(),
    };
    world.dial_agent(&dial).unwrap()
}

#[test]
fn a_call_sends_its_events_and_then_its_callback_twice() {
    let mut world = World::new(listened_to(), start());
    let ucid = dialed(&mut world).to_string();
    pass(&mut world, 30);
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    pass(&mut world, 5);
    let pushes: Vec<Push> = world.take_pushes().collect();
    assert!(pushes.iter().all(|p| p.kind != PushKind::Callback), "wrap-up is not over");
    let calls = json(&pushes, PushKind::CallEvent);
    let actions: Vec<&Value> = calls.iter().map(|e| &e["data"]["action"]).collect();
    assert_eq!(actions, ["Calling", "Answered", "Disconnect"]);
    let agents = json(&pushes, PushKind::AgentEvent);
    let actions: Vec<&Value> = agents.iter().map(|e| &e["data"]["action"]).collect();
    assert_eq!(actions, ["login", "READY", "calling", "incall", "ACW"]);
    assert_eq!(
        calls[0],
        serde_json::json!({"eventType": "Call", "eventTime": "2026-11-21 10:30:00",
            "username": "acme_support", "data": {"action": "Calling", "call_type": "Manual",
            "ucid": ucid, "monitor_ucid": ucid, "agent_id": "agent01", "skill": "General",
            "caller_id": "9000000001", "did": "918000000001", "agent_number": "500001",
            "event_time": "2026-11-21 10:30:00"}})
    );
    assert_eq!(
        agents[4],
        serde_json::json!({"eventType": "Agent", "eventTime": "2026-11-21 10:30:30",
            "username": "acme_support", "data": {"agentId": "agent01", "agentName": "Agent 01",
            "agentMode": "Blended", "phoneNumber": "500001", "skill": "General",
            "action": "ACW"}})
    );
    let disposal = DispositionRequest {
        disposition: "Follow Up".into(),
        comments: "later".into(),
        call_back_time: None,
        auto_release: true,
        pause: None,
    };
    world.dispose(&ucid, "918000000001", "agent01", disposal).unwrap();
    let pushes: Vec<Push> = world.take_pushes().collect();
    let callbacks = json(&pushes, PushKind::Callback);
    assert_eq!(callbacks.len(), 2);
    assert_eq!(callbacks[0], callbacks[1]);
    let urls: Vec<&str> =
        pushes.iter().filter(|p| p.kind == PushKind::Callback).map(|p| &*p.url).collect();
    assert_eq!(urls, [ACCOUNT, CAMPAIGN]);
    let expected = [
        ("monitorUCID", ucid.as_str()),
        ("Apikey", "test-key"),
        ("CallDuration", "00:00:30"),
        ("Duration", "00:00:27"),
        ("TimeToAnswer", "00:00:03"),
        ("StartTime", "2026-11-21 10:30:00"),
        ("EndTime", "2026-11-21 10:30:30"),
        ("Status", "Answered"),
        ("Type", "Manual"),
        ("Disposition", "Follow Up"),
        ("Comments", "later"),
        ("HangupBy", "UserHangup"),
        ("AgentUniqueID", "1001"),
        ("UUI", "order 7"),
    ];
    for (name, value) in expected {
        assert_eq!(callbacks[0][name], value, "{name}");
    }
    let fields = callbacks[0].as_object().unwrap();
    assert!(fields.values().all(Value::is_string), "every value is text");
}

#[test]
fn the_legs_of_a_call_are_chained_in_order_of_ringing() {
    let mut setup = listened_to();
    setup.manual = true;
    let mut world = World::new(setup, start());
    for id in ["agent01", "agent02"] {
        world.login(id, "secret", "").unwrap();
        pass(&mut world, 1);
    }
    let ucid = world.inbound("918000000001", "+919000000001", None).unwrap().ucid.to_string();
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::NoAnswer).unwrap();
    pass(&mut world, 5);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    pass(&mut world, 10);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    pass(&mut world, 120);
    let pushes: Vec<Push> = world.take_pushes().collect();
    let call = json(&pushes, PushKind::Callback).remove(0);
    for (name, value) in [
        ("AgentID", "agent01 -> agent02"),
        ("AgentStatus", "NoResponse -> answered"),
        ("DialStatus", "not_answered -> answered"),
        ("PhoneName", "agent01 -> agent02"),
        ("Disposition", "Wrap up time exceeded :120"),
        ("CallerID", "9000000001"),
        ("Type", "InBound"),
    ] {
        assert_eq!(call[name], value, "{name}");
    }
}

#[test]
fn nothing_is_sent_where_nobody_listens() {
    let mut world = World::new(Setup::default(), start());
    let ucid = dialed(&mut world).to_string();
    pass(&mut world, 30);
    world.disconnect(&ucid);
    pass(&mut world, 200);
    assert_eq!(world.take_pushes().count(), 0);
}

#[test]
fn what_nobody_takes_is_bounded_and_counted() {
    let mut setup = listened_to();
    setup.push.callback_url = Some(format!("https://example.test/{}", "x".repeat(5000)));
    setup.campaigns[0].callback_url = None;
    let mut world = World::new(setup, start());
    for _ in 0..1500 {
        let arrived = world.inbound("918000000001", "9000000001", None);
        assert!(arrived.is_some());
    }
    // Turned away: two events each, and a callback whose address is too long.
    assert_eq!(world.take_pushes().count(), 3000);
    assert_eq!(world.pushes().overflowed(), 1500);
    for _ in 0..2100 {
        world.inbound("918000000001", "9000000001", None);
    }
    assert_eq!(world.take_pushes().count(), 4096);
    assert_eq!(world.pushes().overflowed(), 1500 + 2100 + (4200 - 4096));
}
