//! Call-detail records.
//!
//! Two requests a minute for the whole family and the whole account; one calendar day per request, within the last 15
//! days. A row is visible while its call is running and changes later; a row read today and again tomorrow comes from
//! another store with other spellings, and is equal only after reading. Rows are legs: key them by
//! [`CallRecord::ucid`], group them by [`CallRecord::call_id`].
//!
//! In a row, `Duration` is the whole call and `TalkTime` the conversation; in a callback `Duration` is the
//! conversation.
//!
//! To keep a copy of all rows, use [`Cdr::sync`].

mod borrowed;
mod days;
mod retention;
mod row;
pub mod sync;

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{Endpoint, Envelope, Input, Method, Payload, Rate, Rows, Spec};
use crate::core::error::{Error, ErrorKind};
use crate::types::ids::{CallId, CampaignName, Ucid};
use crate::types::invalid::Invalid;
use crate::types::wire::{Day, LocalDateTime, loose};

pub use days::DayStream;
pub use retention::{NIGHT_OVER, WINDOW_DAYS};
pub(crate) use row::is_transfer;
pub use row::{
    BorrowedCallRecord, CallRecord, CallStatus, CallStatusKind, CallType, CallTypeKind, DialStatus,
    DialStatusKind, HangupBy, HangupByKind,
};
pub use sync::CdrSync;

/// The largest page.
pub const MAX_PAGE: u32 = 500;

const KEYS: &[&str] = &["details"];

const DAY: Spec = Spec {
    name: "cdr.fetch_day",
    title: "CDR, one day",
    method: Method::Get,
    path: "/ca_reports/fetchCDRDetails",
    rate: Rate::Cdr,
    envelope: Envelope::of(&["success"], Payload::RowsAt(KEYS)),
    docs: "https://docs.ozonetel.com/reference/get_ca-reports-fetchcdrdetails",
    ..Spec::DEFAULT
};

/// Which rows of a report: all, unless a field is set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filters {
    /// Only this leg.
    #[serde(default)]
    pub ucid: Option<Ucid>,
    /// Only this campaign.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
    /// Only this phone call.
    #[serde(rename = "monitorUCID", default)]
    pub call_id: Option<CallId>,
    /// Only this type, such as `Progressive`. A known word goes out in the page's spelling; `InBound` and `Inbound`, which
    /// rows both have, as they are, since no source says which of them the filter takes.
    #[serde(rename = "callType", default, serialize_with = "filter_type")]
    pub call_type: Option<CallType>,
    /// Only `Answered` or `NotAnswered`. A row's `Unanswered` goes out as `NotAnswered`; a word that is not known as it is.
    #[serde(default, serialize_with = "filter_word")]
    pub status: Option<CallStatus>,
}

/// The filter's word for a type.
#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn filter_type<S: Serializer>(kind: &Option<CallType>, to: S) -> Result<S::Ok, S::Error> {
    let word = kind.as_ref().map(|kind| match kind.kind() {
        Some(CallTypeKind::Inbound) if matches!(kind.as_str(), "InBound" | "Inbound") => {
            kind.clone()
        }
        Some(known) => known.into(),
        None => kind.clone(),
    });
    word.serialize(to)
}

/// The filter's word for an outcome, which is not the rows'.
#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn filter_word<S: Serializer>(status: &Option<CallStatus>, to: S) -> Result<S::Ok, S::Error> {
    let word = status.as_ref().map(|status| match status.kind() {
        Some(CallStatusKind::Answered) => "Answered",
        Some(CallStatusKind::NotAnswered) => "NotAnswered",
        None => status.as_str(),
    });
    word.serialize(to)
}

/// One day's rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchDay {
    /// From, inclusive.
    #[serde(rename = "fromDate")]
    pub from: LocalDateTime,
    /// To, inclusive; the same day as `from`.
    #[serde(rename = "toDate")]
    pub to: LocalDateTime,
    /// Which of them.
    #[serde(flatten)]
    pub filters: Filters,
}

impl FetchDay {
    /// A stretch of one day, without filters.
    pub fn new(from: LocalDateTime, to: LocalDateTime) -> Self {
        Self { from, to, filters: Filters::default() }
    }
}

