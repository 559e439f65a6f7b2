//! What every part of the world is handed: the account's rules, the time, chance, and the places
//! where what happens is noted.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::event_log::{EventKind, EventLog};
use super::pushes::PushQueue;
use super::setup::Setup;
use super::time::{Timestamp, Zone};
use super::timers::{Timer, Timers};

/// Time, chance, rules, and the sinks for timers, events and pushes.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(super) setup: Setup,
    pub(super) now: Timestamp,
    pub(super) rng: StdRng,
    pub(super) timers: Timers,
    pub(super) events: EventLog,
    pub(super) pushes: PushQueue,
    /// Messages (SMS, WhatsApp) that were sent to customers.
    messages_sent: u64,
}

impl Context {
    pub(super) fn new(setup: Setup, now: Timestamp) -> Self {
        Self {
            now,
            rng: StdRng::seed_from_u64(setup.seed),
            timers: Timers::default(),
            events: EventLog::default(),
            pushes: PushQueue::new(setup.push.clone()),
            messages_sent: 0,
            setup,
        }
    }

    /// The second it is now, since the epoch.
    pub(super) fn second(&self) -> i64 {
        self.now.second()
    }

    /// The account's zone.
    pub(super) fn zone(&self) -> Zone {
        self.setup.zone
    }

    /// Sets a timer of telephone life, `speed` applied.
    pub(super) fn later(&mut self, after: Duration, timer: Timer) {
        let at = self.now.after(self.setup.scaled(after));
        self.timers.set(at, timer);
    }

    /// Notes an event of an agent or a leg now.
    pub(super) fn note(&mut self, kind: EventKind, agent: Option<&str>, ucids: Option<(u64, u64)>) {
        self.events.push(self.now, kind, agent, ucids);
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, rate: f64) -> bool {
        rate >= 1.0 || (rate > 0.0 && self.rng.random_bool(rate))
    }

    /// A duration from a range, both ends included.
    pub(super) fn between(&mut self, (from, to): (Duration, Duration)) -> Duration {
        let (from, to) = (from.as_millis(), to.as_millis().max(from.as_millis()));
        let ms = self.rng.random_range(from..=to);
        Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// Counts a message that is sent to a customer; its number.
    pub(super) fn send_message(&mut self) -> u64 {
        self.messages_sent += 1;
        self.messages_sent
    }

    /// The body of an event push.
    pub(super) fn event_body(&self, kind: &str, data: &Value) -> Value {
        json!({
            "eventType": kind,
            "eventTime": self.zone().date_time(self.second()),
            "username": self.setup.account,
            "data": data,
        })
    }
}
