//! What a program can see of its calls without reading logs.

use std::fmt;
use std::time::Duration;

use crate::core::endpoint::Spec;
use crate::core::error::Error;

/// Something that happened to a call. Every call that was polled ends with exactly one
/// [`Finished`](Self::Finished) or [`Abandoned`](Self::Abandoned); one whose request was refused here never began.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent<'a> {
    /// The published limit is used up; the call waits.
    Waiting {
        /// The endpoint.
        spec: &'static Spec,
        /// For how long.
        ready_in: Duration,
    },
    /// A request is handed to the transport.
    Sending {
        /// The endpoint.
        spec: &'static Spec,
        /// Counted from 1.
        attempt: u32,
    },
    /// An attempt failed and another follows.
    Repeating {
        /// The endpoint.
        spec: &'static Spec,
        /// The attempt that failed.
        attempt: u32,
        /// The pause before the next.
        after: Duration,
    },
    /// The call is over: its answer was read to the end, or it failed. Rows that are handed out one by one end it too,
    /// not their first.
    Finished {
        /// The endpoint.
        spec: &'static Spec,
        /// How it ended.
        error: Option<&'a Error>,
        /// How often the request was sent.
        attempts: u32,
        /// How long it took.
        elapsed: Duration,
    },
    /// The future or the stream was dropped before the call was over.
    Abandoned {
        /// The endpoint.
        spec: &'static Spec,
        /// The reference it travelled with.
        reference: Option<&'a str>,
        /// Whether it was an operation that may happen only once and was on its way: its outcome is unknown.
        may_have_happened: bool,
        /// How often the request was sent.
        attempts: u32,
        /// How long it took.
        elapsed: Duration,
    },
}

/// Receives every [`ClientEvent`]. Must return quickly.
pub trait Observer: Send + Sync + fmt::Debug {
    /// One event.
    fn on(&self, event: &ClientEvent<'_>);
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoopObserver;

impl Observer for NoopObserver {
    fn on(&self, _: &ClientEvent<'_>) {}
}
