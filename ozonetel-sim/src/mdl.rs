//! The agent socket, in the same world as everything else.

mod push;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use base64::Engine as _;
use ozonetel_sdk::mdl::{SYSTEM_NS, Token, uuid_v4};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::bounded;
use crate::browsers::{Browser, BrowserSockets};
use crate::faults::{Fault, FaultKind};
use crate::sim::Sim;
use crate::world::WorldEvent;

/// The subprotocol of the socket.
pub(crate) const SUB_PROTOCOL: &str = "org.jwebsocket.json";
/// The largest token that is taken: what stock jWebSocket takes.
pub(crate) const LARGEST: usize = 1_048_840;
/// How late a late reply is unless the fault says.
const DELAY: Duration = Duration::from_secs(1);
/// Size of the frame a giant fault puts before a reply.
const GIANT: usize = 16 << 20;
const _: () = assert!(GIANT < bounded::MOST_WAITING);
/// How many replies may be held back on one connection.
const HELD: usize = 256;
/// How many sessions may begin while one does not look.
const SESSIONS_BEHIND: usize = 64;

/// The agent sockets of a server.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    sim: Sim,
    /// Whose socket was taken, and by which connection.
    taken: broadcast::Sender<(Arc<str>, u64)>,
    made: Arc<std::sync::atomic::AtomicU64>,
    browsers: BrowserSockets,
    stop: watch::Receiver<bool>,
}

impl Sockets {
    pub(crate) fn new(sim: Sim, browsers: BrowserSockets, stop: watch::Receiver<bool>) -> Self {
        let (taken, _) = broadcast::channel(SESSIONS_BEHIND);
        Self { sim, taken, made: Arc::default(), browsers, stop }
    }

    /// Serves one connection until it ends. `path` is for the log.
    pub(crate) async fn serve(
        self,
        socket: WebSocket,
        (path, query): (String, String),
        browser: Option<Browser>,
    ) {
        let id = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let session = Session {
            id,
            path,
            browser,
            agent: None,
            late: Vec::new(),
            held: Vec::new(),
            sockets: self,
        };
        session.run(socket, &query).await;
    }
}

/// Why a session ends or goes silent.
enum SessionEnd {
    /// The connection is dropped, without a close frame.
    Dropped,
    /// Nothing is read or written any more, but the connection stays.
    HalfOpen,
}

/// One connection.
struct Session {
    id: u64,
    path: String,
    browser: Option<Browser>,
    agent: Option<Arc<str>>,
    late: Vec<(Instant, Token)>,
    held: Vec<Token>,
    sockets: Sockets,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sockets.browsers.close(self.id);
    }
}

impl Session {
    async fn run(mut self, mut socket: WebSocket, query: &str) {
        let events = self.sockets.sim.subscribe();
        let taken = self.sockets.taken.subscribe();
        self.introduce(query);
        let mut stop = self.sockets.stop.clone();
        let end = tokio::select! {
            end = self.talk(&mut socket, events, taken) => end,
            _ = stop.changed() => return,
        };
        if matches!(end, Err(SessionEnd::HalfOpen)) {
            // Until the server stops, or dropped with the connection's task.
            let _ = stop.changed().await;
        }
    }

