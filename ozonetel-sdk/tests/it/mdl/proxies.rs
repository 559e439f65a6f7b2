//! Proxies, byte for byte.

use std::sync::{Arc, Mutex};

use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::SocketSettings;
use ozonetel_sdk::transport::network::Network;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::network::{first_cause, one_dial, server};
use super::pipe::agent;
use super::tls::Authority;

/// What a proxy read before it let a connection through.
type Read = Arc<Mutex<Vec<Vec<u8>>>>;

/// How a proxy behaves.
#[derive(Clone, Copy)]
enum Kind {
    /// Answers `CONNECT` with this.
    Http(&'static str),
    /// SOCKS5 without a password, answering with this code.
    #[cfg(feature = "socks")]
    Socks(u8),
    /// SOCKS5 that wants a password.
    #[cfg(feature = "socks")]
    Password,
}

const TAKEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A proxy that leads everything to one port.
async fn proxy(kind: Kind, to: u16) -> (u16, Read) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let read = Read::default();
    let noted = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (asked, open) = match kind {
                Kind::Http(answer) => http(&mut client, answer).await,
                #[cfg(feature = "socks")]
                Kind::Socks(code) => socks(&mut client, 0, code).await,
                #[cfg(feature = "socks")]
                Kind::Password => socks(&mut client, 2, 0).await,
            };
            noted.lock().unwrap().push(asked);
            if open {
                tokio::spawn(join(client, to));
            }
        }
    });
    (port, read)
}

/// Joins two connections; the first byte that comes through the tunnel has to be TLS's or a `GET`.
async fn join(mut client: TcpStream, port: u16) {
    let mut first = [0];
    client.peek(&mut first).await.unwrap();
    assert!([0x16, b'G'].contains(&first[0]));
    let mut upstream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut upstream).await;
}

async fn http(client: &mut TcpStream, answer: &str) -> (Vec<u8>, bool) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    client.write_all(answer.as_bytes()).await.unwrap();
    (head, answer == TAKEN)
}

