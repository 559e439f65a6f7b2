//! Dials: by agent and campaign, by skill and DID, and from an offline telephone.

use std::time::Duration;

use sip_ucid::Writer;

use super::Switch;
use crate::world::agents::{Agent, AgentState};
use crate::world::calls::{CallAction, Leg, LegKind, PhoneCall};
use crate::world::context::Context;
use crate::world::numbers::number_exists;
use crate::world::setup::{CampaignKind, CampaignSetup, Contradiction, LoginKind};

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
    /// The campaign does not run.
    NotRunning,
    /// No number.
    Number,
    /// A reference that no header can carry.
    Uui,
    /// Not signed in, not ready, or in the wrong mode.
    NotAvailable,
    /// No one has this skill.
    Skill,
    /// Unknown DID.
    Did,
    /// Unknown phone name.
    PhoneName,
    /// The agent of this number sits at the toolbar.
    Online,
    /// The DID is not of an offline campaign.
    NotOffline,
    /// The agent is on a call, and the dialler asked for this check.
    Busy,
}

impl Switch {
    /// Dials for an agent: the agent's telephone rings, then the customer's.
    pub(crate) fn dial_agent(
        &mut self,
        cx: &mut Context,
        dial: &AgentDial,
    ) -> Result<u64, DialRefusal> {
        let agent = self.agents.get(&dial.agent).ok_or(DialRefusal::Agent)?;
        let campaign = self.campaigns.get(&dial.campaign).ok_or(DialRefusal::Campaign)?;
        let own = &agent.setup.campaigns;
        let is_own = own.is_empty() || own.contains(&campaign.name);
        if campaign.kind != CampaignKind::Manual || !is_own {
            return Err(DialRefusal::Campaign);
        }
        if !self.campaigns.takes_dials(&campaign.name, cx.setup.strict) {
            return Err(DialRefusal::NotRunning);
        }
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        check_uui(&dial.uui)?;
        if !can_dial(cx, agent) {
            return Err(DialRefusal::NotAvailable);
        }
        let mut call = self.outbound_call(cx, &campaign.clone(), &dial.number, false);
        call.uui.clone_from(&dial.uui);
        Ok(self.place(cx, call, &dial.agent))
    }

    /// Dials for whichever agent of a skill has been ready longest.
    pub(crate) fn dial_skill(
        &mut self,
        cx: &mut Context,
        dial: &SkillDial,
    ) -> Result<u64, DialRefusal> {
        if !self.has_skill(&dial.skill) {
            return Err(DialRefusal::Skill);
        }
        let campaign = self.campaigns.of_did(&dial.did).ok_or(DialRefusal::Did)?;
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        check_uui(&dial.uui)?;
        let fits = |a: &Agent| {
            can_dial(cx, a) && a.setup.mode.takes_inbound() && a.setup.skills.contains(&dial.skill)
        };
        let agent = self.agents.longest_ready(fits, |_| ()).ok_or(DialRefusal::NotAvailable)?;
        let mut call = self.outbound_call(cx, &campaign.clone(), &dial.number, false);
        call.did.clone_from(&dial.did);
        call.skill.clone_from(&dial.skill);
        call.uui.clone_from(&dial.uui);
        Ok(self.place(cx, call, &agent))
    }

    /// Dials from an offline agent's telephone. With the agent on a call already, the new call
    /// finds the telephone busy.
    pub(crate) fn dial_phone(
        &mut self,
        cx: &mut Context,
        dial: &PhoneDial,
    ) -> Result<u64, DialRefusal> {
        let agent = self.agents.of_phone_name(&dial.phone_name).ok_or(DialRefusal::PhoneName)?;
        let campaign = self.campaigns.of_did(&dial.did).ok_or(DialRefusal::Did)?;
        if campaign.kind != CampaignKind::Offline {
            return Err(DialRefusal::NotOffline);
        }
        if agent.login_kind() == Some(LoginKind::Toolbar) {
            return Err(DialRefusal::Online);
        }
        if dial.number.trim().is_empty() {
            return Err(DialRefusal::Number);
        }
        check_uui(&dial.uui)?;
        let busy = agent.call.is_some();
        if busy && dial.check_status {
            return Err(DialRefusal::Busy);
        }
        let id = agent.setup.id.clone();
        let mut call = self.outbound_call(cx, &campaign.clone(), &dial.number, false);
        call.did.clone_from(&dial.did);
        call.uui.clone_from(&dial.uui);
        call.offline = true;
        call.call_limit = dial.call_limit_s.filter(|s| *s > 0).map(Duration::from_secs);
        if busy { Ok(self.place_on_busy(cx, call, &id)) } else { Ok(self.place(cx, call, &id)) }
    }

    /// A call of a campaign to a number.
    pub(super) fn outbound_call(
        &mut self,
        cx: &mut Context,
        campaign: &CampaignSetup,
        number: &str,
        traffic: bool,
    ) -> PhoneCall {
        let mut call = self.calls.new_outbound(cx, number_exists(number), traffic);
        let did = campaign.did.clone();
        call.did = did.unwrap_or_else(|| self.campaigns.outbound_did().to_owned());
        call.campaign.clone_from(&campaign.name);
        call.skill.clone_from(&campaign.skill);
        number.trim().clone_into(&mut call.caller);
        call
    }

    pub(super) fn place(&mut self, cx: &mut Context, call: PhoneCall, agent: &str) -> u64 {
        let (key, ucid) = (call.key, call.monitor);
        self.calls.add(call);
        if self.agents.get(agent).is_some_and(|a| a.state == AgentState::Acw) {
            // The telephone rings again.
            self.stop_wrap_up(cx, agent);
        }
        self.ring_agent(cx, key, agent);
        ucid
    }

    fn place_on_busy(&mut self, cx: &mut Context, mut call: PhoneCall, agent: &str) -> u64 {
        let (key, ucid, now) = (call.key, call.monitor, cx.second());
        let mut leg = Leg::new(ucid, LegKind::Agent, now);
        leg.agent = Some(agent.to_owned());
        leg.phone = self.agents.get(agent).map(|a| a.phone().to_owned()).unwrap_or_default();
        leg.ended = Some(now);
        leg.dial_status = "Rejected";
        leg.agent_status = "Rejected";
        leg.customer_status = "NotDialed";
        leg.hangup_by = "SystemHangup";
        call.legs.push(leg);
        self.calls.add(call);
        self.calls.announce(cx, key, CallAction::Calling);
        self.end_call(cx, key, "SystemHangup");
        ucid
    }
}

/// What is kept has to be writable: the reference goes into the INVITE, as a header's value.
fn check_uui(uui: &str) -> Result<(), DialRefusal> {
    let mut line = Vec::new();
    let response = Writer::response(&mut line, 200, "OK");
    let written = response.and_then(|mut to| to.header("X-UUI", uui.trim()).map(|_| ()));
    written.map_err(|_| DialRefusal::Uui)
}

/// Signed in where it counts, ready, in a mode that dials.
fn can_dial(cx: &Context, agent: &Agent) -> bool {
    let toolbar_only = cx.setup.denies(Contradiction::DialVirtualLogin);
    let there = agent.login_kind().is_some_and(|kind| kind == LoginKind::Toolbar || !toolbar_only);
    there && agent.setup.mode.dials() && agent.is_free()
}
