//! Settling a dial of which it is unknown whether it happened.

use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::reference::{Carries, carries, comes_back};
use crate::api::cdr::{CallRecord, NIGHT_OVER};
use crate::core::call::RowStream;
use crate::core::client::Client;
use crate::core::error::{Error, ErrorKind, Unreadable};
use crate::core::pace::Patience;
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;
use crate::types::wire::{Day, SensitiveText};

/// How long a row may take to appear, unless the caller says otherwise.
const ROWS_WITHIN: Duration = Duration::from_secs(300);

/// How far the service's clock may be from the client's.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// The longest time in which a dial may have been sent.
const LONGEST: Duration = Duration::from_secs(86_400);

/// When a dial was sent, and how long its row may take to appear in the report.
///
/// A row is there while its call is running. Programs in production have also seen rows that came later; how much later,
/// no source says. The default of five minutes is a choice: a longer wait is safer before dialing again.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ozonetel_sdk::dial::DialWindow;
/// let sent = SystemTime::UNIX_EPOCH;
/// let window = DialWindow::new(sent, sent + Duration::from_secs(30));
/// let window = window.rows_within(Duration::from_secs(600));
/// assert_eq!(window.closes(), sent + Duration::from_secs(630));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialWindow {
    from: SystemTime,
    to: SystemTime,
    rows_within: Duration,
}

impl DialWindow {
    /// A dial that was sent at the earliest at `from` and at the latest at `to`: when it was begun, and when it failed.
    pub fn new(from: SystemTime, to: SystemTime) -> Self {
        Self { from, to, rows_within: ROWS_WITHIN }
    }

    /// The dial that has failed with this error just now.
    pub fn of(error: &Error, now: SystemTime) -> Self {
        Self::new(now.checked_sub(error.elapsed()).unwrap_or(now), now)
    }

    /// How long after the dial its row may take to appear. Default: five minutes.
    #[must_use]
    pub fn rows_within(mut self, time: Duration) -> Self {
        self.rows_within = time;
        self
    }

    /// When a row would have appeared. If the night is in between, it takes longer: see
    /// [`Client::settle`].
    pub fn closes(&self) -> SystemTime {
        self.to.checked_add(self.rows_within).unwrap_or(self.to)
    }

    fn check(&self) -> Result<(), Invalid> {
        match self.to.duration_since(self.from) {
            Ok(length) if length <= LONGEST => Ok(()),
            Ok(_) => Err(Invalid::new("window", "is longer than a day")),
            Err(_) => Err(Invalid::new("window", "ends before it begins")),
        }
    }
}

/// The result of settling an unknown dial.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialSettlement {
    /// It happened: do not dial again.
    Happened {
        /// The first leg with the reference.
        ucid: Ucid,
        /// Further legs with the same reference, oldest first.
        others: Vec<Ucid>,
    },
    /// It did not happen: dialing again is safe.
    DidNotHappen,
    /// Not known yet: do not dial again, and ask again at that time.
    StillUnknown {
        /// From when on a report without a row proves that nothing happened.
        until: SystemTime,
    },
}

impl DialSettlement {
    /// The name in `snake_case`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Happened { .. } => "happened",
            Self::DidNotHappen => "did_not_happen",
            Self::StillUnknown { .. } => "still_unknown",
        }
    }
}

impl fmt::Display for DialSettlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Happened { ucid, .. } => write!(f, "the dial happened, UCID {ucid}"),
            Self::DidNotHappen => f.write_str("the dial did not happen"),
            Self::StillUnknown { .. } => {
                f.write_str("it is not known yet whether the dial happened")
            }
        }
    }
}

impl Serialize for DialSettlement {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("settlement", self.as_str())?;
        match self {
            Self::Happened { ucid, others } => {
                map.serialize_entry("ucid", ucid)?;
                map.serialize_entry("others", others)?;
            }
            Self::DidNotHappen => {}
            Self::StillUnknown { until } => {
                let since = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                map.serialize_entry("until", &since.as_secs())?;
            }
        }
        map.end()
    }
}

