//! One token for all callers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Bearer, GenerateToken, Lease, StoredToken, TokenFailures, TokenStore, failures};
use crate::core::call;
use crate::core::client::Core;
use crate::core::credential::{AuthSecret, Credential, CredentialKind, Credentials, Keys, TokenId};
use crate::core::endpoint::Rate;
use crate::core::error::{Error, ErrorKind};
use crate::core::pace::{RateLimit, StoreError};
use crate::types::secret::Secret;

/// A token is replaced when less than this remains, plus a jitter of up to [`JITTER`].
const MARGIN: Duration = Duration::from_secs(300);
const JITTER: u64 = 60;

/// How often one refresh asks if none failed before it, how long it waits for one answer, and the longest pause
/// between two.
const TRIES: u32 = 3;
const ANSWER: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_secs(5);

/// How long whoever has a good token waits for the one that will replace it: a refresh takes that long, and ends the old
/// token. One that takes longer is not waited for, whatever holds it up.
const EARLY: Duration = Duration::from_secs(2);

/// How long the store may take to keep something.
const KEEP: Duration = Duration::from_secs(10);

/// How long a refresh may hold the store's lease: longer than it can take. So long a refresh waits for the lease of
/// another program.
const LEASE: Duration = Duration::from_secs(150);

const _: () = assert!(
    LEASE.as_secs()
        > TRIES as u64 * (ANSWER.as_secs() + 2 * KEEP.as_secs())
            + (TRIES as u64 - 1) * PAUSE.as_secs(),
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
    /// The refresh under way, by its number, and since when.
    flight: Option<(u64, Instant, Flight)>,
    number: u64,
    failed: Option<Failed>,
}

/// What there is for whoever needs a token.
enum Boarding {
    /// A good one.
    Held(CachedToken),
    /// A refresh: to be waited for, or for so long as long as the token before it is good.
    Flight(Flight, Option<Duration>),
}

/// The last refresh failed: its error is everyone's for a while.
struct Failed {
    error: Error,
    /// How often in a row.
    times: u32,
    until: Instant,
}

/// Why a refresh failed.
struct FailedFetch {
    error: Error,
    /// How long no other is begun: as long as the limit says, as failed requests that cost a token say, or as this
    /// process's own count says.
    pause: FetchPause,
}

enum FetchPause {
    /// The store says when the next may be made, and asking it costs nothing.
    Stated,
    /// At least one request counts.
    Spent(Duration),
    /// None was sent.
    Unsent,
}

impl FailedFetch {
    fn stated(error: Error) -> Self {
        Self { error, pause: FetchPause::Stated }
    }

    fn of_store(error: StoreError) -> Self {
        Self { error: Error::store(error), pause: FetchPause::Unsent }
    }
}

/// A refresh under way. However it ends, done, cancelled or by a panic, the next caller may begin another.
struct Seat {
    cache: Arc<TokenCache>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut slot = self.cache.slot();
        if slot.flight.as_ref().is_some_and(|(number, ..)| *number == self.number) {
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
        loop {
            let (flight, spare) = match self.board()? {
                Boarding::Held(held) => return Ok(held),
                Boarding::Flight(flight, spare) => (flight, spare),
            };
            let Some(spare) = spare else { return flight.await };
            if let Ok(landed) = tokio::time::timeout(spare, flight).await {
                return landed;
            }
        }
    }

    /// The token that is held, or the refresh to wait for, which is begun if none is under way.
    fn board(&self) -> Result<Boarding, Error> {
        let mut slot = self.slot();
        let now = self.core.clock.now();
        if let Some(held) = slot.held.as_ref().filter(|held| held.refresh_at > now) {
            return Ok(Boarding::Held(held.clone()));
        }
        let good = slot.held.clone().filter(|held| held.expires_at > now);
        if let Some((_, since, flight)) = &slot.flight {
            return Ok(match good {
                None => Boarding::Flight(flight.clone(), None),
                Some(held) => match EARLY.checked_sub(since.elapsed()) {
                    Some(spare) if !spare.is_zero() => {
                        Boarding::Flight(flight.clone(), Some(spare))
                    }
                    _ => Boarding::Held(held),
                },
            });
        }
        if let Some(failed) = slot.failed.as_ref().filter(|failed| Instant::now() < failed.until) {
            return Err(failed.error.clone());
        }
        let cache = self.me.upgrade().ok_or_else(gone)?;
        let (landed, arrival) = oneshot::channel();
        let flight = arrival.map(|end| end.unwrap_or_else(|_| Err(gone()))).boxed().shared();
        slot.number += 1;
        slot.flight = Some((slot.number, Instant::now(), flight.clone()));
        let seat = Seat { cache, number: slot.number };
        drop(slot);
        // In a task of its own: a caller that goes away must not lose a token that was made.
        drop(tokio::spawn(async move {
            let result = seat.cache.refresh().await;
            drop(seat);
            let _ = landed.send(result);
        }));
        Ok(Boarding::Flight(flight, good.map(|_| EARLY)))
    }

