//! Reports, each kept for a minute and shared by all routes: the service allows two CDR reads a minute for the whole
//! account, so every row is fetched once for everybody.

use std::fmt;
use std::future::{Future, ready};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;
use moka::ops::compute::Op;
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::AgentId;
use ozonetel_sdk::types::{ClockDuration, Day};
use ozonetel_sdk::{Client, Error};

use crate::call_memory::CallMemory;
use crate::problem::{Kind, Problem};

/// How long a report is kept.
const KEPT: Duration = Duration::from_mins(1);

/// How many days, or agents, are kept at once.
const MOST: u64 = 64;

/// The largest day that is held in memory.
const MOST_ROWS: usize = 200_000;

/// How long the reading of one day may take.
const READ_WITHIN: Duration = Duration::from_mins(5);

/// A day's rows.
#[derive(Debug)]
pub struct DayReport {
    /// The rows that could be parsed.
    pub rows: Vec<CallRecord>,
    /// How many did not.
    pub unreadable: usize,
}

/// Why a report could not be had. Shared by all who waited for it.
#[derive(Clone)]
enum Failed {
    Service(Error),
    TooLarge,
    TooSlow,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

impl From<&Failed> for Problem {
    fn from(failed: &Failed) -> Self {
        match failed {
            Failed::Service(error) => error.into(),
            Failed::TooLarge => Self::new(Kind::Service, "the day has more rows than can be held"),
            Failed::TooSlow => Self::new(Kind::Service, "the day's rows did not arrive in time"),
        }
    }
}

#[derive(Debug)]
struct Kept<V> {
    at: SystemTime,
    value: Arc<V>,
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self { at: self.at, value: Arc::clone(&self.value) }
    }
}

/// One kind of report: loaded once for everybody who waits, kept for a minute of the account's clock.
struct Shared<K, V> {
    kept: Cache<K, Kept<V>>,
    clock: Arc<dyn Clock>,
}

impl<K, V> Shared<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn new(clock: &Arc<dyn Clock>) -> Self {
        let kept = Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
        Self { kept, clock: Arc::clone(clock) }
    }

    fn is_fresh(&self, kept: &Kept<V>) -> bool {
        self.clock.now().duration_since(kept.at).unwrap_or_default() < KEPT
    }

    async fn get<F>(&self, key: K, load: impl Fn() -> F) -> Result<Arc<V>, Problem>
    where
        F: Future<Output = Result<V, Failed>>,
    {
        loop {
            let loading = async {
                let value = Arc::new(load().await?);
                Ok(Kept { at: self.clock.now(), value })
            };
            let kept = self.kept.try_get_with(key.clone(), loading).await;
            let kept = kept.map_err(|failed: Arc<Failed>| Problem::from(&*failed))?;
            if self.is_fresh(&kept) {
                return Ok(kept.value);
            }
            // The cache goes by the machine's clock, the account by its own. Whoever comes first takes the stale
            // report out; one that somebody has just loaded stays.
            let stale = |entry: Option<moka::Entry<K, Kept<V>>>| {
                let stale = entry.is_some_and(|entry| !self.is_fresh(entry.value()));
                ready(if stale { Op::Remove } else { Op::Nop })
            };
            self.kept.entry(key.clone()).and_compute_with(stale).await;
        }
    }
}

/// All reports.
pub struct Reports {
    client: Client,
    memory: CallMemory,
    days: Shared<Day, DayReport>,
    summaries: Shared<Day, Vec<AgentSummary>>,
    handling: Shared<AgentId, Option<ClockDuration>>,
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reports")
    }
}

impl Reports {
    /// Reports of an account; what rows say about calls goes into `memory`.
    pub fn new(client: Client, memory: CallMemory) -> Self {
        let clock = client.clock();
        let (days, summaries, handling) =
            (Shared::new(clock), Shared::new(clock), Shared::new(clock));
        Self { client, memory, days, summaries, handling }
    }

    /// A day's rows.
    ///
    /// # Errors
    /// As any call to the service; [`Kind::Limit`] when the two reads of the minute are used up.
    pub async fn day(&self, day: Day) -> Result<Arc<DayReport>, Problem> {
        self.days.get(day, || self.load_day(day)).await
    }

    async fn load_day(&self, day: Day) -> Result<DayReport, Failed> {
        let read = async {
            let mut stream = self.client.cdr().for_day(day).stream();
            let mut report = DayReport { rows: Vec::new(), unreadable: 0 };
            loop {
                match stream.try_next().await {
                    Ok(Some(row)) if report.rows.len() < MOST_ROWS => report.rows.push(row),
                    Ok(Some(_)) => return Err(Failed::TooLarge),
                    Ok(None) => return Ok(report),
                    Err(error) if error.is_row() => {
                        tracing::warn!(%error, "a row cannot be parsed");
                        report.unreadable += 1;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let report = tokio::time::timeout(READ_WITHIN, read).await;
        let report = report.unwrap_or(Err(Failed::TooSlow))?;
        for row in &report.rows {
            self.memory.learn_row(row).await;
        }
        Ok(report)
    }

    /// A day's summary, of all agents: the name of the agent filter is not documented.
    ///
    /// # Errors
    /// As any call to the service.
    pub async fn summary(&self, day: Day) -> Result<Arc<Vec<AgentSummary>>, Problem> {
        let load = || async { Ok(self.client.summary().for_day(day).await?) };
        self.summaries.get(day, load).await
    }

    /// An agent's average handling time as the service has it: outbound calls of the last two hours.
    ///
    /// # Errors
    /// As any call to the service.
    pub async fn handling(&self, agent: &AgentId) -> Result<Option<ClockDuration>, Problem> {
        let load = || async { Ok(self.client.aht().agent(agent).await?.0.aht) };
        Ok(*self.handling.get(agent.clone(), load).await?)
    }
}
