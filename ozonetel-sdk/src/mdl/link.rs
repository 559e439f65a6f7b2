//! The link as a state machine: inputs with the time they came at, outputs to act on. No socket, no clock.
//!
//! It decides when to connect, what goes out, whose reply a token is, what became of each request, and when the
//! other side is dead. It does not repeat anything: a request is written at most once, and settles exactly once.

mod arrivals;
mod replies;
mod requests;
mod state;
mod steps;
#[cfg(test)]
mod tests;
mod timing;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::fault::Fault;
use super::handshake::{Handshake, Ids};
use super::session::{Agent, Session, Snapshot, Tracker};
use replies::Replies;

pub use state::{Cause, FATAL_STATUSES, Limits, Ping, State, Stop};
pub use steps::{Counters, How, Input, NotSent, Output, Settled, Skip};

/// The state machine. `now` is any monotonic reading; it only ever has to move forward.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use ozonetel_sdk::mdl::{Agent, ByHand, How, Input, Limits, Link, ManualDial, Output, State};
///
/// let agent = Agent::new("acme_support", "agent01", 1001);
/// let mut link = Link::new(agent, Arc::new(ByHand::new("c2Vzc2lvbi0wMDE=", "b")), Limits::default());
/// let now = Duration::ZERO;
/// link.on(now, Input::Start);
/// link.on(now, Input::Opened);
/// assert_eq!(link.state(), State::Up);
///
/// let request = ManualDial::new(77, "9000000001", "500001").request()?;
/// let out = link.on(now, Input::Send { ticket: 1, request });
/// let [Output::Write(token)] = out.as_slice() else { panic!("one write") };
/// let reply = format!(r#"{{"type":"response","utid":"{}","resp":"Success:x"}}"#, token.utid().unwrap());
/// let out = link.on(now, Input::Text(&reply));
/// let Some(Output::Settle(settled)) = out.last() else { panic!("settled") };
/// assert!(matches!(settled.how, How::Reply(_)));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug)]
pub struct Link {
    agent: Agent,
    handshake: Arc<dyn Handshake>,
    limits: Limits,
    state: State,
    /// When the state's own time is up.
    until: Option<Duration>,
    replies: Replies,
    ids: Ids,
    session: Option<Session>,
    seen: Vec<Box<str>>,
    beat: Beat,
    history: History,
    tracker: Tracker,
    recent: VecDeque<u64>,
    counters: Counters,
    close_sent: bool,
}

#[derive(Debug, Default)]
struct Beat {
    next: Duration,
    /// The oldest ping that nothing was heard after.
    unanswered: Option<Duration>,
}

#[derive(Debug, Default)]
struct History {
    attempt: u32,
    bad_handshakes: u32,
    up_since: Option<Duration>,
    /// When the link that was up broke, and how many requests it left unknown.
    broke: Option<(Duration, u32)>,
    random: u64,
}

impl Link {
    /// A link that has not begun.
    pub fn new(agent: Agent, handshake: Arc<dyn Handshake>, limits: Limits) -> Self {
        let history = History { random: limits.seed, ..History::default() };
        Self {
            agent,
            handshake,
            limits,
            state: State::Idle,
            until: None,
            replies: Replies::default(),
            ids: Ids::default(),
            session: None,
            seen: Vec::new(),
            beat: Beat::default(),
            history,
            tracker: Tracker::default(),
            recent: VecDeque::new(),
            counters: Counters::default(),
            close_sent: false,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The session, while the link is up.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Its times and limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was not handed on.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// What is known of agent and call.
    pub fn snapshot(&self) -> Snapshot {
        self.tracker.snapshot(Duration::ZERO, 0)
    }

    /// One step.
    pub fn on(&mut self, now: Duration, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start if self.state == State::Idle => self.connect(now, &mut out),
            Input::Opened if matches!(self.state, State::Connecting { .. }) => {
                self.opened(now, &mut out);
            }
            Input::Text(text) if self.is_open() => self.text(now, text, &mut out),
            Input::Binary if self.is_open() => {
                self.beat.unanswered = None;
                self.counters.binary += 1;
                out.push(Output::Skipped(Skip::Binary));
            }
            Input::Heard if self.is_open() => self.beat.unanswered = None,
            Input::Failed(cause) => self.lost(now, cause, &mut out),
            Input::Closed(code) => self.lost(now, Cause::Closed(code), &mut out),
            Input::Tick => self.tick(now, &mut out),
            Input::Send { ticket, request } => self.send(now, ticket, &request, &mut out),
            Input::Close => self.close(now, &mut out),
            // Nothing of the kind was asked for in this state.
            Input::Start | Input::Opened | Input::Text(_) | Input::Binary | Input::Heard => {}
        }
        out
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Handshaking | State::Up | State::Closing)
    }

