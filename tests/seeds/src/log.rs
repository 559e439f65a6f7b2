//! What was seen from outside while a story ran: what people were answered, and what went to the service.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ozonetel_sdk::endpoint::Rate;

/// A disposition that a desk has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) ucid: u64,
    pub(crate) agent: String,
    /// The front end's code.
    pub(crate) code: String,
    /// The account's name of it.
    pub(crate) disposition: String,
}

/// A disposition that a desk has refused, since there is one already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SaidAlready {
    pub(crate) ucid: u64,
    pub(crate) agent: String,
}

/// An INVITE that a softphone answered by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AutoAnswered {
    pub(crate) ucid: u64,
    pub(crate) agent: String,
    pub(crate) is_inbound: bool,
}

/// What a click on a number was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DialAnswer {
    pub(crate) wish: usize,
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
}

/// A request that took long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LongWait {
    pub(crate) what: String,
    pub(crate) took: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) acknowledged: Vec<Acknowledged>,
    pub(crate) said_already: Vec<SaidAlready>,
    pub(crate) auto_answered: Vec<AutoAnswered>,
    pub(crate) dials: Vec<DialAnswer>,
    /// Dials of which a supervisor has said that they happened, and was answered that this is written down.
    pub(crate) decided: Vec<String>,
    pub(crate) long_waits: Vec<LongWait>,
    /// Requests by their published limit, and when they came, in milliseconds since 1970.
    pub(crate) at_service: Vec<(Rate, i64)>,
    /// When a token was asked for and when that was over, in milliseconds since 1970.
    pub(crate) tokens: Vec<(i64, i64)>,
    pub(crate) violations: Vec<String>,
    pub(crate) requests: u64,
    pub(crate) crashes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Seen>);

impl Log {
    pub(crate) fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
