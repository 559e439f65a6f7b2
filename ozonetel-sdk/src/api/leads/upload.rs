//! Many leads at once: the bulk upload and the schedule.

use serde::{Deserialize, Serialize};

use super::Leads;
use super::answers::{self, RowAnswer};
use super::sheet::{RowForm, Sheet};
use crate::api::setters::setters;
use crate::core::call::{Batched, Call, RowResult};
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat, Reply, Rows, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, CampaignName, SkillName};
use crate::types::invalid::{Invalid, InvalidRow, filled};
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{Flag, LocalDateTime, SensitiveText, YesNo, nested, record};

const BULK: Spec = Spec {
    name: "leads.bulk",
    title: "Add campaign bulk data V4",
    method: Method::Post,
    path: "/cloudAgentRestAPI/index.php/AddCampaignBulkDataV4/addBulkData/format/json",
    path_verified: false,
    input: Input::Form,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    rate: Rate::BulkLeads,
    repeat: Repeat::Once,
    envelope: Envelope::of(
        &["success", "queued", "queued successfully"],
        Payload::At(&["message"]),
    ),
    docs: "https://docs.ozonetel.com/reference/post_cloudagentrestapi-index-php-addcampaignbulkdatav4-addbulkdata-format-json",
    effect: Effect::Leads,
    ..Spec::DEFAULT
};

const BULK_FORM: RowForm = RowForm { characters: 2000, plain_names: true, scheduled: false };

pub(crate) const SCHEDULE_FORM: RowForm =
    RowForm { characters: usize::MAX, plain_names: false, scheduled: true };

/// The row limit of the bulk upload.
pub const MAX_BULK: usize = 500;
/// The row limit of the schedule.
pub const MAX_SCHEDULED: usize = 100;

/// Uploads leads: 500 rows per request, five requests a minute; the service queues them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddBulk {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The rows.
    #[serde(rename = "bulkData", deserialize_with = "nested")]
    pub sheet: Sheet,
    /// `START` also starts the campaign.
    #[serde(default)]
    pub action: Option<String>,
    /// Leaves numbers out that are there already.
    #[serde(rename = "checkDuplicate", default)]
    pub check_duplicate: Option<YesNo>,
    /// Sent as `isDelete`, which wins over `checkDuplicate`: see [`replace`](Call::replace).
    #[serde(rename = "isDelete", default)]
    pub replace: Option<YesNo>,
}

record! {
    /// What happened to one row.
    pub struct LeadResult {
        /// The number.
        number: PhoneNumber = "PhoneNumber",
        /// The service's words, such as `SuccessFully Updated`.
        status: String = "Status",
    }
}

/// The service's answer to a bulk upload: a list with one entry per row, or a text. Only the list of the
/// older path (feature `legacy`) is documented.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Uploaded {
    /// Row by row.
    Rows(Vec<LeadResult>),
    /// As a whole.
    Said(ServiceMessage),
}

impl Reply for Uploaded {}

impl Uploaded {
    /// What it says of the rows of this sheet that were not certainly taken.
    pub(crate) fn not_taken(&self, sheet: &Sheet) -> Vec<RowResult> {
        let rows = match self {
            Self::Rows(rows) => rows.as_slice(),
            Self::Said(_) => &[],
        };
        let answer = |row: &LeadResult| {
            let outcome = answers::outcome(row.status.as_deref(), None);
            RowAnswer::new(row.number.as_ref(), None, outcome)
        };
        answers::not_taken(&sheet.number_keys(), rows.iter().map(answer).collect())
    }
}

impl Endpoint for AddBulk {
    const SPEC: Spec = BULK;
    type Reply = Uploaded;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.sheet.dialled(plan);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        self.sheet.check(MAX_BULK, &["PhoneNumber"])?;
        InvalidRow::all(&self.check_rows())
    }
}

/// Puts leads on the schedule: 100 rows per request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schedule {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// Leaves numbers out that are there already.
    #[serde(rename = "checkDuplicate", default)]
    pub check_duplicate: Option<Flag>,
    /// The rows; `ScheduledTime` is mandatory among the headers.
    #[serde(rename = "bulkData")]
    pub sheet: Sheet,
}

record! {
    /// What happened to one scheduled lead.
    pub struct ScheduledLead {
        /// `success`, or another word.
        response: String = "Response",
        /// When it will be dialled.
        time: LocalDateTime = "ScheduleTime",
        /// The campaign.
        campaign: CampaignName = "campaign_name",
        /// The number.
        number: PhoneNumber = "PhoneNumber",
        /// The person's name.
        name: SensitiveText = "Name",
        /// The agent it is for.
        agent: AgentId = "AgentID",
        /// The skill it is for.
        skill: SkillName = "skill",
        /// The service's words.
        says: SensitiveText = "msg",
        /// The row, counted from 0.
        index: u32 = "index",
    }
}

