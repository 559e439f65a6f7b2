//! Learns what is said of campaigns at other desks, and how many calls are listened to.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::assist::refresh_consents;
use crate::ops::metrics::ASSIST_SESSIONS;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);

/// Looks until `stop`, where there is live assist.
pub async fn run(desk: Desk, stop: CancellationToken) {
    if !desk.assist().settings().is_on() {
        stop.cancelled().await;
        return;
    }
    loop {
        if let Err(error) = refresh_consents(&desk).await {
            tracing::warn!(%error, "which calls may be listened to is as it was last known");
        }
        let sessions = desk.assist().with_sessions(|sessions| sessions.len());
        desk.metrics().set(ASSIST_SESSIONS, sessions as u64);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    // What was heard last is written before the store is closed.
    desk.assist().finish().await;
}
