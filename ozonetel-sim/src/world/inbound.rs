//! Calls from customers: the queue, who is rung, and what telephones can be told to do.

use super::calls::{CallKey, Direction, LegKind, Plan, Stage};
use super::event_push::CallWord;
use super::ids::Ucids;
use super::setup::CampaignKind;
use super::timers::Timer;
use super::{Leg, PhoneCall, World, read_ucid};

/// The ids of a call that has just arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Of the first leg.
    pub ucid: u64,
    /// Of the call.
    pub monitor_ucid: u64,
}

/// Which telephone of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegSide {
    /// The customer's.
    Customer,
    /// The agent's.
    Agent,
}

/// What a telephone is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneAction {
    /// Pick up.
    Answer,
    /// Put down, or decline while it rings.
    Hangup,
    /// Be busy.
    Busy,
    /// Ring in vain.
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

impl World {
    /// A customer calls a DID: agents are rung, or its application is asked. `None` when the DID
    /// belongs to neither.
    pub fn inbound(&mut self, did: &str, caller: &str, skill: Option<&str>) -> Option<Arrived> {
        if let Some(arrived) = self.ivr_arrives(did, caller) {
            return Some(arrived);
        }
        self.arrive(did, caller, skill, false)
    }

    pub(super) fn arrive(
        &mut self,
        did: &str,
        caller: &str,
        skill: Option<&str>,
        traffic: bool,
    ) -> Option<Arrived> {
        let campaign = self.setup.campaign_of_did(did)?;
        let (name, offline) = (campaign.name.clone(), campaign.kind == CampaignKind::Offline);
        let skill = skill.unwrap_or(&campaign.skill).to_owned();
        let mut call = self.inbound_call(name, (did, caller), skill, traffic);
        call.offline = offline;
        Some(self.take_in(call))
    }

    /// A caller whom an application hands to a skill.
    pub(super) fn arrive_from_application(
        &mut self,
        campaign: String,
        line: (&str, &str),
        skill: &str,
        uui: String,
    ) -> CallKey {
        let mut call = self.inbound_call(campaign, line, skill.to_owned(), false);
        call.uui = uui;
        let key = call.key;
        self.take_in(call);
        key
    }

    fn inbound_call(
        &mut self,
        campaign: String,
        (did, caller): (&str, &str),
        skill: String,
        traffic: bool,
    ) -> PhoneCall {
        let monitor = self.ucids.inbound(self.now.second(), &mut self.rng, &self.known);
        let ucid = Ucids::leg(monitor, &mut self.rng, &self.known);
        let plan = self.plan(true, traffic);
        let key = self.next_key();
        PhoneCall {
            monitor,
            direction: Direction::Inbound,
            offline: false,
            campaign,
            did: did.to_owned(),
            caller: caller.trim().to_owned(),
            skill,
            uui: String::new(),
            started: self.now,
            stage: Stage::Queued,
            ended: None,
            legs: Vec::new(),
            held_since: None,
            muted: false,
            parties: Vec::new(),
            recording: Vec::new(),
            key,
            plan,
            call_limit: None,
            traffic,
            next_ucid: ucid,
            tried: Vec::new(),
            called_back: false,
        }
    }

    /// Lets a new call wait, or ring at once.
    fn take_in(&mut self, call: PhoneCall) -> Arrived {
        let (key, ids) = (call.key, Arrived { ucid: call.next_ucid, monitor_ucid: call.monitor });
        self.add_call(call);
        let waits = self.calls.get(&key).is_some_and(|call| self.next_agent(call).is_none());
        if waits {
            self.tell_call(key, CallWord::Calling);
        }
        self.route(key);
        ids
    }

    pub(super) fn next_key(&mut self) -> CallKey {
        self.calls_made += 1;
        CallKey(self.calls_made)
    }

