//! What goes wrong, and how it is answered.

use http::{Method, header};
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::floor::{CDR, DIAL, Floor, settings, store};

const POSTS: [&str; 8] = [
    "agent-login",
    "agent-logout",
    "agent-state",
    "force-ready",
    "dial",
    "dispose",
    "call-control",
    "recording",
];
const GETS: [&str; 3] = ["missed-calls", "call-history", "performance"];

#[tokio::test(start_paused = true)]
async fn whatever_does_not_read_is_a_problem_document() {
    let floor = Floor::new();
    for route in POSTS {
        let path = format!("/api/ozonetel/{route}");
        for (kind, body) in [
            ("application/json", "{"),
            ("application/json", "[]"),
            ("application/json", "null"),
            ("application/json", "{} {}"),
            ("application/json", r#"{"ucid":[1],"phoneNumber":{},"state":7,"password":7}"#),
            ("application/json", "\u{0}"),
            ("text/plain", "{}"),
            ("application/x-www-form-urlencoded", "a=b"),
        ] {
            floor.raw(Method::POST, &path, kind, body).await.problem(400);
        }
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(70_000));
        floor.raw(Method::POST, &path, "application/json", &large).await.problem(413);
        let answer = floor.raw(Method::PUT, &path, "application/json", "{}").await.problem(405);
        assert_eq!(answer.headers[header::ALLOW], "POST");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.text("message"), "the route has another method: POST");
        assert!(answer.text("instance").starts_with("urn:ozonetel-desk:request:"));
    }
    for route in ["call-history", "performance"] {
        for date in ["%ff", "x", "2026-02-30", "2026-1-1", "20261120"] {
            floor.get(&format!("{route}?date={date}")).await.problem(400);
        }
    }
    for query in ["from=x", "to=2026-11-31", "from=%ff", "from=2026-11-20%2025:00:00"] {
        floor.get(&format!("missed-calls?{query}")).await.problem(400);
    }
    for path in ["/nothing", "/api", "/api/ozonetel/", "/api/ozonetel/nothing"] {
        floor.raw(Method::GET, path, "text/plain", "").await.problem(404);
    }
}

