//! Requests that wait for their reply, and what is remembered of those that no longer do.

use crate::mdl::token::{Token, Utid};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How many settled requests without a reply are remembered, so that a late one is recognised.
const OVERDUE: usize = 256;

/// How many of our own pings are remembered.
const PINGS: usize = 16;

#[derive(Debug)]
pub(super) struct PendingRequest {
    pub(super) ticket: u64,
    pub(super) request: Token,
    pub(super) due: Duration,
}

/// Whose reply it is.
#[derive(Debug)]
pub(super) enum ReplyMatch {
    /// A request's that waits.
    First(Utid, PendingRequest),
    /// A request's that was settled without one.
    Late,
    /// A request's that had its reply.
    Again,
    /// A ping's.
    Ping,
    /// To nothing that was sent here.
    Stranger,
}

#[derive(Debug, Default)]
pub(super) struct Replies {
    last: u64,
    pending: BTreeMap<u64, PendingRequest>,
    overdue: VecDeque<u64>,
    pings: VecDeque<u64>,
}

impl Replies {
    pub(super) fn next(&mut self) -> Utid {
        self.last += 1;
        Utid(self.last)
    }

    pub(super) fn ping(&mut self) -> Utid {
        let utid = self.next();
        remember(&mut self.pings, utid.get(), PINGS);
        utid
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn expect(&mut self, utid: Utid, pending: PendingRequest) {
        self.pending.insert(utid.get(), pending);
    }

    /// Ids are compared as text: `07` is not `7`.
    pub(super) fn take(&mut self, reply: &Token) -> ReplyMatch {
        let text = reply.utid();
        let number = text
            .as_deref()
            .and_then(|text| text.parse::<u64>().ok().filter(|number| number.to_string() == text));
        let Some(number) = number.filter(|number| (1..=self.last).contains(number)) else {
            return ReplyMatch::Stranger;
        };
        if let Some(pending) = self.pending.remove(&number) {
            return ReplyMatch::First(Utid(number), pending);
        }
        if let Some(at) = self.pings.iter().position(|ping| *ping == number) {
            self.pings.remove(at);
            return ReplyMatch::Ping;
        }
        if let Some(at) = self.overdue.iter().position(|late| *late == number) {
            self.overdue.remove(at);
            return ReplyMatch::Late;
        }
        ReplyMatch::Again
    }

    /// Those whose time is up.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(Utid, PendingRequest)> {
        let due: Vec<u64> =
            self.pending.iter().filter(|(_, p)| p.due <= now).map(|(utid, _)| *utid).collect();
        due.into_iter().filter_map(|utid| self.give_up(utid)).collect()
    }

    /// All of them.
    pub(super) fn drain(&mut self) -> Vec<(Utid, PendingRequest)> {
        let all: Vec<u64> = self.pending.keys().copied().collect();
        all.into_iter().filter_map(|utid| self.give_up(utid)).collect()
    }

    pub(super) fn first_due(&self) -> Option<Duration> {
        self.pending.values().map(|pending| pending.due).min()
    }

    fn give_up(&mut self, utid: u64) -> Option<(Utid, PendingRequest)> {
        let pending = self.pending.remove(&utid)?;
        remember(&mut self.overdue, utid, OVERDUE);
        Some((Utid(utid), pending))
    }
}

fn remember(ring: &mut VecDeque<u64>, utid: u64, limit: usize) {
    if ring.len() == limit {
        ring.pop_front();
    }
    ring.push_back(utid);
}
