//! The published limits, kept on this side.
//!
//! Two per minute is a window, not a rate: a token bucket's burst is exactly what the service refuses. So each class
//! of endpoints has a sliding log ([`RateWindow`], pure), and a fair queue in front of it. A request counts from the
//! moment in which it is sent, with a [margin](Pacer::with_margin). The service counts per account, not per client:
//! share one [`Pacer`] between the clients of an account, and a [`PaceStore`] between processes.

mod change;
mod permit;
mod window;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::core::clock::Clock;
use crate::core::endpoint::Rate;
use crate::core::error::Error;
use crate::core::wait::within;

pub use crate::core::store_error::{StoreError, StoreErrorKind};
use change::WindowStep;
pub use change::{WindowChange, WindowReply};
pub(crate) use permit::{Permit, Sent};
pub use window::{RateLimit, RateWindow};

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

/// Where the windows are kept. The default is this process's memory.
#[async_trait]
pub trait PaceStore: Send + Sync + fmt::Debug {
    /// Loads one window, applies a change, keeps the result and returns what the change found, while no one else
    /// changes this window. A window that was never kept is [`RateWindow::default`]; one that cannot be read is
    /// [`RateWindow::used_up`].
    ///
    /// The call bounds how long it waits; an update must not block its thread.
    ///
    /// # Errors
    /// When the store cannot be read or written; the call then fails before anything is sent.
    ///
    /// # Cancel safety
    /// An update whose future is dropped may be kept or not, but never in part.
    async fn update(&self, rate: Rate, change: &WindowChange) -> Result<WindowReply, StoreError>;
}

/// Windows in memory.
#[derive(Debug, Default)]
pub struct MemoryWindows(Mutex<BTreeMap<Rate, RateWindow>>);

#[async_trait]
impl PaceStore for MemoryWindows {
    async fn update(&self, rate: Rate, change: &WindowChange) -> Result<WindowReply, StoreError> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(change.apply(windows.entry(rate).or_default()))
    }
}

/// How long a call may wait, for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// For the window.
    pub(crate) patience: Patience,
    /// For the store, each time.
    pub(crate) total: Duration,
}

/// The gate in front of the limits' windows. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub struct Pacer {
    store: Arc<dyn PaceStore>,
    turns: Arc<BTreeMap<Rate, tokio::sync::Mutex<()>>>,
    margin: Duration,
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
            margin: Duration::from_secs(1),
        }
    }

    /// How much longer than published a window is kept. Default: one second.
    ///
    /// The service counts a request when it arrives. Two requests that are sent a minute apart arrive less than a
    /// minute apart if the first was slower on its way. Half of the margin is for that, the other half for the
    /// moment between counting a request and sending it. Set it to the difference between the slowest and the
    /// fastest way to the service, doubled; zero where nothing may be slower than the service's own count.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ozonetel_sdk::client::Pacer;
    /// let slow_network = Pacer::default().with_margin(Duration::from_secs(5));
    /// # let client = ozonetel_sdk::Client::builder().account("acme_support").key("test-key").pacer(slow_network).build();
    /// # assert!(client.is_ok());
    /// ```
    #[must_use]
    pub fn with_margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// A published limit with the margin.
    pub(crate) fn limit(&self, rate: Rate) -> Option<RateLimit> {
        rate.limit().map(|published| RateLimit::published(published).with_margin(self.margin))
    }

    /// When the class allows its next request, according to this side's count.
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) when the store cannot be used.
    pub async fn ready_in(&self, rate: Rate, clock: &Arc<dyn Clock>) -> Result<Duration, Error> {
        let Some(limit) = self.limit(rate) else { return Ok(Duration::ZERO) };
        let look = WindowChange::new(limit, WindowStep::Look, clock);
        Ok(self.store.update(rate, &look).await.map_err(Error::store)?.ready_in)
    }

    /// Waits for the class's window, in the order of asking, and takes one request out of it.
    ///
    /// # Cancel safety
    /// A dropped waiter leaves the queue. What it took goes back, unless a store was just keeping it.
    pub(crate) async fn acquire(
        &self,
        rate: Rate,
        waits: Waits,
        clock: &Arc<dyn Clock>,
        waiting: &(dyn Fn(Duration) + Send + Sync),
    ) -> Result<Permit, Error> {
        let (Some(limit), Some(turn)) = (self.limit(rate), self.turns.get(&rate)) else {
            return Ok(Permit::free());
        };
        let since = Instant::now();
        let left = || match waits.patience {
            Patience::Wait => None,
            Patience::Until(most) => Some(most.saturating_sub(since.elapsed())),
            Patience::Never => Some(Duration::ZERO),
        };
        let change = |step| WindowChange::new(limit, step, clock);
        let _turn = match (turn.try_lock(), left()) {
            (Ok(turn), _) => turn,
            (Err(_), None) => turn.lock().await,
            (Err(_), Some(most)) => {
                let Ok(turn) = tokio::time::timeout(most, turn.lock()).await else {
                    let look = change(WindowStep::Look);
                    let found = self.update(rate, &look, waits.total).await?;
                    return Err(Error::paced(found.ready_in));
                };
                turn
            }
        };
        loop {
            let reply = self.update(rate, &change(WindowStep::Take), waits.total).await?;
            let wait = reply.ready_in;
            if wait.is_zero() {
                return Ok(Permit::taken(self.clone(), rate, reply.at, clock));
            }
            if left().is_some_and(|left| wait > left) {
                return Err(Error::paced(wait));
            }
            waiting(wait);
            tokio::time::sleep(wait).await;
        }
    }

    /// The service says that the window is used up, whatever this side counted.
    pub(crate) async fn push_back(
        &self,
        rate: Rate,
        ready_in: Duration,
        clock: &Arc<dyn Clock>,
        total: Duration,
    ) -> Result<(), Error> {
        let Some(limit) = self.limit(rate) else { return Ok(()) };
        let block = WindowChange::new(limit, WindowStep::Block(ready_in), clock);
        self.update(rate, &block, total).await.map(drop)
    }

    /// Updates the store, within a time.
    async fn update(
        &self,
        rate: Rate,
        change: &WindowChange,
        total: Duration,
    ) -> Result<WindowReply, Error> {
        let updated = within(|| total, self.store.update(rate, change)).await;
        updated.unwrap_or_else(|_| Err(StoreError::held())).map_err(Error::store)
    }
}

#[cfg(test)]
mod tests;
