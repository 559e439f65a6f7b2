//! Reports made up by the tests, read into a store by the SDK's own sync; and the kinds of store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::CdrSync;
use ozonetel_sdk::cdr::sync::{DayRead, Sink, SyncSettings, SyncStep};
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sdk::types::{Day, Zone};
use ozonetel_store::{Store, StoreAddress};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ACCOUNT: &str = "acme_support";

/// The kinds of store that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Postgres,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Memory, Kind::Sqlite, Kind::Postgres];

/// An empty store of a kind.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) address: Option<StoreAddress>,
    _folder: Option<TempDir>,
}

impl Kind {
    pub(crate) async fn place(self) -> Place {
        let folder = (self == Self::Sqlite).then(|| tempfile::tempdir().unwrap());
        let address = match (self, &folder) {
            (Self::Sqlite, Some(folder)) => Some(folder.path().join("calls.db").into()),
            (Self::Postgres, _) => Some(database().await),
            _ => None,
        };
        let store = match &address {
            Some(address) => open(address).await,
            None => Store::in_memory(Zone::india()),
        };
        Place { store, address, _folder: folder }
    }
}

/// An empty database of the tests' PostgreSQL.
pub(crate) async fn database() -> StoreAddress {
    let server = ozonetel_postgres::server().unwrap();
    server.database("store", async |_| Ok(())).await.unwrap().parse().unwrap()
}

pub(crate) async fn open(address: &StoreAddress) -> Store {
    Store::open(address, ACCOUNT, Zone::india()).await.unwrap()
}

/// The day on which every test begins, at noon.
pub(crate) fn day() -> Day {
    "2026-11-20".parse().unwrap()
}

/// A clock that stands still unless it is moved.
#[derive(Debug, Default)]
struct StoppedClock(AtomicU64);

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A service whose reports of today are given one by one.
pub(crate) struct Reports {
    pub(crate) client: Client,
    clock: Arc<StoppedClock>,
    replay: Replay,
}

/// Noon in India, in seconds since the epoch.
pub(crate) const NOON: u64 = 1_795_156_200;

impl Reports {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(StoppedClock(AtomicU64::new(NOON)));
        let replay = Replay::default();
        let client = Client::builder()
            .account(ACCOUNT)
            .key("test-key")
            .mode(AuthMode::Key)
            .base_url("http://api.example.test")
            .clock(Arc::<StoppedClock>::clone(&clock))
            .transport(Arc::new(replay.clone()));
        Self { client: client.build().unwrap(), clock, replay }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// A sync of today alone, in batches of so many rows.
    pub(crate) fn sync<S: Sink>(&self, sink: S, batch: usize) -> CdrSync<S> {
        let settings = SyncSettings::default().back_fill(0).every(Duration::from_mins(1));
        self.client.cdr().sync(sink).settings(settings.batch(batch))
    }

    /// What the service answers next.
    pub(crate) fn answer(&self, rows: &[Value]) {
        let body = serde_json::json!({"status": "success", "message": "success", "details": rows});
        self.replay.push(Turn::json(body.to_string()));
    }

    /// Reads today once more, with these rows in its report.
    pub(crate) async fn read<S: Sink>(&self, sync: &mut CdrSync<S>, rows: &[Value]) -> DayRead {
        self.answer(rows);
        self.advance(Duration::from_secs(70));
        match sync.poll().await.unwrap().step {
            SyncStep::Read(read) => read,
            other => panic!("{other:?}"),
        }
    }
}

/// Fills a store with one reading of these rows.
pub(crate) async fn fill(store: &Store, rows: &[Value]) {
    let reports = Reports::new();
    let mut sync = reports.sync(store.sink(), 200);
    reports.read(&mut sync, rows).await;
}
