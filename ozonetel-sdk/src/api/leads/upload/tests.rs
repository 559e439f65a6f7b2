use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::api::leads::Lead;
use crate::core::call::{RowOutcome, RowResult};
use crate::core::error::{ErrorKind, Reason};
use crate::core::transport::SendStage;
use crate::testing::doubles::{Replay, Turn, asked, client};

fn sheet(rows: usize) -> Sheet {
    let row = |n: usize| vec![Value::from(format!("{}", 9_000_000_000_u64 + n as u64))];
    Sheet::new(vec!["PhoneNumber".into()], (0..rows).map(row).collect())
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
    let one = Sheet::new(
        vec!["PhoneNumber".into(), "Name".into(), "Priority".into()],
        vec![vec!["+91 90000 00001".into(), "A B".into(), 6.into()]],
    );
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
        ends.push(*batch.rows.end());
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
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 1..=500);
    let halt = batches.try_next().await.unwrap_err();
    assert_eq!((halt.rows(), halt.total()), (501..=1000, 1500));
    assert!(halt.is_unknown() && halt.error().may_have_happened());
    assert!(halt.results().iter().all(|result| result.outcome == RowOutcome::Unknown(None)));
    assert_eq!(halt.results().len(), 500);
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
    assert_eq!(from, 501);
    let mut batches = client.leads().bulk("c", sheet(700)).in_batches_from(from);
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 501..=700);
}

fn named(rows: usize, bad: &[usize]) -> Sheet {
    let lead = |n: usize| {
        let name = if bad.contains(&n) { "O'Brien" } else { "A B" };
        Lead::new((9_000_000_000 + n).to_string()).name(name)
    };
    Sheet::of((1..=rows).map(lead))
}

