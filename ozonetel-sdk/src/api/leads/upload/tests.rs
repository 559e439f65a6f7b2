use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::core::error::{ErrorKind, Reason};
use crate::core::transport::SendStage;
use crate::testing::doubles::{Replay, Turn, asked, client};

fn sheet(rows: usize) -> Sheet {
    let row = |n: usize| vec![Value::from(format!("{}", 9_000_000_000_u64 + n as u64))];
    Sheet { map: vec!["PhoneNumber".into()], data: (0..rows).map(row).collect() }
}

fn queued() -> Turn {
    Turn::json(r#"{"status":"success","message":"queued"}"#)
}

fn rows_in(replay: &Replay, at: usize) -> usize {
    let asked = asked(replay, at);
    let sheet: Value = serde_json::from_str(asked["bulkData"].as_str().unwrap()).unwrap();
    sheet["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_sheet_travels_as_json_text_in_a_form() {
    let replay = Replay::new([queued()]);
    let one = Sheet {
        map: vec!["PhoneNumber".into(), "Name".into(), "Priority".into()],
        data: vec![vec!["9000000001".into(), "A B".into(), 6.into()]],
    };
    let client = client(&replay);
    let call = client.leads().bulk("support_out", one).check_duplicate().start();
    assert!(!format!("{call:?}").contains("A B"));
    assert_eq!(call.await.unwrap(), Uploaded::Said("queued".into()));
    let want = json!({"campaignName": "support_out", "action": "START", "checkDuplicate": "true",
        "bulkData": r#"{"data":[["9000000001","A B",6]],"map":["PhoneNumber","Name","Priority"]}"#,
        "userName": "acme_support", "apiKey": "test-key"});
    assert_eq!(asked(&replay, 0), want);
}

#[tokio::test]
async fn one_request_takes_no_more_than_the_limit() {
    let replay = Replay::new([]);
    let client = client(&replay);
    for error in [
        client.leads().bulk("c", sheet(501)).await.unwrap_err(),
        client.leads().bulk("c", sheet(0)).await.unwrap_err(),
        client.leads().schedule("c", sheet(1)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Input);
    }
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn batches_are_paced_and_count_on() {
    let replay = Replay::new(std::iter::repeat_with(queued).take(7));
    let client = client(&replay);
    let before = tokio::time::Instant::now();
    let mut batches = client.leads().bulk("c", sheet(3001)).in_batches();
    let mut ends = Vec::new();
    while let Some(batch) = batches.try_next().await.unwrap() {
        assert_eq!(batch.total, 3001);
        ends.push(batch.rows.end);
    }
    assert_eq!(ends, [500, 1000, 1500, 2000, 2500, 3000, 3001]);
    assert_eq!((rows_in(&replay, 0), rows_in(&replay, 6)), (500, 1));
    // Five a minute: the sixth waits for the window.
    assert!(before.elapsed() >= Duration::from_secs(60), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_batch_stops_the_run_and_is_not_sent_again() {
    let replay = Replay::new([queued(), Turn::Fail(SendStage::Unknown), queued()]);
    let client = client(&replay);
    let mut batches = client.leads().bulk("c", sheet(1500)).in_batches();
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 0..500);
    let halt = batches.try_next().await.unwrap_err();
    assert_eq!((halt.rows(), halt.total()), (500..1000, 1500));
    assert!(halt.is_unknown() && halt.error().may_have_happened());
    assert_eq!(halt.resume_at(), None);
    assert!(batches.try_next().await.unwrap().is_none());
    assert_eq!(replay.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_names_where_to_go_on() {
    let no = Turn::json(r#"{"status":"failure","message":"no user found"}"#);
    let replay = Replay::new([queued(), no, queued()]);
    let client = client(&replay);
    let mut batches = client.leads().bulk("c", sheet(700)).in_batches();
    batches.try_next().await.unwrap();
    let halt = batches.try_next().await.unwrap_err();
    assert_eq!(halt.error().kind(), ErrorKind::Refused);
    assert_eq!(halt.error().reason(), Some(Reason::BadCredentials));
    let from = halt.resume_at().unwrap();
    assert_eq!(from, 500);
    let mut batches = client.leads().bulk("c", sheet(700)).in_batches_from(from);
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 500..700);
}

#[tokio::test(start_paused = true)]
async fn a_bad_row_stops_before_its_batch_is_sent() {
    let replay = Replay::new([queued()]);
    let mut rows = sheet(600);
    rows.map.push("Priority".into());
    for (n, row) in rows.data.iter_mut().enumerate() {
        row.push(if n == 555 { 100.into() } else { 1.into() });
    }
    let client = client(&replay);
    let mut batches = client.leads().bulk("c", rows).in_batches();
    batches.try_next().await.unwrap();
    let halt = batches.try_next().await.unwrap_err();
    assert_eq!(halt.error().row(), Some(555));
    assert_eq!((halt.rows(), halt.resume_at()), (500..600, Some(500)));
    assert_eq!(replay.requests().len(), 1);
}

#[tokio::test]
async fn scheduled_rows_name_the_refused_by_index() {
    let answer = json!({"status": "success", "message": [
        {"Response": "success", "PhoneNumber": "9000000001", "msg": "Data updated successfully", "index": "0"},
        {"Response": "error", "PhoneNumber": "9000000003", "msg": "Invalid time", "index": "2"},
    ]});
    let replay = Replay::new([Turn::json(answer.to_string())]);
    let client = client(&replay);
    let lead = |n: u32| {
        Lead::new(format!("900000000{n}")).scheduled("2030-02-13 21:14:00".parse().unwrap())
    };
    let sheet = client.leads().sheet((1..=3).map(lead)).unwrap();
    let mut batches = client.leads().schedule("c", sheet).check_duplicate().in_batches();
    let batch = batches.try_next().await.unwrap().unwrap();
    assert_eq!(batch.refused, [RefusedRow::new(2, "Invalid time")]);
    let body = asked(&replay, 0);
    assert_eq!(body["checkDuplicate"], true);
    assert_eq!(body["bulkData"]["map"], json!(["PhoneNumber", "ScheduledTime"]));
}
