//! What a program can see of its calls without reading logs.

use std::fmt;
use std::time::Duration;

use crate::core::endpoint::Spec;
use crate::core::error::Error;

/// Something that happened to a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
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
    /// The call is over.
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
    /// The future of an operation that may happen only once was dropped after it was sent: its outcome is unknown.
    Abandoned {
        /// The endpoint.
        spec: &'static Spec,
        /// The reference it travelled with.
        reference: Option<&'a str>,
    },
}

/// Is told of every [`Event`]. Must return quickly.
pub trait Observer: Send + Sync + fmt::Debug {
    /// One event.
    fn on(&self, event: &Event<'_>);
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on(&self, _: &Event<'_>) {}
}
