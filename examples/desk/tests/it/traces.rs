//! One trace from a click to the callback after the call, as a collector gets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::trace::v1::Span;
use ozonetel_sim::Sim;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::binary::start;

const LIMIT: Duration = Duration::from_mins(1);

/// What the page sends with its click.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLICK: &str = "00f067aa0ba902b7";

const SECRET: &str = "verified-by-its-address";

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<(Mutex<Vec<Bytes>>, Notify)>);

impl Collector {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let take = async |State(kept): State<Self>, body: Bytes| {
            kept.0.0.lock().unwrap().push(body);
            kept.0.1.notify_one();
        };
        let app = axum::Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        url
    }

    fn bytes(&self) -> Vec<Bytes> {
        self.0.0.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.bytes();
        let requests =
            requests.into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// The span of the click's trace that has this name and attribute, once it is there.
    async fn span(&self, name: &str, attribute: &str, value: &str) -> Span {
        loop {
            let of_trace = |span: &Span| hex(&span.trace_id) == TRACE && span.name == name;
            let found = self
                .spans()
                .into_iter()
                .find(|span| of_trace(span) && text(span, attribute).as_deref() == Some(value));
            match found {
                Some(found) => return found,
                None => self.0.1.notified().await,
            }
        }
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Attribute::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

async fn from_click_to_callback() {
    let collector = Collector::default();
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let (service, traces) = (server.url(), collector.start().await);
    let desk = start(&[
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", &service),
        ("OZONETEL_CAMPAIGN", "support_out"),
        ("OZONETEL_DID", "918000000001"),
        ("DESK_WEBHOOK_SECRET", SECRET),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &traces),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ])
    .await;
    let callback = format!("http://{}/webhooks/ozonetel/calls/{SECRET}", desk.address);
    sim.set_callback_url(Some(callback));
    let own = format!("authorization: Bearer {}", desk.token);
    let login = json!({"agentId": "agent01", "password": "secret", "phoneNumber": "500001"});
    let (head, body) =
        desk.send("POST", "/api/ozonetel/agent-login", &own, &login.to_string()).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{body}");
    let click = format!("{own}\r\ntraceparent: 00-{TRACE}-{CLICK}-01");
    let dial = json!({"phoneNumber": "9000012345"}).to_string();
    let (head, body) = desk.send("POST", "/api/ozonetel/dial", &click, &dial).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{body}");
    let dialed: Value = serde_json::from_str(&body).unwrap();
    let ucid = dialed["ucid"].as_str().unwrap();
    sim.advance(Duration::from_secs(10)).await;
    let end = json!({
        "ucid": ucid, "action": "KICK_CALL", "conferenceNumber": "500001", "agentPhoneName": "agent01",
    });
    let (head, body) =
        desk.send("POST", "/api/ozonetel/call-control", &own, &end.to_string()).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{body}");
    sim.advance(Duration::from_mins(2)).await;

    let request = collector.span("request", "route", "/api/ozonetel/dial").await;
    assert_eq!(hex(&request.parent_span_id), CLICK);
    let flow = collector.span("dial", "way", "agent").await;
    assert_eq!(flow.parent_span_id, request.span_id);
    let sent = collector.span("ozonetel", "call", "dial.agent").await;
    assert_eq!(sent.parent_span_id, flow.span_id);
    let callback = collector.span("callback", "ucid", ucid).await;
    assert_eq!(callback.parent_span_id, flow.span_id);
    // Another request is another trace.
    let login = collector
        .spans()
        .into_iter()
        .find(|span| text(span, "route").as_deref() == Some("/api/ozonetel/agent-login"));
    assert_ne!(hex(&login.unwrap().trace_id), TRACE);
    let (code, _) = desk.terminate().await;
    assert_eq!(code, Some(0));
    assert!(collector.spans().iter().all(|span| span.events.is_empty()), "no line of the log");
    for body in collector.bytes() {
        for personal in [
            "9000012345",
            "000012345",
            "918000000001",
            "500001",
            "agent01",
            "test-key",
            SECRET,
            "admin@",
        ] {
            let found = body.windows(personal.len()).any(|part| part == personal.as_bytes());
            assert!(!found, "{personal} is in a trace: {:?}", collector.spans());
        }
    }
}

#[tokio::test]
async fn a_click_its_flow_the_services_request_and_the_callback_are_one_trace() {
    tokio::time::timeout(LIMIT, from_click_to_callback()).await.unwrap();
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    tokio::time::timeout(LIMIT, async {
        let desk = start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
        let (head, _) = desk.send("GET", "/healthz", "x: y", "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let (code, _) = desk.terminate().await;
        assert_eq!(code, Some(0));
    })
    .await
    .unwrap();
}
