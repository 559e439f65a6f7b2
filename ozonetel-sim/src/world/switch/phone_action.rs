//! What the telephones of a call can be made to do.

use super::Switch;
use crate::world::calls::{CallStage, ConferenceParty, Direction, PhoneCall};
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo, PartyNo};

/// Which telephone of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegSide {
    /// The customer's.
    Customer,
    /// The agent's.
    Agent,
}

/// What a telephone is made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneAction {
    /// Pick up.
    Answer,
    /// Put down, or decline while it rings.
    Hangup,
    /// Be busy.
    Busy,
    /// Ring without being answered.
    NoAnswer,
}

/// Why a telephone could not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionRefusal {
    /// No live call has this id.
    #[error("no live call has this id")]
    NotLive,
    /// The leg is not in the state for it.
    #[error("the leg is not in the state for it")]
    NotNow,
}

/// The third party whose telephone an id stands for: on the line, rung, or rung while the agent has left.
fn rung_party(call: &PhoneCall, ucid: u64) -> Option<PartyNo> {
    let current = call.current_leg().map(|(no, _)| no);
    let rings = |party: &ConferenceParty| {
        party.joined.is_none() && party.leg.is_some() && party.leg == current
    };
    let cold = call.parties.iter().position(rings);
    let own = call.parties.iter().position(|party| party.ucid == ucid && party.expected());
    own.or(cold)
}

impl Switch {
    /// Makes a telephone of a live call do something.
    pub(crate) fn phone_action(
        &mut self,
        cx: &mut Context,
        ucid: u64,
        side: LegSide,
        action: PhoneAction,
    ) -> Result<(), ActionRefusal> {
        let call = self.calls.by_ucid_mut(ucid).filter(|c| c.live());
        let call = call.ok_or(ActionRefusal::NotLive)?;
        let (key, stage) = (call.key, call.stage);
        let no = call.legs.len().saturating_sub(1);
        if side == LegSide::Agent
            && let Some(party) = rung_party(call, ucid)
        {
            return self.party_action(cx, (key, party), action);
        }
        let inbound = call.direction == Direction::Inbound;
        match (side, stage, action) {
            (LegSide::Agent, CallStage::AgentRinging, _) => self.agent_action(cx, key, no, action),
            (LegSide::Agent, CallStage::CustomerRinging, PhoneAction::Hangup) => {
                call.set_status("agent_disconnect", "answered", "not_answered");
                self.end_call(cx, key, "AgentHangup");
            }
            (LegSide::Agent, CallStage::Talking, PhoneAction::Hangup) => {
                self.agent_leaves(cx, key, "AgentHangup");
            }
            (LegSide::Customer, CallStage::CustomerRinging, PhoneAction::Answer) => {
                self.customer_picks_up(cx, key);
            }
            (LegSide::Customer, CallStage::CustomerRinging, PhoneAction::Busy) => {
                self.customer_fails(cx, key, "Busy");
            }
            (LegSide::Customer, CallStage::CustomerRinging, _)
            | (LegSide::Customer, CallStage::Talking | CallStage::Queued, PhoneAction::Hangup) => {
                self.customer_leaves(cx, key);
            }
            (LegSide::Customer, CallStage::AgentRinging, PhoneAction::Hangup) if inbound => {
                self.customer_leaves(cx, key);
            }
            _ => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }

    /// Makes the telephone of a third party do something.
    fn party_action(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, PartyNo),
        action: PhoneAction,
    ) -> Result<(), ActionRefusal> {
        let party = self.calls.get(key).and_then(|call| call.parties.get(no));
        let joined = party.is_some_and(|party| party.joined.is_some());
        match (joined, action) {
            (false, PhoneAction::Answer) => self.party_joins(cx, key, no),
            (false, PhoneAction::NoAnswer) => self.party_leaves(cx, (key, no), "NoResponse"),
            (false, _) => self.party_leaves(cx, (key, no), "Rejected"),
            (true, PhoneAction::Hangup) => self.party_leaves(cx, (key, no), ""),
            (true, _) => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }

    /// A third party has let it ring for long enough, or could not be reached.
    pub(super) fn party_misses(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, PartyNo),
        failure: &'static str,
    ) {
        let party = self.calls.get(key).and_then(|call| call.parties.get(no));
        if party.is_some_and(|party| party.joined.is_none()) {
            self.party_leaves(cx, (key, no), failure);
        }
    }

    fn agent_action(&mut self, cx: &mut Context, key: CallKey, no: LegNo, action: PhoneAction) {
        match action {
            PhoneAction::Answer => self.agent_picks_up(cx, key, no),
            PhoneAction::NoAnswer => self.agent_fails(cx, key, no, "NoResponse"),
            PhoneAction::Busy | PhoneAction::Hangup => self.agent_fails(cx, key, no, "Rejected"),
        }
    }
}
