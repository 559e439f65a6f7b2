//! Rows: formats, masks, ends.

use std::time::Duration;

use ozonetel_sim::world::Timestamp;
use ozonetel_sim::{Fault, FaultKind, Sim};
use serde_json::Value;

use crate::harness::{CDR, Desk, Stub, ended};

#[tokio::test(flavor = "multi_thread")]
async fn one_list_in_every_format() {
    let desk = Desk::start().await;
    let rows = desk.json(&["dispositions"]).await.done().rows();
    assert_eq!((rows.len(), &rows[2]), (7, &"Follow Up".into()));
    let lines = desk.run(&["--output", "jsonl", "dispositions"]).await.done().out;
    let read: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, rows);
    let csv = desk.run(&["dispositions", "--output=csv"]).await.done().out;
    assert_eq!(csv.lines().next(), Some("disposition"));
    assert_eq!(csv.lines().count(), 8);
    let table = desk.run(&["dispositions"]).await.done().out;
    assert_eq!(table, csv);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_hide_numbers_and_machines_see_them() {
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    let table = desk.run(&["cdr", "day"]).await.done().out;
    assert!(table.contains(&ucid) && table.contains("…01"), "{table}");
    assert!(!table.contains("9000000001"), "{table}");
    let shown = desk.run(&["cdr", "day", "--show-numbers"]).await.done().out;
    assert!(shown.contains("9000000001"), "{shown}");
    let missed = desk.json(&["missed"]).await.done().rows();
    assert!(missed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_output_has_every_key_and_whole_numbers() {
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    let row = desk.json(&["cdr", "day"]).await.done().rows().remove(0);
    assert_eq!(row["CallerID"], "9000000001");
    assert_eq!((&row["UCID"], &row["CallID"]), (&ucid.as_str().into(), &ucid.as_str().into()));
    assert!(row.as_object().unwrap().len() >= 47);
    let csv = desk.run(&["cdr", "day", "--output", "csv"]).await.done().out;
    assert!(csv.starts_with("CallID,UCID,CallDate,StartTime,"), "{csv}");
    let line = csv.lines().nth(1).unwrap();
    assert!(
        line.starts_with(&format!("{ucid},{ucid},")) && line.contains(",9000000001,"),
        "{line}"
    );
}

const BAD_ROW: &str = r#"{"status":"success","details":[
    {"UCID":90000000000000001,"CallerID":"9000000001"},
    {"UCID":"soon","TalkTime":{"a":1}},
    {"UCID":"90000000000000003","Rating":0,"New":"x"}],"totalCount":"3"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_goes_to_standard_error_and_the_rest_follow() {
    let stub = Stub::answering(BAD_ROW.to_owned()).await;
    let ran = stub.shell.json(&["cdr", "day"]).await;
    assert_eq!(ran.code, 8);
    let rows = ran.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["UCID"], &rows[1]["UCID"]),
        (&"90000000000000001".into(), &"90000000000000003".into())
    );
    assert_eq!((&rows[1]["New"], &rows[1]["TalkTime"]), (&"x".into(), &Value::Null));
    let error = ran.error();
    assert_eq!((&error["kind"], &error["call"]), (&"unreadable".into(), &"cdr.fetch_day".into()));
    assert!(error["message"].as_str().unwrap().contains("[1]"), "{error}");
    assert_eq!(ran.err.lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_still_closes_the_array() {
    let desk = Desk::with_agent().await;
    for number in ["9000000001", "9000000002", "9000000003"] {
        let dialed = desk.json(&["dial", number]).await.done().json();
        desk.sim.advance(Duration::from_secs(20)).await;
        let hangup = ozonetel_sim::world::PhoneAction::Hangup;
        let side = ozonetel_sim::world::LegSide::Customer;
        desk.sim.phone(dialed["ucid"].as_str().unwrap(), side, hangup).unwrap();
        desk.run(&["dispose", dialed["ucid"].as_str().unwrap(), "Follow Up"]).await.done();
        desk.sim.advance(Duration::from_secs(1)).await;
    }
    desk.sim.fault(Fault::new(FaultKind::Cut).on(CDR));
    let ran = desk.json(&["cdr", "day"]).await;
    assert_eq!(ran.code, 8, "{ran:?}");
    let rows = ran.rows();
    assert!(!rows.is_empty() && rows.len() < 3, "{rows:?}");
    assert_eq!(ran.error()["kind"], "unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_stops_says_where_to_resume() {
    let desk = Desk::start().await;
    let today = desk.sim.client().today();
    let (first, last) = (today.previous().to_string(), today.to_string());
    desk.sim.fault(Fault::new(FaultKind::Delay).on(CDR).delay(Duration::ZERO));
    desk.sim.fault(Fault::new(FaultKind::Html).on(CDR));
    let ran = desk.json(&["cdr", "range", &first, &last]).await;
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(ran.rows().is_empty());
    let resume = format!("; resume with: ozonetel cdr range {last} {last}");
    assert!(ran.error()["message"].as_str().unwrap().ends_with(&resume), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_walks_the_days_oldest_first() {
    let desk = Desk::start().await;
    let today = desk.sim.client().today();
    let (first, last) = (today.previous().to_string(), today.to_string());
    desk.json(&["cdr", "range", &first, &last]).await.done();
    let requests = desk.sim.requests();
    let days: Vec<_> = requests
        .iter()
        .filter(|entry| entry.path == CDR)
        .map(|entry| entry.body["fromDate"].as_str().unwrap().get(..10).unwrap().to_owned())
        .collect();
    assert_eq!(days, [first, last]);
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_the_accounts_day_by_the_clock_that_was_set() {
    // 20:00 in London on the first is half past one on the second in India.
    let now = Timestamp::from_unix_ms(1_767_297_600_000);
    let desk = Desk::of(Sim::builder().starting_at(now).build()).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-01T20:00:00Z");
    desk.json(&["cdr", "day"]).await.done();
    let last = desk.sim.requests().pop().unwrap();
    assert_eq!(last.body["fromDate"], "2026-01-02 00:00:00");
    assert_eq!(last.body["toDate"], "2026-01-02 23:59:59");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_had_enough_is_no_failure() {
    let row =
        r#"{"UCID":"90000000000000001","Comments":"0123456789012345678901234567890123456789"}"#;
    let body = format!(r#"{{"status":"success","details":[{}]}}"#, vec![row; 5000].join(","));
    let stub = Stub::answering(body).await;
    for format in ["json", "table", "csv"] {
        let mut child = stub.shell.spawn(&["cdr", "day", "--output", format]);
        drop(child.stdout.take());
        let ran = ended(child).await;
        assert!(matches!(ran.code, 0 | 5), "{ran:?}");
        if ran.code == 0 {
            assert_eq!(ran.err, "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tables_head_is_not_printed_before_an_error() {
    let desk = Desk::start().await;
    desk.sim.fault(Fault::new(FaultKind::Html).on(CDR));
    let ran = desk.run(&["cdr", "day"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (8, ""), "{ran:?}");
    let ran = desk.run(&["missed"]).await.done();
    assert!(ran.out.starts_with("callTime"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_that_a_spreadsheet_would_run_are_made_text_unless_asked_for() {
    let body = r#"{"status":"success","details":[{"UCID":"90000000000000001","Comments":"=1+1"}],
        "totalCount":"1"}"#;
    let stub = Stub::answering(body.to_owned()).await;
    let safe = stub.shell.run(&["cdr", "day", "--output", "csv"]).await.done().out;
    assert!(safe.contains(",'=1+1,"), "{safe}");
    let raw = stub.shell.run(&["cdr", "day", "--output", "csv", "--raw-csv"]).await.done().out;
    assert!(raw.contains(",=1+1,"), "{raw}");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_counted_back_from_today() {
    let desk = Desk::start().await;
    for (arguments, day) in [
        (&["cdr", "day", "yesterday"][..], "2026-01-01"),
        (&["cdr", "page", "-1d", "--size", "5"], "2026-01-01"),
        (&["summary", "--output", "json", "-2d"], "2025-12-31"),
        (&["cdr", "ucid", "90000000000000001", "--date", "-3d", "--wait", "1"], "2025-12-30"),
    ] {
        // Two reports a minute are all that go out; whether it got that far is not what is asked here.
        let before = desk.sim.requests().len();
        let ran = desk.run(arguments).await;
        let sent = desk.sim.requests()[before..]
            .iter()
            .any(|request| format!("{request:?}").contains(day));
        assert!(sent || ran.code == 5, "{arguments:?} {ran:?} {:?}", desk.sim.requests().last());
    }
    let ran = desk.run(&["missed", "--from", "-1d", "--to", "yesterday"]).await.done();
    assert!(ran.err.is_empty());
    let ran = desk.run(&["cdr", "day", "tomorrow"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("yesterday") && ran.err.contains("-3d"), "{ran:?}");
    // A flag that is misspelt is not taken for a day.
    let ran = desk.run(&["cdr", "page", "--sise", "3"]).await;
    assert!(ran.code == 2 && ran.err.contains("'--size'"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_none_is_no_success() {
    let rows = r#"{"UCID":"90000000000000001"},{"UCID":"90000000000000003"}"#;
    let page = format!(r#"{{"status":"success","details":[{rows}],"totalCount":"7"}}"#);
    let stub = Stub::answering(page).await;
    let ran = stub.shell.json(&["cdr", "page", "--size", "2"]).await;
    assert_eq!((ran.code, ran.rows().len(), ran.err.as_str()), (0, 2, "note: 2 of 7 rows\n"));
    let ran = stub.shell.json(&["cdr", "page", "--size", "1"]).await;
    assert_eq!((ran.code, ran.rows().len()), (8, 2));
    assert!(ran.err.contains("2 rows on a page of 1") && ran.err.contains("live check"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_calls_of_another_day_or_campaign_are_no_success() {
    let row = |id: u8, campaign: &str, at: &str| {
        format!(
            r#"{{"monitorUCID":"9000000000000000{id}","campaign":"{campaign}","callTime":"{at}"}}"#
        )
    };
    let rows = [
        row(1, "support", "2026-01-01 10:00:00"),
        row(2, "sales", "2026-01-01 11:00:00"),
        row(3, "support", "2026-01-02 09:00:00"),
        row(4, "support", ""),
    ];
    let answer = format!(r#"{{"status":"success","message":[{}]}}"#, rows.join(","));
    let stub = Stub::answering(answer).await;
    let yesterday = ["missed", "--from", "yesterday", "--to", "yesterday"];
    let ran = stub.shell.json(&[&yesterday[..], &["--campaign", "support"]].concat()).await;
    assert_eq!((ran.code, ran.rows().len()), (8, 4), "{ran:?}");
    assert!(ran.err.contains("2 of 4 rows are not of what was asked for"), "{ran:?}");
    let all = ["missed", "--from", "yesterday", "--to", "today"];
    assert_eq!(stub.shell.json(&all).await.done().rows().len(), 4);
}
