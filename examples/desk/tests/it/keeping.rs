//! What is kept for how long, and what is forgotten.

use std::collections::BTreeMap;
use std::sync::Arc;

use desk::core::caller::{Role, Scope};
use desk::core::outbox::OutboxTarget;
use desk::core::retention::Retention;
use desk::ops::forget::forget;
use desk::records::Records;
use desk::store::audit::{AuditFilter, AuditRow};
use desk::store::{Db, PhoneCalls as _, Store};
use desk::work::recordings::resume_overdue;
use desk::work::tidy::remove;
use desk::work::{forgotten, outbox, reminders};
use desk::{Desk, Settings};
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};

use crate::floor::{Floor, settings};
use crate::working::Someone;

const UNPAUSE: &str = "/CAServices/Call/Record.php";

pub(crate) async fn audit(desk: &Desk, action: &str) -> Vec<(String, String)> {
    let filter = AuditFilter { action: Some(action.into()), ..AuditFilter::newest(Scope::All, 50) };
    let rows = desk.store().audit(&filter).await.unwrap();
    rows.into_iter().map(|row| (row.who, row.result)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_paused_recording_is_resumed_after_the_limit_and_the_audit_says_so() {
    let floor = Floor::with_calling(|calling| calling.pause_limit_sec = Some(90));
    let ucid = floor.talking().await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = format!("/api/calls/{ucid}");
    let pause = json!({"action": "pause"});
    agent.post(&format!("{path}/recording"), pause).await.ok();
    let mut tried = BTreeMap::new();
    floor.wait(89).await;
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(0));
    floor.wait(1).await;
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(1));
    let call = agent.get(&path).await.ok().json;
    assert_eq!((&call["recording"], &call["recordingPausedAt"]), (&json!("on"), &Value::Null));
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(0));
    let by_desk = ("desk".to_owned(), "ok".to_owned());
    assert_eq!(audit(&floor.desk, "call.resume_recording").await, [by_desk]);
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_cannot_be_resumed_is_tried_again_and_that_is_written_down() {
    let floor = Floor::with_calling(|calling| calling.pause_limit_sec = Some(90));
    let ucid = floor.talking().await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = format!("/api/calls/{ucid}/recording");
    agent.post(&path, json!({"action": "pause"})).await.ok();
    floor.wait(90).await;
    let (mut tried, asked) = (BTreeMap::new(), floor.count(UNPAUSE));
    assert!(floor.sim.fault(Fault::new(FaultKind::Html).on(UNPAUSE)));
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(0));
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(0), "not at once again");
    assert_eq!(floor.count(UNPAUSE), asked + 1);
    floor.wait(31).await;
    // What may have happened is a recording whose state is not known: the call's end settles it.
    let call = agent.get(&format!("/api/calls/{ucid}")).await.ok().json;
    if call["recording"] == "paused" {
        assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(1));
    }
    assert_ne!(audit(&floor.desk, "call.resume_recording").await.last().unwrap().1, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_is_paused_at_the_end_is_resumed_then_and_the_audit_says_so() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let path = format!("/api/calls/{ucid}/recording");
    agent.post(&path, json!({"action": "pause"})).await.ok();
    let mut tried = BTreeMap::new();
    floor.wait(7_200).await;
    assert_eq!(resume_overdue(&floor.desk, &mut tried).await, Ok(0), "there is no limit");
    agent.post(&format!("/api/calls/{ucid}/end"), json!({})).await.ok();
    outbox::deliver_due(&floor.desk, OutboxTarget::Service).await.unwrap();
    assert_eq!(audit(&floor.desk, "call.resume_recording").await.len(), 1);
}

/// A call with notes, a follow-up and a missed call of one number, on this store.
pub(crate) async fn with_a_caller(
    floor: &Floor,
    store: Arc<dyn Store>,
    records: Records,
) -> (Desk, String) {
    let desk = Desk::with_records(floor.sim.client(), settings(), store, records);
    let agent = Someone::new(&desk, Role::Agent, &["agent01"]).await;
    agent.post("/api/ozonetel/agent-login", json!({})).await.ok();
    let dialed =
        agent.post("/api/ozonetel/dial", json!({"phoneNumber": "+91 90000-00001"})).await.ok();
    let ucid = dialed.text("ucid").to_owned();
    floor.wait(5).await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    agent.post("/api/ozonetel/call-control", kick).await.ok();
    let due = desk.now() + 60_000;
    let said = json!({
        "code": "FOLLOW_UP_SCHEDULED", "notes": "likes tea; other phone 09000000001", "callBackAt": due,
    });
    agent.post(&format!("/api/calls/{ucid}/disposition"), said).await.ok();
    let number = "9000000001".into();
    desk::flow::working::note_missed(&desk, &number, "c1", desk.now()).await.unwrap();
    let supervisor = Someone::new(&desk, Role::Supervisor, &["agent01"]).await;
    let leads = "number,name\n9000000001,Asha Demo\n9000000002,Ravi Demo\n";
    supervisor.send(http::Method::POST, "/api/leads/import", "text/csv", leads.into()).await.ok();
    floor.wait(61).await;
    reminders::announce(&desk).await.unwrap();
    (desk, ucid)
}

