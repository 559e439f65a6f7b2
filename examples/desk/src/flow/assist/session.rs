//! One call that is listened to: from frames to entries and suggestions, until the call is over.

mod keeping;
mod questions;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::asking::ChatAnswer;
use super::heard::Heard;
use super::line::{FromLine, Line, ToLine, WAITING};
use super::spending::{spend, used_today};
use crate::assist::attachment::{FromPage, OfPage, SessionHandle};
use crate::core::assist::audio_frame::{AudioFrame, FRAME_MS as FRAME};
use crate::core::assist::budget::Used;
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::prompt::LeadContext;
use crate::core::assist::tracks::{FramePlace, Tracks};
use crate::core::assist::transcript::{Speaker, TranscriptEntry};
use crate::core::caller::Scope;
use crate::desk::Desk;
use crate::ops::metrics::{ASSIST_FRAMES, label};
use crate::store::{Audience, Event, NewEvent, StoredCall};

/// How often time alone is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How much audio is used before that is written down.
const ACCOUNT_MS: i64 = 10_000;

/// How long a session lasts that no page is attached to.
const ALONE: Duration = Duration::from_mins(2);

/// After how long without a frame no audio is taken to come.
const SILENT: Duration = Duration::from_secs(5);

/// How long the last words of a call may take.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// What a question says while it is under way.
enum FromQuestion {
    /// What has come so far.
    Grows(String),
    /// It has ended.
    Ended(ChatAnswer),
}

/// A suggestion that is being written.
struct Asked {
    id: String,
    at_ms: i64,
    has_text: bool,
}

/// What a session has of its handle.
pub(super) struct SessionEnds {
    pub(super) input: mpsc::Receiver<OfPage>,
    pub(super) state: watch::Sender<AssistState>,
    pub(super) tells: watch::Sender<AssistState>,
    pub(super) attached: Arc<()>,
}

pub(super) struct AssistSession {
    desk: Desk,
    call: StoredCall,
    input: mpsc::Receiver<OfPage>,
    state: watch::Sender<AssistState>,
    tells: watch::Sender<AssistState>,
    attached: Arc<()>,
    /// When a frame was taken last, or could first have been.
    last_frame: Instant,
    is_silent: bool,
    /// The call could not be looked at: whether it may be listened to is not known.
    must_look: bool,
    alone_since: Option<Instant>,
    begun: Instant,
    /// When the session began, in milliseconds since the call's first audio.
    began_ms: i64,
    tracks: Tracks,
    lines: [Option<mpsc::Sender<ToLine>>; 2],
    from_lines: mpsc::Receiver<FromLine>,
    is_down: [bool; 2],
    /// Since when it is listened to by no one although it could be.
    unheard: Option<i64>,
    heard: Heard,
    unwritten: Vec<TranscriptEntry>,
    used: Used,
    unaccounted: Used,
    /// What is not written down of the call yet.
    of_call: Used,
    lead: Option<LeadContext>,
    has_news: bool,
    last_asked: Instant,
    asked: Option<Asked>,
    answers: (mpsc::Sender<FromQuestion>, mpsc::Receiver<FromQuestion>),
}

fn place(speaker: Speaker) -> usize {
    usize::from(speaker == Speaker::Agent)
}

impl AssistSession {
    pub(super) fn new(
        desk: &Desk,
        call: &StoredCall,
        since: i64,
        SessionEnds { input, state, tells, attached }: SessionEnds,
    ) -> Self {
        let (says, from_lines) = mpsc::channel(2 * WAITING);
        let line = |speaker| {
            let (told, line) = mpsc::channel(WAITING);
            let line = Line::new(desk.clone(), speaker, line, says.clone(), state.subscribe());
            desk.assist().spawn(Box::pin(line.run()));
            Some(told)
        };
        let lines = [line(Speaker::Customer), line(Speaker::Agent)];
        Self {
            desk: desk.clone(),
            call: call.clone(),
            input,
            state,
            tells,
            attached,
            last_frame: Instant::now(),
            is_silent: false,
            must_look: false,
            alone_since: None,
            begun: Instant::now(),
            began_ms: desk.now().saturating_sub(since).max(0),
            tracks: Tracks::default(),
            lines,
            from_lines,
            is_down: [false; 2],
            unheard: None,
            heard: Heard::default(),
            unwritten: Vec::new(),
            used: Used::default(),
            unaccounted: Used::default(),
            of_call: Used::default(),
            lead: None,
            has_news: false,
            last_asked: Instant::now(),
            asked: None,
            answers: mpsc::channel(16),
        }
    }

