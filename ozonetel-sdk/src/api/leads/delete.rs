//! Taking leads out of campaigns and off the schedule. Call records are not touched.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Leads;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, CampaignName, SkillName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::redact::redact_number;
use crate::types::wire::{SensitiveText, string_enum};

const DELETE: Spec = Spec {
    name: "leads.delete",
    title: "Delete one lead",
    method: Method::Delete,
    path: "/ca_apis/deleteCampaignData",
    rate: Rate::DeleteLead,
    envelope: Envelope::of(&["Success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletecampaigndata-1",
    effect: Effect::Leads,
    ..Spec::DEFAULT
};

/// Takes one lead out of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteLead {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The number as it was uploaded.
    #[serde(rename = "phoneNumber")]
    pub number: PhoneNumber,
    /// The name as it was uploaded.
    #[serde(default)]
    pub name: Option<SensitiveText>,
}

impl Endpoint for DeleteLead {
    const SPEC: Spec = DELETE;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        filled("phoneNumber", self.number.as_str())
    }
}

/// A number as the service wants it here: a JSON number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NumberAsNumber(pub u64);

impl fmt::Debug for NumberAsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberAsNumber({})", redact_number(&self.0.to_string()))
    }
}

/// Takes leads out of several campaigns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteMany {
    /// The numbers.
    #[serde(rename = "phoneNumber")]
    pub numbers: Vec<NumberAsNumber>,
    /// The campaigns.
    #[serde(rename = "campaignName")]
    pub campaigns: Vec<CampaignName>,
}

impl Endpoint for DeleteMany {
    const SPEC: Spec = Spec {
        name: "leads.delete_many",
        title: "Delete leads over campaigns",
        path: "/ca_apis/DeleteBulkData",
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletebulkdata",
        ..DELETE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        if self.numbers.is_empty() {
            return Err(Invalid::new("phoneNumber", "is empty"));
        }
        if self.campaigns.is_empty() {
            return Err(Invalid::new("campaignName", "is empty"));
        }
        self.campaigns.iter().try_for_each(|name| filled("campaignName", name.as_str()))
    }
}

/// Takes rows off the schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteScheduled {
    /// One id, several separated by commas (`2,3,5`), or a range (`3-10`).
    #[serde(rename = "rowId", deserialize_with = "rows")]
    pub rows: String,
}

fn rows<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    crate::types::wire::text(from).map(String::from)
}

impl Endpoint for DeleteScheduled {
    const SPEC: Spec = Spec {
        name: "leads.delete_scheduled",
        title: "Delete scheduled data",
        path: "/ca_apis/deleteScheduledData",
        path_verified: false,
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletescheduleddata-2",
        effect: Effect::Schedule,
        second_sending: SecondSending::Refused,
        ..DELETE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        let id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let range = self.rows.split_once('-').is_some_and(|(from, to)| id(from) && id(to));
        if range || self.rows.split(',').all(id) {
            Ok(())
        } else {
            Err(Invalid::new("rowId", "has to be an id, ids separated by commas, or a range"))
        }
    }
}

string_enum! {
    /// What became of a lead.
    LeadStatus, LeadStatusKind {
        /// Reached.
        Success = ["Success"],
        /// Not reached.
        Fail = ["Fail"],
        /// Not dialled yet.
        Pending = ["Pending"],
    }
}

/// Takes leads out of a campaign by what became of them, by agent, skill or number. With none of these it takes
/// all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearCampaign {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// Only those with this status.
    #[serde(default)]
    pub status: Option<LeadStatus>,
    /// Only those of this agent.
    #[serde(rename = "agentId", default)]
    pub agent: Option<AgentId>,
    /// Only those of this skill.
    #[serde(default)]
    pub skill: Option<SkillName>,
    /// Only this number.
    #[serde(rename = "phoneNumber", default)]
    pub number: Option<PhoneNumber>,
}

impl Endpoint for ClearCampaign {
    const SPEC: Spec = Spec {
        name: "leads.clear",
        title: "Delete campaign data (legacy)",
        method: Method::Get,
        path: "/CAServices/Campaign/DeleteCampaignData.php",
        input: Input::Query,
        auth: Auth::Fields { user: "userName", key: "apiKey" },
        docs: "https://docs.ozonetel.com/reference/get_caservices-campaign-deletecampaigndata-php",
        ..DELETE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        match &self.status {
            Some(status) if status.kind().is_none() => {
                Err(Invalid::new("status", "has to be Success, Fail or Pending"))
            }
            _ => Ok(()),
        }
    }
}

