//! What the command line's wallboard costs: `ozonetel watch` on a terminal of 160 × 50, on the stream of a desk with so
//! many agents and so many changes a second.
//!
//! `cli_watch [AGENTS] [CHANGES] [SECONDS]`; `ozonetel` is expected beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::io::Read as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ptyprocess::PtyProcess;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// How long it runs before it is measured.
const BEFORE: Duration = Duration::from_secs(5);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let mut next = |default| arguments.next().unwrap_or(default);
    let (agents, changes, seconds) = (next(1000), next(50), next(30));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let address = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::clone(&sent);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            // The wallboard ends first.
            let _ = serve(stream, agents, changes, &sent).await;
        });
        address
    });
    let mut command = Command::new(std::env::current_exe().unwrap().with_file_name("ozonetel"));
    command
        .arg("watch")
        .env_clear()
        .env("TERM", "xterm-256color")
        .env("OZONETEL_DESK_URL", format!("http://{address}"))
        .env("OZONETEL_DESK_TOKEN", "test");
    let mut process = PtyProcess::spawn(command).unwrap();
    process.set_window_size(160, 50).unwrap();
    let mut output = process.get_pty_stream().unwrap();
    let drawn = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&drawn);
    std::thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        while let Ok(count @ 1..) = output.read(&mut piece) {
            counted.fetch_add(count as u64, Ordering::Relaxed);
        }
    });
    std::thread::sleep(BEFORE);
    let id = process.pid().as_raw();
    let (before, begun) = (processor(id), Instant::now());
    let (sent_before, drawn_before) = (sent.load(Ordering::Relaxed), drawn.load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_secs(seconds));
    let (busy, took) = (processor(id).saturating_sub(before), begun.elapsed());
    let share = busy.as_secs_f64() / took.as_secs_f64() * 100.0;
    let each = |count: u64| count as f64 / took.as_secs_f64();
    println!(
        "{agents} agents, {:.0} changes a second, {:.0} bytes drawn a second: {share:.2} % of a processor",
        each(sent.load(Ordering::Relaxed) - sent_before),
        each(drawn.load(Ordering::Relaxed) - drawn_before),
    );
    process.exit(true).unwrap();
}

/// A desk's stream: a snapshot, then changes.
async fn serve(
    mut stream: TcpStream,
    agents: u64,
    changes: u64,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let all: Vec<String> = (0..agents).map(|number| agent(number, "READY")).collect();
    let snapshot = format!(
        "{head}id: 1\nevent: snapshot\ndata: {{\"agents\":[{}],\"calls\":{{\"calls\":[]}}}}\n\n",
        all.join(",")
    );
    stream.write_all(snapshot.as_bytes()).await?;
    let words = ["READY", "incall", "ACW", "PAUSED"];
    let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(changes).unwrap());
    for number in 0_u64.. {
        tick.tick().await;
        let word = words[usize::try_from(number % 4).unwrap()];
        // An agent's change, and every tenth time a call's.
        let event = if number.is_multiple_of(10) {
            let (ucid, phase) = (
                90_000_000_000_000_000 + number / 20,
                ["active", "closed"][usize::from(!number.is_multiple_of(20))],
            );
            format!(
                "event: call.changed\ndata: {{\"ucid\":\"{ucid}\",\"phase\":\"{phase}\",\"masked\":\"…17\",\"agent\":\"agent0001\"}}"
            )
        } else {
            format!("event: agent.changed\ndata: {}", agent(number * 37 % agents, word))
        };
        stream.write_all(format!("id: {}\n{event}\n\n", number + 2).as_bytes()).await?;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn agent(number: u64, word: &str) -> String {
    format!(r#"{{"agent":"agent{number:04}","state":{{"word":"{word}"}},"loggedIn":true}}"#)
}

/// The processor time of a process.
fn processor(id: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks = rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}
