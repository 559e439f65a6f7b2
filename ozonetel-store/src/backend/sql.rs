//! A store in SQLite or PostgreSQL. The text of a statement is the same for both.

mod column;
mod db;
mod migrate;
mod number_keys;
mod read;
mod summary;
mod write;

use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::cdr::sync::{Gap, Upserted};
use ozonetel_sdk::types::{Day, Zone};

use super::{Backend, RowWrite, SummaryRows};
use crate::address::StoreAddress;
use crate::error::StoreError;
use crate::query::{CallQuery, CheckpointWrite, Cursor, DayCoverage, StoredCall};
use crate::sync_lock::SyncLock;

use db::Db;

/// A database with the tables in it.
pub(crate) struct Sql {
    db: Db,
    zone: Zone,
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sql")
    }
}

impl Sql {
    /// Opens or creates the database, brings its tables and number keys up to date, and checks whose it is.
    pub(crate) async fn open(
        address: &StoreAddress,
        account: &str,
        zone: Zone,
    ) -> Result<Self, StoreError> {
        let db = Db::open(address).await?;
        migrate::run(&db, account).await?;
        number_keys::renew(&db).await?;
        Ok(Self { db, zone })
    }
}

#[async_trait]
impl Backend for Sql {
    async fn compare(&self, rows: &RowWrite) -> Result<Upserted, StoreError> {
        write::compare(&self.db, rows).await
    }

    async fn write(
        &self,
        rows: Option<&RowWrite>,
        checkpoint: Option<&CheckpointWrite>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        migrate::fits(&mut tx).await?;
        if let Some(rows) = rows {
            write::rows(&mut tx, rows, &self.zone).await?;
        }
        if let Some(checkpoint) = checkpoint {
            write::checkpoint(&mut tx, checkpoint).await?;
        }
        tx.commit().await
    }

    async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        let found = self.db.rows("select checkpoint from cdr_store where id = 1", vec![]).await?;
        found.first().map_or(Ok(None), |record| record.text("checkpoint"))
    }

    async fn calls(
        &self,
        query: &CallQuery,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<StoredCall>, StoreError> {
        read::calls(&self.db, query, after, limit).await
    }

    async fn call(&self, key: &str) -> Result<Option<StoredCall>, StoreError> {
        read::call(&self.db, key).await
    }

    async fn days(&self, from: Day, to: Day) -> Result<Vec<DayCoverage>, StoreError> {
        read::days(&self.db, from, to).await
    }

    async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        read::gaps(&self.db).await
    }

    async fn save_summary(&self, days: &SummaryRows, at: i64) -> Result<(), StoreError> {
        summary::save(&self.db, days, at).await
    }

    async fn summary(&self, from: Day, to: Day) -> Result<SummaryRows, StoreError> {
        summary::rows(&self.db, from, to).await
    }

    async fn lock_sync(&self) -> Result<SyncLock, StoreError> {
        self.db.lock_sync().await
    }
}
