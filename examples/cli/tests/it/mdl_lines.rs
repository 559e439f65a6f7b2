//! The agent socket's commands on the simulator: every line they print, every way a dial can end.

use std::time::Duration;

use jiff::Timestamp;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::harness::Desk;
use crate::signals::signal;

// None of these is what stands in for a masked value.
const NUMBER: &str = "9000000417";
const ACCOUNT: &str = "acme_sales";
const AGENT: &str = "agent41";
const EXTENSION: &str = "500417";
const DID: &str = "918000000417";

/// A simulated account whose names and numbers are its own.
fn setup() -> Setup {
    let mut setup = Setup { account: ACCOUNT.into(), mode: AuthMode::Key, ..Setup::default() };
    for agent in setup.agents.iter_mut().filter(|agent| agent.id == "agent01") {
        AGENT.clone_into(&mut agent.id);
        EXTENSION.clone_into(&mut agent.extension);
        EXTENSION.clone_into(&mut agent.sip_password);
    }
    for campaign in &mut setup.campaigns {
        campaign.did =
            campaign.did.take().map(|did| if did == "918000000001" { DID.into() } else { did });
    }
    setup
}

/// A simulator, and a shell that knows its socket.
async fn desk() -> Desk {
    let desk = Desk::in_key_mode_of(setup()).await;
    let url = desk.shell.variable("OZONETEL_BASE_URL").replace("http", "ws");
    desk.set("OZONETEL_MDL_URL", &format!("{url}/mdl?agentId={AGENT}"))
        .set("OZONETEL_ACCOUNT", ACCOUNT)
        .set("OZONETEL_AGENT_ID", AGENT)
        .set("OZONETEL_SIP_ID", EXTENSION)
        .set("OZONETEL_DID", DID)
        .set("OZONETEL_AGENT_UNIQ_ID", "1001")
        .set("OZONETEL_CAMPAIGN_ID", "77")
}

