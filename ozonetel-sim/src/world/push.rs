//! What the service sends by itself: callbacks, events, checks of an address. Here they are
//! written; carrying them is for others.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::World;
use super::calls::CallKey;
use super::moment::Moment;

/// Pushes that wait for somebody to take them, at most.
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

/// In which form the callback is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallbackShape {
    /// A form whose one field `data` holds JSON text: what receivers get as a rule.
    #[default]
    Form,
    /// The same, with a list around the object.
    List,
    /// A JSON body.
    Json,
    /// The fields as form fields.
    Flat,
    /// A GET with `data` in the query.
    Query,
}

/// What the service sends, and where to: a scenario's `[push]`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushSetup {
    /// The account's callback URL.
    pub callback_url: Option<String>,
    /// Where call events go from the start.
    pub call_events_url: Option<String>,
    /// Where agent events go from the start.
    pub agent_events_url: Option<String>,
    /// The form of callbacks.
    pub shape: CallbackShape,
    /// Adds the callback's newer fields: `AnswerTime`, `HoldDuration`, `WrapUpDuration`,
    /// `DataUniqueId`.
    pub newer_fields: bool,
    /// Leaves out of `Disconnect` what only one receiver reports: outcome, times, disposition.
    pub bare_disconnect: bool,
}

impl fmt::Debug for PushSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSetup")
            .field("callback_url", &self.callback_url.is_some())
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// A request the service makes. `Debug` shows neither query nor body: both may hold secrets.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Push {
    /// What it is.
    pub kind: PushKind,
    /// When it was made.
    pub at: Moment,
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
    pub(crate) fn check(at: Moment, method: Method, url: &str) -> Self {
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

    /// A form of these fields.
    pub(super) fn form(kind: PushKind, at: Moment, url: String, fields: &[(&str, &str)]) -> Self {
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

/// Pushes nobody has taken yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Push>,
    overflowed: u64,
}

impl World {
    /// Hands a push to whoever carries them. Beyond a few thousand waiting ones, and to addresses
    /// of absurd length, nothing is sent; it is counted.
    pub(super) fn post(&mut self, push: Push) {
        let outbox = &mut self.outbox;
        if outbox.waiting.len() >= KEPT || push.url.len() > LONGEST_URL {
            outbox.overflowed += 1;
        } else {
            outbox.waiting.push_back(push);
        }
    }

    /// Takes what was sent since the last time, oldest first.
    pub fn take_pushes(&mut self) -> impl Iterator<Item = Push> {
        self.outbox.waiting.drain(..)
    }

    /// How many pushes found no room.
    pub fn pushes_overflowed(&self) -> u64 {
        self.outbox.overflowed
    }

    /// Sends what the console sends when an address is saved: a GET or HEAD without a body.
    pub fn check_url(&mut self, method: Method, url: &str) {
        let push = Push::check(self.now, method, url);
        self.post(push);
    }

    /// Where the callback after each call goes: the account's, or a campaign's own. False when
    /// there is no such campaign.
    pub fn set_callback_url(&mut self, campaign: Option<&str>, url: Option<String>) -> bool {
        let Some(name) = campaign else {
            self.setup.push.callback_url = url;
            return true;
        };
        let campaign = self.setup.campaigns.iter_mut().find(|c| c.name == name);
        let known = campaign.is_some();
        if let Some(campaign) = campaign {
            campaign.callback_url = url;
        }
        known
    }

    /// Once a call is over and so is everybody's after-call work, its callback goes out: one to
    /// the account's address and one to the campaign's.
    pub(super) fn settle(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.live() || call.wrapping() || call.called_back {
            return;
        }
        call.called_back = true;
        let (id, campaign) = (call.monitor, call.campaign.clone());
        let own = self.setup.campaign(&campaign).and_then(|c| c.callback_url.clone());
        let urls = [self.setup.push.callback_url.clone(), own];
        for url in urls.into_iter().flatten().filter(|url| !url.is_empty()) {
            let Some(call) = self.calls.get(&key) else { return };
            let fields = self.callback_fields(call);
            let push = shaped(self.setup.push.shape, self.now, url, fields);
            self.post(Push { call_id: Some(id), ..push });
        }
    }

    /// A JSON push.
    pub(super) fn post_json(&mut self, kind: PushKind, url: String, id: Option<u64>, body: &Value) {
        let push = Push {
            kind,
            at: self.now,
            method: Method::POST,
            url,
            content_type: Some(JSON),
            body: body.to_string().into(),
            call_id: id,
        };
        self.post(push);
    }
}

/// A callback in one of its forms.
fn shaped(shape: CallbackShape, at: Moment, url: String, fields: Map<String, Value>) -> Push {
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
    let json = json.to_string();
    match shape {
        CallbackShape::Json => Push {
            kind,
            at,
            method: Method::POST,
            url,
            content_type: Some(JSON),
            body: json.into(),
            call_id: None,
        },
        CallbackShape::Query => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair("data", &json).finish();
            let base = url.split('#').next().unwrap_or_default();
            let mark = if base.contains('?') { '&' } else { '?' };
            let url = format!("{base}{mark}{query}");
            Push { kind, ..Push::check(at, Method::GET, &url) }
        }
        _ => Push::form(kind, at, url, &[("data", &json)]),
    }
}
