//! Lets customers go who wait over KooKoo for an agent who does not come.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::kookoo::let_go_alone;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);

/// Looks until `stop`. Several desks on one store may do it at once: a leg that has ended is not ended again.
pub async fn run(desk: Desk, stop: CancellationToken) {
    loop {
        if let Err(error) = let_go_alone(&desk).await {
            tracing::warn!(%error, "who waits over KooKoo was not looked at");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
