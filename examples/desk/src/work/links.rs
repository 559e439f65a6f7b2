//! The agent sockets: one for each signed-in agent with a SIP phone, held by this desk.
//!
//! They give the agents' states at once, and what the service says of their calls. A link connects again by itself; it
//! ends when the agent's last session has ended, when the lease is lost, and at the end of the desk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::mdl::{AgentIdentity, LinkState, SocketEvent, SocketPush, SocketSettings};
use ozonetel_sdk::types::AgentId;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::core::agent::{StateSource, StateWord};
use crate::core::caller::{Scope, agent_key};
use crate::core::fact::{Fact, SocketNews};
use crate::desk::Desk;
use crate::flow::agent_state::say;
use crate::flow::facts::record;
use crate::ops::health::Condition;
use crate::store::StoreError;
use crate::work::lease::LeaseKeeper;

/// How often it is looked who has signed in or out.
const EVERY: Duration = Duration::from_secs(2);

/// How long a link may take to close.
const CLOSES: Duration = Duration::from_secs(3);

/// How many links a desk holds.
const MOST: usize = 2_000;

/// Who may have a link: the agent, and its number.
type AgentsToLink = BTreeMap<String, (AgentId, u64)>;

/// Holds the links whenever this desk has the lease, until `stop`. Without `DESK_AGENT_SOCKET_URL` and an account name
/// there are none.
pub async fn run(desk: Desk, stop: CancellationToken) {
    if desk.settings().agent_socket.is_none() {
        stop.cancelled().await;
        return;
    }
    let keeper = LeaseKeeper {
        store: Arc::clone(desk.store()),
        clock: Arc::clone(desk.client().clock()),
        holder: uuid::Uuid::now_v7().simple().to_string().into(),
    };
    keeper.run("agent sockets", stop, |_, stop| hold(desk.clone(), stop)).await;
}

/// Holds a link for each agent who should have one, until `stop`.
async fn hold(desk: Desk, stop: CancellationToken) {
    let mut open: BTreeMap<String, CancellationToken> = BTreeMap::new();
    let mut links = JoinSet::new();
    loop {
        match wanted(&desk).await {
            Ok(wanted) => {
                report(&desk, wanted.len());
                open.retain(|key, end| {
                    let stays = wanted.contains_key(key) && !end.is_cancelled();
                    if !stays {
                        end.cancel();
                    }
                    stays
                });
                for (key, (agent, number)) in wanted {
                    if open.len() < MOST && !open.contains_key(&key) {
                        let end = stop.child_token();
                        open.insert(key, end.clone());
                        links.spawn(link(desk.clone(), agent, number, end));
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "it is not known who has signed in"),
        }
        while links.try_join_next().is_some() {}
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    while links.join_next().await.is_some() {}
}

/// Says how many links are up. A desk works without them, less well: other sources say the same later.
fn report(desk: &Desk, wanted: usize) {
    let up = desk.state_sources().links_up();
    let detail = json!({"wanted": wanted, "up": up});
    let (health, at) = (desk.health(), desk.now());
    if up >= wanted {
        health.well("agent sockets", detail, at);
    } else {
        let reason = format!("{} of {wanted} are not connected", wanted - up);
        health.unwell("agent sockets", Condition::Degraded, reason, at);
    }
}

/// The agents whom a session logged in and who have a SIP phone and a number at the service.
async fn wanted(desk: &Desk) -> Result<AgentsToLink, StoreError> {
    let links = desk.store().links().await?;
    let mut wanted = AgentsToLink::new();
    for kept in desk.store().kept_agents(&Scope::All).await? {
        let agent = kept.record.agent;
        let link = links.iter().find(|link| link.agent.is_same_agent(&agent));
        let number = link
            .filter(|link| kept.record.held_by_session && link.extension.is_some())
            .and_then(|link| link.unique_id.as_ref()?.trim().parse().ok());
        if let Some(number) = number {
            wanted.insert(agent_key(&agent), (agent, number));
        }
    }
    Ok(wanted)
}

/// One agent's link, until `end`; cancels it if the link ends for good, so that it is opened anew.
async fn link(desk: Desk, agent: AgentId, number: u64, end: CancellationToken) {
    let Some(socket) = desk.settings().agent_socket.clone() else { return };
    let identity = AgentIdentity::new(socket.account, agent.clone(), number);
    let opened = desk.client().mdl(&socket.url, identity).and_then(SocketSettings::connect);
    match opened {
        Ok((mut events, sender)) => {
            let closing = async {
                end.cancelled().await;
                tokio::time::timeout(CLOSES, sender.close()).await
            };
            let hearing = async {
                while let Some(event) = events.next().await {
                    match event {
                        Ok(event) => {
                            if let Err(error) = heard(&desk, &agent, &event).await {
                                tracing::warn!(%error, "news of an agent socket was not kept");
                            }
                        }
                        Err(error) => tracing::debug!(%error, "agent socket"),
                    }
                }
            };
            tokio::select! {
                () = hearing => {}
                _ = closing => {}
            }
        }
        Err(invalid) => tracing::error!(%invalid, "an agent socket cannot be opened"),
    }
    desk.state_sources().watch(&agent, false);
    if !end.is_cancelled() {
        // Not at once again: it ended for good.
        tokio::select! {
            () = end.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(30)) => {}
        }
        end.cancel();
    }
}

/// Takes what an agent's socket says: whether it lives, the agent's state, news of calls.
///
/// # Errors
/// The store is not available.
pub async fn heard(desk: &Desk, agent: &AgentId, event: &SocketEvent) -> Result<(), StoreError> {
    let now = desk.now();
    if let SocketEvent::Link(state) = event {
        desk.state_sources().watch(agent, *state == LinkState::Up);
        return Ok(());
    }
    let (SocketEvent::Push(token) | SocketEvent::Reply(token)) = event else { return Ok(()) };
    let news = match token.push() {
        SocketPush::Answered(push) => Some((SocketNews::Answered, push)),
        SocketPush::Dropped(push) => Some((SocketNews::Dropped, push)),
        _ => None,
    };
    if let Some((news, push)) = news {
        record(desk, vec![Fact::of_push(agent.clone(), news, push, now)]).await?;
    }
    if let Some(status) = token.agent_status() {
        let word = status.as_str().to_owned();
        let word = StateWord { at_ms: now, source: StateSource::Socket, word, reason: None };
        say(desk, agent, word).await?;
    }
    Ok(())
}
