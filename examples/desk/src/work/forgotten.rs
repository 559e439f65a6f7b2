//! When a number was forgotten, by whichever process: drops callers' profiles from this process's memory, and shows
//! everything anew to those who listen here. The number is in what they were shown, and with it went events that they may
//! not have been told of yet.

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
        desk.events().start_over();
    }
    let profiles = desk.customers().profiles();
    if is_news
        && profiles.place() == MEMORY
        && let Err(error) = profiles.forget(&|_| true).await
    {
        tracing::warn!(%error, "profiles were not dropped");
        return known;
    }
    Some(count)
}

/// Looks until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
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