/// A line, after a look at its form: `{at, event, state?, type?, utid?, token?}`, and nothing that is personal.
fn line(text: &str) -> Map<String, Value> {
    for secret in [NUMBER, ACCOUNT, AGENT, EXTENSION, DID] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let line: Map<String, Value> = serde_json::from_str(text).unwrap();
    line["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let fields: Vec<&str> = line.keys().map(String::as_str).collect();
    let want: &[&str] = match line["event"].as_str().unwrap() {
        "link" => &["at", "event", "state"],
        "push" => &["at", "event", "token", "type"],
        "reply" => &["at", "event", "token", "type", "utid"],
        "settled" => &["at", "event", "state", "token", "type", "utid"],
        other => panic!("{other}"),
    };
    assert_eq!(fields, want, "{text}");
    for (name, value) in &line {
        assert!(value.is_string() || (name == "token" && value.is_object()), "{text}");
    }
    if let Some(token) = line.get("token") {
        assert_eq!(token["type"], line["type"]);
    }
    line
}

/// Event, state and type of each line, except what the simulator reports about calls and agents.
fn story(out: &str) -> Vec<String> {
    let told = |line: &Map<String, Value>| {
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        (text("event"), text("state"), text("type"))
    };
    out.lines()
        .map(|text| told(&line(text)))
        .filter(|(event, _, kind)| event != "push" || kind == "welcome")
        .map(|(event, state, kind)| format!("{event} {state} {kind}"))
        .collect()
}

const BEGUN: [&str; 4] = ["link connecting -", "link handshaking -", "push - welcome", "link up -"];

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_prints_every_event_in_order() {
    let desk = desk().await;
    let ran = desk.run(&["mdl", "dial", NUMBER, "--output", "jsonl"]).await.done();
    let rest =
        ["reply - response", "settled reply tbManualDial", "link closing -", "link stopped -"];
    assert_eq!(story(&ran.out), [&BEGUN[..], &rest].concat());
    let settled = ran.out.lines().map(line).find(|line| line["event"] == "settled").unwrap();
    assert_eq!(settled["token"]["isSip"], "true");
    let params = settled["token"]["params"].as_str().unwrap();
    // Numbers of so few digits as a campaign's id say nothing about anybody and stay.
    assert_eq!(params, "77,9000000001,500001,SIP:true");
    let entry = desk.sim.requests().into_iter().find(|entry| entry.effect == Some("dial")).unwrap();
    assert_eq!(entry.body["params"], format!("77,{NUMBER},{EXTENSION},SIP:true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_exits_by_its_outcome_whatever_goes_wrong() {
    // Kind, exit code, how it settled, dials that reached the service.
    for (kind, code, settled, dials) in [
        (FaultKind::Duplicate, 0, "reply", 1),
        (FaultKind::NonJson, 0, "reply", 1),
        (FaultKind::CloseAfter, 0, "reply", 1),
        (FaultKind::Silence, 7, "no_reply", 1),
        (FaultKind::HalfOpen, 7, "no_reply", 0),
        (FaultKind::Delay, 7, "no_reply", 1),
        (FaultKind::CloseBefore, 7, "unknown", 0),
        (FaultKind::Cut, 7, "unknown", 1),
        (FaultKind::Giant, 7, "unknown", 1),
    ] {
        let desk = desk().await;
        let fault = Fault::new(kind).on("mdl").delay(Duration::from_mins(1));
        assert!(desk.sim.fault(fault));
        let wait = if settled == "no_reply" { "1" } else { "30" };
        let arguments = ["mdl", "dial", NUMBER, "--reply-wait", wait, "--output", "jsonl"];
        let ran = desk.run(&arguments).await;
        assert_eq!(ran.code, code, "{kind:?}: {ran:?}");
        let story = story(&ran.out);
        let settlements: Vec<&String> =
            story.iter().filter(|line| line.starts_with("settled")).collect();
        assert_eq!(settlements, [&format!("settled {settled} tbManualDial")], "{kind:?}");
        assert_eq!(story.last().unwrap(), "link stopped -", "{kind:?}");
        assert_eq!(desk.sim.effects("dial"), dials, "{kind:?}");
        assert!(!ran.err.contains(NUMBER), "{}", ran.err);
        if code == 7 {
            let last: Value = serde_json::from_str(ran.err.lines().last().unwrap()).unwrap();
            assert_eq!(last["error"]["may_have_happened"], true, "{kind:?}");
            assert_eq!(last["error"]["call"], "mdl.dial");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_dial_exits_3_and_nothing_is_dialled() {
    let desk = desk().await;
    let arguments = ["mdl", "dial", NUMBER, "--campaign-id", "70", "--output", "jsonl"];
    let ran = desk.run(&arguments).await;
    assert_eq!((ran.code, desk.sim.effects("dial")), (3, 0), "{ran:?}");
    assert_eq!(story(&ran.out)[5], "settled reply tbManualDial");
    assert_eq!(ran.error()["kind"], "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_of_calls_and_of_a_link_that_breaks() {
    let desk = desk().await;
    let mut child = desk.shell.spawn(&["mdl", "watch", "--output", "jsonl"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    let read = async {
        let mut until = async |wanted: &str| {
            let mut text = String::new();
            while !text.contains(wanted) {
                text.clear();
                assert_ne!(out.read_line(&mut text).await.unwrap(), 0, "{wanted}: {printed}");
                printed.push_str(&text);
            }
        };
        until(r#""state":"up""#).await;
        let arrived = desk.sim.inbound(DID, NUMBER).unwrap();
        until(r#""type":"simRinging""#).await;
        desk.sim.advance(Duration::from_secs(5)).await;
        until(r#""type":"busyAgent""#).await;
        assert!(desk.sim.world().call(arrived.ucid).is_some());
        signal(&child, "-TERM").await;
        out.read_to_string(&mut printed).await.unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
        (child.wait().await.unwrap(), told)
    };
    let (status, told) =
        tokio::time::timeout(Duration::from_secs(40), read).await.expect("in time");
    assert_eq!(status.code(), Some(143), "{printed}");
    assert!(told.contains("stopped by a signal"), "{told}");
    let story = story(&printed);
    assert_eq!(story, [&BEGUN[..], &["link closing -", "link stopped -"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_stopped_by_ctrl_c_is_whole_and_replays() {
    let desk = desk().await;
    let file = desk.shell.state.path().join("session.jsonl");
    let name = file.to_str().unwrap();
    let mut child = desk.shell.spawn(&["mdl", "record", name, "--output", "jsonl"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    let read = async {
        while !printed.contains(r#""state":"up""#) {
            assert_ne!(out.read_line(&mut printed).await.unwrap(), 0, "{printed}");
        }
        signal(&child, "-INT").await;
        out.read_to_string(&mut printed).await.unwrap();
        child.wait().await.unwrap()
    };
    let status = tokio::time::timeout(Duration::from_secs(40), read).await.expect("in time");
    assert_eq!(status.code(), Some(130), "{printed}");
    assert_eq!(story(&printed), [&BEGUN[..], &["link closing -", "link stopped -"]].concat());

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&Value> =
        lines.iter().filter(|line| line["dir"] == "link").map(|line| &line["state"]).collect();
    assert_eq!(told, ["connecting", "handshaking", "up", "closing", "stopped"]);
    let welcome = lines.iter().find(|line| line["token"]["type"] == "welcome").unwrap();
    assert_eq!((&welcome["dir"], &welcome["token"]["timeout"]), (&json!("in"), &json!(120_000)));
    assert_eq!(welcome["token"]["usId"], "text 1", "what stands in for the session");

    let replayed = desk.run(&["mdl", "replay", name, "--output", "jsonl"]).await.done();
    let pushed = |out: &str| -> Vec<Value> {
        let lines = out.lines().map(line).filter(|line| line["event"] == "push");
        lines.map(|line| line["type"].clone()).collect()
    };
    assert_eq!(pushed(&replayed.out), pushed(&printed));
    assert!(!pushed(&printed).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_link_is_down_stands_on_standard_error() {
    let desk = desk().await;
    // No one listens there.
    let url = ["mdl", "watch", "--url", "ws://127.0.0.1:9/", "--for", "3"];
    let ran = desk.run(&[&url[..], &["--output", "jsonl"]].concat()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = story(&ran.out);
    assert_eq!(told[..2], ["link connecting -", "link waiting -"]);
    assert_eq!(told.last().unwrap(), "link stopped -");
    let note: Value = serde_json::from_str(ran.err.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&note["link"]["state"], &note["link"]["cause"]),
        (&json!("waiting"), &json!("unreachable"))
    );
    let pause = note["link"]["pause_s"].as_f64().unwrap();
    assert!((2.0..=3.0).contains(&pause), "{pause}");
    let ran = desk.run(&url).await;
    assert!(ran.err.starts_with("the link is down (unreachable); next try in "), "{}", ran.err);
}
