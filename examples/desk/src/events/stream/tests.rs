use std::pin::Pin;
use std::sync::Mutex;
use std::time::SystemTime;

use futures_util::{FutureExt as _, StreamExt as _};
use ozonetel_sdk::client::TokioClock;

use super::super::hub::EventHub;
use super::*;
use crate::core::caller::{Role, Scope};
use crate::store::memory::Stop;
use crate::store::{Audience, Events as _, Memory, NewEvent};

/// Callers are as the test says; a snapshot is the number of events there were.
struct Fixed {
    store: Memory,
    caller: Mutex<Option<Caller>>,
}

#[async_trait]
impl Snapshots for Fixed {
    async fn snapshot(&self, caller: &Caller) -> Result<Map<String, Value>, Problem> {
        let events = self.store.newest_event().await?;
        let fields = [("events", json!(events)), ("role", json!(caller.role))];
        Ok(fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }

    async fn caller(&self, _: Caller) -> Option<Caller> {
        self.caller.lock().unwrap().clone()
    }
}

struct Floor {
    store: Memory,
    hub: EventHub,
    fixed: Arc<Fixed>,
    closing: CancellationToken,
}

type Frames = Pin<Box<dyn Stream<Item = Frame> + Send>>;

fn agent(id: &str) -> Caller {
    Caller {
        id: id.to_owned(),
        role: Role::Agent,
        own: vec![id.into()],
        scope: Scope::Agents(vec![id.into()]),
        is_person: true,
        must_change_password: false,
    }
}

impl Floor {
    fn new() -> Self {
        let store = Memory::new();
        let hub = EventHub::new(Arc::new(store.clone()));
        let caller = Mutex::new(Some(agent("agent01")));
        let fixed = Arc::new(Fixed { store: store.clone(), caller });
        Self { store, hub, fixed, closing: CancellationToken::new() }
    }

    async fn happens(&self, audience: Audience) {
        let at = self.store.newest_event().await.unwrap() + 1;
        let event = NewEvent::new("one", audience, &at).unwrap();
        self.store.append_events(at, vec![event]).await.unwrap();
    }

