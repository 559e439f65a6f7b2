//! The one path that every call takes; `steps` is its list.

mod answer;
mod batch;
mod decide;
mod judge;
mod limit;
mod prepare;
mod progress;
mod send;
mod sign;
mod steps;
mod stream;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::core::client::{Client, Core};
use crate::core::encode::Fields;
use crate::core::endpoint::{Endpoint, Reply, Rows, Spec};
use crate::core::envelope::{self, Answer, Asked, Outcome};
use crate::core::error::{Error, ErrorKind, ResponseHead, Unreadable};
use crate::core::pace::Patience;
use crate::core::rows::BorrowedRow;
use crate::core::weight::ListShape;
use crate::types::invalid::Invalid;

pub use batch::{Batch, Batched, Batches, Halt, RowOutcome, RowResult};
use judge::Verdict;
use prepare::{CallOptions, PreparedCall};
use progress::CallProgress;
use steps::{Received, send_with_retries};
use stream::EachRow;
pub(crate) use stream::RowDecoder;
pub use stream::RowStream;

/// A call that has not been sent: a value to configure and to await.
///
/// ```
/// # ozonetel_sim::doc(async |_sim, client| {
/// use ozonetel_sdk::client::Patience;
/// let today = client.cdr().for_day(client.today()).patience(Patience::Never).await?;
/// assert!(today.is_empty());
/// # Ok(()) });
/// ```
///
/// # Cancel safety
/// Dropping a call that was not awaited sends nothing. Dropping the future of an operation that may happen only once
/// after it was sent leaves its outcome unknown; the observer is notified
/// ([`ClientEvent::Abandoned`](crate::core::observe::ClientEvent::Abandoned)).
#[derive(Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'c, E: Endpoint> {
    client: &'c Client,
    request: Result<E, Invalid>,
    options: CallOptions,
}

impl<'c, E: Endpoint> Call<'c, E> {
    pub(crate) fn new(client: &'c Client, mut request: Result<E, Invalid>) -> Self {
        if let Ok(unprepared) = &mut request
            && let Err(invalid) = unprepared.prepare(client.dial_plan())
        {
            request = Err(invalid);
        }
        Self { client, request, options: CallOptions::default() }
    }

    /// Changes the request; does nothing to one that is already refused.
    pub(crate) fn map(mut self, change: impl FnOnce(&mut E)) -> Self {
        if let Ok(request) = &mut self.request {
            change(request);
        }
        self
    }

    /// Turns the request into one of another endpoint.
    pub(crate) fn map_into<F: Endpoint>(self, change: impl FnOnce(E) -> F) -> Call<'c, F> {
        Call { client: self.client, request: self.request.map(change), options: self.options }
    }

    /// The request as it is now.
    ///
    /// # Errors
    /// The value that will be refused.
    pub fn request(&self) -> Result<&E, &Invalid> {
        self.request.as_ref()
    }

    /// How long to wait for the published limit. Default: the client's.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.options.patience = Some(patience);
        self
    }

    /// How long the answer may stay silent. Default: the client's.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.options.silence = Some(limit);
        self
    }

    /// How long the whole answer may take, and each wait before it that is not for the published limit. Default: the
    /// client's.
    pub fn total(mut self, limit: Duration) -> Self {
        self.options.total = Some(limit);
        self
    }

    /// How long after this call is awaited it may still be sent, also once more: what comes too late for whoever asked is
    /// better not done. Later it fails, and was not sent. Default: no end.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |_sim, client| {
    /// use std::time::Duration;
    /// let dial = client.dial().agent("agent01", "support_out", "9000000001");
    /// let error = dial.begin_within(Duration::ZERO).await.unwrap_err();
    /// assert_eq!((error.attempts(), error.may_have_happened()), (0, false));
    /// # Ok(()) });
    /// ```
    pub fn begin_within(mut self, limit: Duration) -> Self {
        self.options.begins = Some(limit);
        self
    }

    /// A field that the request type does not name, or another value for one that it does. It is sent as it is: a number
    /// in it is not compared with the client's [`DialPlan`](crate::types::DialPlan).
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.extra.push((name.into(), value.into()));
        self
    }

    /// Sends the call; the same as awaiting it.
    ///
    /// # Errors
    /// Every [`ErrorKind`](crate::core::error::ErrorKind); [`Error::may_have_happened`] says whether the operation may
    /// have taken effect all the same.
    pub async fn send(self) -> Result<E::Reply, Error> {
        let Self { client, request, options } = self;
        let request = request.map_err(|invalid| named::<E>(invalid.into()))?;
        run::<E>(&client.core, &request, &options, Attempts::Policy).await
    }
}

