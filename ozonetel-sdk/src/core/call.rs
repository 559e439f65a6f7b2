//! The one path that every call takes.

mod attempt;
mod batch;
mod stream;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

use crate::core::client::{Client, Core};
use crate::core::encode::Fields;
use crate::core::endpoint::{Endpoint, Rate, Reply, Rows, Spec};
use crate::core::envelope::{self, Outcome};
use crate::core::error::{Error, ErrorKind};
use crate::core::error::{Head, Unreadable};
use crate::core::observe::Event;
use crate::core::pace::Patience;
use crate::core::retry::{self, Decision};
use crate::types::invalid::Invalid;

use attempt::{Ended, Plan, Reading, Verdict};
pub use batch::{Batch, Batched, Batches, Halt, RefusedRow};
pub use stream::RowStream;

/// A call that has not been sent: a value to configure and to await.
///
/// ```
/// # async fn run() -> Result<(), ozonetel_sdk::Error> {
/// # let sim = ozonetel_sim::Sim::start();
/// # let client = sim.client();
/// use ozonetel_sdk::client::Patience;
/// let today = client.cdr().for_day(client.today()).patience(Patience::Never).await?;
/// assert!(today.is_empty());
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cancel safety
/// Dropping a call that was not awaited sends nothing. Dropping the future of an operation that may happen only once
/// after it was sent leaves its outcome unknown; the observer is told
/// ([`Event::Abandoned`](crate::core::observe::Event::Abandoned)).
#[derive(Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'c, E: Endpoint> {
    client: &'c Client,
    request: Result<E, Invalid>,
    options: Options,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) patience: Option<Patience>,
    pub(crate) silence: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) extra: Vec<(String, Value)>,
}

impl<'c, E: Endpoint> Call<'c, E> {
    pub(crate) fn new(client: &'c Client, request: Result<E, Invalid>) -> Self {
        Self { client, request, options: Options::default() }
    }

    /// Changes the request; does nothing to one that is already refused.
    pub(crate) fn map(mut self, change: impl FnOnce(&mut E)) -> Self {
        if let Ok(request) = &mut self.request {
            change(request);
        }
        self
    }

    /// The request as it stands.
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

    /// How long the answer may take in all. Default: the client's.
    pub fn total(mut self, limit: Duration) -> Self {
        self.options.total = Some(limit);
        self
    }

    /// A field that the request type does not name, or another value for one that it does.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.extra.push((name.into(), value.into()));
        self
    }

    /// Sends the call; the same as awaiting it.
    ///
    /// # Errors
    /// Every [`ErrorKind`](crate::core::error::ErrorKind); [`Error::may_have_happened`] tells whether the operation may
    /// have taken effect all the same.
    pub async fn send(self) -> Result<E::Reply, Error> {
        let Self { client, request, options } = self;
        let request = request.map_err(|invalid| named::<E>(invalid.into()))?;
        run::<E>(&client.core, &request, &options).await
    }
}

impl<E: Rows> Call<'_, E> {
    /// Sends the call and hands out rows as they arrive: the memory of one row, whatever the size of the answer.
    ///
    /// # Errors
    /// In the stream: a request that failed ends it; a row that does not read is an `Err` with its position and JSON
    /// path, and the next row follows.
    pub fn stream(self) -> RowStream<E::Row> {
        self.stream_as()
    }

    /// The same with a row type of your own, such as [`serde_json::Value`].
    pub fn stream_as<R: DeserializeOwned + Send + 'static>(self) -> RowStream<R> {
        let core = Arc::clone(&self.client.core);
        let (request, options) = (self.request, self.options);
        RowStream::new(E::SPEC.name, async move {
            let request = request.map_err(|invalid| named::<E>(invalid.into()))?;
            let plan = Plan::of(&core, &request, &options, Some(E::KEYS))?;
            let mut judge = |head: Head<'_>, body: &[u8]| match envelope::read::<Vec<Value>>(
                &E::SPEC,
                head,
                body,
            ) {
                Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
                Ok(_) => Verdict::Fine,
                Err(unreadable) => Verdict::Unreadable(unreadable),
            };
            let span = plan.span();
            let reading = exchange(&core, &plan, &mut judge).instrument(span).await?;
            let silence = plan.silence;
            Ok((reading, silence))
        })
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

/// One call without repetition: for the token cache, which counts every attempt.
pub(crate) async fn once_through<E: Endpoint>(core: &Core, request: &E) -> Result<E::Reply, Error> {
    typed(core, request, &Options::default(), true).await
}

async fn run<E: Endpoint>(core: &Core, request: &E, options: &Options) -> Result<E::Reply, Error> {
    typed(core, request, options, false).await
}

async fn typed<E: Endpoint>(
    core: &Core,
    request: &E,
    options: &Options,
    single: bool,
) -> Result<E::Reply, Error> {
    let mut plan = Plan::of(core, request, options, None)?;
    plan.single = single;
    let mut outcome = None;
    let mut judge =
        |head: Head<'_>, body: &[u8]| match envelope::read::<E::Reply>(&E::SPEC, head, body) {
            Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
            Ok(Outcome::Done(reply)) if !request.accepts(&reply) => Verdict::Unreadable(
                Unreadable::new("the answer lacks what was asked for", head, body),
            ),
            Ok(Outcome::Empty) if E::Reply::none().is_none() => {
                Verdict::Unreadable(Unreadable::new("the answer is empty", head, body))
            }
            Ok(found) => {
                outcome = Some(found);
                Verdict::Fine
            }
            Err(unreadable) => Verdict::Unreadable(unreadable),
        };
    let span = plan.span();
    exchange(core, &plan, &mut judge).instrument(span).await?;
    match outcome {
        Some(Outcome::Done(reply)) => Ok(reply),
        _ => E::Reply::none()
            .ok_or_else(|| named::<E>(Error::said(ErrorKind::Unreadable, "no reply"))),
    }
}

