//! Step 6, read: one reader for an answer, from the first byte after its head to its last row.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde::Deserialize;
use tokio::time::Instant;

use crate::core::client::Config;
use crate::core::error::ResponseHead;
use crate::core::rows::{RowSplitter, Segment, SplitError};
use crate::core::text::TextReader;
use crate::core::transport::{Body, Failure, Incoming};
use crate::core::wait::within;

/// Time and size that an answer may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    silence: Duration,
    /// None for rows that are handed out: their reader takes its time.
    deadline: Option<Instant>,
    body: usize,
    row: usize,
}

impl Bounds {
    /// From now on.
    pub(super) fn new(config: &Config, silence: Duration, total: Duration) -> Self {
        Self {
            silence,
            deadline: Instant::now().checked_add(total),
            body: config.limits.body,
            row: config.limits.row,
        }
    }

    /// Waits for the other side: neither silent for too long nor beyond the deadline.
    pub(super) async fn within<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let left = || {
            self.deadline.map_or(self.silence, |deadline| {
                self.silence.min(deadline.saturating_duration_since(Instant::now()))
            })
        };
        within(left, future).await.map_err(|_| Failure::silence())
    }
}

/// Why nothing more can be read of an answer.
pub(super) enum ReadError {
    /// The connection ended in the middle, or stayed silent.
    Lost(Failure),
    /// It is larger than its bound, or its brackets do not match.
    Split(SplitError),
}

/// An answer as it arrives.
pub(crate) struct ResponseReader {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    pub(super) retry_after: Option<Duration>,
    /// Whether a token of ours was presented.
    pub(super) with_token: bool,
    body: Body,
    bounds: Bounds,
    /// None when the answer is read whole.
    splitter: Option<RowSplitter>,
    /// What is kept: the whole body, or the document without its rows once that is complete.
    kept: String,
    /// Reads what is not split.
    text: TextReader,
    /// The document is complete; only white space may follow.
    complete: bool,
    rows_began: bool,
    /// The last byte of the body has come.
    ended: bool,
}

impl ResponseReader {
    pub(super) fn new(
        Incoming { head, body }: Incoming,
        bounds: Bounds,
        row_keys: Option<&'static [&'static str]>,
        with_token: bool,
    ) -> Self {
        let retry_after = head.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| value.trim().parse().ok());
        Self {
            status: head.status(),
            content_type: head.headers().get(CONTENT_TYPE).cloned(),
            retry_after: retry_after.map(Duration::from_secs),
            with_token,
            body,
            bounds,
            splitter: row_keys.map(|keys| RowSplitter::new(keys, bounds.row)),
            kept: String::new(),
            text: TextReader::default(),
            complete: false,
            rows_began: false,
            ended: false,
        }
    }

    pub(super) fn head(&self) -> ResponseHead<'_> {
        let content_type = self.content_type.as_ref().and_then(|value| value.to_str().ok());
        ResponseHead { status: self.status, content_type }
    }

    /// Decodes the next row where it is in memory, if all of it is there and `take` takes it; [`next`](Self::next)
    /// finds the rest.
    #[inline]
    pub(crate) fn decode_next<'b, R: Deserialize<'b>, T>(
        &'b mut self,
        take: impl FnOnce(R, &'b str) -> Option<T>,
    ) -> Option<T> {
        self.splitter.as_mut()?.decode_next(take)
    }

    /// The next row, or the end: the whole answer where it is not split, what is left of it otherwise.
    pub(super) async fn next(&mut self) -> Result<Segment, ReadError> {
        loop {
            if let Some(segment) = self.next_or_more().await? {
                return Ok(segment);
            }
        }
    }

    /// The same, or `None` once more of a row has arrived, which [`decode_next`](Self::decode_next) may decode.
    pub(super) async fn next_or_more(&mut self) -> Result<Option<Segment>, ReadError> {
        loop {
            if let Some(segment) = self.split()? {
                return Ok(Some(segment));
            }
            if self.ended {
                return self.end().map(Some);
            }
            self.ended = !self.fill().await?;
            match &mut self.splitter {
                // What has no end is cut out as it is.
                Some(splitter) if self.ended => splitter.end(),
                Some(splitter) if splitter.is_before_row() => return Ok(None),
                _ => {}
            }
        }
    }

    /// Takes the next bytes of the body; false at its end.
    async fn fill(&mut self) -> Result<bool, ReadError> {
        let Some(chunk) = self.bounds.within(self.body.next()).await.transpose() else {
            return Ok(false);
        };
        let chunk = chunk.and_then(|chunk| chunk).map_err(ReadError::Lost)?;
        if let Some(splitter) = &mut self.splitter {
            splitter.feed(&chunk);
        } else {
            self.text.push(&chunk, &mut self.kept);
            if self.kept.len() > self.bounds.body {
                return Err(ReadError::Split(SplitError::TooLarge(self.bounds.body)));
            }
        }
        Ok(true)
    }

    /// What the bytes that have arrived hold.
    fn split(&mut self) -> Result<Option<Segment>, ReadError> {
        let Some(splitter) = &mut self.splitter else { return Ok(None) };
        match splitter.next() {
            Ok(Some(Segment::Row(row))) => {
                self.rows_began = true;
                self.bounds.deadline = None;
                Ok(Some(Segment::Row(row)))
            }
            // The answer is over when its last byte has come, not before.
            Ok(Some(Segment::End(document))) => {
                self.kept = document;
                self.complete = true;
                self.split()
            }
            Ok(None) => Ok(None),
            // Not an object at all, a proxy's page say: it is read whole, however it is chunked. What follows a whole
            // document does not replace it.
            Err(SplitError::Shape) if !self.rows_began && !self.complete => {
                (self.text, self.kept) = splitter.take_page();
                self.splitter = None;
                Ok(None)
            }
            Err(error) => Err(ReadError::Split(error)),
        }
    }

    /// The body has ended.
    fn end(&mut self) -> Result<Segment, ReadError> {
        match &mut self.splitter {
            // The document broke off between two rows or inside one.
            Some(_) if self.rows_began && !self.complete => Err(ReadError::Lost(Failure::cut())),
            Some(splitter) if !self.complete => {
                let (mut text, mut rest) = splitter.take_page();
                text.end(&mut rest);
                Ok(Segment::End(rest))
            }
            _ => {
                self.text.end(&mut self.kept);
                Ok(Segment::End(std::mem::take(&mut self.kept)))
            }
        }
    }

    /// What has arrived and was not handed out, for an excerpt.
    pub(super) fn remains(&self) -> Cow<'_, str> {
        match &self.splitter {
            Some(splitter) if !self.complete => splitter.remains().into(),
            _ => Cow::Borrowed(&self.kept),
        }
    }
}
