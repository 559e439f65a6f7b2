//! Notes of calls, in memory.

use async_trait::async_trait;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::notes::Notes;

#[async_trait]
impl Notes for Memory {
    async fn forget_notes(&self, before: i64, most: u32) -> Result<usize, StoreError> {
        self.write(|state| {
            let ids = state.calls.with_notes(before, most as usize);
            for id in &ids {
                state.calls.clear_notes(id);
                state.outbox.clear_notes(id);
                state.assist.clear(id);
                let aliases = state.calls.get(id).map(|call| call.state.ids.clone());
                let aliases = aliases.unwrap_or_default();
                for alias in aliases.iter().chain([id]) {
                    state.handoffs.forget(alias);
                }
                state.reports.clear_notes(&aliases);
            }
            state.handoffs.drop_alone(before);
            state.calls.drop_drafts(before);
            state.work.clear_notes(before);
            Ok(ids.len())
        })
        .await
    }
}
