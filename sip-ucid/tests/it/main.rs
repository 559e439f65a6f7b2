//! Everything that is tested from outside, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod allocation;
mod as_it_was;
mod callers;
mod corners;
mod corpus;
mod differential;
mod examples;
mod framing;
mod inspector;
mod markup;
mod notes;
mod numbers;
mod properties;
mod reference;
mod strict;
mod torture;
mod values;
mod writing;

#[path = "../../examples/inspect/json.rs"]
mod json;
#[path = "../../examples/inspect/report.rs"]
mod report;
