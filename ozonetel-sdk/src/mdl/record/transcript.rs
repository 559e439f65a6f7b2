//! A session in writing: one masked line of JSON per token, written while it happens.

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::mdl::link::output::SkippedFrame;
use crate::mdl::token::Token;
use crate::types::invalid::Invalid;

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TranscriptLine {
    /// The service sent this.
    Received(Token),
    /// This side sent this.
    Sent(Token),
    /// The service sent a frame that is not a token, and how long it was.
    Skipped(SkippedFrame, usize),
    /// The link's state, by its name.
    State(Box<str>),
}

impl TranscriptLine {
    /// The line as JSON.
    pub fn json(&self, at: SystemTime) -> String {
        let mut line = Map::new();
        let at = jiff::Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default();
        line.insert("at".into(), at.into());
        let (dir, name, value) = match self {
            Self::Received(token) => ("in", "token", Value::Object(token.fields().clone())),
            Self::Sent(token) => ("out", "token", Value::Object(token.fields().clone())),
            Self::Skipped(SkippedFrame::Binary, bytes) => ("in", "binary", Value::from(*bytes)),
            Self::Skipped(SkippedFrame::NotAToken, bytes) => ("in", "text", Value::from(*bytes)),
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
                .or_else(|| Some(Self::Skipped(SkippedFrame::Binary, length("binary")?)))
                .or_else(|| Some(Self::Skipped(SkippedFrame::NotAToken, length("text")?))),
            "out" => token().map(Self::Sent),
            "link" => Some(Self::State(line.get("state")?.as_str()?.into())),
            _ => None,
        }
    }
}

/// A recorded session.
///
/// Of a name that came twice in a token it has the last value only. A reply that said nothing certain for that reason
/// alone says here what its last values say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    times: Vec<SystemTime>,
    lines: Vec<TranscriptLine>,
}

impl Transcript {
    /// Reads lines of JSON; blank lines are allowed.
    ///
    /// # Errors
    /// A line that does not belong in a transcript.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = || Invalid::new("transcript", "has a line that does not belong in one");
        let mut transcript = Self::default();
        for text in text.lines().filter(|line| !line.trim().is_empty()) {
            let line: Map<String, Value> = serde_json::from_str(text).map_err(|_| bad())?;
            let at = line.get("at").and_then(Value::as_str).unwrap_or_default();
            // A line without a time takes the one before.
            let at = at.parse::<jiff::Timestamp>().map(SystemTime::from).ok();
            let at = at.or(transcript.times.last().copied()).unwrap_or(SystemTime::UNIX_EPOCH);
            transcript.times.push(at);
            transcript.lines.push(TranscriptLine::read(&line).ok_or_else(bad)?);
        }
        Ok(transcript)
    }

    /// Its lines.
    pub fn lines(&self) -> &[TranscriptLine] {
        &self.lines
    }

    /// When each line was written.
    pub fn times(&self) -> &[SystemTime] {
        &self.times
    }
}

impl FromIterator<TranscriptLine> for Transcript {
    fn from_iter<I: IntoIterator<Item = TranscriptLine>>(lines: I) -> Self {
        let lines: Vec<TranscriptLine> = lines.into_iter().collect();
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
            TranscriptLine::State("up".into()),
            TranscriptLine::Received(token(r#"{"type":"welcome"}"#)),
            TranscriptLine::Sent(token(r#"{"type":"ping","utid":1}"#)),
            TranscriptLine::Skipped(SkippedFrame::Binary, 3),
            TranscriptLine::Skipped(SkippedFrame::NotAToken, 4),
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
}
