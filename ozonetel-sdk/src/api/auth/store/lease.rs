//! Leases on a cell that one party changes at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;

use super::state::{Holder, State};
use super::{Lease, StoredToken};
use crate::core::clock::Clock;
use crate::core::pace::StoreError;

/// The first and the longest pause between two looks at a lease that someone else holds.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LAST_LOOK: Duration = Duration::from_millis(200);

/// A cell that one party changes at a time.
#[async_trait]
pub(super) trait Cell: Clone + Send + Sync + fmt::Debug + 'static {
    /// What shows to others that the holder of a lease lives, for as long as it is kept.
    type Sign: Send + Sync + fmt::Debug + 'static;

    /// Changes the state while no one else does.
    async fn change<T: Send + 'static>(
        &self,
        change: impl for<'s> FnOnce(&'s mut State) -> T + Send + 'static,
    ) -> Result<T, StoreError>;

    /// The sign, unless someone who lives has it.
    async fn sign(&self) -> Result<Option<Self::Sign>, StoreError>;
}

/// Waits for the lease.
pub(super) async fn lease_on<C: Cell>(
    cell: &C,
    clock: &Arc<dyn Clock>,
    ttl: Duration,
) -> Result<Box<dyn Lease>, StoreError> {
    let mut pause = FIRST_LOOK;
    loop {
        let sign = cell.sign().await?;
        let holder = if sign.is_some() { Holder::Gone } else { Holder::MayLive };
        let clock = Arc::clone(clock);
        let taking = move |state: &mut State| {
            let id = state.take(clock.now(), ttl, holder);
            id.map(|id| (id, state.stored()))
        };
        if let Some((id, stored)) = cell.change(taking).await? {
            return Ok(Box::new(CellLease { cell: cell.clone(), id, stored, held: true, sign }));
        }
        drop(sign);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}

#[derive(Debug)]
struct CellLease<C: Cell> {
    cell: C,
    id: u64,
    stored: StoredToken,
    held: bool,
    /// Goes with the lease.
    #[expect(dead_code, reason = "dropped, never looked at")]
    sign: Option<C::Sign>,
}

#[async_trait]
impl<C: Cell> Lease for CellLease<C> {
    fn stored(&self) -> &StoredToken {
        &self.stored
    }

    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError> {
        let (id, saved) = (self.id, stored.clone());
        let holds = self.cell.change(move |state| state.save(id, &saved)).await?;
        if !holds {
            return Err(StoreError::lease_ended());
        }
        self.stored = stored;
        Ok(())
    }

    async fn release(mut self: Box<Self>) -> Result<(), StoreError> {
        let id = self.id;
        let released = self.cell.change(move |state| state.release(id)).await;
        self.held = released.is_err();
        released
    }
}

impl<C: Cell> Drop for CellLease<C> {
    fn drop(&mut self) {
        if !self.held {
            return;
        }
        // A lease that cannot be given back ends by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (cell, id) = (self.cell.clone(), self.id);
        let mut release =
            Box::pin(async move { cell.change(move |state| state.release(id)).await });
        if (&mut release).now_or_never().is_none() {
            drop(runtime.spawn(release));
        }
    }
}
