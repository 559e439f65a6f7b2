//! `watch` as lines, from each of its sources.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout};

use crate::harness::{Desk, Shell, read_request};

const BOUND: Duration = Duration::from_secs(30);

/// A running wallboard and its lines.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn start(shell: &Shell, arguments: &[&str]) -> Self {
        let arguments = [&["watch", "--output", "jsonl"][..], arguments].concat();
        let mut child = shell.spawn(&arguments);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that says this.
    async fn until(&mut self, text: &str) -> Value {
        loop {
            let line = tokio::time::timeout(BOUND, self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("{text} was not said")).unwrap().unwrap();
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["text"].as_str().unwrap().contains(text) {
                return line;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_is_watched() {
    let desk = Desk::with_agent().await;
    let mut watch = Watching::start(&desk.shell, &["--source", "simulator"]);
    watch.until("agent01 is ready").await;
    desk.sim.inbound("918000000001", "9000000417").unwrap();
    desk.sim.advance(Duration::from_secs(3)).await;
    let line = watch.until("is talking with agent01").await;
    assert_eq!(line["figures"]["talking"], 1);
    assert!(!line.to_string().contains("9000000417"), "{line}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_wallboard_that_nobody_reads_ends_though_nothing_happens() {
    let desk = Desk::with_agent().await;
    let mut watch = Watching::start(&desk.shell, &["--source", "simulator"]);
    watch.until("agent01 is ready").await;
    let Watching { mut child, lines } = watch;
    drop(lines);
    let ended = tokio::time::timeout(BOUND, child.wait()).await.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_events_are_watched() {
    let desk = Desk::with_agent().await;
    let port = {
        // Free a moment ago: where the events go has to be known before the wallboard says it.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    let mut watch = Watching::start(&desk.shell, &["--source", "events", "--listen", &port]);
    let url = format!("http://127.0.0.1:{port}/events");
    let mut sent = desk.json(&["trigger", "event", "--to", &url]).await;
    for _ in 0..50 {
        if sent.code == 0 {
            break;
        }
        sent = desk.json(&["trigger", "event", "--to", &url]).await;
    }
    assert_eq!(sent.code, 0, "{sent:?}");
    watch.until("is talking").await;
    let over = watch.until("is over").await;
    assert_eq!(over["figures"]["answered"], 1);
    desk.json(&["trigger", "agent-event", "--to", &url]).await.done();
    watch.until("agent01 is ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desks_stream_is_watched_and_resumed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let desk = tokio::spawn(async move {
        let mut heads = Vec::new();
        for stream in [
            "id: 7\nevent: snapshot\ndata: {\"lastId\":7,\"agents\":[{\"agent\":\"agent01\",\"state\":\
             {\"word\":\"READY\"},\"loggedIn\":true}],\"calls\":{\"calls\":[]}}\n\n",
            "id: 8\nevent: agent.changed\ndata: {\"agent\":\"agent01\",\"state\":{\"word\":\"incall\"}}\n\n",
        ] {
            let (mut connection, _) = listener.accept().await.unwrap();
            heads.push(read_request(&mut connection).await);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            connection.write_all(format!("{head}{stream}").as_bytes()).await.unwrap();
        }
        heads
    });
    let shell = Shell::new("http://127.0.0.1:9").set("OZONETEL_DESK_URL", address);
    let ran = shell.run(&["watch", "--plain"]).await;
    assert!(ran.code == 2 && ran.err.contains("OZONETEL_DESK_TOKEN"), "{ran:?}");
    let shell = shell.set("OZONETEL_DESK_TOKEN", "desk-token");
    let mut watch = Watching::start(&shell, &[]);
    watch.until("agent01 is ready").await;
    watch.until("the source is not there").await;
    watch.until("agent01 is on a call").await;
    let heads = desk.await.unwrap();
    assert!(heads[0].starts_with("GET /api/events ") && heads[0].contains("Bearer desk-token"));
    assert!(
        !heads[0].contains("last-event-id") && heads[1].contains("last-event-id: 7"),
        "{heads:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_says_what_it_costs_and_keeps_to_the_limit() {
    let desk = Desk::with_agent().await;
    let ran = desk.run(&["watch", "--source", "poll", "--interval", "60"]).await;
    assert!(ran.code == 2 && ran.err.contains("one request in 300 s"), "{ran:?}");
    let mut watch = Watching::start(&desk.shell, &["--source", "poll"]);
    watch.until("agent01 is ready").await;
    let ran = desk.run(&["watch", "--source", "poll", "--for", "0"]).await;
    assert!(ran.err.contains("polling: 0.20 requests a minute"), "{ran:?}");
}
