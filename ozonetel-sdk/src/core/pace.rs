//! The published limits, kept on this side.
//!
//! Two per minute is a window, not a rate: a token bucket's burst is exactly what the service refuses. So each class
//! of endpoints has a sliding log ([`RateWindow`], pure), and a fair queue in front of it. The service counts per
//! account, not per client: share one [`Pacer`] between the clients of an account, and a [`PaceStore`] between
//! processes.

mod window;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::core::clock::Clock;
use crate::core::endpoint::Rate;
use crate::core::error::{Error, ErrorKind};

pub use window::RateWindow;

/// How long a call may wait for the published limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patience {
    /// As long as it takes.
    Wait,
    /// At most this long; fails at once when it would take longer.
    Until(Duration),
    /// Not at all.
    Never,
}

impl Default for Patience {
    /// Two seconds: no one waits half a minute without knowing.
    fn default() -> Self {
        Self::Until(Duration::from_secs(2))
    }
}

/// A store that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreError {
    step: &'static str,
    cause: Option<std::io::ErrorKind>,
}

impl StoreError {
    /// What cannot be done: "read", "written", "locked".
    pub const fn new(step: &'static str) -> Self {
        Self { step, cause: None }
    }

    /// The same with the system's error.
    #[must_use]
    pub fn because(self, error: &std::io::Error) -> Self {
        Self { cause: Some(error.kind()), ..self }
    }

    /// The system's error.
    pub fn cause(&self) -> Option<std::io::ErrorKind> {
        self.cause
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the shared state cannot be {}", self.step)?;
        self.cause.map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

impl std::error::Error for StoreError {}

/// Where the windows are kept. The default is this process's memory.
pub trait PaceStore: Send + Sync + fmt::Debug {
    /// Changes one window while no one else does. Must not take long.
    ///
    /// # Errors
    /// When the store cannot be read or written; the call then fails before anything is sent.
    fn update(&self, rate: Rate, change: &mut dyn FnMut(&mut RateWindow))
    -> Result<(), StoreError>;
}

/// Windows in memory.
#[derive(Debug, Default)]
pub struct MemoryWindows(Mutex<BTreeMap<Rate, RateWindow>>);

impl PaceStore for MemoryWindows {
    fn update(
        &self,
        rate: Rate,
        change: &mut dyn FnMut(&mut RateWindow),
    ) -> Result<(), StoreError> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(windows.entry(rate).or_default());
        Ok(())
    }
}

/// Waits on the windows. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub struct Pacer {
    store: Arc<dyn PaceStore>,
    turns: Arc<BTreeMap<Rate, tokio::sync::Mutex<()>>>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self::with_store(Arc::new(MemoryWindows::default()))
    }
}

impl Pacer {
    /// Over a store, which may be shared with other processes.
    pub fn with_store(store: Arc<dyn PaceStore>) -> Self {
        Self {
            store,
            turns: Arc::new(Rate::ALL.map(|rate| (rate, tokio::sync::Mutex::default())).into()),
        }
    }

    /// When the class allows its next request, according to this side's count.
    ///
    /// # Errors
    /// [`ErrorKind::Paced`] when the store cannot be used.
    pub fn ready_in(&self, rate: Rate, clock: &dyn Clock) -> Result<Duration, Error> {
        let Some(limit) = rate.limit() else { return Ok(Duration::ZERO) };
        let mut wait = Duration::ZERO;
        self.update(rate, &mut |window| wait = window.ready_in(limit, clock.now()))?;
        Ok(wait)
    }

    /// Waits for the class's window, in the order of asking, and spends one request of it.
    ///
    /// # Cancel safety
    /// A dropped waiter leaves the queue and spends nothing.
    pub(crate) async fn acquire(
        &self,
        rate: Rate,
        patience: Patience,
        clock: &Arc<dyn Clock>,
        waiting: &(dyn Fn(Duration) + Send + Sync),
    ) -> Result<Permit, Error> {
        let (Some(limit), Some(turn)) = (rate.limit(), self.turns.get(&rate)) else {
            return Ok(Permit::free());
        };
        let since = Instant::now();
        let left = || match patience {
            Patience::Wait => None,
            Patience::Until(most) => Some(most.saturating_sub(since.elapsed())),
            Patience::Never => Some(Duration::ZERO),
        };
        let _turn = match (turn.try_lock(), left()) {
            (Ok(turn), _) => turn,
            (Err(_), None) => turn.lock().await,
            (Err(_), Some(most)) => match tokio::time::timeout(most, turn.lock()).await {
                Ok(turn) => turn,
                Err(_) => return Err(Error::paced(self.ready_in(rate, &**clock)?)),
            },
        };
        loop {
            let now = clock.now();
            let mut wait = Duration::ZERO;
            self.update(rate, &mut |window| {
                wait = window.ready_in(limit, now);
                if wait.is_zero() {
                    window.spend(limit, now);
                }
            })?;
            if wait.is_zero() {
                let store = Arc::clone(&self.store);
                return Ok(Permit { spent: Some((store, rate, now)) });
            }
            if left().is_some_and(|left| wait > left) {
                return Err(Error::paced(wait));
            }
            waiting(wait);
            tokio::time::sleep(wait).await;
        }
    }

    /// The service says that the window is used up, whatever this side counted.
    pub(crate) fn push_back(
        &self,
        rate: Rate,
        ready_in: Duration,
        clock: &dyn Clock,
    ) -> Result<(), Error> {
        let now = clock.now();
        let until = now.checked_add(ready_in).unwrap_or(now);
        self.update(rate, &mut |window| window.block_until(until))
    }

    fn update(&self, rate: Rate, change: &mut dyn FnMut(&mut RateWindow)) -> Result<(), Error> {
        self.store
            .update(rate, change)
            .map_err(|error| Error::source_of(ErrorKind::Paced, Arc::new(error)))
    }
}

/// One request of a window. Dropped before it is [`sent`](Self::sent), it goes back.
#[derive(Debug)]
pub(crate) struct Permit {
    spent: Option<(Arc<dyn PaceStore>, Rate, std::time::SystemTime)>,
}

impl Permit {
    fn free() -> Self {
        Self { spent: None }
    }

    /// The request went out: the permit is spent whatever the result.
    pub(crate) fn sent(mut self) {
        self.spent = None;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((store, rate, at)) = self.spent.take() {
            // A store that fails here keeps one request too many on its account, which costs a wait.
            let _ = store.update(rate, &mut |window| window.refund(at));
        }
    }
}

#[cfg(test)]
mod tests;
