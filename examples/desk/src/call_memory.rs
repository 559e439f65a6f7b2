//! Where commands on a call go: by the desk's own dials and by the rows it has read.
//!
//! In memory and bounded; the oldest knowledge goes first. What has to outlive the process is in the store.

use std::future::ready;
use std::time::Duration;

use moka::future::Cache;
use moka::ops::compute::Op;
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::types::{AgentId, Did, PhoneName, Ucid};

/// How many calls are remembered.
const MOST: u64 = 20_000;

/// How long a call is remembered.
const KEPT: Duration = Duration::from_hours(24);

/// What is known of a call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CallFacts {
    /// The DID it goes through.
    pub did: Option<Did>,
    /// The agent.
    pub agent: Option<AgentId>,
    /// The phone name of the agent's number.
    pub phone_name: Option<PhoneName>,
}

impl std::fmt::Debug for CallFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallFacts").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// The calls known, by UCID.
#[derive(Debug, Clone)]
pub struct CallMemory {
    calls: Cache<Ucid, CallFacts>,
}

impl Default for CallMemory {
    fn default() -> Self {
        Self { calls: Cache::builder().max_capacity(MOST).time_to_live(KEPT).build() }
    }
}

impl CallMemory {
    /// What is known of a call.
    pub async fn of(&self, ucid: &Ucid) -> CallFacts {
        self.calls.get(ucid).await.unwrap_or_default()
    }

    /// Adds what is new; what was known and is not said again stays.
    pub async fn learn(&self, ucid: Ucid, new: CallFacts) {
        self.change(ucid, |known| CallFacts {
            did: new.did.or(known.did),
            agent: new.agent.or(known.agent),
            phone_name: new.phone_name.or(known.phone_name),
        })
        .await;
    }

    /// Adds what a row says about calls, where nothing better is known.
    pub async fn learn_row(&self, row: &CallRecord) {
        let Some(ucid) = row.ucid else { return };
        let (did, agent) = (row.did.clone(), row.agent_id.clone());
        self.change(ucid, |known| CallFacts {
            did: known.did.or(did),
            agent: known.agent.or(agent),
            ..known
        })
        .await;
    }

    async fn change(&self, ucid: Ucid, change: impl FnOnce(CallFacts) -> CallFacts) {
        self.calls
            .entry(ucid)
            .and_compute_with(|entry| {
                let known = entry.map(moka::Entry::into_value).unwrap_or_default();
                let new = change(known.clone());
                ready(if new == known { Op::Nop } else { Op::Put(new) })
            })
            .await;
    }
}
