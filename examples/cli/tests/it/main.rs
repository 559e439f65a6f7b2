//! The real binary against a real simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod api;
mod codes;
mod contract;
mod coverage;
mod days;
mod dialing;
mod exporting;
mod harness;
mod kills;
mod listening;
mod live;
#[cfg(unix)]
mod live_desk;
mod mdl;
mod mdl_lines;
mod pages;
mod profiles;
mod receiver;
mod recording;
mod rows;
mod settings;
mod signals;
mod sim;
mod store;
mod story;
#[cfg(unix)]
mod terminal;
mod tokens;
mod uploading;
mod watching;
