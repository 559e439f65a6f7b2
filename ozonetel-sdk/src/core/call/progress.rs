//! A call under way: its attempts, its time, and the one event of its end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::prepare::PreparedCall;
use crate::core::client::Core;
use crate::core::credential::{AuthMode, TokenId};
use crate::core::endpoint::{Repeat, Spec};
use crate::core::error::{Error, ErrorKind};
use crate::core::observe::ClientEvent;
use crate::core::pace::Patience;
use crate::core::retry::Pauses;

/// From the first wait to the last row. Whoever drops it before its end leaves an
/// [`Abandoned`](ClientEvent::Abandoned) event.
pub(super) struct CallProgress<'a> {
    pub(super) core: Arc<Core>,
    pub(super) spec: &'static Spec,
    pub(super) span: tracing::Span,
    pub(super) patience: Patience,
    /// How long each wait may take, but the one for the published limit.
    pub(super) total: Duration,
    /// How long after its beginning the call may be sent.
    begins: Option<Duration>,
    reference: Option<Cow<'a, str>>,
    started: Instant,
    attempts: u32,
    /// An attempt was handed to the transport, and its answer has not been read.
    in_flight: bool,
    /// Its outcome is unknown, and that was not reported yet.
    open: bool,
    over: bool,
    /// The token and the mode that the last attempt presented.
    pub(super) token: Option<TokenId>,
    pub(super) mode: Option<AuthMode>,
    pub(super) retries: Retries,
}

/// What decides whether there is another attempt.
#[derive(Default)]
pub(super) struct Retries {
    /// One attempt alone: the token cache counts its own, and rows that were returned cannot be taken back.
    pub(super) forbidden: bool,
    /// This call had its new token already.
    pub(super) renewed: bool,
    /// The outcome of an earlier attempt is unknown.
    pub(super) unknown: bool,
    pub(super) pauses: Option<Pauses>,
    /// Why the attempt before was repeated.
    pub(super) last: Option<Error>,
}

impl<'a> CallProgress<'a> {
    pub(super) fn start(core: Arc<Core>, call: &PreparedCall<'a>) -> Self {
        Self::with_reference(core, call, call.reference.map(Cow::Borrowed))
    }

    /// For a call that outlives its request.
    pub(super) fn start_owned(core: Arc<Core>, call: &PreparedCall<'_>) -> CallProgress<'static> {
        let reference = call.reference.map(|text| Cow::Owned(text.to_owned()));
        CallProgress::with_reference(core, call, reference)
    }

    fn with_reference(
        core: Arc<Core>,
        call: &PreparedCall<'_>,
        reference: Option<Cow<'a, str>>,
    ) -> Self {
        Self {
            core,
            spec: call.spec,
            span: call.span(),
            patience: call.patience,
            total: call.total,
            begins: call.begins,
            reference,
            started: Instant::now(),
            attempts: 0,
            in_flight: false,
            open: false,
            over: false,
            token: None,
            mode: None,
            retries: Retries::default(),
        }
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How long a wait before sending may take.
    pub(super) fn before_sending(&self) -> Duration {
        let left = self.begins.map(|begins| begins.saturating_sub(self.elapsed()));
        left.map_or(self.total, |left| left.min(self.total))
    }

    /// It may not be sent any more.
    ///
    /// # Errors
    /// Then.
    pub(super) fn in_time(&self) -> Result<(), Error> {
        if self.begins.is_some_and(|begins| self.elapsed() >= begins) {
            let late = "what comes before the request took longer than the call may wait with it";
            return Err(Error::said(ErrorKind::Unreachable, late));
        }
        Ok(())
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The published limit is used up.
    pub(super) fn waiting(&self, ready_in: Duration) {
        self.core.observer.on(&ClientEvent::Waiting { spec: self.spec, ready_in });
    }

    /// An attempt is handed to the transport.
    pub(super) fn sending(&mut self) {
        self.attempts += 1;
        let event = ClientEvent::Sending { spec: self.spec, attempt: self.attempts };
        self.core.observer.on(&event);
        self.in_flight = true;
    }

    /// The attempt's answer was read, or will never be.
    pub(super) fn landed(&mut self) {
        self.in_flight = false;
    }

    /// The attempt left the outcome open.
    pub(super) fn left_open(&mut self) {
        self.open = true;
    }

    /// An attempt failed and another follows.
    pub(super) fn repeating(&self, after: Duration) {
        let event = ClientEvent::Repeating { spec: self.spec, attempt: self.attempts, after };
        self.core.observer.on(&event);
    }

    /// The call is over and was successful.
    pub(super) fn succeeded(&mut self) {
        self.finish(None);
    }

    /// The call is over; its error knows what came before.
    pub(super) fn failed(&mut self, error: Error) -> Error {
        let unknown = self.retries.unknown;
        let error = error.reached(unknown).named(self.spec.name, self.attempts, self.elapsed());
        self.finish(Some(&error));
        error
    }

    fn finish(&mut self, error: Option<&Error>) {
        self.over = true;
        self.span.record("attempts", self.attempts);
        if let Some(error) = error {
            self.span.in_scope(|| {
                tracing::debug!(
                    kind = error.kind().as_str(),
                    may_have_happened = error.may_have_happened(),
                    "call failed"
                );
            });
        }
        let (attempts, elapsed) = (self.attempts, self.elapsed());
        let event = ClientEvent::Finished { spec: self.spec, error, attempts, elapsed };
        self.core.observer.on(&event);
    }
}

impl Drop for CallProgress<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let may_have_happened = (self.in_flight || self.open) && self.spec.repeat == Repeat::Once;
        if may_have_happened {
            self.span.in_scope(|| {
                tracing::warn!(
                    call = self.spec.name,
                    "dropped after it was sent: the outcome is unknown"
                );
            });
        }
        self.core.observer.on(&ClientEvent::Abandoned {
            spec: self.spec,
            reference: self.reference(),
            may_have_happened,
            attempts: self.attempts,
            elapsed: self.elapsed(),
        });
    }
}
