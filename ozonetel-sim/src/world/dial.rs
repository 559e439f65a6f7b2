//! Dials: by agent and campaign, by skill and DID, and from an offline telephone.

use std::time::Duration;

use super::agents::{Agent, AgentState};
use super::calls::{Direction, Stage};
use super::event_push::CallWord;
use super::setup::{CampaignKind, LoginKind};
use super::{PhoneCall, World};

/// A dial by agent and campaign.
#[derive(Clone, Debug, Default)]
pub struct AgentDial {
    /// Agent.
    pub agent: String,
    /// Campaign the agent is live on.
    pub campaign: String,
    /// Number to call.
    pub number: String,
    /// Reference.
    pub uui: String,
}

/// A dial by skill and DID: any free agent.
#[derive(Clone, Debug, Default)]
pub struct SkillDial {
    /// Skill.
    pub skill: String,
    /// DID the customer sees.
    pub did: String,
    /// Number to call.
    pub number: String,
    /// Reference.
    pub uui: String,
}

/// A dial from the telephone of an offline agent.
#[derive(Clone, Debug, Default)]
pub struct PhoneDial {
    /// Phone name.
    pub phone_name: String,
    /// DID of an offline campaign.
    pub did: String,
    /// Number to call.
    pub number: String,
    /// Reference.
    pub uui: String,
    /// Longest talk time in seconds.
    pub call_limit_s: Option<u64>,
    /// Does not dial when the agent is busy.
    pub check_status: bool,
}

/// Why a dial was refused. Nothing was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialRefusal {
    /// Unknown agent.
    Agent,
    /// Unknown campaign, or not one the agent dials for.
    Campaign,
    /// No number.
    Number,
    /// Not signed in, not ready, or in the wrong mode.
    NotAvailable,
    /// Nobody has this skill.
    Skill,
    /// Unknown DID.
    Did,
    /// Unknown phone name.
    PhoneName,
    /// The agent of this number sits at the toolbar.
    Online,
    /// The DID is not of an offline campaign.
    NotOffline,
    /// The agent is on a call, and the dialler asked to be told.
    Busy,
}

