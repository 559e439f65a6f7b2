//! The agent socket against a scripted server: in process on paused time, and over real sockets on this machine.

mod breaks;
mod flood;
mod lifecycle;
mod network;
mod pipe;
mod proxies;
mod requests;
mod server;
mod session;
mod tls;
