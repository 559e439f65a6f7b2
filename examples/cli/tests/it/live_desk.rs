//! `watch` on a running desk: its stream, on a terminal.

use std::net::SocketAddr;
use std::sync::Arc;

use desk::core::caller::Role;
use desk::people::token::new_id;
use desk::store::Memory;
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::{Desk, Settings};
use ozonetel_sim::Sim;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::Shell;
use crate::terminal::Terminal;

/// A desk on the simulator, behind a socket.
struct RunningDesk {
    desk: Desk,
    address: SocketAddr,
    token: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for RunningDesk {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl RunningDesk {
    async fn start() -> Self {
        let sim = Sim::start();
        let settings = Settings {
            agent: Some("agent01".into()),
            password: Some("secret".into()),
            phone_number: Some("500001".into()),
            phone_name: Some("agent01".into()),
            campaign: Some("support_out".into()),
            did: Some("918000000001".into()),
            ..Settings::default()
        };
        let desk = Desk::new(sim.client(), settings, Arc::new(Memory::new()));
        let token = ApiToken {
            id: new_id(),
            name: "wallboard".into(),
            role: Role::Administrator,
            agents: Vec::new(),
            made_by: "test".into(),
            made_at: 0,
            ends_at: None,
            seen_at: None,
        };
        let row = AuditRow::of_desk(0, "token.add", "token:test");
        let token = desk.people().add_token(token, row).await.unwrap().reveal().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = desk::app(desk.clone()).unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { desk, address, token, serving }
    }

    async fn post(&self, route: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let (body, token) = (body.to_string(), &self.token);
        let request = format!(
            "POST /api/ozonetel/{route} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: \
             application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_the_desk_dials_is_on_the_wallboard_until_the_token_is_revoked() {
    let running = RunningDesk::start().await;
    let shell = Shell::new("http://127.0.0.1:9")
        .set("OZONETEL_DESK_URL", format!("http://{}", running.address))
        .set("OZONETEL_DESK_TOKEN", running.token.as_str());
    let mut watch = Terminal::start(&shell, &["watch"], 120, 30);
    watch.until("connected");
    watch.until("calls 0");
    running.post("agent-login", &json!({})).await;
    let dialed = running.post("dial", &json!({"phoneNumber": "9000000417"})).await;
    let ucid = dialed["ucid"].as_str().unwrap().to_owned();
    watch.until(&ucid);
    watch.until("calls 1");
    let contents = watch.contents();
    let line = contents.lines().find(|line| line.contains(&ucid)).unwrap();
    assert!(line.contains("…17") && line.contains("agent01"), "{contents}");
    assert!(!contents.contains("9000000417"), "{contents}");
    // What was shown stays, and its age is said.
    let store = running.desk.store();
    for token in store.tokens().await.unwrap() {
        let row = AuditRow::of_desk(1, "token.remove", "token:test");
        assert!(store.remove_token(&token.id, row).await.unwrap());
    }
    running.desk.people().changed();
    watch.until("NOT CONNECTED: the desk does not accept the token");
    watch.until("what is shown is");
    assert!(watch.contents().contains(&ucid), "{}", watch.contents());
    watch.send("q");
    let (code, raw) = watch.ended();
    assert_eq!(code, Some(0));
    assert!(raw.contains("\u{1b}[?1049l"));
}
