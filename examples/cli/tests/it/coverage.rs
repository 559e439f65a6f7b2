//! `cdr sync`, `export`, `stats`: what is said of days that were not read, or not whole.

use std::time::Duration;

use ozonetel_sim::{Fault, FaultKind};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::days::{DayServer, ROWS};
use crate::exporting::{later, out};
use crate::harness::{CDR, Desk, Ran, Shell, Stub};
use crate::signals::signal;

/// One o'clock at night in India, before the service has all of the day before, and five, when it has.
const NIGHT: &str = "2026-01-02T19:30:00Z";
const MORNING: &str = "2026-01-02T23:30:00Z";

fn place(shell: &Shell) -> String {
    out(shell, "calls.db").display().to_string()
}

fn requests(desk: &Desk) -> usize {
    desk.sim.requests().iter().filter(|entry| entry.path == CDR).count()
}

/// Fails the next request for call records.
fn fail(desk: &Desk) {
    desk.sim.fault(Fault::new(FaultKind::Html).on(CDR));
}

fn said(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    for part in parts {
        assert!(ran.err.contains(part), "{part}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_today_does_not_keep_a_sync_from_the_days_before() {
    let desk = Desk::start().await;
    let place = place(&desk.shell);
    let store = ["--store", &place];
    let export = ["cdr", "export", "--sync", "--from", "today"];
    desk.run(&[&export[..], &store].concat()).await.noting_today();
    let before = ["cdr", "export", "--from", "yesterday"];
    let ran = desk.run(&[&before[..], &store].concat()).await;
    said(&ran, 2, &["2026-01-01 was never read: ozonetel cdr sync reads", "none of these days"]);
    let sync = ["cdr", "sync", "--back-fill", "1"];
    let report = desk.json(&[&sync[..], &store].concat()).await.done().json();
    let days = ["days_read", "days_never_read", "days_failed"].map(|name| &report[name]);
    assert_eq!(days, [&json!(1), &json!(0), &json!(0)]);
    desk.run(&[&before[..], &store].concat()).await.done();
    // What is older than all that the service has is not promised.
    let old = ["cdr", "export", "--from", "-16d"];
    let ran = desk.run(&[&old[..], &store].concat()).await;
    said(&ran, 2, &["2025-12-17 was never read: too old for the service, which keeps 15 days"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_cannot_be_read_yet_is_waited_for() {
    let server = DayServer::start().await;
    let shell = server.shell().set("OZONETEL_NOW", NIGHT);
    let export = ["cdr", "export", "--sync", "--store", &place(&shell)];
    let opens = "the service has all of the last from 2026-01-03 04:00:00 on";
    said(&shell.run(&export).await, 6, &["none of these days", opens]);
    assert_eq!(server.asked(), ["2026-01-03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_was_read_in_part_is_not_taken_for_whole() {
    let server = DayServer::start().await;
    let shell = server.shell().set("OZONETEL_NOW", "2026-01-01T19:30:00Z");
    let place = place(&shell);
    let export = ["cdr", "export", "--sync", "--store", &place, "--format", "jsonl"];
    shell.run(&["cdr", "sync", "--store", &place, "--back-fill", "0"]).await.done();
    // The night after, what there is of the day was read at one.
    let shell = shell.set("OZONETEL_NOW", NIGHT);
    let part = ["2026-01-02 was read in part, at 2026-01-02 01:00:", "from 2026-01-03 04:00:00 on"];
    let ran = shell.run(&export).await;
    said(&ran, 8, &part);
    assert_eq!(ran.out.lines().count(), usize::try_from(ROWS).unwrap());
    let page = out(&shell, "stats.html");
    let stats = ["cdr", "stats", "--store", &place, "--html", page.to_str().unwrap()];
    let ran = shell.json(&stats).await;
    said(&ran, 8, &part);
    assert_eq!(ran.json()["days_in_part"], json!(["2026-01-02"]));
    assert!(std::fs::read_to_string(&page).unwrap().contains("last read too early: 2026-01-02."));
    // In the morning it is read again, and there is nothing to say.
    let shell = shell.set("OZONETEL_NOW", MORNING);
    let ran = shell.run(&["cdr", "export", "--store", &place]).await;
    said(&ran, 8, &["2026-01-02 was read in part", "it can be read whole now"]);
    shell.run(&export).await.done();
    shell.run(&["cdr", "stats", "--store", &place]).await.done();
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|day| *day == "2026-01-02").count(), 2, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_put_off_after_a_failure_is_no_success() {
    let desk = Desk::start().await;
    let place = place(&desk.shell);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "1"];
    fail(&desk);
    fail(&desk);
    let ran = desk.run(&sync).await;
    said(&ran, 8, &["2026-01-01: ", "could not be read either: 2026-01-02"]);
    let asked = requests(&desk);
    let ran = desk.json(&sync).await;
    assert_eq!((ran.code, &ran.json()["days_failed"]), (6, &json!(2)), "{ran:?}");
    let error = ran.error();
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("2026-01-01: could not be read at 2026-01-02 12:0"), "{message}");
    assert!(message.contains("(unreadable), and is not asked for again before"), "{message}");
    assert!(error["ready_in_s"].as_u64().is_some_and(|seconds| seconds <= 31), "{error}");
    let export = ["cdr", "export", "--sync", "--from", "yesterday", "--store", &place];
    said(&desk.run(&export).await, 6, &["resume with: the same command"]);
    assert_eq!(requests(&desk), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_failed_before_midnight_waits_for_the_end_of_its_night_as_others_do() {
    let noon = ozonetel_sim::world::Timestamp::parse("2026-01-02T12:00:00+05:30").unwrap();
    let desk = Desk::of(ozonetel_sim::Sim::builder().starting_at(noon).build()).await;
    desk.sim.advance(Duration::from_hours(13)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T18:28:00Z");
    let place = place(&desk.shell);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "0"];
    fail(&desk);
    said(&desk.run(&sync).await, 8, &["2026-01-02: "]);
    let desk = desk.set("OZONETEL_NOW", NIGHT);
    let report = desk.json(&sync).await.done().json();
    assert_eq!((&report["days_read"], &report["days_failed"]), (&json!(1), &json!(0)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_is_said() {
    let desk = Desk::start().await;
    let place = place(&desk.shell);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "0"];
    desk.json(&sync).await.done();
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T05:30:00Z");
    let ran = desk.json(&sync).await;
    assert_eq!((ran.code, &ran.json()["days_read"]), (6, &json!(0)), "{ran:?}");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    let told = "the clock shows 2026-01-02 11:00:0";
    assert!(message.starts_with(told) && message.contains("until 2026-01-02 12:00:0"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sync_at_a_time_has_a_store() {
    let desk = Desk::start().await;
    let place = place(&desk.shell);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "0"];
    desk.json(&sync).await.done();
    let lock = std::fs::File::options().write(true).open(format!("{place}.sync")).unwrap();
    lock.try_lock().unwrap();
    let asked = requests(&desk);
    let export = ["cdr", "export", "--sync", "--from", "today", "--store", &place];
    said(&desk.run(&sync).await, 2, &["another sync of the store is under way"]);
    // An export has what there is, and says what there is not.
    let told = "another sync has the store and keeps it up to date";
    said(&desk.run(&export).await, 0, &[told, "2026-01-02 is not over: as of "]);
    let both = ["cdr", "export", "--sync", "--from", "yesterday", "--to", "today"];
    let ran = desk.run(&[&both[..], &["--store", &place]].concat()).await;
    said(&ran, 8, &[told, "2026-01-01 was never read"]);
    let none = ["cdr", "export", "--sync", "--from", "yesterday", "--store", &place];
    said(&desk.run(&none).await, 2, &[told, "another sync of the store is under way"]);
    assert_eq!(requests(&desk), asked);
    // To read it is not to sync it.
    desk.run(&["cdr", "export", "--from", "today", "--store", &place]).await.noting_today();
    drop(lock);
    desk.json(&sync).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_goes_on_says_what_fails_where_there_is_no_terminal() {
    let desk = Desk::start().await;
    let place = place(&desk.shell);
    fail(&desk);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "0", "--follow"];
    let mut child = desk.shell.spawn(&sync);
    let mut told = String::new();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let line = err.read_line(&mut told);
    tokio::time::timeout(Duration::from_secs(30), line).await.unwrap().unwrap();
    assert!(
        told.starts_with("note: 2026-01-02: ") && told.contains("it is asked for again"),
        "{told}"
    );
    signal(&child, "-TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await.unwrap();
    assert_eq!(ended.unwrap().code(), Some(143));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_parsed_are_not_counted_and_said() {
    let row = r#"{"UCID":"90000000000000001","CallID":"90000000000000001","TalkTime":"long"}"#;
    let stub = Stub::answering(format!(r#"{{"status":"success","details":[{row}]}}"#)).await;
    let place = place(&stub.shell);
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "0"];
    assert_eq!(stub.shell.run(&sync).await.code, 8);
    let stats = ["cdr", "stats", "--store", &place, "--from", "today"];
    let ran = stub.shell.json(&stats).await;
    said(&ran, 8, &["1 row cannot be parsed as last sent"]);
    assert_eq!((&ran.json()["unread"], &ran.json()["calls"]), (&json!(1), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_export_at_night_says_that_the_day_before_is_not_whole() {
    let server = DayServer::start().await;
    let shell = server.shell().set("OZONETEL_NOW", NIGHT);
    let direct = ["cdr", "export", "--direct", "--format", "jsonl"];
    let ran = shell.run(&direct).await;
    said(
        &ran,
        8,
        &["2026-01-02 was read in part, at 2026-01-03 01:00:0", "2026-01-03 04:00:00 on"],
    );
    assert_eq!(ran.out.lines().count(), usize::try_from(ROWS).unwrap());
    later(server.shell(), 0).run(&direct).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_export_asks_again_for_a_day_that_was_read_too_early() {
    let server = DayServer::start().await;
    let shell = server.shell().set("OZONETEL_NOW", NIGHT);
    let path = out(&shell, "calls.jsonl");
    let range = ["cdr", "export", "--direct", "--from", "2026-01-02", "--to", "2026-01-03"];
    let export = [&range[..], &["--format", "jsonl", "--out", path.to_str().unwrap()]].concat();
    server.fall_silent("2026-01-03");
    let mut child = shell.spawn(&export);
    let silent = async {
        while server.asked().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), silent).await.unwrap();
    signal(&child, "-INT").await;
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    let shell = shell.set("OZONETEL_NOW", MORNING);
    let ran = shell.run(&export).await;
    said(
        &ran,
        0,
        &["2026-01-02 is asked for again", "2026-01-03 is not over: as of 2026-01-03 05:00:"],
    );
    assert_eq!(server.asked(), ["2026-01-02", "2026-01-03", "2026-01-02", "2026-01-03"]);
    let rows = std::fs::read_to_string(&path).unwrap().lines().count();
    assert_eq!(rows, 2 * usize::try_from(ROWS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_reading_has_no_time_is_not_called_one_that_was_read_in_part() {
    let server = DayServer::start().await;
    let shell = server.shell().set("OZONETEL_NOW", "2026-01-20T06:00:00Z");
    let path = out(&shell, "calls.jsonl");
    std::fs::write(&path, "{}\n").unwrap();
    let day = "2026-01-02";
    let plan = json!({
        "service": shell.variable("OZONETEL_BASE_URL"),
        "account": "acme_support",
        "from": day,
        "to": day,
        "format": "jsonl",
        "raw_csv": false,
    });
    let progress = json!({"plan": plan, "days": [{"day": day, "rows": 1, "unread": 0, "end": 3}]});
    let noted = path.with_extension("jsonl.progress");
    std::fs::write(&noted, progress.to_string()).unwrap();
    let export = ["cdr", "export", "--direct", "--from", day, "--format", "jsonl"];
    shell.run(&[&export[..], &["--out", path.to_str().unwrap()]].concat()).await.done();
    assert!(server.asked().is_empty() && !noted.exists());
}
