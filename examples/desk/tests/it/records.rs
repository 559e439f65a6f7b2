//! Past calls and figures out of the store of call records.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use desk::core::agent::{StateSource, StateWord};
use desk::core::caller::Role;
use desk::flow::agent_state::say;
use desk::records::AudioSource;
use desk::work::summary;
use desk::{Desk, app};
use http::{Request, StatusCode, header};
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use ozonetel_sim::world::{LegSide, PhoneAction, Setup};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::floor::{Answer, CDR, DAY, Floor, settings, store, token};

const SUMMARY: &str = "/ca_reports/summaryReport";

/// Asks with a token of this role that names these agents.
async fn ask(floor: &Floor, role: Role, agents: &[&str], path: &str) -> Answer {
    Answer::of(asked(floor, role, agents, path, "application/json").await).await
}

async fn asked(
    floor: &Floor,
    role: Role,
    agents: &[&str],
    path: &str,
    accept: &str,
) -> axum::response::Response {
    floor.sync().await;
    let bearer = format!("Bearer {}", token(&floor.desk, role, agents).await);
    let request = Request::get(path)
        .header(header::AUTHORIZATION, bearer)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .unwrap();
    app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap()
}

async fn get(floor: &Floor, path: &str) -> Value {
    ask(floor, Role::Administrator, &[], path).await.ok().json
}

