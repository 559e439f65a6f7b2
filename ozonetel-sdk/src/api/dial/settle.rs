//! Settling a dial of which it is unknown whether it happened.

use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::api::cdr::{CallRecord, NIGHT_OVER};
use crate::core::call::RowStream;
use crate::core::client::Client;
use crate::core::error::Error;
use crate::core::pace::Patience;
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;
use crate::types::wire::{Day, SensitiveText};

/// How long a row may take to appear, unless the caller says otherwise.
const ROWS_WITHIN: Duration = Duration::from_secs(300);

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
    ///   unique: of two dials with one reference, both are named and neither can be told from the other.
    /// - **It did not happen** if no row carries it and three things hold: the window had closed before the report was
    ///   asked for, every row of the report could be parsed, and the report was complete. The report of a day that is
    ///   over counts as complete from 04:00 in the account's zone: overnight the service moves rows to another store,
    ///   and says that they can be read again from about 03:00.
    /// - **Anything else is still unknown**, and the answer says until when.
    ///
    /// Rows that come even later than the window allows, or a dial without a reference, cannot be found this way.
    ///
    /// A look costs one of the two report requests a minute, two if midnight is in the window, and waits for them as
    /// long as its patience allows.
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
    /// no longer keeps; a row that cannot be parsed, if the reference was found in no other; otherwise as
    /// [`Cdr::for_day`](crate::cdr::Cdr::for_day).
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
        let days = self.days(asked);
        let mut found = Found::default();
        for day in &days {
            let call = self.client.cdr().for_day(*day);
            let call = match self.patience {
                Some(patience) => call.patience(patience),
                None => call,
            };
            if let Err(error) = self.search(call.stream(), &mut found).await {
                // What was found stays true.
                if found.settled().is_none() {
                    return Err(error);
                }
            }
        }
        let until = self.known_at(asked, &days);
        match (found.settled(), found.unparsed) {
            (Some(settled), _) => Ok(settled),
            (None, _) if asked < until => Ok(DialSettlement::StillUnknown { until }),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(DialSettlement::DidNotHappen),
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
        loop {
            match rows.try_next().await {
                Ok(Some(row)) if self.is_ours(&row) => found.rows.push(row),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) if error.is_row() => found.unparsed = Some(error),
                Err(error) => return Err(error),
            }
        }
    }

    fn is_ours(&self, row: &CallRecord) -> bool {
        let uui = row.uui.as_ref().map(|uui| uui.as_str().trim());
        uui == Some(self.reference.as_str().trim())
            || (self.ucid.is_some() && leg(row) == self.ucid)
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

    /// What is known an hour after a dial, from answers for that day.
    async fn settled(rows: &str, ucid: Option<&str>) -> Result<DialSettlement, Error> {
        let body = format!(r#"{{"status":"success","message":"success","details":[{rows}]}}"#);
        let sent = SystemTime::UNIX_EPOCH + SENT;
        let client = Client::builder()
            .account("acme_support")
            .key("test-key")
            .mode(AuthMode::Key)
            .base_url("http://api.example.test")
            .clock(Arc::new(TokioClock::starting_at(sent + Duration::from_secs(3600))))
            .transport(Arc::new(Replay::new([Turn::json(body)])))
            .build()
            .unwrap();
        let mut settle = client.settle("order-7", DialWindow::new(sent, sent));
        settle.ucid = ucid.map(|ucid| ucid.parse().unwrap());
        settle.await
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
