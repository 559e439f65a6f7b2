//! The outbox: what has to reach the service or the platform, at least once, and counts once.
//!
//! A second sending of a disposition is harmless, since the service keeps the first. So whatever is not known to have
//! arrived is sent again, and each end has a name, also the sad ones.

use ozonetel_sdk::types::DispositionName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxTarget {
    /// CloudAgent.
    Service,
    /// The platform that holds leads and customers.
    Platform,
}

impl OutboxTarget {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Platform => "platform",
        }
    }

    /// The target of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Service, Self::Platform].into_iter().find(|target| target.as_str() == name)
    }
}

/// Where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// It is to be sent, or sent again.
    Pending,
    /// The target has it.
    Sent,
    /// The target has another, or one that may be this.
    Already,
    /// The service disposed of the call itself when the wrap-up limit had passed.
    Overtaken,
    /// The target does not take it.
    Refused,
    /// It was tried for a day.
    GivenUp,
    /// The target has nothing to do with the call: the desk keeps it.
    Kept,
    /// The target knows no such call, nor does the desk: no one owes it, unless the call turns up.
    NoCall,
}

impl OutboxState {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Sent,
        Self::Already,
        Self::Overtaken,
        Self::Refused,
        Self::GivenUp,
        Self::Kept,
        Self::NoCall,
    ];

    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Already => "already",
            Self::Overtaken => "overtaken",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Kept => "kept",
            Self::NoCall => "no_call",
        }
    }

    /// The state of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether someone has to look at it.
    pub fn is_sad(self) -> bool {
        !matches!(self, Self::Pending | Self::Sent | Self::Kept | Self::NoCall)
    }

    /// What its call says of it: that neither side knows the call is a refusal.
    #[must_use]
    pub fn of_call(self) -> Self {
        if self == Self::NoCall { Self::Refused } else { self }
    }

    /// Whether another word about the same may take its place.
    pub fn gives_way(self) -> bool {
        self.is_sad() || self == Self::NoCall
    }
}

/// The kind of an entry that tells the platform of a finished call.
pub const REPORT: &str = "call";

/// An entry of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Its id.
    pub id: String,
    /// Whom it is for.
    pub target: OutboxTarget,
    /// The call.
    pub call: String,
    /// What it is: `disposition`.
    pub kind: String,
    /// The key of the agent who disposes of the call; empty where it is about the whole call.
    pub agent: String,
    /// What is sent.
    pub payload: Value,
    /// Where it is.
    pub state: OutboxState,
    /// How often it was claimed. Only the latest claim may write a result.
    pub attempt: i64,
    /// Whether an earlier attempt may have arrived.
    pub may_have_arrived: bool,
    /// Until when a worker has it.
    pub leased_until_ms: i64,
    /// When it is tried next.
    pub next_ms: i64,
    /// When it was stored, or repeated by hand.
    pub created_ms: i64,
    /// What the target said last.
    pub message: Option<String>,
}

impl OutboxEntry {
    /// The same, taken to be sent until a time. One that was taken before may have arrived.
    #[must_use]
    pub fn taken(mut self, until_ms: i64) -> Self {
        self.attempt += 1;
        self.may_have_arrived |= self.leased_until_ms > 0;
        self.leased_until_ms = until_ms;
        self
    }

    /// One that waits to be sent, at once, for a target and about a call.
    pub fn waiting(
        id: String,
        (target, call, kind): (OutboxTarget, &str, &str),
        payload: Value,
        at_ms: i64,
    ) -> Self {
        Self {
            id,
            target,
            call: call.to_owned(),
            kind: kind.to_owned(),
            agent: String::new(),
            payload,
            state: OutboxState::Pending,
            attempt: 0,
            may_have_arrived: false,
            leased_until_ms: 0,
            next_ms: at_ms,
            created_ms: at_ms,
            message: None,
        }
    }

    /// Whether both are for one target and about the same, of which there is one entry.
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        let own = (self.target, &self.call, &self.kind, &self.agent);
        own == (other.target, &other.call, &other.kind, &other.agent)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The target took it.
    Done {
        /// Its words.
        message: String,
        /// The call is still up: the service sets it at the end.
        queued: bool,
    },
    /// There is nothing to send to the target.
    Kept {
        /// Why.
        message: String,
    },
    /// The target does not take it.
    Refused {
        /// Its words.
        message: String,
        /// Whether the words are documented ones about the request itself.
        is_clear: bool,
    },
    /// It failed on the way.
    Failed {
        /// What happened.
        message: String,
        /// Whether it may have arrived.
        may_have_arrived: bool,
        /// When the target says that it may be tried again.
        ready_in_ms: Option<i64>,
    },
}

/// Waits between attempts, in seconds; the last one repeats.
const WAITS_SEC: [i64; 7] = [1, 3, 10, 30, 120, 600, 1800];

