//! Callers' profiles and calls that a voice assistant hands over, as voice servers and pages use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use desk::app;
use desk::core::caller::Role;
use desk::core::dial::number_key;
use desk::ports::demo_phones::DemoPhones;
use desk::ports::profiles::{IsMeant, MemoryProfiles, Profiles, ProfilesError};
use desk::simulated::{SimPhones, direct_skill};
use desk::store::Event;
use http::{Method, Request, header};
use ozonetel_sdk::types::AgentId;
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, settings, token};

/// The path that rings an agent into a call.
const CONTROL: &str = "/ca_apis/CallControl_V4";

/// Whoever asks.
pub(crate) struct Asker {
    app: Router,
    token: String,
}

impl Asker {
    pub(crate) async fn new(floor: &Floor, role: Role, agents: &[&str]) -> Self {
        let token = token(&floor.desk, role, agents).await;
        Self { app: app(floor.desk.clone()).unwrap(), token }
    }

    pub(crate) async fn service(floor: &Floor) -> Self {
        Self::new(floor, Role::Service, &[]).await
    }

    pub(crate) async fn agent(floor: &Floor) -> Self {
        Self::new(floor, Role::Agent, &["agent01"]).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        Answer::of(self.app.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &body.to_string()).await
    }

    async fn profile(&self, query: &str) -> Answer {
        self.send(Method::GET, &format!("/api/customer/data?{query}"), "").await
    }

    pub(crate) async fn name(&self, query: &str) -> String {
        self.profile(query).await.ok().text("name").to_owned()
    }

    /// The agent's phone rings.
    pub(crate) async fn rung(&self, ucid: &str, caller: &str, uui: Option<&str>) {
        let mut headers = json!({"X-UCID": ucid, "X-CALLERNO": caller, "Call-ID": ucid});
        if let Some(uui) = uui {
            headers["X-UUI"] = uui.into();
        }
        let body = json!({"event": "invite", "headers": headers});
        self.post("/api/phone/events", &body).await.ok();
    }
}

pub(crate) fn handoff(session: &str, name: &str, phone: &str) -> Value {
    json!({
        "session_id": session, "extension": "500001", "carrier": "none", "channel": "web",
        "user": {"name": name, "phone": phone},
        "transcript": [
            {"role": "human", "content": "Hello"},
            {"role": "assistant", "content": "Good morning"},
        ],
        "tool_calls": [{"tool": "add_todo", "title": "Call back", "result": "created"}],
    })
}

