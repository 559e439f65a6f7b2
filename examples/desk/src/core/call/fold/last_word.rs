//! Whether anyone answered, by the service's last word: what was inferred before counts only where it has none.

use ozonetel_sdk::cdr::{CallRecord, CallStatus, CallStatusKind};
use ozonetel_sdk::push::Callback;
use ozonetel_sdk::types::{AgentId, Ucid};

use super::Fold;

/// By how much the end of a row may be before an answer on its leg: rows bear whole seconds, and are of another clock.
const APART_MS: i64 = 5_000;

/// What the service has written of whether anyone answered.
#[derive(Default)]
pub(super) struct LastWord {
    /// Someone did, by a callback or a row.
    is_answered: bool,
    /// No one did, by a callback: it is of the whole call.
    is_unanswered: bool,
    /// No one did on these legs, by rows that were written to their end.
    unanswered: Vec<UnansweredLeg>,
}

struct UnansweredLeg {
    agent: Option<AgentId>,
    leg: Option<Ucid>,
    ended_ms: i64,
}

fn is_unanswered(status: Option<&CallStatus>) -> bool {
    status.is_some_and(|status| *status == CallStatusKind::NotAnswered)
}

impl LastWord {
    pub(super) fn of_callback(&mut self, callback: &Callback) {
        self.is_answered |= callback.is_answered();
        self.is_unanswered |= is_unanswered(callback.status.as_ref());
    }

    pub(super) fn of_row(&mut self, row: &CallRecord, ended_ms: i64) {
        self.is_answered |= row.is_answered();
        if row.is_agent_leg() && row.is_finished() && is_unanswered(row.status.as_ref()) {
            let (agent, leg) = (row.agent_id.clone(), row.ucid);
            self.unanswered.push(UnansweredLeg { agent, leg, ended_ms });
        }
    }

    /// Whether it denies an answer of this agent, on this leg. A row is of one leg: that the agent was rung before and
    /// did not answer denies nothing.
    fn denies(&self, agent: Option<&AgentId>, leg: Option<Ucid>, answered_ms: i64) -> bool {
        let is_of = |row: &UnansweredLeg| {
            let is_leg = leg.is_some() && row.leg == leg;
            let is_agent = row.agent.as_ref().zip(agent).is_some_and(|(a, b)| a.is_same_agent(b));
            is_leg || (is_agent && row.ended_ms.saturating_add(APART_MS) >= answered_ms)
        };
        !self.is_answered && (self.is_unanswered || self.unanswered.iter().any(is_of))
    }
}

impl Fold {
    /// Takes back the conversation that was inferred, where the service's last word about the call, which is over,
    /// denies it.
    pub(super) fn deny(&mut self) {
        let agent = self.state.agent.as_ref();
        let leg = agent.and_then(|agent| self.rung_on.of(agent));
        let is_denied = |answered: &mut i64| self.last_word.denies(agent, leg, *answered);
        if self.settled_ms.is_some() {
            self.state.denied_ms = self.state.answered_ms.take_if(is_denied);
        }
    }
}
