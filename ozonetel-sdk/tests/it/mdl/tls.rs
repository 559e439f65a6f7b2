//! TLS: one configuration for REST and the socket.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{DisconnectReason, LinkState, SocketFault};
use ozonetel_sdk::transport::network::Network;
use ozonetel_sdk::{Client, ErrorKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_rustls::server::TlsStream;

use super::network::serve;
use super::pipe::{agent, dial, limits};

/// A private authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server, and how many connections got through TLS.
pub struct Secure {
    pub port: u16,
    let_in: Arc<AtomicUsize>,
}

impl Secure {
    fn let_in(&self) -> usize {
        self.let_in.load(Ordering::Relaxed)
    }
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Network settings that trust it.
    pub fn trusted(&self) -> Network {
        Network { extra_roots: vec![self.0.der().clone()], ..Network::default() }
    }

    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate: CertificateDer<'static> =
            params.signed_by(&key, &self.0).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server with a certificate for this name.
    async fn server<R>(
        &self,
        name: &str,
        serve: impl Fn(TlsStream<TcpStream>) -> R + Send + Sync + Clone + 'static,
    ) -> Secure
    where
        R: Future<Output = ()> + Send,
    {
        let acceptor = self.acceptor(name);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let let_in = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&let_in);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, count, serve) =
                    (acceptor.clone(), Arc::clone(&count), serve.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        count.fetch_add(1, Ordering::Relaxed);
                        serve(stream).await;
                    }
                });
            }
        });
        Secure { port, let_in }
    }

    /// An agent socket for `localhost`.
    pub async fn socket(&self) -> Secure {
        self.server("localhost", serve).await
    }

    /// A REST server for `localhost` that accepts one dial a connection.
    async fn rest(&self) -> Secure {
        let answer = |mut stream: TlsStream<TcpStream>| async move {
            let mut read = [0; 4096];
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let n = stream.read(&mut read).await.unwrap();
                assert!(n > 0, "{}", String::from_utf8_lossy(&request));
                request.extend_from_slice(&read[..n]);
            }
            assert!(request.starts_with(b"POST /ca_apis/AgentManualDial "));
            let body = r#"{"ucid":"12345170000000001","status":"queued successfully"}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        self.server("localhost", answer).await
    }
}

fn client(rest: &Secure, network: Network) -> Client {
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url(format!("https://localhost:{}", rest.port))
        .network(network)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_rest_and_socket_alike() {
    let authority = Authority::new();
    let (rest, socket) = (authority.rest().await, authority.socket().await);
    let client = client(&rest, authority.trusted());
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    assert_eq!(dialed.ucid().as_str(), "12345170000000001");

    let url = format!("wss://localhost:{}/", socket.port);
    let (sender, driven) = super::pipe::drive(client.mdl(&url, agent()).unwrap());
    let outcome = timeout(Duration::from_secs(10), async {
        sender.ready().await.unwrap();
        sender.dial(dial()).await
    });
    let outcome = outcome.await.expect("within seconds");
    assert!(matches!(outcome, DialOutcome::Accepted(None)), "{outcome:?}");
    sender.close().await;
    driven.await.unwrap();
    assert_eq!((rest.let_in(), socket.let_in()), (1, 1));
}

/// What the stream reports about a server that is not to be trusted, and how a dial ends meanwhile.
async fn refused(client: &Client, url: &str) {
    let settings = client.mdl(url, agent()).unwrap().limits(limits());
    let (mut events, sender) = settings.connect().unwrap();
    let story = async {
        let error = loop {
            match events.next().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(
            (error.kind(), error.fault()),
            (ErrorKind::Unreachable, Some(&SocketFault::Tls))
        );
        let text = error.to_string();
        assert!(
            text.starts_with("mdl: TLS failed: the server's certificate is not trusted"),
            "{text}"
        );
        assert!(!error.may_have_happened());
        events.next().await.unwrap().unwrap();
        let LinkState::Waiting { cause, .. } = events.state() else {
            panic!("{:?}", events.state())
        };
        assert_eq!((cause, cause.as_str()), (DisconnectReason::Tls, "tls"));
        tokio::select! {
            outcome = sender.dial(dial()) => outcome,
            () = async { while events.next().await.is_some() {} } => panic!("it ended"),
        }
    };
    let outcome = timeout(Duration::from_secs(10), story).await.expect("within seconds");
    let DialOutcome::NotSent(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.fault(), Some(&SocketFault::Down { kind: "tbManualDial".into() }));
}

#[tokio::test]
async fn another_authority_is_a_typed_error_and_nothing_is_sent() {
    let authority = Authority::new();
    let (rest, socket) = (authority.rest().await, authority.socket().await);
    for network in [Authority::new().trusted(), Network::default()] {
        let client = client(&rest, network);
        let error = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Unreachable, false));
        refused(&client, &format!("wss://localhost:{}/", socket.port)).await;
    }
    assert_eq!((rest.let_in(), socket.let_in()), (0, 0));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let rest = authority.rest().await;
    let other = authority.server("other.example.test", serve).await;
    let client = client(&rest, authority.trusted());
    refused(&client, &format!("wss://localhost:{}/", other.port)).await;
    assert_eq!(other.let_in(), 0);
}
