//! A process that may die at any of its reads, writes, requests and answers: from then on nothing it does ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use desk::store::StoreError;
use desk::store::memory::{Access, Interference};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::story::Weather;

/// The store, or a way to it, which may be away.
#[derive(Debug, Default)]
pub(crate) struct SharedStore(Mutex<Option<Instant>>);

impl SharedStore {
    pub(crate) fn away_for(&self, time: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + time);
    }

    pub(crate) fn is_away(&self) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

#[derive(Debug)]
struct Plan {
    chance: Chance,
    weather: Weather,
    /// Points until it dies.
    dies_in: Option<u64>,
    /// Reads and writes until one fails: those that are not done, and those that are done all the same.
    fails: [Vec<u64>; 2],
}

/// One process of a desk.
#[derive(Debug)]
pub(crate) struct Process {
    plan: Mutex<Plan>,
    store: Arc<SharedStore>,
    /// Its own way to the store, which the others do not go.
    way: SharedStore,
    died: CancellationToken,
    /// Requests to the service that are on their way.
    under_way: AtomicUsize,
}

/// A request to the service on its way.
#[derive(Debug)]
pub(crate) struct UnderWay<'p>(&'p AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Process {
    pub(crate) fn new(chance: Chance, weather: Weather, store: Arc<SharedStore>) -> Arc<Self> {
        let plan = Plan { chance, weather, dies_in: None, fails: [Vec::new(), Vec::new()] };
        let (plan, way, died) =
            (Mutex::new(plan), SharedStore::default(), CancellationToken::new());
        Arc::new(Self { plan, store, way, died, under_way: AtomicUsize::default() })
    }

    fn plan<T>(&self, work: impl FnOnce(&mut Plan) -> T) -> T {
        work(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Cancelled when it dies.
    pub(crate) fn died(&self) -> &CancellationToken {
        &self.died
    }

    /// A request goes out to the service: it is on its way until what is returned is dropped.
    pub(crate) fn asks_service(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// Whether it waits for an answer of the service.
    pub(crate) fn waits_for_service(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn die_after(&self, points: u64) {
        self.plan(|plan| plan.dies_in = Some(points));
    }

    pub(crate) fn fail_after(&self, accesses: u64, is_done: bool) {
        self.plan(|plan| plan.fails[usize::from(is_done)].push(accesses));
    }

    /// It cannot reach the store, which others can.
    pub(crate) fn cut_off_for(&self, time: Duration) {
        self.way.away_for(time);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        self.way.away_for(Duration::ZERO);
        self.plan(|plan| {
            plan.weather = Weather::CALM;
            plan.fails = [Vec::new(), Vec::new()];
            plan.dies_in = None;
        });
    }

    /// A place at which it may die. Whoever comes here after its death waits for ever.
    pub(crate) async fn point(&self) {
        let dies = self.plan(|plan| match &mut plan.dies_in {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        });
        if dies {
            self.died.cancel();
        }
        if self.died.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// Passes some time, perhaps.
    pub(crate) async fn on_the_way(&self, network: bool) {
        let ms = self.plan(|plan| {
            let share = if network { plan.weather.slow_network } else { plan.weather.slow_store };
            match plan.chance.percent(share) {
                false => 0,
                true if network => plan.chance.within(1..=200),
                true => plan.chance.within(1..=40),
            }
        });
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }

    /// Whether this read or write fails.
    fn fails(&self, is_done: bool) -> Result<(), StoreError> {
        let fails = self.plan(|plan| {
            let mut fails = false;
            plan.fails[usize::from(is_done)].retain_mut(|left| {
                let now = *left == 0;
                *left = left.saturating_sub(1);
                fails |= now;
                !now
            });
            fails
        });
        if fails { Err(broken()) } else { Ok(()) }
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable("the connection broke".into())
}

#[async_trait]
impl Interference for Process {
    async fn before(&self, _: Access) -> Result<(), StoreError> {
        self.on_the_way(false).await;
        self.point().await;
        if self.store.is_away() || self.way.is_away() { Err(broken()) } else { self.fails(false) }
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        self.point().await;
        self.on_the_way(false).await;
        self.point().await;
        self.fails(true)
    }
}
