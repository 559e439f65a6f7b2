//! What a database has to do for the store, and what is the same in all of them.

mod memory;
mod row_write;
mod sql;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::cdr::sync::{Gap, Row, Upserted};
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::Day;

use crate::error::StoreError;
use crate::leg::{Change, StoredLeg};
use crate::query::{CallQuery, CheckpointWrite, Cursor, DayCoverage, StoredCall};
use crate::sync_lock::SyncLock;

pub(crate) use memory::Memory;
pub(crate) use row_write::RowWrite;
pub(crate) use sql::Sql;

/// A summary as it is stored: when, and the rows.
pub(crate) type SummaryRows = BTreeMap<Day, Vec<AgentSummary>>;

/// One database. A method is one transaction.
#[async_trait]
pub(crate) trait Backend: fmt::Debug + Send + Sync {
    /// What storing these rows would do.
    async fn compare(&self, rows: &RowWrite) -> Result<Upserted, StoreError>;

    /// Stores rows and checkpoint together.
    async fn write(
        &self,
        rows: Option<&RowWrite>,
        checkpoint: Option<&CheckpointWrite>,
    ) -> Result<(), StoreError>;

    async fn checkpoint(&self) -> Result<Option<String>, StoreError>;

    async fn calls(
        &self,
        query: &CallQuery,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<StoredCall>, StoreError>;

    /// The call with this key, or with a row of this key.
    async fn call(&self, key: &str) -> Result<Option<StoredCall>, StoreError>;

    async fn days(&self, from: Day, to: Day) -> Result<Vec<DayCoverage>, StoreError>;

    async fn gaps(&self) -> Result<Vec<Gap>, StoreError>;

    /// Replaces the summaries of these days.
    async fn save_summary(&self, days: &SummaryRows, at: i64) -> Result<(), StoreError>;

    async fn summary(&self, from: Day, to: Day) -> Result<SummaryRows, StoreError>;

    /// Takes the store for one sync, or refuses at once.
    async fn lock_sync(&self) -> Result<SyncLock, StoreError>;
}

/// What storing rows comes down to, given what is stored under their keys.
#[derive(Debug, Default)]
pub(crate) struct WritePlan {
    /// The rows' new states, by key.
    pub(crate) states: BTreeMap<String, StoredLeg>,
    /// Keys of rows whose content or day changed.
    pub(crate) changed: BTreeSet<String>,
    /// Keys of rows that were only seen again, on the same day.
    pub(crate) seen: BTreeSet<String>,
    /// Keys of the phone calls that have to be put together anew.
    pub(crate) calls: BTreeSet<String>,
    pub(crate) counts: Upserted,
}

impl WritePlan {
    /// For these rows of what is to be stored.
    pub(crate) fn new<'r>(
        known: BTreeMap<String, StoredLeg>,
        write: &RowWrite,
        rows: impl IntoIterator<Item = &'r Row>,
    ) -> Result<Self, StoreError> {
        let mut plan = Self { states: known, ..Self::default() };
        let mut keys = BTreeSet::new();
        for row in rows {
            plan.add(row, write)?;
            keys.insert(row.key.to_string());
        }
        plan.states.retain(|key, _| keys.contains(key));
        Ok(plan)
    }

    fn add(&mut self, row: &Row, write: &RowWrite) -> Result<(), StoreError> {
        let key = row.key.to_string();
        let before = self.states.get(&key);
        let (next, change) = StoredLeg::next(before, row, write.day, write.reading)?;
        match change {
            Change::New => self.counts.new += 1,
            Change::Changed => self.counts.changed += 1,
            Change::Same => self.counts.same += 1,
        }
        let rewritten = !before.is_some_and(|before| before.is_as_stored(&next));
        if rewritten {
            self.calls.extend(before.map(|before| before.call_key.clone()));
            self.calls.insert(next.call_key.clone());
        }
        if rewritten || self.changed.contains(&key) {
            self.seen.remove(&key);
            self.changed.insert(key.clone());
        } else {
            self.seen.insert(key.clone());
        }
        self.states.insert(key, next);
        Ok(())
    }
}
