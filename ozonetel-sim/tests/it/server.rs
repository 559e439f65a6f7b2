//! The server over real sockets on this machine.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use ozonetel_sim::{Fault, FaultKind, Sim};

/// Sends a request as it is and reads until the connection ends; `None` when not a byte came.
async fn raw(address: std::net::SocketAddr, request: &str) -> Option<String> {
    let work = async {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is an end like any other.
        let _ = tcp.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), work).await.unwrap();
    (!answer.is_empty()).then_some(answer)
}

fn http(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    )
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

const AHT: &str = "/ca_apis/aht";

async fn control(server: &ozonetel_sim::Server, path: &str, asked: Value) -> (String, Value) {
    let request = http("POST", path, "", &asked.to_string());
    let answer = raw(server.address(), &request).await.unwrap();
    (status(&answer).to_owned(), body(&answer))
}

#[tokio::test]
async fn a_get_with_a_json_body_is_read() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let asked = r#"{"userName":"acme_support","agentId":"agent01"}"#;
    let token = sim.change(ozonetel_sim::world::World::issue_token).unwrap();
    let auth = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let answer = raw(server.address(), &http("GET", AHT, &auth, asked)).await.unwrap();
    assert_eq!(body(&answer)["message"]["AHT"], "00:00:00");
    server.stop().await;
}

#[tokio::test]
async fn closed_connections_give_no_byte_and_act_or_do_not() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let login = http(
        "POST",
        "/CAServices/AgentAuthenticationV2/index.php",
        "authorization: Basic YWdlbnQwMTpzZWNyZXQ=\r\n\
         content-type: application/x-www-form-urlencoded\r\n",
        "userName=acme_support&apiKey=test-key&action=login&phoneNumber=500001",
    );
    sim.fault(Fault::new(FaultKind::CloseBefore));
    assert_eq!(raw(server.address(), &login).await, None);
    assert_eq!(sim.effects("login"), 0);
    sim.fault(Fault::new(FaultKind::CloseAfter));
    assert_eq!(raw(server.address(), &login).await, None);
    assert_eq!(sim.effects("login"), 1);
    let requests = sim.requests();
    assert_eq!(requests[0].fault, Some("close_before"));
    assert_eq!((requests[1].status, requests[1].effect), (None, Some("login")));
    server.stop().await;
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_it_sends() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    sim.fault(Fault::new(FaultKind::Cut));
    let answer = raw(server.address(), &http("GET", AHT, "", "{}")).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|n| n.parse::<usize>().ok())
        .unwrap();
    assert!(!body.is_empty() && body.len() < length, "{length}: {body}");
    server.stop().await;
}

#[tokio::test]
async fn faults_answer_as_they_say() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let ask = http("GET", AHT, "", "{}");
    let expected = [
        (Fault::new(FaultKind::Status).status(502), "502", "not available"),
        (Fault::new(FaultKind::Status), "503", "not available"),
        (Fault::new(FaultKind::LimitStatus), "429", "max limit exceeded"),
        (Fault::new(FaultKind::LimitText), "200", "max limit exceeded"),
        (Fault::new(FaultKind::Html), "200", "<!DOCTYPE html>"),
        (Fault::new(FaultKind::ExpiredToken), "200", "Token Expired"),
        (Fault::new(FaultKind::SlowDrip).delay(Duration::from_millis(1)), "200", "Token Should"),
        (Fault::new(FaultKind::Delay).delay(Duration::from_millis(1)), "200", "Token Should"),
    ];
    for (fault, code, part) in expected {
        sim.fault(fault.clone());
        let answer = raw(server.address(), &ask).await.unwrap();
        assert_eq!(status(&answer), code, "{fault:?}");
        assert!(answer.contains(part), "{fault:?}: {answer}");
    }
    assert_eq!(sim.faults_waiting(), 0);
    server.stop().await;
}

