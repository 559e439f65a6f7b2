//! The log of events, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::event::{Event, NewEvent};
use crate::store::events::Events;

#[derive(Debug, Default)]
pub(super) struct EventTable {
    /// Each on its own: a list that grows is copied while everyone waits.
    rows: VecDeque<Arc<EventRow>>,
    newest: i64,
}

/// An event; its texts are written when it is read.
#[derive(Debug)]
struct EventRow {
    id: i64,
    at: i64,
    event: NewEvent,
}

impl EventRow {
    fn read(&self) -> Result<Event, StoreError> {
        self.event.clone().numbered(self.id, self.at)
    }
}

impl EventTable {
    /// Appends events, as the last part of a change.
    pub(super) fn append(&mut self, at: i64, events: Vec<NewEvent>) {
        for event in events {
            self.newest += 1;
            self.rows.push_back(Arc::new(EventRow { id: self.newest, at, event }));
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Result<Event, StoreError>> {
        self.rows.iter().map(|row| row.read())
    }

    pub(super) fn newest(&self) -> i64 {
        self.newest
    }
}

#[async_trait]
impl Events for Memory {
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError> {
        self.write(|state| {
            state.events.append(at, events);
            Ok(())
        })
        .await
    }

    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError> {
        self.read(|state| {
            let rows = &state.events.rows;
            let first = rows.partition_point(|event| event.id <= id);
            rows.iter().skip(first).take(most as usize).map(|row| row.read()).collect()
        })
        .await
    }

    async fn newest_event(&self) -> Result<i64, StoreError> {
        self.read(|state| Ok(state.events.newest)).await
    }

    async fn oldest_event(&self) -> Result<Option<i64>, StoreError> {
        self.read(|state| Ok(state.events.rows.front().map(|event| event.id))).await
    }

    async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let rows = &mut state.events.rows;
            let count = rows.len();
            rows.retain(|event| event.at >= before);
            Ok((count - rows.len()) as u64)
        })
        .await
    }

    fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }
}
