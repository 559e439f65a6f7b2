//! Drops callers' profiles from this process's memory when a number was forgotten, by whichever process.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::assist::summary::forget_summaries;
use crate::ports::profiles::MEMORY;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);

/// Looks whether a number was forgotten since `known`, and drops all profiles if so; the count to compare with next.
///
/// Which number it was is not kept anywhere, so all of them go: what belongs to a call is kept with the call.
pub async fn look(desk: &Desk, known: Option<i64>) -> Option<i64> {
    let count = match desk.store().forgets().await {
        Ok(count) => count,
        Err(error) => {
            tracing::warn!(%error, "whether a number was forgotten is not known");
            return known;
        }
    };
    let is_news = known.is_some_and(|known| known != count);
    if is_news {
        forget_summaries(desk);
    }
    if is_news && let Err(error) = desk.customers().profiles().forget(&|_| true).await {
        tracing::warn!(%error, "profiles were not dropped");
        return known;
    }
    Some(count)
}

/// Looks until `stop`, where profiles or summaries are in memory.
pub async fn run(desk: Desk, stop: CancellationToken) {
    if desk.customers().profiles().place() != MEMORY && !desk.assist().settings().is_on() {
        stop.cancelled().await;
        return;
    }
    let mut known = None;
    loop {
        known = look(&desk, known).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
