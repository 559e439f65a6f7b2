//! Being told to stop in the middle.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::harness::{Shell, Stub, ended};

pub(crate) async fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().await.unwrap();
    assert!(sent.success());
}

/// Stops a run once its first row has been read; its exit code and what it printed.
async fn stopped(arguments: &[&str], with: &str) -> (Option<i32>, String, String) {
    let stub =
        Stub::stalling(r#"{"status":"success","details":[{"UCID":"90000000000000001"},"#).await;
    let mut child = stub.shell.spawn(arguments);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    let bound = Duration::from_secs(30);
    tokio::time::timeout(bound, async {
        while !printed.contains("90000000000000001") {
            assert_ne!(out.read_line(&mut printed).await.unwrap(), 0, "{printed}");
        }
    })
    .await
    .expect("rows are printed as they arrive");
    signal(&child, with).await;
    let mut told = String::new();
    tokio::time::timeout(bound, out.read_to_string(&mut printed)).await.unwrap().unwrap();
    child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
    let status = tokio::time::timeout(bound, child.wait()).await.unwrap().unwrap();
    (status.code(), printed, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_closes_the_array() {
    let (code, out, err) = stopped(&["cdr", "day", "--output", "json"], "-INT").await;
    assert_eq!(code, Some(130), "{err}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(rows.len(), 1);
    let (code, out, _) = stopped(&["cdr", "day", "--output", "json"], "-TERM").await;
    assert_eq!(code, Some(143));
    assert!(out.ends_with("]\n"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_range_says_where_to_resume() {
    // Any day that the service still keeps will do; the binary's clock is set to it.
    let (code, _, err) =
        stopped(&["cdr", "range", "--output", "jsonl", "2026-01-01", "2026-01-02"], "-INT").await;
    assert_eq!(code, Some(130), "{err}");
    assert!(err.contains("resume with: ozonetel cdr range 2026-01-01 2026-01-02"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_dial_is_unknown_once_it_was_sent() {
    let stub = Stub::stalling(r#"{"status":"queued"#).await;
    let child = stub.shell.spawn(&["dial", "9000000001", "--output", "json", "--uui", "order-7"]);
    stub.arrived().await;
    signal(&child, "-INT").await;
    let ran = ended(child).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    let error = ran.error();
    assert_eq!((&error["call"], &error["may_have_happened"]), (&"dial.agent".into(), &true.into()));
    assert!(error["message"].as_str().unwrap().contains("UUI order-7"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_token_request_keeps_nobody_waiting() {
    let mut stub = Stub::stalling(r#"{"token":"a"#).await;
    stub.shell = std::mem::replace(&mut stub.shell, Shell::new("")).set("OZONETEL_AUTH", "token");
    let child = stub.shell.spawn(&["token"]);
    stub.arrived().await;
    signal(&child, "-INT").await;
    assert_eq!(ended(child).await.code, 130);
    // The right to ask for a token was given back, or this run would wait a minute for it.
    let _next = stub.shell.spawn(&["token"]);
    tokio::time::timeout(Duration::from_secs(20), stub.arrived()).await.unwrap();
}
