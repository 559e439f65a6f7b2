//! The server is killed in the middle of a dial: one outcome per dial, and never two dials.
//!
//! The log is the witness. It has a request before anything is done about it, and outlives a kill.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    AgentIdentity, LinkLimits, LinkState, ManualDial, SocketEvent, SocketSender, SocketSettings,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};

use crate::binary::{Running, start};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// When the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timestamp {
    /// Before the dial.
    Before,
    /// While the dial is on its way: the server is told to stop, and reads no more.
    Unread,
    /// The dial is in the log and was acted on; the reply waits.
    Acted,
    /// As soon as the dial is in the log, with the reply right after it.
    Logged,
    /// After the reply.
    Replied,
}

const MOMENTS: [Timestamp; 5] =
    [Timestamp::Before, Timestamp::Unread, Timestamp::Acted, Timestamp::Logged, Timestamp::Replied];

/// A server that dies and comes back at the same address, with the same log.
struct Mortal {
    log: PathBuf,
    address: String,
    running: Running,
    _directory: TempDir,
}

fn serve(address: &str, log: &str) -> Running {
    start(&["--listen", address, "--mode", "key", "--seed", "7", "--manual", "--log", log])
}

impl Mortal {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log.jsonl");
        let running = serve("127.0.0.1:0", log.to_str().unwrap());
        Self { log, address: running.address.clone(), running, _directory: directory }
    }

    /// SIGKILL, and no sooner back than it is gone.
    fn kill(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.running = serve(&self.address, self.log.to_str().unwrap());
    }

    /// Stops reading and writing; the connections stay.
    fn freeze(&self) {
        let id = self.running.child.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    }

    /// The effects in the log's lines about a number: none on arrival.
    fn lines(&self, number: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let about = text.lines().filter(|line| line.contains(number) && line.ends_with('}'));
        about.map(|line| serde_json::from_str::<Value>(line).unwrap()["effect"].clone()).collect()
    }
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

/// How a dial gets there.
enum Way {
    Socket(SocketSender, JoinHandle<usize>),
    Rest(Client),
}

impl Way {
    /// An agent's socket, whose owner counts how often a dial settles.
    async fn socket(server: &Mortal, seed: u64) -> Self {
        let mut limits = LinkLimits::default();
        limits.shortest_pause = Duration::from_millis(1);
        limits.longest_pause = Duration::from_millis(20);
        limits.seed = seed;
        let agent = AgentIdentity::new("acme_support", "agent01", 1001);
        let url = format!("ws://{}/mdl?agentId=agent01", server.address);
        let (mut events, sender) =
            SocketSettings::new(&url, agent).unwrap().limits(limits).connect().unwrap();
        let polled = tokio::spawn(async move {
            let mut settled = 0;
            while let Some(event) = events.next().await {
                let Ok(SocketEvent::Settled(end)) = event else { continue };
                settled += usize::from(end.request.kind() == Some(ManualDial::KIND));
            }
            settled
        });
        tokio::time::timeout(PATIENCE, sender.ready()).await.unwrap().unwrap();
        Self::Socket(sender, polled)
    }

    async fn rest(server: &Mortal) -> Self {
        let builder = Client::builder().account("acme_support").key("test-key").mode(AuthMode::Key);
        let url = format!("http://{}", server.address);
        let client = builder.base_url(url).build().unwrap();
        client.agents().login("agent01", "secret", "500001").await.unwrap();
        Self::Rest(client)
    }

    fn dial(&self, number: &str) -> JoinHandle<DialOutcome<Option<ozonetel_sdk::types::Ucid>>> {
        let number = number.to_owned();
        match self {
            Self::Socket(sender, _) => {
                let sender = sender.clone();
                let dial = ManualDial::new(77, number, "500001");
                tokio::spawn(async move { sender.dial(dial).await })
            }
            Self::Rest(client) => {
                let client = client.clone();
                tokio::spawn(async move {
                    let dial = client.dial().agent("agent01", "support_out", &*number);
                    dial.outcome().await.map(Some)
                })
            }
        }
    }

