//! Desks that share a PostgreSQL and a Redis, as processes: one dies in mid-dial, Redis goes away, PostgreSQL goes away.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use desk::store::Db;
use ozonetel_redis::RedisServer;
use ozonetel_sim::world::{PhoneAction, Setup};
use ozonetel_sim::{Fault, FaultKind, Server, Sim};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::floor::DIAL;
use crate::prepared::with_token;
use desk::core::caller::Role;

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_mins(6);

/// What a desk's secrets are sealed with, and what the service's addresses end with.
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRET: &str = "fleet-webhook-secret";

/// A way to the PostgreSQL of the tests that can be cut.
struct Cable {
    folder: TempDir,
    server: PathBuf,
    pairs: JoinSet<()>,
    silence: watch::Sender<()>,
}

impl Cable {
    /// To the server of this address, which names the folder of its socket.
    fn to(url: &str) -> Self {
        let folder = url.split(['@', '/']).find(|part| part.starts_with("%2F")).unwrap();
        let server = Path::new(&folder.replace("%2F", "/")).join(".s.PGSQL.5432");
        let (folder, silence) = (tempfile::tempdir().unwrap(), watch::Sender::new(()));
        let mut cable = Self { folder, server, pairs: JoinSet::new(), silence };
        cable.mend();
        cable
    }

    /// The same database, over this cable.
    fn url(&self, url: &str) -> String {
        let (_, database) = url.rsplit_once('/').unwrap();
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://desk@{folder}/{database}")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Ends all connections, and lets no one in.
    async fn cut(&mut self) {
        std::fs::remove_file(self.socket()).unwrap();
        self.pairs.shutdown().await;
    }

    /// Nothing comes through the connections that there are any more, and neither end is told. New ones are as good as
    /// ever.
    fn silence(&self) {
        self.silence.send_replace(());
    }

    fn mend(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let (server, silence) = (self.server.clone(), self.silence.clone());
        self.pairs.spawn(async move {
            let mut pairs = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (server, mut silence) = (server.clone(), silence.subscribe());
                pairs.spawn(async move {
                    let Ok(mut far) = UnixStream::connect(server).await else { return };
                    tokio::select! {
                        // However it ends, it has ended.
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = silence.changed() => std::future::pending().await,
                    }
                });
            }
        });
    }
}

/// A desk that runs.
struct Process {
    child: Child,
    address: String,
}

struct Reply {
    status: u16,
    head: String,
    body: Value,
}

