//! `cdr export`: rows out of the store, as a file.

mod book;
mod cells;
#[cfg(feature = "parquet")]
mod columns;
mod direct;
mod format;
mod progress;
mod rows;
mod spreadsheet;
mod target;

use std::path::{Path, PathBuf};

use clap::Args;
use ozonetel_sdk::types::Day;
use ozonetel_store::{CallQuery, Store, StoreError, StoredCall};

use super::coverage::RangeCoverage;
use super::place::{RangeFlags, StoreFlag, failure};
use super::sync::{copy, locked};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::{note, show};
use crate::output::{Reader, written};
use crate::part_file;
use book::{Book, finished};
use direct::DirectExport;
use format::FileFormat;
use rows::{RowWriter, TextFormat};
use target::Target;

/// Writes the rows of a range as a file, oldest day first, whole numbers included.
///
/// They come out of the store, and the service is asked nothing. With --sync what is missing is copied into the store
/// first. With --direct they come from the service, without a store. Interrupted, the same command continues where it
/// was: a day that was read is not asked for again.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreFlag,
    #[command(flatten)]
    range: RangeFlags,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// The file, which is there once it is whole; until then its rows are beside it. Default: standard output.
    #[arg(long, value_name = "FILE", required_if_eq_any([("format", "xlsx"), ("format", "parquet")]))]
    out: Option<PathBuf>,
    /// Copies what the store does not have yet first, as `cdr sync` does: two requests a minute. Where another sync has the
    /// store, such as one with --follow, the rows are those that it has copied so far.
    #[arg(long)]
    sync: bool,
    /// Asks the service itself and keeps no store: one request a day of the range, two a minute, of the last 15 days.
    #[arg(long, conflicts_with_all = ["sync", "store"])]
    direct: bool,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (from, to) = self.range.days(context)?;
        let (format, out) = (self.format, self.out.as_deref());
        if let Some(out) = out {
            part_file::check(out).map_err(|error| cannot_be_written(out, &error))?;
        }
        if self.direct {
            return DirectExport { context, from, to, format, out }.run().await;
        }
        let store = if self.sync {
            self.store.open(context).await?.0
        } else {
            self.store.open_there(context).await?
        };
        let is_anothers = self.sync && !copied(context, &store, from).await?;
        let coverage = RangeCoverage::of(context, &store, (from, to));
        let coverage = context.until_stopped(coverage).await?;
        coverage.note();
        if coverage.is_empty() {
            if is_anothers {
                return Err(failure(StoreError::SyncUnderWay));
            }
            return Err(self.none_read(context, &coverage));
        }
        let query = CallQuery::days(from, to);
        let ExportedRows { rows, unread } = match format.text() {
            Some(format) => self.text(context, &store, query, format).await?,
            None => self.book(context, &store, query).await?,
        };
        if let Some(out) = out {
            show_written(out, rows, from, to);
        }
        if unread == 0 {
            return Ok(coverage.completion());
        }
        note(&format!(
            "{unread} rows cannot be parsed as last sent; the store has them as they came"
        ));
        Ok(Completion::BadRows)
    }

    /// Why there is no file of a range of which the store has no day.
    fn none_read(&self, context: &Context, coverage: &RangeCoverage) -> Failure {
        let none = "the store has none of these days";
        let zone = context.client.zone();
        match coverage.opens() {
            Some(opens) if self.sync => {
                let wait = opens.instant(zone).duration_since(context.client.clock().now());
                let text = format!("{none}: the service has all of the last from {opens} on");
                Failure::put_off(text, wait.unwrap_or_default())
            }
            _ if self.sync => Failure::usage(none).advise(
                "--sync has asked for all that the service still has, which is none of them",
            ),
            _ => Failure::usage(none)
                .advise("--sync copies them first; --direct asks the service, without a store"),
        }
    }

    async fn text(
        &self,
        context: &Context,
        store: &Store,
        query: CallQuery,
        format: TextFormat,
    ) -> Result<ExportedRows, Failure> {
        let mut target = Target::open(self.out.as_deref())?;
        let mut writer = RowWriter::new(format, context.output, &mut target);
        let mut rows = 0;
        let mut gone = written(writer.begin())? == Reader::Gone;
        if !gone {
            each(context, store, query, |call| {
                for leg in &call.legs {
                    gone |= written(writer.leg(leg))? == Reader::Gone;
                    rows += u64::from(leg.row.is_some());
                }
                Ok(!gone)
            })
            .await?;
        }
        let unread = writer.unread;
        gone |= written(writer.flush())? == Reader::Gone;
        drop(writer);
        if !gone {
            written(target.finish())?;
        }
        Ok(ExportedRows { rows, unread })
    }

    async fn book(
        &self,
        context: &Context,
        store: &Store,
        query: CallQuery,
    ) -> Result<ExportedRows, Failure> {
        let path = self.out.as_deref().ok_or_else(|| Failure::usage("give --out FILE"))?;
        let mut book = Book::new(self.format, path)?;
        let (mut rows, mut unread) = (0, 0);
        each(context, store, query, |call| {
            for leg in &call.legs {
                unread += u64::from(leg.unread.is_some());
                rows += u64::from(leg.row.is_some());
                leg.row.as_deref().map_or(Ok(()), |row| book.row(row))?;
            }
            Ok(true)
        })
        .await?;
        finished(context, book).await?;
        Ok(ExportedRows { rows, unread })
    }
}

/// Copies what the store does not have yet; false where another sync has the store.
async fn copied(context: &Context, store: &Store, from: Day) -> Result<bool, Failure> {
    let again = "the same command";
    let lock = locked(context, store).await.map_err(|failure| failure.resume(again))?;
    let Some(lock) = lock else {
        note("another sync has the store and keeps it up to date: nothing is asked for");
        return Ok(false);
    };
    let copied = copy(context, store, lock, days_back(from, context), false, again).await?;
    copied.failed.map_or(Ok(true), |failure| Err(failure.resume(again)))
}

/// What was written.
struct ExportedRows {
    rows: u64,
    /// How many of them could not be parsed as they were last sent.
    unread: u64,
}

/// Says on the terminal what a file has.
fn show_written(out: &Path, rows: u64, from: Day, to: Day) {
    let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    show(&format!("{}: {rows}, {from} to {to}", out.display()));
}

fn cannot_be_written(out: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", out.display()))
}

/// How many days before today a day is, at most those that the service keeps.
fn days_back(from: Day, context: &Context) -> u8 {
    let earlier = std::iter::successors(Some(context.client.today()), |day| Some(day.previous()));
    u8::try_from(earlier.take(15).take_while(|day| *day > from).count()).unwrap_or(15)
}

/// Each call of a query, until `with` has had enough or a signal comes.
async fn each(
    context: &Context,
    store: &Store,
    query: CallQuery,
    mut with: impl FnMut(StoredCall) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut calls = store.stream(query);
    loop {
        let next = async { calls.try_next().await.map_err(failure) };
        let Some(call) = context.until_stopped(next).await? else { return Ok(()) };
        if !with(call)? {
            return Ok(());
        }
    }
}
