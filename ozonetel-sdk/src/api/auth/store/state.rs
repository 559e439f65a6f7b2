//! What a store keeps, in a form that can be written to a file. No I/O, no clock.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::StoredToken;
use crate::api::auth::TokenFailures;
use crate::core::clock::unix_millis;
use crate::core::endpoint::Rate;
use crate::core::pace::{RateLimit, RateWindow};
use crate::types::secret::Secret;

/// The token, its times of issue, and the lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    token: Option<Plain>,
    expires_at_ms: Option<u64>,
    issued: RateWindow,
    #[serde(default)]
    failed: TokenFailures,
    /// Who holds the lease, and until when.
    held: Option<(u64, u64)>,
    /// The holder was let in although the one before it lives: nothing but the time shows whether it lives itself.
    #[serde(default)]
    unseen: bool,
    next: u64,
}

/// A token on its way into a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Plain(String);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// What is known about the holder of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// None lives: the operating system says so.
    Gone,
    /// One may live.
    MayLive,
}

impl State {
    /// What stands for a state that was lost: no token, and none to be asked for.
    pub(super) fn used_up(now: SystemTime) -> Self {
        let limit = Rate::Token.limit().unwrap_or((10, 3600));
        let issued = RateWindow::used_up(RateLimit::published(limit), now);
        Self { issued, ..Self::default() }
    }

    pub(super) fn stored(&self) -> StoredToken {
        StoredToken {
            token: self.token.as_ref().map(|token| Secret::from(token.0.as_str())),
            expires_at: self
                .expires_at_ms
                .and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms))),
            issued: self.issued.clone(),
            failed: self.failed,
        }
    }

    /// Takes the lease for the next holder, if it is free: given back, run out, or its holder gone. A lease lasts no
    /// longer than `ttl` from now on, whatever time it names: its clock may have been set back since.
    pub(super) fn take(&mut self, now: SystemTime, ttl: Duration, holder: Holder) -> Option<u64> {
        self.issued.pull_in(now);
        self.failed.pull_in(now);
        let now = unix_millis(now);
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let latest = now.saturating_add(ttl);
        if let Some((_, until)) = &mut self.held {
            *until = (*until).min(latest);
            let gone = holder == Holder::Gone && !self.unseen;
            if *until > now && !gone {
                return None;
            }
        }
        self.unseen = holder == Holder::MayLive;
        self.next = self.next.wrapping_add(1);
        self.held = Some((self.next, latest));
        Some(self.next)
    }

    /// Keeps what the holder saves; false if it holds the lease no more.
    pub(super) fn save(&mut self, id: u64, stored: &StoredToken) -> bool {
        let holds = self.holds(id);
        if holds {
            self.token = stored.token.as_ref().map(|token| Plain(token.reveal().to_owned()));
            self.expires_at_ms = stored.expires_at.map(unix_millis);
            self.issued = stored.issued.clone();
            self.failed = stored.failed;
        }
        holds
    }

    /// Gives the lease back.
    pub(super) fn release(&mut self, id: u64) {
        if self.holds(id) {
            self.held = None;
        }
    }

    fn holds(&self, id: u64) -> bool {
        self.held.is_some_and(|(holder, _)| holder == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(90);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_lease_of_a_holder_that_is_gone_is_free_at_once() {
        let mut state = State::default();
        let dead = state.take(at(1000), TTL, Holder::Gone).unwrap();
        assert_eq!(state.take(at(1001), TTL, Holder::MayLive), None);
        let next = state.take(at(1001), TTL, Holder::Gone).unwrap();
        assert!(!state.save(dead, &StoredToken::default()));
        assert!(state.save(next, &StoredToken::default()));
        state.release(dead);
        assert_eq!(state.take(at(1002), TTL, Holder::MayLive), None, "it was not the dead one's");
        state.release(next);
        assert!(state.take(at(1002), TTL, Holder::MayLive).is_some());
    }

    #[test]
    fn who_was_let_in_beside_a_stopped_holder_is_not_taken_for_gone() {
        let mut state = State::default();
        state.take(at(1000), TTL, Holder::Gone).unwrap();
        let second = state.take(at(1090), TTL, Holder::MayLive).unwrap();
        // The stopped one goes on, and what showed that it lives is free now.
        assert_eq!(state.take(at(1091), TTL, Holder::Gone), None);
        assert!(state.save(second, &StoredToken::default()));
        assert!(state.take(at(1180), TTL, Holder::Gone).is_some());
    }

    #[test]
    fn a_lease_from_the_future_is_pulled_in_once_and_for_all() {
        let mut state = State { held: Some((7, u64::MAX)), next: u64::MAX, ..State::default() };
        assert_eq!(state.take(at(1000), TTL, Holder::MayLive), None);
        assert_eq!(state.take(at(1089), TTL, Holder::MayLive), None);
        assert_eq!(state.take(at(1090), TTL, Holder::MayLive), Some(0));
    }

    #[test]
    fn what_was_lost_counts_as_ten_tokens_and_debug_shows_none() {
        let state = State::used_up(at(1000));
        let ten = RateLimit::published((10, 3600));
        assert_eq!(state.stored().issued.ready_in(ten, at(1000)), Duration::from_secs(3600));
        assert!(serde_json::from_str::<State>("{}").is_err(), "nothing is not a state");
        let state = State { token: Some(Plain("tok-secret".to_owned())), ..state };
        assert!(!format!("{state:?} {:?}", state.stored()).contains("tok-secret"));
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    }
}