/// For how long it is tried.
pub const LONGEST_MS: i64 = 24 * 3_600_000;

/// What the service says of a call, where it says something.
fn by_evidence(own: Option<&str>, service: Option<&str>) -> Option<OutboxState> {
    let service = service.map(str::trim).filter(|name| !name.is_empty())?;
    if DispositionName::from(service).is_automatic() {
        return Some(OutboxState::Overtaken);
    }
    let same = own.is_some_and(|own| own.trim().eq_ignore_ascii_case(service));
    Some(if same { OutboxState::Sent } else { OutboxState::Already })
}

fn own_name(entry: &OutboxEntry) -> Option<&str> {
    entry.payload.get("disposition").and_then(Value::as_str)
}

/// The entry after an attempt. `service` is the disposition that the service is known to have for the call; `jitter`
/// is from 0 to 99 and spreads what failed together.
pub fn after_attempt(
    entry: &OutboxEntry,
    result: &AttemptResult,
    service: Option<&str>,
    now_ms: i64,
    jitter: u8,
) -> OutboxEntry {
    let ended = |state: OutboxState, message: &str| OutboxEntry {
        state,
        message: Some(message.to_owned()),
        leased_until_ms: 0,
        ..entry.clone()
    };
    match result {
        AttemptResult::Done { message, .. } => ended(OutboxState::Sent, message),
        AttemptResult::Kept { message } => ended(OutboxState::Kept, message),
        AttemptResult::Refused { message, is_clear } => {
            let known = by_evidence(own_name(entry), service);
            let state = match known {
                Some(state) => state,
                // A second one is refused without a documented text: it may be the desk's own first that is in its way.
                None if entry.may_have_arrived && !is_clear => OutboxState::Already,
                None => OutboxState::Refused,
            };
            ended(state, message)
        }
        AttemptResult::Failed { message, may_have_arrived, ready_in_ms } => {
            let may_have_arrived = entry.may_have_arrived || *may_have_arrived;
            if now_ms.saturating_sub(entry.created_ms) >= LONGEST_MS {
                return OutboxEntry { may_have_arrived, ..ended(OutboxState::GivenUp, message) };
            }
            let step = usize::try_from(entry.attempt.max(1) - 1).unwrap_or(usize::MAX);
            let wait = WAITS_SEC.get(step.min(WAITS_SEC.len() - 1)).copied().unwrap_or(1800) * 1000;
            let wait = wait + wait * i64::from(jitter.min(99)) / 200;
            let next_ms = now_ms.saturating_add(wait.max(ready_in_ms.unwrap_or(0)));
            OutboxEntry { may_have_arrived, next_ms, ..ended(OutboxState::Pending, message) }
        }
    }
}

/// The entry after the service has said what disposition the call has; `None` where that changes nothing. An entry
/// that is yet to be sent is sent all the same.
pub fn after_evidence(entry: &OutboxEntry, service: &str) -> Option<OutboxEntry> {
    if entry.target != OutboxTarget::Service {
        return None;
    }
    let state = by_evidence(own_name(entry), Some(service))?;
    let changes = match (entry.state, state) {
        (OutboxState::Sent | OutboxState::Kept, _) => false,
        (_, OutboxState::Sent) => true,
        (OutboxState::Pending, _) => false,
        (known, state) => known != state,
    };
    changes.then(|| OutboxEntry { state, leased_until_ms: 0, ..entry.clone() })
}

/// The entry after a refusal because there is no such call, where the desk has seen none either.
pub fn without_call(entry: OutboxEntry) -> OutboxEntry {
    match entry.state {
        OutboxState::Refused => OutboxEntry { state: OutboxState::NoCall, ..entry },
        _ => entry,
    }
}

/// The entry once a call has turned up of which neither the target nor the desk knew; `None` for others.
pub fn after_call_was_seen(entry: &OutboxEntry) -> Option<OutboxEntry> {
    let had_none = entry.state == OutboxState::NoCall;
    had_none.then(|| OutboxEntry { state: OutboxState::Refused, ..entry.clone() })
}

/// The entry once there is news of its call, with what the service has of it, where that is known; `None` where it changes
/// nothing.
pub fn after_news(entry: &OutboxEntry, service: Option<&str>) -> Option<OutboxEntry> {
    let by_service = service.and_then(|name| after_evidence(entry, name));
    by_service.or_else(|| after_call_was_seen(entry))
}

/// The entry when a person has it sent again; `None` for one that arrived or is on its way.
pub fn again(entry: &OutboxEntry, now_ms: i64) -> Option<OutboxEntry> {
    entry.state.gives_way().then(|| OutboxEntry {
        state: OutboxState::Pending,
        attempt: 0,
        leased_until_ms: 0,
        next_ms: now_ms,
        created_ms: now_ms,
        ..entry.clone()
    })
}

#[cfg(test)]
mod tests;
