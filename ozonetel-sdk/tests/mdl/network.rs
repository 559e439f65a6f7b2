//! Over real sockets on this machine: TCP, TLS, proxies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ozonetel_sdk::dial::Outcome;
use ozonetel_sdk::mdl::{Settings, State};
use ozonetel_sdk::transport::network::Network;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::pipe::{agent, causes, dial, drive, limits};
use crate::server::Peer;

async fn serve(io: impl AsyncRead + AsyncWrite + Unpin) {
    let Some(mut peer) = Peer::accept_if(io, |_| None).await else { return };
    peer.welcome().await;
    while let Some(token) = peer.token().await {
        peer.accept_dial(&token).await;
    }
}

/// A server on a port of its own; `true` with TLS. Gives the port and the certificate.
async fn server(tls: bool) -> (u16, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if !tls {
                    serve(stream).await;
                } else if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream).await;
                }
            });
        }
    });
    (port, certificate)
}

/// What the proxies were asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// Joins two connections.
async fn join(mut client: TcpStream, port: u16) {
    let mut upstream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut upstream).await;
}

/// An HTTP proxy that knows `CONNECT` only, and leads everything to one port.
async fn http_proxy(to: u16) -> (u16, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let allowed = head.contains("proxy-authorization: basic dxnlcjpzzwnyzxq=");
            noted.lock().unwrap().push(head.lines().next().unwrap().to_owned());
            if !allowed {
                client.write_all(b"HTTP/1.1 407 No\r\n\r\n").await.unwrap();
                continue;
            }
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(join(client, to));
        }
    });
    (port, asked)
}

/// The outcome of a dial over a real connection, and the causes of what went wrong before.
async fn one_dial(url: &str, network: Network) -> Outcome {
    let settings = Settings::new(url, agent()).unwrap().limits(limits()).network(network);
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

fn trusting(certificate: &CertificateDer<'static>) -> Network {
    Network { extra_roots: vec![certificate.clone()], ..Network::default() }
}

/// The first thing that went wrong.
async fn first_cause(url: &str, network: Network) -> Option<&'static str> {
    let settings = Settings::new(url, agent()).unwrap().limits(limits()).network(network);
    let (mut events, sender) = settings.connect().unwrap();
    let wait = async {
        while !matches!(events.state(), State::Waiting { .. }) {
            futures_util::StreamExt::next(&mut events).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.expect("within seconds");
    drop(sender);
    events.state().cause()
}

#[tokio::test]
async fn over_plain_tcp() {
    let (port, _) = server(false).await;
    let outcome = one_dial(&format!("ws://127.0.0.1:{port}/"), Network::default()).await;
    assert!(matches!(outcome, Outcome::Accepted(None)), "{outcome:?}");
}

#[tokio::test]
async fn over_tls_with_the_roots_of_the_network_settings() {
    let (port, certificate) = server(true).await;
    let url = format!("wss://localhost:{port}/");
    let outcome = one_dial(&url, trusting(&certificate)).await;
    assert!(matches!(outcome, Outcome::Accepted(None)), "{outcome:?}");
    assert_eq!(first_cause(&url, Network::default()).await, Some("unreachable"), "not trusted");
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
async fn through_an_http_proxy() {
    let (port, certificate) = server(true).await;
    let (proxy, asked) = http_proxy(port).await;
    let mut network = trusting(&certificate);
    // The name is not looked up here: the proxy does that.
    network.proxy = Some(format!("http://user:secret@127.0.0.1:{proxy}").parse().unwrap());
    let outcome = one_dial("wss://localhost:444/mdlConnection.php", network.clone()).await;
    assert!(matches!(outcome, Outcome::Accepted(None)), "{outcome:?}");
    assert_eq!(asked.lock().unwrap()[0], "connect localhost:444 http/1.1");
    let cause = first_cause("ws://localhost/", {
        network.proxy = Some(format!("http://127.0.0.1:{proxy}").parse().unwrap());
        network
    });
    assert_eq!(cause.await, Some("unreachable"), "without its password");
    assert_eq!(asked.lock().unwrap().last().unwrap(), "connect localhost:80 http/1.1");
}

#[cfg(feature = "socks")]
#[tokio::test]
async fn through_a_socks_proxy() {
    let (port, certificate) = server(true).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        // Greeting: version and methods; none needed.
        let mut head = [0; 2];
        client.read_exact(&mut head).await.unwrap();
        let mut methods = vec![0; usize::from(head[1])];
        client.read_exact(&mut methods).await.unwrap();
        client.write_all(&[5, 0]).await.unwrap();
        // Request: a name, to be looked up by the proxy.
        let mut request = [0; 5];
        client.read_exact(&mut request).await.unwrap();
        assert_eq!(request[..4], [5, 1, 0, 3]);
        let mut name = vec![0; usize::from(request[4]) + 2];
        client.read_exact(&mut name).await.unwrap();
        assert_eq!(name, b"localhost\x01\xbc", "port 444");
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
        join(client, port).await;
    });
    let mut network = trusting(&certificate);
    network.proxy = Some(format!("socks5h://127.0.0.1:{at}").parse().unwrap());
    let outcome = one_dial("wss://localhost:444/", network).await;
    assert!(matches!(outcome, Outcome::Accepted(None)), "{outcome:?}");
}

#[test]
fn a_proxy_of_another_kind_is_refused_beforehand() {
    for proxy in ["https://127.0.0.1:1", "ftp://127.0.0.1:1"] {
        let network = Network { proxy: Some(proxy.parse().unwrap()), ..Network::default() };
        let settings = Settings::new("wss://agent.example.test/", agent()).unwrap();
        assert_eq!(settings.network(network).connect().unwrap_err().field(), "proxy");
    }
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
    let settings = Settings::new(&format!("ws://{address}/"), agent()).unwrap().limits(quick);
    let (sender, driven) = drive(settings);
    let story = async {
        sender.ready().await.unwrap();
        let outcome = sender.dial(dial()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
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