pub(crate) async fn events(floor: &Floor, kind: &str) -> Vec<Value> {
    let events: Vec<Event> = floor.desk.store().events_after(0, 1_000).await.unwrap();
    let of_kind = events.into_iter().filter(|event| event.kind == kind);
    of_kind.map(|event| serde_json::from_str(&event.body).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_call_that_arrives_has_the_words_of_the_assistants_caller_and_keeps_them() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let body = handoff("s1", "Asha Example", "9000000011");
    let answer = service.post("/api/handoff", &body).await.ok();
    assert_eq!((answer.text("state"), answer.text("call_id")), ("waiting", "s1"));
    assert_eq!(answer.json["replayed"], false);
    let announced = events(&floor, "profile.changed").await;
    assert_eq!((&announced[0]["callId"], &announced[0]["ucid"]), (&json!("s1"), &Value::Null));
    agent.rung("90000000000000011", "09000000011", Some(answer.text("handoff"))).await;
    let popups = events(&floor, "popup").await;
    assert_eq!(popups.len(), 1);
    assert_eq!((&popups[0]["profile"], &popups[0]["callId"]), (&json!(true), &json!("s1")));
    let profile = agent.profile("call_id=90000000000000011").await.ok().json;
    assert_eq!(profile["name"], "Asha Example");
    assert_eq!(profile["conversation_history"][0], json!({"role": "user", "content": "Hello"}));
    assert_eq!(profile["activities"][0]["activity_type"], "todo");
    assert_eq!((&profile["channel"], &profile["extension"]), (&json!("web"), &json!("500001")));
    // By extension alone while it is the only live call; and for good by its id.
    assert_eq!(agent.profile("").await.ok().json, profile);
    floor.wait(3_600).await;
    assert_eq!(
        agent.profile("extension=500001&call_id=90000000000000011&x=1").await.ok().json,
        profile
    );
    let shown = service
        .send(Method::GET, &format!("/api/handoff/{}", answer.text("handoff")), "")
        .await
        .ok();
    assert_eq!(shown.text("ucid"), "90000000000000011");
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_that_comes_after_the_call_rang_is_joined_to_it() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    agent.rung("90000000000000011", "09000000011", Some("s1")).await;
    assert_eq!(events(&floor, "popup").await[0]["profile"], false);
    assert_eq!(agent.name("call_id=90000000000000011").await, "Unknown Caller");
    service.post("/api/handoff", &handoff("s1", "Asha Example", "9000000011")).await.ok();
    let told = events(&floor, "profile.changed").await;
    assert!(told.iter().any(|event| event["ucid"] == "90000000000000011"), "{told:?}");
    assert_eq!(agent.name("call_id=90000000000000011").await, "Asha Example");
}

#[tokio::test(start_paused = true)]
async fn a_number_joins_a_call_only_where_that_is_asked_for() {
    for by_number in [false, true] {
        let mut settings = settings();
        settings.customers.by_number = by_number;
        let floor = Floor::with(Setup::default(), settings);
        let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
        service.post("/api/handoff", &handoff("s1", "Asha Example", "9000000011")).await.ok();
        agent.rung("90000000000000011", "09000000011", None).await;
        assert_eq!(events(&floor, "popup").await[0]["profile"], by_number);
        let expected = if by_number { "Asha Example" } else { "Unknown Caller" };
        assert_eq!(agent.name("call_id=90000000000000011").await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_call_again_is_the_same_hand_off_and_another_extension_is_refused() {
    let floor = Floor::new();
    let service = Asker::service(&floor).await;
    let body = handoff("s1", "Asha Example", "9000000011");
    let first = service.post("/api/handoff", &body).await.ok();
    let again = service.post("/api/handoff", &body).await.ok();
    assert_eq!(again.json["replayed"], true);
    assert_eq!(again.text("handoff"), first.text("handoff"));
    // What another token has handed over is not to be seen.
    let other = Asker::service(&floor).await;
    let path = format!("/api/handoff/{}", first.text("handoff"));
    other.send(Method::GET, &path, "").await.problem(404);
    let theirs = other.post("/api/handoff", &body).await.ok();
    assert_ne!(theirs.text("handoff"), first.text("handoff"));
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_named_and_nothing_is_stored() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let good = handoff("s1", "Asha Example", "9000000011");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, path) in [
        (with("session_id", Value::Null), "session_id"),
        (with("session_id", json!("a:b")), "session_id"),
        (with("extension", json!("599999")), "extension"),
        (with("extension", json!("500001:x")), "extension"),
        (with("call_sid", json!("<script>")), "call_sid"),
        (with("carrier", json!("pigeon")), "carrier"),
        (with("carrier", json!("conference")), "call_id"),
        (with("user", json!({"name": "x".repeat(300)})), "user.name"),
        (
            with("transcript", json!([{"role": "user", "content": "x".repeat(9_000)}])),
            "conversation_history[0].content",
        ),
        (with("transcript", json!(vec![json!({"role": "user"}); 600])), "transcript"),
    ] {
        let answer = service.post("/api/handoff", &body).await.problem(400);
        assert_eq!(answer.json["errors"][0]["path"], path, "{}", answer.json);
        assert!(!answer.text("message").contains("9000000011"));
    }
    let megabytes = with("transcript", json!("x".repeat(3 << 20)));
    service.post("/api/handoff", &megabytes).await.problem(413);
    assert_eq!(floor.desk.store().newest_event().await.unwrap(), 0);
    assert_eq!(agent.name("call_id=s1").await, "Unknown Caller");
    // Text is text.
    let html = with("user", json!({"name": "<img src=x onerror=alert(1)>"}));
    service.post("/api/handoff", &html).await.ok();
    assert_eq!(agent.name("call_id=s1").await, "<img src=x onerror=alert(1)>");
}

#[tokio::test(start_paused = true)]
async fn a_profile_lasts_300_seconds_from_its_last_use() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let path = "/api/customer/data?extension=500001&call_sid=CA1&whatever=1";
    let body = json!({"name": "Asha Example", "voice_pin": "…", "phone": "9000000011"}).to_string();
    let stored = service.send(Method::PUT, path, &body).await.ok().json;
    assert_eq!((&stored["call_sid"], &stored["voice_pin"]), (&json!("CA1"), &json!("…")));
    for _ in 0..3 {
        floor.wait(299).await;
        assert_eq!(agent.name("call_sid=CA1").await, "Asha Example");
    }
    assert_eq!(agent.name("call_sid=CA2").await, "Unknown Caller");
    assert_eq!(agent.name("call_sid=CA1&call_id=x").await, "Asha Example");
    floor.wait(300).await;
    assert_eq!(agent.name("call_sid=CA1").await, "Unknown Caller");
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_stored_at_each_turn_is_found_by_its_call_however_long_the_talk_was() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    for turn in ["first", "second", "last"] {
        let body = json!({"name": turn, "phone": "9000000011"}).to_string();
        let path = "/api/customer/data?extension=500001&call_id=s-1";
        service.send(Method::PUT, path, &body).await.ok();
        floor.wait(200).await;
    }
    agent.rung("90000000000000011", "09000000011", Some("s-1")).await;
    assert_eq!(events(&floor, "popup").await[0]["profile"], true);
    assert_eq!(agent.name("call_id=90000000000000011").await, "last");
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_whose_call_has_not_come_is_over_and_the_caller_can_ask_again() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let asks = async |name: &str| {
        service.post("/api/handoff", &handoff("s1", name, "9000000011")).await.ok()
    };
    let first = asks("first").await.text("handoff").to_owned();
    floor.wait(299).await;
    let again = asks("replayed").await;
    assert_eq!((again.text("handoff"), &again.json["replayed"]), (first.as_str(), &json!(true)));
    floor.wait(1).await;
    let path = format!("/api/handoff/{first}");
    assert_eq!(service.send(Method::GET, &path, "").await.ok().text("state"), "ended");
    let second = asks("second").await;
    assert_eq!((second.text("state"), &second.json["replayed"]), ("waiting", &json!(false)));
    assert_ne!(second.text("handoff"), first);
    agent.rung("90000000000000011", "09000000011", Some(second.text("handoff"))).await;
    assert_eq!(agent.name("call_id=90000000000000011").await, "second");
    assert_eq!(service.send(Method::GET, &path, "").await.ok().text("state"), "ended");
}

#[tokio::test(start_paused = true)]
async fn a_profile_without_an_id_is_the_first_askers() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let body = json!({"extension": "500001", "name": "Asha Example"}).to_string();
    service.send(Method::PUT, "/api/customer/data", &body).await.ok();
    assert_eq!(agent.name("").await, "Unknown Caller", "no call is live");
    assert_eq!(agent.name("call_id=a").await, "Asha Example");
    assert_eq!(agent.name("call_id=b").await, "Unknown Caller");
    assert_eq!(agent.name("call_id=a").await, "Asha Example");
    let other = json!({"extension": "500001", "call_id": "x"}).to_string();
    let path = "/api/customer/data?call_id=y";
    let answer = service.send(Method::PUT, path, &other).await.problem(400);
    assert_eq!(answer.json["errors"][0]["path"], "call_id");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_sees_who_calls_and_neither_number_nor_words() {
    let floor = Floor::new();
    let service = Asker::service(&floor).await;
    service.post("/api/handoff", &handoff("s1", "Asha Example", "9000000011")).await.ok();
    let supervisor = Asker::new(&floor, Role::Supervisor, &["agent01"]).await;
    let shown = supervisor.profile("extension=500001&call_id=s1").await.ok().json;
    assert_eq!(
        (&shown["name"], &shown["conversation_history"]),
        (&json!("Asha Example"), &json!([]))
    );
    assert!(!shown.to_string().contains("9000000011") && !shown.to_string().contains("Hello"));
    let other = Asker::new(&floor, Role::Supervisor, &["agent02"]).await;
    other.profile("extension=500001&call_id=s1").await.problem(404);
    service.profile("extension=500001&call_id=s1").await.problem(403);
}

#[tokio::test(start_paused = true)]
async fn speech_that_asks_for_a_human_hands_over_and_no_other() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let mut body = handoff("s1", "Asha Example", "9000000011");
    for speech in ["Don't transfer me!", "What is the time?"] {
        body["speech"] = speech.into();
        let answer = service.post("/api/handoff/speech", &body).await.ok();
        assert_eq!((answer.text("intent"), &answer.json["handoff"]), ("none", &Value::Null));
    }
    assert_eq!(agent.name("call_id=s1").await, "Unknown Caller");
    body["speech"] = "Let me talk to a human, please".into();
    let answer = service.post("/api/handoff/speech", &body).await.ok();
    assert_eq!((answer.text("intent"), answer.text("language")), ("human", "en"));
    assert_eq!(agent.name("call_id=s1").await, "Asha Example");
    body["speech"] = Value::Null;
    service.post("/api/handoff/speech", &body).await.problem(400);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_extension_is_answered_by_the_call_or_that_nothing_is_known() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let other = Asker::new(&floor, Role::Agent, &["agent09"]).await;
    for query in ["", "call_id=90000000000000011", "call_sid=CA1"] {
        let answer = other.profile(query).await.ok().json;
        let expected = (json!("Unknown Caller"), json!("no_extension"), json!([]));
        let found = (&answer["name"], &answer["reason"], &answer["conversation_history"]);
        assert_eq!(found, (&expected.0, &expected.1, &expected.2), "{query}");
    }
    assert_eq!(agent.profile("").await.ok().json["reason"], Value::Null);
    other.profile("extension=500001").await.problem(404);
    service.post("/api/handoff", &handoff("s1", "Asha Example", "9000000011")).await.ok();
    agent.rung("90000000000000011", "09000000011", Some("s1")).await;
    // Who looks after several agents names the call, and sees who calls.
    let supervisor = Asker::new(&floor, Role::Supervisor, &["agent01", "agent02"]).await;
    let seen = supervisor.profile("call_id=90000000000000011").await.ok().json;
    assert_eq!((&seen["name"], &seen["phone"]), (&json!("Asha Example"), &json!("…11")));
    assert_eq!(seen["conversation_history"], json!([]));
    supervisor.profile("").await.problem(400);
    let stranger = Asker::new(&floor, Role::Supervisor, &["agent02", "agent03"]).await;
    let unseen = stranger.profile("call_id=90000000000000011").await.ok();
    assert_eq!(unseen.text("name"), "Unknown Caller");
}

/// Profiles that fail on request.
#[derive(Debug)]
struct FailingProfiles {
    inner: MemoryProfiles,
    fails: Arc<AtomicBool>,
}

impl FailingProfiles {
    fn check(&self) -> Result<(), ProfilesError> {
        if self.fails.load(Ordering::Relaxed) { Err(ProfilesError::Unreachable) } else { Ok(()) }
    }
}

#[async_trait]
impl Profiles for FailingProfiles {
    fn place(&self) -> &'static str {
        "failing"
    }

    async fn put(&self, key: &str, text: &str) -> Result<(), ProfilesError> {
        self.check()?;
        self.inner.put(key, text).await
    }

    async fn get(&self, key: &str) -> Result<Option<String>, ProfilesError> {
        self.check()?;
        self.inner.get(key).await
    }

    async fn swap(&self, key: &str, old: &str, new: &str) -> Result<bool, ProfilesError> {
        self.check()?;
        self.inner.swap(key, old, new).await
    }

    async fn remove(&self, key: &str) -> Result<(), ProfilesError> {
        self.check()?;
        self.inner.remove(key).await
    }

    async fn forget(&self, is_meant: IsMeant<'_>) -> Result<u64, ProfilesError> {
        self.check()?;
        self.inner.forget(is_meant).await
    }

    async fn session(&self, id: &str) -> Result<Option<String>, ProfilesError> {
        self.check()?;
        self.inner.session(id).await
    }
}

