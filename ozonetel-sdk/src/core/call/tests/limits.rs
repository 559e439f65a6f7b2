//! Limits, clocks and stores under a whole call.

use std::time::SystemTime;

use async_trait::async_trait;
use tokio::time::Instant;

use super::*;
use crate::api::auth::{FileState, MemoryTokens, TokenStore};
use crate::core::clock::Clock;
use crate::core::pace::{
    MemoryWindows, PaceStore, Pacer, StoreError, StoreErrorKind, WindowChange, WindowReply,
};
use crate::core::transport::{Failure, Incoming, Outgoing, Transport};
use crate::setup::builder::ClientBuilder;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Answers tokens after a time of its own each, everything else at once, and notes when rows were asked for.
#[derive(Debug)]
struct SlowTokens {
    delays: Mutex<Vec<Duration>>,
    start: Instant,
    reads: Mutex<Vec<Duration>>,
}

impl SlowTokens {
    fn new(delays: impl IntoIterator<Item = Duration>) -> Arc<Self> {
        let delays = Mutex::new(delays.into_iter().collect());
        Arc::new(Self { delays, start: Instant::now(), reads: Mutex::default() })
    }

    fn reads(&self) -> Vec<Duration> {
        let mut reads = self.reads.lock().unwrap().clone();
        reads.sort_unstable();
        reads
    }
}

#[async_trait]
impl Transport for SlowTokens {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let body = if request.http.uri().path().contains("Token") {
            let delay = self.delays.lock().unwrap().pop().unwrap_or_default();
            tokio::time::sleep(delay).await;
            r#"{"token":"tok","message":""}"#
        } else {
            self.reads.lock().unwrap().push(self.start.elapsed());
            r#"{"status":"success","message":"success","details":[]}"#
        };
        Ok(Incoming::whole(http::Response::new(()), body))
    }
}

fn builder(transport: Arc<dyn Transport>, clock: &Arc<dyn Clock>) -> ClientBuilder {
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .base_url("http://api.example.test")
        .clock(Arc::clone(clock))
        .transport(transport)
        .patience(Patience::Wait)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::new())
}

