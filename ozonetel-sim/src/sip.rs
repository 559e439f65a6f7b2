//! SIP over WebSocket (RFC 7118) for softphones: the telephones outside of the world.
//!
//! No media. The exchange offers a session without candidates; where both telephones of a call are
//! softphones, it hands each the other's description and the two talk directly.

mod compose;
mod connection;
mod dialog;
mod digest;
mod exchange;
mod registrar;
mod ring;
mod sdp;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::bounded;
use crate::browsers::{Browser, BrowserSockets};
use crate::sim::Sim;
use crate::world::{EventKind, LegSide, PhoneCall, World, WorldEvent};
use connection::ConnectionId;
use exchange::{Exchange, ExchangeAction};

/// The subprotocol of RFC 7118.
pub(crate) const SUB_PROTOCOL: &str = "sip";
/// The largest message of a softphone.
pub(crate) const LARGEST: usize = 64 << 10;
/// How many messages may wait, in and out.
const WAITING: usize = 256;
/// How often the exchange looks whether it still agrees with the world.
const LOOK: Duration = Duration::from_millis(500);

/// What reaches the exchange.
enum SocketEvent {
    Opened(ConnectionId, OpenLine),
    Received(ConnectionId, Bytes),
    Closed(ConnectionId),
}

/// A connection that is open: where its messages go, and which browser it comes from.
#[derive(Debug)]
struct OpenLine {
    sender: mpsc::Sender<Vec<u8>>,
    browser: Option<Browser>,
}

/// A handle on the exchange of a server.
#[derive(Clone, Debug)]
pub(crate) struct Softphones {
    inputs: mpsc::Sender<SocketEvent>,
    lines: Arc<AtomicU64>,
    stop: watch::Receiver<bool>,
}

impl Softphones {
    /// Starts the exchange of a simulator; it follows the world from now on.
    pub(crate) fn start(
        sim: Sim,
        browsers: BrowserSockets,
        stop: watch::Receiver<bool>,
    ) -> (Self, JoinHandle<()>) {
        let (inputs, received) = mpsc::channel(WAITING);
        let events = sim.subscribe();
        let task = tokio::spawn(ExchangeTask::new(sim, browsers).run(received, events));
        (Self { inputs, lines: Arc::default(), stop }, task)
    }

    /// Serves one softphone until its connection ends.
    pub(crate) async fn serve(mut self, mut socket: WebSocket, browser: Option<Browser>) {
        let line = ConnectionId(self.lines.fetch_add(1, Ordering::Relaxed));
        let (sender, mut outgoing) = mpsc::channel(WAITING);
        let open = OpenLine { sender, browser };
        if self.inputs.send(SocketEvent::Opened(line, open)).await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                received = socket.recv() => {
                    let bytes = match received {
                        Some(Ok(Message::Text(text))) => Bytes::from(text),
                        Some(Ok(Message::Binary(bytes))) => bytes,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                            // Its pong goes out before anything else is read.
                            if bounded::flush(&mut socket).await.is_err() {
                                break;
                            }
                            continue;
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    };
                    if self.inputs.send(SocketEvent::Received(line, bytes)).await.is_err() {
                        break;
                    }
                }
                message = outgoing.recv() => {
                    let Some(bytes) = message else { break };
                    let frame = match String::from_utf8(bytes) {
                        Ok(text) => Message::Text(text.into()),
                        Err(error) => Message::Binary(error.into_bytes().into()),
                    };
                    if bounded::send(&mut socket, frame).await.is_err() {
                        break;
                    }
                }
                _ = self.stop.changed() => break,
            }
        }
        // Without an exchange there is nothing to do.
        let _ = self.inputs.send(SocketEvent::Closed(line)).await;
    }
}

/// The exchange with its connections and its world.
struct ExchangeTask {
    sim: Sim,
    exchange: Exchange,
    lines: BTreeMap<ConnectionId, OpenLine>,
    browsers: BrowserSockets,
    start: Instant,
}

impl ExchangeTask {
    fn new(sim: Sim, browsers: BrowserSockets) -> Self {
        let seed = sim.look(|world| world.setup().seed);
        let exchange = Exchange::new("sim.example.test", seed);
        let (lines, start) = (BTreeMap::new(), Instant::now());
        let mut office = Self { sim, exchange, lines, browsers, start };
        office.look();
        office
    }