#[cfg(feature = "socks")]
async fn socks(client: &mut TcpStream, method: u8, code: u8) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    // Greeting: version and methods.
    let count = take(client, &mut all, 2).await[1];
    let methods = take(client, &mut all, usize::from(count)).await;
    assert!(methods.contains(&method), "{methods:?}");
    client.write_all(&[5, method]).await.unwrap();
    if method == 2 {
        // RFC 1929: version, user, password, each behind its length.
        take(client, &mut all, 1).await;
        for _ in 0..2 {
            let length = take(client, &mut all, 1).await[0];
            take(client, &mut all, usize::from(length)).await;
        }
        client.write_all(&[1, 0]).await.unwrap();
    }
    // Request: version, command, reserved, kind of address, address, port.
    let kind = take(client, &mut all, 4).await[3];
    let length = match kind {
        1 => 4,
        3 => take(client, &mut all, 1).await[0],
        _ => 16,
    };
    take(client, &mut all, usize::from(length) + 2).await;
    client.write_all(&[5, code, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
    (all, code == 0)
}

#[cfg(feature = "socks")]
async fn take(client: &mut TcpStream, all: &mut Vec<u8>, count: usize) -> Vec<u8> {
    let mut part = vec![0; count];
    client.read_exact(&mut part).await.unwrap();
    all.extend_from_slice(&part);
    part
}

fn through(mut network: Network, proxy: &str) -> Network {
    network.proxy = Some(proxy.parse().unwrap());
    network
}

/// What the proxy read for a dial over TLS to a name that only it can look up.
async fn tunnelled(kind: Kind, scheme: &str, user: &str) -> Vec<u8> {
    let authority = Authority::new();
    let (at, read) = proxy(kind, authority.socket().await.port).await;
    let network = through(authority.trusted(), &format!("{scheme}://{user}127.0.0.1:{at}"));
    let outcome = one_dial("wss://localhost:444/mdlConnection.php", network).await;
    assert!(matches!(outcome, DialOutcome::Accepted(None)), "{outcome:?}");
    let read = std::mem::take(&mut *read.lock().unwrap());
    let [asked] = read.try_into().expect("one connection");
    asked
}

#[tokio::test]
async fn through_an_http_proxy() {
    let asked = tunnelled(Kind::Http(TAKEN), "http", "").await;
    assert_eq!(
        String::from_utf8(asked).unwrap(),
        "CONNECT localhost:444 HTTP/1.1\r\nHost: localhost:444\r\n\r\n"
    );
    let asked = tunnelled(Kind::Http(TAKEN), "http", "user:s%20t@").await;
    assert_eq!(
        String::from_utf8(asked).unwrap(),
        "CONNECT localhost:444 HTTP/1.1\r\nHost: localhost:444\r\nProxy-Authorization: Basic dXNlcjpzIHQ=\r\n\r\n"
    );
}

#[tokio::test]
async fn through_an_http_proxy_without_tls() {
    let (at, read) = proxy(Kind::Http(TAKEN), server().await).await;
    let network = through(Network::default(), &format!("http://127.0.0.1:{at}"));
    let outcome = one_dial("ws://agent.example.test/", network).await;
    assert!(matches!(outcome, DialOutcome::Accepted(None)), "{outcome:?}");
    let asked = String::from_utf8(read.lock().unwrap()[0].clone()).unwrap();
    assert_eq!(
        asked,
        "CONNECT agent.example.test:80 HTTP/1.1\r\nHost: agent.example.test:80\r\n\r\n"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_none() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "220 mail.example.test\r\n\r\n",
    ] {
        let (at, read) = proxy(Kind::Http(answer), 1).await;
        let network = through(Network::default(), &format!("http://127.0.0.1:{at}"));
        assert_eq!(first_cause("ws://localhost/", network).await, Some("unreachable"), "{answer}");
        assert_eq!(read.lock().unwrap().len(), 1, "and not past it");
    }
}

#[cfg(feature = "socks")]
#[tokio::test]
async fn through_a_socks_proxy() {
    // A name, to be looked up by the proxy; port 444 is 0x01bc.
    let name = b"\x05\x01\x00\x03\x09localhost\x01\xbc";
    let asked = tunnelled(Kind::Socks(0), "socks5h", "").await;
    assert_eq!(asked, [&b"\x05\x01\x00"[..], name].concat());
    let asked = tunnelled(Kind::Password, "socks5h", "user:secret@").await;
    assert!(asked.ends_with(&[&b"\x01\x04user\x06secret"[..], name].concat()), "{asked:?}");
}

#[cfg(feature = "socks")]
#[tokio::test]
async fn with_a_socks_proxy_the_name_may_be_looked_up_here() {
    let (at, read) = proxy(Kind::Socks(0), server().await).await;
    let network = through(Network::default(), &format!("socks5://127.0.0.1:{at}"));
    let outcome = one_dial("ws://127.0.0.1:444/", network).await;
    assert!(matches!(outcome, DialOutcome::Accepted(None)), "{outcome:?}");
    let asked = read.lock().unwrap()[0].clone();
    assert_eq!(asked, b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbc");
}

#[cfg(feature = "socks")]
#[tokio::test]
async fn a_socks_proxy_that_refuses() {
    let (at, read) = proxy(Kind::Socks(5), 1).await;
    let network = through(Network::default(), &format!("socks5h://127.0.0.1:{at}"));
    assert_eq!(first_cause("wss://localhost/", network).await, Some("unreachable"));
    assert_eq!(read.lock().unwrap().len(), 1);
}

#[test]
fn a_proxy_of_another_kind_is_refused_beforehand() {
    for proxy in ["https://127.0.0.1:1", "ftp://127.0.0.1:1"] {
        let network = through(Network::default(), proxy);
        let settings = SocketSettings::new("wss://agent.example.test/", agent()).unwrap();
        assert_eq!(settings.network(network).connect().unwrap_err().field(), "proxy");
    }
}
