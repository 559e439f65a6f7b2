//! Announces follow-ups when they become due.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::core::followup::FollowUp;
use crate::desk::Desk;
use crate::store::{Audience, NewEvent, StoreError};

/// How often it is looked whether one is due.
const EVERY: Duration = Duration::from_secs(5);

/// How many are announced in one transaction.
const TOGETHER: u32 = 200;

fn due(follow_up: &FollowUp) -> Result<NewEvent, StoreError> {
    let agent = follow_up.agent.as_str().into();
    let body = json!({"id": follow_up.id, "dueAt": follow_up.due_ms, "due": true});
    NewEvent::new("followup.changed", Audience::Agent(agent), &body)
}

/// Announces what is due now; how many there were.
///
/// # Errors
/// The store is not available.
pub async fn announce(desk: &Desk) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let count = desk.store().announce_due(desk.now(), TOGETHER, due).await?;
        all += count;
        if count < TOGETHER as usize {
            return Ok(all);
        }
    }
}

/// Announces until `stop`. Several desks on one store may do it at once.
pub async fn run(desk: Desk, stop: CancellationToken) {
    loop {
        if let Err(error) = announce(&desk).await {
            tracing::warn!(%error, "follow-ups that are due were not announced");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
