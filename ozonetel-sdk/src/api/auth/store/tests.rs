//! Both stores, and what may happen to the files of one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::core::clock::{Clock, TokioClock};
use crate::core::endpoint::Rate;
use crate::core::error::Error;
use crate::core::pace::{Pacer, RateLimit, StoreErrorKind};

const TTL: Duration = Duration::from_secs(60);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<FileState, StoreError> {
    let address = "http://api.example.test";
    FileState::open(directory, address, "acme_support", &"test-key".into(), clock)
}

/// A state directory with a state in it, and the files that hold it.
struct Kept {
    directory: TempDir,
    state: FileState,
    clock: Arc<dyn Clock>,
}

impl Kept {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
        let state = open(directory.path(), Arc::clone(&clock)).unwrap();
        Self { directory, state, clock }
    }

    fn file(&self, end: &str) -> PathBuf {
        let files = fs::read_dir(self.directory.path()).unwrap();
        let mut files = files.map(|file| file.unwrap().path());
        files.find(|path| path.to_str().unwrap().ends_with(end)).unwrap()
    }

    /// What the next program finds left of the CDR window.
    async fn ready_in(&self) -> Result<Duration, Error> {
        let state = open(self.directory.path(), Arc::clone(&self.clock)).map_err(Error::store)?;
        let pacer = Pacer::with_store(Arc::new(state)).with_margin(Duration::ZERO);
        pacer.ready_in(Rate::Cdr, &self.clock).await
    }

    /// Two requests of the CDR window, which are all of it.
    async fn use_up(&self) {
        let pacer = Pacer::with_store(Arc::new(self.state.clone()));
        for _ in 0..2 {
            pacer.take(Rate::Cdr, &self.clock).await;
        }
    }

    /// Nine tokens asked for.
    async fn nine_tokens(&self) {
        let mut lease = self.state.lease(TTL).await.unwrap();
        let mut stored = lease.stored().clone();
        for _ in 0..9 {
            stored.issued.spend(RateLimit::published((10, 3600)), self.clock.now());
        }
        stored.token = Some("tok".into());
        lease.save(stored).await.unwrap();
        lease.release().await.unwrap();
    }

    async fn tokens_used(&self) -> usize {
        let stored = self.state.load().await.unwrap();
        stored.issued.used(RateLimit::published((10, 3600)), self.clock.now())
    }

    /// Any use of the state fails for this reason.
    async fn refused(&self) -> String {
        let error = self.ready_in().await.unwrap_err();
        let store = error.store_error().unwrap();
        assert_eq!((error.kind(), store.kind()), (crate::ErrorKind::Store, StoreErrorKind::Unsafe));
        error.to_string()
    }
}

async fn one_at_a_time(store: &dyn TokenStore) {
    let mut first = store.lease(TTL).await.unwrap();
    assert!(tokio::time::timeout(seconds(1), store.lease(TTL)).await.is_err());
    let stored = StoredToken { token: Some("a".into()), ..first.stored().clone() };
    first.save(stored).await.unwrap();
    first.release().await.unwrap();
    let second = store.lease(TTL).await.unwrap();
    assert_eq!(second.stored().token.as_ref().unwrap().reveal(), "a");
    assert_eq!(store.load().await.unwrap().token.unwrap().reveal(), "a");
    // Dropped, it goes back as well.
    drop(second);
    let before = Instant::now();
    store.lease(TTL).await.unwrap().release().await.unwrap();
    assert!(before.elapsed() < seconds(1));
}

async fn a_lease_ends(store: &dyn TokenStore) {
    let mut dead = store.lease(seconds(5)).await.unwrap();
    let mut next = store.lease(seconds(5)).await.unwrap();
    let error = dead.save(StoredToken::default()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::LeaseEnded);
    drop(dead);
    next.save(StoredToken { token: Some("b".into()), ..StoredToken::default() }).await.unwrap();
    assert_eq!(store.load().await.unwrap().token.unwrap().reveal(), "b");
}

#[tokio::test(start_paused = true)]
async fn both_stores_keep_the_contract() {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    one_at_a_time(&MemoryTokens::new(Arc::clone(&clock))).await;
    a_lease_ends(&MemoryTokens::new(clock)).await;
    one_at_a_time(&Kept::new().state).await;
    a_lease_ends(&Kept::new().state).await;
}

