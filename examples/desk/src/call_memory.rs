//! Where commands on a call go: by the desk's own dials and by the rows it has read.
//!
//! In memory and bounded; the oldest knowledge goes first. What has to outlive the process is in the store.

use std::time::Duration;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::types::{AgentId, Did, PhoneName, Ucid};

use crate::recent::RecentMap;
use crate::records::ReadMark;

/// How many calls are remembered.
const MOST: usize = 20_000;

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
    /// Of a dial of this desk: a moment before it was sent. Until rows are written, the records have none of it.
    pub unread_at: Option<ReadMark>,
}

impl std::fmt::Debug for CallFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallFacts").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// The calls known, by UCID.
#[derive(Debug)]
pub struct CallMemory {
    calls: RecentMap<Ucid, CallFacts>,
}

impl Default for CallMemory {
    fn default() -> Self {
        Self { calls: RecentMap::new(MOST, KEPT) }
    }
}

impl CallMemory {
    /// What is known of a call.
    pub fn of(&self, ucid: &Ucid) -> CallFacts {
        self.calls.get(ucid).unwrap_or_default()
    }

    /// Adds what is new; what was known and is not said again stays.
    pub fn learn(&self, ucid: Ucid, new: CallFacts) {
        self.calls.change(&ucid, |known| {
            let known = known.cloned().unwrap_or_default();
            CallFacts {
                did: new.did.or(known.did),
                agent: new.agent.or(known.agent),
                phone_name: new.phone_name.or(known.phone_name),
                unread_at: new.unread_at.or(known.unread_at),
            }
        });
    }

    /// Adds what a row says about calls, where nothing better is known.
    pub fn learn_row(&self, row: &CallRecord) {
        let Some(ucid) = row.ucid else { return };
        self.calls.change(&ucid, |known| {
            let known = known.cloned().unwrap_or_default();
            CallFacts {
                did: known.did.or_else(|| row.did.clone()),
                agent: known.agent.or_else(|| row.agent_id.clone()),
                ..known
            }
        });
    }
}
