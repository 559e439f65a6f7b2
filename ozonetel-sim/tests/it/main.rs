//! The simulator through the SDK's client, in process and in paused time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

mod agent_admin;
mod answers;
#[cfg(feature = "deliver")]
mod applications;
mod binary;
mod call_properties;
mod call_stories;
mod client;
mod faults;
mod ivr;
mod kills;
mod lost;
mod numbers;
mod phone;
mod push_contents;
#[cfg(feature = "deliver")]
mod pushes;
mod reconnect;
mod server;
mod socket;
mod softphone;
mod transfers;
