//! What `listen` says: a line per push, and one per delivery.

use std::io::{self, Write as _, stderr};
use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::forward::Delivery;
use super::journal::Entry;
use crate::failure::Failure;
use crate::mask;
use crate::output::{Format, Output, Reader, written};

/// What a line of CSV has.
const COLUMNS: [&str; 5] = ["n", "at", "kind", "path", "text"];

/// Prints what is received. With `json` each line is an object, as with `jsonl`: there is no end at which an array could
/// be closed.
#[derive(Debug)]
pub(super) struct PushPrinter {
    output: Output,
    has_head: bool,
}

impl PushPrinter {
    pub(super) fn new(output: Output) -> Self {
        Self { output, has_head: false }
    }

    /// Something for the operator alone.
    pub(super) fn note(&self, text: &str) {
        let line = if self.output.format.is_json() {
            json!({ "note": text }).to_string()
        } else {
            format!("note: {text}")
        };
        // With standard error gone there is no one to tell.
        let _ = writeln!(stderr(), "{line}");
    }

    pub(super) fn begin(
        &mut self,
        address: SocketAddr,
        journal: &Path,
        is_proved: bool,
    ) -> Result<(), Failure> {
        let url = format!("http://{address}");
        if self.output.format.is_json() {
            let line = json!({ "kind": "listening", "url": url, "journal": journal.display().to_string() });
            Self::line(&line)?;
        } else {
            self.note(&format!("listening on {url}; kept in {}", journal.display()));
        }
        self.note(
            "the service cannot reach this address by itself: put an https address in front that leads here, such as \
             a reverse proxy or an SSH tunnel (ssh -R), and register that one",
        );
        if !is_proved {
            self.note(
                "anyone who can reach it can send: set OZONETEL_PUSH_SECRET and register the address with it",
            );
        }
        Ok(())
    }

    /// A push. `false` when no one reads any more.
    pub(super) fn entry(&mut self, entry: &Entry, lines: &[String]) -> Result<bool, Failure> {
        let text = lines.join("; ");
        match self.output.format {
            Format::Table => Self::text(&format!(
                "{}  {:>6}  {:<10}  {text}",
                entry.at.strftime("%H:%M:%S"),
                entry.n,
                entry.kind.word()
            )),
            Format::Csv => {
                let mut out = io::stdout().lock();
                if !std::mem::replace(&mut self.has_head, true) {
                    let head = self.output.record(&mut out, COLUMNS);
                    if written(head)? == Reader::Gone {
                        return Ok(false);
                    }
                }
                let cells = [
                    entry.n.to_string(),
                    entry.at.to_string(),
                    entry.kind.word().to_owned(),
                    entry.path.clone(),
                    text,
                ];
                let row = self.output.record(&mut out, cells).and_then(|()| out.flush());
                Ok(written(row)? == Reader::There)
            }
            Format::Json | Format::Jsonl => {
                let body = serde_json::from_str(&entry.body).unwrap_or(Value::from(&*entry.body));
                let body = if self.output.show_numbers { body } else { mask::value("", body) };
                Self::line(&json!({
                    "kind": entry.kind.word(),
                    "n": entry.n,
                    "at": entry.at.to_string(),
                    "path": entry.path,
                    "text": text,
                    "body": body,
                }))
            }
        }
    }

    /// How handing on went.
    pub(super) fn delivery(&mut self, n: u64, delivery: &Delivery) -> Result<bool, Failure> {
        match self.output.format {
            Format::Table => {
                Self::text(&format!("{:8}  {n:>6}  {:<10}  {}", "", "", delivery.told()))
            }
            Format::Csv => {
                if !delivery.is_done() {
                    self.note(&format!("number {n}: {}", delivery.told()));
                }
                Ok(true)
            }
            Format::Json | Format::Jsonl => Self::line(&json!({
                "kind": "delivery",
                "n": n,
                "status": delivery.status,
                "attempts": delivery.attempts,
                "error": delivery.error,
            })),
        }
    }

    /// A time in which nothing could be received.
    pub(super) fn deaf(&mut self, from: Timestamp, to: Timestamp) -> Result<bool, Failure> {
        match self.output.format {
            Format::Json | Format::Jsonl => Self::line(
                &json!({ "kind": "gap", "from": from.to_string(), "to": to.to_string() }),
            ),
            _ => {
                let same_day = from.strftime("%F").to_string() == to.strftime("%F").to_string();
                let form = if same_day { "%H:%M:%S" } else { "%F %H:%M:%S" };
                self.note(&format!(
                    "deaf from {} to {} UTC: what was sent then is not here; look for the calls in the CDR",
                    from.strftime(form),
                    to.strftime(form)
                ));
                Ok(true)
            }
        }
    }

    fn line(line: &Value) -> Result<bool, Failure> {
        Self::text(&line.to_string())
    }

    fn text(text: &str) -> Result<bool, Failure> {
        let mut out = io::stdout().lock();
        let done = writeln!(out, "{text}").and_then(|()| out.flush());
        Ok(written(done)? == Reader::There)
    }
}