type Judge<'j> = dyn FnMut(Head<'_>, &[u8]) -> Verdict + Send + 'j;

/// Attempt by attempt, until there is an answer or a reason to stop.
async fn exchange(core: &Core, plan: &Plan<'_>, judge: &mut Judge<'_>) -> Result<Reading, Error> {
    let (spec, policy) = (plan.spec, &core.config.policy);
    let start = core.clock.now();
    let elapsed = || core.clock.now().duration_since(start).unwrap_or_default();
    let (mut attempts, mut renewed, mut unknown) = (0, false, false);
    let mut pauses = None;
    let mut last: Option<Error> = None;
    let error = loop {
        let ended = match attempt::attempt(core, plan, judge, &mut attempts).await {
            Ok(reading) => {
                plan.finished(core, None, attempts, elapsed());
                return Ok(reading);
            }
            Err(ended) => ended,
        };
        let Ended::Failed { ending, error, bearer, retry_after } = ended else {
            let before = ended.into_error();
            // No window for another try: what went wrong is still the attempt that was made.
            break match last {
                Some(failed) if before.kind() == ErrorKind::Paced => failed,
                _ => before,
            };
        };
        let decision = retry::decide(spec.repeat, ending, renewed, unknown);
        unknown |= matches!(ending, retry::Ending::Unknown | retry::Ending::ServerError);
        let more = !plan.single && policy.allows(attempts, elapsed());
        let error = match limited(core, plan, ending, retry_after) {
            Ok(ready_in) => error.ready(ready_in),
            Err(store) => break store,
        };
        let pause = match decision {
            Decision::Again if more => pauses.get_or_insert_with(|| policy.pauses()).next(),
            Decision::Pace if more => error.ready_in().filter(|wait| plan.waits(*wait)),
            Decision::Renew if !plan.single => {
                renewed = true;
                if let Some(generation) = bearer {
                    core.credentials.reject(generation).await;
                }
                Some(Duration::ZERO)
            }
            _ => None,
        };
        let Some(after) = pause else {
            if let (Some(generation), Some(refusal)) = (bearer, error.refusal())
                && envelope::is_stale(refusal.message())
            {
                // This call stops; the next one begins with a new token.
                core.credentials.reject(generation).await;
            }
            break error
                .uncertain(decision == Decision::StopUnknown, plan.reference.as_deref())
                .reached(ending == retry::Ending::Unreadable);
        };
        last = (decision == Decision::Again).then_some(error);
        core.observer.on(&Event::Repeating { spec, attempt: attempts, after });
        tokio::time::sleep(after).await;
    };
    let error = error.reached(unknown).named(spec.name, attempts, elapsed());
    plan.finished(core, Some(&error), attempts, elapsed());
    Err(error)
}

/// The service says that the limit is used up: pushes the window forward, and says when it opens.
fn limited(
    core: &Core,
    plan: &Plan<'_>,
    ending: retry::Ending,
    retry_after: Option<Duration>,
) -> Result<Option<Duration>, Error> {
    if ending != retry::Ending::Refused(crate::core::error::Reason::TooManyRequests) {
        return Ok(None);
    }
    let rate: Rate = plan.spec.rate;
    // No `Retry-After` was ever seen; the window's full length is the wait that is never too short.
    let published = rate.limit().map_or(60, |(_, seconds)| u64::from(seconds));
    let wait = retry_after.unwrap_or(Duration::from_secs(published));
    if rate.limit().is_some() {
        core.pacer.push_back(rate, wait, &*core.clock)?;
    }
    Ok(Some(wait))
}

/// Any endpoint by its description, without a request type: the way to what this crate does not know yet.
///
/// Fields travel where the description says, with the client's credential, limits and errors; the reply is the whole
/// answer.
///
/// ```
/// # async fn run() -> Result<(), ozonetel_sdk::Error> {
/// # let sim = ozonetel_sim::Sim::start();
/// # let client = sim.client();
/// use ozonetel_sdk::endpoint::{Endpoint, Payload, Spec};
/// static SPEC: Spec = {
///     let mut spec = ozonetel_sdk::disposition::ListDispositions::SPEC;
///     spec.envelope.payload = Payload::Whole;
///     spec
/// };
/// let answer = client.raw(&SPEC, [("action", "get")]).await?;
/// assert_eq!(answer["status"], "Success");
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Client {
    /// Sends fields to any endpoint by its description and hands back the payload as JSON.
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
        let plan = Plan::raw(&self.core, spec, sent);
        let mut reply = Value::Null;
        let mut judge =
            |head: Head<'_>, body: &[u8]| match envelope::read::<Value>(spec, head, body) {
                Ok(Outcome::Refused(refusal)) => Verdict::Refused(refusal),
                Ok(Outcome::Done(value)) => {
                    reply = value;
                    Verdict::Fine
                }
                Ok(Outcome::Empty) => Verdict::Fine,
                Err(unreadable) => Verdict::Unreadable(unreadable),
            };
        let span = plan.span();
        exchange(&self.core, &plan, &mut judge).instrument(span).await?;
        Ok(reply)
    }
}

#[cfg(test)]
mod tests;
