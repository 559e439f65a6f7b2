//! Calls over KooKoo: the customer is rung, then the agent, each once.

use axum::body::{Body, to_bytes};
use desk::core::caller::Role;
use desk::core::dial::DialWay;
use desk::flow::intake::work_pushes;
use desk::flow::kookoo::let_go_alone;
use desk::{Settings, app};
use http::{Method, Request};
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::floor::{Floor, settings};
use crate::handling::Browser;
use crate::ways::link;

const SECRET: &str = "a-secret-of-the-tests";
const BASE: &str = "https://desk.example.test";
const OUTBOUND: &str = "/outbound/outbound.php";

async fn floor(extension: &str) -> Floor {
    let settings = Settings {
        webhook_secret: Some(SECRET.into()),
        public_url: Some(BASE.into()),
        ..settings()
    };
    let floor = Floor::with(Setup::default(), settings);
    link(&floor.desk, DialWay::Kookoo, extension).await;
    floor
}

async fn ask(floor: &Floor, path_and_query: &str) -> (u16, String) {
    let request = Request::get(path_and_query).body(Body::empty()).unwrap();
    let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Carries what KooKoo asks to the desk, and the answers back, until nothing is asked. What was asked.
async fn carry(floor: &Floor) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    while let Some(request) = floor.sim.change(ozonetel_sim::world::World::take_application_request)
    {
        let path = request.url.strip_prefix(BASE).unwrap().to_owned();
        let (status, xml) = ask(floor, &path).await;
        assert_eq!(status, 200, "{path}: {xml}");
        floor.sim.change(|world| world.application_answers(&request, Some(xml.as_bytes())));
        asked.push((path, xml));
    }
    asked
}

async fn wait(floor: &Floor, seconds: u64) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for _ in 0..seconds {
        floor.wait(1).await;
        asked.extend(carry(floor).await);
    }
    asked
}

async fn call_of(browser: &Browser<'_>, ucid: &str) -> Value {
    browser.get(&format!("/api/calls/{ucid}")).await.ok().json
}

#[tokio::test(start_paused = true)]
async fn the_customer_is_rung_and_then_the_agent_into_the_same_conference() {
    let floor = floor("09000000077").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok();
    let ucid = first.text("ucid").to_owned();
    assert_eq!(browser.dial("k1", "9000000001").await.ok().json, first.json);
    assert_eq!(floor.sim.effects("outbound"), 1, "the customer alone");
    let asked = wait(&floor, 10).await;
    let rooms: Vec<&str> = asked.iter().map(|(_, xml)| xml.as_str()).collect();
    let room = format!("<conference>call-{ucid}</conference>");
    assert_eq!(rooms.len(), 2, "{asked:?}");
    assert!(rooms.iter().all(|xml| xml.contains(&room)), "{asked:?}");
    assert_eq!(floor.sim.effects("outbound"), 2);
    assert_eq!(floor.last(OUTBOUND).query["phone_no"], "09000000077");
    let call = call_of(&browser, &ucid).await;
    assert_eq!((&call["phase"], &call["number"]), (&json!("active"), &json!("9000000001")));
    assert_eq!(
        (&call["can"]["hold"], &call["can"]["end"]),
        (&json!("not_over_kookoo"), &Value::Null)
    );
    let held = browser.post(&format!("/api/calls/{ucid}/hold"), &json!({})).await.problem(409);
    assert_eq!(held.text("reason"), "not_over_kookoo");
    // Asked again, no one is rung again.
    let (again, _) = &asked[0];
    assert!(ask(&floor, again).await.1.contains(&room));
    assert_eq!(floor.sim.effects("outbound"), 2);
    let path = format!("/api/calls/{ucid}/end");
    browser.post(&path, &json!({})).await.ok();
    wait(&floor, 3).await;
    assert_eq!(floor.sim.effects("disconnect"), 2, "both legs");
    let path = format!("/api/calls/{ucid}/disposition");
    let said = browser.post(&path, &json!({"code": "INFO_PROVIDED"})).await.ok();
    assert_eq!(said.json["target"]["state"], "kept");
    assert_eq!(call_of(&browser, &ucid).await["phase"], "closed");
    assert_eq!(floor.sim.effects("disposition"), 0);
    // The agent is free for another one.
    browser.dial("k2", "9000000002").await.ok();
}

#[tokio::test(start_paused = true)]
async fn an_extension_is_not_dialled_as_a_telephone_number() {
    let floor = floor("500001").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let problem = browser.dial("k1", "9000000001").await.problem(422);
    assert_eq!(problem.text("reason"), "not_a_telephone_number");
    assert_eq!((floor.sim.effects("outbound"), floor.count(OUTBOUND)), (0, 0));
    assert_eq!(browser.get("/api/dials/k1").await.ok().text("state"), "not_sent");
}

