//! Agents beside the requests: what waits for the end of a call or a session, and the account's dispositions.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::flow::agent_state::tidy_agents;

/// How often it is looked whether a call or a session has ended.
const EVERY: Duration = Duration::from_secs(5);

/// How often the account's dispositions are asked for.
const LISTED: Duration = Duration::from_hours(1);

/// How soon they are asked for again after a failure.
const AGAIN: Duration = Duration::from_mins(1);

/// Logs out and pauses whoever waits for it, until `stop`.
pub async fn tidy(desk: Desk, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = tidy_agents(&desk).await {
            tracing::warn!(%error, "agents were not looked after");
        }
    }
}

/// Asks for the account's dispositions at once and then hourly, until `stop`. Where the service refuses or lists none,
/// all codes go as the general disposition.
pub async fn dispositions(desk: Desk, stop: CancellationToken) {
    loop {
        let wait = if learn_dispositions(&desk).await { LISTED } else { AGAIN };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Asks for the account's dispositions once; whether there was an answer.
pub async fn learn_dispositions(desk: &Desk) -> bool {
    match desk.client().disposition().list().await {
        Ok(list) => {
            desk.calling().learn_dispositions(list);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "the account's dispositions are not known; all go as General Enquiry");
            error.refusal().is_some()
        }
    }
}
