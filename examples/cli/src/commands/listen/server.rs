//! The receiver: every request is looked at, journaled, and answered; printing and handing on come after.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use jiff::Timestamp;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::push::PushReader;
use tokio::sync::{mpsc, oneshot};

use super::forward::Handed;
use super::journal::{Entry, EntryKind, Journal};
use super::received::{Arrived, Received};
use crate::notes::note;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// How long KooKoo waits for what the receiver answers.
const ANSWER: Duration = Duration::from_secs(20);

/// A verb-less document: the call goes on with nothing to say.
const NO_VERBS: &str = "<response></response>";

/// Something that was received, on its way to be printed.
#[derive(Debug)]
pub(super) enum Notice {
    /// It is in the journal.
    Kept {
        entry: Entry,
        lines: Vec<String>,
        handed: Handed,
        answer: Option<oneshot::Sender<Bytes>>,
    },
    /// It was not let in.
    Refused(String),
    /// The journal cannot be written: the sender was told so.
    NotKept(String),
}

/// What the receiver works with.
#[derive(Clone)]
pub(super) struct Inbox {
    pub(super) reader: PushReader,
    pub(super) journal: Arc<Mutex<Journal>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) notices: mpsc::Sender<Notice>,
    pub(super) show_numbers: bool,
    /// The name of the field that holds the address's secret.
    pub(super) secret: String,
    /// Whether someone answers what KooKoo asks.
    pub(super) is_forwarded: bool,
}

impl Inbox {
    pub(super) fn now(&self) -> Timestamp {
        timestamp(self.clock.now())
    }

    /// Adds a line to the journal, off the thread that serves.
    pub(super) async fn keep(
        &self,
        kind: EntryKind,
        path: String,
        body: String,
    ) -> std::io::Result<Entry> {
        let (journal, now) = (Arc::clone(&self.journal), self.now());
        let added = tokio::task::spawn_blocking(move || {
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.add(now, kind, &path, &body)
        });
        added.await.map_err(std::io::Error::other)?
    }
}

/// A time, as lines carry it.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// One route: which path a push takes is the sender's business.
pub(super) fn router(inbox: Inbox) -> Router {
    Router::new().fallback(receive).with_state(inbox)
}

async fn receive(State(inbox): State<Inbox>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let limit = inbox.reader.body_limit();
    let body = match tokio::time::timeout(ARRIVAL, to_bytes(body, limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let is_post = match parts.method {
        Method::POST | Method::PUT => true,
        Method::GET | Method::HEAD => false,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let query = parts.uri.query().map(str::to_owned);
    let secret = Some(inbox.secret.as_str());
    let arrived = Arrived { is_post, query: query.as_deref(), body: &body, secret };
    let (kind, text, lines) = match Received::of(&inbox.reader, arrived, inbox.show_numbers) {
        Received::Check => return StatusCode::OK.into_response(),
        Received::TooLarge => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Received::Refused(reason) => {
            // With no one left to tell, there is nothing to say.
            let _ = inbox.notices.send(Notice::Refused(reason)).await;
            return StatusCode::FORBIDDEN.into_response();
        }
        Received::Push { kind, body, lines } => (kind, body, lines),
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|text| text.to_str().ok()).map(str::to_owned);
    let handed = Handed { method: parts.method, query, content_type, body };
    let entry = match inbox.keep(kind, parts.uri.path().to_owned(), text).await {
        Ok(entry) => entry,
        Err(error) => {
            let _ = inbox.notices.send(Notice::NotKept(error.to_string())).await;
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let asks = kind == EntryKind::Kookoo && inbox.is_forwarded;
    let (sender, answer) = oneshot::channel();
    let n = entry.n;
    let notice = Notice::Kept { entry, lines, handed, answer: asks.then_some(sender) };
    let is_told = inbox.notices.send(notice).await.is_ok();
    if !is_told && inbox.is_forwarded {
        note(&format!("number {n} was received and not handed on; --replay {n} hands it on"));
    }
    if !is_told || kind != EntryKind::Kookoo {
        return StatusCode::OK.into_response();
    }
    let xml = match tokio::time::timeout(ANSWER, answer).await {
        Ok(Ok(xml)) if asks => xml,
        _ => Bytes::from_static(NO_VERBS.as_bytes()),
    };
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response()
}
