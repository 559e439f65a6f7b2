//! A tap on a transport that writes each exchange, masked, in the form of the project's fixtures.
//!
//! What is personal or secret is replaced before anything touches the disk: key, token, account, agents, numbers, ids,
//! names, addresses, free text. The same value gets the same stand-in, so a recording still fits together; lengths and
//! types stay, and so do words of the protocol, times, durations and counts. **Read it before you hand it on**: a
//! sentence of the service's is kept with its long numbers masked; a name in it that stands nowhere else, or a number
//! written in groups, is not known to be one.
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # let sim = ozonetel_sim::Sim::start();
//! use std::sync::Arc;
//! use ozonetel_sdk::testing::record::Recorder;
//! // With an account: Reqwest::new(&Network::default())? in place of the simulator's transport.
//! let recorder = Recorder::new(Arc::new(sim.transport()), folder);
//! let client = sim.client_builder().transport(Arc::new(recorder)).build()?;
//! client.disposition().list().await?;
//! let request = std::fs::read_to_string(folder.join("disposition.list/recorded_1/request.json"))?;
//! assert!(request.contains("Bearer test-token"));
//! # Ok(()) }
//! # tokio::runtime::Runtime::new()?.block_on(run())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exchange;
mod exchange_file;
mod mask;
mod tree;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;

use crate::core::transport::{Body, Failure, Incoming, Outgoing, Transport};

pub use exchange::{Exchange, Masked};
pub use exchange_file::{
    ExchangeFile, ExchangeFileError, RecordedAnswer, RecordedExchange, RecordedRequest,
};
pub use mask::Masker;

/// The most of an answer that is kept; a longer one is not written.
const LARGEST: usize = 16 << 20;

/// Writes what passes through it. One folder holds one recording; its stand-ins fit together.
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
        let masked = exchange.masked(&mut state.masker);
        match write(&self.folder, &masked) {
            Ok(()) => state.written += 1,
            Err(error) => {
                state.failed += 1;
                tracing::warn!(kind = ?error.kind(), "an exchange could not be recorded");
            }
        }
    }
}

/// `<folder>/<endpoint>/recorded_<n>/`, under the first free number.
fn write(folder: &Path, masked: &Masked) -> io::Result<()> {
    let endpoint = folder.join(masked.endpoint);
    std::fs::create_dir_all(&endpoint)?;
    let mut number = 1_u32;
    let case = loop {
        let case = endpoint.join(format!("recorded_{number}"));
        match std::fs::create_dir(&case) {
            Ok(()) => break case,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100_000 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    };
    std::fs::write(case.join("about.toml"), &masked.about)?;
    std::fs::write(case.join("request.json"), &masked.request)?;
    std::fs::write(case.join(masked.answer_file), &masked.answer)
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

/// A reader of rows stops behind the last bracket and does not ask for the end.
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
        for case in ["recorded_1", "recorded_2"] {
            let case = folder.path().join("unknown").join(case);
            let answer = std::fs::read_to_string(case.join("response.json")).unwrap();
            assert_eq!(answer, r#"{"status":"success","ucid":"90000000000000001"}"#);
            let request = std::fs::read_to_string(case.join("request.json")).unwrap();
            assert!(!request.contains("s3cret") && !request.contains("shop"), "{request}");
        }
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
    async fn what_breaks_off_is_not_written_and_a_folder_that_fails_disturbs_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let recorder = recorder(&file, [Turn::json("{}")]);
        assert_eq!(read(&recorder).await, "{}");
        assert_eq!((recorder.written(), recorder.failed()), (0, 1));
        // A body that nobody reads.
        let recorder = self::recorder(folder.path(), [Turn::json("{}")]);
        drop(recorder.send(request()).await.unwrap());
        assert_eq!((recorder.written(), recorder.failed()), (0, 0));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