/// A floor whose profiles fail on request.
fn failing_floor() -> (Floor, Arc<AtomicBool>) {
    let fails = Arc::new(AtomicBool::new(false));
    let mut settings = settings();
    let clock = Arc::clone(ozonetel_sim::Sim::start().client().clock());
    let profiles = FailingProfiles { inner: MemoryProfiles::new(clock), fails: Arc::clone(&fails) };
    settings.customers.profiles = Some(Arc::new(profiles));
    (Floor::with(Setup::default(), settings), fails)
}

#[tokio::test(start_paused = true)]
async fn with_the_profiles_away_no_carrier_is_asked_and_a_joined_call_keeps_its_profile() {
    let (floor, fails) = failing_floor();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    service.post("/api/handoff", &handoff("s1", "Asha Example", "9000000011")).await.ok();
    agent.rung("90000000000000011", "09000000011", Some("s1")).await;
    fails.store(true, Ordering::Relaxed);
    assert_eq!(agent.name("call_id=90000000000000011").await, "Asha Example");
    agent.profile("call_id=90000000000000012").await.problem(503);
    let mut body = handoff("s2", "Ravi Example", "9000000012");
    (body["carrier"], body["call_id"]) = ("conference".into(), "90000000000000012".into());
    service.post("/api/handoff", &body).await.problem(503);
    assert_eq!(floor.count(CONTROL), 0);
    let path = "/api/customer/data?extension=500001";
    service.send(Method::PUT, path, "{}").await.problem(503);
    fails.store(false, Ordering::Relaxed);
    assert_eq!(agent.name("call_id=90000000000000012").await, "Unknown Caller");
}