    /// Now, in milliseconds since the call's first audio.
    fn now(&self) -> i64 {
        let since = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_ms.saturating_add(since)
    }

    /// Until the call is over, or no page wants it any more.
    pub(super) async fn run(mut self) {
        let mut events = self.desk.events().follow();
        let mut consents = self.desk.assist().follow_consents();
        let stop = self.desk.life().streams();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.note_use().await;
        // What was committed before the events are followed.
        self.look().await;
        while self.goes_on() {
            tokio::select! {
                () = stop.cancelled() => {
                    self.set_state(AssistState::off(AssistWord::Unavailable, "stopping")).await;
                    break;
                }
                Some(input) = self.input.recv() => self.page_says(input).await,
                Some(words) = self.from_lines.recv() => self.line_says(words).await,
                Some(answer) = self.answers.1.recv() => self.answer(answer).await,
                event = events.recv() => match event {
                    Ok(run) if run.iter().any(|event| self.is_about(event)) => self.look().await,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look().await,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                Ok(()) = consents.changed() => self.look().await,
                _ = tick.tick() => self.pass().await,
            }
        }
        self.end().await;
    }

    fn state(&self) -> AssistState {
        *self.state.borrow()
    }

    fn goes_on(&self) -> bool {
        let is_alone = self.alone_since.is_some_and(|since| since.elapsed() >= ALONE);
        self.state().state != AssistWord::Ended && !is_alone
    }

    /// Whether an event reports this call, or that it is now another's part.
    fn is_about(&self, event: &Event) -> bool {
        let kinds = ["call.changed", "call.merged"];
        kinds.contains(&event.kind.as_str()) && event.body.contains(&self.call.id)
    }

    /// Looks at the call anew. While that fails nothing is taken.
    async fn look(&mut self) {
        let found = self.desk.store().call(&self.call.id, &Scope::All).await;
        self.must_look = found.is_err();
        match found {
            Ok(Some(call)) => {
                if call.id != self.call.id {
                    self.moved(&call.id);
                }
                self.call = call;
                self.let_go();
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "whether a call may be listened to is not known"),
        }
        self.judge().await;
    }

    /// The page of an agent who has the call no more is heard no more.
    fn let_go(&mut self) {
        let Some(agent) = &self.call.state.agent else { return };
        let turn = self.desk.assist().with_sessions(|sessions| {
            let own = sessions.get_mut(&self.call.id).filter(|own| !own.is_closed());
            own.and_then(|own| own.let_go(agent))
        });
        if let Some(turn) = turn {
            self.tracks.attach(turn);
        }
    }

    /// The call is part of another one: the session goes there.
    fn moved(&self, to: &str) {
        self.desk.assist().with_sessions(|sessions| {
            if let Some(own) = sessions.remove(&self.call.id) {
                sessions.entry(to.to_owned()).or_insert(own);
            }
        });
    }

    /// Whether audio is taken now.
    async fn judge(&mut self) {
        let assist = self.desk.assist();
        let consent = assist.has_consent(&self.call.state);
        let mut state = AssistState::of(&self.call.state, consent);
        let used = used_today(&self.desk).and(self.unaccounted);
        if state.is_on() && !assist.settings().caps.allow_audio(self.used, used) {
            state = AssistState::off(AssistWord::Unavailable, "cap");
        } else if state.is_on() && self.is_down.contains(&true) {
            state = AssistState::off(AssistWord::Unavailable, "provider");
        } else if state.is_on() && self.must_look {
            state = AssistState::off(AssistWord::Unavailable, "unknown");
        }
        self.set_state(state).await;
    }

    async fn set_state(&mut self, state: AssistState) {
        let before = self.state.send_replace(state);
        if before == state {
            return;
        }
        if before.is_on() {
            for line in self.lines.iter().flatten() {
                // A line that is behind flushes later by itself.
                let _ = line.try_send(ToLine::Flush);
            }
            self.nothing_comes().await;
        }
        let is_away = |state: AssistState| state.state == AssistWord::Unavailable;
        match (is_away(before), is_away(state)) {
            (false, true) => self.unheard = Some(self.now()),
            (true, false) => self.heard_again().await,
            _ => {}
        }
        // A page that is told to send has some time to.
        (self.last_frame, self.is_silent) = (Instant::now(), false);
        self.show().await;
    }

    fn shown(&self) -> AssistState {
        let state = self.state();
        if state.is_on() && self.is_silent { AssistState::NO_AUDIO } else { state }
    }

    /// Says what is to be seen of it, if that is something else than before.
    async fn show(&self) {
        let shown = self.shown();
        if self.tells.send_replace(shown) != shown {
            self.report(shown).await;
        }
    }

    /// What was to come of either speaker and has not is a gap.
    async fn nothing_comes(&mut self) {
        let now = self.now();
        for speaker in Speaker::BOTH {
            if let Some((from, to)) = self.tracks.stop(speaker, now) {
                self.gap(speaker, from, to).await;
            }
        }
    }

    /// What was not heard while it could not be is a gap.
    async fn heard_again(&mut self) {
        let now = self.now();
        if let Some(since) = self.unheard.take().filter(|since| *since < now) {
            for speaker in Speaker::BOTH {
                self.gap(speaker, since, now).await;
            }
        }
    }

    fn audience(&self) -> Audience {
        self.call.state.agent.clone().map_or(Audience::Supervisors, Audience::Agent)
    }

    async fn report(&self, state: AssistState) {
        let body = json!({"callId": self.call.id, "state": state.state, "reason": state.reason});
        let event = NewEvent::new("assist", self.audience(), &body);
        let written = match event {
            Ok(event) => self.desk.store().append_events(self.desk.now(), vec![event]).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "whether a call is listened to was not reported");
        }
    }

