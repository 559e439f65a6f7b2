//! Live assist on stand-ins of its providers, over real connections.

mod failing;
mod keeping_secret;
mod load;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use desk::assist::AssistSettings;
use desk::core::assist::audio_frame::{AudioFrame, SAMPLES};
use desk::core::assist::transcript::Speaker::{self, Agent, Customer};
use desk::core::caller::Role;
use desk::core::fact::Fact;
use desk::flow::facts::record;
use desk::records::Records;
use desk::simulated::stand_ins::{HeardStream, StandInScript, StandIns};
use desk::store::Store;
use desk::{Desk, Settings, app};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, header};
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, assisted, settings, token};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_mins(1);

/// A desk that is served, on stand-ins.
pub(crate) struct Assisted {
    pub(crate) floor: Floor,
    pub(crate) stand_ins: StandIns,
    address: SocketAddr,
    agent: String,
}

impl Assisted {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    pub(crate) async fn with(change: impl FnOnce(AssistSettings) -> AssistSettings) -> Self {
        let stand_ins = StandIns::start().await.unwrap();
        let assist = change(stand_ins.settings(&AssistSettings::default()).unwrap());
        let floor = Floor::with(Setup::default(), Settings { assist, ..settings() });
        Self::of(floor, stand_ins).await
    }

    /// With a store of its own.
    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        let stand_ins = StandIns::start().await.unwrap();
        let assist = stand_ins.settings(&AssistSettings::default()).unwrap();
        let sim = Floor::new().sim.clone();
        let client = sim.client();
        let records: Records = crate::floor::records(&client);
        let desk = Desk::with_records(client, Settings { assist, ..settings() }, store, records);
        Self::of(Floor::of(sim, desk), stand_ins).await
    }

    async fn of(floor: Floor, stand_ins: StandIns) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(floor.desk.clone()).unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let agent = token(&floor.desk, Role::Agent, &["agent01"]).await;
        Self { floor, stand_ins, address, agent }
    }

    /// A call that the service says was answered.
    pub(crate) async fn talking(&self) -> String {
        let ucid = self.floor.talking().await;
        let desk = &self.floor.desk;
        let zone = desk.client().zone();
        let at = zone.stamp(desk.client().clock().now()).to_string();
        let event = json!({
            "action": "Answered", "call_type": "Manual", "ucid": ucid, "monitor_ucid": ucid,
            "agent_id": "agent01", "caller_id": "9000000001", "did": "918000000001", "event_time": at,
        });
        let event = serde_json::from_value(event).unwrap();
        record(desk, vec![Fact::of_event(event, desk.now(), zone)]).await.unwrap();
        ucid
    }

    pub(crate) async fn respond(
        &self,
        bearer: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        app(self.floor.desk.clone()).unwrap().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.respond(&self.agent, Method::GET, path, &json!({})).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.respond(&self.agent, Method::POST, path, &body).await
    }

    /// A call's audio as this caller opens it.
    async fn open_as(&self, bearer: &str, ucid: &str) -> Result<Page, Error> {
        let address = format!("ws://{}/api/calls/{ucid}/audio", self.address);
        let mut request = address.into_client_request().unwrap();
        let value = format!("Bearer {bearer}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        let (socket, _) = connect_async(request).await?;
        Ok(Page { socket, sent: [0, 0], captured: 0 })
    }

    pub(crate) async fn open(&self, ucid: &str) -> Page {
        self.open_as(&self.agent, ucid).await.unwrap()
    }

    /// The entries of a call, once they are as they should be.
    pub(crate) async fn entries(&self, ucid: &str, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let path = format!("/api/calls/{ucid}/transcript");
        until(async || {
            let answer = self.get(&path).await;
            let entries = answer.json["entries"].as_array().cloned().unwrap_or_default();
            are(&entries).then_some(entries)
        })
        .await
    }

    pub(crate) fn heard(&self, speaker: Speaker) -> Vec<HeardStream> {
        let streams = self.stand_ins.heard().into_iter();
        streams.filter(|stream| stream.speaker == Some(speaker)).collect()
    }

    /// How many bytes of a speaker have arrived in all.
    pub(crate) fn bytes(&self, speaker: Speaker) -> u64 {
        self.heard(speaker).iter().map(|stream| stream.bytes).sum()
    }
}

/// Asks again until there is an answer.
pub(crate) async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, asking).await.expect("it happens")
}

/// A page that sends a call's audio.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    sent: [u32; 2],
    captured: u64,
}

