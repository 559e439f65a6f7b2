//! The agent socket over a real connection: what the SDK's stream says of every setting and every fault.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::Error;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    AgentIdentity, FixedSession, LinkLimits, LinkState, ManualDial, PingKind, SocketEvent,
    SocketEvents, SocketFault, SocketPush, SocketSender, SocketSettings, Token, TokenSession,
};
use ozonetel_sim::world::Scenario;
use ozonetel_sim::{Fault, FaultKind, Server, Sim};
use serde_json::{Map, json};

/// A simulator whose socket is as a scenario's `[mdl]` says.
async fn serve(mdl: &str) -> (Sim, Server) {
    let scenario = Scenario::parse(&format!("seed = 7\n[mdl]\n{mdl}")).unwrap();
    let sim = Sim::builder().scenario(scenario).build();
    let server = sim.serve().await.unwrap();
    (sim, server)
}

/// Short pauses; pings that are no tokens.
fn limits() -> LinkLimits {
    let mut limits = LinkLimits::default();
    limits.seed = 7;
    limits.ping = PingKind::Frame;
    limits.shortest_pause = Duration::from_millis(20);
    limits.longest_pause = Duration::from_millis(40);
    limits
}

fn settings(server: &Server) -> SocketSettings {
    settings_at(&format!("{}?agentId=agent01", server.mdl_url()))
}

fn settings_at(url: &str) -> SocketSettings {
    let agent = AgentIdentity::new("acme_support", "agent01", 1001);
    SocketSettings::new(url, agent).unwrap().limits(limits())
}

/// A link, and a line for everything that it reported.
struct Watched {
    events: SocketEvents,
    sender: SocketSender,
    lines: Vec<String>,
    tokens: Vec<Token>,
}

impl Watched {
    fn new(settings: SocketSettings) -> Self {
        let (events, sender) = settings.connect().unwrap();
        Self { events, sender, lines: Vec::new(), tokens: Vec::new() }
    }

    async fn up(settings: SocketSettings) -> Self {
        let mut watched = Self::new(settings);
        watched.until("up").await;
        watched
    }

