//! Reminders, in memory.

use async_trait::async_trait;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::reminders::{Announce, Reminders};

#[async_trait]
impl Reminders for Memory {
    async fn announce_due(&self, at: i64, most: u32, event: Announce) -> Result<usize, StoreError> {
        if !self.read(|state| Ok(state.work.is_any_due(at))).await? {
            return Ok(0);
        }
        self.write(|state| {
            let due = state.work.due(at, most as usize);
            let events = due.iter().map(event).collect::<Result<Vec<_>, _>>()?;
            state.work.told(&due);
            let count = events.len();
            state.events.append(at, events);
            Ok(count)
        })
        .await
    }
}
