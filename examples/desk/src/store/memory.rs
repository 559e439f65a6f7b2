//! The store in memory: for tests, and to see what the databases have to do. It can be told to stop, as a process that
//! is killed does.

mod account_state;
mod agents;
mod appointments;
mod assist;
mod audit;
mod bookings;
mod calls;
mod contents;
mod dial_table;
mod dials;
mod events;
mod handoffs;
mod index;
mod leads;
mod lease;
mod messages;
mod meta;
mod notes;
mod outbox;
mod outbox_table;
mod owed;
mod pushes;
mod reminders;
mod reports;
mod sessions;
mod users;
mod work;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::error::StoreError;

pub use contents::Contents;

/// All tables.
#[derive(Debug, Default)]
struct State {
    meta: meta::MetaTable,
    events: events::EventTable,
    leases: lease::LeaseTable,
    account_states: account_state::AccountStateTable,
    assist: assist::AssistTable,
    audit: audit::AuditTable,
    users: users::UserTable,
    sessions: sessions::SessionTable,
    calls: calls::CallTable,
    dials: dial_table::DialTable,
    outbox: outbox_table::OutboxTable,
    /// Who has taken over what is owed, by call and agent.
    owed_by: BTreeMap<(String, String), String>,
    pushes: pushes::PushTable,
    reports: reports::ReportTable,
    messages: messages::MessageTable,
    work: work::WorkTable,
    agents: agents::AgentTable,
    appointments: appointments::AppointmentTable,
    bookings: bookings::BookingTable,
    handoffs: handoffs::HandoffTable,
    faults: Faults,
}

/// Where writing stops.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    writes: u64,
    stop: Option<(u64, Stop)>,
}

/// What is left of the write at which the store stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Nothing: the process died before the commit.
    Before,
    /// All of it, and no one was told: the process died after the commit.
    After,
}

/// What is done with the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They are looked at.
    Read,
    /// They are changed.
    Write,
}

/// What happens to reads and writes on their way: it may hold them up for as long as it likes, or let them fail.
#[async_trait]
pub trait Interference: Send + Sync {
    /// Comes before each. An error: nothing is done.
    ///
    /// # Errors
    /// As it likes.
    async fn before(&self, access: Access) -> Result<(), StoreError>;

    /// Comes after each that was done. An error: no one is told that it was.
    ///
    /// # Errors
    /// As it likes.
    async fn after(&self, access: Access) -> Result<(), StoreError>;
}

/// A store in memory. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    head: watch::Sender<i64>,
    interference: Option<Arc<dyn Interference>>,
    is_shared: bool,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty store.
    ///
    /// ```
    /// use desk::store::{Memory, Meta as _};
    ///
    /// assert_eq!(Memory::new().place(), "memory");
    /// ```
    pub fn new() -> Self {
        let (state, head) = (Arc::default(), watch::Sender::new(0));
        Self { state, head, interference: None, is_shared: false }
    }

    /// The same tables on another way, as one of several desks has them: what is read and written there is interfered
    /// with.
    #[must_use]
    pub fn by_way_of(&self, interference: Arc<dyn Interference>, is_shared: bool) -> Self {
        Self { interference: Some(interference), is_shared, ..self.clone() }
    }

    /// How many writes there were.
    pub fn writes(&self) -> u64 {
        self.locked(|state| state.faults.writes)
    }

    /// From the given write on (0 is the next), nothing is written and everything fails; of that write itself `stop`
    /// says what is left. [`restart`](Self::restart) ends it.
    pub fn stop_at(&self, write: u64, stop: Stop) {
        self.locked(|state| state.faults.stop = Some((state.faults.writes + write, stop)));
    }

    /// The store as a new process finds it.
    pub fn restart(&self) {
        self.locked(|state| state.faults.stop = None);
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the tables.
    async fn read<T>(
        &self,
        work: impl FnOnce(&State) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let Some(interference) = &self.interference else { return self.read_now(work) };
        interference.before(Access::Read).await?;
        let done = self.read_now(work)?;
        interference.after(Access::Read).await?;
        Ok(done)
    }

    fn read_now<T>(
        &self,
        work: impl FnOnce(&State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.locked(|state| match state.faults.stop {
            Some((stop, _)) if state.faults.writes > stop => Err(stopped()),
            _ => work(state),
        })
    }

    /// Changes the tables, all or nothing: the work checks before it changes.
    async fn write<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let Some(interference) = &self.interference else { return self.write_now(work) };
        interference.before(Access::Write).await?;
        let done = self.write_now(work)?;
        interference.after(Access::Write).await?;
        Ok(done)
    }

    fn write_now<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.locked(|state| {
            let write = state.faults.writes;
            state.faults.writes += 1;
            match state.faults.stop {
                Some((stop, Stop::After)) if write == stop => {
                    work(state)?;
                    Err(stopped())
                }
                Some((stop, _)) if write >= stop => Err(stopped()),
                _ => Ok((work(state)?, state.events.newest())),
            }
        });
        let (done, newest) = done?;
        self.head.send_if_modified(|head| std::mem::replace(head, newest) != newest);
        Ok(done)
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("it has stopped".into())
}
