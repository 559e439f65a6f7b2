//! The link over a real connection: a stream that its one owner polls, and senders.
//!
//! There is no task behind it: connecting, reading, writing, pings and time limits all happen while the owner polls
//! [`SocketEvents`]. A task that polls the stream must therefore not await a reply itself: the reply would not
//! arrive before its time is up. Spawn one of the two.

mod wire;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Sleep};

use self::wire::{OutgoingFrame, Wire};
use super::connector::SocketConnector;
use super::open::ConnectPlan;
use super::sender::{Command, SocketSender};
use super::settings::SocketSettings;
use super::written::Written;
use crate::core::error::Error;
use crate::mdl::link::Link;
use crate::mdl::link::event::SocketEvent;
use crate::mdl::link::fault::SocketFault;
use crate::mdl::link::handshake::Handshake;
use crate::mdl::link::input::LinkInput;
use crate::mdl::link::output::{LinkCounters, LinkOutput, SettledRequest, SkippedFrame};
use crate::mdl::link::state::{DisconnectReason, LinkState};
use crate::mdl::link::tracker::AgentSnapshot;
use crate::mdl::record::recorder::TapEvent;
use crate::mdl::token::session::AgentSession;

/// Steps in one poll before the runtime gets a turn.
const BUDGET: usize = 128;

/// A link's events, in order. Poll it all the time: it is what drives the link.
///
/// An `Err` item reports something that went wrong and does not in itself end the stream; the stream ends after
/// [`LinkState::Stopped`]. Dropping it closes the connection at once, without waiting; requests that were on their way
/// settle as unknown.
///
/// ```
/// use std::sync::Arc;
/// use futures_util::StreamExt;
/// use ozonetel_sdk::dial::DialOutcome;
/// use ozonetel_sdk::mdl::{AgentIdentity, TranscriptLine, ManualDial, SocketReplay, SocketSettings, Token, Transcript};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A recorded session takes the service's place.
/// let token = |text: &str| Token::parse(text);
/// let replay = SocketReplay::new(&[
///     TranscriptLine::Received(token(r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE="}"#)?),
///     TranscriptLine::Sent(token(r#"{"type":"tbManualDial","utid":1}"#)?),
///     TranscriptLine::Received(token(r#"{"type":"response","utid":"1","resp":"Success:x","ucid":"12345678901234567"}"#)?),
/// ].into_iter().collect::<Transcript>());
///
/// let agent = AgentIdentity::new("acme_support", "agent01", 1001);
/// let settings = SocketSettings::new("ws://agent.example.test/", agent)?.connector(Arc::new(replay));
/// let (mut events, sender) = settings.connect()?;
/// let seen = tokio::spawn(async move { while let Some(event) = events.next().await { drop(event) } });
/// sender.ready().await?;
/// match sender.dial(ManualDial::new(77, "9000000001", "500001")).await {
///     DialOutcome::Accepted(ucid) => assert_eq!(ucid.map(|u| u.to_string()).as_deref(), Some("12345678901234567")),
///     other => panic!("{other:?}"),
/// }
/// sender.close().await;
/// seen.await?;
/// Ok(())
/// }
/// ```
///
/// # Cancel safety
/// Nothing is lost when a `next()` on it is dropped.
#[must_use = "a link does nothing unless it is polled"]
pub struct SocketEvents {
    link: Link,
    plan: Arc<ConnectPlan>,
    start: Instant,
    wire: Wire,
    outbox: VecDeque<OutgoingFrame>,
    unflushed: bool,
    /// Since when something to write has waited for the other side to read, and what was written by then.
    blocked: Option<(Duration, u64)>,
    timer: Option<(Duration, Pin<Box<Sleep>>)>,
    events: VecDeque<Result<SocketEvent, Error>>,
    commands: mpsc::Receiver<Command>,
    waiting: HashMap<u64, oneshot::Sender<SettledRequest>>,
    tickets: u64,
    state: watch::Sender<LinkState>,
    sender: SocketSender,
}

impl fmt::Debug for SocketEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketEvents")
            .field("state", &self.link.state())
            .field("counters", &self.link.counters())
            .finish_non_exhaustive()
    }
}

