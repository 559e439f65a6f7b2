//! The link as a state machine: inputs with the time they came at, outputs to act on. No socket, no clock.
//!
//! It decides when to connect, what goes out, whose reply a token is, what became of each request, and when the
//! other side is dead. It does not repeat anything: a request is written at most once, and settles exactly once.

mod replies;
mod state;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::fault::Fault;
use super::handshake::{Handshake, Ids};
use super::request::Request;
use super::session::{Agent, Session, Snapshot, Tracker};
use super::token::{SYSTEM_NS, Token, Utid, brief};
use super::view::Push;
use replies::{Match, Pending, Replies};

pub use state::{Cause, FATAL_STATUSES, Limits, Ping, State, Stop};
pub use steps::{Counters, How, Input, NotSent, Output, Settled, Skip};

/// Types of tokens that are listed when a handshake fails.
const SEEN: usize = 32;

/// Pushes that are remembered, to recognise one that is sent twice.
const RECENT: usize = 64;

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

    /// When the next [`Input::Tick`] is wanted, if nothing else happens before.
    pub fn deadline(&self) -> Option<Duration> {
        let (beat, due) = match self.state {
            State::Up => {
                let dead = self.beat.unanswered.map(|since| since + self.limits.silence);
                (
                    Some(dead.map_or(self.beat.next, |dead| dead.min(self.beat.next))),
                    self.replies.first_due(),
                )
            }
            State::Closing => (None, self.replies.first_due()),
            _ => (None, None),
        };
        [self.until, beat, due].into_iter().flatten().min()
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
        self.enter(State::Connecting { attempt }, Some(now + self.limits.connect_wait), out);
        out.push(Output::Connect);
    }

    fn opened(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.counters.connections += 1;
        self.ids = self.handshake.begin();
        self.seen.clear();
        match self.ids.session() {
            Some(session) => self.up(now, session, out),
            None => self.enter(State::Handshaking, Some(now + self.limits.handshake_wait), out),
        }
    }

    fn up(&mut self, now: Duration, session: Session, out: &mut Vec<Output>) {
        self.session = Some(session);
        self.beat = Beat { next: now + self.limits.ping_every, unanswered: None };
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
        if cause == Cause::FrameTooLarge {
            out.push(Output::Fault(Fault::FrameTooLarge { limit: self.limits.frame }));
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
        self.enter(State::Waiting { cause, pause }, Some(now + pause), out);
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

    fn settle_all(&mut self, out: &mut Vec<Output>) {
        for (utid, pending) in self.replies.drain() {
            out.push(settle(utid, pending, How::Unknown));
        }
    }

    fn text(&mut self, now: Duration, text: &str, out: &mut Vec<Output>) {
        self.beat.unanswered = None;
        let Ok(token) = Token::parse(text) else {
            self.counters.not_tokens += 1;
            out.push(Output::Skipped(Skip::NotAToken));
            return;
        };
        if self.state == State::Handshaking {
            if self.seen.len() < SEEN {
                self.seen.push(token.kind().map_or_else(|| "-".into(), brief));
            }
            self.handshake.look(&token, &mut self.ids);
        }
        if token.is_reply() {
            self.reply(now, token, out);
        } else {
            self.push(token, out);
        }
        if self.state == State::Handshaking
            && let Some(session) = self.ids.session()
        {
            self.up(now, session, out);
        }
    }

    fn reply(&mut self, now: Duration, token: Token, out: &mut Vec<Output>) {
        match self.replies.take(&token) {
            Match::First(utid, pending) => {
                self.tracker.see(&self.agent, &token, &Push::Other);
                out.push(Output::Reply(token.clone()));
                out.push(settle(utid, pending, How::Reply(token)));
                self.close_if_drained(now, out);
            }
            Match::Late => {
                self.counters.late_replies += 1;
                self.tracker.see(&self.agent, &token, &Push::Other);
                out.push(Output::Late(token));
            }
            Match::Again => self.counters.repeated_replies += 1,
            Match::Ping => {}
            Match::Stranger => self.push(token, out),
        }
    }

    fn push(&mut self, token: Token, out: &mut Vec<Output>) {
        let push = token.push();
        if token.kind() == Some("event") && token.ns() == Some(SYSTEM_NS) {
            self.counters.others += 1;
            return;
        }
        if matches!(push, Push::Answered(_) | Push::Dropped(_)) && self.seen_before(&token) {
            self.counters.repeated_pushes += 1;
            return;
        }
        self.tracker.see(&self.agent, &token, &push);
        out.push(Output::Push(token));
    }

    /// Only pushes about a call that has an id can be told from two that look alike.
    fn seen_before(&mut self, token: &Token) -> bool {
        if token.ucid().is_none() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        for (name, value) in token.fields().iter().filter(|(name, _)| *name != "utid") {
            (name, value.to_string()).hash(&mut hasher);
        }
        let print = hasher.finish();
        if self.recent.contains(&print) {
            return true;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(print);
        false
    }

    fn tick(&mut self, now: Duration, out: &mut Vec<Output>) {
        let up = self.until.is_some_and(|until| until <= now);
        match self.state {
            State::Waiting { .. } if up => self.connect(now, out),
            State::Connecting { .. } if up => self.down(now, Cause::TimedOut, out),
            State::Handshaking if up => self.handshake_over(now, out),
            State::Closing if up && self.close_sent => self.stop(Stop::Asked, out),
            State::Closing => {
                self.overdue(now, out);
                if up {
                    self.settle_all(out);
                }
                self.close_if_drained(now, out);
            }
            State::Up => {
                self.overdue(now, out);
                self.pulse(now, out);
            }
            _ => {}
        }
    }

    fn handshake_over(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.handshake.time_up(&mut self.ids);
        if let Some(session) = self.ids.session() {
            return self.up(now, session, out);
        }
        let seen = std::mem::take(&mut self.seen);
        out.push(Output::Fault(Fault::Handshake { missing: self.ids.missing(), seen }));
        self.down(now, Cause::Handshake, out);
    }

    fn overdue(&mut self, now: Duration, out: &mut Vec<Output>) {
        for (utid, pending) in self.replies.due(now) {
            out.push(settle(utid, pending, How::NoReply));
        }
    }

    fn pulse(&mut self, now: Duration, out: &mut Vec<Output>) {
        if self.beat.unanswered.is_some_and(|since| now >= since + self.limits.silence) {
            return self.down(now, Cause::Silence, out);
        }
        if now < self.beat.next {
            return;
        }
        self.beat.next = now + self.limits.ping_every;
        self.beat.unanswered.get_or_insert(now);
        if self.limits.ping != Ping::Frame {
            let utid = self.replies.ping();
            let ping = Token::new("ping").with("ns", SYSTEM_NS).with("echo", true);
            out.push(Output::Write(ping.with("utid", utid.get())));
        }
        if self.limits.ping != Ping::Token {
            out.push(Output::Ping);
        }
    }

    fn send(&mut self, now: Duration, ticket: u64, request: &Request, out: &mut Vec<Output>) {
        let refuse = |why| {
            let (utid, request) = (None, request.draft());
            Output::Settle(Settled { ticket, utid, request, how: How::NotSent(why) })
        };
        let (State::Up, Some(session)) = (self.state, &self.session) else {
            return out.push(refuse(NotSent::Down));
        };
        let Limits { pending: most, frame, .. } = self.limits;
        if self.replies.len() >= most {
            return out.push(refuse(NotSent::PendingFull { limit: most }));
        }
        // Measured with the longest id, so that an id is spent only on what is sent.
        if request.seal(&self.agent, session, Utid(u64::MAX)).json().len() > frame {
            return out.push(refuse(NotSent::TooLarge { limit: frame }));
        }
        let utid = self.replies.next();
        let token = request.seal(&self.agent, session, utid);
        let wait = request.reply_wait().unwrap_or(self.limits.reply_wait);
        let due = now.checked_add(wait).unwrap_or(Duration::MAX);
        self.replies.expect(utid, Pending { ticket, request: token.clone(), due });
        out.push(Output::Write(token));
    }

    fn close(&mut self, now: Duration, out: &mut Vec<Output>) {
        match self.state {
            State::Idle | State::Connecting { .. } | State::Waiting { .. } => {
                self.stop(Stop::Asked, out);
            }
            State::Handshaking | State::Up => {
                self.enter(State::Closing, Some(now + self.limits.close_wait), out);
                self.close_sent = false;
                self.close_if_drained(now, out);
            }
            State::Closing | State::Stopped(_) => {}
        }
    }

    fn close_if_drained(&mut self, now: Duration, out: &mut Vec<Output>) {
        if self.state == State::Closing && !self.close_sent && self.replies.len() == 0 {
            self.close_sent = true;
            self.until = Some(now + self.limits.close_wait);
            out.push(Output::CloseFrame);
        }
    }
}

fn settle(utid: Utid, pending: Pending, how: How) -> Output {
    let Pending { ticket, request, .. } = pending;
    Output::Settle(Settled { ticket, utid: Some(utid), request, how })
}

/// SplitMix64: jitter needs no more.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
