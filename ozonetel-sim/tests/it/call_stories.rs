//! Calls from beginning to end, one fact after the other.

use std::time::Duration;

use serde_json::Value;

use ozonetel_sim::world::{
    AbandonedQuery, AgentDial, AhtOf, CallControl, CallControlRefusal, CallStage, CdrQuery,
    DialRefusal, DispositionRefusal, DispositionRequest, DispositionResult, EventKind, LegKind,
    LegSide, LoginRefusal, PhoneAction, PhoneDial, RecordingSegment, Scenario, Setup, StateRefusal,
    Timestamp, TokenCheck, World,
};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-21T04:00:00Z").unwrap()
}

fn world_of(change: impl FnOnce(&mut Setup)) -> World {
    let mut setup = Setup::default();
    change(&mut setup);
    let mut world = World::new(setup, start());
    world.login("agent01", "secret", "500001").unwrap();
    world
}

fn pass(world: &mut World, seconds: u64) {
    let to = world.now().after(Duration::from_secs(seconds));
    world.advance_to(to);
}

fn dial(world: &mut World) -> u64 {
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: "ref-1".into(),
    };
    world.dial_agent(&dial).unwrap()
}

fn rows(world: &World) -> Vec<Value> {
    world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() })
}

fn row(world: &World) -> Value {
    rows(world).into_iter().next().unwrap()
}

fn disposal(auto_release: bool) -> DispositionRequest {
    DispositionRequest {
        disposition: "Follow Up".into(),
        comments: String::new(),
        call_back_time: None,
        auto_release,
        pause: None,
    }
}

fn state(world: &World) -> &'static str {
    world.agent("agent01").unwrap().state.word()
}

#[test]
fn a_dial_rings_the_agent_then_the_customer_and_ends_in_wrap_up() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world);
    assert_eq!(world.call(ucid).unwrap().stage, CallStage::AgentRinging);
    pass(&mut world, 1);
    assert_eq!(world.call(ucid).unwrap().stage, CallStage::CustomerRinging);
    pass(&mut world, 2);
    assert_eq!(world.call(ucid).unwrap().stage, CallStage::Talking);
    let running = row(&world);
    assert_eq!((&running["HangupBy"], &running["HandlingTime"]), (&"".into(), &Value::Null));
    pass(&mut world, 40);
    world.phone_action(&ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert_eq!(state(&world), "ACW");
    assert_eq!(row(&world)["HandlingTime"], Value::Null);
    pass(&mut world, 20);
    let saved = world.dispose(&ucid.to_string(), "918000000001", "agent01", disposal(true));
    assert_eq!(saved, Ok(DispositionResult::Saved));
    assert_eq!(state(&world), "READY");
    let row = row(&world);
    let expected = [
        ("StartTime", "09:30:00"),
        ("PickupTime", "09:30:03"),
        ("EndTime", "09:30:43"),
        ("TimeToAnswer", "00:00:03"),
        ("CustomerRingTime", "00:00:02"),
        ("TalkTime", "00:00:40"),
        ("WrapupDuration", "00:00:20"),
        ("HandlingTime", "00:01:00"),
        ("HangupBy", "UserHangup"),
        ("Disposition", "Follow Up"),
        ("CallerID", "9000000001"),
        ("E164", "+919000000001"),
        ("UUI", "ref-1"),
    ];
    for (key, value) in expected {
        assert_eq!(row[key], value, "{key}");
    }
}

#[test]
fn wrap_up_times_out_and_can_be_disposed_of_once_afterwards() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 10);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    pass(&mut world, 119);
    assert_eq!(state(&world), "ACW");
    pass(&mut world, 1);
    assert_eq!(state(&world), "READY");
    assert_eq!(row(&world)["Disposition"], "Wrap up time exceeded :120");
    let did = "918000000001";
    assert_eq!(world.dispose(&ucid, did, "agent01", disposal(true)), Ok(DispositionResult::Saved));
    assert_eq!(row(&world)["Disposition"], "Follow Up");
    let again = world.dispose(&ucid, did, "agent01", disposal(true));
    assert_eq!(again, Err(DispositionRefusal::Again));
}

