//! The other end of a socket, scripted: no decisions, only what a test scripts.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

pub const WELCOME: &str = r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE=","timeout":120000}"#;

pub struct Peer<S> {
    pub socket: WebSocketStream<S>,
    /// The upgrade request's headers.
    pub headers: HeaderMap,
    /// Whether something could not be sent.
    pub gone: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Takes the upgrade, with the sub-protocol that was offered.
    pub async fn accept(io: S) -> Self {
        Self::accept_if(io, |_| None).await.unwrap()
    }

    /// Takes the upgrade unless `refuse` names a status.
    #[allow(clippy::result_large_err)]
    pub async fn accept_if(
        io: S,
        refuse: impl Fn(&Request) -> Option<u16> + Unpin,
    ) -> Option<Self> {
        let mut headers = HeaderMap::new();
        let socket = accept_hdr_async(io, |request: &Request, mut response: Response| {
            headers.clone_from(request.headers());
            if let Some(status) = refuse(request) {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = status.try_into().unwrap();
                return Err(refusal);
            }
            if let Some(name) = request.headers().get("sec-websocket-protocol") {
                response.headers_mut().insert("sec-websocket-protocol", name.clone());
            }
            Ok(response)
        })
        .await
        .ok()?;
        Some(Self { socket, headers, gone: false })
    }

    pub async fn send(&mut self, message: Message) {
        // The client may have gone: the test looks at what it saw.
        self.gone |= self.socket.send(message).await.is_err();
    }

    pub async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub async fn welcome(&mut self) {
        self.text(WELCOME).await;
    }

    /// The next token that is not a ping; pings are answered. `None` when the connection has ended.
    pub async fn token(&mut self) -> Option<Value> {
        while let Some(Ok(message)) = self.socket.next().await {
            let Message::Text(text) = message else { continue };
            let token: Value = serde_json::from_str(&text).unwrap();
            if token["type"] != "ping" {
                return Some(token);
            }
            let pong = json!({"type": "response", "utid": token["utid"], "code": 0});
            self.text(&pong.to_string()).await;
        }
        None
    }

    /// Answers as the service does.
    pub async fn accept_dial(&mut self, dial: &Value) {
        let utid = dial["utid"].to_string();
        self.text(
            &json!({"type": "response", "utid": utid, "resp": "Success:tbManualDial"}).to_string(),
        )
        .await;
    }

    /// Lives on without a word until the client goes.
    pub async fn idle(&mut self) {
        while let Some(token) = self.token().await {
            assert_ne!(token["type"], "tbManualDial", "a dial that no one asked for");
        }
    }
}
