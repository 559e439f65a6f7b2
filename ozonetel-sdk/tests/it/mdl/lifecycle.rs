//! Connecting, dying, coming back, ending.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ozonetel_sdk::Error;
use ozonetel_sdk::auth::{
    AuthSecret, Credential, CredentialKind, Credentials, Secret, StaticToken, TokenId,
};
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    CredentialPlacement, LinkState, SocketEvent, SocketSettings, StopReason, TokenRequest,
};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::pipe::{agent, causes, dial, drive, limits, pipe, settings, settlements, states};
use super::server::Peer;

type Pipe = Peer<tokio::io::DuplexStream>;

#[tokio::test(start_paused = true)]
async fn a_half_open_link_is_found_by_silence() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        if nth == 0 {
            // Neither reads nor closes.
            sleep(Duration::from_secs(3600)).await;
        }
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    let begun = Instant::now();
    sleep(Duration::from_secs(9)).await;
    let outcome = sender.dial(dial()).await;
    assert!(matches!(outcome, DialOutcome::Unknown(_)), "{outcome:?}");
    assert_eq!(begun.elapsed().as_secs(), 30, "a ping after 10 s, silence for 20 s");
    sender.ready().await.unwrap();
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(causes(&items), ["silence"]);
    assert_eq!(settlements(&items), ["unknown"]);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_link_that_answers_pings_stays() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        assert_eq!(nth, 0);
        peer.welcome().await;
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(3600)).await;
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(states(&items), ["connecting", "handshaking", "up", "closing", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_upgrades_is_given_up_and_tried_again() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let connector = pipe(move |_, io| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            sleep(Duration::from_secs(3600)).await;
            drop(io);
        }
    });
    let (sender, driven) = drive(
        SocketSettings::new("ws://agent.example.test/", agent())
            .unwrap()
            .limits(limits())
            .connector(connector),
    );
    sleep(Duration::from_secs(40)).await;
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(causes(&items), ["timed_out", "timed_out"]);
    assert_eq!(made.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn pauses_keep_to_their_bounds_on_the_wire() {
    let at = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&at);
    let connector = pipe(move |_, io| {
        noted.lock().unwrap().push(Instant::now());
        async move { drop(io) }
    });
    let (sender, driven) = drive(
        SocketSettings::new("ws://agent.example.test/", agent())
            .unwrap()
            .limits(limits())
            .connector(connector),
    );
    sleep(Duration::from_secs(1800)).await;
    sender.close().await;
    driven.await.unwrap();
    let at = at.lock().unwrap();
    let pauses: Vec<Duration> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() > 60, "{}", pauses.len());
    let slack = Duration::from_millis(10);
    assert!(
        pauses
            .iter()
            .all(|p| *p >= Duration::from_secs(2) && *p <= Duration::from_secs(30) + slack)
    );
    assert!(pauses[0] <= Duration::from_secs(3) + slack);
}

#[tokio::test(start_paused = true)]
async fn a_close_code_on_the_list_ends_it_and_others_do_not() {
    for (code, last) in [
        (1008, LinkState::Stopped(StopReason::Code(1008))),
        (1001, LinkState::Up),
        (4001, LinkState::Up),
    ] {
        let (sender, driven) = drive(settings(move |nth, mut peer: Pipe| async move {
            peer.welcome().await;
            if nth == 0 {
                let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
                peer.send(Message::Close(Some(frame))).await;
            }
            peer.idle().await;
        }));
        sleep(Duration::from_secs(60)).await;
        assert_eq!(sender.state(), last, "{code}");
        driven.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_end_waits_for_replies_on_their_way() {
    let (sender, driven) = drive(settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        let dial = peer.token().await.unwrap();
        sleep(Duration::from_secs(3)).await;
        peer.accept_dial(&dial).await;
        assert!(peer.token().await.is_none(), "then the close frame");
    }));
    sender.ready().await.unwrap();
    let asked = tokio::spawn({
        let sender = sender.clone();
        async move { sender.dial(dial()).await }
    });
    sleep(Duration::from_secs(1)).await;
    sender.close().await;
    assert!(matches!(sender.dial(dial()).await, DialOutcome::NotSent(_)), "nothing new");
    assert!(matches!(asked.await.unwrap(), DialOutcome::Accepted(_)));
    let items = driven.await.unwrap();
    assert_eq!(states(&items), ["connecting", "handshaking", "up", "closing", "stopped"]);
    assert_eq!(settlements(&items), ["not_sent", "reply"]);
}

