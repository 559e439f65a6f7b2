//! Servers and clients for the benchmarks: a bare HTTP server in a process of its own, so that only the client is
//! measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;

/// A server process, ended when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Server {
    /// Starts the server binary that stands beside the running one.
    pub fn start() -> Self {
        let path = std::env::current_exe().unwrap().with_file_name("server");
        let mut child =
            Command::new(path).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: format!("http://{}", line.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client in key mode.
pub fn client(
    address: &str,
    transport: Option<Arc<dyn ozonetel_sdk::transport::Transport>>,
) -> Client {
    let mut builder = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url(address);
    if let Some(transport) = transport {
        builder = builder.transport(transport);
    }
    builder.build().unwrap()
}

/// One row as today's store writes it; `n` makes it distinct.
pub fn row(n: u64) -> String {
    let ucid = 12_345_170_000_000_000_u64 + n;
    format!(
        concat!(
            r#"{{"AgentDialStatus":"answered","AgentID":"agent01","AgentName":"agent01","CallAudio":"https://recordings.example.test/acme_support/{ucid}.mp3","#,
            r#""CallDate":"2026-01-05","CallFlow":"AgentDial","CallID":{ucid},"CallerConfAudioFile":"","CallerID":"9000000001","CampaignName":"support_out","#,
            r#""Comments":"","ConferenceDuration":"00:00:00","CustomerDialStatus":"answered","CustomerRingTime":"00:00:07","DID":"918000000001","DialOutName":"","#,
            r#""DialStatus":"answered","DialedNumber":"500001","Disposition":"Follow Up","Duration":"00:01:56","DynamicDID":"","E164":"+919000000001","#,
            r#""EndTime":"11:51:29","Event":"AgentDial","HandlingTime":"00:02:16","HangupBy":"UserHangup","HoldDuration":"00:00:00","Location":"","#,
            r#""PickupTime":"11:49:40","QueueTime":"00:00:00","Rating":0,"RatingComments":"","Skill":"General","StartTime":"11:49:33","Status":"Answered","#,
            r#""TalkTime":"00:01:49","TimeToAnswer":"00:00:07","TransferType":"","TransferredTo":"","Type":"Manual","UCID":{ucid},"UUI":"Click2Call","#,
            r#""VideoRecordingURL":"","WrapUpEndTime":"11:51:56","WrapUpStartTime":"11:51:29","WrapupDuration":"00:00:27"}}"#
        ),
        ucid = ucid
    )
}

/// The instructions of the running program, started again with these arguments, by valgrind's callgrind.
pub fn instructions(args: &[&str]) -> u64 {
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(args)
        .output()
        .expect("valgrind is installed");
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let line = text.lines().find_map(|line| line.split_once("Collected : ")).expect("a count");
    line.1.trim().parse().unwrap()
}

/// A column of what was measured before the readers were made faster.
fn before(name: &str, column: usize) -> Option<f64> {
    let lines = include_str!("../before.tsv").lines();
    let mut rows = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    let row = rows.find(|row| row.first() == Some(&name))?;
    row.get(column).map(|text| text.parse().expect("a number"))
}

/// The instructions that were counted before beside those that are counted now.
pub fn beside_before(name: &str, now: u64) -> String {
    match before(name, 1) {
        Some(before) => format!("{now}, {before} before: {:.3} x", now as f64 / before),
        None => now.to_string(),
    }
}

/// The paired time of before, a ratio, beside that of now.
pub fn time_beside_before(name: &str, now: f64) -> String {
    match before(name, 2) {
        Some(before) => format!("{now:.2} x, {before:.2} x before"),
        None => format!("{now:.2} x"),
    }
}

/// Row `n` of a day in which no two rows are alike: ids, times, numbers, names and words change with it.
pub fn distinct_row(n: u64) -> String {
    let ucid = 12_345_170_000_000_000_u64 + n;
    let seconds = n * 7 % 3000;
    let clock = |seconds: u64| {
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    let (start, end) = (30_000 + n * 13 % 40_000, 30_000 + n * 13 % 40_000 + seconds);
    let (talk, caller) = (clock(seconds), 9_000_000_000 + n * 7919 % 1_000_000);
    let (start, end) = (clock(start), clock(end));
    let agent = n * 31 % 1000;
    let kind = ["Manual", "InBound", "Progressive", "Predictive"][usize::try_from(n % 4).unwrap()];
    let answered = !n.is_multiple_of(3);
    let (status, dial) =
        if answered { ("Answered", "answered") } else { ("Unanswered", "NoResponse") };
    let words = [
        "Follow Up",
        "Interested, call again",
        r#"Not \"sure\""#,
        "Wrap up time exceeded :120",
        "",
    ];
    let word = words[usize::try_from(n % 5).unwrap()];
    format!(
        concat!(
            r#"{{"AgentDialStatus":"{dial}","AgentID":"agent{agent}","AgentName":"Agent {agent}","CallAudio":"https://recordings.example.test/acme_support/{ucid}.mp3","#,
            r#""CallDate":"2026-01-05","CallFlow":"AgentDial","CallID":{ucid},"CallerConfAudioFile":"","CallerID":"{caller}","CampaignName":"support_out","#,
            r#""Comments":"{word} {n}","ConferenceDuration":"00:00:00","CustomerDialStatus":"{dial}","CustomerRingTime":"00:00:07","DID":"918000000001","DialOutName":"","#,
            r#""DialStatus":"{dial}","DialedNumber":"500001","Disposition":"{word}","Duration":"{talk}","DynamicDID":"","E164":"+91{caller}","#,
            r#""EndTime":"{end}","Event":"AgentDial","HandlingTime":"{talk}","HangupBy":"UserHangup","HoldDuration":"00:00:00","Location":"","#,
            r#""PickupTime":"{start}","QueueTime":"00:00:00","Rating":0,"RatingComments":"","Skill":"General","StartTime":"{start}","Status":"{status}","#,
            r#""TalkTime":"{talk}","TimeToAnswer":"00:00:07","TransferType":"","TransferredTo":"","Type":"{kind}","UCID":{ucid},"UUI":"Click2Call-{n}","#,
            r#""VideoRecordingURL":"","WrapUpEndTime":"{end}","WrapUpStartTime":"{end}","WrapupDuration":"00:00:27"}}"#
        ),
        agent = agent,
        caller = caller,
        dial = dial,
        end = end,
        kind = kind,
        n = n,
        start = start,
        status = status,
        talk = talk,
        ucid = ucid,
        word = word
    )
}

/// How long each of many things took.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Those of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many of a thousand stay below.
    pub fn per_mille(&self, share: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * share / 1000).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:.2?}, p99 {:.2?}", self.per_mille(500), self.per_mille(990))
    }
}
