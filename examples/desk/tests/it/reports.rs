//! Figures and lists.

use std::sync::Arc;

use axum::body::Body;
use desk::{Desk, app};
use http::{HeaderValue, Request, header};
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sim::world::{LegSide, PhoneAction};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::floor::{Answer, CDR, DAY, Floor, authorized, records, settings, store};

const SUMMARY: &str = "/ca_reports/summaryReport";
const AHT: &str = "/ca_apis/aht";

#[tokio::test(start_paused = true)]
async fn reports_never_ask_for_call_records_themselves() {
    let floor = Floor::new();
    floor.talking().await;
    floor.sync().await;
    let ask = |route: &str| {
        let request = Request::get(format!("/api/ozonetel/{route}")).body(Body::empty()).unwrap();
        let desk = floor.desk.clone();
        async move {
            let request = authorized(&desk, request).await;
            Answer::of(app(desk).unwrap().oneshot(request).await.unwrap()).await.ok()
        }
    };
    let same = format!("call-history?date={DAY}");
    let all = futures_util::future::join_all(
        (0..30).map(|n| ask(["performance", "call-history", same.as_str()][n % 3])),
    )
    .await;
    assert_eq!(all.len(), 30);
    assert_eq!((floor.count(CDR), floor.count(SUMMARY), floor.count(AHT)), (1, 1, 1));
    floor.wait(59).await;
    floor.sync().await;
    ask("performance").await;
    assert_eq!((floor.count(CDR), floor.count(SUMMARY), floor.count(AHT)), (1, 1, 1));
    floor.wait(1).await;
    floor.sync().await;
    let again = futures_util::future::join_all((0..9).map(|_| ask("performance"))).await;
    assert_eq!(again.len(), 9);
    assert_eq!((floor.count(CDR), floor.count(SUMMARY), floor.count(AHT)), (2, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_day_that_was_not_read_yet_is_no_day_without_calls_and_blocks_no_other() {
    let floor = Floor::new();
    floor.talking().await;
    let answer = floor.get("call-history?date=2026-11-18").await.problem(429);
    assert!(answer.text("message").contains("2026-11-18"), "{}", answer.json);
    let wait: u64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert_eq!((answer.json["readyInSec"].as_u64(), wait), (Some(wait), 30));
    floor.get("performance?date=2026-11-18").await.problem(429);
    // Today is there all the same, and no request was made for the other.
    let today = floor.get("call-history").await.ok();
    assert_eq!(today.json.as_array().unwrap().len(), 1);
    assert!(today.headers.contains_key("desk-read-at"));
    assert_eq!(floor.count(CDR), 1);
}

#[tokio::test(start_paused = true)]
async fn a_disposition_brings_the_days_records_up_to_date() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    assert_eq!(floor.get("call-history").await.ok().json[0]["disposition"], json!(null));
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(6).await;
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "FOLLOW_UP_SCHEDULED"})).await.ok();
    let call = &floor.get("call-history").await.ok().json[0];
    assert_eq!(call["disposition"], "General Enquiry");
    assert_eq!(floor.count(CDR), 2);
}

#[tokio::test(start_paused = true)]
async fn the_figures_of_a_day_that_was_watched() {
    let floor = Floor::new();
    // 20 s of conversation: the customer hangs up 20 s after answering, wrap-up lasts 10 s.
    let ucid = floor.talking().await;
    let answered =
        floor.sim.state()["calls"][0]["legs"][0]["answered"].as_str().unwrap().to_owned();
    let answered: jiff::Timestamp = answered.parse().unwrap();
    let now: jiff::Timestamp = floor.sim.now().to_string().parse().unwrap();
    floor.wait(20 - u64::try_from((now - answered).get_seconds()).unwrap()).await;
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(10).await;
    let body = json!({"ucid": ucid, "disposition": "APPOINTMENT_BOOKED"});
    floor.post("dispose", &body).await.ok();
    // One that no one answers.
    let dial = json!({"phoneNumber": "9000000002"});
    let missed = floor.post("dial", &dial).await.ok().text("ucid").to_owned();
    floor.wait(2).await;
    floor.sim.phone(&missed, LegSide::Customer, PhoneAction::Busy).unwrap();
    floor.wait(1).await;

    let figures = floor.get("performance").await.ok().json;
    assert_eq!(
        figures["calls"],
        json!({"total": 2, "inbound": 0, "outbound": 2, "answered": 1, "missed": 1})
    );
    assert_eq!(figures["date"], DAY);
    assert_eq!(figures["avgTalkTimeSec"], 20);
    assert_eq!(figures["avgHandlingTime"], "00:00:30");
    assert_eq!(figures["dispositions"], json!({"General Enquiry": 1, "No Disposition": 1}));
    assert_eq!(
        (&figures["appointmentsBooked"], &figures["conversionRate"]),
        (&json!(1), &json!(50)),
        "by the code that the front end gave"
    );
    let spent = &figures["timeUtilization"];
    let seconds = |name: &str| -> u32 {
        spent[name]
            .as_str()
            .unwrap()
            .parse::<ozonetel_sdk::types::ClockDuration>()
            .unwrap()
            .seconds()
    };
    let parts =
        ["totalBusyTime", "totalIdleTime", "totalPauseTime", "totalWrapupTime", "totalDialTime"];
    assert_eq!(seconds("totalLoginDuration"), parts.iter().map(|part| seconds(part)).sum::<u32>());
    assert_eq!(seconds("totalBusyTime"), 20);

    // The next day the same day is counted from its rows, in the other dialect; the service's own figure is over.
    floor.wait(24 * 3600).await;
    let yesterday = floor.get(&format!("performance?date={DAY}")).await.ok().json;
    for field in ["calls", "avgTalkTimeSec", "dispositions", "avgHandlingTime"] {
        assert_eq!(yesterday[field], figures[field], "{field}");
    }
    let today = floor.get("performance").await.ok().json;
    assert_eq!(
        (&today["calls"]["total"], &today["avgHandlingTime"]),
        (&json!(0), &json!("00:00:00"))
    );
    assert_eq!(
        floor.get("performance?agentId=agent02").await.ok().json["timeUtilization"],
        json!(null)
    );
}