#[tokio::test(start_paused = true)]
async fn a_dial_whose_answer_is_lost_is_settled_by_what_kookoo_asks() {
    let floor = floor("09000000077").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseAfter).on(OUTBOUND)));
    browser.dial("k1", "9000000001").await.problem(504);
    browser.dial("k2", "9000000001").await.problem(409);
    wait(&floor, 10).await;
    let row = browser.get("/api/dials/k1").await.ok();
    assert_eq!(row.text("state"), "settled_happened");
    let call = call_of(&browser, row.text("ucid")).await;
    assert_eq!((&call["phase"], &call["dial"]["id"]), (&json!("active"), &row.json["id"]));
    assert_eq!(floor.sim.effects("outbound"), 2, "customer and agent, once each");
}

#[tokio::test(start_paused = true)]
async fn a_customer_whose_agent_cannot_be_rung_is_not_kept_waiting() {
    let floor = floor("09000000077").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    browser.dial("k1", "9000000001").await.ok();
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseBefore).on(OUTBOUND).times(9)));
    // Whether the agent was rung is not known: the two wait for each other, and the agent is not rung again.
    let asked = wait(&floor, 6).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(floor.count(OUTBOUND), 2);
    let again = &asked[0].0;
    floor.wait(40).await;
    assert_eq!(let_go_alone(&floor.desk).await.unwrap(), 0, "the agent may still come");
    assert!(ask(&floor, again).await.1.contains("<hangup"), "half a minute is enough");
    // Where KooKoo does not ask again, the customer is let go all the same.
    floor.wait(20).await;
    assert_eq!(floor.sim.effects("disconnect"), 0);
    assert_eq!(let_go_alone(&floor.desk).await.unwrap(), 1);
    assert_eq!(floor.sim.effects("disconnect"), 1);
    wait(&floor, 3).await;
    assert_eq!(let_go_alone(&floor.desk).await.unwrap(), 0, "that call is over");
    assert_eq!(floor.count(OUTBOUND), 2);
    // One that KooKoo refuses is certain.
    let other = self::floor("09000000077").await;
    let browser = Browser::new(&other, Role::Agent).await;
    let second = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
    link(&other.desk, DialWay::Kookoo, "500001").await;
    let asked = wait(&other, 6).await;
    assert!(asked[0].1.contains("<hangup"), "{asked:?}");
    let call = call_of(&browser, &second).await;
    assert!(call["endedAt"].is_i64(), "{call}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_leg_is_the_end_of_the_call_however_often_it_is_told() {
    let floor = floor("09000000077").await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
    let id = browser.get("/api/dials/k1").await.ok().text("id").to_owned();
    let path = format!("/kookoo/callback/{SECRET}?dial={id}&leg=customer");
    let form = format!("status=not_answered&sid={ucid}&phone_no=09000000001&duration=0");
    let post = async |path: &str| {
        let kind = "application/x-www-form-urlencoded";
        let request =
            Request::builder().method(Method::POST).uri(path).header("content-type", kind);
        let request = request.body(Body::from(form.clone())).unwrap();
        app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(post("/kookoo/callback/another-secret-of-16").await, 404);
    for _ in 0..3 {
        assert_eq!(post(&path).await, 200);
        work_pushes(&floor.desk).await.unwrap();
    }
    let call = call_of(&browser, &ucid).await;
    assert!(call["endedAt"].is_i64() && call["answeredAt"].is_null(), "{call}");
    // A report without its parameters is known by the leg.
    assert_eq!(post(&format!("/kookoo/callback/{SECRET}")).await, 200);
    work_pushes(&floor.desk).await.unwrap();
    // A leg that comes up afterwards is not kept.
    let late = format!("/kookoo/ivr/{SECRET}?dial={id}&leg=customer&event=NewCall&sid={ucid}");
    assert!(ask(&floor, &late).await.1.contains("<hangup"));
    assert_eq!(floor.sim.effects("outbound"), 1, "the agent was not rung");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_call_of_this_desk_is_ended_and_who_has_no_secret_learns_nothing() {
    let floor = floor("09000000077").await;
    let ivr = |rest: &str| format!("/kookoo/ivr/{SECRET}?{rest}");
    assert_eq!(ask(&floor, "/kookoo/ivr/another-secret-of-16?event=NewCall").await.0, 404);
    for query in [
        "event=NewCall",
        "event=NewCall&sid=90000000000000009&cid=09000000001",
        "event=NewCall&sid=90000000000000009&dial=none&leg=customer",
        "event=NewCall&sid=x&dial=none&leg=agent",
        "event=Hangup&sid=90000000000000009",
        "event=Later",
        "",
    ] {
        let (status, xml) = ask(&floor, &ivr(query)).await;
        assert_eq!(status, 200, "{query}: {xml}");
        assert!(xml.contains("<hangup"), "{query}: {xml}");
    }
    let many = format!("{}event=NewCall", "a=1&".repeat(10_000));
    assert_eq!(ask(&floor, &ivr(&many)).await.0, 400);
    assert_eq!(floor.sim.effects("outbound"), 0);
}
