//! Rows as they arrive.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use tracing::Instrument;

use super::answer::ResponseReader;
use super::decide;
use super::judge::{self, Verdict};
use super::progress::CallProgress;
use super::steps::Received;
use crate::core::endpoint::{Rows, Spec};
use crate::core::envelope::{self, Answer, Asked, Outcome};
use crate::core::error::{Error, ResponseHead, Unreadable};
use crate::core::rows::{self, BadRow, BorrowedRow, Segment};
use crate::core::weight::ListShape;

/// The rows of an answer, one by one. A row that cannot be decoded is an `Err` naming its position and JSON path, and
/// the next row follows; any other error ends the stream.
///
/// The call is over when the stream has ended: then the observer is notified, and an error after the first row
/// carries the attempts and the time of the whole call. Such an error is not repeated, since rows that were handed
/// out cannot be taken back; the published limit is kept all the same. A stream that is dropped before its end is
/// [abandoned](crate::core::observe::ClientEvent::Abandoned).
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
    /// The fields next to the rows, such as `totalCount`; there once the stream has ended without an error.
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

/// A call up to its first row.
type Beginning = BoxFuture<'static, Result<(CallProgress<'static>, Received), Error>>;

/// How far the stream is.
enum State {
    Begin(Beginning),
    /// Rows are arriving; one may have been cut out already.
    Rows(Box<(CallProgress<'static>, ResponseReader)>, Option<String>),
    /// Rows of an answer that was not cut into rows as it arrived.
    Whole(Box<CallProgress<'static>>, VecDeque<String>),
    End,
}

/// How a row becomes what is handed out.
pub(crate) struct RowDecoder<R> {
    /// Where it is in memory. `None` leaves it to be cut out.
    in_place: fn(&mut ResponseReader) -> Option<R>,
    /// Once it was cut out. `None` is a row without the id by which its report knows it.
    cut: fn(&str) -> Result<Option<R>, BadRow>,
}

impl<R: DeserializeOwned> RowDecoder<R> {
    /// Rows of any kind.
    pub(super) fn any() -> Self {
        Self {
            in_place: |answer| answer.decode_next(|row: R, _| Some(row)),
            cut: |row| rows::decode(row).map(Some),
        }
    }
}

impl<R: DeserializeOwned> RowDecoder<R> {
    /// The rows of an endpoint, which have an id.
    pub(super) fn named<E: Rows<Row = R>>() -> Self {
        Self {
            in_place: |answer| answer.decode_next(|row: R, _| E::is_named(&row).then_some(row)),
            cut: |row| Ok(Some(rows::decode(row)?).filter(E::is_named)),
        }
    }
}

impl<R> RowDecoder<R> {
    /// Decodes in place with `take`, which is given the row's text and may leave it; the rest is for `cut`.
    pub(crate) fn new(
        in_place: fn(&mut ResponseReader) -> Option<R>,
        cut: fn(&str) -> Result<Option<R>, BadRow>,
    ) -> Self {
        Self { in_place, cut }
    }
}

struct Reader<R> {
    state: State,
    decoder: RowDecoder<R>,
    /// Position of the next row.
    at: u64,
    rest: Arc<OnceLock<Map<String, Value>>>,
}

impl<R: Send + 'static> RowStream<R> {
    pub(super) fn new(
        begin: impl Future<Output = Result<(CallProgress<'static>, Received), Error>> + Send + 'static,
        decoder: RowDecoder<R>,
    ) -> Self {
        let rest = Arc::new(OnceLock::new());
        let state = State::Begin(begin.boxed());
        let reader = Reader { state, decoder, at: 0, rest: Arc::clone(&rest) };
        Self { items: Box::pin(Items { reader: Some(reader), step: None }), rest }
    }
}

/// A step under way, which gives the reader back.
type Step<R> = BoxFuture<'static, (Option<Result<R, Error>>, Reader<R>)>;

/// The items of a stream: a row that is in memory is decoded at once, anything else takes a step.
struct Items<R> {
    /// Gone while a step has it, and after the end.
    reader: Option<Reader<R>>,
    step: Option<Step<R>>,
}

impl<R: Send + 'static> Stream for Items<R> {
    type Item = Result<R, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(row) = self.reader.as_mut().and_then(Reader::in_place) {
            return Poll::Ready(Some(Ok(row)));
        }
        if let Some(mut reader) = self.reader.take() {
            self.step = Some(async move { (reader.next().await, reader) }.boxed());
        }
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let (item, reader) = ready!(step.as_mut().poll(cx));
        self.step = None;
        self.reader = item.is_some().then_some(reader);
        Poll::Ready(item)
    }
}

impl<R> Reader<R> {
    /// The next row, if it is in memory and can be decoded there.
    #[inline]
    fn in_place(&mut self) -> Option<R> {
        let State::Rows(call, None) = &mut self.state else { return None };
        let row = (self.decoder.in_place)(&mut call.1)?;
        self.at += 1;
        Some(row)
    }

