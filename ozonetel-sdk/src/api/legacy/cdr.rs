//! The older CDR reports.
//!
//! A call is in the current-day set until midnight; after it the call is historical, but readable only from about
//! three in the morning. A call that crosses midnight is historical. All in Indian time.

use serde::{Deserialize, Deserializer, Serialize};

use super::Legacy;
use super::rows::{CallbackRow, DumpRow, SpacedRow};
use crate::core::call::Call;
use crate::core::endpoint::{Auth, Endpoint, Envelope, Input, Method, Payload, Rate, Rows, Spec};
use crate::types::ids::{CampaignName, Ucid};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::wire::{LocalDateTime, TimeOfDay, loose, string_enum};

string_enum! {
    /// Which store a report reads.
    ReportType, ReportTypeKind {
        /// Today's calls.
        CurrentDay = ["currentday"],
        /// Calls of earlier days.
        Historical = ["historical"],
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

/// A page of a range of at most 30 days.
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

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Rows for CdrByUcid {
    type Row = SpacedRow;
    const KEYS: &'static [&'static str] = KEYS;
}

/// A call as its callback would tell it, for 15 days.
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

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Rows for CallbackCdr {
    type Row = CallbackRow;
    const KEYS: &'static [&'static str] = KEYS;
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
    /// `json`: without it the answer is XML (field report).
    #[serde(default)]
    pub format: Option<String>,
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

    fn check(&self) -> Result<(), Invalid> {
        thirty_days("from_date", self.from, self.to)
    }
}

impl Rows for CdrRange {
    type Row = DumpRow;
    const KEYS: &'static [&'static str] = KEYS;
}

impl<'c> Legacy<'c> {
    /// A page of a range of at most 30 days, of all campaigns: fifty requests a minute. `totalCount` stands in
    /// [`RowStream::rest`](crate::RowStream::rest), as text. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// use ozonetel_sdk::legacy::ReportTypeKind;
    /// let (from, to) = (client.today().start(), client.today().end());
    /// let rows = client.legacy().cdr_dump(from, to, ReportTypeKind::CurrentDay, 1, 100).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn cdr_dump(
        &self,
        from: LocalDateTime,
        to: LocalDateTime,
        report: impl Into<ReportType>,
        page: u32,
        size: u32,
    ) -> Call<'c, CdrDump> {
        let (report, campaign) = (report.into(), CampaignName::from("0"));
        Call::new(self.0, Ok(CdrDump { from, to, campaign, report, page, size }))
    }

    /// The rows of one leg. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// use ozonetel_sdk::legacy::ReportTypeKind;
    /// let rows = client.legacy().cdr_by_ucid(ucid, ReportTypeKind::CurrentDay).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn cdr_by_ucid(&self, ucid: Ucid, report: impl Into<ReportType>) -> Call<'c, CdrByUcid> {
        Call::new(self.0, Ok(CdrByUcid { ucid, report: report.into() }))
    }

    /// A call as its callback would tell it. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// use ozonetel_sdk::legacy::ReportTypeKind;
    /// let calls = client.legacy().cdr_callback(ucid, ReportTypeKind::CurrentDay).await?;
    /// assert_eq!(calls.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn cdr_callback(&self, ucid: Ucid, report: impl Into<ReportType>) -> Call<'c, CallbackCdr> {
        Call::new(self.0, Ok(CallbackCdr { ucid, report: report.into() }))
    }

    /// Calls of the current day between two times.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let rows = client.legacy().cdr_current_day("00:00:00".parse()?, "23:59:59".parse()?).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn cdr_current_day(&self, from: TimeOfDay, to: TimeOfDay) -> Call<'c, CdrCurrentDay> {
        Call::new(self.0, Ok(CdrCurrentDay { from, to }))
    }

    /// Calls of a range of at most 30 days, in one answer.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let rows = client.legacy().cdr_range(client.today().start(), client.today().end()).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) where there is no record; a wrong key reads the
    /// same.
    pub fn cdr_range(&self, from: LocalDateTime, to: LocalDateTime) -> Call<'c, CdrRange> {
        Call::new(self.0, Ok(CdrRange { from, to, format: Some("json".to_owned()) }))
    }
}

impl Call<'_, CdrDump> {
    /// Only this campaign.
    pub fn campaign(self, campaign: impl Into<CampaignName>) -> Self {
        let campaign = campaign.into();
        self.map(|request| request.campaign = campaign)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_dump_counts_in_text_and_keeps_its_counters() {
        let answer = json!({"status": "success", "message": [{"UCID": "90000000000000001", "Duration": null,
            "ApiKey": "No Transfers", "DialStatus": "Not Answered"}], "pageNumber": "1", "totalCount": "1703"});
        let replay = Replay::new([Turn::json(answer.to_string())]);
        let client = client(&replay);
        let (from, to) =
            ("2026-11-01 00:00:00".parse().unwrap(), "2026-11-20 23:59:59".parse().unwrap());
        let mut rows =
            client.legacy().cdr_dump(from, to, ReportTypeKind::Historical, 1, 100).stream();
        let row = rows.try_next().await.unwrap().unwrap();
        assert_eq!(row.api_key.unwrap().as_str(), "No Transfers");
        assert!(rows.try_next().await.unwrap().is_none());
        assert_eq!(rows.rest().unwrap()["totalCount"], "1703");
        let want = json!({"fromDate": "2026-11-01 00:00:00", "toDate": "2026-11-20 23:59:59",
            "campaignName": "0", "reportType": "historical", "pageNumber": "1", "pageSize": "100",
            "userName": "acme_support", "apiKey": "test-key"});
        assert_eq!(asked(&replay, 0), want);
        let far = "2026-12-02 00:00:00".parse().unwrap();
        let error = client.legacy().cdr_range(from, far).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
    }

    #[tokio::test]
    async fn names_with_blanks_and_the_word_none() {
        let spaced = json!({"status": "success", "message": [{"Campaign Name": "support_out",
            "Hangup By": "UserHangup", "Audio Download": "https://x.example.test/a.mp3"}]});
        let callback = json!({"status": "success", "message": [{"monitorUCID": "90000000000000001",
            "AgentName": "None", "Skill": "None", "Duration": "00:00:10"}]});
        let replay =
            Replay::new([Turn::json(spaced.to_string()), Turn::json(callback.to_string())]);
        let client = client(&replay);
        let ucid = "90000000000000001".parse().unwrap();
        let rows = client.legacy().cdr_by_ucid(ucid, ReportTypeKind::CurrentDay).await.unwrap();
        assert_eq!(rows[0].campaign, Some("support_out".into()));
        assert!(rows[0].audio.is_some() && rows[0].extra.is_empty());
        let rows = client.legacy().cdr_callback(ucid, ReportTypeKind::CurrentDay).await.unwrap();
        assert_eq!((&rows[0].0.agent_name, &rows[0].0.skill), (&None, &None));
    }

    #[tokio::test]
    async fn a_range_fails_in_its_own_word() {
        let no = r#"{"status":"failure","message":"The Requested date should not be more than 30 days"}"#;
        let replay = Replay::new([Turn::json(no)]);
        let day: crate::types::wire::Day = "2026-11-20".parse().unwrap();
        let call = client(&replay);
        let error = call.legacy().cdr_range(day.start(), day.end()).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadInput));
        assert_eq!(asked(&replay, 0)["user_name"], "acme_support");
        assert_eq!(asked(&replay, 0)["format"], "json");
    }
}
