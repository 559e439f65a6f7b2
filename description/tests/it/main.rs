//! The generated documents are committed, and true: every fixture satisfies them, and so does what the simulator sends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answers;
mod assumptions;
mod committed;
mod documents;
mod pushes;
mod requests;