#[tokio::test(start_paused = true)]
async fn what_the_request_leaves_out_is_in_the_session() {
    let (floor, _) = failing_floor();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let session = json!({
        "call_id": "a-1", "user": {"name": "Asha Example"},
        "history": [{"role": "user", "content": "Hello"}],
    });
    let profiles = floor.desk.customers().profiles();
    profiles.put("session:s1", &session.to_string()).await.unwrap();
    let body = json!({"session_id": "s1", "extension": "500001", "carrier": "none"});
    let answer = service.post("/api/handoff", &body).await.ok();
    assert_eq!(answer.text("call_id"), "a-1");
    let profile = agent.profile("call_id=a-1").await.ok();
    assert_eq!(profile.json["conversation_history"][0]["content"], "Hello");
    let foreign = json!({"session_id": "s1", "extension": "500001", "call_id": "b-2"});
    let answer = service.post("/api/handoff", &foreign).await.problem(400);
    assert_eq!(answer.json["errors"][0]["path"], "session_id");
    profiles.put("session:s2", "no JSON").await.unwrap();
    let body = json!({"session_id": "s2", "extension": "500001"});
    service.post("/api/handoff", &body).await.problem(400);
}

/// A call of a customer with agent02, who stands for the assistant: its UCID.
async fn assistants_call(floor: &Floor) -> String {
    let login = json!({"agentId": "agent02", "password": "secret", "phoneNumber": "500002"});
    floor.post("agent-login", &login).await.ok();
    floor.sim.inbound("918000000001", "9000000011").unwrap();
    floor.wait(5).await;
    let world = floor.sim.world();
    world.calls().iter().find(|call| call.live()).unwrap().ucid().to_string()
}

