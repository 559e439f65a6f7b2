//! One token for all callers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::oneshot;

use super::{GenerateToken, StoredToken, TokenStore};
use crate::core::call;
use crate::core::client::Core;
use crate::core::credential::{AuthSecret, Credential, CredentialKind, Credentials, Keys, TokenId};
use crate::core::endpoint::Rate;
use crate::core::error::{Error, ErrorKind};
use crate::core::pace::StoreError;
use crate::types::secret::Secret;

/// A token is replaced when less than this remains, plus a jitter of up to [`JITTER`].
const MARGIN: Duration = Duration::from_secs(300);
const JITTER: u64 = 60;

/// How often one refresh asks, how long it waits for one answer, and the longest pause between two.
const TRIES: u32 = 3;
const ANSWER: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_secs(5);

/// How long a refresh may hold the store's lease: longer than it can take.
const LEASE: Duration = Duration::from_secs(90);

const _: () = assert!(
    LEASE.as_secs() > TRIES as u64 * ANSWER.as_secs() + (TRIES as u64 - 1) * PAUSE.as_secs(),
    "a lease outlives its refresh"
);

#[derive(Debug, Clone)]
struct CachedToken {
    secret: Secret,
    id: TokenId,
    refresh_at: SystemTime,
    expires_at: SystemTime,
}

type Flight = Shared<BoxFuture<'static, Result<CachedToken, Error>>>;

#[derive(Default)]
struct Slot {
    held: Option<CachedToken>,
    rejected: Option<TokenId>,
    /// The refresh under way, by its number.
    flight: Option<(u64, Flight)>,
    number: u64,
}

/// A refresh under way. However it ends, done, cancelled or by a panic, the next caller may begin another.
struct Seat {
    cache: Arc<TokenCache>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut slot = self.cache.slot();
        if slot.flight.as_ref().is_some_and(|(number, _)| *number == self.number) {
            slot.flight = None;
        }
    }
}

/// Fetches and keeps the account's token.
pub(crate) struct TokenCache {
    keys: Keys,
    core: Arc<Core>,
    store: Arc<dyn TokenStore>,
    slot: Mutex<Slot>,
    me: Weak<TokenCache>,
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("store", &self.store).finish_non_exhaustive()
    }
}

