#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answers;
mod bounded;
mod browsers;
mod delivery_queue;
mod doc;
mod faults;
mod mdl;
mod request_log;
mod response;
mod server;
mod service;
mod sim;
mod sip;
mod transport;
pub mod world;

pub use delivery_queue::{DeliveryResult, PushCounts};
pub use doc::doc;
pub use faults::{Fault, FaultKind};
pub use request_log::LogEntry;
pub use response::{FaultyResponse, ServiceResponse};
pub use server::Server;
pub use sim::{Sim, SimBuilder, SimClock};
pub use transport::SimTransport;
