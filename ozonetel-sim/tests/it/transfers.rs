//! Transfers: whoever stays with the customer is a leg of the call, in the rows and in the callback.

use std::time::Duration;

use ozonetel_sim::world::{
    AbandonedQuery, AgentDial, Aside, CallControl, CallControlRefusal, CdrQuery, DialRefusal,
    DispositionRefusal, DispositionRequest, DispositionResult, LateDisposition, LegSide,
    PhoneAction, Setup, Timestamp, UnknownDisposition, World,
};
use serde_json::Value;

const DID: &str = "918000000001";

pub(crate) fn world_of(change: impl FnOnce(&mut Setup)) -> World {
    let mut setup = Setup::default();
    setup.push.callback_url = Some("https://hooks.example.test/call".into());
    setup.push.agent_events_url = Some("https://hooks.example.test/agent".into());
    change(&mut setup);
    let mut world = World::new(setup, Timestamp::parse("2026-11-21T04:00:00Z").unwrap());
    world.login("agent01", "secret", "500001").unwrap();
    world.login("agent02", "secret", "500002").unwrap();
    world
}

pub(crate) fn pass(world: &mut World, seconds: u64) {
    let to = world.now().after(Duration::from_secs(seconds));
    world.advance_to(to);
}

pub(crate) fn talking(world: &mut World) -> String {
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: String::new(),
    };
    let ucid = world.dial_agent(&dial).unwrap().to_string();
    pass(world, 10);
    ucid
}

pub(crate) fn conference(world: &mut World, ucid: &str, number: &str) {
    let what = CallControl::Conference(number.into());
    world.control(ucid, DID, "agent01", &what).unwrap();
}

pub(crate) fn kick(world: &mut World, ucid: &str, number: &str) {
    world.control(ucid, DID, "agent01", &CallControl::Kick(number.into())).unwrap();
}

pub(crate) fn state(world: &World, agent: &str) -> &'static str {
    world.agent(agent).unwrap().state.word()
}

/// The rows in the order of the legs.
pub(crate) fn rows(world: &World) -> Vec<Value> {
    let mut rows = world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() });
    rows.reverse();
    rows
}

/// The callback that has gone out.
fn callback(world: &mut World) -> Value {
    let push = world.take_pushes().find(|push| push.url.ends_with("/call")).unwrap();
    let form: Vec<_> = form_urlencoded::parse(&push.body).into_owned().collect();
    serde_json::from_str(&form[0].1).unwrap()
}

fn actions(world: &mut World) -> Vec<String> {
    let pushes = world.take_pushes().filter(|push| push.url.ends_with("/agent"));
    let bodies = pushes.map(|push| serde_json::from_slice::<Value>(&push.body).unwrap());
    bodies.map(|body| body["data"]["action"].as_str().unwrap().to_owned()).collect()
}

fn disposal() -> DispositionRequest {
    DispositionRequest {
        disposition: "Follow Up".into(),
        comments: String::new(),
        call_back_time: None,
        auto_release: true,
        pause: None,
    }
}

