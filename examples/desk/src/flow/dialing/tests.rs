//! Dials whose outcome is stored late, or not at all.

use std::sync::Arc;

use async_trait::async_trait;
use ozonetel_sdk::auth::{MemoryTokens, TokenStore as _};
use ozonetel_sim::Sim;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::core::dial::DialEvidence;
use crate::core::fact::LegNews;
use crate::core::missed::MissedNumber;
use crate::desk::Settings;
use crate::flow::settling::apply;
use crate::store::memory::{Access, Interference, Stop};
use crate::store::work::Versioned;
use crate::store::{Dials as _, Memory, PhoneCalls as _, Work as _};
use crate::work::settle;

fn order() -> DialOrder {
    DialOrder {
        user: "u1".to_owned(),
        key: Some("k1".to_owned()),
        agent: "agent01".into(),
        number: "9000000001".into(),
        campaign: "support_out".into(),
        did: None,
        phone_name: None,
        audit: None,
    }
}

async fn desk(store: &Memory) -> (Sim, Desk) {
    let sim = Sim::start();
    sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
    let desk = Desk::new(sim.client(), Settings::default(), Arc::new(store.clone()));
    (sim, desk)
}

/// The number that is dialled has called, and no one has called back.
async fn was_missed(store: &Memory) {
    let record = MissedNumber::new(order().number, "c1", 1);
    store.save_missed(Versioned { version: 0, record }, 1, Vec::new()).await.unwrap();
}

/// Who has claimed it.
async fn claimed_by(store: &Memory) -> Option<String> {
    let found = store.missed_number(&number_key(&order().number)).await.unwrap().unwrap();
    found.record.claim.map(|(agent, _)| agent)
}

async fn state(store: &Memory) -> DialState {
    store.dial_of_key("u1", "k1").await.unwrap().unwrap().state
}

/// It is moved from the route's future into a task: what was 3.4 kB by value cost a tenth of the route.
#[tokio::test]
async fn the_future_of_a_dial_is_small() {
    let (_sim, desk) = desk(&Memory::new()).await;
    let size = size_of_val(&dial(&desk, order()));
    assert!(size <= 3_072, "{size} bytes");
}

/// Found by seed 23: the agent could not dial before the desk was started again.
#[tokio::test(start_paused = true)]
async fn an_outcome_that_could_not_be_stored_is_written_once_the_store_is_back() {
    let store = Memory::new();
    let (sim, desk) = desk(&store).await;
    store.stop_at(1, Stop::Before);
    let reply = dial(&desk, order()).await.unwrap();
    let DialReply::Answered { entry, .. } = reply else { panic!("{reply:?}") };
    store.restart();
    assert_eq!((entry.state, state(&store).await), (DialState::Accepted, DialState::Sending));
    tokio::time::sleep(2 * write_again::PAUSE).await;
    let row = store.dial_of_key("u1", "k1").await.unwrap().unwrap();
    assert_eq!((row.state, row.ucid), (DialState::Accepted, entry.ucid));
    assert_eq!(sim.effects("dial"), 1);
}

