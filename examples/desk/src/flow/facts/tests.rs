//! What is stored of facts, and when.

use std::sync::Arc;

use ozonetel_sdk::types::Zone;
use ozonetel_sim::Sim;

use super::*;
use crate::core::fact::LegNews;
use crate::core::outbox::OutboxState;
use crate::desk::Settings;
use crate::flow::working::{note_missed, note_outcome};
use crate::store::{Memory, Outbox as _, PhoneCalls as _, Work as _};

#[tokio::test]
async fn a_call_that_has_changed_since_it_was_loaded_is_loaded_again() {
    let store = Memory::new();
    let desk = Desk::new(Sim::start().client(), Settings::default(), Arc::new(store.clone()));
    let ucid = "12345678901234567".parse().unwrap();
    let news = |news, at| vec![Fact::of_leg("agent01".into(), ucid, news, at)];
    record_with(&desk, news(LegNews::Answered, 1), Together::default()).await.unwrap();
    let ids = [ucid.to_string()];
    let loaded = Some(store.load_calls(&ids).await.unwrap());
    record_with(&desk, news(LegNews::DeviceLost, 2), Together::default()).await.unwrap();
    let together = Together { loaded, ..Together::default() };
    let judged = record_judged(&desk, news(LegNews::Ended, 3), together.clone()).await;
    assert_eq!(judged.err(), Some(StoreError::Conflict("call")));
    let recorded = record_with(&desk, news(LegNews::Ended, 3), together).await.unwrap();
    let [call] = &*store.load_calls(&ids).await.unwrap() else { panic!("one call") };
    assert_eq!((recorded.call.version, call.version, call.call.facts().len()), (3, 3, 3));
}

/// Seed 5467: a disposition that had not arrived was taken for sent, because the records had the same of a colleague.
#[tokio::test]
async fn what_the_service_has_of_a_colleague_ends_no_entry() {
    let (store, zone) = (Memory::new(), Zone::india());
    let desk = Desk::new(Sim::start().client(), Settings::default(), Arc::new(store.clone()));
    let row = |n: u64, agent: &str, said: &str| {
        let json = json!({"CallID": 31, "UCID": n, "Type": "InBound", "AgentID": agent,
            "Disposition": said, "Status": "Unanswered", "HangupBy": "AgentHangup"});
        Fact::of_row(serde_json::from_value(json).unwrap(), 5, &zone)
    };
    let callback = json!({"monitorUCID": 31, "AgentID": "agent02 -> agent01",
        "Status": "NotAnswered", "Disposition": "No Answer"});
    let callback = Fact::of_callback(serde_json::from_value(callback).unwrap(), 4, &zone);
    let entry = OutboxEntry {
        agent: "agent01".to_owned(),
        state: OutboxState::Already,
        ..OutboxEntry::waiting(
            "o1".to_owned(),
            (OutboxTarget::Service, "", "disposition"),
            json!({"disposition": "No Answer"}),
            1,
        )
    };
    let rung =
        |n: &str, agent: &str| Fact::of_leg(agent.into(), n.parse().unwrap(), LegNews::Lost, 1);
    let outbox = vec![OutboxWrite::Put(entry)];
    let together = Together { outbox, ..Together::default() };
    record_with(&desk, vec![rung("31", "agent01")], together).await.unwrap();
    let state = async || store.outbox_of("31").await.unwrap()[0].state;
    for (fact, want) in [
        (rung("31", "agent02"), OutboxState::Already),
        (callback, OutboxState::Already),
        (row(32, "agent02", "No Answer"), OutboxState::Already),
        (row(31, "agent01", ""), OutboxState::Already),
        (row(31, "agent01", "No Answer"), OutboxState::Sent),
    ] {
        let source = fact.source;
        record_with(&desk, vec![fact], Together::default()).await.unwrap();
        assert_eq!(state().await, want, "{source:?}");
    }
}

/// Of calls that were stored before a last word counted against what had been inferred.
#[tokio::test]
async fn a_call_that_is_stored_as_answered_and_was_not_is_stored_again() {
    let (store, zone) = (Memory::new(), Zone::india());
    let desk = Desk::new(Sim::start().client(), Settings::default(), Arc::new(store.clone()));
    let ucid = "90000000000000001".parse().unwrap();
    let began = 1_795_149_900_000;
    let leg = |news, at| Fact::of_leg("agent01".into(), ucid, news, began + at);
    let callback = json!({"monitorUCID": ucid, "Type": "Inbound", "Status": "NotAnswered",
        "AgentID": "agent01", "CallerID": "9000000001", "StartTime": "2026-11-20 10:15:00",
        "EndTime": "2026-11-20 10:15:12"});
    let callback =
        Fact::of_callback(serde_json::from_value(callback).unwrap(), began + 20_000, &zone);
    let facts = vec![leg(LegNews::Answered, 10_000), leg(LegNews::Ended, 12_000), callback.clone()];
    let recorded = record(&desk, facts).await.unwrap().remove(0);
    let StoredCall { id, version, mut state } = recorded.call;
    assert!(state.denied_ms.is_some());
    let old = Arc::make_mut(&mut state);
    old.answered_ms = old.denied_ms.take();
    let change =
        CallChange { id: id.clone(), version, state: Arc::clone(&state), ..CallChange::default() };
    let version = store.save_call(change).await.unwrap();
    note_missed(&desk, &"9000000001".into(), "c0", began - 60_000).await.unwrap();
    note_outcome(&desk, &StoredCall { id: id.clone(), version, state }).await.unwrap();
    assert!(store.open_missed(9).await.unwrap().is_empty());

    let again = record(&desk, vec![callback.clone()]).await.unwrap().remove(0);
    note_outcome(&desk, &again.call).await.unwrap();
    assert_eq!((again.is_news, again.call.version), (true, version + 1));
    assert!(!store.call(&id, &Scope::All).await.unwrap().unwrap().state.is_answered());
    assert_eq!(store.open_missed(9).await.unwrap()[0].record.calls.len(), 2);
    let once_more = record(&desk, vec![callback]).await.unwrap().remove(0);
    assert_eq!((once_more.is_news, once_more.call.version), (false, version + 1));
}
