//! The relay: the tab that owns the phone opens the agent's socket, and carries its frames between the service and this
//! desk, whose link decides what is sent.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use ozonetel_sdk::types::AgentId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::core::caller::Caller;
use crate::desk::{AgentSocketSettings, Desk, SocketHolder};
use crate::flow::agent_lines::tab::{FromTab, TabCarrier, ToTab};
use crate::flow::agent_socket::hold;
use crate::people::Proof;
use crate::problem::{Kind, Problem};
use crate::store::users::AgentLink;

/// The longest text that is carried; a token of the service is at most that long.
const LONGEST: usize = 1 << 20;

/// The longest message: a text of control characters grows sixfold in JSON, and one like that is cut off.
const LONGEST_MESSAGE: usize = 2 * LONGEST + 1024;

/// How often the tab is pinged, and its session looked at.
const EVERY: Duration = Duration::from_secs(20);

/// How long the tab may be silent. A browser answers pings by itself.
const SILENCE: Duration = Duration::from_secs(45);

/// How long the tab may take to read what it was sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long after a link has ended for good it is opened anew.
const ANEW: Duration = Duration::from_secs(30);

/// Why a relay ends: the code and the reason in its close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RelayEnd {
    GoingAway,
    Full,
    NotAFrame,
    TooLong,
    Broken,
    TabGone,
    OtherTab,
    SignedOut,
}

impl RelayEnd {
    fn frame(self) -> (u16, &'static str) {
        match self {
            Self::GoingAway => (1001, "the desk stops"),
            Self::Full => (1013, "too many tabs carry sockets"),
            Self::TabGone => (1001, "nothing is heard of the tab"),
            Self::NotAFrame => (1008, "not a frame of the relay"),
            Self::TooLong => (1009, "a text is longer than 1 MiB"),
            Self::Broken => (1011, "the connection broke"),
            Self::OtherTab => (4001, "another tab has opened the relay"),
            Self::SignedOut => (4003, "sign in first"),
        }
    }
}

/// Opens the relay, a WebSocket: the tab opens the agent's socket when it is told to, sends what it is told to, and
/// hands on what it receives. The newest tab of an agent has it; the one before is closed with 4001.
///
/// Frames are JSON objects with a `type`. The desk sends `open {connection, url, protocol}`, `send {connection, text}`,
/// `close {connection}`; the tab sends `opened {connection}`, `received {connection, text}`, `closed {connection,
/// code}`.
#[utoipa::path(
    get,
    path = "/api/phone/relay",
    tag = "phone",
    params(("desk-user" = Option<String>, Query, description = "The user the page is of: a WebSocket sends no header")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 101, description = "Open"),
        (status = 400, description = "It is no WebSocket's opening"),
        (status = 403, description = "The caller is not one agent"),
        (status = 409, description = "Tabs do not open the agents' sockets here: DESK_AGENT_SOCKET"),
        (status = 422, description = "The agent's link has no extension or no number at the service"),
        (status = 503, description = "The desk is stopping"),
    ),
)]
pub(crate) async fn relay(
    State(desk): State<Desk>,
    caller: Caller,
    proof: Proof,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let [agent] = caller.own.as_slice() else {
        let message = "the caller is not one agent: a phone belongs to one";
        return Err(Problem::new(Kind::Forbidden, message));
    };
    let socket = desk.settings().agent_socket.clone();
    let Some(socket) = socket.filter(|socket| socket.holder == SocketHolder::Tab) else {
        let message = "tabs do not open the agents' sockets here: DESK_AGENT_SOCKET is not browser";
        return Err(Problem::new(Kind::Conflict, message).because("no_relay"));
    };
    let link = desk.store().link_of_agent(agent).await?;
    let number = link.as_ref().and_then(AgentLink::socket_number).ok_or_else(|| {
        let message = "the agent's link has no extension, or no number at the service (uniqueId)";
        Problem::new(Kind::Unprocessable, message).because("no_agent_number")
    })?;
    let upgrade = upgrade.map_err(|_| Problem::bad_request("a WebSocket is opened here"))?;
    if desk.life().is_stopping() {
        return Err(Problem::new(Kind::Busy, "the desk is stopping"));
    }
    let relay = Relay { agent: agent.clone(), number, socket, proof, desk };
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(|socket| relay.serve(socket)))
}

