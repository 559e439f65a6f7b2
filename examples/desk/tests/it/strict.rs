//! A service that refuses what its documents refuse: agents at the toolbar are dialled for and nothing else is done to
//! them over REST, calls of offline campaigns alone are controlled. What is refused is answered as refused, with what may
//! be the reason, and nothing of what the desk knew is lost.

use desk::Settings;
use desk::core::caller::Role;
use ozonetel_sim::world::{LegSide, PhoneAction, Setup, UnknownDisposition};
use serde_json::{Value, json};

use crate::floor::{Answer, DIAL, DISPOSITION, Floor, settings};
use crate::working::Someone;

const CONTROL: &str = "/ca_apis/CallControl_V4";
const STATE: &str = "/ca_apis/changeAgentState";

/// A strict world, whose campaign was started.
fn floor(change: impl FnOnce(&mut Setup, &mut Settings)) -> Floor {
    let (mut setup, mut settings) = (Setup { strict: true, ..Setup::default() }, settings());
    change(&mut setup, &mut settings);
    let floor = Floor::with(setup, settings);
    floor.sim.change(|world| world.campaigns_mut().run("support_out", true));
    floor
}

fn at_the_toolbar(floor: &Floor) {
    floor.sim.change(|world| world.toolbar_login("agent01", "secret")).unwrap();
}

/// A call that an agent at the toolbar is in.
async fn talking(floor: &Floor) -> String {
    at_the_toolbar(floor);
    let dial = json!({"phoneNumber": "9000000001"});
    let ucid = floor.post("dial", &dial).await.ok().text("ucid").to_owned();
    floor.wait(5).await;
    ucid
}

/// The service's refusal, with a hint of what it may rest on.
fn refused(answer: Answer, status: u16, text: &str, hint: &str) {
    let problem = answer.problem(status);
    assert_eq!(problem.text("message"), text);
    assert!(problem.text("detail").contains(hint), "{}", problem.json);
}

#[tokio::test(start_paused = true)]
async fn a_dial_for_an_agent_without_the_toolbar_is_refused_rings_no_one_and_blocks_no_other() {
    let floor = floor(|_, _| {});
    floor.post("agent-login", &json!({})).await.ok();
    let dial = json!({"phoneNumber": "9000000001"});
    refused(floor.post("dial", &dial).await, 409, "Agent is not available", "toolbar");
    assert_eq!(floor.sim.effects("dial"), 0);
    // The same click, once the agent has opened the toolbar.
    at_the_toolbar(&floor);
    floor.post("dial", &dial).await.ok();
    assert_eq!((floor.sim.effects("dial"), floor.count(DIAL)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_break_that_is_refused_is_no_break_and_is_not_shown_as_asked_for() {
    let floor = floor(|_, _| {});
    at_the_toolbar(&floor);
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = "/api/agents/agent01";
    let before = agent.get(path).await.ok().json;
    for (sent, verb) in ["pause", "ready"].into_iter().enumerate() {
        let said = agent.post(&format!("{path}/{verb}"), json!({"reason": "lunch"})).await;
        refused(said, 409, "Agent is not Logged In", "toolbar");
        assert_eq!(floor.count(STATE), sent + 1);
        assert_eq!(agent.get(path).await.ok().json, before, "{verb}");
    }
    assert_eq!(before["state"]["asked"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_the_service_refuses_changes_nothing_of_the_call_and_says_what_it_said() {
    let floor = floor(|_, _| {});
    let ucid = talking(&floor).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = format!("/api/calls/{ucid}");
    let mut before = agent.get(&path).await.ok().json;
    for action in ["HOLD", "MUTE", "CONFERENCE"] {
        let order = json!({"ucid": ucid, "action": action, "conferenceNumber": "9000000002"});
        let said = floor.post("call-control", &order).await;
        refused(said, 404, "Call not Found", "offline campaigns");
    }
    refused(agent.post(&format!("{path}/hold"), json!({})).await, 404, "Call not Found", "offline");
    assert_eq!(floor.count(CONTROL), 4);
    let mut after = agent.get(&path).await.ok().json;
    for view in [&mut before, &mut after] {
        // Facts were added.
        view["version"].take();
    }
    assert_eq!(after, before);
    // Of a call that the desk has not seen it says no more than of one that may not be seen.
    let foreign = json!({"ucid": "90000000000000009", "action": "HOLD"});
    let said = floor.post("call-control", &foreign).await.problem(404);
    assert_eq!(said.text("message"), "there is no such call");
}

#[tokio::test(start_paused = true)]
async fn a_disposition_that_the_account_does_not_have_is_owed_and_the_agents_code_is_kept() {
    let floor = floor(|setup, settings| {
        setup.unknown_disposition = UnknownDisposition::Refuse;
        setup.dispositions = vec!["General Enquiry".into()];
        settings.dispositions = "one-to-one".parse().unwrap();
    });
    let ucid = talking(&floor).await;
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(1).await;
    let code = json!({"ucid": ucid, "disposition": "APPOINTMENT_BOOKED", "notes": "at nine"});
    floor.post("dispose", &code).await.problem(422);
    assert_eq!(floor.last(DISPOSITION).body["disposition"], "Appointment Booked");
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let owed = agent.get("/api/owed").await.ok().json["owed"].clone();
    let one = (owed.as_array().unwrap().len(), &owed[0]["state"], &owed[0]["message"]);
    assert_eq!(one, (1, &json!("refused"), &json!("Invalid disposition")), "{owed}");
    let call = agent.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(
        (&call["disposition"]["code"], &call["notes"]),
        (&json!("APPOINTMENT_BOOKED"), &json!("at nine")),
        "{call}"
    );
    assert_eq!(call["disposition"]["targets"]["service"], "refused");
}
