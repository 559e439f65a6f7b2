//! The service without a network: a world, the faults that wait, and the log of what was asked.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::mdl::Token;
use serde_json::json;

use crate::answers;
use crate::delivery_queue::{Mail, PushCounts};
use crate::faults::{Fault, FaultKind, Faults, SOCKET};
use crate::mdl;
use crate::request_log::{Entry, Log};
use crate::world::{Moment, Setup, World};

/// An answer, head and body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string().into() }
    }

    /// A plain text answer.
    pub(crate) fn text(status: StatusCode, body: &str) -> Self {
        Self { status, content_type: "text/plain", body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// How an answer reaches the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// At once and whole.
    Whole(Answer),
    /// Whole, but late.
    Late(Answer, Duration),
    /// The connection breaks in the middle of the body.
    Cut(Answer),
    /// A few bytes at a time.
    Drip(Answer, Duration),
    /// The connection closes without a byte.
    Closed,
}

/// How late a late answer is when nobody says.
const DELAY: Duration = Duration::from_secs(1);
/// How long between two pieces of a dripping answer when nobody says.
const DRIP: Duration = Duration::from_millis(50);

/// A world that is asked over HTTP.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) mail: Mail,
    setup: Setup,
}

impl Service {
    pub(crate) fn new(setup: Setup, now: Moment, log: Log) -> Self {
        let world = World::new(setup.clone(), now);
        Self { world, faults: Faults::default(), log, mail: Mail::default(), setup }
    }

    /// Everything as at the beginning, except what was appended to a file.
    pub(crate) fn reset(&mut self, now: Moment) {
        self.world.restart(self.setup.clone(), now);
        self.faults = Faults::default();
        self.mail = Mail::default();
        self.log.clear();
    }

    /// Takes what the world sent since the last time, and lets faults hit it.
    pub(crate) fn collect(&mut self) {
        for push in self.world.take_pushes() {
            self.mail.accept(push, &mut self.faults);
        }
    }

    /// What became of the pushes.
    pub(crate) fn push_counts(&self) -> PushCounts {
        self.mail.counts(self.world.pushes_overflowed())
    }

    /// Answers one request.
    pub(crate) fn handle(&mut self, now: Moment, request: &http::Request<Bytes>) -> Delivery {
        self.world.advance_to(now);
        let (method, path) = (request.method().as_str(), request.uri().path());
        let mut entry = self.log.arrived(now.to_string(), request);
        let fault = self.faults.take(method, path, answers::is_token(path));
        entry.fault = fault.as_ref().map(|f| f.kind.word());
        let Some(fault) = fault else {
            let answer = self.act(request, &mut entry);
            self.finish(entry, Some(&answer));
            return Delivery::Whole(answer);
        };
        let answer =
            if fault.kind.acts() { self.act(request, &mut entry) } else { refuse(&fault, path) };
        let delivery = match fault.kind {
            FaultKind::CloseBefore | FaultKind::CloseAfter => Delivery::Closed,
            FaultKind::Cut => Delivery::Cut(answer),
            FaultKind::SlowDrip => Delivery::Drip(answer, fault.delay.unwrap_or(DRIP)),
            FaultKind::Delay => Delivery::Late(answer, fault.delay.unwrap_or(DELAY)),
            _ => match fault.delay {
                Some(delay) => Delivery::Late(answer, delay),
                None => Delivery::Whole(answer),
            },
        };
        self.finish(entry, delivery.answer());
        delivery
    }

    /// Answers one token of an agent's socket, as [`Service::handle`] does a request.
    pub(crate) fn token(
        &mut self,
        now: Moment,
        path: &str,
        token: &Token,
    ) -> (Option<Fault>, Token) {
        self.world.advance_to(now);
        // A keep-alive says nothing worth a line.
        if token.kind() == Some("ping") {
            let reply = mdl::answer(&mut self.world, token).0;
            return (None, reply);
        }
        let mut entry = self.log.token_arrived(now.to_string(), path, token);
        let fault = self.faults.take(SOCKET, mdl::FAULT_PATH, false);
        entry.fault = fault.as_ref().map(|f| f.kind.word());
        let acts = fault.as_ref().is_none_or(|f| f.kind.acts());
        let (reply, effect) = if acts {
            mdl::answer(&mut self.world, token)
        } else {
            (Token::from(serde_json::Map::new()), None)
        };
        entry.effect = effect;
        self.log.done(entry);
        (fault, reply)
    }

    fn act(&mut self, request: &http::Request<Bytes>, entry: &mut Entry) -> Answer {
        let (answer, effect) = answers::dispatch(&mut self.world, request);
        entry.effect = effect;
        answer
    }

    fn finish(&mut self, mut entry: Entry, answer: Option<&Answer>) {
        entry.status = answer.map(|a| a.status.as_u16());
        self.log.done(entry);
    }
}

impl Delivery {
    /// The answer, unless there is none.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Whole(a) | Self::Late(a, _) | Self::Cut(a) | Self::Drip(a, _) => Some(a),
            Self::Closed => None,
        }
    }
}

/// What a fault that keeps the request from acting answers.
fn refuse(fault: &Fault, path: &str) -> Answer {
    match fault.kind {
        FaultKind::LimitStatus => {
            let body = json!({"status": "error", "message": answers::limit_text(path)});
            Answer::json(StatusCode::TOO_MANY_REQUESTS, &body)
        }
        FaultKind::LimitText => {
            let body = json!({"status": "error", "message": answers::limit_text(path)});
            Answer::json(StatusCode::OK, &body)
        }
        FaultKind::Html => Answer {
            status: StatusCode::OK,
            content_type: "text/html",
            body: Bytes::from_static(b"<!DOCTYPE html><html><body>Please wait</body></html>"),
        },
        FaultKind::ExpiredToken => Answer::json(StatusCode::OK, &answers::shared("Token Expired")),
        _ => {
            let status = fault.status.and_then(|s| StatusCode::from_u16(s).ok());
            let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            Answer::text(status, "the service is not available")
        }
    }
}
