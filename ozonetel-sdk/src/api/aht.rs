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
    envelope: Envelope::of(&["success"], Payload::At(&["message", "data", "details"])),
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

/// One figure; the page leaves open whether there is an array around it.
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
