//! `cdr sync`: a copy of all call-detail records.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use clap::Args;
use ozonetel_sdk::ErrorKind;
use ozonetel_sdk::cdr::sync::{
    Checkpoint, FailureCause, Progress, SyncError, SyncSettings, SyncStep, Trouble,
};
use ozonetel_sdk::types::Day;
use ozonetel_store::{Store, StoreError, SyncLock};
use serde::Serialize;
use tokio::time::Instant;

use super::coverage::instant;
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
    /// How many days before today to go back, at most 15. What a store has, no run takes out of it.
    #[arg(long, value_name = "DAYS", default_value_t = 15)]
    back_fill: u8,
    /// Goes on, and reads today every five minutes and earlier days once a night, until it is stopped.
    #[arg(long)]
    follow: bool,
}

/// How long a server may take to see that a connection is gone, whose lock it keeps until then.
const GONE: Duration = Duration::from_secs(30);

/// The pause before a lock that was lost is taken again.
const RETRY: Duration = Duration::from_secs(5);

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
    days_failed: u64,
    days_never_read: u32,
}

impl Sync {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let again = format!("ozonetel cdr sync{}", self.store.again());
        let (store, address) = self.store.open(context).await?;
        let lock = locked(context, &store).await.map_err(|failure| failure.resume(&again))?;
        let under_way = || failure(StoreError::SyncUnderWay).resume(&again);
        let lock = lock.ok_or_else(under_way)?;
        let copied = copy(context, &store, lock, self.back_fill, self.follow, &again).await?;
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
    /// Why days could not be read.
    pub(super) failed: Option<Failure>,
}

/// The store's lock; none where another sync has it.
pub(super) async fn locked(context: &Context, store: &Store) -> Result<Option<SyncLock>, Failure> {
    let locked = async {
        match store.lock_sync().await {
            Ok(lock) => Ok(Some(lock)),
            Err(StoreError::SyncUnderWay) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    };
    context.until_stopped(locked).await
}

/// A lock that is looked after before each step.
struct KeptLock {
    lock: SyncLock,
    /// Whether the run goes on and on: it waits for a database that is away.
    follow: bool,
    /// Since when it is not held.
    lost: Option<Instant>,
}

/// Whether a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Still,
    /// It was not for some time, in which another may have had it.
    Again,
    NotYet,
}

impl KeptLock {
    async fn held(&mut self) -> Result<Held, Failure> {
        let held = self.lock.hold().await;
        self.after(held)
    }

    /// What follows from what the store says of the lock. One that another has may be this run's own of before, which the
    /// server keeps until it sees that the connection is gone.
    fn after(&mut self, held: Result<bool, StoreError>) -> Result<Held, Failure> {
        let error = match held {
            Ok(all_along) => {
                let was_lost = self.lost.take().is_some() || !all_along;
                return Ok(if was_lost { Held::Again } else { Held::Still });
            }
            Err(error) => error,
        };
        let is_first = self.lost.is_none();
        let lost = self.lost.get_or_insert_with(Instant::now).elapsed();
        match error {
            StoreError::SyncUnderWay if lost > GONE => Err(failure(error)),
            StoreError::SyncUnderWay => Ok(Held::NotYet),
            error if !self.follow => Err(failure(error)),
            error => {
                if is_first {
                    let text = failure(error).told().0;
                    note(&format!("{text}; nothing is asked for until the store is back"));
                }
                // The half minute begins once the server answers.
                self.lost = Some(Instant::now());
                Ok(Held::NotYet)
            }
        }
    }
}

async fn nap(context: &Context, wait: Duration) -> Result<(), Failure> {
    let nap = async {
        tokio::time::sleep(wait).await;
        Ok::<_, Failure>(())
    };
    context.until_stopped(nap).await
}