    async fn run(
        mut self,
        mut inputs: mpsc::Receiver<SocketEvent>,
        mut events: broadcast::Receiver<WorldEvent>,
    ) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                input = inputs.recv() => {
                    let Some(input) = input else { return };
                    self.input(input);
                }
                event = events.recv() => match event {
                    Ok(event) => self.event(&event),
                    // What was missed shows when the exchange next looks at the world.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                _ = look.tick() => self.look(),
            }
            self.act();
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn input(&mut self, input: SocketEvent) {
        let now = self.now();
        match input {
            SocketEvent::Opened(line, open) => {
                self.lines.insert(line, open);
                self.exchange.opened(line);
            }
            SocketEvent::Received(line, bytes) => self.exchange.received(line, &bytes, now),
            SocketEvent::Closed(line) => {
                self.lines.remove(&line);
                self.exchange.closed(line);
            }
        }
    }

    fn event(&mut self, event: &WorldEvent) {
        let Some(ucid) = event.ucid else { return };
        match event.kind {
            EventKind::AgentRinging => self.ring(ucid, LegSide::Agent),
            EventKind::CustomerRinging => self.ring(ucid, LegSide::Customer),
            EventKind::Answered if self.exchange.holds(ucid) => {
                self.sim.change(|world| world.hold(ucid, true));
            }
            EventKind::Ended => {
                let now = self.now();
                self.exchange.ended(ucid, LegSide::Agent, now);
                let call = event.monitor_ucid.unwrap_or(ucid);
                if !self.sim.look(|world| world.call(call).is_some_and(PhoneCall::live)) {
                    self.exchange.call_ended(call, now);
                }
            }
            _ => {}
        }
    }

    fn ring(&mut self, ucid: u64, side: LegSide) {
        let (ring, browser_only) = self.sim.look(|world| {
            let only = side == LegSide::Agent && world.setup().mdl.rings_browser_only;
            (ring::invite(world, ucid, side), only)
        });
        let Some(ring) = ring.filter(|r| self.exchange.has(&r.extension)) else { return };
        let open = if browser_only { Some(self.browsers.of(ring.agent.as_deref())) } else { None };
        let lines = &self.lines;
        let may_ring = |line: ConnectionId| match &open {
            None => true,
            Some(open) => {
                let browser = lines.get(&line).and_then(|line| line.browser.as_ref());
                browser.is_some_and(|browser| open.contains(browser))
            }
        };
        if !self.exchange.ring(&ring, may_ring) {
            tracing::info!("no softphone may be rung for a leg: no browser has the agent's socket");
        }
    }

    /// Ends what the world no longer knows; agents come and go.
    fn look(&mut self) {
        let now = self.now();
        let passwords = self.sim.look(|world| {
            let agents = world.agents().iter().map(|a| &a.setup);
            agents.map(|a| (a.extension.clone(), a.sip_password.clone())).collect()
        });
        self.exchange.allow(passwords);
        self.exchange.tick(now);
        for (ucid, call, side) in self.exchange.legs() {
            let there = |world: &World| world.call(call).is_some_and(|c| is_up(c, ucid, side));
            if !self.sim.look(there) {
                self.exchange.ended(ucid, side, now);
            }
        }
    }

    /// Carries out what the exchange asks for, and what follows from it.
    fn act(&mut self) {
        for _ in 0..64 {
            let outputs = self.exchange.outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.carry_out(output);
            }
        }
    }

    fn carry_out(&mut self, output: ExchangeAction) {
        match output {
            ExchangeAction::Send(line, bytes) => {
                let full = self.lines.get(&line).is_some_and(|s| s.sender.try_send(bytes).is_err());
                if full {
                    // A peer that does not read loses the connection.
                    self.lines.remove(&line);
                    self.exchange.closed(line);
                }
            }
            ExchangeAction::Outside(extension, there) => {
                self.sim.change(|world| world.set_phone_outside(&extension, there));
            }
            ExchangeAction::Hold(ucid, on) => {
                // Before the customer is there it is noted by the dialog alone.
                self.sim.change(|world| world.hold(ucid, on));
            }
            ExchangeAction::Lost(ucid, side) => {
                self.sim.change(|world| world.softphone_lost(ucid, side));
            }
            ExchangeAction::Back(ucid, side) => {
                self.sim.change(|world| world.softphone_back(ucid, side));
            }
            ExchangeAction::Fails(ucid, side, failure) => {
                // The leg may have ended meanwhile.
                self.sim.change(|world| world.ring_fails(ucid, side, &failure));
            }
            ExchangeAction::Phone(ucid, side, action) => {
                if self.sim.phone(&ucid.to_string(), side, action).is_err() {
                    let now = self.now();
                    self.exchange.ended(ucid, side, now);
                }
            }
        }
    }
}

/// Whether a telephone of a call still rings or talks.
fn is_up(call: &PhoneCall, ucid: u64, side: LegSide) -> bool {
    let leg = || call.legs.iter().any(|leg| leg.ucid == ucid && leg.ended.is_none());
    let party = || call.parties.iter().any(|party| party.ucid == ucid && party.expected());
    call.live() && (side == LegSide::Customer || leg() || party())
}
