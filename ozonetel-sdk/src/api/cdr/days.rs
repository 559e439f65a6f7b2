//! Consecutive days as one stream.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream;

use super::CallRecord;
use crate::core::call::RowStream;
use crate::core::client::Client;
use crate::core::error::Error;
use crate::core::pace::Patience;
use crate::types::wire::Day;

/// The rows of consecutive days, oldest day first.
///
/// A row that cannot be parsed is an `Err`, and the next row follows. A day whose request fails ends the stream; begin
/// again at [`unfinished`](Self::unfinished), which restarts that day whole, so its rows may repeat.
///
/// # Cancel safety
/// `try_next` may be dropped at any time; no row is lost.
pub struct DayStream {
    items: Pin<Box<dyn Stream<Item = Result<CallRecord, Error>> + Send>>,
    unfinished: Arc<Mutex<Option<Day>>>,
}

impl fmt::Debug for DayStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayStream").field("unfinished", &self.unfinished()).finish()
    }
}

struct Walk {
    client: Client,
    day: Option<Day>,
    last: Day,
    rows: Option<RowStream<CallRecord>>,
    unfinished: Arc<Mutex<Option<Day>>>,
}

impl DayStream {
    pub(super) fn new(client: Client, first: Day, last: Day) -> Self {
        let day = (first <= last).then_some(first);
        let unfinished = Arc::new(Mutex::new(day));
        let walk = Walk { client, day, last, rows: None, unfinished: Arc::clone(&unfinished) };
        let items = stream::unfold(walk, |mut walk| async move {
            let item = walk.next().await?;
            Some((item, walk))
        });
        Self { items: Box::pin(items), unfinished }
    }

    /// The first day that is not finished; `None` when all are.
    pub fn unfinished(&self) -> Option<Day> {
        *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next row.
    ///
    /// # Errors
    /// As the stream's items.
    pub async fn try_next(&mut self) -> Result<Option<CallRecord>, Error> {
        std::future::poll_fn(|cx| self.items.as_mut().poll_next(cx)).await.transpose()
    }
}

impl Walk {
    async fn next(&mut self) -> Option<Result<CallRecord, Error>> {
        loop {
            let day = self.day?;
            let rows = self.rows.get_or_insert_with(|| {
                self.client.cdr().for_day(day).patience(Patience::Wait).stream()
            });
            let item = rows.try_next().await;
            match item {
                Ok(Some(row)) => return Some(Ok(row)),
                Err(error) => {
                    // A row that cannot be parsed is followed by the next; anything else ends the day unfinished.
                    if !error.is_row() {
                        self.day = None;
                        self.rows = None;
                    }
                    return Some(Err(error));
                }
                Ok(None) => {
                    self.rows = None;
                    self.day = (day < self.last).then(|| day.next());
                    *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner) = self.day;
                }
            }
        }
    }
}

impl Stream for DayStream {
    type Item = Result<CallRecord, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(cx)
    }
}