/// Copies what the service has and the store has not; `again` is the command that goes on.
pub(super) async fn copy(
    context: &Context,
    store: &Store,
    lock: SyncLock,
    back_fill: u8,
    follow: bool,
    again: &str,
) -> Result<Copied, Failure> {
    let stopped = |failure: Failure| failure.resume(again);
    let (mut lock, mut next_at) = (KeptLock { lock, follow, lost: None }, SystemTime::UNIX_EPOCH);
    let settings = SyncSettings::default().back_fill(back_fill).batch(1_000);
    let begun = || context.client.cdr().sync(store.sink()).settings(settings);
    let mut sync = begun();
    let mut report = SyncReport::default();
    let mut failed = FailedDays { follow, ..FailedDays::default() };
    loop {
        if next_at <= context.client.clock().now() {
            match context.until_stopped(lock.held()).await.map_err(stopped)? {
                Held::Still => {}
                Held::Again => sync = begun(),
                Held::NotYet => {
                    nap(context, RETRY).await.map_err(stopped)?;
                    continue;
                }
            }
        }
        let step = async { sync.poll().await.map_err(sink_failure) };
        let progress = context.until_stopped(step).await.map_err(stopped)?;
        next_at = progress.next_at;
        report.take(&progress);
        let now = context.client.clock().now();
        failed.clock_behind(progress.is_clock_behind, now, progress.next_at, context);
        match progress.step {
            SyncStep::Read(read) => failed.read(read.day),
            SyncStep::Failed { day, error, .. } => {
                let is_hopeless = error.kind() == ErrorKind::Credentials;
                let failure = Failure::from(error).within(&day.to_string());
                if is_hopeless {
                    return Err(failure.resume(again));
                }
                failed.add(day, failure);
            }
            _ if !follow => break,
            _ => {}
        }
        let wait = progress.next_at.duration_since(now).unwrap_or_default();
        if follow && !wait.is_zero() {
            nap(context, wait.min(Duration::from_mins(1))).await.map_err(stopped)?;
        }
    }
    if let Some(checkpoint) = sync.checkpoint() {
        failed.put_off(checkpoint, context);
    }
    report.days_failed = u64::try_from(failed.days.len()).unwrap_or(u64::MAX);
    Ok(Copied { report, failed: failed.failure() })
}

/// Days whose last request failed, in this run or in one before.
#[derive(Debug, Default)]
struct FailedDays {
    /// Whether the run goes on and on: what happens is said when it happens, since its end comes late or never.
    follow: bool,
    days: BTreeMap<Day, Failure>,
    clock: Option<Failure>,
}

impl FailedDays {
    fn add(&mut self, day: Day, failure: Failure) {
        let text = format!("{}; it is asked for again", failure.told().0);
        if self.days.insert(day, failure).is_none() && self.follow {
            note(&text);
        } else {
            show(&text);
        }
    }

    fn read(&mut self, day: Day) {
        if self.days.remove(&day).is_some() && self.follow {
            note(&format!("{day} was read after all"));
        }
    }

    /// Whether nothing is asked for because of the clock, and until when.
    fn clock_behind(&mut self, is: bool, now: SystemTime, until: SystemTime, context: &Context) {
        if !is {
            self.clock = None;
            return;
        }
        let zone = context.client.zone();
        let text = format!(
            "the clock shows {}, which is before the last run: nothing is asked for until it is right again, or until {}",
            zone.stamp(now),
            zone.stamp(until)
        );
        if self.follow && self.clock.is_none() {
            note(&text);
        }
        let wait = until.duration_since(now).unwrap_or_default();
        self.clock = Some(Failure::put_off(text, wait));
    }

    /// Adds the days that an earlier run has put off.
    fn put_off(&mut self, checkpoint: &Checkpoint, context: &Context) {
        let days = std::iter::successors(Some(checkpoint.oldest()), |day| Some(day.next()));
        for day in days.take_while(|day| *day <= context.client.today()) {
            let trouble = checkpoint.day(day).and_then(|state| state.trouble.as_ref());
            if let Some(failure) = trouble.and_then(|trouble| put_off(day, trouble, context)) {
                self.days.entry(day).or_insert(failure);
            }
        }
    }

