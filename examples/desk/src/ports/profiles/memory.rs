//! Profiles in this process.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use ozonetel_sdk::client::Clock;

use super::{IsMeant, MEMORY, Profiles, ProfilesError, session_key};
use crate::core::profile::{KEYS, LASTS_SEC};
use crate::epoch::{epoch_ms, millis};

/// How many bytes are kept; of more, those that were not used for long go first.
const MOST_BYTES: u64 = 64 << 20;

/// A text, and when it was last used by the account's clock.
#[derive(Clone)]
struct Entry {
    text: Arc<str>,
    used_ms: i64,
}

/// Profiles in this process, bounded. Clones share.
#[derive(Clone)]
pub struct MemoryProfiles {
    entries: Cache<String, Entry>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for MemoryProfiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryProfiles").finish_non_exhaustive()
    }
}

impl MemoryProfiles {
    /// An empty store that lives by a clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let weight = |key: &String, entry: &Entry| {
            u32::try_from(key.len() + entry.text.len() + 64).unwrap_or(u32::MAX)
        };
        let entries = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(weight)
            // Frees the memory; whether an entry still counts is said by the account's clock.
            .time_to_idle(Duration::from_secs(LASTS_SEC))
            .build();
        Self { entries, clock }
    }

    fn entry(&self, text: &str) -> Entry {
        Entry { text: text.into(), used_ms: epoch_ms(&*self.clock) }
    }

    fn lasts(&self, entry: &Entry) -> bool {
        let age = epoch_ms(&*self.clock).saturating_sub(entry.used_ms);
        age < millis(Duration::from_secs(LASTS_SEC))
    }
}

#[async_trait]
impl Profiles for MemoryProfiles {
    fn place(&self) -> &'static str {
        MEMORY
    }

    async fn put(&self, key: &str, text: &str) -> Result<(), ProfilesError> {
        self.entries.insert(key.to_owned(), self.entry(text)).await;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<String>, ProfilesError> {
        let used = self.entries.entry(key.to_owned()).and_compute_with(|found| {
            let found = found.map(moka::Entry::into_value).filter(|entry| self.lasts(entry));
            ready(match found {
                Some(entry) => Op::Put(self.entry(&entry.text)),
                None => Op::Remove,
            })
        });
        Ok(match used.await {
            CompResult::ReplacedWith(entry) | CompResult::Inserted(entry) => {
                Some(entry.into_value().text.to_string())
            }
            _ => None,
        })
    }

    async fn swap(&self, key: &str, old: &str, new: &str) -> Result<bool, ProfilesError> {
        let swapped = self.entries.entry(key.to_owned()).and_compute_with(|found| {
            let found = found.map(moka::Entry::into_value).filter(|entry| self.lasts(entry));
            ready(match found {
                Some(entry) if &*entry.text == old => Op::Put(self.entry(new)),
                _ => Op::Nop,
            })
        });
        Ok(matches!(swapped.await, CompResult::ReplacedWith(_)))
    }

    async fn remove(&self, key: &str) -> Result<(), ProfilesError> {
        self.entries.invalidate(key).await;
        Ok(())
    }

    async fn forget(&self, is_meant: IsMeant<'_>) -> Result<u64, ProfilesError> {
        // What was written just now may not be counted yet.
        self.entries.run_pending_tasks().await;
        let meant = |key: &String, entry: &Entry| key.starts_with(KEYS) && is_meant(&entry.text);
        let keys: Vec<_> = self
            .entries
            .iter()
            .filter(|(key, entry)| meant(key, entry))
            .map(|(key, _)| key)
            .collect();
        for key in &keys {
            self.entries.invalidate(&**key).await;
        }
        Ok(keys.len() as u64)
    }

    async fn session(&self, id: &str) -> Result<Option<String>, ProfilesError> {
        self.get(&session_key(id)).await
    }
}
