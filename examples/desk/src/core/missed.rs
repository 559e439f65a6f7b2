//! Missed calls: one entry per number, claimed by one agent at a time, closed when the number was reached.

use std::collections::BTreeSet;

use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};

use super::caller::agent_key;
use super::dial::number_key;

/// How long a claim holds unless it is renewed.
pub const CLAIM_MS: i64 = 10 * 60_000;

/// How many calls of one number are remembered.
const MOST_CALLS: usize = 256;

/// The missed calls of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedNumber {
    /// What all spellings of the number have in common.
    pub key: String,
    /// The number, as it was written last.
    pub number: PhoneNumber,
    /// The calls that were missed.
    pub calls: BTreeSet<String>,
    /// When the first of them was.
    pub first_ms: i64,
    /// When the last of them was.
    pub last_ms: i64,
    /// When the number was last reached.
    pub reached_ms: Option<i64>,
    /// When it was closed by hand, by whom and why.
    pub closed: Option<(i64, String, String)>,
    /// Who has claimed it, and until when.
    pub claim: Option<(String, i64)>,
    /// The dial that the claim was made for; none where the agent claimed it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_for: Option<String>,
    /// When it was noted that someone has to call back, by the clock of who noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_ms: Option<i64>,
}

fn is_same_agent(one: &str, other: &str) -> bool {
    agent_key(&one.into()) == agent_key(&other.into())
}

/// Who has claimed an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedByOther {
    /// The agent.
    pub agent: String,
    /// Until when.
    pub until_ms: i64,
}

impl MissedNumber {
    /// The first missed call of a number.
    pub fn new(number: PhoneNumber, call: impl Into<String>, at_ms: i64) -> Self {
        Self {
            key: number_key(&number),
            number,
            calls: BTreeSet::from([call.into()]),
            first_ms: at_ms,
            last_ms: at_ms,
            reached_ms: None,
            closed: None,
            claim: None,
            claimed_for: None,
            opened_ms: None,
        }
    }

    /// The same call may be told by several sources; it counts once.
    pub fn missed(&mut self, number: &PhoneNumber, call: &str, at_ms: i64) {
        self.calls.insert(call.to_owned());
        self.drop_calls();
        if at_ms >= self.last_ms {
            self.number = number.clone();
        }
        self.first_ms = self.first_ms.min(at_ms);
        self.last_ms = self.last_ms.max(at_ms);
    }

    /// There was a conversation with the number. Whoever was to call back has no more to do.
    pub fn reached(&mut self, at_ms: i64) {
        self.reached_ms = Some(self.reached_ms.map_or(at_ms, |known| known.max(at_ms)));
        if !self.is_open() {
            self.drop_claim();
        }
    }

    /// The conversation that was noted last was none: when the last one before it began.
    pub fn not_reached(&mut self, before_ms: Option<i64>) {
        self.reached_ms = before_ms;
    }

    /// Closes it by hand.
    pub fn close(&mut self, by: &str, why: &str, at_ms: i64) {
        self.closed = Some((at_ms, by.to_owned(), why.to_owned()));
        self.drop_claim();
    }

    /// Whether someone still has to call back: the last missed call is later than the last conversation.
    pub fn is_open(&self) -> bool {
        let closed = self.closed.as_ref().map(|(at, ..)| *at);
        [self.reached_ms, closed].into_iter().flatten().all(|done| done < self.last_ms)
    }

    /// Who has it now.
    pub fn claimed_by(&self, now_ms: i64) -> Option<&str> {
        self.claim.as_ref().filter(|(_, until)| now_ms < *until).map(|(agent, _)| agent.as_str())
    }

    /// Claims it, or renews one's claim.
    ///
    /// # Errors
    /// Another agent has it.
    pub fn claim(&mut self, agent: &str, now_ms: i64) -> Result<(), ClaimedByOther> {
        if let Some((other, until)) = &self.claim
            && now_ms < *until
            && !is_same_agent(other, agent)
        {
            return Err(ClaimedByOther { agent: other.clone(), until_ms: *until });
        }
        self.claim = Some((agent.to_owned(), now_ms.saturating_add(CLAIM_MS)));
        self.claimed_for = None;
        Ok(())
    }