#[tokio::test(start_paused = true)]
async fn notes_go_after_their_days_and_the_call_can_still_be_built_from_its_facts() {
    let floor = Floor::new();
    let store = crate::floor::store();
    let records = crate::floor::records(&floor.sim.client());
    let (desk, ucid) = with_a_caller(&floor, Arc::clone(&store), records).await;
    let path = format!("/api/follow-ups/{ucid}");
    let agent = Someone::new(&desk, Role::Agent, &["agent01"]).await;
    agent
        .send(http::Method::PATCH, &path, "application/json", json!({"done": true}).to_string())
        .await
        .ok();
    let kept = Retention { notes: Some(90), ..Retention::default() };
    let day = 24 * 3_600_000;
    let text = async || {
        let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
        let entries = store.outbox_of(&call.id).await.unwrap();
        let promise = store.follow_up(&Scope::All, &ucid).await.unwrap().unwrap();
        let state = serde_json::to_string(&*call.state).unwrap();
        format!("{state} {:?} {}", entries[0].payload, promise.record.note)
    };
    remove(&*store, desk.now() + 89 * day, 0, kept).await;
    assert_eq!(text().await.matches("likes tea").count(), 3);
    remove(&*store, desk.now() + 91 * day, 0, kept).await;
    assert_eq!(text().await.matches("likes tea").count(), 0);
    let loaded = store.load_calls(std::slice::from_ref(&ucid)).await.unwrap();
    let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
    assert_eq!(loaded[0].call.state(), &call.state);
    assert_eq!(
        call.state.disposition.as_ref().unwrap().said.code,
        "FOLLOW_UP_SCHEDULED",
        "the code stays"
    );
}

/// Whether rows of the report have digests.
fn has_digests(all: &[(String, String)]) -> bool {
    all.iter().any(|(place, _)| place == "cdr_seen.digest")
}

