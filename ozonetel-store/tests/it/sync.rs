//! A sync into a database, with everything that the simulator does, and dropped anywhere.

use std::pin::pin;
use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::sync::{MemorySink, SyncSettings, SyncStep};
use ozonetel_sim::Sim;
use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_store::{CallQuery, Store};

use crate::rig::Kind;

/// A day of calls in the simulator's world.
async fn world() -> Sim {
    let mut setup = Setup { mode: AuthMode::Key, ..Setup::default() };
    setup.behaviour.talk = Some((Duration::from_secs(10), Duration::from_mins(10)));
    setup.behaviour.customer_answer_rate = 0.7;
    setup.behaviour.agent_answer_rate = 0.8;
    let start = Timestamp::parse("2026-11-20T22:00:00+05:30").unwrap();
    let sim = Sim::builder().setup(setup).starting_at(start).build();
    sim.change(|world| world.login("agent01", "secret", "")).unwrap();
    for n in 0..12 {
        sim.inbound("918000000001", ["9000000001", "9000000002"][n % 2]).unwrap();
        sim.advance(Duration::from_mins(20)).await;
    }
    // To an hour at which the night before is over.
    sim.advance(Duration::from_hours(3)).await;
    sim
}

async fn keys(store: &Store) -> Vec<String> {
    let mut calls = store.stream(CallQuery::default());
    let mut keys = Vec::new();
    while let Some(call) = calls.try_next().await.unwrap() {
        keys.extend(call.legs.into_iter().map(|leg| leg.key));
    }
    keys.sort();
    keys
}

fn settings() -> SyncSettings {
    SyncSettings::default().back_fill(1).batch(3)
}

/// Polls until nothing is to do; the clock advances instead of waiting.
async fn follow(sim: &Sim, store: &Store) {
    let mut sync = sim.client().cdr().sync(store.sink()).settings(settings());
    loop {
        sim.advance(Duration::from_secs(31)).await;
        if matches!(sync.poll().await.unwrap().step, SyncStep::Idle) {
            break;
        }
    }
}

async fn expected(sim: &Sim) -> Vec<String> {
    let mut sync = sim.client().cdr().sync(MemorySink::default()).settings(settings());
    loop {
        sim.advance(Duration::from_secs(31)).await;
        if matches!(sync.poll().await.unwrap().step, SyncStep::Idle) {
            break;
        }
    }
    let mut keys: Vec<_> = sync.sink().rows().map(|(key, _)| key.to_string()).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn the_store_equals_the_world() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (sim, place) = (world().await, kind.place().await);
        follow(&sim, &place.store).await;
        let expected = expected(&sim).await;
        assert!(expected.len() >= 12, "{} rows", expected.len());
        assert_eq!(keys(&place.store).await, expected, "{kind:?}");
        let legs = keys(&place.store).await.len();
        let days = place
            .store
            .days("2026-11-01".parse().unwrap(), "2026-12-01".parse().unwrap())
            .await
            .unwrap();
        let rows: u64 = days.iter().filter_map(|day| day.read).map(|read| read.rows).sum();
        assert_eq!((days.len(), rows), (2, u64::try_from(legs).unwrap()), "{days:?}");
    }
}

#[tokio::test]
async fn a_sync_dropped_anywhere_loses_nothing() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (sim, place) = (world().await, kind.place().await);
        for polls in 1..40 {
            let mut sync = sim.client().cdr().sync(place.store.sink()).settings(settings());
            sim.advance(Duration::from_secs(31)).await;
            let mut poll = pin!(sync.poll());
            let mut left = polls;
            // Dropped at its n-th waiting point; what is waited for continues or not, as it likes.
            let done = std::future::poll_fn(|cx| {
                left -= 1;
                match poll.as_mut().poll(cx) {
                    std::task::Poll::Pending if left > 0 => std::task::Poll::Pending,
                    std::task::Poll::Pending => std::task::Poll::Ready(None),
                    std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
                }
            })
            .await;
            if let Some(done) = done {
                done.unwrap();
            }
        }
        follow(&sim, &place.store).await;
        assert_eq!(keys(&place.store).await, expected(&sim).await, "{kind:?}");
    }
}
