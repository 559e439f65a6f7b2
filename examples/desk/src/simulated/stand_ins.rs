//! Stand-ins for the providers of live assist: local servers that speak their documented frames, for the demo and for
//! tests. They hear that someone speaks and not what: the words come from a script. They fail on command.
//!
//! | path | stands in for |
//! |---|---|
//! | `/v1/listen` | Deepgram's streaming interface |
//! | `/vosk` | a Vosk server |
//! | `/v1/chat/completions` | an endpoint like OpenAI's |
//!
//! For those who drive them from outside: `POST /stand-in/faults` and `/stand-in/script`, `GET /stand-in/heard` and
//! `/stand-in/asked`.

mod chat;
mod recogniser;
mod speech;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::assist::AssistSettings;
use crate::core::assist::transcript::Speaker;
use crate::ports::chat::openai::OpenAi;
use crate::ports::speech::deepgram::Deepgram;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};

/// How many streams are remembered, and how many pieces of audio of each.
const MOST: (usize, usize) = (512, 6_000);

/// How many questions are remembered.
const QUESTIONS: usize = 100;

/// What the stand-ins hear unless they are given another script.
const CUSTOMER: [&str; 4] = [
    "Hello, I would like to ask about my appointment on Monday.",
    "It is under the name Asha.",
    "You want the card as well? It is four one one one, double one double one.",
    "And then one one one one, one one one one.",
];

const AGENT: [&str; 4] = [
    "Good morning, how can I help you?",
    "Let me look that up for you.",
    "Thank you, I have found it.",
    "Is there anything else that I can do for you?",
];

/// How a stand-in fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandInFault {
    /// It does not.
    #[default]
    None,
    /// It takes no key.
    Refuse,
    /// It is gone: open connections break, new ones are not taken.
    Die,
    /// It answers late.
    Slow,
    /// What it sends is not of its protocol.
    Garbage,
    /// It ends its connections with the documented code and reason for silence.
    Close,
    /// It takes everything and says nothing.
    Mute,
}

/// How the stand-ins fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandInFaults {
    /// The one that hears.
    pub speech: StandInFault,
    /// The one that is asked.
    pub chat: StandInFault,
}

/// What is heard, utterance by utterance, over and over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandInScript {
    /// Of the customer.
    pub customer: Vec<String>,
    /// Of the agent.
    pub agent: Vec<String>,
}

impl Default for StandInScript {
    fn default() -> Self {
        let owned = |list: [&str; 4]| list.map(str::to_owned).into();
        Self { customer: owned(CUSTOMER), agent: owned(AGENT) }
    }
}

/// A piece of audio as it arrived.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeardPiece {
    /// When it arrived, in milliseconds since 1970.
    pub at: i64,
    /// The number of its first sample in the stream.
    pub sample: u64,
    /// How loud it is: the root of the mean square of its samples.
    pub loudness: u32,
    /// The first of its samples that is loud.
    pub onset: Option<u64>,
}

/// A stream of audio.
#[derive(Debug, Clone, Serialize)]
pub struct HeardStream {
    /// Who speaks, where the desk says so.
    pub speaker: Option<Speaker>,
    /// Whether it goes on.
    pub open: bool,
    /// How many bytes came in all.
    pub bytes: u64,
    /// The pieces, the last 6000.
    pub pieces: VecDeque<HeardPiece>,
}

/// What was heard.
#[derive(Debug, Serialize)]
struct HeardStreams {
    streams: Vec<HeardStream>,
}

/// What was asked.
#[derive(Debug, Serialize)]
struct AskedQuestions {
    questions: Vec<String>,
}

#[derive(Default)]
struct Kept {
    script: StandInScript,
    /// How far the script is, by speaker.
    next: [usize; 2],
    streams: VecDeque<(u64, HeardStream)>,
    count: u64,
    questions: VecDeque<String>,
}

/// What the stand-ins share.
#[derive(Clone)]
struct Shared {
    kept: Arc<Mutex<Kept>>,
    faults: Arc<watch::Sender<StandInFaults>>,
}

