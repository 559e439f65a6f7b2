//! Keeps the call-detail records up to date. One desk of several does it: two syncs would save over each other. The lease
//! says which desk; the store's own lock keeps other programs away meanwhile, such as `ozonetel cdr sync`.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::Client;
use ozonetel_store::{StoreError, SyncLock};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::epoch::epoch_ms;
use crate::ops::health::{Condition, Health};
use crate::records::{Records, SyncState};

/// The longest nap: the account's clock may have been set, or run faster than this machine's.
const NAP: Duration = Duration::from_millis(500);

/// The pause after the store failed, and while another sync is waited for.
const PAUSE: Duration = Duration::from_secs(5);

/// How long another sync is waited for. It may be a desk that hangs, and this one has the lease.
const OTHERS_TURN: Duration = Duration::from_mins(2);

/// The part of the desk's health.
const PART: &str = "call records";

/// How long today's report may be old before that is worth saying.
const LATE: Duration = Duration::from_mins(10);

/// Runs the sync until `stop`, from where the store says that it is. A store that fails is tried again.
pub async fn run(records: Records, client: Client, health: Health, stop: CancellationToken) {
    step_until(records, client, &health, stop).await;
    // Another desk goes on with it.
    health.forget(PART);
}

async fn step_until(records: Records, client: Client, health: &Health, stop: CancellationToken) {
    records.restart().await;
    let (mut turn, mut next) = (StoreTurn::default(), SystemTime::UNIX_EPOCH);
    loop {
        let progress = async {
            if next <= client.clock().now() && !turn.has_come(&records).await {
                return None;
            }
            Some(records.step().await)
        };
        let taken = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            taken = progress => taken,
        };
        let now = client.clock().now();
        let wait = match taken {
            None => PAUSE,
            Some(Ok(at)) => {
                report(&records.state(), &client, health);
                next = at;
                next.duration_since(now).unwrap_or_default().min(NAP)
            }
            Some(Err(error)) => {
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, reason, "call records cannot be stored; trying again");
                let at = epoch_ms(&**client.clock());
                health.unwell(PART, Condition::Degraded, "they cannot be stored", at);
                PAUSE
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Whose turn it is to fill the store.
#[derive(Debug, Default)]
struct StoreTurn {
    lock: Option<SyncLock>,
    /// Since when another sync has the lock.
    others_since: Option<Instant>,
    /// Whether it was said that this one goes on without.
    is_told: bool,
}

impl StoreTurn {
    /// Whether it is this sync's, with the lock, or without one that cannot be had. After another's turn it goes on from
    /// what that one saved.
    async fn has_come(&mut self, records: &Records) -> bool {
        let held = match self.lock.take() {
            Some(mut lock) => lock.hold().await.map(|all_along| (lock, !all_along)),
            None => records.store().lock_sync().await.map(|lock| (lock, true)),
        };
        match held {
            Ok((lock, is_new)) => {
                if is_new {
                    records.restart().await;
                }
                *self = Self { lock: Some(lock), ..Self::default() };
                true
            }
            Err(StoreError::SyncUnderWay) => self.is_tired_of_waiting(),
            Err(error) => {
                if !std::mem::replace(&mut self.is_told, true) {
                    tracing::warn!(%error, "the store of call records is not locked: the sync goes on without");
                }
                true
            }
        }
    }

    fn is_tired_of_waiting(&mut self) -> bool {
        let since = *self.others_since.get_or_insert_with(|| {
            tracing::info!(
                "another sync of the store of call records is under way: it is waited for"
            );
            Instant::now()
        });
        let is_over = since.elapsed() >= OTHERS_TURN;
        if is_over && !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(
                "another sync has the store of call records still: this one goes on beside it"
            );
        }
        is_over
    }
}

/// Says how far behind the records are. Past days never make the desk unfit to take calls.
fn report(state: &SyncState, client: &Client, health: &Health) {
    let (at, now) = (epoch_ms(&**client.clock()), client.clock().now());
    let age = state.read_at.map(|read| now.duration_since(read).unwrap_or_default());
    match (&state.failed, age) {
        (Some(error), _) => health.unwell(PART, Condition::Degraded, error.summary(), at),
        (None, Some(age)) if age > LATE => {
            health.unwell(PART, Condition::Degraded, "they are more than ten minutes old", at);
        }
        (None, age) => {
            let age = age.map(|age| age.as_secs());
            health.well(PART, json!({"ageSec": age, "daysToRead": state.never_read}), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::cdr::sync::{SyncSettings, SyncStep};
    use ozonetel_sim::Sim;
    use ozonetel_sim::world::Timestamp;
    use ozonetel_store::Store;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn another_sync_is_waited_for_and_what_it_saved_is_gone_on_from() {
        let noon = Timestamp::parse("2026-11-21T12:00:00+05:30").unwrap();
        let sim = Sim::builder().starting_at(noon).build();
        let store = Store::in_memory(sim.client().zone().clone());
        let records =
            Records::with(sim.client(), store.clone(), SyncSettings::default().back_fill(1));
        let others = store.lock_sync().await.unwrap();
        let mut turn = StoreTurn::default();
        assert!(!turn.has_come(&records).await);
        tokio::time::advance(Duration::from_secs(110)).await;
        assert!(!turn.has_come(&records).await);
        // That one may hang.
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(turn.has_come(&records).await && turn.lock.is_none());
        records.step().await.unwrap();
        assert_eq!(records.state().steps, 1);
        // It does not, and reads the other day.
        let settings = SyncSettings::default().back_fill(1);
        let mut other = sim.client().cdr().sync(store.sink()).settings(settings);
        assert!(matches!(other.poll().await.unwrap().step, SyncStep::Read(_)));
        drop(others);
        assert!(turn.has_come(&records).await && turn.lock.is_some());
        records.step().await.unwrap();
        assert_eq!(records.state().steps, 1, "there is nothing left to read");
        assert!(store.lock_sync().await.is_err() && turn.has_come(&records).await);
    }
}
