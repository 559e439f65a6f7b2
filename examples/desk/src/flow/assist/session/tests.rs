//! Sessions on a provider and a store that are away at will. Time does not pass by itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use ozonetel_sdk::types::AgentId;
use ozonetel_sim::Sim;
use tokio::time::sleep;

use super::*;
use crate::assist::AssistSettings;
use crate::assist::attachment::Attachment;
use crate::core::assist::audio_frame::SAMPLES;
use crate::core::assist::budget::Caps;
use crate::core::assist::prompt::Question;
use crate::core::assist::transcript::TranscriptKind;
use crate::core::call::{CallPhase, CallState, Recording, RecordingState};
use crate::desk::Settings;
use crate::flow::assist::attach;
use crate::ports::chat::{AnswerStream, Chat, ChatError};
use crate::ports::speech::{HeardWords, SpeechError, SpeechStream, SpeechToText};
use crate::store::memory::{Access, Interference};
use crate::store::{CallChange, Memory, StoreError};

const UCID: &str = "90000000000000001";

/// A provider, or the way to the store.
#[derive(Debug, Default)]
struct Away(AtomicBool);

impl Away {
    fn set(&self, is_away: bool) {
        self.0.store(is_away, Ordering::Relaxed);
    }

    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Interference for Away {
    async fn before(&self, _: Access) -> Result<(), StoreError> {
        if self.is() { Err(StoreError::Unavailable("it is away".into())) } else { Ok(()) }
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A provider that hears a word in all that a stream is sent, once it ends.
#[derive(Debug, Clone, Default)]
struct Ears(Arc<EarState>);

#[derive(Debug, Default)]
struct EarState {
    away: Away,
    pieces: Mutex<usize>,
}

struct EarStream {
    heard: Arc<EarState>,
    sent_ms: i64,
    is_finished: bool,
}

#[async_trait]
impl SpeechToText for Ears {
    fn name(&self) -> &'static str {
        "ears"
    }

    async fn open(&self, _: Speaker) -> Result<Box<dyn SpeechStream>, SpeechError> {
        if self.0.away.is() {
            return Err(SpeechError::Unreachable);
        }
        Ok(Box::new(EarStream { heard: Arc::clone(&self.0), sent_ms: 0, is_finished: false }))
    }
}

impl EarStream {
    fn check(&self) -> Result<(), SpeechError> {
        if self.heard.away.is() { Err(SpeechError::Ended(None)) } else { Ok(()) }
    }
}

#[async_trait]
impl SpeechStream for EarStream {
    async fn send(&mut self, _: Bytes) -> Result<(), SpeechError> {
        self.check()?;
        *self.heard.pieces.lock().unwrap() += 1;
        self.sent_ms += FRAME;
        Ok(())
    }

    async fn keep_alive(&mut self) -> Result<(), SpeechError> {
        self.check()
    }

    async fn flush(&mut self) -> Result<i64, SpeechError> {
        self.check().map(|()| 0)
    }

    async fn finish(&mut self) -> Result<(), SpeechError> {
        self.is_finished = true;
        self.check()
    }

    async fn next(&mut self) -> Result<Option<HeardWords>, SpeechError> {
        if !self.is_finished {
            return std::future::pending().await;
        }
        let to_ms = std::mem::take(&mut self.sent_ms);
        let words = HeardWords { from_ms: 0, to_ms, text: "goodbye".into(), is_final: true };
        Ok(Some(words).filter(|_| to_ms > 0))
    }
}

/// What was asked.
#[derive(Debug, Default)]
struct Questions(Mutex<Vec<Question>>);

#[async_trait]
impl Chat for Questions {
    fn name(&self) -> &'static str {
        "asked"
    }

    async fn ask(&self, question: Question) -> Result<AnswerStream, ChatError> {
        self.0.lock().unwrap().push(question);
        Err(ChatError::Unreachable)
    }
}

/// A desk with a call that is talked in.
struct Talking {
    desk: Desk,
    heard: Arc<EarState>,
    store: Arc<Away>,
}

fn talks(agent: &str) -> CallState {
    let agent = AgentId::from(agent);
    CallState {
        ids: [UCID.to_owned()].into(),
        agents: vec![agent.clone()],
        agent: Some(agent),
        campaign: Some("care".into()),
        phase: CallPhase::Active,
        held: Some(false),
        answered_ms: Some(1),
        recording: Recording { state: RecordingState::On, ..Recording::default() },
        ..CallState::default()
    }
}

impl Talking {
    async fn new() -> Self {
        Self::with(None).await
    }

    async fn with(chat: Option<Arc<dyn Chat>>) -> Self {
        Self::capped(chat, Caps::default()).await
    }

    async fn capped(chat: Option<Arc<dyn Chat>>, caps: Caps) -> Self {
        let (ears, away) = (Ears::default(), Arc::new(Away::default()));
        let store = Memory::new().by_way_of(Arc::clone(&away) as Arc<dyn Interference>, false);
        let heard = Arc::clone(&ears.0);
        let assist = AssistSettings {
            speech: Some(Arc::new(ears)),
            chat,
            caps,
            consent: true,
            ..AssistSettings::default()
        };
        let settings = Settings { assist, ..Settings::default() };
        let desk = Desk::new(Sim::start().client(), settings, Arc::new(store));
        let talking = Self { desk, heard, store: away };
        talking.save(0, talks("agent01")).await;
        talking
    }