    async fn next(&mut self) -> Option<Result<R, Error>> {
        if let State::Begin(begin) = &mut self.state {
            match begin.await {
                Ok((progress, received)) => self.begun(progress, received),
                Err(error) => {
                    self.state = State::End;
                    return Some(Err(error));
                }
            }
        }
        match &mut self.state {
            State::Begin(_) | State::End => None,
            State::Whole(progress, rows) => {
                let decoded = decode(progress, &rows.pop_front()?, self.at, &self.decoder);
                self.at += 1;
                Some(decoded)
            }
            State::Rows(call, first) => {
                let (progress, answer) = &mut **call;
                let item = loop {
                    if let Some(row) = first.take() {
                        break Some(decode(progress, &row, self.at, &self.decoder));
                    }
                    if let Some(row) = (self.decoder.in_place)(answer) {
                        break Some(Ok(row));
                    }
                    match next_cut(progress, answer, self.at, &self.rest).await {
                        Ok(Next::Row(row)) => *first = Some(row),
                        Ok(Next::More) => {}
                        Ok(Next::End) => break None,
                        Err(error) => break Some(Err(error)),
                    }
                };
                self.at += 1;
                if !matches!(&item, Some(Ok(_))) && progress.is_over() {
                    self.state = State::End;
                }
                item
            }
        }
    }

    fn begun(&mut self, progress: CallProgress<'static>, received: Received) {
        self.state = match received {
            Received::Rows(first, answer) => {
                State::Rows(Box::new((progress, *answer)), Some(first))
            }
            Received::Whole(body) => {
                let rows = whole(&progress, &body);
                let _ = self.rest.set(serde_json::from_str(&body).unwrap_or_default());
                State::Whole(Box::new(progress), rows.into())
            }
        };
    }
}

/// What comes next where no row is in memory.
enum Next {
    /// A row that had to be cut out.
    Row(String),
    /// More of a row, which may be decoded where it is.
    More,
    End,
}

/// The next row that has to be cut out; at the end of the answer the call is over.
async fn next_cut(
    progress: &mut CallProgress<'static>,
    answer: &mut ResponseReader,
    at: u64,
    rest: &OnceLock<Map<String, Value>>,
) -> Result<Next, Error> {
    let (spec, most) = (progress.spec, progress.core.config.limits.decoded());
    let read = answer.next_or_more().instrument(progress.span.clone()).await.transpose();
    let Some(read) = read else { return Ok(Next::More) };
    // What is left of the document is an answer like any other: a refusal may follow the rows.
    let mut judge = |head: ResponseHead<'_>, body: &str| judge_rows(spec, head, body, most);
    match judge::classify(spec, answer, read, &mut judge) {
        Ok(Segment::Row(row)) => Ok(Next::Row(row)),
        Ok(Segment::End(document)) => {
            let _ = rest.set(serde_json::from_str(&document).unwrap_or_default());
            progress.succeeded();
            Ok(Next::End)
        }
        Err(failed) => {
            let error = decide::stop(progress, failed).await.at_row(at.saturating_add(1));
            Err(progress.failed(error))
        }
    }
}

/// What is done with each row that borrows its texts.
pub(super) type EachRow<'e, L> =
    dyn for<'r> FnMut(Result<<L as BorrowedRow>::Of<'r>, Error>) -> ControlFlow<()> + Send + 'e;

