//! Abandoned calls.
//!
//! No source gives the names of the range fields: `fromTime`, `toTime` and `campaignName` are assumed, and each can be
//! renamed with [`ClientBuilder::field_name`](crate::ClientBuilder::field_name).

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{Endpoint, Envelope, Method, Payload, Rows, Spec};
use crate::types::ids::{AgentId, CallId, CampaignName, Did, SkillName};
use crate::types::invalid::Invalid;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{LocalDateTime, record};

/// Lists abandoned calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchMissed {
    /// From, inclusive.
    #[serde(rename = "fromTime")]
    pub from: LocalDateTime,
    /// To, inclusive.
    #[serde(rename = "toTime")]
    pub to: LocalDateTime,
    /// Of one campaign only.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
}

record! {
    /// An abandoned call.
    pub struct MissedCall {
        /// The call.
        call_id: CallId = "monitorUCID",
        /// The call's type, such as `Manual`.
        kind: crate::api::cdr::CallType = "type",
        /// The call's status, such as `NotAnswered`.
        status: crate::api::cdr::CallStatus = "status",
        /// The campaign.
        campaign: CampaignName = "campaign",
        /// The caller.
        caller: PhoneNumber = "callerID",
        /// The DID.
        did: Did = "did",
        /// The skill's id.
        skill_id: String = "skillID",
        /// The skill.
        skill: SkillName = "skill",
        /// The agent's number or login id; sources do not say which.
        agent_id: String = "agentID",
        /// The agent.
        agent: AgentId = "agent",
        /// Who hung up.
        hangup_by: crate::api::cdr::HangupBy = "hangupBy",
        /// When, in the account's zone.
        call_time: LocalDateTime = "callTime",
    }
}

impl Endpoint for FetchMissed {
    const SPEC: Spec = Spec {
        name: "missed.fetch",
        title: "Abandoned calls",
        method: Method::Get,
        path: "/ca_apis/abandonCalls",
        envelope: Envelope {
            success_words: &["success"],
            payload: Payload::RowsAt(&["message"]),
            empty_messages: &["No Data Found"],
        },
        docs: "https://docs.ozonetel.com/reference/get_ca-apis-abandoncalls",
        ..Spec::DEFAULT
    };
    type Reply = Vec<MissedCall>;

    fn check(&self) -> Result<(), Invalid> {
        if self.from > self.to {
            Err(Invalid::new("fromTime", "is later than toTime"))
        } else {
            Ok(())
        }
    }
}

impl Rows for FetchMissed {
    type Row = MissedCall;
    const KEYS: &'static [&'static str] = &["message"];
}

/// Abandoned calls: see [`Client::missed`].
#[derive(Debug, Clone, Copy)]
pub struct Missed<'c>(pub(crate) &'c Client);

impl Client {
    /// Abandoned calls.
    pub fn missed(&self) -> Missed<'_> {
        Missed(self)
    }
}

impl<'c> Missed<'c> {
    /// Abandoned calls of a stretch of time, in the account's zone.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let today = client.today();
    /// let missed = client.missed().between(today.start(), today.end()).campaign("support_inbound").await?;
    /// assert!(missed.is_empty());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn between(&self, from: LocalDateTime, to: LocalDateTime) -> Call<'c, FetchMissed> {
        Call::new(self.0, Ok(FetchMissed { from, to, campaign: None }))
    }
}

setters! { FetchMissed {
    /// Of one campaign only.
    campaign(campaign: impl Into<CampaignName>) => campaign = campaign.into();
} }
