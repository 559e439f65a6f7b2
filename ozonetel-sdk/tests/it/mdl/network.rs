//! Over real sockets on this machine.

use std::time::Duration;

use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{LinkState, SocketSettings};
use ozonetel_sdk::transport::network::Network;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::pipe::{agent, causes, dial, drive, limits};
use super::server::Peer;

pub async fn serve(io: impl AsyncRead + AsyncWrite + Unpin) {
    let Some(mut peer) = Peer::accept_if(io, |_| None).await else { return };
    peer.welcome().await;
    while let Some(token) = peer.token().await {
        peer.accept_dial(&token).await;
    }
}

/// A server on a port of its own.
pub async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// The outcome of a dial over a real connection, and the causes of what went wrong before.
pub async fn one_dial(
    url: &str,
    network: Network,
) -> DialOutcome<Option<ozonetel_sdk::types::Ucid>> {
    let settings = SocketSettings::new(url, agent()).unwrap().limits(limits()).network(network);
    let (sender, driven) = drive(settings);
    let outcome = timeout(Duration::from_secs(10), async {
        sender.ready().await.unwrap();
        let outcome = sender.dial(dial()).await;
        sender.close().await;
        driven.await.unwrap();
        outcome
    });
    outcome.await.expect("within seconds")
}

/// The first thing that went wrong.
pub async fn first_cause(url: &str, network: Network) -> Option<&'static str> {
    let settings = SocketSettings::new(url, agent()).unwrap().limits(limits()).network(network);
    let (mut events, sender) = settings.connect().unwrap();
    let wait = async {
        while !matches!(events.state(), LinkState::Waiting { .. }) {
            futures_util::StreamExt::next(&mut events).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.expect("within seconds");
    drop(sender);
    events.state().cause()
}

#[tokio::test]
async fn over_plain_tcp() {
    let port = server().await;
    let outcome = one_dial(&format!("ws://127.0.0.1:{port}/"), Network::default()).await;
    assert!(matches!(outcome, DialOutcome::Accepted(None)), "{outcome:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let cause = first_cause(&format!("ws://127.0.0.1:{port}/"), Network::default()).await;
    assert_eq!(cause, Some("unreachable"));
}

#[tokio::test]
async fn a_server_that_dies_is_found_again_at_the_same_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let first = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::accept(stream).await;
        peer.welcome().await;
        assert_eq!(peer.token().await.unwrap()["type"], "tbManualDial");
    });
    let mut quick = limits();
    quick.shortest_pause = Duration::from_millis(20);
    quick.longest_pause = Duration::from_millis(50);
    let settings = SocketSettings::new(&format!("ws://{address}/"), agent()).unwrap().limits(quick);
    let (sender, driven) = drive(settings);
    let story = async {
        sender.ready().await.unwrap();
        let outcome = sender.dial(dial()).await;
        assert!(matches!(outcome, DialOutcome::Unknown(_)), "{outcome:?}");
        first.await.unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let second = tokio::spawn(async move {
            let mut peer = Peer::accept(stream).await;
            peer.welcome().await;
            peer.idle().await;
        });
        sender.ready().await.unwrap();
        sender.close().await;
        second.await.unwrap();
        driven.await.unwrap()
    };
    let items = timeout(Duration::from_secs(20), story).await.expect("within seconds");
    assert_eq!(causes(&items)[0], "closed");
}
