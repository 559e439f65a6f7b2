//! Calls that ring at a softphone: one truth from the dial to the CDR.

use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    AgentIdentity, LinkState, ManualDial, SocketEvent, SocketPush, SocketSettings,
};
use ozonetel_sim::world::{
    AgentState, CallStage, EventKind, LegSide, LoginKind, PhoneAction, PhoneCall, Scenario,
};
use ozonetel_sim::{Fault, FaultKind, Server, Sim};

use crate::softphone::{OFFER, Softphone, body, start, value};

pub(crate) async fn serve() -> (Sim, Server) {
    let sim = Sim::builder().seed(7).speed(10.0).build();
    let server = sim.serve().await.unwrap();
    (sim, server)
}

/// The same with a scenario's `[mdl]`.
async fn serve_with(mdl: &str) -> (Sim, Server) {
    let scenario = Scenario::parse(&format!("[mdl]\n{mdl}")).unwrap();
    let sim = Sim::builder().scenario(scenario).seed(7).speed(10.0).build();
    let server = sim.serve().await.unwrap();
    (sim, server)
}

pub(crate) fn open_toolbar(sim: &Sim) {
    sim.change(|world| world.toolbar_login("agent01", "secret")).unwrap();
}

/// Waits until something holds of the world.
pub(crate) async fn until(sim: &Sim, what: impl Fn(&Sim) -> bool) {
    let wait = async {
        while !what(sim) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
}

pub(crate) fn last(sim: &Sim) -> PhoneCall {
    sim.world().calls().iter().last().unwrap().clone()
}

pub(crate) async fn dial(sim: &Sim, number: &str) -> String {
    // A customer at a softphone has an extension for a number.
    let client = sim.client_builder().allowed_numbers(["500002"]).build().unwrap();
    let dialled = client.dial().agent("agent01", "support_out", number).await.unwrap();
    dialled.ucid().to_string()
}

#[tokio::test]
async fn registration_needs_the_right_password_and_ends_with_the_connection() {
    let (sim, server) = serve().await;
    let mut phone = Softphone::connect(&server, "500001").await;
    assert_eq!(start(&phone.register("wrong", 600).await), "401");
    assert!(!sim.world().is_phone_outside("500001"));
    assert_eq!(start(&phone.register("500001", 600).await), "200");
    until(&sim, |sim| sim.world().is_phone_outside("500001")).await;
    let options = phone.request("OPTIONS", "");
    phone.send(options).await;
    assert!(value(&phone.expect("200").await, "Allow").unwrap().contains("INVITE"));
    phone.send("\r\n\r\n".into()).await;
    assert_eq!(phone.next().await.unwrap(), "\r\n");
    let message = phone.request("MESSAGE", "");
    phone.send(message).await;
    phone.expect("405").await;
    assert_eq!(start(&phone.register("500001", 0).await), "200");
    until(&sim, |sim| !sim.world().is_phone_outside("500001")).await;
    assert_eq!(start(&phone.register("500001", 1).await), "200");
    until(&sim, |sim| !sim.world().is_phone_outside("500001")).await;
    assert_eq!(start(&phone.register("500001", 600).await), "200");
    drop(phone);
    until(&sim, |sim| !sim.world().is_phone_outside("500001")).await;
    let mut stranger = Softphone::connect(&server, "999999").await;
    assert_eq!(start(&stranger.register("999999", 600).await), "404");
}

#[tokio::test]
async fn a_dial_over_rest_rings_the_softphone_and_ends_in_the_cdr() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = Softphone::registered(&server, "500001").await;
    let ucid = dial(&sim, "9000000001").await;
    let invite = phone.expect("INVITE").await;
    assert_eq!(value(&invite, "X-UCID").as_deref(), Some(&*ucid));
    assert_eq!(value(&invite, "X-DID").as_deref(), Some("918000000001"));
    assert_eq!(value(&invite, "X-ACCOUNT").as_deref(), Some("acme_support"));
    assert_eq!(value(&invite, "X-CALLERNO"), None);
    assert!(body(&invite).contains("a=setup:actpass") && !body(&invite).contains("candidate"));
    assert_eq!(last(&sim).stage, CallStage::AgentRinging);
    phone.pick_up(&invite).await;
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;

    let hold = OFFER.replace("sendrecv", "sendonly");
    phone.within(&invite, "INVITE", &hold).await;
    let agreed = phone.expect("200").await;
    assert!(body(&agreed).contains("a=recvonly"), "{agreed}");
    phone.within(&invite, "ACK", "").await;
    until(&sim, |sim| last(sim).held_since.is_some()).await;
    sim.advance(Duration::from_secs(40)).await;
    phone.within(&invite, "INVITE", OFFER).await;
    phone.expect("200").await;
    phone.within(&invite, "ACK", "").await;
    until(&sim, |sim| last(sim).held_since.is_none()).await;
    sim.advance(Duration::from_secs(600)).await;
    phone.within(&invite, "INFO", "").await;
    phone.expect("200").await;
    phone.within(&invite, "BYE", "").await;
    phone.expect("200").await;
    until(&sim, |sim| sim.world().agent("agent01").unwrap().state == AgentState::Acw).await;
    let call = last(&sim);
    assert_eq!((call.stage, call.legs[0].hangup_by), (CallStage::Ended, "AgentHangup"));
    assert!((40..300).contains(&call.legs[0].held_s), "{}", call.legs[0].held_s);
    phone.within(&invite, "BYE", "").await;
    phone.expect("481").await;

    sim.change(|world| world.change_state("agent01", "Ready", None)).unwrap();
    dial(&sim, "9000000001").await;
    let invite = phone.expect("INVITE").await;
    phone.pick_up(&invite).await;
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;
    let ucid = last(&sim).ucid().to_string();
    sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    let bye = phone.expect("BYE").await;
    phone.reply(&bye, 200, None).await;
    assert_eq!(last(&sim).legs[0].hangup_by, "UserHangup");
    assert_eq!(sim.world().calls().iter().filter(|c| c.answered()).count(), 2);
    server.stop().await;
}

