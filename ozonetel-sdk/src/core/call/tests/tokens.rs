//! The token under faults: what a failed refresh costs, who is told, and when it is tried again.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::time::Instant;

use super::*;
use crate::api::auth::{Lease, MemoryTokens, StoredToken, TokenStore};
use crate::core::clock::Clock;
use crate::core::pace::{RateLimit, StoreError};
use crate::core::transport::{Failure, Incoming, Outgoing, Transport};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A service whose token endpoint is out of order for a while, and then makes a token; everything else is answered.
#[derive(Debug)]
struct Outage {
    until: Mutex<Instant>,
    how: Fault,
    tokens: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Unavailable,
    NotSent,
    Refused,
    /// The token that is made has these claims: `{"exp":0}`.
    OverAtOnce,
}

impl Outage {
    fn of(how: Fault, length: Duration) -> Arc<Self> {
        let until = Mutex::new(Instant::now() + length);
        Arc::new(Self { until, how, tokens: AtomicUsize::new(0) })
    }

    fn tokens(&self) -> usize {
        self.tokens.load(Ordering::SeqCst)
    }

    fn client(self: &Arc<Self>) -> Client {
        let transport = Arc::<Self>::clone(self);
        Client::builder()
            .account("acme_support")
            .key("test-key")
            .base_url("http://api.example.test")
            .clock(Arc::new(TokioClock::new()))
            .transport(transport)
            .build()
            .unwrap()
    }
}

