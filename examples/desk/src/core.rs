//! The pure core: facts and decisions, without I/O, clock or store.
//!
//! A shell (`flow`) loads, asks one of these, stores what comes out and then sends.

pub mod agent;
pub mod answer;
pub mod appointment;
pub mod assist;
pub mod audio;
pub mod call;
pub mod caller;
pub mod can;
pub mod dial;
pub mod disposition;
pub mod fact;
pub mod figures;
pub mod followup;
pub mod forget;
pub mod handoff;
pub(crate) mod hex;
pub mod message;
pub mod missed;
pub mod outbox;
pub mod policy;
pub mod profile;
pub mod report;
pub mod retention;
mod switch;
pub mod time_use;
pub mod transfer;
pub mod twilio;
pub mod worklist;

pub use switch::switch;