    /// Draws how the telephones of a new call will behave.
    pub(super) fn plan(&mut self, number_exists: bool, traffic: bool) -> Plan {
        let traffic = self.setup.traffic.as_ref().filter(|_| traffic);
        let rate = traffic.map_or(self.setup.behaviour.customer_answer_rate, |traffic| {
            traffic.customer_answer_rate
        });
        let talk = traffic.map(|t| t.talk).or(self.setup.behaviour.talk);
        Plan {
            number_exists,
            customer_answers: self.chance(rate),
            talk: talk.map(|range| self.between(range)),
            agent_hangs_up: self.chance(0.5),
        }
    }

    /// Gives the next leg of a call an id of its own.
    pub(super) fn next_leg_ucid(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let ucid = Ucids::leg(call.monitor, &mut self.rng, &self.known);
        call.next_ucid = ucid;
        self.known.insert(ucid, key);
    }

    /// Rings the next agent, or lets the caller wait, or hangs up when nobody could ever answer.
    pub(super) fn route(&mut self, key: CallKey) {
        let Some(call) = self.calls.get(&key) else { return };
        if let Some(agent) = self.next_agent(call) {
            self.ring_agent(key, &agent);
            return;
        }
        let skill = &call.skill;
        let hope = self.agents.values().any(|a| {
            a.login.is_some() && a.setup.mode.takes_inbound() && a.setup.skills.contains(skill)
        });
        let fresh = call.legs.is_empty();
        if !hope && fresh {
            self.turn_away(key);
            return;
        }
        if let Some(call) = self.calls.get_mut(&key) {
            call.stage = Stage::Queued;
        }
        self.later(self.setup.behaviour.queue_limit, Timer::QueueEnds(key));
    }

    /// The agent who waits longest among those who may take the call; traffic calls ring traffic
    /// agents only, other calls ring them last.
    fn next_agent(&self, call: &PhoneCall) -> Option<String> {
        let of_traffic =
            |id: &String| self.setup.traffic.as_ref().is_some_and(|t| t.agents.contains(id));
        self.agents
            .values()
            .filter(|a| Self::is_free(a) && a.setup.mode.takes_inbound())
            .filter(|a| a.setup.skills.contains(&call.skill))
            .filter(|a| !call.tried.contains(&a.setup.id))
            .filter(|a| !call.traffic || of_traffic(&a.setup.id))
            .min_by_key(|a| (of_traffic(&a.setup.id), a.ready_since, a.setup.id.clone()))
            .map(|a| a.setup.id.clone())
    }

    /// Looks whether a waiting caller can be served now.
    pub(super) fn route_waiting(&mut self) {
        let waiting: Vec<CallKey> = self
            .calls
            .values()
            .rev()
            .take(WAITING_LOOKED_AT)
            .filter(|c| c.stage == Stage::Queued)
            .map(|c| c.key)
            .collect();
        for key in waiting.into_iter().rev() {
            let call = self.calls.get(&key).filter(|c| c.stage == Stage::Queued);
            if let Some(agent) = call.and_then(|c| self.next_agent(c)) {
                self.ring_agent(key, &agent);
            }
        }
    }

    /// Nobody of the skill is signed in: a queue leg and a disconnect leg within a second.
    fn turn_away(&mut self, key: CallKey) {
        self.queue_leg(key, "InvalidAgent", "");
        self.next_leg_ucid(key);
        let now = self.now.second();
        if let Some(call) = self.calls.get_mut(&key) {
            let mut leg = Leg::new(call.next_ucid, LegKind::Disconnect, now);
            leg.ended = Some(now);
            leg.hangup_by = "SystemHangup";
            call.legs.push(leg);
        }
        self.end_call(key, "SystemHangup");
    }

    /// The caller has waited long enough.
    pub(super) fn queue_ends(&mut self, key: CallKey) {
        if self.calls.get(&key).is_some_and(|c| c.stage == Stage::Queued) {
            self.queue_leg(key, "error", "");
            self.end_call(key, "");
        }
    }

