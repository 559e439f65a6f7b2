//! One listener: what it has missed, then what happens, in order, each event once.
//!
//! A listener that names the last event it has seen gets the ones after it; one that names none, or one too long ago,
//! gets a snapshot. So does one that is too slow. A record in a snapshot may be newer than the snapshot's number, never
//! older: the number is read first.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use ozonetel_sdk::client::Clock;
use serde_json::{Map, Value, json};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::audience::view;
use super::hub::ListenerPlace;
use super::mailbox::Mailbox;
use crate::core::caller::Caller;
use crate::epoch::epoch_ms;
use crate::problem::Problem;
use crate::store::{Event, StoreError};

/// How often a tick is sent. A page that has seen none for 40 seconds connects again.
pub const TICK: Duration = Duration::from_secs(15);

/// How many missed events are sent one by one; beyond, a snapshot is shorter.
const MISSED: i64 = 2_000;

/// How many missed events are read at once.
const PAGE: u32 = 200;

/// Everything a caller sees, in one object.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// The records that a caller sees now.
    ///
    /// # Errors
    /// They cannot be read.
    async fn snapshot(&self, caller: &Caller) -> Result<Map<String, Value>, Problem>;

    /// The caller as it is now; `None` once it may listen no more.
    async fn caller(&self, caller: Caller) -> Option<Caller>;
}

/// One event as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// From where to go on after it.
    pub id: Option<i64>,
    /// What kind of event.
    pub kind: String,
    /// JSON.
    pub data: String,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a listener needs.
pub struct Listener {
    /// Its place.
    pub place: ListenerPlace,
    /// Who listens.
    pub caller: Caller,
    /// The last event it has seen, if it says so.
    pub last: Option<i64>,
    /// Where snapshots come from.
    pub snapshots: Arc<dyn Snapshots>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When to end.
    pub closing: CancellationToken,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("last", &self.last).finish_non_exhaustive()
    }
}

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It reads what it has missed, unless that is too much.
    Behind,
    /// It needs everything.
    Blank,
    /// It follows.
    Live,
    /// It says no more.
    Over,
}

struct Running {
    listener: Listener,
    mailbox: Mailbox,
    tick: Interval,
    /// The last event that was sent or passed over.
    last: i64,
    phase: Phase,
    ready: VecDeque<Frame>,
}

impl Listener {
    /// What the listener is sent. It ends when the desk stops, when the caller may listen no more, and when the store
    /// fails; the client connects again.
    ///
    /// # Cancel safety
    /// Dropping it between events loses nothing: the client names the last event it has seen.
    pub fn frames(self) -> impl Stream<Item = Frame> + Send {
        let mailbox = self.place.hub().listen(&self.caller);
        let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + TICK, TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (last, phase) = match self.last {
            Some(last) => (last, Phase::Behind),
            None => (0, Phase::Blank),
        };
        let ready = VecDeque::new();
        let running = Running { listener: self, mailbox, tick, last, phase, ready };
        futures_util::stream::unfold(running, |mut running| async move {
            let frame = running.next().await?;
            Some((frame, running))
        })
    }
}

impl Running {
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            let step = match self.phase {
                Phase::Behind => self.catch_up().await,
                Phase::Blank => self.start_over().await,
                Phase::Live => {
                    self.follow().await;
                    Ok(())
                }
                Phase::Over => return None,
            };
            if let Err(error) = step {
                tracing::warn!(%error, "a listener was let go");
                return None;
            }
        }
    }

    /// Reads a page of what was missed.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let store = self.listener.place.hub().store();
        let newest = store.newest_event().await?;
        let oldest = store.oldest_event().await?.unwrap_or(newest + 1);
        // A number from the future is another store's.
        if self.last > newest || newest - self.last > MISSED || oldest > self.last + 1 {
            self.phase = Phase::Blank;
            return Ok(());
        }
        let events = store.events_after(self.last, PAGE).await?;
        if events.len() < PAGE as usize {
            self.phase = Phase::Live;
            self.mailbox.forget_passing();
        }
        for event in events {
            self.pass(&event);
        }
        Ok(())
    }

    /// Sends everything.
    async fn start_over(&mut self) -> Result<(), StoreError> {
        let newest = self.listener.place.hub().store().newest_event().await?;
        let records = self.listener.snapshots.snapshot(&self.listener.caller).await;
        let mut records = records
            .map_err(|problem| StoreError::Unavailable(problem.message().to_owned().into()))?;
        records.insert("lastId".to_owned(), newest.into());
        self.last = newest;
        self.phase = Phase::Live;
        self.mailbox.forget_passing();
        self.say(Some(newest), "snapshot", Value::Object(records).to_string());
        Ok(())
    }

    /// Waits for what happens next.
    async fn follow(&mut self) {
        tokio::select! {
            biased;
            () = self.listener.closing.cancelled() => {
                self.say(None, "going-away", "{}".to_owned());
                self.phase = Phase::Over;
            }
            waiting = self.mailbox.take() => {
                for event in &waiting.events {
                    self.pass(event);
                }
                if waiting.is_over {
                    self.phase = Phase::Over;
                } else if waiting.is_outdated {
                    self.phase = Phase::Blank;
                } else if waiting.is_behind {
                    self.phase = Phase::Behind;
                }
            }
            _ = self.tick.tick() => self.ticked().await,
        }
    }

    /// Shows that the stream is alive, and from where to go on; whoever may listen no more is let go.
    async fn ticked(&mut self) {
        let known = self.listener.caller.clone();
        let Some(caller) = self.listener.snapshots.caller(known).await else {
            self.phase = Phase::Over;
            return;
        };
        if caller != self.listener.caller {
            // Sees other records than before.
            self.mailbox = self.listener.place.hub().listen(&caller);
            self.listener.caller = caller;
            self.phase = Phase::Blank;
            return;
        }
        // What came meanwhile was for others.
        if let Some(head) = self.mailbox.head() {
            self.last = self.last.max(head);
        }
        let at = epoch_ms(&*self.listener.clock);
        self.say(Some(self.last), "tick", json!({"at": at}).to_string());
    }

    /// Sends an event, if this caller sees it and it was not sent before. One that is in no log has no number.
    fn pass(&mut self, event: &Event) {
        let is_kept = event.id > 0;
        if is_kept && event.id <= self.last {
            return;
        }
        self.last = self.last.max(event.id);
        if let Some(body) = view(event, &self.listener.caller) {
            self.say(is_kept.then_some(event.id), &event.kind, body.to_owned());
        }
    }

    fn say(&mut self, id: Option<i64>, kind: &str, data: String) {
        self.ready.push_back(Frame { id, kind: kind.to_owned(), data });
    }
}

#[cfg(test)]
mod tests;
