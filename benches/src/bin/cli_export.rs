//! The command line's `cdr export --direct` beside the same written by hand: reqwest, `serde_json`, `csv`. Both ask the
//! same server for one day of rows of which no two are alike, each in a process of its own, turn by turn.
//!
//! `cli_export [ROWS]` compares; `cli_export instructions` counts, with valgrind's callgrind, what one row more costs.
//! `ozonetel` and `server` are expected beside it. `cli_export hand ADDRESS csv|jsonl FILE` is the one written by hand: it holds the answer whole, parses it row by row into a plain struct of texts, and writes
//! each row as it comes. The command line holds one row, hides formulas from spreadsheets, checks what figures depend
//! on, and brings the file to disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::fs::File;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ozonetel_bench::Server;
use ozonetel_sdk::transport::reqwest::tls;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// The day of the server's rows.
const DAY: &str = "2026-01-05";

/// How often each form is written.
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["hand", address, format, file] => by_hand(address, format, Path::new(file)),
        [] => compare(1_000_000),
        ["instructions"] => instructions(),
        [rows] => compare(rows.parse().unwrap()),
        _ => panic!("cli_export [ROWS] | instructions | hand ADDRESS csv|jsonl FILE"),
    }
}

fn compare(rows: u64) {
    let server = Server::start();
    let address = format!("{}/distinct={rows}", server.address);
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "jsonl", "xlsx"] {
        let rounds = if format == "xlsx" { 1 } else { ROUNDS };
        let (mut ours, mut hands) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(run(&mut export(folder.path(), &address, format)));
            if format != "xlsx" {
                hands.push(run(&mut hand(folder.path(), &address, format)));
                check(folder.path(), rows, format);
            }
        }
        report(format, rows, &ours, &hands);
    }
}

/// The instructions of a row: those of a run of 20,000 less those of one of 10,000.
fn instructions() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "jsonl"] {
        let of = |command: &dyn Fn(&str) -> Command| {
            let total =
                |rows: u64| counted(&command(&format!("{}/distinct={rows}", server.address)));
            (total(20_000) - total(10_000)) / 10_000
        };
        let ours = of(&|address| export(folder.path(), address, format));
        let theirs = of(&|address| hand(folder.path(), address, format));
        let ratio = theirs as f64 / ours as f64;
        println!("{format}: {ours} instructions a row, by hand {theirs}: {ratio:.2} x its speed");
    }
}

/// The instructions of a command.
fn counted(command: &Command) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(command.get_program()).args(command.get_args());
    valgrind.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let out = valgrind.output().expect("valgrind is installed");
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected : ")).expect("a count");
    line.1.trim().parse().unwrap()
}

/// What a run cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    processor: Duration,
    time: Duration,
    /// The most memory that it had, in KiB.
    memory: u64,
}

fn report(format: &str, rows: u64, ours: &[Cost], hands: &[Cost]) {
    let least = |costs: &[Cost]| costs.iter().map(|cost| cost.processor).min();
    let memory = |costs: &[Cost]| {
        costs.iter().map(|cost| cost.memory).max().unwrap_or_default() as f64 / 1024.0
    };
    let time = ours.iter().map(|cost| cost.time).min().unwrap_or_default();
    let mine = least(ours).unwrap_or_default();
    print!("{format}, {rows} rows: {mine:.2?} of processor in {time:.2?}, {:.1} MiB", memory(ours));
    if let Some(theirs) = least(hands) {
        let ratio = theirs.as_secs_f64() / mine.as_secs_f64();
        print!("; by hand {theirs:.2?}, {:.1} MiB: {ratio:.2} x its speed", memory(hands));
        let ratios = ours.iter().zip(hands).map(|(ours, hand)| {
            format!("{:.2}", hand.processor.as_secs_f64() / ours.processor.as_secs_f64())
        });
        print!(" (turn by turn {})", ratios.collect::<Vec<_>>().join(", "));
    }
    println!();
}

fn export(folder: &Path, address: &str, format: &str) -> Command {
    let program = std::env::current_exe().unwrap().with_file_name("ozonetel");
    let state = folder.join("state");
    // A minute is not to be waited for: the limit of requests begins anew with each turn.
    let _ = std::fs::remove_dir_all(&state);
    let mut command = Command::new(program);
    command
        .args(["cdr", "export", "--direct", "--from", DAY, "--format", format, "--out"])
        .arg(folder.join("export"))
        .env_clear()
        .env("OZONETEL_ACCOUNT", "acme_support")
        .env("OZONETEL_API_KEY", "test-key")
        .env("OZONETEL_AUTH", "key")
        .env("OZONETEL_BASE_URL", address)
        .env("OZONETEL_NOW", "2026-01-06T06:30:00Z")
        .env("OZONETEL_STATE_DIR", state);
    command
}

fn hand(folder: &Path, address: &str, format: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["hand", address, format]).arg(folder.join("hand"));
    command
}