#[test]
fn a_disposition_during_the_call_waits_for_its_end() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 10);
    let pause = DispositionRequest { pause: Some("lunch".into()), ..disposal(false) };
    let queued = world.dispose(&ucid, "918000000001", "agent01", pause);
    assert_eq!(queued, Ok(DispositionResult::Queued));
    assert_eq!(row(&world)["Disposition"], "");
    let again = world.dispose(&ucid, "918000000001", "agent01", disposal(true));
    assert_eq!(again, Err(DispositionRefusal::Again));
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert_eq!(row(&world)["Disposition"], "Follow Up");
    assert_eq!(state(&world), "PAUSED");
    assert_eq!(world.agent("agent01").unwrap().pause_reason.as_deref(), Some("lunch"));
}

#[test]
fn a_customer_who_does_not_answer_leaves_an_unanswered_row_with_a_pickup_time() {
    let mut world = world_of(|s| s.behaviour.customer_answer_rate = 0.0);
    dial(&mut world);
    pass(&mut world, 60);
    let row = row(&world);
    assert_eq!(row["Status"], "Unanswered");
    assert_eq!(row["PickupTime"], "09:30:01");
    assert_eq!(row["TimeToAnswer"], "00:00:01");
    assert_eq!(row["DialStatus"], "NormalUnspecified");
    assert_eq!(row["AgentDialStatus"], "answered");
    assert_eq!(row["HangupBy"], "UserHangup");
    assert_eq!(row["HandlingTime"], Value::Null);
    assert_eq!(state(&world), "READY");
}

#[test]
fn an_inbound_call_goes_to_the_next_agent_with_a_leg_of_its_own() {
    let mut world = world_of(|s| s.manual = true);
    world.login("agent02", "secret", "").unwrap();
    let arrived = world.inbound("918000000001", "9000000007", None).unwrap();
    let first = arrived.ucid.to_string();
    world.phone_action(&first, LegSide::Agent, PhoneAction::NoAnswer).unwrap();
    pass(&mut world, 5);
    world.phone_action(&first, LegSide::Agent, PhoneAction::Answer).unwrap();
    let call = world.call(arrived.monitor_ucid).unwrap();
    assert_eq!(call.agent(), Some("agent02"));
    assert_eq!(call.legs.len(), 2);
    assert_ne!(call.legs[0].ucid, call.legs[1].ucid);
    let query = CdrQuery {
        from: 0,
        to: i64::MAX,
        monitor_ucid: Some(arrived.monitor_ucid.to_string()),
        ..CdrQuery::default()
    };
    let rows = world.reports().cdr(&query);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["CallID"], rows[1]["CallID"]);
    assert_eq!(rows[0]["CallerID"], "00919000000007");
    let statuses: Vec<_> = rows.iter().map(|r| r["Status"].as_str().unwrap()).collect();
    assert!(statuses.contains(&"Answered") && statuses.contains(&"Unanswered"));
}

#[test]
fn without_agents_the_caller_is_turned_away_or_waits_in_vain() {
    let mut world = World::new(Setup::default(), start());
    let arrived = world.inbound("918000000001", "9000000007", None).unwrap();
    let legs = &world.call(arrived.monitor_ucid).unwrap().legs;
    assert_eq!((legs[0].kind, legs[0].dial_status), (LegKind::Queue, "InvalidAgent"));
    assert_eq!((legs[1].kind, legs[1].hangup_by), (LegKind::Disconnect, "SystemHangup"));

    world.login("agent01", "secret", "").unwrap();
    world.change_state("agent01", "Pause", Some("lunch")).unwrap();
    let waits = world.inbound("918000000001", "9000000007", None).unwrap();
    assert_eq!(world.call(waits.monitor_ucid).unwrap().stage, CallStage::Queued);
    pass(&mut world, 31);
    let legs = &world.call(waits.monitor_ucid).unwrap().legs;
    let told = (legs.len(), legs[0].dial_status, legs[0].hangup_by);
    assert_eq!(told, (1, "QTimeExceeded", "SystemHangup"));
    let query = AbandonedQuery { from: 0, to: i64::MAX, campaign: None };
    assert_eq!(world.reports().abandoned(&query).len(), 2);
}

