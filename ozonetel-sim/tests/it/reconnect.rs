//! Softphones over real sockets: connections that break, pages that are loaded again, what cannot be rung.

use std::time::Duration;

use ozonetel_sim::Sim;
use ozonetel_sim::world::{CONNECTION_LOST, CallStage, LegSide, PhoneAction};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::phone::{dial, last, open_toolbar, serve, until};
use crate::softphone::{OFFER, Softphone, body, start, value};

const INSTANCE: &str = "\"<urn:uuid:00000000-0000-4000-8000-000000000001>\"";

/// Longer than a softphone may be away at the speed of these worlds, and less than a customer waits.
const AWAY: Duration = Duration::from_secs(10);

async fn registered(server: &ozonetel_sim::Server, instance: &str) -> Softphone {
    let mut phone = Softphone::connect(server, "500001").await;
    phone.instance = Some(instance.into());
    assert_eq!(start(&phone.register("500001", 600).await), "200");
    phone
}

/// A softphone that talks, its INVITE and the call's id.
async fn talking(sim: &Sim, server: &ozonetel_sim::Server) -> (Softphone, String, String) {
    open_toolbar(sim);
    let mut phone = registered(server, INSTANCE).await;
    let ucid = dial(sim, "9000000001").await;
    let invite = phone.expect("INVITE").await;
    phone.pick_up(&invite).await;
    until(sim, |sim| last(sim).stage == CallStage::Talking).await;
    (phone, invite, ucid)
}

fn is_lost(sim: &Sim) -> bool {
    last(sim).legs[0].lost.is_some()
}

#[tokio::test]
async fn a_socket_that_breaks_in_mid_call_is_continued_by_the_same_softphone() {
    let (sim, server) = serve().await;
    let (phone, invite, _) = talking(&sim, &server).await;
    let mut phone = phone.reconnect(&server).await;
    until(&sim, |sim| !is_lost(sim)).await;
    sim.advance(AWAY).await;
    assert_eq!(last(&sim).stage, CallStage::Talking);
    phone.within(&invite, "BYE", "").await;
    phone.expect("200").await;
    until(&sim, |sim| last(sim).stage == CallStage::Ended).await;
    assert_eq!(last(&sim).legs[0].hangup_by, "AgentHangup");
}

#[tokio::test]
async fn a_bye_for_a_softphone_that_was_away_reaches_its_new_connection() {
    let (sim, server) = serve().await;
    let (phone, _, ucid) = talking(&sim, &server).await;
    let again = Softphone::connect(&server, "500001").await;
    let contact = phone.contact.clone();
    drop(phone);
    until(&sim, is_lost).await;
    sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    let mut again = again;
    (again.contact, again.instance) = (contact, Some(INSTANCE.into()));
    assert_eq!(start(&again.register("500001", 600).await), "200");
    let bye = again.expect("BYE").await;
    again.reply(&bye, 200, None).await;
    assert_eq!(last(&sim).legs[0].hangup_by, "UserHangup");
}

#[tokio::test]
async fn another_instance_continues_nothing_and_stops_no_clock() {
    let (sim, server) = serve().await;
    let (phone, _, ucid) = talking(&sim, &server).await;
    let old = phone.contact.clone();
    drop(phone);
    until(&sim, is_lost).await;
    let mut page = registered(&server, "\"<urn:uuid:00000000-0000-4000-8000-000000000002>\"").await;
    assert!(is_lost(&sim), "the clock runs on");
    sim.advance(AWAY).await;
    assert_eq!(last(&sim).legs[0].hangup_by, CONNECTION_LOST);
    assert_eq!(last(&sim).state_word(), "held");
    // The page was sent nothing of the old call: an answer to its own question comes next.
    let options = page.request("OPTIONS", "");
    page.send(options).await;
    page.expect("200").await;
    // The old one, should it come after all, is not left with a ghost.
    let mut ghost = Softphone::connect(&server, "500001").await;
    (ghost.contact, ghost.instance) = (old, Some(INSTANCE.into()));
    assert_eq!(start(&ghost.register("500001", 600).await), "200");
    ghost.expect("BYE").await;
    assert!(sim.world().calls().by_text(&ucid).unwrap().live());
}

