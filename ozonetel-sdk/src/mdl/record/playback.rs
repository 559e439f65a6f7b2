//! A transcript's events, as the link would have reported them: no connection, no waiting.

use super::transcript::{Transcript, TranscriptLine};
use crate::mdl::link::Link;
use crate::mdl::link::event::SocketEvent;
use crate::mdl::link::handshake::FixedSession;
use crate::mdl::link::input::LinkInput;
use crate::mdl::link::limits::LinkLimits;
use crate::mdl::link::output::{LinkOutput, SkippedFrame};
use crate::mdl::link::state::{DisconnectReason, LinkState};
use crate::mdl::token::Token;
use crate::mdl::token::request::TokenRequest;
use crate::mdl::token::session::AgentIdentity;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

impl Transcript {
    /// What the owner of the link saw, with the times of the recording. The same recording gives the same events.
    ///
    /// ```
    /// use ozonetel_sdk::mdl::{AgentIdentity, SocketEvent, Transcript};
    /// let text = r#"
    /// {"at":"2026-11-21T04:30:00Z","dir":"link","state":"up"}
    /// {"at":"2026-11-21T04:30:01Z","dir":"in","token":{"type":"busyAgent","ucid":"11"}}
    /// "#;
    /// let events = Transcript::parse(text)?.events(AgentIdentity::new("masked", "masked", 1));
    /// assert!(events.iter().any(|(_, event)| matches!(event, SocketEvent::Push(_))));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    pub fn events(&self, agent: AgentIdentity) -> Vec<(SystemTime, SocketEvent)> {
        let far = Duration::from_secs(u64::from(u32::MAX));
        let limits = LinkLimits { ping_every: far, silence: far, ..LinkLimits::default() };
        let link = Link::new(agent, Arc::new(FixedSession::new("masked", "masked")), limits);
        let start = self.times().first().copied().unwrap_or(SystemTime::UNIX_EPOCH);
        let mut player =
            Player { link, start, at: start, utids: HashMap::new(), events: Vec::new() };
        for (at, line) in self.times().iter().zip(self.lines()) {
            player.at = player.at.max(*at);
            player.play(line);
        }
        player.step(LinkInput::Close);
        player.step(LinkInput::Closed(None));
        player.events
    }
}

struct Player {
    link: Link,
    start: SystemTime,
    at: SystemTime,
    /// Recorded ids and those of now.
    utids: HashMap<Box<str>, Box<str>>,
    events: Vec<(SystemTime, SocketEvent)>,
}

impl Player {
    fn step(&mut self, input: LinkInput<'_>) -> Vec<LinkOutput> {
        let now = self.at.duration_since(self.start).unwrap_or_default();
        let out = self.link.on(now, input);
        let events = out.iter().cloned().filter_map(SocketEvent::of);
        self.events.extend(events.map(|event| (self.at, event)));
        out
    }

    fn play(&mut self, line: &TranscriptLine) {
        if self.link.deadline().is_some() {
            self.step(LinkInput::Tick);
        }
        match line {
            TranscriptLine::State(state) if &**state == "waiting" => {
                self.step(LinkInput::Failed(DisconnectReason::Closed(None)));
            }
            TranscriptLine::State(_) => {}
            TranscriptLine::Received(token) => {
                self.open();
                if let Some(token) = self.of_now(token) {
                    self.step(LinkInput::Text(&token.json()));
                }
            }
            TranscriptLine::Skipped(SkippedFrame::Binary, _) => {
                self.open();
                self.step(LinkInput::Binary);
            }
            TranscriptLine::Skipped(..) => {
                self.open();
                self.step(LinkInput::Text(""));
            }
            TranscriptLine::Sent(token) => self.send(token),
        }
    }

    /// Whatever it takes to be up: the recording says that it was.
    fn open(&mut self) {
        while !matches!(
            self.link.state(),
            LinkState::Up | LinkState::Closing | LinkState::Stopped(_)
        ) {
            if let (LinkState::Waiting { .. }, Some(deadline)) =
                (self.link.state(), self.link.deadline())
            {
                self.at = self.at.max(self.start + deadline);
            }
            self.step(LinkInput::Start);
            self.step(LinkInput::Tick);
            self.step(LinkInput::Opened);
        }
    }

    fn send(&mut self, then: &Token) {
        let kind = then.kind().unwrap_or_default();
        if kind == "ping" {
            return;
        }
        self.open();
        let request = TokenRequest::new(kind).fields(then.fields().clone());
        for output in self.step(LinkInput::Send { ticket: 0, request }) {
            if let (LinkOutput::Write(now), Some(then)) = (output, then.utid())
                && let Some(now) = now.utid()
            {
                self.utids.insert(then.into(), now.into());
            }
        }
    }

    /// A reply carries the id of now; one to a ping has none.
    fn of_now(&self, token: &Token) -> Option<Token> {
        if !token.is_reply() {
            return Some(token.clone());
        }
        let utid = self.utids.get(token.utid()?.as_ref())?;
        Some(token.clone().with("utid", &**utid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&str]) -> Vec<String> {
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!(r#"{{"at":"2026-11-21T04:00:{n:02}Z",{line}}}"#))
            .collect();
        let events =
            Transcript::parse(&text.join("\n")).unwrap().events(AgentIdentity::new("a", "b", 1));
        events
            .iter()
            .map(|(_, event)| match event {
                SocketEvent::Link(state) => state.as_str().to_owned(),
                SocketEvent::Settled(settled) => settled.settlement.as_str().to_owned(),
                SocketEvent::Push(token) => format!("push {}", token.kind().unwrap_or("-")),
                other => format!("({})", other.as_str()),
            })
            .collect()
    }

    #[test]
    fn a_recording_tells_its_story_again() {
        let dial = r#""dir":"out","token":{"type":"tbManualDial","utid":7}"#;
        let story = seen(&[
            r#""dir":"link","state":"connecting""#,
            r#""dir":"in","token":{"type":"welcome"}"#,
            r#""dir":"out","token":{"type":"ping","utid":6}"#,
            r#""dir":"in","token":{"type":"response","utid":6,"code":0}"#,
            dial,
            r#""dir":"in","token":{"type":"response","utid":"7","code":0}"#,
            r#""dir":"in","text":12"#,
            dial,
            r#""dir":"link","state":"waiting""#,
            r#""dir":"in","token":{"type":"busyAgent"}"#,
        ]);
        let want = [
            "connecting",
            "up",
            "push welcome",
            "(reply)",
            "reply",
            "unknown",
            "waiting",
            "connecting",
            "up",
            "(link)",
            "push busyAgent",
            "closing",
            "stopped",
        ];
        assert_eq!(story, want);
    }
}
