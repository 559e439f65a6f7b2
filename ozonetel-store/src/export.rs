//! All phone calls of a query, one after the other, in the memory of a page.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::backend::Backend;
use crate::error::StoreError;
use crate::query::{CallPage, CallQuery, Cursor, MAX_PAGE, StoredCall};

/// Phone calls read at once.
const PAGE: usize = 500;

/// The phone calls of a query, in its order: see [`Store::stream`](crate::Store::stream).
///
/// The store is not locked meanwhile; calls that are added behind the place that was reached are in the stream.
pub struct CallStream {
    backend: Arc<dyn Backend>,
    query: CallQuery,
    page: VecDeque<StoredCall>,
    next: Next,
}

/// One page, and where the next begins.
pub(crate) async fn page(
    backend: &dyn Backend,
    query: &CallQuery,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<CallPage, StoreError> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut calls = backend.calls(query, after, limit + 1).await?;
    let more = calls.len() > limit;
    calls.truncate(limit);
    let next = calls.last().filter(|_| more).map(StoredCall::cursor);
    Ok(CallPage { calls, next })
}

/// What follows the page in hand.
enum Next {
    First,
    After(Cursor),
    Nothing,
}

impl fmt::Debug for CallStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream").field("page", &self.page.len()).finish_non_exhaustive()
    }
}

impl CallStream {
    pub(crate) fn new(backend: Arc<dyn Backend>, query: CallQuery) -> Self {
        Self { backend, query, page: VecDeque::new(), next: Next::First }
    }

    /// The next call; `None` at the end.
    ///
    /// # Errors
    /// What the database says; asked again, it continues where it was.
    ///
    /// # Cancel safety
    /// May be dropped at any time; no call is lost.
    pub async fn try_next(&mut self) -> Result<Option<StoredCall>, StoreError> {
        loop {
            if let Some(call) = self.page.pop_front() {
                return Ok(Some(call));
            }
            let after = match &self.next {
                Next::First => None,
                Next::After(cursor) => Some(cursor),
                Next::Nothing => return Ok(None),
            };
            let found = page(&*self.backend, &self.query, after, PAGE).await?;
            self.next = found.next.map_or(Next::Nothing, Next::After);
            self.page = found.calls.into();
        }
    }
}