impl<E: Rows> Call<'_, E> {
    /// Sends the call and returns rows as they arrive: the memory of one row, whatever the size of the answer.
    ///
    /// # Errors
    /// In the stream: a request that failed ends it; a row that cannot be decoded is an `Err` with its position and JSON
    /// path, and the next row follows.
    pub fn stream(self) -> RowStream<E::Row> {
        self.stream_of(RowDecoder::named::<E>())
    }

    /// The same with a row type of your own, such as [`serde_json::Value`]; whether a row has an id is yours to ask.
    pub fn stream_as<R: DeserializeOwned + Send + 'static>(self) -> RowStream<R> {
        self.stream_of(RowDecoder::any())
    }

    /// The same with a way of decoding.
    pub(crate) fn stream_of<R: Send + 'static>(self, decoder: RowDecoder<R>) -> RowStream<R> {
        RowStream::new(self.begin_rows(), decoder)
    }

    /// Lends every row to `each`, until it breaks off.
    pub(crate) async fn lend_rows<L: BorrowedRow>(
        self,
        each: &mut EachRow<'_, L>,
    ) -> Result<(), Error> {
        stream::for_each::<L>(self.begin_rows(), each).await
    }

    /// Everything up to the first row.
    fn begin_rows(
        self,
    ) -> impl Future<Output = Result<(CallProgress<'static>, Received), Error>> + Send + 'static + use<E>
    {
        let core = Arc::clone(&self.client.core);
        let (request, options) = (self.request, self.options);
        async move {
            let request = request.map_err(|invalid| named::<E>(invalid.into()))?;
            let call = PreparedCall::of(&core, &request, &options)?.in_rows(E::KEYS);
            let mut progress = CallProgress::start_owned(core, &call);
            let most = progress.core.config.limits.decoded();
            let mut judge =
                |head: ResponseHead<'_>, body: &str| stream::judge_rows(&E::SPEC, head, body, most);
            let received = send_with_retries(&call, &mut progress, &mut judge).await?;
            Ok((progress, received))
        }
    }
}

impl<'c, E: Endpoint> IntoFuture for Call<'c, E> {
    type Output = Result<E::Reply, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

fn named<E: Endpoint>(error: Error) -> Error {
    error.named(E::SPEC.name, 0, Duration::ZERO)
}

/// One call without repetition and with an end of its own: for the token cache, which counts every attempt.
pub(crate) async fn once_within<E: Endpoint>(
    core: &Arc<Core>,
    request: &E,
    total: Duration,
) -> Result<E::Reply, Error> {
    let options = CallOptions { total: Some(total), ..CallOptions::default() };
    run(core, request, &options, Attempts::One).await
}

/// How often a call may be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempts {
    /// As the client's policy says.
    Policy,
    One,
}

