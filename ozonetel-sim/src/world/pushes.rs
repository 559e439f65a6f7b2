//! What the service sends on its own: callbacks, events, checks of an address. They are queued here;
//! sending them over a network is not the world's business.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use super::setup::{CallbackShape, PushSetup};
use super::time::Timestamp;

/// Pushes that wait to be taken, at most.
const KEPT: usize = 4096;
/// Addresses longer than this are not sent to.
const LONGEST_URL: usize = 4096;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What a push is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PushKind {
    /// The post-call callback.
    Callback,
    /// A call event.
    CallEvent,
    /// An agent event.
    AgentEvent,
    /// The check of an address that is being saved: no body.
    Check,
    /// A body without any call id.
    Ping,
    /// The final status of an outbound call of KooKoo's.
    KookooStatus,
}

impl PushKind {
    /// The kind's word in the control API and in faults.
    pub fn word(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::CallEvent => "call",
            Self::AgentEvent => "agent",
            Self::Check => "check",
            Self::Ping => "ping",
            Self::KookooStatus => "status",
        }
    }
}

/// A request the service makes. `Debug` shows neither query nor body: both may hold secrets.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Push {
    /// What it is.
    pub kind: PushKind,
    /// When it was made.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// Where it goes, as it was registered.
    pub url: String,
    /// The body's content type; none without a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
    /// The phone call it is about.
    pub call_id: Option<u64>,
}

impl Push {
    /// A push without a body.
    pub(crate) fn check(at: Timestamp, method: Method, url: &str) -> Self {
        let url = url.to_owned();
        Self {
            kind: PushKind::Check,
            at,
            method,
            url,
            content_type: None,
            body: Bytes::new(),
            call_id: None,
        }
    }

    /// A body without any call id, to where another push goes.
    pub(crate) fn ping_before(&self) -> Self {
        Self {
            kind: PushKind::Ping,
            method: Method::POST,
            content_type: Some(FORM),
            body: Bytes::from_static(b"data=%7B%7D"),
            call_id: None,
            ..self.clone()
        }
    }

    /// A JSON body.
    pub(super) fn json(kind: PushKind, at: Timestamp, url: String, body: &Value) -> Self {
        let body = body.to_string().into();
        Self { kind, at, method: Method::POST, url, content_type: Some(JSON), body, call_id: None }
    }

    /// A form of these fields.
    pub(crate) fn form(
        kind: PushKind,
        at: Timestamp,
        url: String,
        fields: &[(&str, &str)],
    ) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let body = form.finish().into();
        Self { kind, at, method: Method::POST, url, content_type: Some(FORM), body, call_id: None }
    }

    /// The address without its query, for logs.
    pub fn address(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query as a server sees it.
    pub fn query(&self) -> Option<&str> {
        let (_, query) = self.url.split_once('?')?;
        query.split('#').next()
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Push({}, {}, {} bytes)", self.kind.word(), self.method, self.body.len())
    }
}

/// Where events are pushed to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventSubscription {
    /// Call events.
    pub calls: String,
    /// Agent events.
    pub agents: String,
}

impl fmt::Debug for EventSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSubscription")
            .field("calls", &!self.calls.is_empty())
            .field("agents", &!self.agents.is_empty())
            .finish()
    }
}

/// Where pushes go and in which form, and those that nothing has taken yet, oldest first.
#[derive(Clone, Debug)]
pub struct PushQueue {
    pub(super) setup: PushSetup,
    subscription: EventSubscription,
    waiting: VecDeque<Push>,
    overflowed: u64,
}

impl PushQueue {
    pub(super) fn new(setup: PushSetup) -> Self {
        let subscription = EventSubscription {
            calls: setup.call_events_url.clone().unwrap_or_default(),
            agents: setup.agent_events_url.clone().unwrap_or_default(),
        };
        Self { setup, subscription, waiting: VecDeque::new(), overflowed: 0 }
    }

    /// Where events are pushed to.
    pub fn subscription(&self) -> &EventSubscription {
        &self.subscription
    }

    /// Where events are pushed to, to be changed.
    pub fn subscription_mut(&mut self) -> &mut EventSubscription {
        &mut self.subscription
    }

    /// Queues a push. Beyond a few thousand waiting ones, and to addresses of absurd length, nothing
    /// is sent; it is counted.
    pub(super) fn enqueue(&mut self, push: Push) {
        if self.waiting.len() >= KEPT || push.url.len() > LONGEST_URL {
            self.overflowed += 1;
        } else {
            self.waiting.push_back(push);
        }
    }

    /// Takes what was queued since the last time, oldest first.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Push> {
        self.waiting.drain(..)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many pushes found no room.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
    }
}

/// A callback in one of its forms.
pub(super) fn callback(
    shape: CallbackShape,
    at: Timestamp,
    url: String,
    fields: Map<String, Value>,
) -> Push {
    let kind = PushKind::Callback;
    if shape == CallbackShape::Flat {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (&**name, value.as_str().unwrap_or(""))).collect();
        return Push::form(kind, at, url, &fields);
    }
    let json = match shape {
        CallbackShape::List => Value::Array(vec![Value::Object(fields)]),
        _ => Value::Object(fields),
    };
    match shape {
        CallbackShape::Json => Push::json(kind, at, url, &json),
        CallbackShape::Query => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair("data", &json.to_string()).finish();
            let base = url.split('#').next().unwrap_or_default();
            let mark = if base.contains('?') { '&' } else { '?' };
            let url = format!("{base}{mark}{query}");
            Push { kind, ..Push::check(at, Method::GET, &url) }
        }
        _ => Push::form(kind, at, url, &[("data", &json.to_string())]),
    }
}
