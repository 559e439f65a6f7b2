//! Hand-offs over Twilio: what each of its requests is answered, and, over the network, a stand-in of it.

mod network;
mod stand_in;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use desk::app;
use desk::core::twilio::{FormParams, signature};
use desk::ports::carriers::twilio::{Twilio, TwilioSettings};
use http::{Method, Request, Response, header};
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, SendStage, Transport};
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::floor::{Floor, settings};
use crate::handing_over::{Asker, events, handoff};

const TOKEN: &str = "test-token";
const BASE: &str = "https://desk.example.test";

/// What the stand-in does with the next requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answering {
    /// As documented.
    Well,
    /// With an error document.
    Refusing(u16, u32),
    /// With a fault of its own.
    Failing,
    /// Not at all, after it has done what was asked.
    Silently,
    /// It cannot be reached.
    Unreachable,
}

/// Twilio's interface for calls.
#[derive(Debug)]
struct StandIn {
    answering: Mutex<Answering>,
    requests: Mutex<Vec<(String, FormParams)>>,
}

impl StandIn {
    fn set(&self, answering: Answering) {
        *self.answering.lock().unwrap() = answering;
    }

    fn requests(&self) -> Vec<(String, FormParams)> {
        self.requests.lock().unwrap().clone()
    }
}

fn field<'f>(form: &'f FormParams, name: &str) -> &'f str {
    let found = form.iter().find(|(known, _)| known == name);
    found.map_or_else(|| panic!("no {name} in {form:?}"), |(_, value)| value.as_str())
}

#[async_trait]
impl Transport for StandIn {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let answering = *self.answering.lock().unwrap();
        if answering == Answering::Unreachable {
            return Err(Failure::new(SendStage::NotSent, "refused"));
        }
        assert!(request.once && request.http.method() == Method::POST);
        let login = &request.http.headers()[header::AUTHORIZATION];
        assert_eq!(login, "Basic QUMxOnRlc3QtdG9rZW4=");
        let path = request.http.uri().path().to_owned();
        let form = form_urlencoded::parse(request.http.body()).into_owned().collect();
        let sid = {
            let mut requests = self.requests.lock().unwrap();
            requests.push((path.clone(), form));
            format!("CA{:032}", requests.len())
        };
        let created = path.ends_with("/Calls.json");
        let (status, body) = match answering {
            Answering::Well if created => (201, json!({"sid": sid, "status": "queued"})),
            Answering::Well => (200, json!({"sid": "CA1", "status": "in-progress"})),
            Answering::Refusing(status, code) => {
                let text = "The 'To' number sip:500001@pbx.example.test is not valid.";
                (status, json!({"code": code, "message": text, "status": status}))
            }
            Answering::Failing => (503, json!({"code": 20_503, "status": 503})),
            Answering::Silently => std::future::pending().await,
            Answering::Unreachable => unreachable!(),
        };
        let head = Response::builder().status(status).body(()).unwrap();
        Ok(Incoming::whole(head, body.to_string()))
    }
}

/// A desk with an account at Twilio, and Twilio.
struct Line {
    floor: Floor,
    app: Router,
    twilio: Arc<StandIn>,
}

impl Line {
    fn new() -> Self {
        let twilio = Arc::new(StandIn {
            answering: Mutex::new(Answering::Well),
            requests: Mutex::default(),
        });
        let account = TwilioSettings {
            account_sid: "AC1".into(),
            auth_token: TOKEN.into(),
            caller_id: "+12015550123".into(),
            base_url: BASE.into(),
            sip_domain: "pbx.example.test".into(),
            api: "https://api.twilio.com".into(),
        };
        let transport = Arc::clone(&twilio) as Arc<dyn Transport>;
        let mut settings = settings();
        settings.customers.twilio = Some(Arc::new(Twilio::with(account, transport)));
        let floor = Floor::with(Setup::default(), settings);
        let app = app(floor.desk.clone()).unwrap();
        Self { floor, app, twilio }
    }

    async fn asks(&self, url: &str, form: &[(&str, &str)]) -> String {
        asks(&self.app, url, form).await
    }

