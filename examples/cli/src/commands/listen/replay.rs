//! `listen --replay`: what the journal has, handed on again.

use std::fs::File;
use std::path::Path;
use std::str::FromStr;
use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;
use ozonetel_sdk::push::verify::Signer;
use ozonetel_sdk::types::{LocalDateTime, Zone};
use serde_json::Value;
use serde_json::value::RawValue;

use super::forward::{Delivery, Forwarder, Handed};
use super::journal::{self, Entry, EntryKind};
use super::print::PushPrinter;
use super::server::timestamp;
use crate::failure::{Completion, Failure};
use crate::output::Output;
use crate::stop::Stop;

/// Where a replay begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// At this number.
    Number(u64),
    /// At this time of the account's zone.
    Time(LocalDateTime),
    /// At this time of today, `HH:MM` or `HH:MM:SS`.
    Today(ozonetel_sdk::types::TimeOfDay),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        let with_seconds = if text.len() == 5 { format!("{text}:00") } else { text.to_owned() };
        if let Ok(time) = with_seconds.parse() {
            return Ok(Self::Today(time));
        }
        let expected = "expected a number, HH:MM, or YYYY-MM-DD HH:MM:SS in the account's zone";
        text.parse().map(Self::Time).map_err(|_| expected.to_owned())
    }
}

/// Which entries are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    Number(u64),
    Time(Timestamp),
}

impl Beginning {
    fn has(self, entry: &Entry) -> bool {
        match self {
            Self::Number(number) => entry.n >= number,
            Self::Time(time) => entry.at >= time,
        }
    }
}

impl From {
    pub(super) fn at(self, zone: &Zone, now: SystemTime) -> Beginning {
        let of = |time: LocalDateTime| Beginning::Time(timestamp(time.instant(zone)));
        match self {
            Self::Number(number) => Beginning::Number(number),
            Self::Time(time) => of(time),
            Self::Today(time) => of(zone.day(now).at(time)),
        }
    }
}

/// To whom a replay hands on.
pub(super) struct Replay {
    pub(super) from: Beginning,
    pub(super) forwarder: Forwarder,
    pub(super) signer: Option<Signer>,
    pub(super) stop: Stop,
}

/// Hands on what the journal has from a point on. Without the account's key, which the journal does not hold.
pub(super) async fn run(
    output: Output,
    path: &Path,
    replay: &Replay,
) -> Result<Completion, Failure> {
    let Replay { from, forwarder, signer, stop } = replay;
    let cannot = |error: std::io::Error| {
        Failure::usage(format!("the journal {} cannot be read: {error}", path.display()))
    };
    let file = File::open(path).map_err(cannot)?;
    let content = journal::read(file, |entry| entry.kind.is_push() && from.has(entry));
    let content = content.map_err(cannot)?;
    let mut printer = PushPrinter::new(output);
    for fault in &content.faults {
        printer.note(&fault.told());
    }
    if content.entries.iter().any(|entry| entry.kind == EntryKind::Callback) {
        printer.note(
            "callbacks are handed on without the account's key: the journal does not hold it",
        );
    }
    let mut failed = 0;
    for entry in &content.entries {
        let handed = rebuilt(entry, signer.as_ref());
        if !printer.entry(entry, &["again".to_owned()])? {
            return Ok(Completion::Clean);
        }
        let delivery = tokio::select! {
            biased;
            signal = stop.clone() => {
                let rest = format!("the same command with --replay {}", entry.n);
                return Err(Failure::stopped(signal).resume(&rest));
            }
            delivery = all_handed_on(forwarder, &handed) => delivery,
        };
        failed += u64::from(!delivery.is_done());
        printer.delivery(entry.n, &delivery)?;
    }
    if failed == 0 {
        return Ok(Completion::Clean);
    }
    Err(Failure::unreachable(format!("{failed} of {} were not taken", content.entries.len())))
}

/// Hands on the parts of a push: what became of the first that was not taken, or of the last.
async fn all_handed_on(forwarder: &Forwarder, parts: &[Handed]) -> Delivery {
    let mut last = Delivery::failed("there is nothing in it".to_owned());
    for part in parts {
        last = forwarder.hand_on(part).await;
        if !last.is_done() {
            break;
        }
    }
    last
}