#[tokio::test(start_paused = true)]
async fn missing_fields_are_named() {
    let floor = Floor::new();
    for (route, body, field) in [
        ("dial", json!({}), "phoneNumber"),
        ("dial", json!({"phoneNumber": ""}), "phoneNumber"),
        ("dial", json!({"phoneNumber": "98765abcde"}), "phoneNumber"),
        ("dispose", json!({"ucid": "1"}), "disposition"),
        ("dispose", json!({"ucid": "1", "disposition": " "}), "disposition"),
        ("dispose", json!({"disposition": "X"}), "ucid"),
        ("dispose", json!({"ucid": "12a", "disposition": "X"}), "ucid"),
        ("dispose", json!({"ucid": "1", "disposition": "X", "durationSec": -1}), "durationSec"),
        ("dispose", json!({"ucid": "1", "disposition": "X", "direction": "up"}), "direction"),
        (
            "dispose",
            json!({"ucid": "1", "disposition": "X", "callBackTime": "soon"}),
            "callBackTime",
        ),
        ("call-control", json!({"ucid": "1"}), "action"),
        ("call-control", json!({"ucid": "1", "action": "DANCE"}), "action"),
        ("call-control", json!({"ucid": "1", "action": "CONFERENCE"}), "conferenceNumber"),
        ("call-control", json!({"ucid": "1", "action": "KICK_CALL"}), "conferenceNumber"),
        ("recording", json!({"ucid": "1", "action": "stop"}), "action"),
        ("recording", json!({"action": "pause"}), "ucid"),
        ("agent-state", json!({}), "state"),
    ] {
        let answer = floor.post(route, &body).await.problem(400);
        assert!(answer.text("message").contains(field), "{route} {body}: {}", answer.json);
    }
    let floor = Floor::with(Setup::default(), desk::Settings::default());
    for (route, body, variable) in [
        ("agent-login", json!({}), "OZONETEL_AGENT_ID"),
        ("agent-login", json!({"agentId": "agent01"}), "OZONETEL_AGENT_PASSWORD"),
        ("dial", json!({"phoneNumber": "9000000001", "agentId": "agent01"}), "OZONETEL_CAMPAIGN"),
        ("dispose", json!({"ucid": "1", "disposition": "X", "agentId": "agent01"}), "OZONETEL_DID"),
    ] {
        let answer = floor.post(route, &body).await.problem(400);
        assert!(answer.text("message").contains(variable), "{route}: {}", answer.json);
    }
    assert_eq!(floor.sim.requests().len(), 0, "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn another_agents_password_is_missing_though_the_desks_own_is_set() {
    let floor = Floor::new();
    let body = json!({"agentId": "agent02"});
    let message = floor.post("agent-login", &body).await.problem(400).text("message").to_owned();
    assert_eq!(message, "password is missing: OZONETEL_AGENT_PASSWORD belongs to agent01 only");
    let body = json!({"agentId": "agent02", "password": "secret"});
    let message = floor.post("agent-login", &body).await.problem(400).text("message").to_owned();
    assert_eq!(message, "phoneNumber is missing: OZONETEL_SIP_ID belongs to agent01 only");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_json_is_called_that() {
    let floor = Floor::new();
    for body in ["{x:1}", "{", r#"{"ucid":"1",}"#] {
        let answer = floor.raw(Method::POST, "/api/ozonetel/dial", "application/json", body).await;
        let answer = answer.problem(400);
        assert!(answer.text("message").starts_with("the body is not JSON: "), "{}", answer.json);
    }
    let answer = floor.post("dial", &json!({"phoneNumber": {}})).await.problem(400);
    assert_eq!(answer.text("message"), "phoneNumber has to be text, a number or null");
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_its_status() {
    let floor = Floor::new();
    let dial = |extra: Value| {
        let mut body = json!({"phoneNumber": "9000000001"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let answer = floor.post("dial", &dial(json!({}))).await.problem(409);
    assert_eq!(answer.text("message"), "Agent is not available");
    assert_eq!(answer.text("reason"), "not_allowed");
    let wrong = json!({"password": "wrong"});
    floor.post("agent-login", &wrong).await.problem(422);
    let ucid = floor.talking().await;
    floor.post("dial", &dial(json!({"campaignName": "nowhere"}))).await.problem(422);
    floor.post("dial", &dial(json!({"phoneNumber": "1234567890123"}))).await.problem(422);
    floor.post("dial", &dial(json!({"agentId": "nobody"}))).await.problem(422);
    let unknown = "90000000000000009";
    floor.post("call-control", &json!({"ucid": unknown, "action": "HOLD"})).await.problem(404);
    floor.post("recording", &json!({"ucid": unknown, "action": "pause"})).await.problem(404);
    let body = json!({"ucid": unknown, "disposition": "X"});
    floor.post("dispose", &body).await.problem(404);
    let body = json!({"ucid": ucid, "disposition": "X", "agentId": "nobody"});
    floor.post("dispose", &body).await.problem(422);
    floor.get("performance?agentId=nobody").await.problem(422);
    floor.get("performance?date=2026-11-21").await.problem(400);
    floor.get("call-history?date=2026-10-01").await.problem(400);
}

#[tokio::test(start_paused = true)]
async fn the_service_out_of_order_is_502_and_its_limit_429() {
    let bodies = [
        ("agent-login", json!({})),
        ("agent-logout", json!({})),
        ("agent-state", json!({"state": "Ready"})),
        ("force-ready", json!({})),
        ("call-control", json!({"ucid": "1", "action": "HOLD"})),
        ("recording", json!({"ucid": "1", "action": "pause"})),
    ];
    for (kind, status) in [
        (FaultKind::Status, 502),
        (FaultKind::Html, 502),
        (FaultKind::CloseBefore, 502),
        (FaultKind::LimitStatus, 429),
        (FaultKind::LimitText, 429),
    ] {
        for (route, body) in &bodies {
            let floor = Floor::new();
            assert!(floor.sim.fault(Fault::new(kind).times(9)));
            let answer = floor.post(route, body).await.problem(status);
            assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), status == 429);
        }
        for route in GETS {
            let floor = Floor::new();
            assert!(floor.sim.fault(Fault::new(kind).times(9)));
            let answer = floor.get(route).await.problem(status);
            assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), status == 429);
        }
    }
    let floor = Floor::new();
    assert!(floor.sim.fault(Fault::new(FaultKind::LimitText).on(DIAL)));
    let answer = floor.post("dial", &json!({"phoneNumber": "9000000001"})).await.problem(429);
    assert!(answer.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(floor.count(DIAL), 1);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_of_the_account_are_the_services_affair() {
    let mut floor = Floor::new();
    let client = floor.sim.client_builder().key("wrong").build().unwrap();
    floor.desk = desk::Desk::new(client, settings(), store());
    for (route, body) in [
        ("agent-login", json!({})),
        ("dial", json!({"phoneNumber": "9000000001"})),
        ("recording", json!({"ucid": "1", "action": "pause"})),
    ] {
        floor.post(route, &body).await.problem(502);
    }
    floor.get("call-history").await.problem(502);
    assert_eq!(floor.sim.effects("dial"), 0);
}

#[tokio::test(start_paused = true)]
async fn messages_hold_no_secret() {
    let floor = Floor::new();
    assert!(floor.sim.fault(Fault::new(FaultKind::Html).times(99)));
    let mut seen = String::new();
    for route in POSTS {
        let body = json!({
            "ucid": "1", "disposition": "X", "action": "pause", "state": "Ready",
            "phoneNumber": "9000000001",
        });
        seen.push_str(&floor.post(route, &body).await.json.to_string());
    }
    seen.push_str(&floor.get("call-history").await.json.to_string());
    assert!(!seen.contains("test-key") && !seen.contains("secret"), "{seen}");
    // The lost dial is looked up once, then the history is asked for.
    assert_eq!(floor.count(CDR), 2);
}