    async fn sent(&self, url: &str, form: &[(&str, &str)], signature: &str) -> (u16, String) {
        sent(&self.app, url, form, signature).await
    }

    async fn state(&self, service: &Asker, id: &str) -> String {
        state(service, id).await
    }
}

/// Twilio asks an address of the desk.
async fn asks(app: &Router, url: &str, form: &[(&str, &str)]) -> String {
    let params = owned(form);
    let (status, text) = sent(app, url, form, &signature(TOKEN.as_bytes(), url, &params)).await;
    assert_eq!(status, 200, "{text}");
    text
}

async fn sent(app: &Router, url: &str, form: &[(&str, &str)], signature: &str) -> (u16, String) {
    let path = url.strip_prefix(BASE).unwrap();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", signature)
        .body(Body::from(body))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// How far a hand-off is.
async fn state(service: &Asker, id: &str) -> String {
    let path = format!("/api/handoff/{id}");
    service.send(Method::GET, &path, "").await.ok().text("state").to_owned()
}

fn owned(form: &[(&str, &str)]) -> FormParams {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The value of an attribute in an answer.
fn attribute(xml: &str, name: &str) -> String {
    let (_, rest) =
        xml.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name}: {xml}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// A hand-off of a caller whose leg is at Twilio.
fn of_leg(session: &str, sid: &str) -> Value {
    let mut body = handoff(session, "Asha Example", "9000000011");
    (body["carrier"], body["call_sid"]) = (Value::Null, sid.into());
    body
}

#[tokio::test(start_paused = true)]
async fn the_callers_leg_is_connected_to_the_extension_and_both_end_together() {
    let line = Line::new();
    let (service, agent) = (Asker::service(&line.floor).await, Asker::agent(&line.floor).await);
    let answer = service.post("/api/handoff", &of_leg("s1", "CA1")).await.ok();
    assert_eq!((answer.text("carrier"), answer.text("state")), ("twilio", "ringing"));
    let id = answer.text("handoff");
    let (path, form) = line.twilio.requests()[0].clone();
    assert_eq!(path, "/2010-04-01/Accounts/AC1/Calls/CA1.json");
    let voice = field(&form, "Url").to_owned();
    assert_eq!(voice, format!("{BASE}/webhooks/twilio/voice?handoff={id}"));
    let popups = events(&line.floor, "popup").await;
    assert_eq!((popups.len(), &popups[0]["callSid"]), (1, &json!("CA1")));
    let xml = line.asks(&voice, &[("CallSid", "CA1"), ("From", "+919000000011")]).await;
    assert!(xml.contains(">sip:500001@pbx.example.test;transport=udp</Sip>"), "{xml}");
    assert_eq!(attribute(&xml, "callerId"), "+12015550123");
    assert_eq!(line.asks(&voice, &[("CallSid", "CA1")]).await, xml, "asked twice, answered twice");
    let stranger = line.asks(&voice, &[("CallSid", "CA2")]).await;
    assert!(stranger.contains("<Hangup/>") && !stranger.contains("<Dial"), "{stranger}");
    let (status, action) = (attribute(&xml, "statusCallback"), attribute(&xml, "action"));
    let leg =
        |word: &'static str| [("CallSid", "CA9"), ("ParentCallSid", "CA1"), ("CallStatus", word)];
    for (word, state) in [
        ("initiated", "ringing"),
        ("ringing", "ringing"),
        ("in-progress", "connected"),
        ("ringing", "connected"),
        ("in-progress", "connected"),
    ] {
        let xml = line.asks(&status, &leg(word)).await;
        assert!(xml.ends_with("<Response></Response>"), "{xml}");
        assert_eq!(line.state(&service, id).await, state, "{word}");
    }
    // The agent's softphone knows its own leg.
    assert_eq!(agent.name("call_sid=CA9").await, "Asha Example");
    assert_eq!(agent.name("call_sid=CA1").await, "Asha Example");
    let other = [("CallSid", "CA8"), ("ParentCallSid", "CA7"), ("CallStatus", "completed")];
    line.asks(&status, &other).await;
    assert_eq!(line.state(&service, id).await, "connected", "another call's leg");
    for _ in 0..2 {
        let ended = [("CallSid", "CA1"), ("DialCallStatus", "completed"), ("DialCallSid", "CA9")];
        assert!(line.asks(&action, &ended).await.contains("<Response><Hangup/></Response>"));
        line.asks(&status, &leg("completed")).await;
        assert_eq!(line.state(&service, id).await, "ended");
    }
    assert_eq!(line.twilio.requests().len(), 1);
    assert_eq!(events(&line.floor, "popup").await.len(), 1);
    assert_eq!(events(&line.floor, "profile.changed").await.last().unwrap()["state"], "ended");
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_agent_was_not_reached_is_told_so_and_may_ask_again() {
    for (word, part) in [
        ("busy", "on another call"),
        ("no-answer", "did not answer"),
        ("failed", "could not reach"),
        ("canceled", "could not reach"),
    ] {
        let line = Line::new();
        let service = Asker::service(&line.floor).await;
        let answer = service.post("/api/handoff", &of_leg("s1", "CA1")).await.ok();
        let id = answer.text("handoff");
        let voice = format!("{BASE}/webhooks/twilio/voice?handoff={id}");
        let xml = line.asks(&voice, &[("CallSid", "CA1")]).await;
        let action = attribute(&xml, "action");
        let over = [("CallSid", "CA1"), ("DialCallStatus", word)];
        let told = line.asks(&action, &over).await;
        assert!(
            told.contains(part) && told.contains("<Gather") && !told.contains("Hangup"),
            "{told}"
        );
        assert_eq!(line.asks(&action, &over).await, told, "the same again is the same answer");
        assert_eq!(line.state(&service, id).await, "failed");
        let speech = attribute(&told, "action");
        let none =
            line.asks(&speech, &[("CallSid", "CA1"), ("SpeechResult", "don't transfer me")]).await;
        assert!(none.contains("<Gather") && !none.contains("<Dial"), "{none}");
        let again =
            line.asks(&speech, &[("CallSid", "CA1"), ("SpeechResult", "Transfer me")]).await;
        assert!(again.contains("<Dial"), "{again}");
        assert_ne!(attribute(&again, "action"), action, "a hand-off of its own");
        assert_eq!(line.twilio.requests().len(), 1, "the leg that asks is told at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_is_not_understood_is_asked_three_times() {
    let line = Line::new();
    let mut url = format!("{BASE}/webhooks/twilio/speech?session_id=s1&extension=500001");
    for _ in 0..3 {
        let xml = line.asks(&url, &[("CallSid", "CA1"), ("SpeechResult", "")]).await;
        url = attribute(&xml, "action");
    }
    let last = line.asks(&url, &[("CallSid", "CA1")]).await;
    assert!(last.contains("<Hangup/>") && !last.contains("<Gather"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_voice_server_may_send_its_callers_leg_here() {
    let line = Line::new();
    let agent = Asker::agent(&line.floor).await;
    let url = format!("{BASE}/webhooks/twilio/voice?session_id=s1&extension=500001");
    let xml = line.asks(&url, &[("CallSid", "CA1"), ("From", "+919000000011")]).await;
    assert!(xml.contains(">sip:500001@pbx"), "{xml}");
    assert_eq!(line.asks(&url, &[("CallSid", "CA1")]).await, xml, "one hand-off");
    let popups = events(&line.floor, "popup").await;
    assert_eq!((popups.len(), &popups[0]["number"]), (1, &json!("+919000000011")));
    assert_eq!(agent.name("call_sid=CA1").await, "Unknown Caller", "no name is no name");
    let unknown = format!("{BASE}/webhooks/twilio/voice?session_id=s2&extension=599999");
    let told = line.asks(&unknown, &[("CallSid", "CA2")]).await;
    assert!(told.contains("could not reach") && told.contains("<Gather"), "{told}");
}

/// A hand-off of a caller who waits elsewhere.
fn waiting(session: &str) -> Value {
    let mut body = handoff(session, "Asha Example", "9000000011");
    (body["carrier"], body["waits_at"], body["call_id"]) =
        ("twilio".into(), "700001".into(), format!("call-{session}").into());
    body
}

#[tokio::test(start_paused = true)]
async fn a_leg_of_the_agent_is_created_and_connected_to_where_the_caller_waits() {
    let line = Line::new();
    let (service, agent) = (Asker::service(&line.floor).await, Asker::agent(&line.floor).await);
    let answer = service.post("/api/handoff", &waiting("s1")).await.ok();
    let id = answer.text("handoff");
    let (path, form) = line.twilio.requests()[0].clone();
    assert_eq!(path, "/2010-04-01/Accounts/AC1/Calls.json");
    assert_eq!(field(&form, "To"), "sip:500001@pbx.example.test;transport=udp");
    assert_eq!(field(&form, "From"), "+12015550123");
    let sid = answer.text("call_sid").to_owned();
    assert!(sid.starts_with("CA0"));
    assert_eq!(agent.name(&format!("call_sid={sid}")).await, "Asha Example");
    assert_eq!(agent.name("call_id=call-s1").await, "Asha Example");
    let (voice, status) =
        (field(&form, "Url").to_owned(), field(&form, "StatusCallback").to_owned());
    line.asks(&status, &[("CallSid", &sid), ("CallStatus", "ringing")]).await;
    line.asks(&status, &[("CallSid", &sid), ("CallStatus", "in-progress")]).await;
    assert_eq!(line.state(&service, id).await, "ringing", "the caller is not there yet");
    let xml = line.asks(&voice, &[("CallSid", &sid)]).await;
    assert!(xml.contains(">sip:700001@pbx.example.test;transport=udp</Sip>"), "{xml}");
    let caller = attribute(&xml, "statusCallback");
    let leg = [("CallSid", "CA8"), ("ParentCallSid", sid.as_str()), ("CallStatus", "in-progress")];
    line.asks(&caller, &leg).await;
    assert_eq!(line.state(&service, id).await, "connected");
    let over = [("CallSid", sid.as_str()), ("DialCallStatus", "completed")];
    assert!(line.asks(&attribute(&xml, "action"), &over).await.contains("<Hangup/>"));
    assert_eq!(line.state(&service, id).await, "ended");
}

#[tokio::test(start_paused = true)]
async fn an_agent_who_is_not_reached_leaves_the_waiting_caller_where_it_is() {
    for word in ["busy", "no-answer", "failed", "canceled", "completed"] {
        let line = Line::new();
        let service = Asker::service(&line.floor).await;
        let answer = service.post("/api/handoff", &waiting("s1")).await.ok();
        let (_, form) = line.twilio.requests()[0].clone();
        let (id, sid) = (answer.text("handoff"), answer.text("call_sid"));
        for _ in 0..2 {
            line.asks(field(&form, "StatusCallback"), &[("CallSid", sid), ("CallStatus", word)])
                .await;
            assert_eq!(line.state(&service, id).await, "failed", "{word}");
        }
        let late = line.asks(field(&form, "Url"), &[("CallSid", sid)]).await;
        assert!(late.contains("<Hangup/>"), "what is over connects no one: {late}");
        assert_eq!(line.twilio.requests().len(), 1, "the caller's leg is not touched");
    }
    // The agent is there and the caller has left: the agent is told, and the leg ends.
    let line = Line::new();
    let service = Asker::service(&line.floor).await;
    let answer = service.post("/api/handoff", &waiting("s1")).await.ok();
    let (_, form) = line.twilio.requests()[0].clone();
    let sid = answer.text("call_sid");
    let xml = line.asks(field(&form, "Url"), &[("CallSid", sid)]).await;
    let over = [("CallSid", sid), ("DialCallStatus", "failed")];
    let told = line.asks(&attribute(&xml, "action"), &over).await;
    assert!(told.contains("no longer there") && told.contains("<Hangup/>"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_twilio_is_a_failure_or_unknown_and_an_unknown_one_is_not_repeated() {
    for (answering, status) in [
        (Answering::Refusing(401, 20_003), 502),
        (Answering::Refusing(400, 21_211), 502),
        (Answering::Refusing(429, 20_429), 502),
        (Answering::Unreachable, 502),
        (Answering::Failing, 504),
        (Answering::Silently, 504),
    ] {
        let line = Line::new();
        let service = Asker::service(&line.floor).await;
        line.twilio.set(answering);
        let problem = service.post("/api/handoff", &waiting("s1")).await.problem(status);
        assert!(!problem.json.to_string().contains("pbx.example.test"), "{}", problem.json);
        let id = problem.text("reference");
        let sent = line.twilio.requests().len();
        line.twilio.set(Answering::Well);
        if status == 502 {
            assert_eq!(line.state(&service, id).await, "failed");
            let again = service.post("/api/handoff", &waiting("s1")).await.ok();
            assert_eq!(
                (again.text("state"), again.json["replayed"].as_bool()),
                ("ringing", Some(false))
            );
            assert_eq!(line.twilio.requests().len(), sent + 1);
            continue;
        }
        assert_eq!(line.state(&service, id).await, "unknown");
        let again = service.post("/api/handoff", &waiting("s1")).await.ok();
        assert_eq!((again.text("state"), again.text("handoff")), ("unknown", id));
        assert_eq!(line.twilio.requests().len(), sent, "{answering:?}: it is not asked again");
        // It had happened: the first callback says so.
        let status = format!("{BASE}/webhooks/twilio/status?handoff={id}&leg=agent");
        line.asks(&status, &[("CallSid", "CA5"), ("CallStatus", "ringing")]).await;
        assert_eq!(line.state(&service, id).await, "ringing");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_sign_for_the_public_address_changes_nothing() {
    let line = Line::new();
    let service = Asker::service(&line.floor).await;
    let answer = service.post("/api/handoff", &of_leg("s1", "CA1")).await.ok();
    let id = answer.text("handoff");
    let url = format!("{BASE}/webhooks/twilio/status?handoff={id}&leg=agent");
    let form = [("CallSid", "CA9"), ("ParentCallSid", "CA1"), ("CallStatus", "busy")];
    let sign =
        |key: &str, url: &str, form: &[(&str, &str)]| signature(key.as_bytes(), url, &owned(form));
    let local = url.replace("https://desk.example.test", "http://127.0.0.1:8080");
    for (name, header) in [
        ("none", String::new()),
        ("another token", sign("other", &url, &form)),
        ("another address", sign(TOKEN, &local, &form)),
        ("other parameters", sign(TOKEN, &url, &form[..2])),
        ("not base64", "!".repeat(28)),
    ] {
        let (status, text) = line.sent(&url, &form, &header).await;
        assert_eq!(status, 403, "{name}: {text}");
        assert_eq!(line.state(&service, id).await, "ringing", "{name}");
    }
    let (status, _) = line.sent(&url, &form, &sign(TOKEN, &url, &form)).await;
    assert_eq!((status, line.state(&service, id).await), (200, "failed".to_owned()));
    let large = "x".repeat(70_000);
    let (status, _) = line.sent(&url, &[("x", &large)], "x").await;
    assert_eq!(status, 413);
    // Without an account there is no such route.
    let floor = Floor::new();
    let request = Request::post("/webhooks/twilio/voice").body(Body::empty()).unwrap();
    let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn with_no_leg_of_the_caller_nothing_is_asked_of_twilio() {
    let line = Line::new();
    let service = Asker::service(&line.floor).await;
    let mut body = waiting("s1");
    body["waits_at"] = Value::Null;
    let problem = service.post("/api/handoff", &body).await.problem(400);
    assert_eq!(problem.json["errors"][0]["path"], "call_sid");
    body["waits_at"] = "7;x=1".into();
    let problem = service.post("/api/handoff", &body).await.problem(400);
    assert_eq!(problem.json["errors"][0]["path"], "waits_at");
    assert_eq!(line.twilio.requests().len(), 0);
}