impl Process {
    async fn send(&self, method: &str, path: &str, headers: &str, body: &Value) -> Reply {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {headers}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply {
            status,
            head: head.to_owned(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    async fn readiness(&self) -> Value {
        self.send("GET", "/readyz", "", &Value::Null).await.body
    }

    /// Waits until what is looked at is as it should be.
    async fn until(&self, path: &str, headers: &str, is: impl Fn(&Reply) -> bool) -> Reply {
        loop {
            let reply = self.send("GET", path, headers, &Value::Null).await;
            if is(&reply) {
                return reply;
            }
            // Others have to get on with it: a database, two desks.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn dial(&self, token: &str, key: &str, number: &str) -> Reply {
        let headers = format!("authorization: Bearer {token}\r\nidempotency-key: {key}\r\n");
        self.send("POST", "/api/calls", &headers, &json!({"number": number, "agent": "agent01"}))
            .await
    }
}

/// The service, the database, and who may ask.
struct Site {
    sim: Sim,
    server: Server,
    url: String,
    redis: RedisServer,
    folder: TempDir,
    token: String,
}

impl Site {
    async fn new() -> Self {
        let sim = Sim::builder().setup(Setup { speed: 50.0, ..Setup::default() }).build();
        let server = sim.serve().await.unwrap();
        let postgres = ozonetel_postgres::server().unwrap();
        let migrated = postgres.database("desk", async |url| {
            Db::postgres(url).await.unwrap().close().await;
            Ok(())
        });
        let url = migrated.await.unwrap();
        let token = administrator(&url).await;
        let redis = RedisServer::start().unwrap();
        Self { sim, server, url, redis, folder: tempfile::tempdir().unwrap(), token }
    }

    fn bearer(&self) -> String {
        format!("authorization: Bearer {}\r\n", self.token)
    }

    async fn start(&self, name: &str, url: &str) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
        command.env_clear().env("TMPDIR", self.folder.path()).current_dir(self.folder.path());
        command.envs([
            ("DESK_NAME", name),
            ("DESK_LISTEN", "127.0.0.1:0"),
            ("DATABASE_URL", url),
            ("REDIS_URL", &self.redis.url()),
            ("DESK_KEY", KEY),
            ("DESK_WEBHOOK_SECRET", SECRET),
            ("DESK_AGENT_SOCKET_URL", &format!("{}?agentId={{agent}}", self.server.mdl_url())),
            ("OZONETEL_ACCOUNT", "acme_support"),
            ("OZONETEL_API_KEY", "test-key"),
            ("OZONETEL_BASE_URL", &self.server.url()),
            ("OZONETEL_CAMPAIGN", "support_out"),
            ("OZONETEL_DID", "918000000001"),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).await.unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        let address = first["http"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        // What else it prints has to go somewhere.
        tokio::spawn(async move {
            let mut rest = Vec::new();
            let _ = out.read_to_end(&mut rest).await;
        });
        Process { child, address }
    }

    /// Signs the agent's user in, who thereby is logged in at the service.
    async fn sign_in(&self, desk: &Process) {
        let bearer = self.bearer();
        let user =
            json!({"email": "agent01@desk.test", "role": "agent", "password": "correct horse"});
        let user = desk.send("POST", "/api/admin/users", &bearer, &user).await;
        assert_eq!(user.status, 201, "{}", user.body);
        let path = format!("/api/admin/links/{}", user.body["id"].as_str().unwrap());
        let link = json!({
            "agent": "agent01", "password": "secret", "extension": "500001", "phoneName": "agent01",
            "uniqueId": "1001",
        });
        let linked = desk.send("PUT", &path, &bearer, &link).await;
        assert_eq!(linked.status, 200, "{}", linked.body);
        let origin = format!("origin: http://{}\r\n", desk.address);
        let who = json!({"email": "agent01@desk.test", "password": "correct horse"});
        let signed_in = desk.send("POST", "/api/session", &origin, &who).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        // The agent is logged in at the service once the answer is given.
        while self.sim.effects("login") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Makes the store the account's, with an administrator; a token that acts for any agent.
async fn administrator(url: &str) -> String {
    let store = Db::postgres(url).await.unwrap();
    let token = with_token(&store, Role::Administrator, &[]).await;
    store.close().await;
    token
}

fn links_up(readiness: &Value) -> Option<u64> {
    readiness["parts"]["agent sockets"]["detail"]["up"].as_u64()
}

/// Waits until the service has been asked to dial.
async fn dialled(sim: &Sim) {
    while sim.effects("dial") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn one_dies() {
    let site = Site::new().await;
    let mut one = site.start("one", &site.url).await;
    site.sign_in(&one).await;
    one.until("/readyz", "", |ready| links_up(&ready.body) == Some(1)).await;
    let other = site.start("other", &site.url).await;
    assert_eq!(links_up(&other.readiness().await), None, "the link is one desk's");
    // The service rings, and its answer never comes.
    assert!(site.sim.fault(Fault::new(FaultKind::Delay).on(DIAL).delay(LIMIT)));
    let bearer = site.bearer();
    let dies = async {
        dialled(&site.sim).await;
        let sending = other.until("/api/dials/key-1", &bearer, |found| found.status == 200).await;
        assert_eq!(sending.body["state"], "sending");
        one.child.start_kill().unwrap();
    };
    let mut stream = TcpStream::connect(&one.address).await.unwrap();
    let body = json!({"number": "9000000001", "agent": "agent01"}).to_string();
    let request = format!(
        "POST /api/calls HTTP/1.1\r\nhost: {}\r\n{}idempotency-key: key-1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        one.address,
        site.bearer(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut nothing = Vec::new();
    let (_, ()) = tokio::join!(stream.read_to_end(&mut nothing), dies);
    assert!(nothing.is_empty(), "{}", String::from_utf8_lossy(&nothing));
    // The other desk finds the dial, and says that no one knows; the link is its own.
    let unknown = other
        .until("/api/dials/key-1", &site.bearer(), |found| found.body["state"] != "sending")
        .await;
    assert_eq!((unknown.status, &unknown.body["state"]), (200, &json!("unknown")));
    other.until("/readyz", "", |ready| links_up(&ready.body) == Some(1)).await;
    let again = other.dial(&site.token, "key-1", "9000000001").await;
    assert_eq!((again.status, &again.body["mayHaveHappened"]), (504, &json!(true)));
    assert!(again.head.contains("idempotent-replayed: true"), "{}", again.head);
    let next = other.dial(&site.token, "key-2", "9000000002").await;
    assert_eq!((next.status, &next.body["reason"]), (409, &json!("dial_open")));
    // The callback after the call says what became of it.
    let url = format!("http://{}/webhooks/ozonetel/calls/{SECRET}", other.address);
    site.sim.set_callback_url(Some(url));
    let ucid = site.sim.world().calls().iter().next().unwrap().ucid().to_string();
    while site.sim.customer(&ucid, PhoneAction::Hangup).is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let settled = other
        .until("/api/dials/key-1", &site.bearer(), |found| found.body["state"] != "unknown")
        .await;
    let expected = (&json!("settled_happened"), &json!(ucid));
    assert_eq!((&settled.body["state"], &settled.body["ucid"]), expected);
    let again = other.dial(&site.token, "key-1", "9000000001").await;
    assert_eq!((again.status, &again.body["ucid"]), (200, &json!(ucid)));
    assert_eq!(site.sim.effects("dial"), 1);
}

#[tokio::test]
async fn a_desk_dies_in_mid_dial_and_another_has_its_link_and_shows_the_truth() {
    tokio::time::timeout(LIMIT, one_dies()).await.unwrap();
}

async fn redis_is_away() {
    let mut site = Site::new().await;
    let desk = site.start("one", &site.url).await;
    site.sign_in(&desk).await;
    let is = |condition: &'static str| {
        move |ready: &Reply| ready.body["parts"]["profiles"]["condition"] == condition
    };
    desk.until("/readyz", "", is("ok")).await;
    site.redis.stop().unwrap();
    let ready = desk.until("/readyz", "", is("degraded")).await;
    assert_eq!((ready.status, &ready.body["condition"]), (200, &json!("degraded")));
    // Calls need none of it.
    let placed = desk.dial(&site.token, "key-1", "9000000001").await;
    assert_eq!(placed.status, 200, "{}", placed.body);
    site.redis.start_again().unwrap();
    desk.until("/readyz", "", is("ok")).await;
}

#[tokio::test]
async fn calls_go_on_without_redis_and_readyz_says_so() {
    tokio::time::timeout(LIMIT, redis_is_away()).await.unwrap();
}

async fn postgres_is_away() {
    let site = Site::new().await;
    let mut cable = Cable::to(&site.url);
    let desk = site.start("one", &cable.url(&site.url)).await;
    site.sign_in(&desk).await;
    // Before anything is sent: refused, and it did not happen.
    cable.cut().await;
    let refused = desk.dial(&site.token, "key-1", "9000000001").await;
    assert_eq!((refused.status, &refused.body["mayHaveHappened"]), (503, &json!(false)));
    assert_eq!(site.sim.effects("dial"), 0);
    let ready = desk.until("/readyz", "", |ready| ready.status == 503).await;
    assert_eq!(ready.body["parts"]["store"]["condition"], "down");
    // A proxy sends its share to the other one, whose way is whole.
    let other = site.start("two", &site.url).await;
    other.until("/readyz/store", "", |ready| ready.status == 200).await;
    let cut_off = desk.send("GET", "/readyz/store", "", &Value::Null).await;
    assert_eq!((cut_off.status, cut_off.body["parts"].as_object().unwrap().len()), (503, 1));
    cable.mend();
    desk.until("/readyz/store", "", |ready| ready.status == 200).await;
    desk.until("/readyz", "", |ready| ready.body["parts"]["store"]["condition"] == "ok").await;
    // While the service is asked: what it answered is stored once the database is there again.
    let late = Fault::new(FaultKind::Delay).on(DIAL).delay(Duration::from_secs(1));
    assert!(site.sim.fault(late));
    let cut = async {
        dialled(&site.sim).await;
        cable.cut().await;
    };
    let (placed, ()) = tokio::join!(desk.dial(&site.token, "key-1", "9000000001"), cut);
    assert_eq!(placed.status, 200, "what is known is said: {}", placed.body);
    cable.mend();
    let kept = desk
        .until("/api/dials/key-1", &site.bearer(), |found| {
            found.status == 200 && found.body["state"] != "sending"
        })
        .await;
    let expected = (&json!("accepted"), &placed.body["ucid"]);
    assert_eq!((&kept.body["state"], &kept.body["ucid"]), expected);
    assert_eq!(site.sim.effects("dial"), 1);
}

async fn postgres_is_gone_without_a_word() {
    let site = Site::new().await;
    let cable = Cable::to(&site.url);
    let desk = site.start("one", &cable.url(&site.url)).await;
    site.sign_in(&desk).await;
    cable.silence();
    let since = Instant::now();
    // What the first ones are told depends on what was under way; none of it may have happened.
    loop {
        let reply = desk.dial(&site.token, "key-1", "9000000001").await;
        if reply.status == 200 {
            break;
        }
        assert_eq!(reply.body["mayHaveHappened"], false, "{}", reply.body);
        assert!(since.elapsed() < Duration::from_mins(1), "{}", reply.body);
    }
    assert!(since.elapsed() < Duration::from_mins(1), "{:?}", since.elapsed());
    assert_eq!(site.sim.effects("dial"), 1);
    desk.until("/readyz", "", |ready| ready.body["parts"]["store"]["condition"] == "ok").await;
}

#[tokio::test]
async fn a_postgresql_that_is_gone_without_a_word_is_connected_to_anew() {
    tokio::time::timeout(LIMIT, postgres_is_gone_without_a_word()).await.unwrap();
}

#[tokio::test]
async fn without_postgresql_nothing_is_sent_and_what_was_under_way_is_stored_later() {
    tokio::time::timeout(LIMIT, postgres_is_away()).await.unwrap();
}
