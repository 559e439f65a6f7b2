//! `cdr export`: rows out of the store, as a file.

mod rows;
mod spreadsheet;
mod target;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ozonetel_sdk::types::Day;
use ozonetel_store::{CallQuery, Store, StoredCall};

use super::place::{RangeFlags, StoreFlag, failure, note_missing};
use super::sync::copy;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output::{Reader, written};
use rows::{RowWriter, TextFormat};
use spreadsheet::Spreadsheet;
use target::Target;

/// Writes the rows of a range out of the store, oldest first, whole numbers included. Asks the service nothing, unless
/// --sync is given: then it first copies what is missing; interrupted, it continues where it was.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreFlag,
    #[command(flatten)]
    range: RangeFlags,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// The file, which is there once it is whole. Default: standard output.
    #[arg(long, value_name = "FILE", required_if_eq("format", "xlsx"))]
    out: Option<PathBuf>,
    /// Copies what the store does not have yet first, as `cdr sync` does: two requests a minute.
    #[arg(long)]
    sync: bool,
}

/// Forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// A line of names, then a line per row, under the service's names.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A spreadsheet in which everything is text; split at a million rows a sheet.
    Xlsx,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (from, to) = self.range.days(context)?;
        let (store, _) = self.store.open(context).await?;
        if self.sync {
            let again = "the same command";
            let copied = copy(context, &store, days_back(from, context), false, again).await?;
            if let Some(failure) = copied.failed {
                return Err(failure.resume(again));
            }
        }
        note_missing(&store, from, to).await?;
        let query = CallQuery::days(from, to);
        let unread = match self.format {
            FileFormat::Csv => self.text(context, &store, query, TextFormat::Csv).await?,
            FileFormat::Jsonl => self.text(context, &store, query, TextFormat::Jsonl).await?,
            FileFormat::Xlsx => self.spreadsheet(context, &store, query).await?,
        };
        if unread == 0 {
            return Ok(Completion::Clean);
        }
        note(&format!(
            "{unread} rows cannot be parsed as last sent; the store has them as they came"
        ));
        Ok(Completion::BadRows)
    }

    async fn text(
        &self,
        context: &Context,
        store: &Store,
        query: CallQuery,
        format: TextFormat,
    ) -> Result<u64, Failure> {
        let mut target = Target::open(self.out.as_deref())?;
        let mut writer = RowWriter::new(format, context.output, &mut target);
        let mut gone = written(writer.begin())? == Reader::Gone;
        if !gone {
            each(context, store, query, |call| {
                for leg in &call.legs {
                    gone |= written(writer.leg(leg))? == Reader::Gone;
                }
                Ok(!gone)
            })
            .await?;
        }
        let unread = writer.unread;
        drop(writer);
        if !gone {
            written(target.finish())?;
        }
        Ok(unread)
    }

    async fn spreadsheet(
        &self,
        context: &Context,
        store: &Store,
        query: CallQuery,
    ) -> Result<u64, Failure> {
        let path = self.out.as_deref().ok_or_else(|| Failure::usage("xlsx needs --out FILE"))?;
        let mut book = Spreadsheet::new(path);
        each(context, store, query, |call| {
            call.legs.iter().try_for_each(|leg| book.leg(leg))?;
            Ok(true)
        })
        .await?;
        let unread = book.unread;
        book.finish()?;
        Ok(unread)
    }
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
