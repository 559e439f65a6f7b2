//! What two desks do at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::*;
use crate::core::dial::DialBar;
use crate::store::suite::dials::row;
use crate::store::suite::postgres;
use crate::store::work::Versioned;
use crate::store::{Events as _, Work as _};

const MISSED: &str = "+919000000002";

/// A desk that has begun a dial and commits it when it is told to.
fn beginning(desk: &Db, new: DialEntry) -> (Arc<Notify>, Arc<Notify>, tokio::task::JoinHandle<()>) {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (desk, tell, wait) = (desk.clone(), Arc::clone(&begun), Arc::clone(&go));
    let task = tokio::spawn(async move {
        let at = new.asked_ms;
        let work = desk.write(move |tx| {
            Box::pin(async move {
                let decision = begin(tx, new, "one".to_owned(), at).await?;
                assert!(matches!(decision, DialDecision::Place { .. }), "{decision:?}");
                tell.notify_one();
                wait.notified().await;
                Ok(())
            })
        });
        work.await.unwrap();
    });
    (begun, go, task)
}

/// Waits until a desk waits for another one's transaction.
async fn until_one_waits(desk: &Db) {
    let waits = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let row = desk.read(move |tx| Box::pin(async move { tx.row(waits, args![]).await })).await;
        if row.unwrap().unwrap().get::<i64>("n").unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_that_loses_to_another_desks_claims_nothing() {
    let url = postgres().await;
    let (one, two) = (Db::postgres(&url).await.unwrap(), Db::postgres(&url).await.unwrap());
    let record = MissedNumber::new(MISSED.into(), "c1", 10);
    let key = record.key.clone();
    one.save_missed(Versioned { version: 0, record }, 10, Vec::new()).await.unwrap();
    let events = one.newest_event().await.unwrap();

    // The agent's other page dials someone else at the same time.
    let first = row("d1", "agent01", "9000000001");
    let (begun, go, task) = beginning(&one, first.clone());
    begun.notified().await;
    let late = row("d2", "agent01", MISSED);
    let losing = tokio::spawn({
        let (two, late) = (two.clone(), late.clone());
        async move { two.begin_dial(late, "two", 100).await }
    });
    until_one_waits(&one).await;
    go.notify_one();
    task.await.unwrap();
    let refused = losing.await.unwrap().unwrap();
    assert!(matches!(&refused, DialDecision::AgentBusy(open) if open.id == "d1"), "{refused:?}");
    assert_eq!(two.dial("d2").await, Ok(None));
    let kept = two.missed_number(&key).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.record.claim), (1, None), "no one has called back");
    assert_eq!(two.newest_event().await, Ok(events));

    // A colleague is.
    let (begun, go, task) = beginning(&one, row("d3", "agent02", MISSED));
    begun.notified().await;
    let losing = tokio::spawn({
        let two = two.clone();
        async move { two.begin_dial(row("d4", "agent03", MISSED), "two", 100).await }
    });
    until_one_waits(&one).await;
    go.notify_one();
    task.await.unwrap();
    let barred = DialDecision::Barred(DialBar::Claimed { by: "agent02".to_owned() });
    assert_eq!(losing.await.unwrap(), Ok(barred));
    assert_eq!(two.dial("d4").await, Ok(None));
    assert_eq!(two.open_dial(&"agent03".into()).await, Ok(None));
    let kept = two.missed_number(&key).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.record.claimed_for.as_deref()), (2, Some("d3")));
    assert_eq!(two.newest_event().await, Ok(events + 1));
    one.close().await;
    two.close().await;
}
