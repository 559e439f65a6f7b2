//! Idle agent sockets: what ten thousand of them in one process cost, with the server in another.
//!
//! `links [COUNT] [SECONDS]` opens the links, prints the memory of one, and then the processor time of the
//! keep-alive. It says how many were reached where descriptors run out first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use ozonetel_sdk::mdl::{AgentIdentity, LinkState, SocketEvent, SocketSettings};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Descriptors other than links: standard streams, the runtime's own, a few to spare.
const SPARE: u64 = 64;
/// Connections that are made at the same time.
const AT_ONCE: usize = 200;
/// How long nothing may happen while links are opened.
const PATIENCE: Duration = Duration::from_secs(30);
const WELCOME: &str = r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE=","timeout":120000}"#;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok());
    if args.first().is_some_and(|word| word == "serve") {
        return runtime.block_on(serve());
    }
    let wanted = number(0).unwrap_or(10_000);
    let room = rlimit::increase_nofile_limit(wanted + SPARE).unwrap();
    let count = wanted.min(room.saturating_sub(SPARE));
    if count < wanted {
        println!("the descriptor limit of {room} leaves room for {count} links");
    }
    let seconds = Duration::from_secs(number(1).unwrap_or(30));
    runtime.block_on(measure(usize::try_from(count).unwrap(), seconds));
}

/// The server in a process of its own, ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn measure(count: usize, seconds: Duration) {
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new(own).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let server = Server(child);
    let url = format!("ws://{}/", address.trim());

    // One link first: what the process needs anyway is not counted.
    let (up, mut came) = mpsc::channel(AT_ONCE);
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut links = JoinSet::new();
    links.spawn(link(url.clone(), Arc::clone(&gate), up.clone()));
    came.recv().await.unwrap();
    let before = memory();
    let begun = Instant::now();
    for _ in 1..count {
        links.spawn(link(url.clone(), Arc::clone(&gate), up.clone()));
    }
    let mut reached = 1;
    while reached < count && timeout(PATIENCE, came.recv()).await.is_ok() {
        reached += 1;
    }
    println!("{reached} of {count} links up after {:.1?}", begun.elapsed());
    // Every link has sent a ping or more by then.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let after = memory();
    println!(
        "memory: {:.1} MiB, {:.2} KiB a link",
        after as f64 / 1024.0,
        (after - before) as f64 / (reached - 1).max(1) as f64
    );
    let (begun, spent) = (Instant::now(), processor());
    tokio::time::sleep(seconds).await;
    let (took, spent) = (begun.elapsed(), processor().checked_sub(spent).unwrap());
    println!(
        "keep-alive: {:.1} ms of one processor a second for all, {:.2} % of it; {:.1} µs a link and second",
        spent.as_secs_f64() * 1e3 / took.as_secs_f64(),
        spent.as_secs_f64() * 100.0 / took.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / took.as_secs_f64() / reached as f64
    );
    assert_eq!(links.len(), count);
    assert!(came.try_recv().is_err(), "a link came up twice");
    drop(server);
}

/// One link, polled until the end of the process.
async fn link(url: String, gate: Arc<Semaphore>, up: mpsc::Sender<()>) {
    let mut permit = Some(gate.acquire_owned().await.unwrap());
    let agent = AgentIdentity::new("acme_support", "agent01", 1001);
    let (mut events, _sender) = SocketSettings::new(&url, agent).unwrap().connect().unwrap();
    while let Some(event) = events.next().await {
        if matches!(event, Ok(SocketEvent::Link(LinkState::Up))) {
            permit.take();
            up.send(()).await.unwrap();
        }
    }
}

/// Resident memory of this process in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Processor time of this process, user and system.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name in brackets may hold anything; what follows it is numbers.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // A tick is a hundredth of a second on every Linux that Rust runs on.
    Duration::from_millis(ticks * 10)
}

/// Welcomes every connection and answers pings.
async fn serve() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    }
}

async fn answer(stream: TcpStream) {
    let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    #[expect(clippy::result_large_err, reason = "the library's callback")]
    let accepted = tokio_tungstenite::accept_hdr_async_with_config(
        stream,
        |request: &http::Request<()>, mut response: http::Response<()>| {
            if let Some(name) = request.headers().get("sec-websocket-protocol") {
                response.headers_mut().insert("sec-websocket-protocol", name.clone());
            }
            Ok(response)
        },
        Some(config),
    );
    let Ok(mut socket) = accepted.await else { return };
    if socket.send(Message::text(WELCOME)).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let token: serde_json::Value = serde_json::from_str(&text).unwrap();
        let pong = serde_json::json!({"type": "response", "utid": token["utid"], "code": 0});
        if socket.send(Message::text(pong.to_string())).await.is_err() {
            return;
        }
    }
}