#[tokio::test(start_paused = true)]
async fn cloudagent_rings_the_agent_into_the_callers_call_once() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let ucid = assistants_call(&floor).await;
    floor.post("agent-login", &json!({})).await.ok();
    let mut body = handoff("s1", "Asha Example", "9000000011");
    (body["carrier"], body["call_id"]) = (Value::Null, ucid.as_str().into());
    body["phone_name"] = "agent02".into();
    let answer = service.post("/api/handoff", &body).await.ok();
    assert_eq!((answer.text("carrier"), answer.text("state")), ("conference", "ringing"));
    let sent = floor.last(CONTROL).body;
    assert_eq!((&sent["action"], &sent["ucid"]), (&json!("CONFERENCE"), &json!(ucid)));
    assert_eq!(sent["conferenceNumber"], "500001");
    let again = service.post("/api/handoff", &body).await.ok();
    assert_eq!((&again.json["replayed"], floor.count(CONTROL)), (&json!(true), 1));
    agent.rung(&ucid, "09000000011", None).await;
    assert_eq!(events(&floor, "popup").await.last().unwrap()["profile"], true);
    assert_eq!(agent.name(&format!("call_id={ucid}")).await, "Asha Example");
    floor.wait(5).await;
    let news = json!({"event": "answered", "ucid": ucid});
    agent.post("/api/phone/events", &news).await.ok();
    let path = format!("/api/handoff/{}", answer.text("handoff"));
    let state = service.send(Method::GET, &path, "").await.ok();
    assert_eq!((state.text("state"), state.text("ucid")), ("connected", ucid.as_str()));
}