/// A request for the report that has not been made: await it. See [`Client::settle`].
#[derive(Debug)]
#[must_use = "nothing is looked up until it is awaited"]
pub struct Settle<'c> {
    client: &'c Client,
    reference: SensitiveText,
    ucid: Option<Ucid>,
    window: DialWindow,
    patience: Option<Patience>,
}

impl Client {
    /// Finds out whether a dial with an unknown outcome happened, by the reference (`uui`) that it carried. Looks into the
    /// CDR once and does not wait for rows.
    ///
    /// - **It happened** if a row of the days in question carries the reference. References therefore have to be
    ///   unique: of two dials with one reference, both are named and neither can be told from the other. Hindi text is
    ///   also known as `\uXXXX` and as mis-decoded UTF-8, which is how the service has returned it.
    /// - **It did not happen** if no row carries it and five things hold: the window had closed before the report was
    ///   asked for; every row of the report could be parsed, its UUI included; the report was complete; the reference
    ///   is printable ASCII, so that it comes back as it was sent; and no row of the time carries it cut or with
    ///   something around it, as identifiers come back through other systems. The report of a day that is over counts as
    ///   complete from 04:00 in the account's zone: overnight the service moves rows to another store, and says that
    ///   they can be read again from about 03:00.
    /// - **Anything else is still unknown**, and the answer says until when.
    ///
    /// Rows that come even later than the window allows, or a dial without a reference, cannot be found this way.
    ///
    /// A look costs one of the two report requests a minute, two if midnight is in the window or less than five minutes
    /// before it, since the service's clock may be behind. It waits for them as long as its patience allows.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::dial::{DialOutcome, DialWindow, DialSettlement};
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # sim.fault(ozonetel_sim::Fault::new(ozonetel_sim::FaultKind::CloseAfter));
    /// let dial = client.dial().agent("agent01", "support_out", "9000000001").uui("order-7");
    /// if let DialOutcome::Unknown(error) = dial.outcome().await {
    ///     let window = DialWindow::of(&error, client.clock().now());
    ///     match client.settle("order-7", window).await? {
    ///         DialSettlement::Happened { ucid, .. } => println!("it is ringing as {ucid}"),
    ///         DialSettlement::DidNotHappen => println!("dial again"),
    ///         DialSettlement::StillUnknown { until } => println!("ask again at {until:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`Input`](crate::ErrorKind::Input) for an empty reference, a window longer than a day, or a day that the service
    /// no longer keeps; a row that cannot be parsed, if the reference was found in no other;
    /// [`Unreadable`](crate::ErrorKind::Unreadable) where the window has closed and the report proves nothing, because
    /// of the reference or of a row that may carry it; otherwise as [`Cdr::for_day`](crate::cdr::Cdr::for_day).
    ///
    /// # Cancel safety
    /// Dropping it loses nothing but the request that was spent.
    pub fn settle(&self, reference: impl Into<SensitiveText>, window: DialWindow) -> Settle<'_> {
        Settle { client: self, reference: reference.into(), ucid: None, window, patience: None }
    }
}

impl<'c> IntoFuture for Settle<'c> {
    type Output = Result<DialSettlement, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Settle<'_> {
    /// The UCID, where it is known: a row with it counts as well.
    pub fn ucid(mut self, ucid: Ucid) -> Self {
        self.ucid = Some(ucid);
        self
    }

