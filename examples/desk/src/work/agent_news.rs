//! Tells of agents whose calls, or what they owe, have changed: both are shown beside the service's word about them, which
//! may stay the same. One desk of several does it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ozonetel_sdk::types::AgentId;
use serde::Deserialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio_util::sync::CancellationToken;

use crate::core::caller::{Scope, agent_key};
use crate::desk::Desk;
use crate::flow::agent_state::tell_work;
use crate::store::{Audience, Event, StoreError};

/// For how long news is collected: what one action changes is told of once.
const TOGETHER: Duration = Duration::from_millis(200);

/// Of how many calls the phase is remembered.
const MOST: usize = 20_000;

/// What an event says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Seen {
    ucid: String,
    phase: String,
    #[serde(default)]
    part: Option<SeenPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct SeenPart {
    phase: String,
}

/// The agents of whom something has changed that is not told yet.
#[derive(Debug, Default)]
struct News {
    agents: BTreeSet<String>,
    /// How far the calls of each agent were.
    seen: BTreeMap<(String, String), Seen>,
}

impl News {
    fn hear(&mut self, event: &Event) {
        let Audience::Agent(agent) = &event.audience else { return };
        let agent = agent_key(agent);
        match event.kind.as_str() {
            "owed.changed" => {
                self.agents.insert(agent);
            }
            "call.changed" => {
                let Ok(seen) = serde_json::from_str::<Seen>(&event.body) else { return };
                if self.seen.len() >= MOST {
                    self.seen.clear();
                }
                let of = (agent.clone(), seen.ucid.clone());
                let known = if seen.phase == "closed" {
                    self.seen.remove(&of)
                } else {
                    self.seen.insert(of, seen.clone())
                };
                if known.as_ref() != Some(&seen) {
                    self.agents.insert(agent);
                }
            }
            _ => {}
        }
    }

    /// Adds everyone of whom something is kept.
    async fn all(&mut self, desk: &Desk) -> Result<(), StoreError> {
        let kept = desk.store().kept_agents(&Scope::All).await?;
        self.agents.extend(kept.iter().map(|kept| agent_key(&kept.record.agent)));
        Ok(())
    }

    /// Tells of those who have changed; who could not be told of is told of later.
    async fn tell(&mut self, desk: &Desk) -> Result<(), StoreError> {
        while let Some(agent) = self.agents.first() {
            tell_work(desk, &AgentId::from(agent.as_str())).await?;
            self.agents.pop_first();
        }
        Ok(())
    }
}

/// Runs until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let (mut news, mut events) = (News::default(), desk.events().follow());
    // What has changed while no desk told of it.
    let mut is_behind = true;
    loop {
        let told = async {
            if is_behind {
                news.all(&desk).await?;
            }
            news.tell(&desk).await
        };
        match told.await {
            Ok(()) => is_behind = false,
            Err(error) => tracing::warn!(%error, "that an agent's calls have changed was not told"),
        }
        let heard = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            heard = events.recv() => heard,
        };
        match heard {
            Ok(run) => run.iter().for_each(|event| news.hear(event)),
            Err(RecvError::Lagged(_)) => is_behind = true,
            Err(RecvError::Closed) => return stop.cancelled().await,
        }
        tokio::time::sleep(TOGETHER).await;
        loop {
            match events.try_recv() {
                Ok(run) => run.iter().for_each(|event| news.hear(event)),
                Err(TryRecvError::Lagged(_)) => is_behind = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }
}
