//! What the call records say of a dial, and when they say it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ozonetel_sim::Sim;
use ozonetel_sim::world::Timestamp;
use ozonetel_store::Store;

use super::*;
use crate::desk::Settings;
use crate::flow::facts::{Together, record_with};
use crate::flow::ledger::dialed;
use crate::records::Records;
use crate::store::Memory;
use crate::store::memory::{Access, Interference};

/// The call records are read before the first use of the store after this is armed.
#[derive(Default)]
struct ReadsMeanwhile(Mutex<Option<Desk>>);

#[async_trait]
impl Interference for ReadsMeanwhile {
    async fn before(&self, _: Access) -> Result<(), StoreError> {
        let desk = self.0.lock().unwrap().take();
        if let Some(desk) = desk {
            desk.records().step().await.unwrap();
        }
        Ok(())
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

fn row(desk: &Desk, id: &str) -> DialEntry {
    let at = now_ms(desk);
    DialEntry {
        id: id.to_owned(),
        user: "u1".to_owned(),
        key: id.to_owned(),
        is_explicit: true,
        body_hash: String::new(),
        agent: "agent01".into(),
        number: "9000000001".into(),
        number_key: "9000000001".to_owned(),
        campaign: Some("support_out".into()),
        did: None,
        phone_name: None,
        way: DialWay::Socket,
        state: DialState::Unknown,
        reference: desk.reference(),
        ucid: None,
        answer: None,
        asked_ms: at,
        decided_ms: Some(at),
        settled_by: None,
        reason: None,
        is_open: true,
    }
}

async fn at(time: &str) -> (Sim, Desk, Arc<ReadsMeanwhile>) {
    let sim = Sim::builder().starting_at(Timestamp::parse(time).unwrap()).build();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let meanwhile = Arc::new(ReadsMeanwhile::default());
    let store = Memory::new().by_way_of(Arc::clone(&meanwhile) as Arc<dyn Interference>, false);
    let records = Store::in_memory(client.zone().clone());
    let records = Records::with(client.clone(), records, Records::settings().back_fill(0));
    let desk = Desk::with_records(client, Settings::default(), Arc::new(store), records);
    (sim, desk, meanwhile)
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_stored_while_the_calls_are_looked_at_is_not_missed() {
    let (sim, desk, meanwhile) = at("2026-11-21T12:00:00+05:30").await;
    let client = sim.client();
    let call = async || {
        let ucid =
            client.dial().agent("agent01", "support_out", "9000000001").await.unwrap().ucid();
        sim.advance(Duration::from_mins(30)).await;
        sim.change(|world| {
            world.disconnect(ucid.as_str());
            world.release_agent("agent01");
        });
        sim.advance(Duration::from_mins(1)).await;
        ucid
    };
    let (asked, other) = (row(&desk, "asked"), row(&desk, "other"));
    let first = call().await;
    record_with(&desk, vec![dialed(&other, first, now_ms(&desk))], Together::default())
        .await
        .unwrap();
    desk.records().step().await.unwrap();
    let second = call().await;
    let row = DialEntry { decided_ms: Some(now_ms(&desk)), ..asked };
    sim.advance(Duration::from_mins(6)).await;
    *meanwhile.0.lock().unwrap() = Some(desk.clone());
    let found = by_records(&desk, &row).await.unwrap();
    assert!(meanwhile.0.lock().unwrap().is_none(), "the other call was not looked at");
    assert!(found.is_none(), "{found:?}");
    let found = by_records(&desk, &row).await.unwrap();
    assert!(
        matches!(found, Some(DialEvidence::Seen { ucid }) if ucid == Some(second)),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_day_that_was_never_read_says_nothing() {
    let (sim, desk, _) = at("2026-11-21T23:58:00+05:30").await;
    let asked = row(&desk, "asked");
    sim.advance(Duration::from_mins(4)).await;
    let row = DialEntry { decided_ms: Some(now_ms(&desk)), ..asked };
    sim.advance(Duration::from_mins(6)).await;
    desk.records().step().await.unwrap();
    let today = desk.client().today();
    let days = desk.records().store().days(today.previous(), today).await.unwrap();
    assert_eq!(days.iter().filter(|day| day.read.is_some()).count(), 1, "{days:?}");
    let found = by_records(&desk, &row).await.unwrap();
    assert!(found.is_none(), "{found:?}");
    // A clock that is behind has filed what was dialled right after midnight under the day before.
    let midnight = row.decided_ms.unwrap() - 120_000;
    for (second, proves) in [(59, false), (60, true)] {
        let asked_ms = midnight + second * 1_000;
        let of_today = DialEntry { asked_ms, decided_ms: Some(asked_ms), ..row.clone() };
        let found = by_records(&desk, &of_today).await.unwrap();
        assert_eq!(matches!(found, Some(DialEvidence::NotInReport)), proves, "{found:?}");
    }
}

/// A dial whose row came without its reference was settled as one that did not happen, and its number was free.
#[tokio::test(start_paused = true)]
async fn that_a_report_has_no_reference_settles_nothing() {
    let (sim, desk, _) = at("2026-11-21T12:00:00+05:30").await;
    let client = sim.client();
    let asked = DialEntry { way: DialWay::Agent, ..row(&desk, "asked") };
    let dial = client.dial().agent("agent01", "support_out", "9000000001");
    let ucid = dial.await.unwrap().ucid();
    sim.advance(Duration::from_mins(30)).await;
    sim.change(|world| {
        world.disconnect(ucid.as_str());
        world.release_agent("agent01");
    });
    sim.advance(Duration::from_mins(1)).await;
    let found = by_reference(&desk, &asked).await;
    assert!(found.is_none(), "{found:?}");
    let second = DialEntry { way: DialWay::Agent, ..row(&desk, "second") };
    let dial = client.dial().agent("agent01", "support_out", "9000000001");
    let ucid = dial.uui(second.reference.as_str()).await.unwrap().ucid();
    sim.advance(Duration::from_mins(1)).await;
    sim.change(|world| world.disconnect(ucid.as_str()));
    sim.advance(Duration::from_mins(1)).await;
    let found = by_reference(&desk, &second).await;
    let is_its = matches!(found, Some(DialEvidence::Seen { ucid: found }) if found == Some(ucid));
    assert!(is_its, "{found:?}");
}

/// A leg without the reference, or with a part of it, was taken for none of the dial.
#[tokio::test(start_paused = true)]
async fn a_leg_at_its_time_whose_reference_is_missing_or_cut_may_be_the_dials() {
    let (sim, desk, _) = at("2026-11-21T12:00:00+05:30").await;
    let asked = DialEntry { way: DialWay::Agent, ..row(&desk, "asked") };
    for (carried, may_be) in [("", true), ("cut", true), ("padded", true), ("another", false)] {
        let uui = match carried {
            "cut" => asked.reference[..asked.reference.len() - 3].to_owned(),
            "padded" => format!("{}AAA", asked.reference),
            other => other.to_owned(),
        };
        let leg = |minute: u32| {
            let row = serde_json::json!({
                "UCID": "71", "AgentID": "agent01", "UUI": uui, "CallDate": "2026-11-21",
                "StartTime": format!("12:{minute:02}:01"),
            });
            serde_json::from_value::<CallRecord>(row).unwrap()
        };
        let says = by_its_reference(&desk, &asked, &leg(0)).await.unwrap();
        assert_eq!(matches!(says, LegSays::MayBe), may_be, "{carried}");
        let says = by_its_reference(&desk, &asked, &leg(30)).await.unwrap();
        assert!(matches!(says, LegSays::IsNot), "{carried}: at another time");
    }
    drop(sim);
}

/// Its calls are not found by what stands in place of its number: it was settled as one that did not happen.
#[tokio::test(start_paused = true)]
async fn a_dial_whose_number_was_forgotten_is_not_settled_by_the_records() {
    let (sim, desk, _) = at("2026-11-21T12:00:00+05:30").await;
    let client = sim.client();
    client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let asked = row(&desk, "asked");
    sim.advance(Duration::from_mins(10)).await;
    desk.records().step().await.unwrap();
    let found = by_records(&desk, &asked).await.unwrap();
    assert!(found.is_none_or(|found| matches!(found, DialEvidence::Seen { .. })), "it may be its");
    let forgotten = DialEntry { number: FORGOTTEN.into(), number_key: FORGOTTEN.into(), ..asked };
    let found = by_records(&desk, &forgotten).await.unwrap();
    assert!(found.is_none(), "{found:?}");
}
