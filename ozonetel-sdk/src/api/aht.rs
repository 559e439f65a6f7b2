//! Average handling time: outbound calls of the last two hours, of one agent or one campaign.

use serde::{Deserialize, Serialize};

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Discriminator, Endpoint, Envelope, Method, Payload, Rate, Reply, Spec,
};
use crate::types::ids::{AgentId, CampaignName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::wire::{ClockDuration, SensitiveText, record};

const AHT: Spec = Spec {
    name: "aht.agent",
    title: "Average handling time",
    method: Method::Get,
    path: "/ca_apis/aht",
    path_verified: false,
    discriminator: Discriminator::Has("agentId"),
    rate: Rate::Aht,
    envelope: Envelope::of(&["success"], Payload::AtOrTop(&["message", "data", "details"])),
    docs: "https://docs.ozonetel.com/reference/get_ca-apis-aht-1",
    ..Spec::DEFAULT
};

record! {
    /// The figure, and the agent or campaign that it is for.
    pub struct HandlingTime {
        /// The agent's number, as text.
        agent_id: String = "AgentID",
        /// The agent's name.
        agent_name: SensitiveText = "AgentName",
        /// The campaign's number, as text.
        campaign_id: String = "CampaignID",
        /// The campaign.
        campaign_name: CampaignName = "CampaignName",
        /// The average; absent without calls.
        aht: ClockDuration = "AHT",
    }
}

/// One figure. The page has it under `message` and leaves open whether there is an array around it; older programs
/// find it beside the status word. All of these are read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Around")]
pub struct AverageHandling(pub HandlingTime);

#[derive(Deserialize)]
#[serde(untagged)]
enum Around {
    Bare(HandlingTime),
    Listed([HandlingTime; 1]),
}

impl From<Around> for AverageHandling {
    fn from(around: Around) -> Self {
        match around {
            Around::Bare(figure) | Around::Listed([figure]) => Self(figure),
        }
    }
}

impl Reply for AverageHandling {}

impl AverageHandling {
    /// Whether it is a figure at all: one without calls has the names, and no average.
    fn is_figure(&self) -> bool {
        let figure = &self.0;
        let named = figure.agent_id.is_some() || figure.campaign_id.is_some();
        named
            || figure.aht.is_some()
            || figure.agent_name.is_some()
            || figure.campaign_name.is_some()
    }
}

/// The average handling time of an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentAht {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
}

impl Endpoint for AgentAht {
    const SPEC: Spec = AHT;
    type Reply = AverageHandling;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())
    }

    fn accepts(&self, reply: &AverageHandling) -> bool {
        reply.is_figure()
    }
}

/// The average handling time of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CampaignAht {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
}

impl Endpoint for CampaignAht {
    const SPEC: Spec =
        Spec { name: "aht.campaign", discriminator: Discriminator::Has("campaignName"), ..AHT };
    type Reply = AverageHandling;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())
    }

    fn accepts(&self, reply: &AverageHandling) -> bool {
        reply.is_figure()
    }
}

/// Average handling time: see [`Client::aht`].
#[derive(Debug, Clone, Copy)]
pub struct Aht<'c>(pub(crate) &'c Client);

impl Client {
    /// Average handling time.
    pub fn aht(&self) -> Aht<'_> {
        Aht(self)
    }
}

impl<'c> Aht<'c> {
    /// Of an agent.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let figure = client.aht().agent("agent01").await?.0;
    /// assert!(figure.agent_name.is_some());
    /// println!("{:?}", figure.aht);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown agent.
    pub fn agent(&self, agent: impl Into<AgentId>) -> Call<'c, AgentAht> {
        Call::new(self.0, Ok(AgentAht { agent: agent.into() }))
    }

    /// Of a campaign.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let aht = client.aht().campaign("support_out").await?.0;
    /// assert_eq!(aht.campaign_name.unwrap().as_str(), "support_out");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown campaign.
    pub fn campaign(&self, campaign: impl Into<CampaignName>) -> Call<'c, CampaignAht> {
        Call::new(self.0, Ok(CampaignAht { campaign: campaign.into() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::envelope::{Outcome, read};
    use crate::core::error::ResponseHead;

    fn figure(body: &str) -> Option<HandlingTime> {
        match read::<AverageHandling>(&AHT, ResponseHead::OK, body.as_bytes()) {
            Ok(Outcome::Done(reply)) => Some(reply.0),
            _ => None,
        }
    }

    #[test]
    fn the_figure_is_read_nested_and_at_the_top() {
        for body in [
            r#"{"status":"success","message":{"AgentID":"7","AHT":"00:01:05"}}"#,
            r#"{"status":"success","message":[{"AgentID":7,"AHT":"00:01:05"}]}"#,
            r#"{"status":"success","message":"success","details":[{"AgentID":"7","AHT":"00:01:05"}]}"#,
            r#"{"status":"success","data":{"AgentID":"7","AHT":"00:01:05"}}"#,
            r#"{"status":"success","message":"success","AgentID":"7","AHT":"00:01:05"}"#,
            r#"{"status":"success","AHT":"00:01:05","AgentID":7}"#,
        ] {
            let figure = figure(body).unwrap_or_else(|| panic!("{body}"));
            assert_eq!(figure.aht.unwrap().seconds(), 65, "{body}");
            assert_eq!(figure.agent_id.as_deref(), Some("7"), "{body}");
            assert!(figure.extra.is_empty(), "{body}: {figure:?}");
        }
    }

    #[test]
    fn a_success_without_a_figure_is_none() {
        for body in [
            r#"{"status":"success","message":"success"}"#,
            r#"{"status":"success","message":{}}"#,
            r#"{"status":"success","message":[]}"#,
        ] {
            let found = figure(body).map(AverageHandling);
            assert!(found.is_none_or(|found| !found.is_figure()), "{body}");
        }
    }
}
