//! Runs the binary, in a world of its own.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_sim::{Server, Sim, SimBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

pub(crate) const DIAL: &str = "/ca_apis/AgentManualDial";
pub(crate) const CDR: &str = "/ca_reports/fetchCDRDetails";

/// Where clocks start.
const NOON: &str = "2026-01-02T06:30:00Z";

fn noon() -> SimBuilder {
    Sim::builder().starting_at(Timestamp::from_unix_ms(1_767_335_400_000))
}

/// How long one run may take before the test fails.
const BOUND: Duration = Duration::from_mins(2);

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Rows on standard output.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json().as_array().unwrap().clone()
    }

    /// The error on standard error; its first line is the error whole.
    pub(crate) fn error(&self) -> Value {
        let line = self.err.lines().next().unwrap_or_else(|| panic!("no error: {self:?}"));
        serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {self:?}"))["error"]
            .clone()
    }

    /// The same, when it went well.
    pub(crate) fn done(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self
    }
}

impl Ran {
    /// The same, when it went well with rows of a day that is not over, of which it says as of when they are.
    pub(crate) fn noting_today(self) -> Self {
        let lines: Vec<&str> = self.err.lines().collect();
        assert!(self.code == 0 && lines.len() == 1, "{self:?}");
        assert!(lines[0].contains(" is not over: as of "), "{self:?}");
        self
    }
}

/// Settings and a directory for one account.
pub(crate) struct Shell {
    pub(crate) state: TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Shell {
    pub(crate) fn new(address: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let directory = state.path().join("state");
        let variables = [
            ("OZONETEL_ACCOUNT", "acme_support"),
            ("OZONETEL_API_KEY", "test-key"),
            ("OZONETEL_BASE_URL", address),
            ("OZONETEL_AGENT_ID", "agent01"),
            ("OZONETEL_AGENT_PASSWORD", "secret"),
            ("OZONETEL_CAMPAIGN", "support_out"),
            ("OZONETEL_DID", "918000000001"),
            ("OZONETEL_SIP_ID", "500001"),
            ("OZONETEL_PHONE_NAME", "agent01"),
            ("OZONETEL_STATE_DIR", directory.to_str().unwrap()),
        ];
        let variables = variables.map(|(name, value)| (name, value.to_owned())).into();
        Self { state, variables }
    }

    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    pub(crate) fn variable(&self, name: &str) -> String {
        self.variables[name].clone()
    }

    pub(crate) fn unset(mut self, name: &'static str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ozonetel"));
        command
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// The same for a terminal of its own, whose streams it takes.
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ozonetel"));
        command.args(arguments).env_clear().envs(&self.variables);
        command
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs to the end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        ended(self.spawn(arguments)).await
    }

    /// Runs with `--output json`.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--output", "json"]].concat()).await
    }
}

/// Waits for a run to end. No run may panic, and none may print the key.
pub(crate) async fn ended(child: Child) -> Ran {
    let output =
        tokio::time::timeout(BOUND, child.wait_with_output()).await.expect("in time").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    assert!(!ran.out.contains("test-key") && !ran.err.contains("test-key"), "{ran:?}");
    ran
}

/// A simulator behind a socket, and a shell that knows it.
pub(crate) struct Desk {
    pub(crate) sim: Sim,
    pub(crate) shell: Shell,
    _server: Server,
}

impl Desk {
    /// Noon in India, on both sides: no test crosses midnight.
    pub(crate) async fn start() -> Self {
        Self::of(noon().build()).await.set("OZONETEL_NOW", NOON)
    }

    pub(crate) async fn in_key_mode() -> Self {
        let desk = Self::of(noon().mode(AuthMode::Key).build()).await;
        desk.set("OZONETEL_AUTH", "key").set("OZONETEL_NOW", NOON)
    }

    /// The same with another world, whose mode is to be the key.
    pub(crate) async fn in_key_mode_of(setup: Setup) -> Self {
        let desk = Self::of(noon().setup(setup).build()).await;
        desk.set("OZONETEL_AUTH", "key").set("OZONETEL_NOW", NOON)
    }

    pub(crate) fn set(self, name: &'static str, value: &str) -> Self {
        Self { shell: self.shell.set(name, value), ..self }
    }

    pub(crate) async fn of(sim: Sim) -> Self {
        let server = sim.serve().await.unwrap();
        let shell = Shell::new(&server.url());
        Self { sim, shell, _server: server }
    }

    /// `agent01` is logged in and ready.
    pub(crate) async fn with_agent() -> Self {
        let desk = Self::start().await;
        desk.shell.run(&["agent", "login"]).await.done();
        desk
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.shell.run(arguments).await
    }

    pub(crate) async fn json(&self, arguments: &[&str]) -> Ran {
        self.shell.json(arguments).await
    }

    /// A dialled call that both sides have answered.
    pub(crate) async fn talking(&self) -> String {
        let dialed = self.json(&["dial", "9000000001", "--uui", "story"]).await.done();
        self.sim.advance(Duration::from_secs(10)).await;
        dialed.json()["ucid"].as_str().unwrap().to_owned()
    }
}

/// Answers every request with the same bytes and then keeps the connection open, or closes it.
pub(crate) struct Stub {
    pub(crate) shell: Shell,
    seen: Arc<Semaphore>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Stub {
    /// `body` is the beginning of an answer that promises one byte more and never sends it.
    pub(crate) async fn stalling(body: &'static str) -> Self {
        Self::serve(body.to_owned(), body.len() + 1).await
    }

    /// `body` is the answer whole.
    pub(crate) async fn answering(body: String) -> Self {
        let length = body.len();
        Self::serve(body, length).await
    }

    async fn serve(body: String, length: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let seen = Arc::new(Semaphore::new(0));
        let told = Arc::clone(&seen);
        let serving = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                read_request(&mut stream).await;
                // A reader that went away is part of some tests.
                let _ = stream.write_all(answer.as_bytes()).await;
                told.add_permits(1);
                open.push(stream);
            }
        });
        let shell = Shell::new(&address).set("OZONETEL_AUTH", "key").set("OZONETEL_NOW", NOON);
        Self { shell, seen, serving }
    }

    /// Waits until a request has been answered as much as it ever will be.
    pub(crate) async fn arrived(&self) {
        tokio::time::timeout(BOUND, self.seen.acquire()).await.expect("in time").unwrap().forget();
    }
}

/// One request, head and body.
pub(crate) async fn read_request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => seen.extend_from_slice(&chunk[..count]),
            _ => return text,
        }
    }
}
