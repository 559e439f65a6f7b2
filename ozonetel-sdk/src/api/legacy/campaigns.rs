//! The older forms of campaign status and schedule.

use serde::{Deserialize, Serialize};

use super::Legacy;
use crate::api::campaigns::Campaign;
use crate::api::leads::{MAX_SCHEDULED, ScheduledLead, Sheet};
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Repeat, Rows, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::CampaignName;
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::wire::{YesNo, nested};

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
    /// Always true, says the newer page.
    pub process: YesNo,
}

impl Endpoint for SetCampaign {
    const SPEC: Spec = Spec {
        name: "legacy.set_campaign",
        title: "Start / stop campaign (legacy)",
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/setCampaign/",
        auth: Auth::KeyField("api_key"),
        repeat: Repeat::Once,
        envelope: Envelope::of(&["SUCCESS"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/put_ca-apis-setcampaignstatus",
        effect: Effect::Campaign,
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

/// Puts leads on the schedule: 100 rows per request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduleText {
    /// The campaign.
    #[serde(rename = "campaign_name")]
    pub campaign: CampaignName,
    /// The rows, as JSON text; `ScheduledTime` is mandatory among the headers.
    #[serde(rename = "bulkData", deserialize_with = "nested")]
    pub sheet: Sheet,
}

impl Endpoint for ScheduleText {
    const SPEC: Spec = Spec {
        name: "legacy.schedule",
        title: "Schedule campaign data (legacy)",
        path: "/CAServices/scheduleCampaignData/scheduleCampaignData.php",
        auth: Auth::KeyField("api_key"),
        repeat: Repeat::Once,
        docs: "https://docs.ozonetel.com/reference/get_caservices-schedulecampaigndata-schedulecampaigndata-php",
        effect: Effect::Schedule,
        ..STATUS
    };
    type Reply = Vec<ScheduledLead>;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())?;
        self.sheet.check_scheduled(MAX_SCHEDULED)
    }
}

impl Rows for ScheduleText {
    type Row = ScheduledLead;
    const KEYS: &'static [&'static str] = &["message"];
}

impl<'c> Legacy<'c> {
    /// The status of a campaign.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let status = client.legacy().campaign_status("support_out").await?;
    /// assert_eq!(status[0].name.as_ref().unwrap().as_str(), "support_out");
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Campaigns::status`](crate::api::campaigns::Campaigns::status).
    pub fn campaign_status(&self, campaign: impl Into<CampaignName>) -> Call<'c, CampaignStatus> {
        Call::new(self.0, Ok(CampaignStatus { campaign: campaign.into() }))
    }

    /// Starts a campaign.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.legacy().start_campaign("support_out").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Campaigns::start`](crate::api::campaigns::Campaigns::start).
    pub fn start_campaign(&self, campaign: impl Into<CampaignName>) -> Call<'c, SetCampaign> {
        self.set_campaign(campaign.into(), "Start")
    }

    /// Stops a campaign.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.legacy().stop_campaign("support_out").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn stop_campaign(&self, campaign: impl Into<CampaignName>) -> Call<'c, SetCampaign> {
        self.set_campaign(campaign.into(), "Stop")
    }

    fn set_campaign(&self, campaign: CampaignName, action: &str) -> Call<'c, SetCampaign> {
        let request = SetCampaign { campaign, action: action.to_owned(), process: YesNo(true) };
        Call::new(self.0, Ok(request))
    }

    /// Puts leads on the schedule. The page names the leads' field as the newer one does.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// use ozonetel_sdk::leads::Lead;
    /// let at = client.today().next().end();
    /// let sheet = client.leads().sheet([Lead::new("9000000001").name("A B").scheduled(at)]);
    /// let rows = client.legacy().schedule("support_out", sheet.map_err(|(_, invalid)| invalid)?).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Leads::schedule`](crate::api::leads::Leads::schedule).
    pub fn schedule(
        &self,
        campaign: impl Into<CampaignName>,
        sheet: Sheet,
    ) -> Call<'c, ScheduleText> {
        Call::new(self.0, Ok(ScheduleText { campaign: campaign.into(), sheet }))
    }
}

#[cfg(test)]
mod tests {
    use crate::api::leads::Lead;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn status_start_and_schedule_take_the_old_names() {
        let replay = Replay::new([
            Turn::json(
                r#"{"status":"success","message":[{"CampaignName":"c","Position":"READY"}]}"#,
            ),
            Turn::json(
                r#"{"status":"SUCCESS","message":"SUCCESSFULLY UPDATED, Progressive was started"}"#,
            ),
            Turn::json(r#"{"status":"success","message":[]}"#),
        ]);
        let client = client(&replay);
        assert_eq!(client.legacy().campaign_status("c").await.unwrap().len(), 1);
        client.legacy().start_campaign("c").await.unwrap();
        let lead = Lead::new("9000000001").scheduled("2030-02-13 21:14:00".parse().unwrap());
        client.legacy().schedule("c", client.leads().sheet([lead]).unwrap()).await.unwrap();
        assert_eq!(asked(&replay, 0)["user_name"], "acme_support");
        assert_eq!(
            (&asked(&replay, 1)["action"], &asked(&replay, 1)["process"]),
            (&"Start".into(), &"true".into())
        );
        assert!(asked(&replay, 2)["bulkData"].as_str().unwrap().contains("ScheduledTime"));
    }
}