    /// Claims it for a dial of an agent, or renews the claim that the agent has.
    ///
    /// # Errors
    /// Another agent has it.
    pub fn claim_for(
        &mut self,
        dial: &str,
        agent: &str,
        now_ms: i64,
    ) -> Result<(), ClaimedByOther> {
        let is_free = self.claimed_by(now_ms).is_none();
        let claimed_for = if is_free { Some(dial.to_owned()) } else { self.claimed_for.clone() };
        self.claim(agent, now_ms)?;
        self.claimed_for = claimed_for;
        Ok(())
    }

    /// Gives one's claim up. Whether there was one.
    pub fn release(&mut self, agent: &str) -> bool {
        let is_own = self.claim.as_ref().is_some_and(|(own, _)| is_same_agent(own, agent));
        if is_own {
            self.drop_claim();
        }
        is_own
    }

    /// Gives up the claim that was made for a dial, unless its agent has claimed it by hand since. Whether there was one.
    pub fn release_for(&mut self, dial: &str) -> bool {
        let is_its = self.claimed_for.as_deref() == Some(dial);
        if is_its {
            self.drop_claim();
        }
        is_its
    }

    /// What is known of one number under two keys: the calls of both, what was last done about either, and the claim that
    /// holds longer.
    pub fn joined(mut self, mut other: Self) -> Self {
        let open = [&self, &other].into_iter().filter(|one| one.is_open());
        let opened_ms = open.filter_map(|one| one.opened_ms).min();
        if other.last_ms > self.last_ms {
            self.number = other.number;
        }
        self.calls.append(&mut other.calls);
        self.drop_calls();
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.reached_ms = self.reached_ms.max(other.reached_ms);
        self.closed = self.closed.max(other.closed);
        let until = |claim: &Option<(String, i64)>| claim.as_ref().map(|(_, until)| *until);
        if until(&other.claim) > until(&self.claim) {
            (self.claim, self.claimed_for) = (other.claim, other.claimed_for);
        }
        self.opened_ms = opened_ms.or(self.opened_ms).or(other.opened_ms);
        if !self.is_open() {
            self.drop_claim();
        }
        self
    }

    fn drop_calls(&mut self) {
        while self.calls.len() > MOST_CALLS {
            self.calls.pop_first();
        }
    }

