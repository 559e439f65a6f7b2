//! Token and limits of the account in the desk's store: all desks on it use one token, which a new one would end, and
//! together stay within the published limits; a desk that starts again goes on with both.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ozonetel_sdk::auth::{self, Secret, StoredToken, TokenFailures, TokenStore};
use ozonetel_sdk::client::{
    Clock, PaceStore, Pacer, RateLimit, RateWindow, StoreError, WindowChange, WindowReply,
};
use ozonetel_sdk::endpoint::Rate;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::epoch::{epoch_ms, millis};
use crate::people::seal::SealKey;
use crate::store::{Lease, Store};

/// The name of token and lease; windows have those of their classes.
const TOKEN: &str = "account token";

/// What a token is sealed for.
const OWNER: &str = "account";

/// How often a change is tried again that another desk was faster with.
const TRIES: u32 = 100;

/// The first and the longest pause between two looks at a lease that another desk has.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_millis(500);

/// How long the token's lease is granted for: as long others wait for a desk that died with it. Its holder extends it.
const GRANTED: Duration = Duration::from_secs(30);

/// How often its holder does.
const BEAT: Duration = Duration::from_secs(5);

/// How much longer than published a window is kept by desks that share it: what one wrote may seem as much earlier to
/// another as their clocks differ, which may be three seconds; half of it passes between counting and sending.
const MARGIN: Duration = Duration::from_secs(7);

/// Token and limits in a store. The token is sealed with a key made from the account's own.
#[derive(Clone)]
pub struct SharedAccount {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: SealKey,
}

impl fmt::Debug for SharedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedAccount").field("store", &self.store.place()).finish_non_exhaustive()
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: Option<String>,
    expires_at_ms: Option<u64>,
    issued: RateWindow,
    failed: TokenFailures,
}

