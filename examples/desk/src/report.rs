//! Reports on today that only the service has, each kept for a minute and shared by all routes. Past days and calls are in
//! the store: see [`records`](crate::records).

use std::fmt;
use std::future::{Future, ready};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;
use moka::ops::compute::Op;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::AgentId;
use ozonetel_sdk::types::{ClockDuration, Day};
use ozonetel_sdk::{Client, Error};

use crate::problem::Problem;

/// How long a report is kept.
const KEPT: Duration = Duration::from_mins(1);

/// How many days, or agents, are kept at once.
const MOST: u64 = 64;

/// Why a report could not be had. Shared by all who waited for it.
#[derive(Clone)]
enum Failed {
    Service(Error),
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
    summaries: Shared<Day, Vec<AgentSummary>>,
    handling: Shared<AgentId, Option<ClockDuration>>,
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reports")
    }
}

impl Reports {
    /// Reports of an account.
    pub fn new(client: Client) -> Self {
        let clock = client.clock();
        let (summaries, handling) = (Shared::new(clock), Shared::new(clock));
        Self { client, summaries, handling }
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
