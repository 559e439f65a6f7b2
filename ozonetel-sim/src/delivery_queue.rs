//! Pushes on their way out: hit by faults, due at a time, counted. The server sends them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::faults::{Fault, FaultKind, Faults, PUSH, PUSH_PATH};
use crate::world::{Push, Timestamp};

/// Pushes that wait, at most.
const KEPT: usize = 4096;
/// How late a late push is when the fault does not say.
const DELAY: Duration = Duration::from_secs(1);

/// The result of delivering a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryResult {
    /// The receiver answered with this status.
    Answered(u16),
    /// No answer: it could not be sent, or nothing came in time.
    Failed,
}

/// How many pushes had which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PushCounts {
    /// Made, before faults.
    pub made: u64,
    /// Waiting: due later, held back, or not yet taken.
    pub waiting: u64,
    /// Lost by a fault.
    pub lost: u64,
    /// Found no room in a queue, or had an address of absurd length.
    pub overflowed: u64,
    /// Handed out to be sent; a repeat counts again.
    pub taken: u64,
    /// Answered with 200.
    pub answered_200: u64,
    /// Answered with another status.
    pub answered_other: u64,
    /// Not answered.
    pub failed: u64,
}

/// A push, and how many times it goes out at once.
type QueuedPush = (Push, usize);

/// Pushes by address, and by when they are due.
#[derive(Debug, Default)]
pub(crate) struct DeliveryQueue {
    due: BTreeMap<String, BTreeMap<(Timestamp, u64), QueuedPush>>,
    /// How many are due, now or later.
    waiting: usize,
    /// Waiting for the next one to the same address.
    held: Vec<Push>,
    enqueued: u64,
    counts: PushCounts,
}

impl DeliveryQueue {
    /// Takes a push in, and lets the fault that fits hit it.
    pub(crate) fn enqueue(&mut self, push: Push, faults: &mut Faults) {
        self.counts.made += 1;
        let path = format!("{PUSH_PATH}:{}", push.kind.word());
        let fault = faults.take(PUSH, &path, true);
        match fault {
            None => self.send(push, Duration::ZERO, 1),
            Some(fault) => self.hit(push, &fault),
        }
    }

    fn hit(&mut self, push: Push, fault: &Fault) {
        let none = Duration::ZERO;
        match fault.kind {
            FaultKind::Loss => self.counts.lost += 1,
            FaultKind::Delay => self.send(push, fault.delay.unwrap_or(DELAY), 1),
            FaultKind::Reorder if self.has_room() => self.held.push(push),
            FaultKind::Reorder => self.counts.overflowed += 1,
            FaultKind::Duplicate => match fault.delay {
                None => self.send(push, none, 2),
                Some(later) => {
                    self.send(push.clone(), none, 1);
                    self.send(push, later, 1);
                }
            },
            FaultKind::Ping => {
                self.send(push.ping_before(), none, 1);
                self.send(push, none, 1);
            }
            _ => self.send(push, none, 1),
        }
    }

    fn has_room(&self) -> bool {
        self.waiting + self.held.len() < KEPT
    }