impl SharedAccount {
    /// In a store, for the account with this key.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, account_key: &Secret) -> Self {
        Self { store, clock, key: SealKey::derived("token of the account", account_key) }
    }

    /// The limits, kept here.
    pub fn pacer(&self) -> Pacer {
        let pacer = Pacer::with_store(Arc::new(self.clone()));
        if self.store.is_shared() { pacer.with_margin(MARGIN) } else { pacer }
    }

    /// What is kept, and whether it can be read; of what cannot, that ten tokens were asked for just now.
    async fn stored(&self) -> Result<(StoredToken, bool), StoreError> {
        let found = self.store.account_state(TOKEN).await.map_err(|error| read(&error))?;
        let now = self.clock.now();
        let mut stored = StoredToken::default();
        let Some(found) = found else { return Ok((stored, true)) };
        let kept = self.key.open(OWNER, &found.value).ok();
        let kept = kept.and_then(|text| serde_json::from_str::<Kept>(text.reveal()).ok());
        let Some(kept) = kept else {
            tracing::warn!(
                "the token in the store cannot be read; none is asked for in the next hour"
            );
            stored.issued = used_up(Rate::Token, now);
            return Ok((stored, false));
        };
        stored.token = kept.token.map(Secret::from);
        stored.expires_at = kept
            .expires_at_ms
            .and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
        stored.issued = kept.issued;
        stored.failed = kept.failed;
        stored.issued.pull_in(now);
        stored.failed.pull_in(now);
        Ok((stored, true))
    }

    fn sealed(&self, stored: &StoredToken) -> Result<String, StoreError> {
        let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let kept = Kept {
            token: stored.token.as_ref().map(|token| token.reveal().to_owned()),
            expires_at_ms: stored
                .expires_at
                .map(|at| u64::try_from(since(at).as_millis()).unwrap_or(u64::MAX)),
            issued: stored.issued.clone(),
            failed: stored.failed,
        };
        let text = serde_json::to_string(&kept).map_err(|_| StoreError::new("written"))?;
        self.key.seal(OWNER, &text.into()).map_err(|_| StoreError::new("written"))
    }

    /// Waits for the lease. One that was granted by a clock which was ahead ends `ttl` after it was first seen.
    async fn taken(&self, ttl: Duration) -> Result<TokenLease, StoreError> {
        let holder = crate::chance::id().to_string();
        let (mut pause, mut seen) = (FIRST_LOOK, None::<(i64, Instant)>);
        loop {
            let now = epoch_ms(&*self.clock);
            let held = self.store.leases(now).await.map_err(|error| read(&error))?;
            let held = held.into_iter().find(|lease| lease.name == TOKEN);
            let outlived = held.as_ref().filter(|held| {
                seen.is_some_and(|(fence, since)| fence == held.fence && since.elapsed() >= ttl)
            });
            let at = outlived.map_or(now, |held| held.until.max(now));
            let until = now.saturating_add(millis(ttl.min(GRANTED)));
            if let Some(lease) = self.take(&holder, at, until).await? {
                return Ok(lease);
            }
            if let Some(held) = held
                && seen.is_none_or(|(fence, _)| fence != held.fence)
            {
                seen = Some((held.fence, Instant::now()));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
    }

    /// Takes the lease if it is free, in a task of its own: whoever stops waiting leaves none behind that no one has. It
    /// is not known to be taken where the store does not know; then it is the holder's at the next try.
    async fn take(
        &self,
        holder: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<TokenLease>, StoreError> {
        let (store, holder) = (Arc::clone(&self.store), holder.to_owned());
        let taking = tokio::spawn(async move {
            match store.take_lease(TOKEN, &holder, at, until).await {
                Ok(lease) => Ok(lease.map(|lease| TokenLease { store, lease: Some(lease) })),
                Err(crate::store::StoreError::Unknown) => Ok(None),
                Err(error) => Err(written(&error)),
            }
        });
        taking.await.unwrap_or_else(|_| Err(StoreError::new("written")))
    }
}

fn read(error: &crate::store::StoreError) -> StoreError {
    tracing::warn!(%error, "the account's token and limits cannot be read");
    StoreError::new("read")
}

fn written(error: &crate::store::StoreError) -> StoreError {
    tracing::warn!(%error, "the account's token and limits cannot be written");
    StoreError::new("written")
}

fn used_up(rate: Rate, now: SystemTime) -> RateWindow {
    let published = rate.limit().map(RateLimit::published);
    published.map(|limit| RateWindow::used_up(limit, now)).unwrap_or_default()
}

#[async_trait]
impl PaceStore for SharedAccount {
    async fn update(&self, rate: Rate, change: &WindowChange) -> Result<WindowReply, StoreError> {
        for _ in 0..TRIES {
            let found =
                self.store.account_state(rate.name()).await.map_err(|error| read(&error))?;
            let mut window = match &found {
                None => RateWindow::default(),
                Some(found) => serde_json::from_str(&found.value)
                    .unwrap_or_else(|_| used_up(rate, self.clock.now())),
            };
            let reply = change.apply(&mut window);
            let text = serde_json::to_string(&window).map_err(|_| StoreError::new("written"))?;
            let seen = found.as_ref().map(|found| found.version);
            if found.is_some_and(|found| found.value == text) {
                return Ok(reply);
            }
            let kept = self.store.change_account_state(rate.name(), seen, &text).await;
            if kept.map_err(|error| written(&error))? {
                return Ok(reply);
            }
        }
        Err(StoreError::held())
    }
}

#[async_trait]
impl TokenStore for SharedAccount {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        Ok(self.stored().await?.0)
    }

    async fn lease(&self, ttl: Duration) -> Result<Box<dyn auth::Lease>, StoreError> {
        let lease = self.taken(ttl).await?;
        let extended = lease.extended(Arc::clone(&self.clock), ttl);
        let mut held =
            HeldToken { account: self.clone(), lease, extended, stored: StoredToken::default() };
        let (stored, is_kept) = self.stored().await?;
        if is_kept {
            held.stored = stored;
        } else {
            // For good, so that the hour ends: looked at later, it would begin anew.
            auth::Lease::save(&mut held, stored).await?;
        }
        Ok(Box::new(held))
    }
}

/// The store's lease of the token; given back when it is dropped.
struct TokenLease {
    store: Arc<dyn Store>,
    lease: Option<Lease>,
}

impl TokenLease {
    /// Extends it until so long after now at most, or until it is lost.
    fn extended(&self, clock: Arc<dyn Clock>, ttl: Duration) -> AbortOnDropHandle<()> {
        let (store, lease) = (Arc::clone(&self.store), self.lease.clone());
        let since = Instant::now();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let Some(lease) = lease else { return };
            loop {
                tokio::time::sleep(BEAT).await;
                let left = ttl.saturating_sub(since.elapsed());
                if left.is_zero() {
                    return;
                }
                let at = epoch_ms(&*clock);
                let until = at.saturating_add(millis(left.min(GRANTED)));
                if let Ok(false) = store.keep_lease(&lease, at, until).await {
                    return;
                }
            }
        }))
    }
}

impl Drop for TokenLease {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else { return };
        // Without a runtime it ends by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let store = Arc::clone(&self.store);
        runtime.spawn(async move {
            let _ = store.release_lease(&lease).await;
        });
    }
}

/// The right to replace the token, for as long as the store's lease lasts.
struct HeldToken {
    account: SharedAccount,
    lease: TokenLease,
    #[expect(dead_code, reason = "ends when it is dropped")]
    extended: AbortOnDropHandle<()>,
    stored: StoredToken,
}

impl fmt::Debug for HeldToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldToken").field("lease", &self.lease.lease).finish_non_exhaustive()
    }
}

#[async_trait]
impl auth::Lease for HeldToken {
    fn stored(&self) -> &StoredToken {
        &self.stored
    }

    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError> {
        let sealed = self.account.sealed(&stored)?;
        let Some(lease) = &self.lease.lease else { return Err(StoreError::lease_ended()) };
        let at = epoch_ms(&*self.account.clock);
        let saved = self.account.store.save_account_state(lease, at, TOKEN, &sealed).await;
        if !saved.map_err(|error| written(&error))? {
            return Err(StoreError::lease_ended());
        }
        self.stored = stored;
        Ok(())
    }

    async fn release(mut self: Box<Self>) -> Result<(), StoreError> {
        let Some(lease) = self.lease.lease.take() else { return Ok(()) };
        self.account.store.release_lease(&lease).await.map_err(|error| written(&error))
    }
}

#[cfg(test)]
mod tests;