impl Endpoint for Schedule {
    const SPEC: Spec = Spec {
        name: "leads.schedule",
        title: "Schedule campaign data",
        path: "/ca_apis/campaignScheduledData",
        input: Input::Json,
        auth: Auth::Account,
        rate: Rate::Unstated,
        envelope: Envelope::of(&["success"], Payload::RowsAt(&["message"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-campaignscheduleddata-1",
        effect: Effect::Schedule,
        ..BULK
    };
    type Reply = Vec<ScheduledLead>;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.sheet.dialled(plan);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        self.sheet.check(MAX_SCHEDULED, &["PhoneNumber", "ScheduledTime"])?;
        InvalidRow::all(&self.check_rows())
    }
}

impl Rows for Schedule {
    type Row = ScheduledLead;
    const KEYS: &'static [&'static str] = &["message"];
}

impl Batched for AddBulk {
    const MOST: usize = MAX_BULK;

    fn rows(&self) -> usize {
        self.sheet.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        Self {
            campaign: self.campaign.clone(),
            sheet: self.sheet.pick(rows),
            action: self.action.clone(),
            check_duplicate: self.check_duplicate,
            replace: self.replace,
        }
    }

    fn check_rows(&self) -> Vec<InvalidRow> {
        self.sheet.check_rows(&BULK_FORM)
    }

    fn not_taken(&self, reply: &Uploaded) -> Vec<RowResult> {
        reply.not_taken(&self.sheet)
    }
}

impl Batched for Schedule {
    const MOST: usize = MAX_SCHEDULED;

    fn rows(&self) -> usize {
        self.sheet.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        let (campaign, check_duplicate) = (self.campaign.clone(), self.check_duplicate);
        Self { campaign, check_duplicate, sheet: self.sheet.pick(rows) }
    }

    fn check_rows(&self) -> Vec<InvalidRow> {
        self.sheet.check_rows(&SCHEDULE_FORM)
    }

    fn not_taken(&self, reply: &Vec<ScheduledLead>) -> Vec<RowResult> {
        let answer = |row: &ScheduledLead| {
            let outcome = answers::outcome(row.response.as_deref(), row.says.as_ref());
            RowAnswer::new(row.number.as_ref(), row.index, outcome)
        };
        answers::not_taken(&self.sheet.number_keys(), reply.iter().map(answer).collect())
    }
}

impl<'c> Leads<'c> {
    /// Uploads leads: 500 rows per request, any number with [`Call::in_batches`]. Numbers are put into the form that
    /// the account requires, and every row is checked before the first is sent. Not repeated once it may have arrived.
    /// The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::leads::{Lead, Sheet};
    /// let sheet = Sheet::of((1000..1600).map(|n| Lead::new(format!("900000{n}")).name("A B")));
    /// let mut batches = client.leads().bulk("support_out", sheet).check_duplicate().in_batches();
    /// while let Some(batch) = batches.try_next().await? {
    ///     println!("{} of {} rows", batch.rows.end(), batch.total);
    ///     assert_eq!(batch.not_taken().count(), 0);
    /// }
    /// // A bad row is named, and nothing is sent.
    /// let leads = [Lead::new("9000000001").name("A B"), Lead::new("9000000002").name("O'Brien")];
    /// let call = client.leads().bulk("support_out", Sheet::of(leads.clone()));
    /// let halt = call.in_batches().try_next().await.unwrap_err();
    /// assert_eq!((halt.invalid_rows().len(), halt.invalid_rows()[0].row), (1, 2));
    /// // Or it is left out.
    /// let call = client.leads().bulk("support_out", Sheet::of(leads)).skip_bad();
    /// let batch = call.in_batches().try_next().await?.ok_or("no batch")?;
    /// assert_eq!((batch.rows.clone(), batch.not_taken().count()), (1..=2, 1));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`Input`](crate::ErrorKind::Input) for a sheet over the limits, and for rows that would be refused, all of them
    /// with their row and what is wrong; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn bulk(&self, campaign: impl Into<CampaignName>, sheet: Sheet) -> Call<'c, AddBulk> {
        let request = AddBulk {
            campaign: campaign.into(),
            sheet,
            action: None,
            check_duplicate: None,
            replace: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Puts leads on the schedule: 100 rows per request, any number with [`Call::in_batches`]. How far ahead is 30
    /// days on one version of the page and 365 on another. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::leads::{Lead, Sheet};
    /// let at = client.today().next().end();
    /// let sheet = Sheet::of([Lead::new("9000000001").name("A B").scheduled(at)]);
    /// let rows = client.leads().schedule("support_out", sheet).await?;
    /// assert_eq!(rows[0].response.as_deref(), Some("success"));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`bulk`](Self::bulk).
    pub fn schedule(&self, campaign: impl Into<CampaignName>, sheet: Sheet) -> Call<'c, Schedule> {
        let request = Schedule { campaign: campaign.into(), check_duplicate: None, sheet };
        Call::new(self.0, Ok(request))
    }
}

setters! { AddBulk {
    /// Also starts the campaign: from then on the service rings its leads.
    start() => action = "START".to_owned();
    /// Leaves numbers out that are there already.
    check_duplicate() => check_duplicate = YesNo(true);
    /// Sends `isDelete`. Of this field the page says no more than that it wins over
    /// [`check_duplicate`](Self::check_duplicate): that the rows replace those of the same numbers is an assumption
    /// (`leads.is-delete`), and by its name it may as well delete every lead of the campaign. Try it on a campaign whose
    /// leads may be lost.
    replace() => replace = YesNo(true);
} }

setters! { Schedule {
    /// Leaves numbers out that are there already.
    check_duplicate() => check_duplicate = Flag(true);
} }

#[cfg(test)]
mod tests;
