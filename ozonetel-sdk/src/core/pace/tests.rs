use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::*;
use crate::core::clock::{Clock, TokioClock};
use crate::core::endpoint::Rate;
use crate::core::error::ErrorKind;

const TOTAL: Duration = Duration::from_secs(300);

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::new())
}

fn waits(patience: Patience) -> Waits {
    Waits { patience, total: TOTAL }
}

impl Pacer {
    /// Takes one request and sends it.
    pub(crate) async fn take(&self, rate: Rate, clock: &Arc<dyn Clock>) {
        let permit = self.acquire(rate, waits(Patience::Wait), clock, &|_| {}).await.unwrap();
        assert_eq!(permit.send(TOTAL).await.unwrap(), Sent::Now);
    }

    async fn ask(
        &self,
        rate: Rate,
        patience: Patience,
        clock: &Arc<dyn Clock>,
    ) -> Result<Permit, Error> {
        self.acquire(rate, waits(patience), clock, &|_| {}).await
    }
}

#[tokio::test(start_paused = true)]
async fn two_go_at_once_and_the_third_waits_a_minute_and_the_margin() {
    for (margin, waited) in [(None, 61), (Some(0), 60), (Some(5), 65)] {
        let (mut pacer, clock) = (Pacer::default(), clock());
        if let Some(margin) = margin {
            pacer = pacer.with_margin(Duration::from_secs(margin));
        }
        let start = clock.now();
        for _ in 0..3 {
            pacer.take(Rate::Cdr, &clock).await;
        }
        assert_eq!(clock.now().duration_since(start).unwrap().as_secs(), waited);
    }
}