async fn run<E: Endpoint>(
    core: &Arc<Core>,
    request: &E,
    options: &CallOptions,
    attempts: Attempts,
) -> Result<E::Reply, Error> {
    let call = PreparedCall::of(core, request, options)?;
    let mut progress = CallProgress::start(Arc::clone(core), &call);
    progress.retries.forbidden = attempts == Attempts::One;
    let mut outcome = None;
    let rows = ListShape { level: 0, element: E::Reply::ELEMENT, fields: E::ROW_FIELDS };
    let asked = Asked { ucid: call.ucid, most: core.config.limits.decoded(), rows };
    let mut judge = |head: ResponseHead<'_>, text: &str| {
        let unreadable = |what| Verdict::Unreadable(Unreadable::new(what, head, text.as_bytes()));
        match envelope::read_text::<E::Reply>(&Answer { spec: &E::SPEC, head, text, asked }) {
            Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
            Ok(Outcome::Done(reply)) if !request.accepts(&reply) => {
                unreadable("the answer lacks what was asked for")
            }
            Ok(Outcome::Empty) if E::Reply::none().is_none() => unreadable("the answer is empty"),
            Ok(found) => {
                outcome = Some(found);
                Verdict::Fine
            }
            Err(unreadable) => Verdict::Unreadable(unreadable),
        }
    };
    send_with_retries(&call, &mut progress, &mut judge).await?;
    match outcome {
        Some(Outcome::Done(reply)) => Ok(reply),
        _ => E::Reply::none()
            .ok_or_else(|| named::<E>(Error::said(ErrorKind::Unreadable, "no reply"))),
    }
}

impl Client {
    /// Any endpoint by its request value: same credentials, limits, errors and check of numbers as the methods of the
    /// modules.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |_sim, client| {
    /// use ozonetel_sdk::dial::AgentDial;
    /// let call = client.call(AgentDial::new("agent01", "support_out", "+91 90000 00001"));
    /// assert!(call.request().is_ok_and(|dial| dial.customer.as_str() == "9000000001"));
    /// // An emergency code is not dialled in this way either.
    /// let error = client.call(AgentDial::new("agent01", "support_out", "112")).await.unwrap_err();
    /// assert_eq!((error.attempts(), error.may_have_happened()), (0, false));
    /// # Ok(()) });
    /// ```
    pub fn call<E: Endpoint>(&self, request: E) -> Call<'_, E> {
        Call::new(self, Ok(request))
    }

    /// Any endpoint by its description, without a request type: the way to what this crate does not know yet.
    ///
    /// Fields travel where the description says, with the client's credential, limits and errors; the reply is the whole
    /// answer. Nothing is known of what they mean: a number among them is sent as it is.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |_sim, client| {
    /// use ozonetel_sdk::endpoint::{Endpoint, Payload, Spec};
    /// static SPEC: Spec = {
    ///     let mut spec = ozonetel_sdk::disposition::ListDispositions::SPEC;
    ///     spec.envelope.payload = Payload::Whole;
    ///     spec
    /// };
    /// let answer = client.raw(&SPEC, [("action", "get")]).await?;
    /// assert_eq!(answer["status"], "Success");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub async fn raw<N, V>(
        &self,
        spec: &'static Spec,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Value, Error>
    where
        N: Into<String>,
        V: Into<Value>,
    {
        let mut sent = Fields::default();
        for (name, value) in fields {
            sent.set(name.into(), value);
        }
        let call = PreparedCall::raw(&self.core, spec, sent);
        let mut progress = CallProgress::start(Arc::clone(&self.core), &call);
        let mut reply = Value::Null;
        let rows = ListShape::default();
        let asked = Asked { ucid: None, most: self.core.config.limits.decoded(), rows };
        let mut judge =
            |head: ResponseHead<'_>, text: &str| match envelope::read_text::<Value>(&Answer {
                spec,
                head,
                text,
                asked,
            }) {
                Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
                Ok(Outcome::Done(value)) => {
                    reply = value;
                    Verdict::Fine
                }
                Ok(Outcome::Empty) => Verdict::Fine,
                Err(unreadable) => Verdict::Unreadable(unreadable),
            };
        send_with_retries(&call, &mut progress, &mut judge).await?;
        Ok(reply)
    }
}

#[cfg(test)]
mod tests;
