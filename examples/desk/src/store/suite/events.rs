//! The log of events.

use std::sync::Arc;

use super::{Case, cases};
use crate::store::{Audience, Event, NewEvent, Store};

pub(super) fn cases() -> Vec<Case> {
    cases![
        events_come_back_as_they_were_written_in_order,
        numbers_have_no_gaps_whoever_writes_at_once,
        no_event_becomes_visible_after_a_later_one,
        old_events_go_and_their_numbers_stay_used,
        the_head_follows_each_commit,
        no_events_change_nothing,
    ]
}

fn event(kind: &'static str) -> NewEvent {
    NewEvent::new(kind, Audience::Everyone, &serde_json::json!({"a": 1})).unwrap()
}

fn ids(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.id).collect()
}

async fn events_come_back_as_they_were_written_in_order(store: Arc<dyn Store>) {
    let audiences = [Audience::Agent("agent01".into()), Audience::Supervisors, Audience::Everyone];
    for (audience, at) in audiences.iter().zip(5..) {
        let body = serde_json::json!({"number": "918000000001", "text": "é \u{0} \" \\"});
        let event = NewEvent::new("call.changed", audience.clone(), &body).unwrap();
        let event = event.masked(&serde_json::json!({"number": "…01"})).unwrap();
        store.append_events(at, vec![event, self::event("tick")]).await.unwrap();
    }
    let events = store.events_after(0, 100).await.unwrap();
    assert_eq!(ids(&events), [1, 2, 3, 4, 5, 6]);
    for ((pair, audience), at) in events.chunks(2).zip(audiences).zip(5..) {
        assert_eq!((pair[0].at, &pair[0].audience), (at, &audience));
        assert_eq!(pair[0].kind, "call.changed");
        assert_eq!(pair[0].body, r#"{"number":"918000000001","text":"é \u0000 \" \\"}"#);
        assert_eq!(pair[0].masked.as_deref(), Some(r#"{"number":"…01"}"#));
        assert_eq!((pair[1].kind.as_str(), pair[1].masked.as_deref()), ("tick", None));
    }
    assert_eq!(ids(&store.events_after(2, 3).await.unwrap()), [3, 4, 5]);
    assert!(store.events_after(6, 3).await.unwrap().is_empty());
    assert_eq!(store.newest_event().await, Ok(6));
}

async fn numbers_have_no_gaps_whoever_writes_at_once(store: Arc<dyn Store>) {
    let writes = (0..40).map(|at| store.append_events(at, vec![event("one"), event("two")]));
    futures_util::future::try_join_all(writes).await.unwrap();
    let events = store.events_after(0, 1000).await.unwrap();
    assert_eq!(ids(&events), (1..=80).collect::<Vec<_>>());
    for pair in events.chunks(2) {
        assert_eq!((pair[0].at, pair[0].kind.as_str()), (pair[1].at, "one"));
    }
}

/// What follows the log would miss an event that appears behind its back.
async fn no_event_becomes_visible_after_a_later_one(store: Arc<dyn Store>) {
    const WRITES: i64 = 60;
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let writes = (0..WRITES).map(|at| store.append_events(at, vec![event("one")]));
            futures_util::future::try_join_all(writes).await.unwrap();
        })
    };
    let mut seen = Vec::new();
    while seen.len() < usize::try_from(WRITES).unwrap() {
        let after = seen.last().copied().unwrap_or(0);
        seen.extend(ids(&store.events_after(after, 7).await.unwrap()));
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    assert_eq!(seen, (1..=WRITES).collect::<Vec<_>>());
}

async fn old_events_go_and_their_numbers_stay_used(store: Arc<dyn Store>) {
    assert_eq!(store.oldest_event().await, Ok(None));
    for at in 1..=4 {
        store.append_events(at, vec![event("one")]).await.unwrap();
    }
    assert_eq!(store.forget_events(3).await, Ok(2));
    assert_eq!(store.oldest_event().await, Ok(Some(3)));
    assert_eq!(store.forget_events(100).await, Ok(2));
    assert_eq!(store.oldest_event().await, Ok(None));
    assert_eq!(store.newest_event().await, Ok(4));
    store.append_events(5, vec![event("one")]).await.unwrap();
    assert_eq!(ids(&store.events_after(0, 9).await.unwrap()), [5]);
}

async fn the_head_follows_each_commit(store: Arc<dyn Store>) {
    let mut head = store.head();
    assert_eq!(*head.borrow_and_update(), 0);
    store.append_events(1, vec![event("one"), event("two")]).await.unwrap();
    head.changed().await.unwrap();
    assert_eq!(*head.borrow_and_update(), 2);
}

async fn no_events_change_nothing(store: Arc<dyn Store>) {
    store.append_events(1, Vec::new()).await.unwrap();
    assert_eq!((store.newest_event().await, *store.head().borrow()), (Ok(0), 0));
}
