use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::Request as HttpRequest;
use tower::ServiceExt;

use super::*;
use crate::receive::kookoo::verb::{DialTarget, Hangup, PlayText};
use crate::receive::kookoo::{IvrRequest, IvrResponse, IvrStep};
use crate::receive::push::verify::{Signer, Verifier};
use crate::receive::push::{Callback, PushEvent, PushLimits};

#[derive(Clone)]
struct App {
    reader: PushReader,
    calls: Arc<AtomicUsize>,
    stored: Arc<std::sync::Mutex<String>>,
}

impl FromRef<App> for PushReader {
    fn from_ref(app: &App) -> Self {
        app.reader.clone()
    }
}

async fn hook(State(app): State<App>, Pushed(push): Pushed<Callback>) -> StatusCode {
    app.calls.fetch_add(push.items.len(), Ordering::SeqCst);
    *app.stored.lock().unwrap_or_else(PoisonError::into_inner) = push.sanitized.to_json();
    StatusCode::ACCEPTED
}

async fn events(State(app): State<App>, Pushed(push): Pushed<PushEvent>) -> StatusCode {
    app.calls.fetch_add(push.items.len(), Ordering::SeqCst);
    StatusCode::ACCEPTED
}

async fn ivr(Pushed(push): Pushed<IvrRequest>) -> IvrResponse {
    match push.items[0].step() {
        IvrStep::NewCall => IvrResponse::new().then(PlayText::new("Hello & welcome")),
        IvrStep::Keys(_) => {
            IvrResponse::new().then(crate::receive::kookoo::verb::Dial::new(DialTarget::plain(" ")))
        }
        _ => IvrResponse::new().then(Hangup::new()),
    }
}

fn app(reader: PushReader) -> (Router, App) {
    let app = App { reader, calls: Arc::default(), stored: Arc::default() };
    let router = Router::new()
        .route("/call", route(hook))
        .route("/event", route(events))
        .route("/ivr", route(ivr))
        .with_state(app.clone());
    (router, app)
}

fn proved() -> (PushReader, Signer) {
    let verifier = Verifier::url("code", "long-secret").unwrap().and_key("test-key").unwrap();
    (PushReader::new().verifier(verifier.clone()), Signer::of(&verifier))
}

async fn send(router: &Router, method: &str, uri: &str, body: impl Into<Body>) -> (u16, String) {
    let request = HttpRequest::builder().method(method).uri(uri).body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn call() -> serde_json::Value {
    serde_json::json!({ "monitorUCID": "90000000000000001", "Status": "Answered" })
}

#[tokio::test]
async fn the_consoles_check_and_pings_are_answered_without_the_handler() {
    let (reader, _) = proved();
    let (router, app) = app(reader);
    for (method, uri, body) in [
        ("GET", "/call", ""),
        ("HEAD", "/call", ""),
        ("HEAD", "/call?monitorUCID=1", ""),
        ("GET", "/call?code=long-secret", ""),
        ("GET", "/call?challenge=1", ""),
        ("POST", "/call", ""),
        ("POST", "/call", "{}"),
        ("POST", "/call?code=wrong", r#"{"hello":1}"#),
        ("POST", "/call", "data=%7B%7D"),
        ("GET", "/event", ""),
        ("POST", "/event", "{}"),
    ] {
        assert_eq!(
            send(&router, method, uri, body).await,
            (200, String::new()),
            "{method} {uri} {body}"
        );
    }
    assert_eq!(app.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_signed_callback_reaches_the_handler_without_its_key() {
    let (reader, signer) = proved();
    let (router, app) = app(reader);
    let uri = format!("/call?{}", signer.query());
    for body in
        [signer.form(&call()), signer.json(&call()), signer.json(&serde_json::json!([call()]))]
    {
        assert_eq!(send(&router, "POST", &uri, body).await.0, 202);
    }
    assert_eq!(app.calls.load(Ordering::SeqCst), 3);
    let stored = app.stored.lock().unwrap().clone();
    assert_eq!(stored, r#"[{"Status":"Answered","monitorUCID":"90000000000000001"}]"#);
}

#[tokio::test]
async fn without_a_proof_the_answer_says_nothing() {
    let (reader, signer) = proved();
    let (router, app) = app(reader);
    for (uri, body) in [
        ("/call", signer.form(&call())),
        ("/call?code=wrong", signer.form(&call())),
        ("/call?code=long-secret", call().to_string().into_bytes()),
        ("/call?code=long-secret", Signer::of(&Verifier::key("other").unwrap()).form(&call())),
    ] {
        assert_eq!(send(&router, "POST", uri, body).await, (401, String::new()), "{uri}");
    }
    assert_eq!(send(&router, "GET", "/call?monitorUCID=1", "").await.0, 401);
    assert_eq!(app.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn bodies_are_bounded_announced_or_not() {
    let (router, app) =
        app(PushReader::new().limits(PushLimits { bytes: 100, ..PushLimits::default() }));
    let long = "x".repeat(101);
    assert_eq!(send(&router, "POST", "/call", long.clone()).await, (413, String::new()));
    let chunks: [Result<&'static [u8], std::io::Error>; 2] = [Ok(&[b' '; 60]), Ok(&[b' '; 60])];
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    assert_eq!(send(&router, "POST", "/call", body).await.0, 413);
    let announced = HttpRequest::builder()
        .method("POST")
        .uri("/call")
        .header("content-length", "101")
        .body(Body::empty())
        .unwrap();
    let response = router.clone().oneshot(announced).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let exact = format!("{:<100}", r#"{"monitorUCID":"1"}"#);
    assert_eq!(send(&router, "POST", "/call", exact).await.0, 202);
    assert_eq!(app.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_does_not_read_is_400_and_other_methods_405() {
    let (router, _) = app(PushReader::new());
    for body in ["{", "data=x", r#"{"monitorUCID":"no id"}"#, "[1]"] {
        assert_eq!(send(&router, "POST", "/call", body).await, (400, String::new()), "{body}");
    }
    let cut: Vec<Result<&'static [u8], std::io::Error>> =
        vec![Ok(b"{"), Err(std::io::ErrorKind::ConnectionReset.into())];
    let body = Body::from_stream(futures_util::stream::iter(cut));
    assert_eq!(send(&router, "POST", "/call", body).await.0, 400);
    assert_eq!(send(&router, "PUT", "/call", "").await.0, 405);
}

#[tokio::test]
async fn a_get_with_fields_is_a_delivery() {
    let (router, app) = app(PushReader::new());
    assert_eq!(send(&router, "GET", "/call?monitorUCID=1&Status=Answered", "").await.0, 202);
    assert_eq!(app.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_ivr_application_answers_in_xml() {
    let (router, _) = app(PushReader::new());
    let request = HttpRequest::builder().uri("/ivr?event=NewCall").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/xml; charset=utf-8");
    let (status, xml) = send(&router, "GET", "/ivr?event=NewCall", "").await;
    assert_eq!(status, 200);
    let want = IvrResponse::new().then(PlayText::new("Hello & welcome"));
    assert_eq!(IvrResponse::read(xml.as_bytes()).unwrap(), want);
    assert_eq!(send(&router, "GET", "/ivr?event=GotDTMF&data=1", "").await, (500, String::new()));
    assert_eq!(send(&router, "GET", "/ivr", "").await, (200, String::new()));
}
