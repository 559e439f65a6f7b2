//! `cdr export --direct`: the service's rows as a file, without a store.
//!
//! Rows are in `FILE.rows` until all days are there, and `FILE.progress` says which days are whole and where each ends.
//! What follows the last whole day is of an interrupted run: it is cut off, and that day is asked for once more. So is one
//! that was read before the service had all of it, once it has.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
use ozonetel_sdk::cdr::WINDOW_DAYS;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::types::Day;

use super::super::coverage::{PartDay, instant, told_in_part, told_today};
use super::super::sync::left;
use super::book::made_of;
use super::format::FileFormat;
use super::progress::{ExportPlan, ExportProgress, WholeDay};
use super::rows::{RowWriter, TextFormat};
use super::target::beside;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::{note, show};
use crate::output::{Reader, written};
use crate::private_file;

/// An export without a store.
#[derive(Clone, Copy)]
pub(super) struct DirectExport<'c> {
    pub(super) context: &'c Context,
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) format: FileFormat,
    pub(super) out: Option<&'c Path>,
}

/// What a day came to.
#[derive(Debug, Default)]
struct DayRows {
    rows: u64,
    unread: u64,
    /// Whether no one reads any more.
    is_unwanted: bool,
}

impl DirectExport<'_> {
    /// Exports, and says what could not be had.
    pub(super) async fn run(self) -> Result<Completion, Failure> {
        let today = self.context.client.today();
        if self.to > today {
            return Err(Failure::usage(format!("--to {} is in the future", self.to)));
        }
        let days = match self.out {
            Some(out) => self.to_file(out).await?,
            None => self.to_standard_output().await?,
        };
        let unread: u64 = days.iter().map(|day| day.unread).sum();
        let is_whole = self.note_parts(&days);
        Ok(match (unread, is_whole) {
            (0, true) => Completion::Clean,
            (0, false) => Completion::InPart,
            _ => Completion::BadRows,
        })
    }

    /// Says which days the service did not have all of; whether those that are over are whole.
    fn note_parts(self, days: &[WholeDay]) -> bool {
        let (zone, clock) = (self.context.client.zone(), self.context.client.clock());
        let now = zone.stamp(clock.now());
        let part = |day: &WholeDay| PartDay::of(day.day, instant(day.read_at?), zone);
        let parts = days.iter().filter_map(part);
        let (today, parts): (Vec<_>, Vec<_>) = parts.partition(|part| part.day >= now.day());
        for text in today.into_iter().map(told_today).chain(told_in_part(&parts, now)) {
            note(&text);
        }
        parts.is_empty()
    }

    async fn to_standard_output(self) -> Result<Vec<WholeDay>, Failure> {
        let format = self.format.text().ok_or_else(|| Failure::usage("give --out FILE"))?;
        let mut writer = RowWriter::new(format, self.context.output, io::stdout());
        let mut done = Vec::new();
        if written(writer.begin())? == Reader::Gone {
            return Ok(done);
        }
        let days = std::iter::successors(Some(self.from), |day| Some(day.next()));
        for day in days.take_while(|day| *day <= self.to) {
            let read_at = self.seconds();
            let read = self.day(day, &mut writer).await;
            let DayRows { rows, unread, is_unwanted } =
                read.map_err(|failure| failure.resume(&self.again(day)))?;
            done.push(WholeDay { day, rows, unread, end: 0, read_at });
            if is_unwanted || written(writer.flush())? == Reader::Gone {
                break;
            }
        }
        Ok(done)
    }

    /// The time, in seconds since the epoch.
    fn seconds(self) -> Option<u64> {
        let now = self.context.client.clock().now();
        now.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
    }

    async fn to_file(self, out: &Path) -> Result<Vec<WholeDay>, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("{} cannot be written: {error}", out.display()))
        };
        let rows = beside(out, ".rows");
        let was_there = rows.exists();
        let taken = "another export to it is under way";
        let file = private_file::locked(&rows, taken).map_err(failed)?;
        let mut progress = match ExportProgress::open(out, &self.plan()).map_err(failed)? {
            Ok(progress) => progress,
            Err(other) => return Err(other_export(out, &other)),
        };
        if progress.next().is_none() && !was_there && out.exists() {
            // All that was left to do is to forget how far it was.
            fs::remove_file(&rows).map_err(failed)?;
            return progress.remove().map_err(failed);
        }
        if file.metadata().map_err(failed)?.len() < progress.end() {
            note(&format!("{} is shorter than it was: all days are asked for", rows.display()));
            progress.begin_anew();
        }
        let now = self.context.client.clock().now();
        if let Some(day) = progress.forget_from(|day| self.is_worth_another(day, now)) {
            note(&format!("{day} is asked for again: it was read before it could be whole"));
        }
        self.days(&file, &mut progress).await?;
        file.sync_all().map_err(failed)?;
        if self.format.text().is_some() {
            fs::rename(&rows, out).map_err(failed)?;
        } else {
            (&file).rewind().map_err(failed)?;
            let made = made_of(self.context, &file, self.format, out).await;
            made.map_err(|failure| failure.resume(&self.again(self.from)))?;
            fs::remove_file(&rows).map_err(failed)?;
        }
        progress.remove().map_err(failed)
    }

    /// Whether a day was read before the service had all of it, or it is not known when, and the service has it now.
    fn is_worth_another(self, day: &WholeDay, now: SystemTime) -> bool {
        let zone = self.context.client.zone();
        let in_part = |at| PartDay::of(day.day, at, zone).is_some();
        let is_kept = day.day.days_until(self.context.client.today()) < WINDOW_DAYS;
        is_kept && day.read_at.is_none_or(|at| in_part(instant(at))) && !in_part(now)
    }

    /// Writes the days that are missing behind those that are whole.
    async fn days(self, file: &File, progress: &mut ExportProgress) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::output(&error);
        file.set_len(progress.end()).map_err(failed)?;
        (&*file).seek(SeekFrom::Start(progress.end())).map_err(failed)?;
        let format = self.format.text().unwrap_or(TextFormat::Jsonl);
        let mut writer = RowWriter::new(format, self.context.output, file);
        if progress.end() == 0 {
            writer.begin().map_err(failed)?;
        }
        while let Some(day) = progress.next() {
            let read_at = self.seconds();
            let read = self.day(day, &mut writer).await;
            let read = read.map_err(|failure| failure.resume(&self.again(self.from)))?;
            writer.flush().map_err(failed)?;
            file.sync_data().map_err(failed)?;
            let end = (&*file).stream_position().map_err(failed)?;
            let DayRows { rows, unread, .. } = read;
            progress.note(WholeDay { day, rows, unread, end, read_at }).map_err(failed)?;
            let to_go = u32::try_from(day.days_until(self.to)).unwrap_or(0);
            show(&format!("{day}: {rows} rows; {}", left(to_go)));
        }
        Ok(())
    }

    /// Writes the rows of one day: one request, once the published limit allows it.
    async fn day<W: Write>(self, day: Day, writer: &mut RowWriter<W>) -> Result<DayRows, Failure> {
        let call = self.context.client.cdr().for_day(day).patience(Patience::Wait);
        let mut rows = call.stream();
        let mut read = DayRows::default();
        loop {
            let item = if let Some(item) = rows.try_next().now_or_never() {
                item
            } else {
                tokio::select! {
                    biased;
                    signal = self.context.stop.clone() => return Err(Failure::stopped(signal)),
                    item = rows.try_next() => item,
                }
            };
            match item {
                Ok(None) => return Ok(read),
                Ok(Some(row)) => {
                    read.rows += 1;
                    if written(writer.record(&row))? == Reader::Gone {
                        read.is_unwanted = true;
                        return Ok(read);
                    }
                }
                Err(error) if error.is_row() => {
                    let failure = Failure::from(error).within(&day.to_string());
                    failure.report(self.context.output.format.is_json());
                    read.unread += 1;
                }
                Err(error) => return Err(Failure::from(error).within(&day.to_string())),
            }
        }
    }

    fn plan(self) -> ExportPlan {
        ExportPlan {
            service: self.context.environment.base_url.clone(),
            account: self.context.environment.account.clone(),
            from: self.from,
            to: self.to,
            format: self.format,
            raw_csv: self.context.output.raw_csv,
        }
    }

    /// The command that goes on, with days that are the same tomorrow.
    fn again(self, from: Day) -> String {
        let format = self.format.word();
        let out = self.out.map_or_else(String::new, |out| format!(" --out {}", out.display()));
        let raw = if self.context.output.raw_csv { " --raw-csv" } else { "" };
        let to = self.to;
        format!("ozonetel cdr export --direct --from {from} --to {to} --format {format}{out}{raw}")
    }
}

/// Why an export to a file that holds the rows of another one is refused.
fn other_export(out: &Path, other: &ExportPlan) -> Failure {
    let account = other.account.as_deref().unwrap_or("another account");
    let (from, to, format) = (other.from, other.to, other.format.word());
    let text = format!(
        "another export to {} is not done: {account}, {from} to {to}, as {format}",
        out.display()
    );
    Failure::usage(text).advise(&format!(
        "give another --out, finish that one, or remove {} and {}",
        beside(out, ".progress").display(),
        beside(out, ".rows").display()
    ))
}
