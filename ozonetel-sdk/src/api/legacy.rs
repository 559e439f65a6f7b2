//! Endpoints whose pages carry a deprecation notice, behind the feature `legacy`.
//!
//! Their notices bear dates of 2024 and 2025; what still answers differs from account to account. Most take key and
//! account in the query string, under varying names. Where a newer endpoint does the same, prefer it.
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let sim = ozonetel_sim::Sim::start();
//! # let client = sim.client();
//! use ozonetel_sdk::legacy::ReportTypeKind;
//! # client.agents().login("agent01", "secret", "500001").await?;
//! let legacy = client.legacy();
//! let ucid = legacy.agent_dial("agent01", "support_out", "9000000001").await?.ucid.ok_or("no ucid")?;
//! sim.advance(std::time::Duration::from_secs(5)).await;
//! legacy.hold(ucid, "918000000001", "agent01").await?;
//! legacy.change_state("agent02", "Ready").await.unwrap_err();
//! assert_eq!(legacy.cdr_by_ucid(ucid, ReportTypeKind::CurrentDay).await?.len(), 1);
//! # Ok(()) }
//! # tokio::runtime::Runtime::new()?.block_on(run())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod campaigns;
mod cdr;
mod rows;

use crate::core::client::Client;

pub use calls::{
    AgentDetails, AgentDial, Aht, ChangeState, Conference, Hold, Kick, ListDispositions, Mute,
    PhoneDial, SetDisposition, Unhold, Unmute,
};
pub use campaigns::{CampaignStatus, ScheduleText, SetCampaign};
pub use cdr::{
    CallbackCdr, CdrByUcid, CdrCurrentDay, CdrDump, CdrRange, ReportType, ReportTypeKind,
};
pub use rows::{CallbackFields, CallbackRow, DumpRow, SpacedRow};

/// Deprecated endpoints: see [`Client::legacy`].
#[derive(Debug, Clone, Copy)]
pub struct Legacy<'c>(pub(crate) &'c Client);

impl Client {
    /// Endpoints whose pages carry a deprecation notice.
    pub fn legacy(&self) -> Legacy<'_> {
        Legacy(self)
    }
}
