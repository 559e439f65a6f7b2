//! Leads as they were uploaded, scheduled and deleted before.

use serde::{Deserialize, Serialize};

use crate::api::leads::SCHEDULE_FORM;
use crate::api::leads::sheet::RowForm;
use crate::api::leads::{AddLead, Added, MAX_SCHEDULED, ScheduledLead, Sheet, Uploaded};
use crate::core::call::{Batched, RowResult};
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat, Rows, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, CampaignName, SkillName};
use crate::types::invalid::{Invalid, InvalidRow, filled};
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{nested, string_enum};

/// Adds one lead with a `GET`, as the older page has it: a hundred a minute. Not repeated once it may have arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddLeadByGet(pub AddLead);

impl Endpoint for AddLeadByGet {
    const SPEC: Spec = Spec {
        name: "legacy.add_lead",
        title: "Add campaign data (legacy)",
        method: Method::Get,
        path: AddLead::SPEC.path,
        input: Input::Query,
        auth: Auth::KeyField("api_key"),
        rate: Rate::AddLead,
        repeat: Repeat::Once,
        effect: Effect::Lead,
        envelope: Envelope::of(&["SUCCESS"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-addcamapaigndata",
        ..Spec::DEFAULT
    };
    type Reply = Added;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.0.prepare(plan)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.0.check()
    }
}

/// The row limit of the older bulk upload.
pub const MAX_BULK_LEGACY: usize = 200;

/// Uploads leads: 200 rows per request, one request in 30 seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddBulkLegacy {
    /// The campaign.
    #[serde(rename = "campaign_name")]
    pub campaign: CampaignName,
    /// The rows.
    #[serde(rename = "bulkData", deserialize_with = "nested")]
    pub sheet: Sheet,
}

impl Endpoint for AddBulkLegacy {
    const SPEC: Spec = Spec {
        name: "legacy.bulk",
        title: "Add campaign bulk data (legacy)",
        path: "/cloudAgentRestAPI/index.php/AddCampaignBulkData/addBulkData/format/json",
        path_verified: false,
        input: Input::Form,
        auth: Auth::KeyField("api_key"),
        rate: Rate::BulkLeadsLegacy,
        repeat: Repeat::Once,
        effect: Effect::Leads,
        envelope: Envelope::of(&["success"], Payload::At(&["message"])),
        docs: "https://docs.ozonetel.com/reference/post_cloudagentrestapi-index-php-addcampaignbulkdata-addbulkdata-format-json",
        ..Spec::DEFAULT
    };
    type Reply = Uploaded;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.sheet.dialled(plan);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())?;
        self.sheet.check(MAX_BULK_LEGACY, &["PhoneNumber"])?;
        InvalidRow::all(&self.check_rows())
    }
}

impl Batched for AddBulkLegacy {
    const MOST: usize = MAX_BULK_LEGACY;

    fn rows(&self) -> usize {
        self.sheet.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        Self { campaign: self.campaign.clone(), sheet: self.sheet.pick(rows) }
    }

    fn check_rows(&self) -> Vec<InvalidRow> {
        self.sheet.check_rows(&RowForm {
            characters: usize::MAX,
            plain_names: false,
            scheduled: false,
        })
    }

    fn not_taken(&self, reply: &Uploaded) -> Vec<RowResult> {
        reply.not_taken(&self.sheet)
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
        method: Method::Get,
        path: "/CAServices/scheduleCampaignData/scheduleCampaignData.php",
        input: Input::Query,
        auth: Auth::KeyField("api_key"),
        repeat: Repeat::Once,
        effect: Effect::Schedule,
        envelope: Envelope::of(&["success"], Payload::RowsAt(&["message"])),
        docs: "https://docs.ozonetel.com/reference/get_caservices-schedulecampaigndata-schedulecampaigndata-php",
        ..Spec::DEFAULT
    };
    type Reply = Vec<ScheduledLead>;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.sheet.dialled(plan);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaign_name", self.campaign.as_str())?;
        self.sheet.check(MAX_SCHEDULED, &["PhoneNumber", "ScheduledTime"])?;
        InvalidRow::all(&self.sheet.check_rows(&SCHEDULE_FORM))
    }
}

impl Rows for ScheduleText {
    type Row = ScheduledLead;
    const KEYS: &'static [&'static str] = &["message"];
}

string_enum! {
    /// What happened to a lead.
    LeadStatus, LeadStatusKind {
        /// Reached.
        Success = ["Success"],
        /// Not reached.
        Fail = ["Fail"],
        /// Not dialled yet.
        Pending = ["Pending"],
    }
}

/// Deletes leads of a campaign by their status, agent, skill or number. With none of these it deletes **all**.
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

impl ClearCampaign {
    /// Deletes all leads of a campaign; set the fields to delete fewer.
    pub fn new(campaign: impl Into<CampaignName>) -> Self {
        Self { campaign: campaign.into(), status: None, agent: None, skill: None, number: None }
    }
}

impl Endpoint for ClearCampaign {
    const SPEC: Spec = Spec {
        name: "legacy.clear_campaign",
        title: "Delete campaign data (legacy)",
        method: Method::Get,
        path: "/CAServices/Campaign/DeleteCampaignData.php",
        input: Input::Query,
        auth: Auth::Fields { user: "userName", key: "apiKey" },
        rate: Rate::DeleteLead,
        effect: Effect::Leads,
        envelope: Envelope::of(&["Success"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/get_caservices-campaign-deletecampaigndata-php",
        ..Spec::DEFAULT
    };
    type Reply = ServiceMessage;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        if let Some(known) = self.status.as_ref().and_then(LeadStatus::kind) {
            self.status = Some(known.into());
        }
        Ok(())
    }

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
