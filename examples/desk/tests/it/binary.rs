//! The real binary, on a free port: a whole call over HTTP, and an orderly end.

use std::future::IntoFuture as _;
use std::process::Stdio;
use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sim::{Fault, FaultKind, Server, Sim};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_mins(1);

pub(crate) struct Running {
    child: Child,
    pub(crate) address: String,
    pub(crate) token: String,
    rest: BufReader<tokio::process::ChildStdout>,
    /// The first line of output.
    first: Value,
    folder: TempDir,
}

/// A desk in a folder of its own, which is empty.
pub(crate) fn desk(folder: &TempDir, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
    // What it keeps for this start alone goes with the folder.
    command.env_clear().env("DESK_LISTEN", "127.0.0.1:0").env("TMPDIR", folder.path());
    command.current_dir(folder);
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

pub(crate) async fn start(variables: &[(&str, &str)]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut child = desk(&folder, variables).spawn().unwrap();
    let mut rest = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    rest.read_line(&mut line).await.unwrap();
    let first: Value = serde_json::from_str(&line).unwrap();
    let address = first["http"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let mut running = Running { child, address, token: String::new(), rest, first, folder };
    running.token = match running.first["token"].as_str() {
        Some(token) => token.to_owned(),
        None => running.set_up().await,
    };
    running
}

impl Running {
    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let token = format!("authorization: Bearer {}", self.token);
        let (head, body) = self.send(method, path, &token, body).await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Makes the first administrator with the link that is printed, and with that one a token for agent01.
    async fn set_up(&mut self) -> String {
        let (health, _) = self.send("GET", "/healthz", "x: y", "").await;
        assert!(health.starts_with("HTTP/1.1 200"), "{health}");
        let (refused, _) = self.send("GET", "/api/me", "x: y", "").await;
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        let mut printed = String::new();
        while !printed.contains("/setup#") {
            assert!(self.rest.read_line(&mut printed).await.unwrap() > 0, "no link");
        }
        assert!(printed.contains("The calls are real"), "{printed}");
        let (_, link) = printed.trim().split_once("/setup#").unwrap();
        let admin =
            json!({"link": link, "email": "admin@example.test", "password": "correct horse"});
        let (head, me) = self.send("POST", "/api/setup", "x: y", &admin.to_string()).await;
        assert!(head.starts_with("HTTP/1.1 201"), "{head} {me}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let own = format!("cookie: {cookie}\r\norigin: http://{}", self.address);
        let new = json!({"name": "test", "role": "agent", "agents": ["agent01"]}).to_string();
        let (head, made) = self.send("POST", "/api/admin/tokens", &own, &new).await;
        assert!(head.starts_with("HTTP/1.1 201"), "{head} {made}");
        let made: Value = serde_json::from_str(&made).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    /// Head and body of an answer.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        header: &str,
        body: &str,
    ) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {header}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    async fn post(&self, route: &str, body: Value) -> (u16, Value) {
        self.ask("POST", &format!("/api/ozonetel/{route}"), &body.to_string()).await
    }

    async fn ok(&self, route: &str, body: Value) -> Value {
        let (status, answer) = self.post(route, body).await;
        assert_eq!(status, 200, "{route}: {answer}");
        answer
    }

    /// Asks until the call is up: telephones take their time.
    async fn until_ok(&self, route: &str, body: Value) -> Value {
        loop {
            let (status, answer) = self.post(route, body.clone()).await;
            match status {
                200 => return answer,
                404 => tokio::task::yield_now().await,
                _ => panic!("{route}: {answer}"),
            }
        }
    }

    /// Asks until it is found. While the day's records have not been read yet, the desk says to come again.
    async fn until_found(&self, route: &str, found: impl Fn(&Value) -> Option<Value>) -> Value {
        loop {
            let (status, answer) = self.ask("GET", &format!("/api/ozonetel/{route}"), "").await;
            assert!(matches!(status, 200 | 429), "{route}: {status} {answer}");
            if let Some(found) = (status == 200).then(|| found(&answer)).flatten() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn signal(&self) {
        let id = self.child.id().unwrap().to_string();
        let killed = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().await;
        assert!(killed.unwrap().success());
    }

    pub(crate) async fn terminate(mut self) -> (Option<i32>, String) {
        self.signal().await;
        let mut text = String::new();
        self.rest.read_to_string(&mut text).await.unwrap();
        (self.child.wait().await.unwrap().code(), text)
    }
}

async fn a_whole_call() {
    let desk = start(&[("DESK_SIM_SPEED", "20"), ("DESK_DISPOSITIONS", "one-to-one")]).await;
    assert_eq!(desk.ask("GET", "/healthz", "").await, (200, json!({"status": "ok", "demo": true})));
    desk.ok("agent-login", json!({})).await;
    let dialed = desk.ok("dial", json!({"phoneNumber": "9000012345"})).await;
    let ucid = dialed["ucid"].as_str().unwrap();
    let control = |action: &str| json!({"ucid": ucid, "action": action});
    desk.until_ok("call-control", control("HOLD")).await;
    desk.ok("call-control", control("UNHOLD")).await;
    desk.ok("recording", json!({"ucid": ucid, "action": "pause"})).await;
    desk.ok("recording", json!({"ucid": ucid, "action": "unPause"})).await;
    let party = json!({"ucid": ucid, "action": "CONFERENCE", "conferenceNumber": "9000012346"});
    desk.ok("call-control", party).await;
    let agent = json!({"ucid": ucid, "action": "KICK_CALL", "conferenceNumber": "500001"});
    desk.ok("call-control", agent).await;
    let disposed =
        desk.ok("dispose", json!({"ucid": ucid, "disposition": "APPOINTMENT_BOOKED"})).await;
    assert_eq!(disposed["disposition"], "Appointment Booked");
    // The disposition makes the desk read the day's records once more.
    let mine = |history: &Value| {
        let is_mine = |call: &&Value| call["monitorUCID"] == ucid && call["code"].is_string();
        let mine = history.as_array().unwrap().iter().find(is_mine).cloned();
        mine.filter(|call| call["status"] == "Answered")
    };
    let mine = desk.until_found("call-history", mine).await;
    assert_eq!(
        (&mine["status"], &mine["code"]),
        (&json!("Answered"), &json!("APPOINTMENT_BOOKED"))
    );
    // A call counts once its row is finished, which may be a moment after it says "Answered".
    let answered = |figures: &Value| (figures["calls"]["answered"] == 1).then(|| figures.clone());
    let figures = desk.until_found("performance", answered).await;
    assert_eq!(
        (&figures["appointmentsBooked"], &figures["conversionRate"]),
        (&json!(1), &json!(100))
    );
    let (_, missed) = desk.ask("GET", "/api/ozonetel/missed-calls", "").await;
    assert!(missed.is_array());
    let (code, guide) = desk.terminate().await;
    assert_eq!(code, Some(0));
    for step in desk::guide::STEPS {
        assert!(guide.contains(step.path) && guide.contains(step.why), "{}", step.path);
    }
    assert!(guide.contains("simulated"));
    // How to lose the answer to a dial, under the path that is dialled by.
    assert!(
        guide.contains(&format!(r#"{{"path":"{}","kind":"close_after"}}"#, crate::floor::DIAL)),
        "{guide}"
    );
}

#[tokio::test]
async fn a_whole_call_over_http_and_an_orderly_end() {
    tokio::time::timeout(LIMIT, a_whole_call()).await.unwrap();
}

/// A simulator of its own, and a desk that takes it for the service, with the agent logged in.
async fn with_account() -> (Sim, Server, Running) {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let desk = start(&[
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", &server.url()),
        ("OZONETEL_AGENT_ID", "agent01"),
        ("OZONETEL_AGENT_PASSWORD", "secret"),
        ("OZONETEL_SIP_ID", "500001"),
        ("OZONETEL_CAMPAIGN", "support_out"),
    ])
    .await;
    desk.ok("agent-login", json!({})).await;
    (sim, server, desk)
}

#[tokio::test]
async fn a_dial_under_way_is_finished_and_answered_before_the_end() {
    tokio::time::timeout(LIMIT, async {
        let (sim, _server, mut desk) = with_account().await;
        let late = Fault::new(FaultKind::Delay).on(crate::floor::DIAL);
        assert!(sim.fault(late.delay(Duration::from_millis(500))));
        let dial = desk.post("dial", json!({"phoneNumber": "9876543210"}));
        let ended = async {
            while sim.effects("dial") == 0 {
                tokio::task::yield_now().await;
            }
            desk.signal().await;
        };
        let ((status, answer), ()) = tokio::join!(dial, ended);
        assert_eq!(status, 200, "{answer}");
        assert!(answer["ucid"].is_string());
        assert_eq!(desk.child.wait().await.unwrap().code(), Some(0));
        assert_eq!(sim.effects("dial"), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn with_an_account_any_number_can_be_dialled() {
    tokio::time::timeout(LIMIT, async {
        let (sim, _server, desk) = with_account().await;
        desk.ok("dial", json!({"phoneNumber": "9000012345"})).await;
        assert_eq!(sim.effects("dial"), 1);
        let (code, text) = desk.terminate().await;
        assert_eq!(code, Some(0));
        assert!(!text.contains("test-key"));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_setting_that_does_not_read_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let output = desk(&folder, &[("DESK_SIM_SPEED", "fast")]).output();
    let output = tokio::time::timeout(LIMIT, output).await.unwrap().unwrap();
    // Which the unit takes for one that another start does not mend.
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("DESK_SIM_SPEED"));
    assert!(output.stdout.is_empty());
}

pub(crate) async fn output_of(
    folder: &TempDir,
    variables: &[(&str, &str)],
    args: &[&str],
) -> (bool, String) {
    let output = desk(folder, variables).args(args).output();
    let output = tokio::time::timeout(LIMIT, output).await.unwrap().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn a_store_of_the_simulator_is_fresh_at_each_start_or_kept_with_other_calls() {
    let (one, other) = (start(&[]).await, start(&[]).await);
    assert_ne!(one.first["store"], other.first["store"]);
    for running in [one, other] {
        let file = std::path::PathBuf::from(running.first["store"].as_str().unwrap());
        assert!(file.is_file() && file.starts_with(running.folder.path()));
        running.terminate().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.sqlite");
    let kept =
        [("DESK_STORE", file.to_str().unwrap()), ("OZONETEL_NOW", "2026-11-20T12:00:00+05:30")];
    let mut missed = Vec::new();
    for _ in 0..2 {
        let running = start(&kept).await;
        assert_eq!(running.first["store"].as_str(), file.to_str());
        missed.push(running.ask("GET", "/api/ozonetel/missed-calls", "").await.1);
        let (well, text) = output_of(&folder, &kept, &[]).await;
        assert!(!well && text.contains("another desk runs on"), "{text}");
        running.terminate().await;
    }
    assert_ne!(missed[0], missed[1], "another seed");
    let account = [("OZONETEL_ACCOUNT", "acme_support"), ("OZONETEL_API_KEY", "test-key"), kept[0]];
    let (well, text) = output_of(&folder, &account, &[]).await;
    assert!(
        !well && text.contains("belongs to the simulator, not to account acme_support"),
        "{text}"
    );
}

#[tokio::test]
async fn an_account_that_is_refused_ends_it_at_once_and_one_that_is_away_does_not() {
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let url = server.url();
    let mut account = [
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "hunter2"),
        ("OZONETEL_BASE_URL", url.as_str()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (well, text) = output_of(&folder, &account, &[]).await;
    assert!(!well && text.contains("the service") && !text.contains("hunter2"), "{text}");
    account[2].1 = "http://127.0.0.1:9";
    let desk = start(&account).await;
    assert!(desk.folder.path().join("desk.sqlite").is_file());
    let (status, readiness) = desk.ask("GET", "/readyz", "").await;
    assert_eq!((status, &readiness["parts"]["service"]["condition"]), (503, &json!("down")));
    assert_eq!(readiness["parts"]["store"]["condition"], "ok");
    assert_eq!(desk.ask("GET", "/healthz", "").await.0, 200);
}

/// A desk that runs outlives such an answer, and so does one that starts meanwhile.
#[tokio::test]
async fn an_account_whose_token_is_refused_for_a_moment_is_served_all_the_same() {
    let answer = || async { axum::Json(json!({"status": "error", "message": "Internal error"})) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = axum::serve(listener, axum::Router::new().fallback(answer));
    let service = tokio::spawn(service.into_future());
    let desk = start(&[
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_AUTH", "token"),
        ("OZONETEL_BASE_URL", &url),
    ])
    .await;
    let (status, readiness) = desk.ask("GET", "/readyz", "").await;
    assert_eq!((status, &readiness["parts"]["service"]["condition"]), (503, &json!("down")));
    assert_eq!(desk.terminate().await.0, Some(0));
    service.abort();
}

#[cfg(unix)]
#[tokio::test]
async fn the_service_manager_is_told_that_it_is_ready_lives_and_stops() {
    tokio::time::timeout(LIMIT, async {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("notify");
        let manager = tokio::net::UnixDatagram::bind(&socket).unwrap();
        let heard = async || {
            let mut text = [0; 256];
            let many = manager.recv(&mut text).await.unwrap();
            String::from_utf8_lossy(&text[..many]).trim().to_owned()
        };
        let asked = [("NOTIFY_SOCKET", socket.to_str().unwrap()), ("WATCHDOG_USEC", "200000")];
        let mut desk = start(&asked).await;
        assert_eq!(heard().await, "READY=1");
        for _ in 0..3 {
            assert_eq!(heard().await, "WATCHDOG=1");
        }
        desk.signal().await;
        loop {
            match heard().await.as_str() {
                "WATCHDOG=1" => {}
                said => break assert_eq!(said, "STOPPING=1"),
            }
        }
        assert_eq!(desk.child.wait().await.unwrap().code(), Some(0));
    })
    .await
    .unwrap();
}

/// What `scripts/verify` prints, and whether all was well.
#[cfg(unix)]
async fn verified(desk: &Running, variables: &[(&str, &str)]) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify");
    let mut command = Command::new("bash");
    command.arg(script).arg(format!("http://{}", desk.address)).env("TMPDIR", desk.folder.path());
    let output = command.envs(variables.iter().copied()).output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn the_smoke_checks_pass_on_a_desk_that_is_well_and_dial_no_one_unasked() {
    tokio::time::timeout(LIMIT, async {
        let (sim, _server, desk) = with_account().await;
        let who = [("DESK_EMAIL", "admin@example.test"), ("DESK_PASSWORD", "correct horse")];
        let (well, table) = verified(&desk, &who).await;
        let failed: Vec<_> = table.lines().filter(|line| line.starts_with("FAIL")).collect();
        // Whether the page is built is not what is tested here.
        assert!(failed.iter().all(|line| line.contains("page")), "{table}");
        assert_eq!(well, failed.is_empty(), "{table}");
        for check in
            ["/readyz", "sign-in", "cookie", "first event", "version", "sign-out", "metrics"]
        {
            let passed = |line: &str| line.starts_with("ok ") && line.contains(check);
            assert!(table.lines().any(passed), "{check}: {table}");
        }
        assert_eq!(sim.effects("dial"), 0);
        let wrong = [("DESK_EMAIL", "admin@example.test"), ("DESK_PASSWORD", "correct hearse")];
        let (well, table) = verified(&desk, &wrong).await;
        assert!(!well && table.contains("FAIL  sign-in"), "{table}");
        let asked = [who[0], who[1], ("CALL", "9000012345")];
        let (_, table) = verified(&desk, &asked).await;
        assert!(table.lines().any(|line| line.contains("a call to the number")), "{table}");
        assert!(sim.effects("dial") <= 1, "once at most");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_store_is_copied_beside_the_desk_and_put_back_by_its_commands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.sqlite");
    let kept = [("DESK_STORE", file.to_str().unwrap())];
    let running = start(&kept).await;
    let (well, text) = output_of(&folder, &kept, &["backup", "copy.sqlite"]).await;
    assert!(well && text.contains("copy.sqlite: ") && text.contains("DESK_KEY_FILE"), "{text}");
    let (well, text) = output_of(&folder, &kept, &["restore", "copy.sqlite"]).await;
    assert!(!well && text.contains("another desk runs on"), "{text}");
    running.terminate().await;
    let (well, text) = output_of(&folder, &kept, &["restore", "copy.sqlite"]).await;
    assert!(!well && text.contains("not written over"), "{text}");
    let moved = [("DESK_STORE", "moved.sqlite")];
    let (well, text) = output_of(&folder, &moved, &["restore", "copy.sqlite"]).await;
    assert!(well && text.contains("moved.sqlite: "), "{text}");
    let (well, text) = output_of(&folder, &moved, &["user", "list"]).await;
    assert!(well && text.contains("agent"), "{text}");
    let url = [("DATABASE_URL", "postgres://desk:hunter2@db.example.test/desk")];
    let (well, text) = output_of(&folder, &url, &["backup", "other.sqlite"]).await;
    assert!(!well && text.contains("pg_dump") && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn help_and_the_doctor_say_what_is_needed_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (well, help) = output_of(&folder, &[], &["--help"]).await;
    assert!(well && help.contains("DATABASE_URL") && help.contains("doctor"), "{help}");
    let (well, found) = output_of(&folder, &[], &["doctor"]).await;
    assert!(well && found.contains("ok    service") && found.contains("simulator"), "{found}");
    let account = [
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "hunter2"),
        ("OZONETEL_BASE_URL", "http://127.0.0.1:9"),
    ];
    let (well, found) = output_of(&folder, &account, &["doctor"]).await;
    assert!(well && found.contains("look  service       not asked: "), "{found}");
    let (well, found) = output_of(&folder, &account, &["doctor", "--new-token"]).await;
    assert!(!well && found.contains("fail  service") && !found.contains("hunter2"), "{found}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file was made");
}

/// Beside another program that has the account's token.
#[tokio::test]
async fn the_doctor_asks_for_no_token_unless_it_is_told_to() {
    let (folder, sim) = (tempfile::tempdir().unwrap(), Sim::start());
    let server = sim.serve().await.unwrap();
    let url = server.url();
    let account = [
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", url.as_str()),
    ];
    let asked = || {
        let requests = sim.requests();
        requests.iter().filter(|entry| entry.path.contains("generateToken")).count()
    };
    for _ in 0..2 {
        let (well, found) = output_of(&folder, &account, &["doctor"]).await;
        assert!(well && found.contains("not asked: no token is at hand"), "{found}");
    }
    let (well, found) = output_of(&folder, &account, &["doctor", "--call", "9000012345"]).await;
    assert!(!well && found.contains("not placed: no token"), "{found}");
    assert_eq!(sim.requests().len(), 0);
    // With a key there is no token to end.
    let of_key = Sim::builder().mode(AuthMode::Key).build().serve().await.unwrap();
    let (mode, url) = (("OZONETEL_AUTH", "key"), of_key.url());
    let key = [account[0], account[1], mode, ("OZONETEL_BASE_URL", url.as_str())];
    let (_, found) = output_of(&folder, &key, &["doctor"]).await;
    assert!(found.contains("ok    service"), "{found}");
    let (_, found) = output_of(&folder, &account, &["doctor", "--new-token"]).await;
    assert!(found.contains("ok    service"), "{found}");
    assert_eq!(asked(), 1);
    // What is kept is used, and not replaced.
    std::fs::create_dir(folder.path().join("state")).unwrap();
    let state = [&account[..], &[("OZONETEL_STATE_DIR", "state")]].concat();
    let (_, found) = output_of(&folder, &state, &["doctor", "--new-token"]).await;
    assert!(found.contains("ok    service") && asked() == 2, "{found}");
    let (_, found) = output_of(&folder, &state, &["doctor"]).await;
    assert!(found.contains("ok    service") && asked() == 2, "{found}");
}

#[tokio::test]
async fn the_log_is_json_without_numbers_and_names_the_request() {
    let mut desk =
        start(&[("DESK_LOG", "json"), ("RUST_LOG", "tower_http=debug,desk=debug")]).await;
    let mut log = desk.child.stderr.take().unwrap();
    desk.ask("GET", "/healthz?number=918000000001", "").await;
    desk.ask("GET", "/918000000001", "").await;
    desk.post("dial", json!({"phoneNumber": "918000000001"})).await;
    desk.terminate().await;
    let mut text = String::new();
    log.read_to_string(&mut text).await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!text.contains("918000000001") && !text.contains("8000000001"), "{text}");
    let span = lines.iter().map(|line| &line["span"]).find(|span| span["route"] == "/healthz");
    assert_eq!(span.unwrap()["id"].as_str().unwrap().len(), 32, "{text}");
}