impl TokenCache {
    /// `core` presents the key, so that the token request takes the same path as any other call.
    pub(crate) fn new(keys: Keys, core: Arc<Core>, store: Arc<dyn TokenStore>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            keys,
            core,
            store,
            slot: Mutex::default(),
            me: Weak::clone(me),
        })
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn token(&self) -> Result<CachedToken, Error> {
        let (flight, departure) = {
            let mut slot = self.slot();
            if let Some(held) = &slot.held
                && held.refresh_at > self.core.clock.now()
            {
                return Ok(held.clone());
            }
            if let Some((_, flight)) = &slot.flight {
                (flight.clone(), None)
            } else {
                let cache = self.me.upgrade().ok_or_else(gone)?;
                let (landed, arrival) = oneshot::channel();
                let flight =
                    arrival.map(|end| end.unwrap_or_else(|_| Err(gone()))).boxed().shared();
                slot.number += 1;
                slot.flight = Some((slot.number, flight.clone()));
                let seat = Seat { cache, number: slot.number };
                (flight, Some((seat, landed)))
            }
        };
        if let Some((seat, landed)) = departure {
            // In a task of its own: a caller that goes away must not lose a token that was made.
            drop(tokio::spawn(async move {
                let result = seat.cache.refresh().await;
                drop(seat);
                let _ = landed.send(result);
            }));
        }
        flight.await
    }

    async fn refresh(&self) -> Result<CachedToken, Error> {
        let (current, rejected) = {
            let slot = self.slot();
            (slot.held.clone(), slot.rejected)
        };
        let due = current.as_ref().map(|held| held.id);
        let result = self.fetch([rejected, due]).await;
        let mut slot = self.slot();
        match (result, current) {
            (Ok(held), _) => {
                slot.held = Some(held.clone());
                Ok(held)
            }
            // The early refresh failed, and the old token still has a while to go.
            (Err(_), Some(mut held)) if held.expires_at > self.core.clock.now() => {
                held.refresh_at =
                    held.expires_at.min(self.core.clock.now() + Duration::from_secs(30));
                slot.held = Some(held.clone());
                Ok(held)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch(&self, replaced: [Option<TokenId>; 2]) -> Result<CachedToken, Error> {
        let clock = &self.core.clock;
        let mut lease = self.store.lease(LEASE).await.map_err(store_failed)?;
        if let Some(held) = self.adopt(lease.stored(), replaced) {
            return Ok(held);
        }
        let limit = Rate::Token.limit().unwrap_or((10, 3600));
        let mut pauses = self.core.config.policy.pauses();
        let mut tries = 0;
        loop {
            let now = clock.now();
            let mut stored = lease.stored().clone();
            let wait = stored.issued.ready_in(limit, now);
            if !wait.is_zero() {
                return Err(Error::paced(wait).named("auth.generate_token", tries, Duration::ZERO));
            }
            // Noted before it is sent: an attempt counts whatever its result.
            stored.issued.spend(limit, now);
            lease.save(stored.clone()).await.map_err(store_failed)?;
            tries += 1;
            match call::once_within::<GenerateToken>(&self.core, &GenerateToken {}, ANSWER).await {
                Ok(bearer) => {
                    let now = clock.now();
                    stored.expires_at = Some(
                        bearer.expires_at(now).unwrap_or(now + self.core.config.limits.token_life),
                    );
                    stored.token = Some(bearer.secret().clone());
                    let held = self.held(bearer.secret(), stored.expires_at.unwrap_or(now));
                    lease.save(stored).await.map_err(store_failed)?;
                    return Ok(held);
                }
                Err(error) => {
                    if !error.may_have_reached() && error.refusal().is_none() {
                        // Nothing was sent, so nothing is spent.
                        stored.issued.refund(now);
                        lease.save(stored).await.map_err(store_failed)?;
                    }
                    let again = matches!(
                        error.kind(),
                        ErrorKind::Unreachable | ErrorKind::Closed | ErrorKind::Status
                    );
                    match pauses.next() {
                        Some(pause) if again && tries < TRIES => {
                            tokio::time::sleep(pause.min(PAUSE)).await;
                        }
                        _ => return Err(error.for_credentials()),
                    }
                }
            }
        }
    }

    /// A token that another process fetched meanwhile: neither the one that was refused nor the one that is due.
    fn adopt(&self, stored: &StoredToken, replaced: [Option<TokenId>; 2]) -> Option<CachedToken> {
        let (token, expires_at) = (stored.token.as_ref()?, stored.expires_at?);
        let held = self.held(token, expires_at);
        let newer = !replaced.contains(&Some(held.id));
        (newer && held.refresh_at > self.core.clock.now()).then_some(held)
    }

    fn held(&self, token: &Secret, expires_at: SystemTime) -> CachedToken {
        let now = self.core.clock.now();
        let id = TokenId::of(token);
        let jitter = Duration::from_secs((id.0 ^ self.core.config.policy.seed) % JITTER);
        let left = expires_at.duration_since(now).unwrap_or_default();
        // A token that lives shorter than the margin is used for half of what is left.
        let early = (MARGIN + jitter).min(left / 2);
        CachedToken {
            secret: token.clone(),
            id,
            refresh_at: now + left.saturating_sub(early),
            expires_at,
        }
    }
}

fn gone() -> Error {
    Error::said(ErrorKind::Credentials, "the token refresh was stopped")
}

fn store_failed(error: StoreError) -> Error {
    Error::source_of(ErrorKind::Credentials, Arc::new(error))
}

#[async_trait]
impl Credentials for TokenCache {
    async fn credential(&self, want: CredentialKind) -> Result<Credential, Error> {
        if want != CredentialKind::Account {
            return self.keys.credential(want).await;
        }
        let held = self.token().await?;
        let secret = AuthSecret::Bearer { secret: held.secret, id: held.id };
        Ok(Credential { user: Arc::clone(&self.keys.user), secret })
    }

    async fn reject(&self, id: TokenId) {
        {
            let mut slot = self.slot();
            let newer = slot.held.as_ref().is_some_and(|held| held.id != id);
            if newer || (slot.held.is_none() && slot.rejected == Some(id)) {
                return;
            }
            slot.held = None;
            slot.rejected = Some(id);
        }
        // Other processes, and this program's next run, must not begin with it again. A store that fails here fails
        // the next call as well.
        if let Ok(mut lease) = self.store.lease(LEASE).await {
            let mut stored = lease.stored().clone();
            if stored.token.as_ref().is_some_and(|token| TokenId::of(token) == id) {
                (stored.token, stored.expires_at) = (None, None);
                let _ = lease.save(stored).await;
            }
        }
    }
}
