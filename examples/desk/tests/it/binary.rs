//! The real binary, on a free port: a whole call over HTTP, and an orderly end.

use std::process::Stdio;
use std::time::Duration;

use ozonetel_sim::{Fault, FaultKind, Server, Sim};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_mins(1);

struct Running {
    child: Child,
    address: String,
    rest: BufReader<tokio::process::ChildStdout>,
}

fn desk(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
    command.env_clear().env("DESK_LISTEN", "127.0.0.1:0");
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn start(variables: &[(&str, &str)]) -> Running {
    let mut child = desk(variables).spawn().unwrap();
    let mut rest = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    rest.read_line(&mut line).await.unwrap();
    let first: Value = serde_json::from_str(&line).unwrap();
    let address = first["http"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    Running { child, address, rest }
}

impl Running {
    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    async fn post(&self, route: &str, body: Value) -> (u16, Value) {
        self.ask("POST", &format!("/api/ozonetel/{route}"), &body.to_string()).await
    }

    async fn ok(&self, route: &str, body: Value) -> Value {
        let (status, answer) = self.post(route, body).await;
        assert_eq!(status, 200, "{route}: {answer}");
        answer
    }

    /// Asks until the call is up: telephones take their time.
    async fn until_ok(&self, route: &str, body: Value) -> Value {
        loop {
            let (status, answer) = self.post(route, body.clone()).await;
            match status {
                200 => return answer,
                404 => tokio::task::yield_now().await,
                _ => panic!("{route}: {answer}"),
            }
        }
    }

    async fn signal(&self) {
        let id = self.child.id().unwrap().to_string();
        let killed = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().await;
        assert!(killed.unwrap().success());
    }

    async fn terminate(mut self) -> (Option<i32>, String) {
        self.signal().await;
        let mut text = String::new();
        self.rest.read_to_string(&mut text).await.unwrap();
        (self.child.wait().await.unwrap().code(), text)
    }
}

async fn a_whole_call() {
    let desk = start(&[("DESK_SIM_SPEED", "20"), ("DESK_DISPOSITIONS", "one-to-one")]).await;
    assert_eq!(desk.ask("GET", "/healthz", "").await, (200, json!({"status": "ok"})));
    desk.ok("agent-login", json!({})).await;
    let dialed = desk.ok("dial", json!({"phoneNumber": "9000012345"})).await;
    let ucid = dialed["ucid"].as_str().unwrap();
    let control = |action: &str| json!({"ucid": ucid, "action": action});
    desk.until_ok("call-control", control("HOLD")).await;
    desk.ok("call-control", control("UNHOLD")).await;
    desk.ok("recording", json!({"ucid": ucid, "action": "pause"})).await;
    desk.ok("recording", json!({"ucid": ucid, "action": "unPause"})).await;
    let party = json!({"ucid": ucid, "action": "CONFERENCE", "conferenceNumber": "9000012346"});
    desk.ok("call-control", party).await;
    let agent = json!({"ucid": ucid, "action": "KICK_CALL", "conferenceNumber": "500001"});
    desk.ok("call-control", agent).await;
    let disposed =
        desk.ok("dispose", json!({"ucid": ucid, "disposition": "APPOINTMENT_BOOKED"})).await;
    assert_eq!(disposed["disposition"], "Appointment Booked");
    let (status, history) = desk.ask("GET", "/api/ozonetel/call-history", "").await;
    assert_eq!(status, 200);
    let mine = history.as_array().unwrap().iter().find(|call| call["monitorUCID"] == ucid).unwrap();
    assert_eq!(
        (&mine["status"], &mine["code"]),
        (&json!("Answered"), &json!("APPOINTMENT_BOOKED"))
    );
    let (_, figures) = desk.ask("GET", "/api/ozonetel/performance", "").await;
    assert_eq!(figures["calls"]["answered"], 1, "{figures}");
    assert_eq!(
        (&figures["appointmentsBooked"], &figures["conversionRate"]),
        (&json!(1), &json!(100))
    );
    let (_, missed) = desk.ask("GET", "/api/ozonetel/missed-calls", "").await;
    assert!(missed.is_array());
    let (code, guide) = desk.terminate().await;
    assert_eq!(code, Some(0));
    for step in desk::guide::STEPS {
        assert!(guide.contains(step.path) && guide.contains(step.why), "{}", step.path);
    }
    assert!(guide.contains("simulated"));
}

#[tokio::test]
async fn a_whole_call_over_http_and_an_orderly_end() {
    tokio::time::timeout(LIMIT, a_whole_call()).await.unwrap();
}

/// A simulator of its own, and a desk that takes it for the service, with the agent logged in.
async fn with_account() -> (Sim, Server, Running) {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let desk = start(&[
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", &server.url()),
        ("OZONETEL_AGENT_ID", "agent01"),
        ("OZONETEL_AGENT_PASSWORD", "secret"),
        ("OZONETEL_SIP_ID", "500001"),
        ("OZONETEL_CAMPAIGN", "support_out"),
    ])
    .await;
    desk.ok("agent-login", json!({})).await;
    (sim, server, desk)
}

#[tokio::test]
async fn a_dial_under_way_is_finished_and_answered_before_the_end() {
    tokio::time::timeout(LIMIT, async {
        let (sim, _server, mut desk) = with_account().await;
        let late = Fault::new(FaultKind::Delay).on(crate::floor::DIAL);
        assert!(sim.fault(late.delay(Duration::from_millis(500))));
        let dial = desk.post("dial", json!({"phoneNumber": "9876543210"}));
        let ended = async {
            while sim.effects("dial") == 0 {
                tokio::task::yield_now().await;
            }
            desk.signal().await;
        };
        let ((status, answer), ()) = tokio::join!(dial, ended);
        assert_eq!(status, 200, "{answer}");
        assert!(answer["ucid"].is_string());
        assert_eq!(desk.child.wait().await.unwrap().code(), Some(0));
        assert_eq!(sim.effects("dial"), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn with_an_account_any_number_can_be_dialled() {
    tokio::time::timeout(LIMIT, async {
        let (sim, _server, desk) = with_account().await;
        desk.ok("dial", json!({"phoneNumber": "9000012345"})).await;
        assert_eq!(sim.effects("dial"), 1);
        let (code, text) = desk.terminate().await;
        assert_eq!(code, Some(0));
        assert!(!text.contains("test-key") && text.contains("real"));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_setting_that_does_not_read_ends_it_at_once() {
    let output = desk(&[("DESK_SIM_SPEED", "fast")]).output();
    let output = tokio::time::timeout(LIMIT, output).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("DESK_SIM_SPEED"));
    assert!(output.stdout.is_empty());
}