#[tokio::test]
async fn the_control_api_drives_a_call() {
    let sim = Sim::builder().manual().build();
    let server = sim.serve().await.unwrap();
    sim.change(|world| world.login("agent01", "secret", "")).unwrap();
    let asked = json!({"did": "918000000001", "caller": "9000000001"});
    let (code, arrived) = control(&server, "/_sim/inbound", asked).await;
    assert_eq!((code.as_str(), &arrived["ok"]), ("200", &true.into()));
    let ucid = arrived["ucid"].clone();
    assert_ne!(ucid, arrived["monitor_ucid"]);
    let asked = json!({"ucid": ucid, "leg": "agent", "action": "answer"});
    assert_eq!(control(&server, "/_sim/call", asked.clone()).await.0, "200");
    assert_eq!(control(&server, "/_sim/call", asked).await.0, "400");
    let hangup = json!({"ucid": ucid, "action": "hangup"});
    assert_eq!(control(&server, "/_sim/call", hangup.clone()).await.0, "200");
    let (code, gone) = control(&server, "/_sim/call", hangup).await;
    assert_eq!((code.as_str(), gone["error"].is_string()), ("404", true));

    let before = sim.now();
    let (_, moved) = control(&server, "/_sim/clock", json!({"advance_s": 3600})).await;
    assert!(moved["now"].as_str().unwrap() > before.to_string().as_str());
    let state = raw(server.address(), &http("GET", "/_sim/state", "", "")).await.unwrap();
    let state = body(&state);
    assert_eq!(state["calls"][0]["monitor_ucid"], arrived["monitor_ucid"]);
    assert_eq!(state["calls"][0]["disposition"], "Wrap up time exceeded :120");
    assert_eq!(state["agents"][0]["state"], "READY");

    assert_eq!(control(&server, "/_sim/reset", Value::Null).await.0, "200");
    assert_eq!(sim.state()["calls"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn bad_control_requests_are_refused_with_a_reason() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let bad = [
        ("/_sim/inbound", json!({"did": "1", "caller": "9000000001"})),
        ("/_sim/inbound", json!({"did": "918000000001"})),
        ("/_sim/inbound", json!({"did": "918000000001", "caller": "no number"})),
        ("/_sim/agent", json!({"agent": "agent01", "state": "idle"})),
        ("/_sim/agent", json!({"agent": "agent01", "state": "asleep"})),
        ("/_sim/clock", json!({"advance_s": -1})),
        ("/_sim/clock", json!({"advance_s": "1"})),
        ("/_sim/faults", json!({"path": "*", "kind": "nothing"})),
        ("/_sim/faults", json!({"path": "x", "kind": "cut"})),
        ("/_sim/faults", json!({"path": "/ca_apis/aht", "kind": "duplicate"})),
        ("/_sim/faults", json!({"path": "push:foo", "kind": "loss"})),
        ("/_sim/faults", json!({"path": "push:callback", "kind": "loss", "method": "post"})),
        ("/_sim/faults", json!({"path": "*", "kind": "status", "status": 99})),
        ("/_sim/call", json!({"ucid": "1", "action": "sing"})),
        ("/_sim/call", json!([])),
    ];
    for (path, asked) in bad {
        let (code, answer) = control(&server, path, asked.clone()).await;
        assert_eq!((code.as_str(), answer["error"].is_string()), ("400", true), "{asked}");
    }
    assert_eq!(control(&server, "/_sim/nothing", json!({})).await.0, "404");
    // The control API is never hit by a fault, and is not among the requests.
    sim.fault(Fault::new(FaultKind::CloseBefore));
    let answer = raw(server.address(), &http("GET", "/_sim/requests", "", "")).await.unwrap();
    assert_eq!(body(&answer), json!({"requests": []}));
    server.stop().await;
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    for (method, path, code) in [
        ("GET", "/ca_apis/nothing", "404"),
        ("POST", "/ca_reports/fetchCDRDetails", "405"),
        ("GET", "/ca_apis/CallControl_V4", "200"),
    ] {
        let answer = raw(server.address(), &http(method, path, "", "")).await.unwrap();
        assert_eq!(status(&answer), code, "{method} {path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_web_page_drives_nothing() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let asked = r#"{"did":"918000000001","caller":"9000000001"}"#;
    let rebound =
        http("POST", "/_sim/inbound", "", asked).replace("host: sim", "host: evil.example.com");
    let page = http("POST", "/_sim/inbound", "origin: https://evil.example.com\r\n", asked);
    let login = http("POST", AHT, "origin: null\r\n", "{}");
    for request in [rebound, page, login] {
        let answer = raw(server.address(), &request).await.unwrap();
        assert_eq!(status(&answer), "403", "{request}");
        assert!(body(&answer)["error"].is_string());
    }
    assert_eq!(sim.world().calls().iter().count(), 0);
    assert_eq!(sim.requests(), []);
    let near = http("POST", "/_sim/inbound", "origin: http://localhost:5173\r\n", asked);
    assert_eq!(status(&raw(server.address(), &near).await.unwrap()), "200");
    server.stop().await;
}

#[tokio::test]
async fn a_month_of_the_clock_passes_in_slices() {
    let mut setup = ozonetel_sim::world::Scenario::parse("[traffic]").unwrap().setup;
    setup.seed = 3;
    let sim = Sim::builder().setup(setup).build();
    let (before, month) = (sim.now(), Duration::from_secs(31 * 86_400));
    let task = tokio::spawn({
        let sim = sim.clone();
        async move { sim.advance(month).await }
    });
    let mut looks = 0;
    while !task.is_finished() {
        tokio::task::yield_now().await;
        looks += 1;
    }
    assert!(looks > 4000, "others came to their turn {looks} times");
    assert!(sim.now().since(before) >= month);
}