#[test]
fn rows_and_callback_of_a_transferred_call_have_one_end_and_name_the_transfer() {
    let mut world = world_of(|_| ());
    let ucid = talking(&mut world);
    conference(&mut world, &ucid, "09000000005");
    pass(&mut world, 3);
    kick(&mut world, &ucid, "500001");
    world.dispose(&ucid, DID, "agent01", disposal()).unwrap();
    pass(&mut world, 30);
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    let (rows, sent) = (rows(&world), callback(&mut world));
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["AgentID"], &rows[1]["AgentID"]), (&"agent01".into(), &"".into()));
    assert_eq!(
        (&rows[0]["EndTime"], &rows[1]["StartTime"]),
        (&rows[1]["StartTime"], &rows[0]["EndTime"])
    );
    assert_eq!(sent["EndTime"], format!("2026-11-21 {}", rows[1]["EndTime"].as_str().unwrap()));
    assert_eq!(
        (&rows[0]["TalkTime"], &rows[1]["TalkTime"]),
        (&"00:00:10".into(), &"00:00:30".into())
    );
    assert_eq!(
        (&sent["Duration"], &sent["CallDuration"]),
        (&"00:00:40".into(), &"00:00:43".into())
    );
    for said in [&rows[0], &sent] {
        assert_eq!(
            (&said["TransferType"], &said["TransferredTo"]),
            (&"Warm".into(), &"09000000005".into())
        );
    }
    assert_eq!(rows[1]["TransferType"], "");
    assert_eq!(sent["DialedNumber"], "500001 -> 09000000005");
    assert_eq!(
        (&rows[1]["HandlingTime"], &rows[1]["WrapUpStartTime"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_colleague_rung_by_extension_takes_the_call_over() {
    let mut world = world_of(|_| ());
    let ucid = talking(&mut world);
    conference(&mut world, &ucid, "500002");
    assert_eq!(state(&world, "agent02"), "BUSY");
    pass(&mut world, 2);
    kick(&mut world, &ucid, "500001");
    assert_eq!((state(&world, "agent01"), state(&world, "agent02")), ("ACW", "BUSY"));
    assert_eq!(world.calls().by_text(&ucid).unwrap().agent(), Some("agent02"));
    assert_eq!(world.calls().by_text(&ucid).unwrap().ucid().to_string(), ucid, "the same call");
    pass(&mut world, 20);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    assert_eq!(state(&world, "agent02"), "ACW", "the leg is the colleague's");
    world.dispose(&ucid, DID, "agent02", disposal()).unwrap();
    pass(&mut world, 200);
    let (rows, sent) = (rows(&world), callback(&mut world));
    assert_eq!(sent["AgentID"], "agent01 -> agent02");
    assert_eq!((&sent["TransferType"], &sent["TransferredTo"]), (&"Warm".into(), &"500002".into()));
    assert_eq!(rows[1]["TalkTime"], "00:00:20");
    assert_eq!(
        (&rows[1]["Disposition"], &sent["Disposition"]),
        (&"Follow Up".into(), &"Follow Up".into())
    );
}

#[test]
fn a_colleague_who_only_consults_is_free_again_after_the_call() {
    let mut world = world_of(|_| ());
    let ucid = talking(&mut world);
    conference(&mut world, &ucid, "500002");
    pass(&mut world, 2);
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert_eq!((state(&world, "agent01"), state(&world, "agent02")), ("ACW", "READY"));
    assert_eq!(rows(&world).len(), 1);
}

#[test]
fn a_colleague_on_a_call_is_busy() {
    let mut world = world_of(|_| ());
    let ucid = talking(&mut world);
    let other = world.inbound(DID, "9000000002", None).unwrap();
    pass(&mut world, 2);
    conference(&mut world, &ucid, "500002");
    pass(&mut world, 5);
    let call = world.calls().by_text(&ucid).unwrap();
    assert_eq!((call.parties[0].failure, call.parties[0].joined), ("Busy", None));
    assert!(world.call(other.ucid).unwrap().live());
}

#[test]
fn a_cold_transfer_that_no_one_takes_ends_the_call() {
    let mut world = world_of(|setup| setup.manual = true);
    let ucid = talking(&mut world);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Answer).unwrap();
    conference(&mut world, &ucid, "500002");
    kick(&mut world, &ucid, "500001");
    assert!(world.calls().by_text(&ucid).unwrap().live(), "the colleague still rings");
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::NoAnswer).unwrap();
    assert!(!world.calls().by_text(&ucid).unwrap().live());
    let rows = rows(&world);
    assert_eq!(
        (&rows[0]["TransferType"], &rows[1]["AgentDialStatus"]),
        (&"Blind".into(), &"NoResponse".into())
    );
    assert_eq!((state(&world, "agent02"), &rows[1]["Status"]), ("READY", &"Unanswered".into()));
}

#[test]
fn disposition_and_comments_of_a_callback_are_of_one_leg() {
    let mut world = world_of(|setup| setup.manual = true);
    let ucid = talking(&mut world);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Answer).unwrap();
    conference(&mut world, &ucid, "500002");
    kick(&mut world, &ucid, "500001");
    for (agent, disposition, comments) in
        [("agent01", "Sale", "one"), ("agent02", "Follow Up", "two")]
    {
        let (disposition, comments) = (disposition.into(), comments.into());
        let request = DispositionRequest { disposition, comments, ..disposal() };
        world.dispose(&ucid, DID, agent, request).unwrap();
    }
    // The second one's leg is not answered: its disposition is in no report.
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::NoAnswer).unwrap();
    pass(&mut world, 300);
    let sent = callback(&mut world);
    assert_eq!((&sent["Disposition"], &sent["Comments"]), (&"Sale".into(), &"one".into()));
}

