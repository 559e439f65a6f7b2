//! Leads of campaigns: add one or many, schedule, delete.
//!
//! The path for adding one lead is misspelt at the service, and stays so here. A number that is there already is
//! reported as a success: see [`Added::is_duplicate`]. Uploads create rows, so none of them is ever repeated; a
//! large one goes out in batches, and a batch whose outcome is unknown stops the run.

mod answers;
mod delete;
pub(crate) mod sheet;
mod upload;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat, Reply, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, CampaignName, SkillName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{Day, SensitiveText, YesNo, loose};

#[cfg(feature = "legacy")]
pub(crate) use upload::SCHEDULE_FORM;

pub use delete::{DeleteLead, DeleteMany, DeleteScheduled, NumberAsNumber};
pub use sheet::{Lead, Sheet};
pub use upload::{AddBulk, LeadResult, MAX_BULK, MAX_SCHEDULED, Schedule, ScheduledLead, Uploaded};

/// Adds one lead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddLead {
    /// The campaign.
    #[serde(rename = "campaign_name")]
    pub campaign: CampaignName,
    /// The number; sent in the form of [`PhoneNumber::for_dial`].
    #[serde(rename = "PhoneNumber")]
    pub number: PhoneNumber,
    /// The person's name.
    #[serde(rename = "Name", default)]
    pub name: Option<SensitiveText>,
    /// The agent it is for.
    #[serde(rename = "agentId", default)]
    pub agent: Option<AgentId>,
    /// The skill it is for.
    #[serde(default)]
    pub skill: Option<SkillName>,
    /// Leaves it out if the number is there already.
    #[serde(rename = "checkDuplicate", default)]
    pub check_duplicate: Option<Upper>,
    /// `START` also starts the campaign.
    #[serde(default)]
    pub action: Option<String>,
    /// From 1 to 99, higher first.
    #[serde(rename = "Priority", default, deserialize_with = "loose")]
    pub priority: Option<u32>,
    /// The last day on which it is dialled.
    #[serde(rename = "ExpiryDate", default)]
    pub expires: Option<Day>,
    /// `json` unless another is set: without it the older paths answer XML (field report).
    #[serde(default)]
    pub format: Option<String>,
    /// Further headers of the campaign's map file.
    #[serde(flatten)]
    pub columns: BTreeMap<String, SensitiveText>,
}

/// `TRUE`: a yes in capitals, as this page requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upper(pub bool);

impl Serialize for Upper {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.0 { "TRUE" } else { "FALSE" })
    }
}

impl<'de> Deserialize<'de> for Upper {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        YesNo::deserialize(from).map(|YesNo(yes)| Self(yes))
    }
}

/// The service's answer to an added lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Added(ServiceMessage);

impl Added {
    /// The service's text.
    pub fn message(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the number was there already: the service calls that a success.
    pub fn is_duplicate(&self) -> bool {
        self.message().trim().eq_ignore_ascii_case(answers::ALREADY_THERE)
    }
}

impl From<&str> for Added {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Reply for Added {}

impl Endpoint for AddLead {
    const SPEC: Spec = Spec {
        name: "leads.add",
        title: "Add campaign data",
        method: Method::Post,
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/addCamapaignData",
        input: Input::Form,
        auth: Auth::KeyField("api_key"),
        rate: Rate::AddLead,
        repeat: Repeat::Once,
        envelope: Envelope::of(&["SUCCESS"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/post_cloudagentrestapi-index-php-cloudagent-cloudagentapi-addcamapaigndata-1",
        effect: Effect::Lead,
        ..Spec::DEFAULT
    };
    type Reply = Added;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.format.get_or_insert_with(|| "json".to_owned());
        self.number.dialled(plan, None)
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())?;
        filled("PhoneNumber", self.number.as_str())?;
        for header in self.columns.keys().map(|header| header.trim()) {
            if let Some(own) = OWN_FIELDS.into_iter().find(|own| own.eq_ignore_ascii_case(header)) {
                return Err(Invalid::new(own, "is no column: it has a setter of its own"));
            }
        }
        match self.priority {
            Some(priority) => sheet::priority(&priority.to_string()),
            None => Ok(()),
        }
    }
}

/// The request's own fields: sent twice, it is open which one counts.
const OWN_FIELDS: [&str; 11] = [
    "api_key",
    "campaign_name",
    "PhoneNumber",
    "Name",
    "agentId",
    "skill",
    "checkDuplicate",
    "action",
    "Priority",
    "ExpiryDate",
    "format",
];

/// Leads: see [`Client::leads`].
#[derive(Debug, Clone, Copy)]
pub struct Leads<'c>(pub(crate) &'c Client);

impl Client {
    /// Leads of campaigns: add, schedule, delete.
    pub fn leads(&self) -> Leads<'_> {
        Leads(self)
    }
}

impl<'c> Leads<'c> {
    /// Adds one lead: a hundred a minute. Not repeated once it may have arrived. The number is put into the form
    /// that the account's region requires.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let add = || client.leads().add("support_out", "+91 90000 00001").name("A B").check_duplicate();
    /// assert!(!add().await?.is_duplicate());
    /// assert!(add().await?.is_duplicate());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`](crate::Reason::NotAllowed) for a number on the do-not-disturb list; see
    /// [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn add(
        &self,
        campaign: impl Into<CampaignName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, AddLead> {
        let request = AddLead {
            campaign: campaign.into(),
            number: number.into(),
            name: None,
            agent: None,
            skill: None,
            check_duplicate: None,
            action: None,
            priority: None,
            expires: None,
            format: None,
            columns: BTreeMap::new(),
        };
        Call::new(self.0, Ok(request))
    }
}

