//! Where a sync puts rows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ozonetel_sdk::cdr::sync::{Checkpoint, DayState, FailureCause, RowBatch, Sink, Upserted};
use ozonetel_sdk::types::Day;

use crate::backend::{Backend, RowWrite};
use crate::error::StoreError;
use crate::query::{CheckpointWrite, DayCoverage, DayRows};

/// The sink of a [`Store`](crate::Store): made by [`Store::sink`](crate::Store::sink).
///
/// The last batch before a checkpoint is written together with it, in one transaction: a day of few rows is one
/// commit, and no reader sees a day's rows without what the store knows of the day. Until then that batch, and no more,
/// is in memory.
pub struct StoreSink {
    backend: Arc<dyn Backend>,
    /// Handed over and not written yet.
    held: Option<RowWrite>,
    /// What the store shows of the days, as last written.
    shown: BTreeMap<Day, DayCoverage>,
}

impl fmt::Debug for StoreSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held.as_ref().map_or(0, |held| held.rows.len());
        f.debug_struct("StoreSink").field("held", &held).finish_non_exhaustive()
    }
}

impl StoreSink {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, held: None, shown: BTreeMap::new() }
    }

    /// What the checkpoint says of the days that it follows, where the store does not show it yet.
    fn news(&self, checkpoint: &Checkpoint) -> Vec<DayCoverage> {
        let mut news = Vec::new();
        let mut day = checkpoint.oldest();
        // A checkpoint follows 64 days at most.
        for _ in 0..=64 {
            if let Some(state) = checkpoint.day(day) {
                let coverage = coverage(day, state);
                if self.shown.get(&day) != Some(&coverage) {
                    news.push(coverage);
                }
            }
            day = day.next();
        }
        news
    }
}

fn coverage(day: Day, state: &DayState) -> DayCoverage {
    let read = state.read.map(|read| DayRows {
        reading: read.number,
        at: read.at,
        rows: read.rows,
        unfinished: read.unfinished,
        unread: read.unread,
    });
    let trouble = state.trouble.as_ref().map(|trouble| match &trouble.cause {
        FailureCause::Failed { kind, reason: Some(reason) } => format!("{kind}: {reason}"),
        FailureCause::Failed { kind, reason: None } => kind.clone(),
        _ => "empty at the edge".to_owned(),
    });
    DayCoverage { day, read, trouble }
}

impl Sink for StoreSink {
    type Error = StoreError;

    /// # Cancel safety
    /// A dropped future has stored the batch before this one or not; this one it has taken over or not, whole.
    async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, StoreError> {
        if let Some(held) = &self.held {
            self.backend.write(Some(held), None).await?;
            self.held = None;
        }
        let write = RowWrite::new(batch)?;
        let counts = self.backend.compare(&write).await?;
        self.held = Some(write);
        Ok(counts)
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let days = self.news(checkpoint);
        let gaps = checkpoint.gaps().to_vec();
        let write = CheckpointWrite { json: checkpoint.to_json(), days, gaps };
        self.backend.write(self.held.as_ref(), Some(&write)).await?;
        self.held = None;
        self.shown.extend(write.days.into_iter().map(|day| (day.day, day)));
        self.shown.retain(|day, _| *day >= checkpoint.oldest());
        Ok(())
    }

    async fn load(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        let text = self.backend.checkpoint().await?;
        let read = text.map(|text| Checkpoint::from_json(text.as_bytes()));
        Ok(read.transpose()?)
    }
}
