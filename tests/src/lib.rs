//! What the contract and end-to-end tests share: recorded fixtures, the checks that run over them for every endpoint,
//! worlds of the simulator in which a recorded request makes sense, and servers that misbehave.
//!
//! The checks are functions of an endpoint, so that nothing has to be written again for a new one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says why and stops"
)]

pub mod contract;
pub mod doubles;
pub mod faults;
mod findings;
pub mod fixture;
pub mod raw;
pub mod recording;
pub mod reply;
pub mod rows;
mod runtime;
pub mod scenario;
pub mod seeds;
pub mod shape;
#[cfg(doctest)]
mod site;
pub mod stage;

pub use findings::Findings;
pub use runtime::{paused, real};
