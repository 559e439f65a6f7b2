//! Ozonetel CloudAgent, simulated.
//!
//! A [`world::World`] changes as calls happen: pure, deterministic, with time and chance under
//! control. A [`Sim`] answers requests from it through the SDK's own endpoint descriptions, in
//! process as a transport or over a socket. Faults are made on demand, and everything that was
//! asked can be looked at afterwards.
//!
//! ```
//! # async fn run() -> Result<(), ozonetel_sdk::Error> {
//! use ozonetel_sim::Sim;
//! let sim = Sim::start();
//! let client = sim.client();
//! client.check().await?;
//! assert_eq!(sim.effects("dial"), 0);
//! # Ok(()) }
//! # tokio::runtime::Runtime::new()?.block_on(run())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod faults;
mod log;
mod server;
mod service;
mod sim;
mod transport;
pub mod world;

pub use faults::{Fault, FaultKind};
pub use log::Entry;
pub use server::Server;
pub use service::{Answer, Delivery};
pub use sim::{Sim, SimBuilder, SimClock, WorldMut, WorldRef};
pub use transport::SimTransport;
