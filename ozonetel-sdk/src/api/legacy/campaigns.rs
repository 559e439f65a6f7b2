//! Campaign status and control as they were before.

use serde::{Deserialize, Serialize};

use crate::api::campaigns::Campaign;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Repeat, Rows, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::CampaignName;
use crate::types::invalid::{Invalid, filled};
use crate::types::wire::YesNo;

const STATUS: Spec = Spec {
    name: "legacy.campaign_status",
    title: "Campaign status (legacy)",
    method: Method::Get,
    path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/campaignStatus",
    input: Input::Query,
    auth: Auth::Fields { user: "user_name", key: "api_key" },
    envelope: Envelope::of(&["success"], Payload::RowsAt(&["message"])),
    docs: "https://docs.ozonetel.com/reference/get_ca-apis-campaignstatus",
    ..Spec::DEFAULT
};

/// The status of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CampaignStatus {
    /// The campaign.
    #[serde(rename = "campaign_name")]
    pub campaign: CampaignName,
}

impl Endpoint for CampaignStatus {
    const SPEC: Spec = STATUS;
    type Reply = Vec<Campaign>;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())
    }
}

impl Rows for CampaignStatus {
    type Row = Campaign;
    const KEYS: &'static [&'static str] = &["message"];
}

/// Starts or stops a campaign. Not repeated: a start rings customers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetCampaign {
    /// The campaign.
    #[serde(rename = "campaign_name")]
    pub campaign: CampaignName,
    /// `Start` or `Stop`.
    pub action: String,
    /// Always true, according to the newer page.
    pub process: YesNo,
}

impl SetCampaign {
    /// Starts a campaign.
    pub fn start(campaign: impl Into<CampaignName>) -> Self {
        Self { campaign: campaign.into(), action: "Start".to_owned(), process: YesNo(true) }
    }

    /// Stops a campaign.
    pub fn stop(campaign: impl Into<CampaignName>) -> Self {
        Self { action: "Stop".to_owned(), ..Self::start(campaign) }
    }
}

impl Endpoint for SetCampaign {
    const SPEC: Spec = Spec {
        name: "legacy.set_campaign",
        title: "Start / stop campaign (legacy)",
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/setCampaign/",
        auth: Auth::KeyField("api_key"),
        repeat: Repeat::Once,
        effect: Effect::Campaign,
        envelope: Envelope::of(&["SUCCESS"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/put_ca-apis-setcampaignstatus",
        ..STATUS
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())?;
        match self.action.as_str() {
            "Start" | "Stop" => Ok(()),
            _ => Err(Invalid::new("action", "has to be Start or Stop")),
        }
    }
}