    fn path(&self) -> &'static str {
        match self {
            Self::Socket(..) => "mdl",
            Self::Rest(_) => "/ca_apis/AgentManualDial",
        }
    }

    /// Knows that the server is gone, where there is something to know.
    async fn notices(&self) {
        if let Self::Socket(sender, _) = self {
            until(|| sender.state() != LinkState::Up).await;
        }
    }

    /// With the server back: whatever would be sent again has arrived. How often the dial settled.
    async fn settles(self) -> usize {
        let Self::Socket(sender, polled) = self else { return 1 };
        let probe = async {
            sender.ready().await.unwrap();
            sender.send_token("simProbe", Map::new()).await.unwrap();
            sender.close().await;
            polled.await.unwrap()
        };
        tokio::time::timeout(PATIENCE, probe).await.unwrap()
    }
}

/// Dials, with the server dying at that moment.
async fn dial(
    server: &mut Mortal,
    way: &Way,
    number: &str,
    moment: Timestamp,
    seed: u64,
) -> DialOutcome<Option<ozonetel_sdk::types::Ucid>> {
    match moment {
        Timestamp::Before => {
            server.kill();
            way.notices().await;
        }
        Timestamp::Unread => server.freeze(),
        Timestamp::Acted => {
            let fault = json!({ "path": way.path(), "kind": "delay", "delay_ms": 600_000 });
            assert_eq!(server.running.post("/_sim/faults", &fault)["ok"], true);
        }
        Timestamp::Logged | Timestamp::Replied => {}
    }
    let dialled = way.dial(number);
    match moment {
        Timestamp::Before | Timestamp::Replied => {}
        Timestamp::Unread => {
            for _ in 0..seed * 37 % 400 {
                yield_now().await;
            }
        }
        Timestamp::Acted => until(|| server.lines(number).contains(&json!("dial"))).await,
        Timestamp::Logged => until(|| !server.lines(number).is_empty()).await,
    }
    if matches!(moment, Timestamp::Before | Timestamp::Replied) {
        let outcome = tokio::time::timeout(PATIENCE, dialled).await.unwrap().unwrap();
        if moment == Timestamp::Replied {
            server.kill();
        }
        return outcome;
    }
    server.kill();
    tokio::time::timeout(PATIENCE, dialled).await.unwrap().unwrap()
}

/// The outcome's word, once it agrees with the log.
fn judged(
    outcome: &DialOutcome<Option<ozonetel_sdk::types::Ucid>>,
    lines: &[Value],
) -> &'static str {
    let arrived = lines.iter().filter(|effect| effect.is_null()).count();
    let acted = lines.iter().filter(|effect| **effect == json!("dial")).count();
    assert!(arrived <= 1 && acted <= arrived, "never two dials: {lines:?}");
    match outcome {
        DialOutcome::Accepted(ucid) => {
            assert!(ucid.is_some());
            assert_eq!(acted, 1, "the log has what was accepted");
            "accepted"
        }
        DialOutcome::NotSent(error) => {
            assert!(!error.may_have_happened());
            assert_eq!(arrived, 0, "the log lacks what was not sent");
            "not_sent"
        }
        DialOutcome::Unknown(error) => {
            assert!(error.may_have_happened());
            "unknown"
        }
        other => panic!("{other:?}"),
    }
}

type Tally = BTreeMap<(Timestamp, &'static str), u32>;

async fn kills(count: u64, socket: bool) -> Tally {
    let mut tally = Tally::new();
    let mut server = Mortal::start();
    for seed in 0..count {
        let moment = MOMENTS[usize::try_from(seed).unwrap() % MOMENTS.len()];
        let number = format!("90000001{seed:02}");
        let way = if socket { Way::socket(&server, seed).await } else { Way::rest(&server).await };
        let outcome = dial(&mut server, &way, &number, moment, seed).await;
        server.restart();
        assert_eq!(way.settles().await, 1, "{moment:?}: exactly one outcome");
        let word = judged(&outcome, &server.lines(&number));
        *tally.entry((moment, word)).or_default() += 1;
    }
    tally
}

fn check(tally: &Tally, each: u32) {
    for certain in [
        (Timestamp::Before, "not_sent"),
        (Timestamp::Acted, "unknown"),
        (Timestamp::Replied, "accepted"),
    ] {
        assert_eq!(tally.get(&certain), Some(&each), "{certain:?} in {tally:?}");
    }
    // The rest is a race: a process that is told to stop may still finish what it is at, a reply may come through.
    assert!(!tally.contains_key(&(Timestamp::Logged, "not_sent")), "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_in_the_middle_of_a_dial_over_the_socket() {
    check(&kills(20, true).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_in_the_middle_of_a_dial_over_rest() {
    check(&kills(10, false).await, 2);
}
