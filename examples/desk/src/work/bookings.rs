//! Has calls mention the appointments that came of them, where a desk stopped before it wrote that down.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::booking::note_pending;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);

/// Looks at the start and now and then, until `stop`. Several desks on one store may do it at once.
pub async fn run(desk: Desk, stop: CancellationToken) {
    loop {
        if let Err(error) = note_pending(&desk).await {
            tracing::warn!(%error, "appointments were not noted on their calls");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
