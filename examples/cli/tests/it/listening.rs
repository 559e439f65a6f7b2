//! `listen` and `trigger`: what the service sends, received on this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::harness::{Desk, Shell, ended};
use crate::receiver::{Receiver, Seen, post};
use crate::signals::signal;

const BOUND: Duration = Duration::from_secs(30);

/// A running `listen`, with its lines.
struct Listening {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Listening {
    async fn start(shell: &Shell, more: &[&str]) -> Self {
        let arguments = ["listen", "--listen", "0", "--output", "jsonl"];
        let mut child = shell.spawn(&[&arguments[..], more].concat());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = next(&mut lines).await;
        assert_eq!(first["kind"], "listening");
        Self { child, lines, url: first["url"].as_str().unwrap().to_owned() }
    }

    async fn next(&mut self) -> Value {
        next(&mut self.lines).await
    }

    /// Stops it in good order.
    async fn stop(self) {
        let Self { child, lines, .. } = self;
        signal(&child, "-INT").await;
        drop(lines);
        assert_eq!(ended(child).await.code, 0);
    }
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = tokio::time::timeout(BOUND, lines.next_line()).await.expect("in time").unwrap();
    serde_json::from_str(&line.expect("a line")).unwrap()
}

fn shell() -> Shell {
    Shell::new("http://127.0.0.1:9").set("OZONETEL_NOW", "2026-01-02T06:30:00Z")
}

/// What a receiver finds in a request: the path, the query's fields, and those of the body but the key.
fn fields(seen: &Seen) -> (String, BTreeMap<String, String>, Value) {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let form: BTreeMap<String, String> =
        url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let json = form.get("data").unwrap_or(&seen.body);
    let mut body: Value = serde_json::from_str(json).unwrap_or_default();
    if let Value::Object(fields) = &mut body {
        fields.retain(|name, _| !name.eq_ignore_ascii_case("apikey"));
    }
    (path.to_owned(), query, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_triggered_is_received_kept_and_handed_on() {
    let shell = shell().set("OZONETEL_PUSH_SECRET", "s3cret-of-urls");
    let mut receiver = Receiver::start(&[]).await;
    let forward = receiver.url("/hook?app=1");
    let mut listen = Listening::start(&shell, &["--forward", &forward]).await;
    let to = format!("{}/callback", listen.url);
    let trigger = ["trigger", "callback", "--to", &to, "--caller", "9000000417"];
    shell.json(&trigger).await.done();
    let line = listen.next().await;
    assert_eq!(
        (&line["kind"], &line["n"], &line["path"]),
        (&json!("callback"), &json!(2), &json!("/callback"))
    );
    let text = line.to_string();
    assert!(text.contains("…17") && !text.contains("9000000417"), "{text}");
    let delivery = listen.next().await;
    assert_eq!(
        (&delivery["kind"], &delivery["status"], &delivery["attempts"]),
        (&json!("delivery"), &json!(200), &json!(1))
    );
    // The receiver has what was sent: the made-up key, and the secret of its address.
    let seen = receiver.next().await;
    assert_eq!(seen.target, "/hook?app=1&code=s3cret-of-urls");
    assert!(seen.body.contains("9000000417") && seen.body.contains("test-key"), "{}", seen.body);
    let mut handed_on = vec![seen];
    // Events, a screen pop, and what KooKoo asks.
    for (what, kind) in [
        ("event", "event"),
        ("agent-event", "event"),
        ("screen-pop", "screen_pop"),
        ("kookoo", "kookoo"),
    ] {
        let sent = shell.json(&["trigger", what, "--to", &to]).await.done().rows();
        for _ in &sent {
            let line = listen.next().await;
            assert_eq!(line["kind"], kind, "{line}");
            assert_eq!(listen.next().await["status"], 200);
            handed_on.push(receiver.next().await);
        }
    }
    listen.stop().await;
    // Handed on again, each has what was handed on first, without the key.
    shell.json(&["listen", "--replay", "2", "--forward", &forward]).await;
    for first in handed_on {
        let again = receiver.next().await;
        assert_eq!(fields(&again), fields(&first), "{again:?} {first:?}");
    }
    // Whoever does not know the secret is not let in.
    let listen = Listening::start(&shell, &[]).await;
    let stranger = shell.unset("OZONETEL_PUSH_SECRET");
    let ran = stranger.json(&["trigger", "callback", "--to", &listen.url]).await;
    assert_eq!((ran.code, ran.rows()[0]["status"].clone()), (6, json!(403)), "{ran:?}");
    let journal = stranger.state.path().join("state/pushes.jsonl");
    let journal = std::fs::read_to_string(journal).unwrap();
    assert!(journal.contains("9000000417") && !journal.contains("test-key"), "{journal}");
    assert!(!journal.contains("s3cret-of-urls"), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_tried_again_and_a_replay_hands_on_once_more() {
    let shell = shell();
    let mut receiver = Receiver::start(&[500, 503]).await;
    let forward = receiver.url("/hook");
    let mut listen = Listening::start(&shell, &["--forward", &forward, "--count", "1"]).await;
    shell.json(&["trigger", "callback", "--to", &listen.url, "--missed"]).await.done();
    assert_eq!(listen.next().await["kind"], "callback");
    let delivery = listen.next().await;
    assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!(200), &json!(3)));
    let first = [receiver.next().await, receiver.next().await, receiver.next().await];
    assert!(first.iter().all(|seen| seen.body == first[0].body));
    assert_eq!(ended(listen.child).await.code, 0);
    // From its number on, without the key, and no one listens.
    let replay = ["listen", "--replay", "2", "--forward", &forward];
    let ran = shell.json(&replay).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let again = receiver.next().await;
    assert!(
        again.body.contains("monitorUCID") && !again.body.contains("test-key"),
        "{}",
        again.body
    );
    // What was changed on disk is named.
    let path = shell.state.path().join("state/pushes.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("9000000001", "9000000002")).unwrap();
    let ran = shell.run(&replay).await;
    assert!(ran.err.contains("line 2 of the journal was changed"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_in_which_nothing_listened_is_said() {
    let shell = shell();
    Listening::start(&shell, &[]).await.stop().await;
    let shell = shell.set("OZONETEL_NOW", "2026-01-02T06:39:00Z");
    let mut listen = Listening::start(&shell, &[]).await;
    let gap = listen.next().await;
    assert_eq!(gap["kind"], "gap");
    assert!(gap["from"].as_str().unwrap().starts_with("2026-01-02T06:30:0"), "{gap}");
    assert!(gap["to"].as_str().unwrap().starts_with("2026-01-02T06:39:0"), "{gap}");
    listen.stop().await;
    let ran = shell
        .set("OZONETEL_NOW", "2026-01-02T06:45:00Z")
        .run(&["listen", "--listen", "0", "--for", "0"])
        .await;
    assert!(ran.code == 0 && ran.err.contains("deaf from 06:39:0"), "{ran:?}");
    assert!(ran.err.contains("cannot reach this address by itself"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_parsed_is_kept_and_shown() {
    let shell = shell();
    let mut listen = Listening::start(&shell, &[]).await;
    let body = r#"{"monitorUCID":"90000000000000001","Apikey":"key-of-mine","Stat"#;
    let status = post(&listen.url, body).await;
    assert_eq!(status, 200);
    let line = listen.next().await;
    assert_eq!(line["kind"], "unparsed");
    assert!(line["body"].as_str().unwrap().contains("90000000000000001"), "{line}");
    assert!(!line.to_string().contains("key-of-mine"), "{line}");
    listen.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_key_is_not_sent_to_strangers() {
    let shell = shell();
    let trigger = |to: &'static str, more: &'static [&'static str]| {
        let arguments =
            [&["trigger", "callback", "--with-account-key", "--to", to][..], more].concat();
        let shell = &shell;
        async move { shell.run(&arguments).await }
    };
    let ran = trigger("http://crm.example.test/hook", &["--yes"]).await;
    assert!(ran.code == 2 && ran.err.contains("over https only"), "{ran:?}");
    let ran = trigger("http://127.0.0.1:9/hook", &[]).await;
    assert!(ran.code == 2 && ran.err.contains("no terminal to ask on"), "{ran:?}");
    let mut receiver = Receiver::start(&[]).await;
    let to = receiver.url("/hook");
    let account = shell.set("OZONETEL_API_KEY", "key-of-mine");
    account.json(&["trigger", "callback", "--with-account-key", "--yes", "--to", &to]).await.done();
    assert!(receiver.next().await.body.contains("key-of-mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_call_of_the_simulator_arrives() {
    let desk = Desk::with_agent().await;
    let mut listen = Listening::start(&desk.shell, &[]).await;
    let url = format!("{}/callback", listen.url);
    let events = format!("{}/events", listen.url);
    desk.json(&["sim", "callback-url", &url]).await.done();
    desk.json(&["events", "subscribe", "--calls", &events]).await.done();
    desk.json(&["sim", "inbound", "--caller", "9000000417"]).await.done();
    assert_eq!(listen.next().await["kind"], "event");
    listen.stop().await;
}

/// A receiver that takes requests and answers none; how many there were.
async fn silent() -> (String, tokio::sync::mpsc::Receiver<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, arrived) = tokio::sync::mpsc::channel(10);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            crate::harness::read_request(&mut stream).await;
            open.push(stream);
            let _ = sender.send(()).await;
        }
    });
    (url, arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_can_be_stopped_and_says_where_it_was() {
    let shell = shell();
    let mut listen = Listening::start(&shell, &[]).await;
    for _ in 0..2 {
        shell.json(&["trigger", "callback", "--to", &listen.url]).await.done();
        listen.next().await;
    }
    listen.stop().await;
    let (url, mut arrived) = silent().await;
    let child = shell.spawn(&["listen", "--replay", "2", "--forward", &url]);
    tokio::time::timeout(BOUND, arrived.recv()).await.unwrap().unwrap();
    signal(&child, "-INT").await;
    let ran = tokio::time::timeout(Duration::from_secs(5), ended(child)).await.unwrap();
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.err.contains("--replay 2"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_and_not_handed_on_is_named() {
    let shell = shell();
    let mut receiver = Receiver::start(&[500, 500, 500]).await;
    let forward = receiver.url("/hook");
    let mut listen = Listening::start(&shell, &["--forward", &forward, "--count", "1"]).await;
    let body = r#"{"monitorUCID":"90000000000000001","Status":"Answered"}"#;
    assert_eq!(post(&listen.url, body).await, 200);
    assert_eq!(listen.next().await["n"], 2);
    // While the first is tried again.
    receiver.next().await;
    assert_eq!(post(&listen.url, body).await, 200);
    assert_eq!(listen.next().await["status"], 200);
    let ran = ended(listen.child).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("number 3 was received and not handed on; --replay 3"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_receiver_did_not_take_is_named_with_its_number() {
    let shell = shell();
    let receiver = Receiver::start(&[404, 200, 400, 410]).await;
    let forward = receiver.url("/hook");
    let mut listen = Listening::start(&shell, &["--forward", &forward, "--count", "3"]).await;
    let body = r#"{"monitorUCID":"90000000000000001","Status":"Answered"}"#;
    for status in [404, 200, 400] {
        assert_eq!(post(&listen.url, body).await, 200);
        assert_eq!(listen.next().await["kind"], "callback");
        assert_eq!(listen.next().await["status"], status);
    }
    let ran = ended(listen.child).await;
    let named = "2 of the numbers 2 to 4 were received and not handed on; --replay 2 hands on from \
                 there, those too that were taken";
    assert!(ran.code == 0 && ran.err.contains(named), "{ran:?}");
    let ran = shell.run(&["listen", "--replay", "4", "--forward", &forward]).await;
    assert_eq!(ran.code, 6, "{ran:?}");
    let lines: Vec<Vec<&str>> =
        ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][1..], ["4", "callback", "again"], "{ran:?}");
    assert_eq!(lines[1][..], ["4", "not", "taken:", "410"], "{ran:?}");
}