    /// How long to wait for the report's limit. Default: the client's.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Looks into the report; the same as awaiting it.
    ///
    /// # Errors
    /// As [`Client::settle`].
    pub async fn send(self) -> Result<DialSettlement, Error> {
        self.window.check()?;
        if self.reference.as_str().trim().is_empty() {
            return Err(Invalid::new("reference", "is empty").into());
        }
        // Before the request: a row that appears while the report is written may be missing from it.
        let asked = self.client.clock().now();
        let mut days = self.days(asked);
        let eve = self.eve();
        let mut found = Found::default();
        for day in &days {
            self.look(*day, &mut found).await?;
        }
        if let Some(eve) = eve.filter(|_| found.rows.is_empty()) {
            self.look(eve, &mut found).await?;
        }
        days.extend(eve);
        let until = self.known_at(asked, &days);
        if let Some(settled) = found.settled() {
            Ok(settled)
        } else if asked < until {
            Ok(DialSettlement::StillUnknown { until })
        } else if let Some(error) = found.unparsed {
            Err(error)
        } else if let Some(doubt) = self.doubt(&found) {
            Err(Error::said(ErrorKind::Unreadable, doubt))
        } else {
            Ok(DialSettlement::DidNotHappen)
        }
    }

    /// Looks into the report of a day. What was found stays true, whatever fails after it.
    async fn look(&self, day: Day, found: &mut Found) -> Result<(), Error> {
        let call = self.client.cdr().for_day(day);
        let call = match self.patience {
            Some(patience) => call.patience(patience),
            None => call,
        };
        match self.search(call.stream(), found).await {
            Err(error) if found.settled().is_none() => Err(error),
            _ => Ok(()),
        }
    }

