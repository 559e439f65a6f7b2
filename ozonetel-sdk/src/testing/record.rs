//! A tap on a transport that writes each exchange, masked, in the form of the project's fixtures.
//!
//! What is personal or secret is replaced before anything touches the disk: key, token, account, agents, numbers, ids,
//! names, addresses, free text. The same value gets the same stand-in, so a recording still fits together; lengths and
//! types stay, and so do words of the protocol, times, durations and counts. **Read it before you hand it on**: a
//! sentence of the service's is kept with its long numbers masked; a name in it that appears nowhere else, or a number
//! written in groups, is not known to be one.
//!
//! ```
//! # ozonetel_sim::doc(async |sim, _client| {
//! use std::sync::Arc;
//! use ozonetel_sdk::testing::record::Recorder;
//! // A folder of your own; this one is deleted at the end of the example.
//! let kept = tempfile::tempdir()?;
//! let folder = kept.path();
//! // With an account: Reqwest::new(&Network::default())? in place of the simulator's transport.
//! let recorder = Recorder::new(Arc::new(sim.transport()), folder);
//! let client = sim.client_builder().transport(Arc::new(recorder)).build()?;
//! client.disposition().list().await?;
//! let text = std::fs::read_to_string(folder.join("disposition.list.http"))?;
//! assert!(text.contains("### recorded_1\n") && text.contains("Bearer test-token"));
//! # Ok(()) });
//! ```

mod exchange;
mod exchange_file;
mod mask;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;

use crate::core::transport::{Body, Failure, Incoming, Outgoing, Transport};
use crate::types::pseudonyms::Pseudonyms;

pub use exchange::{Exchange, Masked};
pub use exchange_file::{
    ExchangeFile, ExchangeFileError, RecordedAnswer, RecordedExchange, RecordedRequest,
};
pub use mask::Masker;

/// The most of an answer that is kept; a longer one is not written.
const LARGEST: usize = 16 << 20;

/// What the name of a recorded exchange begins with.
const NAME: &str = "recorded_";

/// Writes what passes through it. One folder holds one recording; its stand-ins fit together.
///
/// Each endpoint has a file, `<folder>/<endpoint>.http`, to which its exchanges are added as `recorded_1`, `recorded_2`
/// and so on, in the form of an [`ExchangeFile`]. What a file holds already stays. Two recorders at once need a folder
/// each.
///
/// An answer that does not arrive whole is not written, nor is one of more than 16 MiB. A folder that cannot be
/// written to does not disturb the calls: [`Recorder::written`] and [`Recorder::failed`] count.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    masker: Masker,
    /// The number of the last exchange in each endpoint's file.
    last: BTreeMap<&'static str, u32>,
    written: u64,
    failed: u64,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Recorder {
    /// A tap on a transport that writes into a folder.
    pub fn new(inner: Arc<dyn Transport>, folder: impl Into<PathBuf>) -> Self {
        let state = Mutex::default();
        Self { inner, shared: Arc::new(Shared { folder: folder.into(), state }) }
    }

    /// Takes stand-ins out of this table. A recording of the agent socket with the same table fits to this one.
    #[must_use]
    pub fn pseudonyms(self, pseudonyms: Pseudonyms) -> Self {
        self.shared.state().masker = Masker::new(pseudonyms);
        self
    }

    /// How many exchanges were written.
    pub fn written(&self) -> u64 {
        self.shared.state().written
    }

    /// How many could not be written.
    pub fn failed(&self) -> u64 {
        self.shared.state().failed
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, exchange: &Exchange) {
        let mut state = self.state();
        let masked = exchange.masked(&state.masker);
        match write(&self.folder, masked, &mut state.last) {
            Ok(()) => state.written += 1,
            Err(error) => {
                state.failed += 1;
                tracing::warn!(kind = ?error.kind(), "an exchange could not be recorded");
            }
        }
    }
}

/// Adds an exchange to `<folder>/<endpoint>.http`.
fn write(
    folder: &Path,
    Masked { endpoint, mut exchange }: Masked,
    last: &mut BTreeMap<&'static str, u32>,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{endpoint}.http"));
    let number = match last.get(endpoint) {
        Some(last) => *last,
        None if path.exists() => last_number(&ExchangeFile::read(&path)?),
        None => 0,
    };
    let number = number.saturating_add(1);
    exchange.name = format!("{NAME}{number}");
    let text = exchange.to_bytes();
    let text = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    append(&path, &text)?;
    last.insert(endpoint, number);
    Ok(())
}

/// The highest number among the recorded exchanges of a file.
fn last_number(file: &ExchangeFile) -> u32 {
    let names = file.exchanges.iter().map(|exchange| exchange.name.as_str());
    names.filter_map(|name| name.strip_prefix(NAME)?.parse().ok()).max().unwrap_or_default()
}

/// Adds a part to a file, whole or not at all.
fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    let divider: &[u8] = if length == 0 { b"" } else { b"\n" };
    let written = file.write_all(&[divider, text].concat());
    if written.is_err() {
        file.set_len(length)?;
    }
    written
}

/// The answer's bytes on their way through.
struct Tap {
    body: Body,
    seen: Vec<u8>,
    exchange: Option<Exchange>,
    shared: Arc<Shared>,
}

impl Tap {
    fn take(&mut self, chunk: &Bytes) {
        if self.seen.len().saturating_add(chunk.len()) > LARGEST {
            self.exchange = None;
            self.seen = Vec::new();
        } else if self.exchange.is_some() {
            self.seen.extend_from_slice(chunk);
        }
    }

