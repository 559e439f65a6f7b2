//! Dials over the agent's socket: what must not happen, does not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::core::caller::Role;
use desk::core::dial::{DialState, DialWay};
use desk::flow::agent_lines::tab::{FromTab, TabCarrier, ToTab};
use desk::flow::agent_socket::hold;
use desk::flow::dialing::{DialOrder, DialReply, dial};
use desk::store::audit::AuditRow;
use desk::store::memory::Stop;
use desk::store::users::{AgentLink, User, UserLogin};
use desk::store::{Dials as _, Memory, Store};
use desk::work::settle;
use desk::{AgentSocketSettings, Desk, Settings, SocketHolder};
use ozonetel_sdk::mdl::{SocketConnector, Token};
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sim::Sim;
use ozonetel_sim::world::{Setup, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::floor::{CDR, DAY, DIAL, Floor, records, settings};
use crate::handling::Browser;

/// A link of agent01, so that dials go this way.
pub(crate) async fn link(desk: &Desk, way: DialWay, extension: &str) {
    link_of_agent01(&**desk.store(), way, extension).await;
}

/// The same in a store that no desk runs on yet.
pub(crate) async fn link_of_agent01(store: &dyn Store, way: DialWay, extension: &str) {
    let user = User {
        id: "u01".into(),
        email: "agent01@example.test".into(),
        name: "Agent One".into(),
        role: Role::Agent,
        has_password: false,
        must_change: false,
        disabled: false,
        made_at: 0,
    };
    let row = |action: &str| AuditRow::of_desk(0, action, "user:u01");
    if store.user("u01").await.unwrap().is_none() {
        store.add_user(UserLogin { user, hash: None }, row("user.add")).await.unwrap();
    }
    let link = AgentLink {
        phone_name: Some("agent01".into()),
        extension: Some(extension.into()),
        unique_id: Some("1001".into()),
        campaign_id: Some("77".into()),
        dial_way: Some(way),
        ..AgentLink::new("u01", "agent01")
    };
    store.set_link(link, row("link.set")).await.unwrap();
}

pub(crate) fn socket_settings(holder: SocketHolder) -> Settings {
    let (url, account) = ("ws://agent.example.test/mdl?agentId={agent}", "acme_support");
    let socket = AgentSocketSettings { url: url.into(), account: account.into(), holder };
    Settings { agent_socket: Some(socket), ..settings() }
}

/// What the service does with the next dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Play {
    /// Dials and replies, without a UCID.
    NoUcid,
    /// Dials, and the connection breaks before the reply.
    Loses,
    /// Breaks before the token arrives.
    LosesBefore,
    /// Dials and replies after half a minute.
    Late,
    /// Dials and replies after half a minute that it failed, beside the call's id.
    LateContradiction,
}

/// The service behind the agent's socket: the simulator, as a tab would carry its frames.
struct Service {
    sim: Sim,
    carrier: Arc<TabCarrier>,
    plays: Arc<Mutex<VecDeque<Play>>>,
}

impl Service {
    async fn serve(self, mut told: mpsc::Receiver<ToTab>) {
        while let Some(frame) = told.recv().await {
            match frame {
                ToTab::Open { connection, .. } => {
                    self.carrier.hear(FromTab::Opened { connection }).await;
                    let welcome = json!({"type": "welcome", "usId": "u", "browserSessionId": "b"});
                    self.say(connection, &welcome).await;
                }
                ToTab::Send { connection, text } => {
                    let token = Token::parse(&text).unwrap();
                    if token.kind() == Some("ping") {
                        let (_, reply) = self.sim.socket_token(&token);
                        self.say(connection, &Value::from(reply.fields().clone())).await;
                    } else {
                        self.dial(connection, &token).await;
                    }
                }
                ToTab::Close { .. } => {}
            }
        }
    }

    async fn say(&self, connection: u64, token: &Value) {
        self.carrier.hear(FromTab::Received { connection, text: token.to_string() }).await;
    }

