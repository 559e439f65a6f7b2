use std::sync::Arc;
use std::time::Duration;

use super::{Pacer, Patience};
use crate::core::clock::{Clock, TokioClock};
use crate::core::endpoint::Rate;
use crate::core::error::ErrorKind;

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::new())
}

#[tokio::test(start_paused = true)]
async fn two_go_at_once_and_the_third_waits_a_minute() {
    let (pacer, clock) = (Pacer::default(), clock());
    let start = clock.now();
    for _ in 0..3 {
        pacer.acquire(Rate::Cdr, Patience::Wait, &clock, &|_| {}).await.unwrap().sent();
    }
    assert_eq!(clock.now().duration_since(start).unwrap().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn impatience_is_told_how_long_and_spends_nothing() {
    let (pacer, clock) = (Pacer::default(), clock());
    for _ in 0..2 {
        pacer.acquire(Rate::Cdr, Patience::Never, &clock, &|_| {}).await.unwrap().sent();
    }
    for patience in [Patience::Never, Patience::Until(Duration::from_secs(59))] {
        let error = pacer.acquire(Rate::Cdr, patience, &clock, &|_| {}).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.ready_in()),
            (ErrorKind::Paced, Some(Duration::from_secs(60)))
        );
    }
    pacer
        .acquire(Rate::Cdr, Patience::Until(Duration::from_secs(60)), &clock, &|_| {})
        .await
        .unwrap();
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
            pacer.acquire(Rate::Cdr, Patience::Wait, &clock, &|_| {}).await.unwrap().sent();
            order.lock().unwrap().push(n);
        }));
        tokio::task::yield_now().await;
    }
    tasks[3].abort();
    for task in tasks {
        let _ = task.await;
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 4]);
    assert_eq!(clock.now().duration_since(start).unwrap().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_sent_goes_back() {
    let (pacer, clock) = (Pacer::default(), clock());
    for _ in 0..5 {
        drop(pacer.acquire(Rate::Cdr, Patience::Never, &clock, &|_| {}).await.unwrap());
    }
    pacer.push_back(Rate::Cdr, Duration::from_secs(7), &*clock).unwrap();
    let error = pacer.acquire(Rate::Cdr, Patience::Never, &clock, &|_| {}).await.unwrap_err();
    assert_eq!(error.ready_in(), Some(Duration::from_secs(7)));
    assert!(pacer.ready_in(Rate::Unstated, &*clock).unwrap().is_zero());
}