#[tokio::test(start_paused = true)]
async fn what_cloudagent_refuses_has_failed_and_what_it_may_have_done_is_not_repeated() {
    let floor = Floor::new();
    let service = Asker::service(&floor).await;
    let mut body = handoff("s1", "Asha Example", "9000000011");
    (body["carrier"], body["call_id"]) = ("conference".into(), "90000000000000099".into());
    let refused = service.post("/api/handoff", &body).await.problem(502);
    assert_eq!(refused.text("reason"), "agent_not_rung");
    let path = format!("/api/handoff/{}", refused.text("reference"));
    assert_eq!(service.send(Method::GET, &path, "").await.ok().text("state"), "failed");
    // It has certainly not happened: it may be tried again, and is then asked again.
    service.post("/api/handoff", &body).await.problem(502);
    assert_eq!(floor.count(CONTROL), 2);
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseAfter).on(CONTROL)));
    let unknown = service.post("/api/handoff", &body).await.problem(504);
    let path = format!("/api/handoff/{}", unknown.text("reference"));
    assert_eq!(service.send(Method::GET, &path, "").await.ok().text("state"), "unknown");
    let again = service.post("/api/handoff", &body).await.ok();
    assert_eq!((again.text("state"), floor.count(CONTROL)), ("unknown", 3));
}

#[tokio::test(start_paused = true)]
async fn a_dial_to_the_caller_carries_the_hand_off_and_keeps_the_rules_of_dials() {
    let mut settings = settings();
    settings.calling.policy.blocked.insert(number_key(&"9000000012".into()));
    let floor = Floor::with(Setup::default(), settings);
    let service = Asker::service(&floor).await;
    let mut body = handoff("s1", "Asha Example", "9000000011");
    (body["carrier"], body["did"]) = ("dial".into(), "918000000002".into());
    let answer = service.post("/api/handoff", &body).await.ok();
    let sent = floor.last("/ca_apis/PhoneManualDial").body;
    assert_eq!(
        (&sent["uui"], &sent["did"]),
        (&json!(answer.text("handoff")), &json!("918000000002"))
    );
    service.post("/api/handoff", &body).await.ok();
    assert_eq!(floor.count("/ca_apis/PhoneManualDial"), 1);
    let mut blocked = handoff("s2", "Ravi Example", "9000000012");
    blocked["carrier"] = "dial".into();
    service.post("/api/handoff", &blocked).await.problem(422);
    assert_eq!(floor.count("/ca_apis/PhoneManualDial"), 1);
}

