//! The account's token as it is kept, for who only looks: a new one would end the one that another program has.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ozonetel_sdk::auth::{Lease, StoredToken, TokenStore};
use ozonetel_sdk::client::StoreError;

/// A store of a token in which nothing is changed, so that no other token is asked for.
#[derive(Debug)]
pub struct KeptToken {
    store: Arc<dyn TokenStore>,
    was_wanted: Arc<AtomicBool>,
}

impl KeptToken {
    /// What this store has.
    pub fn new(store: Arc<dyn TokenStore>) -> Self {
        Self { store, was_wanted: Arc::default() }
    }

    /// Whether a token is kept that has not ended.
    pub async fn is_there(&self, now: SystemTime) -> bool {
        let stored = self.store.load().await.unwrap_or_default();
        stored.token.is_some() && stored.expires_at.is_some_and(|at| at > now)
    }

    /// Whether another one would have been asked for, since the service does not take this one.
    pub fn was_refused(&self) -> bool {
        self.was_wanted.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl TokenStore for KeptToken {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        self.store.load().await
    }

    async fn lease(&self, _: Duration) -> Result<Box<dyn Lease>, StoreError> {
        let was_wanted = Arc::clone(&self.was_wanted);
        Ok(Box::new(KeptLease { stored: self.load().await?, was_wanted }))
    }
}

/// No right to replace the token.
struct KeptLease {
    stored: StoredToken,
    was_wanted: Arc<AtomicBool>,
}

impl fmt::Debug for KeptLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptLease").finish_non_exhaustive()
    }
}

#[async_trait]
impl Lease for KeptLease {
    fn stored(&self) -> &StoredToken {
        &self.stored
    }

    async fn save(&mut self, _: StoredToken) -> Result<(), StoreError> {
        self.was_wanted.store(true, Ordering::Relaxed);
        Err(StoreError::lease_ended())
    }
}
