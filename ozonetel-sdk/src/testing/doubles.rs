//! Transports for tests: canned answers, silence, failures.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;

use crate::core::transport::{Failure, Incoming, Outgoing, SendStage, Transport};

/// What a [`Replay`] does with one request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Turn {
    /// Answers.
    Answer(StatusCode, &'static str, Bytes),
    /// Answers, one piece at a time; `false` at the end breaks the connection after the last piece.
    Pieces(Vec<Bytes>, bool),
    /// Fails.
    Fail(SendStage),
    /// Never answers.
    Hang,
}

/// Shows no body.
impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(status, _, body) => write!(f, "Answer({status}, {} bytes)", body.len()),
            Self::Pieces(pieces, whole) => write!(f, "Pieces({}, {whole})", pieces.len()),
            Self::Fail(stage) => write!(f, "Fail({stage:?})"),
            Self::Hang => f.write_str("Hang"),
        }
    }
}

impl Turn {
    /// HTTP 200 with a JSON body.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::Answer(StatusCode::OK, "application/json", body.into())
    }
}

/// Answers in the given order and keeps what was asked. A request beyond the last turn fails as not sent.
///
/// ```
/// use ozonetel_sdk::testing::doubles::{Replay, Turn};
/// let replay = Replay::new([Turn::json(r#"{"status":"success"}"#)]);
/// assert_eq!(replay.requests().len(), 0);
/// ```
#[derive(Clone, Default)]
pub struct Replay {
    turns: Arc<Mutex<VecDeque<Turn>>>,
    seen: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

/// Shows no request: they hold keys.
impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("asked", &self.requests().len()).finish_non_exhaustive()
    }
}

impl Replay {
    /// With these turns.
    pub fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { turns: Arc::new(Mutex::new(turns.into_iter().collect())), seen: Arc::default() }
    }

    /// What was asked, in order.
    pub fn requests(&self) -> Vec<http::Request<Bytes>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a turn.
    pub fn push(&self, turn: Turn) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push_back(turn);
    }
}

#[async_trait]
impl Transport for Replay {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.http);
        let turn = self.turns.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let head = |status: StatusCode, content_type: &'static str| {
            let mut head = http::Response::new(());
            *head.status_mut() = status;
            head.headers_mut()
                .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
            head
        };
        match turn {
            Some(Turn::Answer(status, content_type, body)) => {
                Ok(Incoming::whole(head(status, content_type), body))
            }
            Some(Turn::Pieces(pieces, complete)) => {
                let mut items: Vec<_> = pieces.into_iter().map(Ok).collect();
                if !complete {
                    items.push(Err(Failure::new(SendStage::Unknown, "cut")));
                }
                let body = Box::pin(futures_util::stream::iter(items));
                Ok(Incoming { head: head(StatusCode::OK, "application/json"), body })
            }
            Some(Turn::Fail(stage)) => Err(Failure::new(stage, "as scripted")),
            Some(Turn::Hang) => std::future::pending().await,
            None => Err(Failure::new(SendStage::NotSent, "no turn is left")),
        }
    }
}

/// A client in key mode over a replay.
#[cfg(test)]
pub(crate) fn client(replay: &Replay) -> crate::Client {
    crate::Client::builder()
        .account("acme_support")
        .key("test-key")
        .kookoo_key("test-kookoo-key")
        .mode(crate::core::credential::AuthMode::Key)
        .base_url("http://api.example.test")
        .clock(Arc::new(crate::core::clock::TokioClock::new()))
        .transport(Arc::new(replay.clone()))
        .build()
        .unwrap()
}

/// The fields of one request, wherever they travelled: JSON as it is, query and form as text.
#[cfg(test)]
pub(crate) fn asked(replay: &Replay, at: usize) -> serde_json::Value {
    let request = &replay.requests()[at];
    if let Ok(json) = serde_json::from_slice(request.body()) {
        return json;
    }
    let query = request.uri().query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query)
        .chain(form_urlencoded::parse(request.body()))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .map(|(name, value)| (name.into_owned(), serde_json::Value::from(value.into_owned())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