fn in_no_minute_more_than_two(reads: &[Duration]) {
    for three in reads.windows(3) {
        assert!(three[2] >= three[0] + secs(60), "{reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_token_does_not_bring_four_reads_into_half_a_minute() {
    let transport = SlowTokens::new([secs(19)]);
    let client = builder(Arc::<SlowTokens>::clone(&transport), &clock()).build().unwrap();
    let day = client.today();
    let read = || async { client.cdr().for_day(day).await.unwrap() };
    tokio::join!(read(), read(), read(), read());
    assert_eq!(transport.reads().len(), 4);
    in_no_minute_more_than_two(&transport.reads());
}

/// Programs with a state directory of one account, on one virtual clock.
#[tokio::test(start_paused = true)]
async fn five_programs_on_one_directory_send_two_reads_a_minute() {
    let directory = tempfile::tempdir().unwrap();
    let (transport, clock) = (SlowTokens::new([secs(18), secs(3)]), clock());
    let tasks: Vec<_> = (0..5)
        .map(|n| {
            let key = "test-key".into();
            let address = "http://api.example.test";
            let clock_of = Arc::clone(&clock);
            let state =
                FileState::open(directory.path(), address, "acme_support", &key, clock_of).unwrap();
            let state = Arc::new(state);
            let client = builder(Arc::<SlowTokens>::clone(&transport), &clock)
                .token_store(Arc::clone(&state) as _)
                .pacer(Pacer::with_store(state))
                .build()
                .unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(secs(n)).await;
                for _ in 0..2 {
                    client.cdr().for_day(client.today()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let reads = transport.reads();
    assert_eq!(reads.len(), 10);
    in_no_minute_more_than_two(&reads);
    // Nor does any minute stay empty.
    assert!(*reads.last().unwrap() < secs(6 * 61), "{reads:?}");
}

/// A clock that can be set.
#[derive(Debug)]
struct Settable(Mutex<(SystemTime, Instant)>);

impl Settable {
    fn new() -> Arc<Self> {
        let noon = SystemTime::UNIX_EPOCH + secs(1_800_000_000);
        Arc::new(Self(Mutex::new((noon, Instant::now()))))
    }

    fn set_back(&self, by: Duration) {
        let now = self.now();
        *self.0.lock().unwrap() = (now - by, Instant::now());
    }
}

impl Clock for Settable {
    fn now(&self) -> SystemTime {
        let (base, since) = *self.0.lock().unwrap();
        base + since.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_makes_no_call_wait_beyond_its_total() {
    let settable = Settable::new();
    let clock: Arc<dyn Clock> = Arc::<Settable>::clone(&settable);
    let store = Arc::new(MemoryTokens::new(Arc::clone(&clock)));
    // A program hangs in a refresh, and then the clock is set back by an hour.
    std::mem::forget(store.lease(secs(3600)).await.unwrap());
    settable.set_back(secs(3600));
    let client =
        builder(SlowTokens::new([]), &clock).token_store(store).total(secs(10)).build().unwrap();
    for _ in 0..3 {
        let before = Instant::now();
        let error = client.disposition().list().await.unwrap_err();
        assert_eq!((error.kind(), before.elapsed()), (ErrorKind::Credentials, secs(10)));
        let before = Instant::now();
        assert!(client.auth().token().await.is_err());
        assert_eq!(before.elapsed(), secs(10));
    }
    // What was waited for ends all the same, and the next call is served.
    tokio::time::sleep(secs(150)).await;
    client.disposition().list().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_shuts_no_window_for_longer_than_its_length() {
    let settable = Settable::new();
    let clock: Arc<dyn Clock> = Arc::<Settable>::clone(&settable);
    let directory = tempfile::tempdir().unwrap();
    // The same for a program that goes on and for one that is started anew.
    for anew in [false, true] {
        let transport = SlowTokens::new([]);
        let state = || {
            let key = "test-key".into();
            let address = format!("http://api.example.test/{anew}");
            let clock = Arc::clone(&clock);
            FileState::open(directory.path(), &address, "acme_support", &key, clock).unwrap()
        };
        let program = || {
            let pacer = Pacer::with_store(Arc::new(state()));
            builder(Arc::<SlowTokens>::clone(&transport), &clock).pacer(pacer).build().unwrap()
        };
        let first = program();
        let day = first.today();
        first.cdr().for_day(day).await.unwrap();
        first.cdr().for_day(day).await.unwrap();
        settable.set_back(secs(3600));
        let second = if anew { program() } else { first.clone() };
        let before = Instant::now();
        second.cdr().for_day(day).patience(Patience::Until(secs(61))).await.unwrap();
        assert_eq!(before.elapsed(), secs(61));
        assert_eq!(transport.reads().len(), 3);
    }
}

/// A store whose updates fail from a given one on.
#[derive(Debug, Default)]
struct Failing {
    windows: MemoryWindows,
    good: Mutex<u32>,
}

#[async_trait]
impl PaceStore for Failing {
    async fn update(
        &self,
        rate: crate::core::endpoint::Rate,
        change: &WindowChange,
    ) -> Result<WindowReply, StoreError> {
        {
            let mut good = self.good.lock().unwrap();
            *good = good.checked_sub(1).ok_or_else(|| {
                let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
                StoreError::new("written").because(&full)
            })?;
        }
        self.windows.update(rate, change).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_has_a_name_and_nothing_is_sent() {
    let replay = Replay::new([]);
    let client = builder(Arc::new(replay.clone()), &clock())
        .mode(AuthMode::Key)
        .pacer(Pacer::with_store(Arc::new(Failing::default())))
        .build()
        .unwrap();
    let error = client.cdr().for_day(client.today()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Store, false));
    assert_eq!(error.store_error().unwrap().kind(), StoreErrorKind::Full);
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_window_that_cannot_be_pushed_back_does_not_hide_what_the_service_answered() {
    for (body, unknown) in
        [("<html>", true), (r#"{"status":"error","message":"Max limit exceeded"}"#, false)]
    {
        let turn = Turn::Answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", body.into());
        let store = Failing { good: Mutex::new(2), ..Failing::default() };
        let client = builder(Arc::new(Replay::new([turn])), &clock())
            .mode(AuthMode::Key)
            .pacer(Pacer::with_store(Arc::new(store)))
            .build()
            .unwrap();
        let error = client.leads().add("support_out", "9000000001").await.unwrap_err();
        assert_eq!(error.may_have_happened(), unknown, "{error}");
        assert_ne!(error.kind(), ErrorKind::Store);
    }
}
