//! One phone call as the desk knows it: its facts, and what they come down to.
//!
//! A [`Call`] is built from facts in an order of their own, so that neither the order of arrival nor repetition
//! matters, and a call can be built again from what is stored. Legs, outcome and merging are the SDK's
//! [`PhoneCall`](ozonetel_sdk::phone_call::PhoneCall).

mod direction;
mod effect;
mod fold;
mod legs;
mod part;
mod phones;
mod said;
mod state;
mod view;

use std::sync::{Arc, LazyLock};

use effect::effects;
pub use effect::{Effect, effects_of_merged};
pub use state::{
    AgentPart, CallPhase, CallState, Direction, DispositionState, Participant, ParticipantRole,
    ParticipantState, Recording, RecordingState, SipLeg, Wrapup,
};
pub use view::{CallView, PartView, Viewer, WrapupView};

use super::fact::Fact;

/// How many facts of a call are applied; more are stored and left out.
pub const MOST_FACTS: usize = 2_048;

/// A phone call: its facts in their own order, and its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    facts: Vec<Fact>,
    state: Arc<CallState>,
}

impl Default for Call {
    /// A call of which nothing is known.
    fn default() -> Self {
        static STATE: LazyLock<Arc<CallState>> = LazyLock::new(|| Arc::new(fold::state(&[])));
        Self { facts: Vec::new(), state: Arc::clone(&STATE) }
    }
}

impl Call {
    /// The call of these facts, in whatever order and however often they come.
    pub fn of(facts: impl IntoIterator<Item = Fact>) -> Self {
        let mut call = Self::default();
        for fact in facts {
            call.insert(fact);
        }
        call.state = Arc::new(fold::state(&call.facts));
        call
    }

    /// Adds a fact. Returns what has to happen because of it.
    pub fn apply(&mut self, fact: Fact) -> Vec<Effect> {
        if !self.insert(fact) {
            return Vec::new();
        }
        let state = Arc::new(fold::state(&self.facts));
        let effects = effects(&self.state, &state);
        self.state = state;
        effects
    }

    /// Whether the fact is new.
    fn insert(&mut self, fact: Fact) -> bool {
        if self.facts.iter().any(|known| known.is_same(&fact)) {
            return false;
        }
        let place = self.facts.partition_point(|known| known.order(&fact).is_lt());
        self.facts.insert(place, fact);
        self.facts.truncate(MOST_FACTS);
        true
    }

    /// The facts, in their own order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What they come down to.
    pub fn state(&self) -> &Arc<CallState> {
        &self.state
    }
}

#[cfg(test)]
mod tests;
