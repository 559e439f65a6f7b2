//! What holds for every kind of store.

use ozonetel_sdk::cdr::sync::{Checkpoint, GapReason, Upserted};
use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::Day;
use ozonetel_store::{CallQuery, Cursor, Direction, Order, Store, StoreError};
use serde_json::{Value, json};

use crate::rig::{KINDS, NOON, Place, Reports, day, fill};

/// Runs a test on every kind.
macro_rules! on_every_kind {
    ($($(#[$meta:meta])* $name:ident;)+) => { $(
        $(#[$meta])*
        #[tokio::test]
        async fn $name() {
            for kind in KINDS {
                println!("{kind:?}");
                cases::$name(kind.place().await).await;
            }
        }
    )+ };
}

on_every_kind! {
    a_phone_call_is_stored_with_all_its_legs;
    what_is_stored_is_what_the_service_wrote_with_unknown_fields;
    new_changed_and_same_rows_are_told_apart;
    a_row_that_cannot_be_parsed_is_kept_beside_the_last_one_that_could;
    a_leg_that_moves_takes_its_call_with_it;
    every_filter_takes_what_it_says;
    a_number_is_found_in_every_spelling_and_what_is_none_is_an_error;
    what_no_index_can_hold_is_stored_whole;
    a_leg_without_a_date_moves_its_call_to_no_other_time;
    a_summary_without_a_day_is_of_the_only_one_that_was_asked_for;
    pages_of_any_size_hold_every_call_once_in_order;
    a_day_that_was_never_read_is_told_from_one_without_calls;
    gaps_and_checkpoint_outlive_the_sync;
    a_call_that_has_not_ended_is_neither_answered_nor_missed;
    summaries_replace_their_day_and_no_other;
    what_postgres_cannot_hold_does_not_stop_the_sync;
}

/// A row of an agent's leg, ended.
pub(crate) fn leg(call: u32, ucid: u32, start: &str) -> Value {
    json!({
        "CallID": call, "UCID": ucid, "CallDate": "2026-11-20", "StartTime": start, "EndTime": "23:00:00",
        "Event": "AgentDial", "HangupBy": "UserHangup", "Type": "InBound", "Status": "Answered",
        "TalkTime": "00:00:30", "HandlingTime": "00:00:40", "AgentID": "agent01", "CallerID": "09000000001",
        "CampaignName": "support_inbound",
    })
}

pub(crate) fn with(mut row: Value, fields: &[(&str, Value)]) -> Value {
    for (name, value) in fields {
        row[*name] = value.clone();
    }
    row
}

async fn keys(store: &Store, query: &CallQuery) -> Vec<String> {
    let page = store.calls(query, None, 100).await.unwrap();
    assert_eq!(page.next, None);
    page.calls.into_iter().map(|call| call.key).collect()
}

mod cases {
    use super::*;

    pub(super) async fn a_phone_call_is_stored_with_all_its_legs(place: Place) {
        let queue = with(
            leg(1, 11, "10:00:00"),
            &[("Event", json!("Queue")), ("Status", json!("Unanswered"))],
        );
        fill(&place.store, &[leg(1, 12, "10:00:20"), queue, leg(2, 21, "09:00:00")]).await;
        assert_eq!(keys(&place.store, &CallQuery::default()).await, ["1", "2"]);
        for id in ["1", "11", "12"] {
            let call = place.store.call(id).await.unwrap().unwrap();
            assert_eq!((call.key.as_str(), call.day), ("1", day()), "{id}");
            let legs: Vec<_> = call.legs.iter().map(|leg| leg.key.as_str()).collect();
            assert_eq!(legs, ["11", "12"]);
            // 10:00 in India.
            assert_eq!(call.started_at, 1_795_149_000_000);
        }
        assert_eq!(place.store.call("3").await.unwrap(), None);
    }

    pub(super) async fn what_is_stored_is_what_the_service_wrote_with_unknown_fields(place: Place) {
        let row = with(
            leg(1, 11, "10:00:00"),
            &[("New", json!({"a": [1, null]})), ("Comments", json!("‘naïve’ \u{1F4DE}"))],
        );
        fill(&place.store, std::slice::from_ref(&row)).await;
        let call = place.store.call("1").await.unwrap().unwrap();
        let expected: ozonetel_sdk::cdr::CallRecord = serde_json::from_value(row).unwrap();
        assert_eq!(call.records().unwrap(), std::slice::from_ref(&expected));
        assert!(expected.extra.get("New").is_some());
        assert!(!format!("{call:?}").contains("9000000001"), "{call:?}");
    }

    pub(super) async fn new_changed_and_same_rows_are_told_apart(place: Place) {
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 2);
        let rows = [leg(1, 11, "10:00:00"), leg(2, 21, "11:00:00"), leg(3, 31, "12:00:00")];
        let counts = |new, changed, same| Upserted { new, changed, same };
        assert_eq!(reports.read(&mut sync, &rows).await.rows, counts(3, 0, 0));
        assert_eq!(reports.read(&mut sync, &rows).await.rows, counts(0, 0, 3));
        // The other spelling of the same row, a change, and one that is new.
        let moved = with(rows[0].clone(), &[("Event", json!("Agent Dials")), ("Rating", json!(0))]);
        let changed = with(rows[1].clone(), &[("Disposition", json!("Follow Up"))]);
        let read = reports.read(&mut sync, &[moved, changed, leg(4, 41, "13:00:00")]).await;
        assert_eq!(read.rows, counts(1, 1, 1));
        let legs = place.store.call("3").await.unwrap().unwrap().legs;
        assert_eq!(legs[0].reading, 2, "nothing is deleted that a reading lacks");
        let moved = place.store.call("1").await.unwrap().unwrap();
        assert_eq!(moved.legs[0].reading, 3);
        assert_eq!(moved.records().unwrap()[0].event.as_deref(), Some("Agent Dials"));
    }

    pub(super) async fn a_row_that_cannot_be_parsed_is_kept_beside_the_last_one_that_could(
        place: Place,
    ) {
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 200);
        let good = leg(1, 11, "10:00:00");
        let bad = with(good.clone(), &[("TalkTime", json!("a while"))]);
        reports.read(&mut sync, std::slice::from_ref(&good)).await;
        let read = reports.read(&mut sync, &[bad.clone(), json!(["no", "row"])]).await;
        assert_eq!((read.unread, read.rows.changed, read.rows.new), (2, 1, 1));
        let call = place.store.call("1").await.unwrap().unwrap();
        assert_eq!(call.unread(), 1);
        let unread = call.legs[0].unread.clone().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&unread.text).unwrap(), bad);
        assert_eq!(&*unread.path, "TalkTime");
        assert_eq!(call.records().unwrap()[0].talk_time.unwrap().seconds(), 30);
        // What has no call is one of its own, on the day of its report.
        let all = place.store.calls(&CallQuery::default(), None, 10).await.unwrap().calls;
        let lone = all.iter().find(|call| call.key != "1").unwrap();
        assert!(lone.key.starts_with("row-2026-11-20-"), "{lone:?}");
        assert_eq!((lone.day, lone.unread(), lone.records().unwrap().len()), (day(), 1, 0));
        // It can be parsed again.
        reports.read(&mut sync, &[good]).await;
        assert_eq!(place.store.call("1").await.unwrap().unwrap().unread(), 0);
    }

    pub(super) async fn a_leg_that_moves_takes_its_call_with_it(place: Place) {
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 200);
        reports.read(&mut sync, &[leg(1, 11, "10:00:00"), leg(2, 21, "11:00:00")]).await;
        reports.read(&mut sync, &[leg(2, 11, "10:00:00")]).await;
        assert_eq!(keys(&place.store, &CallQuery::default()).await, ["2"]);
        assert_eq!(place.store.call("2").await.unwrap().unwrap().legs.len(), 2);
        // A row that comes without its call stays where it was.
        reports.read(&mut sync, &[with(leg(2, 11, "10:00:00"), &[("CallID", Value::Null)])]).await;
        assert_eq!(keys(&place.store, &CallQuery::default()).await, ["2"]);
    }

    pub(super) async fn every_filter_takes_what_it_says(place: Place) {
        let missed = [
            ("Status", json!("Unanswered")),
            ("AgentDialStatus", json!("not_answered")),
            ("AgentID", json!("Agent02")),
        ];
        fill(
            &place.store,
            &[
                with(leg(1, 11, "10:00:00"), &missed),
                with(leg(1, 12, "10:00:20"), &[]),
                with(
                    leg(2, 21, "11:00:00"),
                    &[
                        ("Type", json!("Manual")),
                        ("CallerID", json!("+91 90000 00002")),
                        ("CampaignName", json!("support_out")),
                    ],
                ),
                with(
                    leg(3, 31, "09:00:00"),
                    &[("CallDate", json!("2026-11-19")), ("AgentID", json!("0042"))],
                ),
                with(leg(4, 41, "09:00:00"), &missed),
            ],
        )
        .await;
        let all = CallQuery::default;
        let day = |text: &str| Some(text.parse::<Day>().unwrap());
        for (query, expected) in [
            (all(), vec!["2", "1", "4", "3"]),
            (CallQuery { order: Order::OldestFirst, ..all() }, vec!["3", "4", "1", "2"]),
            (CallQuery { from: day("2026-11-20"), ..all() }, vec!["2", "1", "4"]),
            (CallQuery { to: day("2026-11-19"), ..all() }, vec!["3"]),
            (CallQuery::days(day("2026-11-19").unwrap(), day("2026-11-19").unwrap()), vec!["3"]),
            (CallQuery { agents: Some(vec!["agent02".into()]), ..all() }, vec!["1", "4"]),
            (CallQuery { agents: Some(vec!["42".into()]), ..all() }, vec!["3"]),
            (CallQuery { agents: Some(vec!["0".into()]), ..all() }, vec![]),
            (CallQuery { agents: Some(vec![]), ..all() }, vec![]),
            (
                CallQuery { agents: Some(vec!["AGENT02".into(), "42".into()]), ..all() },
                vec!["1", "4", "3"],
            ),
            (CallQuery { direction: Some(Direction::Outbound), ..all() }, vec!["2"]),
            (CallQuery { direction: Some(Direction::Inbound), ..all() }, vec!["1", "4", "3"]),
            (CallQuery { outcome: Some(CallOutcomeKind::AgentMissed), ..all() }, vec!["4"]),
            (CallQuery { outcome: Some(CallOutcomeKind::Completed), ..all() }, vec!["2", "1", "3"]),
            (CallQuery { number: Some("00919000000002".into()), ..all() }, vec!["2"]),
            (CallQuery { campaign: Some("support_out".into()), ..all() }, vec!["2"]),
            (
                CallQuery {
                    agents: Some(vec!["agent01".into()]),
                    direction: Some(Direction::Inbound),
                    ..all()
                },
                vec!["1"],
            ),
        ] {
            assert_eq!(keys(&place.store, &query).await, expected, "{query:?}");
        }
    }

    pub(super) async fn a_number_is_found_in_every_spelling_and_what_is_none_is_an_error(
        place: Place,
    ) {
        let marked =
            with(leg(2, 21, "11:00:00"), &[("CallerID", json!("+91\u{a0}90000\u{a0}00001"))]);
        let other = with(leg(3, 31, "12:00:00"), &[("CallerID", json!("anonymous"))]);
        fill(&place.store, &[leg(1, 11, "10:00:00"), marked, other]).await;
        let of = |number: &str| CallQuery { number: Some(number.into()), ..CallQuery::default() };
        for number in [
            "9000000001",
            "\u{202a}+91 90000 00001\u{202c}",
            "\t9000000001",
            "9000000001\n",
            "\u{a0}9000000001",
            "90000\u{2011}00001",
            "9000000001.0",
        ] {
            assert_eq!(keys(&place.store, &of(number)).await, ["2", "1"], "{number:?}");
        }
        assert_eq!(keys(&place.store, &of("9000000002")).await, Vec::<String>::new());
        for number in ["anonymous", "", "9000000001/9000000002", "9".repeat(33).as_str()] {
            let error = place.store.calls(&of(number), None, 10).await.unwrap_err();
            assert!(matches!(&error, StoreError::Input(invalid) if invalid.field() == "number"));
            assert_eq!(error.to_string(), "number is not a telephone number");
            assert!(place.store.stream(of(number)).try_next().await.is_err(), "{number:?}");
        }
    }

    pub(super) async fn what_no_index_can_hold_is_stored_whole(place: Place) {
        // Random, so that it is as long when it is compressed.
        let mut seed = 7_u64;
        let mut next = |of: u8| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u8::try_from((seed >> 33) % u64::from(of)).unwrap()
        };
        let digits: String = (0..9000).map(|_| char::from(b'0' + next(10))).collect();
        let letters: String = (0..9000).map(|_| char::from(b'a' + next(26))).collect();
        let row = with(
            leg(1, 11, "10:00:00"),
            &[("CallerID", json!(digits)), ("AgentID", json!(letters))],
        );
        fill(&place.store, &[row, leg(2, 21, "11:00:00")]).await;
        assert_eq!(place.store.checkpoint().await.unwrap().map(|_| ()), Some(()));
        let call = place.store.call("1").await.unwrap().unwrap();
        let record = call.records().unwrap().remove(0);
        assert_eq!(record.caller_id.unwrap().as_str(), digits);
        assert_eq!(record.agent_id.unwrap().as_str(), letters);
        let of =
            |agent: &str| CallQuery { agents: Some(vec![agent.into()]), ..CallQuery::default() };
        assert_eq!(keys(&place.store, &of(&letters.to_uppercase())).await, ["1"]);
        assert_eq!(keys(&place.store, &of(&letters[..255])).await, Vec::<String>::new());
    }

    pub(super) async fn a_leg_without_a_date_moves_its_call_to_no_other_time(place: Place) {
        let dated = |ucid, start: &str| leg(1, ucid, start);
        let undated =
            |ucid, start: &str| with(leg(1, ucid, start), &[("CallDate", json!("0000-00-00"))]);
        let calls = [
            [dated(11, "10:00:00"), undated(12, "10:00:20")],
            [dated(11, "10:00:00"), undated(12, "09:59:59")],
            [undated(11, "10:00:20"), dated(12, "10:00:00")],
            [
                dated(11, "10:00:00"),
                with(dated(12, "10:00:20"), &[("StartTime", json!("24:61:00"))]),
            ],
        ];
        let mut rows = Vec::new();
        for (call, legs) in (1..).zip(calls) {
            for (at, leg) in (0..).zip(legs) {
                rows.push(with(leg, &[("CallID", json!(call)), ("UCID", json!(call * 10 + at))]));
            }
        }
        fill(&place.store, &rows).await;
        for call in 1..=4 {
            let stored = place.store.call(&call.to_string()).await.unwrap().unwrap();
            assert_eq!((stored.day, stored.legs.len()), (day(), 2), "{call}");
            // 10:00 in India.
            assert_eq!(stored.started_at, 1_795_149_000_000, "{call}");
        }
    }

    pub(super) async fn a_summary_without_a_day_is_of_the_only_one_that_was_asked_for(
        place: Place,
    ) {
        let row = |day: Value| {
            let row = json!({"AgentUniqueID": "agent01", "CallDate": day});
            serde_json::from_value::<ozonetel_sdk::summary::AgentSummary>(row).unwrap()
        };
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOON);
        let (first, second) = (day(), day().next());
        let store = &place.store;
        store.save_summary(first, first, vec![row(Value::Null)], at).await.unwrap();
        assert_eq!(store.summary(first, first).await.unwrap()[&first].len(), 1);
        let rows = vec![row(json!("2026-11-20")), row(json!("0000-00-00"))];
        let error = store.save_summary(first, second, rows, at).await.unwrap_err();
        assert!(matches!(&error, StoreError::Input(invalid) if invalid.field() == "CallDate"));
        let found = store.summary(first, second).await.unwrap();
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [first], "nothing was stored");
    }

    pub(super) async fn pages_of_any_size_hold_every_call_once_in_order(place: Place) {
        // Many that began in the same second, and some without any time.
        let mut rows: Vec<Value> =
            (0..9).map(|n| leg(n, n + 100, ["10:00:00", "10:00:01"][n as usize % 2])).collect();
        rows.extend((20..23).map(|n| json!({"CallID": n, "UCID": n + 100})));
        fill(&place.store, &rows).await;
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let query = CallQuery { order, ..CallQuery::default() };
            let whole = keys(&place.store, &query).await;
            assert_eq!(whole.len(), 12);
            for size in 1..=13 {
                let (mut found, mut after) = (Vec::new(), None::<Cursor>);
                loop {
                    let page = place.store.calls(&query, after.as_ref(), size).await.unwrap();
                    assert!(page.calls.len() <= size);
                    found.extend(page.calls.into_iter().map(|call| call.key));
                    // Through its text, as a program hands it out.
                    let Some(next) = page.next else { break };
                    after = Some(next.to_string().parse().unwrap());
                }
                assert_eq!(found, whole, "{size}");
            }
            let mut streamed = Vec::new();
            let mut calls = place.store.stream(query);
            while let Some(call) = calls.try_next().await.unwrap() {
                streamed.push(call.key);
            }
            assert_eq!(streamed, whole);
        }
    }

    pub(super) async fn a_day_that_was_never_read_is_told_from_one_without_calls(place: Place) {
        let (before, after) = (day().previous(), day().next());
        assert_eq!(place.store.days(before, after).await.unwrap(), []);
        fill(&place.store, &[]).await;
        let days = place.store.days(before, after).await.unwrap();
        assert_eq!(days.len(), 1);
        let read = days[0].read.unwrap();
        assert_eq!((days[0].day, read.rows, read.reading), (day(), 0, 1));
        assert_eq!((read.at, days[0].trouble.clone()), (NOON + 70, None));
    }

    pub(super) async fn gaps_and_checkpoint_outlive_the_sync(place: Place) {
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 200);
        reports.read(&mut sync, &[leg(1, 11, "10:00:00")]).await;
        let saved = sync.checkpoint().unwrap().clone();
        assert_eq!(place.store.checkpoint().await.unwrap(), Some(saved));
        drop(sync);
        // Three weeks without a request.
        reports.advance(std::time::Duration::from_hours(21 * 24));
        let mut sync = reports.sync(place.store.sink(), 200);
        reports.answer(&[]);
        let told = sync.poll().await.unwrap().gaps;
        let gaps = place.store.gaps().await.unwrap();
        assert_eq!(gaps, told);
        let reasons: Vec<GapReason> = gaps.iter().map(|gap| gap.reason).collect();
        assert_eq!(reasons, [GapReason::ReadInPart, GapReason::NeverRead]);
        assert_eq!(gaps[0].from.day(), day());
        // What the store shows of a day outlives the checkpoint's interest in it.
        let days = place.store.days(day(), day()).await.unwrap();
        assert_eq!(days[0].read.map(|read| read.rows), Some(1));
        let trouble = place.store.checkpoint().await.unwrap();
        assert_eq!(trouble.map(|saved: Checkpoint| saved.gaps().len()), Some(2));
    }

    pub(super) async fn a_call_that_has_not_ended_is_neither_answered_nor_missed(place: Place) {
        let running = [("HangupBy", json!("")), ("HandlingTime", Value::Null)];
        fill(&place.store, &[with(leg(1, 11, "10:00:00"), &running), leg(2, 21, "10:00:00")]).await;
        let in_progress =
            CallQuery { outcome: Some(CallOutcomeKind::InProgress), ..CallQuery::default() };
        assert_eq!(keys(&place.store, &in_progress).await, ["1"]);
        let call = place.store.call("1").await.unwrap().unwrap();
        let records = call.records().unwrap();
        assert_eq!(ozonetel_store::CallLegs::new(&records).is_answered(), None);
    }

    pub(super) async fn summaries_replace_their_day_and_no_other(place: Place) {
        let row = |day: &str, busy: &str| {
            let row = json!({"AgentUniqueID": "agent01", "CallDate": day, "ModeType": "Blended", "TotalBusyTime": busy, "New": 1});
            serde_json::from_value::<ozonetel_sdk::summary::AgentSummary>(row).unwrap()
        };
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOON);
        let (first, second, third) = (day(), day().next(), day().next().next());
        let store = &place.store;
        assert!(store.summary(first, third).await.unwrap().is_empty());
        let rows = vec![
            row("2026-11-20", "00:10:00"),
            row("2026-11-21", "00:20:00"),
            row("2026-11-20", "00:00:01"),
        ];
        store.save_summary(first, second, rows, at).await.unwrap();
        let found = store.summary(first, third).await.unwrap();
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [first, second]);
        assert_eq!(found[&first], [row("2026-11-20", "00:10:00"), row("2026-11-20", "00:00:01")]);
        // A day that was asked for and had no agents is one of them; a row of another day touches nothing.
        store.save_summary(first, first, vec![row("2026-11-21", "09:00:00")], at).await.unwrap();
        let found = store.summary(first, third).await.unwrap();
        assert_eq!((found[&first].len(), found[&second].len()), (0, 1));
        assert_eq!(found[&second][0].total_busy_time.unwrap().seconds(), 1200);
    }

    pub(super) async fn what_postgres_cannot_hold_does_not_stop_the_sync(place: Place) {
        let row = with(
            leg(1, 11, "10:00:00"),
            &[("Disposition", json!("a\u{0}b")), ("AgentID", json!("agent\u{0}01"))],
        );
        let bad = with(leg(2, 21, "10:00:00"), &[("TalkTime", json!("\u{0}"))]);
        fill(&place.store, &[row.clone(), bad]).await;
        let call = place.store.call("1").await.unwrap().unwrap();
        assert_eq!(call.records().unwrap()[0].disposition.as_ref().unwrap().as_str(), "a\u{0}b");
        assert_eq!(place.store.call("2").await.unwrap().unwrap().unread(), 1);
    }
}