    async fn dial(&self, connection: u64, token: &Token) {
        let play = self.plays.lock().unwrap().pop_front();
        if play == Some(Play::LosesBefore) {
            return self.carrier.hear(FromTab::Closed { connection, code: None }).await;
        }
        let (_, reply) = self.sim.socket_token(token);
        let mut reply = reply.fields().clone();
        match play {
            Some(Play::Loses) => {
                return self.carrier.hear(FromTab::Closed { connection, code: None }).await;
            }
            Some(Play::NoUcid) => {
                reply.remove("ucid");
            }
            Some(late @ (Play::Late | Play::LateContradiction)) => {
                if late == Play::LateContradiction {
                    reply.insert("resp".into(), "Failure:tbManualDial~MANUAL".into());
                }
                let carrier = Arc::clone(&self.carrier);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                    let text = Value::from(reply).to_string();
                    carrier.hear(FromTab::Received { connection, text }).await;
                });
                return;
            }
            _ => {}
        }
        self.say(connection, &Value::from(reply)).await;
    }
}

/// Opens agent01's socket; it closes when the token is dropped.
async fn open_socket(sim: &Sim, desk: &Desk, plays: &[Play]) -> tokio_util::sync::DropGuard {
    let (carrier, told) = TabCarrier::new("ws://agent.example.test/mdl");
    let carrier = Arc::new(carrier);
    let plays = Arc::new(Mutex::new(plays.iter().copied().collect()));
    let service = Service { sim: sim.clone(), carrier: Arc::clone(&carrier), plays };
    tokio::spawn(service.serve(told));
    let (end, held) = (CancellationToken::new(), desk.clone());
    let ended = end.clone();
    tokio::spawn(async move {
        let connector: Arc<dyn SocketConnector> = carrier;
        hold(&held, &"agent01".into(), 1001, Some(connector), &ended).await;
    });
    let line = loop {
        match desk.agent_sockets().line(&"agent01".into()) {
            Some(line) => break line,
            None => tokio::task::yield_now().await,
        }
    };
    line.sender().ready().await.unwrap();
    end.drop_guard()
}

async fn floor(plays: &[Play]) -> (Floor, tokio_util::sync::DropGuard) {
    let floor = Floor::with(Setup::default(), socket_settings(SocketHolder::Desk));
    floor.post("agent-login", &json!({})).await.ok();
    link(&floor.desk, DialWay::Socket, "500001").await;
    let socket = open_socket(&floor.sim, &floor.desk, plays).await;
    (floor, socket)
}

fn dialled(floor: &Floor) -> String {
    floor.sim.state()["calls"][0]["ucid"].as_str().unwrap().to_owned()
}

fn invite(ucid: &str) -> Value {
    json!({"event": "invite", "headers": {"X-UCID": ucid, "Call-ID": "c1"}, "at": 1})
}