setters! { AddLead {
    /// The person's name.
    name(name: impl Into<SensitiveText>) => name = name.into();
    /// The agent it is for.
    agent(agent: impl Into<AgentId>) => agent = agent.into();
    /// The skill it is for.
    skill(skill: impl Into<SkillName>) => skill = skill.into();
    /// Leaves it out if the number is there already.
    check_duplicate() => check_duplicate = Upper(true);
    /// Also starts the campaign: from then on the service rings its leads.
    start() => action = "START".to_owned();
    /// From 1 to 99, higher first.
    priority(priority: u32) => priority = priority;
    /// The last day on which it is dialled.
    expires(day: Day) => expires = day;
} }

impl Call<'_, AddLead> {
    /// A further header of the campaign's map file. The name of a field that this request has of its own is refused
    /// when it is sent.
    pub fn column(self, header: impl Into<String>, value: impl Into<SensitiveText>) -> Self {
        let (header, value) = (header.into(), value.into());
        self.map(|request| drop(request.columns.insert(header, value)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::core::transport::SendStage;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_lead_goes_out_as_a_form_with_its_columns() {
        let replay = Replay::new([
            Turn::json(
                r#"{"status":"SUCCESS","message":"Successfully Updated, Progressive was started"}"#,
            ),
            Turn::json(r#"{"status":"SUCCESS","message":"Number Already Exist"}"#),
        ]);
        let client = client(&replay);
        let add = || client.leads().add("support_out", "+91 90000 00001");
        let call = add().name("A B").check_duplicate().start().priority(6);
        assert!(!call.column("City", "Pune").await.unwrap().is_duplicate());
        let want = json!({"campaign_name": "support_out", "PhoneNumber": "9000000001", "Name": "A B",
            "checkDuplicate": "TRUE", "action": "START", "Priority": "6", "format": "json", "City": "Pune",
            "api_key": "test-key"});
        assert_eq!(asked(&replay, 0), want);
        assert!(add().await.unwrap().is_duplicate());
    }

    #[tokio::test]
    async fn a_column_cannot_send_a_field_twice() {
        let replay = Replay::new([]);
        let client = client(&replay);
        let full = client.leads().add("support_out", "9000000001").name("A").agent("agent01");
        let full = full.skill("General").check_duplicate().start().priority(6);
        let full = full.expires("2026-11-30".parse().unwrap()).request().unwrap().clone();
        let form = serde_json::to_value(&full).unwrap();
        let mut own: Vec<&str> = form.as_object().unwrap().keys().map(String::as_str).collect();
        own.push("api_key");
        own.sort_unstable();
        let mut named = super::OWN_FIELDS;
        named.sort_unstable();
        assert_eq!(own, named);
        for name in own {
            for header in [name.to_owned(), name.to_uppercase(), format!(" {name} ")] {
                let add = client.leads().add("support_out", "9000000001");
                let error = add.column(header, "112").await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.invalid_input().unwrap().field()),
                    (ErrorKind::Input, name)
                );
            }
        }
        assert!(replay.requests().is_empty());
    }

    #[tokio::test]
    async fn a_lead_is_never_added_twice_and_refusals_keep_their_reason() {
        let replay = Replay::new([
            Turn::Fail(SendStage::Unknown),
            Turn::json(r#"{"status":"FAIL","message":"PhoneNumber Added is a DND Number"}"#),
            Turn::json(r#"{"status":"FAIL","message":"No User Found"}"#),
        ]);
        let client = client(&replay);
        let add = || client.leads().add("support_out", "9000000001");
        assert!(add().await.unwrap_err().may_have_happened());
        assert_eq!(replay.requests().len(), 1);
        assert_eq!(add().await.unwrap_err().reason(), Some(Reason::NotAllowed));
        assert_eq!(add().await.unwrap_err().reason(), Some(Reason::BadCredentials));
        for call in [add().priority(0), add().priority(100)] {
            assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Input);
        }
    }

    /// The page limits the names of the bulk upload alone.
    #[tokio::test]
    async fn a_name_with_an_apostrophe_goes_out_but_in_a_bulk() {
        let said =
            |message| Turn::json(json!({"status": "SUCCESS", "message": message}).to_string());
        let replay = Replay::new([said(json!("Successfully Updated")), said(json!([]))]);
        let client = client(&replay);
        client.leads().add("support_out", "9000000001").name("O'Brien; A").await.unwrap();
        assert_eq!(asked(&replay, 0)["Name"], "O'Brien; A");
        let lead = || super::Lead::new("9000000001").name("O'Brien");
        let sheet = super::Sheet::of([lead().scheduled(client.today().next().end())]);
        client.leads().schedule("support_out", sheet).await.unwrap();
        assert_eq!(asked(&replay, 1)["bulkData"]["data"][0][1], "O'Brien");
        let bulk = client.leads().bulk("support_out", super::Sheet::of([lead()]));
        let error = bulk.await.unwrap_err();
        assert_eq!((error.kind(), replay.requests().len()), (ErrorKind::Input, 2));
    }
}
