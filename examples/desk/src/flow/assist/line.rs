//! One speaker's audio to a provider, and the words back: connected when there is audio, and again when the connection
//! ends, with what was lost marked as a gap.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::core::assist::audio_frame::FRAME_MS as FRAME;
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::timeline::Timeline;
use crate::core::assist::transcript::Speaker;
use crate::desk::Desk;
use crate::ops::metrics::{ASSIST_PROVIDERS, label};
use crate::ports::speech::{HeardWords, SpeechError, SpeechStream};

/// How much waits for a provider: five seconds.
pub(super) const WAITING: usize = 50;

/// How often a stream without audio is kept alive: the documented limit is ten seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

/// After how long without audio a stream is closed.
const IDLE: Duration = Duration::from_mins(2);

/// How long a provider may take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How much audio, in milliseconds, and for how long, a provider may take without an answer.
const UNANSWERED: (i64, Duration) = (15_000, Duration::from_secs(15));

/// How long is waited before a connection is made again, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How long a connection has to last so that the next one is made at once.
const GOOD: Duration = Duration::from_secs(20);

/// What a line is told.
#[derive(Debug)]
pub(super) enum ToLine {
    /// Samples, of this time in the call.
    Audio(i64, Bytes),
    /// Nothing more comes for a while.
    Flush,
}

/// What a line says.
#[derive(Debug)]
pub(super) enum FromLine {
    /// Words of a time in the call.
    Words(Speaker, HeardWords),
    /// Nothing is known of this time.
    Gap(Speaker, i64, i64),
    /// Whether the provider can be reached.
    IsUp(Speaker, bool),
    /// The line has ended.
    Over(Speaker),
}

pub(super) struct Line {
    pub(super) desk: Desk,
    pub(super) speaker: Speaker,
    pub(super) told: mpsc::Receiver<ToLine>,
    pub(super) says: mpsc::Sender<FromLine>,
    state: watch::Receiver<AssistState>,
    waiting: VecDeque<(i64, Bytes)>,
    /// From when to when nothing is known.
    lost: Option<(i64, i64)>,
    pause: Duration,
    is_down: bool,
}

/// How a stream ended.
enum StreamEnd {
    /// Nothing more is to be sent.
    Finished,
    /// There was no audio for long.
    Idle,
    /// It broke.
    Broken(SpeechError),
}

impl Line {
    pub(super) fn new(
        desk: Desk,
        speaker: Speaker,
        told: mpsc::Receiver<ToLine>,
        says: mpsc::Sender<FromLine>,
        state: watch::Receiver<AssistState>,
    ) -> Self {
        let (waiting, lost, pause, is_down) = (VecDeque::new(), None, PAUSE.0, false);
        Self { desk, speaker, told, says, state, waiting, lost, pause, is_down }
    }

    /// Until the session wants no more.
    pub(super) async fn run(mut self) {
        let is_live = self.carry().await;
        if is_live {
            self.report_lost().await;
        }
        self.say(FromLine::Over(self.speaker)).await;
    }

    /// Whether the session still listens.
    async fn say(&self, words: FromLine) -> bool {
        self.says.send(words).await.is_ok()
    }

    async fn carry(&mut self) -> bool {
        loop {
            if self.waiting.is_empty() && !self.is_down {
                match self.told.recv().await {
                    None => return true,
                    Some(ToLine::Flush) => continue,
                    Some(ToLine::Audio(at, samples)) => self.wait(at, samples),
                }
            }
            let Some(opened) = self.open().await else { return true };
            let begun = Instant::now();
            let end = match opened {
                Ok(stream) => {
                    self.set_down(false).await;
                    self.report_lost().await;
                    self.serve(stream).await
                }
                Err(error) => {
                    self.set_down(true).await;
                    StreamEnd::Broken(error)
                }
            };
            match end {
                StreamEnd::Finished => return true,
                StreamEnd::Idle => {}
                StreamEnd::Broken(error) => {
                    self.count(outcome(error));
                    tracing::debug!(%error, speaker = self.speaker.as_str(), "a stream broke");
                    if begun.elapsed() >= GOOD {
                        self.pause = PAUSE.0;
                    }
                    let pause = self.pause;
                    self.pause = (pause * 2).min(PAUSE.1);
                    if !self.rest(pause).await {
                        return true;
                    }
                }
            }
        }
    }

