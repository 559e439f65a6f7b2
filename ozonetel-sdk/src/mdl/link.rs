//! The link as a state machine: inputs with the time they came at, outputs to act on. No socket, no clock.
//!
//! It decides when to connect, what goes out, whose reply a token is, how each request is settled, and when the
//! other side is dead. It does not repeat anything: a request is written at most once, and settles exactly once.

mod arrivals;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod handshake;
pub(crate) mod input;
pub(crate) mod limits;
pub(crate) mod output;
mod recent;
mod replies;
mod requests;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod timing;
pub(crate) mod tracker;

use self::fault::SocketFault;
use self::handshake::{Handshake, SessionIds};
use self::input::LinkInput;
use self::limits::LinkLimits;
use self::output::{LinkCounters, LinkOutput, SkippedFrame};
use self::recent::RecentPushes;
use self::replies::Replies;
use self::state::{DisconnectReason, LinkState, StopReason};
use self::tracker::{AgentSnapshot, Tracker};
use crate::mdl::token::session::{AgentIdentity, AgentSession};
use std::sync::Arc;
use std::time::Duration;

/// The state machine. `now` is any monotonic reading; it only ever has to move forward.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use ozonetel_sdk::mdl::{AgentIdentity, FixedSession, Settlement, LinkInput, LinkLimits, Link, ManualDial, LinkOutput, LinkState};
///
/// let agent = AgentIdentity::new("acme_support", "agent01", 1001);
/// let mut link = Link::new(agent, Arc::new(FixedSession::new("c2Vzc2lvbi0wMDE=", "b")), LinkLimits::default());
/// let now = Duration::ZERO;
/// link.on(now, LinkInput::Start);
/// link.on(now, LinkInput::Opened);
/// assert_eq!(link.state(), LinkState::Up);
///
/// let request = ManualDial::new(77, "9000000001", "500001").request()?;
/// let out = link.on(now, LinkInput::Send { ticket: 1, request });
/// let [LinkOutput::Write(token)] = out.as_slice() else { panic!("one write") };
/// let reply = format!(r#"{{"type":"response","utid":"{}","resp":"Success:x"}}"#, token.utid().unwrap());
/// let out = link.on(now, LinkInput::Text(&reply));
/// let Some(LinkOutput::Settle(settled)) = out.last() else { panic!("settled") };
/// assert!(matches!(settled.settlement, Settlement::Reply(_)));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug)]
pub struct Link {
    agent: AgentIdentity,
    handshake: Arc<dyn Handshake>,
    limits: LinkLimits,
    state: LinkState,
    /// When the state's own time is up.
    until: Option<Duration>,
    replies: Replies,
    ids: SessionIds,
    /// Those of `ids` that came under the very names for them.
    named: SessionIds,
    session: Option<AgentSession>,
    seen: Vec<Box<str>>,
    beat: Beat,
    history: History,
    tracker: Tracker,
    recent: RecentPushes,
    counters: LinkCounters,
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
    pub fn new(agent: AgentIdentity, handshake: Arc<dyn Handshake>, limits: LinkLimits) -> Self {
        let history = History { random: limits.seed, ..History::default() };
        Self {
            agent,
            handshake,
            limits,
            state: LinkState::Idle,
            until: None,
            replies: Replies::default(),
            ids: SessionIds::default(),
            named: SessionIds::default(),
            session: None,
            seen: Vec::new(),
            beat: Beat::default(),
            history,
            tracker: Tracker::default(),
            recent: RecentPushes::default(),
            counters: LinkCounters::default(),
            close_sent: false,
        }
    }

    /// Its state.
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// The session, while the link is up.
    pub fn session(&self) -> Option<&AgentSession> {
        self.session.as_ref()
    }

    /// Its times and limits.
    pub fn limits(&self) -> &LinkLimits {
        &self.limits
    }

    /// What was not passed on.
    pub fn counters(&self) -> LinkCounters {
        self.counters
    }

    /// What is known of agent and call.
    pub fn snapshot(&self) -> AgentSnapshot {
        self.tracker.snapshot(Duration::ZERO, 0)
    }

