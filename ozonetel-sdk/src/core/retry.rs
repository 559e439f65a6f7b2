//! Whether to try again: one pure function, one table.

use std::time::Duration;

use backon::BackoffBuilder;

use crate::core::endpoint::Repeat;
use crate::core::error::Reason;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// Provably nothing left this machine: name lookup, connect, TLS.
    NotSent,
    /// The connection ended, or time ran out, without an answer.
    Unknown,
    /// An answer with HTTP 5xx.
    ServerError,
    /// An answer that is not the service's envelope, or does not decode.
    Unreadable,
    /// The service refused.
    Refused(Reason),
    /// The documented text of an expired token, to the letter, and a token of ours was presented.
    Expired,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Stop; the outcome is known.
    Stop,
    /// Stop; the operation may have happened.
    StopUnknown,
    /// Again after a pause.
    Again,
    /// Again when the published limit allows.
    Pace,
    /// Again with a new token; at most once per call.
    Renew,
}

/// How often and how long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// No new attempt after this long.
    pub elapsed: Duration,
    /// The first pause; each further one doubles, with jitter.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self {
            attempts: 3,
            elapsed: Duration::from_secs(60),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            seed: RandomState::new().hash_one(0_u8),
        }
    }
}

impl RetryPolicy {
    /// The pauses between attempts, in order.
    pub fn pauses(&self) -> Pauses {
        let pauses = backon::ExponentialBuilder::default()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX))
            .with_jitter()
            .with_jitter_seed(self.seed)
            .build();
        Pauses(pauses)
    }

    /// Whether another attempt is within bounds.
    pub fn allows(&self, attempts: u32, elapsed: Duration) -> bool {
        attempts < self.attempts && elapsed < self.elapsed
    }
}

/// The pauses between attempts, in order.
#[derive(Debug)]
pub struct Pauses(backon::ExponentialBackoff);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next()
    }
}

/// The table. `renewed` says that this call had its new token already; `unknown_before` that an earlier attempt of
/// the same call ended without its outcome being known.
pub(crate) fn decide(
    repeat: Repeat,
    outcome: AttemptOutcome,
    renewed: bool,
    unknown_before: bool,
) -> RetryDecision {
    use RetryDecision::{Again, Pace, Renew, Stop, StopUnknown};
    let once = repeat == Repeat::Once;
    match outcome {
        AttemptOutcome::Unknown | AttemptOutcome::ServerError | AttemptOutcome::Unreadable
            if once =>
        {
            StopUnknown
        }
        AttemptOutcome::NotSent | AttemptOutcome::Unknown | AttemptOutcome::ServerError => Again,
        // A refusal that follows an unknown attempt says nothing about that attempt.
        AttemptOutcome::Refused(_) | AttemptOutcome::Expired if once && unknown_before => {
            StopUnknown
        }
        AttemptOutcome::Expired if !renewed => Renew,
        AttemptOutcome::Refused(Reason::TooManyRequests) if !once => Pace,
        AttemptOutcome::Unreadable | AttemptOutcome::Refused(_) | AttemptOutcome::Expired => Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        use AttemptOutcome::{Expired, NotSent, Refused, ServerError, Unknown, Unreadable};
        use RetryDecision::{Again, Pace, Renew, Stop, StopUnknown};
        let rows = [
            (NotSent, Again, Again),
            (Unknown, Again, StopUnknown),
            (ServerError, Again, StopUnknown),
            (Unreadable, Stop, StopUnknown),
            (Refused(Reason::TooManyRequests), Pace, Stop),
            (Expired, Renew, Renew),
            (Refused(Reason::TokenExpired), Stop, Stop),
            (Refused(Reason::BadCredentials), Stop, Stop),
            (Refused(Reason::Other), Stop, Stop),
        ];
        for (outcome, safe, once) in rows {
            assert_eq!(decide(Repeat::Safe, outcome, false, false), safe, "{outcome:?}");
            assert_eq!(decide(Repeat::Once, outcome, false, false), once, "{outcome:?}");
        }
        assert_eq!(decide(Repeat::Safe, Expired, true, false), Stop);
        assert_eq!(decide(Repeat::Once, Expired, true, false), Stop);
    }

    #[test]
    fn a_refusal_after_an_unknown_attempt_stays_unknown() {
        for outcome in [
            AttemptOutcome::Expired,
            AttemptOutcome::Refused(Reason::NotAllowed),
            AttemptOutcome::Refused(Reason::TooManyRequests),
        ] {
            assert_eq!(decide(Repeat::Once, outcome, false, true), RetryDecision::StopUnknown);
        }
    }

    #[test]
    fn pauses_grow_are_bounded_and_repeat_with_their_seed() {
        let policy = RetryPolicy { attempts: 6, seed: 7, ..RetryPolicy::default() };
        let pauses: Vec<_> = policy.pauses().collect();
        assert_eq!(pauses.len(), 5);
        assert_eq!(pauses, policy.pauses().collect::<Vec<_>>());
        assert!(pauses.iter().all(|p| *p <= policy.longest_pause * 2 && *p >= policy.first_pause));
        assert!(policy.allows(5, Duration::ZERO) && !policy.allows(6, Duration::ZERO));
        assert!(!policy.allows(1, Duration::from_secs(60)));
    }
}
