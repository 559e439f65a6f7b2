//! Writes down a session while it happens, masked.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::mask::Mask;
use super::transcript::TranscriptLine;
use crate::mdl::link::output::SkippedFrame;
use crate::mdl::link::state::LinkState;
use crate::mdl::token::Token;
use crate::types::pseudonyms::Pseudonyms;

/// What a tap sees.
#[derive(Debug)]
#[non_exhaustive]
pub enum TapEvent<'a> {
    /// A token that arrived, before anything is decided about it.
    Received(&'a Token),
    /// A token that is handed to the connection.
    Sent(&'a Token),
    /// A frame that was skipped, and how long it was.
    Skipped(SkippedFrame, usize),
    /// The link's state changed.
    State(LinkState),
}

/// Watches a link. Must return quickly.
pub trait SocketTap: Send + Sync + fmt::Debug {
    /// Called for everything that passes.
    fn on(&self, at: SystemTime, seen: &TapEvent<'_>);
}

/// A tap that writes a transcript, masked as it writes, a line at a time.
///
/// ```
/// use std::time::SystemTime;
/// use ozonetel_sdk::mdl::{SocketRecorder, TapEvent, SocketTap, Token, Transcript};
/// let recorder = SocketRecorder::new(Vec::new());
/// let token = Token::parse(r#"{"type":"busyAgent","callerId":"9000000417"}"#)?;
/// recorder.on(SystemTime::UNIX_EPOCH, &TapEvent::Received(&token));
/// let text = String::from_utf8(recorder.into_inner()).unwrap();
/// assert_eq!(
///     text,
///     "{\"at\":\"1970-01-01T00:00:00Z\",\"dir\":\"in\",\"token\":{\"callerId\":\"9000000001\",\"type\":\"busyAgent\"}}\n"
/// );
/// assert_eq!(Transcript::parse(&text)?.lines().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SocketRecorder<W>(Mutex<(W, Mask, bool)>);

impl<W> fmt::Debug for SocketRecorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketRecorder")
    }
}

impl<W: Write + Send> SocketRecorder<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self(Mutex::new((out, Mask::default(), false)))
    }

    /// Takes stand-ins out of this table. A recording of requests with the same table fits to this one.
    #[must_use]
    pub fn pseudonyms(self, pseudonyms: Pseudonyms) -> Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Mask::new(pseudonyms);
        self
    }

    /// Whether every line could be written.
    pub fn is_complete(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).2
    }

    /// Returns the writer.
    pub fn into_inner(self) -> W {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<W: Write + Send> SocketTap for SocketRecorder<W> {
    fn on(&self, at: SystemTime, seen: &TapEvent<'_>) {
        let (out, mask, failed) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match seen {
            TapEvent::Received(token) => TranscriptLine::Received(mask.token(token)),
            TapEvent::Sent(token) => TranscriptLine::Sent(mask.token(token)),
            TapEvent::Skipped(skip, bytes) => TranscriptLine::Skipped(*skip, *bytes),
            TapEvent::State(state) => TranscriptLine::State(state.as_str().into()),
        };
        *failed |= writeln!(out, "{}", line.json(at)).and_then(|()| out.flush()).is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_masks_and_notices_when_it_cannot_write() {
        #[derive(Debug)]
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let recorder = SocketRecorder::new(Full);
        assert!(recorder.is_complete());
        recorder.on(SystemTime::UNIX_EPOCH, &TapEvent::State(LinkState::Up));
        assert!(!recorder.is_complete());
    }
}
