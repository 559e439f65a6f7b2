//! Campaigns: list them, read their status, start and stop them, create them, change their dynamic DIDs.
//!
//! Creating, and changing dynamic DIDs, live on another host than the rest. A running campaign cannot be changed, its
//! name is its key, and data is not touched by any of these.

mod control;

use serde::{Deserialize, Serialize};

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Method, Payload, Repeat, Rows, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{CampaignName, Did};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::wire::{Flag, record, string_enum};

pub use control::{
    CampaignType, CampaignTypeKind, CreateInbound, CreateOutbound, DialMethod, DialMethodKind,
    DidsUpdated, PopUrlAt, PopUrlAtKind, UpdateDynamicDids,
};

string_enum! {
    /// The state of a campaign.
    Position, PositionKind {
        /// Not started.
        Ready = ["READY"],
        /// Running.
        Running = ["RUNNING"],
        /// Through.
        Completed = ["COMPLETED"],
        /// Stopped.
        Stopped = ["STOPPED"],
    }
}

record! {
    /// A campaign as the lists show it.
    pub struct Campaign {
        /// Its number, as text.
        id: String = "CampaignID",
        /// Its name, which is its key.
        name: CampaignName = "CampaignName" | "Campaign" | "campaign" | "campaignName" | "campaign_name" | "name",
        /// The account.
        user: String = "UserName",
        /// Its state.
        position: Position = "Position",
        /// Its type, such as `InBound` or `Progressive`.
        kind: String = "CampaignType",
        /// Its DID.
        did: Did = "DID",
    }
}

const STATUS: Spec = Spec {
    name: "campaigns.status",
    title: "Campaign status",
    method: Method::Get,
    path: "/ca_apis/campaignStatus",
    envelope: Envelope::of(&["success"], Payload::RowsAt(&["message"])),
    docs: "https://docs.ozonetel.com/reference/get_ca-apis-campaignstatus",
    ..Spec::DEFAULT
};

/// The status of a campaign. The page's sample answers with several rows although one name was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchStatus {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
}

impl Endpoint for FetchStatus {
    const SPEC: Spec = STATUS;
    type Reply = Vec<Campaign>;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())
    }
}

impl Rows for FetchStatus {
    type Row = Campaign;
    const KEYS: &'static [&'static str] = &["message"];
}

/// Lists the account's campaigns (field report).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListCampaigns {}

impl Endpoint for ListCampaigns {
    const SPEC: Spec = Spec {
        name: "campaigns.list",
        title: "List campaigns",
        path: "/ca_apis/getAvailableCampaigns",
        auth: Auth::KeyHeader,
        docs: "field report",
        ..STATUS
    };
    type Reply = Vec<Campaign>;
}

impl Rows for ListCampaigns {
    type Row = Campaign;
    const KEYS: &'static [&'static str] = &["message"];
}

const SET: Spec = Spec {
    name: "campaigns.start",
    title: "Start / stop campaign",
    method: Method::Put,
    path: "/ca_apis/setCampaignStatus",
    path_verified: false,
    discriminator: Discriminator::Is("action", "Start"),
    auth: Auth::KeyHeader,
    // It rings customers, and one that has run to its end would ring them again.
    repeat: Repeat::Once,
    envelope: Envelope::of(&["SUCCESS"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/put_ca-apis-setcampaignstatus",
    effect: Effect::Campaign,
    ..STATUS
};

/// Starts a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartCampaign {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// Always true, according to the page.
    pub process: Flag,
}

impl Endpoint for StartCampaign {
    const SPEC: Spec = SET;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())
    }
}

/// Stops a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StopCampaign {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// Always true, according to the page.
    pub process: Flag,
}

impl Endpoint for StopCampaign {
    const SPEC: Spec = Spec {
        name: "campaigns.stop",
        discriminator: Discriminator::Is("action", "Stop"),
        repeat: Repeat::Safe,
        ..SET
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())
    }
}

/// Campaigns: see [`Client::campaigns`].
#[derive(Debug, Clone, Copy)]
pub struct Campaigns<'c>(pub(crate) &'c Client);