    fn send(&mut self, push: Push, after: Duration, copies: usize) {
        if !self.has_room() {
            self.counts.overflowed += 1;
            return;
        }
        let at = push.at.after(after);
        let (held, rest) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held: &Push| held.address() == push.address());
        self.held = rest;
        self.put(at, (push, copies));
        // Those that waited for this one go right after it.
        for push in held {
            self.put(at, (push, 1));
        }
    }

    fn put(&mut self, at: Timestamp, queued: QueuedPush) {
        self.enqueued += 1;
        self.waiting += 1;
        let address = queued.0.address().to_owned();
        self.due.entry(address).or_default().insert((at, self.enqueued), queued);
    }

    /// How many pushes were put on their way, ever.
    pub(crate) fn enqueued(&self) -> u64 {
        self.enqueued
    }

    /// When the next push is due that is not due yet.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let later =
            |due: &BTreeMap<(Timestamp, u64), _>| Some(due.range((now, u64::MAX)..).next()?.0.0);
        self.due.values().filter_map(later).min()
    }

    /// The next push that is due, of the addresses to which more may be sent now, and how many times.
    pub(crate) fn next(
        &mut self,
        now: Timestamp,
        is_full: impl Fn(&str) -> bool,
    ) -> Option<QueuedPush> {
        let first = |due: &BTreeMap<_, _>| due.first_key_value().map(|(key, _)| *key);
        let ready = self.due.iter().filter(|(address, _)| !is_full(address));
        let ready = ready.filter_map(|(address, due)| Some((first(due)?, address)));
        let ((at, _), address) = ready.min()?;
        if at > now {
            return None;
        }
        let address = address.clone();
        let due = self.due.get_mut(&address)?;
        let (_, queued) = due.pop_first()?;
        if due.is_empty() {
            self.due.remove(&address);
        }
        self.waiting -= 1;
        self.counts.taken += queued.1 as u64;
        Some(queued)
    }

    /// Records the result of delivering a push.
    pub(crate) fn note(&mut self, result: DeliveryResult) {
        let count = match result {
            DeliveryResult::Answered(200) => &mut self.counts.answered_200,
            DeliveryResult::Answered(_) => &mut self.counts.answered_other,
            DeliveryResult::Failed => &mut self.counts.failed,
        };
        *count += 1;
    }

    pub(crate) fn counts(&self, overflowed: u64) -> PushCounts {
        let due = self.due.values().flat_map(BTreeMap::values);
        let waiting: usize = due.map(|(_, copies)| copies).sum();
        PushCounts {
            waiting: (waiting + self.held.len()) as u64,
            overflowed: self.counts.overflowed + overflowed,
            made: self.counts.made + overflowed,
            ..self.counts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Setup, World};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_s(1_790_000_000 + seconds)
    }

    /// Pushes to three addresses, at second 0.
    fn pushes() -> Vec<Push> {
        let mut world = World::new(Setup::default(), at(0));
        for url in ["http://a.test/1?n=0", "http://b.test/", "http://a.test/1?n=1"] {
            world.check_url(http::Method::GET, url);
        }
        world.take_pushes().collect()
    }

    /// What arrives until a second, with every address free.
    fn arrives(queue: &mut DeliveryQueue, until: i64) -> Vec<String> {
        let mut urls = Vec::new();
        while let Some((push, copies)) = queue.next(at(until), |_| false) {
            let word = push.kind.word();
            urls.extend((0..copies).map(|_| format!("{word} {}", push.url)));
        }
        urls
    }

    fn after(fault: Option<Fault>) -> DeliveryQueue {
        let (mut queue, mut faults) = (DeliveryQueue::default(), Faults::default());
        if let Some(fault) = fault {
            assert!(faults.add(fault));
        }
        for push in pushes() {
            queue.enqueue(push, &mut faults);
        }
        assert_eq!(faults.waiting(), 0);
        queue
    }

    const A0: &str = "check http://a.test/1?n=0";
    const A1: &str = "check http://a.test/1?n=1";
    const B: &str = "check http://b.test/";

    #[test]
    fn faults_do_to_a_push_what_they_say() {
        let fault = |kind| Fault::new(kind).on("push");
        let late = Duration::from_secs(9);
        let cases: [(Option<Fault>, &[&str], &[&str]); 8] = [
            (None, &[A0, B, A1], &[]),
            (Some(fault(FaultKind::Loss)), &[B, A1], &[]),
            (Some(fault(FaultKind::Delay)), &[B, A1], &[A0]),
            (Some(fault(FaultKind::Delay).delay(late)), &[B, A1], &[A0]),
            (Some(fault(FaultKind::Duplicate)), &[A0, A0, B, A1], &[]),
            (Some(fault(FaultKind::Duplicate).delay(late)), &[A0, B, A1], &[A0]),
            (Some(fault(FaultKind::Reorder)), &[B, A1, A0], &[]),
            (Some(fault(FaultKind::Ping).times(1)), &["ping http://a.test/1?n=0", A0, B, A1], &[]),
        ];
        for (fault, now, later) in cases {
            let mut queue = after(fault.clone());
            assert_eq!(arrives(&mut queue, 0), now, "{fault:?}");
            assert_eq!(queue.next_due(at(0)).is_some(), !later.is_empty(), "{fault:?}");
            assert_eq!(arrives(&mut queue, 9), later, "{fault:?}");
        }
    }

    #[test]
    fn an_address_that_is_busy_is_passed_over() {
        let mut queue = after(None);
        let busy = |address: &str| address == "http://a.test/1";
        assert_eq!(queue.next(at(0), busy).unwrap().0.url, "http://b.test/");
        assert_eq!(queue.next(at(0), busy), None);
        assert_eq!(queue.next_due(at(0)), None, "what is due waits for the address, not for time");
        assert_eq!(arrives(&mut queue, 0), [A0, A1]);
    }

    #[test]
    fn every_push_is_counted_once() {
        let mut queue = after(Some(Fault::new(FaultKind::Loss).on("push")));
        assert_eq!(
            (queue.counts(0).made, queue.counts(0).lost, queue.counts(0).waiting),
            (3, 1, 2)
        );
        arrives(&mut queue, 0);
        for result in
            [DeliveryResult::Answered(200), DeliveryResult::Answered(204), DeliveryResult::Failed]
        {
            queue.note(result);
        }
        let counts = queue.counts(5);
        assert_eq!((counts.made, counts.taken, counts.waiting, counts.overflowed), (8, 2, 0, 5));
        assert_eq!((counts.answered_200, counts.answered_other, counts.failed), (1, 1, 1));
    }

    #[test]
    fn what_is_not_taken_is_bounded() {
        let (mut queue, mut faults) = (DeliveryQueue::default(), Faults::default());
        let push = pushes().remove(0);
        for _ in 0..KEPT + 7 {
            queue.enqueue(push.clone(), &mut faults);
        }
        assert_eq!((queue.counts(0).waiting, queue.counts(0).overflowed), (KEPT as u64, 7));
    }
}