    /// Why reports without the reference prove nothing.
    fn doubt(&self, found: &Found) -> Option<&'static str> {
        if !comes_back(self.reference.as_str()) {
            Some("a reference that is not printable ASCII may be in the report in another form")
        } else if found.perhaps {
            Some("a call of that time may carry the reference cut or with something around it")
        } else {
            None
        }
    }

    /// The days on which the call can have begun.
    fn days(&self, asked: SystemTime) -> Vec<Day> {
        let zone = self.client.zone();
        let last = zone.day(self.window.closes().min(asked).max(self.window.from));
        let mut days = vec![zone.day(self.window.from)];
        while let Some(day) = days.last().filter(|day| **day < last && days.len() < 3) {
            days.push(day.next());
        }
        days
    }

    /// The day before, if a clock that is behind can have filed the call under it.
    fn eve(&self) -> Option<Day> {
        let zone = self.client.zone();
        let day = zone.day(self.window.from.checked_sub(CLOCKS_DIFFER)?);
        Some(day).filter(|day| *day < zone.day(self.window.from))
    }

    /// When a report without a row proves something.
    fn known_at(&self, asked: SystemTime, days: &[Day]) -> SystemTime {
        let zone = self.client.zone();
        let closes = self.window.closes();
        let morning = |day: &Day| {
            let next = day.next().start();
            let over = next.instant(zone) <= asked.max(closes);
            over.then(|| next.plus(NIGHT_OVER).instant(zone))
        };
        days.iter().filter_map(morning).fold(closes, SystemTime::max)
    }

    async fn search(
        &self,
        mut rows: RowStream<CallRecord>,
        found: &mut Found,
    ) -> Result<(), Error> {
        for at in 1.. {
            match rows.try_next().await {
                Ok(Some(row)) => self.see(row, at, found),
                Ok(None) => break,
                Err(error) if error.is_row() => found.unparsed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn see(&self, row: CallRecord, at: u64, found: &mut Found) {
        let carries = carries(&row, self.reference.as_str());
        if carries == Carries::Same || (self.ucid.is_some() && leg(&row) == self.ucid) {
            found.rows.push(row);
        } else if carries == Carries::Unreadable {
            found.unparsed = Some(Error::unread(Unreadable::row(&[], "UUI")).at_row(at));
        } else if carries == Carries::Perhaps && self.is_of_the_time(&row) {
            found.perhaps = true;
        }
    }

    /// Whether the call can be the dial by when it began; so can one that does not say.
    fn is_of_the_time(&self, row: &CallRecord) -> bool {
        let (Some(day), Some(time)) = (row.call_date, row.start_time) else { return true };
        let began = day.at(time).instant(self.client.zone());
        let window = &self.window;
        let since = window.from.checked_sub(CLOCKS_DIFFER).is_none_or(|from| from <= began);
        since && window.closes().checked_add(CLOCKS_DIFFER).is_none_or(|to| began <= to)
    }
}

/// The row's leg; where the row has none, its call, which is the first leg of a dialled one.
fn leg(row: &CallRecord) -> Option<Ucid> {
    row.ucid.or_else(|| row.call_id.and_then(|call| call.as_str().parse().ok()))
}

#[derive(Debug, Default)]
struct Found {
    rows: Vec<CallRecord>,
    unparsed: Option<Error>,
    /// Whether a row may be the dial's.
    perhaps: bool,
}

impl Found {
    fn settled(&self) -> Option<DialSettlement> {
        let mut rows: Vec<&CallRecord> = self.rows.iter().collect();
        rows.sort_by_key(|row| (row.call_date, row.start_time, row.ucid));
        let mut ucids: Vec<Ucid> = Vec::new();
        for ucid in rows.into_iter().filter_map(leg) {
            if !ucids.contains(&ucid) {
                ucids.push(ucid);
            }
        }
        let mut ucids = ucids.into_iter();
        let ucid = ucids.next()?;
        Some(DialSettlement::Happened { ucid, others: ucids.collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::clock::TokioClock;
    use crate::core::credential::AuthMode;
    use crate::testing::doubles::{Replay, Turn};

    /// 10:00 in India.
    const SENT: Duration = Duration::from_secs(1_795_149_000);

    /// A client some time after a dial, and what it is answered: these rows, one report after another.
    fn after(dial: SystemTime, passed: Duration, reports: &[&str]) -> (Client, Replay) {
        let replay = Replay::new(reports.iter().map(|rows| {
            let body = format!(r#"{{"status":"success","message":"success","details":[{rows}]}}"#);
            Turn::json(body)
        }));
        let client = Client::builder()
            .account("acme_support")
            .key("test-key")
            .mode(AuthMode::Key)
            .base_url("http://api.example.test")
            .clock(Arc::new(TokioClock::starting_at(dial + passed)))
            .transport(Arc::new(replay.clone()))
            .build()
            .unwrap();
        (client, replay)
    }

    /// What is known an hour after a dial, from answers for that day.
    async fn settled(rows: &str, ucid: Option<&str>) -> Result<DialSettlement, Error> {
        let sent = SystemTime::UNIX_EPOCH + SENT;
        let (client, _) = after(sent, Duration::from_secs(3600), &[rows]);
        let mut settle = client.settle("order-7", DialWindow::new(sent, sent));
        settle.ucid = ucid.map(|ucid| ucid.parse().unwrap());
        settle.await
    }

    /// What is known of a reference at once and an hour later.
    async fn known(reference: &str, rows: &str) -> [Result<DialSettlement, Error>; 2] {
        let sent = SystemTime::UNIX_EPOCH + SENT;
        let of = async |passed| {
            let (client, _) = after(sent, Duration::from_secs(passed), &[rows]);
            client.settle(reference, DialWindow::new(sent, sent)).await
        };
        [of(1).await, of(3600).await]
    }

    #[tokio::test(start_paused = true)]
    async fn a_reference_that_comes_back_in_another_form_never_says_that_nothing_happened() {
        for form in ["à¤†-7", r"\u0906-7", "आ-7"] {
            let row = serde_json::json!({"UCID": "71", "UUI": form}).to_string();
            for known in known("आ-7", &row).await {
                assert_eq!(known.unwrap().as_str(), "happened", "{form}");
            }
        }
        for row in ["", r#"{"UCID":"71","UUI":"??-7"}"#, r#"{"UCID":"71","UUI":null}"#] {
            let [at_once, later] = known("आ-7", row).await;
            assert_eq!(at_once.unwrap().as_str(), "still_unknown");
            let error = later.unwrap_err();
            assert_eq!((error.kind(), error.is_row()), (ErrorKind::Unreadable, false), "{row}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reference_that_may_have_been_cut_proves_nothing_within_the_time() {
        let at = |uui: &str, time: &str| {
            let row = serde_json::json!({
                "UCID": "71", "UUI": uui, "CallDate": "2026-11-20", "StartTime": time,
            });
            row.to_string()
        };
        for uui in ["order-", "order-7AAA", "order-70"] {
            for (time, proves) in [("10:00:02", false), ("", false), ("09:00:00", true)] {
                let [at_once, later] = known("order-7", &at(uui, time)).await;
                assert_eq!(at_once.unwrap().as_str(), "still_unknown");
                assert_eq!(later.is_ok_and(|it| it == DialSettlement::DidNotHappen), proves);
            }
        }
        let [_, later] = known("order-7", &at("7", "10:00:02")).await;
        assert_eq!(later.unwrap(), DialSettlement::DidNotHappen);
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_whose_uui_cannot_be_read_never_says_that_nothing_happened() {
        for uui in [r#"["order-7"]"#, r#"{"id":"order-7"}"#] {
            let row = format!(r#"{{"UCID":"71","CallID":"71","UUI":{uui}}}"#);
            let error = settled(&row, None).await.unwrap_err();
            assert!(error.is_row() && error.row() == Some(1), "{uui}");
            assert_eq!(settled(&row, Some("71")).await.unwrap().as_str(), "happened");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_behind_may_have_filed_the_call_under_the_day_before() {
        let midnight = SystemTime::UNIX_EPOCH + SENT - Duration::from_secs(36_000);
        let row = r#"{"UCID":"71","UUI":"order-7","CallDate":"2026-11-19","StartTime":"23:59:58"}"#;
        let hours = |hours: u64| Duration::from_secs(3600 * hours);
        for (second, hour, reports, want, asked) in [
            (3, 1, ["", row], "happened", 2),
            (3, 9, ["", row], "happened", 2),
            (3, 9, [row, ""], "happened", 1),
            (3, 1, ["", ""], "still_unknown", 2),
            (3, 9, ["", ""], "did_not_happen", 2),
            (299, 9, ["", ""], "did_not_happen", 2),
            (300, 1, ["", row], "did_not_happen", 1),
        ] {
            let from = midnight + Duration::from_secs(second);
            let (client, replay) = after(from, hours(hour), &reports);
            let known = client.settle("order-7", DialWindow::new(from, from)).await.unwrap();
            assert_eq!((known.as_str(), replay.requests().len()), (want, asked), "{second} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_without_a_ucid_is_a_row_all_the_same() {
        let happened = |ucid: &str, others: &[&str]| DialSettlement::Happened {
            ucid: ucid.parse().unwrap(),
            others: others.iter().map(|ucid| ucid.parse().unwrap()).collect(),
        };
        let unnamed = r#"{"UCID":null,"CallID":"71","UUI":"order-7"}"#;
        assert_eq!(settled(unnamed, None).await.unwrap(), happened("71", &[]));
        let first = r#"{"UCID":"71","CallID":"71","UUI":"order-7"}"#;
        let second = r#"{"UCID":"72","CallID":"71","UUI":"order-7"}"#;
        let all = [unnamed, second, first].join(",");
        assert_eq!(settled(&all, None).await.unwrap(), happened("71", &["72"]));
        let other = r#"{"UCID":"-","CallID":"71","UUI":"order-8"}"#;
        assert_eq!(settled(other, Some("71")).await.unwrap(), happened("71", &[]));
        assert_eq!(settled(other, None).await.unwrap(), DialSettlement::DidNotHappen);
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_without_any_id_never_says_that_nothing_happened() {
        let error = settled(r#"{"UCID":null,"CallID":"0","UUI":"order-7"}"#, None).await;
        assert!(error.unwrap_err().is_row());
    }
}
