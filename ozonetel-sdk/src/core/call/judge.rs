//! Step 7, judge: the result of an attempt is an answer to return, or a failure of a known kind.

use std::time::Duration;

use http::StatusCode;

use super::answer::{ReadError, ResponseReader};
use crate::core::endpoint::{Repeat, Spec};
use crate::core::envelope::TOO_LARGE;
use crate::core::error::{Error, ErrorKind, Reason, Refusal, ResponseHead, Unreadable};
use crate::core::reason;
use crate::core::retry::AttemptOutcome;
use crate::core::rows::{Segment, SplitError};
use crate::core::transport::{Failure, SendStage};

/// What the typed half decides about an answer.
pub(super) enum Verdict {
    Fine,
    Refused(Refusal),
    Unreadable(Unreadable),
}

/// The typed half: reads an answer that is complete.
pub(super) type Judge<'j> = dyn FnMut(ResponseHead<'_>, &str) -> Verdict + Send + 'j;

/// Why an attempt brought no answer to return.
pub(super) enum AttemptError {
    /// Nothing was sent; final.
    BeforeSending(Error),
    /// It was handed to the transport.
    Failed(FailedAttempt),
}

/// An attempt that was handed to the transport and failed.
pub(super) struct FailedAttempt {
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Error,
    pub(super) retry_after: Option<Duration>,
}

/// Distinguishes a row and a success from everything else. The same for the first row, for the last, and for an answer that
/// is read whole.
pub(super) fn classify(
    spec: &Spec,
    answer: &ResponseReader,
    read: Result<Segment, ReadError>,
    judge: &mut Judge<'_>,
) -> Result<Segment, FailedAttempt> {
    let (head, status) = (answer.head(), answer.head().status);
    let fail = |outcome, error| FailedAttempt { outcome, error, retry_after: answer.retry_after };
    let unreadable = |what, body: &str| {
        let error = Error::unread(Unreadable::new(what, head, body.as_bytes()));
        fail(AttemptOutcome::Unreadable, error)
    };
    let read = match read {
        Err(ReadError::Lost(failure)) => {
            let (outcome, error) = lost(failure, Some(head), &answer.remains());
            return Err(fail(outcome, error));
        }
        Err(ReadError::Split(error)) => Err((error, answer.remains())),
        Ok(segment) => Ok(segment),
    };
    if status.is_server_error() {
        let excerpt = match &read {
            Ok(Segment::Row(text) | Segment::End(text)) => text,
            Err((_, text)) => &**text,
        };
        let error = Error::unread(Unreadable::new("the service failed", head, excerpt.as_bytes()));
        return Err(fail(AttemptOutcome::ServerError, error));
    }
    match read {
        Ok(Segment::Row(row)) if status.is_success() => Ok(Segment::Row(row)),
        Ok(Segment::Row(row)) => Err(unreadable("rows under an HTTP status of failure", &row)),
        Ok(Segment::End(body)) => match judge(head, &body) {
            Verdict::Fine if status.is_success() => Ok(Segment::End(body)),
            Verdict::Fine => Err(unreadable("a success under an HTTP status of failure", &body)),
            Verdict::Refused(refusal) => {
                Err(fail(refused(spec, &refusal, answer.with_token), Error::refused(refusal)))
            }
            // What may happen only once may have happened before something on the way said 429.
            Verdict::Unreadable(unread)
                if status == StatusCode::TOO_MANY_REQUESTS && spec.repeat == Repeat::Safe =>
            {
                let refusal = Refusal::new(Reason::TooManyRequests, "", unread.status());
                let outcome = AttemptOutcome::Refused(Reason::TooManyRequests);
                Err(fail(outcome, Error::refused(refusal)))
            }
            Verdict::Unreadable(unread) => {
                Err(fail(AttemptOutcome::Unreadable, Error::unread(unread)))
            }
        },
        Err((SplitError::TooLarge(_), kept)) => Err(unreadable(TOO_LARGE, &kept)),
        Err((SplitError::Shape, kept)) => {
            Err(unreadable("the answer's brackets do not match", &kept))
        }
    }
}

/// An operation that may happen only once takes the documented text alone as proof of an expired token.
fn refused(spec: &Spec, refusal: &Refusal, with_token: bool) -> AttemptOutcome {
    let text = refusal.message().trim();
    let stale = text == reason::EXPIRED || (spec.repeat == Repeat::Safe && reason::is_stale(text));
    if with_token && stale {
        AttemptOutcome::Expired
    } else {
        AttemptOutcome::Refused(refusal.reason())
    }
}

/// No answer, or no more of it.
pub(super) fn transport_error(failure: Failure) -> AttemptError {
    let (outcome, error) = lost(failure, None, "");
    AttemptError::Failed(FailedAttempt { outcome, error, retry_after: None })
}

fn lost(failure: Failure, head: Option<ResponseHead<'_>>, kept: &str) -> (AttemptOutcome, Error) {
    let outcome = match failure.stage() {
        SendStage::NotSent => AttemptOutcome::NotSent,
        SendStage::Unknown => AttemptOutcome::Unknown,
    };
    let error = match head {
        // The head came and the body ended early: what is there is kept.
        Some(head) if !failure.timed_out() => {
            Error::unread(Unreadable::new("the answer is cut off", head, kept.as_bytes()))
        }
        _ => {
            let broke = failure.stage() == SendStage::Unknown && !failure.timed_out();
            let kind = if broke { ErrorKind::Closed } else { ErrorKind::Unreachable };
            Error::source_of(kind, failure.into_source())
        }
    };
    (outcome, error)
}
