//! What was asked, and what came of it. Secrets are masked before they are kept.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use ozonetel_sdk::mdl::Token;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::faults::SOCKET;

/// How many requests are kept in memory.
const KEPT: usize = 10_000;
/// How many bytes of bodies, paths and queries the requests that are kept had, at most.
const BYTES_KEPT: usize = 4 << 20;
/// Of a body or query that is larger than this only its size is kept.
const LARGEST_KEPT: usize = 256 << 10;
/// How much of a body is kept when it is neither JSON nor a form.
const TEXT_KEPT: usize = 2048;

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Number, from 1 on.
    pub n: u64,
    /// When it arrived, RFC 3339.
    pub at: String,
    /// The method; `WS` for a token of an agent's socket.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query's fields.
    pub query: Value,
    /// The body's fields, or its text.
    pub body: Value,
    /// HTTP status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// The fault that hit it.
    pub fault: Option<&'static str>,
    /// What it changed in the world: `dial`, `disposition`, ….
    pub effect: Option<&'static str>,
}

/// The requests of a service: the newest in memory, all of them in a file if there is one.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    kept: VecDeque<(LogEntry, usize)>,
    bytes: usize,
    count: u64,
    /// How many requests had each effect, those that are not kept included.
    effects: BTreeMap<&'static str, usize>,
    file: Option<File>,
}

impl RequestLog {
    /// Appends to a file as well.
    pub(crate) fn to_file(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self { file: Some(file), ..Self::default() })
    }

    /// Notes a request before anything is done about it.
    pub(crate) fn arrived(
        &mut self,
        at: String,
        request: &http::Request<bytes::Bytes>,
    ) -> LogEntry {
        self.count += 1;
        let entry = LogEntry {
            n: self.count,
            at,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: pairs(request.uri().query().unwrap_or_default().as_bytes()),
            body: body(request),
            status: None,
            fault: None,
            effect: None,
        };
        self.write(&entry);
        entry
    }

    /// Notes a token of an agent's socket before anything is done about it.
    pub(crate) fn token_arrived(&mut self, at: String, path: &str, token: &Token) -> LogEntry {
        self.count += 1;
        let entry = LogEntry {
            n: self.count,
            at,
            method: SOCKET.to_owned(),
            path: path.to_owned(),
            query: Value::Object(Map::new()),
            body: match token.json().len() {
                bytes if bytes > LARGEST_KEPT => only_size(bytes),
                _ => mask(Value::Object(token.fields().clone())),
            },
            status: None,
            fault: None,
            effect: None,
        };
        self.write(&entry);
        entry
    }

    /// Notes what came of a request, before it is answered.
    pub(crate) fn done(&mut self, entry: LogEntry, bytes: usize) {
        self.write(&entry);
        if let Some(effect) = entry.effect {
            *self.effects.entry(effect).or_default() += 1;
        }
        let bytes = bytes.min(LARGEST_KEPT);
        self.bytes += bytes;
        self.kept.push_back((entry, bytes));
        while self.kept.len() > KEPT || self.bytes > BYTES_KEPT {
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= oldest;
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.kept.iter().map(|(entry, _)| entry)
    }

    /// How many requests had this effect.
    pub(crate) fn effects(&self, effect: &str) -> usize {
        self.effects.get(effect).copied().unwrap_or_default()
    }

    /// Forgets what is in memory and counts from the beginning; the file keeps everything.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        self.count = 0;
        self.effects.clear();
    }

    fn write(&mut self, entry: &LogEntry) {
        let Some(file) = &mut self.file else { return };
        let written = serde_json::to_vec(entry).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            file.write_all(&line)
        });
        if let Err(error) = written {
            tracing::error!(%error, "the log file cannot be written");
        }
    }
}

/// Names whose values are secrets, folded: letters only, lower case.
const SECRET: [&str; 7] = ["usid", "apikey", "password", "token", "authorization", "pin", "secret"];

fn is_secret(name: &str) -> bool {
    let folded: String =
        name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    SECRET.contains(&folded.as_str())
}

fn mask(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = if is_secret(&name) { "***".into() } else { mask(value) };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(mask).collect()),
        other => other,
    }
}

fn pairs(text: &[u8]) -> Value {
    let fields: Map<String, Value> = form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    mask(Value::Object(fields))
}

/// How many bytes of a request are there to be kept.
pub(crate) fn size(request: &http::Request<bytes::Bytes>) -> usize {
    let uri = request.uri();
    request.body().len() + uri.path().len() + uri.query().map_or(0, str::len)
}

/// What is kept of a text that is not.
fn only_size(bytes: usize) -> Value {
    Value::from(format!("{bytes} bytes"))
}