/// One tab's relay.
struct Relay {
    desk: Desk,
    agent: AgentId,
    number: u64,
    socket: AgentSocketSettings,
    proof: Proof,
}

impl Relay {
    async fn serve(self, socket: WebSocket) {
        let (mut to_tab, from_tab) = socket.split();
        let end = self.carry(&mut to_tab, from_tab).await;
        if let Some(end) = end {
            let (code, reason) = end.frame();
            let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // A tab that is gone needs none.
            let _ = tokio::time::timeout(PATIENCE, to_tab.send(frame)).await;
        }
        tracing::debug!(?end, "a relay has ended");
    }

    /// Until something ends it; `None` if the tab has.
    async fn carry(
        &self,
        to_tab: &mut SplitSink<WebSocket, Message>,
        from_tab: SplitStream<WebSocket>,
    ) -> Option<RelayEnd> {
        let Some(place) = self.desk.agent_sockets().tabs().take(&self.agent) else {
            return Some(RelayEnd::Full);
        };
        let (carrier, told) = TabCarrier::new(self.socket.address_of(&self.agent));
        let carrier = Arc::new(carrier);
        let stopping = self.desk.life().work();
        // Whatever ends first ends all: a dial that is on its way then has an unknown outcome.
        tokio::select! {
            end = read(from_tab, &carrier) => end,
            end = write(to_tab, told) => Some(end),
            () = self.link(&carrier) => Some(RelayEnd::GoingAway),
            () = self.signed_out() => Some(RelayEnd::SignedOut),
            () = place.taken() => Some(RelayEnd::OtherTab),
            () = stopping.cancelled() => Some(RelayEnd::GoingAway),
        }
    }

    /// The agent's link over this tab; opened anew if it has ended for good.
    async fn link(&self, carrier: &Arc<TabCarrier>) {
        let end = CancellationToken::new();
        loop {
            let carrier: Arc<TabCarrier> = Arc::clone(carrier);
            hold(&self.desk.patient(), &self.agent, self.number, Some(carrier), &end).await;
            tokio::time::sleep(ANEW).await;
        }
    }

    /// Resolves when the one who opened the relay may act for the agent no longer.
    async fn signed_out(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            let may_act = match self.desk.people().again(&self.proof).await {
                Ok(caller) => caller.is_some_and(|caller| {
                    caller.own.iter().any(|own| own.is_same_agent(&self.agent))
                        && !caller.must_change_password
                }),
                // It is not known: nothing changes.
                Err(_) => true,
            };
            if !may_act {
                return;
            }
        }
    }
}

/// Hands on what the tab says, until it goes or says something else than frames.
async fn read(mut from_tab: SplitStream<WebSocket>, carrier: &TabCarrier) -> Option<RelayEnd> {
    loop {
        let message = match tokio::time::timeout(SILENCE, from_tab.next()).await {
            Err(_) => return Some(RelayEnd::TabGone),
            Ok(None | Some(Ok(Message::Close(_)))) => return None,
            Ok(Some(Err(_))) => return Some(RelayEnd::Broken),
            Ok(Some(Ok(message))) => message,
        };
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Some(RelayEnd::NotAFrame),
            _ => continue,
        };
        match serde_json::from_str(&text) {
            Ok(FromTab::Received { text, .. }) if text.len() > LONGEST => {
                return Some(RelayEnd::TooLong);
            }
            Ok(frame) => carrier.hear(frame).await,
            Err(_) => return Some(RelayEnd::NotAFrame),
        }
    }
}

/// Tells the tab what it is to do, and pings it.
async fn write(
    to_tab: &mut SplitSink<WebSocket, Message>,
    mut told: mpsc::Receiver<ToTab>,
) -> RelayEnd {
    let mut ping = tokio::time::interval(EVERY);
    loop {
        let message = tokio::select! {
            frame = told.recv() => {
                let Some(frame) = frame else { return RelayEnd::Broken };
                let Ok(text) = serde_json::to_string(&frame) else { return RelayEnd::Broken };
                Message::Text(text.into())
            }
            _ = ping.tick() => Message::Ping(Vec::new().into()),
        };
        match tokio::time::timeout(PATIENCE, to_tab.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return RelayEnd::Broken,
            Err(_) => return RelayEnd::TabGone,
        }
    }
}