fn one_day(from: LocalDateTime, to: LocalDateTime) -> Result<(), Invalid> {
    if from.day() != to.day() {
        return Err(Invalid::new("toDate", "has to be on the same day as fromDate"));
    }
    if from > to {
        return Err(Invalid::new("fromDate", "is later than toDate"));
    }
    Ok(())
}

impl Endpoint for FetchDay {
    const SPEC: Spec = DAY;
    type Reply = Vec<CallRecord>;
    const ROW_FIELDS: &'static [&'static str] = CallRecord::FIELDS;

    fn accepts(&self, reply: &Vec<CallRecord>) -> bool {
        reply.iter().all(CallRecord::is_named)
    }

    fn check(&self) -> Result<(), Invalid> {
        one_day(self.from, self.to)
    }

    fn ucid(&self) -> Option<Ucid> {
        self.filters.ucid
    }
}

impl Rows for FetchDay {
    type Row = CallRecord;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &CallRecord) -> bool {
        row.is_named()
    }
}

/// One page of a day's rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchPage {
    /// From, inclusive.
    #[serde(rename = "fromDate")]
    pub from: LocalDateTime,
    /// To, inclusive; the same day as `from`.
    #[serde(rename = "toDate")]
    pub to: LocalDateTime,
    /// The page, from 1. The name is a field report.
    #[serde(rename = "pageNo", deserialize_with = "number")]
    pub page: u32,
    /// Rows per page, at most 500. The name is a field report.
    #[serde(rename = "pageSize", deserialize_with = "number")]
    pub size: u32,
    /// Which of them.
    #[serde(flatten)]
    pub filters: Filters,
}

fn number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    Ok(loose::<u32, D>(from)?.unwrap_or(0))
}

impl Endpoint for FetchPage {
    const SPEC: Spec = Spec {
        name: "cdr.fetch_page",
        title: "CDR, paged",
        path: "/ca_reports/fetchCdrByPagination",
        input: Input::JsonAndQuery(&["pageNo", "pageSize"]),
        docs: "https://docs.ozonetel.com/reference/get_ca-reports-fetchcdrbypagination",
        ..DAY
    };
    type Reply = Vec<CallRecord>;
    const ROW_FIELDS: &'static [&'static str] = CallRecord::FIELDS;

    fn accepts(&self, reply: &Vec<CallRecord>) -> bool {
        reply.iter().all(CallRecord::is_named)
    }

    fn check(&self) -> Result<(), Invalid> {
        one_day(self.from, self.to)?;
        if self.page == 0 {
            return Err(Invalid::new("pageNo", "counts from 1"));
        }
        if self.size == 0 || self.size > MAX_PAGE {
            return Err(Invalid::new("pageSize", "has to be 1 to 500"));
        }
        Ok(())
    }
}

impl Rows for FetchPage {
    type Row = CallRecord;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &CallRecord) -> bool {
        row.is_named()
    }
}

/// The rows of one leg.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchUcid {
    /// From, inclusive.
    #[serde(rename = "fromDate")]
    pub from: LocalDateTime,
    /// To, inclusive; the same day as `from`.
    #[serde(rename = "toDate")]
    pub to: LocalDateTime,
    /// The leg.
    pub ucid: Ucid,
}

impl Endpoint for FetchUcid {
    const SPEC: Spec = Spec {
        name: "cdr.fetch_ucid",
        title: "CDR by UCID",
        path: "/ca_reports/fetchCdrByUCID",
        docs: "https://docs.ozonetel.com/reference/get_ca-reports-fetchcdrbyucid-1",
        ..DAY
    };
    type Reply = Vec<CallRecord>;
    const ROW_FIELDS: &'static [&'static str] = CallRecord::FIELDS;

    fn accepts(&self, reply: &Vec<CallRecord>) -> bool {
        reply.iter().all(CallRecord::is_named)
    }

    fn check(&self) -> Result<(), Invalid> {
        one_day(self.from, self.to)
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Rows for FetchUcid {
    type Row = CallRecord;
    const KEYS: &'static [&'static str] = KEYS;

    fn is_named(row: &CallRecord) -> bool {
        row.is_named()
    }
}

