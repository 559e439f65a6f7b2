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
mod sdp;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::sim::Sim;
use crate::world::{CallStage, Direction, EventKind, LegSide, PhoneCall, WorldEvent, sip_caller};
use connection::ConnectionId;
use dialog::{LegInvite, MediaSource};
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
    Opened(ConnectionId, mpsc::Sender<Vec<u8>>),
    Received(ConnectionId, Bytes),
    Closed(ConnectionId),
}

/// A handle on the exchange of a server.
#[derive(Clone, Debug)]
pub(crate) struct Softphones {
    inputs: mpsc::Sender<SocketEvent>,
    lines: std::sync::Arc<std::sync::atomic::AtomicU64>,
    stop: watch::Receiver<bool>,
}

impl Softphones {
    /// Starts the exchange of a simulator; it follows the world from now on.
    pub(crate) fn start(sim: Sim, stop: watch::Receiver<bool>) -> (Self, JoinHandle<()>) {
        let (inputs, received) = mpsc::channel(WAITING);
        let events = sim.subscribe();
        let task = tokio::spawn(ExchangeTask::new(sim).run(received, events));
        (Self { inputs, lines: std::sync::Arc::default(), stop }, task)
    }

    /// Serves one softphone until its connection ends.
    pub(crate) async fn serve(mut self, mut socket: WebSocket) {
        let line = ConnectionId(self.lines.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let (sender, mut outgoing) = mpsc::channel(WAITING);
        if self.inputs.send(SocketEvent::Opened(line, sender)).await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                received = socket.recv() => {
                    let bytes = match received {
                        Some(Ok(Message::Text(text))) => Bytes::from(text),
                        Some(Ok(Message::Binary(bytes))) => bytes,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
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
                    if socket.send(frame).await.is_err() {
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
    lines: BTreeMap<ConnectionId, mpsc::Sender<Vec<u8>>>,
    start: Instant,
}

impl ExchangeTask {
    fn new(sim: Sim) -> Self {
        let seed = sim.world().setup().seed;
        let exchange = Exchange::new("sim.example.test", seed);
        let mut office = Self { sim, exchange, lines: BTreeMap::new(), start: Instant::now() };
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
            SocketEvent::Opened(line, sender) => {
                self.lines.insert(line, sender);
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
                self.sim.world_mut().hold(ucid, true);
            }
            EventKind::Ended => self.exchange.ended(ucid, None, self.now()),
            _ => {}
        }
    }

    fn ring(&mut self, ucid: u64, side: LegSide) {
        let ring = ring(&self.sim, ucid, side);
        if let Some(ring) = ring.filter(|r| self.exchange.has(&r.extension)) {
            self.exchange.ring(&ring);
        }
    }

    /// Ends what the world no longer knows; agents come and go.
    fn look(&mut self) {
        let now = self.now();
        let passwords = {
            let world = self.sim.world();
            let agents = world.agents().iter().map(|a| &a.setup);
            agents.map(|a| (a.extension.clone(), a.sip_password.clone())).collect()
        };
        self.exchange.allow(passwords);
        self.exchange.tick(now);
        for (ucid, side) in self.exchange.legs() {
            if !self.sim.world().call(ucid).is_some_and(|c| stands(c, ucid)) {
                self.exchange.ended(ucid, Some(side), now);
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
                let full = self.lines.get(&line).is_some_and(|s| s.try_send(bytes).is_err());
                if full {
                    // A peer that does not read loses the connection.
                    self.lines.remove(&line);
                    self.exchange.closed(line);
                }
            }
            ExchangeAction::Outside(extension, there) => {
                self.sim.world_mut().set_phone_outside(&extension, there);
            }
            ExchangeAction::Hold(ucid, on) => {
                // Before the customer is there it is noted by the dialog alone.
                self.sim.world_mut().hold(ucid, on);
            }
            ExchangeAction::Phone(ucid, side, action) => {
                if self.sim.phone(&ucid.to_string(), side, action).is_err() {
                    let now = self.now();
                    self.exchange.ended(ucid, Some(side), now);
                }
            }
        }
    }
}

/// Whether a leg still rings or talks.
fn stands(call: &PhoneCall, ucid: u64) -> bool {
    call.live() && call.legs.iter().any(|leg| leg.ucid == ucid && leg.ended.is_none())
}

/// What a softphone is sent about a leg that rings now.
fn ring(sim: &Sim, ucid: u64, side: LegSide) -> Option<LegInvite> {
    let world = sim.world();
    let call = world.call(ucid)?;
    let leg = call.legs.iter().rev().find(|leg| leg.ucid == ucid && leg.ended.is_none())?;
    let (wanted, extension) = match side {
        LegSide::Agent => (CallStage::AgentRinging, leg.phone.clone()),
        LegSide::Customer => (CallStage::CustomerRinging, call.caller.clone()),
    };
    if call.stage != wanted {
        return None;
    }
    if side == LegSide::Customer {
        let (from, relay) = (call.did.clone(), MediaSource::Second);
        return Some(LegInvite { ucid, side, extension, from, headers: Vec::new(), relay });
    }
    let inbound = call.direction == Direction::Inbound;
    let mut headers = vec![
        ("X-UCID", ucid.to_string()),
        ("X-DID", call.did.clone()),
        ("X-ACCOUNT", world.setup().account.clone()),
    ];
    if inbound {
        headers.push(("X-CALLERNO", sip_caller(&call.caller)));
    }
    if !call.uui.is_empty() {
        headers.push(("X-UUI", call.uui.clone()));
    }
    let from = if inbound { &call.caller } else { &call.did };
    let from: String = from.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let both = !inbound && world.is_phone_outside(&call.caller);
    let relay = if both { MediaSource::First } else { MediaSource::No };
    Some(LegInvite { ucid, side, extension, from, headers, relay })
}
