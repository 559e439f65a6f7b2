//! A session on paper: one masked line of JSON per token, written while it happens.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::link::{Skip, State};
use super::mask::Mask;
use super::token::Token;
use crate::types::invalid::Invalid;

/// What a tap sees.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// A token that arrived, before anything is decided about it.
    Received(&'a Token),
    /// A token that is handed to the connection.
    Sent(&'a Token),
    /// A frame that was skipped, and how long it was.
    Skipped(Skip, usize),
    /// The link's state changed.
    State(State),
}

/// Watches a link. Must return quickly.
pub trait Tap: Send + Sync + fmt::Debug {
    /// Something passed.
    fn on(&self, at: SystemTime, seen: &Seen<'_>);
}

/// A tap that writes a transcript, masked as it writes, a line at a time.
///
/// ```
/// use std::time::SystemTime;
/// use ozonetel_sdk::mdl::{Recorder, Seen, Tap, Token, Transcript};
/// let recorder = Recorder::new(Vec::new());
/// let token = Token::parse(r#"{"type":"busyAgent","callerId":"9000000001"}"#)?;
/// recorder.on(SystemTime::UNIX_EPOCH, &Seen::Received(&token));
/// let text = String::from_utf8(recorder.into_inner()).unwrap();
/// assert_eq!(
///     text,
///     "{\"at\":\"1970-01-01T00:00:00Z\",\"dir\":\"in\",\"token\":{\"callerId\":\"0000000001\",\"type\":\"busyAgent\"}}\n"
/// );
/// assert_eq!(Transcript::parse(&text)?.lines().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<W>(Mutex<(W, Mask, bool)>);

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl<W: Write + Send> Recorder<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self(Mutex::new((out, Mask::default(), false)))
    }

    /// Whether every line could be written.
    pub fn is_complete(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).2
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<W: Write + Send> Tap for Recorder<W> {
    fn on(&self, at: SystemTime, seen: &Seen<'_>) {
        let (out, mask, failed) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match seen {
            Seen::Received(token) => Line::Received(mask.token(token)),
            Seen::Sent(token) => Line::Sent(mask.token(token)),
            Seen::Skipped(skip, bytes) => Line::Skipped(*skip, *bytes),
            Seen::State(state) => Line::State(state.as_str().into()),
        };
        *failed |= writeln!(out, "{}", line.json(at)).and_then(|()| out.flush()).is_err();
    }
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Line {
    /// The service sent this.
    Received(Token),
    /// This side sent this.
    Sent(Token),
    /// The service sent a frame that is no token, and how long it was.
    Skipped(Skip, usize),
    /// The link's state, by its name.
    State(Box<str>),
}

impl Line {
    /// The line as JSON.
    pub fn json(&self, at: SystemTime) -> String {
        let mut line = Map::new();
        let at = jiff::Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default();
        line.insert("at".into(), at.into());
        let (dir, name, value) = match self {
            Self::Received(token) => ("in", "token", Value::Object(token.fields().clone())),
            Self::Sent(token) => ("out", "token", Value::Object(token.fields().clone())),
            Self::Skipped(Skip::Binary, bytes) => ("in", "binary", Value::from(*bytes)),
            Self::Skipped(Skip::NotAToken, bytes) => ("in", "text", Value::from(*bytes)),
            Self::State(state) => ("link", "state", Value::from(&**state)),
        };
        line.insert("dir".into(), dir.into());
        line.insert(name.into(), value);
        Value::Object(line).to_string()
    }

    fn read(line: &Map<String, Value>) -> Option<Self> {
        let token = || Some(Token::from(line.get("token")?.as_object()?.clone()));
        let length = |name: &str| usize::try_from(line.get(name)?.as_u64()?).ok();
        match line.get("dir")?.as_str()? {
            "in" => token()
                .map(Self::Received)
                .or_else(|| Some(Self::Skipped(Skip::Binary, length("binary")?)))
                .or_else(|| Some(Self::Skipped(Skip::NotAToken, length("text")?))),
            "out" => token().map(Self::Sent),
            "link" => Some(Self::State(line.get("state")?.as_str()?.into())),
            _ => None,
        }
    }
}

/// A recorded session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    times: Vec<SystemTime>,
    lines: Vec<Line>,
}

impl Transcript {
    /// Reads lines of JSON; blank lines are allowed.
    ///
    /// # Errors
    /// A line that is none of a transcript.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = Invalid::new("transcript", "has a line that is none of a transcript");
        let mut transcript = Self::default();
        for text in text.lines().filter(|line| !line.trim().is_empty()) {
            let line: Map<String, Value> = serde_json::from_str(text).map_err(|_| bad)?;
            let at = line.get("at").and_then(Value::as_str).unwrap_or_default();
            // A line without a time takes the one before.
            let at = at.parse::<jiff::Timestamp>().map(SystemTime::from).ok();
            let at = at.or(transcript.times.last().copied()).unwrap_or(SystemTime::UNIX_EPOCH);
            transcript.times.push(at);
            transcript.lines.push(Line::read(&line).ok_or(bad)?);
        }
        Ok(transcript)
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// When each line was written.
    pub fn times(&self) -> &[SystemTime] {
        &self.times
    }
}

impl FromIterator<Line> for Transcript {
    fn from_iter<I: IntoIterator<Item = Line>>(lines: I) -> Self {
        let lines: Vec<Line> = lines.into_iter().collect();
        Self { times: vec![SystemTime::UNIX_EPOCH; lines.len()], lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let token = |text: &str| Token::parse(text).unwrap();
        let lines = vec![
            Line::State("up".into()),
            Line::Received(token(r#"{"type":"welcome"}"#)),
            Line::Sent(token(r#"{"type":"ping","utid":1}"#)),
            Line::Skipped(Skip::Binary, 3),
            Line::Skipped(Skip::NotAToken, 4),
        ];
        let text: Vec<String> = lines.iter().map(|l| l.json(SystemTime::UNIX_EPOCH)).collect();
        assert_eq!(Transcript::parse(&text.join("\n\n")).unwrap().lines(), lines);
    }

    #[test]
    fn a_line_that_does_not_read_is_refused() {
        for text in [
            "x",
            "{}",
            r#"{"dir":"in"}"#,
            r#"{"dir":"in","text":-1}"#,
            r#"{"dir":"out","token":[]}"#,
        ] {
            assert!(Transcript::parse(text).is_err(), "{text}");
        }
        assert_eq!(Transcript::parse("\n").unwrap().lines(), []);
    }

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
        let recorder = Recorder::new(Full);
        assert!(recorder.is_complete());
        recorder.on(SystemTime::UNIX_EPOCH, &Seen::State(State::Up));
        assert!(!recorder.is_complete());
    }
}
