//! `settle`

use std::time::{Duration, SystemTime};

use clap::Args;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_sdk::types::LocalDateTime;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// How long before its latest time a dial may have been sent.
const EARLIER: Duration = Duration::from_mins(15);

/// Looks for the reference in the report of the day: `happened` with the UCID, `did_not_happen`, or `still_unknown`
/// with the time to ask again.
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// The reference (UUI) that the dial carried.
    reference: String,
    /// The latest time at which it was sent, YYYY-MM-DD HH:MM:SS in the account's zone. Default: now; then a dial that
    /// is not found stays unknown.
    #[arg(long, value_name = "TIME")]
    before: Option<LocalDateTime>,
    /// How many minutes its row may take to appear.
    #[arg(long, value_name = "MINUTES", default_value_t = 5)]
    rows_within: u16,
}

impl Settle {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let client = &context.client;
        let to = match self.before {
            Some(time) => time.instant(client.zone()),
            None => client.clock().now(),
        };
        let from = to.checked_sub(EARLIER).unwrap_or(SystemTime::UNIX_EPOCH);
        let window = DialWindow::new(from, to)
            .rows_within(Duration::from_secs(60 * u64::from(self.rows_within)));
        let settlement =
            context.until_stopped(client.settle(self.reference, window).send()).await?;
        let (ucid, until) = match &settlement {
            DialSettlement::Happened { ucid, .. } => (Some(*ucid), None),
            DialSettlement::StillUnknown { until } => (None, Some(client.zone().stamp(*until))),
            _ => (None, None),
        };
        let printed = json!({ "settlement": settlement.as_str(), "ucid": ucid, "until": until });
        output::one(context.output, &printed)
    }
}
