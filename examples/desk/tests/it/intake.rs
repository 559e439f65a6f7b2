//! What the service sends, over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use desk::Settings;
use desk::core::caller::Role;
use desk::flow::intake::{sweep_missed, work_pushes};
use desk::flow::push_address::PushKind;
use desk::store::memory::{Access, Interference};
use desk::store::{Memory, NewPush, Pushes as _, StoreError};
use http::Method;
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};

use crate::floor::{DAY, Floor, settings};
use crate::working::Someone;

const SECRET: &str = "a-secret-of-the-tests";

fn floor() -> Floor {
    let webhook_secret = Some(SECRET.into());
    Floor::with(Setup::default(), Settings { webhook_secret, ..settings() })
}

async fn send(floor: &Floor, path: &str, kind: &str, body: &str) -> u16 {
    let request = http::Request::post(format!("/webhooks/ozonetel/{path}"))
        .header("content-type", kind)
        .body(axum::body::Body::from(body.to_owned()));
    let app = desk::app(floor.desk.clone()).unwrap();
    tower::ServiceExt::oneshot(app, request.unwrap()).await.unwrap().status().as_u16()
}

fn callback(id: &str, status: &str, minute: u32) -> String {
    let data = json!({
        "monitorUCID": id, "Type": "Inbound", "Status": status, "CallerID": "9000000001",
        "Did": "918000000001", "StartTime": format!("{DAY} 10:{minute}:00"),
        "EndTime": format!("{DAY} 10:{minute}:30"), "AgentID": "agent01", "Apikey": "test-key",
    });
    data.to_string()
}

