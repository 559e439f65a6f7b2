//! What can be done to a call that is up: hold, mute, third parties, dropping a participant, and
//! the recording.

use sip_ucid::same_number;

use super::Switch;
use crate::world::calls::{CallStage, ConferenceParty, Direction, PhoneCall};
use crate::world::context::Context;
use crate::world::ids::CallKey;
use crate::world::numbers::conference_form;
use crate::world::setup::Contradiction;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallControl {
    /// The customer hears music.
    Hold,
    /// Ends the hold.
    Unhold,
    /// The agent is not heard.
    Mute,
    /// Ends the muting.
    Unmute,
    /// Calls a third party into the call.
    Conference(String),
    /// Drops the party that has this number: the agent, the customer or a third party.
    Kick(String),
}

/// Why it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallControlRefusal {
    /// No such call is up.
    NotFound,
    /// The number is not in the form that the service requires.
    Number,
    /// Too many third parties have been called into the call.
    Full,
}

/// Third parties that can be called into one call.
const PARTIES_MOST: usize = 100;

impl Switch {
    /// Acts on a call that is up. Saying the same twice changes nothing.
    ///
    /// # Errors
    ///
    /// No such call is up, or the number is badly formed.
    pub(crate) fn control(
        &mut self,
        cx: &mut Context,
        ucid: &str,
        did: &str,
        phone_name: &str,
        what: &CallControl,
    ) -> Result<u64, CallControlRefusal> {
        let (key, id) = {
            let call =
                self.controlled(cx, ucid, did, phone_name).ok_or(CallControlRefusal::NotFound)?;
            (call.key, call.ucid())
        };
        let now = cx.second();
        match what {
            CallControl::Conference(number) => {
                let extension = self.agents.of_extension(number).is_some();
                if !extension && !conference_form(number, cx.setup.zone, cx.setup.lax) {
                    return Err(CallControlRefusal::Number);
                }
                if self.calls.get(key).is_some_and(|call| call.parties.len() >= PARTIES_MOST) {
                    return Err(CallControlRefusal::Full);
                }
                self.add_party(cx, key, number);
            }
            CallControl::Kick(number) => {
                // Shorter than a telephone number: an extension, of whichever switch.
                let short = number.len() < 10 && number.bytes().all(|b| b.is_ascii_digit());
                if !short && !conference_form(number, cx.setup.zone, cx.setup.lax) {
                    return Err(CallControlRefusal::Number);
                }
                self.kick(cx, key, number)?;
            }
            CallControl::Hold | CallControl::Unhold | CallControl::Mute | CallControl::Unmute => {
                let call = self.calls.get_mut(key).ok_or(CallControlRefusal::NotFound)?;
                match what {
                    CallControl::Mute => call.muted = true,
                    CallControl::Unmute => call.muted = false,
                    hold => call.set_hold(*hold == CallControl::Hold, now),
                }
            }
        }
        Ok(id)
    }

    /// A telephone puts a call on hold, or takes it back. False when no such call is up.
    pub(crate) fn hold(&mut self, cx: &Context, ucid: u64, on: bool) -> bool {
        let call = self.calls.by_ucid_mut(ucid).filter(|c| c.stage == CallStage::Talking);
        call.map(|call| call.set_hold(on, cx.second())).is_some()
    }

    /// The call that is up under this id, DID and agent's phone name.
    fn controlled(
        &self,
        cx: &Context,
        ucid: &str,
        did: &str,
        phone_name: &str,
    ) -> Option<&PhoneCall> {
        let call = self.calls.by_text(ucid)?;
        let agent = self.agents.get(call.agent()?)?;
        let fits = call.stage == CallStage::Talking
            && call.did == did
            && agent.setup.phone_name.eq_ignore_ascii_case(phone_name)
            && (call.offline || !cx.setup.denies(Contradiction::CallControlOnline));
        fits.then_some(call)
    }

    fn kick(
        &mut self,
        cx: &mut Context,
        key: CallKey,
        number: &str,
    ) -> Result<(), CallControlRefusal> {
        let call = self.calls.get_mut(key).ok_or(CallControlRefusal::NotFound)?;
        let agent = call.current_leg().is_some_and(|(_, leg)| same_number(&leg.phone, number));
        if agent {
            self.agent_leaves(cx, key, "AgentHangup");
            return Ok(());
        }
        if same_number(&call.caller, number) {
            self.customer_leaves(cx, key);
            return Ok(());
        }
        let there = |p: &ConferenceParty| p.expected() && same_number(&p.number, number);
        if let Some(no) = call.parties.iter().position(there) {
            self.party_leaves(cx, (key, no), "");
            return Ok(());
        }
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let plausible = number.chars().all(|c| c.is_ascii_digit() || c == '+');
        if plausible && digits >= 3 {
            Err(CallControlRefusal::NotFound)
        } else {
            Err(CallControlRefusal::Number)
        }
    }

    /// The customer goes, wherever the call is. It is over, no matter who else is on the line.
    pub(super) fn customer_leaves(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let inbound = call.direction == Direction::Inbound;
        match call.stage {
            CallStage::Queued => call.add_queue_leg("error", "UserHangup", cx.second()),
            CallStage::AgentRinging if inbound => {
                call.set_status("not_answered", "user_disconnected", "");
            }
            CallStage::CustomerRinging => {
                return self.customer_fails(cx, key, "NormalUnspecified");
            }
            CallStage::AgentRinging | CallStage::Talking | CallStage::Ended => {}
        }
        self.end_call(cx, key, "UserHangup");
    }

    /// The agent hands the customer over to an application and leaves; the customer stays. The call, or
    /// `None` when no such call is up.
    pub(crate) fn hand_to_application(&mut self, cx: &mut Context, ucid: u64) -> Option<CallKey> {
        let key = self.calls.key_of(ucid)?;
        let now = cx.second();
        let call = self.calls.in_stage(key, CallStage::Talking)?;
        let announced = call.ucid();
        self.calls.next_leg_ucid(cx, key);
        let call = self.calls.get_mut(key)?;
        let mut party = ConferenceParty::new("IVR", (call.next_ucid, announced), now);
        party.joined = Some(now);
        call.parties.push(party);
        self.agent_leaves(cx, key, "AgentHangup");
        Some(key)
    }

    /// Ends a call from the service's side. False when no such call is up.
    pub(crate) fn disconnect(&mut self, cx: &mut Context, ucid: u64) -> bool {
        let key = self.calls.key_of(ucid).filter(|key| self.calls.is_live(*key));
        let Some(key) = key else { return false };
        if let Some(call) = self.calls.in_stage(key, CallStage::Queued) {
            call.add_queue_leg("error", "SystemHangup", cx.second());
        }
        self.end_call(cx, key, "SystemHangup");
        true
    }

    /// Stops or resumes the recording of a call that is up. False when no such call is up, or it has been
    /// resumed too often.
    pub(crate) fn record(&mut self, cx: &Context, ucid: u64, on: bool) -> bool {
        let call = self.calls.by_ucid_mut(ucid).filter(|c| c.stage == CallStage::Talking);
        call.is_some_and(|call| call.record(on, cx.second()))
    }
}
