//! The real binary against a real simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod codes;
mod dialing;
mod harness;
mod mdl;
mod mdl_lines;
mod recording;
mod rows;
mod settings;
mod signals;
mod store;
mod story;
mod tokens;
