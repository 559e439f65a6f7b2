//! The agent socket against a scripted server, the CDR sync on the simulator, recordings of both kinds, state
//! directories under several processes.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cdr_sync;
#[cfg(all(feature = "ws", feature = "reqwest"))]
mod mdl;
#[cfg(feature = "testing")]
mod recordings;
#[cfg(all(unix, feature = "testing"))]
mod state_directory;
