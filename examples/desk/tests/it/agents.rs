//! Agents over HTTP: what the service says, what was asked for, logins and their ends.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use desk::app;
use desk::core::agent::{StateSource, StateWord};
use desk::core::caller::Role;
use desk::core::dial::DialWay;
use desk::flow::agent_state::{say, tell_work, tidy_agents};
use desk::flow::demo::add_demo_leads;
use desk::work::agent_news;
use desk::work::agents::learn_dispositions;
use desk::{Settings, people::PeopleSettings};
use http::{Method, Request, header};
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, settings};
use crate::ways::link;
use crate::working::Someone;

async fn word(floor: &Floor, word: &str) {
    let at_ms = floor.desk.now();
    let word = StateWord { at_ms, source: StateSource::Event, word: word.into(), reason: None };
    say(&floor.desk, &"agent01".into(), word).await.unwrap();
}

fn asked(answer: &Answer) -> &Value {
    &answer.json["state"]["asked"]["word"]
}

#[tokio::test(start_paused = true)]
async fn a_command_is_shown_as_asked_for_until_the_service_says_it() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = "/api/agents/agent01";
    let view = agent.get(path).await.ok();
    assert_eq!((&view.json["state"]["word"], &view.json["loggedIn"]), (&json!(""), &Value::Null));
    assert_eq!(view.json["version"], 0);
    let view = agent.post(&format!("{path}/login"), json!({})).await.ok();
    assert_eq!(view.json["loggedIn"], true);
    agent.post(&format!("{path}/login"), json!({})).await.ok();
    let view = agent.post(&format!("{path}/pause"), json!({"reason": "lunch"})).await.ok();
    assert_eq!((&view.json["state"]["word"], asked(&view)), (&json!(""), &json!("Pause")));
    floor.wait(1).await;
    word(&floor, "PAUSED").await;
    let view = agent.get(path).await.ok();
    assert_eq!((&view.json["state"]["word"], asked(&view)), (&json!("PAUSED"), &Value::Null));
    assert_eq!(view.json["state"]["fresh"], true);
    floor.wait(61).await;
    assert_eq!(agent.get(path).await.ok().json["state"]["fresh"], false);
    agent.post(&format!("{path}/pause"), json!({})).await.problem(400);
    agent.post(&format!("{path}/free"), json!({})).await.problem(403);
    for verb in ["ready", "login", "logout", "force-ready"] {
        agent.post(&format!("/api/agents/agent02/{verb}"), json!({})).await.problem(404);
    }
    agent.get("/api/agents/agent02").await.problem(404);
    let listed = agent.get("/api/agents").await.ok();
    let listed: Vec<_> = listed.json["agents"].as_array().unwrap().iter().collect();
    assert_eq!(listed.len(), 1);
    agent.post(&format!("{path}/logout"), json!({})).await.ok();
    let sent = floor.sim.effects("logout");
    agent.post(&format!("{path}/logout"), json!({})).await.ok();
    assert_eq!(agent.get(path).await.ok().json["loggedIn"], false, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn nothing_logs_an_agent_out_in_a_call_and_a_pause_waits_for_its_end() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01"]).await;
    let path = "/api/agents/agent01";
    agent.post(&format!("{path}/login"), json!({})).await.ok();
    word(&floor, "incall").await;
    let sent = floor.sim.requests().len();
    for verb in ["logout", "force-ready"] {
        let refused = agent.post(&format!("{path}/{verb}"), json!({})).await.problem(409);
        assert_eq!(refused.json["reason"], "in_a_call");
    }
    supervisor.post(&format!("{path}/free"), json!({})).await.problem(409);
    let view = agent.post(&format!("{path}/pause"), json!({"reason": "lunch"})).await.ok();
    assert_eq!(view.json["afterCall"], json!({"reason": "lunch"}));
    tidy_agents(&floor.desk).await.unwrap();
    assert_eq!(floor.sim.requests().len(), sent, "nothing is sent while the call is up");
    floor.wait(1).await;
    word(&floor, "READY").await;
    tidy_agents(&floor.desk).await.unwrap();
    let view = agent.get(path).await.ok();
    assert_eq!((&view.json["afterCall"], asked(&view)), (&Value::Null, &json!("Pause")));
    supervisor.post(&format!("{path}/free"), json!({})).await.ok();
    agent.post(&format!("{path}/force-ready"), json!({})).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_login_of_unknown_outcome_in_force_ready_is_not_called_logged_out() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = "/api/agents/agent01";
    agent.post(&format!("{path}/login"), json!({})).await.ok();
    // The logout is answered, the login is not: once, and however often.
    let at = "/CAServices/AgentAuthenticationV2/index.php";
    let lose = |times: u32| {
        let late = Fault::new(FaultKind::Delay).on(at).delay(Duration::ZERO);
        let lost = Fault::new(FaultKind::CloseAfter).on(at).times(times);
        assert!(floor.sim.fault(late) && floor.sim.fault(lost));
    };
    lose(1);
    let view = agent.post(&format!("{path}/force-ready"), json!({})).await.ok();
    assert_eq!(view.json["loggedIn"], true);
    lose(99);
    let answer = agent.post(&format!("{path}/force-ready"), json!({})).await.problem(502);
    let message = answer.text("message");
    assert!(message.contains("it is not known whether the agent is logged in"), "{message}");
    let view = agent.get(path).await.ok();
    assert_ne!(view.json["loggedIn"], false, "{}", view.json);
    assert!(view.json["loginProblem"].as_str().unwrap().contains("not known"), "{}", view.json);
}

