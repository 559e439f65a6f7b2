//! Rows as they arrive.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::{FutureExt, stream};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::attempt::{Reading, Rows, broken_answer, next_chunk};
use crate::core::endpoint::Payload;
use crate::core::envelope::{self, Outcome};
use crate::core::error::Unreadable;
use crate::core::error::{Error, ErrorKind};
use crate::core::rows::Piece;

/// The rows of an answer, one by one. A row that does not read is an `Err` naming its position and JSON path, and the
/// next row follows; any other error ends the stream.
///
/// # Cancel safety
/// `next` may be dropped at any time; no row is lost.
pub struct RowStream<R> {
    items: Pin<Box<dyn Stream<Item = Result<R, Error>> + Send>>,
    rest: Arc<OnceLock<Map<String, Value>>>,
}

impl<R> fmt::Debug for RowStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("ended", &self.rest.get().is_some())
            .finish_non_exhaustive()
    }
}

impl<R> Stream for RowStream<R> {
    type Item = Result<R, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(cx)
    }
}

impl<R> RowStream<R> {
    /// What stood beside the rows, such as `totalCount`; there once the stream has ended without an error.
    pub fn rest(&self) -> Option<&Map<String, Value>> {
        self.rest.get()
    }

    /// The next row.
    ///
    /// # Errors
    /// As the stream's items.
    pub async fn try_next(&mut self) -> Result<Option<R>, Error> {
        std::future::poll_fn(|cx| self.items.as_mut().poll_next(cx)).await.transpose()
    }
}

type Begin = BoxFuture<'static, Result<(Reading, Duration), Error>>;

/// Where reading stands.
struct Reader {
    call: &'static str,
    begin: Option<Begin>,
    rows: Option<Box<Rows>>,
    pending: Option<Bytes>,
    silence: Duration,
    at: u64,
    rest: Arc<OnceLock<Map<String, Value>>>,
}

impl<R: DeserializeOwned + Send + 'static> RowStream<R> {
    pub(super) fn new(
        call: &'static str,
        begin: impl Future<Output = Result<(Reading, Duration), Error>> + Send + 'static,
    ) -> Self {
        let rest = Arc::new(OnceLock::new());
        let reader = Reader {
            call,
            begin: Some(begin.boxed()),
            rows: None,
            pending: None,
            silence: Duration::ZERO,
            at: 0,
            rest: Arc::clone(&rest),
        };
        let items = stream::unfold(reader, |mut reader| async move {
            let item = reader.next().await?;
            Some((item, reader))
        });
        Self { items: Box::pin(items), rest }
    }
}

impl Reader {
    async fn next<R: DeserializeOwned>(&mut self) -> Option<Result<R, Error>> {
        if let Some(begin) = self.begin.take() {
            match begin.await {
                Err(error) => return Some(Err(error)),
                Ok((reading, silence)) => {
                    self.silence = silence;
                    self.begun(reading);
                }
            }
        }
        loop {
            if let Some(row) = self.pending.take() {
                let at = self.at;
                self.at += 1;
                return Some(decode(self.call, &row, at));
            }
            let rows = self.rows.as_mut()?;
            if let Some(row) = rows.cutter.decode_next() {
                self.at += 1;
                return Some(Ok(row));
            }
            let error = match rows.cutter.next() {
                Ok(Some(Piece::Row(row))) => {
                    self.pending = Some(row);
                    continue;
                }
                Ok(Some(Piece::End(end))) => match judge(rows, &end) {
                    Ok(rest) => {
                        let _ = self.rest.set(rest);
                        self.rows = None;
                        return None;
                    }
                    Err(error) => error,
                },
                Ok(None) => match next_chunk(&mut rows.body, self.silence).await {
                    Some(Ok(chunk)) => {
                        rows.cutter.feed(&chunk);
                        continue;
                    }
                    Some(Err(failure)) if failure.timed_out() => {
                        Error::source_of(ErrorKind::Unreachable, failure.into_source())
                    }
                    // The connection broke, or ended before the document did.
                    Some(Err(_)) | None => Error::unread(Unreadable::new(
                        "the answer is cut off",
                        rows.head.get(),
                        &rows.cutter.remains(),
                    )),
                },
                Err(broken) => {
                    Error::unread(broken_answer(broken, rows.head.get(), &rows.cutter.remains()))
                }
            };
            self.rows = None;
            return Some(Err(error.named(self.call, 1, Duration::ZERO).at_row(self.at)));
        }
    }

    fn begun(&mut self, reading: Reading) {
        match reading {
            Reading::Rows(mut rows) => {
                self.pending = Some(std::mem::take(&mut rows.first));
                self.rows = Some(Box::new(rows));
            }
            Reading::End(body, spec) => {
                let rest: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
                // One object where the list should be counts as one row.
                let single = match spec.envelope.payload {
                    Payload::RowsAt(keys) => keys.iter().find_map(|key| {
                        envelope::find(&rest, key).filter(|value| value.is_object())
                    }),
                    _ => None,
                };
                if let Some(Value::Object(row)) = single {
                    self.pending = serde_json::to_vec(row).ok().map(Bytes::from);
                }
                let _ = self.rest.set(rest);
            }
            Reading::Whole => {}
        }
    }
}

/// What is left of the document is an answer like any other: a refusal may stand behind the rows.
fn judge(rows: &Rows, end: &[u8]) -> Result<Map<String, Value>, Error> {
    match envelope::read::<Vec<Value>>(rows.spec, rows.head.get(), end) {
        Ok(Outcome::Refused(refusal)) => Err(Error::refused(refusal)),
        Err(unreadable) => Err(Error::unread(unreadable)),
        Ok(_) => Ok(serde_json::from_slice(end).unwrap_or_default()),
    }
}

/// Decodes plainly; only a row that failed is decoded again for its path.
fn decode<R: DeserializeOwned>(call: &'static str, row: &[u8], at: u64) -> Result<R, Error> {
    serde_json::from_slice(row).map_err(|_| {
        let path = serde_path_to_error::deserialize::<_, R>(
            &mut serde_json::Deserializer::from_slice(row),
        )
        .err()
        .map_or_else(String::new, |error| error.path().to_string());
        let path = if path.is_empty() || path == "." {
            format!("[{at}]")
        } else {
            format!("[{at}].{path}")
        };
        let unreadable = Unreadable::row(row, path);
        Error::unread(unreadable).named(call, 1, Duration::ZERO).at_row(at)
    })
}
