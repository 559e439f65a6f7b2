//! The CDR sync on the simulator, on paused time.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod disk;
mod property;
mod rig;
mod stories;
mod wire;
