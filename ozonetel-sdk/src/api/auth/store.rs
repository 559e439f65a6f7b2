//! Where the account's token is kept, and who may replace it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::core::clock::Clock;
use crate::core::endpoint::Rate;
use crate::core::pace::{PaceStore, RateWindow, StoreError};
use crate::types::secret::Secret;

/// The account's token and what is known about it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: Option<Secret>,
    /// When it ends.
    pub expires_at: Option<SystemTime>,
    /// When tokens were requested: each request counts, whether it succeeded or not.
    pub issued: RateWindow,
}

/// Keeps the account's token. With a store of their own in a database or cache, several processes share one token
/// instead of ending each other's.
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// What is kept now.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn load(&self) -> Result<StoredToken, StoreError>;

    /// Waits for the exclusive right to replace the token. A lease that is not released ends after `ttl`, so that a
    /// process that died cannot lock out the others.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError>;
}

/// The right to replace the token. Dropping it gives it back.
#[async_trait]
pub trait Lease: Send + Sync + fmt::Debug {
    /// What was kept when the lease began.
    fn stored(&self) -> &StoredToken;

    /// Saves token and times of issue.
    ///
    /// # Errors
    /// When the store cannot be written, or the lease has ended.
    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError>;
}

/// What a store's cell holds, in a form that can be written to a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    token: Option<Plain>,
    expires_at_ms: Option<u64>,
    issued: RateWindow,
    /// Who holds the lease, and until when.
    held: Option<(u64, u64)>,
    next: u64,
}

/// A token on its way into a file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Plain(String);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl State {
    fn stored(&self) -> StoredToken {
        StoredToken {
            token: self.token.as_ref().map(|token| Secret::from(token.0.as_str())),
            expires_at: self
                .expires_at_ms
                .map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms)),
            issued: self.issued.clone(),
        }
    }

    fn take(&mut self, now: u64, ttl: Duration) -> Option<u64> {
        if self.held.is_some_and(|(_, until)| until > now) {
            return None;
        }
        self.next += 1;
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        self.held = Some((self.next, now.saturating_add(ttl)));
        Some(self.next)
    }

    fn holds(&self, id: u64) -> bool {
        self.held.is_some_and(|(holder, _)| holder == id)
    }
}

/// A cell that one party changes at a time.
trait Cell: Send + Sync + fmt::Debug {
    fn change(&self, change: &mut dyn FnMut(&mut State)) -> Result<(), StoreError>;
}

/// A store over a cell.
async fn lease_on<C: Cell + Clone + 'static>(
    cell: C,
    clock: Arc<dyn Clock>,
    ttl: Duration,
) -> Result<Box<dyn Lease>, StoreError> {
    loop {
        let now = millis(clock.now());
        let (mut id, mut stored) = (None, StoredToken::default());
        cell.change(&mut |state| {
            id = state.take(now, ttl);
            stored = state.stored();
        })?;
        if let Some(id) = id {
            return Ok(Box::new(CellLease { cell, id, stored }));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[derive(Debug)]
struct CellLease<C: Cell> {
    cell: C,
    id: u64,
    stored: StoredToken,
}

#[async_trait]
impl<C: Cell> Lease for CellLease<C> {
    fn stored(&self) -> &StoredToken {
        &self.stored
    }

    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError> {
        let (mut lost, id) = (false, self.id);
        self.cell.change(&mut |state| {
            lost = !state.holds(id);
            if !lost {
                state.token = stored.token.as_ref().map(|token| Plain(token.reveal().to_owned()));
                state.expires_at_ms = stored.expires_at.map(millis);
                state.issued = stored.issued.clone();
            }
        })?;
        if lost {
            return Err(StoreError::new("written: the lease has ended"));
        }
        self.stored = stored;
        Ok(())
    }
}

impl<C: Cell> Drop for CellLease<C> {
    fn drop(&mut self) {
        let id = self.id;
        // A lease that cannot be given back ends by itself.
        let _ = self.cell.change(&mut |state| {
            if state.holds(id) {
                state.held = None;
            }
        });
    }
}

/// The token in this process's memory.
#[derive(Debug, Clone)]
pub struct MemoryTokens {
    cell: MemoryCell,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Default)]
struct MemoryCell(Arc<Mutex<State>>);

impl Cell for MemoryCell {
    fn change(&self, change: &mut dyn FnMut(&mut State)) -> Result<(), StoreError> {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }
}

impl MemoryTokens {
    /// An empty store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { cell: MemoryCell::default(), clock }
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        let mut stored = StoredToken::default();
        self.cell.change(&mut |state| stored = state.stored())?;
        Ok(stored)
    }

    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError> {
        lease_on(self.cell.clone(), Arc::clone(&self.clock), ttl).await
    }
}

/// Token, times of issue and rate windows in files that only their owner can read: for command lines, whose
/// separate runs share one token and one set of windows.
#[derive(Debug, Clone)]
pub struct FileState {
    tokens: FileCell,
    windows: PathBuf,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone)]
struct FileCell(PathBuf);

