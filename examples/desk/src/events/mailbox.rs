//! What waits for each listener: an event reaches those who see it, and wakes no one else.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use ozonetel_sdk::types::AgentId;
use tokio::sync::Notify;

use super::audience::view;
use crate::core::caller::{Caller, Role};
use crate::store::{Audience, Event};

/// How many events may wait for a listener.
const WAITING: usize = 1024;

/// The listeners of this process. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub(super) struct Mailboxes(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// The newest event that was handed on.
    head: i64,
    next: u64,
    all: HashMap<u64, Entry, RandomState>,
    /// Agents' listeners, by the key of each agent that they are.
    of_agent: HashMap<String, BTreeSet<u64>, RandomState>,
    /// Those of supervisors and administrators, who see more than one agent.
    watching: BTreeSet<u64>,
    is_over: bool,
}

struct Entry {
    caller: Caller,
    waiting: Waiting,
    news: Arc<Notify>,
}

/// What waits for a listener.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Events that its caller sees, oldest first.
    pub events: VecDeque<Arc<Event>>,
    /// Whether there were more than may wait: the log has them.
    pub is_behind: bool,
    /// Whether what was shown is no longer right, and the log does not say so.
    pub is_outdated: bool,
    /// Whether nothing comes any more.
    pub is_over: bool,
}

impl Inner {
    /// The listeners that an event may concern.
    fn concerned(&self, audience: &Audience) -> Vec<u64> {
        match audience {
            Audience::Everyone => self.all.keys().copied().collect(),
            Audience::Supervisors => self.watching.iter().copied().collect(),
            Audience::Agent(agent) => {
                let own = agent.key().and_then(|key| self.of_agent.get(&key));
                self.watching.iter().chain(own.into_iter().flatten()).copied().collect()
            }
        }
    }

    fn put(&mut self, id: u64, event: &Arc<Event>) -> Option<Arc<Notify>> {
        let entry = self.all.get_mut(&id)?;
        view(event, &entry.caller)?;
        let waiting = &mut entry.waiting;
        if waiting.is_behind {
            return None;
        }
        let was_empty = waiting.events.is_empty();
        if waiting.events.len() < WAITING {
            waiting.events.push_back(Arc::clone(event));
        } else {
            (waiting.events, waiting.is_behind) = (VecDeque::new(), true);
        }
        was_empty.then(|| Arc::clone(&entry.news))
    }

    fn keys(caller: &Caller) -> BTreeSet<String> {
        caller.own.iter().filter_map(AgentId::key).collect()
    }
}

impl Mailboxes {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From where events are handed on.
    pub(super) fn start_at(&self, head: i64) {
        self.inner().head = head;
    }

    /// Hands events of the log on, in its order.
    pub(super) fn hand_on(&self, events: &[Arc<Event>]) {
        let mut inner = self.inner();
        let mut woken = Vec::new();
        for event in events {
            for id in inner.concerned(&event.audience) {
                woken.extend(inner.put(id, event));
            }
            inner.head = inner.head.max(event.id);
        }
        drop(inner);
        for news in woken {
            news.notify_one();
        }
    }

    /// Hands on an event that is in no log.
    pub(super) fn pass_on(&self, event: &Arc<Event>) {
        self.hand_on(std::slice::from_ref(event));
    }

    /// What was shown is no longer right: everyone starts over.
    pub(super) fn outdate(&self) {
        for entry in self.inner().all.values_mut() {
            entry.waiting = Waiting { is_outdated: true, ..Waiting::default() };
            entry.news.notify_one();
        }
    }

    /// Nothing comes any more.
    pub(super) fn end(&self) {
        let mut inner = self.inner();
        inner.is_over = true;
        for entry in inner.all.values_mut() {
            entry.waiting.is_over = true;
            entry.news.notify_one();
        }
    }