    async fn refresh(&self) -> Result<CachedToken, Error> {
        let (current, rejected, failures) = {
            let slot = self.slot();
            (slot.held.clone(), slot.rejected, slot.failed.as_ref().map_or(0, |f| f.times))
        };
        let due = current.as_ref().map(|held| held.id);
        let good = |held: &CachedToken| held.expires_at > self.core.clock.now();
        let hurry = failures == 0 && !current.as_ref().is_some_and(good);
        let result = self.fetch([rejected, due], if hurry { TRIES } else { 1 }).await;
        let mut slot = self.slot();
        let FailedFetch { error, pause } = match result {
            Ok(held) => {
                slot.failed = None;
                slot.held = Some(held.clone());
                return Ok(held);
            }
            Err(failed) => failed,
        };
        let times = failures.saturating_add(1);
        let pause = match pause {
            FetchPause::Stated => None,
            FetchPause::Spent(pause) => Some(pause),
            FetchPause::Unsent => Some(failures::pause_unsent(times)),
        };
        slot.failed = pause.map(|pause| {
            let until = Instant::now() + pause;
            Failed { error: error.clone(), times, until }
        });
        // An early refresh failed, and the old token still has a while to go.
        let Some(mut held) = current.filter(good) else { return Err(error) };
        let again =
            self.core.clock.now() + pause.unwrap_or_default().max(failures::pause_early(times));
        held.refresh_at = held.expires_at.min(again);
        if slot.held.as_ref().is_none_or(|now| now.id != held.id) {
            // It was rejected meanwhile.
            return Err(error);
        }
        slot.held = Some(held.clone());
        Ok(held)
    }

    /// Takes a token from the store, or asks for one.
    async fn fetch(
        &self,
        replaced: [Option<TokenId>; 2],
        tries: u32,
    ) -> Result<CachedToken, FailedFetch> {
        let lease = tokio::time::timeout(LEASE + KEEP, self.store.lease(LEASE)).await;
        let mut lease =
            lease.unwrap_or_else(|_| Err(StoreError::held())).map_err(FailedFetch::of_store)?;
        let fetched = match self.adopt(lease.stored(), replaced) {
            Some(held) => Ok(held),
            None => self.ask(&mut *lease, tries).await,
        };
        // A lease that cannot be given back ends by itself.
        let _ = tokio::time::timeout(KEEP, lease.release()).await;
        fetched
    }

