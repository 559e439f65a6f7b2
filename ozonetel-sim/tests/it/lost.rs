//! Softphones that lose their connection in mid-call, as the world sees it.

use ozonetel_sim::Sim;
use ozonetel_sim::world::{
    AfterLoss, CONNECTION_LOST, LegFailure, LegSide, PhoneAction, Setup, World,
};

use crate::transfers::{conference, kick, pass, rows, state, talking, world_of};

/// An agent who talks over a softphone, and the leg's id.
fn talking_on_a_softphone(change: impl FnOnce(&mut Setup)) -> (World, String, u64) {
    let mut world = world_of(change);
    let ucid = talking(&mut world);
    world.set_phone_outside("500001", true);
    let leg = ucid.parse().unwrap();
    (world, ucid, leg)
}

fn word(world: &World, ucid: &str) -> &'static str {
    world.calls().by_text(ucid).unwrap().state_word()
}

#[test]
fn a_softphone_that_comes_back_in_time_changes_nothing() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 31);
    assert_eq!(world.state_json()["calls"][0]["legs"][0]["lost"], true);
    world.softphone_back(leg, LegSide::Agent);
    pass(&mut world, 600);
    assert_eq!((word(&world, &ucid), state(&world, "agent01")), ("answered", "BUSY"));
    // A second loss has a time of its own.
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 31);
    assert_eq!(word(&world, &ucid), "answered");
    pass(&mut world, 1);
    assert_eq!(word(&world, &ucid), "held");
}

#[test]
fn a_softphone_that_does_not_come_back_ends_its_leg_by_a_word_of_its_own_and_holds_the_customer() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    let _ = world.take_pushes().count();
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 32);
    let call = world.calls().by_text(&ucid).unwrap();
    assert!(call.live() && call.is_alone() && call.held_since.is_some());
    assert_eq!(rows(&world)[0]["HangupBy"], CONNECTION_LOST);
    assert_eq!(world.state_json()["calls"][0]["legs"][0]["hangup_by"], CONNECTION_LOST);
    assert_eq!(state(&world, "agent01"), "ACW");
    let bodies: Vec<String> =
        world.take_pushes().map(|push| String::from_utf8_lossy(&push.body).into_owned()).collect();
    let aux = bodies.iter().find(|body| body.contains("\"AUX\"")).expect("an event");
    assert!(aux.contains("\"reason\":\"ConnectionLost\""), "{aux}");
    world.phone_action(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    assert_eq!(word(&world, &ucid), "wrap_up");
}

#[test]
fn a_customer_who_is_held_alone_gives_up_after_a_while() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 32 + 299);
    assert!(world.calls().by_text(&ucid).unwrap().live());
    pass(&mut world, 1);
    assert!(!world.calls().by_text(&ucid).unwrap().live());
}

#[test]
fn the_customer_of_a_lost_softphone_can_be_let_go() {
    let (mut world, ucid, leg) =
        talking_on_a_softphone(|s| s.behaviour.after_loss = AfterLoss::End);
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 32);
    assert_eq!(word(&world, &ucid), "wrap_up");
    assert_eq!(rows(&world)[0]["HangupBy"], CONNECTION_LOST);
}

#[test]
fn a_dead_leg_is_ended_and_the_agent_rung_into_the_same_call() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    world.softphone_lost(leg, LegSide::Agent);
    pass(&mut world, 5);
    kick(&mut world, &ucid, "500001");
    assert_eq!((word(&world, &ucid), state(&world, "agent01")), ("held", "ACW"));
    conference(&mut world, &ucid, "500001");
    assert_eq!(state(&world, "agent01"), "BUSY");
    let party = world.calls().by_text(&ucid).unwrap().parties[0].clone();
    pass(&mut world, 4);
    world.phone_action(&party.ucid.to_string(), LegSide::Agent, PhoneAction::Answer).unwrap();
    let call = world.calls().by_text(&ucid).unwrap();
    assert_eq!(
        (call.state_word(), call.agent(), call.held_since),
        ("answered", Some("agent01"), None)
    );
    pass(&mut world, 20);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Hangup).unwrap();
    pass(&mut world, 200);
    let rows = rows(&world);
    let words = rows.iter().map(|row| row["HangupBy"].as_str().unwrap());
    assert_eq!(words.collect::<Vec<_>>(), [CONNECTION_LOST, "AgentHangup"]);
    assert_eq!((&rows[0]["TransferType"], &rows[1]["TalkTime"]), (&"".into(), &"00:00:20".into()));
}