#[test]
fn a_waiting_caller_is_served_when_an_agent_becomes_ready() {
    let mut world = world_of(|_| ());
    world.change_state("agent01", "Pause", Some("lunch")).unwrap();
    let arrived = world.inbound("918000000001", "9000000007", None).unwrap();
    pass(&mut world, 10);
    world.change_state("agent01", "Ready", None).unwrap();
    pass(&mut world, 2);
    assert_eq!(world.call(arrived.ucid).unwrap().stage, CallStage::Talking);
    assert_eq!(row(&world)["QueueTime"], "00:00:10");
    let busy = world.change_state("agent01", "Pause", Some("lunch"));
    assert_eq!(busy, Err(StateRefusal::Busy));
}

#[test]
fn a_warm_transfer_is_a_conference_the_agent_leaves() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 10);
    let did = "918000000001";
    let number = CallControl::Conference("09000000005".into());
    world.control(&ucid, did, "agent01", &number).unwrap();
    pass(&mut world, 3);
    world.control(&ucid, did, "agent01", &CallControl::Kick("500001".into())).unwrap();
    assert_eq!(state(&world), "ACW");
    let call = world.calls().by_text(&ucid).unwrap();
    assert_eq!(call.stage, CallStage::Talking);
    pass(&mut world, 30);
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert!(!world.calls().by_text(&ucid).unwrap().live());
    let own = rows(&world).into_iter().find(|row| row["UCID"] == row["CallID"]).unwrap();
    assert_eq!(
        (&own["TalkTime"], &own["ConferenceDuration"]),
        (&"00:00:10".into(), &"00:00:01".into())
    );
    assert_eq!(row(&world)["TalkTime"], "00:00:30", "whoever took over is a leg of the call");
}

#[test]
fn a_paused_recording_is_a_gap() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    assert!(!world.record(&ucid, false), "nothing is recorded while it rings");
    pass(&mut world, 13);
    assert!(world.record(&ucid, false));
    assert!(world.record(&ucid, false));
    pass(&mut world, 5);
    assert!(world.record(&ucid, true));
    let from = world.calls().by_text(&ucid).unwrap().recording[0].from;
    let expected = [
        RecordingSegment { from, to: Some(from + 10) },
        RecordingSegment { from: from + 15, to: None },
    ];
    assert_eq!(world.calls().by_text(&ucid).unwrap().recording, expected);
}

#[test]
fn a_call_limit_ends_the_talk() {
    let mut world = world_of(|_| ());
    let dial = PhoneDial {
        phone_name: "AGENT02".into(),
        did: "918000000002".into(),
        number: "9000000001".into(),
        call_limit_s: Some(20),
        ..PhoneDial::default()
    };
    let ucid = world.dial_phone(&dial).unwrap();
    let busy = PhoneDial { check_status: true, ..dial.clone() };
    assert_eq!(world.dial_phone(&busy), Err(DialRefusal::Busy));
    let second = world.dial_phone(&dial).unwrap();
    assert!(!world.call(second).unwrap().live());
    pass(&mut world, 60);
    assert!(!world.call(ucid).unwrap().live());
    assert_eq!(world.call(ucid).unwrap().legs[0].talk_s(world.now().second()), 20);
    assert_eq!(world.call(ucid).unwrap().legs[0].hangup_by, "SystemHangup");
}

#[test]
fn the_strict_world_separates_toolbar_and_offline() {
    let mut world = world_of(|s| s.strict = true);
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: String::new(),
    };
    assert_eq!(world.dial_agent(&dial), Err(DialRefusal::NotRunning));
    world.campaigns_mut().run("support_out", true);
    assert_eq!(world.dial_agent(&dial), Err(DialRefusal::NotAvailable));
    assert_eq!(world.login("agent03", "secret", ""), Err(LoginRefusal::NoNumber));
    world.login("agent03", "secret", "500003").unwrap();
    world.toolbar_login("agent01", "secret").unwrap();
    let state = world.change_state("agent01", "Ready", None);
    assert_eq!(state, Err(StateRefusal::NotLoggedIn));
    let ucid = world.dial_agent(&dial).unwrap().to_string();
    pass(&mut world, 10);
    let online = world.control(&ucid, "918000000001", "agent01", &CallControl::Hold);
    assert_eq!(online, Err(CallControlRefusal::NotFound));
    let phone = PhoneDial {
        phone_name: "agent02".into(),
        did: "918000000002".into(),
        number: "9000000002".into(),
        ..PhoneDial::default()
    };
    let offline = world.dial_phone(&phone).unwrap().to_string();
    pass(&mut world, 10);
    assert!(world.control(&offline, "918000000002", "agent02", &CallControl::Hold).is_ok());
}

