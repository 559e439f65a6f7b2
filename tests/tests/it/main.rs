//! Contract and end-to-end tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and stops"
)]

mod catalogue;
mod contract;
mod crates;
mod faults;
mod fixtures;
mod house;
mod odd_http;
mod properties;
mod push;
mod readme;
mod retry;
mod secrets;
mod settle;
mod stories;
mod tokens;