    /// The failure of the oldest day, with the names of the others.
    fn failure(self) -> Option<Failure> {
        if self.clock.is_some() {
            return self.clock;
        }
        let others: Vec<String> = self.days.keys().skip(1).map(Day::to_string).collect();
        let (_, first) = self.days.into_iter().next()?;
        Some(match others.as_slice() {
            [] => first,
            others => {
                first.with(&format!("these days could not be read either: {}", others.join(", ")))
            }
        })
    }
}

/// Why a day was not asked for. That the service has nothing of the day that it is about to forget is no failure.
fn put_off(day: Day, trouble: &Trouble, context: &Context) -> Option<Failure> {
    let cause = match &trouble.cause {
        FailureCause::Failed { kind, reason: Some(reason) } => format!("{kind}, {reason}"),
        FailureCause::Failed { kind, reason: None } => kind.clone(),
        _ => return None,
    };
    let (zone, until) = (context.client.zone(), instant(trouble.again_at));
    // What is due and was not asked for waits for the end of its night, as one that never failed does.
    let wait = until.duration_since(context.client.clock().now()).ok()?;
    let text = format!(
        "{day}: could not be read at {} ({cause}), and is not asked for again before {}",
        zone.stamp(instant(trouble.at)),
        zone.stamp(until)
    );
    Some(Failure::put_off(text, wait))
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
        if let SyncStep::Read(read) = &progress.step {
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

    #[tokio::test(start_paused = true)]
    async fn a_sync_that_goes_on_waits_for_a_database_that_is_away() {
        let store = Store::in_memory(ozonetel_sdk::types::Zone::india());
        let kept = async |follow| {
            let lock = store.lock_sync().await.unwrap();
            KeptLock { lock, follow, lost: None }
        };
        let away = || Err(StoreError::File(std::io::Error::other("away")));
        let mut lock = kept(false).await;
        assert_eq!(lock.held().await.unwrap(), Held::Still);
        assert_eq!(lock.after(away()).unwrap_err().told().0, failure(away().unwrap_err()).told().0);
        drop(lock);
        let mut lock = kept(true).await;
        for _ in 0..3 {
            assert_eq!(lock.after(away()).unwrap(), Held::NotYet);
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        // The server has the lock of the connection that was lost for half a minute.
        assert_eq!(lock.after(away()).unwrap(), Held::NotYet);
        tokio::time::advance(GONE).await;
        assert_eq!(lock.after(Err(StoreError::SyncUnderWay)).unwrap(), Held::NotYet);
        assert_eq!(lock.held().await.unwrap(), Held::Again);
        assert_eq!(lock.held().await.unwrap(), Held::Still);
        // It was lost and taken anew before anything was seen of that.
        assert_eq!(lock.after(Ok(false)).unwrap(), Held::Again);
        // Another's is one that is not given back.
        assert_eq!(lock.after(Err(StoreError::SyncUnderWay)).unwrap(), Held::NotYet);
        tokio::time::advance(GONE + RETRY).await;
        assert!(lock.after(Err(StoreError::SyncUnderWay)).is_err());
    }

    #[test]
    fn every_day_that_failed_is_named() {
        let mut failed = FailedDays::default();
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(FailedDays::default().failure().is_none());
        for text in ["2026-11-21", "2026-11-19", "2026-11-20"] {
            failed.add(day(text), Failure::unreachable("no answer").within(text));
        }
        failed.read(day("2026-11-20"));
        let told = failed.failure().unwrap().told().0;
        let other = "these days could not be read either: 2026-11-21";
        assert_eq!(told, format!("2026-11-19: no answer; {other}"));
    }

    #[test]
    fn what_is_left_is_told_by_the_limit() {
        assert_eq!(left(0), "that was all");
        assert_eq!(left(2), "2 to go, less than a minute");
        assert_eq!(left(15), "15 days to go, about 8 minutes");
    }
}
