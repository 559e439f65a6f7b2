//! Files that are made of all rows at once: spreadsheets and columns.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;

#[cfg(feature = "parquet")]
use super::columns::ColumnFile;
use super::format::FileFormat;
use super::spreadsheet::Spreadsheet;
use crate::context::Context;
use crate::failure::Failure;

/// How many rows are taken before a signal is looked for.
const BETWEEN_SIGNALS: usize = 1000;

/// A file of one of these forms.
pub(super) enum Book {
    Xlsx(Box<Spreadsheet>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ColumnFile>),
}

impl Book {
    pub(super) fn new(format: FileFormat, path: &Path) -> Result<Self, Failure> {
        match format {
            #[cfg(feature = "parquet")]
            FileFormat::Parquet => Ok(Self::Parquet(Box::new(ColumnFile::create(path)?))),
            _ => Ok(Self::Xlsx(Box::new(Spreadsheet::new(path)))),
        }
    }

    /// Adds a row, given as JSON.
    pub(super) fn row(&mut self, row: &str) -> Result<(), Failure> {
        match self {
            Self::Xlsx(book) => book.row(row),
            #[cfg(feature = "parquet")]
            Self::Parquet(columns) => columns.row(row),
        }
    }

    fn finish(self, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
        match self {
            Self::Xlsx(book) => book.finish(stop),
            #[cfg(feature = "parquet")]
            Self::Parquet(columns) => columns.finish(),
        }
    }
}

/// Writes the file, unless a signal comes first.
pub(super) async fn finished(context: &Context, book: Book) -> Result<(), Failure> {
    // It takes a while and does not pause.
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut writing = tokio::task::spawn_blocking(move || book.finish(&stopped));
    let signal = tokio::select! {
        biased;
        signal = context.stop.clone() => signal,
        done = &mut writing => return ended(done),
    };
    stop.store(true, Ordering::Relaxed);
    // What was begun is removed before the program ends, and what is whole is there.
    ended(writing.await).map_err(|_| Failure::stopped(signal))
}

fn ended(done: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    done.unwrap_or_else(|error| Err(Failure::output(&std::io::Error::other(error))))
}

/// Makes a file out of lines of JSON.
pub(super) async fn made_of(
    context: &Context,
    lines: &File,
    format: FileFormat,
    path: &Path,
) -> Result<(), Failure> {
    let mut book = Book::new(format, path)?;
    let mut lines = BufReader::with_capacity(1 << 16, lines);
    let mut line = String::new();
    for count in 1_usize.. {
        line.clear();
        let length = lines.read_line(&mut line).map_err(|error| Failure::output(&error))?;
        if length == 0 {
            break;
        }
        book.row(line.trim_end())?;
        if count.is_multiple_of(BETWEEN_SIGNALS) {
            tokio::task::yield_now().await;
            if let Some(signal) = context.stop.clone().now_or_never() {
                return Err(Failure::stopped(signal));
            }
        }
    }
    finished(context, book).await
}