impl Shared {
    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next words of a speaker.
    fn words(&self, speaker: Speaker) -> String {
        self.kept(|kept| {
            let Kept { script, next, .. } = kept;
            let (lines, place) = match speaker {
                Speaker::Customer => (&script.customer, 0),
                Speaker::Agent => (&script.agent, 1),
            };
            let Some(next) = next.get_mut(place) else { return String::new() };
            let line = lines.get(*next % lines.len().max(1)).cloned().unwrap_or_default();
            *next += 1;
            line
        })
    }
}

/// The stand-ins, until this is dropped.
pub struct StandIns {
    address: SocketAddr,
    shared: Shared,
    _stop: DropGuard,
}

impl fmt::Debug for StandIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandIns").field("address", &self.address).finish_non_exhaustive()
    }
}

impl StandIns {
    /// Starts them on a free port of this machine.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let faults = Arc::new(watch::Sender::new(StandInFaults::default()));
        let shared = Shared { kept: Arc::default(), faults };
        let app = Router::new()
            .route("/v1/listen", get(speech::listen))
            .route("/vosk", get(speech::vosk))
            .route("/v1/chat/completions", post(chat::complete))
            .route("/stand-in/faults", post(set_faults))
            .route("/stand-in/script", post(set_script))
            .route("/stand-in/heard", get(show_heard))
            .route("/stand-in/asked", get(show_asked))
            .with_state(shared.clone());
        let stop = CancellationToken::new();
        let serving = async move { axum::serve(listener, app).await };
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        Ok(Self { address, shared, _stop: stop.drop_guard() })
    }

    /// Where they are.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings with which a desk runs on them. What campaigns consent to is on: no one is heard.
    ///
    /// # Errors
    /// There is no transport.
    pub fn settings(&self, settings: &AssistSettings) -> Result<AssistSettings, Invalid> {
        let wrong = || Invalid::new("DEEPGRAM_URL", "expected wss://HOST/PATH");
        let listen = format!("ws://{}/v1/listen", self.address);
        let listen = Url::parse(&listen).map_err(|_| wrong())?;
        let speech = Deepgram::new(listen, "stand-in".into(), "stand-in".into(), None);
        let complete = format!("{}/v1/chat/completions", self.url());
        let complete = complete.parse().map_err(|_| wrong())?;
        let transport = Arc::new(Reqwest::new(&Network::default())?);
        let key = Some("stand-in".into());
        let chat = OpenAi::new(complete, key, "stand-in".to_owned(), transport);
        Ok(AssistSettings {
            speech: Some(Arc::new(speech)),
            chat: Some(Arc::new(chat)),
            consent: true,
            stand_in: true,
            ..settings.clone()
        })
    }

    /// Has them fail, or work again.
    pub fn set_faults(&self, faults: StandInFaults) {
        self.shared.faults.send_replace(faults);
    }

    /// Has them hear other words, from the first on.
    pub fn set_script(&self, script: StandInScript) {
        set(&self.shared, script);
    }

    /// What was heard.
    pub fn heard(&self) -> Vec<HeardStream> {
        heard(&self.shared)
    }

    /// What was asked.
    pub fn asked(&self) -> Vec<String> {
        self.shared.kept(|kept| kept.questions.iter().cloned().collect())
    }
}

fn set(shared: &Shared, script: StandInScript) {
    shared.kept(|kept| (kept.script, kept.next) = (script, [0, 0]));
}

fn heard(shared: &Shared) -> Vec<HeardStream> {
    shared.kept(|kept| kept.streams.iter().map(|(_, stream)| stream.clone()).collect())
}

async fn set_faults(State(shared): State<Shared>, Json(faults): Json<StandInFaults>) {
    shared.faults.send_replace(faults);
}

async fn set_script(State(shared): State<Shared>, Json(script): Json<StandInScript>) {
    set(&shared, script);
}

async fn show_heard(State(shared): State<Shared>) -> Json<HeardStreams> {
    Json(HeardStreams { streams: heard(&shared) })
}

async fn show_asked(State(shared): State<Shared>) -> Json<AskedQuestions> {
    Json(AskedQuestions { questions: shared.kept(|kept| kept.questions.iter().cloned().collect()) })
}
