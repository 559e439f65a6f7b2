//! The relay: a tab that carries the agent's socket, over real connections.

use std::net::SocketAddr;
use std::time::Duration;

use desk::core::caller::Role;
use desk::core::dial::DialWay;
use desk::{SocketHolder, app};
use futures_util::{SinkExt as _, StreamExt as _};
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::floor::{Floor, token};
use crate::handling::Browser;
use crate::ways::{link, socket_settings};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(30);

struct Served {
    floor: Floor,
    address: SocketAddr,
    bearer: String,
}

impl Served {
    async fn new(holder: SocketHolder) -> Self {
        let floor = Floor::with(Setup::default(), socket_settings(holder));
        link(&floor.desk, DialWay::Socket, "500001").await;
        floor.post("agent-login", &json!({})).await.ok();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(floor.desk.clone()).unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let bearer = format!("Bearer {}", token(&floor.desk, Role::Agent, &["agent01"]).await);
        Self { floor, address, bearer }
    }

    async fn open(&self, headers: &[(&'static str, &str)]) -> Result<Tab, Error> {
        let address = format!("ws://{}/api/phone/relay", self.address);
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Tab(socket))
    }

    async fn tab(&self) -> Tab {
        self.open(&[("authorization", &self.bearer)]).await.unwrap()
    }
}

struct Tab(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Tab {
    /// The next frame, pings to the service apart; the close code if it ends.
    async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match tokio::time::timeout(SOON, self.0.next()).await.expect("something happens") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    let is_ping = frame["text"].as_str().is_some_and(|t| t.contains("\"ping\""));
                    if !is_ping {
                        return Ok(frame);
                    }
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn token(&mut self, connection: &Value, token: Value) {
        let text = token.to_string();
        self.say(json!({"type": "received", "connection": connection, "text": text})).await;
    }

    /// Opens the socket that the desk asks for.
    async fn opens(&mut self) -> Value {
        let open = self.next().await.unwrap();
        assert_eq!(
            (&open["type"], &open["url"], &open["protocol"]),
            (
                &json!("open"),
                &json!("ws://agent.example.test/mdl?agentId=agent01"),
                &json!("org.jwebsocket.json")
            )
        );
        let connection = open["connection"].clone();
        self.say(json!({"type": "opened", "connection": connection})).await;
        self.token(&connection, json!({"type": "welcome", "usId": "u", "browserSessionId": "b"}))
            .await;
        connection
    }

    /// The dial that the desk has it send.
    async fn sends_dial(&mut self) -> Value {
        let send = self.next().await.unwrap();
        assert_eq!(send["type"], "send");
        let token: Value = serde_json::from_str(send["text"].as_str().unwrap()).unwrap();
        assert_eq!((&token["type"], &token["usId"]), (&json!("tbManualDial"), &json!("u")));
        token
    }
}

async fn is_up(served: &Served) {
    let line = loop {
        match served.floor.desk.agent_sockets().line(&"agent01".into()) {
            Some(line) => break line,
            None => tokio::task::yield_now().await,
        }
    };
    tokio::time::timeout(SOON, line.sender().ready()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_dial_goes_over_the_socket_that_the_tab_has_opened() {
    let served = Served::new(SocketHolder::Tab).await;
    let browser = Browser::new(&served.floor, Role::Agent).await;
    let config = browser.get("/api/phone/config").await.ok().json;
    assert_eq!(config["agentSocket"], json!({"mode": "browser", "relay": "/api/phone/relay"}));
    let mut tab = served.tab().await;
    let connection = tab.opens().await;
    is_up(&served).await;
    let (answer, ()) = tokio::join!(browser.dial("k1", "9000000001"), async {
        let dial = tab.sends_dial().await;
        let ucid = "90000000000000001";
        let reply =
            json!({"type": "response", "utid": dial["utid"], "resp": "Success:x", "ucid": ucid});
        tab.token(&connection, reply).await;
    });
    assert_eq!(answer.ok().text("ucid"), "90000000000000001");
    // The service closes: the desk has the tab open another one, and sends nothing again.
    tab.say(json!({"type": "closed", "connection": connection, "code": 1006})).await;
    assert_ne!(tab.opens().await, connection);
    is_up(&served).await;
}

#[tokio::test]
async fn the_newest_tab_carries_the_socket_and_a_dial_of_the_one_before_is_unknown() {
    let served = Served::new(SocketHolder::Tab).await;
    let browser = Browser::new(&served.floor, Role::Agent).await;
    let mut first = served.tab().await;
    first.opens().await;
    is_up(&served).await;
    let (answer, mut second) = tokio::join!(browser.dial("k1", "9000000001"), async {
        first.sends_dial().await;
        let second = served.tab().await;
        assert_eq!(first.next().await, Err(Some(4001)));
        second
    });
    answer.problem(504);
    second.opens().await;
    is_up(&served).await;
    let quiet = tokio::time::timeout(Duration::from_millis(300), second.next()).await;
    assert!(quiet.is_err(), "nothing is sent again: {quiet:?}");
    browser.dial("k2", "9000000001").await.problem(409);
    assert_eq!(browser.get("/api/dials/k1").await.ok().text("state"), "unknown");
}

#[tokio::test]
async fn a_relay_cut_in_mid_frame_leaves_the_dial_unknown() {
    let served = Served::new(SocketHolder::Tab).await;
    let browser = Browser::new(&served.floor, Role::Agent).await;
    let mut tab = served.tab().await;
    tab.opens().await;
    is_up(&served).await;
    let (answer, ()) = tokio::join!(browser.dial("k1", "9000000001"), async {
        tab.sends_dial().await;
        let MaybeTlsStream::Plain(mut stream) = tab.0.into_inner() else { panic!("no TLS here") };
        // A masked text frame of 500 bytes, of which three come.
        stream.write_all(&[0x81, 0xfe, 0x01, 0xf4, 0, 0, 0, 0, b'{', b'"', b't']).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    answer.problem(504);
    assert!(served.floor.desk.agent_sockets().line(&"agent01".into()).is_none());
    let next = browser.dial("k1", "9000000001").await.problem(504);
    assert_eq!(next.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn what_is_not_a_frame_ends_the_relay() {
    let served = Served::new(SocketHolder::Tab).await;
    for (wrong, code) in [
        (Message::text("x"), 1008),
        (Message::text(r#"{"type":"send","connection":1,"text":""}"#), 1008),
        (Message::text(r#"{"type":"opened","connection":"1"}"#), 1008),
        (Message::binary(vec![0, 159]), 1008),
        (
            Message::text(
                json!({"type": "received", "connection": 1, "text": "x".repeat((1 << 20) + 1)})
                    .to_string(),
            ),
            1009,
        ),
    ] {
        let mut tab = served.tab().await;
        let opened = tab.next().await.unwrap();
        assert_eq!(opened["type"], "open");
        tab.0.send(wrong).await.unwrap();
        assert_eq!(tab.next().await, Err(Some(code)));
    }
}

#[tokio::test]
async fn the_relay_is_for_one_signed_in_agent_and_this_desks_own_pages() {
    let refused = async |served: &Served, headers: &[(&'static str, &str)]| match served
        .open(headers)
        .await
    {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{:?}", other.map(|_| ())),
    };
    let served = Served::new(SocketHolder::Tab).await;
    assert_eq!(refused(&served, &[]).await, 401);
    let two = token(&served.floor.desk, Role::Agent, &["agent01", "agent02"]).await;
    assert_eq!(refused(&served, &[("authorization", &format!("Bearer {two}"))]).await, 403);
    let other = token(&served.floor.desk, Role::Agent, &["agent02"]).await;
    assert_eq!(refused(&served, &[("authorization", &format!("Bearer {other}"))]).await, 422);
    let held = Served::new(SocketHolder::Desk).await;
    assert_eq!(refused(&held, &[("authorization", &held.bearer)]).await, 409);
    let browser = Browser::new(&held.floor, Role::Agent).await;
    let config = browser.get("/api/phone/config").await.ok().json;
    assert_eq!(config["agentSocket"], json!({"mode": "desk", "relay": null}));
    let plain = Browser::new(&served.floor, Role::Agent).await;
    plain.get("/api/phone/relay").await.problem(400);
}
