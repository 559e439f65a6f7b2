//! What all desks of an account know together, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::account_state::{AccountState, AccountStates};
use crate::store::error::StoreError;
use crate::store::lease::Lease;

#[derive(Debug, Default)]
pub(super) struct AccountStateTable(BTreeMap<String, AccountState>);

impl AccountStateTable {
    fn put(&mut self, name: &str, value: &str) {
        let version = self.0.get(name).map_or(1, |found| found.version + 1);
        self.0.insert(name.to_owned(), AccountState { version, value: value.to_owned() });
    }
}

#[async_trait]
impl AccountStates for Memory {
    async fn account_state(&self, name: &str) -> Result<Option<AccountState>, StoreError> {
        self.read(|state| Ok(state.account_states.0.get(name).cloned())).await
    }

    async fn change_account_state(
        &self,
        name: &str,
        seen: Option<i64>,
        value: &str,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let table = &mut state.account_states;
            let is_seen = table.0.get(name).map(|found| found.version) == seen;
            if is_seen {
                table.put(name, value);
            }
            Ok(is_seen)
        })
        .await
    }

    async fn save_account_state(
        &self,
        lease: &Lease,
        at: i64,
        name: &str,
        value: &str,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let held = state.leases.granted(lease).is_some_and(|row| row.until > at);
            if held {
                state.account_states.put(name, value);
            }
            Ok(held)
        })
        .await
    }
}
