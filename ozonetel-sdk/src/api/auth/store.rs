//! Where the account's token is kept, and who may replace it.

mod files;
mod lease;
mod memory;
mod state;
mod state_file;

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::TokenFailures;
use crate::core::pace::{RateWindow, StoreError};
use crate::types::secret::Secret;

pub use files::FileState;
pub use memory::MemoryTokens;

/// The account's token and what is known about it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: Option<Secret>,
    /// When it ends.
    pub expires_at: Option<SystemTime>,
    /// When tokens were requested: each request that may have reached the service counts, whether it succeeded or
    /// not.
    pub issued: RateWindow,
    /// The requests since the last success.
    pub failed: TokenFailures,
}

/// Keeps the account's token. With a store of their own in a database or cache, several processes share one token
/// instead of ending each other's.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// What is kept now.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn load(&self) -> Result<StoredToken, StoreError>;

    /// Waits for the exclusive right to replace the token. A lease that is not released ends after `ttl`, so that a
    /// process that died cannot lock out the others; one that names a later time, because a clock was set back, ends
    /// `ttl` after it was first looked at.
    ///
    /// The caller bounds the wait; it must not block its thread.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError>;
}

/// The right to replace the token. Dropping it gives it back as soon as possible, [`release`](Self::release) before
/// it returns.
#[async_trait]
pub trait Lease: Send + Sync + fmt::Debug {
    /// What was kept when the lease began.
    fn stored(&self) -> &StoredToken;

    /// Saves token, times of issue and failures.
    ///
    /// # Errors
    /// When the store cannot be written, or the lease has ended.
    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError>;

    /// Gives the right back.
    ///
    /// # Errors
    /// When the store cannot be written; the lease then ends by itself.
    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
