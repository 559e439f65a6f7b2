//! Token and rate windows in files.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lease::{Cell, lease_on};
use super::state::State;
use super::state_file::{StateContent, StateFile, off_the_runtime, prepare, try_lock};
use super::{Lease, StoredToken, TokenStore};
use crate::core::clock::Clock;
use crate::core::endpoint::Rate;
use crate::core::pace::{PaceStore, RateLimit, RateWindow, StoreError, WindowChange, WindowReply};
use crate::types::secret::Secret;

/// Token, times of issue and rate windows in files that only their owner can read and change: for command lines,
/// whose separate runs share one token and one set of windows, and for several programs on one machine.
///
/// The files are whole at every moment, also when a program is killed or the disk is full. A file that cannot be
/// parsed counts as used up, never as empty. A link, a file or directory of another user, or one that others can
/// write, is refused ([`StoreErrorKind::Unsafe`](crate::client::StoreErrorKind::Unsafe)). What another program holds
/// is waited for as long as the call may take, and no thread of the runtime waits. A lease whose program has died is
/// free at once.
///
/// ```
/// use std::sync::Arc;
/// use ozonetel_sdk::auth::{FileState, Secret};
/// use ozonetel_sdk::client::{Pacer, SystemClock};
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path().join("state");
/// let key = Secret::from("test-key");
/// let state = FileState::open(&directory, "india", "acme_support", &key, Arc::new(SystemClock))?;
/// let state = Arc::new(state);
/// let client = ozonetel_sdk::Client::builder()
///     .account("acme_support")
///     .key(&key)
///     .token_store(Arc::clone(&state) as _)
///     .pacer(Pacer::with_store(state))
///     .build()?;
/// # drop(client);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileState {
    tokens: TokenCell,
    windows: StateFile<Windows>,
    clock: Arc<dyn Clock>,
}

/// The token's file, and a file that the holder of a lease keeps locked.
#[derive(Debug, Clone)]
struct TokenCell {
    file: StateFile<State>,
    lease: Arc<Path>,
}

/// The windows of all classes.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Windows {
    windows: BTreeMap<String, RateWindow>,
}

impl StateContent for State {
    fn used_up(now: SystemTime) -> Self {
        Self::used_up(now)
    }
}

impl StateContent for Windows {
    fn used_up(now: SystemTime) -> Self {
        let used_up = |rate: Rate| {
            let limit = RateLimit::published(rate.limit()?);
            Some((rate.name().to_owned(), RateWindow::used_up(limit, now)))
        };
        Self { windows: Rate::ALL.into_iter().filter_map(used_up).collect() }
    }
}

impl FileState {
    /// Files in a directory, which is made if need be; named by a hash of address, account and key.
    ///
    /// # Errors
    /// When the directory cannot be made, belongs to another user or can be written by others.
    pub fn open(
        directory: &Path,
        address: &str,
        account: &str,
        key: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        prepare(directory)?;
        let mut hash = Sha256::new();
        for part in [address, account, key.reveal()] {
            hash.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let name = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(digest.get(..12).unwrap_or_default());
        let tokens = StateFile::new(directory, &format!("{name}-token"), Arc::clone(&clock));
        let windows = StateFile::new(directory, &format!("{name}-windows"), Arc::clone(&clock));
        let lease = directory.join(format!("{name}-token.lease")).into();
        Ok(Self { tokens: TokenCell { file: tokens, lease }, windows, clock })
    }
}

#[async_trait]
impl Cell for TokenCell {
    /// The operating system unlocks it when the process ends, however it ends.
    type Sign = File;

    async fn change<T: Send + 'static>(
        &self,
        change: impl for<'s> FnOnce(&'s mut State) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.file.change(change).await
    }

    async fn sign(&self) -> Result<Option<File>, StoreError> {
        let path = Arc::clone(&self.lease);
        off_the_runtime(move || try_lock(&path)).await
    }
}

#[async_trait]
impl TokenStore for FileState {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        self.tokens.change(|state| state.stored()).await
    }

    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError> {
        lease_on(&self.tokens, &self.clock, ttl).await
    }
}

#[async_trait]
impl PaceStore for FileState {
    async fn update(&self, rate: Rate, change: &WindowChange) -> Result<WindowReply, StoreError> {
        let change = change.clone();
        let updating = move |kept: &mut Windows| {
            change.apply(kept.windows.entry(rate.name().to_owned()).or_default())
        };
        self.windows.change(updating).await
    }
}
