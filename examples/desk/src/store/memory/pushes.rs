//! What the service sent, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::pushes::{NewPush, Pushes, StoredPush, WorkedPush};

#[derive(Debug)]
struct PushRow {
    push: StoredPush,
    digest: String,
    is_new: bool,
}

#[derive(Debug, Default)]
pub(super) struct PushTable {
    rows: BTreeMap<i64, PushRow>,
}

impl PushTable {
    pub(super) fn bodies(&self) -> impl Iterator<Item = &str> {
        self.rows.values().map(|row| row.push.body.as_str())
    }
}

#[async_trait]
impl Pushes for Memory {
    async fn store_pushes(&self, pushes: Vec<NewPush>) -> Result<usize, StoreError> {
        self.write(|state| {
            let rows = &mut state.pushes.rows;
            let mut new = 0;
            for NewPush { source, digest, at, body } in pushes {
                if rows.values().any(|row| row.push.source == source && row.digest == digest) {
                    continue;
                }
                let id = rows.last_key_value().map_or(1, |(id, _)| id + 1);
                let push = StoredPush { id, source, at, body, attempt: 0 };
                rows.insert(id, PushRow { push, digest, is_new: true });
                new += 1;
            }
            Ok(new)
        })
        .await
    }

    async fn next_pushes(
        &self,
        done: Vec<WorkedPush>,
        most: u32,
    ) -> Result<Vec<StoredPush>, StoreError> {
        self.write(|state| {
            for WorkedPush { id, .. } in done {
                if let Some(row) = state.pushes.rows.get_mut(&id) {
                    row.is_new = false;
                }
            }
            let new = state.pushes.rows.values_mut().filter(|row| row.is_new);
            Ok(new
                .take(most as usize)
                .map(|row| {
                    row.push.attempt += 1;
                    row.push.clone()
                })
                .collect())
        })
        .await
    }

    async fn forget_pushes(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let rows = &mut state.pushes.rows;
            let newest = rows.last_key_value().map(|(id, _)| *id);
            let count = rows.len();
            rows.retain(|id, row| row.push.at >= before || row.is_new || Some(*id) == newest);
            Ok((count - rows.len()) as u64)
        })
        .await
    }
}
