//! The audit, in memory.

use async_trait::async_trait;

use super::Memory;
use crate::store::audit::{AuditFilter, AuditRow, Audits};
use crate::store::error::StoreError;

#[derive(Debug, Default)]
pub(super) struct AuditTable(pub(super) Vec<AuditRow>);

#[async_trait]
impl Audits for Memory {
    async fn append_audit(&self, rows: Vec<AuditRow>) -> Result<(), StoreError> {
        self.write(|state| {
            state.audit.0.extend(rows);
            Ok(())
        })
        .await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        self.read(|state| {
            let taken = state.audit.0.iter().filter(|row| filter.takes(row));
            let mut rows: Vec<_> = taken.cloned().collect();
            rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
            rows.truncate(usize::try_from(filter.most).unwrap_or(usize::MAX));
            Ok(rows)
        })
        .await
    }

    async fn forget_audit(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let all = state.audit.0.len();
            state.audit.0.retain(|row| row.at >= before);
            Ok(u64::try_from(all - state.audit.0.len()).unwrap_or(u64::MAX))
        })
        .await
    }
}
