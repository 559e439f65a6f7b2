//! Step 8, decide: after a failed attempt there is another one, or the call ends with its error.

use std::time::Duration;

use super::judge::{AttemptError, FailedAttempt};
use super::progress::CallProgress;
use super::{limit, sign};
use crate::core::error::{Error, ErrorKind};
use crate::core::pace::Patience;
use crate::core::reason;
use crate::core::retry::{self, AttemptOutcome, RetryDecision};

/// What follows a failed attempt.
pub(super) enum NextStep {
    /// Another attempt after a pause.
    Again(Duration),
    /// The call is over.
    Stop(Error),
}

/// Once more, or the error that the call ends with.
pub(super) async fn decide(progress: &mut CallProgress<'_>, failed: AttemptError) -> NextStep {
    let failed = match failed {
        AttemptError::Failed(failed) => failed,
        // No window for another attempt: what went wrong is still the attempt that was made.
        AttemptError::BeforeSending(error) => {
            let last = progress.retries.last.take();
            let paced = error.kind() == ErrorKind::Paced;
            return NextStep::Stop(last.filter(|_| paced).unwrap_or(error));
        }
    };
    let (decision, failed) = weigh(progress, failed).await;
    match pause(progress, decision, &failed.error).await {
        Some(after) => {
            progress.retries.last = (decision == RetryDecision::Again).then_some(failed.error);
            NextStep::Again(after)
        }
        None => NextStep::Stop(give_up(progress, decision, failed).await),
    }
}

/// The error that the call ends with: after the first row nothing is sent again.
pub(super) async fn stop(progress: &mut CallProgress<'_>, failed: FailedAttempt) -> Error {
    let (decision, failed) = weigh(progress, failed).await;
    give_up(progress, decision, failed).await
}

/// What follows every failed attempt, repeated or not: the table's decision, and a window pushed forward.
async fn weigh(
    progress: &mut CallProgress<'_>,
    mut failed: FailedAttempt,
) -> (RetryDecision, FailedAttempt) {
    let (renewed, unknown) = (progress.retries.renewed, progress.retries.unknown);
    let decision = retry::decide(progress.spec.repeat, failed.outcome, renewed, unknown);
    progress.retries.unknown |=
        matches!(failed.outcome, AttemptOutcome::Unknown | AttemptOutcome::ServerError);
    if decision == RetryDecision::StopUnknown {
        progress.left_open();
    }
    let ready_in = limit::push_back(progress, &failed).await;
    failed.error = failed.error.ready(ready_in);
    (decision, failed)
}

/// The pause before another attempt, if there is one.
async fn pause(
    progress: &mut CallProgress<'_>,
    decision: RetryDecision,
    error: &Error,
) -> Option<Duration> {
    if progress.retries.forbidden {
        return None;
    }
    let policy = &progress.core.config.policy;
    let more = policy.allows(progress.attempts(), progress.elapsed());
    match decision {
        RetryDecision::Again if more => {
            progress.retries.pauses.get_or_insert_with(|| policy.pauses()).next()
        }
        RetryDecision::Pace if more => error.ready_in().filter(|wait| match progress.patience {
            Patience::Wait => true,
            Patience::Until(most) => *wait <= most,
            Patience::Never => false,
        }),
        RetryDecision::Renew => {
            progress.retries.renewed = true;
            sign::reject(progress).await;
            Some(Duration::ZERO)
        }
        _ => None,
    }
}

async fn give_up(
    progress: &CallProgress<'_>,
    decision: RetryDecision,
    FailedAttempt { outcome, error, .. }: FailedAttempt,
) -> Error {
    if error.refusal().is_some_and(|refusal| reason::is_stale(refusal.message())) {
        // This call stops; the next one begins with a new token.
        sign::reject(progress).await;
    }
    error
        .uncertain(decision == RetryDecision::StopUnknown, progress.reference())
        .reached(outcome == AttemptOutcome::Unreadable)
        .signed_as(progress.mode)
}
