//! Large inputs, sent in the batches that the service allows.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream;

use super::{Attempts, Call, CallOptions, run};
use crate::core::client::Core;
use crate::core::endpoint::Endpoint;
use crate::core::error::Error;
use crate::core::pace::Patience;
use crate::types::invalid::InvalidRow;

/// An endpoint that takes a limited number of rows per request.
pub trait Batched: Endpoint {
    /// Rows per request at most.
    const MOST: usize;

    /// How many rows there are.
    fn rows(&self) -> usize;

    /// The same request with a part of the rows.
    #[must_use]
    fn part(&self, rows: Range<usize>) -> Self;

    /// Which row would be refused for its form, the first of them.
    ///
    /// # Errors
    /// Its position among these rows, and what is wrong with it.
    fn check_rows(&self) -> Result<(), InvalidRow> {
        Ok(())
    }

    /// The rows of a batch that the service names as refused, counted from the batch's first.
    fn refused(&self, reply: &Self::Reply) -> Vec<RefusedRow>;
}

/// A row that the service did not take.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRow {
    /// Its position in the whole input.
    pub row: usize,
    /// The service's words. May hold personal data; `Debug` shows their length.
    pub says: Box<str>,
}

impl RefusedRow {
    /// A refused row and the service's words.
    pub fn new(row: usize, says: impl Into<Box<str>>) -> Self {
        Self { row, says: says.into() }
    }
}

impl fmt::Debug for RefusedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedRow({}, {} bytes)", self.row, self.says.len())
    }
}

/// A batch that the service took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch<R> {
    /// The rows it held, by their position in the whole input. The end is where to go on from.
    pub rows: Range<usize>,
    /// The total number of rows.
    pub total: usize,
    /// What the service said.
    pub reply: R,
    /// The rows of it that the service did not take.
    pub refused: Vec<RefusedRow>,
}

/// Why a run of batches ended early, and where.
#[derive(Debug)]
pub struct Halt {
    rows: Range<usize>,
    total: usize,
    error: Error,
}

impl Halt {
    /// The rows of the batch that failed.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The total number of rows.
    pub fn total(&self) -> usize {
        self.total
    }

    /// What happened.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Whether the batch's outcome is unknown. It was not sent again: find out what the service has of
    /// [`rows`](Self::rows), and continue after them or with those that are missing.
    pub fn is_unknown(&self) -> bool {
        self.error.may_have_happened()
    }

    /// Where to go on from; nothing if the batch's outcome is unknown.
    pub fn resume_at(&self) -> Option<usize> {
        (!self.is_unknown()).then_some(self.rows.start)
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.rows;
        let known = if self.is_unknown() { "outcome unknown" } else { "not taken" };
        write!(f, "rows {start} to {end} of {}, {known}: {}", self.total, self.error)
    }
}

impl std::error::Error for Halt {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Batches in order, each sent when the one before was answered and the published limit allows it. Ends after the
/// first failure.
///
/// # Cancel safety
/// Between two items nothing is under way. Dropping the stream while it is polled leaves the outcome of one batch
/// unknown.
pub struct Batches<R>(Pin<Box<dyn Stream<Item = Result<Batch<R>, Halt>> + Send>>);

impl<R> fmt::Debug for Batches<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

impl<R> Stream for Batches<R> {
    type Item = Result<Batch<R>, Halt>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<R> Batches<R> {
    /// The next batch.
    ///
    /// # Errors
    /// The failure that ended the run.
    pub async fn try_next(&mut self) -> Result<Option<Batch<R>>, Halt> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await.transpose()
    }
}

struct Run<E> {
    core: Arc<Core>,
    request: E,
    options: CallOptions,
    at: usize,
    over: bool,
}

impl<E: Batched> Call<'_, E> {
    /// Sends any number of rows, in batches as large as the service allows, waiting for its limit between them
    /// unless the call has its own patience.
    pub fn in_batches(self) -> Batches<E::Reply> {
        self.in_batches_from(0)
    }

    /// The same from a row on: [`Batch::rows`]' end or [`Halt::resume_at`] of an earlier run.
    pub fn in_batches_from(self, row: usize) -> Batches<E::Reply> {
        let Self { client, request, mut options } = self;
        options.patience = options.patience.or(Some(Patience::Wait));
        let core = Arc::clone(&client.core);
        Batches(match request {
            Err(invalid) => {
                let error = super::named::<E>(invalid.into());
                Box::pin(stream::iter([Err(Halt { rows: row..row, total: 0, error })]))
            }
            Ok(request) => {
                let run = Run { core, request, options, at: row, over: false };
                Box::pin(stream::unfold(run, |mut run| async {
                    let item = run.next().await?;
                    Some((item, run))
                }))
            }
        })
    }
}

impl<E: Batched> Run<E> {
    async fn next(&mut self) -> Option<Result<Batch<E::Reply>, Halt>> {
        let total = self.request.rows();
        if self.over || self.at >= total {
            return None;
        }
        let rows = self.at..self.at.saturating_add(E::MOST).min(total);
        let part = self.request.part(rows.clone());
        if let Err(InvalidRow { row, invalid }) = part.check_rows() {
            // The good rows in front of it could go out, but a caller who repairs the input sends them all.
            self.over = true;
            let row = rows.start.saturating_add(row);
            let error = super::named::<E>(InvalidRow { row, invalid }.into());
            return Some(Err(Halt { rows, total, error }));
        }
        match run(&self.core, &part, &self.options, Attempts::Policy).await {
            Ok(reply) => {
                let mut refused = part.refused(&reply);
                for row in &mut refused {
                    row.row = row.row.saturating_add(rows.start);
                }
                self.at = rows.end;
                Some(Ok(Batch { rows, total, reply, refused }))
            }
            Err(error) => {
                self.over = true;
                Some(Err(Halt { rows, total, error }))
            }
        }
    }
}