async fn csv(floor: &Floor, path: &str) -> Vec<Vec<String>> {
    let response = asked(floor, Role::Administrator, &[], path, "text/csv").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// One call of the agent's that was answered, and one that rang without success.
async fn two_calls(floor: &Floor, code: &str) {
    let ucid = floor.talking().await;
    floor.wait(20).await;
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(10).await;
    floor.post("dispose", &json!({"ucid": ucid, "disposition": code})).await.ok();
    let dial = json!({"phoneNumber": "9000000002"});
    let missed = floor.post("dial", &dial).await.ok().text("ucid").to_owned();
    floor.wait(2).await;
    floor.sim.phone(&missed, LegSide::Customer, PhoneAction::Busy).unwrap();
    floor.wait(1).await;
    floor.post("agent-logout", &json!({})).await.ok();
}

/// To the same time of the next day, with what is due being read on the way.
async fn a_day_passes(floor: &Floor) {
    for _ in 0..24 {
        floor.sync().await;
        floor.wait(3600).await;
    }
    floor.sync().await;
}

/// What all forms of figures have, under the names of the frozen route.
fn common(figures: &Value) -> Value {
    json!({
        "calls": figures["calls"],
        "talk": figures.get("avgTalkTimeSec").or_else(|| figures.get("talkMeanSec")),
        "booked": figures["appointmentsBooked"],
        "rate": figures["conversionRate"],
        "dispositions": figures["dispositions"],
    })
}

#[tokio::test(start_paused = true)]
async fn live_daily_ranged_and_exported_figures_agree() {
    let floor = Floor::new();
    two_calls(&floor, "APPOINTMENT_BOOKED").await;
    floor.wait(60).await;
    let live = floor.get("performance").await.ok().json;
    assert_eq!(
        live["calls"],
        json!({"total": 2, "inbound": 0, "outbound": 2, "answered": 1, "missed": 1})
    );
    assert_eq!(live["appointmentsBooked"], 1);
    a_day_passes(&floor).await;
    two_calls(&floor, "FOLLOW_UP_SCHEDULED").await;
    // One that no one answers, and that is no agent's.
    floor.sim.inbound("918000000001", "9000000003").unwrap();
    floor.wait(120).await;

    let next = "2026-11-21";
    let daily = floor.get(&format!("performance?date={DAY}")).await.ok().json;
    assert_eq!(common(&daily), common(&live), "the day as it was, in the other spelling");
    let today = floor.get("performance").await.ok().json;
    let trend = get(&floor, "/api/performance/trend?days=3&agent=agent01").await;
    let days = trend["days"].as_array().unwrap();
    let dates: Vec<&str> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-11-19", DAY, next]);
    assert_eq!((&days[0]["isRead"], &days[0]["calls"]["total"]), (&json!(false), &json!(0)));
    assert_eq!(common(&days[1]), common(&daily));
    assert_eq!(common(&days[2]), common(&today));
    let range = format!("from={DAY}&to={next}");
    let ranged = get(&floor, &format!("/api/performance?{range}&agent=agent01")).await;
    for field in ["total", "inbound", "outbound", "answered", "missed"] {
        let of = |figures: &Value| figures["calls"][field].as_u64().unwrap();
        assert_eq!(of(&ranged), of(&daily) + of(&today), "{field}");
    }
    assert_eq!(ranged["appointmentsBooked"], 1);
    assert_eq!(
        ranged["handlingMeanSec"], days[1]["handlingMeanSec"],
        "both days have the same call"
    );
    assert_eq!(ranged["neverRead"], json!([]));
    let team = get(&floor, &format!("/api/performance/team?{range}")).await;
    assert_eq!(team["agents"].as_array().unwrap().len(), 1, "{team}");
    assert_eq!(common(&team["agents"][0]), common(&ranged));
    // The total has the call that was no agent's.
    assert_eq!(team["total"]["calls"]["total"], 5);
    assert_eq!(get(&floor, &format!("/api/performance?{range}")).await["calls"]["total"], 5);

    // Exported: by day, by agent, as a whole.
    let exported = csv(&floor, "/api/performance/trend?days=3&agent=agent01").await;
    assert_eq!(exported[0][..3], ["date", "calls", "inbound"]);
    let number = |row: &[String], column: &str| -> u64 {
        row[exported[0].iter().position(|name| name == column).unwrap()].parse().unwrap()
    };
    let unread: Vec<&str> = exported[1].iter().map(String::as_str).collect();
    let empty = ["2026-11-19", "", "", "", "", "", "", "", "", "", "", "", "false"];
    assert_eq!(unread, empty, "a day that was never read is no day without calls");
    for (row, day) in exported[2..].iter().zip(&days[1..]) {
        assert_eq!(row[0], day["date"].as_str().unwrap());
        assert_eq!(row.last().unwrap(), "true");
        for (column, value) in [
            ("calls", &day["calls"]["total"]),
            ("answered", &day["calls"]["answered"]),
            ("missed", &day["calls"]["missed"]),
            ("talkMeanSec", &day["talkMeanSec"]),
            ("handlingMeanSec", &day["handlingMeanSec"]),
            ("appointmentsBooked", &day["appointmentsBooked"]),
            ("conversionRate", &day["conversionRate"]),
        ] {
            assert_eq!(number(row, column), value.as_u64().unwrap(), "{column}");
        }
    }
    let agents = csv(&floor, &format!("/api/performance/team?{range}")).await;
    assert_eq!((agents[1][0].as_str(), agents[2][0].as_str()), ("agent01", "all"));
    assert_eq!((agents[1][1].as_str(), agents[2][1].as_str()), ("4", "5"));
    assert_eq!((agents[0][12].as_str(), agents[1][12].as_str()), ("daysNotRead", "0"));
}

#[tokio::test(start_paused = true)]
async fn figures_say_which_days_were_never_read_and_when_the_last_one_was() {
    let floor = Floor::new();
    two_calls(&floor, "APPOINTMENT_BOOKED").await;
    let range = format!("from=2026-11-18&to={DAY}");
    let team = get(&floor, &format!("/api/performance/team?{range}")).await;
    let missing = json!(["2026-11-18", "2026-11-19"]);
    assert_eq!((&team["neverRead"], &team["timeUtilizationDays"]), (&missing, &json!(0)));
    assert_eq!(team["total"]["calls"]["total"], 2);
    let read_at = floor.desk.now() / 1000 * 1000;
    let near = |value: &Value| (read_at - value.as_i64().unwrap()).abs() <= 60_000;
    assert!(near(&team["readAt"]), "{team}");
    for path in ["/api/performance/team", "/api/performance"] {
        let table = csv(&floor, &format!("{path}?{range}")).await;
        let last = table.last().unwrap();
        assert_eq!((table[0][12].as_str(), last[1].as_str()), ("daysNotRead", "2"), "{path}");
        assert_eq!(last[12], "2", "{path}");
        let unknown = csv(&floor, &format!("{path}?from=2026-11-18&to=2026-11-19")).await;
        let last = unknown.last().unwrap();
        assert_eq!((last[1].as_str(), last[11].as_str(), last[12].as_str()), ("", "", "2"));
    }
    // The last reading, also once nothing can be read any more.
    for path in ["/api/performance/team", "/api/performance", "/api/performance/trend"] {
        let figures = get(&floor, path).await;
        assert!(near(&figures["readAt"]), "{path}: {figures}");
        for accept in ["application/json", "text/csv"] {
            let answer = asked(&floor, Role::Administrator, &[], path, accept).await;
            let header = answer.headers()["desk-read-at"].to_str().unwrap().parse::<i64>();
            assert_eq!(json!(header.unwrap()), figures["readAt"], "{path} {accept}");
        }
    }
    let past = get(&floor, "/api/performance?from=2026-11-18&to=2026-11-19").await;
    assert_eq!(past["readAt"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_range_that_ends_after_today_has_the_time_of_today() {
    let floor = Floor::new();
    let word = StateWord {
        at_ms: floor.desk.now(),
        source: StateSource::Event,
        word: "READY".into(),
        reason: None,
    };
    say(&floor.desk, &"agent01".into(), word).await.unwrap();
    floor.wait(600).await;
    for (range, has) in [
        (format!("from={DAY}&to={DAY}"), true),
        (format!("from={DAY}&to=2026-11-22"), true),
        ("from=2026-11-16&to=2026-11-22".to_owned(), true),
        ("from=2026-11-16&to=2026-11-19".to_owned(), false),
        ("from=2026-11-21&to=2026-11-22".to_owned(), false),
    ] {
        let path = format!("/api/performance?{range}");
        let found = ask(&floor, Role::Agent, &["agent01"], &path).await.ok().json;
        assert_eq!(found["timeUseTodayFromStates"].is_object(), has, "{range}: {found}");
    }
}

#[tokio::test(start_paused = true)]
async fn past_calls_page_by_page_masked_and_only_ones_own() {
    let floor = Floor::new();
    two_calls(&floor, "FOLLOW_UP_SCHEDULED").await;
    floor.sim.inbound("918000000001", "9000000003").unwrap();
    floor.wait(120).await;
    let all = get(&floor, "/api/calls").await;
    let calls = all["calls"].as_array().unwrap();
    assert_eq!((calls.len(), &all["next"], &all["neverRead"]), (3, &json!(null), &json!([])));
    assert!(!all.to_string().contains("900000000"), "{all}");
    let call = &calls[2];
    assert_eq!(call["number"], "…01");
    assert_eq!((&call["outcome"], &call["answered"]), (&json!("completed"), &json!(true)));
    assert_eq!(
        (&call["agents"], &call["code"]),
        (&json!(["agent01"]), &json!("FOLLOW_UP_SCHEDULED"))
    );
    for (query, count) in [
        ("direction=inbound", 1),
        ("outcome=busy", 1),
        ("number=%2B91-90000-00002", 1),
        ("agent=agent01", 2),
        ("agent=AGENT01&direction=inbound", 0),
        ("from=2026-11-19", 0),
        ("from=2026-11-19&to=2026-11-20", 3),
    ] {
        let found = get(&floor, &format!("/api/calls?{query}")).await;
        assert_eq!(found["calls"].as_array().unwrap().len(), count, "{query}");
    }
    // A day that was never read is said to be one.
    assert_eq!(get(&floor, "/api/calls?from=2026-11-19").await["neverRead"], json!(["2026-11-19"]));
    let mut paged = Vec::new();
    let mut path = "/api/calls?limit=1".to_owned();
    loop {
        let page = get(&floor, &path).await;
        paged.extend(page["calls"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/calls?limit=1&cursor={next}");
    }
    assert_eq!(&paged, calls);
    let own = ask(&floor, Role::Agent, &["agent01"], "/api/calls").await.ok().json;
    assert_eq!(own["calls"].as_array().unwrap().len(), 2);
    let other = ask(&floor, Role::Agent, &["agent02"], "/api/calls").await.ok().json;
    assert_eq!(other["calls"], json!([]));
    for path in ["/api/calls?agent=agent01", "/api/performance?agent=agent01"] {
        ask(&floor, Role::Agent, &["agent02"], path).await.problem(404);
    }
    ask(&floor, Role::Agent, &["agent02"], "/api/performance/team").await.problem(403);
    // An agent's figures are of a quarter at most.
    let quarter = |from: &str| format!("/api/performance?from={from}&to=2026-11-20");
    ask(&floor, Role::Agent, &["agent01"], &quarter("2026-08-20")).await.ok();
    let long = quarter("2026-08-19");
    let refused = ask(&floor, Role::Agent, &["agent01"], &long).await.problem(400);
    assert_eq!(refused.json["errors"][0]["path"], "to");
    ask(&floor, Role::Supervisor, &["agent01"], &long).await.ok();
    for query in [
        "limit=0",
        "limit=201",
        "direction=up",
        "outcome=odd",
        "number=x",
        "cursor=2026-11-20",
        "from=x",
        "from=2026-11-21&to=2026-11-20",
        "from=2024-01-01&to=2026-01-01",
        "colour=red",
    ] {
        ask(&floor, Role::Administrator, &[], &format!("/api/calls?{query}")).await.problem(400);
    }
    for path in
        ["/api/performance/trend?days=0", "/api/performance/trend?days=91", "/api/performance?to=x"]
    {
        ask(&floor, Role::Administrator, &[], path).await.problem(400);
    }
}

#[tokio::test(start_paused = true)]
async fn summaries_are_filed_once_a_night_all_agents_in_one_request() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    floor.sync().await;
    floor.wait(600).await;
    let store = floor.desk.records().store().clone();
    let file = async || summary::file(floor.desk.client(), &store).await.unwrap();
    assert!(file().await);
    assert!(!file().await);
    assert_eq!(floor.count(SUMMARY), 1);
    let asked = floor.last(SUMMARY).body;
    assert_eq!(
        (&asked["fromDate"], &asked["toDate"]),
        (&json!("2026-10-21 00:00:00"), &json!("2026-11-19 23:59:59"))
    );
    floor.wait(24 * 3600).await;
    assert!(file().await);
    assert!(!file().await);
    assert_eq!(floor.last(SUMMARY).body["fromDate"], format!("{DAY} 00:00:00"));
    assert_eq!(floor.count(SUMMARY), 2);
    // From now on the day's time is answered without the service.
    let range = get(&floor, &format!("/api/performance?from={DAY}&agent=agent01")).await;
    assert_eq!(range["timeUtilizationDays"], 1);
    let login = range["timeUtilization"]["totalLoginDuration"].as_str().unwrap().to_owned();
    floor.sync().await;
    let frozen = floor.get(&format!("performance?date={DAY}")).await.ok().json;
    assert_eq!(frozen["timeUtilization"]["totalLoginDuration"], login);
    assert_eq!(floor.count(SUMMARY), 2);
}

#[tokio::test]
async fn what_was_read_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::with(Setup::default(), settings());
    floor.talking().await;
    let open = async || {
        let address = folder.path().join("desk.sqlite").into();
        let zone = floor.sim.client().zone().clone();
        ozonetel_store::Store::open(&address, "the simulator", zone).await.unwrap()
    };
    let first = desk::records::Records::new(floor.sim.client(), open().await);
    first.step().await.unwrap();
    drop(first);
    let asked = floor.count(CDR);
    let client = floor.sim.client();
    let again = desk::records::Records::new(client.clone(), open().await);
    let desk = Desk::with_records(client, settings(), store(), again);
    let floor = Floor::of(floor.sim.clone(), desk);
    let day = floor.desk.client().today();
    assert!(floor.desk.records().day(day).await.unwrap().read.is_some());
    let page = floor
        .desk
        .records()
        .store()
        .calls(&ozonetel_store::CallQuery::default(), None, 9)
        .await
        .unwrap();
    assert_eq!((page.calls.len(), floor.count(CDR)), (1, asked));
}

/// A floor whose recordings come from a store that answers as it is told.
async fn with_audio(turns: Vec<Turn>) -> (Floor, Replay, String) {
    let mut floor = Floor::new();
    let replay = Replay::new(turns);
    let hosts = vec!["https://recordings.example.test".to_owned()];
    let source = AudioSource { transport: Arc::new(replay.clone()), hosts };
    let client = floor.sim.client();
    let records = crate::floor::records(&client).fetching(source);
    floor.desk = Desk::with_records(client, settings(), store(), records);
    let ucid = floor.talking().await;
    (floor, replay, ucid)
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_fetched_for_whom_the_call_is_and_every_listening_is_in_the_audit() {
    let audio = Turn::Answer(StatusCode::OK, "audio/mpeg", "ID3 the whole".into());
    let document = Turn::Answer(StatusCode::NOT_FOUND, "application/xml", "<Error/>".into());
    let moved = Turn::Answer(StatusCode::FOUND, "text/html", "".into());
    let (floor, replay, ucid) = with_audio(vec![document, audio, moved]).await;
    let path = format!("/api/calls/{ucid}/recording");
    let fetch = async |role, agents: &'static [&'static str]| {
        asked(&floor, role, agents, &path, "audio/mpeg").await
    };
    // While the call goes on there is none; nothing is fetched, and nothing is in the audit.
    floor.sync().await;
    let early = Answer::of(fetch(Role::Agent, &["agent01"]).await).await.problem(409);
    assert!(early.text("message").contains("not ended"), "{}", early.json);
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(60).await;
    Answer::of(fetch(Role::Agent, &["agent02"]).await).await.problem(404);
    assert!(replay.requests().is_empty());
    // Not there yet, then there, then somewhere else.
    let late = Answer::of(fetch(Role::Agent, &["agent01"]).await).await.problem(409);
    assert!(late.text("message").contains("not there yet"), "{}", late.json);
    let audio = fetch(Role::Agent, &["agent01"]).await;
    assert_eq!(
        (audio.status(), &audio.headers()[header::CONTENT_TYPE]),
        (StatusCode::OK, &"audio/mpeg".parse().unwrap())
    );
    assert_eq!(to_bytes(audio.into_body(), 1 << 20).await.unwrap(), "ID3 the whole");
    Answer::of(fetch(Role::Administrator, &[]).await).await.problem(502);
    let asked_for = replay.requests();
    assert_eq!(asked_for.len(), 3);
    assert_eq!(asked_for[0].uri().host(), Some("recordings.example.test"));
    let plays = get(&floor, "/api/audit?action=recording.play").await;
    let rows = plays["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{plays}");
    assert!(
        rows.iter().all(|row| row["target"] == format!("call:{ucid}") && row["agent"] == "agent01")
    );
    ask(&floor, Role::Administrator, &[], "/api/calls/1/recording").await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn of_a_range_that_is_too_long_it_is_said_how_long_it_may_be() {
    let floor = Floor::new();
    let path = |to: &str| format!("/api/performance?from=2026-01-01&to={to}");
    for (role, longest, longer, text) in [
        (Role::Agent, "2026-04-03", "2026-04-04", "more than 93 days, the most for an agent"),
        (Role::Administrator, "2027-01-01", "2027-01-02", "more than 366 days"),
    ] {
        ask(&floor, role, &["agent01"], &path(longest)).await.ok();
        let refused = ask(&floor, role, &["agent01"], &path(longer)).await.problem(400);
        let text = format!("makes a range of {text}");
        assert!(refused.text("message").ends_with(&text), "{}", refused.json);
    }
}