    fn keep(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.answer = std::mem::take(&mut self.seen).into();
            self.shared.keep(&exchange);
        }
    }
}

/// A reader of rows stops after the last bracket and does not ask for the end.
impl Drop for Tap {
    fn drop(&mut self) {
        if serde_json::from_slice::<serde::de::IgnoredAny>(&self.seen).is_ok() {
            self.keep();
        }
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let mut exchange = Exchange::of(&request.http);
        let Incoming { head, body } = self.inner.send(request).await?;
        exchange.answered(&head);
        let shared = Arc::clone(&self.shared);
        let tap = Tap { body, seen: Vec::new(), exchange: Some(exchange), shared };
        let body = futures_util::stream::unfold(tap, async |mut tap| match tap.body.next().await {
            Some(Ok(chunk)) => {
                tap.take(&chunk);
                Some((Ok(chunk), tap))
            }
            Some(Err(failure)) => {
                tap.exchange = None;
                Some((Err(failure), tap))
            }
            None => {
                tap.keep();
                None
            }
        });
        Ok(Incoming { head, body: Box::pin(body) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::doubles::{Replay, Turn};

    fn recorder(folder: &Path, turns: impl IntoIterator<Item = Turn>) -> Recorder {
        Recorder::new(Arc::new(Replay::new(turns)), folder)
    }

    fn request() -> Outgoing {
        let http = http::Request::get(
            "https://api.example.test/ca_apis/nothing?apiKey=s3cret&userName=shop",
        );
        Outgoing::new(http.body(Bytes::new()).unwrap(), false)
    }

    async fn read(recorder: &Recorder) -> Bytes {
        let mut body = recorder.send(request()).await.unwrap().body;
        let mut whole = Vec::new();
        while let Some(chunk) = body.next().await {
            whole.extend_from_slice(&chunk.unwrap());
        }
        whole.into()
    }

    #[tokio::test]
    async fn the_caller_gets_the_bytes_and_the_folder_the_masked_ones() {
        let folder = tempfile::tempdir().unwrap();
        let answer = r#"{"status":"success","ucid":"16330000000000017"}"#;
        let recorder = recorder(folder.path(), [Turn::json(answer), Turn::json(answer)]);
        assert_eq!(read(&recorder).await, answer);
        assert_eq!(read(&recorder).await, answer);
        assert_eq!((recorder.written(), recorder.failed()), (2, 0));
        let file = ExchangeFile::read(folder.path().join("unknown.http")).unwrap();
        let names: Vec<_> = file.exchanges.iter().map(|exchange| exchange.name.as_str()).collect();
        assert_eq!(names, ["recorded_1", "recorded_2"]);
        for exchange in &file.exchanges {
            let answer = exchange.answer.as_ref().unwrap();
            assert_eq!(answer.body, r#"{"status":"success","ucid":"90000000000000001"}"#);
            let text = String::from_utf8(exchange.to_bytes().unwrap()).unwrap();
            assert!(!text.contains("s3cret") && !text.contains("shop"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_file_grows_under_names_of_its_own_and_a_broken_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unknown.http");
        std::fs::write(&path, "### recorded_7\nGET /\n").unwrap();
        let first = recorder(folder.path(), [Turn::json("{}")]);
        read(&first).await;
        let file = ExchangeFile::read(&path).unwrap();
        assert_eq!(file.exchanges.len(), 2);
        assert_eq!(file.exchanges[1].name, "recorded_8");
        std::fs::write(&path, "### recorded_7\nGET").unwrap();
        let second = recorder(folder.path(), [Turn::json("{}")]);
        read(&second).await;
        assert_eq!((second.written(), second.failed()), (0, 1));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "### recorded_7\nGET");
    }

    #[tokio::test]
    async fn a_body_that_is_no_text_is_kept_to_the_byte() {
        let folder = tempfile::tempdir().unwrap();
        let body = Bytes::from_static(b"\xff\r\n### 9812345678\0 \n\n");
        let turn = Turn::Pieces(vec![body], true);
        let recorder = recorder(folder.path(), [turn]);
        read(&recorder).await;
        let file = ExchangeFile::read(folder.path().join("unknown.http")).unwrap();
        let answer = file.exchanges[0].answer.as_ref().unwrap();
        assert_eq!(answer.body, &b"\xff\r\n### 9000000001\0 \n\n"[..]);
    }

    #[tokio::test]
    async fn a_reader_that_stops_behind_the_last_bracket_leaves_a_whole_answer() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(folder.path(), [Turn::json(r#"{"details":[]}"#)]);
        let mut body = recorder.send(request()).await.unwrap().body;
        assert_eq!(body.next().await.unwrap().unwrap(), r#"{"details":[]}"#);
        drop(body);
        assert_eq!((recorder.written(), recorder.failed()), (1, 0));
    }

    #[tokio::test]
    async fn what_breaks_off_is_not_written_and_a_folder_that_fails_disturbs_no_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let recorder = recorder(&file, [Turn::json("{}")]);
        assert_eq!(read(&recorder).await, "{}");
        assert_eq!((recorder.written(), recorder.failed()), (0, 1));
        // A body that no one reads.
        let recorder = self::recorder(folder.path(), [Turn::json("{}")]);
        drop(recorder.send(request()).await.unwrap());
        assert_eq!((recorder.written(), recorder.failed()), (0, 0));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
