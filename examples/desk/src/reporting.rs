//! Figures of ranges, out of the store of call records. The service is asked nothing.

use std::collections::BTreeMap;

use ozonetel_sdk::types::{AgentId, Day};
use ozonetel_store::{CallQuery, StoredCall};

use crate::core::agent::STALE_MS;
use crate::core::caller::Scope;
use crate::core::fact::millis;
use crate::core::figures::{KeptFacts, Tally, TimeUtilization};
use crate::core::time_use::time_use;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::KeptCode;

/// The calls of a range, counted as a whole, by day and by agent.
#[derive(Debug, Clone, Default)]
pub struct Breakdown {
    /// All of them.
    pub total: Tally,
    /// Those of each day that has any.
    pub days: BTreeMap<Day, Tally>,
    /// Those of each agent who had a leg of any, by [`AgentId::key`].
    pub agents: BTreeMap<String, (AgentId, Tally)>,
    /// Rows that cannot be parsed.
    pub unread: usize,
}

/// Counts the calls of a range: those of these agents, or of all.
///
/// # Errors
/// The store failed.
pub async fn breakdown(
    desk: &Desk,
    from: Day,
    to: Day,
    agents: Option<&[AgentId]>,
) -> Result<Breakdown, Problem> {
    let query = CallQuery { agents: agents.map(<[_]>::to_vec), ..CallQuery::days(from, to) };
    let mut calls = desk.records().store().stream(query);
    let mut found = Breakdown::default();
    loop {
        let mut together = Vec::new();
        while together.len() < TOGETHER
            && let Some(call) = calls.try_next().await?
        {
            together.push(call);
        }
        let kept_calls = KeptCalls::of(desk, &together).await?;
        for call in &together {
            found.add(call, &kept_calls, agents)?;
        }
        if together.len() < TOGETHER {
            return Ok(found);
        }
    }
}

impl Breakdown {
    fn add(
        &mut self,
        call: &StoredCall,
        kept_calls: &KeptCalls,
        agents: Option<&[AgentId]>,
    ) -> Result<(), Problem> {
        self.unread += call.unread();
        let records = call.records()?;
        let kept = kept_calls.of_call(call);
        let kept = KeptFacts {
            code: kept.and_then(|kept| kept.code.as_deref()),
            has_appointment: kept.is_some_and(|kept| kept.has_appointment),
        };
        self.total.add(&records, agents, kept);
        self.days.entry(call.day).or_default().add(&records, agents, kept);
        let mut mine: BTreeMap<String, &AgentId> = BTreeMap::new();
        for id in records.iter().filter_map(|record| record.agent_id.as_ref()) {
            let is_asked = agents.is_none_or(|agents| agents.iter().any(|a| a.is_same_agent(id)));
            if let Some(key) = id.key().filter(|_| is_asked) {
                mine.entry(key).or_insert(id);
            }
        }
        for (key, id) in mine {
            let entry = self.agents.entry(key).or_insert_with(|| (id.clone(), Tally::default()));
            entry.1.add(&records, Some(std::slice::from_ref(id)), kept);
        }
        Ok(())
    }
}

/// Of how many calls it is asked at once what is kept.
const TOGETHER: usize = 500;

/// What the desk keeps of calls, by each of their ids.
#[derive(Debug, Clone, Default)]
pub struct KeptCalls(BTreeMap<String, KeptCode>);

impl KeptCalls {
    /// What is kept of these calls.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of(desk: &Desk, calls: &[StoredCall]) -> Result<Self, Problem> {
        let mut kept = BTreeMap::new();
        for calls in calls.chunks(TOGETHER) {
            let ids = |call: &StoredCall| {
                let legs = call.legs.iter().map(|leg| leg.key.clone());
                legs.chain([call.key.clone()]).collect::<Vec<_>>()
            };
            let mut ids: Vec<String> = calls.iter().flat_map(ids).collect();
            ids.sort();
            ids.dedup();
            kept.append(&mut desk.store().kept_codes(&ids).await?);
        }
        Ok(Self(kept))
    }

    /// What is kept of a call that went through this desk.
    pub fn of_call(&self, call: &StoredCall) -> Option<&KeptCode> {
        let legs = call.legs.iter().rev().find_map(|leg| self.0.get(&leg.key));
        legs.or_else(|| self.0.get(&call.key))
    }
}

/// Where the time of these agents, or of all, went today, out of the states that were seen; `None` if none were. What
/// cannot be believed any more counts until it was last said.
///
/// # Errors
/// The store failed.
pub async fn time_use_today(
    desk: &Desk,
    agents: Option<&[AgentId]>,
) -> Result<Option<TimeUtilization>, Problem> {
    let (client, now) = (desk.client(), desk.now());
    let from = millis(client.today().start().instant(client.zone()));
    let scope = agents.map_or(Scope::All, |agents| Scope::Agents(agents.to_vec()));
    let words = desk.store().agent_words(&scope, from, now.saturating_add(1)).await?;
    let of_agent = words.iter().map(|(key, words)| {
        let said = words.last().map_or(from, |word| word.at_ms);
        let watched = desk.state_sources().is_watched(&key.as_str().into(), now);
        let believed = watched || now.saturating_sub(said) < STALE_MS;
        time_use(words, from, if believed { now } else { said })
    });
    Ok(of_agent.reduce(|sum, one| sum + one))
}

/// How far the records of a range have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRange {
    /// Days that were never read, those to come left out.
    pub never: Vec<Day>,
    /// Whether any day was read.
    pub any: bool,
    /// When the last of its days, today at the latest, was last read, in milliseconds since 1970.
    pub last_ms: Option<i64>,
}

/// How far the records of a range have been read.
///
/// # Errors
/// The store failed.
pub async fn read_range(desk: &Desk, from: Day, to: Day) -> Result<ReadRange, Problem> {
    let known = desk.records().store().days(from, to).await?;
    let read_at = |day: Day| {
        let read = known.iter().find(|known| known.day == day).and_then(|known| known.read);
        read.map(|read| i64::try_from(read.at.saturating_mul(1000)).unwrap_or(i64::MAX))
    };
    let to = to.min(desk.client().today());
    let days = std::iter::successors(Some(from), |day| (*day < to).then(|| day.next()));
    let (mut never, mut any) = (Vec::new(), false);
    for day in days.filter(|day| *day <= to) {
        if read_at(day).is_some() {
            any = true;
        } else {
            never.push(day);
        }
    }
    Ok(ReadRange { never, any, last_ms: read_at(to) })
}

/// Days of a range whose records were never read, those to come left out.
///
/// # Errors
/// The store failed.
pub async fn never_read(desk: &Desk, from: Day, to: Day) -> Result<Vec<Day>, Problem> {
    Ok(read_range(desk, from, to).await?.never)
}