async fn missed(floor: &Floor) -> Value {
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    agent.get("/api/missed").await.ok().json["missed"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_callback_is_stored_once_without_the_key_and_makes_a_missed_call() {
    let floor = floor();
    let path = format!("calls/{SECRET}");
    let body = callback("90000000000000001", "NotAnswered", 10);
    assert_eq!(send(&floor, "calls/another-secret-of-16", "application/json", &body).await, 404);
    for _ in 0..2 {
        assert_eq!(send(&floor, &path, "application/json", &body).await, 200);
    }
    let stored = floor.desk.store().next_pushes(Vec::new(), 9).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(!stored[0].body.contains("test-key") && stored[0].body.contains("9000000001"));
    assert_eq!(work_pushes(&floor.desk).await, Ok(1));
    assert_eq!(work_pushes(&floor.desk).await, Ok(0));
    let entries = missed(&floor).await;
    assert_eq!((&entries[0]["number"], &entries[0]["calls"]), (&json!("9000000001"), &json!(1)));
    // The same call in other words is the same missed call.
    let other = body.replace("agent01", "agent02");
    assert_eq!(send(&floor, &path, "application/json", &other).await, 200);
    work_pushes(&floor.desk).await.unwrap();
    assert_eq!(missed(&floor).await[0]["calls"], 1);
    let answered = callback("90000000000000002", "Answered", 12);
    assert_eq!(send(&floor, &path, "application/json", &answered).await, 200);
    work_pushes(&floor.desk).await.unwrap();
    assert_eq!(missed(&floor).await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn pings_are_dropped_and_what_is_in_no_form_is_refused() {
    let floor = floor();
    let path = format!("calls/{SECRET}");
    assert_eq!(send(&floor, &path, "application/json", "").await, 200);
    assert_eq!(send(&floor, &path, "application/json", r#"{"ping":"1"}"#).await, 200);
    assert_eq!(send(&floor, &path, "application/json", "{").await, 400);
    // Pings leave nothing; what was refused is kept with its failure.
    assert_eq!(work_pushes(&floor.desk).await, Ok(1));
    assert_eq!(work_pushes(&floor.desk).await, Ok(0));
    let check = format!("/webhooks/ozonetel/events/{SECRET}");
    let request = http::Request::get(check).body(axum::body::Body::empty()).unwrap();
    let app = desk::app(floor.desk.clone()).unwrap();
    assert_eq!(tower::ServiceExt::oneshot(app, request).await.unwrap().status(), 200);
    let none = Floor::new();
    assert_eq!(send(&none, "calls/", "application/json", "").await, 404);
    assert_eq!(send(&none, &path, "application/json", "").await, 404, "no secret is set");
}

#[tokio::test(start_paused = true)]
async fn an_agent_event_is_the_services_word_about_the_agent() {
    let floor = floor();
    let event = |action: &str, second: u32| {
        json!({
            "eventType": "Agent", "eventTime": format!("{DAY} 10:14:{second}"),
            "data": {"agentId": "agent01", "action": action},
        })
        .to_string()
    };
    let path = format!("events/{SECRET}");
    // In the wrong order: the later moment counts.
    for body in [event("READY", 50), event("pause", 40)] {
        assert_eq!(send(&floor, &path, "application/json", &body).await, 200);
    }
    work_pushes(&floor.desk).await.unwrap();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let view = agent.get("/api/agents/agent01").await.ok();
    let state = &view.json["state"];
    assert_eq!((&state["word"], &state["source"]), (&json!("READY"), &json!("event")));
    assert_eq!((&state["kind"], &state["fresh"]), (&json!("ready"), &json!(true)));
    let other = agent.send(Method::GET, "/api/agents/agent02", "text/plain", String::new()).await;
    other.problem(404);
}

/// A conversation in the year 2099 would answer every call that is missed until then, and a state of then stay.
#[tokio::test(start_paused = true)]
async fn what_is_said_to_happen_in_the_future_is_not_the_last_word_until_then() {
    let floor = floor();
    let path = format!("calls/{SECRET}");
    let later = callback("90000000000000003", "Answered", 12).replace(DAY, "2099-01-01");
    assert_eq!(send(&floor, &path, "application/json", &later).await, 200);
    work_pushes(&floor.desk).await.unwrap();
    floor.wait(600).await;
    let body = callback("90000000000000004", "NotAnswered", 20);
    assert_eq!(send(&floor, &path, "application/json", &body).await, 200);
    work_pushes(&floor.desk).await.unwrap();
    assert_eq!(missed(&floor).await[0]["number"], "9000000001");
    for (action, time) in
        [("pause", "2099-01-01 10:00:00".to_owned()), ("READY", format!("{DAY} 10:26:00"))]
    {
        let data = json!({"agentId": "agent01", "action": action});
        let event = json!({"eventType": "Agent", "eventTime": time, "data": data}).to_string();
        let path = format!("events/{SECRET}");
        assert_eq!(send(&floor, &path, "application/json", &event).await, 200);
        work_pushes(&floor.desk).await.unwrap();
        floor.wait(60).await;
    }
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let view = agent.get("/api/agents/agent01").await.ok();
    assert_eq!(view.json["state"]["word"], "READY");
}

#[tokio::test(start_paused = true)]
async fn abandoned_calls_are_missed_calls_also_without_a_callback() {
    let floor = floor();
    let call = floor.sim.inbound("918000000001", "9000000044").unwrap();
    floor.wait(5).await;
    floor.sim.change(|world| world.disconnect(&call.ucid.to_string()));
    floor.wait(200).await;
    for _ in 0..2 {
        let found = sweep_missed(&floor.desk).await.unwrap();
        assert_eq!(found, 1);
        let entries = missed(&floor).await;
        assert_eq!((&entries[0]["calls"], entries.as_array().unwrap().len()), (&json!(1), 1));
        floor.wait(60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_socket_is_a_living_source_of_the_state() {
    use desk::flow::agent_socket::heard;
    use ozonetel_sdk::mdl::{LinkState, SocketEvent, Token};

    let floor = floor();
    let (desk, agent01) = (&floor.desk, "agent01".into());
    let push = |text: &str| SocketEvent::Push(Token::parse(text).unwrap());
    heard(desk, &agent01, &SocketEvent::Link(LinkState::Up)).await.unwrap();
    heard(desk, &agent01, &push(r#"{"type":"x","agentStatus":"PAUSED"}"#)).await.unwrap();
    floor.wait(600).await;
    let agent = Someone::new(desk, Role::Agent, &["agent01"]).await;
    let state = async || agent.get("/api/agents/agent01").await.ok().json["state"].clone();
    let seen = state().await;
    assert_eq!((&seen["word"], &seen["source"]), (&json!("PAUSED"), &json!("socket")));
    assert_eq!(seen["fresh"], true, "the socket would have said otherwise");
    heard(desk, &agent01, &SocketEvent::Link(LinkState::Idle)).await.unwrap();
    assert_eq!(state().await["fresh"], false);
}

/// The store fails at one write, counted from 1 once it is armed.
struct FailsAt(AtomicI64);

#[async_trait::async_trait]
impl Interference for FailsAt {
    async fn before(&self, access: Access) -> Result<(), StoreError> {
        let is_it = access == Access::Write && self.0.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_it { Err(StoreError::Unavailable("once".into())) } else { Ok(()) }
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_is_noted_together_and_what_fails_holds_up_no_other() {
    let sim = ozonetel_sim::Sim::start();
    let (memory, fails) = (Memory::new(), Arc::new(FailsAt(AtomicI64::new(0))));
    let store = Arc::new(memory.by_way_of(Arc::clone(&fails) as Arc<dyn Interference>, false));
    let desk = desk::Desk::new(sim.client(), settings(), store);
    let event = |n: i64| NewPush {
        source: PushKind::Events.as_str().to_owned(),
        digest: format!("{n}"),
        at: desk.now(),
        body: json!({
            "eventType": "Agent", "eventTime": format!("{DAY} 10:14:{n}"),
            "data": {"agentId": format!("agent{n}"), "action": "READY"},
        })
        .to_string(),
    };
    memory.store_pushes((10..50).map(event).collect()).await.unwrap();
    let before = memory.writes();
    // The first write takes them, the fourth is about one of them.
    fails.0.store(4, Ordering::Relaxed);
    assert_eq!(work_pushes(&desk).await, Ok(39), "one is tried again");
    assert_eq!(memory.writes() - before, 1 + 39 + 1);
    assert_eq!(work_pushes(&desk).await, Ok(1));
    assert_eq!(memory.next_pushes(Vec::new(), 99).await.unwrap(), []);
}
