//! `cdr export --direct`: the service's rows as a file, without a store.
//!
//! Rows are in `FILE.rows` until all days are there, and `FILE.progress` says which days are whole and where each ends.
//! What follows the last whole day is of an interrupted run: it is cut off, and that day is asked for once more.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::Path;

use futures_util::FutureExt as _;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::types::Day;

use super::super::sync::left;
use super::book::made_of;
use super::format::FileFormat;
use super::progress::{ExportPlan, ExportProgress, WholeDay};
use super::rows::{RowWriter, TextFormat};
use super::target::beside;
use crate::context::Context;
use crate::failure::Failure;
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
    /// Exports; returns how many rows could not be parsed.
    pub(super) async fn run(self) -> Result<u64, Failure> {
        let today = self.context.client.today();
        if self.to > today {
            return Err(Failure::usage(format!("--to {} is in the future", self.to)));
        }
        let unread = match self.out {
            Some(out) => self.to_file(out).await?,
            None => self.to_standard_output().await?,
        };
        if self.to == today {
            note(&format!("{today} is not over: it has more calls later, and rows still change"));
        }
        Ok(unread)
    }

    async fn to_standard_output(self) -> Result<u64, Failure> {
        let format = self.format.text().ok_or_else(|| Failure::usage("give --out FILE"))?;
        let mut writer = RowWriter::new(format, self.context.output, io::stdout());
        let mut unread = 0;
        if written(writer.begin())? == Reader::Gone {
            return Ok(unread);
        }
        let days = std::iter::successors(Some(self.from), |day| Some(day.next()));
        for day in days.take_while(|day| *day <= self.to) {
            let read = self.day(day, &mut writer).await;
            let read = read.map_err(|failure| failure.resume(&self.again(day)))?;
            unread += read.unread;
            if read.is_unwanted || written(writer.flush())? == Reader::Gone {
                return Ok(unread);
            }
        }
        Ok(unread)
    }

    async fn to_file(self, out: &Path) -> Result<u64, Failure> {
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
            let unread = progress.unread();
            progress.remove().map_err(failed)?;
            return Ok(unread);
        }
        if file.metadata().map_err(failed)?.len() < progress.end() {
            note(&format!("{} is shorter than it was: all days are asked for", rows.display()));
            progress.begin_anew();
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
        let unread = progress.unread();
        progress.remove().map_err(failed)?;
        Ok(unread)
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
            let read = self.day(day, &mut writer).await;
            let read = read.map_err(|failure| failure.resume(&self.again(self.from)))?;
            writer.flush().map_err(failed)?;
            file.sync_data().map_err(failed)?;
            let end = (&*file).stream_position().map_err(failed)?;
            let DayRows { rows, unread, .. } = read;
            progress.note(WholeDay { day, rows, unread, end }).map_err(failed)?;
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