#[tokio::test]
async fn an_inbound_call_names_its_caller_and_is_cancelled_or_declined() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = Softphone::registered(&server, "500001").await;
    let arrived = sim.inbound("918000000001", "9000000002").unwrap();
    let invite = phone.expect("INVITE").await;
    assert_eq!(value(&invite, "X-CALLERNO").as_deref(), Some("09000000002"));
    assert_eq!(value(&invite, "X-UCID"), Some(arrived.ucid.to_string()));
    phone.reply(&invite, 180, None).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    sim.phone(&arrived.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    let cancel = phone.expect("CANCEL").await;
    assert_eq!(value(&cancel, "Via"), value(&invite, "Via"));
    phone.reply(&cancel, 200, None).await;
    phone.reply(&invite, 487, None).await;
    phone.expect("ACK").await;

    let second = sim.inbound("918000000001", "+12025550100").unwrap();
    let invite = phone.expect("INVITE").await;
    assert_eq!(value(&invite, "X-CALLERNO").as_deref(), Some("+12025550100"));
    phone.reply(&invite, 603, None).await;
    let ack = phone.expect("ACK").await;
    assert!(value(&ack, "To").unwrap().ends_with("tag=t1"));
    let leg = |sim: &Sim| sim.world().call(second.ucid).unwrap().legs[0].clone();
    until(&sim, |sim| leg(sim).ended.is_some()).await;
    assert_eq!(leg(&sim).agent_status, "Rejected");
}

#[tokio::test]
async fn an_answer_that_crosses_the_end_is_acknowledged_and_hung_up() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = Softphone::registered(&server, "500001").await;
    let arrived = sim.inbound("918000000001", "9000000002").unwrap();
    let invite = phone.expect("INVITE").await;
    sim.phone(&arrived.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    // Not even a provisional response was there: nothing may be cancelled yet.
    phone.reply(&invite, 200, Some(OFFER)).await;
    phone.expect("ACK").await;
    phone.expect("BYE").await;
    assert!(!sim.world().call(arrived.ucid).unwrap().answered());
}

