//! A day of rows streamed from a server in another process: memory and throughput.
//!
//! `cdr stream ROWS` streams and prints the peak memory of this process; `cdr decode` compares the streaming path
//! with `serde_json::from_slice`, interleaved, without a network; `cdr instructions` counts what one more row costs.
//! `cdr hostile` prints the peak memory of a process for
//! each way of reading 64 MiB of what takes the most memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ozonetel_bench::{
    Server, beside_before, client, instructions as counted, row, time_beside_before,
};
use ozonetel_sdk::Client;
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::cdr::sync::{Checkpoint, RowBatch, Sink, SyncStep, Upserted};
use ozonetel_sdk::testing::doubles::{Replay, Turn};
use serde::Deserialize;

/// Every field as text, nothing else: the cheapest struct somebody would write by hand.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code)]
struct Plain {
    agent_dial_status: Option<String>,
    #[serde(rename = "AgentID")]
    agent_id: Option<String>,
    agent_name: Option<String>,
    call_audio: Option<String>,
    call_date: Option<String>,
    call_flow: Option<String>,
    #[serde(rename = "CallID")]
    call_id: serde_json::Number,
    caller_conf_audio_file: Option<String>,
    #[serde(rename = "CallerID")]
    caller_id: Option<String>,
    campaign_name: Option<String>,
    comments: Option<String>,
    conference_duration: Option<String>,
    customer_dial_status: Option<String>,
    customer_ring_time: Option<String>,
    #[serde(rename = "DID")]
    did: Option<String>,
    dial_out_name: Option<String>,
    dial_status: Option<String>,
    dialed_number: Option<String>,
    disposition: Option<String>,
    duration: Option<String>,
    #[serde(rename = "DynamicDID")]
    dynamic_did: Option<String>,
    e164: Option<String>,
    end_time: Option<String>,
    event: Option<String>,
    handling_time: Option<String>,
    hangup_by: Option<String>,
    hold_duration: Option<String>,
    location: Option<String>,
    pickup_time: Option<String>,
    queue_time: Option<String>,
    rating: serde_json::Number,
    rating_comments: Option<String>,
    skill: Option<String>,
    start_time: Option<String>,
    status: Option<String>,
    talk_time: Option<String>,
    time_to_answer: Option<String>,
    transfer_type: Option<String>,
    transferred_to: Option<String>,
    r#type: Option<String>,
    #[serde(rename = "UCID")]
    ucid: serde_json::Number,
    #[serde(rename = "UUI")]
    uui: Option<String>,
    #[serde(rename = "VideoRecordingURL")]
    video_recording_url: Option<String>,
    wrap_up_end_time: Option<String>,
    wrap_up_start_time: Option<String>,
    wrapup_duration: Option<String>,
}

#[derive(Deserialize)]
struct Day<R> {
    details: Vec<R>,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("stream") => {
            let rows = args.next().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
            runtime.block_on(stream(rows));
        }
        Some("instructions") => instructions(),
        Some("run") => {
            let way = args.next().unwrap();
            let rows = args.next().and_then(|n| n.parse().ok()).unwrap();
            runtime.block_on(one_way(&way, rows));
        }
        Some("hostile") => match (args.next(), args.next()) {
            (Some(way), Some(name)) => runtime.block_on(hostile(&way, &name)),
            _ => each_hostile(),
        },
        _ => runtime.block_on(decode()),
    }
}

async fn rows(client: &Client) -> u64 {
    let (mut stream, mut seen) = (client.cdr().for_day(client.today()).stream(), 0);
    while let Some(row) = stream.try_next().await.unwrap() {
        assert!(row.talk_time.is_some_and(|talk| talk.seconds() == 109));
        seen += 1;
    }
    seen
}

async fn stream(wanted: u64) {
    let server = Server::start();
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(ozonetel_sdk::auth::AuthMode::Key)
        .base_url(&server.address)
        .path("cdr.fetch_day", format!("/day/rows={wanted}"))
        .build()
        .unwrap();
    let start = Instant::now();
    let seen = rows(&client).await;
    let took = start.elapsed();
    let bytes = wanted * u64::try_from(row(0).len() + 1).unwrap();
    println!(
        "{seen} rows, {} MB in {took:.2?}: {:.0} MB/s, peak memory {:.1} MiB",
        bytes / 1_000_000,
        bytes as f64 / 1e6 / took.as_secs_f64(),
        peak()
    );
    assert_eq!(seen, wanted);
}

/// The most memory that this process has had, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|text| text.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap();
    peak as f64 / 1024.0
}

/// Every way of reading every hostile answer, each in a process of its own.
fn each_hostile() {
    for way in ["awaited", "streamed", "sync"] {
        for name in ["zeros", "records", "lists", "objects", "fields", "texts"] {
            let program = std::env::current_exe().unwrap();
            let status =
                std::process::Command::new(program).args(["hostile", way, name]).status().unwrap();
            assert!(status.success(), "{way} {name}");
        }
    }
}

/// A sink that keeps nothing: what is measured is the sync's own.
#[derive(Debug, Default)]
struct Nowhere(u64);

impl Sink for Nowhere {
    type Error = std::convert::Infallible;

    async fn load(&mut self) -> Result<Option<Checkpoint>, Self::Error> {
        Ok(None)
    }

