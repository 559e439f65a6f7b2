//! What the desk keeps, behind one trait in verbs of the domain: a SQLite file, PostgreSQL, or memory.
//!
//! [`Store`] is the sum of one trait per area. An area is four files that no other area touches: `store/<area>.rs` (the
//! trait, its types, and the SQL for both databases), `store/memory/<area>.rs` (the same in memory),
//! `store/suite/<area>.rs` (what holds for every store) and `migrations/NNNN_<area>.sql` (01xx ground, 02xx people,
//! 03xx calls, 04xx work, 05xx records, 06xx live assist and whatever came later; from 0900 on they are those of a desk
//! that someone has made their own). [`Events`] is the one to copy.
//!
//! To add a verb:
//!
//! 1. Name what happens ("claim a missed call"), not what is written. One method is one transaction. Time (epoch
//!    milliseconds) and ids are arguments; whatever a caller may see takes a [`Scope`](crate::core::caller::Scope); a change takes the events that
//!    report it, `events: Vec<NewEvent>`.
//! 2. In `store/<area>.rs`: the method on the area's trait, and in `impl … for Db` one of `self.find(…)` (a few
//!    rows by their keys), `self.read(…)` (one statement), `self.snapshot(…)` (several that have to agree),
//!    `self.write(…)`, and `self.write_often(…)` for what is short and comes with every call. The body gets a [`Tx`], which runs one SQL
//!    text on both databases: parameters are `$1`, `$2`, …, each used in the order of its number; columns are `TEXT` or
//!    `BIGINT` (flags are 0 and 1), so that one migration serves both. A row is read by name: `row.get::<i64>("id")?`.
//! 3. Taken keys are no errors to catch: `INSERT … ON CONFLICT (…) DO NOTHING`, and no row affected means taken. A record
//!    with a version is changed by `UPDATE … WHERE version = $2`; no row affected is [`StoreError::Conflict`].
//! 4. `event_rows::append(tx, at, events)` keeps events until all else of the transaction is written: they take the lock that
//!    orders all events.
//! 5. In `store/memory/<area>.rs`: check first, then change, within one `self.write(…)`; nothing fails halfway.
//! 6. In `store/suite/<area>.rs`: a function over `&dyn Store` that fails when the verb is wrong, listed in its `cases()`.
//!
//! A write that was begun is finished, whether or not its caller still waits. A [`Tx`] body awaits nothing but its own
//! statements: on SQLite all writers wait for it.

pub mod account_state;
pub mod agents;
pub mod appointments;
pub mod assist;
pub mod audit;
pub mod backup;
pub mod bookings;
mod call_ids;
pub mod calls;
mod conn;
mod conversations;
pub mod db;
pub mod dials;
pub mod error;
pub mod event;
mod event_rows;
pub mod events;
pub mod forget;
pub mod handoffs;
mod json;
#[cfg(feature = "kill-points")]
mod kill;
pub mod leads;
pub mod lease;
pub mod lock;
pub mod memory;
pub mod messages;
pub mod meta;
mod migrations;
mod missed_rows;
pub mod notes;
mod number_keys;
pub mod outbox;
pub mod owed;
pub mod parts;
mod portions;
pub mod probe;
pub mod pushes;
mod readers;
pub mod reminders;
pub mod reports;
pub mod sessions;
#[cfg(test)]
pub(crate) mod suite;
pub mod teams;
pub mod tx;
pub mod users;
pub mod work;
mod writer;

pub use account_state::{AccountState, AccountStates};
pub use agents::Agents;
pub use appointments::{AppointmentQuery, Appointments};
pub use assist::Assists;
pub use audit::Audits;
pub use bookings::{Bookings, PendingBooking};
pub use calls::{CallChange, LoadedCall, PhoneCalls, StoredCall};
pub use conn::{Arg, Row};
pub use conversations::CONVERSATION_CALLS;
pub use db::Db;
pub use dials::{DialWrite, Dials};
pub use error::StoreError;
pub use event::{Audience, Event, EventText, NewEvent};
pub use events::Events;
pub use forget::ForgottenNumber;
pub use handoffs::{HandoffBegun, Handoffs};
pub use leads::{LeadSearch, Leads};
pub use lease::{Lease, Leases};
pub use lock::FileLock;
pub use memory::Memory;
pub use messages::{KnownMessage, Messages, NewMessage};
pub use meta::{Meta, Owner};
pub use notes::Notes;
pub use number_keys::KeyPlace;
pub use outbox::{Outbox, OutboxWrite};
pub use owed::{KeptCode, OwedCall, OwedCalls};
pub use parts::Draft;
pub use pushes::{NewPush, Pushes, StoredPush, WorkedPush};
pub use reminders::Reminders;
pub use reports::CallReports;
pub use sessions::Sessions;
pub use tx::Tx;
pub use users::Users;
pub use work::Work;

/// Everything the desk keeps. A new area is one more name here.
pub trait Store:
    Meta
    + Events
    + Leases
    + AccountStates
    + Audits
    + Users
    + Sessions
    + PhoneCalls
    + Dials
    + Notes
    + Outbox
    + OwedCalls
    + Pushes
    + Reminders
    + Work
    + Agents
    + Appointments
    + Bookings
    + Leads
    + Handoffs
    + CallReports
    + Messages
    + Assists
{
}

impl<T> Store for T where
    T: Meta
        + Events
        + Leases
        + AccountStates
        + Audits
        + Users
        + Sessions
        + PhoneCalls
        + Dials
        + Notes
        + Outbox
        + OwedCalls
        + Pushes
        + Reminders
        + Work
        + Agents
        + Appointments
        + Bookings
        + Leads
        + Handoffs
        + CallReports
        + Messages
        + Assists
{
}
