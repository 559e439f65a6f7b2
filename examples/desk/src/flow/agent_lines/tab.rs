//! A connection that the agent's tab opens and whose frames it carries: which browser has the agent's socket open may
//! decide where the INVITE goes.
//!
//! The tab is told when to open the socket and what to send, and hands on what it receives; it decides nothing. To the
//! link it is a connection like any other: the other end of a pipe in this process.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Uri;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use ozonetel_sdk::mdl::{ByteStream, SUB_PROTOCOL, SocketConnector};
use ozonetel_sdk::types::AgentId;
use serde::{Deserialize, Serialize};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;

use crate::core::caller::agent_key;

/// How many frames wait, each way; who sends more waits.
const WAITING: usize = 64;

/// How much waits between the link and the tab.
const PIPE: usize = 64 << 10;

/// How many tabs carry a connection at once.
const MOST: usize = 2_000;

/// What the tab is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToTab {
    /// Open the socket; one that is open is closed first.
    Open {
        /// Which connection this is.
        connection: u64,
        /// Where.
        url: String,
        /// The sub-protocol to offer.
        protocol: Option<&'static str>,
    },
    /// Send a text as it is.
    Send {
        /// On which connection.
        connection: u64,
        /// The text.
        text: String,
    },
    /// Close the socket.
    Close {
        /// Which connection.
        connection: u64,
    },
}

impl fmt::Debug for ToTab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, connection) = match self {
            Self::Open { connection, .. } => ("Open", connection),
            Self::Send { connection, .. } => ("Send", connection),
            Self::Close { connection } => ("Close", connection),
        };
        write!(f, "{word}({connection})")
    }
}

/// What the tab says.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromTab {
    /// The socket is open.
    Opened {
        /// Which connection.
        connection: u64,
    },
    /// A text message came.
    Received {
        /// On which connection.
        connection: u64,
        /// The text.
        text: String,
    },
    /// The socket is closed, or could not be opened.
    Closed {
        /// Which connection.
        connection: u64,
        /// The close code.
        #[serde(default)]
        code: Option<u16>,
    },
}

impl FromTab {
    fn connection(&self) -> u64 {
        match self {
            Self::Opened { connection }
            | Self::Received { connection, .. }
            | Self::Closed { connection, .. } => *connection,
        }
    }
}

impl fmt::Debug for FromTab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Opened { .. } => "Opened",
            Self::Received { .. } => "Received",
            Self::Closed { .. } => "Closed",
        };
        write!(f, "{word}({})", self.connection())
    }
}

/// Makes connections that a tab opens.
pub struct TabCarrier {
    url: String,
    to_tab: mpsc::Sender<ToTab>,
    current: Mutex<Current>,
}

/// The connection that there is, if there is one.
#[derive(Default)]
struct Current {
    connection: u64,
    from_tab: Option<mpsc::Sender<FromTab>>,
}

impl fmt::Debug for TabCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TabCarrier").finish_non_exhaustive()
    }
}

impl TabCarrier {
    /// For a socket at an address, and what the tab is to be told.
    pub fn new(url: impl Into<String>) -> (Self, mpsc::Receiver<ToTab>) {
        let (to_tab, told) = mpsc::channel(WAITING);
        (Self { url: url.into(), to_tab, current: Mutex::default() }, told)
    }

    /// Takes what the tab says; what it says of an old connection is of no use to anyone. Waits for the link to have
    /// room.
    ///
    /// # Cancel safety
    /// If it is dropped, the frame may be lost: the connection has to end with it.
    pub async fn hear(&self, frame: FromTab) {
        let from_tab = {
            let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            (current.connection == frame.connection()).then(|| current.from_tab.clone()).flatten()
        };
        if let Some(from_tab) = from_tab {
            // A connection that is over needs no news.
            let _ = from_tab.send(frame).await;
        }
    }

    fn begin(&self) -> (u64, mpsc::Receiver<FromTab>) {
        let (sender, from_tab) = mpsc::channel(WAITING);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.connection += 1;
        current.from_tab = Some(sender);
        (current.connection, from_tab)
    }
}