/// Runs to the end; the processor time is what the system counted for the child.
fn run(command: &mut Command) -> Cost {
    let (before, begun) = (children(), Instant::now());
    let mut child = command.stderr(Stdio::inherit()).spawn().expect("scripts/bench builds it");
    let mut memory = 0;
    loop {
        memory = memory.max(memory_of(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return Cost {
                processor: children().saturating_sub(before),
                time: begun.elapsed(),
                memory,
            };
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The processor time of all children that have ended.
fn children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    // The fields after the name begin with the third.
    let ticks = rest.split_whitespace().skip(13).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The most memory that a process has had, in KiB.
fn memory_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.map(|line| line.trim().trim_end_matches(" kB").trim().to_owned());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Both have written the rows that the server has.
fn check(folder: &Path, rows: u64, format: &str) {
    let lines = |name: &str| {
        let file = std::io::BufReader::new(File::open(folder.join(name)).unwrap());
        file.split(b'\n').count() as u64
    };
    let want = rows + u64::from(format == "csv");
    assert_eq!((lines("export"), lines("hand")), (want, want), "{format}");
}

macro_rules! hand_row {
    ($($field:ident: $ty:ty = $wire:literal,)+) => {
        /// Every field as text, but the numbers: what somebody would write by hand for rows like these.
        #[derive(Debug, Deserialize, Serialize)]
        struct HandRow { $( #[serde(rename = $wire)] $field: $ty, )+ }
    };
}

hand_row! {
    agent_dial_status: Option<String> = "AgentDialStatus",
    agent_id: Option<String> = "AgentID",
    agent_name: Option<String> = "AgentName",
    call_audio: Option<String> = "CallAudio",
    call_date: Option<String> = "CallDate",
    call_flow: Option<String> = "CallFlow",
    call_id: u64 = "CallID",
    caller_conf_audio_file: Option<String> = "CallerConfAudioFile",
    caller_id: Option<String> = "CallerID",
    campaign_name: Option<String> = "CampaignName",
    comments: Option<String> = "Comments",
    conference_duration: Option<String> = "ConferenceDuration",
    customer_dial_status: Option<String> = "CustomerDialStatus",
    customer_ring_time: Option<String> = "CustomerRingTime",
    did: Option<String> = "DID",
    dial_out_name: Option<String> = "DialOutName",
    dial_status: Option<String> = "DialStatus",
    dialed_number: Option<String> = "DialedNumber",
    disposition: Option<String> = "Disposition",
    duration: Option<String> = "Duration",
    dynamic_did: Option<String> = "DynamicDID",
    e164: Option<String> = "E164",
    end_time: Option<String> = "EndTime",
    event: Option<String> = "Event",
    handling_time: Option<String> = "HandlingTime",
    hangup_by: Option<String> = "HangupBy",
    hold_duration: Option<String> = "HoldDuration",
    location: Option<String> = "Location",
    pickup_time: Option<String> = "PickupTime",
    queue_time: Option<String> = "QueueTime",
    rating: u64 = "Rating",
    rating_comments: Option<String> = "RatingComments",
    skill: Option<String> = "Skill",
    start_time: Option<String> = "StartTime",
    status: Option<String> = "Status",
    talk_time: Option<String> = "TalkTime",
    time_to_answer: Option<String> = "TimeToAnswer",
    transfer_type: Option<String> = "TransferType",
    transferred_to: Option<String> = "TransferredTo",
    kind: Option<String> = "Type",
    ucid: u64 = "UCID",
    uui: Option<String> = "UUI",
    video_recording_url: Option<String> = "VideoRecordingURL",
    wrap_up_end_time: Option<String> = "WrapUpEndTime",
    wrap_up_start_time: Option<String> = "WrapUpStartTime",
    wrapup_duration: Option<String> = "WrapupDuration",
}

/// What a row is written to.
enum HandOutput {
    Csv(Box<csv::Writer<File>>),
    Jsonl(BufWriter<File>),
}

impl HandOutput {
    fn row(&mut self, row: &HandRow) {
        match self {
            Self::Csv(writer) => writer.serialize(row).unwrap(),
            Self::Jsonl(writer) => {
                serde_json::to_writer(&mut *writer, row).unwrap();
                writer.write_all(b"\n").unwrap();
            }
        }
    }
}

fn by_hand(address: &str, format: &str, path: &Path) {
    let file = File::create(path).unwrap();
    let mut output = match format {
        "csv" => HandOutput::Csv(Box::new(
            csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(file),
        )),
        _ => HandOutput::Jsonl(BufWriter::with_capacity(1 << 16, file)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let url = format!("{address}/ca_reports/fetchCDRDetails");
        let client = reqwest::Client::builder();
        let client = client.tls_backend_preconfigured(tls(&[]).unwrap()).build();
        client.unwrap().get(url).send().await.unwrap().bytes().await.unwrap()
    });
    let mut from = serde_json::Deserializer::from_slice(&answer);
    HandAnswer(&mut output).deserialize(&mut from).unwrap();
    match output {
        HandOutput::Csv(mut writer) => writer.flush().unwrap(),
        HandOutput::Jsonl(mut writer) => writer.flush().unwrap(),
    }
}

/// The answer: its rows are written as they are parsed.
struct HandAnswer<'o>(&'o mut HandOutput);

impl<'de> DeserializeSeed<'de> for HandAnswer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HandAnswer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "details" {
                map.next_value_seed(HandRows(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct HandRows<'o>(&'o mut HandOutput);

impl<'de> DeserializeSeed<'de> for HandRows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for HandRows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<HandRow>()? {
            self.0.row(&row);
        }
        Ok(())
    }
}