/// One page, and the total number of rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The page's rows, newest first.
    pub rows: Vec<CallRecord>,
    /// The total number of rows, where the answer gives it.
    pub total: Option<u64>,
}

/// Call-detail records: see [`Client::cdr`].
#[derive(Debug, Clone, Copy)]
pub struct Cdr<'c>(pub(crate) &'c Client);

impl Client {
    /// Call-detail records.
    pub fn cdr(&self) -> Cdr<'_> {
        Cdr(self)
    }
}

impl<'c> Cdr<'c> {
    /// The rows of one day in the account's zone, newest first; all at once when awaited, one by one with
    /// [`Call::stream`].
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let mut rows = client.cdr().for_day(client.today()).stream();
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{:?} {:?}", row.ucid, row.status);
    /// }
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`Input`](crate::ErrorKind::Input) for a day that is in the future or more than 15 days back, before a request
    /// is spent; [`Paced`](crate::ErrorKind::Paced) when the two requests of the minute are used up.
    pub fn for_day(&self, day: Day) -> Call<'c, FetchDay> {
        Call::new(self.0, self.within(day).map(|()| FetchDay::new(day.start(), day.end())))
    }

    /// A stretch of one day.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let (from, to) = (client.today().start(), client.today().end());
    /// let rows = client.cdr().between(from, to).await?;
    /// assert_eq!(rows[0].ucid, Some(ucid));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`for_day`](Self::for_day).
    pub fn between(&self, from: LocalDateTime, to: LocalDateTime) -> Call<'c, FetchDay> {
        Call::new(self.0, self.within(from.day()).map(|()| FetchDay::new(from, to)))
    }

    /// One page of a day, pages counted from 1 and of at most 500 rows.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let rows = client.cdr().page(client.today(), 1, 500).await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`for_day`](Self::for_day).
    pub fn page(&self, day: Day, page: u32, size: u32) -> Call<'c, FetchPage> {
        let request = self.within(day).map(|()| FetchPage {
            from: day.start(),
            to: day.end(),
            page,
            size,
            filters: Filters::default(),
        });
        Call::new(self.0, request)
    }

    /// The rows of one leg, on the day it took place.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let rows = client.cdr().for_ucid(ucid, client.today()).await?;
    /// assert_eq!(rows[0].ucid, Some(ucid));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`for_day`](Self::for_day).
    pub fn for_ucid(&self, ucid: Ucid, day: Day) -> Call<'c, FetchUcid> {
        let request =
            self.within(day).map(|()| FetchUcid { from: day.start(), to: day.end(), ucid });
        Call::new(self.0, request)
    }

    /// The rows of consecutive days, oldest day first, one request each, paced: 15 days take about seven minutes.
    /// A stream that failed says where to resume: [`DayStream::unfinished`].
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// // `days.unfinished()` says where to continue after a failure.
    /// let mut days = client.cdr().for_days(client.today(), client.today());
    /// let mut rows = 0;
    /// while let Some(row) = days.try_next().await? {
    ///     assert_eq!(row.ucid, Some(ucid));
    ///     rows += 1;
    /// }
    /// assert_eq!(rows, 1);
    /// # Ok(()) });
    /// ```
    pub fn for_days(&self, first: Day, last: Day) -> DayStream {
        DayStream::new(self.0.clone(), first, last)
    }

    /// Keeps a store of yours up to date with the service's rows: back-fill, re-reading of what can still change, late
    /// rows, gaps. See [`sync`].
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let mut sync = client.cdr().sync(ozonetel_sdk::cdr::sync::MemorySink::default());
    /// let progress = sync.poll().await?;
    /// println!("{} days to go", progress.tally.never_read);
    /// # Ok(()) });
    /// ```
    pub fn sync<S: sync::Sink>(&self, sink: S) -> CdrSync<S> {
        CdrSync::new(self.0.clone(), sink)
    }

    fn within(&self, day: Day) -> Result<(), Invalid> {
        let today = self.0.today();
        let reason = match day.days_until(today) {
            age if age < 0 => format!("`{day}`: is in the future, today being {today}"),
            age if age > WINDOW_DAYS => {
                let oldest = (0..WINDOW_DAYS).fold(today, |day, _| day.previous());
                format!("`{day}`: the service keeps {WINDOW_DAYS} days, from {oldest}")
            }
            _ => return Ok(()),
        };
        Err(Invalid::new("fromDate", reason))
    }
}