/// Found by seeds 81 and 136: its call was over before its outcome was known, and the agent could not dial for four
/// hours.
#[tokio::test(start_paused = true)]
async fn a_dial_whose_call_is_over_when_it_is_decided_keeps_its_agent_from_nothing() {
    for is_restarted in [false, true] {
        let (store, ucid) = (Memory::new(), "12345678901234567".parse().unwrap());
        let (_sim, desk) = desk(&store).await;
        let (entry, ..) = entry_of(&desk, order());
        store.begin_dial(entry.clone(), "desk", now_ms(&desk)).await.unwrap();
        let seen = DialEvidence::Seen { ucid: Some(ucid) };
        assert!(apply(&desk, &entry, &seen).await.unwrap());
        let ended = Fact::of_leg("agent01".into(), ucid, LegNews::Ended, now_ms(&desk));
        record_with(&desk, vec![ended], Together::default()).await.unwrap();
        let open = store.open_dial(&entry.agent).await.unwrap().unwrap();
        assert_eq!(open.state, DialState::Sending, "a second one may not go out");
        if is_restarted {
            assert!(apply(&desk, &open, &DialEvidence::Restarted).await.unwrap());
        } else {
            let (state, ucid) = (DialState::Accepted, Some(ucid));
            write(&desk, &DialEntry { state, ucid, ..entry.clone() }, &mut None).await.unwrap();
        }
        assert!(state(&store).await.happened());
        assert_eq!(store.open_dial(&entry.agent).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_call_that_was_seen_before_its_dial_is_answered_is_one_call() {
    let (store, ucid) = (Memory::new(), "12345678901234567".parse().unwrap());
    let (_sim, desk) = desk(&store).await;
    let (entry, ..) = entry_of(&desk, order());
    store.begin_dial(entry.clone(), "desk", now_ms(&desk)).await.unwrap();
    let rung = Fact::of_leg("agent01".into(), ucid, LegNews::Answered, now_ms(&desk));
    record_with(&desk, vec![rung.clone()], Together::default()).await.unwrap();
    let accepted = DialEntry { state: DialState::Accepted, ucid: Some(ucid), ..entry };
    write(&desk, &accepted, &mut None).await.unwrap();
    let calls = store.load_calls(&[ucid.to_string()]).await.unwrap();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((call.version, call.call.facts().len()), (2, 2));
    assert!(call.call.facts().contains(&rung));
    assert_eq!(state(&store).await, DialState::Accepted);
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_no_desk_has_decided_becomes_unknown_without_a_restart() {
    let store = Memory::new();
    let (sim, desk) = desk(&store).await;
    let stop = CancellationToken::new();
    let settling = tokio::spawn(settle::run(desk.clone(), stop.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (entry, ..) = entry_of(&desk, order());
    let entry = DialEntry { way: DialWay::Kookoo, ..entry };
    store.begin_dial(entry, "another desk", now_ms(&desk)).await.unwrap();
    tokio::time::sleep(Duration::from_mins(4)).await;
    assert_eq!(state(&store).await, DialState::Sending, "it may be on its way");
    sim.advance(Duration::from_mins(2)).await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(state(&store).await, DialState::Unknown);
    stop.cancel();
    settling.await.unwrap();
}

/// Writes are held up.
#[derive(Default)]
struct HoldsUp(tokio::sync::Notify);

#[async_trait]
impl Interference for HoldsUp {
    async fn before(&self, access: Access) -> Result<(), StoreError> {
        if access == Access::Write {
            self.0.notified().await;
            // The next one goes on.
            self.0.notify_one();
        }
        Ok(())
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_no_one_waits_for_any_more_rings_no_one() {
    for (waits, rung) in [(50, 1), (120, 0)] {
        let (memory, held) = (Memory::new(), Arc::new(HoldsUp::default()));
        let store = memory.by_way_of(Arc::clone(&held) as Arc<dyn Interference>, false);
        let (sim, desk) = desk(&store).await;
        let asking = tokio::spawn({
            let desk = desk.clone();
            async move { dial(&desk, order()).await }
        });
        tokio::task::yield_now().await;
        sim.advance(Duration::from_secs(waits)).await;
        if rung == 1 {
            held.0.notify_one();
        }
        let reply = asking.await.unwrap();
        held.0.notify_one();
        assert_eq!(reply.is_ok(), rung == 1, "{reply:?}");
        assert!(desk.tasks().finish(Duration::from_mins(1)).await);
        assert_eq!(sim.effects("dial"), rung, "after {waits} s");
        let row = memory.dial_of_key("u1", "k1").await.unwrap().unwrap();
        let wanted = if rung == 1 { DialState::Accepted } else { DialState::NotSent };
        assert_eq!((row.state, row.is_open), (wanted, rung == 1));
        let status = row.answer.map(|answer| answer.status);
        assert_eq!(status, Some(if rung == 1 { 200 } else { 409 }));
    }
}

/// The first write is kept and its answer lost; then nothing goes on for a while.
struct LosesAnswer {
    writes: std::sync::atomic::AtomicU32,
    fails_on: bool,
}

#[async_trait]
impl Interference for LosesAnswer {
    async fn before(&self, _: Access) -> Result<(), StoreError> {
        let writes = self.writes.load(std::sync::atomic::Ordering::Relaxed);
        if self.fails_on && (1..=4).contains(&writes) {
            self.writes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            return Err(StoreError::Unavailable("it is away".into()));
        }
        Ok(())
    }

    async fn after(&self, access: Access) -> Result<(), StoreError> {
        if access == Access::Write
            && self.writes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0
        {
            return Err(StoreError::Unknown);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_whose_row_was_kept_without_a_word_is_not_sent_and_blocks_no_one() {
    for fails_on in [false, true] {
        let memory = Memory::new();
        was_missed(&memory).await;
        let way = LosesAnswer { writes: 0.into(), fails_on };
        let (sim, desk) = desk(&memory.by_way_of(Arc::new(way), true)).await;
        let reply = dial(&desk, order()).await;
        if fails_on {
            assert_eq!(reply.unwrap_err().kind(), Kind::Unknown);
            assert_eq!(state(&memory).await, DialState::Sending);
            tokio::time::sleep(Duration::from_secs(30)).await;
        } else {
            let Ok(DialReply::Answered { entry, is_replay: false }) = reply else {
                panic!("{reply:?}")
            };
            assert_eq!(entry.answer.unwrap().status, 409);
        }
        assert_eq!((state(&memory).await, sim.effects("dial")), (DialState::NotSent, 0));
        assert_eq!(claimed_by(&memory).await, None, "no one was rung");
        let next = DialOrder { key: Some("k2".to_owned()), ..order() };
        let Ok(DialReply::Answered { entry, .. }) = dial(&desk, next).await else { panic!() };
        assert_eq!((entry.state, sim.effects("dial")), (DialState::Accepted, 1));
        assert_eq!(claimed_by(&memory).await.as_deref(), Some("agent01"));
    }
}

#[tokio::test]
async fn what_a_dial_claimed_is_given_back_when_it_turns_out_that_it_rang_no_one() {
    let decided = |happened| {
        let (by, reason) = ("u9".to_owned(), "heard so".to_owned());
        DialEvidence::Decided { happened, by, reason }
    };
    for (evidence, by_hand, left) in [
        (DialEvidence::NotInReport, false, None),
        (DialEvidence::Refused, false, None),
        (decided(false), false, None),
        (decided(true), false, Some("agent01")),
        (DialEvidence::NotInReport, true, Some("agent01")),
    ] {
        let store = Memory::new();
        was_missed(&store).await;
        let (_sim, desk) = desk(&store).await;
        let (entry, ..) = entry_of(&desk, order());
        store.begin_dial(entry.clone(), "desk", now_ms(&desk)).await.unwrap();
        assert!(apply(&desk, &entry, &DialEvidence::Restarted).await.unwrap());
        assert_eq!(claimed_by(&store).await.as_deref(), Some("agent01"), "it may have rung");
        if by_hand {
            let mut found = store.missed_number(&entry.number_key).await.unwrap().unwrap();
            found.record.claim("agent01", now_ms(&desk)).unwrap();
            store.save_missed(found, 2, Vec::new()).await.unwrap();
        }
        let row = store.dial(&entry.id).await.unwrap().unwrap();
        assert!(apply(&desk, &row, &evidence).await.unwrap());
        assert_eq!(claimed_by(&store).await.as_deref(), left, "{evidence:?} {by_hand}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dial_claimed_is_given_back_once_its_refusal_can_be_stored() {
    let store = Memory::new();
    was_missed(&store).await;
    let (_sim, desk) = desk(&store).await;
    // An agent who is not there is refused, and the store is away when it is to be noted.
    store.stop_at(1, Stop::Before);
    let unknown = DialOrder { agent: "agent99".into(), ..order() };
    let DialReply::Answered { entry, .. } = dial(&desk, unknown).await.unwrap() else { panic!() };
    assert!(entry.state.rang_no_one(), "{:?}", entry.state);
    store.restart();
    assert_eq!(claimed_by(&store).await.as_deref(), Some("agent99"));
    tokio::time::sleep(2 * write_again::PAUSE).await;
    assert_eq!((state(&store).await, claimed_by(&store).await), (entry.state, None));
}

/// The desk that died with the token's lease in its hands holds a dial up for longer than its caller waits.
#[tokio::test(start_paused = true)]
async fn a_dial_that_waits_for_a_token_longer_than_its_caller_for_it_rings_no_one() {
    for (held, rung) in [(20, 1), (100, 0)] {
        let store = Memory::new();
        let sim = Sim::start();
        sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
        let tokens = Arc::new(MemoryTokens::new(Arc::new(sim.clock())));
        std::mem::forget(tokens.lease(Duration::from_secs(held)).await.unwrap());
        let client = sim.client_builder().token_store(tokens).build().unwrap();
        let desk = Desk::new(client, Settings::default(), Arc::new(store.clone()));
        // Who has waited until the end is told that nothing was sent.
        let Ok(DialReply::Answered { entry, is_replay: false }) = dial(&desk, order()).await else {
            panic!("held for {held} s")
        };
        assert_eq!(entry.answer.map(|answer| answer.status == 200), Some(rung == 1));
        assert!(desk.tasks().finish(Duration::from_mins(3)).await);
        sim.advance(Duration::from_mins(3)).await;
        assert_eq!(sim.effects("dial"), rung, "held for {held} s");
        let row = store.dial_of_key("u1", "k1").await.unwrap().unwrap();
        let wanted = if rung == 1 { DialState::Accepted } else { DialState::NotSent };
        assert_eq!((row.state, row.is_open), (wanted, rung == 1));
        let reason = row.answer.map(|answer| answer.body.document()["reason"].clone());
        assert_eq!(reason.is_some_and(|reason| reason == "not_sent_in_time"), rung == 0);
    }
}
