//! Whatever reports bring in whatever order: every kind of store holds what the SDK's own sink in memory holds, counts
//! what it counts, and finds what the double finds.

use ozonetel_sdk::cdr::CdrSync;
use ozonetel_sdk::cdr::sync::{MemorySink, StoredRow};
use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_store::{CallQuery, Direction, Order, Store, StoreError, StoreSink, StoredLeg};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rig::{Kind, Place, Reports, day};

const NUMBERS: [&str; 7] = [
    "9000000001",
    "+91 90000-00001",
    "9000000002",
    "anonymous",
    "",
    "99999999999999999999999999999999",
    "999999999999999999999999999999999",
];
const AGENTS: [&str; 5] = ["agent01", "Agent01", "agent02", "0042", "0"];
const STATUSES: [&str; 3] = ["Answered", "Unanswered", ""];
const DAYS: [&str; 3] = ["2026-11-19", "2026-11-20", ""];

fn row() -> impl Strategy<Value = Value> {
    let ids = (prop::option::weighted(0.8, 1..5u8), prop::option::weighted(0.9, 1..6u8));
    let texts = (0..NUMBERS.len(), 0..5usize, 0..3usize, 0..3usize);
    let rest = (0..4u8, any::<bool>(), any::<bool>(), 0..3u8);
    (ids, texts, rest).prop_map(|((call, ucid), (number, agent, status, date), (talk, inbound, ended, kind))| {
        let talk = match talk {
            0 => json!("a while"),
            n => json!(format!("00:00:0{n}")),
        };
        let event = ["AgentDial", "Agent Dials", "Queue"][usize::from(kind)];
        let rating = if ended { json!(0) } else { json!("") };
        json!({
            "CallID": call, "UCID": ucid, "CallDate": DAYS[date], "StartTime": format!("10:00:0{}", ucid.unwrap_or(0)),
            "CallerID": NUMBERS[number], "AgentID": AGENTS[agent], "Status": STATUSES[status], "TalkTime": talk,
            "Type": if inbound { "InBound" } else { "Manual" }, "HangupBy": if ended { "UserHangup" } else { "" },
            "Event": event, "Rating": rating,
        })
    })
}

fn query() -> impl Strategy<Value = CallQuery> {
    let option = |n: usize| prop::option::weighted(0.3, 0..n);
    (option(2), option(2), option(NUMBERS.len()), option(5), option(2), option(3), any::<bool>())
        .prop_map(|(from, to, number, agent, direction, outcome, newest)| CallQuery {
            from: from.map(|n| DAYS[n].parse().unwrap()),
            to: to.map(|n| DAYS[n].parse().unwrap()),
            agents: agent.map(|n| AGENTS[..n].iter().map(|id| (*id).into()).collect()),
            number: number.map(|n| NUMBERS[n].into()),
            direction: direction.map(|n| [Direction::Inbound, Direction::Outbound][n]),
            outcome: outcome.map(|n| {
                [CallOutcomeKind::Completed, CallOutcomeKind::InProgress, CallOutcomeKind::Unknown]
                    [n]
            }),
            campaign: None,
            order: if newest { Order::NewestFirst } else { Order::OldestFirst },
        })
}

/// A store and a sync into it.
struct Copy {
    place: Place,
    reports: Reports,
    sync: CdrSync<StoreSink>,
}

impl Copy {
    async fn new(kind: Kind, batch: usize) -> Self {
        let (place, reports) = (kind.place().await, Reports::new());
        let sync = reports.sync(place.store.sink(), batch);
        Self { place, reports, sync }
    }
}

async fn legs(store: &Store) -> Vec<StoredLeg> {
    let mut calls = store.stream(CallQuery::default());
    let mut legs = Vec::new();
    while let Some(call) = calls.try_next().await.unwrap() {
        legs.extend(call.legs);
    }
    legs.sort_by(|a, b| a.key.cmp(&b.key));
    legs
}

fn check(stored: &StoredRow, leg: &StoredLeg) {
    assert_eq!(stored.record, leg.record().unwrap());
    let unread = stored
        .unread
        .as_ref()
        .map(|unread| (unread.text.as_str().to_owned(), unread.path.to_string()));
    assert_eq!(
        unread,
        leg.unread.as_ref().map(|unread| (unread.text.to_string(), unread.path.to_string()))
    );
    let call = stored.call_id.map_or_else(|| leg.key.clone(), |call| call.to_string());
    assert_eq!((call, stored.day, stored.reading), (leg.call_key.clone(), leg.day, leg.reading));
}

async fn run(kind: Kind, readings: &[Vec<Value>], batch: usize, queries: &[CallQuery]) {
    let reports = Reports::new();
    let mut model = reports.sync(MemorySink::default(), batch);
    let mut double = Copy::new(Kind::Memory, batch).await;
    let mut copy = Copy::new(kind, batch).await;
    for rows in readings {
        let expected = reports.read(&mut model, rows).await.rows;
        assert_eq!(copy.reports.read(&mut copy.sync, rows).await.rows, expected);
        double.reports.read(&mut double.sync, rows).await;
    }
    let legs = legs(&copy.place.store).await;
    assert_eq!(legs.len(), model.sink().len());
    for leg in &legs {
        let stored = model.sink().rows().find(|(key, _)| key.to_string() == leg.key).unwrap().1;
        check(stored, leg);
    }
    let (store, double) = (&copy.place.store, &double.place.store);
    for query in queries {
        let text = |error: StoreError| error.to_string();
        let found = store.calls(query, None, 3).await.map_err(text);
        let is_number = query.number.as_ref().is_none_or(|number| {
            let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
            number.key().is_some() && digits <= 32
        });
        assert_eq!(found.is_ok(), is_number, "{query:?}");
        assert_eq!(found, double.calls(query, None, 3).await.map_err(text), "{query:?}");
    }
    assert_eq!(store.checkpoint().await.unwrap(), double.checkpoint().await.unwrap());
    let around = (day().previous(), day().next());
    assert_eq!(
        store.days(around.0, around.1).await.unwrap(),
        double.days(around.0, around.1).await.unwrap()
    );
}

fn cases(kind: Kind, cases: u32) {
    let config = ProptestConfig { cases, max_shrink_iters: 200, ..ProptestConfig::default() };
    let reports = prop::collection::vec(prop::collection::vec(row(), 0..8), 1..5);
    let all = (reports, 1..5usize, prop::collection::vec(query(), 1..6));
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&all, |(readings, batch, queries)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(kind, &readings, batch, &queries));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn the_double_holds_what_the_sink_in_memory_holds() {
    cases(Kind::Memory, 96);
}

#[test]
fn sqlite_holds_what_the_sink_in_memory_holds() {
    cases(Kind::Sqlite, 32);
}

#[test]
fn postgres_holds_what_the_sink_in_memory_holds() {
    cases(Kind::Postgres, 12);
}