    /// A mailbox for what a caller sees from now on.
    pub(super) fn open(&self, caller: &Caller) -> Mailbox {
        let mut inner = self.inner();
        let id = inner.next;
        inner.next += 1;
        let news = Arc::new(Notify::new());
        let waiting = Waiting { is_over: inner.is_over, ..Waiting::default() };
        match caller.role {
            Role::Supervisor | Role::Administrator => {
                inner.watching.insert(id);
            }
            Role::Agent => {
                for key in Inner::keys(caller) {
                    inner.of_agent.entry(key).or_default().insert(id);
                }
            }
            Role::Service => {}
        }
        let entry = Entry { caller: caller.clone(), waiting, news: Arc::clone(&news) };
        inner.all.insert(id, entry);
        Mailbox { all: self.clone(), id, news }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let inner = self.inner();
        inner.all.is_empty() && inner.of_agent.is_empty() && inner.watching.is_empty()
    }
}

/// What waits for one listener. It is closed when it is dropped.
pub(super) struct Mailbox {
    all: Mailboxes,
    id: u64,
    news: Arc<Notify>,
}

impl Mailbox {
    /// Waits until there is something, and takes all of it.
    ///
    /// # Cancel safety
    /// If it is dropped, nothing was taken.
    pub(super) async fn take(&self) -> Waiting {
        loop {
            let waiting = self.with(std::mem::take).unwrap_or_default();
            let must_look = waiting.is_over || waiting.is_behind || waiting.is_outdated;
            if must_look || !waiting.events.is_empty() {
                return waiting;
            }
            self.news.notified().await;
        }
    }

    /// Forgets what waits and is not in the log: a reading of the log is newer.
    pub(super) fn forget_passing(&self) {
        self.with(|waiting| waiting.events.retain(|event| event.id > 0));
    }

