//! The agent socket against a scripted server: in process on paused time, and over real sockets on this machine.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod breaks;
mod lifecycle;
mod network;
mod pipe;
mod proxies;
mod requests;
mod server;
mod session;
mod tls;
