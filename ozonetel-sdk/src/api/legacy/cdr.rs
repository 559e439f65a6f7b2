//! The older CDR reports.
//!
//! A call is in the current-day set until midnight; after it the call is historical, but readable only from about
//! three in the morning. A call that crosses midnight is historical. All in Indian time.

use serde::{Deserialize, Deserializer, Serialize};

use super::rows::{CallbackFields, CallbackRow, DumpRow, SpacedRow};
use crate::core::endpoint::{Auth, Endpoint, Envelope, Input, Method, Payload, Rate, Rows, Spec};
use crate::types::ids::{CampaignName, Ucid};
use crate::types::invalid::{Invalid, filled};
use crate::types::phone::DialPlan;
use crate::types::wire::{LocalDateTime, TimeOfDay, loose, string_enum};

string_enum! {
    /// Which store a report is taken from.
    ReportType, ReportTypeKind {
        /// Today's calls.
        CurrentDay = ["currentday"],
        /// Calls of earlier days.
        Historical = ["historical"],
    }
}

impl ReportType {
    /// A known word in the page's spelling.
    fn spell(&mut self) {
        if let Some(known) = self.kind() {
            *self = known.into();
        }
    }
}

const KEYS: &[&str] = &["message", "details", "data"];

const DUMP: Spec = Spec {
    name: "legacy.cdr_dump",
    title: "CDR dump, paged (legacy)",
    method: Method::Get,
    path: "/CAServices/CDR/CDRDump_Pagination.php",
    path_verified: false,
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    rate: Rate::LegacyCdr,
    envelope: Envelope {
        success_words: &["success"],
        payload: Payload::RowsAt(KEYS),
        empty_messages: &["No Data Found"],
    },
    docs: "https://docs.ozonetel.com/reference/get_caservices-cdr-cdrdump-pagination-php",
    ..Spec::DEFAULT
};

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    loose(from)?.ok_or_else(|| serde::de::Error::custom("expected a whole number"))
}

/// A page of a range of at most 30 days: fifty requests a minute. `totalCount` is in
/// [`RowStream::rest`](crate::RowStream::rest), as text. The path's letter case is unconfirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CdrDump {
    /// From, inclusive.
    #[serde(rename = "fromDate")]
    pub from: LocalDateTime,
    /// To, inclusive.
    #[serde(rename = "toDate")]
    pub to: LocalDateTime,
    /// One campaign; `0` is all.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// Which store.
    #[serde(rename = "reportType")]
    pub report: ReportType,
    /// The page, from 1.
    #[serde(rename = "pageNumber", deserialize_with = "number")]
    pub page: u32,
    /// Rows per page.
    #[serde(rename = "pageSize", deserialize_with = "number")]
    pub size: u32,
}

fn thirty_days(field: &'static str, from: LocalDateTime, to: LocalDateTime) -> Result<(), Invalid> {
    if from > to {
        return Err(Invalid::new(field, "is later than the end"));
    }
    if from.day().days_until(to.day()) > 30 {
        return Err(Invalid::new(field, "is more than 30 days before the end"));
    }
    Ok(())
}

impl Endpoint for CdrDump {
    const SPEC: Spec = DUMP;
    type Reply = Vec<DumpRow>;
    const ROW_FIELDS: &'static [&'static str] = DumpRow::FIELDS;

    fn accepts(&self, reply: &Vec<DumpRow>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        self.report.spell();
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        thirty_days("fromDate", self.from, self.to)?;
        if self.page == 0 {
            return Err(Invalid::new("pageNumber", "counts from 1"));
        }
        if self.size == 0 {
            return Err(Invalid::new("pageSize", "has to be at least 1"));
        }
        filled("campaignName", self.campaign.as_str())
    }
}

impl Rows for CdrDump {
    type Row = DumpRow;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &DumpRow) -> bool {
        row.ucid.is_some() || row.call_id.is_some()
    }
}

/// The rows of one leg.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CdrByUcid {
    /// The leg.
    pub ucid: Ucid,
    /// Which store.
    #[serde(rename = "reportType")]
    pub report: ReportType,
}

