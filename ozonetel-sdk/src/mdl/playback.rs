//! A transcript's events, as the link would have told them: no connection, no waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::event::AgentEvent;
use super::handshake::ByHand;
use super::link::{Cause, Input, Limits, Link, Output, Skip, State};
use super::request::Request;
use super::session::Agent;
use super::token::Token;
use super::transcript::{Line, Transcript};

impl Transcript {
    /// What the owner of the link saw, with the times of the recording. The same recording gives the same events.
    ///
    /// ```
    /// use ozonetel_sdk::mdl::{Agent, AgentEvent, Transcript};
    /// let text = r#"
    /// {"at":"2026-11-21T04:30:00Z","dir":"link","state":"up"}
    /// {"at":"2026-11-21T04:30:01Z","dir":"in","token":{"type":"busyAgent","ucid":"11"}}
    /// "#;
    /// let events = Transcript::parse(text)?.events(Agent::new("masked", "masked", 1));
    /// assert!(events.iter().any(|(_, event)| matches!(event, AgentEvent::Push(_))));
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    pub fn events(&self, agent: Agent) -> Vec<(SystemTime, AgentEvent)> {
        let far = Duration::from_secs(u64::from(u32::MAX));
        let limits = Limits { ping_every: far, silence: far, ..Limits::default() };
        let link = Link::new(agent, Arc::new(ByHand::new("masked", "masked")), limits);
        let start = self.times().first().copied().unwrap_or(SystemTime::UNIX_EPOCH);
        let mut player =
            Player { link, start, at: start, utids: HashMap::new(), events: Vec::new() };
        for (at, line) in self.times().iter().zip(self.lines()) {
            player.at = player.at.max(*at);
            player.play(line);
        }
        player.step(Input::Close);
        player.step(Input::Closed(None));
        player.events
    }
}

struct Player {
    link: Link,
    start: SystemTime,
    at: SystemTime,
    /// Recorded ids and those of now.
    utids: HashMap<Box<str>, Box<str>>,
    events: Vec<(SystemTime, AgentEvent)>,
}

impl Player {
    fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let now = self.at.duration_since(self.start).unwrap_or_default();
        let out = self.link.on(now, input);
        for output in &out {
            let event = match output.clone() {
                Output::State(state) => AgentEvent::Link(state),
                Output::Resumed(snapshot) => AgentEvent::Resumed(snapshot),
                Output::Push(token) => AgentEvent::Push(token),
                Output::Reply(token) => AgentEvent::Reply(token),
                Output::Late(token) => AgentEvent::Late(token),
                Output::Settle(settled) => AgentEvent::Settled(settled),
                _ => continue,
            };
            self.events.push((self.at, event));
        }
        out
    }

    fn play(&mut self, line: &Line) {
        if self.link.deadline().is_some() {
            self.step(Input::Tick);
        }
        match line {
            Line::State(state) if &**state == "waiting" => {
                self.step(Input::Failed(Cause::Closed(None)));
            }
            Line::State(_) => {}
            Line::Received(token) => {
                self.open();
                if let Some(token) = self.of_now(token) {
                    self.step(Input::Text(&token.json()));
                }
            }
            Line::Skipped(Skip::Binary, _) => {
                self.open();
                self.step(Input::Binary);
            }
            Line::Skipped(..) => {
                self.open();
                self.step(Input::Text(""));
            }
            Line::Sent(token) => self.send(token),
        }
    }

    /// Whatever it takes to be up: the recording says that it was.
    fn open(&mut self) {
        while !matches!(self.link.state(), State::Up | State::Closing | State::Stopped(_)) {
            if let (State::Waiting { .. }, Some(deadline)) =
                (self.link.state(), self.link.deadline())
            {
                self.at = self.at.max(self.start + deadline);
            }
            self.step(Input::Start);
            self.step(Input::Tick);
            self.step(Input::Opened);
        }
    }

    fn send(&mut self, then: &Token) {
        let kind = then.kind().unwrap_or_default();
        if kind == "ping" {
            return;
        }
        self.open();
        let request = Request::new(kind).fields(then.fields().clone());
        for output in self.step(Input::Send { ticket: 0, request }) {
            if let (Output::Write(now), Some(then)) = (output, then.utid())
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
        let events = Transcript::parse(&text.join("\n")).unwrap().events(Agent::new("a", "b", 1));
        events
            .iter()
            .map(|(_, event)| match event {
                AgentEvent::Link(state) => state.as_str().to_owned(),
                AgentEvent::Settled(settled) => settled.how.as_str().to_owned(),
                AgentEvent::Push(token) => format!("push {}", token.kind().unwrap_or("-")),
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