/// Everything that is text in a SQLite file, by table and column.
async fn texts(file: &std::path::Path) -> Vec<(String, String)> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let columns = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                   WHERE m.type = 'table' AND upper(p.type) = 'TEXT' AND m.name <> '_sqlx_migrations'";
    let mut all = Vec::new();
    for row in sqlx::query(columns).fetch_all(&mut conn).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let select = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        for row in sqlx::query(sqlx::AssertSqlSafe(select)).fetch_all(&mut conn).await.unwrap() {
            all.push((format!("{table}.{column}"), row.get(0)));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_forgotten_in_every_table_and_others_stay() {
    let floor = Floor::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.sqlite");
    let store = Db::sqlite(&file).await.unwrap();
    let client = floor.sim.client();
    let address = ozonetel_store::StoreAddress::Sqlite(file.clone());
    let records = ozonetel_store::Store::open(&address, "simulator", client.zone().clone());
    let records =
        Records::with(client.clone(), records.await.unwrap(), Records::settings().back_fill(0));
    let (desk, ucid) = with_a_caller(&floor, Arc::new(store.clone()), records.clone()).await;
    for _ in 0..2 {
        records.step().await.unwrap();
    }
    let holding = |all: &[(String, String)], digits: &str| {
        let plain = |text: &str| text.replace([' ', '-'], "");
        let mut places: Vec<_> = all
            .iter()
            .filter(|(_, text)| plain(text).contains(digits))
            .map(|(place, _)| place.clone())
            .collect();
        places.sort();
        places.dedup();
        places
    };
    assert!(has_digests(&texts(&file).await));
    let before = holding(&texts(&file).await, "9000000001");
    for table in [
        "cdr_row",
        "desk_call",
        "desk_dial",
        "desk_event",
        "desk_fact",
        "desk_follow_up",
        "desk_lead",
    ] {
        assert!(before.iter().any(|place| place.starts_with(table)), "{table}: {before:?}");
    }
    let profiles = desk.customers().profiles();
    for (key, phone) in [("500001:s1", "+91 90000 00001"), ("500001:s2", "9000000002")] {
        let text = json!({"name": "Asha Example", "phone": phone}).to_string();
        profiles.put(&format!("callcenter:customer:{key}"), &text).await.unwrap();
    }
    let said = forget(&store, Some(profiles), "090000 00001", desk.now()).await.unwrap();
    assert!(
        said.starts_with("…01 is forgotten: in 1 calls")
            && said.contains("in 1 profiles")
            && !said.contains("9000000001"),
        "{said}"
    );
    assert_eq!(profiles.get("callcenter:customer:500001:s1").await, Ok(None));
    assert!(profiles.get("callcenter:customer:500001:s2").await.unwrap().is_some());
    let after = texts(&file).await;
    // By a row's digest its number could be found.
    assert_eq!((holding(&after, "9000000001"), has_digests(&after)), (Vec::new(), false));
    let about =
        |(_, text): &&(String, String)| text.contains("likes tea") || text.contains("Asha Demo");
    let about: Vec<_> = after.iter().filter(about).map(|(place, _)| place).collect();
    assert_eq!(about, Vec::<&String>::new());
    assert_eq!(holding(&after, "9000000002"), ["desk_lead.number", "desk_lead.number_key"]);
    let rows = audit(&desk, "number.forget").await;
    assert_eq!(rows.len(), 1);
    // What is left is a call like any other.
    let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
    let loaded = store.load_calls(&[ucid]).await.unwrap();
    assert_eq!(loaded[0].call.state(), &call.state);
    assert_eq!(call.state.disposition.as_ref().unwrap().said.code, "FOLLOW_UP_SCHEDULED");
    // A desk that runs on the store hears of it, and drops what it has in memory.
    let known = forgotten::look(&desk, None).await;
    assert_eq!((known, forgotten::look(&desk, known).await), (Some(1), Some(1)));
    assert!(profiles.get("callcenter:customer:500001:s2").await.unwrap().is_some());
    store
        .forget_number(&"9000000003".into(), AuditRow::of_desk(1, "number.forget", ""))
        .await
        .unwrap();
    assert_eq!(forgotten::look(&desk, known).await, Some(2));
    assert_eq!(profiles.get("callcenter:customer:500001:s2").await, Ok(None));
    // A second time finds nothing, and an extension is not a number.
    let again = forget(&store, None, "+919000000001", desk.now()).await.unwrap();
    assert!(again.contains("in 0 calls") && again.contains("in 0 other places"), "{again}");
    for short in ["500001", "anonymous", ""] {
        assert!(forget(&store, None, short, desk.now()).await.is_err(), "{short}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_forgotten_in_postgresql() {
    let floor = Floor::new();
    let server = ozonetel_postgres::server().unwrap();
    let prepare = async |url: &str| {
        Db::postgres(url).await.unwrap().close().await;
        Ok(())
    };
    let url = server.database("desk", prepare).await.unwrap();
    let store = Db::postgres(&url).await.unwrap();
    let records = crate::floor::records(&floor.sim.client());
    let (desk, ucid) = with_a_caller(&floor, Arc::new(store.clone()), records).await;
    let said = forget(&store, None, "9000000001", desk.now()).await.unwrap();
    assert!(said.starts_with("…01 is forgotten: in 1 calls"), "{said}");
    let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&*call.state).unwrap().contains("9000000001"));
    let again = forget(&store, None, "9000000001", desk.now()).await.unwrap();
    assert!(again.contains("in 0 calls") && again.contains("in 0 other places"), "{again}");
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn todays_time_use_is_out_of_the_states_that_were_seen_and_says_so() {
    let floor = Floor::with(ozonetel_sim::world::Setup::default(), Settings { ..settings() });
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    floor.sync().await;
    let before = agent.get("/api/performance").await.ok().json;
    assert_eq!(before["timeUseTodayFromStates"], Value::Null, "nothing was seen");
    let say = async |word: &str| {
        let word = desk::core::agent::StateWord {
            at_ms: floor.desk.now(),
            source: desk::core::agent::StateSource::Event,
            word: word.into(),
            reason: None,
        };
        desk::flow::agent_state::say(&floor.desk, &"agent01".into(), word).await.unwrap();
    };
    for (word, seconds) in
        [("login", 10), ("READY", 50), ("incall", 120), ("ACW", 20), ("PAUSED", 30)]
    {
        say(word).await;
        floor.wait(seconds).await;
    }
    floor.sync().await;
    let today = agent.get("/api/performance").await.ok().json["timeUseTodayFromStates"].clone();
    for (part, time) in [
        ("totalLoginDuration", "00:03:50"),
        ("totalIdleTime", "00:01:00"),
        ("totalBusyTime", "00:02:00"),
        ("totalWrapupTime", "00:00:20"),
        ("totalPauseTime", "00:00:30"),
    ] {
        assert_eq!(today[part], time, "{part}: {today}");
    }
    // An hour later no one knows whether that still holds.
    floor.wait(3_600).await;
    let stale = agent.get("/api/performance").await.ok().json["timeUseTodayFromStates"].clone();
    assert_eq!(stale["totalLoginDuration"], "00:03:20");
}
