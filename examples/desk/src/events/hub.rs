//! From the log to all listeners of this process: one reader, a bounded ring, and no listener that holds up another.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::mailbox::{Mailbox, Mailboxes};
use crate::core::caller::Caller;
use crate::store::{Event, NewEvent, Store};

/// How many runs of events one who follows all of them may lag behind.
const RING: usize = 256;

/// How many events are handed on together at most: what was committed together wakes each of them once.
const RUN: usize = 16;

/// Events that follow each other in the log.
pub(crate) type EventRun = Arc<[Arc<Event>]>;

/// How many events are read from the log at once.
const PAGE: u32 = 500;

/// How often the log is looked at where other desks write to it too, and after a failure.
const LOOK: Duration = Duration::from_secs(1);

/// How many listeners there may be.
const LISTENERS: usize = 5_000;

/// How many of them may belong to one caller: browser tabs.
const LISTENERS_EACH: usize = 12;

/// Carries events to listeners. Cheap to clone; clones share. The reader ends with the last one.
#[derive(Clone)]
pub struct EventHub(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    ring: broadcast::Sender<EventRun>,
    mailboxes: Mailboxes,
    reader: OnceLock<()>,
    listeners: Mutex<HashMap<String, usize>>,
    gone: CancellationToken,
}

impl fmt::Debug for EventHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHub").field("listeners", &self.listeners()).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.gone.cancel();
    }
}

/// There are too many listeners, of the caller's own or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are too many listeners; close a tab")]
pub struct TooManyListeners;

impl EventHub {
    /// A hub on a store's log. Nothing runs before the first listener comes.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let (ring, _) = broadcast::channel(RING);
        let (reader, gone) = (OnceLock::new(), CancellationToken::new());
        let (mailboxes, listeners) = (Mailboxes::default(), Mutex::default());
        Self(Arc::new(Shared { store, ring, mailboxes, reader, listeners, gone }))
    }

    /// How many listeners there are.
    pub fn listeners(&self) -> usize {
        self.counted(|counts| counts.values().sum())
    }

    fn counted<T>(&self, work: impl FnOnce(&mut HashMap<String, usize>) -> T) -> T {
        work(&mut self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A place for a listener of a caller; it is free again when it is dropped.
    ///
    /// # Errors
    /// There is no room.
    pub fn place(&self, caller: &str) -> Result<ListenerPlace, TooManyListeners> {
        self.counted(|counts| {
            let all: usize = counts.values().sum();
            let own = counts.get(caller).copied().unwrap_or(0);
            if all >= LISTENERS || own >= LISTENERS_EACH {
                return Err(TooManyListeners);
            }
            counts.insert(caller.to_owned(), own + 1);
            Ok(())
        })?;
        Ok(ListenerPlace { hub: self.clone(), caller: caller.to_owned() })
    }

    /// Everything from now on. What was committed before this returns and is not in the log's answer to a later read
    /// comes from here.
    pub(crate) fn follow(&self) -> broadcast::Receiver<EventRun> {
        let receiver = self.0.ring.subscribe();
        self.start();
        receiver
    }

    /// The same, of what a caller sees.
    pub(super) fn listen(&self, caller: &Caller) -> Mailbox {
        self.start();
        self.0.mailboxes.open(caller)
    }

    fn start(&self) {
        self.0.reader.get_or_init(|| {
            let shared = &self.0;
            // From where the log ends now, whenever the task first runs.
            let mut head = shared.store.head();
            let last = *head.borrow_and_update();
            shared.mailboxes.start_at(last);
            let reader = Reader {
                store: Arc::clone(&shared.store),
                ring: shared.ring.clone(),
                mailboxes: shared.mailboxes.clone(),
            };
            tokio::spawn(shared.gone.clone().run_until_cancelled_owned(reader.run(head, last)));
        });
    }

    /// Shows an event to those who listen here now, and keeps it nowhere: whoever is slow, or connects again, has missed
    /// it.
    pub(crate) fn pass_on(&self, event: NewEvent) {
        // Without its texts it is shown to no one.
        if let Ok(event) = event.numbered(0, 0) {
            self.0.mailboxes.pass_on(&Arc::new(event));
        }
    }

    /// What listeners have been shown is no longer right, and no event says so: each gets a snapshot.
    pub(crate) fn start_over(&self) {
        self.0.mailboxes.outdate();
    }

    /// The log.
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }
}

/// Room for one listener.
#[derive(Debug)]
pub struct ListenerPlace {
    hub: EventHub,
    caller: String,
}

impl ListenerPlace {
    pub(super) fn hub(&self) -> &EventHub {
        &self.hub
    }
}

impl Drop for ListenerPlace {
    fn drop(&mut self) {
        self.hub.counted(|counts| match counts.get_mut(&self.caller) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.remove(&self.caller);
            }
        });
    }
}

/// Reads the log as it grows, and hands each event on.
struct Reader {
    store: Arc<dyn Store>,
    ring: broadcast::Sender<EventRun>,
    mailboxes: Mailboxes,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.mailboxes.end();
    }
}