#[tokio::test]
async fn a_hold_before_the_customer_is_there_counts_from_the_answer() {
    let sim = Sim::builder().seed(7).manual().build();
    let server = sim.serve().await.unwrap();
    open_toolbar(&sim);
    let mut phone = Softphone::registered(&server, "500001").await;
    let ucid = dial(&sim, "9000000001").await;
    let invite = phone.expect("INVITE").await;
    phone.pick_up(&invite).await;
    until(&sim, |sim| last(sim).stage == CallStage::CustomerRinging).await;
    let hold = OFFER.replace("sendrecv", "inactive");
    phone.within(&invite, "INVITE", &hold).await;
    phone.expect("200").await;
    phone.within(&invite, "ACK", "").await;
    assert_eq!(last(&sim).held_since, None);
    sim.phone(&ucid, LegSide::Customer, PhoneAction::Answer).unwrap();
    until(&sim, |sim| last(sim).held_since.is_some()).await;
    // What is asked for over REST is one truth with it.
    let client = sim.client();
    let unhold = client.call_control().unhold(ucid.parse().unwrap(), "918000000001", "agent01");
    unhold.await.unwrap();
    assert_eq!(last(&sim).held_since, None);
}

#[tokio::test]
async fn two_softphones_get_each_others_descriptions() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut agent = Softphone::registered(&server, "500001").await;
    let mut customer = Softphone::registered(&server, "500002").await;
    dial(&sim, "500002").await;
    let invite = agent.expect("INVITE").await;
    assert_eq!(body(&invite), "");
    let offer = OFFER.replace("AA:BB", "0A").replace("setup:active", "setup:actpass");
    agent.reply(&invite, 180, None).await;
    agent.reply(&invite, 200, Some(&offer)).await;
    let other = customer.expect("INVITE").await;
    assert_eq!((body(&other), value(&other, "X-CALLERNO")), (&*offer, None));
    assert_eq!(last(&sim).stage, CallStage::CustomerRinging);
    let answer = OFFER.replace("AA:BB", "0C");
    customer.reply(&other, 180, None).await;
    customer.reply(&other, 200, Some(&answer)).await;
    customer.expect("ACK").await;
    assert_eq!(body(&agent.expect("ACK").await), answer);
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;

    let hold = offer.replace("sendrecv", "sendonly");
    customer.within(&other, "INVITE", &hold).await;
    let passed = agent.expect("INVITE").await;
    assert_eq!(body(&passed), hold);
    let agreed = answer.replace("sendrecv", "recvonly").replace("0C", "0A");
    agent.reply(&passed, 200, Some(&agreed)).await;
    agent.expect("ACK").await;
    assert_eq!(body(&customer.expect("200").await), agreed);
    customer.within(&other, "ACK", "").await;
    assert_eq!(last(&sim).held_since, None, "the customer's hold is not the agent's");

    agent.within(&invite, "INVITE", &hold).await;
    let passed = customer.expect("INVITE").await;
    customer.reply(&passed, 200, Some(&agreed)).await;
    customer.expect("ACK").await;
    agent.expect("200").await;
    agent.within(&invite, "ACK", "").await;
    until(&sim, |sim| last(sim).held_since.is_some()).await;

    customer.within(&other, "BYE", "").await;
    customer.expect("200").await;
    agent.expect("BYE").await;
    until(&sim, |sim| last(sim).stage == CallStage::Ended).await;
    assert_eq!(last(&sim).legs[0].hangup_by, "UserHangup");
}

fn settings(server: &Server) -> SocketSettings {
    let agent = AgentIdentity::new("acme_support", "agent01", 1001);
    SocketSettings::new(&format!("{}?agentId=agent01", server.mdl_url()), agent).unwrap()
}

#[tokio::test]
async fn a_dial_over_the_agent_socket_is_the_same_call_everywhere() {
    let (sim, server) = serve().await;
    is_the_same_call(sim, server, "simCallEnded").await;
}

#[tokio::test]
async fn an_answered_call_ends_with_the_token_that_is_set() {
    let (sim, server) = serve_with("drop_call_ends_all = true").await;
    is_the_same_call(sim, server, "dropCall").await;
}

