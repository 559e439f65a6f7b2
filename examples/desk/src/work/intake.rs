//! Works what the service has sent, and asks it for what it may not have sent.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::intake::{sweep_missed, work_pushes};

/// How often it is looked whether another desk, or the one before a restart, has left something.
const EVERY: Duration = Duration::from_secs(5);

/// How often abandoned calls are asked for.
const SWEPT: Duration = Duration::from_mins(5);

/// Works what has arrived, until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
    loop {
        if let Err(error) = work_pushes(&desk).await {
            tracing::warn!(%error, "what has arrived was not worked");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = desk.intake().arrived() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Asks for abandoned calls now and then, until `stop`.
pub async fn sweep(desk: Desk, stop: CancellationToken) {
    loop {
        if let Err(problem) = sweep_missed(&desk).await {
            tracing::warn!(?problem, "abandoned calls were not asked for");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEPT) => {}
        }
    }
}