    fn count(&self, speaker: Speaker, outcome: &'static str, many: u32) {
        let labels = vec![label("speaker", speaker.as_str()), label("outcome", outcome)];
        self.desk.metrics().add(ASSIST_FRAMES, labels, many.into());
    }

    async fn page_says(&mut self, (page, input): OfPage) {
        match input {
            FromPage::Attached => {
                self.tracks.attach(page);
                // The desk that makes the page's records may be another one, and know nothing of it.
                self.report(self.shown()).await;
            }
            FromPage::Gap(speaker, _) | FromPage::Frame(AudioFrame { speaker, .. })
                if !self.tracks.is_of(page) =>
            {
                self.count(speaker, "late", 1);
            }
            FromPage::Gap(speaker, frames) => {
                self.count(speaker, "dropped", frames);
                let now = self.now();
                self.tracks.lacks(speaker, frames, now);
            }
            FromPage::Frame(frame) => self.frame(frame).await,
        }
    }

    async fn frame(&mut self, frame: AudioFrame) {
        let AudioFrame { speaker, sequence, captured_ms, samples } = frame;
        if !self.state().is_on() {
            self.count(speaker, "discarded", 1);
            // Where the page counts from when it is taken again.
            self.tracks.pass_over(speaker, sequence);
            return;
        }
        let now = self.now();
        let placed = self.tracks.place(speaker, (sequence, captured_ms), now);
        let Some(FramePlace { at, gap }) = placed else {
            self.count(speaker, "repeated", 1);
            return;
        };
        if let Some((from, to)) = gap {
            self.gap(speaker, from, to).await;
        }
        let line = self.lines.get(place(speaker)).and_then(Option::as_ref);
        let sent = line.is_some_and(|line| line.try_send(ToLine::Audio(at, samples)).is_ok());
        if !sent {
            self.count(speaker, "dropped", 1);
            self.gap(speaker, at, at + FRAME).await;
            return;
        }
        self.count(speaker, "taken", 1);
        self.last_frame = Instant::now();
        if std::mem::take(&mut self.is_silent) {
            self.show().await;
        }
        let used = self.desk.assist().settings().prices.audio(FRAME);
        self.used = self.used.and(used);
        self.unaccounted = self.unaccounted.and(used);
        if self.unaccounted.audio_ms >= ACCOUNT_MS {
            self.account().await;
        }
        if !self.desk.assist().settings().caps.allow_audio(self.used, Used::default()) {
            self.judge().await;
        }
    }