/// A call into which a number outside is rung; cold, the agent is gone already.
fn with_third_party(mut world: World, number: &str, cold: bool) -> (World, String) {
    let ucid = talking(&mut world);
    if world.setup().manual {
        for side in [LegSide::Agent, LegSide::Customer] {
            world.phone_action(&ucid, side, PhoneAction::Answer).unwrap();
        }
    }
    conference(&mut world, &ucid, number);
    if cold {
        kick(&mut world, &ucid, "500001");
    }
    assert!(world.calls().by_text(&ucid).unwrap().live(), "the number is rung");
    (world, ucid)
}

#[test]
fn a_third_party_outside_waits_for_instructions_in_a_manual_world() {
    for (answers, warm) in [(true, false), (false, false), (true, true), (false, true)] {
        let (mut world, ucid) =
            with_third_party(world_of(|setup| setup.manual = true), "09000000005", !warm);
        pass(&mut world, 3_600);
        let party = world.calls().by_text(&ucid).unwrap().parties[0].clone();
        assert_eq!(party.joined, None, "warm: {warm}");
        let action = if answers { PhoneAction::Answer } else { PhoneAction::NoAnswer };
        world.phone_action(&party.ucid.to_string(), LegSide::Agent, action).unwrap();
        let call = world.calls().by_text(&ucid).unwrap();
        assert_eq!(call.parties[0].joined.is_some(), answers);
        assert_eq!(call.live(), answers || warm, "warm: {warm}");
    }
}

#[test]
fn a_cold_transfer_to_a_number_that_does_not_exist_ends_the_call_by_name() {
    let (mut world, ucid) = with_third_party(world_of(|_| ()), "00000000000", true);
    pass(&mut world, 2);
    assert!(!world.calls().by_text(&ucid).unwrap().live());
    let row = rows(&world).remove(1);
    assert_eq!(
        (&row["DialStatus"], &row["Status"], &row["HangupBy"]),
        (&"InvalidNumberFormat".into(), &"Unanswered".into(), &"SystemHangup".into())
    );
}

#[test]
fn a_warm_transfer_to_a_number_that_does_not_exist_leaves_customer_and_agent_together() {
    let (mut world, ucid) = with_third_party(world_of(|_| ()), "00000000000", false);
    pass(&mut world, 2);
    let call = world.calls().by_text(&ucid).unwrap();
    assert_eq!((call.live(), call.agent()), (true, Some("agent01")));
    assert_eq!((call.parties[0].failure, call.parties[0].joined), ("InvalidNumberFormat", None));
}

#[test]
fn an_outside_number_is_answered_as_often_as_customers_answer() {
    let tried = (0..64).filter_map(|seed| {
        let mut world = world_of(|setup| {
            (setup.behaviour.customer_answer_rate, setup.seed) = (0.5, seed);
        });
        let ucid = talking(&mut world);
        let call = world.calls().by_text(&ucid).unwrap();
        call.answered().then_some((world, ucid))
    });
    let mut seen = [0, 0];
    for (mut world, ucid) in tried {
        conference(&mut world, &ucid, "09000000005");
        kick(&mut world, &ucid, "500001");
        pass(&mut world, 30);
        let call = world.calls().by_text(&ucid).unwrap();
        let joined = call.parties[0].joined.is_some();
        assert_eq!(call.live(), joined);
        if !joined {
            assert_eq!(rows(&world)[1]["DialStatus"], "NoResponse");
        }
        seen[usize::from(joined)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 3), "{seen:?}");
}

