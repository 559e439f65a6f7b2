//! `settle`

use std::time::{Duration, SystemTime};

use clap::Args;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_sdk::types::LocalDateTime;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output;

/// How long before its latest time a dial may have been sent, unless its earliest is given.
const EARLIER: Duration = Duration::from_hours(24);

/// Looks for the reference in the reports of the days in question: `happened` with the UCID, `did_not_happen`, or
/// `still_unknown` with the time to ask again, and exit code 7. Each day is one of two requests a minute; with --after it
/// is mostly one.
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// The reference (UUI) that the dial carried.
    reference: String,
    /// The latest time at which it was sent, YYYY-MM-DD HH:MM:SS in the account's zone; what failed with exit code 7 names
    /// it. Default: now; then a dial that is not found stays unknown.
    #[arg(long, value_name = "TIME")]
    before: Option<LocalDateTime>,
    /// The earliest time at which it was sent, at most a day before. Default: a day before.
    #[arg(long, value_name = "TIME")]
    after: Option<LocalDateTime>,
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
        let from = match self.after {
            Some(time) => time.instant(client.zone()),
            None => to.checked_sub(EARLIER).unwrap_or(SystemTime::UNIX_EPOCH),
        };
        let window = DialWindow::new(from, to)
            .rows_within(Duration::from_secs(60 * u64::from(self.rows_within)));
        // The request's own name for a day that is too long ago says nothing to who gave a time.
        let flag = if self.after.is_some() { "--after" } else { "--before" };
        let settled = context.until_stopped(client.settle(self.reference, window).send()).await;
        let settlement = settled.map_err(|failure| failure.rename("fromDate", flag))?;
        let (ucid, until) = match &settlement {
            DialSettlement::Happened { ucid, .. } => (Some(*ucid), None),
            // Without a latest time, it moves on with the clock.
            DialSettlement::StillUnknown { .. } if self.before.is_none() => {
                note(
                    "a dial that is not found stays unknown without --before, the time at which it was sent at the latest",
                );
                (None, None)
            }
            DialSettlement::StillUnknown { until } => (None, Some(client.zone().stamp(*until))),
            _ => (None, None),
        };
        let printed = json!({ "settlement": settlement.as_str(), "ucid": ucid, "until": until });
        let printed = output::one(context.output, &printed)?;
        Ok(match settlement {
            DialSettlement::Happened { .. } | DialSettlement::DidNotHappen => printed,
            _ => Completion::Unknown,
        })
    }
}