    async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, Self::Error> {
        self.0 += batch.rows.len() as u64;
        Ok(Upserted::default())
    }

    async fn save(&mut self, _: &Checkpoint) -> Result<(), Self::Error> {
        Ok(())
    }
}

async fn hostile(way: &str, name: &str) {
    let server = Server::start();
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(ozonetel_sdk::auth::AuthMode::Key)
        .base_url(&server.address)
        .path("cdr.fetch_day", format!("/day/hostile={name}"))
        .build()
        .unwrap();
    let before = peak();
    let end = match way {
        "awaited" => match client.cdr().for_day(client.today()).await {
            Ok(rows) => format!("{} rows", rows.len()),
            Err(error) => error.summary(),
        },
        "streamed" => {
            let mut rows = client.cdr().for_day(client.today()).stream();
            let (mut good, mut bad) = (0_u64, 0_u64);
            loop {
                match rows.try_next().await {
                    Ok(Some(_)) => good += 1,
                    Err(error) if error.is_row() => bad += 1,
                    Ok(None) => break format!("{good} rows, {bad} bad ones"),
                    Err(error) => break error.summary(),
                }
            }
        }
        _ => {
            let mut sync = client.cdr().sync(Nowhere::default());
            let progress = sync.poll().await.unwrap();
            match progress.step {
                SyncStep::Failed { error, .. } => error.summary(),
                _ => format!("{} rows", sync.sink().0),
            }
        }
    };
    println!("{way:9} {name:8} peak memory {:6.1} MiB ({before:.1} before): {end}", peak());
    assert!(peak() < 64.0, "{way} {name}");
}

/// The rows whose texts are borrowed, seen one by one.
async fn lent(client: &Client) -> u64 {
    let mut seen = 0;
    let day = client.cdr().for_day(client.today());
    let lent = day.for_each(|row| {
        let talk = row.unwrap().talk_time.read().unwrap();
        assert!(talk.is_some_and(|talk| talk.seconds() == 109));
        seen += 1;
        ControlFlow::Continue(())
    });
    lent.await.unwrap();
    seen
}

/// An answer with so many rows, whole and in pieces.
fn day(rows: u64) -> (Bytes, Vec<Bytes>) {
    let body: String = (0..rows).map(row).collect::<Vec<_>>().join(",");
    let body =
        Bytes::from(format!(r#"{{"status":"success","message":"success","details":[{body}]}}"#));
    let chunks = (0..body.len())
        .step_by(16 << 10)
        .map(|at| body.slice(at..body.len().min(at + (16 << 10))))
        .collect();
    (body, chunks)
}

fn answered(chunks: &[Bytes]) -> Client {
    let replay = Replay::new([Turn::Pieces(chunks.to_vec(), true)]);
    client("http://api.example.test", Some(Arc::new(replay)))
}

/// One way of reading rows, once, for counting.
async fn one_way(way: &str, wanted: u64) {
    let (body, chunks) = day(wanted);
    let seen = match way {
        "idle" => wanted,
        "from_slice" => {
            let day: Day<CallRecord> = serde_json::from_slice(&body).unwrap();
            day.details.len() as u64
        }
        "streamed" => rows(&answered(&chunks)).await,
        _ => lent(&answered(&chunks)).await,
    };
    assert_eq!(seen, wanted);
}

/// What one more row costs, by callgrind.
fn instructions() {
    let count = |way: &str| {
        let more = counted(&["run", way, "600"]) - counted(&["run", way, "100"]);
        more / 500
    };
    let idle = count("idle");
    for way in ["from_slice", "streamed", "lent"] {
        let name = format!("row {way}");
        println!("{name}: {} instructions", beside_before(&name, count(way) - idle));
    }
}

async fn decode() {
    const ROWS: u64 = 20_000;
    let (body, chunks) = day(ROWS);
    let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..15 {
        let streaming = answered(&chunks);
        let start = Instant::now();
        assert_eq!(rows(&streaming).await, ROWS);
        times[0].push(start.elapsed());
        let start = Instant::now();
        let day: Day<CallRecord> = serde_json::from_slice(&body).unwrap();
        assert_eq!(day.details.len(), 20_000);
        drop(day);
        times[1].push(start.elapsed());
        let start = Instant::now();
        let day: Day<Plain> = serde_json::from_slice(&body).unwrap();
        assert_eq!(day.details.len(), 20_000);
        drop(day);
        times[2].push(start.elapsed());
        let streaming = answered(&chunks);
        let start = Instant::now();
        assert_eq!(lent(&streaming).await, ROWS);
        times[3].push(start.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let [streamed, typed, plain, lent] = times.each_mut().map(median);
    let rate = |time: f64| body.len() as f64 / 1e6 / time;
    println!("streamed, typed rows     {:7.0} MB/s", rate(streamed));
    println!(
        "from_slice, typed rows   {:7.0} MB/s   streamed is {}",
        rate(typed),
        time_beside_before("row streamed", typed / streamed)
    );
    println!(
        "from_slice, plain texts  {:7.0} MB/s   streamed is {:.2} x",
        rate(plain),
        plain / streamed
    );
    println!(
        "lent, borrowed rows      {:7.0} MB/s   {:.2} x from_slice, typed rows",
        rate(lent),
        typed / lent
    );
}
