//! The audit, in memory.

use std::sync::Arc;

use async_trait::async_trait;

use super::Memory;
use crate::store::audit::{AuditFilter, AuditRow, Audits};
use crate::store::error::StoreError;

#[derive(Debug, Default)]
pub(super) struct AuditTable {
    /// Each on its own: a list that grows is copied while everyone waits.
    rows: Vec<Arc<AuditRow>>,
}

impl AuditTable {
    pub(super) fn push(&mut self, row: AuditRow) {
        self.rows.push(Arc::new(row));
    }

    pub(super) fn extend(&mut self, rows: impl IntoIterator<Item = AuditRow>) {
        self.rows.extend(rows.into_iter().map(Arc::new));
    }
}

#[async_trait]
impl Audits for Memory {
    async fn append_audit(&self, rows: Vec<AuditRow>) -> Result<(), StoreError> {
        self.write(|state| {
            state.audit.extend(rows);
            Ok(())
        })
        .await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        self.read(|state| {
            let all = state.audit.rows.iter().map(AsRef::as_ref);
            let mut rows: Vec<AuditRow> = all.filter(|row| filter.takes(row)).cloned().collect();
            rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
            rows.truncate(usize::try_from(filter.most).unwrap_or(usize::MAX));
            Ok(rows)
        })
        .await
    }

    async fn forget_audit(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let all = state.audit.rows.len();
            state.audit.rows.retain(|row| row.at >= before);
            Ok(u64::try_from(all - state.audit.rows.len()).unwrap_or(u64::MAX))
        })
        .await
    }
}