impl Reader {
    async fn run(self, mut head: watch::Receiver<i64>, mut last: i64) {
        let shared = self.store.is_shared();
        let mut failing = false;
        loop {
            match self.store.events_after(last, PAGE).await {
                Ok(events) => {
                    failing = false;
                    let whole_page = events.len() == PAGE as usize;
                    last = events.last().map_or(last, |event| event.id);
                    self.hand_on(events);
                    if whole_page {
                        continue;
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "the log of events cannot be read; trying again");
                    }
                    failing = true;
                }
            }
            let changed = head.changed();
            let news = if shared || failing {
                tokio::time::timeout(LOOK, changed).await.unwrap_or(Ok(()))
            } else {
                changed.await
            };
            if news.is_err() {
                return;
            }
        }
    }

    fn hand_on(&self, events: Vec<Event>) {
        let events: Vec<_> = events.into_iter().map(Arc::new).collect();
        self.mailboxes.hand_on(&events);
        for run in events.chunks(RUN) {
            // If no one follows, nothing is sent, and what comes later starts from the log.
            let _ = self.ring.send(run.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::suite::postgres;
    use crate::store::{Audience, Db, Events as _, Memory, NewEvent};

    /// Events one by one.
    struct Followed {
        runs: broadcast::Receiver<EventRun>,
        ready: std::collections::VecDeque<Arc<Event>>,
    }

    impl Followed {
        fn of(hub: &EventHub) -> Self {
            Self { runs: hub.follow(), ready: std::collections::VecDeque::new() }
        }

        async fn next(&mut self) -> Arc<Event> {
            while self.ready.is_empty() {
                self.ready.extend(self.runs.recv().await.unwrap().iter().cloned());
            }
            self.ready.pop_front().unwrap()
        }
    }

    #[tokio::test]
    async fn what_was_committed_together_is_handed_on_together_and_bounded() {
        let store = Memory::new();
        let hub = EventHub::new(Arc::new(store.clone()));
        let mut runs = hub.follow();
        let event = || NewEvent::new("one", Audience::Everyone, &1).unwrap();
        store
            .append_events(1, std::iter::repeat_with(event).take(2 * RUN + 1).collect())
            .await
            .unwrap();
        let mut seen = Vec::new();
        for size in [RUN, RUN, 1] {
            let run = runs.recv().await.unwrap();
            assert_eq!(run.len(), size);
            seen.extend(run.iter().map(|event| event.id));
        }
        assert_eq!(seen, (1..=33).collect::<Vec<_>>());
    }

    #[test]
    fn listeners_are_bounded_per_caller_and_in_all() {
        let hub = EventHub::new(Arc::new(Memory::new()));
        let mut places: Vec<_> = (0..LISTENERS_EACH).map(|_| hub.place("u1").unwrap()).collect();
        assert_eq!(hub.place("u1").unwrap_err(), TooManyListeners);
        places.push(hub.place("u2").unwrap());
        assert_eq!(hub.listeners(), LISTENERS_EACH + 1);
        drop(places.swap_remove(0));
        assert!(hub.place("u1").is_ok());
        places.clear();
        assert_eq!((hub.listeners(), hub.counted(|counts| counts.len())), (0, 0));
        let places: Vec<_> = (0..LISTENERS).map(|n| hub.place(&n.to_string()).unwrap()).collect();
        assert_eq!(hub.place("one more").unwrap_err(), TooManyListeners);
        drop(places);
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_fails_is_read_again() {
        let store = Memory::new();
        let hub = EventHub::new(Arc::new(store.clone()));
        let mut events = Followed::of(&hub);
        let event = || vec![NewEvent::new("one", Audience::Everyone, &1).unwrap()];
        store.append_events(1, event()).await.unwrap();
        assert_eq!(events.next().await.id, 1);
        store.stop_at(0, crate::store::memory::Stop::After);
        store.append_events(2, event()).await.unwrap_err();
        store.append_events(3, event()).await.unwrap_err();
        store.restart();
        store.append_events(4, event()).await.unwrap();
        assert_eq!(events.next().await.at, 2);
        assert_eq!(events.next().await.at, 4);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_another_desk_writes_is_heard_here_in_order() {
        let url = postgres().await;
        let (here, there) = (Db::postgres(&url).await.unwrap(), Db::postgres(&url).await.unwrap());
        let hub = EventHub::new(Arc::new(here.clone()));
        let mut events = Followed::of(&hub);
        for at in 1..=20 {
            let event = NewEvent::new("one", Audience::Everyone, &at).unwrap();
            let desk = if at % 3 == 0 { &here } else { &there };
            desk.append_events(at, vec![event]).await.unwrap();
        }
        for id in 1..=20 {
            let event = events.next().await;
            assert_eq!((event.id, event.at), (id, id));
        }
        drop(hub);
        here.close().await;
        there.close().await;
    }

    #[tokio::test]
    async fn the_reader_ends_with_the_hub() {
        let store = Memory::new();
        let hub = EventHub::new(Arc::new(store));
        let mut events = hub.follow();
        drop(hub);
        assert!(matches!(events.recv().await, Err(broadcast::error::RecvError::Closed)));
    }
}
