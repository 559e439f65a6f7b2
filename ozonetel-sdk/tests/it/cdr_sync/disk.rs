//! A store that outlives the sync: rows in memory, the checkpoint as text, and failures on demand.

use std::sync::{Arc, Mutex, MutexGuard};

use ozonetel_sdk::cdr::sync::{Checkpoint, MemorySink, RowBatch, RowKey, Sink, Upserted};
use ozonetel_sdk::types::Day;

/// What is on the disk, and how it shall fail.
#[derive(Debug, Default)]
pub struct Disk {
    pub rows: MemorySink,
    pub checkpoint: Option<String>,
    pub failing_upserts: u32,
    pub failing_saves: u32,
    pub failing_loads: u32,
    /// Sizes of the batches, with their day and reading.
    pub batches: Vec<(Day, u64, usize)>,
    pub saves: usize,
    /// The first day that the first checkpoint followed.
    pub since: Option<Day>,
}

/// A handle on a disk. Every one of its futures waits before and after the act, so that it can be dropped there.
#[derive(Clone, Debug, Default)]
pub struct DiskSink(Arc<Mutex<Disk>>);

#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the disk is full")
    }
}

impl std::error::Error for Full {}

impl DiskSink {
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.disk().checkpoint.as_ref().map(|text| Checkpoint::from_json(text.as_bytes()).unwrap())
    }

    /// The rows of a day, by key.
    pub fn day(&self, day: Day) -> Vec<(RowKey, ozonetel_sdk::cdr::CallRecord)> {
        let disk = self.disk();
        let rows = disk.rows.rows().filter(|(_, row)| row.day == day);
        rows.map(|(key, row)| {
            assert_eq!(row.unread, None, "{key} cannot be parsed");
            (key.clone(), row.record.clone().unwrap())
        })
        .collect()
    }
}

fn spend(count: &mut u32) -> Result<(), Full> {
    if *count == 0 {
        return Ok(());
    }
    *count -= 1;
    Err(Full)
}

impl Sink for DiskSink {
    type Error = Full;

    async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, Full> {
        tokio::task::yield_now().await;
        spend(&mut self.disk().failing_upserts)?;
        let mut rows = {
            let mut disk = self.disk();
            disk.batches.push((batch.day, batch.reading, batch.rows.len()));
            std::mem::take(&mut disk.rows)
        };
        // Nothing waits between taking the rows and putting them back: a drop cannot lose them.
        let counts = futures_util::FutureExt::now_or_never(rows.upsert(batch)).unwrap().unwrap();
        self.disk().rows = rows;
        tokio::task::yield_now().await;
        Ok(counts)
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), Full> {
        tokio::task::yield_now().await;
        spend(&mut self.disk().failing_saves)?;
        {
            let mut disk = self.disk();
            disk.checkpoint = Some(checkpoint.to_json());
            disk.saves += 1;
            disk.since.get_or_insert(checkpoint.oldest());
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn load(&mut self) -> Result<Option<Checkpoint>, Full> {
        tokio::task::yield_now().await;
        spend(&mut self.disk().failing_loads)?;
        Ok(self.checkpoint())
    }
}
