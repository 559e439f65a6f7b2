//! Step 2, wait for the limit; and what the service says about it afterwards.

use std::time::Duration;

use http::StatusCode;

use super::judge::{AttemptError, FailedAttempt};
use super::progress::CallProgress;
use crate::core::endpoint::Rate;
use crate::core::error::{Reason, Unreadable};
use crate::core::pace::{Permit, Sent, Waits};
use crate::core::retry::AttemptOutcome;

/// No `Retry-After` closes a window for longer than this, whatever it says.
const LONGEST: Duration = Duration::from_secs(3600);

/// A refusal for the limit without a published window closes its class for so long.
const UNPUBLISHED: u64 = 60;

/// Waits until the endpoint's class has room for one request, as long as the call's patience allows.
pub(super) async fn wait(progress: &CallProgress<'_>) -> Result<Permit, AttemptError> {
    // The token's ten an hour are counted where the token is kept.
    let rate = match progress.spec.rate {
        Rate::Token => Rate::Unstated,
        rate => rate,
    };
    let core = &progress.core;
    let waits = Waits { patience: progress.patience, total: progress.before_sending() };
    let waiting = |ready_in| progress.waiting(ready_in);
    let permit = core.pacer.acquire(rate, waits, &core.clock, &waiting).await;
    permit.map_err(AttemptError::BeforeSending)
}

/// Counts the request from now on. What was taken before a slow token may have run out meanwhile.
pub(super) async fn sent(
    progress: &CallProgress<'_>,
    permit: Permit,
) -> Result<Sent, AttemptError> {
    permit.send(progress.total).await.map_err(AttemptError::BeforeSending)
}

/// When the service says that the limit is used up: pushes the window forward, and says when it opens.
pub(super) async fn push_back(
    progress: &CallProgress<'_>,
    failed: &FailedAttempt,
) -> Option<Duration> {
    let refused = failed.outcome == AttemptOutcome::Refused(Reason::TooManyRequests);
    // Of what may happen only once, a bare 429 proves no refusal; the limit is kept all the same.
    let open = failed.error.unreadable().map(Unreadable::status);
    if !refused && open != Some(StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    let (core, rate) = (&progress.core, progress.spec.rate);
    // No `Retry-After` was ever seen; the window's full length is the wait that is never too short.
    let published = rate.limit().map_or(UNPUBLISHED, |(_, seconds)| u64::from(seconds));
    let wait = failed.retry_after.unwrap_or(Duration::from_secs(published)).min(LONGEST);
    if rate.limit().is_some()
        && let Err(error) = core.pacer.push_back(rate, wait, &core.clock, progress.total).await
    {
        // What the service answered counts, whatever becomes of the window.
        tracing::warn!(%error, "the window could not be pushed back");
    }
    refused.then_some(wait)
}
