//! What the former paths are sent, and what their answers mean.

use serde_json::{Value, json};

use super::*;
use crate::api::call_control::{Hold, Kick};
use crate::api::dial::{AgentDial, PhoneDial};
use crate::api::leads::{Lead, Sheet};
use crate::core::call::RowOutcome;
use crate::core::error::{ErrorKind, Reason};
use crate::core::transport::SendStage;
use crate::testing::doubles::{Replay, Turn, asked, client};
use crate::types::ids::Ucid;

fn ucid() -> Ucid {
    "90000000000000001".parse().unwrap()
}

#[tokio::test]
async fn a_call_of_no_length_is_refused_before_it_is_sent() {
    let replay = Replay::new([]);
    let mut dial = PhoneDial::new("desk", "918000000002", "9000000001");
    dial.call_limit = Some(0);
    let error = client(&replay).call(Legacy::new(dial)).await.unwrap_err();
    assert_eq!(error.invalid_input().unwrap().field(), "callLimit");
    assert!(replay.requests().is_empty());
}

#[tokio::test]
async fn a_get_that_rings_phones_is_never_repeated() {
    let replay = Replay::new([
        Turn::json(r#"{"status":"queued successfully","ucid":"90000000000000001"}"#),
        Turn::Fail(SendStage::Unknown),
        Turn::Fail(SendStage::Unknown),
        Turn::json(r#"{"status":"fail","message":"please provide proper user credentials"}"#),
    ]);
    let client = client(&replay);
    let dial = || client.call(Legacy::new(AgentDial::new("agent01", "support_out", "9000000001")));
    assert_eq!(dial().await.unwrap().ucid, Some(ucid()));
    let want = json!({"agentID": "agent01", "campaignName": "support_out",
        "customerNumber": "9000000001", "UCID": "true", "format": "json",
        "username": "acme_support", "api_key": "test-key"});
    assert_eq!((asked(&replay, 0), replay.requests()[0].method().as_str()), (want, "GET"));
    assert!(dial().await.unwrap_err().may_have_happened());
    let phone = PhoneDial::new("desk", "918000000002", "9000000001");
    assert!(client.call(Legacy::new(phone)).await.unwrap_err().may_have_happened());
    assert_eq!(replay.requests().len(), 3);
    assert_eq!(dial().await.unwrap_err().reason(), Some(Reason::BadCredentials));
}

#[tokio::test]
async fn call_control_needs_no_account_name_and_always_plays_a_ring() {
    let ok = r#"{"status":"Success","message":"User hold is successful"}"#;
    let replay = Replay::new([Turn::json(ok)]);
    let client = client(&replay);
    client.call(Legacy::new(Hold::new(ucid(), "918000000001", "agent01"))).await.unwrap();
    let want = json!({"action": "HOLD", "ucid": "90000000000000001", "did": "918000000001",
        "agentPhoneName": "agent01", "playRing": "true", "output": "json", "api_key": "test-key"});
    assert_eq!(asked(&replay, 0), want);
    let kick = client.call(Legacy::new(Kick::new(ucid(), "918000000001", "agent01")));
    assert_eq!(kick.await.unwrap_err().kind(), ErrorKind::Input);
}

#[tokio::test]
async fn dispositions_of_a_campaign_may_be_none() {
    let none = "No disposition found for campaign ID: 12 and user: acme_support";
    let replay = Replay::new([
        Turn::json(r#"{"status":"Success","details":["A","B"]}"#),
        Turn::json(json!({"status": "Fail", "message": none}).to_string()),
        Turn::json(r#"{"status":"Success","details":"queued successfully"}"#),
    ]);
    let client = client(&replay);
    let list = || client.call(ListCampaignDispositions { campaign: "12".into() });
    assert_eq!(list().await.unwrap().len(), 2);
    assert!(list().await.unwrap().is_empty());
    let set = DisposeCall::new(ucid(), "918000000001", "Follow Up");
    assert!(client.call(set).await.unwrap().is_queued());
    assert_eq!(asked(&replay, 2)["customer"], "acme_support");
}

#[tokio::test]
async fn status_start_and_schedule_take_the_old_names() {
    let replay = Replay::new([
        Turn::json(r#"{"status":"success","message":[{"CampaignName":"c","Position":"READY"}]}"#),
        Turn::json(
            r#"{"status":"SUCCESS","message":"SUCCESSFULLY UPDATED, Progressive was started"}"#,
        ),
        Turn::json(r#"{"status":"success","message":[]}"#),
    ]);
    let client = client(&replay);
    assert_eq!(client.call(CampaignStatus { campaign: "c".into() }).await.unwrap().len(), 1);
    client.call(SetCampaign::start("c")).await.unwrap();
    let lead = Lead::new("9000000001").scheduled("2030-02-13 21:14:00".parse().unwrap());
    let sheet = Sheet::of([lead]);
    client.call(ScheduleText { campaign: "c".into(), sheet }).await.unwrap();
    assert_eq!(asked(&replay, 0)["user_name"], "acme_support");
    let started = asked(&replay, 1);
    assert_eq!((&started["action"], &started["process"]), (&"Start".into(), &"true".into()));
    assert!(asked(&replay, 2)["bulkData"].as_str().unwrap().contains("ScheduledTime"));
}

#[tokio::test]
async fn logged_in_agents_keep_unknown_states() {
    let replay = Replay::new([Turn::json(
        r#"{"status":"success","message":[{"AgentId":"agent01","AgentState":"AUX","New":1}]}"#,
    )]);
    let rows = client(&replay).call(ListLoggedIn {}).await.unwrap();
    assert_eq!(rows[0].state.as_ref().unwrap().as_str(), "AUX");
    assert_eq!(rows[0].state.as_ref().unwrap().kind(), None);
    assert_eq!(rows[0].extra.get("New"), Some(&json!(1)));
    assert_eq!(asked(&replay, 0), json!({"username": "acme_support", "api_key": "test-key"}));
}

#[tokio::test]
async fn a_created_agent_carries_its_skills_and_buttons() {
    let replay =
        Replay::new([Turn::json(r#"{"status":"success","message":"Agent Created Successfully"}"#)]);
    let create = CreateAgent {
        skills: Some("General,Sales".into()),
        call_controllers: Some(json!({"mute": true})),
        ..CreateAgent::new("A B", "agent77", "pass")
    };
    assert!(!format!("{create:?}").contains("pass\""), "{create:?}");
    client(&replay).call(create).await.unwrap();
    let want = json!({"action": "Create", "agentName": "A B", "agentId": "agent77",
        "agentPassword": "pass", "skill": "General,Sales",
        "callControllers": "{\"mute\":true}", "userName": "acme_support", "apiKey": "test-key"});
    assert_eq!(asked(&replay, 0), want);
}

fn sheet(rows: u64) -> Sheet {
    let row = |n: u64| vec![Value::from(format!("{}", 9_000_000_000 + n))];
    Sheet::new(vec!["PhoneNumber".into()], (0..rows).map(row).collect())
}

#[tokio::test(start_paused = true)]
async fn the_older_upload_answers_row_by_row_without_a_status() {
    let answer = json!({"message": [
        {"PhoneNumber": "9000000000", "Status": "SuccessFully Updated"},
        {"PhoneNumber": "9000000001", "Status": "Number Already Exist"},
    ]});
    let busy = json!({"status": "error",
        "message": "Already one process is running please try after some time"});
    let replay = Replay::new([
        Turn::json(answer.to_string()),
        Turn::json(busy.to_string()),
        Turn::json("{\"message\":[]}"),
    ]);
    let client = client(&replay);
    let wait = crate::core::pace::Patience::Wait;
    let upload = |rows| {
        client.call(AddBulkLegacy { campaign: "c".into(), sheet: sheet(rows) }).patience(wait)
    };
    assert_eq!(upload(201).await.unwrap_err().kind(), ErrorKind::Input);
    let batch = upload(2).in_batches().try_next().await.unwrap().unwrap();
    let said = RowOutcome::Refused("Number Already Exist".into());
    let outcomes: Vec<_> = batch.results.iter().map(|result| &result.outcome).collect();
    assert_eq!(outcomes, [&RowOutcome::Taken, &said]);
    assert_eq!(upload(2).await.unwrap_err().reason(), Some(Reason::TooManyRequests));
    // A list without rows and without a status says nothing about what was taken.
    assert!(upload(2).await.unwrap_err().may_have_happened());
}

#[tokio::test]
async fn clearing_says_how_many() {
    let replay = Replay::new([Turn::json(
        r#"{"status":"success","message":"4 Records Deleted Successfully"}"#,
    )]);
    let client = client(&replay);
    let clear = ClearCampaign {
        status: Some("Pending".into()),
        agent: Some("agent01".into()),
        ..ClearCampaign::new("c")
    };
    let said = client.call(clear).await.unwrap();
    assert_eq!(said.as_str(), "4 Records Deleted Successfully");
    let want = json!({"campaignName": "c", "status": "Pending", "agentId": "agent01",
        "userName": "acme_support", "apiKey": "test-key"});
    assert_eq!(asked(&replay, 0), want);
    let unknown = ClearCampaign { status: Some("Maybe".into()), ..ClearCampaign::new("c") };
    assert_eq!(client.call(unknown).await.unwrap_err().kind(), ErrorKind::Input);
}

#[tokio::test]
async fn batches_name_the_refused_numbers_by_their_place_in_the_whole() {
    let answer = |error: Value| {
        let output = json!({"succes": [], "error": error, "new": 3, "inserted": 3});
        let body = json!({"status": "success", "message": "updated", "output": output});
        Turn::json(body.to_string())
    };
    let gone = json!({"status": "success", "message": "deleted", "input": {},
        "output": {"success": ["9000000001"], "error": [], "deleted": 4}});
    let no = r#"{"status":"error","message":"Invalid group id"}"#;
    let replay = Replay::new([
        answer(json!([])),
        answer(json!(["9000000107"])),
        Turn::json(gone.to_string()),
        Turn::json(no),
    ]);
    let client = client(&replay);
    let numbers = (0..150).map(|n| format!("9000000{n:03}")).collect();
    let mut batches = client.call(AddToGroup { group: 20, numbers }).in_batches();
    assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 1..=100);
    let last = batches.try_next().await.unwrap().unwrap();
    assert_eq!(last.rows, 101..=150);
    assert_eq!(last.not_taken().map(|result| result.row).collect::<Vec<_>>(), [108]);
    assert!(batches.try_next().await.unwrap().is_none());
    let numbers = ["9000000001", "9000000002"].into_iter().collect();
    let gone = client.call(DeleteFromGroup { group: 20, numbers }).await.unwrap();
    assert_eq!((gone.deleted, gone.taken().len()), (Some(4), 1));
    assert_eq!(asked(&replay, 2), json!({"id": "20", "blockNumbers": "9000000001,9000000002"}));
    let basic = replay.requests()[2].headers()["authorization"].to_str().unwrap().to_owned();
    assert_eq!(basic, "Basic YWNtZV9zdXBwb3J0OnRlc3Qta2V5");
    let numbers = ["9000000001"].into_iter().collect();
    let error = client.call(AddToGroup { group: 99, numbers }).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::NotFound));
}

#[tokio::test]
async fn a_dump_counts_in_text_and_keeps_its_counters() {
    let answer = json!({"status": "success", "message": [{"UCID": "90000000000000001",
        "Duration": null, "ApiKey": "No Transfers", "DialStatus": "Not Answered"}],
        "pageNumber": "1", "totalCount": "1703"});
    let replay = Replay::new([Turn::json(answer.to_string())]);
    let client = client(&replay);
    let (from, to) =
        ("2026-11-01 00:00:00".parse().unwrap(), "2026-11-20 23:59:59".parse().unwrap());
    // A known word goes out in the page's spelling.
    let report = "Historical".into();
    let dump = CdrDump { from, to, campaign: "0".into(), report, page: 1, size: 100 };
    let mut rows = client.call(dump).stream();
    let row = rows.try_next().await.unwrap().unwrap();
    assert_eq!(row.api_key.unwrap().as_str(), "No Transfers");
    assert!(rows.try_next().await.unwrap().is_none());
    assert_eq!(rows.rest().unwrap()["totalCount"], "1703");
    let want = json!({"fromDate": "2026-11-01 00:00:00", "toDate": "2026-11-20 23:59:59",
        "campaignName": "0", "reportType": "historical", "pageNumber": "1", "pageSize": "100",
        "userName": "acme_support", "apiKey": "test-key"});
    assert_eq!(asked(&replay, 0), want);
    let to = "2026-12-02 00:00:00".parse().unwrap();
    let error = client.call(CdrRange { from, to, format: None }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
}

#[tokio::test]
async fn names_with_blanks_and_the_word_none() {
    let spaced = json!({"status": "success", "message": [{"UCID": "90000000000000001", "Campaign Name": "support_out",
        "Hangup By": "UserHangup", "Audio Download": "https://x.example.test/a.mp3"}]});
    let callback = json!({"status": "success", "message": [{"monitorUCID": "90000000000000001",
        "AgentName": "None", "Skill": "None", "Duration": "00:00:10"}]});
    let replay = Replay::new([Turn::json(spaced.to_string()), Turn::json(callback.to_string())]);
    let client = client(&replay);
    let rows = client.call(CdrByUcid { ucid: ucid(), report: "CurrentDay".into() }).await.unwrap();
    assert_eq!(asked(&replay, 0)["reportType"], "currentday");
    assert_eq!(rows[0].campaign, Some("support_out".into()));
    assert!(rows[0].audio.is_some() && rows[0].extra.is_empty());
    let rows =
        client.call(CallbackCdr { ucid: ucid(), report: "CURRENTDAY".into() }).await.unwrap();
    assert_eq!(asked(&replay, 1)["reportType"], "currentday");
    assert_eq!((&rows[0].0.agent_name, &rows[0].0.skill), (&None, &None));
}

#[tokio::test]
async fn a_range_fails_in_its_own_word() {
    let no =
        r#"{"status":"failure","message":"The Requested date should not be more than 30 days"}"#;
    let replay = Replay::new([Turn::json(no)]);
    let day: crate::types::wire::Day = "2026-11-20".parse().unwrap();
    let error = client(&replay).call(CdrRange::new(day.start(), day.end())).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::BadInput));
    assert_eq!(asked(&replay, 0)["user_name"], "acme_support");
    assert_eq!(asked(&replay, 0)["format"], "json");
}

#[tokio::test]
async fn what_a_former_path_needs_is_sent_however_the_request_was_made() {
    let queued = r#"{"status":"queued successfully","ucid":"90000000000000001"}"#;
    let on_hold = r#"{"status":"Success","message":"User hold is successful"}"#;
    let rows = r#"{"status":"success","message":[]}"#;
    let added = r#"{"status":"SUCCESS","message":"Successfully Updated"}"#;
    let replay = Replay::new([queued, on_hold, rows, added].map(Turn::json));
    let client = client(&replay);
    let dial: Legacy<AgentDial> = serde_json::from_value(json!({
        "agentID": "agent01", "campaignName": "support_out", "customerNumber": "+91 90000 00001",
    }))
    .unwrap();
    client.call(dial).await.unwrap();
    let hold: Legacy<Hold> = serde_json::from_value(json!({
        "ucid": "90000000000000001", "did": "918000000001", "agentPhoneName": "agent01",
    }))
    .unwrap();
    client.call(hold).await.unwrap();
    let range: CdrRange = serde_json::from_value(json!({
        "from_date": "2026-11-20 00:00:00", "to_date": "2026-11-20 23:59:59",
    }))
    .unwrap();
    client.call(range).await.unwrap();
    let lead: AddLeadByGet = serde_json::from_value(json!({
        "campaign_name": "support_out", "PhoneNumber": "+91 90000 00001",
    }))
    .unwrap();
    client.call(lead).await.unwrap();
    let asked = [0, 1, 2, 3].map(|at| asked(&replay, at));
    assert_eq!(
        (&asked[0]["format"], &asked[0]["customerNumber"]),
        (&json!("json"), &json!("9000000001"))
    );
    assert_eq!((&asked[1]["playRing"], &asked[1]["output"]), (&json!("true"), &json!("json")));
    assert_eq!(asked[2]["format"], "json");
    assert_eq!(
        (&asked[3]["format"], &asked[3]["PhoneNumber"]),
        (&json!("json"), &json!("9000000001"))
    );
    // What was set is kept.
    let mut hold = Legacy::new(Hold::new(ucid(), "918000000001", "agent01"));
    hold.former.output = Some("xml".to_owned());
    let call = client.call(hold);
    assert_eq!(call.request().unwrap().former.output.as_deref(), Some("xml"));
}
