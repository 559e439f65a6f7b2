//! What the telephones of a call can be made to do.

use super::Switch;
use crate::world::calls::{CallStage, Direction};
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo};

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
        let inbound = call.direction == Direction::Inbound;
        match (side, stage, action) {
            (LegSide::Agent, CallStage::AgentRinging, _) => self.agent_action(cx, key, no, action),
            (LegSide::Agent, CallStage::CustomerRinging, PhoneAction::Hangup) => {
                call.set_status("agent_disconnect", "answered", "not_answered");
                self.end_call(cx, key, "AgentHangup");
            }
            (LegSide::Agent, CallStage::Talking, PhoneAction::Hangup) => {
                self.agent_leaves(cx, key);
            }
            (LegSide::Customer, CallStage::CustomerRinging, PhoneAction::Answer) => {
                self.customer_picks_up(cx, key);
            }
            (LegSide::Customer, CallStage::CustomerRinging, PhoneAction::Busy) => {
                self.customer_fails(cx, key, "Busy");
            }
            (LegSide::Customer, CallStage::CustomerRinging, _) => {
                self.customer_fails(cx, key, "NormalUnspecified");
            }
            (LegSide::Customer, CallStage::Talking, PhoneAction::Hangup) => {
                self.customer_leaves(cx, key);
            }
            (LegSide::Customer, CallStage::Queued, PhoneAction::Hangup) => {
                call.add_queue_leg("error", "UserHangup", cx.second());
                self.end_call(cx, key, "UserHangup");
            }
            (LegSide::Customer, CallStage::AgentRinging, PhoneAction::Hangup) if inbound => {
                call.set_status("not_answered", "user_disconnected", "");
                self.end_call(cx, key, "UserHangup");
            }
            _ => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }

    fn agent_action(&mut self, cx: &mut Context, key: CallKey, no: LegNo, action: PhoneAction) {
        match action {
            PhoneAction::Answer => self.agent_picks_up(cx, key, no),
            PhoneAction::NoAnswer => self.agent_fails(cx, key, no, "NoResponse"),
            PhoneAction::Busy | PhoneAction::Hangup => self.agent_fails(cx, key, no, "Rejected"),
        }
    }
}
