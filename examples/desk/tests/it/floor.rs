//! A call floor: a simulator, and a desk on it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use desk::assist::AssistSettings;
use desk::core::caller::Role;
use desk::flow::calling::CallingSettings;
use desk::people::token::new_id;
use desk::records::Records;
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::store::{Events as _, Memory, Store};
use desk::{Desk, Settings, app};
use futures_util::FutureExt as _;
use http::{Method, Request, StatusCode, header};
use ozonetel_sdk::Client;
use ozonetel_sdk::cdr::sync::SyncSettings;
use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_sim::{LogEntry, Sim};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) struct Floor {
    pub(crate) sim: Sim,
    pub(crate) desk: Desk,
    pub(crate) memory: Memory,
}

impl Drop for Floor {
    /// Each call of each story can be built from its facts again, and no event of it shows a whole number to those who do
    /// not handle the call.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.memory.unlike_their_facts(), Vec::<String>::new());
            let events = self.memory.events_after(0, 10_000).now_or_never();
            for event in events.into_iter().flatten().flatten() {
                let shown = event.masked.as_ref().unwrap_or(&event.body);
                let shown = serde_json::from_str(shown).unwrap_or_default();
                assert!(!has_whole_number(&shown), "{}: {shown}", event.kind);
            }
        }
    }
}

/// Whether there is a number of more than its last digits under a name that is one's number.
fn has_whole_number(shown: &Value) -> bool {
    match shown {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let is_number =
                ["number", "phone", "callerPhone", "to", "from"].contains(&name.as_str());
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
            is_number && value.as_str().is_some_and(|text| digits(text) > 4)
                || has_whole_number(value)
        }),
        Value::Array(items) => items.iter().any(has_whole_number),
        _ => false,
    }
}

/// Of a day that the tests know: a quarter past ten in the account's zone.
pub(crate) const DAY: &str = "2026-11-20";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 10 << 20).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            panic!("not JSON: {:?}", String::from_utf8_lossy(&bytes));
        });
        Self { status: parts.status, headers: parts.headers, json }
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.json))
    }

    /// The answer, which has to be a success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.json);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        self
    }

    /// The answer, which has to be a problem document with this status.
    pub(crate) fn problem(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["mayHaveHappened"], status == 504, "{}", self.json);
        for field in ["type", "title", "message"] {
            assert!(!self.text(field).is_empty());
        }
        self
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        agent: Some("agent01".into()),
        password: Some("secret".into()),
        phone_number: Some("500001".into()),
        phone_name: Some("agent01".into()),
        campaign: Some("support_out".into()),
        did: Some("918000000001".into()),
        ..Settings::default()
    }
}

/// The same with live assist, by providers that do not answer.
pub(crate) fn assisted() -> Settings {
    let variables = |name: &str| match name {
        "VOSK_URL" => Some("ws://127.0.0.1:9/".to_owned()),
        "OPENAI_BASE_URL" => Some("http://127.0.0.1:9/v1".to_owned()),
        "OPENAI_MODEL" => Some("none".to_owned()),
        _ => None,
    };
    Settings { assist: AssistSettings::read(&variables).unwrap(), ..settings() }
}

/// A new store. In memory, because databases do not know of paused time.
pub(crate) fn store() -> Arc<dyn Store> {
    Arc::new(Memory::new())
}

/// Call records in memory, of today and the days to come.
pub(crate) fn records(client: &Client) -> Records {
    let store = ozonetel_store::Store::in_memory(client.zone().clone());
    let settings = SyncSettings::default().back_fill(0).every(Duration::from_mins(1));
    Records::with(client.clone(), store, settings)
}

/// The request with a token that acts for every agent, and for the desk's own if none is named.
pub(crate) async fn authorized(desk: &Desk, mut request: Request<Body>) -> Request<Body> {
    let token = token(desk, Role::Administrator, &[]).await;
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, value);
    request
}

/// A new token.
pub(crate) async fn token(desk: &Desk, role: Role, agents: &[&str]) -> String {
    let token = ApiToken {
        id: new_id(),
        name: "test".into(),
        role,
        agents: agents.iter().map(|id| (*id).into()).collect(),
        made_by: "test".into(),
        made_at: 0,
        ends_at: None,
        seen_at: None,
    };
    let row = AuditRow::of_desk(0, "token.add", "token:test");
    desk.people().add_token(token, row).await.unwrap().reveal().to_owned()
}

impl Floor {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default(), settings())
    }

    /// With other settings of calls.
    pub(crate) fn with_calling(change: impl FnOnce(&mut CallingSettings)) -> Self {
        let mut settings = settings();
        change(&mut settings.calling);
        Self::with(Setup::default(), settings)
    }

    pub(crate) fn with(setup: Setup, settings: Settings) -> Self {
        let start = Timestamp::parse(&format!("{DAY}T10:15:00+05:30")).unwrap();
        let sim = Sim::builder().setup(setup).starting_at(start).build();
        let client = sim.client();
        let records = records(&client);
        let memory = Memory::new();
        let desk = Desk::with_records(client, settings, Arc::new(memory.clone()), records);
        Self { sim, desk, memory }
    }

    /// A desk that has another store than the floor's own.
    pub(crate) fn of(sim: Sim, desk: Desk) -> Self {
        Self { sim, desk, memory: Memory::new() }
    }

    /// The store.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Reads what is due of the call records, as the desk does on its own; nothing if nothing is.
    pub(crate) async fn sync(&self) {
        for _ in 0..2 {
            self.desk.records().step().await.unwrap();
        }
    }

    /// What is answered out of the call records is asked for once they are up to date.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let path = request.uri().path();
        if path.ends_with("/call-history") || path.contains("/performance") || path == "/api/calls"
        {
            self.sync().await;
        }
        let request = authorized(&self.desk, request).await;
        Answer::of(app(self.desk.clone()).unwrap().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, kind: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn post(&self, route: &str, body: &Value) -> Answer {
        let path = format!("/api/ozonetel/{route}");
        self.raw(Method::POST, &path, "application/json", &body.to_string()).await
    }

    pub(crate) async fn get(&self, route: &str) -> Answer {
        let request = Request::get(format!("/api/ozonetel/{route}")).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(crate) async fn wait(&self, seconds: u64) {
        self.sim.advance(Duration::from_secs(seconds)).await;
    }

    /// Logs the agent in, dials, and waits until both have answered.
    pub(crate) async fn talking(&self) -> String {
        self.post("agent-login", &serde_json::json!({})).await.ok();
        let dial = serde_json::json!({"phoneNumber": "9000000001"});
        let ucid = self.post("dial", &dial).await.ok().text("ucid").to_owned();
        self.wait(5).await;
        ucid
    }

    /// The newest request the service had on a path.
    pub(crate) fn last(&self, path: &str) -> LogEntry {
        self.sim.requests().into_iter().rfind(|entry| entry.path == path).unwrap()
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        self.sim.requests().iter().filter(|entry| entry.path == path).count()
    }
}

pub(crate) const DIAL: &str = "/ca_apis/AgentManualDial";
pub(crate) const DISPOSITION: &str = "/ca_apis/DispositionAPIV2";
pub(crate) const CDR: &str = "/ca_reports/fetchCDRDetails";