#[test]
fn a_dial_needs_a_campaign_that_runs_and_is_the_agents() {
    let mut world = world_of(|s| {
        let mut other = s.campaigns[0].clone();
        other.id = 80;
        other.name = "sales_out".into();
        s.campaigns.push(other);
        s.agents[0].campaigns = vec!["sales_out".into()];
    });
    let dial = |campaign: &str| AgentDial {
        agent: "agent01".into(),
        campaign: campaign.into(),
        number: "9000000001".into(),
        uui: String::new(),
    };
    assert_eq!(world.dial_agent(&dial("support_out")), Err(DialRefusal::Campaign));
    world.campaigns_mut().run("sales_out", false);
    assert_eq!(world.dial_agent(&dial("sales_out")), Err(DialRefusal::NotRunning));
    world.campaigns_mut().run("sales_out", true);
    assert!(world.dial_agent(&dial("sales_out")).is_ok());
}

#[test]
fn a_kick_takes_numbers_in_the_documented_form_only() {
    for lax in [false, true] {
        let mut world = world_of(|s| s.lax = lax);
        let ucid = dial(&mut world).to_string();
        pass(&mut world, 10);
        let mut kick = |number: &str| {
            world.control(&ucid, "918000000001", "agent01", &CallControl::Kick(number.into()))
        };
        if !lax {
            for number in ["+919000000001", "919000000001", "9000000001", "", "agent01"] {
                assert_eq!(kick(number), Err(CallControlRefusal::Number), "{number}");
            }
        }
        assert_eq!(kick("500009"), Err(CallControlRefusal::NotFound));
        assert!(kick(if lax { "+919000000001" } else { "09000000001" }).is_ok());
        assert!(!world.calls().by_text(&ucid).unwrap().live());
    }
}

#[test]
fn a_registered_telephone_answers_by_itself() {
    let mut world = world_of(|_| ());
    world.set_phone_outside("500001", true);
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 20);
    assert_eq!(world.calls().by_text(&ucid).unwrap().stage, CallStage::AgentRinging);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    pass(&mut world, 2);
    assert_eq!(world.calls().by_text(&ucid).unwrap().stage, CallStage::Talking);
    let kinds: Vec<EventKind> = world
        .events_since(0)
        .filter(|e| e.ucid.is_some() && !matches!(e.kind, EventKind::AgentState(_)))
        .map(|e| e.kind.clone())
        .collect();
    let expected = [
        EventKind::AgentRinging,
        EventKind::AgentAnswered,
        EventKind::CustomerRinging,
        EventKind::Answered,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn speed_shortens_telephone_life_only() {
    let mut world = world_of(|s| s.speed = 10.0);
    let ucid = dial(&mut world);
    let token = world.issue_token().unwrap();
    world.advance_to(world.now().after(Duration::from_millis(300)));
    assert_eq!(world.call(ucid).unwrap().stage, CallStage::Talking);
    pass(&mut world, 3599);
    assert_eq!(world.check_token(&token), TokenCheck::Good);
    pass(&mut world, 1);
    assert_eq!(world.check_token(&token), TokenCheck::Expired);
}

#[test]
fn traffic_keeps_its_agents_busy_and_leaves_the_first_alone() {
    let scenario = Scenario::parse("[traffic]\ncalls_per_minute = 2").unwrap();
    let mut world = World::new(scenario.setup, start());
    pass(&mut world, 4 * 3600);
    let rows = world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() });
    assert!(rows.len() > 100, "{}", rows.len());
    assert!(rows.iter().all(|r| r["AgentID"] != "agent01"));
    let types = ["InBound", "Manual"];
    assert!(types.iter().all(|t| rows.iter().any(|r| r["Type"] == *t)));
    assert!(rows.iter().any(|r| r["Disposition"] == "Appointment Booked"));
}

