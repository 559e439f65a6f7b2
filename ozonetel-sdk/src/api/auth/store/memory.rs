//! The token in this process's memory.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::lease::{Cell, lease_on};
use super::state::State;
use super::{Lease, StoredToken, TokenStore};
use crate::core::clock::Clock;
use crate::core::pace::StoreError;

/// The token in this process's memory.
#[derive(Debug, Clone)]
pub struct MemoryTokens {
    cell: MemoryCell,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Default)]
struct MemoryCell(Arc<Mutex<State>>);

#[async_trait]
impl Cell for MemoryCell {
    type Sign = Infallible;

    async fn change<T: Send + 'static>(
        &self,
        change: impl for<'s> FnOnce(&'s mut State) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Memory does not show who lives: a lease that was forgotten ends with its time.
    async fn sign(&self) -> Result<Option<Infallible>, StoreError> {
        Ok(None)
    }
}

impl MemoryTokens {
    /// An empty store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { cell: MemoryCell::default(), clock }
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        self.cell.change(|state| state.stored()).await
    }

    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError> {
        lease_on(&self.cell, &self.clock, ttl).await
    }
}