/// A desk with the demo users.
async fn demo() -> Floor {
    let key = desk::people::seal::SealKey::random().unwrap();
    let people = PeopleSettings { key: Some(key), ..PeopleSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { people, password: None, ..settings() });
    floor.desk.people().add_demo().await.unwrap();
    floor
}

async fn session(floor: &Floor, method: Method, cookie: Option<&str>) -> Response {
    let mut request = Request::builder()
        .method(method)
        .uri("/api/session")
        .header(header::HOST, "localhost")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let body = json!({"email": "agent01@desk.test", "password": "demo"}).to_string();
    let body = if cookie.is_some() { Body::empty() } else { Body::from(body) };
    app(floor.desk.clone()).unwrap().oneshot(request.body(body).unwrap()).await.unwrap()
}

async fn sign_in(floor: &Floor) -> String {
    let response = session(floor, Method::POST, None).await;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn settle(floor: &Floor) {
    assert!(floor.desk.finish(std::time::Duration::from_mins(10)).await);
}

#[tokio::test(start_paused = true)]
async fn signing_in_logs_the_agent_in_and_the_end_of_the_session_out_but_not_in_a_call() {
    let floor = demo().await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let logged_in = async || agent.get("/api/agents/agent01").await.ok().json["loggedIn"].clone();
    let (first, second) = (sign_in(&floor).await, sign_in(&floor).await);
    settle(&floor).await;
    assert_eq!(logged_in().await, true);
    assert_eq!(session(&floor, Method::DELETE, Some(&first)).await.status(), 204);
    settle(&floor).await;
    assert_eq!(logged_in().await, true, "another session is left");
    word(&floor, "incall").await;
    assert_eq!(session(&floor, Method::DELETE, Some(&second)).await.status(), 204);
    settle(&floor).await;
    assert_eq!(logged_in().await, true, "never in a call");
    floor.wait(1).await;
    word(&floor, "READY").await;
    floor.wait(1).await;
    tidy_agents(&floor.desk).await.unwrap();
    assert_eq!(logged_in().await, false);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_leaves_the_person_signed_in_with_the_reason() {
    let floor = demo().await;
    let fault = ozonetel_sim::Fault::new(ozonetel_sim::FaultKind::Status)
        .on("/CAServices/AgentAuthenticationV2/index.php")
        .status(503)
        .times(9);
    assert!(floor.sim.fault(fault));
    sign_in(&floor).await;
    settle(&floor).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let view = agent.get("/api/agents/agent01").await.ok();
    assert_eq!(view.json["loggedIn"], Value::Null, "the service said neither");
    assert!(!view.text("loginProblem").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_existing_front_ends_were_answered_about_a_login_is_known_of_the_agent() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let logged_in = async || agent.get("/api/agents/agent01").await.ok().json["loggedIn"].clone();
    assert_eq!(logged_in().await, Value::Null);
    floor.post("agent-login", &json!({})).await.ok();
    assert_eq!(logged_in().await, true);
    floor.post("agent-logout", &json!({})).await.ok();
    assert_eq!(logged_in().await, false);
    floor.post("agent-logout", &json!({})).await.problem(409);
    assert_eq!(logged_in().await, false);
    // Logged in elsewhere: the refusal says it.
    floor.sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
    floor.post("agent-login", &json!({})).await.problem(409);
    assert_eq!(logged_in().await, true);
    floor.post("force-ready", &json!({})).await.ok();
    assert_eq!(logged_in().await, true);
    // A wrong password says nothing about who is in; a second one of the routine does: it was logged out before.
    floor.post("agent-login", &json!({"password": "wrong"})).await.problem(422);
    assert_eq!(logged_in().await, true);
    floor.post("agent-logout", &json!({})).await.ok();
    let at = "/CAServices/AgentAuthenticationV2/index.php";
    assert!(floor.sim.fault(Fault::new(FaultKind::Status).on(at).status(503).times(9)));
    floor.post("agent-login", &json!({})).await;
    assert_eq!(logged_in().await, false, "what was not answered changes nothing");
}

#[tokio::test(start_paused = true)]
async fn there_is_something_to_choose_from() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let campaigns = agent.get("/api/campaigns").await.ok();
    let names = campaigns.json["campaigns"].as_array().unwrap();
    assert!(names.iter().any(|campaign| campaign["name"] == "support_out"), "{names:?}");
    let general = |answer: &Answer| {
        let list = answer.json["dispositions"].as_array().unwrap().clone();
        let is_general = |choice: &&Value| choice["name"] == "General Enquiry";
        (list.len(), list.iter().filter(is_general).count())
    };
    let unknown = agent.get("/api/dispositions?campaign=support_out").await.ok();
    assert_eq!((general(&unknown), &unknown.json["listed"]), ((7, 7), &json!(false)));
    assert!(learn_dispositions(&floor.desk).await);
    let known = agent.get("/api/dispositions").await.ok();
    assert_eq!(known.json["listed"], true);
    assert!(general(&known).1 >= 1, "to be called back is a general enquiry");
    assert_eq!(agent.get("/api/pause-reasons").await.ok().json, json!({"reasons": []}));
    assert_eq!(agent.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    agent.post("/api/owed/none/retry", json!({})).await.problem(404);
    add_demo_leads(&floor.desk).await.unwrap();
    let page = agent.get("/api/worklist").await.ok();
    assert_eq!(page.json["entries"].as_array().unwrap().len(), 6);
}

/// The wallboard keeps a newer view only: without one it showed what had been owed at the agent's last change of state.
#[tokio::test(start_paused = true)]
async fn an_agents_call_and_what_is_owed_are_told_though_the_service_says_nothing() {
    let floor = Floor::new();
    link(&floor.desk, DialWay::Agent, "500001").await;
    let stop = CancellationToken::new();
    let telling = tokio::spawn(agent_news::run(floor.desk.clone(), stop.clone()));
    let told = async || {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let events = floor.desk.store().events_after(0, 1_000).await.unwrap();
        let news = events.into_iter().filter(|event| event.kind == "agent.changed");
        let news = news.map(|event| serde_json::from_str::<Value>(&event.body).unwrap());
        news.collect::<Vec<_>>()
    };
    let shown = |view: &Value| (view["call"].clone(), view["owed"].clone());
    let ucid = floor.talking().await;
    let talking = told().await;
    assert_eq!(shown(talking.last().unwrap()), (json!(ucid), json!(0)));
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    let owing = told().await;
    assert_eq!(shown(owing.last().unwrap()), (Value::Null, json!(1)));
    assert_eq!(told().await.len(), owing.len(), "nothing is told twice");
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "NOT_INTERESTED"})).await.ok();
    let done = told().await;
    assert_eq!(shown(done.last().unwrap()), (Value::Null, json!(0)));
    let versions: Vec<_> = done.iter().map(|view| view["version"].as_i64().unwrap()).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    assert_eq!(done.last().unwrap()["agent"], "agent01");
    // Of another account's agent nothing is kept, and nothing told.
    tell_work(&floor.desk, &"agent09".into()).await.unwrap();
    assert_eq!(told().await.len(), done.len());
    stop.cancel();
    telling.await.unwrap();
}