#[test]
fn a_hold_after_the_agent_left_is_not_the_agents() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 10);
    let did = "918000000001";
    for what in [CallControl::Conference("09000000005".into()), CallControl::Kick("500001".into())]
    {
        world.control(&ucid, did, "agent01", &what).unwrap();
    }
    assert!(world.calls().by_text(&ucid).unwrap().live(), "the third party still rings");
    world.control(&ucid, did, "agent01", &CallControl::Hold).unwrap();
    pass(&mut world, 30);
    world.control(&ucid, did, "agent01", &CallControl::Unhold).unwrap();
    assert_eq!(row(&world)["HoldDuration"], "00:00:00");
}

#[test]
fn handling_time_covers_two_hours_and_rows_fifteen_days() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world).to_string();
    pass(&mut world, 13);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    world.dispose(&ucid, "918000000001", "agent01", disposal(true)).unwrap();
    pass(&mut world, 7200);
    assert_eq!(world.reports().aht_s(&AhtOf::Agent("agent01".into())), 10);
    pass(&mut world, 1);
    assert_eq!(world.reports().aht_s(&AhtOf::Agent("agent01".into())), 0);
    let all = CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() };
    let day = Duration::from_secs(86_400);
    world.advance_to(start().after(day * 15));
    assert_eq!(world.reports().cdr(&all).len(), 1);
    world.advance_to(start().after(day * 16));
    assert_eq!(world.reports().cdr(&all).len(), 0);
}

#[test]
fn the_mode_decides_which_calls_an_agent_has() {
    let scenario = Scenario::parse(
        "[[agents]]\nid = \"agent01\"\nmode = \"inbound\"\n\
         [[agents]]\nid = \"agent02\"\nmode = \"manual\"\nsigned_in = \"virtual\"",
    );
    let mut world = World::new(scenario.unwrap().setup, start());
    let arrived = world.inbound("918000000001", "9000000007", None).unwrap();
    assert!(!world.call(arrived.ucid).unwrap().live(), "no one takes inbound calls");
    world.login("agent01", "secret", "").unwrap();
    let mut dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: String::new(),
    };
    assert_eq!(world.dial_agent(&dial), Err(DialRefusal::NotAvailable));
    dial.agent = "agent02".into();
    assert!(world.dial_agent(&dial).is_ok());
    let arrived = world.inbound("918000000001", "9000000007", None).unwrap();
    assert_eq!(world.call(arrived.ucid).unwrap().agent(), Some("agent01"));
}

#[test]
fn a_row_can_come_late_and_change_late() {
    let mut world = world_of(|_| ());
    let ucid = dial(&mut world);
    pass(&mut world, 60);
    let count = |world: &World| {
        world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() }).len()
    };
    let until = world.now().after(Duration::from_secs(100));
    assert!(world.calls_mut().withhold_row(ucid, until));
    assert_eq!(count(&world), 0);
    pass(&mut world, 99);
    assert_eq!(count(&world), 0);
    pass(&mut world, 1);
    assert_eq!(count(&world), 1);
    assert!(world.calls_mut().annotate(ucid, "called back"));
    assert_eq!(row(&world)["Comments"], "called back");
    assert!(!world.calls_mut().withhold_row(1, until) && !world.calls_mut().annotate(1, ""));
}

#[test]
fn a_night_of_moving_hides_the_day_before_until_three() {
    let mut world = world_of(|setup| setup.moves_at_night = true);
    dial(&mut world);
    let rows_at = |world: &mut World, time: &str| {
        world.advance_to(Timestamp::parse(time).unwrap());
        world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() }).len()
    };
    assert_eq!(rows_at(&mut world, "2026-11-21T23:59:59+05:30"), 1);
    assert_eq!(rows_at(&mut world, "2026-11-22T00:00:00+05:30"), 0);
    assert_eq!(rows_at(&mut world, "2026-11-22T02:59:59+05:30"), 0);
    assert_eq!(rows_at(&mut world, "2026-11-22T03:00:00+05:30"), 1);
    assert_eq!(rows_at(&mut world, "2026-11-23T01:00:00+05:30"), 1);
}
