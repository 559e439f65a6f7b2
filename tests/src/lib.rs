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
pub mod fixture;
pub mod raw;
pub mod recording;
pub mod reply;
pub mod rows;
pub mod shape;
pub mod stage;

/// Runs a future on one thread with tokio's clock standing still: waiting costs no time.
pub fn paused<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Runs a future on one thread with sockets and real time.
pub fn real<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Collects what is wrong with each case, so that one run shows all of it.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Notes what is wrong with a case.
    pub fn add(&mut self, case: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.0.push(format!("{case}: {what}"));
    }

    /// Notes that something does not hold.
    pub fn hold(
        &mut self,
        holds: bool,
        case: impl std::fmt::Display,
        what: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(case, what());
        }
    }

    /// Fails with all that was found.
    pub fn done(self) {
        assert!(self.0.is_empty(), "{} findings:\n{}", self.0.len(), self.0.join("\n"));
    }
}