impl<'c> Leads<'c> {
    /// Takes one lead out of a campaign, by the number as it was uploaded.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.leads().add("support_out", "9000000001").name("A B").await?;
    /// client.leads().delete("support_out", "9000000001").name("A B").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown campaign.
    pub fn delete(
        &self,
        campaign: impl Into<CampaignName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, DeleteLead> {
        let (campaign, number) = (campaign.into(), number.into());
        Call::new(self.0, Ok(DeleteLead { campaign, number, name: None }))
    }

    /// Takes leads out of several campaigns.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.leads().add("support_out", "9000000001").await?;
    /// client.leads().delete_many(["9000000001"], ["support_out"]).await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Input`](crate::ErrorKind::Input) for a number that is not digits alone; as any call.
    pub fn delete_many<N: Into<PhoneNumber>, C: Into<CampaignName>>(
        &self,
        numbers: impl IntoIterator<Item = N>,
        campaigns: impl IntoIterator<Item = C>,
    ) -> Call<'c, DeleteMany> {
        let number = |number: N| {
            let number = number.into();
            let digits = number.as_str().bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| number.as_str().parse().ok().map(NumberAsNumber)).flatten()
        };
        let numbers: Option<Vec<_>> = numbers.into_iter().map(number).collect();
        let campaigns = campaigns.into_iter().map(Into::into).collect();
        let request = numbers
            .map(|numbers| DeleteMany { numbers, campaigns })
            .ok_or(Invalid::new("phoneNumber", "has to be digits alone"));
        Call::new(self.0, request)
    }

    /// Takes rows off the schedule: `"7"`, `"2,3,5"` or `"3-10"`. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// use ozonetel_sdk::leads::Lead;
    /// let at = client.today().next().end();
    /// let sheet = client.leads().sheet([Lead::new("9000000001").name("A B").scheduled(at)]);
    /// client.leads().schedule("support_out", sheet.map_err(|(_, invalid)| invalid)?).await?;
    /// client.leads().delete_scheduled("1").await?;
    /// assert!(client.leads().delete_scheduled("1").await.is_err());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) when there is no such row.
    pub fn delete_scheduled(&self, rows: impl Into<String>) -> Call<'c, DeleteScheduled> {
        Call::new(self.0, Ok(DeleteScheduled { rows: rows.into() }))
    }

    /// Takes **all** leads out of a campaign, or those that fit what is said further.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.leads().add("support_out", "9000000001").await?;
    /// let said = client.leads().clear("support_out").status("Pending").await?;
    /// assert_eq!(said.as_str(), "1 Records Deleted Successfully");
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown campaign, agent or skill.
    pub fn clear(&self, campaign: impl Into<CampaignName>) -> Call<'c, ClearCampaign> {
        let request = ClearCampaign {
            campaign: campaign.into(),
            status: None,
            agent: None,
            skill: None,
            number: None,
        };
        Call::new(self.0, Ok(request))
    }
}

impl Call<'_, DeleteLead> {
    /// The name as it was uploaded.
    pub fn name(self, name: impl Into<SensitiveText>) -> Self {
        let name = name.into();
        self.map(|request| request.name = Some(name))
    }
}

impl Call<'_, ClearCampaign> {
    /// Only those with this status.
    pub fn status(self, status: impl Into<LeadStatus>) -> Self {
        let status = status.into();
        self.map(|request| request.status = Some(status))
    }

    /// Only those of this agent.
    pub fn agent(self, agent: impl Into<AgentId>) -> Self {
        let agent = agent.into();
        self.map(|request| request.agent = Some(agent))
    }

    /// Only those of this skill.
    pub fn skill(self, skill: impl Into<SkillName>) -> Self {
        let skill = skill.into();
        self.map(|request| request.skill = Some(skill))
    }

    /// Only this number.
    pub fn number(self, number: impl Into<PhoneNumber>) -> Self {
        let number = number.into();
        self.map(|request| request.number = Some(number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    fn ok() -> Turn {
        Turn::json(r#"{"status":"success","message":"Deleted Successfully"}"#)
    }

    #[tokio::test]
    async fn numbers_are_json_numbers_where_the_page_says_so() {
        let replay = Replay::new([ok()]);
        let client = client(&replay);
        let call = client.leads().delete_many(["9000000001", "9000000002"], ["A", "B"]);
        assert!(!format!("{call:?}").contains("9000000001"));
        call.await.unwrap();
        let want = json!({"userName": "acme_support", "phoneNumber": [9_000_000_001_u64, 9_000_000_002_u64],
            "campaignName": ["A", "B"]});
        assert_eq!(asked(&replay, 0), want);
        for (numbers, campaigns) in [(vec!["+919000000001"], vec!["A"]), (vec![], vec!["A"])] {
            let error = client.leads().delete_many(numbers, campaigns).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input);
        }
    }

    #[tokio::test]
    async fn scheduled_rows_go_by_id_list_or_range() {
        let replay =
            Replay::new([ok(), Turn::json(r#"{"status":"error","message":"No data found"}"#)]);
        let client = client(&replay);
        client.leads().delete_scheduled("3-10").await.unwrap();
        assert_eq!(replay.requests()[0].method(), "DELETE");
        let error = client.leads().delete_scheduled("2,3,5").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
        for rows in ["", "3-", "a", "1,,2", "1-2-3", "1, 2"] {
            let error = client.leads().delete_scheduled(rows).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{rows}");
        }
    }

    #[tokio::test]
    async fn clearing_says_how_many() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"success","message":"4 Records Deleted Successfully"}"#),
            Turn::json(r#"{"status":"Error","message":"Passed campaign are invalid"}"#),
        ]);
        let client = client(&replay);
        let said = client.leads().clear("c").status("Pending").agent("agent01").await.unwrap();
        assert_eq!(said.as_str(), "4 Records Deleted Successfully");
        let want = json!({"campaignName": "c", "status": "Pending", "agentId": "agent01",
            "userName": "acme_support", "apiKey": "test-key"});
        assert_eq!(asked(&replay, 0), want);
        let error = client.leads().delete("nowhere", "9000000001").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadInput));
        let error = client.leads().clear("c").status("Maybe").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
    }
}
