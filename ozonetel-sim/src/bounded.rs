//! Writing to a WebSocket whose peer may not read: nothing piles up, and no one waits for ever.
//!
//! Nothing more is read from a peer before what it was sent has gone out, so a peer that asks without
//! reading the answers is slowed down by its own connection, and dropped after a while.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;

/// How long a peer may take to read what it was sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// What may wait to be written on one connection: more than the largest message that is sent.
pub(crate) const MOST_WAITING: usize = 17 << 20;

/// The peer did not read, or the connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotSent;

/// Sends a message and waits until it has gone out.
pub(crate) async fn send(socket: &mut WebSocket, message: Message) -> Result<(), NotSent> {
    match tokio::time::timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(NotSent),
    }
}

/// Waits until what was written on its own, a pong, has gone out.
pub(crate) async fn flush(socket: &mut WebSocket) -> Result<(), NotSent> {
    match tokio::time::timeout(PATIENCE, socket.flush()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(NotSent),
    }
}