#[async_trait]
impl Transport for Outage {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let answer = |status: u16, body: &'static str| {
            Ok(Incoming::whole(http::Response::builder().status(status).body(()).unwrap(), body))
        };
        if !request.http.uri().path().contains("Token") {
            return answer(200, r#"{"status":"Success","details":["Follow Up"]}"#);
        }
        self.tokens.fetch_add(1, Ordering::SeqCst);
        if Instant::now() >= *self.until.lock().unwrap() {
            return answer(200, r#"{"token":"tok","message":""}"#);
        }
        match self.how {
            Fault::OverAtOnce => {
                answer(200, r#"{"token":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjB9.x","message":""}"#)
            }
            Fault::Unavailable => answer(503, "<html>503</html>"),
            Fault::NotSent => Err(Failure::new(SendStage::NotSent, "no route")),
            Fault::Refused => {
                answer(200, r#"{"status":"false","message":"Invalid userName or apiKey"}"#)
            }
        }
    }
}

/// Asks once a second, as a desk does; the seconds at which it did not get a token, and the tokens asked for.
async fn poll(client: &Client, outage: &Outage, seconds: u64) -> (Vec<u64>, usize) {
    let mut without = Vec::new();
    for second in 0..seconds {
        if client.disposition().list().await.is_err() {
            without.push(second);
        }
        tokio::time::sleep(secs(1)).await;
    }
    (without, outage.tokens())
}

#[tokio::test(start_paused = true)]
async fn eight_seconds_of_503_do_not_lock_the_account_out_for_an_hour() {
    let outage = Outage::of(Fault::Unavailable, secs(8));
    let (without, tokens) = poll(&outage.client(), &outage, 120).await;
    assert!(without.last().is_some_and(|last| *last < 20), "{without:?}");
    assert!(tokens <= 6, "{tokens} tokens of the hour's ten");
}

#[tokio::test(start_paused = true)]
async fn three_minutes_of_503_leave_a_token_for_when_they_are_over() {
    let outage = Outage::of(Fault::Unavailable, secs(180));
    let (without, tokens) = poll(&outage.client(), &outage, 600).await;
    assert!(without.last().is_some_and(|last| *last < 180 + 120), "{:?}", without.last());
    assert!(tokens <= 10, "{tokens}");
}

#[tokio::test(start_paused = true)]
async fn being_offline_for_an_hour_costs_no_token_and_a_quarter_of_a_minute() {
    let outage = Outage::of(Fault::NotSent, secs(3600));
    let (without, tokens) = poll(&outage.client(), &outage, 3700).await;
    assert!(without.last().is_some_and(|last| *last <= 3616), "{:?}", without.last());
    // One connection every quarter of a minute, not one for each caller.
    assert!(tokens < 300, "{tokens}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_over_as_it_is_made_is_used_and_not_replaced_by_every_call() {
    let outage = Outage::of(Fault::OverAtOnce, secs(10_000));
    let (without, tokens) = poll(&outage.client(), &outage, 600).await;
    assert_eq!((without, tokens), (vec![], 1));
}

#[tokio::test(start_paused = true)]
async fn a_kept_token_that_no_header_can_carry_is_not_begun_with() {
    let outage = Outage::of(Fault::Unavailable, secs(0));
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    let store = PlainStore::default();
    {
        let mut stored = store.0.lock().unwrap();
        stored.token = Some("tok\r\nX-Other: y".into());
        stored.expires_at = Some(clock.now() + secs(3600));
    }
    let client = client_over(&outage, &store, &clock);
    client.disposition().list().await.unwrap();
    assert_eq!(outage.tokens(), 1);
}

/// Two programs share a token, and so come due together: one died with the lease in its hands.
#[tokio::test(start_paused = true)]
async fn a_good_token_is_used_while_a_dead_program_holds_its_refresh_up() {
    let outage = Outage::of(Fault::Unavailable, secs(0));
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new(Arc::clone(&clock)));
    let client = || {
        let builder = Client::builder().account("acme_support").key("test-key");
        let builder = builder.base_url("http://api.example.test").clock(Arc::clone(&clock));
        let builder = builder.transport(Arc::<Outage>::clone(&outage));
        builder.token_store(Arc::clone(&store)).build().unwrap()
    };
    let (one, newcomer) = (client(), client());
    one.disposition().list().await.unwrap();
    tokio::time::sleep(secs(3600 - 240)).await;
    std::mem::forget(store.lease(secs(150)).await.unwrap());
    for waits in [secs(2), Duration::ZERO] {
        let since = Instant::now();
        one.disposition().list().await.unwrap();
        assert_eq!((since.elapsed(), outage.tokens()), (waits, 1));
    }
    // One without a token has to wait, and what is late by then is not sent.
    let since = Instant::now();
    let dial = newcomer.dial().agent("agent01", "support_out", "9000000001");
    let error = dial.begin_within(secs(60)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreachable, 0));
    assert!(!error.may_have_happened());
    assert!(matches!(DialOutcome::<Ucid>::of(error), DialOutcome::NotSent(_)));
    assert_eq!(since.elapsed(), secs(60));
    tokio::time::sleep(secs(100)).await;
    one.disposition().list().await.unwrap();
    assert_eq!(outage.tokens(), 2);
}

/// A store as its documentation asks for one, and no better: a lease shows what was kept when it began, and nothing puts
/// times in order.
#[derive(Debug, Clone, Default)]
struct PlainStore(Arc<Mutex<StoredToken>>);

#[derive(Debug)]
struct PlainLease {
    before: StoredToken,
    store: PlainStore,
}

#[async_trait]
impl TokenStore for PlainStore {
    async fn load(&self) -> Result<StoredToken, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn lease(&self, _: Duration) -> Result<Box<dyn Lease>, StoreError> {
        let before = self.0.lock().unwrap().clone();
        Ok(Box::new(PlainLease { before, store: self.clone() }))
    }
}

#[async_trait]
impl Lease for PlainLease {
    fn stored(&self) -> &StoredToken {
        &self.before
    }

    async fn save(&mut self, stored: StoredToken) -> Result<(), StoreError> {
        *self.store.0.lock().unwrap() = stored;
        Ok(())
    }
}

/// A client over such a store.
fn client_over(outage: &Arc<Outage>, store: &PlainStore, clock: &Arc<dyn Clock>) -> Client {
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .base_url("http://api.example.test")
        .clock(Arc::clone(clock))
        .token_store(Arc::new(store.clone()))
        .transport(Arc::<Outage>::clone(outage))
        .build()
        .unwrap()
}

const TEN: RateLimit = RateLimit { requests: 10, length: Duration::from_secs(3600) };

#[tokio::test(start_paused = true)]
async fn every_attempt_of_a_refresh_counts_in_a_store_that_shows_only_what_was() {
    let outage = Outage::of(Fault::Unavailable, secs(10_000));
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    let store = PlainStore::default();
    client_over(&outage, &store, &clock).disposition().list().await.unwrap_err();
    let kept = store.0.lock().unwrap().clone();
    assert_eq!((outage.tokens(), kept.issued.used(TEN, clock.now())), (3, 3));
    assert_eq!(kept.failed.times(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_a_day_holds_no_store_up_for_longer_than_the_hour() {
    let outage = Outage::of(Fault::Unavailable, secs(0));
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    let store = PlainStore::default();
    let tomorrow = clock.now() + secs(86_400);
    for _ in 0..10 {
        store.0.lock().unwrap().issued.spend(TEN, tomorrow);
    }
    let client = client_over(&outage, &store, &clock);
    let error = client.disposition().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paced);
    tokio::time::sleep(secs(3602)).await;
    client.disposition().list().await.unwrap();
    assert_eq!(outage.tokens(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_is_everyones_for_a_growing_pause() {
    let outage = Outage::of(Fault::Refused, secs(10_000));
    let client = outage.client();
    let mut asked = Vec::new();
    for second in 0..400 {
        let error = client.auth().token().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::Credentials, Some(Reason::BadCredentials))
        );
        if outage.tokens() > asked.len() {
            asked.push(second);
        }
        tokio::time::sleep(secs(1)).await;
    }
    // A refused key is not asked with again at once, and less often each time.
    assert_eq!(asked, [0, 2, 6, 14, 30, 62, 126, 246, 366]);
}

#[tokio::test(start_paused = true)]
async fn the_tenth_token_of_the_hour_is_not_spent_on_the_fault_that_took_the_ninth() {
    let outage = Outage::of(Fault::Unavailable, secs(0));
    let client = outage.client();
    client.auth().token().await.unwrap();
    for _ in 0..7 {
        client.auth().refresh().await.unwrap();
    }
    assert_eq!(outage.tokens(), 8);
    *outage.until.lock().unwrap() = Instant::now() + secs(40);
    let before = Instant::now();
    let error = client.auth().refresh().await.unwrap_err();
    assert_eq!((error.kind(), outage.tokens()), (ErrorKind::Status, 9));
    // Its error for two seconds, and then that there is none for a minute.
    assert_eq!(client.auth().token().await.unwrap_err().kind(), ErrorKind::Status);
    while before.elapsed() < secs(60) {
        tokio::time::sleep(secs(3)).await;
        let Err(error) = client.auth().token().await else { break };
        assert_eq!(error.kind(), ErrorKind::Paced);
        assert!(error.ready_in().unwrap() <= secs(60), "{:?}", error.ready_in());
        assert_eq!(outage.tokens(), 9);
    }
    client.auth().token().await.unwrap();
    assert_eq!(outage.tokens(), 10);
    assert!(before.elapsed() >= secs(60));
    // The eleventh is not asked for, whatever happens.
    let error = client.auth().refresh().await.unwrap_err();
    assert_eq!((error.kind(), outage.tokens()), (ErrorKind::Paced, 10));
    assert!(error.ready_in().unwrap() > secs(3000));
}

#[tokio::test(start_paused = true)]
async fn a_good_token_is_used_while_early_refreshes_fail_and_they_spend_few() {
    let outage = Outage::of(Fault::Unavailable, secs(0));
    let client = outage.client();
    client.auth().token().await.unwrap();
    // The token lives for an hour and is due five minutes before its end.
    *outage.until.lock().unwrap() = Instant::now() + secs(3500);
    tokio::time::sleep(secs(3200)).await;
    let (without, tokens) = poll(&client, &outage, 500).await;
    assert_eq!(without, [0; 0]);
    assert!(tokens <= 8, "{tokens}");
}

#[tokio::test(start_paused = true)]
async fn five_programs_on_one_store_do_not_spend_the_hours_tokens_on_one_fault() {
    use crate::api::auth::MemoryTokens;
    let outage = Outage::of(Fault::Unavailable, secs(30));
    let clock: Arc<dyn crate::core::clock::Clock> = Arc::new(TokioClock::new());
    let store = Arc::new(MemoryTokens::new(Arc::clone(&clock)));
    let program = || {
        Client::builder()
            .account("acme_support")
            .key("test-key")
            .base_url("http://api.example.test")
            .clock(Arc::clone(&clock))
            .token_store(Arc::clone(&store) as _)
            .transport(Arc::<Outage>::clone(&outage))
            .build()
            .unwrap()
    };
    let programs: Vec<_> = (0..5).map(|_| program()).collect();
    let mut last = 0;
    for second in 0..120 {
        for program in &programs {
            if program.auth().token().await.is_err() {
                last = second;
            }
        }
        tokio::time::sleep(secs(1)).await;
    }
    assert!(last < 100, "{last}");
    assert!(outage.tokens() <= 8, "{}", outage.tokens());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_token_request() {
    let replay = Replay::new([token("a")]);
    for _ in 0..1000 {
        replay.push(Turn::json(r#"{"status":"Success","details":[]}"#));
    }
    let client = client(&replay, AuthMode::Token);
    let calls = (0..1000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.disposition().list().await.map(|list| list.len()) })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), 0);
    }
    let tokens =
        replay.requests().iter().filter(|r| r.uri().path().ends_with("generateToken")).count();
    assert_eq!((tokens, replay.requests().len()), (1, 1001));
}

/// Panics when the first token request goes out.
#[derive(Debug, Default)]
struct Panicking(std::sync::atomic::AtomicBool);

impl Observer for Panicking {
    fn on(&self, event: &ClientEvent<'_>) {
        let sending = matches!(event, ClientEvent::Sending { .. });
        let first = sending && !self.0.swap(true, std::sync::atomic::Ordering::SeqCst);
        assert!(!first, "an observer's own fault");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_panics_does_not_end_the_client() {
    let replay = Replay::new([token("a")]);
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .base_url("http://api.example.test")
        .clock(Arc::new(TokioClock::new()))
        .transport(Arc::new(replay.clone()))
        .observer(Arc::new(Panicking::default()))
        .build()
        .unwrap();
    let (one, other) = tokio::join!(client.auth().token(), client.auth().token());
    assert_eq!(one.unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!(client.auth().token().await.unwrap().secret().reveal(), "a");
}

#[test]
fn a_refresh_whose_runtime_ended_does_not_end_the_client() {
    let replay = Replay::new([Turn::Hang, token("a")]);
    let client = client(&replay, AuthMode::Token);
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let first = runtime();
    let second = Duration::from_secs(1);
    let lost = async { tokio::time::timeout(second, client.auth().token()).await.is_err() };
    assert!(first.block_on(lost));
    drop(first);
    let token = runtime().block_on(client.auth().token());
    assert_eq!(token.unwrap().secret().reveal(), "a");
}

/// A token endpoint that takes its time: how many requests for a token were under way at once, and how many there were.
#[derive(Debug)]
struct SlowTokens {
    silent: usize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    asked: AtomicUsize,
}

#[async_trait]
impl Transport for SlowTokens {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        /// A request that is given up is under way no more.
        struct UnderWay<'a>(&'a AtomicUsize);
        impl Drop for UnderWay<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let answer = |body: &'static str| Ok(Incoming::whole(http::Response::new(()), body));
        if !request.http.uri().path().contains("Token") {
            return answer(r#"{"status":"Success","details":["Follow Up"]}"#);
        }
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let _under_way = UnderWay(&self.under_way);
        self.most.fetch_max(now, Ordering::SeqCst);
        if self.asked.fetch_add(1, Ordering::SeqCst) < self.silent {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(secs(18)).await;
        answer(r#"{"token":"tok","message":""}"#)
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_refresh_keeps_its_lease_and_no_second_program_asks_beside_it() {
    // At its slowest: two requests that are never answered, and one that nearly is not.
    for silent in [0, 2] {
        let count = || AtomicUsize::new(0);
        let (under_way, most, asked) = (count(), count(), count());
        let tokens = Arc::new(SlowTokens { silent, under_way, most, asked });
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
        let store = Arc::new(MemoryTokens::new(Arc::clone(&clock)));
        let program = || {
            Client::builder()
                .account("acme_support")
                .key("test-key")
                .base_url("http://api.example.test")
                .total(secs(300))
                .clock(Arc::clone(&clock))
                .token_store(Arc::<MemoryTokens>::clone(&store))
                .transport(Arc::<SlowTokens>::clone(&tokens))
                .build()
                .unwrap()
        };
        let (one, other) = (program(), program());
        let (first, second) = tokio::join!(async { one.disposition().list().await }, async {
            other.disposition().list().await
        });
        assert!(first.is_ok() && second.is_ok(), "{silent}: {first:?} {second:?}");
        assert_eq!(tokens.most.load(Ordering::SeqCst), 1);
        assert_eq!(tokens.asked.load(Ordering::SeqCst), silent + 1);
    }
}
