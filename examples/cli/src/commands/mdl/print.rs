//! Events as they happen, one a line.

use std::io::{self, Write};
use std::time::SystemTime;

use jiff::Timestamp;
use ozonetel_sdk::mdl::{Mask, SocketEvent};
use serde_json::{Map, Value};

use super::sentence;
use crate::failure::Failure;
use crate::mask::printable;
use crate::output::{Format, Output};

/// What a line of the short formats shows.
const COLUMNS: [&str; 5] = ["at", "event", "state", "type", "utid"];

/// Writes events. With `json` it is one array, closed whatever happens; everything is masked.
pub(super) struct Printer<W: Write> {
    output: Output,
    to: W,
    mask: Mask,
    lines: u64,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(output: Output, to: W) -> Self {
        Self { output, to, mask: Mask::default(), lines: 0 }
    }

    /// One event. `false` when the reader of the output has gone.
    pub(super) fn event(&mut self, at: SystemTime, event: &SocketEvent) -> Result<bool, Failure> {
        let mut line = event.masked(&self.mask).fields().clone();
        let at = Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default();
        line.insert("at".to_owned(), at.into());
        let written = match self.output.format {
            Format::Table => self.sentence(at_of(&line), event, &line),
            _ => self.line(&line),
        };
        let written = written.and_then(|()| self.to.flush());
        self.lines += 1;
        open(written)
    }

    fn line(&mut self, line: &Map<String, Value>) -> io::Result<()> {
        let text = |name: &str| match line.get(name) {
            Some(Value::String(text)) => printable(text),
            _ => String::new(),
        };
        match self.output.format {
            Format::Jsonl => serde_json::to_writer(&mut self.to, line)?,
            Format::Json => {
                self.to.write_all(if self.lines == 0 { b"[" } else { b"," })?;
                serde_json::to_writer(&mut self.to, line)?;
            }
            Format::Csv => {
                if self.lines == 0 {
                    writeln!(self.to, "{}", COLUMNS.join(","))?;
                }
                return self.output.record(&mut self.to, COLUMNS.map(text));
            }
            Format::Table => {}
        }
        writeln!(self.to)
    }

    /// What a person reads: when, to the second, and what happened.
    fn sentence(
        &mut self,
        at: &str,
        event: &SocketEvent,
        masked: &Map<String, Value>,
    ) -> io::Result<()> {
        let text = sentence::of(event, masked, self.output.show_numbers);
        let (time, _) = at.split_once(['.', 'Z']).unwrap_or((at, ""));
        writeln!(self.to, "{time}Z  {}", printable(&text))
    }

    /// The end of the array.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        if self.output.format == Format::Json {
            let end = if self.lines == 0 { "[]" } else { "]" };
            open(writeln!(self.to, "{end}").and_then(|()| self.to.flush()))?;
        }
        Ok(())
    }
}

fn at_of(line: &Map<String, Value>) -> &str {
    line.get("at").and_then(Value::as_str).unwrap_or_default()
}

/// A reader that has had enough is not a failure.
fn open(written: io::Result<()>) -> Result<bool, Failure> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::output(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ozonetel_sdk::mdl::{LinkState, Token};

    use super::*;

    fn output(format: Format) -> Output {
        Output { format, show_numbers: false, raw_csv: false }
    }

    fn printed(format: Format) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(output(format), &mut out);
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        let push = Token::parse(r#"{"type":"busyAgent","callerId":"9000000001"}"#).unwrap();
        for event in [SocketEvent::Link(LinkState::Up), SocketEvent::Push(push)] {
            assert!(printer.event(at, &event).unwrap());
        }
        printer.close().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_an_event_in_every_format() {
        let lines = printed(Format::Jsonl);
        let lines: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines,
            [
                serde_json::json!({"at": "1970-01-01T00:00:01.5Z", "event": "link", "state": "up"}),
                serde_json::json!({"at": "1970-01-01T00:00:01.5Z", "event": "push", "type": "busyAgent",
                    "token": {"type": "busyAgent", "callerId": "9000000001"}}),
            ]
        );
        let array: Vec<Value> = serde_json::from_str(&printed(Format::Json)).unwrap();
        assert_eq!(array, lines);
        assert_eq!(
            printed(Format::Csv),
            "at,event,state,type,utid\n1970-01-01T00:00:01.5Z,link,up,,\n1970-01-01T00:00:01.5Z,push,,busyAgent,\n"
        );
        assert_eq!(
            printed(Format::Table),
            "1970-01-01T00:00:01Z  the socket is up\n1970-01-01T00:00:01Z  a call was answered: callerId …01\n"
        );
    }

    #[test]
    fn nothing_is_an_empty_array() {
        let mut out = Vec::new();
        Printer::new(output(Format::Json), &mut out).close().unwrap();
        assert_eq!(out, b"[]\n");
    }
}
