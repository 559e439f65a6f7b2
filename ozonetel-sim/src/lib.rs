#![doc = include_str!("../README.md")]

mod answers;
mod faults;
mod log;
mod mail;
mod mdl;
mod server;
mod service;
mod sim;
mod sip;
mod transport;
pub mod world;

pub use faults::{Fault, FaultKind};
pub use log::Entry;
pub use mail::{Fate, PushCounts};
pub use server::Server;
pub use service::{Answer, Delivery};
pub use sim::{Sim, SimBuilder, SimClock, WorldMut, WorldRef};
pub use transport::SimTransport;
