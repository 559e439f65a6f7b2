//! The steps of a call, in order; each is in the file of its name.
//!
//! prepare · wait for the limit · resolve the credential · sign · send · read · judge · decide

use tracing::Instrument;

use super::answer::ResponseReader;
use super::decide::{self, NextStep};
use super::judge::{self, AttemptError, Judge};
use super::prepare::PreparedCall;
use super::progress::CallProgress;
use super::{limit, send, sign};
use crate::core::error::Error;
use crate::core::pace::Sent;
use crate::core::rows::Segment;
use crate::core::transport::Outgoing;

/// An answer to return.
pub(super) enum Received {
    /// Complete and judged; the call is over.
    Whole(String),
    /// The first row is there and more may follow: the call continues.
    Rows(String, Box<ResponseReader>),
}

/// Attempt by attempt, until there is an answer or a reason to stop.
pub(super) async fn send_with_retries(
    call: &PreparedCall<'_>,
    progress: &mut CallProgress<'_>,
    judge: &mut Judge<'_>,
) -> Result<Received, Error> {
    let span = progress.span.clone();
    let attempts = async {
        loop {
            let failed = match send_once(call, progress, judge).await {
                Ok(received) => {
                    if let Received::Whole(_) = received {
                        progress.succeeded();
                    }
                    return Ok(received);
                }
                Err(failed) => failed,
            };
            match decide::decide(progress, failed).await {
                NextStep::Again(after) => {
                    progress.repeating(after);
                    tokio::time::sleep(after).await;
                }
                NextStep::Stop(error) => return Err(progress.failed(error)),
            }
        }
    };
    attempts.instrument(span).await
}

/// A request that may go out now: signed, and counted from this moment on.
async fn signed_in_time(
    call: &PreparedCall<'_>,
    progress: &mut CallProgress<'_>,
) -> Result<Box<Outgoing>, AttemptError> {
    loop {
        let permit = limit::wait(progress).await?;
        let signed = match sign::credential(progress).await {
            Ok(credential) => sign::sign(progress, call, &credential),
            Err(error) => Err(error),
        };
        let in_time = || progress.in_time().map_err(AttemptError::BeforeSending);
        let signed = signed.and_then(|request| in_time().map(|()| request));
        let request = match signed {
            Ok(request) => request,
            Err(error) => {
                permit.give_back(progress.total).await;
                return Err(error);
            }
        };
        if limit::sent(progress, permit).await? == Sent::Now {
            // Keeping the count may have taken a while as well.
            in_time()?;
            return Ok(request);
        }
    }
}

/// One attempt, up to the first row or the end of the answer.
async fn send_once(
    call: &PreparedCall<'_>,
    progress: &mut CallProgress<'_>,
    judge: &mut Judge<'_>,
) -> Result<Received, AttemptError> {
    let request = signed_in_time(call, progress).await?;
    let mut answer = send::send(progress, call, request).await?;
    let read = answer.next().await;
    progress.landed();
    match judge::classify(call.spec, &answer, read, judge).map_err(AttemptError::Failed)? {
        Segment::End(body) => Ok(Received::Whole(body)),
        Segment::Row(first) => Ok(Received::Rows(first, Box::new(answer))),
    }
}