/// Lends every row to `each`, until the answer ends or `each` breaks off.
pub(super) async fn for_each<L: BorrowedRow>(
    begin: impl Future<Output = Result<(CallProgress<'static>, Received), Error>>,
    each: &mut EachRow<'_, L>,
) -> Result<(), Error> {
    let (mut progress, received) = begin.await?;
    let (first, mut answer) = match received {
        Received::Rows(first, answer) => (first, answer),
        Received::Whole(body) => {
            for (at, row) in (0..).zip(whole(&progress, &body)) {
                if lend::<L>(&progress, &row, at, each).is_break() {
                    break;
                }
            }
            return Ok(());
        }
    };
    let (mut at, rest) = (0_u64, OnceLock::new());
    let mut flow = lend::<L>(&progress, &first, at, each);
    at += 1;
    loop {
        while flow.is_continue() {
            let lent = answer.decode_next(|mut row: L::Of<'_>, json| {
                L::is_named(&row).then(|| {
                    L::set_text(&mut row, json);
                    each(Ok(row))
                })
            });
            let Some(next) = lent else { break };
            (flow, at) = (next, at + 1);
        }
        if flow.is_break() {
            return Ok(());
        }
        match next_cut(&mut progress, &mut answer, at, &rest).await? {
            Next::Row(row) => {
                flow = lend::<L>(&progress, &row, at, each);
                at += 1;
            }
            Next::More => {}
            Next::End => return Ok(()),
        }
    }
}

/// Lends one row that was cut out.
fn lend<L: BorrowedRow>(
    progress: &CallProgress<'_>,
    row: &str,
    at: u64,
    each: &mut EachRow<'_, L>,
) -> ControlFlow<()> {
    let lent = rows::lend::<L, _>(row, |row| {
        each(if L::is_named(&row) { Ok(row) } else { Err(unnamed(progress, at)) })
    });
    lent.unwrap_or_else(|| each(Err(bad_row(progress, row, at, &BadRow { path: String::new() }))))
}

/// The rows of an answer that was not cut into rows as it arrived.
fn whole(progress: &CallProgress<'_>, body: &str) -> Vec<String> {
    let most = progress.core.config.limits.decoded();
    envelope::rows(&answer(progress.spec, ResponseHead::OK, body, most))
}

/// The envelope around rows that are handed out one by one.
pub(super) fn judge_rows(spec: &Spec, head: ResponseHead<'_>, body: &str, most: usize) -> Verdict {
    match envelope::read_text::<Vec<IgnoredAny>>(&answer(spec, head, body, most)) {
        Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
        Ok(_) => Verdict::Fine,
        Err(unreadable) => Verdict::Unreadable(unreadable),
    }
}

fn answer<'a>(spec: &'a Spec, head: ResponseHead<'a>, text: &'a str, most: usize) -> Answer<'a> {
    let asked = Asked { ucid: None, most, rows: ListShape::default() };
    Answer { spec, head, text, asked }
}

fn decode<R>(
    progress: &CallProgress<'_>,
    row: &str,
    at: u64,
    decoder: &RowDecoder<R>,
) -> Result<R, Error> {
    match (decoder.cut)(row) {
        Ok(Some(item)) => Ok(item),
        Ok(None) => Err(unnamed(progress, at)),
        Err(bad) => Err(bad_row(progress, row, at, &bad)),
    }
}

/// A row without the id by which its report knows it.
fn unnamed(progress: &CallProgress<'_>, at: u64) -> Error {
    bad_row(progress, "", at, &BadRow { path: "id".to_owned() })
}

fn bad_row(progress: &CallProgress<'_>, row: &str, at: u64, bad: &BadRow) -> Error {
    let path = match &*bad.path {
        "" => format!("[{at}]"),
        path => format!("[{at}].{path}"),
    };
    let error = Error::unread(Unreadable::row(row.as_bytes(), &path));
    error
        .named(progress.spec.name, progress.attempts(), progress.elapsed())
        .at_row(at.saturating_add(1))
}