#[async_trait]
impl SocketConnector for TabCarrier {
    async fn connect(&self, _: &Uri) -> io::Result<Box<dyn ByteStream>> {
        let (connection, mut from_tab) = self.begin();
        let open = ToTab::Open { connection, url: self.url.clone(), protocol: Some(SUB_PROTOCOL) };
        let gone = |_| io::Error::from(io::ErrorKind::NotConnected);
        self.to_tab.send(open).await.map_err(gone)?;
        match from_tab.recv().await {
            Some(FromTab::Opened { .. }) => {}
            Some(_) => return Err(io::ErrorKind::ConnectionRefused.into()),
            None => return Err(io::ErrorKind::NotConnected.into()),
        }
        let (ours, theirs) = tokio::io::duplex(PIPE);
        tokio::spawn(carry(theirs, from_tab, self.to_tab.clone(), connection));
        Ok(Box::new(ours))
    }
}

/// Carries frames between the link's end of the pipe and the tab, until either ends.
async fn carry(
    pipe: DuplexStream,
    mut from_tab: mpsc::Receiver<FromTab>,
    to_tab: mpsc::Sender<ToTab>,
    connection: u64,
) {
    let Ok(mut link) = accept_hdr_async(pipe, echo).await else {
        // The link has given up: the tab has an open socket too many.
        let _ = to_tab.send(ToTab::Close { connection }).await;
        return;
    };
    loop {
        tokio::select! {
            message = link.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let text = text.as_str().to_owned();
                    if to_tab.send(ToTab::Send { connection, text }).await.is_err() {
                        return;
                    }
                }
                // The library answers pings; a link sends nothing else.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    let _ = to_tab.send(ToTab::Close { connection }).await;
                    return;
                }
            },
            frame = from_tab.recv() => match frame {
                Some(FromTab::Received { text, .. }) => {
                    if link.send(Message::text(text)).await.is_err() {
                        let _ = to_tab.send(ToTab::Close { connection }).await;
                        return;
                    }
                }
                Some(FromTab::Opened { .. }) => {}
                Some(FromTab::Closed { code, .. }) => return closed(link, code).await,
                None => return,
            },
        }
    }
}

/// Ends the link's connection as the service ended the tab's.
async fn closed(mut link: WebSocketStream<DuplexStream>, code: Option<u16>) {
    // What may not be sent in a close frame says that there was none.
    let code = code.filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999));
    if let Some(code) = code {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        // Dropping the pipe ends it as well.
        let _ = link.send(Message::Close(Some(frame))).await;
    }
}

#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the library's callback")]
fn echo(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(name) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name.clone());
    }
    Ok(response)
}

/// Which tab carries an agent's connection: the newest.
#[derive(Debug, Default)]
pub struct Tabs(Mutex<BTreeMap<String, TabPlace>>);

/// The place of the tab that carries an agent's connection.
#[derive(Debug, Clone)]
struct TabPlace(Arc<CancellationToken>);

/// A tab's place, until it is dropped.
#[derive(Debug)]
pub struct HeldPlace<'t> {
    tabs: &'t Tabs,
    agent: String,
    place: TabPlace,
}

impl Tabs {
    /// Takes the place of an agent's tab; the one that had it is told. `None` if there are too many.
    pub fn take(&self, agent: &AgentId) -> Option<HeldPlace<'_>> {
        let (agent, place) = (agent_key(agent), TabPlace(Arc::default()));
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST && !places.contains_key(&agent) {
            return None;
        }
        if let Some(before) = places.insert(agent.clone(), place.clone()) {
            before.0.cancel();
        }
        Some(HeldPlace { tabs: self, agent, place })
    }
}

impl HeldPlace<'_> {
    /// Resolves when another tab has taken the place.
    pub async fn taken(&self) {
        self.place.0.cancelled().await;
    }
}

impl Drop for HeldPlace<'_> {
    fn drop(&mut self) {
        let mut places = self.tabs.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.get(&self.agent).is_some_and(|known| Arc::ptr_eq(&known.0, &self.place.0)) {
            places.remove(&self.agent);
        }
    }
}

#[cfg(test)]
mod tests;
