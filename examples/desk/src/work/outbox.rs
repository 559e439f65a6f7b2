//! Delivers what is in the outbox, one after another and as often as it takes: to each target apart, so that one that
//! does not answer holds up no other.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use crate::core::outbox::OutboxTarget;
use crate::desk::Desk;
use crate::flow::delivering::{deliver_claimed, lease_until};
use crate::flow::viewing::now_ms;
use crate::store::StoreError;

/// How many entries are taken at once, and how many of them are on their way. What is taken has to be sent before its lease
/// ends. The service's requests are counted; the platform is told of every call.
const fn amounts(target: OutboxTarget) -> (u32, usize) {
    match target {
        OutboxTarget::Service => (16, 4),
        OutboxTarget::Platform => (32, 16),
    }
}

/// How long nothing is looked for when nothing is due and no one calls.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long after a failure of the store it is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Delivers everything to a target that is due now. How many entries were tried.
///
/// # Errors
/// The store is not available.
pub async fn deliver_due(desk: &Desk, target: OutboxTarget) -> Result<usize, StoreError> {
    let (at, (most, at_once)) = (now_ms(desk), amounts(target));
    let due = desk.store().claim_outbox(target, at, lease_until(at), most).await?;
    let count = due.len();
    let delivered = stream::iter(due).map(|entry| deliver_claimed(desk, entry));
    let mut delivered = delivered.buffer_unordered(at_once);
    while let Some(done) = delivered.next().await {
        done?;
    }
    Ok(count)
}

/// Takes over what the process before was sending when it ended, at once: on a store of one desk it is gone for sure. How
/// many entries there were.
///
/// # Errors
/// The store is not available.
pub async fn take_over(desk: &Desk) -> Result<u64, StoreError> {
    if desk.store().is_shared() { Ok(0) } else { desk.store().release_outbox().await }
}

/// Delivers to a target until it is stopped. What is being sent then is finished first.
pub async fn run(desk: Desk, target: OutboxTarget, stop: CancellationToken) {
    // Once is enough for all targets.
    if target == OutboxTarget::Service
        && let Err(error) = take_over(&desk).await
    {
        tracing::warn!(%error, "what was being sent waits until its time is over");
    }
    loop {
        let pause = match deliver_due(&desk, target).await {
            Ok(0) => sleep_for(&desk, target).await,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be worked");
                AFTER_FAILURE
            }
        };
        if stop.is_cancelled() {
            return;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = desk.calling().outbox_woken(target) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Until the next entry is due.
async fn sleep_for(desk: &Desk, target: OutboxTarget) -> Duration {
    let due = desk.store().next_due(target).await.ok().flatten();
    let until = due.map(|due| u64::try_from(due - now_ms(desk)).unwrap_or(0));
    until.map_or(LONGEST_SLEEP, |ms| Duration::from_millis(ms).min(LONGEST_SLEEP))
}