macro_rules! filters {
    ($($request:ident),*) => { $(
        setters! { $request {
            /// Only this leg.
            ucid(ucid: Ucid) => filters.ucid = ucid;
            /// Only this campaign.
            campaign(campaign: impl Into<CampaignName>) => filters.campaign = campaign.into();
            /// Only this phone call, with all its legs.
            call_id(call: CallId) => filters.call_id = call;
            /// Only this type, in any letter case.
            call_type(kind: impl Into<CallType>) => filters.call_type = kind.into();
            /// Only calls with this outcome; a row's own word will do.
            status(status: impl Into<CallStatus>) => filters.status = status.into();
        } }
    )* };
}
filters!(FetchDay, FetchPage);

impl Call<'_, FetchPage> {
    /// The page with the total number of rows.
    ///
    /// # Errors
    /// As awaiting the call; a row that cannot be parsed fails the page.
    pub async fn with_total(self) -> Result<Page, Error> {
        let mut stream = self.stream();
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            // A service that does not know pages sends the day.
            if rows.len() >= MAX_PAGE as usize {
                let unread = "the page has more rows than a page may have";
                return Err(Error::said(ErrorKind::Unreadable, unread).named(
                    FetchPage::SPEC.name,
                    1,
                    Duration::ZERO,
                ));
            }
            rows.push(row);
        }
        let field = |name: &str| name.eq_ignore_ascii_case("totalCount");
        let total = stream.rest().and_then(|rest| rest.iter().find(|(name, _)| field(name)));
        let number = |value: &serde_json::Value| {
            value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
        };
        let total = total.and_then(|(_, value)| number(value));
        Ok(Page { rows, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pace::Patience;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test(start_paused = true)]
    async fn today_is_asked_for_up_to_its_end() {
        let none = || Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
        let replay = Replay::new([none(), none(), none()]);
        let client = client(&replay);
        let today = client.today();
        let (cdr, ucid) = (client.cdr(), "90000000000000001".parse().unwrap());
        cdr.for_day(today).await.unwrap();
        cdr.page(today, 1, 10).await.unwrap();
        cdr.for_ucid(ucid, today).patience(Patience::Wait).await.unwrap();
        for at in 0..3 {
            let sent = asked(&replay, at);
            assert_eq!(sent["fromDate"], format!("{today} 00:00:00"));
            assert_eq!(sent["toDate"], format!("{today} 23:59:59"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_filter_has_the_filters_word_for_an_outcome() {
        let none = || Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
        let words: [(CallStatus, &str); 7] = [
            (CallStatusKind::NotAnswered.into(), "NotAnswered"),
            (CallStatusKind::Answered.into(), "Answered"),
            ("Unanswered".into(), "NotAnswered"),
            ("NotAnswered".into(), "NotAnswered"),
            ("unanswered".into(), "NotAnswered"),
            ("answered".into(), "Answered"),
            ("Abandoned".into(), "Abandoned"),
        ];
        let replay = Replay::new(words.iter().map(|_| none()));
        let client = client(&replay);
        for (at, (word, want)) in words.into_iter().enumerate() {
            let call = client.cdr().for_day(client.today()).status(word);
            call.patience(Patience::Wait).await.unwrap();
            assert_eq!(asked(&replay, at)["status"], *want);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_filter_has_the_pages_spelling_of_a_type() {
        let none = || Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
        let words = [
            ("progressive", "Progressive"),
            ("PREDICTIVE", "Predictive"),
            ("manual", "Manual"),
            ("ivr", "IVR"),
            ("inbound", "InBound"),
            // Which of the two the filter takes is not known.
            ("InBound", "InBound"),
            ("Inbound", "Inbound"),
            ("Callback", "Callback"),
        ];
        let replay = Replay::new(words.iter().map(|_| none()));
        let client = client(&replay);
        for (at, (word, want)) in words.into_iter().enumerate() {
            let call = client.cdr().page(client.today(), 1, 10).call_type(word);
            call.patience(Patience::Wait).await.unwrap();
            assert_eq!(asked(&replay, at)["callType"], *want, "{word}");
        }
    }
}