impl World {
    /// Dials for an agent: the agent's telephone rings, then the customer's.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_agent(&mut self, dial: &AgentDial) -> Result<u64, DialRefusal> {
        let agent = self.agents.get(&dial.agent).ok_or(DialRefusal::Agent)?;
        let campaign = self.setup.campaign(&dial.campaign).ok_or(DialRefusal::Campaign)?;
        if campaign.kind != CampaignKind::Manual {
            return Err(DialRefusal::Campaign);
        }
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        if !self.can_dial(agent) {
            return Err(DialRefusal::NotAvailable);
        }
        let did = campaign.did.clone().unwrap_or_else(|| self.setup.outbound_did().to_owned());
        let (name, skill) = (campaign.name.clone(), campaign.skill.clone());
        let call = self.outbound_call(name, did, skill, &dial.number, &dial.uui);
        Ok(self.place(call, &dial.agent))
    }

    /// Dials for whichever agent of a skill has been ready longest.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_skill(&mut self, dial: &SkillDial) -> Result<u64, DialRefusal> {
        if !self.setup.has_skill(&dial.skill) {
            return Err(DialRefusal::Skill);
        }
        let campaign = self.setup.campaign_of_did(&dial.did).ok_or(DialRefusal::Did)?;
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        let agent = self
            .agents
            .values()
            .filter(|a| self.can_dial(a) && a.setup.mode.takes_inbound())
            .filter(|a| a.setup.skills.contains(&dial.skill))
            .min_by_key(|a| (a.ready_since, a.setup.id.clone()))
            .map(|a| a.setup.id.clone())
            .ok_or(DialRefusal::NotAvailable)?;
        let name = campaign.name.clone();
        let (did, skill) = (dial.did.clone(), dial.skill.clone());
        let call = self.outbound_call(name, did, skill, &dial.number, &dial.uui);
        Ok(self.place(call, &agent))
    }

    /// Dials from an offline agent's telephone. With the agent on a call already, the new call
    /// finds the telephone busy.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_phone(&mut self, dial: &PhoneDial) -> Result<u64, DialRefusal> {
        let agent = self
            .agents
            .values()
            .find(|a| a.setup.phone_name.eq_ignore_ascii_case(&dial.phone_name))
            .ok_or(DialRefusal::PhoneName)?;
        let campaign = self.setup.campaign_of_did(&dial.did).ok_or(DialRefusal::Did)?;
        if campaign.kind != CampaignKind::Offline {
            return Err(DialRefusal::NotOffline);
        }
        if agent.login_kind() == Some(LoginKind::Toolbar) {
            return Err(DialRefusal::Online);
        }
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        let busy = agent.call.is_some();
        if busy && dial.check_status {
            return Err(DialRefusal::Busy);
        }
        let id = agent.setup.id.clone();
        let (name, skill) = (campaign.name.clone(), campaign.skill.clone());
        let did = dial.did.clone();
        let mut call = self.outbound_call(name, did, skill, &dial.number, &dial.uui);
        call.offline = true;
        call.call_limit = dial.call_limit_s.filter(|s| *s > 0).map(Duration::from_secs);
        if busy { Ok(self.place_on_busy(call, &id)) } else { Ok(self.place(call, &id)) }
    }

    /// Signed in where it counts, ready, in a mode that dials.
    fn can_dial(&self, agent: &Agent) -> bool {
        let there =
            agent.login_kind().is_some_and(|kind| !self.setup.strict || kind == LoginKind::Toolbar);
        there && agent.setup.mode.dials() && Self::is_free(agent)
    }

    pub(super) fn outbound_call(
        &mut self,
        campaign: String,
        did: String,
        skill: String,
        number: &str,
        uui: &str,
    ) -> PhoneCall {
        let ucid = self.ucids.outbound(self.now.second(), &self.known);
        let plan = self.plan(number_exists(number), false);
        let key = self.next_key();
        PhoneCall {
            monitor: ucid,
            direction: Direction::Outbound,
            offline: false,
            campaign,
            did,
            caller: number.trim().to_owned(),
            skill,
            uui: uui.to_owned(),
            started: self.now,
            stage: Stage::AgentRinging,
            ended: None,
            legs: Vec::new(),
            held_since: None,
            muted: false,
            parties: Vec::new(),
            recording: Vec::new(),
            key,
            plan,
            call_limit: None,
            traffic: false,
            next_ucid: ucid,
            tried: Vec::new(),
            called_back: false,
        }
    }

    pub(super) fn place(&mut self, call: PhoneCall, agent: &str) -> u64 {
        let (key, ucid) = (call.key, call.monitor);
        self.add_call(call);
        if self.agents.get(agent).is_some_and(|a| a.state == AgentState::Acw) {
            self.stop_wrap_up(agent);
        }
        self.ring_agent(key, agent);
        ucid
    }

    fn place_on_busy(&mut self, call: PhoneCall, agent: &str) -> u64 {
        let (key, ucid, now) = (call.key, call.monitor, self.now.second());
        let phone = self.agents.get(agent).map(|a| a.phone().to_owned()).unwrap_or_default();
        self.add_call(call);
        if let Some(call) = self.calls.get_mut(&key) {
            let mut leg = super::Leg::new(ucid, super::LegKind::Agent, now);
            leg.agent = Some(agent.to_owned());
            leg.phone = phone;
            leg.ended = Some(now);
            leg.dial_status = "Rejected";
            leg.agent_status = "Rejected";
            leg.customer_status = "NotDialed";
            leg.hangup_by = "SystemHangup";
            call.legs.push(leg);
        }
        self.tell_call(key, CallWord::Calling);
        self.end_call(key, "SystemHangup");
        ucid
    }

    /// Ends after-call work because the telephone rings again.
    fn stop_wrap_up(&mut self, agent: &str) {
        let now = self.now.second();
        let wrapping = self.agents.get_mut(agent).and_then(|a| a.wrapping.take());
        let Some((key, no)) = wrapping else { return };
        let leg = self.calls.get_mut(&key).and_then(|c| c.legs.get_mut(no));
        if let Some(wrap) = leg.and_then(|l| l.wrap_up.as_mut()) {
            wrap.end.get_or_insert(now.max(wrap.start));
        }
        self.settle(key);
    }
}

/// Whether the network knows the number: ten digits, with or without the country's prefixes, or
/// an international number.
pub(super) fn number_exists(number: &str) -> bool {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plain = number.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    plain
        && match digits.len() {
            10 => true,
            11 => digits.starts_with('0') || number.trim_start().starts_with('+'),
            12..=15 => digits.starts_with("91") || number.trim_start().starts_with('+'),
            _ => false,
        }
}