    async fn set_down(&mut self, is_down: bool) {
        if self.is_down != is_down {
            self.is_down = is_down;
            self.say(FromLine::IsUp(self.speaker, !is_down)).await;
        }
    }

    fn count(&self, outcome: &str) {
        let name = self.desk.assist().settings().speech.as_ref().map_or("none", |one| one.name());
        let labels = vec![label("provider", name), label("outcome", outcome)];
        self.desk.metrics().count(ASSIST_PROVIDERS, labels);
    }

    /// Whether the call may not be listened to any more: what still waits is sent to no one.
    fn is_refused(&self) -> bool {
        self.state.borrow().state == AssistWord::Refused
    }

    /// Keeps audio until it can be sent; the oldest is lost where there is too much.
    fn wait(&mut self, at: i64, samples: Bytes) {
        if self.is_refused() {
            self.waiting.clear();
            return;
        }
        if self.waiting.len() >= WAITING
            && let Some((oldest, _)) = self.waiting.pop_front()
        {
            self.lose(oldest, oldest + FRAME);
        }
        self.waiting.push_back((at, samples));
    }

    fn lose(&mut self, from: i64, to: i64) {
        let (known_from, known_to) = self.lost.unwrap_or((from, to));
        self.lost = Some((known_from.min(from), known_to.max(to)));
    }

    async fn report_lost(&mut self) {
        if let Some((from, to)) = self.lost.take() {
            self.say(FromLine::Gap(self.speaker, from, to)).await;
        }
    }

