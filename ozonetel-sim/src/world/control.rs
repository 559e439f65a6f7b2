//! What can be done to a call that is up: hold, mute, third parties, dropping somebody, and the
//! recording.

use super::calls::{CallKey, Party, Segment, Stage};
use super::flow::close_recording;
use super::staff::same_number;
use super::timers::Timer;
use super::{PhoneCall, World, read_ucid};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
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
    /// Drops whoever has this number: the agent, the customer or a third party.
    Kick(String),
}

/// Why it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlRefusal {
    /// No such call is up.
    NotFound,
    /// The number is not in the form the service wants.
    Number,
}

impl World {
    /// Acts on a call that is up. Saying the same twice changes nothing.
    ///
    /// # Errors
    ///
    /// No such call is up, or the number is badly formed.
    pub fn control(
        &mut self,
        ucid: &str,
        did: &str,
        phone_name: &str,
        what: &Control,
    ) -> Result<u64, ControlRefusal> {
        let (key, id) = {
            let call = self.controlled(ucid, did, phone_name).ok_or(ControlRefusal::NotFound)?;
            (call.key, call.ucid())
        };
        let now = self.now.second();
        match what {
            Control::Conference(number) => {
                if !conference_form(number) {
                    return Err(ControlRefusal::Number);
                }
                self.add_party(key, number);
            }
            Control::Kick(number) => self.kick(key, number)?,
            Control::Hold | Control::Unhold | Control::Mute | Control::Unmute => {
                let call = self.calls.get_mut(&key).ok_or(ControlRefusal::NotFound)?;
                match what {
                    Control::Hold | Control::Unhold => set_hold(call, *what == Control::Hold, now),
                    _ => call.muted = *what == Control::Mute,
                }
            }
        }
        Ok(id)
    }

    /// A telephone puts a call on hold, or takes it back. False when no such call is up.
    pub fn hold(&mut self, ucid: u64, on: bool) -> bool {
        let now = self.now.second();
        let key = self.known.get(&ucid);
        let call = key.and_then(|key| self.calls.get_mut(key));
        let Some(call) = call.filter(|c| c.stage == Stage::Talking) else { return false };
        set_hold(call, on, now);
        true
    }

    /// The call that is up under this id, DID and agent's phone name.
    fn controlled(&self, ucid: &str, did: &str, phone_name: &str) -> Option<&PhoneCall> {
        let call = self.call(read_ucid(ucid)?)?;
        let agent = self.agents.get(call.agent()?)?;
        let fits = call.stage == Stage::Talking
            && call.did == did
            && agent.setup.phone_name.eq_ignore_ascii_case(phone_name)
            && (!self.setup.strict || call.offline);
        fits.then_some(call)
    }

    fn add_party(&mut self, key: CallKey, number: &str) {
        let now = self.now.second();
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.parties.push(Party { number: number.to_owned(), rang: now, joined: None, left: None });
        let no = call.parties.len() - 1;
        self.later(self.setup.behaviour.customer_answer, Timer::PartyAnswers(key, no));
    }

    fn kick(&mut self, key: CallKey, number: &str) -> Result<(), ControlRefusal> {
        let now = self.now.second();
        let call = self.calls.get_mut(&key).ok_or(ControlRefusal::NotFound)?;
        let agent = call.current_leg().is_some_and(|(_, leg)| same_number(&leg.phone, number));
        if agent {
            self.agent_leaves(key);
            return Ok(());
        }
        if same_number(&call.caller, number) {
            self.customer_leaves(key);
            return Ok(());
        }
        let there = |p: &&mut Party| p.left.is_none() && same_number(&p.number, number);
        if let Some(party) = call.parties.iter_mut().find(there) {
            party.left = Some(now);
            let alone = call.current_leg().is_none() && !call.parties.iter().any(Party::expected);
            if alone {
                self.end_call(key, "SystemHangup");
            }
            return Ok(());
        }
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let plausible = number.chars().all(|c| c.is_ascii_digit() || c == '+');
        if plausible && digits >= 3 {
            Err(ControlRefusal::NotFound)
        } else {
            Err(ControlRefusal::Number)
        }
    }

    /// The agent goes. With a third party on the line or still ringing, the customer stays.
    pub(super) fn agent_leaves(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.current_leg().is_none() {
            return;
        }
        if call.parties.iter().any(Party::expected) {
            self.end_leg(key, "AgentHangup");
        } else {
            self.end_call(key, "AgentHangup");
        }
    }

    /// The customer goes. The call is over, whoever else is on the line.
    pub(super) fn customer_leaves(&mut self, key: CallKey) {
        self.end_call(key, "UserHangup");
    }

    /// Hands the customer over to an application: the agent goes, the customer stays. False when
    /// no such call is up.
    pub fn to_application(&mut self, ucid: &str, url: &str, callback: Option<String>) -> bool {
        let now = self.now.second();
        let Some(id) = read_ucid(ucid) else { return false };
        let key = self.known.get(&id).copied();
        let talks = |c: &&mut PhoneCall| c.stage == Stage::Talking;
        let Some(call) = key.and_then(|key| self.calls.get_mut(&key)).filter(talks) else {
            return false;
        };
        let (key, number) = (call.key, "IVR".to_owned());
        call.parties.push(Party { number, rang: now, joined: Some(now), left: None });
        self.agent_leaves(key);
        self.ivr_takes_over(key, id, url, callback);
        true
    }

    /// Ends a call, of agents or of an application. False when no such call is up.
    pub fn disconnect(&mut self, ucid: &str) -> bool {
        let Some(id) = read_ucid(ucid) else { return false };
        if self.ivr_disconnect(id) {
            return true;
        }
        let key = self.known.get(&id).copied();
        let live = key.filter(|key| self.calls.get(key).is_some_and(PhoneCall::live));
        if let Some(key) = live {
            if self.calls.get(&key).is_some_and(|c| c.stage == Stage::Queued) {
                self.queue_leg(key, "error", "SystemHangup");
            }
            self.end_call(key, "SystemHangup");
        }
        live.is_some()
    }

    /// Stops or resumes the recording of a call that is up. False when no such call is up.
    pub fn record(&mut self, ucid: &str, on: bool) -> bool {
        let now = self.now.second();
        let key = read_ucid(ucid).and_then(|u| self.known.get(&u).copied());
        let call = key.and_then(|key| self.calls.get_mut(&key));
        let Some(call) = call.filter(|c| c.stage == Stage::Talking) else { return false };
        let running = call.recording.last().is_some_and(|s| s.to.is_none());
        match (on, running) {
            (true, false) => call.recording.push(Segment { from: now, to: None }),
            (false, true) => close_recording(call, now),
            _ => {}
        }
        true
    }
}

fn set_hold(call: &mut PhoneCall, on: bool, now: i64) {
    if on {
        call.held_since.get_or_insert(now);
    } else if let Some(from) = call.held_since.take()
        && let Some(leg) = call.legs.last_mut().filter(|leg| leg.ended.is_none())
    {
        leg.held_s += (now - from).max(0);
    }
}

/// `0` and ten digits, or `+` with country code and number.
fn conference_form(number: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match number.strip_prefix('+') {
        Some(rest) => (7..=15).contains(&rest.len()) && digits(rest),
        None => number.len() == 11 && number.starts_with('0') && digits(number),
    }
}