    /// Asks for a token, as often as it may.
    async fn ask(&self, lease: &mut dyn Lease, tries: u32) -> Result<CachedToken, FailedFetch> {
        let (clock, limit) = (&self.core.clock, self.limit());
        let held_back = |stored: &StoredToken, wait: Duration| {
            let wait = wait.max(stored.issued.ready_in(limit, clock.now()));
            let paced = Error::paced(wait).named("auth.generate_token", 0, Duration::ZERO);
            (!wait.is_zero()).then(|| FailedFetch::stated(paced))
        };
        // What a clock that was set back has left is put in order for good, whatever the store does about it.
        let mut stored = lease.stored().clone();
        stored.issued.pull_in(clock.now());
        stored.failed.pull_in(clock.now());
        let kept = lease.stored();
        if stored.issued != kept.issued || stored.failed != kept.failed {
            keep(lease, stored.clone()).await.map_err(FailedFetch::of_store)?;
        }
        let before = stored.failed;
        if let Some(failed) = held_back(&stored, before.pause_left(clock.now())) {
            return Err(failed);
        }
        // What failed for another program may well fail again.
        let tries = if before.times() == 0 { tries } else { 1 };
        let mut pauses = self.core.config.policy.pauses();
        let mut last: Option<FailedFetch> = None;
        for attempt in 1..=tries {
            let now = clock.now();
            let kept = stored.failed.last_kept(&stored.issued, limit, now);
            if let Some(failed) = held_back(&stored, kept) {
                // What went wrong is still the request that was made.
                return Err(last.unwrap_or(failed));
            }
            // Noted before it is sent: it counts unless it is known that it was not sent.
            stored.issued.spend(limit, now);
            keep(lease, stored.clone()).await.map_err(FailedFetch::of_store)?;
            let asked = call::once_within::<GenerateToken>(&self.core, &GenerateToken {}, ANSWER);
            let error = match asked.await {
                Ok(bearer) => return Ok(self.made(lease, stored, &bearer).await),
                Err(error) => error,
            };
            let failed = self.noted(lease, &mut stored, now, error).await;
            let again = matches!(
                failed.error.kind(),
                ErrorKind::Unreachable | ErrorKind::Closed | ErrorKind::Status
            );
            let pause = pauses.next().filter(|_| again && attempt < tries);
            last = Some(failed);
            match pause {
                Some(pause) => tokio::time::sleep(pause.min(PAUSE)).await,
                None => break,
            }
        }
        Err(last.unwrap_or_else(|| FailedFetch::stated(gone())))
    }

    /// A token was made: it is used even if it cannot be kept, since the ones before it have ended.
    async fn made(
        &self,
        lease: &mut dyn Lease,
        mut stored: StoredToken,
        bearer: &Bearer,
    ) -> CachedToken {
        let now = self.core.clock.now();
        let life = self.core.config.limits.token_life;
        // One that is over as it is made: the two clocks differ, or its times mean something else. Believed, it would
        // be replaced by every call, ten times, and then none would be left.
        let said = bearer.expires_at(now).filter(|at| *at > now);
        let expires_at = said.or_else(|| now.checked_add(life)).unwrap_or(now);
        stored.expires_at = Some(expires_at);
        stored.token = Some(bearer.secret().clone());
        stored.failed = TokenFailures::default();
        if let Err(error) = keep(lease, stored).await {
            tracing::warn!(%error, "the token is used, but could not be kept");
        }
        self.held(bearer.secret(), expires_at)
    }

    /// A request failed. If nothing was sent, nothing is spent; otherwise the failure counts for all who share the
    /// store.
    async fn noted(
        &self,
        lease: &mut dyn Lease,
        stored: &mut StoredToken,
        asked: SystemTime,
        error: Error,
    ) -> FailedFetch {
        let spent = error.may_have_reached() || error.refusal().is_some();
        let now = self.core.clock.now();
        let pause = if spent {
            stored.failed.note(now);
            FetchPause::Spent(stored.failed.pause_left(now))
        } else {
            stored.issued.refund(asked);
            FetchPause::Unsent
        };
        // What cannot be kept was kept as spent.
        let _ = keep(lease, stored.clone()).await;
        FailedFetch { error: error.for_credentials(), pause }
    }

    /// The hour's tokens, with the margin that every limit has.
    fn limit(&self) -> RateLimit {
        let published = RateLimit::published(Rate::Token.limit().unwrap_or((10, 3600)));
        self.core.pacer.limit(Rate::Token).unwrap_or(published)
    }

    /// A token that another process fetched meanwhile: neither the one that was refused nor the one that is due.
    fn adopt(&self, stored: &StoredToken, replaced: [Option<TokenId>; 2]) -> Option<CachedToken> {
        let token = stored.token.as_ref().filter(|token| super::can_be_sent(token.reveal()))?;
        let expires_at = stored.expires_at?;
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

/// Saves within a time.
async fn keep(lease: &mut dyn Lease, stored: StoredToken) -> Result<(), StoreError> {
    let kept = tokio::time::timeout(KEEP, lease.save(stored)).await;
    kept.unwrap_or_else(|_| Err(StoreError::held()))
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
                let _ = keep(&mut *lease, stored).await;
            }
            let _ = tokio::time::timeout(KEEP, lease.release()).await;
        }
    }
}