#[test]
fn conference_numbers_as_they_are_stored_are_refused_unless_the_world_is_lax() {
    for (lax, refused) in [(false, Err(CallControlRefusal::Number)), (true, Ok(()))] {
        let mut world = world_of(|setup| setup.lax = lax);
        let ucid = talking(&mut world);
        for number in ["9000000005", "919000000005", "+919000000005"] {
            let what = CallControl::Conference(number.into());
            let done = world.control(&ucid, DID, "agent01", &what).map(|_| ());
            assert_eq!(done, refused, "{number}");
        }
    }
}

#[test]
fn a_disposition_after_the_limit_is_taken_by_default_and_refused_by_a_setting() {
    for (late, done) in [
        (LateDisposition::Accept, Ok(DispositionResult::Saved)),
        (LateDisposition::Refuse, Err(DispositionRefusal::Again)),
    ] {
        let mut world = world_of(|setup| setup.late_disposition = late);
        let ucid = talking(&mut world);
        world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
        pass(&mut world, 120);
        assert_eq!(world.dispose(&ucid, DID, "agent01", disposal()), done, "{late:?}");
    }
    // Where the agent was released before the limit, no disposition stands in the way.
    let mut world = world_of(|setup| setup.late_disposition = LateDisposition::Refuse);
    let ucid = talking(&mut world);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    world.change_state("agent01", "Ready", None).unwrap();
    assert_eq!(world.dispose(&ucid, DID, "agent01", disposal()), Ok(DispositionResult::Saved));
}

#[test]
fn a_disposition_that_the_account_does_not_have_is_taken_unless_the_world_says_otherwise() {
    for (unknown, done) in [
        (UnknownDisposition::Accept, Ok(DispositionResult::Saved)),
        (UnknownDisposition::Refuse, Err(DispositionRefusal::Unknown)),
    ] {
        let mut world = world_of(|setup| setup.unknown_disposition = unknown);
        let ucid = talking(&mut world);
        world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
        let mut other = disposal();
        other.disposition = "No such disposition".into();
        assert_eq!(world.dispose(&ucid, DID, "agent01", other), done, "{unknown:?}");
        let left = world.dispose(&ucid, DID, "agent01", disposal());
        assert_eq!(left.is_ok(), done.is_err(), "a refused one is not in the way");
    }
}

#[test]
fn the_disposition_of_an_unanswered_call_is_kept_and_in_no_report() {
    let mut world = world_of(|setup| setup.manual = true);
    let ucid = talking(&mut world);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    let mut given = disposal();
    given.call_back_time = Some("2026-11-21 10:00".into());
    world.dispose(&ucid, DID, "agent01", given).unwrap();
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Busy).unwrap();
    let leg = world.calls().by_text(&ucid).unwrap().legs[0].clone();
    assert_eq!(
        (leg.disposition.as_deref(), leg.call_back_time.as_deref()),
        (Some("Follow Up"), Some("2026-11-21 10:00"))
    );
    let (row, sent) = (rows(&world).remove(0), callback(&mut world));
    assert_eq!((&row["Disposition"], &sent["Disposition"]), (&"".into(), &"".into()));
    assert_eq!(row["Status"], "Unanswered");
}

#[test]
fn a_caller_who_waits_until_the_limit_has_a_word_of_their_own() {
    for (stays, status, by) in [(true, "QTimeExceeded", "SystemHangup"), (false, "error", "")] {
        let mut world = world_of(|_| ());
        for agent in ["agent01", "agent02"] {
            world.change_state(agent, "Pause", Some("lunch")).unwrap();
        }
        world.inbound(DID, "9000000002", None).unwrap();
        if !stays {
            assert!(world.force_logout("agent01") && world.force_logout("agent02"));
        }
        pass(&mut world, 30);
        let (row, sent) = (rows(&world).remove(0), callback(&mut world));
        assert_eq!(
            (&row["DialStatus"], &row["HangupBy"], &row["Event"]),
            (&status.into(), &by.into(), &"Queue".into())
        );
        assert_eq!((&sent["DialStatus"], &sent["Status"]), (&status.into(), &"NotAnswered".into()));
    }
}