#[tokio::test]
async fn a_page_that_was_loaded_again_is_rung_into_the_same_call() {
    let (sim, server) = serve().await;
    let (phone, _, ucid) = talking(&sim, &server).await;
    drop(phone);
    until(&sim, is_lost).await;
    let mut page = registered(&server, "\"<urn:uuid:00000000-0000-4000-8000-000000000002>\"").await;
    let client = sim.client();
    let asked = |action: &str, number: &str| {
        serde_json::json!({"userName": "acme_support", "action": action, "ucid": ucid,
            "did": "918000000001", "agentPhoneName": "agent01", "conferenceNumber": number})
    };
    for action in ["KICK_CALL", "CONFERENCE"] {
        let token = sim.change(ozonetel_sim::world::World::issue_token).unwrap();
        let request = http::Request::post("/ca_apis/CallControl_V4")
            .header("authorization", format!("Bearer {token}"))
            .body(bytes::Bytes::from(asked(action, "500001").to_string()))
            .unwrap();
        let ozonetel_sim::FaultyResponse::Whole(answer) = sim.handle(&request) else { panic!() };
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains("Success"), "{action}: {text}");
    }
    drop(client);
    let invite = page.expect("INVITE").await;
    assert_eq!(value(&invite, "X-UCID").as_deref(), Some(&*ucid), "the same call");
    page.pick_up(&invite).await;
    until(&sim, |sim| last(sim).state_word() == "answered").await;
    page.within(&invite, "BYE", "").await;
    page.expect("200").await;
    until(&sim, |sim| last(sim).stage == CallStage::Ended).await;
    let words: Vec<&str> = last(&sim).legs.iter().map(|leg| leg.hangup_by).collect();
    assert_eq!(words, [CONNECTION_LOST, "AgentHangup"]);
}

#[tokio::test]
async fn a_customers_softphone_hears_the_agents_new_one() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut agent = registered(&server, INSTANCE).await;
    let mut customer = Softphone::registered(&server, "500002").await;
    let ucid = dial(&sim, "500002").await;
    let invite = agent.expect("INVITE").await;
    agent.pick_up_late(&invite).await;
    let other = customer.expect("INVITE").await;
    customer.reply(&other, 200, Some(OFFER)).await;
    customer.expect("ACK").await;
    agent.expect("ACK").await;
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;
    drop(agent);
    until(&sim, is_lost).await;
    let mut page = registered(&server, "\"<urn:uuid:00000000-0000-4000-8000-000000000002>\"").await;
    sim.change(|world| {
        for what in [
            ozonetel_sim::world::CallControl::Kick("500001".into()),
            ozonetel_sim::world::CallControl::Conference("500001".into()),
        ] {
            world.control(&ucid, "918000000001", "agent01", &what).unwrap();
        }
    });
    let invite = page.expect("INVITE").await;
    assert_eq!(body(&invite), "", "it makes the offer");
    let offer = OFFER.replace("AA:BB", "0B");
    page.reply(&invite, 200, Some(&offer)).await;
    let passed = customer.expect("INVITE").await;
    assert_eq!(body(&passed), offer);
    let answer = OFFER.replace("AA:BB", "0C");
    customer.reply(&passed, 200, Some(&answer)).await;
    customer.expect("ACK").await;
    assert_eq!(body(&page.expect("ACK").await), answer);
    until(&sim, |sim| last(sim).state_word() == "answered").await;
    customer.within(&other, "BYE", "").await;
    customer.expect("200").await;
    page.expect("BYE").await;
}

#[tokio::test]
async fn a_colleague_on_a_softphone_is_connected_with_the_customers_after_a_transfer() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    sim.change(|world| world.login("agent03", "secret", "500003")).unwrap();
    let mut agent = registered(&server, INSTANCE).await;
    let mut customer = Softphone::registered(&server, "500002").await;
    let mut colleague = Softphone::registered(&server, "500003").await;
    let ucid = dial(&sim, "500002").await;
    let invite = agent.expect("INVITE").await;
    agent.pick_up_late(&invite).await;
    let other = customer.expect("INVITE").await;
    customer.reply(&other, 200, Some(OFFER)).await;
    customer.expect("ACK").await;
    agent.expect("ACK").await;
    until(&sim, |sim| last(sim).stage == CallStage::Talking).await;
    let control = |what| {
        sim.change(|world| world.control(&ucid, "918000000001", "agent01", &what)).unwrap();
    };
    control(ozonetel_sim::world::CallControl::Conference("500003".into()));
    let into = colleague.expect("INVITE").await;
    assert!(body(&into).contains("a=setup:active"), "its part must fit the customer's");
    colleague.pick_up(&into).await;
    until(&sim, |sim| last(sim).parties[0].joined.is_some()).await;
    control(ozonetel_sim::world::CallControl::Kick("500001".into()));
    agent.expect("BYE").await;
    let asked = colleague.expect("INVITE").await;
    assert_eq!(body(&asked), "");
    let offer = OFFER.replace("AA:BB", "0D");
    colleague.reply(&asked, 200, Some(&offer)).await;
    let passed = customer.expect("INVITE").await;
    assert_eq!(body(&passed), offer);
    customer.reply(&passed, 200, Some(OFFER)).await;
    customer.expect("ACK").await;
    assert_eq!(body(&colleague.expect("ACK").await), OFFER);
}

#[tokio::test]
async fn a_ring_ends_at_once_when_its_connection_breaks() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = registered(&server, INSTANCE).await;
    let arrived = sim.inbound("918000000001", "9000000002").unwrap();
    phone.expect("INVITE").await;
    drop(phone);
    let leg = |sim: &Sim| sim.world().call(arrived.ucid).unwrap().legs[0].clone();
    until(&sim, |sim| leg(sim).ended.is_some()).await;
    assert_eq!(leg(&sim).agent_status, "NetworkOutOfOrder");
}

