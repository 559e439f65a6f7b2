//! Simulation by seed: the whole desk (routes, flows, work, intake), the simulator and a store with faults in one
//! process and in paused time. A seed decides what people do and when, what breaks, how long everything takes, and so
//! in which order all of it happens. Afterwards it is looked whether anything is so that must never be.
//!
//! [`Story::of_seed`] draws what happens, [`run`] lets it happen, [`shrink`](shrink::shrink) leaves out what a
//! violation does not need.

mod agents;
mod chance;
mod check;
mod desks;
mod log;
mod network;
mod process;
mod pushes;
mod run;
pub mod shrink;
pub mod story;

pub use run::{Outcome, run};
pub use story::Story;

/// How many seeds `make test` runs.
pub const IN_TESTS: u64 = 100;