#[tokio::test(start_paused = true)]
async fn history_is_phone_calls_with_their_legs_newest_first() {
    let floor = Floor::new();
    floor.talking().await;
    let arrived = floor.sim.inbound("918000000001", "9000000003").unwrap();
    // The only agent is busy: the caller waits, gives up, and the desk's own call goes on.
    floor.wait(40).await;
    let history = floor.get("call-history").await.ok().json;
    let calls = history.as_array().unwrap();
    assert_eq!(calls.len(), 2, "{history}");
    assert_eq!(calls[0]["monitorUCID"], arrived.monitor_ucid.to_string(), "newest first");
    assert_eq!(calls[0]["direction"], "inbound");
    assert_eq!(calls[0]["status"], "Unanswered");
    assert_eq!(calls[1]["direction"], "outbound");
    assert_eq!(calls[1]["legs"].as_array().unwrap().len(), 1);
    assert_eq!(calls[1]["callTime"], format!("{DAY} 10:15:00"));
    let mine = floor.get("call-history?agentId=agent01").await.ok().json;
    assert_eq!(mine.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_read_hides_no_other_and_is_told() {
    let mut floor = Floor::new();
    let body = r#"{"status":"success","message":"success","details":[
        {"CallID":"1","UCID":"11","Type":"Manual","Status":"Answered","TalkTime":"00:00:05"},
        {"CallID":"2","UCID":"12","TalkTime":"five"},
        {"CallID":"1","UCID":"13","Type":"Manual","Status":"Unanswered"}]}"#;
    let replay = Replay::new([Turn::json(body)]);
    let client = floor.sim.client_builder().mode(AuthMode::Key).transport(Arc::new(replay));
    let client = client.build().unwrap();
    let records = records(&client);
    floor.desk = Desk::with_records(client, settings(), store(), records);
    let answer = floor.get("call-history").await.ok();
    assert_eq!(answer.headers["desk-unreadable-rows"], "1");
    let calls = answer.json.as_array().unwrap();
    assert_eq!(calls.len(), 1, "{}", answer.json);
    assert_eq!(calls[0]["legs"].as_array().unwrap().len(), 2);
    assert_eq!((&calls[0]["status"], &calls[0]["talkTimeSec"]), (&json!("Answered"), &json!(5)));
}

#[tokio::test(start_paused = true)]
async fn missed_calls_are_a_bare_array_of_the_documented_fields() {
    let floor = Floor::new();
    let arrived = floor.sim.inbound("918000000001", "9000000003").unwrap();
    floor.wait(60).await;
    let rows = floor.get("missed-calls").await.ok().json;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(
        rows[0],
        json!({
            "monitorUCID": arrived.monitor_ucid.to_string(),
            "type": "InBound",
            "status": "NotAnswered",
            "campaign": "support_inbound",
            "callerID": "9000000003",
            "did": "918000000001",
            "agentID": null,
            "agent": null,
            "hangupBy": "SystemHangup",
            "callTime": format!("{DAY} 10:15:00"),
        })
    );
    for (query, count) in [
        ("?campaign=support_out", 0),
        ("?campaign=support_inbound&from=&to=", 1),
        ("?from=2026-11-20&to=2026-11-20", 1),
        ("?from=2026-11-20%2010:15:01", 0),
        ("?from=2026-11-19&to=2026-11-20T10:15:00", 1),
    ] {
        let rows = floor.get(&format!("missed-calls{query}")).await.ok().json;
        assert_eq!(rows.as_array().unwrap().len(), count, "{query}");
    }
    floor.get("missed-calls?from=2026-11-21").await.problem(400);
}

