//! `cdr sync`: a copy of all call-detail records.

use std::collections::BTreeMap;

use clap::Args;
use ozonetel_sdk::ErrorKind;
use ozonetel_sdk::cdr::sync::{Progress, SyncError, SyncSettings, SyncStep};
use ozonetel_sdk::types::Day;
use ozonetel_store::{Store, StoreError};
use serde::Serialize;

use super::place::{StoreFlag, failure};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::{note, show};
use crate::output;

/// Copies all call-detail records into a store, and ends when it has what the service has: the first time 16 days, one
/// request each, two a minute. Interrupted, it continues where it was: a day that was read is not asked for again.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    store: StoreFlag,
    /// How many days before today the very first run goes back, at most 15.
    #[arg(long, value_name = "DAYS", default_value_t = 15)]
    back_fill: u8,
    /// Goes on, and reads today every five minutes and earlier days once a night, until it is stopped.
    #[arg(long)]
    follow: bool,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct SyncReport {
    store: String,
    days_read: u64,
    new: u64,
    changed: u64,
    same: u64,
    unread: u64,
    gaps: u64,
    days_never_read: u32,
}

impl Sync {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let again = format!("ozonetel cdr sync{}", self.store.again());
        let (store, address) = self.store.open(context).await?;
        let copied = copy(context, &store, self.back_fill, self.follow, &again).await?;
        let is_whole = copied.report.is_whole();
        let report = SyncReport { store: address.to_string(), ..copied.report };
        output::one(context.output, &report)?;
        match copied.failed {
            Some(failure) => Err(failure.resume(&again)),
            None if is_whole => Ok(Completion::Clean),
            // What was read was copied; not all of it could be.
            None => Ok(Completion::BadRows),
        }
    }
}

/// What a run of copying came to.
pub(super) struct Copied {
    report: SyncReport,
    /// Why a day could not be read.
    pub(super) failed: Option<Failure>,
}

/// Copies what the service has and the store has not; `again` is the command that goes on.
pub(super) async fn copy(
    context: &Context,
    store: &Store,
    back_fill: u8,
    follow: bool,
    again: &str,
) -> Result<Copied, Failure> {
    let settings = SyncSettings::default().back_fill(back_fill).batch(1_000);
    let mut sync = context.client.cdr().sync(store.sink()).settings(settings);
    let mut report = SyncReport::default();
    // Days whose last request failed, with the failure.
    let mut failed: BTreeMap<Day, Failure> = BTreeMap::new();
    loop {
        let step = async { sync.poll().await.map_err(sink_failure) };
        let progress =
            context.until_stopped(step).await.map_err(|failure| failure.resume(again))?;
        report.take(&progress);
        match progress.step {
            SyncStep::Read(read) => _ = failed.remove(&read.day),
            SyncStep::Failed { day, error, .. } => {
                let hopeless = error.kind() == ErrorKind::Credentials;
                let failure = Failure::from(error).within(&day.to_string());
                if hopeless {
                    return Err(failure.resume(again));
                }
                failed.insert(day, failure);
            }
            _ if !follow => break,
            _ => {}
        }
        let now = context.client.clock().now();
        let wait = progress.next_at.duration_since(now).unwrap_or_default();
        if follow && !wait.is_zero() {
            let nap = async {
                tokio::time::sleep(wait.min(std::time::Duration::from_mins(1))).await;
                Ok::<_, Failure>(())
            };
            context.until_stopped(nap).await.map_err(|failure| failure.resume(again))?;
        }
    }
    let failed = failed.into_iter().next().map(|(_, failure)| failure);
    Ok(Copied { report, failed })
}

impl SyncReport {
    /// Whether every row of this run could be parsed, and no day was lost.
    fn is_whole(&self) -> bool {
        self.unread == 0 && self.gaps == 0
    }

    fn take(&mut self, progress: &Progress) {
        for gap in &progress.gaps {
            self.gaps += 1;
            note(&format!("missing for good: {} to {} ({:?})", gap.from, gap.to, gap.reason));
        }
        self.days_never_read = progress.tally.never_read;
        match &progress.step {
            SyncStep::Read(read) => {
                self.days_read += 1;
                self.new += read.rows.new;
                self.changed += read.rows.changed;
                self.same += read.rows.same;
                self.unread += read.unread;
                show(&format!(
                    "{}: {} new, {} changed, {} same; {}",
                    read.day,
                    read.rows.new,
                    read.rows.changed,
                    read.rows.same,
                    left(progress.tally.due)
                ));
            }
            SyncStep::Failed { day, error, .. } => {
                show(&format!("{day}: {error}; it is asked for again"));
            }
            _ => {}
        }
    }
}

/// What is left, and how long the limit of two requests a minute makes it take.
pub(super) fn left(days: u32) -> String {
    match days {
        0 => "that was all".to_owned(),
        1 | 2 => format!("{days} to go, less than a minute"),
        _ => format!("{days} days to go, about {} minutes", days.div_ceil(2)),
    }
}

fn sink_failure(error: SyncError<StoreError>) -> Failure {
    let text = error.to_string();
    match error {
        SyncError::Upsert(error) | SyncError::Save(error) | SyncError::Load(error) => {
            failure(error)
        }
        _ => Failure::store(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_or_a_day_that_is_lost_is_no_success() {
        assert!(SyncReport { days_read: 2, new: 7, ..SyncReport::default() }.is_whole());
        assert!(!SyncReport { unread: 1, ..SyncReport::default() }.is_whole());
        assert!(!SyncReport { gaps: 1, ..SyncReport::default() }.is_whole());
    }

    #[test]
    fn what_is_left_is_told_by_the_limit() {
        assert_eq!(left(0), "that was all");
        assert_eq!(left(2), "2 to go, less than a minute");
        assert_eq!(left(15), "15 days to go, about 8 minutes");
    }
}