impl FileState {
    /// Files in a directory, which is made if need be; named by address, account and a hash of the key.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(
        directory: &Path,
        address: &str,
        account: &str,
        key: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(directory)
            .map_err(|error| StoreError::new("kept in this directory").because(&error))?;
        let mut hash = Sha256::new();
        for part in [address, account, key.reveal()] {
            hash.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let name = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(digest.get(..12).unwrap_or_default());
        Ok(Self {
            tokens: FileCell(directory.join(format!("{name}-token.json"))),
            windows: directory.join(format!("{name}-windows.json")),
            clock,
        })
    }
}

/// Reads, changes and writes a file under an exclusive lock. A file that cannot be parsed is replaced.
fn in_file<T: Default + Serialize + DeserializeOwned>(
    path: &Path,
    change: &mut dyn FnMut(&mut T),
) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File =
        options.open(path).map_err(|error| StoreError::new("opened").because(&error))?;
    file.lock().map_err(|error| StoreError::new("locked").because(&error))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|error| StoreError::new("read").because(&error))?;
    let mut value: T = serde_json::from_slice(&text).unwrap_or_default();
    change(&mut value);
    let new = serde_json::to_vec(&value).map_err(|_| StoreError::new("written"))?;
    if new != text {
        let written = file
            .rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| file.write_all(&new))
            .and_then(|()| file.sync_data());
        written.map_err(|error| StoreError::new("written").because(&error))?;
    }
    Ok(())
}

impl Cell for FileCell {
    fn change(&self, change: &mut dyn FnMut(&mut State)) -> Result<(), StoreError> {
        in_file(&self.0, change)
    }
}

#[async_trait]
impl TokenStore for FileState {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        let mut stored = StoredToken::default();
        self.tokens.change(&mut |state| stored = state.stored())?;
        Ok(stored)
    }

    async fn lease(&self, ttl: Duration) -> Result<Box<dyn Lease>, StoreError> {
        lease_on(self.tokens.clone(), Arc::clone(&self.clock), ttl).await
    }
}

impl PaceStore for FileState {
    fn update(
        &self,
        rate: Rate,
        change: &mut dyn FnMut(&mut RateWindow),
    ) -> Result<(), StoreError> {
        in_file(&self.windows, &mut |windows: &mut std::collections::BTreeMap<
            String,
            RateWindow,
        >| {
            change(windows.entry(rate.name().to_owned()).or_default());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::clock::TokioClock;

    async fn one_at_a_time(store: &dyn TokenStore) {
        let mut first = store.lease(Duration::from_secs(60)).await.unwrap();
        assert!(
            tokio::time::timeout(Duration::from_secs(1), store.lease(Duration::from_secs(60)))
                .await
                .is_err()
        );
        let stored = StoredToken { token: Some("a".into()), ..first.stored().clone() };
        first.save(stored).await.unwrap();
        drop(first);
        let second = store.lease(Duration::from_secs(60)).await.unwrap();
        assert_eq!(second.stored().token.as_ref().unwrap().reveal(), "a");
        assert_eq!(store.load().await.unwrap().token.unwrap().reveal(), "a");
    }

    async fn a_lease_ends(store: &dyn TokenStore) {
        let mut dead = store.lease(Duration::from_secs(5)).await.unwrap();
        let mut next = store.lease(Duration::from_secs(5)).await.unwrap();
        assert!(dead.save(StoredToken::default()).await.is_err());
        drop(dead);
        next.save(StoredToken { token: Some("b".into()), ..StoredToken::default() }).await.unwrap();
        assert_eq!(store.load().await.unwrap().token.unwrap().reveal(), "b");
    }

    #[tokio::test(start_paused = true)]
    async fn both_stores_keep_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
        let file = |name: &str| {
            FileState::open(
                &dir.path().join(name),
                "http://x.example.test",
                "acme_support",
                &"k".into(),
                Arc::clone(&clock),
            )
            .unwrap()
        };
        one_at_a_time(&MemoryTokens::new(Arc::clone(&clock))).await;
        a_lease_ends(&MemoryTokens::new(Arc::clone(&clock))).await;
        one_at_a_time(&file("a")).await;
        a_lease_ends(&file("b")).await;
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn files_are_their_owners_alone_and_survive_damage() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
        let state = FileState::open(
            dir.path(),
            "http://x.example.test",
            "acme_support",
            &"k".into(),
            clock,
        )
        .unwrap();
        state
            .update(Rate::Cdr, &mut |window| window.spend((2, 60), SystemTime::UNIX_EPOCH))
            .unwrap();
        assert_eq!(fs::metadata(&state.windows).unwrap().permissions().mode() & 0o777, 0o600);
        let mut seen = RateWindow::default();
        state.update(Rate::Cdr, &mut |window| seen = window.clone()).unwrap();
        assert!(!seen.ready_in((1, 60), SystemTime::UNIX_EPOCH).is_zero());
        fs::write(&state.windows, b"{not json").unwrap();
        state.update(Rate::Cdr, &mut |window| seen = window.clone()).unwrap();
        assert_eq!(seen, RateWindow::default());
        assert!(!format!("{state:?}").contains("acme_support"));
    }
}