impl SocketEvents {
    pub(crate) fn new(
        settings: SocketSettings,
        handshake: Arc<dyn Handshake>,
        connector: Arc<dyn SocketConnector>,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> (Self, SocketSender) {
        let limits = settings.limits.clone();
        let (queue, commands) = mpsc::channel(limits.queue.max(1));
        let (state, watched) = watch::channel(LinkState::Idle);
        let plan = settings.dial_plan.clone().map(Arc::new);
        let sender = SocketSender::new(queue, watched, limits.reply_wait, plan);
        let link = Link::new(settings.agent.clone(), handshake, limits);
        let plan = ConnectPlan {
            settings,
            connector,
            tls,
            no_sub_protocol: AtomicBool::new(false),
            written: Written::default(),
        };
        let events = Self {
            link,
            plan: Arc::new(plan),
            start: Instant::now(),
            wire: Wire::None,
            outbox: VecDeque::new(),
            unflushed: false,
            blocked: None,
            timer: None,
            events: VecDeque::new(),
            commands,
            waiting: HashMap::new(),
            tickets: 0,
            state,
            sender: sender.clone(),
        };
        (events, sender)
    }

    /// The link's state.
    pub fn state(&self) -> LinkState {
        self.link.state()
    }

    /// The session, while the link is up.
    pub fn session(&self) -> Option<&AgentSession> {
        self.link.session()
    }

    /// What is known of agent and call.
    pub fn snapshot(&self) -> AgentSnapshot {
        self.link.snapshot()
    }

    /// Counts of what was not passed on.
    pub fn counters(&self) -> LinkCounters {
        self.link.counters()
    }

    /// One more sender.
    pub fn sender(&self) -> SocketSender {
        self.sender.clone()
    }

    /// Ends in good order: takes no more requests, waits for the replies on their way, then for the other side's
    /// close, each no longer than [`LinkLimits::close_wait`](crate::mdl::LinkLimits::close_wait). What arrives meanwhile is
    /// dropped; to see it, ask with [`SocketSender::close`] and keep polling.
    pub async fn close(mut self) {
        self.step(LinkInput::Close);
        while self.next().await.is_some() {}
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn step(&mut self, input: LinkInput<'_>) {
        let out = self.link.on(self.now(), input);
        for output in out {
            self.act(output);
        }
    }

    fn act(&mut self, output: LinkOutput) {
        match output {
            LinkOutput::Connect => {
                self.wire = Wire::Opening(Box::pin(Arc::clone(&self.plan).open()));
            }
            LinkOutput::Write(token) => self.outbox.push_back(OutgoingFrame::Token(token)),
            LinkOutput::Ping => self.outbox.push_back(OutgoingFrame::Ping),
            LinkOutput::CloseFrame => self.outbox.push_back(OutgoingFrame::Close),
            LinkOutput::Drop => {
                self.outbox.clear();
                self.unflushed = false;
                self.blocked = None;
                self.wire = Wire::None;
            }
            LinkOutput::Fault(fault) => self.events.push_back(Err(error_of(fault))),
            LinkOutput::Skipped(skip) => {
                tracing::warn!(
                    binary = skip == SkippedFrame::Binary,
                    "a frame of the agent socket was skipped"
                );
            }
            output => self.report(output),
        }
    }

    /// Notifies those who wait for an output, then the owner.
    fn report(&mut self, output: LinkOutput) {
        match &output {
            LinkOutput::State(state) => {
                tracing::debug!(state = state.as_str(), cause = state.cause(), "agent link");
                self.tap(&TapEvent::State(*state));
                self.state.send_replace(*state);
            }
            LinkOutput::Settle(settled) => {
                if let Some(waiter) = self.waiting.remove(&settled.ticket) {
                    // The caller may have gone away; the event still reports it.
                    let _ = waiter.send(settled.clone());
                }
            }
            _ => {}
        }
        self.events.extend(SocketEvent::of(output).map(Ok));
    }

    fn tap(&self, seen: &TapEvent<'_>) {
        let settings = &self.plan.settings;
        if let Some(tap) = &settings.tap {
            tap.on(settings.clock.now(), seen);
        }
    }

    /// While the link is up, a request is taken only when the one before it is on the wire.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        if self.link.state() == LinkState::Up && !self.outbox.is_empty() {
            return false;
        }
        match self.commands.poll_recv(cx) {
            Poll::Ready(Some(command)) => self.take(command),
            Poll::Ready(None) | Poll::Pending => return false,
        }
        true
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Close => self.step(LinkInput::Close),
            Command::Send { slot, settle } => {
                // A caller that gave up meanwhile took the request back: it was not sent.
                let Some(request) = slot.take() else { return };
                self.tickets += 1;
                let ticket = self.tickets;
                self.waiting.insert(ticket, settle);
                self.step(LinkInput::Send { ticket, request });
            }
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        // A deadline beyond the clock's range never comes.
        let due = [self.link.deadline(), self.write_deadline()].into_iter().flatten().min();
        let due = due.and_then(|due| Some((due, self.start.checked_add(due)?)));
        let Some((deadline, at)) = due else {
            self.timer = None;
            return false;
        };
        let (set, sleep) =
            self.timer.get_or_insert_with(|| (deadline, Box::pin(tokio::time::sleep_until(at))));
        if *set != deadline {
            *set = deadline;
            sleep.as_mut().reset(at);
        }
        if sleep.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.timer = None;
        if self.write_deadline().is_some_and(|due| due <= self.now()) {
            self.step(LinkInput::Failed(DisconnectReason::Blocked));
        }
        self.step(LinkInput::Tick);
        true
    }

    /// When a write that waits for the other side has waited for too long.
    fn write_deadline(&self) -> Option<Duration> {
        Some(self.blocked?.0.saturating_add(self.link.limits().silence))
    }

    /// After the end: whatever is still asked for was not sent.
    fn turn_away(&mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            self.take(command);
        }
    }
}

impl Stream for SocketEvents {
    type Item = Result<SocketEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.link.state() == LinkState::Idle {
            this.step(LinkInput::Start);
        }
        for _ in 0..BUDGET {
            if let Some(event) = this.events.pop_front() {
                return Poll::Ready(Some(event));
            }
            if matches!(this.link.state(), LinkState::Stopped(_)) {
                this.turn_away();
                return Poll::Ready(this.events.pop_front());
            }
            let moved = this.poll_wire(cx) | this.poll_commands(cx) | this.poll_timer(cx);
            if !moved && this.events.is_empty() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn error_of(fault: SocketFault) -> Error {
    Error::socket(fault).named("mdl", 0, Duration::ZERO)
}
