use ozonetel_sdk::Client;
use ozonetel_sdk::client::TokioClock;
use ozonetel_sim::Sim;

use super::*;
use crate::store::memory::{Access, Interference};
use crate::store::{AccountStates as _, Db, Leases as _, Memory};

const TTL: Duration = Duration::from_secs(90);

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)))
}

fn shared(store: &Memory, clock: &Arc<dyn Clock>) -> SharedAccount {
    SharedAccount::new(Arc::new(store.clone()), Arc::clone(clock), &"test-key".into())
}

/// A desk's client of a simulated account.
fn client(sim: &Sim, store: Arc<dyn Store>) -> Client {
    let account = SharedAccount::new(store, Arc::new(sim.clock()), &"test-key".into());
    let builder = sim.client_builder().pacer(account.pacer());
    builder.token_store(Arc::new(account)).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_desks_do_not_end_each_others_token() {
    let (sim, store) = (Sim::start(), Memory::new());
    let desks = [client(&sim, Arc::new(store.clone())), client(&sim, Arc::new(store.clone()))];
    for _ in 0..3 {
        for desk in &desks {
            desk.disposition().list().await.unwrap();
        }
        sim.advance(Duration::from_mins(50)).await;
    }
    assert!(sim.effects("token") <= 3, "one for both, each hour: {}", sim.effects("token"));
    let text = store.account_state(TOKEN).await.unwrap().unwrap().value;
    let token = SharedAccount::new(Arc::new(store), Arc::new(sim.clock()), &"test-key".into());
    let token = token.load().await.unwrap().token.unwrap();
    assert!(!text.contains(token.reveal()), "it is sealed");
}

#[tokio::test(start_paused = true)]
async fn two_desks_together_stay_within_the_limit() {
    let (sim, store) = (Sim::start(), Memory::new());
    let desks = [client(&sim, Arc::new(store.clone())), client(&sim, Arc::new(store.clone()))];
    let (mut sent, mut held_back) = (0, 0);
    for n in 0..6 {
        match desks[n % 2].cdr().for_day("2026-11-20".parse().unwrap()).await {
            Ok(_) => sent += 1,
            Err(error) if error.kind() == ozonetel_sdk::ErrorKind::Paced => held_back += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((sent, held_back), (2, 4));
}

#[tokio::test]
async fn a_desk_that_starts_again_goes_on_with_token_and_limits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.sqlite");
    let sim = Sim::start();
    for start in 0..2 {
        let store = Db::sqlite(&file).await.unwrap();
        let desk = client(&sim, Arc::new(store.clone()));
        desk.disposition().list().await.unwrap();
        let read = desk.cdr().for_day("2026-11-20".parse().unwrap()).await;
        assert!(read.is_ok(), "{start}: {read:?}");
        store.close().await;
    }
    assert_eq!(sim.effects("token"), 1);
    let store = Db::sqlite(&file).await.unwrap();
    let third =
        client(&sim, Arc::new(store.clone())).cdr().for_day("2026-11-20".parse().unwrap()).await;
    assert_eq!(third.unwrap_err().kind(), ozonetel_sdk::ErrorKind::Paced);
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_keeps_others_out_until_it_is_given_back_or_ends() {
    let (store, clock) = (Memory::new(), clock());
    let (one, other) = (shared(&store, &clock), shared(&store, &clock));
    let held = one.lease(TTL).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_mins(1), other.lease(TTL)).await.is_err());
    held.release().await.unwrap();
    // One that is forgotten ends.
    std::mem::forget(other.lease(TTL).await.unwrap());
    let since = Instant::now();
    let mut held = one.lease(TTL).await.unwrap();
    assert!(since.elapsed() >= TTL && since.elapsed() < TTL + Duration::from_secs(1));
    // One that is dropped is free at once.
    held.save(StoredToken::default()).await.unwrap();
    drop(held);
    tokio::time::timeout(Duration::from_secs(2), other.lease(TTL)).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_lease_has_ended_saves_nothing() {
    let (store, clock) = (Memory::new(), clock());
    let (one, other) = (shared(&store, &clock), shared(&store, &clock));
    let mut slow = one.lease(TTL).await.unwrap();
    tokio::time::sleep(TTL).await;
    let mut next = other.lease(TTL).await.unwrap();
    let mut token = StoredToken::default();
    token.token = Some("new".into());
    next.save(token.clone()).await.unwrap();
    token.token = Some("old".into());
    assert_eq!(slow.save(token).await, Err(StoreError::lease_ended()));
    assert_eq!(one.load().await.unwrap().token.unwrap().reveal(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_lease_from_a_clock_that_was_ahead_ends_like_any_other() {
    let (store, clock) = (Memory::new(), clock());
    let now = epoch_ms(&*clock);
    store.take_lease(TOKEN, "ahead", now, now + 30 * 86_400_000).await.unwrap().unwrap();
    let since = Instant::now();
    shared(&store, &clock).lease(TTL).await.unwrap();
    assert!(since.elapsed() >= TTL && since.elapsed() < TTL + Duration::from_secs(1));
}

/// The desk was killed while it had it.
#[tokio::test(start_paused = true)]
async fn a_lease_of_a_desk_that_died_keeps_others_waiting_for_half_a_minute() {
    let (store, clock) = (Memory::new(), clock());
    let (one, other) = (shared(&store, &clock), shared(&store, &clock));
    std::mem::forget(one.taken(TTL).await.unwrap());
    let since = Instant::now();
    other.lease(TTL).await.unwrap();
    assert!(since.elapsed() >= GRANTED && since.elapsed() < GRANTED + Duration::from_secs(1));
}

/// Each step of taking it may be the one at which whoever waits gives up.
#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_for_the_lease_leaves_none_behind() {
    let (store, clock) = (Memory::new(), clock());
    let slow = store.by_way_of(Arc::new(Slow), true);
    let one = shared(&slow, &clock);
    for waits in [500, 1_500, 2_500, 3_500, 4_500] {
        let waits = Duration::from_millis(waits);
        let _ = tokio::time::timeout(waits, one.lease(TTL)).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(store.leases(epoch_ms(&*clock)).await.unwrap(), [], "after {waits:?}");
    }
}

/// Everything takes a second, before it is done and after.
struct Slow;

#[async_trait]
impl Interference for Slow {
    async fn before(&self, _: Access) -> Result<(), crate::store::StoreError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    async fn after(&self, _: Access) -> Result<(), crate::store::StoreError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_desk_with_another_key_asks_for_a_token_after_the_hour() {
    let (sim, store) = (Sim::start(), Memory::new());
    let old = SharedAccount::new(Arc::new(store.clone()), Arc::new(sim.clock()), &"old-key".into());
    old.lease(TTL).await.unwrap().save(StoredToken::default()).await.unwrap();
    let desk = client(&sim, Arc::new(store));
    for _ in 0..2 {
        let error = desk.disposition().list().await.unwrap_err();
        assert_eq!(error.kind(), ozonetel_sdk::ErrorKind::Paced);
        sim.advance(Duration::from_mins(29)).await;
    }
    sim.advance(Duration::from_mins(3)).await;
    desk.disposition().list().await.unwrap();
    assert_eq!(sim.effects("token"), 1);
}

/// A clock that is behind another.
#[derive(Debug)]
struct Behind(Arc<dyn Clock>, Duration);

impl Clock for Behind {
    fn now(&self) -> SystemTime {
        self.0.now() - self.1
    }
}

#[tokio::test(start_paused = true)]
async fn desks_whose_clocks_differ_stay_within_the_limit_together() {
    let (sim, memory) = (Sim::start(), Memory::new());
    let store: Arc<dyn Store> = Arc::new(memory.by_way_of(Arc::new(Goes), true));
    let desks = [0, 3].map(|seconds| {
        let clock: Arc<dyn Clock> = Arc::new(sim.clock());
        let clock: Arc<dyn Clock> = Arc::new(Behind(clock, Duration::from_secs(seconds)));
        let key = "test-key".into();
        let account = SharedAccount::new(Arc::clone(&store), Arc::clone(&clock), &key);
        let pacer = account.pacer();
        let builder = sim.client_builder().pacer(pacer.clone()).clock(Arc::clone(&clock));
        (builder.token_store(Arc::new(account)).build().unwrap(), pacer, clock)
    });
    let (since, mut sent) = (Instant::now(), Vec::new());
    for n in 0..12 {
        let ((desk, ..), (_, pacer, clock)) = match n % 3 {
            0 => (&desks[1], &desks[0]),
            _ => (&desks[0], &desks[1]),
        };
        // The other one looks at the window.
        pacer.ready_in(Rate::Cdr, clock).await.unwrap();
        let read = desk.cdr().for_day("2026-11-20".parse().unwrap());
        read.patience(ozonetel_sdk::client::Patience::Wait).await.unwrap();
        sent.push(since.elapsed());
    }
    for three in sent.windows(3) {
        assert!(three[2].saturating_sub(three[0]) >= Duration::from_millis(60_500), "{sent:?}");
    }
}

/// Nothing is held up.
struct Goes;

#[async_trait]
impl Interference for Goes {
    async fn before(&self, _: Access) -> Result<(), crate::store::StoreError> {
        Ok(())
    }

    async fn after(&self, _: Access) -> Result<(), crate::store::StoreError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_counts_as_used_up() {
    let (store, clock) = (Memory::new(), clock());
    let account = shared(&store, &clock);
    store.change_account_state(TOKEN, None, "?").await.unwrap();
    let ten = RateLimit::published((10, 3600));
    let stored = account.load().await.unwrap();
    assert!(stored.token.is_none());
    assert_eq!(stored.issued.ready_in(ten, clock.now()), Duration::from_hours(1));
    // Sealed with another account's key, it is as good as gone.
    let mut token = StoredToken::default();
    token.token = Some("tok-secret".into());
    account.lease(TTL).await.unwrap().save(token).await.unwrap();
    assert_eq!(account.load().await.unwrap().token.unwrap().reveal(), "tok-secret");
    let another =
        SharedAccount::new(Arc::new(store.clone()), Arc::clone(&clock), &"other-key".into());
    assert!(another.load().await.unwrap().token.is_none());
    store.change_account_state(Rate::Cdr.name(), None, "[]").await.unwrap();
    let wait = account.pacer().ready_in(Rate::Cdr, &clock).await.unwrap();
    assert_eq!(wait, Duration::from_secs(61));
    assert!(!format!("{account:?}").contains("test-key"));
}