    /// Waits while audio comes; whether the session wants more.
    async fn rest(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return true,
                told = self.told.recv() => match told {
                    None => return false,
                    Some(ToLine::Audio(at, samples)) => self.wait(at, samples),
                    Some(ToLine::Flush) => {}
                },
            }
        }
    }

    /// Opens a stream as soon as that may be tried; `None` if the session wants no more.
    async fn open(&mut self) -> Option<Result<Box<dyn SpeechStream>, SpeechError>> {
        loop {
            let now = self.desk.assist().now_ms();
            if self.desk.assist().speech_breaker(|breaker| breaker.may_try(now)) {
                break;
            }
            self.set_down(true).await;
            if !self.rest(Duration::from_secs(1)).await {
                return None;
            }
        }
        let speech = self.desk.assist().settings().speech.clone()?;
        let (desk, speaker) = (self.desk.clone(), self.speaker);
        let opening = async move {
            // It is never closed.
            let _turn = desk.assist().opening.acquire().await;
            speech.open(speaker).await
        };
        tokio::pin!(opening);
        let opened = loop {
            tokio::select! {
                opened = &mut opening => break opened,
                told = self.told.recv() => match told {
                    None => return None,
                    Some(ToLine::Audio(at, samples)) => self.wait(at, samples),
                    Some(ToLine::Flush) => {}
                },
            }
        };
        let now = self.desk.assist().now_ms();
        self.desk.assist().speech_breaker(|breaker| match &opened {
            Ok(_) => breaker.succeeded(),
            Err(_) => breaker.failed(now),
        });
        if opened.is_ok() {
            self.count("opened");
        }
        Some(opened)
    }

    /// Sends what waits and what comes, and hands on words, until the end.
    async fn serve(&mut self, mut stream: Box<dyn SpeechStream>) -> StreamEnd {
        let mut timeline = Timeline::default();
        let mut heard_to = 0;
        let end = self.exchange(&mut stream, &mut timeline, &mut heard_to).await;
        match end {
            StreamEnd::Broken(_) => {
                // Of what was sent since the last final words nothing is known.
                if timeline.sent_ms() > heard_to {
                    let to = timeline.time_of(timeline.sent_ms().saturating_sub(1)) + 1;
                    self.lose(timeline.time_of(heard_to), to);
                }
            }
            StreamEnd::Finished | StreamEnd::Idle => {
                if let Err(error) = self.last_words(&mut stream, &timeline).await {
                    self.count(outcome(error));
                }
            }
        }
        end
    }

    async fn exchange(
        &mut self,
        stream: &mut Box<dyn SpeechStream>,
        timeline: &mut Timeline,
        heard_to: &mut i64,
    ) -> StreamEnd {
        let mut beat = tokio::time::interval(KEEP_ALIVE);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_audio = Instant::now();
        let mut unanswered = (0, Instant::now());
        loop {
            while let Some((at, samples)) = self.waiting.pop_front() {
                if self.is_refused() {
                    self.waiting.clear();
                    break;
                }
                if let Err(error) = stream.send(samples).await {
                    self.lose(at, at + FRAME);
                    return StreamEnd::Broken(error);
                }
                timeline.sent(at, FRAME);
                last_audio = Instant::now();
                unanswered.0 += FRAME;
            }
            let done = tokio::select! {
                told = self.told.recv() => match told {
                    None => return StreamEnd::Finished,
                    Some(ToLine::Audio(at, samples)) => {
                        self.wait(at, samples);
                        Ok(())
                    }
                    Some(ToLine::Flush) => stream.flush().await.map(|silence| timeline.silence(silence)),
                },
                words = stream.next() => match words {
                    Ok(Some(words)) => {
                        unanswered = (0, Instant::now());
                        if words.is_final {
                            *heard_to = words.to_ms.min(timeline.sent_ms());
                        }
                        if !self.hand_on(words, timeline).await {
                            return StreamEnd::Finished;
                        }
                        Ok(())
                    }
                    Ok(None) => Err(SpeechError::Ended(None)),
                    Err(error) => Err(error),
                },
                _ = beat.tick() => {
                    if unanswered.0 >= UNANSWERED.0 && unanswered.1.elapsed() >= UNANSWERED.1 {
                        return StreamEnd::Broken(SpeechError::Ended(None));
                    }
                    if last_audio.elapsed() >= IDLE {
                        return StreamEnd::Idle;
                    }
                    if last_audio.elapsed() >= KEEP_ALIVE { stream.keep_alive().await } else { Ok(()) }
                }
            };
            if let Err(error) = done {
                return StreamEnd::Broken(error);
            }
        }
    }

    async fn hand_on(&self, words: HeardWords, timeline: &Timeline) -> bool {
        let from_ms = timeline.time_of(words.from_ms);
        let last = words.to_ms.saturating_sub(1).max(words.from_ms);
        let words = HeardWords { from_ms, to_ms: timeline.time_of(last) + 1, ..words };
        self.say(FromLine::Words(self.speaker, words)).await
    }

    /// Waits for the provider's last words, for a while.
    async fn last_words(
        &mut self,
        stream: &mut Box<dyn SpeechStream>,
        timeline: &Timeline,
    ) -> Result<(), SpeechError> {
        stream.finish().await?;
        let rest = async {
            while let Some(words) = stream.next().await? {
                if !self.hand_on(words, timeline).await {
                    return Ok(());
                }
            }
            Ok(())
        };
        tokio::time::timeout(LAST_WORDS, rest).await.unwrap_or(Err(SpeechError::Ended(None)))
    }
}

fn outcome(error: SpeechError) -> &'static str {
    match error {
        SpeechError::Unreachable => "unreachable",
        SpeechError::Refused(_) => "refused",
        SpeechError::Ended(_) => "ended",
        SpeechError::Garbage => "garbage",
    }
}
