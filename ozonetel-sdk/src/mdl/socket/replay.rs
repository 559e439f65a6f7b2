//! A recorded session in the service's place, in process.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::connector::{ByteStream, SocketConnector};
use crate::mdl::link::output::SkippedFrame;
use crate::mdl::record::transcript::{Transcript, TranscriptLine};
use crate::mdl::token::Token;
use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use http::Uri;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// A frame that was skipped in the recording is made up again with this many bytes at most.
const LARGEST_SKIPPED: usize = 1 << 16;

/// Plays a transcript's service side to a link that connects: sends what the service sent, and before that waits for
/// what the client had sent by then, by type. Replies carry the id that the client uses now. Pings are left out on
/// both sides; a break in the recording is a break again.
///
/// For an example see [`SocketEvents`](super::SocketEvents).
#[derive(Clone)]
pub struct SocketReplay {
    script: Arc<Mutex<Script>>,
    finished: Arc<watch::Sender<bool>>,
}

#[derive(Default)]
struct Script {
    lines: VecDeque<TranscriptLine>,
    /// Recorded ids and those of now.
    utids: HashMap<Box<str>, Box<str>>,
}

impl fmt::Debug for SocketReplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketReplay({} lines left)", self.script().lines.len())
    }
}

impl SocketReplay {
    /// Plays this.
    pub fn new(transcript: &Transcript) -> Self {
        let lines = transcript.lines().iter().cloned().collect();
        let script = Script { lines, ..Script::default() };
        Self { script: Arc::new(Mutex::new(script)), finished: Arc::new(watch::Sender::new(false)) }
    }

    /// Waits until the last line was played.
    pub async fn finished(&self) {
        // The sender is in `self`: it cannot be gone.
        let _ = self.finished.subscribe().wait_for(|finished| *finished).await;
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<TranscriptLine> {
        self.script().lines.pop_front()
    }

    fn put_back(&self, line: TranscriptLine) {
        self.script().lines.push_front(line);
    }

    /// What the service sends now for what it sent then; `None` for a reply to what is not sent now.
    fn of_now(&self, token: Token) -> Option<Token> {
        if !token.is_reply() {
            return Some(token);
        }
        let utid = self.script().utids.get(token.utid()?.as_ref()).cloned()?;
        Some(token.with("utid", &*utid))
    }

    async fn play(self, io: DuplexStream) {
        #[expect(
            clippy::result_large_err,
            clippy::unnecessary_wraps,
            reason = "the library's callback"
        )]
        fn echo(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
            if let Some(name) = request.headers().get(SEC_WEBSOCKET_PROTOCOL) {
                response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name.clone());
            }
            Ok(response)
        }
        let Ok(mut socket) = accept_hdr_async(io, echo).await else { return };
        while let Some(line) = self.next() {
            let sent = match &line {
                TranscriptLine::Received(token) => match self.of_now(token.clone()) {
                    Some(token) => {
                        socket.send(Message::text(token.json().into_owned())).await.is_ok()
                    }
                    None => true,
                },
                TranscriptLine::Skipped(skip, bytes) => {
                    let bytes = (*bytes).min(LARGEST_SKIPPED);
                    let frame = if *skip == SkippedFrame::Binary {
                        Message::binary(vec![0; bytes])
                    } else {
                        Message::text("x".repeat(bytes))
                    };
                    socket.send(frame).await.is_ok()
                }
                TranscriptLine::Sent(token) if is_ping(token) => true,
                TranscriptLine::Sent(token) => self.await_token(&mut socket, token).await,
                TranscriptLine::State(state) if &**state == "waiting" => return,
                TranscriptLine::State(_) => true,
            };
            if !sent {
                self.put_back(line);
                return;
            }
        }
        self.finished.send_replace(true);
        while let Some(Ok(_)) = socket.next().await {}
    }

    /// Waits for a token of the recorded one's type. `false` when the connection ended.
    async fn await_token(&self, socket: &mut WebSocketStream<DuplexStream>, then: &Token) -> bool {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let Ok(now) = Token::parse(&text) else { continue };
            if now.kind() != then.kind() {
                continue;
            }
            if let (Some(then), Some(now)) = (then.utid(), now.utid()) {
                self.script().utids.insert(then.into(), now.into());
            }
            return true;
        }
        false
    }
}

fn is_ping(token: &Token) -> bool {
    token.kind() == Some("ping")
}

#[async_trait]
impl SocketConnector for SocketReplay {
    async fn connect(&self, _: &Uri) -> io::Result<Box<dyn ByteStream>> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.clone().play(theirs));
        Ok(Box::new(ours))
    }
}
