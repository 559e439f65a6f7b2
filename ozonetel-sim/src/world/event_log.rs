//! What happened, for what is shown to agents: a bounded list with sequence numbers.

use std::collections::VecDeque;

use super::time::Timestamp;

/// How many events are kept for a reader that is late.
const KEPT: usize = 4096;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// An agent's telephone rings.
    AgentRinging,
    /// The customer's telephone rings.
    CustomerRinging,
    /// The agent has picked up.
    AgentAnswered,
    /// Customer and agent are talking.
    Answered,
    /// The leg of this agent has ended.
    Ended,
    /// The agent's state is now this word.
    AgentState(&'static str),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorldEvent {
    /// Number of the event, from 1 on, without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// The agent concerned.
    pub agent: Option<String>,
    /// The leg's UCID.
    pub ucid: Option<u64>,
    /// The call's UCID.
    pub monitor_ucid: Option<u64>,
}

/// The events of a world, newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventLog {
    kept: VecDeque<WorldEvent>,
    made: u64,
}

impl EventLog {
    pub(crate) fn push(
        &mut self,
        at: Timestamp,
        kind: EventKind,
        agent: Option<&str>,
        ucids: Option<(u64, u64)>,
    ) {
        self.made += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(WorldEvent {
            seq: self.made,
            at,
            kind,
            agent: agent.map(Into::into),
            ucid: ucids.map(|u| u.0),
            monitor_ucid: ucids.map(|u| u.1),
        });
    }

    pub(crate) fn since(&self, seq: u64) -> impl Iterator<Item = &WorldEvent> {
        self.kept.iter().filter(move |e| e.seq > seq)
    }

    pub(crate) fn last(&self) -> u64 {
        self.made
    }
}
