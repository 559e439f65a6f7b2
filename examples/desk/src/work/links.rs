//! The agent sockets that this desk opens itself: one for each signed-in agent with a SIP phone.
//!
//! A link connects again by itself; it ends when the agent's last session has ended, when the lease is lost, and at the
//! end of the desk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::types::AgentId;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::core::caller::{Scope, agent_key};
use crate::desk::{Desk, SocketHolder};
use crate::flow::agent_socket;
use crate::ops::health::Condition;
use crate::store::StoreError;
use crate::work::lease::LeaseKeeper;

/// How often it is looked who has signed in or out.
const EVERY: Duration = Duration::from_secs(2);

/// How long after a link has ended for good it is opened anew.
const ANEW: Duration = Duration::from_secs(30);

/// How many links a desk holds; each takes some 13 kB.
const MOST: usize = 5_000;

/// Who may have a link: the agent, and its number.
type AgentsToLink = BTreeMap<String, (AgentId, u64)>;

/// Holds the links whenever this desk has the lease, until `stop`. There are none without `DESK_AGENT_SOCKET_URL` and
/// an account name, and none where the tabs open the sockets.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let socket = desk.settings().agent_socket.as_ref();
    if socket.is_none_or(|socket| socket.holder != SocketHolder::Desk) {
        stop.cancelled().await;
        return;
    }
    let keeper = LeaseKeeper {
        store: Arc::clone(desk.store()),
        clock: Arc::clone(desk.client().clock()),
        holder: crate::chance::id().simple().to_string().into(),
    };
    keeper.run(PART, stop, |_, stop| hold(desk.clone(), stop)).await;
}

/// The part of the desk's health.
const PART: &str = "agent sockets";

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
            biased;
            () = stop.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    while links.join_next().await.is_some() {}
    desk.health().forget(PART);
}

/// Says how many links are up. A desk works without them, less well: other sources say the same later.
fn report(desk: &Desk, wanted: usize) {
    let up = desk.state_sources().links_up();
    let detail = json!({"wanted": wanted, "up": up});
    let (health, at) = (desk.health(), desk.now());
    if up >= wanted {
        health.well(PART, detail, at);
    } else {
        let reason = format!("{} of {wanted} are not connected", wanted - up);
        health.unwell(PART, Condition::Degraded, reason, at);
    }
}

/// The agents whom a session logged in and who have a SIP phone and a number at the service.
async fn wanted(desk: &Desk) -> Result<AgentsToLink, StoreError> {
    let links = desk.store().links().await?;
    let links: BTreeMap<_, _> = links.iter().map(|link| (agent_key(&link.agent), link)).collect();
    let mut wanted = AgentsToLink::new();
    for kept in desk.store().kept_agents(&Scope::All).await? {
        let agent = kept.record.agent;
        let key = agent_key(&agent);
        let link = links.get(&key).filter(|_| kept.record.held_by_session);
        if let Some(number) = link.and_then(|link| link.socket_number()) {
            wanted.insert(key, (agent, number));
        }
    }
    Ok(wanted)
}

/// One agent's link, until `end`; cancels it if the link ends for good, so that it is opened anew.
async fn link(desk: Desk, agent: AgentId, number: u64, end: CancellationToken) {
    agent_socket::hold(&desk, &agent, number, None, &end).await;
    if !end.is_cancelled() {
        tokio::select! {
            biased;
            () = end.cancelled() => {}
            () = tokio::time::sleep(ANEW) => {}
        }
        end.cancel();
    }
}