    pub(super) fn queue_leg(&mut self, key: CallKey, status: &'static str, by: &'static str) {
        let now = self.now.second();
        let Some(call) = self.calls.get_mut(&key) else { return };
        let from = call.legs.iter().filter_map(|l| l.ended).max();
        let from = from.unwrap_or(call.started.second()).min(now);
        let mut leg = Leg::new(call.next_ucid, LegKind::Queue, from);
        leg.ended = Some(now);
        leg.dial_status = status;
        leg.hangup_by = by;
        call.legs.push(leg);
    }

    /// Tells a telephone of a live call what to do.
    ///
    /// # Errors
    ///
    /// No live call has the id, or the leg cannot do this now.
    pub fn phone_action(
        &mut self,
        ucid: &str,
        side: LegSide,
        action: PhoneAction,
    ) -> Result<(), ActionRefusal> {
        let id = read_ucid(ucid).ok_or(ActionRefusal::NotLive)?;
        let led = (side == LegSide::Customer).then(|| self.ivr_phone(id, action)).flatten();
        if let Some(done) = led {
            return done;
        }
        let key = self.known.get(&id).copied();
        let call = key.and_then(|key| self.calls.get(&key)).filter(|c| c.live());
        let call = call.ok_or(ActionRefusal::NotLive)?;
        let (key, stage) = (call.key, call.stage);
        let no = call.legs.len().saturating_sub(1);
        match (side, stage, action) {
            (LegSide::Agent, Stage::AgentRinging, _) => self.agent_action(key, no, action),
            (LegSide::Agent, Stage::CustomerRinging, PhoneAction::Hangup) => {
                self.set_status(key, "agent_disconnect", "answered", "not_answered");
                self.end_call(key, "AgentHangup");
            }
            (LegSide::Agent, Stage::Talking, PhoneAction::Hangup) => self.agent_leaves(key),
            (LegSide::Customer, Stage::CustomerRinging, PhoneAction::Answer) => {
                self.customer_picks_up(key);
            }
            (LegSide::Customer, Stage::CustomerRinging, PhoneAction::Busy) => {
                self.customer_fails(key, "Busy");
            }
            (LegSide::Customer, Stage::CustomerRinging, _) => {
                self.customer_fails(key, "NormalUnspecified");
            }
            (LegSide::Customer, Stage::Talking, PhoneAction::Hangup) => {
                self.customer_leaves(key);
            }
            (LegSide::Customer, Stage::Queued, PhoneAction::Hangup) => {
                self.queue_leg(key, "error", "UserHangup");
                self.end_call(key, "UserHangup");
            }
            (LegSide::Customer, Stage::AgentRinging, PhoneAction::Hangup)
                if self.is_inbound(key) =>
            {
                self.set_status(key, "not_answered", "user_disconnected", "");
                self.end_call(key, "UserHangup");
            }
            _ => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }

    fn is_inbound(&self, key: CallKey) -> bool {
        self.calls.get(&key).is_some_and(|c| c.direction == Direction::Inbound)
    }

    fn agent_action(&mut self, key: CallKey, no: usize, action: PhoneAction) {
        match action {
            PhoneAction::Answer => self.agent_picks_up(key, no),
            PhoneAction::NoAnswer => self.agent_fails(key, no, "NoResponse"),
            PhoneAction::Busy | PhoneAction::Hangup => self.agent_fails(key, no, "Rejected"),
        }
    }

    fn set_status(
        &mut self,
        key: CallKey,
        dial: &'static str,
        agent: &'static str,
        customer: &'static str,
    ) {
        if let Some(leg) = self.calls.get_mut(&key).and_then(|c| c.legs.last_mut()) {
            leg.dial_status = dial;
            leg.agent_status = agent;
            leg.customer_status = customer;
        }
    }
}

/// Waiting calls are among the newest ones: a queue limit bounds their age.
const WAITING_LOOKED_AT: usize = 5_000;
