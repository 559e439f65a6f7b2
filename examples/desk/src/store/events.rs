//! The log of events: append-only, numbered without gaps in the order in which it becomes visible.

use async_trait::async_trait;
use tokio::sync::watch;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::event::{Event, NewEvent, written};
use super::event_rows::{append, event_of};
use super::portions::EVENTS;
use super::writer::Fails;

/// The log of events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Appends events that report no change of another area. Changes take their events with them.
    ///
    /// # Errors
    /// The store is not available.
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError>;

    /// The events after a number, oldest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError>;

    /// The number of the newest event; 0 if there was never one.
    ///
    /// # Errors
    /// The store is not available.
    async fn newest_event(&self) -> Result<i64, StoreError>;

    /// The number of the oldest event that is still there.
    ///
    /// # Errors
    /// The store is not available.
    async fn oldest_event(&self) -> Result<Option<i64>, StoreError>;

    /// Removes events older than a time; how many. Numbers are not used again.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_events(&self, before: i64) -> Result<u64, StoreError>;

    /// Follows the newest number that this process has committed. Another desk's events do not show here.
    fn head(&self) -> watch::Receiver<i64>;
}

#[async_trait]
impl Events for Db {
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError> {
        let events = written(events)?;
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, at, kind, audience, agent, body, masked, shared \
                              FROM desk_event WHERE id > $1 ORDER BY id LIMIT $2";
                tx.rows(select, args![id, most]).await?.iter().map(event_of).collect()
            })
        })
        .await
    }

    async fn newest_event(&self) -> Result<i64, StoreError> {
        self.newest().await
    }

    async fn oldest_event(&self) -> Result<Option<i64>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let row = tx.row("SELECT MIN(id) AS id FROM desk_event", args![]).await?;
                row.map_or(Ok(None), |row| row.get("id"))
            })
        })
        .await
    }

    async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        self.remove_old(EVENTS, before).await
    }

    fn head(&self) -> watch::Receiver<i64> {
        self.head_of()
    }
}