    fn listen(&self, last: Option<i64>) -> Frames {
        let listener = Listener {
            place: self.hub.place("agent01").unwrap(),
            caller: agent("agent01"),
            last,
            snapshots: Arc::clone(&self.fixed) as Arc<dyn Snapshots>,
            clock: Arc::new(TokioClock::starting_at(SystemTime::UNIX_EPOCH)),
            closing: self.closing.clone(),
        };
        Box::pin(listener.frames())
    }
}

async fn next(frames: &mut Frames) -> (Option<i64>, String, Value) {
    let frame = frames.next().await.unwrap();
    (frame.id, frame.kind, serde_json::from_str(&frame.data).unwrap())
}

fn one(id: i64) -> (Option<i64>, String, Value) {
    (Some(id), "one".to_owned(), json!(id))
}

fn snapshot(id: i64) -> (Option<i64>, String, Value) {
    (Some(id), "snapshot".to_owned(), json!({"lastId": id, "events": id, "role": "agent"}))
}

#[tokio::test(start_paused = true)]
async fn a_new_listener_gets_a_snapshot_and_then_what_happens() {
    let floor = Floor::new();
    floor.happens(Audience::Everyone).await;
    let mut frames = floor.listen(None);
    assert_eq!(next(&mut frames).await, snapshot(1));
    floor.happens(Audience::Everyone).await;
    floor.happens(Audience::Agent("agent02".into())).await;
    floor.happens(Audience::Agent("agent01".into())).await;
    assert_eq!(next(&mut frames).await, one(2));
    assert_eq!(next(&mut frames).await, one(4), "another agent's is passed over");
}

#[tokio::test(start_paused = true)]
async fn who_names_the_last_event_gets_what_was_missed_once_and_in_order() {
    let floor = Floor::new();
    for _ in 0..450 {
        floor.happens(Audience::Everyone).await;
    }
    let mut frames = floor.listen(Some(3));
    for id in 4..=450 {
        assert_eq!(next(&mut frames).await, one(id));
        if id % 100 == 0 {
            floor.happens(Audience::Everyone).await;
        }
    }
    for id in 451..=454 {
        assert_eq!(next(&mut frames).await, one(id));
    }
    assert!(frames.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_too_old_removed_or_of_another_store_gets_a_snapshot() {
    let floor = Floor::new();
    for _ in 0..5 {
        floor.happens(Audience::Everyone).await;
    }
    assert_eq!(next(&mut floor.listen(Some(6))).await, snapshot(5));
    assert_eq!(next(&mut floor.listen(Some(-1))).await, snapshot(5));
    floor.store.forget_events(4).await.unwrap();
    assert_eq!(next(&mut floor.listen(Some(2))).await, snapshot(5));
    assert_eq!(next(&mut floor.listen(Some(3))).await, one(4));
    floor.store.forget_events(100).await.unwrap();
    assert_eq!(next(&mut floor.listen(Some(4))).await, snapshot(5));
    assert!(floor.listen(Some(5)).next().now_or_never().is_none(), "nothing was missed");
    for _ in 0..MISSED {
        floor.happens(Audience::Everyone).await;
    }
    assert_eq!(next(&mut floor.listen(Some(4))).await, snapshot(5 + MISSED));
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_misses_nothing_and_holds_up_no_one() {
    let floor = Floor::new();
    let (mut slow, mut quick) = (floor.listen(None), floor.listen(None));
    assert_eq!(next(&mut slow).await, snapshot(0));
    assert_eq!(next(&mut quick).await, snapshot(0));
    for id in 1..=1_500 {
        floor.happens(Audience::Everyone).await;
        assert_eq!(next(&mut quick).await, one(id));
    }
    for id in 1..=1_500 {
        assert_eq!(next(&mut slow).await, one(id));
    }
    for _ in 0..=MISSED {
        floor.happens(Audience::Everyone).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(next(&mut slow).await, snapshot(1_501 + MISSED));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_right_is_shown_anew_to_everyone() {
    let floor = Floor::new();
    let (mut slow, mut quick) = (floor.listen(None), floor.listen(None));
    assert_eq!(next(&mut slow).await, snapshot(0));
    assert_eq!(next(&mut quick).await, snapshot(0));
    floor.happens(Audience::Everyone).await;
    assert_eq!(next(&mut quick).await, one(1));
    floor.hub.start_over();
    for listener in [&mut slow, &mut quick] {
        assert_eq!(next(listener).await, snapshot(1));
    }
    floor.happens(Audience::Everyone).await;
    for listener in [&mut slow, &mut quick] {
        assert_eq!(next(listener).await, one(2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_shows_life_and_moves_the_point_to_go_on_from() {
    let floor = Floor::new();
    let mut frames = floor.listen(None);
    next(&mut frames).await;
    floor.happens(Audience::Agent("agent02".into())).await;
    for at in [15_000, 30_000] {
        let (id, kind, data) = next(&mut frames).await;
        assert_eq!((id, kind.as_str(), data), (Some(1), "tick", json!({"at": at})));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_signed_out_is_let_go_and_who_sees_other_records_starts_over() {
    let floor = Floor::new();
    let mut frames = floor.listen(None);
    next(&mut frames).await;
    let supervisor = Caller { role: Role::Supervisor, ..agent("agent01") };
    *floor.fixed.caller.lock().unwrap() = Some(supervisor);
    let (id, kind, data) = next(&mut frames).await;
    assert_eq!((id, kind.as_str(), &data["role"]), (Some(0), "snapshot", &json!("supervisor")));
    *floor.fixed.caller.lock().unwrap() = None;
    assert_eq!(frames.next().await, None);
    drop(frames);
    assert_eq!(floor.hub.listeners(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_stops_says_so_and_ends_the_stream() {
    let floor = Floor::new();
    let mut frames = floor.listen(None);
    next(&mut frames).await;
    floor.closing.cancel();
    assert_eq!(next(&mut frames).await, (None, "going-away".to_owned(), json!({})));
    assert_eq!(frames.next().await, None);
    let mut late = floor.listen(Some(0));
    assert_eq!(next(&mut late).await.1, "going-away");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_the_stream() {
    let floor = Floor::new();
    floor.store.stop_at(0, Stop::Before);
    floor.happens_not().await;
    floor.happens_not().await;
    assert_eq!(floor.listen(None).next().await, None);
}

impl Floor {
    async fn happens_not(&self) {
        assert!(self.store.append_events(1, Vec::new()).await.is_err());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whenever a listener leaves and comes back, it has seen every event for it once, in order, or a snapshot that
    /// holds the ones it has not seen.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice_however_often_it_reconnects(
        steps in proptest::collection::vec((0_u8..4, 1_usize..40), 1..25)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let floor = Floor::new();
            let (mut seen, mut count) = (0, 0);
            let mut frames = floor.listen(None);
            for (step, times) in steps {
                match step {
                    0 | 1 => for _ in 0..times {
                        floor.happens(Audience::Everyone).await;
                        count += 1;
                    },
                    2 => for _ in 0..times {
                        tokio::task::yield_now().await;
                        let Some(frame) = frames.next().now_or_never() else { break };
                        let frame = frame.unwrap();
                        match frame.kind.as_str() {
                            "one" => assert_eq!(frame.id, Some(seen + 1)),
                            _ => assert!(frame.id >= Some(seen)),
                        }
                        seen = frame.id.unwrap();
                    },
                    _ => frames = floor.listen((seen > 0).then_some(seen)),
                }
            }
            while seen < count {
                let frame = frames.next().await.unwrap();
                assert!(frame.kind == "snapshot" || frame.id == Some(seen + 1));
                seen = frame.id.unwrap();
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_only_shown_comes_before_what_is_kept_and_is_not_missed_later() {
    let floor = Floor::new();
    let shown = |text: &str| {
        let event = NewEvent::new("shown", Audience::Agent("agent01".into()), &text).unwrap();
        floor.hub.pass_on(event);
    };
    shown("to no one");
    let mut frames = floor.listen(None);
    shown("before the snapshot");
    assert_eq!(next(&mut frames).await, snapshot(0));
    floor.happens(Audience::Everyone).await;
    shown("after it");
    let not_kept = |text: &str| (None, "shown".to_owned(), json!(text));
    assert_eq!(next(&mut frames).await, not_kept("after it"));
    assert_eq!(next(&mut frames).await, one(1));
    floor.hub.pass_on(NewEvent::new("shown", Audience::Agent("agent02".into()), &1).unwrap());
    floor.happens(Audience::Everyone).await;
    assert_eq!(next(&mut frames).await, one(2), "another agent's is passed over");
    let mut later = floor.listen(Some(0));
    assert_eq!((next(&mut later).await, next(&mut later).await), (one(1), one(2)));
}