    async fn account(&mut self) {
        self.write_use().await;
        self.judge().await;
    }

    /// Writes down what was used.
    async fn write_use(&mut self) {
        // Of small pieces each price would be nothing.
        let audio = self.desk.assist().settings().prices.audio(self.unaccounted.audio_ms);
        self.unaccounted = Used::default();
        spend(&self.desk, audio).await;
        self.of_call = self.of_call.and(audio);
        self.note_use().await;
    }

    /// Writes down what was used of the call, and learns what its other sessions have used.
    async fn note_use(&mut self) {
        match self.desk.store().use_of_call(&self.call.id, self.of_call).await {
            Ok(sum) => {
                self.of_call = Used::default();
                // What is known of a call goes when its number is forgotten; what was used of it was used.
                self.used = self.used.at_least(sum.and(self.unaccounted));
            }
            Err(error) => tracing::warn!(%error, "what was used of a call was not written down"),
        }
    }

    async fn gap(&mut self, speaker: Speaker, from: i64, to: i64) {
        let change = self.heard.gap(speaker, from.max(0), to.max(0));
        self.keep(change).await;
    }

    async fn line_says(&mut self, words: FromLine) {
        match words {
            FromLine::Words(speaker, words) => {
                let now = self.now();
                self.has_news |= words.is_final && !words.text.trim().is_empty();
                let change = self.heard.words(speaker, &words, now);
                self.keep(change).await;
            }
            FromLine::Gap(speaker, from, to) => {
                let change = self.heard.drop_open(speaker);
                self.keep(change).await;
                self.gap(speaker, from, to).await;
            }
            FromLine::IsUp(speaker, is_up) => {
                if let Some(is_down) = self.is_down.get_mut(place(speaker)) {
                    *is_down = !is_up;
                }
                self.judge().await;
            }
            FromLine::Over(speaker) => {
                if let Some(line) = self.lines.get_mut(place(speaker)) {
                    *line = None;
                }
            }
        }
    }

    /// What follows from time alone.
    async fn pass(&mut self) {
        let is_alone = Arc::strong_count(&self.attached) <= 2;
        self.alone_since = is_alone.then(|| self.alone_since.unwrap_or_else(Instant::now));
        if self.must_look {
            self.look().await;
        } else if self.state().reason == Some("cap") {
            // Another day may have begun.
            self.judge().await;
        }
        if !self.is_silent && self.last_frame.elapsed() >= SILENT {
            self.is_silent = true;
            self.show().await;
        }
        let now = self.now();
        let change = self.heard.pass(now);
        self.keep(change).await;
        self.suggest().await;
    }

    /// Takes the last words, and writes what the call came to.
    async fn end(mut self) {
        self.input.close();
        self.lines = [None, None];
        let until = Instant::now() + LAST_WORDS;
        let mut over = 0;
        while over < Speaker::BOTH.len() {
            match tokio::time::timeout_at(until, self.from_lines.recv()).await {
                Ok(Some(FromLine::Over(_))) => over += 1,
                Ok(Some(words)) => self.last(words).await,
                Ok(None) | Err(_) => break,
            }
        }
        for speaker in Speaker::BOTH {
            let change = self.heard.drop_open(speaker);
            self.keep(change).await;
            if let Some((from, to)) = self.tracks.take_missing(speaker) {
                self.gap(speaker, from, to).await;
            }
        }
        self.nothing_comes().await;
        self.heard_again().await;
        let change = self.heard.finish();
        self.keep(change).await;
        self.write_last().await;
        self.write_use().await;
        if self.state().state == AssistWord::Ended && self.desk.assist().settings().chat.is_some() {
            self.summarise().await;
        }
        let id = self.call.id.clone();
        self.desk.assist().with_sessions(|sessions| {
            if sessions.get(&id).is_some_and(SessionHandle::is_closed) {
                sessions.remove(&id);
            }
        });
    }

    /// Words that come when the call is over.
    async fn last(&mut self, words: FromLine) {
        if let FromLine::Words(..) | FromLine::Gap(..) = words {
            self.line_says(words).await;
        }
    }
}

#[cfg(test)]
mod tests;