    async fn save(&self, version: i64, state: CallState) {
        let (id, state) = (UCID.to_owned(), state.into());
        let change = CallChange { id, version, state, at: 1, ..CallChange::default() };
        self.desk.store().save_call(change).await.unwrap();
    }

    async fn call(&self) -> StoredCall {
        self.desk.store().call(UCID, &Scope::All).await.unwrap().unwrap()
    }

    async fn attach(&self) -> Attachment {
        attach(&self.desk, &self.call().await).await.unwrap()
    }

    /// Has the session look at its call again.
    async fn looks(&self, consents: &[(&str, bool)]) {
        let consents = consents.iter().map(|(name, is)| ((*name).to_owned(), *is)).collect();
        self.desk.assist().set_consents(consents);
        sleep(Duration::from_millis(10)).await;
    }

    async fn shown(&self) -> AssistState {
        sleep(Duration::from_millis(10)).await;
        self.desk.assist().state_of(UCID, &talks("agent01")).unwrap()
    }

    async fn entries(&self) -> Vec<TranscriptEntry> {
        self.desk.store().transcript(UCID, None, 99).await.unwrap()
    }

    fn pieces(&self) -> usize {
        *self.heard.pieces.lock().unwrap()
    }
}

async fn send(page: &Attachment, sequence: u32) {
    let samples = Bytes::from(vec![0; SAMPLES]);
    let (speaker, captured_ms) = (Speaker::Customer, u64::from(sequence) * 100);
    let frame = AudioFrame { speaker, sequence, captured_ms, samples };
    page.hand_on(FromPage::Frame(frame)).unwrap();
    sleep(Duration::from_millis(100)).await;
}

fn reason(state: AssistState) -> Option<&'static str> {
    state.reason
}

#[tokio::test(start_paused = true)]
async fn without_audio_it_is_not_said_to_be_listened_to() {
    let talking = Talking::new().await;
    assert_eq!(talking.shown().await, AssistState::NO_AUDIO, "no page is there");
    let page = talking.attach().await;
    assert_eq!(talking.shown().await, AssistState::ON);
    sleep(Duration::from_secs(7)).await;
    assert_eq!(talking.shown().await, AssistState::NO_AUDIO);
    assert_eq!(*page.state.borrow(), AssistState::ON, "the page may send");
    send(&page, 0).await;
    assert_eq!(talking.shown().await, AssistState::ON);
}

