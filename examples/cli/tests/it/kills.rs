//! Killed at all stages: nothing is lost, nothing is sent twice, no limit is passed. A few times in `make test`, fifty
//! times in `make kills`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::days::{DayServer, ucids};
use crate::exporting::{later, out};
use crate::harness::{CDR, Desk, Shell, ended};

/// In `make test`: each stage once.
const FEW: u32 = 6;

/// In `make kills`.
const MANY: u32 = 50;

/// Where in its life each run is killed: so many requests after its beginning, and a moment more.
fn stage(kill: u32) -> (u32, u32) {
    (kill % 3, kill * 7 % 23)
}

/// Kills a run at a stage; `false` if it had ended by itself.
async fn killed(
    shell: &Shell,
    arguments: &[&str],
    kill: u32,
    requests: impl Fn() -> usize,
) -> bool {
    let before = requests();
    let mut child = shell.spawn(arguments);
    let (wanted, moments) = stage(kill);
    let reached = async {
        while requests() < before + usize::try_from(wanted).unwrap() {
            tokio::task::yield_now().await;
        }
        for _ in 0..moments * 50 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = reached => {
            child.kill().await.unwrap();
            true
        }
        _ = child.wait() => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_killed_adds_every_lead_once_or_says_so() {
    upload(FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make kills: fifty times"]
async fn an_upload_that_is_killed_fifty_times_adds_every_lead_once_or_says_so() {
    upload(MANY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_killed_has_what_the_service_has() {
    sync(FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make kills: fifty times"]
async fn a_sync_that_is_killed_fifty_times_has_what_the_service_has() {
    sync(MANY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_has_every_row_once() {
    export(FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make kills: fifty times"]
async fn an_export_that_is_killed_fifty_times_has_every_row_once() {
    export(MANY).await;
}

async fn upload(count: u32) {
    let desk = Desk::start().await;
    let path = desk.shell.state.path().join("leads.csv");
    let lead = |n: u32| format!("90000{n:05},A B,2026-02-01 10:00:00\n");
    let rows: String = (0..6000).map(lead).collect();
    std::fs::write(&path, format!("PhoneNumber,Name,ScheduledTime\n{rows}")).unwrap();
    let path = path.display().to_string();
    let upload = ["lead", "upload", &path, "--schedule", "--output", "json"];
    let sent = |desk: &Desk| desk.sim.effects("schedule");
    let mut kills = 0;
    for kill in 0..count {
        kills += u32::from(killed(&desk.shell, &upload, kill, || sent(&desk)).await);
    }
    assert!(kills > 0);
    let last = ended(desk.shell.spawn(&upload)).await;
    let unknown: BTreeSet<String> = last
        .rows()
        .iter()
        .filter(|row| row["outcome"] == "unknown")
        .map(|row| row["PhoneNumber"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(last.code, if unknown.is_empty() { 0 } else { 7 }, "{}", last.err);
    let mut there: BTreeMap<String, u32> = BTreeMap::new();
    let world = desk.sim.world();
    let number = |lead: &Map<String, Value>| lead["PhoneNumber"].as_str().unwrap().to_owned();
    for (_, _, lead) in world.leads().scheduled() {
        *there.entry(number(lead)).or_default() += 1;
    }
    assert!(there.values().all(|count| *count == 1), "no lead is there twice");
    for n in 0..6000 {
        let number = format!("90000{n:05}");
        assert!(there.contains_key(&number) || unknown.contains(&number), "{number} is lost");
    }
}

/// The time on this side is that of the service.
fn now(desk: Desk) -> Desk {
    let now = desk.sim.now().to_string();
    desk.set("OZONETEL_NOW", &now)
}

async fn sync(count: u32) {
    let mut desk = Desk::with_agent().await;
    desk.talking().await;
    for caller in 1..20 {
        desk.sim.inbound("918000000001", &format!("90000000{caller:02}")).unwrap();
        desk.sim.advance(Duration::from_secs(40)).await;
    }
    let place = desk.shell.state.path().join("calls.db").display().to_string();
    let sync = ["cdr", "sync", "--store", &place, "--back-fill", "15", "--output", "json"];
    let asked = |desk: &Desk| desk.sim.requests().iter().filter(|entry| entry.path == CDR).count();
    // Half a minute passes between two runs, on both sides: one request each.
    for kill in 0..count {
        desk.sim.advance(Duration::from_secs(31)).await;
        desk = now(desk);
        // At most one request more: the second waits for the limit, which here never opens.
        let kill = if kill % 3 == 2 { kill + 1 } else { kill };
        killed(&desk.shell, &sync, kill, || asked(&desk)).await;
    }
    let mut last = None;
    for _ in 0..40 {
        desk.sim.advance(Duration::from_mins(2)).await;
        desk = now(desk);
        let before = asked(&desk);
        let child = desk.shell.spawn(&sync);
        let mut child = child;
        let waits = async {
            while asked(&desk) < before + 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            status = child.wait() => {
                last = status.ok().and_then(|status| status.code());
                break;
            }
            () = waits => child.kill().await.unwrap(),
        }
    }
    assert_eq!(last, Some(0), "it came to its end");
    let limited = desk
        .sim
        .requests()
        .iter()
        .filter(|entry| entry.path == CDR && entry.status != Some(200))
        .count();
    assert_eq!(limited, 0);
    let export = ["cdr", "export", "--store", &place, "--from", "2026-01-02", "--format", "jsonl"];
    let stored = desk.run(&export).await.noting_today();
    desk.sim.advance(Duration::from_mins(2)).await;
    desk = now(desk);
    let rows = desk.json(&["cdr", "day", "2026-01-02"]).await.done().rows();
    let ids = |row: &Value| row["UCID"].as_str().unwrap().to_owned();
    let of_service: BTreeSet<String> = rows.iter().map(ids).collect();
    let of_store: Vec<Value> =
        stored.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(of_store.len(), of_service.len());
    assert_eq!(of_store.iter().map(ids).collect::<BTreeSet<_>>(), of_service);
}

/// Each run is two minutes later, and ends after the two requests that the limit allows if it is not killed before.
async fn export(count: u32) {
    let server = DayServer::start().await;
    let days: Vec<String> = (20..=31)
        .map(|day| format!("2025-12-{day}"))
        .chain(["2026-01-01".to_owned(), "2026-01-02".to_owned()])
        .collect();
    let mut shell = server.shell();
    let path = out(&shell, "calls.csv");
    let range = ["cdr", "export", "--direct", "--from", &days[0], "--to", &days[13]];
    let arguments = [&range[..], &["--out", path.to_str().unwrap()]].concat();
    let (mut kills, mut run) = (0, 0);
    while !path.exists() {
        shell = later(shell, run);
        let before = server.asked();
        if run < count {
            kills += u32::from(killed(&shell, &arguments, run, || server.asked().len()).await);
        } else {
            let mut child = shell.spawn(&arguments);
            let waits = async {
                // The second is asked for when the first is whole, so that each run comes further.
                while server.asked().len() < before.len() + 2 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                status = child.wait() => assert_eq!(status.unwrap().code(), Some(0)),
                () = waits => child.kill().await.unwrap(),
            }
        }
        let asked = server.asked();
        let this = &asked[before.len()..];
        assert!(this.len() <= 2, "no more than the limit allows: {this:?}");
        // A run begins with the day that was interrupted, or with the one after the last that is whole.
        for pair in this.windows(2) {
            assert!(pair[0] < pair[1], "{asked:?}");
        }
        if let (Some(last), Some(first)) = (before.last(), this.first()) {
            let at = |day: &String| days.iter().position(|other| other == day).unwrap();
            assert!(at(first) == at(last) || at(first) == at(last) + 1, "{asked:?}");
        }
        run += 1;
        assert!(run < count + 40, "{asked:?}");
    }
    assert!(kills > 0);
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let at = reader.headers().unwrap().iter().position(|name| name == "UCID").unwrap();
    let found: Vec<String> = reader.records().map(|row| row.unwrap()[at].to_owned()).collect();
    let want: Vec<String> = days.iter().flat_map(|day| ucids(day)).collect();
    assert_eq!(found, want);
}
