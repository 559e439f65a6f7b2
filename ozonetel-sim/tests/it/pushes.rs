//! What the service sends, over real sockets: a served simulator and a receiver made of the SDK's
//! extractor.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::any;
use ozonetel_sdk::phone_call::{CallOutcomeKind, PhoneCalls};
use ozonetel_sdk::push::extract::{Pushed, route};
use ozonetel_sdk::push::verify::{Signer, Verifier};
use ozonetel_sdk::push::{Callback, PushEvent, PushReader};
use ozonetel_sim::world::{AgentDial, DispositionRequest, Scenario};
use ozonetel_sim::{Fault, FaultKind, PushCounts, Server, Sim};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// A receiver: it verifies, and hands on what it was sent.
struct Receiver {
    address: SocketAddr,
    calls: mpsc::Receiver<Callback>,
    events: mpsc::Receiver<PushEvent>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Hooks {
    intake: PushReader,
    calls: mpsc::Sender<Callback>,
    events: mpsc::Sender<PushEvent>,
}

impl FromRef<Hooks> for PushReader {
    fn from_ref(hooks: &Hooks) -> Self {
        hooks.intake.clone()
    }
}

fn verifier() -> Verifier {
    Verifier::url("code", "long-secret").unwrap()
}

async fn call_hook(State(hooks): State<Hooks>, Pushed(delivery): Pushed<Callback>) -> StatusCode {
    for call in delivery.items {
        hooks.calls.send(call).await.unwrap();
    }
    StatusCode::OK
}

async fn event_hook(State(hooks): State<Hooks>, Pushed(delivery): Pushed<PushEvent>) -> StatusCode {
    for event in delivery.items {
        hooks.events.send(event).await.unwrap();
    }
    StatusCode::OK
}

impl Receiver {
    async fn start() -> Self {
        let (calls_to, calls) = mpsc::channel(100);
        let (events_to, events) = mpsc::channel(100);
        let intake = PushReader::new().verifier(verifier());
        let app = Router::new()
            .route("/call", route(call_hook))
            .route("/event", route(event_hook))
            .route("/moved", any(async || (StatusCode::FOUND, [("location", "/call")])))
            .with_state(Hooks { intake, calls: calls_to, events: events_to });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, calls, events, task }
    }

    /// An address with the secret that the receiver asks for.
    fn url(&self, path: &str) -> String {
        Signer::of(&verifier()).url(&self.bare(path)).unwrap()
    }

