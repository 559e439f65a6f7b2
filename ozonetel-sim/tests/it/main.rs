//! The simulator through the SDK's client, in process and in paused time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

#[cfg(feature = "deliver")]
mod applications;
mod binary;
mod client;
mod faults;
mod kills;
mod phone;
#[cfg(feature = "deliver")]
mod pushes;
mod socket;
mod softphone;
