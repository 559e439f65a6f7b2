//! `sim`: everything on one program.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::harness::Shell;
use crate::signals::signal;

/// A simulator of the binary's own, and a shell without any setting but the profile that it saved.
pub(crate) async fn started(more: &[&str]) -> (Child, Shell, Value) {
    let shell = Shell::new("");
    let config = shell.state.path().join("config").display().to_string();
    let state = shell.variable("OZONETEL_STATE_DIR");
    let mut shell = shell.set("XDG_CONFIG_HOME", config);
    for name in [
        "OZONETEL_ACCOUNT",
        "OZONETEL_API_KEY",
        "OZONETEL_BASE_URL",
        "OZONETEL_AGENT_ID",
        "OZONETEL_AGENT_PASSWORD",
        "OZONETEL_CAMPAIGN",
        "OZONETEL_DID",
        "OZONETEL_SIP_ID",
        "OZONETEL_PHONE_NAME",
        "OZONETEL_STATE_DIR",
    ] {
        shell = shell.unset(name);
    }
    let shell = shell.set("OZONETEL_STATE_DIR", state);
    let start = ["sim", "start", "--listen", "0", "--save", "default", "--output", "json"];
    let mut child = shell.spawn(&[&start[..], more].concat());
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.as_mut().unwrap());
    tokio::time::timeout(Duration::from_secs(30), out.read_line(&mut line)).await.unwrap().unwrap();
    (child, shell, serde_json::from_str(&line).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulator_is_started_driven_and_stopped() {
    let (mut child, shell, places) = started(&[]).await;
    assert!(places["mdl"].as_str().unwrap().starts_with("ws://127.0.0.1:"), "{places}");
    shell.run(&["agent", "login"]).await.done();
    let arrived = shell.json(&["sim", "inbound", "--caller", "9000000417"]).await.done().json();
    let ucid = arrived["ucid"].as_str().unwrap().to_owned();
    shell.json(&["sim", "clock", "5s"]).await.done();
    let state = shell.json(&["sim", "state"]).await.done().json();
    assert_eq!(state["calls"][0]["agent"], "agent01");
    let table = shell.run(&["sim", "state"]).await.done().out;
    assert!(table.contains("agent01") && !table.contains("9000000417"), "{table}");
    shell.json(&["sim", "phone", &ucid, "hangup"]).await.done();
    let again = shell.json(&["sim", "phone", &ucid, "hangup"]).await;
    assert_eq!((again.code, &again.error()["message"]), (2, &"no live call has this ucid".into()));
    // A fault, and what is wrong with one.
    shell.json(&["sim", "fault", "limit_text", "--path", "/ca_apis/dispositions"]).await.done();
    let wrong = shell.json(&["sim", "fault", "explode"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("close_after"), "{wrong:?}");
    let log = shell.json(&["sim", "requests"]).await.done().out;
    assert!(!log.contains("secret\""), "{log}");
    shell.json(&["sim", "reset"]).await.done();
    let state = shell.json(&["sim", "state"]).await.done().json();
    assert_eq!(state["calls"], serde_json::json!([]));
    signal(&child, "-INT").await;
    let status = tokio::time::timeout(Duration::from_secs(30), child.wait()).await.unwrap();
    assert!(status.unwrap().success());
    let gone = shell.json(&["sim", "state"]).await;
    assert_eq!((gone.code, &gone.error()["advice"]), (6, &"ozonetel sim start".into()));
}