    fn bare(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("within twenty seconds")
}

/// Waits until the counts are as they should be.
async fn counted(sim: &Sim, enough: impl Fn(&PushCounts) -> bool) -> PushCounts {
    soon(async {
        loop {
            let counts = sim.push_counts();
            if enough(&counts) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

/// A call from dial to disposition; its id.
async fn one_call(sim: &Sim) -> String {
    let agent = sim.world().agent("agent01").unwrap().login.is_some();
    if !agent {
        sim.change(|world| world.login("agent01", "secret", "")).unwrap();
    }
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: "order 7".into(),
    };
    let ucid = sim.change(|world| world.dial_agent(&dial)).unwrap().to_string();
    sim.advance(Duration::from_secs(30)).await;
    assert!(sim.change(|world| world.disconnect(&ucid)));
    let disposal = DispositionRequest {
        disposition: "Follow Up".into(),
        comments: String::new(),
        call_back_time: None,
        auto_release: true,
        pause: None,
    };
    sim.change(|world| world.dispose(&ucid, "918000000001", "agent01", disposal)).unwrap();
    ucid
}

pub(crate) async fn control(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (body, address) = (body.to_string(), server.address());
    let mut tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(tcp.read_to_string(&mut answer)).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap())
}

#[tokio::test]
async fn a_verified_callback_and_its_events_arrive() {
    let mut receiver = Receiver::start().await;
    let sim = Sim::builder().callback_url(receiver.url("/call")).build();
    let server = sim.serve().await.unwrap();
    let events = receiver.url("/event");
    sim.client().events().calls_to(events.as_str()).agents_to(events.as_str()).await.unwrap();
    let ucid = one_call(&sim).await;

    let call = soon(receiver.calls.recv()).await.unwrap();
    assert_eq!(call.call_id.unwrap().as_str(), ucid);
    // Real time passes beside the simulator's; the call knows how long it lasted.
    let talked = sim.world().calls().by_text(&ucid).unwrap().legs[0].clone();
    let talked = talked.talk_s(sim.now().second());
    assert!(talked >= 27, "{talked}");
    assert_eq!(i64::from(call.duration.unwrap().seconds()), talked);
    assert_eq!(call.disposition.as_ref().unwrap().as_str(), "Follow Up");
    let counts = counted(&sim, |c| c.answered_200 == c.made).await;
    assert_eq!((counts.answered_other, counts.failed, counts.lost), (0, 0, 0));
    let mut calls = PhoneCalls::new(10);
    let (mut of_calls, mut of_agents) = (Vec::new(), Vec::new());
    while let Ok(event) = receiver.events.try_recv() {
        match (event.call(), event.agent()) {
            (Some(call), _) => of_calls.push(call.action.as_ref().unwrap().as_str().to_owned()),
            (_, Some(agent)) => of_agents.push(agent.action.as_ref().unwrap().as_str().to_owned()),
            _ => panic!("{event:?}"),
        }
        calls.observe(event);
    }
    assert_eq!(of_calls, ["Calling", "Answered", "Disconnect"]);
    assert_eq!(of_agents, ["login", "READY", "calling", "incall", "ACW", "READY"]);
    calls.observe(call);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls.iter().next().unwrap().outcome().kind, CallOutcomeKind::Completed);
    server.stop().await;
}

#[tokio::test]
async fn two_deliveries_at_once_are_one_record() {
    let mut receiver = Receiver::start().await;
    let sim = Sim::builder().callback_url(receiver.url("/call")).build();
    let server = sim.serve().await.unwrap();
    let fault = json!({"path": "push:callback", "kind": "duplicate"});
    assert_eq!(control(&server, "/_sim/faults", &fault).await.0, 200);
    one_call(&sim).await;
    let mut calls = PhoneCalls::new(10);
    for _ in 0..2 {
        calls.observe(soon(receiver.calls.recv()).await.unwrap());
    }
    assert_eq!(calls.len(), 1);
    let counts = counted(&sim, |c| c.answered_200 == 2).await;
    assert_eq!((counts.made, counts.taken), (1, 2));
    server.stop().await;
}

#[tokio::test]
async fn what_a_receiver_refuses_or_never_sees_is_counted_and_not_repeated() {
    let mut receiver = Receiver::start().await;
    let sim = Sim::builder().callback_url(receiver.bare("/call")).build();
    let server = sim.serve().await.unwrap();
    one_call(&sim).await;
    counted(&sim, |c| c.answered_other == 1).await;
    // Redirects are not followed.
    sim.change(|world| world.set_callback_url(None, Some(receiver.url("/moved"))));
    one_call(&sim).await;
    counted(&sim, |c| c.answered_other == 2).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [format!("http://{nobody}/"), "no address".to_owned()] {
        sim.change(|world| world.set_callback_url(None, Some(url)));
        one_call(&sim).await;
    }
    counted(&sim, |c| c.failed == 2).await;
    // A ping is answered and brings nothing.
    assert!(sim.fault(Fault::new(FaultKind::Ping).on("push")));
    sim.change(|world| world.set_callback_url(None, Some(receiver.url("/call"))));
    let ucid = one_call(&sim).await;
    let counts = counted(&sim, |c| c.answered_200 == 2).await;
    assert_eq!((counts.made, counts.taken, counts.waiting), (5, 6, 0));
    let call = soon(receiver.calls.recv()).await.unwrap();
    assert_eq!(call.call_id.unwrap().as_str(), ucid);
    assert!(receiver.calls.try_recv().is_err(), "nothing else got through");
    server.stop().await;
}

#[tokio::test]
async fn an_address_is_checked_when_it_is_saved() {
    let mut receiver = Receiver::start().await;
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let save = async |body: Value| control(&server, "/_sim/callback_url", &body).await;
    let wrong = receiver.bare("/nowhere");
    let (status, said) = save(json!({"url": wrong})).await;
    assert_eq!((status, said["error"].as_str().unwrap().contains("404")), (400, true));
    for url in ["no address", "ftp://example.test/", "http://me:secret@example.test/"] {
        let (status, said) = save(json!({"url": url, "check": "none"})).await;
        assert_eq!(
            (status, said["error"].as_str().unwrap().contains("http")),
            (400, true),
            "{url}"
        );
    }
    assert_eq!(sim.world().setup().push.callback_url, None);
    for check in ["get", "head"] {
        let body = json!({"url": receiver.url("/call"), "check": check});
        assert_eq!(save(body).await.0, 200, "{check}");
    }
    let own = json!({"url": receiver.url("/call"), "campaign": "support_out", "check": "none"});
    assert_eq!(save(own.clone()).await.0, 200);
    one_call(&sim).await;
    let counts = counted(&sim, |c| c.answered_200 == 2).await;
    assert_eq!(counts.made, 2, "one to the account's address, one to the campaign's");
    for _ in 0..2 {
        assert!(soon(receiver.calls.recv()).await.unwrap().is_answered());
    }
    let mut unknown = own;
    unknown["campaign"] = json!("nowhere");
    assert_eq!(save(unknown).await.0, 400);
    assert_eq!(sim.state()["pushes"]["answered_200"], 2);
    server.stop().await;
}

#[tokio::test]
async fn a_created_campaigns_own_address_is_sent_to_as_well() {
    let mut receiver = Receiver::start().await;
    let sim = Sim::builder().callback_url(receiver.url("/call")).build();
    let server = sim.serve().await.unwrap();
    let client = sim.client();
    let campaign = client.campaigns().create_inbound("support_inbound", "918000000001");
    campaign.callback_url(receiver.url("/call")).await.unwrap();
    // No one is there: the caller is turned away.
    let call = sim.inbound("918000000001", "9000000001").unwrap();
    for _ in 0..2 {
        let told = soon(receiver.calls.recv()).await.unwrap();
        assert_eq!(told.call_id.unwrap().as_str(), call.monitor_ucid.to_string());
        assert!(!told.is_answered());
    }
    assert_eq!(counted(&sim, |c| c.answered_200 == 2).await.made, 2);
    server.stop().await;
}

/// Answers once it is let: each request is told of first.
async fn held((arrived, let_go): (mpsc::Sender<()>, Arc<Semaphore>)) -> StatusCode {
    arrived.send(()).await.unwrap();
    let_go.acquire().await.unwrap().forget();
    StatusCode::OK
}

#[tokio::test]
async fn as_many_are_on_their_way_to_an_address_as_the_scenario_says() {
    for (at_once, text) in [(1, ""), (3, "at_once = 3")] {
        let (arrived, mut arrivals) = mpsc::channel(100);
        let let_go = Arc::new(Semaphore::new(0));
        let hook = (arrived, Arc::clone(&let_go));
        let app = Router::new().route("/agents", any(move || held(hook.clone())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let push = format!("[push]\nagent_events_url = \"http://{address}/agents\"\n{text}");
        let sim = Sim::builder().scenario(Scenario::parse(&push).unwrap()).build();
        for agent in ["agent01", "agent02"] {
            sim.change(|world| world.login(agent, "secret", "")).unwrap();
            sim.change(|world| world.change_state(agent, "Pause", Some("lunch"))).unwrap();
        }
        let _server = sim.serve().await.unwrap();
        let all = counted(&sim, |counts| counts.made >= 4).await.made;
        for sent in at_once..=all {
            let new = if sent == at_once { at_once } else { 1 };
            for _ in 0..new {
                soon(arrivals.recv()).await.unwrap();
            }
            let counts = sim.push_counts();
            assert_eq!((counts.taken, counts.waiting), (sent, all - sent), "{at_once} at once");
            let_go.add_permits(1);
        }
        let_go.add_permits(100);
        assert_eq!(counted(&sim, |counts| counts.answered_200 == all).await.failed, 0);
        receiver.abort();
    }
}
