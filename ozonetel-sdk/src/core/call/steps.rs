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
use crate::core::rows::Segment;

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

/// One attempt, up to the first row or the end of the answer.
async fn send_once(
    call: &PreparedCall<'_>,
    progress: &mut CallProgress<'_>,
    judge: &mut Judge<'_>,
) -> Result<Received, AttemptError> {
    let permit = limit::wait(progress).await?;
    let credential = sign::credential(progress).await?;
    let request = sign::sign(progress, call, &credential)?;
    let mut answer = send::send(progress, call, permit, request).await?;
    let read = answer.next().await;
    progress.landed();
    match judge::classify(call.spec, &answer, read, judge).map_err(AttemptError::Failed)? {
        Segment::End(body) => Ok(Received::Whole(body)),
        Segment::Row(first) => Ok(Received::Rows(first, Box::new(answer))),
    }
}