    /// One step.
    pub fn on(&mut self, now: Duration, input: LinkInput<'_>) -> Vec<LinkOutput> {
        let mut out = Vec::new();
        match input {
            LinkInput::Start if self.state == LinkState::Idle => self.connect(now, &mut out),
            LinkInput::Opened if matches!(self.state, LinkState::Connecting { .. }) => {
                self.opened(now, &mut out);
            }
            LinkInput::Text(text) if self.is_open() => self.text(now, text, &mut out),
            LinkInput::Binary if self.is_open() => {
                self.beat.unanswered = None;
                self.counters.binary += 1;
                out.push(LinkOutput::Skipped(SkippedFrame::Binary));
            }
            LinkInput::Heard if self.is_open() => self.beat.unanswered = None,
            LinkInput::Failed(cause) => self.lost(now, cause, &mut out),
            LinkInput::Closed(code) => self.lost(now, DisconnectReason::Closed(code), &mut out),
            LinkInput::Tick => self.tick(now, &mut out),
            LinkInput::Send { ticket, request } => self.send(now, ticket, &request, &mut out),
            LinkInput::Close => self.close(now, &mut out),
            // Nothing of the kind was asked for in this state.
            LinkInput::Start
            | LinkInput::Opened
            | LinkInput::Text(_)
            | LinkInput::Binary
            | LinkInput::Heard => {}
        }
        out
    }

    fn is_open(&self) -> bool {
        matches!(self.state, LinkState::Handshaking | LinkState::Up | LinkState::Closing)
    }

    fn enter(&mut self, state: LinkState, until: Option<Duration>, out: &mut Vec<LinkOutput>) {
        self.state = state;
        self.until = until;
        out.push(LinkOutput::State(state));
    }

    fn connect(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        self.history.attempt = self.history.attempt.saturating_add(1);
        let attempt = self.history.attempt;
        self.enter(
            LinkState::Connecting { attempt },
            Some(now.saturating_add(self.limits.connect_wait)),
            out,
        );
        out.push(LinkOutput::Connect);
    }

    fn opened(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        self.counters.connections += 1;
        self.ids = self.handshake.begin();
        self.named = SessionIds::default();
        self.seen.clear();
        match self.ids.session() {
            Some(session) => self.up(now, session, out),
            None => self.enter(
                LinkState::Handshaking,
                Some(now.saturating_add(self.limits.handshake_wait)),
                out,
            ),
        }
    }

    fn up(&mut self, now: Duration, session: AgentSession, out: &mut Vec<LinkOutput>) {
        self.session = Some(session);
        self.beat = Beat { next: now.saturating_add(self.limits.ping_every), unanswered: None };
        self.history.up_since = Some(now);
        self.history.bad_handshakes = 0;
        self.enter(LinkState::Up, None, out);
        if let Some((at, unknown)) = self.history.broke.take() {
            out.push(LinkOutput::Resumed(self.tracker.snapshot(now.saturating_sub(at), unknown)));
        }
    }

    fn lost(&mut self, now: Duration, cause: DisconnectReason, out: &mut Vec<LinkOutput>) {
        match self.state {
            LinkState::Connecting { .. } | LinkState::Handshaking | LinkState::Up => {
                self.down(now, cause, out);
            }
            LinkState::Closing => self.stop(StopReason::Asked, out),
            LinkState::Idle | LinkState::Waiting { .. } | LinkState::Stopped(_) => {}
        }
    }

    fn down(&mut self, now: Duration, cause: DisconnectReason, out: &mut Vec<LinkOutput>) {
        if let Some(since) = self.history.up_since.take() {
            if now.saturating_sub(since) >= self.limits.good_after {
                self.history.attempt = 0;
            }
            let unknown = u32::try_from(self.replies.len()).unwrap_or(u32::MAX);
            self.history.broke = Some((now, unknown));
        }
        match cause {
            DisconnectReason::FrameTooLarge => {
                out.push(LinkOutput::Fault(SocketFault::FrameTooLarge {
                    limit: self.limits.frame,
                }));
            }
            DisconnectReason::Tls => out.push(LinkOutput::Fault(SocketFault::Tls)),
            _ => {}
        }
        if cause == DisconnectReason::Handshake {
            self.history.bad_handshakes = self.history.bad_handshakes.saturating_add(1);
        }
        if let Some(stop) = self.limits.fatal(cause, self.history.bad_handshakes) {
            return self.stop(stop, out);
        }
        self.session = None;
        out.push(LinkOutput::Drop);
        self.settle_all(out);
        let pause = self.limits.pause(self.history.attempt, random(&mut self.history.random));
        self.enter(LinkState::Waiting { cause, pause }, Some(now.saturating_add(pause)), out);
    }

    fn stop(&mut self, stop: StopReason, out: &mut Vec<LinkOutput>) {
        self.session = None;
        out.push(LinkOutput::Drop);
        self.settle_all(out);
        if stop != StopReason::Asked {
            out.push(LinkOutput::Fault(SocketFault::Stopped(stop)));
        }
        self.enter(LinkState::Stopped(stop), None, out);
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
