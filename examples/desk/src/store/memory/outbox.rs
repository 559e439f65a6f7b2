//! The outbox, in memory.

use async_trait::async_trait;

use super::Memory;
use crate::core::caller::Scope;
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use crate::store::calls::sees;
use crate::store::error::StoreError;
use crate::store::outbox::Outbox;
use crate::store::owed::key_of;

#[async_trait]
impl Outbox for Memory {
    async fn claim_outbox(
        &self,
        target: OutboxTarget,
        at: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.write(|state| {
            let mut due = state.outbox.sorted(|row| {
                row.state == OutboxState::Pending
                    && row.target == target
                    && row.next_ms <= at
                    && row.leased_until_ms <= at
            });
            due.sort_by_key(|row| (row.next_ms.max(row.leased_until_ms), row.id.clone()));
            let due = due.into_iter().take(most as usize);
            Ok(due.filter_map(|row| state.outbox.claim(&row.id, until)).collect())
        })
        .await
    }

    async fn claim_entry(
        &self,
        id: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        self.write(|state| {
            let free =
                state.outbox.rows.get(id).is_some_and(|row| {
                    row.state == OutboxState::Pending && row.leased_until_ms <= at
                });
            Ok(if free { state.outbox.claim(id, until) } else { None })
        })
        .await
    }

    async fn release_outbox(&self) -> Result<u64, StoreError> {
        self.write(|state| {
            let taken = state
                .outbox
                .rows
                .values_mut()
                .filter(|row| row.state == OutboxState::Pending && row.leased_until_ms > 1);
            let mut count = 0;
            for row in taken {
                row.leased_until_ms = 1;
                count += 1;
            }
            Ok(count)
        })
        .await
    }

    async fn outbox_of(&self, call: &str) -> Result<Vec<OutboxEntry>, StoreError> {
        self.read(|state| Ok(state.outbox.sorted(|row| row.call == call))).await
    }

    async fn outbox_entry(&self, id: &str) -> Result<Option<OutboxEntry>, StoreError> {
        self.read(|state| Ok(state.outbox.rows.get(id).cloned())).await
    }

    async fn owed(&self, scope: &Scope, most: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        self.read(|state| {
            let call_of =
                |row: &OutboxEntry| state.calls.id_of(&row.call).and_then(|id| state.calls.get(id));
            let whose = |row: &OutboxEntry| match call_of(row) {
                Some(call) if row.agent.is_empty() => key_of(call.state.agent.as_ref()),
                _ => row.agent.clone(),
            };
            let is_of = |row: &OutboxEntry| match scope {
                Scope::All => true,
                Scope::Agents(_) => {
                    let agent = whose(row);
                    (agent.is_empty() || scope.contains(&agent.as_str().into()))
                        && call_of(row).is_some_and(|call| sees(scope, &call.state))
                }
            };
            let is_taken = |row: &OutboxEntry| {
                let of = call_of(row).map(|call| (call.id.clone(), whose(row)));
                of.is_some_and(|of| state.owed_by.contains_key(&of))
            };
            let mut rows = state.outbox.sorted(|row| row.state.is_sad() && is_of(row));
            rows.reverse();
            rows.sort_by_key(is_taken);
            rows.truncate(most as usize);
            Ok(rows)
        })
        .await
    }

    async fn next_due(&self, target: OutboxTarget) -> Result<Option<i64>, StoreError> {
        self.read(|state| {
            let pending =
                |row: &&OutboxEntry| row.state == OutboxState::Pending && row.target == target;
            let pending = state.outbox.rows.values().filter(pending);
            Ok(pending.map(|row| row.next_ms.max(row.leased_until_ms)).min())
        })
        .await
    }

    async fn outbox_waiting(&self) -> Result<i64, StoreError> {
        self.read(|state| {
            let pending =
                state.outbox.rows.values().filter(|row| row.state == OutboxState::Pending);
            Ok(i64::try_from(pending.count()).unwrap_or(i64::MAX))
        })
        .await
    }
}