#[tokio::test(start_paused = true)]
async fn a_dial_over_the_socket_rings_once_and_no_other_way() {
    let (floor, _socket) = floor(&[]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok();
    assert_eq!(first.text("ucid"), dialled(&floor));
    assert_eq!(browser.dial("k1", "9000000001").await.ok().json, first.json);
    browser.dial("k2", "9000000002").await.problem(409);
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("way"), row.text("state")), ("socket", "accepted"));
    floor.wait(5).await;
    let call = browser.get(&format!("/api/calls/{}", first.text("ucid"))).await.ok();
    assert_eq!(
        (&call.json["number"], &call.json["dial"]["id"]),
        (&json!("9000000001"), &row.json["id"])
    );
    assert_eq!((floor.sim.effects("dial"), floor.count(DIAL)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn two_clicks_over_the_socket_ring_once() {
    let (floor, _socket) = floor(&[]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let (one, other) =
        tokio::join!(browser.dial("k1", "9000000001"), browser.dial("k1", "9000000001"));
    assert_eq!(one.ok().json, other.ok().json);
    let (one, other) =
        tokio::join!(browser.dial("k2", "9000000001"), browser.dial("k3", "9000000001"));
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (409, 409));
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_lost_in_mid_dial_is_settled_by_the_invite_and_falls_back_to_nothing() {
    let (floor, _socket) = floor(&[Play::Loses]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    browser.dial("k1", "9000000001").await.problem(504);
    browser.dial("k2", "9000000001").await.problem(409);
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("state"), &row.json["ucid"]), ("unknown", &Value::Null));
    let answer = browser.post("/api/phone/events", &invite(&dialled(&floor))).await.ok();
    assert_eq!(answer.text("shownAs"), "own");
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("state"), row.text("ucid")), ("settled_happened", &*dialled(&floor)));
    let call = browser.get(&format!("/api/calls/{}", dialled(&floor))).await.ok().json;
    assert_eq!((&call["dial"]["id"], &call["direction"]), (&row.json["id"], &json!("outbound")));
    assert_eq!(browser.dial("k1", "9000000001").await.ok().text("ucid"), dialled(&floor));
    assert_eq!((floor.sim.effects("dial"), floor.count(DIAL)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_lost_dial_is_in_the_call_records() {
    for (play, happened) in [(Play::Loses, true), (Play::LosesBefore, false)] {
        let (floor, _socket) = floor(&[play]).await;
        let browser = Browser::new(&floor, Role::Agent).await;
        browser.dial("k1", "9000000001").await.problem(504);
        assert_eq!(settle::look(&floor.desk).await, Ok(0), "nothing was read yet");
        floor.wait(30).await;
        floor.sync().await;
        let settled = settle::look(&floor.desk).await.unwrap();
        assert_eq!(settled, usize::from(happened), "a row may still come");
        floor.wait(400).await;
        floor.sync().await;
        settle::look(&floor.desk).await.unwrap();
        let row = browser.get("/api/dials/k1").await.ok();
        let word = if happened { "settled_happened" } else { "settled_not_happened" };
        assert_eq!(row.text("state"), word);
        assert_eq!(row.json["ucid"].is_string(), happened);
        assert_eq!(floor.sim.effects("dial"), usize::from(happened));
        assert!(floor.count(CDR) > 0 && floor.count(DIAL) == 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_a_ucid_is_a_call_once_its_invite_has_come() {
    let (floor, _socket) = floor(&[Play::NoUcid]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok();
    assert_eq!((&first.json["ucid"], first.text("state")), (&Value::Null, "accepted"));
    browser.post("/api/phone/events", &invite(&dialled(&floor))).await.ok();
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("state"), row.text("ucid")), ("accepted", &*dialled(&floor)));
    let call = browser.get(&format!("/api/calls/{}", dialled(&floor))).await.ok().json;
    assert_eq!((&call["number"], &call["dial"]["id"]), (&json!("9000000001"), &row.json["id"]));
    // An INVITE of another call names no one else's dial.
    browser.post("/api/phone/events", &invite("90000000000000009")).await.ok();
    assert_eq!(browser.get("/api/dials/k1").await.ok().text("ucid"), dialled(&floor));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_late_settles_its_dial() {
    let (floor, _socket) = floor(&[Play::Late]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    browser.dial("k1", "9000000001").await.problem(504);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("state"), row.text("ucid")), ("settled_happened", &*dialled(&floor)));
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_failure_beside_a_call_leaves_its_dial_unknown() {
    let (floor, _socket) = floor(&[Play::LateContradiction]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    browser.dial("k1", "9000000001").await.problem(504);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(browser.get("/api/dials/k1").await.ok().text("state"), "unknown");
}

#[tokio::test(start_paused = true)]
async fn without_a_socket_nothing_is_sent_and_the_setting_is_named() {
    let floor = Floor::with(Setup::default(), socket_settings(SocketHolder::Desk));
    floor.post("agent-login", &json!({})).await.ok();
    link(&floor.desk, DialWay::Socket, "500001").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let problem = browser.dial("k1", "9000000001").await.problem(409);
    assert_eq!(problem.text("reason"), "no_agent_socket");
    assert!(problem.text("message").contains("DESK_AGENT_SOCKET"), "{}", problem.json);
    assert_eq!(browser.get("/api/dials/k1").await.ok().text("state"), "not_sent");
    // It blocks nothing, and is answered the same again.
    browser.dial("k1", "9000000001").await.problem(409);
    let socket = open_socket(&floor.sim, &floor.desk, &[]).await;
    browser.dial("k2", "9000000001").await.ok();
    assert_eq!((floor.sim.effects("dial"), floor.count(DIAL)), (1, 0));
    drop(socket);
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_phone_does_not_ring_is_told_which_setting_to_look_at() {
    for (way, setting) in [(DialWay::Socket, "DESK_AGENT_SOCKET"), (DialWay::Agent, "DESK_DIAL")] {
        let (floor, _socket) = floor(&[]).await;
        link(&floor.desk, way, "500001").await;
        let browser = Browser::new(&floor, Role::Agent).await;
        let registered = json!({"event": "registered", "page": "p1"});
        browser.post("/api/phone/events", &registered).await.ok();
        let ucid = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
        tokio::time::sleep(Duration::from_secs(11)).await;
        let call = browser.get(&format!("/api/calls/{ucid}")).await.ok().json;
        assert_eq!(
            (&call["phone"]["inviteMissing"], &call["phone"]["inviteSetting"]),
            (&json!(true), &json!(setting))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_campaign_that_is_named_is_dialled_by_its_number() {
    let (floor, _socket) = floor(&[]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let dial = async |key: &str, campaign: &str| {
        let body = json!({"number": "9000000001", "campaign": campaign});
        browser.send(http::Method::POST, "/api/calls", Some(key), &body).await
    };
    // The link's number is that of the desk's own campaign; of others the service's list has it.
    let unknown = dial("k1", "nowhere").await.problem(422);
    assert_eq!(unknown.text("reason"), "campaign_number_unknown");
    assert_eq!(floor.sim.effects("dial"), 0);
    dial("k2", "support_out").await.ok();
    let listed = browser.get("/api/campaigns").await.ok().json;
    let out = listed["campaigns"].as_array().unwrap().iter().find(|c| c["name"] == "support_out");
    assert_eq!(out.unwrap()["canDial"], true);
    let numbers = browser.get("/api/caller-ids").await.ok().json;
    assert_eq!(numbers["default"], "918000000001");
    let other = json!({"number": "9000000001", "did": "918000000999"});
    let problem =
        browser.send(http::Method::POST, "/api/calls", Some("k3"), &other).await.problem(400);
    assert_eq!(problem.json["errors"][0]["path"], "did");
}

fn order() -> DialOrder {
    DialOrder {
        user: "u1".into(),
        key: Some("key-1".into()),
        agent: "agent01".into(),
        number: PhoneNumber::from("9000000001"),
        campaign: "support_out".into(),
        did: None,
        phone_name: None,
        audit: None,
    }
}

fn process(sim: &Sim, store: &Memory) -> Desk {
    let client = sim.client();
    let kept = records(&client);
    Desk::with_records(client, socket_settings(SocketHolder::Desk), Arc::new(store.clone()), kept)
}

/// Kills a dial over the socket at one write; whether there was such a write.
async fn dial_killed_at(write: u64, stop: Stop, play: Option<Play>) -> bool {
    let start = Timestamp::parse(&format!("{DAY}T10:15:00+05:30")).unwrap();
    let sim = Sim::builder().setup(Setup::default()).starting_at(start).build();
    let store = Memory::new();
    sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
    let first = process(&sim, &store);
    link(&first, DialWay::Socket, "500001").await;
    let plays: Vec<Play> = play.into_iter().collect();
    let socket = open_socket(&sim, &first, &plays).await;
    let before = store.writes();
    store.stop_at(write, stop);
    let _ = dial(&first, order()).await;
    let was_reached = store.writes() > before + write;
    store.restart();
    drop(socket);
    let case = format!("write {write}, {stop:?}, {play:?}");
    let next = process(&sim, &store);
    let _socket = open_socket(&sim, &next, &[]).await;
    settle::take_over(&next).await.unwrap();
    let rung = sim.effects("dial");
    assert!(rung <= 1, "{case}");
    let begun = store.dial_of_key("u1", "key-1").await.unwrap();
    let reply = dial(&next, order()).await.unwrap();
    let DialReply::Answered { entry, is_replay } = reply else { panic!("{case}: {reply:?}") };
    assert_eq!(is_replay, begun.is_some(), "{case}");
    if let Some(begun) = begun {
        assert_eq!(sim.effects("dial"), rung, "{case}: a repeated request rang again");
        assert_ne!(begun.state, DialState::Sending, "{case}");
        assert!(!begun.state.happened() || rung == 1, "{case}");
        assert!(!begun.state.rang_no_one() || rung == 0, "{case}");
    }
    if entry.state == DialState::Unknown {
        let other = DialOrder { key: Some("key-2".into()), ..order() };
        let reply = dial(&next, other).await.unwrap();
        assert!(matches!(reply, DialReply::AgentBusy(_)), "{case}");
    }
    // In time the records say what happened.
    for _ in 0..4 {
        sim.advance(Duration::from_mins(4)).await;
        for _ in 0..2 {
            next.records().step().await.unwrap();
        }
        settle::look(&next).await.unwrap();
    }
    let row = store.dial_of_key("u1", "key-1").await.unwrap().unwrap();
    assert_eq!(row.state.happened(), sim.effects("dial") == 1, "{case}: {:?}", row.state);
    assert!(!row.state.is_undecided(), "{case}: {:?}", row.state);
    assert_eq!(sim.requests().iter().filter(|entry| entry.path == DIAL).count(), 0, "{case}");
    was_reached
}

#[tokio::test(start_paused = true)]
async fn a_dial_over_the_socket_killed_at_any_write_rings_once_and_the_ledger_is_right() {
    for play in [None, Some(Play::Loses), Some(Play::LosesBefore)] {
        for stop in [Stop::Before, Stop::After] {
            let mut write = 0;
            while dial_killed_at(write, stop, play).await {
                write += 1;
            }
            assert!(write >= 2, "{write} writes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn late_news_of_one_call_is_no_news_of_the_next_dial() {
    use desk::flow::agent_socket::heard;
    use ozonetel_sdk::mdl::SocketEvent;

    let (floor, socket) = floor(&[]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
    floor.sim.change(|world| world.disconnect(&first));
    floor.desk.store().change_dial(closed(&floor).await, 0, Vec::new()).await.unwrap();
    drop(socket);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let _socket = open_socket(&floor.sim, &floor.desk, &[Play::LosesBefore]).await;
    browser.dial("k2", "9000000001").await.problem(504);
    let push = |ucid: &str| {
        let token = json!({
            "type": "busyAgent", "ucid": ucid, "callType": "Manual Dialing", "callerId": "9000000001",
        });
        SocketEvent::Push(Token::parse(&token.to_string()).unwrap())
    };
    let agent = "agent01".into();
    heard(&floor.desk, &agent, &push(&first)).await.unwrap();
    browser.post("/api/phone/events", &invite(&first)).await.ok();
    let row = browser.get("/api/dials/k2").await.ok();
    assert_eq!((row.text("state"), &row.json["ucid"]), ("unknown", &Value::Null));
    // News of a call that is no one's is this dial's.
    heard(&floor.desk, &agent, &push("90000000000000005")).await.unwrap();
    let row = browser.get("/api/dials/k2").await.ok();
    assert_eq!((row.text("state"), row.text("ucid")), ("settled_happened", "90000000000000005"));
}

/// Another desk takes the dial for dead between the reading of its row and the writing of what was seen.
#[tokio::test(start_paused = true)]
async fn what_was_seen_settles_a_dial_that_became_unknown_meanwhile() {
    use desk::core::dial::{DialEntry, DialEvidence, DialState};
    use desk::flow::settling::apply;

    let (floor, _socket) = floor(&[Play::LosesBefore]).await;
    let browser = Browser::new(&floor, Role::Agent).await;
    browser.dial("k1", "9000000001").await.problem(504);
    let now = floor.desk.store().open_dial(&"agent01".into()).await.unwrap().unwrap();
    assert_eq!((now.state, now.ucid), (DialState::Unknown, None));
    let as_read = DialEntry { state: DialState::Sending, ..now };
    let seen = DialEvidence::Seen { ucid: Some("90000000000000005".parse().unwrap()) };
    assert_eq!(apply(&floor.desk, &as_read, &seen).await, Ok(true));
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!((row.text("state"), row.text("ucid")), ("settled_happened", "90000000000000005"));
}

/// The row of the first dial, as it is when its call is over.
async fn closed(floor: &Floor) -> desk::store::DialWrite {
    let entry = floor.desk.store().open_dial(&"agent01".into()).await.unwrap().unwrap();
    let entry = desk::core::dial::DialEntry { is_open: false, ..entry };
    desk::store::DialWrite { from: entry.state, entry }
}
