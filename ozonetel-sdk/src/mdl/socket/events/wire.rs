//! Reading from the connection and writing to it.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::SocketEvents;
use crate::mdl::link::input::LinkInput;
use crate::mdl::link::output::SkippedFrame;
use crate::mdl::link::state::DisconnectReason;
use crate::mdl::record::recorder::TapEvent;
use crate::mdl::socket::open::Socket;
use crate::mdl::token::Token;
use futures_core::future::BoxFuture;
use futures_util::{Sink, StreamExt};
use tokio_tungstenite::tungstenite::{self, Message};

/// The connection.
pub(super) enum Wire {
    None,
    Opening(BoxFuture<'static, Result<Box<Socket>, DisconnectReason>>),
    Open(Box<Socket>),
}

/// What waits to be written.
pub(super) enum OutgoingFrame {
    Token(Token),
    Ping,
    Close,
}

impl SocketEvents {
    /// Whether anything happened on the connection.
    pub(super) fn poll_wire(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.wire {
            Wire::None => false,
            Wire::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => false,
                Poll::Ready(Ok(socket)) => {
                    self.wire = Wire::Open(socket);
                    self.step(LinkInput::Opened);
                    true
                }
                Poll::Ready(Err(cause)) => {
                    self.wire = Wire::None;
                    self.step(LinkInput::Failed(cause));
                    true
                }
            },
            Wire::Open(_) => {
                // Reads first: what the other side said before it went away still counts.
                let read = self.poll_read(cx);
                self.poll_write(cx) | read
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Wire::Open(socket) = &mut self.wire {
            if self.outbox.is_empty() && !self.unflushed {
                return progress;
            }
            let mut socket = Pin::new(socket.as_mut());
            // All that was written before is flushed first: the library's buffer then has room for any frame within
            // the limit, however many pongs were in it.
            let ready = match socket.as_mut().poll_ready(cx) {
                Poll::Ready(Ok(())) => socket.as_mut().poll_flush(cx),
                other => other,
            };
            let Poll::Ready(ready) = ready else {
                // Slow is not blocked: whatever the network took in the meantime restarts the time.
                let written = self.plan.written.bytes();
                if self.blocked.is_none_or(|(_, before)| before != written) {
                    self.blocked = Some((self.start.elapsed(), written));
                }
                return progress;
            };
            self.blocked = None;
            self.unflushed = false;
            let written = ready.and_then(|()| match self.outbox.pop_front() {
                Some(next) => {
                    self.unflushed = true;
                    if let OutgoingFrame::Token(token) = &next {
                        let settings = &self.plan.settings;
                        if let Some(tap) = &settings.tap {
                            tap.on(settings.clock.now(), &TapEvent::Sent(token));
                        }
                    }
                    socket.start_send(next.into_message())
                }
                None => Ok(()),
            });
            progress = true;
            if let Err(error) = written {
                self.step(lost(&error));
            }
        }
        progress
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let Wire::Open(socket) = &mut self.wire else { return false };
        match socket.poll_next_unpin(cx) {
            Poll::Pending => return false,
            Poll::Ready(None) => self.step(LinkInput::Closed(None)),
            Poll::Ready(Some(Err(error))) => self.step(lost(&error)),
            Poll::Ready(Some(Ok(message))) => match message {
                Message::Text(text) => {
                    if self.plan.settings.tap.is_some() {
                        match Token::parse(&text) {
                            Ok(token) => self.tap(&TapEvent::Received(&token)),
                            Err(_) => {
                                self.tap(&TapEvent::Skipped(SkippedFrame::NotAToken, text.len()));
                            }
                        }
                    }
                    self.step(LinkInput::Text(&text));
                }
                Message::Binary(bytes) => {
                    self.tap(&TapEvent::Skipped(SkippedFrame::Binary, bytes.len()));
                    self.step(LinkInput::Binary);
                }
                Message::Close(frame) => {
                    // The answer to a close frame goes out with the next flush; this is the last chance.
                    let _ = Pin::new(socket.as_mut()).poll_flush(cx);
                    self.step(LinkInput::Closed(frame.map(|frame| frame.code.into())));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                    // The library answers a ping with the next read.
                    self.step(LinkInput::Heard);
                }
            },
        }
        true
    }
}

impl OutgoingFrame {
    fn into_message(self) -> Message {
        match self {
            Self::Token(token) => Message::text(token.json().into_owned()),
            Self::Ping => Message::Ping(tungstenite::Bytes::new()),
            Self::Close => Message::Close(Some(tungstenite::protocol::CloseFrame {
                code: tungstenite::protocol::frame::coding::CloseCode::Normal,
                reason: tungstenite::Utf8Bytes::default(),
            })),
        }
    }
}

/// What an error of the WebSocket library means for the link.
fn lost(error: &tungstenite::Error) -> LinkInput<'static> {
    use tungstenite::error::{Error as E, ProtocolError};
    match error {
        E::ConnectionClosed
        | E::AlreadyClosed
        | E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LinkInput::Closed(None),
        E::Capacity(_) => LinkInput::Failed(DisconnectReason::FrameTooLarge),
        E::Protocol(_) | E::Utf8(_) => LinkInput::Failed(DisconnectReason::Protocol),
        _ => LinkInput::Failed(DisconnectReason::Unreachable),
    }
}
