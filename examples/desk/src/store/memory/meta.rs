//! What the store knows about itself, in memory.

use async_trait::async_trait;
use ozonetel_sdk::auth::Secret;

use super::Memory;
use crate::store::error::StoreError;
use crate::store::meta::{Meta, Owner};
use crate::store::number_keys::KeyPlace;

#[derive(Debug, Default)]
pub(super) struct MetaTable {
    owner: Option<Owner>,
    starts: u64,
    webhook_secret: Option<Secret>,
}

#[async_trait]
impl Meta for Memory {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn commits(&self) -> Option<u64> {
        None
    }

    async fn owner(&self) -> Result<Option<String>, StoreError> {
        self.read(|state| Ok(state.meta.owner.as_ref().map(ToString::to_string))).await
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    async fn take_for(&self, owner: &Owner) -> Result<u64, StoreError> {
        self.write(|state| {
            if let Some(found) = state.meta.owner.as_ref().filter(|found| *found != owner) {
                let (found, wanted) = (found.to_string(), owner.to_string());
                return Err(StoreError::Foreign { found, wanted });
            }
            state.meta.owner = Some(owner.clone());
            state.meta.starts += 1;
            Ok(state.meta.starts)
        })
        .await
    }

    async fn webhook_secret(&self, new: Secret) -> Result<Secret, StoreError> {
        self.write(|state| Ok(state.meta.webhook_secret.get_or_insert(new).clone())).await
    }

    async fn kept_webhook_secret(&self) -> Result<Option<Secret>, StoreError> {
        self.read(|state| Ok(state.meta.webhook_secret.clone())).await
    }

    async fn forgets(&self) -> Result<i64, StoreError> {
        // Nothing is forgotten beside a desk that keeps everything in memory.
        self.read(|_| Ok(0)).await
    }

    async fn renew_number_keys(&self, _: KeyPlace, _: i64) -> Result<Option<KeyPlace>, StoreError> {
        // Nothing in memory is older than its keys: a number has one lead there, and one record of missed calls.
        self.read(|_| Ok(None)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|_| Ok(())).await
    }

    async fn close(&self) {}
}