/// A floor with a made-up assistant.
fn demo_floor() -> Floor {
    let mut setup = Setup::default();
    for agent in &mut setup.agents {
        agent.skills.push(direct_skill(&agent.id));
    }
    let phones = Arc::new(LatePhones::default());
    let mut settings = settings();
    settings.customers.demo = Some(Arc::clone(&phones) as Arc<dyn DemoPhones>);
    let floor = Floor::with(setup, settings);
    let _ = phones.0.set(SimPhones::new(floor.sim.clone(), "918000000001"));
    floor
}

/// The simulator's telephones, once there is a simulator.
#[derive(Debug, Default)]
struct LatePhones(std::sync::OnceLock<SimPhones>);

impl DemoPhones for LatePhones {
    fn is_ready(&self, agent: &AgentId) -> bool {
        self.0.get().unwrap().is_ready(agent)
    }

    fn ring(&self, agent: &AgentId, number: &str, reference: &str) -> bool {
        self.0.get().unwrap().ring(agent, number, reference)
    }
}

#[tokio::test(start_paused = true)]
async fn the_demos_assistant_rings_the_agent_who_asked_with_the_callers_words() {
    let floor = demo_floor();
    let agent = Asker::agent(&floor).await;
    let refused = agent.post("/api/demo/handoff", &json!({})).await.problem(409);
    assert_eq!(refused.text("reason"), "agent_not_ready");
    floor.post("agent-login", &json!({})).await.ok();
    let answer = agent.post("/api/demo/handoff", &json!({})).await.ok();
    assert!(answer.text("sessionId").starts_with("demo-"));
    let (ucid, caller, uui) = {
        let world = floor.sim.world();
        let call = world.calls().iter().find(|call| call.live()).unwrap();
        assert_eq!(call.legs.last().unwrap().agent.as_deref(), Some("agent01"));
        (call.ucid().to_string(), call.caller.clone(), call.uui.clone())
    };
    assert_eq!(uui, answer.text("handoff"));
    agent.rung(&ucid, &caller, Some(&uui)).await;
    assert_eq!(events(&floor, "popup").await[0]["profile"], true);
    let profile = agent.profile(&format!("call_id={ucid}")).await.ok();
    assert_eq!(profile.json["conversation_history"].as_array().unwrap().len(), 7);
    assert_eq!(profile.json["activities"].as_array().unwrap().len(), 2);
    agent.post("/api/demo/handoff", &json!({})).await.problem(409);
    // Without the simulator inside there is no such route.
    let real = Floor::new();
    Asker::agent(&real).await.post("/api/demo/handoff", &json!({})).await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn a_customer_of_the_demo_calls_the_agent_who_asked() {
    let floor = demo_floor();
    let agent = Asker::agent(&floor).await;
    let refused = agent.post("/api/demo/call", &json!({})).await.problem(409);
    assert_eq!(refused.text("reason"), "agent_not_ready");
    floor.post("agent-login", &json!({})).await.ok();
    let answer = agent.post("/api/demo/call", &json!({})).await.ok();
    let (ucid, caller) = {
        let world = floor.sim.world();
        let call = world.calls().iter().find(|call| call.live()).unwrap();
        assert_eq!(call.legs.last().unwrap().agent.as_deref(), Some("agent01"));
        assert_eq!(call.uui, "");
        (call.ucid().to_string(), call.caller.clone())
    };
    assert_eq!(caller, answer.text("number"));
    agent.rung(&ucid, &caller, None).await;
    // No assistant has said anything of this caller.
    assert_eq!(events(&floor, "popup").await[0]["profile"], false);
    agent.post("/api/demo/call", &json!({})).await.problem(409);
    let real = Floor::new();
    Asker::agent(&real).await.post("/api/demo/call", &json!({})).await.problem(404);
}