impl Client {
    /// Campaigns: list, status, start and stop, create.
    pub fn campaigns(&self) -> Campaigns<'_> {
        Campaigns(self)
    }
}

impl<'c> Campaigns<'c> {
    /// The status of a campaign. Look for the name among the rows: there may be others.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::campaigns::PositionKind;
    /// client.campaigns().start("support_out").await?;
    /// let rows = client.campaigns().status("support_out").await?;
    /// let row = rows.iter().find(|row| row.name == Some("support_out".into()));
    /// let position = row.and_then(|row| row.position.clone());
    /// assert!(position.is_some_and(|position| position == PositionKind::Running));
    /// client.campaigns().stop("support_out").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) where the service finds no record; a wrong account
    /// name is answered alike.
    pub fn status(&self, campaign: impl Into<CampaignName>) -> Call<'c, FetchStatus> {
        Call::new(self.0, Ok(FetchStatus { campaign: campaign.into() }))
    }

    /// The account's campaigns.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let campaigns = client.campaigns().list().await?;
    /// assert!(campaigns.iter().any(|row| row.name == Some("support_out".into())));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn list(&self) -> Call<'c, ListCampaigns> {
        Call::new(self.0, Ok(ListCampaigns {}))
    }

    /// Starts a campaign: from now on the service rings its leads. Not repeated once it may have arrived. The path's
    /// letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::campaigns::PositionKind;
    /// client.campaigns().start("support_out").await?;
    /// let now = client.campaigns().status("support_out").await?;
    /// assert_eq!(now[0].position.as_ref().unwrap().kind(), Some(PositionKind::Running));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn start(&self, campaign: impl Into<CampaignName>) -> Call<'c, StartCampaign> {
        Call::new(self.0, Ok(StartCampaign { campaign: campaign.into(), process: Flag(true) }))
    }

    /// Stops a campaign. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::campaigns::PositionKind;
    /// client.campaigns().stop("support_out").await?;
    /// let now = client.campaigns().status("support_out").await?;
    /// assert_ne!(now[0].position.as_ref().unwrap().kind(), Some(PositionKind::Running));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn stop(&self, campaign: impl Into<CampaignName>) -> Call<'c, StopCampaign> {
        Call::new(self.0, Ok(StopCampaign { campaign: campaign.into(), process: Flag(true) }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::Reason;
    use crate::core::transport::SendStage;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn names_are_found_under_every_reported_key() {
        for key in ["CampaignName", "Campaign", "campaignName", "campaign_name", "name"] {
            let body = json!({"status": "success", "message": [{key: "support_out", "Position": "PAUSED"}]});
            let replay = Replay::new([Turn::json(body.to_string())]);
            let rows = client(&replay).campaigns().list().await.unwrap();
            assert_eq!(rows[0].name, Some("support_out".into()), "{key}");
            assert_eq!(rows[0].position.as_ref().unwrap().as_str(), "PAUSED");
        }
    }

    #[tokio::test]
    async fn start_and_stop_are_one_path_and_start_is_never_repeated() {
        let said = |word: &str| {
            Turn::json(format!(
                r#"{{"status":"SUCCESS","message":"SUCCESSFULLY UPDATED, Progressive was {word}"}}"#
            ))
        };
        let replay =
            Replay::new([said("stopped"), Turn::Fail(SendStage::Unknown), said("started")]);
        let client = client(&replay);
        client.campaigns().stop("support_out").await.unwrap();
        let want = json!({"userName": "acme_support", "campaignName": "support_out", "action": "Stop",
            "process": true});
        assert_eq!(asked(&replay, 0), want);
        assert_eq!(replay.requests()[0].method(), "PUT");
        let error = client.campaigns().start("support_out").await.unwrap_err();
        assert!(error.may_have_happened());
        assert_eq!(replay.requests().len(), 2);
    }

    #[tokio::test]
    async fn no_record_is_a_refusal_because_a_wrong_account_reads_the_same() {
        let no = r#"{"status":"failure","message":"no record found"}"#;
        let replay = Replay::new([Turn::json(no)]);
        let error = client(&replay).campaigns().status("nowhere").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
    }
}
