//! `cdr sync`, `export`, `stats`: the copy of all records, and what is made of it.

use std::time::Duration;

use ozonetel_sim::world::PhoneAction;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::harness::{CDR, Desk, Ran, ended};
use crate::signals::signal;

/// A day of a few calls, and the path of a store that is not there yet.
async fn with_calls() -> (Desk, String) {
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    for caller in ["9000000002", "9000000003"] {
        desk.sim.inbound("918000000001", caller).unwrap();
        desk.sim.advance(Duration::from_mins(2)).await;
    }
    // A call that is still going on is longer each time it is asked for.
    desk.sim.customer(&ucid, PhoneAction::Hangup).unwrap();
    desk.sim.advance(Duration::from_mins(3)).await;
    let place = desk.shell.state.path().join("calls.db").display().to_string();
    (desk, place)
}

fn requests(desk: &Desk) -> usize {
    desk.sim.requests().iter().filter(|entry| entry.path == CDR).count()
}

async fn synced(desk: &Desk, place: &str) -> Value {
    let sync = ["cdr", "sync", "--store", place, "--back-fill", "0"];
    desk.json(&sync).await.done().json()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_has_is_copied_once_and_exported_as_it_is() {
    let (desk, place) = with_calls().await;
    let report = synced(&desk, &place).await;
    let rows = desk.json(&["cdr", "day"]).await.done().rows();
    assert!(rows.len() >= 3, "{rows:?}");
    assert_eq!((&report["new"], &report["days_read"]), (&json!(rows.len()), &json!(1)));
    assert_eq!(report["store"], place);
    // What was read is not asked for again, and what is stored asks for nothing.
    let asked = requests(&desk);
    assert_eq!(synced(&desk, &place).await["days_read"], 0);
    let export = |format: &'static str| {
        let arguments =
            ["cdr", "export", "--store", &place, "--from", "2026-01-02", "--format", format];
        desk.shell.spawn(&arguments)
    };
    let jsonl = ended(export("jsonl")).await.noting_today();
    let mut exported: Vec<Value> =
        jsonl.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by_ucid = |row: &Value| row["UCID"].as_str().unwrap().to_owned();
    exported.sort_by_key(by_ucid);
    let mut expected = rows.clone();
    expected.sort_by_key(by_ucid);
    assert_eq!(exported, expected);
    let table = ended(export("csv")).await.noting_today();
    let mut reader = csv::Reader::from_reader(table.out.as_bytes());
    let names = reader.headers().unwrap().clone();
    let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(read.len(), rows.len());
    for record in &read {
        let cell = |name: &str| record.get(names.iter().position(|n| n == name).unwrap()).unwrap();
        let row = rows.iter().find(|row| row["UCID"] == cell("UCID")).unwrap();
        for name in &names {
            let expected = match &row[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell(name), expected, "{name}");
        }
    }
    assert_eq!(requests(&desk), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_count_phone_calls_and_say_what_was_never_read() {
    let (desk, place) = with_calls().await;
    synced(&desk, &place).await;
    let stats = ["cdr", "stats", "--store", &place, "--from", "2026-01-02"];
    let drawn = desk.run(&stats).await.noting_today();
    let stats = desk.json(&stats).await.noting_today().json();
    assert_eq!((&stats["calls"], &stats["days_never_read"]), (&json!(3), &json!([])));
    let sum: u64 = stats["outcomes"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(sum, 3);
    assert_eq!(stats["agents"][0]["agent"], "agent01");
    assert!(drawn.out.contains("3 calls") && drawn.out.contains('█'), "{}", drawn.out);
    assert!(!drawn.out.contains("9000000002"), "{}", drawn.out);
    // A day without calls and one that was never read are two things.
    let range = ["cdr", "stats", "--store", &place, "--from", "2026-01-01", "--to", "2026-01-02"];
    let other = desk.json(&range).await;
    assert_eq!((other.code, &other.json()["days_never_read"]), (8, &json!(["2026-01-01"])));
    assert!(other.err.contains("never read"), "{}", other.err);
    // Of days that were never read there is no count, and no page.
    let page = desk.shell.state.path().join("stats.html").display().to_string();
    let none = ["cdr", "stats", "--store", &place, "--from", "2025-12-01", "--html", &page];
    let none = desk.run(&none).await;
    assert_eq!((none.code, none.out.as_str()), (2, ""), "{none:?}");
    let sync = format!("`ozonetel cdr sync --store {place}`");
    assert!(none.err.contains("none of these days") && none.err.contains(&sync), "{none:?}");
    assert!(!std::path::Path::new(&page).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn to_read_a_store_none_is_made() {
    let (desk, place) = with_calls().await;
    for command in ["stats", "export"] {
        let ran = desk.run(&["cdr", command, "--store", &place, "--from", "today"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command} {ran:?}");
        let told =
            format!("there is no store {place}\n  `ozonetel cdr sync --store {place}` makes it");
        assert!(ran.err.contains(&told), "{command} {ran:?}");
        assert!(!std::path::Path::new(&place).exists(), "{command}");
    }
    let export = ["cdr", "export", "--store", &place, "--from", "today", "--sync"];
    desk.run(&export).await.noting_today();
    assert!(std::path::Path::new(&place).exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_export_says_on_a_terminal_what_the_file_has() {
    let (desk, place) = with_calls().await;
    let new = synced(&desk, &place).await["new"].as_u64().unwrap();
    for (format, name) in [("csv", "calls.csv"), ("xlsx", "calls.xlsx")] {
        let out = desk.shell.state.path().join(name).display().to_string();
        let export = ["cdr", "export", "--store", &place, "--from", "today", "--format", format];
        let export = [&export[..], &["--out", &out]].concat();
        let (code, text) = crate::terminal::Terminal::start(&desk.shell, &export, 300, 24).ended();
        let told = format!("{out}: {new} rows, 2026-01-02 to 2026-01-02");
        assert!(code == Some(0) && text.contains(&told), "{told}: {text}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_store_that_a_config_file_names_is_the_one_that_is_used() {
    use std::os::unix::fs::PermissionsExt as _;

    let (desk, _) = with_calls().await;
    let place = desk.shell.state.path().join("elsewhere.db").display().to_string();
    synced(&desk, &place).await;
    let config = desk.shell.state.path().join("config");
    std::fs::write(&config, format!("OZONETEL_STORE={place}\n")).unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = config.display().to_string();
    let stats = ["--config", &config, "cdr", "stats", "--from", "2026-01-02"];
    assert_eq!(desk.json(&stats).await.noting_today().json()["calls"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_takes_its_name_once_it_is_whole() {
    let (desk, place) = with_calls().await;
    synced(&desk, &place).await;
    let file = desk.shell.state.path().join("calls.csv");
    let out = file.display().to_string();
    let export = ["cdr", "export", "--store", &place, "--from", "2026-01-02", "--out", &out];
    desk.run(&export).await.noting_today();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("CallID,UCID,"), "{text}");
    let names = std::fs::read_dir(desk.shell.state.path()).unwrap().flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
}

fn refused(ran: &Ran, code: i32, part: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.err.contains(part), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_not_replaced_by_one() {
    let (desk, place) = with_calls().await;
    synced(&desk, &place).await;
    let asked = requests(&desk);
    let export = ["cdr", "export", "--store", &place, "--from", "today", "--format", "xlsx"];
    let direct = ["cdr", "export", "--direct", "--from", "today", "--format", "jsonl"];
    let stats = ["cdr", "stats", "--store", &place, "--from", "today"];
    for (command, flag) in [(&export[..], "--out"), (&direct, "--out"), (&stats, "--html")] {
        let ran = desk.run(&[command, &[flag, "/dev/null"]].concat()).await;
        refused(&ran, 2, "/dev/null cannot be written: it is not an ordinary file");
    }
    assert_eq!(requests(&desk), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_said_before_anything_is_asked() {
    let (desk, place) = with_calls().await;
    synced(&desk, &place).await;
    let asked = requests(&desk);
    let other = desk.run(&["cdr", "sync", "--store", &place, "--account", "acme_sales"]).await;
    refused(&other, 2, "acme_support");
    let secret = desk
        .run(&["cdr", "sync", "--store", "postgres://desk:hunter2@db.example.test/calls"])
        .await;
    refused(&secret, 2, "OZONETEL_STORE");
    assert!(!secret.err.contains("hunter2"), "{}", secret.err);
    refused(
        &desk.run(&["cdr", "export", "--store", "mysql://example.test/x"]).await,
        2,
        "postgres://",
    );
    let turned = ["cdr", "stats", "--store", &place, "--from", "2026-01-02", "--to", "2026-01-01"];
    refused(&desk.run(&turned).await, 2, "--from is later than --to");
    assert_eq!(requests(&desk), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sync_says_how_to_go_on_and_keeps_what_it_has() {
    let (desk, place) = with_calls().await;
    // Today is read; then the limit of two a minute makes it wait, for as long as this test likes.
    let mut child = desk.shell.spawn(&[
        "cdr",
        "sync",
        "--store",
        &place,
        "--back-fill",
        "5",
        "--output",
        "json",
    ]);
    tokio::time::timeout(Duration::from_secs(30), async {
        while requests(&desk) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    signal(&child, "-INT").await;
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(130), "{told}");
    assert!(told.contains("resume with: ozonetel cdr sync --store"), "{told}");
    let rows = desk
        .run(&["cdr", "export", "--store", &place, "--from", "2026-01-02", "--format", "jsonl"])
        .await;
    assert!(rows.out.lines().count() >= 3, "{rows:?}");
}