    /// Notes an item. What the simulator made up, about calls and states, is left out.
    fn note(&mut self, item: Result<SocketEvent, Error>) {
        let line = match item {
            Ok(SocketEvent::Link(state)) => match state.cause() {
                Some(cause) => format!("{} {cause}", state.as_str()),
                None => state.as_str().to_owned(),
            },
            Ok(SocketEvent::Resumed(snapshot)) => format!("resumed {}", snapshot.unknown),
            Ok(SocketEvent::Push(token)) => {
                let kind = token.kind().unwrap_or("-").to_owned();
                self.tokens.push(token);
                if ["simRinging", "simAgentState", "simCallEnded", "busyAgent"].contains(&&*kind) {
                    return;
                }
                format!("push {kind}")
            }
            Ok(SocketEvent::Reply(token)) => {
                let line = format!("reply {}", token.utid().unwrap());
                self.tokens.push(token);
                line
            }
            Ok(SocketEvent::Late(token)) => format!("late {}", token.utid().unwrap()),
            Ok(SocketEvent::Settled(settled)) => {
                format!("{} {}", settled.settlement.as_str(), settled.utid.unwrap())
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => error.to_string(),
        };
        self.lines.push(line);
    }

    /// Goes on until a line of this text has come; lines before the call do not count.
    async fn until(&mut self, line: &str) {
        let from = self.lines.len();
        let wait = async {
            while !self.lines[from..].iter().any(|seen| seen == line) {
                let Some(item) = self.events.next().await else {
                    panic!("{line:?} never came: {:?}", self.lines)
                };
                self.note(item);
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect(line);
    }

    /// Goes on while something is done with a sender.
    async fn during<R>(&mut self, work: impl AsyncFnOnce(SocketSender) -> R) -> R {
        let work = work(self.sender.clone());
        let mut work = std::pin::pin!(tokio::time::timeout(Duration::from_secs(20), work));
        loop {
            tokio::select! {
                biased;
                Some(item) = self.events.next() => self.note(item),
                result = &mut work => return result.unwrap(),
            }
        }
    }

    /// The lines since the last call.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

/// A dial that waits so many milliseconds for its reply.
fn dial(wait: u64) -> ManualDial {
    let dial = ManualDial::new(77, "9000000001", "500001");
    ManualDial { wait: Some(Duration::from_millis(wait)), ..dial }
}

/// Long enough for a reply on this machine, however busy it is.
const LONG: u64 = 15_000;
/// For a reply that does not come.
const SHORT: u64 = 300;

/// One dial with a fault in its way: the outcome, the lines from then on, and the link.
async fn dialled(
    fault: Fault,
    wait: u64,
    until: Option<&str>,
) -> (Sim, DialOutcome<Option<ozonetel_sdk::types::Ucid>>, Watched) {
    let (sim, server) = serve("").await;
    let mut link = Watched::up(settings(&server)).await;
    link.told();
    assert!(sim.fault(fault.on("mdl")));
    let outcome = link.during(async |sender| sender.dial(dial(wait)).await).await;
    if let Some(line) = until {
        link.until(line).await;
    }
    assert_eq!(sim.faults_waiting(), 0);
    // The server's end is not part of it.
    std::mem::forget(server);
    (sim, outcome, link)
}

fn unknown(outcome: &DialOutcome<Option<ozonetel_sdk::types::Ucid>>) -> &Error {
    let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
    assert!(error.may_have_happened());
    let token = error.token().unwrap();
    assert_eq!(token.text("params").unwrap(), "77,9000000001,500001,SIP:true");
    error
}

fn kind() -> Box<str> {
    "tbManualDial".into()
}

/// A connection that broke, and the one after it.
const BROKEN: [&str; 6] =
    ["unknown 1", "waiting closed", "connecting", "handshaking", "push welcome", "up"];

#[tokio::test]
async fn silence_is_no_reply_and_the_link_stays() {
    let fault = Fault::new(FaultKind::Silence);
    let (sim, outcome, mut link) = dialled(fault, SHORT, None).await;
    assert_eq!(unknown(&outcome).fault(), Some(&SocketFault::NoReply { kind: kind() }));
    let reply = link.during(async |sender| sender.send_token("tbAny", Map::new()).await).await;
    assert_eq!(reply.unwrap().get("code"), Some(&json!(-1)));
    assert_eq!(link.told(), ["no_reply 1", "reply 2", "reply 2"]);
    assert_eq!((sim.effects("dial"), link.events.state()), (1, LinkState::Up));
}

#[tokio::test]
async fn a_half_open_connection_is_found_by_silence() {
    let (sim, server) = serve("").await;
    let mut quick = limits();
    quick.ping_every = Duration::from_millis(100);
    quick.silence = Duration::from_secs(2);
    let mut link = Watched::up(settings(&server).limits(quick)).await;
    link.told();
    assert!(sim.fault(Fault::new(FaultKind::HalfOpen).on("mdl")));
    let outcome = link.during(async |sender| sender.dial(dial(LONG)).await).await;
    assert_eq!(unknown(&outcome).fault(), Some(&SocketFault::Broken { kind: kind() }));
    link.until("resumed 1").await;
    let mut want = BROKEN.to_vec();
    want[1] = "waiting silence";
    want.push("resumed 1");
    assert_eq!(link.told(), want);
    assert_eq!(sim.effects("dial"), 0);
}

#[tokio::test]
async fn the_silence_of_a_connection_that_no_one_uses_is_found_by_pings() {
    for kind in [FaultKind::HalfOpen, FaultKind::CloseBefore] {
        let (sim, server) = serve("").await;
        let mut quick = limits();
        quick.ping = PingKind::Token;
        quick.ping_every = Duration::from_millis(100);
        quick.silence = Duration::from_secs(2);
        let mut link = Watched::up(settings(&server).limits(quick)).await;
        assert!(sim.fault(Fault::new(kind).on("mdl:ping")));
        link.until("resumed 0").await;
        let silent = link.told().iter().any(|line| line == "waiting silence");
        assert_eq!((silent, sim.faults_waiting()), (kind == FaultKind::HalfOpen, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_without_a_reply_leaves_the_dial_unknown() {
    for (kind_of, dials) in [(FaultKind::CloseBefore, 0), (FaultKind::Cut, 1)] {
        let (sim, outcome, mut link) = dialled(Fault::new(kind_of), LONG, Some("resumed 1")).await;
        assert_eq!(unknown(&outcome).fault(), Some(&SocketFault::Broken { kind: kind() }));
        assert_eq!(link.told(), [&BROKEN[..], &["resumed 1"]].concat(), "{kind_of:?}");
        assert_eq!(sim.effects("dial"), dials, "{kind_of:?}");
    }
}

#[tokio::test]
async fn a_reply_before_the_close_counts() {
    let fault = Fault::new(FaultKind::CloseAfter);
    let (sim, outcome, mut link) = dialled(fault, LONG, Some("resumed 0")).await;
    let DialOutcome::Accepted(Some(ucid)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(ucid.to_string(), sim.world().calls().iter().next().unwrap().ucid().to_string());
    let want = [&["reply 1", "reply 1"], &BROKEN[1..], &["resumed 0"]].concat();
    assert_eq!(link.told(), want);
    assert_eq!(sim.effects("dial"), 1);
}

#[tokio::test]
async fn the_first_of_two_replies_wins_and_the_second_is_counted() {
    let (sim, outcome, mut link) = dialled(Fault::new(FaultKind::Duplicate), LONG, None).await;
    assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{outcome:?}");
    // A request after it: by its reply, the second one has been read.
    link.during(async |sender| sender.send_token("tbAny", Map::new()).await).await.unwrap();
    assert_eq!(link.told(), ["reply 1", "reply 1", "reply 2", "reply 2"]);
    let counters = link.events.counters();
    assert_eq!((counters.repeated_replies, counters.late_replies), (1, 0));
    assert_eq!(sim.effects("dial"), 1);
}

#[tokio::test]
async fn a_late_reply_is_told_after_the_outcome() {
    let fault = Fault::new(FaultKind::Delay).delay(Duration::from_secs(1));
    let (sim, outcome, mut link) = dialled(fault, SHORT, Some("late 1")).await;
    assert_eq!(unknown(&outcome).fault(), Some(&SocketFault::NoReply { kind: kind() }));
    assert_eq!(link.told(), ["no_reply 1", "late 1"]);
    assert_eq!((link.events.counters().late_replies, sim.effects("dial")), (1, 1));
}

#[tokio::test]
async fn replies_in_another_order_find_their_requests() {
    let (sim, server) = serve("").await;
    let mut link = Watched::up(settings(&server)).await;
    link.told();
    assert!(sim.fault(Fault::new(FaultKind::Reorder).on("mdl")));
    let both = link.during(async |sender| {
        let other = sender.clone();
        tokio::join!(
            biased;
            sender.dial(dial(LONG)),
            async move { other.send_token("tbAny", Map::new()).await }
        )
    });
    let (outcome, other) = both.await;
    assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{outcome:?}");
    assert_eq!(other.unwrap().get("code"), Some(&json!(-1)));
    assert_eq!(link.told(), ["reply 2", "reply 2", "reply 1", "reply 1"]);
}

#[tokio::test]
async fn a_giant_frame_is_refused_by_name_or_handed_on_whole() {
    let fault = || Fault::new(FaultKind::Giant);
    let (sim, outcome, mut link) = dialled(fault(), LONG, Some("resumed 1")).await;
    assert_eq!(unknown(&outcome).fault(), Some(&SocketFault::Broken { kind: kind() }));
    let mut want =
        vec!["mdl: a frame over the limit of 2097152 bytes arrived and ended the connection"];
    want.extend(BROKEN);
    want[2] = "waiting frame_too_large";
    want.push("resumed 1");
    assert_eq!(link.told(), want);
    assert_eq!(sim.effects("dial"), 1);

    let (sim, server) = serve("").await;
    let mut large = limits();
    large.frame = 32 << 20;
    let mut link = Watched::up(settings(&server).limits(large)).await;
    link.told();
    assert!(sim.fault(fault().on("mdl")));
    let outcome = link.during(async |sender| sender.dial(dial(LONG)).await).await;
    assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{outcome:?}");
    assert_eq!(link.told(), ["push simGiant", "reply 1", "reply 1"]);
    let giant = link.tokens.iter().find(|token| token.kind() == Some("simGiant")).unwrap();
    assert_eq!(giant.text("filling").unwrap().len(), 16 << 20);
}

#[tokio::test]
async fn frames_that_are_no_tokens_are_counted_and_skipped() {
    let (sim, outcome, mut link) = dialled(Fault::new(FaultKind::NonJson), LONG, None).await;
    assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{outcome:?}");
    assert_eq!(link.told(), ["reply 1", "reply 1"]);
    let counters = link.events.counters();
    assert_eq!((counters.not_tokens, counters.binary, counters.connections), (1, 1, 1));
    assert_eq!(sim.effects("dial"), 1);
}

/// What a link says that got no ids.
fn no_ids(missing: &str, arrived: &str) -> String {
    format!(
        "mdl: the session's ids did not arrive in time: no token carried {missing}; tokens that arrived: \
         {arrived}; name the fields that carry them, or set both ids"
    )
}

/// How a link goes on that gets no ids from its server: twice, then it ends.
async fn stopped(server: &Server, handshake: TokenSession) -> Vec<String> {
    let mut impatient = limits();
    impatient.handshake_wait = Duration::from_millis(100);
    impatient.handshakes = 2;
    // Without the agent's name, which would log it in and make pushes.
    let settings = settings_at(&server.mdl_url()).limits(impatient).handshake(Arc::new(handshake));
    let mut link = Watched::new(settings);
    link.until("stopped handshake").await;
    assert!(link.sender.ready().await.is_err());
    link.told()
}

#[tokio::test]
async fn without_welcome_the_error_says_what_is_missing_and_ids_by_hand_work() {
    let (sim, server) = serve("welcome = false").await;
    let missing = no_ids("usId and browserSessionId", "none");
    let missing = missing.as_str();
    let want = [
        "connecting",
        "handshaking",
        missing,
        "waiting handshake",
        "connecting",
        "handshaking",
        missing,
        "mdl: the session's ids did not arrive on several connections in a row",
        "stopped handshake",
    ];
    assert_eq!(stopped(&server, TokenSession::without_own()).await, want);
    let own = stopped(&server, TokenSession::new("own")).await;
    assert_eq!(own[2], no_ids("usId", "none"));

    let by_hand =
        Arc::new(FixedSession::new("c2Vzc2lvbi0wMDE=", "5b0e6c1e-0000-4000-8000-000000000001"));
    let mut link = Watched::up(settings(&server).handshake(by_hand)).await;
    let outcome = link.during(async |sender| sender.dial(dial(LONG)).await).await;
    assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{outcome:?}");
    assert_eq!(link.told(), ["connecting", "up", "reply 1", "reply 1"]);
    assert_eq!(sim.effects("dial"), 1);
}

#[tokio::test]
async fn ids_under_other_names_are_found_where_they_are_looked_for() {
    let names = "us_id_field = \"sid\"\nbrowser_session_field = \"bid\"";
    let (_sim, server) = serve(names).await;
    let lines = stopped(&server, TokenSession::without_own()).await;
    assert_eq!(lines[3], no_ids("usId and browserSessionId", "welcome"));

    let handshake = TokenSession::without_own().us_id_in(["sid"]).browser_session_id_in(["bid"]);
    let watched = Watched::up(settings(&server).handshake(Arc::new(handshake))).await;
    let session = watched.events.session().unwrap();
    let welcome = &watched.tokens[0];
    assert_eq!(welcome.text("sid").as_deref(), Some(session.us_id()));
    assert_eq!(welcome.text("bid").as_deref(), Some(session.browser_session_id()));
    assert_eq!((session.us_id().len(), session.browser_session_id().len()), (16, 36));
}

#[tokio::test]
async fn a_welcome_with_one_id_only_leaves_the_other_to_the_client() {
    let (sim, server) = serve("us_id_field = \"sourceId\"\nbrowser_session_field = \"\"").await;
    let mut link = Watched::up(settings(&server)).await;
    let ids = |link: &Watched| {
        let session = link.events.session().unwrap();
        (session.us_id().to_owned(), session.browser_session_id().to_owned())
    };
    let first = ids(&link);
    assert_eq!(link.tokens[0].text("sourceId").as_deref(), Some(&*first.0));
    let SocketPush::Welcome(welcome) = link.tokens[0].push() else { panic!() };
    assert_eq!((welcome.timeout, welcome.source_id.is_some()), (Some(120_000), true));
    assert!(sim.fault(Fault::new(FaultKind::CloseBefore).on("mdl")));
    link.during(async |sender| sender.send_token("tbAny", Map::new()).await).await.unwrap_err();
    link.until("resumed 1").await;
    let second = ids(&link);
    assert_ne!(first.0, second.0, "the session is the connection's");
    assert_eq!(first.1, second.1, "the browser session is the client's");
}

#[tokio::test]
async fn replies_are_matched_whatever_form_their_utid_has() {
    for (form, want) in [("as_sent", json!(1)), ("text", json!("1")), ("number", json!(1))] {
        let (_sim, server) = serve(&format!("utid = \"{form}\"")).await;
        let mut link = Watched::up(settings(&server)).await;
        link.told();
        let outcome = link.during(async |sender| sender.dial(dial(LONG)).await).await;
        assert!(matches!(outcome, DialOutcome::Accepted(Some(_))), "{form}: {outcome:?}");
        assert_eq!(link.told(), ["reply 1", "reply 1"]);
        let reply = link.tokens.iter().find(|token| token.is_reply()).unwrap();
        assert_eq!(reply.get("utid"), Some(&want), "{form}");
    }
}

#[tokio::test]
async fn a_second_link_of_an_agent_replaces_the_first_where_it_is_set_to() {
    let (_sim, server) = serve("replace = true").await;
    let mut first = Watched::up(settings(&server)).await;
    first.told();
    let mut second = Watched::up(settings(&server)).await;
    first.until("waiting closed").await;
    assert_eq!(first.told(), ["push goodBye", "waiting closed"]);
    let bye = first.tokens.iter().find(|token| token.kind() == Some("goodBye")).unwrap();
    let SocketPush::GoodBye(bye) = bye.push() else { panic!("{bye:?}") };
    assert_eq!(bye.reason.as_deref(), Some("another connection"));
    // It comes back, and the other one goes.
    second.told();
    tokio::join!(first.until("resumed 0"), second.until("waiting closed"));

    let (_sim, server) = serve("").await;
    let mut first = Watched::up(settings(&server)).await;
    let mut second = Watched::up(settings(&server)).await;
    for link in [&mut first, &mut second] {
        link.told();
        link.during(async |sender| sender.send_token("tbAny", Map::new()).await).await.unwrap();
        assert_eq!(link.told(), ["reply 1", "reply 1"], "both stay");
    }
}

#[tokio::test]
async fn the_query_field_that_names_the_agent_is_configuration() {
    let (sim, server) = serve("agent_field = \"who\"").await;
    let here = |sim: &Sim| sim.world().agent("agent01").unwrap().login_kind().is_some();
    for (field, logged_in) in [("agentId", false), ("who", true)] {
        let url = format!("{}?{field}=agent01", server.mdl_url());
        let link = Watched::up(settings_at(&url)).await;
        assert_eq!(here(&sim), logged_in, "{field}");
        drop(link);
    }
}
