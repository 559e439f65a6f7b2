//! One suite on every kind of store, and what is particular to one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod opening;
mod property;
mod rig;
mod schema;
mod suite;
mod sync;