#[tokio::test(start_paused = true)]
async fn while_the_call_cannot_be_looked_at_nothing_is_taken() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    send(&page, 0).await;
    assert_eq!(talking.pieces(), 1);
    talking.store.set(true);
    talking.looks(&[("other", true)]).await;
    assert_eq!(reason(talking.shown().await), Some("unknown"));
    send(&page, 1).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!((reason(talking.shown().await), talking.pieces()), (Some("unknown"), 1));
    talking.store.set(false);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(talking.shown().await, AssistState::ON);
    send(&page, 2).await;
    assert_eq!(talking.pieces(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_words_are_written_once_the_store_is_back() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    send(&page, 0).await;
    drop(page);
    talking.store.set(true);
    sleep(ALONE + Duration::from_secs(15)).await;
    assert!(talking.desk.assist().is_listening(UCID), "it waits for the store");
    talking.store.set(false);
    sleep(Duration::from_secs(5)).await;
    assert!(talking.entries().await.iter().any(|entry| entry.text == "goodbye"));
    assert!(!talking.desk.assist().is_listening(UCID));
}

#[tokio::test(start_paused = true)]
async fn what_may_be_used_of_a_call_is_of_all_its_sessions() {
    let mut caps: Caps = "call_minutes=0,day_minutes=0".parse().unwrap();
    caps.call.audio_ms = 2 * FRAME;
    let talking = Talking::capped(None, caps).await;
    let page = talking.attach().await;
    for sequence in 0..3 {
        send(&page, sequence).await;
    }
    assert_eq!((reason(talking.shown().await), talking.pieces()), (Some("cap"), 2));
    drop(page);
    sleep(ALONE + Duration::from_secs(10)).await;
    assert!(!talking.desk.assist().is_listening(UCID));
    let page = talking.attach().await;
    send(&page, 0).await;
    assert_eq!((reason(talking.shown().await), talking.pieces()), (Some("cap"), 2));
}

#[tokio::test(start_paused = true)]
async fn the_summary_is_of_all_that_was_said_also_before_and_to_other_desks() {
    let asked = Arc::new(Questions::default());
    let talking = Talking::with(Some(Arc::clone(&asked) as Arc<dyn Chat>)).await;
    let earlier = TranscriptEntry {
        id: "0".into(),
        kind: TranscriptKind::Speech,
        speaker: Speaker::Agent,
        start_ms: 0,
        end_ms: 1,
        text: "earlier".into(),
        is_final: true,
    };
    let store = talking.desk.store();
    store.write_transcript(UCID, vec![earlier], 1, Vec::new()).await.unwrap();
    let page = talking.attach().await;
    send(&page, 0).await;
    let over = CallState { phase: CallPhase::AfterCall, ended_ms: Some(9), ..talks("agent01") };
    talking.save(1, over).await;
    talking.looks(&[("other", true)]).await;
    sleep(Duration::from_secs(10)).await;
    let asked = asked.0.lock().unwrap();
    let about = &asked.last().unwrap().about;
    assert!(about.contains("agent: earlier") && about.contains("customer: goodbye"), "{about}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_heard_while_the_provider_is_away_is_a_gap_of_both() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    talking.heard.away.set(true);
    send(&page, 0).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(reason(talking.shown().await), Some("provider"));
    sleep(Duration::from_mins(1)).await;
    talking.heard.away.set(false);
    sleep(Duration::from_mins(3)).await;
    assert_eq!(*page.state.borrow(), AssistState::ON);
    let entries = talking.entries().await;
    for speaker in Speaker::BOTH {
        let gaps = entries.iter().filter(|entry| entry.kind == TranscriptKind::Gap);
        let mut gaps = gaps.filter(|entry| entry.speaker == speaker);
        assert!(gaps.any(|gap| gap.end_ms - gap.start_ms >= 60_000), "{entries:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_takes_and_never_answers_is_a_gap() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    for sequence in 0..300 {
        send(&page, sequence).await;
    }
    let entries = talking.entries().await;
    let mut gaps = entries.iter().filter(|entry| entry.kind == TranscriptKind::Gap);
    assert!(gaps.any(|gap| gap.end_ms - gap.start_ms >= 15_000), "{entries:?}");
    assert_eq!(talking.pieces(), 300, "it is tried again");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_provider_is_not_sent_once_consent_is_withdrawn() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    talking.heard.away.set(true);
    send(&page, 0).await;
    talking.looks(&[("care", false)]).await;
    assert_eq!(page.state.borrow().state, AssistWord::Refused);
    talking.heard.away.set(false);
    sleep(Duration::from_mins(3)).await;
    assert_eq!(talking.pieces(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_has_handed_the_call_on_sends_no_more_of_it() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    send(&page, 0).await;
    talking.save(1, talks("Agent01")).await;
    talking.looks(&[("other", true)]).await;
    send(&page, 1).await;
    assert_eq!(talking.pieces(), 2, "the same agent in another spelling");
    talking.save(2, talks("agent02")).await;
    talking.looks(&[]).await;
    tokio::time::timeout(Duration::from_secs(1), page.taken()).await.unwrap();
    send(&page, 2).await;
    assert_eq!(talking.pieces(), 2);
    let next = talking.attach().await;
    send(&next, 0).await;
    assert_eq!(talking.pieces(), 3);
    // A page that was faster than the news of the call has it.
    talking.save(3, talks("agent01")).await;
    let fast = talking.attach().await;
    talking.looks(&[("other", true)]).await;
    send(&fast, 0).await;
    assert_eq!(talking.pieces(), 4);
    tokio::time::timeout(Duration::from_secs(1), fast.taken()).await.unwrap_err();
}

impl Talking {
    /// What was reported of the call.
    async fn reported(&self) -> Vec<String> {
        let events = self.desk.store().events_after(0, 99).await.unwrap();
        let own = events.iter().filter(|event| event.kind == "assist");
        own.map(|event| {
            let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
            [&body["state"], &body["reason"]].map(|word| word.as_str().unwrap_or("-")).join(" ")
        })
        .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_stops_does_not_say_at_last_that_it_listens() {
    let talking = Talking::new().await;
    let page = talking.attach().await;
    send(&page, 0).await;
    talking.desk.life().stop_streams();
    talking.desk.assist().finish().await;
    assert!(!talking.desk.assist().is_listening(UCID));
    assert_eq!(talking.reported().await, ["on -", "unavailable stopping"]);
}

#[tokio::test(start_paused = true)]
async fn each_page_that_is_attached_learns_how_it_stands() {
    let talking = Talking::new().await;
    let first = talking.attach().await;
    send(&first, 0).await;
    assert_eq!(talking.reported().await, ["on -"], "once");
    let second = talking.attach().await;
    send(&second, 0).await;
    assert_eq!(talking.reported().await, ["on -"; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_used_of_a_call_does_not_begin_anew_when_its_number_is_forgotten() {
    let mut caps: Caps = "call_minutes=0,day_minutes=0".parse().unwrap();
    caps.call.audio_ms = 2 * ACCOUNT_MS;
    let talking = Talking::capped(None, caps).await;
    let page = talking.attach().await;
    let most = u32::try_from(caps.call.audio_ms / FRAME).unwrap();
    for sequence in 0..=most {
        if sequence == most / 4 {
            let gone = talking.desk.store().forget_assist(i64::MAX, "").await.unwrap();
            assert!(gone > 0);
        }
        send(&page, sequence).await;
    }
    assert_eq!(reason(*page.state.borrow()), Some("cap"));
}