    /// The newest event that was handed on to anyone, if none waits here.
    pub(super) fn head(&self) -> Option<i64> {
        let inner = self.all.inner();
        let waiting = &inner.all.get(&self.id)?.waiting;
        let is_new = waiting.events.is_empty() && !waiting.is_behind && !waiting.is_outdated;
        is_new.then_some(inner.head)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Waiting) -> T) -> Option<T> {
        let mut inner = self.all.inner();
        let is_over = inner.is_over;
        let entry = inner.all.get_mut(&self.id)?;
        let done = work(&mut entry.waiting);
        entry.waiting.is_over = is_over;
        Some(done)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut inner = self.all.inner();
        let Some(entry) = inner.all.remove(&self.id) else { return };
        inner.watching.remove(&self.id);
        for key in Inner::keys(&entry.caller) {
            if let Some(own) = inner.of_agent.get_mut(&key) {
                own.remove(&self.id);
                if own.is_empty() {
                    inner.of_agent.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::core::caller::Scope;

    fn caller(role: Role, own: &[&str]) -> Caller {
        let own: Vec<_> = own.iter().map(|id| (*id).into()).collect();
        let scope = match role {
            Role::Administrator => Scope::All,
            Role::Supervisor => Scope::Agents(vec!["agent01".into()]),
            _ => Scope::Agents(own.clone()),
        };
        let id = "u1".to_owned();
        Caller { id, role, own, scope, is_person: true, must_change_password: false }
    }

    fn event(id: i64, audience: Audience) -> Arc<Event> {
        let (kind, body) = ("call.changed".to_owned(), String::new());
        let masked = Some("masked".to_owned());
        Arc::new(Event { id, at: 1, kind, audience, body, masked })
    }

    fn taken(mailbox: &Mailbox) -> Vec<i64> {
        let waiting = mailbox.take().now_or_never().unwrap_or_default();
        waiting.events.iter().map(|event| event.id).collect()
    }

    #[test]
    fn an_event_reaches_those_who_see_it_and_wakes_no_one_else() {
        let all = Mailboxes::default();
        let callers = [
            caller(Role::Agent, &["agent01"]),
            caller(Role::Agent, &["AGENT01", "agent02"]),
            caller(Role::Agent, &["agent03"]),
            caller(Role::Supervisor, &[]),
            caller(Role::Administrator, &[]),
            caller(Role::Service, &["agent01"]),
        ];
        let mailboxes: Vec<_> = callers.iter().map(|caller| all.open(caller)).collect();
        let mut waits: Vec<_> = mailboxes.iter().map(|one| Box::pin(one.take())).collect();
        assert!(waits.iter_mut().all(|wait| wait.now_or_never().is_none()));
        let audiences = [
            Audience::Agent("Agent01".into()),
            Audience::Agent("agent02".into()),
            Audience::Everyone,
            Audience::Supervisors,
            Audience::Agent("0".into()),
        ];
        let events: Vec<_> =
            audiences.into_iter().zip(1..).map(|(audience, id)| event(id, audience)).collect();
        all.hand_on(&events);
        drop(waits);
        let found: Vec<_> = mailboxes.iter().map(taken).collect();
        let expected: [&[i64]; 6] = [&[1, 3], &[1, 2, 3], &[3], &[1, 3, 4], &[1, 2, 3, 4, 5], &[]];
        assert_eq!(found, expected);
        assert!(mailboxes.iter().all(|one| one.head() == Some(5)));
        drop(mailboxes);
        assert!(all.is_empty());
    }

    #[test]
    fn one_who_does_not_read_is_told_that_the_log_has_more_and_then_gets_what_is_new() {
        let all = Mailboxes::default();
        let mailbox = all.open(&caller(Role::Agent, &["agent01"]));
        for id in 1..=3 + i64::try_from(WAITING).unwrap() {
            all.hand_on(&[event(id, Audience::Everyone)]);
        }
        assert_eq!(mailbox.head(), None);
        let waiting = mailbox.take().now_or_never().unwrap();
        assert!(waiting.is_behind && waiting.events.is_empty());
        all.hand_on(&[event(5_000, Audience::Everyone)]);
        assert_eq!(mailbox.head(), None);
        assert_eq!(taken(&mailbox), [5_000]);
        assert_eq!(mailbox.head(), Some(5_000));
    }

    #[test]
    fn what_is_in_no_log_keeps_its_place_until_the_log_is_read() {
        let all = Mailboxes::default();
        let mailbox = all.open(&caller(Role::Agent, &["agent01"]));
        all.hand_on(&[event(1, Audience::Everyone)]);
        all.pass_on(&event(0, Audience::Everyone));
        all.hand_on(&[event(2, Audience::Everyone)]);
        assert_eq!(taken(&mailbox), [1, 0, 2]);
        all.pass_on(&event(0, Audience::Everyone));
        all.hand_on(&[event(3, Audience::Everyone)]);
        mailbox.forget_passing();
        assert_eq!(taken(&mailbox), [3]);
    }

    #[test]
    fn the_end_reaches_those_who_wait_and_those_who_come_later() {
        let all = Mailboxes::default();
        let mailbox = all.open(&caller(Role::Agent, &["agent01"]));
        let mut wait = Box::pin(mailbox.take());
        assert!(wait.as_mut().now_or_never().is_none());
        all.end();
        assert!(wait.now_or_never().unwrap().is_over);
        assert!(mailbox.take().now_or_never().unwrap().is_over, "it is said again");
        let late = all.open(&caller(Role::Agent, &["agent01"]));
        assert!(late.take().now_or_never().unwrap().is_over);
    }

    proptest! {
        /// The index finds whom [`view`] lets see an event, no more and no less.
        #[test]
        fn who_is_found_is_who_may_see_it(
            roles in prop::collection::vec((0_u8..4, prop::collection::vec(0_u8..4, 0..3)), 0..8),
            audiences in prop::collection::vec(0_u8..6, 0..8),
        ) {
            let all = Mailboxes::default();
            let names = ["agent01", "Agent01", "agent02", "0"];
            let callers: Vec<_> = roles.iter().map(|(role, own)| {
                let role = [Role::Agent, Role::Supervisor, Role::Administrator, Role::Service][usize::from(*role)];
                caller(role, &own.iter().map(|n| names[usize::from(*n)]).collect::<Vec<_>>())
            }).collect();
            let mailboxes: Vec<_> = callers.iter().map(|caller| all.open(caller)).collect();
            let events: Vec<_> = audiences.iter().zip(1..).map(|(which, id)| event(id, match which {
                0 => Audience::Everyone,
                1 => Audience::Supervisors,
                n => Audience::Agent(names[usize::from(*n) - 2].into()),
            })).collect();
            all.hand_on(&events);
            for (mailbox, caller) in mailboxes.iter().zip(&callers) {
                let sees: Vec<_> = events.iter().filter(|event| view(event, caller).is_some())
                    .map(|event| event.id).collect();
                prop_assert_eq!(taken(mailbox), sees);
            }
        }
    }
}