#[tokio::test(start_paused = true)]
async fn the_names_of_the_missed_calls_range_are_settings() {
    let mut floor = Floor::new();
    let config = desk::config::Config::read(&|name: &str| {
        (name == "DESK_MISSED_FROM_FIELD").then(|| "fromDateTime".to_owned())
    })
    .unwrap();
    let client = config.named(floor.sim.client_builder()).build().unwrap();
    let records = records(&client);
    floor.desk = Desk::with_records(client, settings(), store(), records);
    floor.get("missed-calls").await.ok();
    let sent = floor.last("/ca_apis/abandonCalls").body;
    assert_eq!(sent["fromDateTime"], format!("{DAY} 00:00:00"));
    assert_eq!((sent.get("fromTime"), &sent["toTime"]), (None, &json!(format!("{DAY} 23:59:59"))));
}

#[tokio::test(start_paused = true)]
async fn the_embedded_world_has_calls_of_others_from_the_start() {
    let config = desk::config::Config::read(&|name: &str| {
        (name == "OZONETEL_NOW").then(|| "2026-11-20T12:00:00+05:30".to_owned())
    })
    .unwrap();
    let (sim, client, settings) = config.simulated(1).await.unwrap();
    let floor = Floor::of(sim, Desk::new(client, settings, store()));
    let history = floor.get("call-history").await.ok().json;
    let calls = history.as_array().unwrap();
    assert!(calls.len() > 40, "{} calls", calls.len());
    assert!(calls.iter().all(|call| call["agentID"] != "agent01"));
    assert!(!floor.get("missed-calls").await.ok().json.as_array().unwrap().is_empty());
    let figures = floor.get("performance?agentId=agent02").await.ok().json;
    assert!(figures["calls"]["answered"].as_u64().unwrap() > 3, "{figures}");
    assert_eq!(floor.get("performance").await.ok().json["calls"]["total"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_day_of_many_calls_is_answered_in_parts_and_is_the_same_list() {
    let row = |n: u32| match n {
        7 => json!({"CallID": "7", "UCID": "7", "TalkTime": "five"}),
        _ => json!({"CallID": n.to_string(), "UCID": n.to_string(), "Type": "Manual",
            "Status": "Answered", "CallDate": DAY, "TalkTime": "00:00:05",
            "StartTime": format!("{:02}:{:02}:00", n / 60, n % 60)}),
    };
    for (count, is_one_piece) in [(0_u32, true), (500, true), (501, false), (1_300, false)] {
        let rows: Vec<_> = (1..=count).map(row).collect();
        let body = json!({"status": "success", "message": "success", "details": rows});
        let mut floor = Floor::new();
        let replay = Replay::new([Turn::json(body.to_string())]);
        let client = floor.sim.client_builder().mode(AuthMode::Key).transport(Arc::new(replay));
        let client = client.build().unwrap();
        let records = records(&client);
        floor.desk = Desk::with_records(client, settings(), store(), records);
        floor.sync().await;
        let request = Request::get("/api/ozonetel/call-history").body(Body::empty()).unwrap();
        let request = authorized(&floor.desk, request).await;
        let answer = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{count}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert!(answer.headers().contains_key("desk-read-at"));
        let unread = answer.headers().get("desk-unreadable-rows").map(HeaderValue::as_bytes);
        assert_eq!(unread, (count > 0).then_some(&b"1"[..]), "{count}");
        let mut parts = answer.into_body().into_data_stream();
        let (mut text, mut largest, mut pieces) = (Vec::new(), 0, 0);
        while let Some(part) = futures_util::StreamExt::next(&mut parts).await {
            let part = part.unwrap();
            (largest, pieces) = (largest.max(part.len()), pieces + 1);
            text.extend_from_slice(&part);
        }
        assert_eq!(pieces <= 1, is_one_piece, "{count}");
        let list: Vec<Value> = serde_json::from_slice(&text).unwrap();
        let ids: Vec<_> =
            list.iter().map(|call| call["ucid"].as_str().unwrap().to_owned()).collect();
        let expected = (1..=count).rev().filter(|n| *n != 7).map(|n| n.to_string());
        assert_eq!(ids, expected.collect::<Vec<_>>(), "{count}");
        assert!(count < 1_000 || 2 * largest < text.len(), "{largest} of {}", text.len());
    }
}
