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
                state.handoffs.forget(id);
                state.assist.clear(id);
                let aliases = state.calls.get(id).map(|call| call.state.ids.clone());
                state.reports.clear_notes(&aliases.unwrap_or_default());
            }
            state.handoffs.drop_alone(before);
            state.calls.drop_drafts(before);
            state.work.clear_notes(before);
            Ok(ids.len())
        })
        .await
    }
}
