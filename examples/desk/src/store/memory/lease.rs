//! Leases, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::lease::{Lease, Leases};

#[derive(Debug, Default)]
pub(super) struct LeaseTable(BTreeMap<String, Lease>);

impl LeaseTable {
    /// Whether a lease was granted, and has ended.
    pub(super) fn has_ended(&self, name: &str, at: i64) -> bool {
        self.0.get(name).is_some_and(|lease| lease.until <= at)
    }

    /// The row of a lease, if it is still the same grant.
    pub(super) fn granted(&mut self, lease: &Lease) -> Option<&mut Lease> {
        let same = |found: &&mut Lease| found.fence == lease.fence && found.holder == lease.holder;
        self.0.get_mut(&lease.name).filter(same)
    }
}

#[async_trait]
impl Leases for Memory {
    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<Lease>, StoreError> {
        self.write(|state| {
            let found = state.leases.0.get(name);
            if found.is_some_and(|found| found.until > at && found.holder != holder) {
                return Ok(None);
            }
            let fence = found.map_or(1, |found| found.fence + 1);
            let (name, holder) = (name.to_owned(), holder.to_owned());
            let lease = Lease { name: name.clone(), holder, fence, until };
            state.leases.0.insert(name, lease.clone());
            Ok(Some(lease))
        })
        .await
    }

    async fn keep_lease(&self, lease: &Lease, at: i64, until: i64) -> Result<bool, StoreError> {
        self.write(|state| {
            let row = state.leases.granted(lease).filter(|row| row.until > at);
            Ok(row.map(|row| row.until = until).is_some())
        })
        .await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.write(|state| {
            if let Some(row) = state.leases.granted(lease) {
                row.until = 0;
            }
            Ok(())
        })
        .await
    }

    async fn leases(&self, at: i64) -> Result<Vec<Lease>, StoreError> {
        self.read(|state| {
            Ok(state.leases.0.values().filter(|lease| lease.until > at).cloned().collect())
        })
        .await
    }
}
