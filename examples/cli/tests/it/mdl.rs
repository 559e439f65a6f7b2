//! The agent socket, against a small server that does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::harness::{Ran, Shell, ended};
use crate::signals::signal;

// Not what stands in for a masked number.
const NUMBER: &str = "9000000417";

/// What the server does with a dial.
#[derive(Clone, Copy)]
enum Then {
    Accept,
    Refuse,
    Break,
    Wait,
}

struct Socket {
    shell: Shell,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    dials: AtomicUsize,
    /// The far end of the output, which goes away with the first dial.
    reader: Mutex<Option<std::net::TcpStream>>,
}

async fn send(socket: &mut WebSocketStream<TcpStream>, token: Value) {
    let _ = socket.send(Message::text(token.to_string())).await;
}

async fn serve(stream: TcpStream, then: Then, seen: Arc<Seen>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    send(&mut socket, json!({"type": "welcome", "sourceId": "c2Vzc2lvbi0wMDE="})).await;
    send(
        &mut socket,
        json!({"type": "busyAgent", "ucid": "12345678901234567", "callerId": NUMBER}),
    )
    .await;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let token: Value = serde_json::from_str(&text).unwrap();
        if token["type"] != "tbManualDial" {
            continue;
        }
        assert_eq!(token["params"], format!("77,{NUMBER},500001,SIP:true"));
        seen.dials.fetch_add(1, Ordering::Relaxed);
        drop(seen.reader.lock().unwrap().take());
        let utid = token["utid"].to_string();
        let reply = match then {
            Then::Accept => {
                json!({"type": "response", "utid": utid, "resp": "Success:x", "ucid": "12345678901234567"})
            }
            Then::Refuse => {
                json!({"type": "response", "utid": utid, "resp": "Failure:Agent is not available"})
            }
            Then::Break => return,
            Then::Wait => continue,
        };
        send(&mut socket, reply).await;
    }
}

