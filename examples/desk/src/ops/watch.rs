//! Keeps looking whether the service takes the account, and what the store answers.

use std::time::Duration;

use ozonetel_sdk::Client;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::account::{Finding, check, is_of_credentials, why};
use super::health::{Condition, Health};
use crate::desk::Settings;
use crate::epoch::epoch_ms;

/// How often the account is looked at while it is well.
const WELL: Duration = Duration::from_mins(5);

/// How often while it is not.
const UNWELL: Duration = Duration::from_secs(20);

/// Looks at the account now and then, and reports to `health`, until `stop`.
pub async fn watch_account(
    client: Client,
    settings: Settings,
    health: Health,
    stop: CancellationToken,
) {
    loop {
        let well = look(&client, &settings, &health).await.is_ok();
        let pause = if well { WELL } else { UNWELL };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks once: what was found, or why the service cannot be used.
///
/// # Errors
/// What the service answered, in words; whether the credentials are at fault.
pub async fn look(
    client: &Client,
    settings: &Settings,
    health: &Health,
) -> Result<Vec<Finding>, AccountFailure> {
    let checked = check(client, settings).await;
    let at = epoch_ms(&**client.clock());
    match checked {
        Ok(findings) => {
            for Finding { about, condition, text } in &findings {
                match condition {
                    Condition::Ok => health.well(about, Value::Null, at),
                    condition => health.unwell(about, *condition, text.clone(), at),
                }
            }
            Ok(findings)
        }
        Err(error) => {
            health.unwell("service", Condition::Down, why(&error), at);
            let of_credentials = is_of_credentials(&error);
            Err(AccountFailure { text: why(&error), of_credentials })
        }
    }
}

/// Why the service cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the service: {text}")]
pub struct AccountFailure {
    text: String,
    /// Whether it is the credentials: trying again is of no use.
    pub of_credentials: bool,
}