#[tokio::test(start_paused = true)]
async fn a_good_end_does_not_wait_for_ever() {
    let (mut events, sender) = settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        sleep(Duration::from_secs(3600)).await;
        peer.idle().await;
    })
    .connect()
    .unwrap();
    let asked = tokio::spawn(async move {
        sender.ready().await.unwrap();
        sender.dial(dial()).await
    });
    let _ = timeout(Duration::from_secs(2), super::pipe::collect(&mut events)).await;
    let begun = Instant::now();
    events.close().await;
    assert_eq!(begun.elapsed().as_secs(), 10, "for the reply, then for the other side");
    assert!(matches!(asked.await.unwrap(), DialOutcome::Unknown(_)));
}

#[derive(Debug)]
struct Counted {
    asked: AtomicUsize,
    rejected: AtomicUsize,
}

#[async_trait]
impl Credentials for Counted {
    async fn credential(&self, _: CredentialKind) -> Result<Credential, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let secret = Secret::from(format!("token-{}", self.rejected.load(Ordering::Relaxed)));
        let id = TokenId::of(&secret);
        Ok(Credential::new("acme_support", AuthSecret::Bearer { secret, id }))
    }

    async fn reject(&self, _: TokenId) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn every_connection_has_a_fresh_credential_and_a_refused_token_is_renewed_once() {
    let credentials =
        Arc::new(Counted { asked: AtomicUsize::new(0), rejected: AtomicUsize::new(0) });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let connector = pipe(move |nth, io| {
        let noted = Arc::clone(&noted);
        async move {
            let refuse = |request: &http::Request<()>| {
                let header = request.headers()["authorization"].to_str().unwrap().to_owned();
                noted.lock().unwrap().push(header);
                (nth == 0).then_some(401)
            };
            let Some(mut peer) = Peer::accept_if(io, refuse).await else { return };
            peer.welcome().await;
            if nth == 2 {
                peer.idle().await;
            }
        }
    });
    let settings =
        SocketSettings::new("ws://agent.example.test/", agent()).unwrap().limits(limits());
    let (sender, driven) = drive(
        settings
            .connector(connector)
            .credentials(Arc::clone(&credentials) as _)
            .placement(CredentialPlacement::AsRest),
    );
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    sender.close().await;
    driven.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["Bearer token-0", "Bearer token-1", "Bearer token-1"]);
    assert_eq!(credentials.asked.load(Ordering::Relaxed), 3);
    assert_eq!(credentials.rejected.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_a_fresh_token_does_not_heal_ends_it() {
    for (status, connections) in [(401, 2), (403, 1), (404, 1)] {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let connector = pipe(move |_, io| {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                let refuse = |request: &http::Request<()>| {
                    assert_eq!(request.uri().query(), Some("a=b&token=test-token"));
                    Some(status)
                };
                assert!(Peer::accept_if(io, refuse).await.is_none());
            }
        });
        let credentials = Arc::new(StaticToken::new("acme_support", "test-token"));
        let settings =
            SocketSettings::new("ws://agent.example.test/?a=b", agent()).unwrap().limits(limits());
        let settings = settings.connector(connector).credentials(credentials);
        let (sender, driven) =
            drive(settings.placement(CredentialPlacement::Query("token".into())));
        assert!(sender.ready().await.is_err());
        let items = driven.await.unwrap();
        assert!(
            matches!(items.last(), Some(Ok(SocketEvent::Link(LinkState::Stopped(StopReason::Status(s))))) if *s == status)
        );
        assert_eq!(made.load(Ordering::Relaxed), connections, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_error_is_tried_again() {
    let connector = pipe(|nth, io| async move {
        let Some(mut peer) = Peer::accept_if(io, |_| (nth < 3).then_some(503)).await else {
            return;
        };
        peer.welcome().await;
        peer.idle().await;
    });
    let settings = SocketSettings::new("ws://agent.example.test/", agent()).unwrap();
    let (sender, driven) = drive(settings.limits(limits()).connector(connector));
    sender.ready().await.unwrap();
    sender.close().await;
    assert_eq!(causes(&driven.await.unwrap()), ["status", "status", "status"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_chooses_no_sub_protocol_is_taken_as_it_is() {
    let offered = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&offered);
    let connector = pipe(move |_, io| {
        let noted = Arc::clone(&noted);
        async move {
            let note = |request: &http::Request<()>| {
                let name = request.headers().get("sec-websocket-protocol");
                noted.lock().unwrap().push(name.map(|name| name.to_str().unwrap().to_owned()));
            };
            #[allow(clippy::result_large_err)]
            let socket =
                tokio_tungstenite::accept_hdr_async(io, |request: &http::Request<()>, response| {
                    note(request);
                    Ok(response)
                });
            let Ok(socket) = socket.await else { return };
            let mut peer = Peer { socket, headers: http::HeaderMap::new(), gone: false };
            peer.welcome().await;
            peer.idle().await;
        }
    });
    let settings = SocketSettings::new("ws://agent.example.test/", agent()).unwrap();
    let (sender, driven) = drive(settings.limits(limits()).connector(connector));
    sender.ready().await.unwrap();
    sender.close().await;
    assert_eq!(states(&driven.await.unwrap())[..3], ["connecting", "handshaking", "up"]);
    assert_eq!(*offered.lock().unwrap(), [Some("org.jwebsocket.json".to_owned()), None]);
}

#[tokio::test(start_paused = true)]
async fn the_socket_and_rest_share_one_token_request() {
    let sim = ozonetel_sim::Sim::start();
    let client = sim.client();
    let connector = pipe(move |_, io| async move {
        let mut peer = Peer::accept(io).await;
        assert!(peer.headers["authorization"].to_str().unwrap().starts_with("Bearer "));
        peer.welcome().await;
        peer.idle().await;
    });
    let settings = client.mdl("ws://agent.example.test/", agent()).unwrap();
    let settings = settings.connector(connector).placement(CredentialPlacement::AsRest);
    let (sender, driven) = drive(settings);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.disposition().list().await.unwrap() })
        })
        .collect();
    sender.ready().await.unwrap();
    for call in calls {
        call.await.unwrap();
    }
    sender.close().await;
    driven.await.unwrap();
    let tokens =
        sim.requests().iter().filter(|entry| entry.path.ends_with("generateToken")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_does_not_starve_requests() {
    let (sender, driven) = drive(settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        for n in 0..20_000 {
            peer.text(&json!({"type": "noise", "n": n}).to_string()).await;
        }
        let dial = peer.token().await.unwrap();
        peer.accept_dial(&dial).await;
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(_)));
    sender.close().await;
    let items = driven.await.unwrap();
    let settled =
        items.iter().position(|item| matches!(item, Ok(SocketEvent::Settled(_)))).unwrap();
    let noise: Vec<u64> = items[..settled]
        .iter()
        .filter_map(|item| match item {
            Ok(SocketEvent::Push(token)) => token.get("n")?.as_u64(),
            _ => None,
        })
        .collect();
    assert_eq!(noise, (0..20_000).collect::<Vec<_>>(), "nothing lost, nothing reordered");
}

#[tokio::test(start_paused = true)]
async fn what_waited_to_be_written_when_the_link_died_is_not_written_to_the_next() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        if nth == 0 {
            sleep(Duration::from_secs(3600)).await;
        }
        if let Some(token) = peer.token().await {
            panic!("{} was sent again", token["type"]);
        }
    }));
    sender.ready().await.unwrap();
    let large = "x".repeat(100 << 10);
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let (sender, large) = (sender.clone(), large.clone());
            tokio::spawn(async move {
                sender.send(TokenRequest::new("tbLarge").field("x", large)).await
            })
        })
        .collect();
    let mut unknown = 0;
    for task in asked {
        unknown += usize::from(task.await.unwrap().unwrap_err().may_have_happened());
    }
    assert!(
        (1..4).contains(&unknown),
        "{unknown}: one is being written, and the queue after it is not taken"
    );
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(causes(&items), ["blocked"]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_of_the_other_side_is_answered() {
    let (told, answered) = tokio::sync::oneshot::channel();
    let told = Arc::new(Mutex::new(Some(told)));
    let (sender, driven) = drive(settings(move |_, mut peer: Pipe| {
        let told = Arc::clone(&told);
        async move {
            peer.welcome().await;
            peer.send(Message::Ping("abc".into())).await;
            while let Some(Ok(message)) = futures_util::StreamExt::next(&mut peer.socket).await {
                if message == Message::Pong("abc".into()) {
                    told.lock().unwrap().take().unwrap().send(()).unwrap();
                }
            }
        }
    }));
    sender.ready().await.unwrap();
    timeout(Duration::from_secs(1), answered).await.expect("at once").unwrap();
    sender.close().await;
    driven.await.unwrap();
}
