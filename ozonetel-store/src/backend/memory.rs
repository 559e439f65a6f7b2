//! A store in memory: the double.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ozonetel_sdk::cdr::sync::{Gap, Upserted};
use ozonetel_sdk::types::{Day, Zone};

use super::{Backend, RowWrite, SummaryRows, WritePlan};
use crate::call::CallColumns;
use crate::error::StoreError;
use crate::leg::StoredLeg;
use crate::query::{CallQuery, CheckpointWrite, Cursor, DayCoverage, Order, StoredCall};
use crate::sync_lock::SyncLock;

/// Everything in maps behind a lock.
pub(crate) struct Memory {
    zone: Zone,
    tables: Mutex<Tables>,
    sync: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Tables {
    legs: BTreeMap<String, StoredLeg>,
    calls: BTreeMap<String, (CallColumns, BTreeSet<String>)>,
    checkpoint: Option<String>,
    days: BTreeMap<Day, DayCoverage>,
    gaps: Vec<Gap>,
    summary: SummaryRows,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    pub(crate) fn new(zone: Zone) -> Self {
        Self { zone, tables: Mutex::default(), sync: Arc::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn plan(&self, write: &RowWrite) -> Result<WritePlan, StoreError> {
        let known = write.keys().filter_map(|key| Some((key.clone(), self.legs.get(key)?.clone())));
        WritePlan::new(known.collect(), write, &write.rows)
    }

    fn put(&mut self, write: &RowWrite, zone: &Zone) -> Result<(), StoreError> {
        let plan = self.plan(write)?;
        self.legs.extend(plan.states);
        for key in plan.calls {
            let legs: Vec<StoredLeg> =
                self.legs.values().filter(|leg| leg.call_key == key).cloned().collect();
            match CallColumns::of(&key, &legs, zone)? {
                Some(call) => {
                    let legs = legs.into_iter().map(|leg| leg.key).collect();
                    self.calls.insert(key, (call, legs));
                }
                None => _ = self.calls.remove(&key),
            }
        }
        Ok(())
    }

    fn call(&self, call: &CallColumns, legs: &BTreeSet<String>) -> StoredCall {
        StoredCall {
            key: call.key.clone(),
            day: call.day,
            started_at: call.started_at,
            legs: legs.iter().filter_map(|key| self.legs.get(key)).cloned().collect(),
        }
    }

    fn takes(
        &self,
        (query, number): (&CallQuery, Option<&String>),
        call: &CallColumns,
        legs: &BTreeSet<String>,
    ) -> Result<bool, StoreError> {
        if query.from.is_some_and(|from| call.day < from)
            || query.to.is_some_and(|to| call.day > to)
            || query.direction.is_some_and(|wanted| call.direction != Some(wanted))
            || query.outcome.is_some_and(|wanted| call.outcome != wanted)
            || query
                .campaign
                .as_ref()
                .is_some_and(|wanted| call.campaign.as_deref() != Some(wanted.as_str()))
        {
            return Ok(false);
        }
        if number.is_some() && number != call.number_key.as_ref() {
            return Ok(false);
        }
        let Some(agents) = &query.agents else { return Ok(true) };
        for leg in legs.iter().filter_map(|key| self.legs.get(key)) {
            let record = leg.record()?;
            let id = record.as_ref().and_then(|record| record.agent_id.as_ref());
            if id.is_some_and(|id| agents.iter().any(|agent| agent.is_same_agent(id))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl Backend for Memory {
    async fn compare(&self, rows: &RowWrite) -> Result<Upserted, StoreError> {
        self.tables().plan(rows).map(|plan| plan.counts)
    }

    async fn write(
        &self,
        rows: Option<&RowWrite>,
        checkpoint: Option<&CheckpointWrite>,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if let Some(rows) = rows {
            tables.put(rows, &self.zone)?;
        }
        if let Some(checkpoint) = checkpoint {
            tables.checkpoint = Some(checkpoint.json.clone());
            tables.days.extend(checkpoint.days.iter().map(|day| (day.day, day.clone())));
            tables.gaps.clone_from(&checkpoint.gaps);
        }
        Ok(())
    }

    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        Ok(self.tables().checkpoint.clone())
    }

    async fn calls(
        &self,
        query: &CallQuery,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<StoredCall>, StoreError> {
        let number = query.number_key()?;
        let tables = self.tables();
        let mut found: Vec<(Day, i64, &str)> = Vec::new();
        for (call, legs) in tables.calls.values() {
            if tables.takes((query, number.as_ref()), call, legs)? {
                found.push((call.day, call.started_at, &call.key));
            }
        }
        found.sort_unstable();
        if query.order == Order::NewestFirst {
            found.reverse();
        }
        let behind = match query.order {
            Order::NewestFirst => Ordering::Less,
            Order::OldestFirst => Ordering::Greater,
        };
        let is_next = |place: &(Day, i64, &str)| {
            after.is_none_or(|after| {
                place.cmp(&(after.day, after.started_at, after.key.as_str())) == behind
            })
        };
        let page = found.into_iter().filter(is_next).take(limit);
        let page = page.filter_map(|(_, _, key)| tables.calls.get(key));
        Ok(page.map(|(call, legs)| tables.call(call, legs)).collect())
    }

    async fn call(&self, key: &str) -> Result<Option<StoredCall>, StoreError> {
        let tables = self.tables();
        let found = tables.calls.get(key).or_else(|| {
            let leg = tables.legs.get(key)?;
            tables.calls.get(&leg.call_key)
        });
        Ok(found.map(|(call, legs)| tables.call(call, legs)))
    }

    async fn days(&self, from: Day, to: Day) -> Result<Vec<DayCoverage>, StoreError> {
        let tables = self.tables();
        let within = tables.days.values().filter(|day| from <= day.day && day.day <= to);
        Ok(within.cloned().collect())
    }

    async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        Ok(self.tables().gaps.clone())
    }

    async fn save_summary(&self, days: &SummaryRows, _: i64) -> Result<(), StoreError> {
        self.tables().summary.extend(days.iter().map(|(day, rows)| (*day, rows.clone())));
        Ok(())
    }

    async fn summary(&self, from: Day, to: Day) -> Result<SummaryRows, StoreError> {
        let tables = self.tables();
        let within = tables.summary.iter().filter(|(day, _)| from <= **day && **day <= to);
        Ok(within.map(|(day, rows)| (*day, rows.clone())).collect())
    }

    async fn lock_sync(&self) -> Result<SyncLock, StoreError> {
        let guard = Arc::clone(&self.sync).try_lock_owned();
        guard.map(SyncLock::in_memory).map_err(|_| StoreError::SyncUnderWay)
    }
}
