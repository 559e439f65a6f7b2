//! What live assist uses, counted for this desk and for all of them.

use crate::core::assist::budget::Used;
use crate::desk::Desk;
use crate::ops::metrics::{ASSIST_MONEY, ASSIST_SECONDS, ASSIST_TOKENS};

/// Counts what was used, and learns what all desks have used today.
pub(super) async fn spend(desk: &Desk, used: Used) {
    if used == Used::default() {
        return;
    }
    let positive = |amount: i64| u64::try_from(amount).unwrap_or(0);
    let metrics = desk.metrics();
    metrics.add(ASSIST_SECONDS, vec![], positive(used.audio_ms / 1_000));
    metrics.add(ASSIST_TOKENS, vec![], positive(used.tokens));
    metrics.add(ASSIST_MONEY, vec![], positive(used.micros));
    let day = desk.client().today().to_string();
    match desk.store().use_assist(&day, used).await {
        Ok(sum) => desk.assist().note_used(&day, sum),
        Err(error) => {
            // It counts here at least.
            desk.assist().note_used(&day, desk.assist().used_on(&day).and(used));
            tracing::warn!(%error, "what live assist used was not written down");
        }
    }
}

/// What was used today, by all desks.
pub(super) fn used_today(desk: &Desk) -> Used {
    desk.assist().used_on(&desk.client().today().to_string())
}
