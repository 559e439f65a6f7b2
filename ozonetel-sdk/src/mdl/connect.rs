//! From an address to an open WebSocket: credential, byte stream, TLS, upgrade.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use http::Uri;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, handshake::client::Request};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tower_service::Service;

use super::link::Cause;
use super::settings::{Placement, Settings};
use crate::core::credential::{AuthSecret, CredentialKind, TokenId};
use crate::core::transport::network::Network;
use crate::types::invalid::Invalid;

/// A byte stream in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Makes byte streams. TLS, for `wss`, comes on top of what it makes.
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// A byte stream to host and port of an address.
    ///
    /// # Errors
    /// Why there is none; it is tried again later.
    async fn connect(&self, to: &Uri) -> io::Result<Box<dyn Io>>;
}

/// TCP, directly or through the proxy of the network settings; without one there, through the system's.
pub(crate) struct NetworkConnector {
    proxies: Matcher,
    http: HttpConnector,
}

impl fmt::Debug for NetworkConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkConnector")
    }
}

impl NetworkConnector {
    pub(crate) fn new(network: &Network) -> Result<Self, Invalid> {
        let proxies = match &network.proxy {
            None => Matcher::from_system(),
            Some(url) if supported(url.scheme()) => Matcher::builder().all(url.as_str()).build(),
            Some(_) => {
                return Err(Invalid::new(
                    "proxy",
                    "has to be an http address, or socks5 with the feature socks",
                ));
            }
        };
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(network.connect_timeout));
        Ok(Self { proxies, http })
    }
}

fn supported(scheme: &str) -> bool {
    scheme == "http" || (cfg!(feature = "socks") && matches!(scheme, "socks5" | "socks5h"))
}

#[async_trait]
impl Connector for NetworkConnector {
    async fn connect(&self, to: &Uri) -> io::Result<Box<dyn Io>> {
        // Proxies are chosen by the schemes of HTTP, and addressed with a port.
        let secure = to.scheme_str() == Some("wss");
        let port = to.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let scheme = if secure { "https" } else { "http" };
        let host = to.host().unwrap_or_default();
        let to =
            Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/");
        let to = to.build().map_err(io::Error::other)?;
        let stream = match self.proxies.intercept(&to) {
            None => plain(self.http.clone().call(to).await)?,
            Some(proxy) => self.through(&proxy, to).await?,
        };
        Ok(Box::new(stream))
    }
}

impl NetworkConnector {
    async fn through(&self, proxy: &Intercept, to: Uri) -> io::Result<TcpStream> {
        let at = proxy.uri().clone();
        match at.scheme_str() {
            Some("http") => {
                let mut tunnel = Tunnel::new(at, self.http.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                plain(tunnel.call(to).await)
            }
            #[cfg(feature = "socks")]
            Some(scheme @ ("socks5" | "socks5h")) => {
                use hyper_util::client::legacy::connect::proxy::SocksV5;
                let mut socks =
                    SocksV5::new(at.clone(), self.http.clone()).local_dns(scheme == "socks5");
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                plain(socks.call(to).await)
            }
            _ => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a proxy of this kind is not supported",
            )),
        }
    }
}

fn plain<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    made: Result<hyper_util::rt::TokioIo<TcpStream>, E>,
) -> io::Result<TcpStream> {
    made.map(hyper_util::rt::TokioIo::into_inner).map_err(io::Error::other)
}

/// The TLS layer reports its errors as errors of the stream, its own inside.
fn of_io(error: &io::Error) -> Cause {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(tls) = inner {
        tracing::warn!(error = %tls, "TLS of the agent socket failed");
        return Cause::Tls;
    }
    tracing::debug!(kind = ?error.kind(), "the agent socket cannot be reached");
    Cause::Unreachable
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<Box<dyn Io>>>;

/// All that it takes to open a connection, as often as it is needed.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    /// The server did not choose the sub-protocol offered, and some libraries call that an error.
    pub(crate) no_sub_protocol: AtomicBool,
}

impl Plan {
    /// Opens a connection. Tries a second time at once in two cases: the server chose no sub-protocol, then none is
    /// offered; and it refused the token, then with a fresh one.
    pub(crate) async fn open(self: Arc<Self>) -> Result<Box<Socket>, Cause> {
        let mut renewed = false;
        loop {
            let (request, token) = self.request().await?;
            match self.upgrade(request).await {
                Ok(socket) => return Ok(Box::new(socket)),
                Err(tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                    SubProtocolError::NoSubProtocol,
                ))) if !self.no_sub_protocol.swap(true, Ordering::Relaxed) => {}
                Err(tungstenite::Error::Http(answer)) => {
                    let status = answer.status().as_u16();
                    match (token, &self.settings.credentials) {
                        (Some(token), Some(credentials)) if status == 401 && !renewed => {
                            renewed = true;
                            credentials.reject(token).await;
                        }
                        _ => return Err(Cause::Status(status)),
                    }
                }
                Err(tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                    _,
                ))) => {
                    return Err(Cause::SubProtocol);
                }
                Err(tungstenite::Error::Io(error)) => return Err(of_io(&error)),
                Err(tungstenite::Error::Tls(_)) => return Err(Cause::Tls),
                Err(_) => return Err(Cause::Protocol),
            }
        }
    }

    async fn request(&self) -> Result<(Request, Option<TokenId>), Cause> {
        let settings = &self.settings;
        let mut url = settings.url.clone();
        let mut headers = settings.headers.clone();
        let mut token = None;
        if settings.placement != Placement::Nowhere
            && let Some(credentials) = &settings.credentials
        {
            let credential = credentials
                .credential(CredentialKind::Account)
                .await
                .map_err(|_| Cause::Credentials)?;
            if let AuthSecret::Bearer { id: of, .. } = &credential.secret {
                token = Some(*of);
            }
            settings.place(&credential, &mut url, &mut headers).ok_or(Cause::Credentials)?;
        }
        if let Some(name) = &settings.sub_protocol
            && !self.no_sub_protocol.load(Ordering::Relaxed)
        {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, name.clone());
        }
        let mut request = url.as_str().into_client_request().map_err(|_| Cause::Unreachable)?;
        request.headers_mut().extend(headers);
        Ok((request, token))
    }

    async fn upgrade(&self, request: Request) -> Result<Socket, tungstenite::Error> {
        let io = self.connector.connect(request.uri()).await?;
        let connector = match &self.tls {
            Some(tls) => tokio_tungstenite::Connector::Rustls(Arc::clone(tls)),
            None => tokio_tungstenite::Connector::Plain,
        };
        let limit = Some(self.settings.limits.frame);
        // Buffers grow with what arrives; an idle link should be small.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0)
            .max_message_size(limit)
            .max_frame_size(limit);
        let upgrade = client_async_tls_with_config(request, io, Some(config), Some(connector));
        Ok(upgrade.await?.0)
    }
}