/// A push in the form in which its kind is sent. The journal has a list of what came, which is handed on one by one.
fn rebuilt(entry: &Entry, signer: Option<&Signer>) -> Vec<Handed> {
    let whole = || vec![part(entry.kind, &entry.body, signer)];
    if entry.kind == EntryKind::Unparsed {
        return whole();
    }
    match serde_json::from_str::<Vec<&RawValue>>(&entry.body) {
        Ok(items) if !items.is_empty() => {
            items.into_iter().map(|item| part(entry.kind, item.get(), signer)).collect()
        }
        _ => whole(),
    }
}

fn part(kind: EntryKind, body: &str, signer: Option<&Signer>) -> Handed {
    let secret = signer.map(Signer::query).filter(|query| !query.is_empty());
    let post = |content_type: &str, body: String| Handed {
        method: http::Method::POST,
        query: secret.clone(),
        content_type: Some(content_type.to_owned()),
        body: Bytes::from(body),
    };
    match kind {
        EntryKind::Callback => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("data", body);
            post("application/x-www-form-urlencoded", form.finish())
        }
        EntryKind::ScreenPop | EntryKind::Kookoo => {
            let mut query =
                url::form_urlencoded::Serializer::new(secret.clone().unwrap_or_default());
            if let Ok(Value::Object(fields)) = serde_json::from_str(body) {
                for (name, value) in &fields {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    query.append_pair(name, &text);
                }
            }
            Handed {
                method: http::Method::GET,
                query: Some(query.finish()),
                content_type: None,
                body: Bytes::new(),
            }
        }
        EntryKind::Unparsed => post("application/x-www-form-urlencoded", body.to_owned()),
        _ => post("application/json", body.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: EntryKind, body: &str) -> Entry {
        let at = Timestamp::UNIX_EPOCH;
        Entry { n: 1, at, kind, path: "/".to_owned(), body: body.to_owned() }
    }

    #[test]
    fn a_beginning_is_a_number_or_a_time() {
        let now = SystemTime::UNIX_EPOCH;
        let zone = Zone::india();
        let at = |text: &str| text.parse::<From>().unwrap().at(&zone, now);
        assert_eq!(at("17"), Beginning::Number(17));
        let time = |text: &str| Beginning::Time(text.parse().unwrap());
        assert_eq!(at("2026-01-02 12:00:00"), time("2026-01-02T06:30:00Z"));
        assert_eq!(at("10:02"), time("1970-01-01T04:32:00Z"));
        for bad in ["", "x", "10", "25:00", "2026-01-02"] {
            assert!(bad == "10" || bad.parse::<From>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_kind_is_sent_in_its_own_form() {
        let only = |kind, body: &str| {
            let mut parts = rebuilt(&entry(kind, body), None);
            assert_eq!(parts.len(), 1, "{body}");
            parts.remove(0)
        };
        for (open, close) in [("", ""), ("[", "]")] {
            let body = |object: &str| format!("{open}{object}{close}");
            let callback = only(EntryKind::Callback, &body(r#"{"a":"b c"}"#));
            assert_eq!(callback.body, "data=%7B%22a%22%3A%22b+c%22%7D");
            let pop = only(EntryKind::ScreenPop, &body(r#"{"n":2,"ucid":"1"}"#));
            assert_eq!((pop.method, pop.query.as_deref()), (http::Method::GET, Some("n=2&ucid=1")));
            let event = only(EntryKind::Event, &body("{}"));
            assert_eq!(event.content_type.as_deref(), Some("application/json"));
            assert_eq!(event.body, "{}");
        }
        let both = rebuilt(&entry(EntryKind::Event, r#"[{"a":1},{"b":2}]"#), None);
        let bodies: Vec<&[u8]> = both.iter().map(|part| part.body.as_ref()).collect();
        assert_eq!(bodies, [br#"{"a":1}"#, br#"{"b":2}"#]);
        assert_eq!(only(EntryKind::Unparsed, "[1,").body, "[1,");
    }
}