#[tokio::test]
async fn a_contact_that_cannot_be_written_is_refused_at_the_door() {
    let (sim, server) = serve().await;
    for contact in ["sip:500001@agent_desk.invalid;transport=ws", "sip:500001@a.invalid?X-A=1"] {
        let mut phone = Softphone::connect(&server, "500001").await;
        phone.contact = contact.into();
        let answer = phone.register("500001", 600).await;
        assert_eq!(start(&answer), "400", "{contact}: {answer}");
        assert!(!sim.world().is_phone_outside("500001"));
    }
}

#[tokio::test]
async fn an_answer_whose_contact_cannot_be_written_fails_the_leg_with_a_reason() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = registered(&server, INSTANCE).await;
    let arrived = sim.inbound("918000000001", "9000000002").unwrap();
    let invite = phone.expect("INVITE").await;
    let written = phone.contact.clone();
    phone.contact = "sip:500001@agent_desk.invalid;transport=ws".into();
    phone.reply(&invite, 200, Some(OFFER)).await;
    for method in ["ACK", "BYE"] {
        let message = phone.expect(method).await;
        assert!(message.starts_with(&format!("{method} {written} ")), "{message}");
    }
    let leg = |sim: &Sim| sim.world().call(arrived.ucid).unwrap().legs[0].clone();
    until(&sim, |sim| leg(sim).ended.is_some()).await;
    assert_eq!(leg(&sim).agent_status, "ProtocolError");
    assert!(leg(&sim).reason.contains("Contact"), "{}", leg(&sim).reason);
}

#[tokio::test]
async fn a_withheld_caller_rings_without_a_number() {
    let (sim, server) = serve().await;
    open_toolbar(&sim);
    let mut phone = registered(&server, INSTANCE).await;
    for (caller, header) in [("anonymous", Some("anonymous")), ("", None)] {
        let arrived = sim.inbound("918000000001", caller).unwrap();
        let invite = phone.expect("INVITE").await;
        let from = value(&invite, "From").unwrap();
        assert!(from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"), "{from}");
        assert_eq!(value(&invite, "X-CALLERNO").as_deref(), header);
        assert_eq!(value(&invite, "Privacy").as_deref(), Some("id"));
        phone.reply(&invite, 486, None).await;
        phone.expect("ACK").await;
        sim.change(|world| world.disconnect(&arrived.ucid.to_string()));
    }
}

#[tokio::test]
async fn with_the_switch_on_only_the_browser_with_the_agents_socket_rings() {
    let sim = Sim::builder().seed(7).rings_browser_only().build();
    let server = sim.serve().await.unwrap();
    let page = "http://localhost:5173";
    let mut browser = Softphone::connect_from(&server, "500001", Some(page)).await;
    assert_eq!(start(&browser.register("500001", 600).await), "200");
    let mut other = Softphone::connect(&server, "500001").await;
    other.contact = "sip:other@b.invalid;transport=ws".into();
    assert_eq!(start(&other.register("500001", 600).await), "200");
    let socket = |origin: Option<&'static str>| {
        let mut request =
            format!("{}?agentId=agent01", server.mdl_url()).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        request
    };
    // A program's socket: nothing rings.
    let (mut program, _) = connect_async(socket(None)).await.unwrap();
    until(&sim, |sim| sim.world().agent("agent01").unwrap().login.is_some()).await;
    let ucid = dial(&sim, "9000000001").await;
    for phone in [&mut browser, &mut other] {
        let options = phone.request("OPTIONS", "");
        phone.send(options).await;
        phone.expect("200").await;
    }
    assert_eq!(last(&sim).stage, CallStage::AgentRinging);
    sim.change(|world| world.disconnect(&ucid));
    // The browser's: it rings there, although the other one registered later.
    let (mut tab, _) = connect_async(socket(Some(page))).await.unwrap();
    futures_util::StreamExt::next(&mut tab).await.unwrap().unwrap();
    dial(&sim, "9000000001").await;
    browser.expect("INVITE").await;
    let _ = (program.close(None).await, tab.close(None).await);
}

#[tokio::test]
async fn an_agent_socket_whose_peer_never_reads_takes_no_more_pings() {
    let (_sim, server) = serve().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "GET /mdl?agentId=agent01 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    let mut ping = vec![0x89, 0xfd, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let pings = ping.repeat(8192);
    // What neither end has read fits into the buffers of the two sockets: then writing stops.
    let mut sent = 0;
    let wait = Duration::from_millis(500);
    while tokio::time::timeout(wait, stream.write_all(&pings)).await.is_ok_and(|sent| sent.is_ok())
    {
        sent += pings.len();
        assert!(sent < 64 << 20, "the server reads on, and keeps {sent} bytes of pongs");
    }
}