    fn drop_claim(&mut self) {
        self.claim = None;
        self.claimed_for = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> PhoneNumber {
        PhoneNumber::from("9000000001")
    }

    #[test]
    fn one_agent_at_a_time() {
        let mut entry = MissedNumber::new(number(), "1", 10);
        assert_eq!(entry.claim("agent01", 0), Ok(()));
        let refused = entry.claim("agent02", 1).unwrap_err();
        assert_eq!((refused.agent.as_str(), refused.until_ms), ("agent01", CLAIM_MS));
        assert_eq!(entry.claim("agent01", 2), Ok(()), "renewed");
        assert!(!entry.release("agent02"));
        assert_eq!(entry.claim("agent02", CLAIM_MS + 2), Ok(()), "the claim ran out");
        assert!(entry.release("agent02"));
        assert_eq!(entry.claimed_by(CLAIM_MS + 3), None);
    }

    #[test]
    fn an_agent_is_the_same_one_in_every_spelling() {
        let mut entry = MissedNumber::new(number(), "1", 10);
        for (claims, again, releases) in [("agent01", "AGENT01", "Agent01"), ("43", "043", "0043")]
        {
            assert_eq!(entry.claim(claims, 0), Ok(()));
            assert_eq!(entry.claim(again, 1), Ok(()), "{again}");
            assert!(entry.claim("agent02", 2).is_err());
            assert!(entry.release(releases), "{releases}");
        }
    }

    #[test]
    fn the_claim_of_a_dial_is_given_up_with_it_and_ones_own_is_not() {
        let mut entry = MissedNumber::new(number(), "1", 10);
        entry.claim_for("d1", "agent01", 0).unwrap();
        assert!(entry.claim_for("d2", "agent02", 1).is_err());
        entry.claim_for("d3", "Agent01", 2).unwrap();
        assert!(!entry.release_for("d3"));
        assert_eq!(entry.claimed_by(3), Some("Agent01"), "it was made for the first");
        assert!(entry.release_for("d1"));
        assert_eq!((entry.claimed_by(3), &entry.claimed_for), (None, &None));
        entry.claim_for("d4", "agent01", 4).unwrap();
        entry.claim("agent01", 5).unwrap();
        assert!(!entry.release_for("d4"));
        assert_eq!(entry.claimed_by(6), Some("agent01"), "by hand since");
        entry.claim_for("d5", "agent02", 5 + CLAIM_MS).unwrap();
        entry.claim_for("d6", "agent01", 5 + 2 * CLAIM_MS).unwrap();
        assert!(!entry.release_for("d5"));
        assert_eq!(entry.claimed_by(6 + 2 * CLAIM_MS), Some("agent01"), "the first ran out");
    }

    #[test]
    fn a_call_told_twice_counts_once_and_a_later_one_opens_it_again() {
        let mut entry = MissedNumber::new(number(), "1", 10);
        entry.missed(&number(), "1", 10);
        assert_eq!(entry.calls.len(), 1);
        entry.claim("agent01", 11).unwrap();
        entry.reached(9);
        assert!(entry.is_open() && entry.claimed_by(12) == Some("agent01"));
        entry.reached(20);
        assert!(!entry.is_open() && entry.claimed_by(21).is_none());
        entry.missed(&PhoneNumber::from("+919000000001"), "2", 30);
        assert!(entry.is_open());
        assert_eq!(entry.key, "919000000001");
        entry.close("agent01", "wrong number", 31);
        assert!(!entry.is_open());
    }

    #[test]
    fn two_of_one_number_become_one_and_lose_nothing() {
        let of = |text: &str, call: &str, at| MissedNumber::new(text.into(), call, at);
        let mut one = of("9000000001", "1", 10);
        (one.opened_ms, one.closed) = (Some(11), Some((5, "agent01".into(), "spam".into())));
        one.claim_for("d1", "agent01", 20).unwrap();
        let mut other = of("9000000001.0", "2", 12);
        (other.opened_ms, other.reached_ms) = (Some(13), Some(7));
        other.claim("agent02", 30).unwrap();
        other.missed(&"9000000001.0".into(), "3", 4);
        for joined in [one.clone().joined(other.clone()), other.clone().joined(one.clone())] {
            assert!(joined.calls.iter().eq(["1", "2", "3"]));
            assert_eq!((joined.first_ms, joined.last_ms, joined.opened_ms), (4, 12, Some(11)));
            assert_eq!((joined.reached_ms, &joined.closed), (Some(7), &one.closed));
            assert_eq!((joined.number.as_str(), joined.is_open()), ("9000000001.0", true));
            assert_eq!((joined.claimed_by(31), &joined.claimed_for), (Some("agent02"), &None));
        }
        // Who was reached on either is reached, and no one has to call.
        other.reached(40);
        let joined = one.joined(other);
        assert_eq!((joined.is_open(), joined.claimed_by(31)), (false, None));
    }

    #[test]
    fn what_was_closed_does_not_make_the_open_one_older() {
        let mut closed = MissedNumber::new(number(), "1", 10);
        closed.opened_ms = Some(10);
        closed.reached(15);
        let mut open = MissedNumber::new(number(), "2", 20);
        open.opened_ms = Some(21);
        let joined = open.joined(closed);
        assert_eq!((joined.is_open(), joined.opened_ms), (true, Some(21)));
    }

    proptest! {
        /// Missed calls and conversations may be told in any order and repeatedly.
        #[test]
        fn the_order_of_news_does_not_matter(
            news in prop::collection::vec((any::<bool>(), 0_i64..50), 1..20), turn in 0_usize..20,
        ) {
            let tell = |news: &[(bool, i64)]| {
                let mut entry = MissedNumber::new(number(), "0", 0);
                for (missed, at) in news {
                    if *missed { entry.missed(&number(), &at.to_string(), *at) } else { entry.reached(*at) }
                }
                entry
            };
            let mut other = news.clone();
            other.rotate_left(turn % news.len());
            other.extend(news.clone());
            prop_assert_eq!(tell(&news), tell(&other));
            let last = |kind: bool| news.iter().filter(|(missed, _)| *missed == kind).map(|(_, at)| *at).max();
            let open = last(false).is_none_or(|reached| reached < last(true).unwrap_or(0));
            prop_assert_eq!(tell(&news).is_open(), open);
        }
    }
}