    fn enter(&mut self, state: State, until: Option<Duration>, out: &mut Vec<Output>) {
        self.state = state;
        self.until = until;
        out.push(Output::State(state));
    }

    fn connect(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.history.attempt = self.history.attempt.saturating_add(1);
        let attempt = self.history.attempt;
        self.enter(
            State::Connecting { attempt },
            Some(now.saturating_add(self.limits.connect_wait)),
            out,
        );
        out.push(Output::Connect);
    }

    fn opened(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.counters.connections += 1;
        self.ids = self.handshake.begin();
        self.seen.clear();
        match self.ids.session() {
            Some(session) => self.up(now, session, out),
            None => self.enter(
                State::Handshaking,
                Some(now.saturating_add(self.limits.handshake_wait)),
                out,
            ),
        }
    }

    fn up(&mut self, now: Duration, session: Session, out: &mut Vec<Output>) {
        self.session = Some(session);
        self.beat = Beat { next: now.saturating_add(self.limits.ping_every), unanswered: None };
        self.history.up_since = Some(now);
        self.history.bad_handshakes = 0;
        self.enter(State::Up, None, out);
        if let Some((at, unknown)) = self.history.broke.take() {
            out.push(Output::Resumed(self.tracker.snapshot(now.saturating_sub(at), unknown)));
        }
    }

    fn lost(&mut self, now: Duration, cause: Cause, out: &mut Vec<Output>) {
        match self.state {
            State::Connecting { .. } | State::Handshaking | State::Up => self.down(now, cause, out),
            State::Closing => self.stop(Stop::Asked, out),
            State::Idle | State::Waiting { .. } | State::Stopped(_) => {}
        }
    }

    fn down(&mut self, now: Duration, cause: Cause, out: &mut Vec<Output>) {
        if let Some(since) = self.history.up_since.take() {
            if now.saturating_sub(since) >= self.limits.good_after {
                self.history.attempt = 0;
            }
            let unknown = u32::try_from(self.replies.len()).unwrap_or(u32::MAX);
            self.history.broke = Some((now, unknown));
        }
        match cause {
            Cause::FrameTooLarge => {
                out.push(Output::Fault(Fault::FrameTooLarge { limit: self.limits.frame }));
            }
            Cause::Tls => out.push(Output::Fault(Fault::Tls)),
            _ => {}
        }
        if cause == Cause::Handshake {
            self.history.bad_handshakes = self.history.bad_handshakes.saturating_add(1);
        }
        if let Some(stop) = self.limits.fatal(cause, self.history.bad_handshakes) {
            return self.stop(stop, out);
        }
        self.session = None;
        out.push(Output::Drop);
        self.settle_all(out);
        let pause = self.limits.pause(self.history.attempt, random(&mut self.history.random));
        self.enter(State::Waiting { cause, pause }, Some(now.saturating_add(pause)), out);
    }

    fn stop(&mut self, stop: Stop, out: &mut Vec<Output>) {
        self.session = None;
        out.push(Output::Drop);
        self.settle_all(out);
        if stop != Stop::Asked {
            out.push(Output::Fault(Fault::Stopped(stop)));
        }
        self.enter(State::Stopped(stop), None, out);
    }
}

/// SplitMix64: jitter needs no more.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
