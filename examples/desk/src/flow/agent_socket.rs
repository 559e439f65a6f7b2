//! The agents' sockets: one link for each agent. Its connection is this desk's own, or one that the agent's tab has
//! opened and carries here ([`tab`](super::agent_lines::tab)); what is sent over it is decided here either way.
//!
//! A link gives the agent's states at once, what the service says of the agent's calls, and takes dials.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::mdl::{
    AgentIdentity, CallPush, LinkLimits, LinkState, PingKind, ReplyStatus, SocketCallType,
    SocketCallTypeKind, SocketConnector, SocketEvent, SocketPush, SocketSettings, Token,
};
use ozonetel_sdk::types::AgentId;
use tokio_util::sync::CancellationToken;

use super::agent_lines::AgentLine;
use super::agent_state::say;
use super::facts::record;
use super::settling::{apply, is_of_another_dial};
use crate::core::agent::{StateSource, StateWord};
use crate::core::dial::{DialEvidence, SeenCall};
use crate::core::fact::{Fact, SocketNews};
use crate::desk::Desk;
use crate::store::StoreError;

/// How long a link may take to close: replies on their way are waited for.
const CLOSES: Duration = Duration::from_secs(3);

/// The address of a link whose connection someone else opens: it is asked of no one.
const CARRIED: &str = "ws://tab.invalid/";

/// Takes a link out of the list when its future ends, however it ends.
struct KeptLine<'d> {
    desk: &'d Desk,
    agent: &'d AgentId,
    line: Arc<AgentLine>,
}

impl Drop for KeptLine<'_> {
    fn drop(&mut self) {
        let sockets = self.desk.agent_sockets();
        sockets.forget(self.agent, &self.line);
        if sockets.line(self.agent).is_none() {
            self.desk.state_sources().watch(self.agent, false);
        }
    }
}

/// Holds an agent's link until `end`, or until it ends for good. Without a carrier the connection is this desk's own.
///
/// # Cancel safety
/// If it is dropped, the connection ends at once, and dials that were on their way have an unknown outcome.
pub async fn hold(
    desk: &Desk,
    agent: &AgentId,
    number: u64,
    carrier: Option<Arc<dyn SocketConnector>>,
    end: &CancellationToken,
) {
    let Some(socket) = desk.settings().agent_socket.clone() else { return };
    let identity = AgentIdentity::new(socket.account.as_str(), agent.clone(), number);
    let settings = match carrier {
        None => desk.client().mdl(&socket.address_of(agent), identity),
        Some(carrier) => desk
            .client()
            .mdl(CARRIED, identity)
            .map(|link| link.limits(carried()).connector(carrier)),
    };
    let (mut events, sender) = match settings.and_then(SocketSettings::connect) {
        Ok(opened) => opened,
        Err(invalid) => {
            tracing::error!(%invalid, "an agent socket cannot be opened");
            return;
        }
    };
    let line = desk.agent_sockets().keep(agent, sender.clone());
    let kept = KeptLine { desk, agent, line };
    let hearing = async {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    if let Err(error) = heard_on(desk, agent, &event, Some(&kept.line)).await {
                        tracing::warn!(%error, "news of an agent socket was not kept");
                    }
                }
                Err(error) => tracing::debug!(%error, "agent socket"),
            }
        }
    };
    let closing = async {
        end.cancelled().await;
        sender.close().await;
        tokio::time::sleep(CLOSES).await;
    };
    tokio::select! {
        () = hearing => {}
        () = closing => {}
    }
}

/// The limits of a link whose frames a tab carries. What answers a ping frame is in this process: only the service's
/// answer to a ping token says that the connection lives.
fn carried() -> LinkLimits {
    let mut limits = LinkLimits::default();
    limits.ping = PingKind::Token;
    limits
}

/// Takes what an agent's socket says: whether it lives, the agent's state, news of calls.
///
/// # Errors
/// The store is not available.
pub async fn heard(desk: &Desk, agent: &AgentId, event: &SocketEvent) -> Result<(), StoreError> {
    heard_on(desk, agent, event, None).await
}

async fn heard_on(
    desk: &Desk,
    agent: &AgentId,
    event: &SocketEvent,
    line: Option<&AgentLine>,
) -> Result<(), StoreError> {
    let now = desk.now();
    let token = match event {
        SocketEvent::Link(state) => {
            desk.state_sources().watch(agent, *state == LinkState::Up);
            return Ok(());
        }
        SocketEvent::Late(token) => {
            if let Some(dial) = line.and_then(|line| line.arrived(token)) {
                answered_late(desk, &dial, token).await?;
            }
            token
        }
        SocketEvent::Push(token) | SocketEvent::Reply(token) => token,
        _ => return Ok(()),
    };
    let news = match token.push() {
        SocketPush::Answered(push) => Some((SocketNews::Answered, push)),
        SocketPush::Dropped(push) => Some((SocketNews::Dropped, push)),
        _ => None,
    };
    if let Some((news, push)) = news {
        name_leg(desk, agent, &push).await?;
        record(desk, vec![Fact::of_push(agent.clone(), news, push, now)]).await?;
    }
    if let Some(status) = token.agent_status() {
        let word = status.as_str().to_owned();
        let word = StateWord { at_ms: now, source: StateSource::Socket, word, reason: None };
        say(desk, agent, word).await?;
    }
    Ok(())
}

/// A push about a dialled call to the number of the agent's open dial names the dial's leg, if nothing has yet.
async fn name_leg(desk: &Desk, agent: &AgentId, push: &CallPush) -> Result<(), StoreError> {
    let kind = push.call_type.as_ref().and_then(SocketCallType::kind);
    let is_dialled = kind.is_some_and(|kind| kind != SocketCallTypeKind::Incoming);
    let (Some(ucid), Some(number), true) = (push.ucid, &push.caller_id, is_dialled) else {
        return Ok(());
    };
    let Some(open) = desk.store().open_dial(agent).await? else { return Ok(()) };
    let seen = SeenCall {
        is_outbound: true,
        is_same_number: number.is_same_number(&open.number),
        began_ms: Some(desk.now()),
    };
    if open.is_seen_as(seen) && !is_of_another_dial(desk, ucid, &open.id).await? {
        apply(desk, &open, &DialEvidence::Seen { ucid: Some(ucid) }).await?;
    }
    Ok(())
}

/// The reply to a dial that had been given up: what it says settles the dial.
///
/// # Errors
/// The store is not available.
pub(super) async fn answered_late(
    desk: &Desk,
    dial: &str,
    reply: &Token,
) -> Result<(), StoreError> {
    let evidence = match reply.reply_status() {
        ReplyStatus::Succeeded => DialEvidence::Seen { ucid: reply.ucid() },
        ReplyStatus::Refused => DialEvidence::Refused,
        // It proves nothing.
        _ => return Ok(()),
    };
    if let Some(row) = desk.store().dial(dial).await? {
        apply(desk, &row, &evidence).await?;
    }
    Ok(())
}
