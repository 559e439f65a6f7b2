//! The service without a network: a world, the faults that wait, and the log of what was asked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::mdl::Token;
use serde_json::json;

use crate::answers;
use crate::delivery_queue::{DeliveryQueue, PushCounts};
use crate::faults::{Fault, FaultKind, Faults, MDL_PATH, PING_PATH, SOCKET};
use crate::request_log::{self, LogEntry, RequestLog};
use crate::response::{FaultyResponse, ServiceResponse};
use crate::world::{Setup, Timestamp, World};

/// How late a late answer is unless the fault says.
const DELAY: Duration = Duration::from_secs(1);
/// The time between two pieces of a dripping answer unless the fault says.
const DRIP: Duration = Duration::from_millis(50);

/// A world that is asked over HTTP.
#[derive(Debug)]
pub(crate) struct Service {
    /// Shared with those who look at it; a change makes a copy while anyone does.
    pub(crate) world: Arc<World>,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
    pub(crate) deliveries: DeliveryQueue,
    setup: Setup,
}

impl Service {
    pub(crate) fn new(setup: Setup, now: Timestamp, log: RequestLog) -> Self {
        let world = Arc::new(World::new(setup.clone(), now));
        Self { world, faults: Faults::default(), log, deliveries: DeliveryQueue::default(), setup }
    }

    /// The world, to be changed.
    pub(crate) fn world_mut(&mut self) -> &mut World {
        Arc::make_mut(&mut self.world)
    }

    /// Everything as at the beginning, except what was appended to a file.
    pub(crate) fn reset(&mut self, now: Timestamp) {
        let setup = self.setup.clone();
        self.world_mut().restart(setup, now);
        self.faults = Faults::default();
        self.deliveries = DeliveryQueue::default();
        self.log.clear();
    }

    /// Takes what the world sent since the last time, and lets faults hit it.
    pub(crate) fn collect(&mut self) {
        if self.world.pushes().is_empty() {
            return;
        }
        for push in Arc::make_mut(&mut self.world).take_pushes() {
            self.deliveries.enqueue(push, &mut self.faults);
        }
    }

    /// Counts of what happened to the pushes.
    pub(crate) fn push_counts(&self) -> PushCounts {
        self.deliveries.counts(self.world.pushes().overflowed())
    }

    /// Answers one request.
    pub(crate) fn handle(
        &mut self,
        now: Timestamp,
        request: &http::Request<Bytes>,
    ) -> FaultyResponse {
        self.world_mut().advance_to(now);
        let (method, path) = (request.method().as_str(), request.uri().path());
        let mut entry = self.log.arrived(now.to_string(), request);
        let fault = self.faults.take(method, path, answers::is_token(path));
        entry.fault = fault.as_ref().map(|f| f.kind.word());
        let Some(fault) = fault else {
            let answer = self.act(request, &mut entry);
            self.finish(request, entry, Some(&answer));
            return FaultyResponse::Whole(answer);
        };
        let answer =
            if fault.kind.acts() { self.act(request, &mut entry) } else { refuse(&fault, path) };
        let delivery = match fault.kind {
            FaultKind::CloseBefore | FaultKind::CloseAfter => FaultyResponse::Closed,
            FaultKind::Cut => FaultyResponse::Cut(answer),
            FaultKind::SlowDrip => FaultyResponse::Drip(answer, fault.delay.unwrap_or(DRIP)),
            FaultKind::Delay => FaultyResponse::Late(answer, fault.delay.unwrap_or(DELAY)),
            _ => match fault.delay {
                Some(delay) => FaultyResponse::Late(answer, delay),
                None => FaultyResponse::Whole(answer),
            },
        };
        self.finish(request, entry, delivery.response());
        delivery
    }

    /// Answers one token of an agent's socket, as [`Service::handle`] does a request.
    pub(crate) fn token(
        &mut self,
        now: Timestamp,
        path: &str,
        token: &Token,
    ) -> (Option<Fault>, Token) {
        self.world_mut().advance_to(now);
        // A keep-alive says nothing worth a line, and has faults of its own.
        if token.kind() == Some("ping") {
            let reply = answers::mdl::answer(self.world_mut(), token).0;
            return (self.faults.take(SOCKET, PING_PATH, true), reply);
        }
        let mut entry = self.log.token_arrived(now.to_string(), path, token);
        let fault = self.faults.take(SOCKET, MDL_PATH, false);
        entry.fault = fault.as_ref().map(|f| f.kind.word());
        let acts = fault.as_ref().is_none_or(|f| f.kind.acts());
        let (reply, effect) = if acts {
            answers::mdl::answer(self.world_mut(), token)
        } else {
            (Token::from(serde_json::Map::new()), None)
        };
        entry.effect = effect;
        self.log.done(entry, token.json().len());
        (fault, reply)
    }

    fn act(&mut self, request: &http::Request<Bytes>, entry: &mut LogEntry) -> ServiceResponse {
        let (answer, effect) = answers::dispatch(self.world_mut(), request);
        entry.effect = effect;
        answer
    }

    fn finish(
        &mut self,
        request: &http::Request<Bytes>,
        mut entry: LogEntry,
        answer: Option<&ServiceResponse>,
    ) {
        entry.status = answer.map(|a| a.status.as_u16());
        self.log.done(entry, request_log::size(request));
    }
}

/// What a fault that keeps the request from acting answers.
fn refuse(fault: &Fault, path: &str) -> ServiceResponse {
    match fault.kind {
        FaultKind::LimitStatus => {
            let body = json!({"status": "error", "message": answers::limit_text(path)});
            ServiceResponse::json(StatusCode::TOO_MANY_REQUESTS, &body)
        }
        FaultKind::LimitText => {
            let body = json!({"status": "error", "message": answers::limit_text(path)});
            ServiceResponse::json(StatusCode::OK, &body)
        }
        FaultKind::Html => ServiceResponse {
            status: StatusCode::OK,
            content_type: "text/html",
            body: Bytes::from_static(b"<!DOCTYPE html><html><body>Please wait</body></html>"),
        },
        FaultKind::ExpiredToken => {
            ServiceResponse::json(StatusCode::OK, &answers::shared("Token Expired"))
        }
        _ => {
            let status = fault.status.and_then(|s| StatusCode::from_u16(s).ok());
            let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            ServiceResponse::text(status, "the service is not available")
        }
    }
}
