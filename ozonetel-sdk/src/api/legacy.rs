//! Endpoints whose pages carry a deprecation notice, behind the feature `legacy`.
//!
//! Their notices are dated 2024 and 2025; what still answers differs from account to account. Most take key and account
//! in the query string, under varying names. Where a newer endpoint does the same, prefer it.
//!
//! There are request types only, sent with [`Client::call`](crate::Client::call). Operations that were only moved since
//! are the newer request in a [`Legacy`].
//!
//! ```
//! # ozonetel_sim::doc(async |sim, client| {
//! use ozonetel_sdk::call_control::Hold;
//! use ozonetel_sdk::dial::AgentDial;
//! use ozonetel_sdk::legacy::{CdrByUcid, Legacy, ReportTypeKind};
//!
//! # client.agents().login("agent01", "secret", "500001").await?;
//! let dial = AgentDial::new("agent01", "support_out", "9000000001");
//! let dialed = client.call(Legacy::new(dial)).await?;
//! let ucid = dialed.ucid.ok_or("the service gave no UCID")?;
//! # sim.advance(std::time::Duration::from_secs(5)).await;
//! client.call(Legacy::new(Hold::new(ucid, "918000000001", "agent01"))).await?;
//! let report = CdrByUcid { ucid, report: ReportTypeKind::CurrentDay.into() };
//! assert_eq!(client.call(report).await?.len(), 1);
//! # Ok(()) });
//! ```

mod agents;
mod block_numbers;
mod campaigns;
mod cdr;
mod dispositions;
mod leads;
mod moved;
mod rows;

pub use agents::*;
pub use block_numbers::*;
pub use campaigns::*;
pub use cdr::*;
pub use dispositions::*;
pub use leads::*;
pub use moved::*;
pub use rows::*;

#[cfg(test)]
mod tests;
