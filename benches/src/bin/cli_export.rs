//! The command line's `cdr export` beside a writer written by hand, in one run, interleaved.
//!
//! `cli_export [ROWS]`. A store of so many rows is filled by a sync from a local server; `ozonetel`, which is expected
//! beside this program, writes it as csv, jsonl and xlsx. The writer by hand reads the same rows from memory, one JSON
//! text each: it has neither a store nor a process to begin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ozonetel_bench::Server;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::cdr::sync::{SyncSettings, SyncStep};
use ozonetel_store::{CallQuery, Store};
use serde_json::{Map, Value};

/// The day of the server's rows.
const DAY: &str = "2026-01-05";

/// How often each form is written.
const ROUNDS: usize = 3;

fn main() {
    let rows = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let place = folder.path().join("calls.db");
    let texts = runtime.block_on(filled(&place, rows));
    println!("{} rows in the store", texts.len());
    for format in ["csv", "jsonl", "xlsx"] {
        let (mut ours, mut theirs, mut peak) = (Duration::MAX, Duration::MAX, 0);
        for _ in 0..ROUNDS {
            let (took, memory) = exported(folder.path(), &place, format);
            ours = ours.min(took);
            peak = peak.max(memory);
            if format != "xlsx" {
                theirs = theirs.min(by_hand(&folder.path().join("hand"), &texts, format));
            }
        }
        let memory = peak as f64 / 1024.0;
        if format == "xlsx" {
            println!("xlsx: {ours:.2?}, peak memory {memory:.1} MiB");
        } else {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            println!(
                "{format}: {ours:.2?}, by hand {theirs:.2?}: {ratio:.2} x its speed, peak memory {memory:.1} MiB"
            );
        }
    }
}

/// Fills a store, and returns the rows as they are in it.
async fn filled(place: &Path, rows: u64) -> Vec<String> {
    let server = Server::start();
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url(&server.address)
        .path("cdr.fetch_day", format!("/day/rows={rows}"))
        .build()
        .unwrap();
    let address = place.to_path_buf().into();
    let store = Store::open(&address, "acme_support", client.zone().clone()).await.unwrap();
    let settings = SyncSettings::default().back_fill(0).batch(1_000);
    let mut sync = client.cdr().sync(store.sink()).settings(settings);
    loop {
        match sync.poll().await.unwrap().step {
            SyncStep::Read(_) => break,
            SyncStep::Failed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    let mut calls = store.stream(CallQuery::days(DAY.parse().unwrap(), DAY.parse().unwrap()));
    while let Some(call) = calls.try_next().await.unwrap() {
        texts.extend(call.legs.iter().filter_map(|leg| leg.row.as_deref().map(str::to_owned)));
    }
    assert!(!texts.is_empty(), "the rows are of {DAY}");
    texts
}

/// The time and the peak memory, in KiB, of one export.
fn exported(folder: &Path, place: &Path, format: &str) -> (Duration, u64) {
    let program = std::env::current_exe().unwrap().with_file_name("ozonetel");
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["cdr", "export", "--from", DAY, "--format", format, "--store"])
        .arg(place)
        .arg("--out")
        .arg(folder.join("export"))
        .env_clear()
        .env("OZONETEL_ACCOUNT", "acme_support")
        .env("OZONETEL_API_KEY", "test-key")
        .env("OZONETEL_STATE_DIR", folder.join("state"))
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo build --release -p ozonetel-cli");
    let mut peak = 0;
    loop {
        peak = peak.max(memory_of(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return (begun.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The most memory that a process has had, in KiB.
fn memory_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.map(|line| line.trim().trim_end_matches(" kB").trim().to_owned());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The same by hand: each row parsed by `serde_json`, and written by `csv` or by `serde_json`.
fn by_hand(path: &Path, texts: &[String], format: &str) -> Duration {
    let begun = Instant::now();
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path).unwrap());
    if format == "jsonl" {
        for text in texts {
            let row: Map<String, Value> = serde_json::from_str(text).unwrap();
            serde_json::to_writer(&mut file, &row).unwrap();
            file.write_all(b"\n").unwrap();
        }
    } else {
        let mut writer = csv::Writer::from_writer(&mut file);
        writer.write_record(CallRecord::FIELDS).unwrap();
        for text in texts {
            let row: Map<String, Value> = serde_json::from_str(text).unwrap();
            for name in CallRecord::FIELDS {
                match row.get(*name) {
                    None | Some(Value::Null) => writer.write_field("").unwrap(),
                    Some(Value::String(text)) => writer.write_field(text).unwrap(),
                    Some(other) => writer.write_field(other.to_string()).unwrap(),
                }
            }
            writer.write_record(None::<&[u8]>).unwrap();
        }
        writer.flush().unwrap();
    }
    file.flush().unwrap();
    file.get_ref().sync_all().unwrap();
    begun.elapsed()
}
