//! The situations in which a recorded request is sent.

use serde::Deserialize;

/// What happened before a request arrives. The clock begins at 10 o'clock of 20 November 2026, Indian time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Nothing.
    Start,
    /// The campaign `support_out` runs.
    CampaignRuns,
    /// `agent01` logged in over REST.
    LoggedIn,
    /// `agent01` sits at the toolbar.
    Toolbar,
    /// `agent01` talks to a customer.
    Live,
    /// The customer hung up; `agent01` is in after-call work.
    WrapUp,
    /// After-call work has timed out.
    WrapUpOver,
    /// `agent01` disposed of the call.
    Disposed,
    /// As before, then a caller gave up in the queue and a customer did not answer.
    After,
    /// The same, a day later.
    DayAfter,
    /// Everything that administration knows has one entry; the leg is an outbound call of KooKoo's.
    AdminPopulated,
}