impl Socket {
    async fn that(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let served = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, then, Arc::clone(&served)));
            }
        });
        let shell = Shell::new("http://127.0.0.1:9")
            .set("OZONETEL_MDL_URL", format!("ws://{address}/"))
            .set("OZONETEL_AGENT_UNIQ_ID", "1001")
            .set("OZONETEL_CAMPAIGN_ID", "77");
        Self { shell, seen }
    }

    /// The sub-protocol is not chosen by this server.
    async fn run(&self, arguments: &[&str]) -> Ran {
        self.shell.run(arguments).await
    }

    fn dials(&self) -> usize {
        self.seen.dials.load(Ordering::Relaxed)
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_prints_its_ucid() {
    let socket = Socket::that(Then::Accept).await;
    let ran = socket.run(&["mdl", "dial", "+91 90000 00417", "--output", "json"]).await.done();
    assert_eq!(ran.json(), json!({"ucid": "12345678901234567", "status": "accepted"}));
    assert_eq!(socket.dials(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_prints_a_masked_line_for_every_event() {
    let socket = Socket::that(Then::Accept).await;
    let ran = socket.run(&["mdl", "dial", NUMBER, "--output", "jsonl"]).await.done();
    assert!(!ran.out.contains(NUMBER) && !ran.out.contains("c2Vzc2lvbi0wMDE="), "{}", ran.out);
    let lines = lines(&ran.out);
    let settled = lines.iter().find(|line| line["event"] == "settled").unwrap();
    assert_eq!((&settled["state"], &settled["type"]), (&json!("reply"), &json!("tbManualDial")));
    assert!(settled["utid"].is_string() && settled["at"].is_string());
    for event in ["link", "push", "reply"] {
        assert!(lines.iter().any(|line| line["event"] == event), "{event}");
    }
    assert_eq!(lines.last().unwrap()["state"], "stopped");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_dial_outlives_an_output_that_fails_and_says_so() {
    let socket = Socket::that(Then::Accept).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    // Closed with bytes that no one has read, it fails with another error than a pipe that is closed.
    *socket.seen.reader.lock().unwrap() = Some(listener.accept().unwrap().0);
    let mut command = socket.shell.command(&["mdl", "dial", NUMBER, "--output", "jsonl"]);
    let ran = ended(command.stdout(std::os::fd::OwnedFd::from(output)).spawn().unwrap()).await;
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = socket.shell.command(&["mdl", "dial", NUMBER, "--output", "json"]);
    let other = ended(command.stdout(full).spawn().unwrap()).await;
    for ran in [ran, other] {
        assert_eq!(
            (ran.code, ran.error()["may_have_happened"].clone()),
            (7, json!(true)),
            "{ran:?}"
        );
        let message = ran.error()["message"].to_string();
        assert!(message.contains("12345678901234567") && message.contains("output"), "{ran:?}");
    }
    assert_eq!(socket.dials(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_is_the_exit_code() {
    for (then, code, kind) in [(Then::Refuse, 3, "refused"), (Then::Break, 7, "closed")] {
        let socket = Socket::that(then).await;
        let ran = socket.run(&["mdl", "dial", NUMBER, "--output", "json"]).await;
        assert_eq!(ran.code, code, "{ran:?}");
        let error = ran.error();
        assert_eq!((&error["kind"], &error["call"]), (&json!(kind), &json!("mdl.dial")));
        assert_eq!(error["may_have_happened"], code == 7);
        assert!(!ran.err.contains(NUMBER), "{}", ran.err);
        assert_eq!(socket.dials(), 1, "once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_and_nothing_is_sent() {
    let socket = Socket::that(Then::Accept).await;
    for (name, flag) in [
        ("OZONETEL_MDL_URL", "--url"),
        ("OZONETEL_AGENT_UNIQ_ID", "--agent-uniq-id"),
        ("OZONETEL_CAMPAIGN_ID", "--campaign-id"),
        ("OZONETEL_SIP_ID", "--agent-number"),
    ] {
        let shell = Shell::new("http://127.0.0.1:9");
        let mut shell = [
            ("OZONETEL_MDL_URL", "ws://127.0.0.1:9/"),
            ("OZONETEL_AGENT_UNIQ_ID", "1001"),
            ("OZONETEL_CAMPAIGN_ID", "77"),
        ]
        .into_iter()
        .fold(shell, |shell, (name, value)| shell.set(name, value));
        shell = shell.unset(name);
        let ran = shell.json(&["mdl", "dial", NUMBER]).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.error()["message"].as_str().unwrap().contains(flag), "{ran:?}");
    }
    let ran = socket.run(&["mdl", "dial", "90000abcde"]).await;
    assert_eq!((ran.code, socket.dials()), (2, 0), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 2048]).await;
            let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
        }
    });
    let shell = Shell::new("http://127.0.0.1:9").set("OZONETEL_AGENT_UNIQ_ID", "1001");
    let url = format!("ws://{address}/");
    let ran = shell.json(&["mdl", "watch", "--url", &url]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (4, &json!("credentials")), "{ran:?}");
    let states: Vec<Value> = ran.rows().iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["connecting", "stopped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_replays_as_it_was_seen() {
    let socket = Socket::that(Then::Accept).await;
    let file = socket.shell.state.path().join("session.jsonl");
    let file = file.to_str().unwrap();
    let ran = socket.run(&["mdl", "record", file, "--for", "1", "--output", "jsonl"]).await.done();
    let again = socket.run(&["mdl", "record", file, "--for", "1"]).await;
    assert_eq!(again.code, 2, "a transcript is not overwritten: {again:?}");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("busyAgent") && !text.contains(NUMBER), "{text}");
    let shell =
        Shell::new("http://127.0.0.1:9").unset("OZONETEL_ACCOUNT").unset("OZONETEL_API_KEY");
    let replayed = shell.run(&["mdl", "replay", file, "--output", "jsonl"]).await.done();
    let pushes = |text: &str| {
        lines(text)
            .into_iter()
            .filter(|line| line["event"] == "push")
            .map(|line| (line["type"].clone(), line["token"].clone()))
            .collect::<Vec<_>>()
    };
    let seen = pushes(&ran.out);
    assert_eq!(seen.len(), 2);
    assert_eq!(pushes(&replayed.out).len(), seen.len());
    assert_eq!(pushes(&replayed.out)[1].0, "busyAgent");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_when_nobody_reads_it() {
    let socket = Socket::that(Then::Wait).await;
    let mut child = socket.shell.spawn(&["mdl", "watch", "--output", "jsonl"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let story = async {
        let mut printed = String::new();
        while !printed.contains("busyAgent") {
            assert_ne!(out.read_line(&mut printed).await.unwrap(), 0, "{printed}");
        }
        // Nothing more happens on the socket.
        drop(out);
        ended(child).await
    };
    let ran = tokio::time::timeout(Duration::from_secs(20), story).await.expect("in time");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_watch_in_good_order_and_a_dial_by_its_outcome() {
    let socket = Socket::that(Then::Wait).await;
    for (arguments, until, code) in [
        (&["mdl", "watch", "--output", "json"][..], "busyAgent", 130),
        (&["mdl", "dial", NUMBER, "--output", "jsonl"], "\"up\"", 7),
    ] {
        let mut child = socket.shell.spawn(arguments);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        let story = async {
            while !printed.contains(until) {
                assert_ne!(out.read_line(&mut printed).await.unwrap(), 0, "{printed}");
            }
            while code == 7 && socket.dials() == 0 {
                tokio::task::yield_now().await;
            }
            signal(&child, "-INT").await;
            out.read_to_string(&mut printed).await.unwrap();
            child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(Duration::from_secs(40), story).await.expect("in time");
        assert_eq!(status.code(), Some(code), "{printed}");
        if code == 130 {
            let rows: Vec<Value> = serde_json::from_str(&printed).unwrap();
            assert_eq!(rows.last().unwrap()["state"], "stopped");
        } else {
            assert_eq!(socket.dials(), 1);
            let settled =
                lines(&printed).into_iter().find(|line| line["event"] == "settled").unwrap();
            assert_eq!(settled["state"], "unknown");
        }
    }
}
