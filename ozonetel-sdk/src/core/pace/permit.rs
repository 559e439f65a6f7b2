//! One request out of a window, from the moment it is taken to the moment it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;

use super::change::{WindowChange, WindowStep};
use super::{Pacer, RateLimit};
use crate::core::clock::Clock;
use crate::core::endpoint::Rate;
use crate::core::error::Error;

/// How often a permit is counted anew when the store takes longer than half of the margin to keep it.
const ROUNDS: u32 = 3;

/// One request of a window. Dropped before it is [`sent`](Self::send), it goes back.
#[must_use = "a permit that is dropped goes back"]
pub(crate) struct Permit(Option<Taken>);

struct Taken {
    pacer: Pacer,
    rate: Rate,
    limit: RateLimit,
    at: SystemTime,
    clock: Arc<dyn Clock>,
}

/// What became of a permit at the moment of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The request counts from now on: it may go out.
    Now,
    /// It was taken so long ago that others have used the window meanwhile: another one has to be waited for.
    TooLate,
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.0.as_ref().map(|taken| taken.rate)).finish()
    }
}

impl Permit {
    /// For a class without a limit.
    pub(super) fn free() -> Self {
        Self(None)
    }

    pub(super) fn taken(pacer: Pacer, rate: Rate, at: SystemTime, clock: &Arc<dyn Clock>) -> Self {
        let clock = Arc::clone(clock);
        Self(pacer.limit(rate).map(|limit| Taken { pacer, rate, limit, at, clock }))
    }

    /// The request goes out: it counts from now on, whatever its result. Between the time that is kept and the return
    /// of this function lies no more than half of the margin, unless the store is slower than that again and again.
    pub(crate) async fn send(mut self, total: Duration) -> Result<Sent, Error> {
        let Some(taken) = &mut self.0 else { return Ok(Sent::Now) };
        let slack = taken.pacer.margin / 2;
        let mut step = WindowStep::Send(taken.at);
        for _ in 0..ROUNDS {
            let change = WindowChange::new(taken.limit, step, &taken.clock);
            let reply = taken.pacer.update(taken.rate, &change, total).await?;
            if !reply.ready_in.is_zero() {
                self.0 = None;
                return Ok(Sent::TooLate);
            }
            let late = taken.clock.now().duration_since(reply.at).unwrap_or_default();
            if late.is_zero() || late < slack {
                break;
            }
            step = WindowStep::SendLater(reply.at);
        }
        self.0 = None;
        Ok(Sent::Now)
    }

    /// The request does not go out. A store that fails here keeps one request too many on its account, which costs a
    /// wait.
    pub(crate) async fn give_back(mut self, total: Duration) {
        if let Some(taken) = self.0.take() {
            let _ = tokio::time::timeout(total, taken.give_back()).await;
        }
    }
}

impl Taken {
    async fn give_back(self) {
        let change = WindowChange::new(self.limit, WindowStep::GiveBack(self.at), &self.clock);
        let _ = self.pacer.store.update(self.rate, &change).await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(taken) = self.0.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        // Whoever is dropped cannot wait; the time in the window ends by itself.
        let length = taken.limit.length;
        let mut back = Box::pin(taken.give_back());
        if (&mut back).now_or_never().is_none() {
            drop(runtime.spawn(tokio::time::timeout(length, back)));
        }
    }
}