impl Page {
    /// The next state that the desk says, with its reason; the close code if it ends.
    pub(crate) async fn state(&mut self) -> Result<(String, Option<String>), Option<u16>> {
        loop {
            match tokio::time::timeout(SOON, self.socket.next()).await.expect("something happens") {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(said["type"], "state");
                    let text = |value: &Value| value.as_str().map(str::to_owned);
                    return Ok((text(&said["state"]).unwrap(), text(&said["reason"])));
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn is(&mut self, state: &str) -> Option<String> {
        let (found, reason) = self.state().await.unwrap();
        assert_eq!(found, state, "{reason:?}");
        reason
    }

    /// Waits for a state, whatever comes before.
    pub(crate) async fn becomes(&mut self, state: &str) -> Option<String> {
        loop {
            let (found, reason) = self.state().await.unwrap();
            if found == state {
                return reason;
            }
        }
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends a frame of each of these speakers, this loud.
    pub(crate) async fn send(&mut self, speakers: &[Speaker], value: i16) {
        for speaker in speakers {
            let place = usize::from(*speaker == Agent);
            let samples: Vec<u8> =
                std::iter::repeat_n(value.to_le_bytes(), SAMPLES / 2).flatten().collect();
            let frame = AudioFrame {
                speaker: *speaker,
                sequence: self.sent[place],
                captured_ms: self.captured,
                samples: samples.into(),
            };
            self.sent[place] += 1;
            self.raw(Message::binary(frame.message())).await;
        }
        self.captured += 100;
    }

    /// Someone speaks for a second, and is silent for half a one.
    pub(crate) async fn speak(&mut self, speakers: &[Speaker]) {
        for n in 0..15 {
            self.send(speakers, if n < 10 { 5_000 } else { 0 }).await;
        }
    }
}

fn script(customer: &[&str], agent: &[&str]) -> StandInScript {
    let owned = |list: &[&str]| list.iter().map(|line| (*line).to_owned()).collect();
    StandInScript { customer: owned(customer), agent: owned(agent) }
}

#[tokio::test]
async fn words_of_both_speakers_appear_and_audio_arrives_whole_and_in_order() {
    let assisted = Assisted::new().await;
    assisted.stand_ins.set_script(script(&["I would like an appointment"], &["Good morning"]));
    let ucid = assisted.talking().await;
    let me = assisted.get("/api/me").await.ok().json["assist"].clone();
    assert_eq!(
        me,
        json!({"transcript": true, "suggestions": true, "summary": true, "standIn": true})
    );
    let mut page = assisted.open(&ucid).await;
    assert_eq!(page.is("on").await, None);
    let call = assisted.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(call["assist"], json!({"state": "on"}));
    page.speak(&[Agent, Customer]).await;
    let entries = assisted.entries(&ucid, |entries| entries.len() == 2).await;
    let text = |speaker: &str| {
        let found = entries.iter().find(|entry| entry["speaker"] == speaker).unwrap();
        assert_eq!((&found["kind"], &found["final"]), (&json!("speech"), &json!(true)));
        let (start, end) = (found["startMs"].as_i64().unwrap(), found["endMs"].as_i64().unwrap());
        assert!((900..=1_500).contains(&(end - start)), "{start} to {end}");
        found["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (text("customer").as_str(), text("agent").as_str()),
        ("I would like an appointment", "Good morning")
    );
    for speaker in Speaker::BOTH {
        let streams = assisted.heard(speaker);
        assert_eq!((streams.len(), streams[0].bytes), (1, 15 * SAMPLES as u64));
        let places: Vec<_> = streams[0].pieces.iter().map(|piece| piece.sample).collect();
        assert_eq!(places, (0..15).map(|n| n * 1_600).collect::<Vec<_>>());
        let loud: Vec<_> = streams[0].pieces.iter().map(|piece| piece.loudness).collect();
        assert_eq!(loud, [[5_000; 10].as_slice(), &[0; 5]].concat());
    }
    let after = entries[0]["id"].as_str().unwrap();
    let rest = assisted.get(&format!("/api/calls/{ucid}/transcript?after={after}")).await.ok().json;
    assert_eq!(rest, json!({"entries": [entries[1]], "more": false}));
    let first = assisted.get(&format!("/api/calls/{ucid}/transcript?limit=1")).await.ok().json;
    assert_eq!(first, json!({"entries": [entries[0]], "more": true}));
    let metrics = assisted.floor.desk.metrics().render();
    assert!(
        metrics.contains(r#"desk_assist_frames_total{speaker="agent",outcome="taken"} 15"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn nothing_is_heard_while_the_recording_is_paused_or_the_customer_is_on_hold() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    page.send(&[Customer, Agent], 5_000).await;
    until(async || (assisted.bytes(Customer) > 0 && assisted.bytes(Agent) > 0).then_some(())).await;
    for (command, body, state, reason, back) in [
        (
            "recording",
            json!({"action": "pause"}),
            "paused",
            "recordingPaused",
            json!({"action": "resume"}),
        ),
        ("hold", json!({}), "held", "onHold", json!({})),
    ] {
        let before = assisted.bytes(Customer) + assisted.bytes(Agent);
        let done = assisted.post(&format!("/api/calls/{ucid}/{command}"), body).await;
        assert_eq!(done.status(), 200);
        assert_eq!(page.is(state).await.as_deref(), Some(reason));
        page.speak(&[Customer, Agent]).await;
        let line = r#"desk_assist_frames_total{speaker="agent",outcome="discarded"}"#;
        let discarded = if command == "recording" { 15 } else { 30 };
        until(async || {
            let metrics = assisted.floor.desk.metrics().render();
            metrics.contains(&format!("{line} {discarded}")).then_some(())
        })
        .await;
        assert_eq!(assisted.bytes(Customer) + assisted.bytes(Agent), before, "{state}");
        let back_to = if command == "hold" { "unhold" } else { command };
        assisted.post(&format!("/api/calls/{ucid}/{back_to}"), back).await;
        page.is("on").await;
        page.send(&[Customer, Agent], 5_000).await;
        let more = 2 * SAMPLES as u64;
        until(async || {
            (assisted.bytes(Customer) + assisted.bytes(Agent) == before + more).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn frames_that_are_missing_are_a_gap() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    page.send(&[Customer], 0).await;
    let gap = json!({"type": "gap", "channel": "customer", "fromSequence": 1, "frames": 20});
    page.raw(Message::text(gap.to_string())).await;
    page.raw(Message::text(r#"{"type":"of a newer page","x":1}"#)).await;
    page.sent[0] += 20;
    page.captured += 2_000;
    page.send(&[Customer], 0).await;
    // The time of the page counts, not when it arrives.
    let entries = assisted.entries(&ucid, |entries| entries.len() == 1).await;
    assert_eq!((&entries[0]["kind"], &entries[0]["speaker"]), (&json!("gap"), &json!("customer")));
    let length = entries[0]["endMs"].as_i64().unwrap() - entries[0]["startMs"].as_i64().unwrap();
    assert_eq!(length, 2_000, "{entries:?}");
    // What was sent twice is heard once.
    page.sent[0] -= 1;
    page.send(&[Customer], 0).await;
    until(async || {
        let metrics = assisted.floor.desk.metrics().render();
        metrics.contains(r#"{speaker="customer",outcome="repeated"} 1"#).then_some(())
    })
    .await;
    until(async || (assisted.bytes(Customer) >= 2 * SAMPLES as u64).then_some(())).await;
    page.send(&[Customer], 0).await;
    until(async || (assisted.bytes(Customer) >= 3 * SAMPLES as u64).then_some(())).await;
    assert_eq!(assisted.bytes(Customer), 3 * SAMPLES as u64);
}

#[tokio::test]
async fn the_newest_page_has_it_and_what_is_no_frame_ends_the_connection() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    let mut first = assisted.open(&ucid).await;
    first.is("on").await;
    let mut second = assisted.open(&ucid).await;
    second.is("on").await;
    assert_eq!(first.state().await, Err(Some(4001)));
    second.send(&[Agent], 5_000).await;
    until(async || (assisted.bytes(Agent) > 0).then_some(())).await;
    let mut long = vec![1; 16 + SAMPLES + 1];
    (long[1], long[2], long[3]) = (0, 0, 0);
    for wrong in [
        Message::binary(vec![1, 0]),
        Message::binary(long),
        Message::binary(vec![9; 16 + SAMPLES]),
        Message::text("x"),
        Message::text(r#"{"type":"gap","channel":"other","fromSequence":0,"frames":1}"#),
        Message::text(r#"{"type":"gap","channel":"agent","fromSequence":0,"frames":99999}"#),
    ] {
        let mut page = assisted.open(&ucid).await;
        page.is("on").await;
        page.raw(wrong).await;
        assert_eq!(page.state().await, Err(Some(4400)));
    }
}

#[tokio::test]
async fn audio_is_taken_from_the_agent_who_has_the_call_and_with_consent_alone() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    let desk = &assisted.floor.desk;
    let refused = async |bearer: &str, ucid: &str| match assisted.open_as(bearer, ucid).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{:?}", other.map(|_| ())),
    };
    assert_eq!(refused("desk_wrong", &ucid).await, 401);
    let other = token(desk, Role::Agent, &["agent02"]).await;
    let supervisor = token(desk, Role::Supervisor, &["agent01"]).await;
    let administrator = token(desk, Role::Administrator, &[]).await;
    assert_eq!(refused(&other, &ucid).await, 404);
    assert_eq!(refused(&supervisor, &ucid).await, 403);
    assert_eq!(refused(&assisted.agent, "90000000000000009").await, 404);
    let path = format!("/api/calls/{ucid}/audio");
    let plain = assisted.respond(&assisted.agent, Method::GET, &path, &json!({})).await;
    assert_eq!(plain.status(), 400);
    // Consent is withdrawn while it is heard, and given again.
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    let campaign =
        desk.store().call(&ucid, &desk::core::caller::Scope::All).await.unwrap().unwrap();
    let campaign = campaign.state.campaign.clone().unwrap();
    let consent = async |consent: bool| {
        let body = json!({"campaigns": [{"campaign": campaign.as_str(), "consent": consent}]});
        let path = "/api/admin/assist/campaigns";
        let answer =
            Answer::of(assisted.respond(&administrator, Method::PUT, path, &body).await).await.ok();
        let listed = answer.json["campaigns"].as_array().unwrap().clone();
        assert!(listed.contains(&body["campaigns"][0]), "{listed:?}");
    };
    consent(false).await;
    assert_eq!(page.is("refused").await.as_deref(), Some("noConsent"));
    assert_eq!(refused(&assisted.agent, &ucid).await, 403);
    let call = assisted.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert!(call.get("assist").is_none(), "{call}");
    page.send(&[Customer], 5_000).await;
    until(async || {
        let metrics = desk.metrics().render();
        metrics.contains(r#"{speaker="customer",outcome="discarded"} 1"#).then_some(())
    })
    .await;
    consent(true).await;
    page.is("on").await;
    page.send(&[Customer], 5_000).await;
    until(async || (assisted.bytes(Customer) == SAMPLES as u64).then_some(())).await;
    for wrong in [json!([]), json!([{"campaign": " ", "consent": true}])] {
        let body = json!({"campaigns": wrong});
        let path = "/api/admin/assist/campaigns";
        assert_eq!(assisted.respond(&administrator, Method::PUT, path, &body).await.status(), 400);
    }
    // A transcript of the call is another agent's to read for no one, and a supervisor's with a row in the audit.
    let path = format!("/api/calls/{ucid}/transcript");
    assert_eq!(assisted.respond(&other, Method::GET, &path, &json!({})).await.status(), 404);
    assert_eq!(assisted.respond(&supervisor, Method::GET, &path, &json!({})).await.status(), 200);
    assisted.get(&path).await.ok();
    let rows = crate::keeping::audit(desk, "transcript.read").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(crate::keeping::audit(desk, "assist.consent").await.len(), 2);
    for (method, path) in [
        (Method::GET, format!("/api/calls/{ucid}/suggestions")),
        (Method::GET, format!("/api/calls/{ucid}/summary")),
        (Method::POST, format!("/api/calls/{ucid}/suggestions/1/dismiss")),
    ] {
        assert_eq!(assisted.respond(&other, method, &path, &json!({})).await.status(), 404);
    }
}

#[tokio::test]
async fn suggestions_come_and_are_put_away_and_the_end_has_a_summary() {
    let every = Duration::from_millis(50);
    let assisted = Assisted::with(|settings| AssistSettings { every, ..settings }).await;
    let said = "my number is nine eight seven six five four three two one zero and I want Monday please ok";
    assisted.stand_ins.set_script(script(&[said], &["Good morning"]));
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    page.speak(&[Customer]).await;
    let path = format!("/api/calls/{ucid}/suggestions");
    let found = until(async || {
        let answer = assisted.get(&path).await.ok().json;
        answer["suggestions"].get(0).cloned()
    })
    .await;
    assert!(found["text"].as_str().unwrap().len() > 10 && found["dismissed"] == false, "{found}");
    assert!(found["at"].as_str().unwrap().ends_with('Z'));
    let asked = assisted.stand_ins.asked();
    assert!(asked[0].contains("I want Monday") && !asked[0].contains("nine eight"), "{asked:?}");
    let id = found["id"].as_str().unwrap();
    let dismiss =
        async |id: &str| assisted.post(&format!("{path}/{id}/dismiss"), json!({})).await.status();
    assert_eq!(
        (dismiss(id).await.as_u16(), dismiss(id).await.as_u16(), dismiss("none").await.as_u16()),
        (204, 204, 404)
    );
    assert_eq!(assisted.get(&path).await.ok().json["suggestions"][0]["dismissed"], true);
    // Nothing new was said: nothing more is asked.
    let count = assisted.stand_ins.asked().len();
    assisted.entries(&ucid, |entries| entries.len() == 1).await;
    assert_eq!(count, 1);
    assisted.post(&format!("/api/calls/{ucid}/end"), json!({})).await;
    page.becomes("ended").await;
    assert_eq!(page.state().await, Err(Some(1000)));
    let path = format!("/api/calls/{ucid}/summary");
    let summary = until(async || {
        let response = assisted.respond(&assisted.agent, Method::GET, &path, &json!({})).await;
        (response.status() == 200).then_some(response)
    })
    .await;
    let summary = Answer::of(summary).await.ok().json;
    assert_eq!(summary["generated"], true);
    assert!(summary["text"].as_str().unwrap().starts_with("The customer asked"), "{summary}");
    until(async || (!assisted.floor.desk.assist().is_listening(&ucid)).then_some(())).await;
}

#[tokio::test]
async fn a_lead_has_a_summary_in_two_sentences_or_none() {
    let assisted = Assisted::new().await;
    let supervisor = token(&assisted.floor.desk, Role::Supervisor, &["agent01"]).await;
    let file = "number,name,City,agent\n9000000001,Asha Demo,Pune,agent01\n9000000002,Ravi Demo,,agent02\n";
    let import = Request::post("/api/leads/import")
        .header(header::CONTENT_TYPE, "text/csv")
        .header(header::AUTHORIZATION, format!("Bearer {supervisor}"))
        .body(Body::from(file));
    app(assisted.floor.desk.clone()).unwrap().oneshot(import.unwrap()).await.unwrap();
    let leads = assisted.get("/api/leads").await.ok().json["leads"].as_array().unwrap().clone();
    let id = |name: &str| {
        leads.iter().find(|lead| lead["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/api/leads/{}/summary", id("Asha Demo"));
    let summary = assisted.get(&path).await.ok().json;
    assert_eq!(summary["generated"], true);
    assert_eq!(summary["text"].as_str().unwrap().matches('.').count(), 2, "{summary}");
    let asked = assisted.stand_ins.asked();
    assert!(asked[0].contains("Pune") && !asked[0].contains("9000000001"), "{asked:?}");
    // The same again is not asked again.
    assert_eq!(assisted.get(&path).await.ok().json, summary);
    assert_eq!(assisted.stand_ins.asked().len(), 1);
    let get = async |path: &str| {
        assisted.respond(&assisted.agent, Method::GET, path, &json!({})).await.status()
    };
    assert_eq!(get("/api/leads/none/summary").await, 404);
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_there_is_none_of_it() {
    let plain = Floor::new();
    let ucid = plain.talking().await;
    let none = async |method: Method, path: &str| {
        let answer = plain.raw(method, path, "application/json", "{}").await;
        (answer.status.as_u16(), answer.text("message").to_owned())
    };
    let nowhere = none(Method::GET, "/api/nowhere").await;
    assert_eq!(nowhere.0, 404);
    for (method, path) in [
        (Method::GET, format!("/api/calls/{ucid}/audio")),
        (Method::GET, format!("/api/calls/{ucid}/transcript")),
        (Method::GET, format!("/api/calls/{ucid}/suggestions")),
        (Method::POST, format!("/api/calls/{ucid}/suggestions/1/dismiss")),
        (Method::GET, format!("/api/calls/{ucid}/summary")),
        (Method::GET, "/api/leads/1/summary".into()),
        (Method::GET, "/api/admin/assist/campaigns".into()),
    ] {
        assert_eq!(none(method, &path).await, nowhere, "{path}");
    }
    for path in ["/api/me", "/api/calls/live", "/metrics"] {
        let bearer = token(&plain.desk, Role::Administrator, &[]).await;
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        let text = crate::access::whole(&plain, request.body(Body::empty()).unwrap()).await.1;
        assert!(!text.contains("assist") && !text.is_empty(), "{path}: {text}");
    }
    let document = plain.raw(Method::GET, "/openapi.json", "text/plain", "").await.ok().json;
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    for part in ["assist", "transcript", "suggestions", "summary", "audio"] {
        assert!(!paths.iter().any(|path| path.contains(part)), "{part}: {paths:?}");
    }
    // With one, the same call shows it.
    let floor = Floor::with(Setup::default(), assisted());
    floor.talking().await;
    let live = floor.raw(Method::GET, "/api/calls/live", "text/plain", "").await.ok().json;
    assert!(live["calls"][0].get("assist").is_none(), "its campaign has not consented");
}
