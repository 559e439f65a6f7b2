//! From an address to an open WebSocket: credential, byte stream, TLS, upgrade.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, handshake::client::Request};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::connector::{ByteStream, SocketConnector};
use super::settings::{CredentialPlacement, SocketSettings};
use super::written::Written;
use crate::core::credential::{AuthSecret, CredentialKind, TokenId};
use crate::mdl::link::state::DisconnectReason;

/// The TLS layer reports its errors as errors of the stream, its own inside.
fn of_io(error: &io::Error) -> DisconnectReason {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(tls) = inner {
        tracing::warn!(error = %tls, "TLS of the agent socket failed");
        return DisconnectReason::Tls;
    }
    tracing::debug!(kind = ?error.kind(), "the agent socket cannot be reached");
    DisconnectReason::Unreachable
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<Box<dyn ByteStream>>>;

/// All that it takes to open a connection, as often as it is needed.
pub(crate) struct ConnectPlan {
    pub(crate) settings: SocketSettings,
    pub(crate) connector: Arc<dyn SocketConnector>,
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    /// The server did not choose the sub-protocol offered, and some libraries call that an error.
    pub(crate) no_sub_protocol: AtomicBool,
    /// What the network took.
    pub(super) written: Written,
}

impl ConnectPlan {
    /// Opens a connection. Tries a second time at once in two cases: the server chose no sub-protocol, then none is
    /// offered; and it refused the token, then with a fresh one.
    pub(crate) async fn open(self: Arc<Self>) -> Result<Box<Socket>, DisconnectReason> {
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
                        _ => return Err(DisconnectReason::Status(status)),
                    }
                }
                Err(tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                    _,
                ))) => {
                    return Err(DisconnectReason::SubProtocol);
                }
                Err(tungstenite::Error::Io(error)) => return Err(of_io(&error)),
                Err(tungstenite::Error::Tls(_)) => return Err(DisconnectReason::Tls),
                Err(_) => return Err(DisconnectReason::Protocol),
            }
        }
    }

    async fn request(&self) -> Result<(Request, Option<TokenId>), DisconnectReason> {
        let settings = &self.settings;
        let mut url = settings.url.clone();
        let mut headers = settings.headers.clone();
        let mut token = None;
        if settings.placement != CredentialPlacement::Nowhere
            && let Some(credentials) = &settings.credentials
        {
            let credential = credentials
                .credential(CredentialKind::Account)
                .await
                .map_err(|_| DisconnectReason::Credentials)?;
            if let AuthSecret::Bearer { id: of, .. } = &credential.secret {
                token = Some(*of);
            }
            settings
                .place(&credential, &mut url, &mut headers)
                .ok_or(DisconnectReason::Credentials)?;
        }
        if let Some(name) = &settings.sub_protocol
            && !self.no_sub_protocol.load(Ordering::Relaxed)
        {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, name.clone());
        }
        let mut request =
            url.as_str().into_client_request().map_err(|_| DisconnectReason::Unreachable)?;
        request.headers_mut().extend(headers);
        Ok((request, token))
    }

    async fn upgrade(&self, request: Request) -> Result<Socket, tungstenite::Error> {
        let io = self.written.count(self.connector.connect(request.uri()).await?);
        let connector = match &self.tls {
            Some(tls) => tokio_tungstenite::Connector::Rustls(Arc::clone(tls)),
            None => tokio_tungstenite::Connector::Plain,
        };
        let limit = self.settings.limits.frame;
        // Buffers grow with what arrives; an idle link should be small.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0)
            // Pongs to a peer that does not read stay within this; so does one frame of our own, headers included.
            .max_write_buffer_size(limit.saturating_add(1 << 10))
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let upgrade = client_async_tls_with_config(request, io, Some(config), Some(connector));
        Ok(upgrade.await?.0)
    }
}