#[test]
fn an_agent_rung_back_before_the_dead_leg_has_ended_takes_its_place() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    world.softphone_lost(leg, LegSide::Agent);
    conference(&mut world, &ucid, "500001");
    let party = world.calls().by_text(&ucid).unwrap().parties[0].ucid.to_string();
    world.phone_action(&party, LegSide::Agent, PhoneAction::Answer).unwrap();
    assert_eq!((word(&world, &ucid), state(&world, "agent01")), ("answered", "BUSY"));
    pass(&mut world, 60);
    assert_eq!(word(&world, &ucid), "answered", "the old clock has stopped");
    assert_eq!(rows(&world)[0]["HangupBy"], CONNECTION_LOST);
}

#[test]
fn an_agent_who_does_not_answer_the_ring_back_leaves_the_customer_held() {
    let (mut world, ucid, leg) = talking_on_a_softphone(|_| ());
    world.softphone_lost(leg, LegSide::Agent);
    kick(&mut world, &ucid, "500001");
    conference(&mut world, &ucid, "500001");
    pass(&mut world, 30);
    assert_eq!((word(&world, &ucid), state(&world, "agent01")), ("held", "READY"));
}

#[test]
fn an_agent_lost_while_the_customer_rings_gives_the_call_up() {
    let mut world = world_of(|setup| setup.manual = true);
    let ucid = talking(&mut world);
    world.phone_action(&ucid, LegSide::Agent, PhoneAction::Answer).unwrap();
    world.softphone_lost(ucid.parse().unwrap(), LegSide::Agent);
    pass(&mut world, 32);
    let row = rows(&world).remove(0);
    assert_eq!(
        (&row["DialStatus"], &row["HangupBy"]),
        (&"agent_disconnect".into(), &CONNECTION_LOST.into())
    );
    assert_eq!(state(&world, "agent01"), "READY");
}

#[test]
fn a_colleague_lost_in_a_consultation_leaves_it() {
    let (mut world, ucid, _) = talking_on_a_softphone(|_| ());
    conference(&mut world, &ucid, "500002");
    pass(&mut world, 2);
    let party = world.calls().by_text(&ucid).unwrap().parties[0].ucid;
    world.softphone_lost(party, LegSide::Agent);
    pass(&mut world, 32);
    let call = world.calls().by_text(&ucid).unwrap();
    assert_eq!((call.state_word(), call.parties[0].failure), ("answered", CONNECTION_LOST));
    assert_eq!(state(&world, "agent02"), "READY");
}

#[test]
fn a_leg_that_cannot_be_rung_fails_at_once_with_a_reason_in_row_and_state() {
    let mut world = world_of(|_| ());
    world.set_phone_outside("500001", true);
    world.set_phone_outside("500002", true);
    let arrived = world.inbound("918000000001", "9000000002", None).unwrap();
    let why = LegFailure::Unwritable("X-UUI: a character that may not stand in a value".into());
    assert!(world.ring_fails(arrived.ucid, LegSide::Agent, &why));
    let row = rows(&world).into_iter().find(|row| row["UCID"] == arrived.ucid).unwrap();
    assert_eq!(
        (&row["DialStatus"], &row["AgentDialStatus"]),
        (&"not_answered".into(), &"ProtocolError".into())
    );
    let reason = world.state_json()["calls"][0]["legs"][0]["reason"].clone();
    assert_eq!(reason, "ProtocolError: X-UUI: a character that may not stand in a value");
    let second = world.call(arrived.ucid).unwrap().legs[1].clone();
    assert_eq!(second.agent.as_deref(), Some("agent02"), "the next agent is rung");
    assert!(!world.ring_fails(arrived.ucid, LegSide::Agent, &why), "once");
}

#[test]
fn looking_at_the_world_does_not_stop_anything_else() {
    let sim = Sim::start();
    // Both in one expression: this once waited for itself for ever.
    let login = |world: &mut World| world.login("agent01", "secret", "").is_ok();
    assert!(
        sim.world().agents().iter().count() == 5 && sim.change(login) && sim.faults_waiting() == 0
    );
    let (before, now) = (sim.world(), sim.now());
    assert!(before.now() <= now && sim.world().now() >= before.now());
}