/// Dials, talks and hangs up; the agent's socket is told the end by this token.
async fn is_the_same_call(sim: Sim, server: Server, ends: &'static str) {
    let mut phone = Softphone::registered(&server, "500001").await;
    let (mut events, sender) = settings(&server).connect().unwrap();
    let mut seen = Vec::new();
    while !matches!(events.next().await, Some(Ok(SocketEvent::Link(LinkState::Up)))) {}
    assert_eq!(sim.world().agent("agent01").unwrap().login_kind(), Some(LoginKind::Toolbar));
    let polled = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let Ok(SocketEvent::Push(token)) = event else { continue };
            let over = token.kind() == Some(ends);
            seen.push(token);
            if over {
                break;
            }
        }
        seen
    });
    let outcome = sender.dial(ManualDial::new(77, "9000000001", "500001")).await;
    let DialOutcome::Accepted(Some(ucid)) = outcome else { panic!("{outcome:?}") };
    let ucid = ucid.to_string();
    let invite = phone.expect("INVITE").await;
    assert_eq!(value(&invite, "X-UCID").as_deref(), Some(&*ucid));
    phone.pick_up(&invite).await;
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;
    phone.within(&invite, "BYE", "").await;
    phone.expect("200").await;
    let seen = tokio::time::timeout(Duration::from_secs(20), polled).await.unwrap().unwrap();
    let kinds: Vec<&str> = seen.iter().filter_map(|t| t.kind()).collect();
    assert!(kinds.contains(&"simRinging") && kinds.contains(&"simAgentState"), "{kinds:?}");
    let answered = seen.iter().find(|t| t.kind() == Some("busyAgent")).unwrap();
    let SocketPush::Answered(call) = answered.push() else { panic!("{answered:?}") };
    assert_eq!(call.ucid.unwrap().to_string(), ucid);
    assert_eq!(sim.effects("dial"), 1);
    let entry = sim.requests().into_iter().find(|e| e.effect == Some("dial")).unwrap();
    assert_eq!((&*entry.method, &*entry.path), ("WS", "/mdl"));
    assert_eq!(entry.body["usId"], "***");
}

#[tokio::test]
async fn every_fault_of_the_socket_leaves_one_outcome_and_at_most_one_dial() {
    // Kind, dials placed, whether a reply is the outcome.
    for (kind, dials, replied) in [
        (FaultKind::Silence, 1, false),
        (FaultKind::HalfOpen, 0, false),
        (FaultKind::CloseBefore, 0, false),
        (FaultKind::Cut, 1, false),
        (FaultKind::CloseAfter, 1, true),
        (FaultKind::Duplicate, 1, true),
        (FaultKind::Delay, 1, true),
        (FaultKind::NonJson, 1, true),
        (FaultKind::Giant, 1, false),
        (FaultKind::Reorder, 1, false),
    ] {
        let (sim, server) = serve().await;
        let (mut events, sender) = settings(&server).connect().unwrap();
        while !matches!(events.next().await, Some(Ok(SocketEvent::Link(LinkState::Up)))) {}
        let mut told = sim.subscribe();
        assert!(sim.fault(Fault::new(kind).on("mdl").delay(Duration::from_millis(20))));
        let polled = tokio::spawn(async move { while events.next().await.is_some() {} });
        let dial = ManualDial::new(77, "9000000001", "500001");
        let dial = ManualDial { wait: Some(Duration::from_millis(700)), ..dial };
        let outcome = sender.dial(dial).await;
        let fits = match &outcome {
            DialOutcome::Accepted(ucid) => replied && ucid.is_some(),
            DialOutcome::Unknown(_) => !replied,
            _ => false,
        };
        assert!(fits, "{kind:?}: {outcome:?}");
        assert_eq!(sim.effects("dial"), dials, "{kind:?}");
        assert_eq!(sim.faults_waiting(), 0);
        let rang = std::iter::from_fn(|| told.try_recv().ok());
        assert_eq!(rang.filter(|e| e.kind == EventKind::AgentRinging).count(), dials);
        polled.abort();
    }
}