#[tokio::test(start_paused = true)]
async fn a_bad_name_in_row_1100_is_found_before_the_first_row_is_sent() {
    let replay = Replay::new([]);
    let client = client(&replay);
    let call = client.leads().bulk("c", named(1200, &[17, 1100, 1101]));
    assert_eq!(call.invalid_rows().len(), 3);
    let mut batches = call.in_batches();
    let halt = batches.try_next().await.unwrap_err();
    let rows: Vec<usize> = halt.invalid_rows().iter().map(|bad| bad.row).collect();
    assert_eq!(rows, [17, 1100, 1101]);
    assert_eq!((halt.rows(), halt.total(), halt.resume_at()), (1..=1200, 1200, Some(1)));
    assert_eq!(halt.results().len(), 1200);
    assert!(matches!(halt.results()[16].outcome, RowOutcome::Invalid(_)));
    assert_eq!(halt.results()[17].outcome, RowOutcome::NotTaken);
    let told = halt.to_string();
    for part in ["row 17: Name", "row 1100: Name", "row 1101: Name"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("Brien"), "{told}");
    assert!(batches.try_next().await.unwrap().is_none());
    // The same for a request of its own.
    let error = client.leads().bulk("c", named(3, &[2, 3])).await.unwrap_err();
    let told = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(told.contains("row 2: Name") && told.contains("row 3: Name"), "{told}");
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_apostrophe_costs_its_row_and_not_its_batch() {
    let replay = Replay::new([queued(), queued()]);
    let client = client(&replay);
    let call = client.leads().bulk("c", named(702, &[2, 501, 702])).skip_bad();
    let mut batches = call.in_batches();
    let mut results = Vec::new();
    let mut rows = Vec::new();
    while let Some(batch) = batches.try_next().await.unwrap() {
        assert_eq!(batch.not_taken().count(), if rows.is_empty() { 2 } else { 1 });
        rows.push(batch.rows.clone());
        results.extend(batch.results);
    }
    assert_eq!(rows, [1..=502, 503..=702]);
    assert_eq!((rows_in(&replay, 0), rows_in(&replay, 1)), (500, 199));
    assert_eq!(
        results.iter().map(|result| result.row).collect::<Vec<_>>(),
        (1..=702).collect::<Vec<usize>>()
    );
    for RowResult { row, outcome } in results {
        match outcome {
            RowOutcome::Taken => assert!(![2, 501, 702].contains(&row), "{row}"),
            RowOutcome::Invalid(invalid) => {
                assert_eq!((invalid.field(), [2, 501, 702].contains(&row)), ("Name", true));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bad_rows_alone_are_no_request() {
    let replay = Replay::new([]);
    let client = client(&replay);
    let halt = client.leads().bulk("c", named(2, &[1, 2])).skip_bad().in_batches();
    let halt = { halt }.try_next().await.unwrap_err();
    assert_eq!((halt.error().kind(), halt.invalid_rows().len()), (ErrorKind::Input, 2));
    let bad_number = Sheet::of([Lead::new("9000000001"), Lead::new("112"), Lead::new("letters")]);
    let halt = client.leads().bulk("c", bad_number).in_batches().try_next().await.unwrap_err();
    let rows: Vec<usize> = halt.invalid_rows().iter().map(|bad| bad.row).collect();
    assert_eq!(rows, [2, 3]);
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_is_resumed_after_rows_that_were_bad() {
    let replay = Replay::new([queued()]);
    let client = client(&replay);
    // What was wrong with rows that are not sent again does not matter.
    let mut batches = client.leads().bulk("c", named(5, &[1, 2])).in_batches_from(3);
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 3..=5);
    assert_eq!(rows_in(&replay, 0), 3);
    assert!(batches.try_next().await.unwrap().is_none());
    let mut batches = client.leads().bulk("c", named(5, &[])).in_batches_from(6);
    assert!(batches.try_next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn rows_that_the_service_refuses_are_counted_over_those_left_out() {
    let answer = json!({"status": "success", "message": [
        {"PhoneNumber": "9000000001", "Status": "SuccessFully Updated"},
        {"PhoneNumber": "9000000003", "Status": "Number Already Exist"},
    ]});
    let replay = Replay::new([Turn::json(answer.to_string())]);
    let client = client(&replay);
    let mut batches = client.leads().bulk("c", named(3, &[2])).skip_bad().in_batches();
    let batch = batches.try_next().await.unwrap().unwrap();
    let rows: Vec<usize> = batch.not_taken().map(|result| result.row).collect();
    assert_eq!(rows, [2, 3]);
    assert_eq!(batch.results[2].outcome, RowOutcome::Refused("Number Already Exist".into()));
    assert!(!format!("{:?}", batch.results).contains("Already"));
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
    let sheet = Sheet::of((1..=3).map(lead));
    let mut batches = client.leads().schedule("c", sheet).check_duplicate().in_batches();
    let batch = batches.try_next().await.unwrap().unwrap();
    let not_taken: Vec<&RowResult> = batch.not_taken().collect();
    let says = RowOutcome::Refused("Invalid time".into());
    // The answer leaves the second out.
    let unsaid = RowResult::new(2, RowOutcome::Unknown(None));
    assert_eq!(not_taken, [&unsaid, &RowResult::new(3, says)]);
    let body = asked(&replay, 0);
    assert_eq!(body["checkDuplicate"], true);
    assert_eq!(body["bulkData"]["map"], json!(["PhoneNumber", "ScheduledTime"]));
}

/// A second round of attacks: inputs that no report named.
#[tokio::test(start_paused = true)]
async fn other_bad_rows_are_found_before_anything_is_sent() {
    let replay = Replay::new([]);
    let client = client(&replay);
    let row = |cells: &[Value]| cells.to_vec();
    let headers = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let good = || Value::from("9000000001");
    for (sheet, field, what) in [
        (
            Sheet::new(headers(&["PhoneNumber", "Name"]), vec![row(&[good()])]),
            "data",
            "a row that is too short",
        ),
        (
            Sheet::new(headers(&["PhoneNumber"]), vec![row(&[good(), "x".into()])]),
            "data",
            "a row that is too long",
        ),
        (
            Sheet::new(headers(&["Name", "phonenumber"]), vec![row(&["A".into(), "112".into()])]),
            "PhoneNumber",
            "a header in other letters, behind another",
        ),
        (
            Sheet::new(headers(&["PhoneNumber"]), vec![row(&[json!(["9000000001"])])]),
            "PhoneNumber",
            "a list as number",
        ),
        (
            Sheet::new(
                headers(&["PhoneNumber", "PhoneNumber"]),
                vec![row(&[good(), "112".into()])],
            ),
            "map",
            "a header twice",
        ),
        (Sheet::new(headers(&["Name"]), vec![row(&["A".into()])]), "map", "no number at all"),
        (Sheet::of([Lead::new("918000000001")]), "PhoneNumber", "an own number"),
        (Sheet::of([Lead::new("+12025550143")]), "PhoneNumber", "a country that is not dialled"),
    ] {
        let plan = client.dial_plan().clone().own(["918000000001"]);
        let mut call = client.leads().bulk("c", sheet.clone());
        call = call.map(|request| request.sheet.dialled(&plan));
        let halt = call.in_batches().try_next().await.unwrap_err();
        let found = halt.error().invalid_input().map(Invalid::field);
        assert_eq!(found, Some(field), "{what}: {halt}");
    }
    // Nothing to send is no failure.
    let none = client.leads().bulk("c", Sheet::of([])).in_batches().try_next().await;
    assert!(none.unwrap().is_none());
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_bad_rows_are_told_in_a_bounded_text() {
    let replay = Replay::new([]);
    let client = client(&replay);
    let leads = (0..5000).map(|_| Lead::new("letters").name("O'Brien"));
    let call = client.leads().bulk("c", Sheet::of(leads));
    let halt = call.in_batches().try_next().await.unwrap_err();
    assert_eq!(halt.invalid_rows().len(), 10_000);
    let told = halt.to_string();
    assert!(told.contains("and 9980 more") && told.len() < 4000, "{told}");
}