#[test]
fn what_a_call_collects_has_an_end() {
    let mut world = world_of(|_| ());
    let ucid = talking(&mut world);
    for _ in 0..100 {
        conference(&mut world, &ucid, "09000000005");
    }
    let what = CallControl::Conference("09000000005".into());
    let more = world.control(&ucid, DID, "agent01", &what);
    assert_eq!(more, Err(CallControlRefusal::Full));
    for _ in 0..999 {
        assert!(world.record(&ucid, false) && world.record(&ucid, true));
    }
    assert!(world.record(&ucid, false) && !world.record(&ucid, true));
    assert_eq!(world.calls().by_text(&ucid).unwrap().recording.len(), 1_000);
}

#[test]
fn aux_and_idle_exist_as_states_and_as_events() {
    let mut world = world_of(|setup| setup.idle_after_login = true);
    assert_eq!(actions(&mut world), ["login", "IDLE", "login", "IDLE"]);
    assert!(world.inbound(DID, "9000000002", None).is_some());
    assert_eq!(world.calls().iter().filter(|call| call.agent().is_some()).count(), 0);
    world.change_state("agent01", "Ready", None).unwrap();
    pass(&mut world, 60);
    let _ = actions(&mut world);
    assert!(world.put_aside("agent02", Aside::Aux("SIP phone unregistered".into())));
    let push = world.take_pushes().next().unwrap();
    let body: Value = serde_json::from_slice(&push.body).unwrap();
    assert_eq!(
        (&body["data"]["action"], &body["data"]["reason"]),
        (&"AUX".into(), &"SIP phone unregistered".into())
    );
    assert_eq!(state(&world, "agent02"), "AUX");
    world.change_state("agent02", "Ready", None).unwrap();
    assert_eq!(
        (actions(&mut world), state(&world, "agent02")),
        (vec!["release".to_owned()], "READY")
    );
    assert!(!world.put_aside("agent01", Aside::Idle), "on a call");
    assert!(!world.put_aside("agent09", Aside::Idle));
}

#[test]
fn a_withheld_caller_has_the_networks_word_and_no_number() {
    let mut world = world_of(|_| ());
    world.inbound(DID, "anonymous", None).unwrap();
    pass(&mut world, 5);
    let row = rows(&world).remove(0);
    assert_eq!((&row["CallerID"], &row["E164"]), (&"anonymous".into(), &"".into()));
}

#[test]
fn a_reference_that_no_header_can_carry_is_refused_at_the_door() {
    let mut world = world_of(|_| ());
    let dial = |uui: &str| AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: uui.into(),
    };
    for uui in ["a\u{7}b", "a\nb", "a\r\nX-UCID: 1", "\u{0}", "a\u{7f}"] {
        assert_eq!(world.dial_agent(&dial(uui)), Err(DialRefusal::Uui), "{uui:?}");
    }
    assert_eq!(world.calls().iter().count(), 0);
    for uui in ["order 4711 ", "a\tb", "नमस्ते ✓", ""] {
        let ucid = world.dial_agent(&dial(uui)).unwrap().to_string();
        assert!(world.disconnect(&ucid), "{uui:?}");
        pass(&mut world, 1);
    }
}

#[test]
fn missed_calls_can_be_asked_without_a_range() {
    use ozonetel_sim::Sim;
    let sim = Sim::builder().starting_at(Timestamp::parse("2026-11-21T04:00:00Z").unwrap()).build();
    sim.missed(DID, "9000000009").unwrap();
    let token = sim.change(World::issue_token).unwrap();
    let request = http::Request::get("/ca_apis/abandonCalls")
        .header("authorization", format!("Bearer {token}"))
        .body(bytes::Bytes::from_static(br#"{"userName":"acme_support"}"#))
        .unwrap();
    let ozonetel_sim::FaultyResponse::Whole(answer) = sim.handle(&request) else { panic!() };
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["message"].as_array().map(Vec::len), Some(1), "{answer}");
    let query = AbandonedQuery { from: 0, to: i64::MAX, campaign: None };
    assert_eq!(sim.world().reports().abandoned(&query).len(), 1);
}
