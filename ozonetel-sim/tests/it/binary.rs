//! The server program as a person starts it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// A running simulator; killed when the test ends, however it ends.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ozonetel-sim"));
    command.args(arguments).env("OZONETEL_NOW", "2026-11-21T09:30:00+05:30");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn start(arguments: &[&str]) -> Running {
    let mut child = command(arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let bound: Value = serde_json::from_str(&line).unwrap();
    let address = bound["http"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    Running { child, address }
}

impl Running {
    fn ask(&self, method: &str, path: &str, head: &str, body: &str) -> Value {
        let mut tcp = TcpStream::connect(&self.address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        write!(
            tcp,
            "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\
             content-length: {length}\r\n{head}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, "", &body.to_string())
    }
}

#[test]
fn it_says_where_it_listens_and_starts_its_clock_where_it_is_told() {
    let sim = start(&["--seed", "7", "--mode", "key", "--manual"]);
    let state = sim.ask("GET", "/_sim/state", "", "");
    assert!(state["now"].as_str().unwrap().starts_with("2026-11-21T04:00:"), "{state}");
    let ids: Vec<_> = state["agents"].as_array().unwrap().iter().map(|a| &a["id"]).collect();
    assert_eq!(ids, ["agent01", "agent02", "agent03", "agent04", "agent05"]);
    let key = "apiKey: test-key\r\n";
    let body = r#"{"userName":"acme_support","agentId":"agent01"}"#;
    let aht = sim.ask("GET", "/ca_apis/aht", key, body);
    assert_eq!(aht["status"], "success");
}

#[test]
fn the_log_outlives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log.jsonl");
    let mut sim = start(&["--log", log.to_str().unwrap()]);
    let head = "authorization: Basic YWdlbnQwMTpzZWNyZXQ=\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    let body = "userName=acme_support&apiKey=test-key&action=login&phoneNumber=500001";
    let path = "/CAServices/AgentAuthenticationV2/index.php";
    assert_eq!(sim.ask("POST", path, head, body)["status"], "success");
    sim.child.kill().unwrap();
    sim.child.wait().unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&lines[0]["effect"], &lines[1]["effect"]), (&Value::Null, &json!("login")));
    assert_eq!(lines[0]["n"], lines[1]["n"]);
    assert!(!text.contains("test-key"));
}

#[test]
fn it_ends_politely_when_asked() {
    let mut sim = start(&[]);
    sim.post("/_sim/clock", &json!({"advance_s": 1}));
    let pid = sim.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(sim.child.wait().unwrap().success());
}

#[test]
fn a_scenario_makes_the_world_and_a_bad_one_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("world.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "[traffic]\nagents = 6\ncalls_per_minute = 3\n").unwrap();
    let sim = start(&["--scenario", path, "--speed", "10"]);
    sim.post("/_sim/clock", &json!({"advance_s": 600}));
    let state = sim.ask("GET", "/_sim/state", "", "");
    assert!(state["calls"].as_array().unwrap().len() > 20);
    drop(sim);

    std::fs::write(&file, "[trafic]\n").unwrap();
    let output = command(&["--scenario", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("trafic") && told.contains(path), "{told}");
    assert!(output.stdout.is_empty());
}

/// What a start that fails says, and that it fails as a wrong use does.
fn refused(arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_port_alone_and_localhost_are_addresses() {
    for listen in ["0", "localhost:0", "127.0.0.1:0"] {
        let sim = start(&["--listen", listen]);
        assert!(sim.address.starts_with("127.0.0.1:"), "{listen}: {}", sim.address);
    }
    for listen in ["8090x", "elsewhere:8090", "70000"] {
        let told = refused(&["--listen", listen]);
        assert!(told.contains("localhost:8090"), "{told}");
    }
}

#[test]
fn a_port_in_use_and_missing_files_are_named() {
    let sim = start(&[]);
    let told = refused(&["--listen", &sim.address]);
    assert!(told.contains(&sim.address) && told.contains("in use"), "{told}");
    let told = refused(&["--scenario", "no-such-world.toml"]);
    assert!(told.contains("no-such-world.toml"), "{told}");
    let told = refused(&["--log", "no-such-folder/log.jsonl"]);
    assert!(told.contains("no-such-folder/log.jsonl"), "{told}");
}

#[test]
fn values_that_cannot_be_are_named_before_anything_starts() {
    for url in ["ftp://example.test/", "http://me:secret@example.test/", "example.test", "http://"]
    {
        let told = refused(&["--callback-url", url]);
        assert!(told.contains("--callback-url") && told.contains("http or https"), "{url}: {told}");
    }
    for speed in ["-1", "0", "NaN", "1e9"] {
        let told = refused(&["--speed", speed]);
        assert!(told.contains("from 0.001 to 10000"), "{speed}: {told}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("world.toml");
    let path = file.to_str().unwrap();
    for scenario in [
        "[push]\ncallback_url = \"ftp://example.test/\"\n".to_owned(),
        format!("name = {}", "x".repeat(300_000)),
        "y\n".repeat(5_000),
    ] {
        std::fs::write(&file, &scenario).unwrap();
        let told = refused(&["--scenario", path]);
        assert!(told.contains("world.toml") && told.len() < 3_000, "{} bytes", told.len());
    }
}