    /// The agent that the address names.
    fn introduce(&mut self, query: &str) {
        let field = self.sockets.sim.look(|world| world.setup().mdl.agent_field.clone());
        let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| *name == *field);
        if let Some((_, agent)) = named {
            self.belongs_to(&agent);
        }
    }

    /// The socket of an agent is open: that is the toolbar's login.
    fn belongs_to(&mut self, agent: &str) {
        if self.agent.as_deref() == Some(agent) {
            return;
        }
        let sim = &self.sockets.sim;
        let signed_in = sim.change(|world| {
            let password = world.agent(agent).map(|a| a.setup.password.clone());
            password.is_some_and(|password| world.toolbar_login(agent, &password).is_ok())
        });
        if signed_in {
            let agent: Arc<str> = agent.into();
            // No one listens before the first session does.
            let _ = self.sockets.taken.send((Arc::clone(&agent), self.id));
            if let Some(browser) = &self.browser {
                self.sockets.browsers.open(self.id, Arc::clone(&agent), browser.clone());
            }
            self.agent = Some(agent);
        }
    }

    async fn talk(
        &mut self,
        socket: &mut WebSocket,
        mut events: broadcast::Receiver<WorldEvent>,
        mut taken: broadcast::Receiver<(Arc<str>, u64)>,
    ) -> Result<(), SessionEnd> {
        if let Some(welcome) = self.welcome() {
            send(socket, &welcome).await?;
        }
        loop {
            let due = self.late.iter().map(|(at, _)| *at).min();
            let wait = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => self.received(socket, &text).await?,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    // The pong goes out before anything else is read.
                    Some(Ok(Message::Ping(_))) => {
                        bounded::flush(socket).await.map_err(|_| SessionEnd::Dropped)?;
                    }
                    Some(Ok(_)) => {}
                },
                event = events.recv() => {
                    if let Ok(event) = event {
                        self.happened(socket, &event).await?;
                    }
                }
                who = taken.recv() => {
                    if let Ok((agent, by)) = who && self.replaced(&agent, by) {
                        let bye = Token::new("goodBye").with("ns", SYSTEM_NS);
                        send(socket, &bye.with("reason", "another connection")).await?;
                        // Whether the close frame arrives is the other side's business.
                        let _ = bounded::send(socket, Message::Close(None)).await;
                        return Ok(());
                    }
                }
                () = wait => self.send_late(socket).await?,
            }
        }
    }

    fn welcome(&self) -> Option<Token> {
        let (mdl, seed) =
            self.sockets.sim.look(|world| (world.setup().mdl.clone(), world.setup().seed));
        if !mdl.welcome {
            return None;
        }
        let mut rng = StdRng::seed_from_u64(seed.rotate_left(32) ^ self.id);
        let mut token = Token::new("welcome")
            .with("ns", SYSTEM_NS)
            .with("vendor", "ozonetel-sim")
            .with("version", env!("CARGO_PKG_VERSION"))
            .with("timeout", 120_000)
            .with("protocolVersion", "1.0")
            .with("subProtocol", SUB_PROTOCOL);
        let octets: [u8; 12] = rng.random();
        let us_id = base64::engine::general_purpose::STANDARD.encode(octets);
        let ids = [(&mdl.us_id_field, us_id), (&mdl.browser_session_field, uuid_v4(rng.random()))];
        for (field, id) in ids {
            if !field.is_empty() {
                token = token.with(field, id);
            }
        }
        Some(token)
    }

    fn replaced(&self, agent: &str, by: u64) -> bool {
        by != self.id
            && self.agent.as_deref() == Some(agent)
            && self.sockets.sim.look(|world| world.setup().mdl.replace)
    }

    async fn received(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), SessionEnd> {
        let Ok(token) = Token::parse(text) else { return Ok(()) };
        match token.kind() {
            Some("ping") if token.text("echo").as_deref() == Some("false") => return Ok(()),
            Some("close") => {
                // As above.
                let _ = bounded::send(socket, Message::Close(None)).await;
                return Err(SessionEnd::Dropped);
            }
            _ => {}
        }
        if let Some(agent) = token.text("agentId") {
            self.belongs_to(&agent);
        }
        let (fault, reply) = self.sockets.sim.token(&self.path, &token);
        match fault {
            None => self.reply(socket, reply).await,
            Some(fault) => self.faulty(socket, &fault, reply).await,
        }
    }

    /// Sends a reply, and after it those that it was to overtake.
    async fn reply(&mut self, socket: &mut WebSocket, reply: Token) -> Result<(), SessionEnd> {
        send(socket, &reply).await?;
        for held in std::mem::take(&mut self.held) {
            send(socket, &held).await?;
        }
        Ok(())
    }

    async fn faulty(
        &mut self,
        socket: &mut WebSocket,
        fault: &Fault,
        reply: Token,
    ) -> Result<(), SessionEnd> {
        match fault.kind {
            FaultKind::Silence => Ok(()),
            FaultKind::HalfOpen => Err(SessionEnd::HalfOpen),
            FaultKind::CloseAfter => {
                self.reply(socket, reply).await?;
                Err(SessionEnd::Dropped)
            }
            FaultKind::Duplicate => {
                send(socket, &reply).await?;
                self.reply(socket, reply).await
            }
            FaultKind::Delay if self.late.len() < HELD => {
                self.late.push((Instant::now() + fault.delay.unwrap_or(DELAY), reply));
                Ok(())
            }
            FaultKind::Reorder if self.held.len() < HELD => {
                self.held.push(reply);
                Ok(())
            }
            FaultKind::Giant => {
                let giant = Token::new("simGiant").with("filling", "x".repeat(GIANT));
                send(socket, &giant).await?;
                self.reply(socket, reply).await
            }
            FaultKind::NonJson => {
                write(socket, Message::Text("this is not a token".into())).await?;
                write(socket, Message::Binary(vec![0, 159, 146, 150].into())).await?;
                self.reply(socket, reply).await
            }
            _ => Err(SessionEnd::Dropped),
        }
    }

    async fn send_late(&mut self, socket: &mut WebSocket) -> Result<(), SessionEnd> {
        let now = Instant::now();
        let (due, wait) =
            std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = wait;
        let due: Vec<(Instant, Token)> = due;
        for (_, token) in due {
            self.reply(socket, token).await?;
        }
        Ok(())
    }

    async fn happened(
        &mut self,
        socket: &mut WebSocket,
        event: &WorldEvent,
    ) -> Result<(), SessionEnd> {
        if event.agent.is_none() || event.agent.as_deref() != self.agent.as_deref() {
            return Ok(());
        }
        let token = self.sockets.sim.look(|world| push::push(world, event));
        match token {
            Some(token) => send(socket, &token).await,
            None => Ok(()),
        }
    }
}

async fn send(socket: &mut WebSocket, token: &Token) -> Result<(), SessionEnd> {
    write(socket, Message::Text(token.json().into_owned().into())).await
}

async fn write(socket: &mut WebSocket, message: Message) -> Result<(), SessionEnd> {
    bounded::send(socket, message).await.map_err(|_| SessionEnd::Dropped)
}