/// A clock that can be set.
#[derive(Debug)]
struct Settable(Mutex<(SystemTime, Instant)>);

impl Settable {
    fn new() -> Arc<Self> {
        let noon = SystemTime::UNIX_EPOCH + seconds(1_800_000_000);
        Arc::new(Self(Mutex::new((noon, Instant::now()))))
    }

    fn set(&self, to: SystemTime) {
        *self.0.lock().unwrap() = (to, Instant::now());
    }
}

impl Clock for Settable {
    fn now(&self) -> SystemTime {
        let (base, since) = *self.0.lock().unwrap();
        base + since.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_by_an_hour_keeps_no_lease_for_longer_than_its_time() {
    let directory = tempfile::tempdir().unwrap();
    for memory in [true, false] {
        let clock = Settable::new();
        let store: Arc<dyn TokenStore> = if memory {
            Arc::new(MemoryTokens::new(Arc::<Settable>::clone(&clock)))
        } else {
            Arc::new(open(directory.path(), Arc::<Settable>::clone(&clock)).unwrap())
        };
        // Its holder hangs: it neither ends nor gives it back.
        std::mem::forget(store.lease(TTL).await.unwrap());
        clock.set(clock.now() - seconds(3600));
        let before = Instant::now();
        store.lease(TTL).await.unwrap();
        let waited = before.elapsed();
        assert!(waited >= TTL && waited < TTL + seconds(1), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_parsed_counts_as_used_up_and_never_as_empty() {
    for damaged in [&b"{not json"[..], b"", b"{}", b"null", b"[]", b"\0\0\0\0", b"{\"windows\":7}"]
    {
        let kept = Kept::new();
        kept.use_up().await;
        kept.nine_tokens().await;
        tokio::time::sleep(seconds(59)).await;
        for end in ["-windows.json", "-token.json"] {
            fs::write(kept.file(end), damaged).unwrap();
        }
        assert_eq!(kept.ready_in().await.unwrap(), seconds(60), "{damaged:?}");
        assert_eq!(kept.tokens_used().await, 10, "{damaged:?}");
        assert!(kept.state.load().await.unwrap().token.is_none());
        // It is good again, and the limits end as they would.
        tokio::time::sleep(seconds(60)).await;
        assert_eq!(kept.ready_in().await.unwrap(), Duration::ZERO);
        tokio::time::sleep(seconds(3540)).await;
        assert_eq!(kept.tokens_used().await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_never_kept_is_empty() {
    let kept = Kept::new();
    assert_eq!(kept.ready_in().await.unwrap(), Duration::ZERO);
    assert_eq!(kept.tokens_used().await, 0);
    let error = open(Path::new("/dev/null/state"), Arc::clone(&kept.clock)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    assert!(error.to_string().contains("/dev/null/state cannot be kept"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_leaves_what_was_there() {
    let kept = Kept::new();
    kept.nine_tokens().await;
    let file = kept.file("-token.json");
    let before = fs::read(&file).unwrap();
    // What is written goes here first.
    let new = file.with_extension("json.new");
    fs::create_dir_all(new.join("taken")).unwrap();
    let error = kept.state.lease(TTL).await.unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(kept.tokens_used().await, 9);
    fs::remove_dir_all(&new).unwrap();
    // What a killed program left is in no one's way.
    fs::write(&new, b"{\"tok").unwrap();
    kept.nine_tokens().await;
    assert!(!new.exists());
}

#[tokio::test]
async fn a_held_lock_holds_up_neither_the_runtime_nor_a_caller_beyond_its_time() {
    let kept = Kept::new();
    kept.use_up().await;
    let lock = fs::File::open(kept.file("-windows.lock")).unwrap();
    lock.lock().unwrap();
    let pacer = Pacer::with_store(Arc::new(kept.state.clone()));
    let (ticks, counted) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let ticking = tokio::spawn({
        let ticks = Arc::clone(&ticks);
        async move {
            loop {
                tokio::task::yield_now().await;
                *ticks.lock().unwrap() += 1;
            }
        }
    });
    let waits = crate::core::pace::Waits {
        patience: crate::core::pace::Patience::Wait,
        total: Duration::from_millis(100),
    };
    let told = |_| *counted.lock().unwrap() += 1;
    let error = pacer.acquire(Rate::Cdr, waits, &kept.clock, &told).await.unwrap_err();
    assert_eq!(error.store_error().unwrap().kind(), StoreErrorKind::Held);
    // On the one thread of this runtime the other task went on all the time.
    assert!(*ticks.lock().unwrap() > 100);
    ticking.abort();
    assert_eq!(*counted.lock().unwrap(), 0);
    lock.unlock().unwrap();
    assert!(kept.ready_in().await.unwrap() > Duration::ZERO);
}

#[cfg(unix)]
mod owners {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn files_are_their_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("a/state");
        let state = open(&below, Arc::new(TokioClock::new())).unwrap();
        state.lease(TTL).await.unwrap().release().await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&below), mode(below.parent().unwrap())), (0o700, 0o700));
        for file in fs::read_dir(&below).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        assert!(!format!("{state:?}").contains("acme_support"));
    }

    #[tokio::test(start_paused = true)]
    async fn no_link_is_followed_and_what_it_points_to_stays() {
        for end in ["-windows.json", "-windows.lock"] {
            let kept = Kept::new();
            kept.use_up().await;
            let precious = kept.directory.path().join("precious");
            fs::write(&precious, "of another program").unwrap();
            let file = kept.file(end);
            fs::remove_file(&file).unwrap();
            symlink(&precious, &file).unwrap();
            let told = kept.refused().await;
            assert!(told.contains("is a symbolic link; remove it"), "{told}");
            assert!(told.contains(file.to_str().unwrap()), "{told}");
            assert_eq!(fs::read_to_string(&precious).unwrap(), "of another program");
            // Nor one that leads to nothing.
            fs::remove_file(&precious).unwrap();
            kept.refused().await;
            assert!(!precious.exists());
        }
        // Nor where the new file is written.
        let kept = Kept::new();
        kept.use_up().await;
        let precious = kept.directory.path().join("precious");
        fs::write(&precious, "of another program").unwrap();
        symlink(&precious, kept.file("-windows.json").with_extension("json.new")).unwrap();
        tokio::time::sleep(seconds(90)).await;
        kept.use_up().await;
        assert_eq!(fs::read_to_string(&precious).unwrap(), "of another program");
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_can_write_is_refused_and_the_error_says_what_to_do() {
        for end in ["-windows.json", "-windows.lock"] {
            for bits in [0o620, 0o602, 0o666] {
                let kept = Kept::new();
                kept.use_up().await;
                mode(&kept.file(end), bits);
                let told = kept.refused().await;
                assert!(told.contains("can be written by others"), "{told}");
                assert!(told.contains("chmod go-w"), "{told}");
                mode(&kept.file(end), 0o600);
                assert!(kept.ready_in().await.unwrap() > Duration::ZERO);
            }
        }
        let kept = Kept::new();
        for bits in [0o777, 0o770, 0o1777] {
            mode(kept.directory.path(), bits);
            kept.refused().await;
            // One that became so meanwhile as well.
            let error = kept.state.load().await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unsafe);
        }
        mode(kept.directory.path(), 0o755);
        assert!(kept.ready_in().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipe_or_a_directory_in_the_place_of_a_file_is_refused_and_waited_for_by_no_one() {
        let kept = Kept::new();
        kept.use_up().await;
        let file = kept.file("-windows.json");
        for command in ["mkfifo", "mkdir"] {
            let _ = fs::remove_file(&file);
            let made = std::process::Command::new(command).arg(&file).status().unwrap();
            assert!(made.success());
            mode(&file, 0o600);
            let told = kept.refused().await;
            assert!(told.contains("is not a regular file"), "{told}");
        }
    }

    /// Only an administrator can give a file away.
    #[tokio::test(start_paused = true)]
    async fn what_belongs_to_another_user_is_refused() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        for end in ["-windows.json", "-windows.lock", ""] {
            let kept = Kept::new();
            kept.use_up().await;
            let path =
                if end.is_empty() { kept.directory.path().to_owned() } else { kept.file(end) };
            std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
            let told = kept.refused().await;
            assert!(told.contains("belongs to another user"), "{told}");
        }
    }
}
