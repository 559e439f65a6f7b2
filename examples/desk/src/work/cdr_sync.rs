//! Keeps the call-detail records up to date. One desk of several does it: two syncs would save over each other. The lease
//! says which desk; the store's own lock keeps other programs away meanwhile, such as `ozonetel cdr sync`.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::Client;
use ozonetel_store::SyncLock;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::epoch::epoch_ms;
use crate::ops::health::{Condition, Health};
use crate::records::{Records, SyncState};

/// The longest nap: the account's clock may have been set, or run faster than this machine's.
const NAP: Duration = Duration::from_millis(500);

/// The pause after the store failed.
const PAUSE: Duration = Duration::from_secs(5);

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
    let (mut lock, mut next) = (None, SystemTime::UNIX_EPOCH);
    loop {
        if next <= client.clock().now() {
            lock = held(lock, &records).await;
        }
        let taken = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            taken = records.step() => taken,
        };
        let now = client.clock().now();
        let wait = match taken {
            Ok(at) => {
                report(&records.state(), &client, health);
                next = at;
                next.duration_since(now).unwrap_or_default().min(NAP)
            }
            Err(error) => {
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

/// The store's lock, if it can be had. A desk that hangs may have it still, and this one has the lease: it goes on without.
async fn held(lock: Option<SyncLock>, records: &Records) -> Option<SyncLock> {
    let (is_new, held) = match lock {
        Some(mut lock) => (false, lock.hold().await.map(|()| lock)),
        None => (true, records.store().lock_sync().await),
    };
    match held {
        Ok(lock) => Some(lock),
        Err(error) if is_new => {
            tracing::debug!(%error, "the store of call records is not locked");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "the store of call records is no longer locked");
            None
        }
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