fn body(request: &http::Request<bytes::Bytes>) -> Value {
    let bytes = request.body();
    if bytes.is_empty() {
        return Value::Null;
    }
    if bytes.len() > LARGEST_KEPT {
        return only_size(bytes.len());
    }
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        return mask(json);
    }
    let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if kind.is_some_and(|k| k.starts_with("application/x-www-form-urlencoded")) {
        return pairs(bytes);
    }
    // Neither JSON nor a form: a secret may be anywhere in it.
    let text = String::from_utf8_lossy(bytes.get(..TEXT_KEPT).unwrap_or(bytes));
    let safe = SECRET.iter().all(|s| !text.to_ascii_lowercase().contains(s));
    if safe { Value::from(text.into_owned()) } else { only_size(bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let request = http::Request::post("/a?api_key=KKK&did=918000000001")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(bytes::Bytes::from_static(b"apiKey=KKK&userName=acme_support&action=login"))
            .unwrap();
        let entry = RequestLog::default().arrived("now".into(), &request);
        let text = serde_json::to_string(&entry).unwrap();
        assert!(!text.contains("KKK"), "{text}");
        assert_eq!(entry.query["did"], "918000000001");
        assert_eq!(entry.body["action"], "login");

        let json = http::Request::post("/a")
            .body(bytes::Bytes::from_static(br#"{"a":[{"Apikey":"KKK","n":1}]}"#))
            .unwrap();
        let entry = RequestLog::default().arrived("now".into(), &json);
        assert_eq!(entry.body, serde_json::json!({"a": [{"Apikey": "***", "n": 1}]}));

        let odd =
            http::Request::post("/a").body(bytes::Bytes::from_static(b"apikey: KKK")).unwrap();
        assert_eq!(RequestLog::default().arrived("now".into(), &odd).body, "11 bytes");
    }

    fn post(bytes: usize) -> http::Request<bytes::Bytes> {
        http::Request::post("/x").body(bytes::Bytes::from(vec![b'['; bytes])).unwrap()
    }

    #[test]
    fn a_request_of_16_mib_keeps_its_size_alone() {
        let mut log = RequestLog::default();
        let request = post(16 << 20);
        let entry = log.arrived("now".into(), &request);
        assert_eq!(entry.body, "16777216 bytes");
        log.done(entry, size(&request));
        assert_eq!(log.bytes, LARGEST_KEPT);
    }

    #[test]
    fn many_large_requests_push_out_the_oldest() {
        let mut log = RequestLog::default();
        for _ in 0..100 {
            let request = post(LARGEST_KEPT);
            let entry = log.arrived("now".into(), &request);
            log.done(entry, size(&request));
            assert!(log.bytes <= BYTES_KEPT);
        }
        let kept: Vec<u64> = log.entries().map(|entry| entry.n).collect();
        assert_eq!(kept, (85..=100).collect::<Vec<u64>>());
        for _ in 0..KEPT + 5 {
            let request = post(0);
            let entry = log.arrived("now".into(), &request);
            log.done(entry, size(&request));
        }
        assert_eq!((log.entries().count(), log.bytes), (KEPT, KEPT * "/x".len()));
    }

    #[test]
    fn an_effect_counts_after_its_request_is_pushed_out() {
        let mut log = RequestLog::default();
        for at in 0..22 {
            let request = post(300 << 10);
            let mut entry = log.arrived("now".into(), &request);
            entry.effect = (at < 2).then_some("dial");
            log.done(entry, size(&request));
        }
        assert!(log.entries().all(|entry| entry.effect.is_none()));
        assert_eq!((log.effects("dial"), log.effects("token")), (2, 0));
        log.clear();
        assert_eq!(log.effects("dial"), 0);
    }

    /// Thirty of them were 387 MiB, and ten thousand paths as long as a server takes them 600.
    #[test]
    fn large_tokens_and_long_paths_count_as_bodies_do() {
        let mut log = RequestLog::default();
        let lists = format!(r#"{{"type":"x","a":[{}[]]}}"#, "[],".repeat(LARGEST_KEPT / 3));
        let token = Token::parse(&lists).unwrap();
        let bytes = token.json().len();
        let entry = log.token_arrived("now".into(), "/mdl", &token);
        assert_eq!(entry.body, format!("{bytes} bytes"));
        log.clear();
        let path = format!("/{}", "a".repeat(60_000));
        let request = http::Request::get(&path).body(bytes::Bytes::new()).unwrap();
        for _ in 0..200 {
            let entry = log.arrived("now".into(), &request);
            log.done(entry, size(&request));
        }
        assert_eq!(log.entries().count(), BYTES_KEPT / path.len());
    }

    #[test]
    fn the_file_has_a_request_before_it_has_its_effect() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let mut log = RequestLog::to_file(&path).unwrap();
        let request = http::Request::get("/x").body(bytes::Bytes::new()).unwrap();
        let mut entry = log.arrived("now".into(), &request);
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines.lines().count(), 1);
        entry.effect = Some("dial");
        log.done(entry, 0);
        let lines = std::fs::read_to_string(&path).unwrap();
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!((lines.lines().count(), &last["effect"]), (2, &"dial".into()));
    }
}