impl Endpoint for CdrByUcid {
    const SPEC: Spec = Spec {
        name: "legacy.cdr_by_ucid",
        title: "CDR by UCID (legacy)",
        path: "/CAServices/CDR/fetchCDRByUCID.php",
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/get_caservices-cdr-fetchcdrbyucid-php",
        ..DUMP
    };
    type Reply = Vec<SpacedRow>;
    const ROW_FIELDS: &'static [&'static str] = SpacedRow::FIELDS;

    fn accepts(&self, reply: &Vec<SpacedRow>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        self.report.spell();
        Ok(())
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Rows for CdrByUcid {
    type Row = SpacedRow;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &SpacedRow) -> bool {
        row.ucid.is_some() || row.call_id.is_some()
    }
}

/// A call as its callback would describe it, for 15 days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallbackCdr {
    /// The call.
    pub ucid: Ucid,
    /// Which store.
    #[serde(rename = "reportType")]
    pub report: ReportType,
}

impl Endpoint for CallbackCdr {
    const SPEC: Spec = Spec {
        name: "legacy.cdr_callback",
        title: "CDR in callbacks (legacy)",
        path: "/CAServices/CDR/CallBacks.php",
        docs: "https://docs.ozonetel.com/reference/get_caservices-cdr-callbacks-php",
        ..DUMP
    };
    type Reply = Vec<CallbackRow>;
    const ROW_FIELDS: &'static [&'static str] = CallbackFields::FIELDS;

    fn accepts(&self, reply: &Vec<CallbackRow>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        self.report.spell();
        Ok(())
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Rows for CallbackCdr {
    type Row = CallbackRow;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &CallbackRow) -> bool {
        row.0.call_id.is_some()
    }
}

/// Calls of the current day between two times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CdrCurrentDay {
    /// From, inclusive.
    #[serde(rename = "from_time")]
    pub from: TimeOfDay,
    /// To, inclusive.
    #[serde(rename = "to_time")]
    pub to: TimeOfDay,
}

impl Endpoint for CdrCurrentDay {
    const SPEC: Spec = Spec {
        name: "legacy.cdr_current_day",
        title: "CDR current day (legacy)",
        path: "/CAServices/getCDRData.php",
        path_verified: true,
        auth: Auth::Fields { user: "user_name", key: "api_key" },
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/get_caservices-getcdrdata-php",
        ..DUMP
    };
    type Reply = Vec<DumpRow>;
    const ROW_FIELDS: &'static [&'static str] = DumpRow::FIELDS;

    fn accepts(&self, reply: &Vec<DumpRow>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.from > self.to {
            return Err(Invalid::new("from_time", "is later than to_time"));
        }
        Ok(())
    }
}

impl Rows for CdrCurrentDay {
    type Row = DumpRow;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &DumpRow) -> bool {
        row.ucid.is_some() || row.call_id.is_some()
    }
}

/// Calls of a range of at most 30 days, in one answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CdrRange {
    /// From, inclusive.
    #[serde(rename = "from_date")]
    pub from: LocalDateTime,
    /// To, inclusive.
    #[serde(rename = "to_date")]
    pub to: LocalDateTime,
    /// `json` unless another is set: without it the answer is XML (field report).
    #[serde(default)]
    pub format: Option<String>,
}

impl CdrRange {
    /// A range, answered in JSON.
    pub fn new(from: LocalDateTime, to: LocalDateTime) -> Self {
        Self { from, to, format: Some("json".to_owned()) }
    }
}

impl Endpoint for CdrRange {
    const SPEC: Spec = Spec {
        name: "legacy.cdr_range",
        title: "CDR range (legacy)",
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/getCDR",
        path_verified: true,
        auth: Auth::Fields { user: "user_name", key: "api_key" },
        rate: Rate::Unstated,
        // `no record found` is documented for a wrong key or user: a refusal, not an empty list.
        docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-getcdr",
        ..DUMP
    };
    type Reply = Vec<DumpRow>;
    const ROW_FIELDS: &'static [&'static str] = DumpRow::FIELDS;

    fn accepts(&self, reply: &Vec<DumpRow>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        self.format.get_or_insert_with(|| "json".to_owned());
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        thirty_days("from_date", self.from, self.to)
    }
}

impl Rows for CdrRange {
    type Row = DumpRow;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &DumpRow) -> bool {
        row.ucid.is_some() || row.call_id.is_some()
    }
}