#[tokio::test(start_paused = true)]
async fn impatience_is_told_how_long_and_spends_nothing() {
    let (pacer, clock) = (Pacer::default(), clock());
    for _ in 0..2 {
        pacer.take(Rate::Cdr, &clock).await;
    }
    for patience in [Patience::Never, Patience::Until(Duration::from_secs(60))] {
        let error = pacer.ask(Rate::Cdr, patience, &clock).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.ready_in()),
            (ErrorKind::Paced, Some(Duration::from_secs(61)))
        );
    }
    let patience = Patience::Until(Duration::from_secs(61));
    drop(pacer.ask(Rate::Cdr, patience, &clock).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_and_a_dropped_one_leaves_nothing_behind() {
    let (pacer, clock) = (Pacer::default(), clock());
    let start = clock.now();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for n in 0..5 {
        let (pacer, clock, order) = (pacer.clone(), Arc::clone(&clock), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            pacer.take(Rate::Cdr, &clock).await;
            order.lock().unwrap().push(n);
        }));
        tokio::task::yield_now().await;
    }
    tasks[3].abort();
    for task in tasks {
        let _ = task.await;
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 4]);
    assert_eq!(clock.now().duration_since(start).unwrap().as_secs(), 61);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_sent_goes_back() {
    let (pacer, clock) = (Pacer::default(), clock());
    for _ in 0..5 {
        drop(pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap());
        pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap().give_back(TOTAL).await;
    }
    pacer.push_back(Rate::Cdr, Duration::from_secs(7), &clock, TOTAL).await.unwrap();
    let error = pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap_err();
    assert_eq!(error.ready_in(), Some(Duration::from_secs(7)));
    assert!(pacer.ready_in(Rate::Unstated, &clock).await.unwrap().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_request_counts_from_the_moment_it_is_sent() {
    let (pacer, clock) = (Pacer::default(), clock());
    let first = pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap();
    let second = pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap();
    // A slow token lies between the permit and the request.
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(first.send(TOTAL).await.unwrap(), Sent::Now);
    assert_eq!(second.send(TOTAL).await.unwrap(), Sent::Now);
    let ready_in = pacer.ready_in(Rate::Cdr, &clock).await.unwrap();
    assert_eq!(ready_in, Duration::from_secs(61));
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_taken_too_long_ago_is_none_any_more() {
    let (pacer, clock) = (Pacer::default(), clock());
    let old = pacer.ask(Rate::Cdr, Patience::Never, &clock).await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    pacer.take(Rate::Cdr, &clock).await;
    pacer.take(Rate::Cdr, &clock).await;
    assert_eq!(old.send(TOTAL).await.unwrap(), Sent::TooLate);
    // As long as no one else wants it, it is as good as new.
    let old = pacer.ask(Rate::Cdr, Patience::Wait, &clock).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(old.send(TOTAL).await.unwrap(), Sent::Now);
}

/// Keeps windows in memory, and takes its time before or after.
#[derive(Debug)]
struct Slow {
    windows: MemoryWindows,
    before: Mutex<Vec<Duration>>,
    after: Mutex<Vec<Duration>>,
}

impl Slow {
    fn new(before: Vec<Duration>, after: Vec<Duration>) -> Self {
        let (before, after) = (Mutex::new(before), Mutex::new(after));
        Self { windows: MemoryWindows::default(), before, after }
    }
}

#[async_trait]
impl PaceStore for Slow {
    async fn update(&self, rate: Rate, change: &WindowChange) -> Result<WindowReply, StoreError> {
        let pause = |of: &Mutex<Vec<Duration>>| of.lock().unwrap().pop().unwrap_or_default();
        tokio::time::sleep(pause(&self.before)).await;
        let reply = self.windows.update(rate, change).await;
        tokio::time::sleep(pause(&self.after)).await;
        reply
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_waited_for_no_longer_than_the_calls_total() {
    let store = Slow::new(vec![Duration::MAX / 4], vec![]);
    let (pacer, clock) = (Pacer::with_store(Arc::new(store)), clock());
    let before = Instant::now();
    let error = pacer.ask(Rate::Cdr, Patience::Wait, &clock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.store_error().unwrap().kind(), StoreErrorKind::Held);
    assert_eq!(before.elapsed(), TOTAL);
}

mod several {
    use proptest::prelude::*;

    use super::*;

    fn paused<T>(future: impl Future<Output = T>) -> T {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap().block_on(future)
    }

    /// What one caller does: waits, takes a permit, waits for its token, sends; or gives up half way.
    #[derive(Debug, Clone, Copy)]
    struct Caller {
        process: usize,
        begins: u64,
        token: u64,
        gives_up: bool,
    }

    fn caller() -> impl Strategy<Value = Caller> {
        let token =
            prop_oneof![4 => 0_u64..2_000, 2 => 2_000_u64..50_000, 1 => 50_000_u64..200_000];
        (0_usize..4, 0_u64..180_000, token, prop::bool::weighted(0.1)).prop_map(
            |(process, begins, token, gives_up)| Caller { process, begins, token, gives_up },
        )
    }

    fn ms(of: u64) -> Duration {
        Duration::from_millis(of)
    }

    /// When each request went out.
    async fn play(callers: Vec<Caller>, slow: Vec<(u64, u64)>) -> Vec<SystemTime> {
        let clock = clock();
        let (before, after) = slow.into_iter().map(|(b, a)| (ms(b), ms(a))).unzip();
        let store = Arc::new(Slow::new(before, after));
        // Each process has a queue of its own, and all have one store.
        let pacers: Vec<_> =
            (0..4).map(|_| Pacer::with_store(Arc::<Slow>::clone(&store))).collect();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let tasks = callers.into_iter().map(|caller| {
            let (pacer, clock) = (pacers[caller.process].clone(), Arc::clone(&clock));
            let sent = Arc::clone(&sent);
            tokio::spawn(async move {
                tokio::time::sleep(ms(caller.begins)).await;
                loop {
                    let permit = pacer.ask(Rate::Cdr, Patience::Wait, &clock).await.unwrap();
                    tokio::time::sleep(ms(caller.token)).await;
                    if caller.gives_up {
                        return;
                    }
                    if permit.send(TOTAL).await.unwrap() == Sent::Now {
                        sent.lock().unwrap().push(clock.now());
                        return;
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let mut sent = std::mem::take(&mut *sent.lock().unwrap());
        sent.sort_unstable();
        sent
    }

    proptest! {
        /// However slow tokens and stores are, and however many processes there are: in no minute more than two
        /// requests are sent, and everyone who does not give up is served.
        #[test]
        fn in_no_minute_more_than_two_are_sent(
            callers in prop::collection::vec(caller(), 1..12),
            slow in prop::collection::vec((0_u64..3_000, 0_u64..400), 0..40),
        ) {
            let served = callers.iter().filter(|caller| !caller.gives_up).count();
            let sent = paused(play(callers, slow));
            prop_assert_eq!(sent.len(), served);
            for three in sent.windows(3) {
                let apart = three[2].duration_since(three[0]).unwrap();
                prop_assert!(apart >= Duration::from_millis(60_500), "{apart:?}");
            }
        }
    }
}
