//! The log of events, in memory.

use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::events::{Event, Events, NewEvent};

#[derive(Debug, Default)]
pub(super) struct EventTable {
    rows: VecDeque<Event>,
    newest: i64,
}

impl EventTable {
    /// Appends events, as the last part of a change.
    pub(super) fn append(&mut self, at: i64, events: Vec<NewEvent>) {
        for NewEvent { kind, audience, body, masked } in events {
            self.newest += 1;
            let (id, kind) = (self.newest, kind.to_owned());
            self.rows.push_back(Event { id, at, kind, audience, body, masked });
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Event> {
        self.rows.iter()
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
            Ok(rows.iter().skip(first).take(most as usize).cloned().collect())
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
