//! Large inputs, sent in the batches that the service allows.
//!
//! Every row is checked before the first batch is sent. Rows are counted from 1 everywhere, as in a file without its
//! header.

mod plan;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream;

use self::plan::{BatchPlan, PlannedBatch};
use super::{Attempts, Call, CallOptions, run};
use crate::core::client::Core;
use crate::core::endpoint::Endpoint;
use crate::core::error::Error;
use crate::core::pace::Patience;
use crate::types::invalid::{Invalid, InvalidRow};
use crate::types::wire::SensitiveText;

/// An endpoint that takes a limited number of rows per request.
pub trait Batched: Endpoint {
    /// Rows per request at most.
    const MOST: usize;

    /// How many rows there are.
    fn rows(&self) -> usize;

    /// The same request with these rows only, counted from 1.
    #[must_use]
    fn pick(&self, rows: &[usize]) -> Self;

    /// Everything for which rows would be refused, in the order of the rows.
    fn check_rows(&self) -> Vec<InvalidRow> {
        Vec::new()
    }

    /// What an answer says of the rows that the service did not take, or of which it is unknown whether it did, counted
    /// from the batch's first. The others were taken.
    fn not_taken(&self, reply: &Self::Reply) -> Vec<RowResult>;
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowResult {
    /// The row, counted from 1.
    pub row: usize,
    /// What became of it.
    pub outcome: RowOutcome,
}

impl RowResult {
    /// A row and what became of it.
    pub fn new(row: usize, outcome: RowOutcome) -> Self {
        Self { row, outcome }
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowOutcome {
    /// The service took it: its batch succeeded, and the answer says nothing else of the row.
    Taken,
    /// The service did not take it. Its words may hold personal data; `Debug` shows their length.
    Refused(SensitiveText),
    /// It was not sent, for its form.
    Invalid(Invalid),
    /// Its batch was not taken.
    NotTaken,
    /// The service may have taken it: its batch's outcome is unknown, or the batch succeeded and what the answer says of
    /// the row is known neither as success nor as refusal; or it says nothing of this row where it names others. The
    /// words may hold personal data; `Debug` shows their length.
    Unknown(Option<SensitiveText>),
}

/// A batch that the service took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch<R> {
    /// The rows of the input that are done with, those that were left out included. The next batch begins after them.
    pub rows: RangeInclusive<usize>,
    /// The total number of rows.
    pub total: usize,
    /// What the service said.
    pub reply: R,
    /// What became of each of the [`rows`](Self::rows), in their order.
    pub results: Vec<RowResult>,
}

impl<R> Batch<R> {
    /// The rows that were not taken, whether the service or the check refused them, and those of which that is unknown.
    pub fn not_taken(&self) -> impl Iterator<Item = &RowResult> {
        self.results.iter().filter(|result| result.outcome != RowOutcome::Taken)
    }
}

/// Why a run of batches ended early, and where.
#[derive(Debug)]
pub struct Halt {
    rows: RangeInclusive<usize>,
    total: usize,
    error: Error,
    invalid: Vec<InvalidRow>,
    results: Vec<RowResult>,
}

impl Halt {
    /// The rows of the batch that failed; all that were to be sent, if they were refused before the first.
    pub fn rows(&self) -> RangeInclusive<usize> {
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

    /// Everything for which rows were refused before anything was sent: correct them, or leave them out with
    /// [`Call::skip_bad`].
    pub fn invalid_rows(&self) -> &[InvalidRow] {
        &self.invalid
    }

    /// What became of each of the [`rows`](Self::rows), in their order.
    pub fn results(&self) -> &[RowResult] {
        &self.results
    }

    /// Whether the batch's outcome is unknown. It was not sent again: find out what the service has of
    /// [`rows`](Self::rows), and continue after them or with those that are missing.
    pub fn is_unknown(&self) -> bool {
        self.error.may_have_happened()
    }

    /// Where to go on from; nothing if the batch's outcome is unknown.
    pub fn resume_at(&self) -> Option<usize> {
        (!self.is_unknown()).then_some(*self.rows.start())
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.rows.start(), self.rows.end());
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

impl<E: Batched> Call<'_, E> {
    /// Leaves bad rows out of the [batches](Self::in_batches) instead of refusing all: the results of each batch name
    /// them.
    pub fn skip_bad(mut self) -> Self {
        self.options.skip_bad = true;
        self
    }

    /// Everything for which rows would be refused; nothing is sent.
    pub fn invalid_rows(&self) -> Vec<InvalidRow> {
        self.request.as_ref().map(Batched::check_rows).unwrap_or_default()
    }

    /// Sends any number of rows, in batches as large as the service allows, waiting for its limit between them
    /// unless the call has its own patience. Every row is checked before the first batch is sent; bad ones are reported
    /// at once ([`Halt::invalid_rows`]), and nothing is sent unless they are to be [skipped](Self::skip_bad).
    pub fn in_batches(self) -> Batches<E::Reply> {
        self.in_batches_from(1)
    }

    /// The same from a row on, counted from 1: the one after [`Batch::rows`], or [`Halt::resume_at`] of an earlier run.
    pub fn in_batches_from(self, row: usize) -> Batches<E::Reply> {
        let Self { client, request, mut options } = self;
        options.patience = options.patience.or(Some(Patience::Wait));
        let core = Arc::clone(&client.core);
        let from = row.max(1);
        Batches(match request {
            Err(invalid) => {
                let error = super::named::<E>(invalid.into());
                let (invalid, results) = (Vec::new(), Vec::new());
                let rows = RangeInclusive::new(from, from.saturating_sub(1));
                Box::pin(stream::iter([Err(Halt { rows, total: 0, error, invalid, results })]))
            }
            Ok(request) => {
                let batches = BatchRun { core, request, options, at: from, plan: None };
                Box::pin(stream::unfold(batches, |mut batches| async {
                    let item = batches.next().await?;
                    Some((item, batches))
                }))
            }
        })
    }
}

/// A run of batches: the request, and what is still to be sent of it.
struct BatchRun<E> {
    core: Arc<Core>,
    request: E,
    options: CallOptions,
    at: usize,
    /// Made when the run begins.
    plan: Option<BatchPlan>,
}

impl<E: Batched> BatchRun<E> {
    async fn next(&mut self) -> Option<Result<Batch<E::Reply>, Halt>> {
        let total = self.request.rows();
        if self.at > total {
            return None;
        }
        let plan = match &mut self.plan {
            Some(plan) => plan,
            unmade => {
                let invalid: Vec<InvalidRow> = self
                    .request
                    .check_rows()
                    .into_iter()
                    .filter(|row| row.row >= self.at)
                    .collect();
                let plan = BatchPlan::new(total, E::MOST, &invalid);
                let sendable = self.options.skip_bad && plan.any_good(self.at);
                if !sendable && !invalid.is_empty() {
                    return Some(Err(self.refuse(total, &plan, invalid)));
                }
                unmade.insert(plan)
            }
        };
        let batch = plan.next(self.at);
        let part = self.request.pick(&batch.sent);
        let mut results = plan.results(&batch, &RowOutcome::Taken);
        let rows = batch.rows.clone();
        match run(&self.core, &part, &self.options, Attempts::Policy).await {
            Ok(reply) => {
                put_down(&batch, part.not_taken(&reply), &mut results);
                self.at = rows.end().saturating_add(1);
                Some(Ok(Batch { rows, total, reply, results }))
            }
            Err(error) => {
                let known = !error.may_have_happened();
                let outcome = if known { RowOutcome::NotTaken } else { RowOutcome::Unknown(None) };
                let results = plan.results(&batch, &outcome);
                self.at = usize::MAX;
                Some(Err(Halt { rows, total, error, invalid: Vec::new(), results }))
            }
        }
    }

    /// Ends the run before anything was sent.
    fn refuse(&mut self, total: usize, plan: &BatchPlan, invalid: Vec<InvalidRow>) -> Halt {
        let rows = self.at..=total;
        let sent = PlannedBatch { rows: rows.clone(), sent: Vec::new() };
        let results = plan.results(&sent, &RowOutcome::NotTaken);
        let refused = InvalidRow::all(&invalid).err();
        let refused = refused.unwrap_or_else(|| Invalid::new("rows", "are refused"));
        let error = super::named::<E>(refused.into());
        self.at = usize::MAX;
        Halt { rows, total, error, invalid, results }
    }
}

/// Puts down what the service said of single rows.
fn put_down(batch: &PlannedBatch, not_taken: Vec<RowResult>, results: &mut [RowResult]) {
    let mut named: BTreeMap<usize, RowOutcome> = not_taken
        .into_iter()
        .filter_map(|row| Some((*batch.sent.get(row.row.checked_sub(1)?)?, row.outcome)))
        .collect();
    for result in results {
        if let Some(outcome) = named.remove(&result.row) {
            result.outcome = outcome;
        }
    }
}
