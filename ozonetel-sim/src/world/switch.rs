//! The switch: it connects customers and agents, and moves a call from one stage to the next.
//!
//! Calls, agents and campaigns each own their facts. What concerns more than one of them happens
//! here, by asking each for its part; one file per kind of request.

mod agent_login;
mod call_lifecycle;
mod callback;
mod conference;
mod control;
mod dial;
mod disposition;
mod lost;
mod phone_action;
mod queue;
mod traffic;
mod wrap_up;

use std::collections::BTreeSet;

pub use agent_login::{LoginRefusal, LogoutRefusal, StateChange, StateRefusal};
pub use control::{CallControl, CallControlRefusal};
pub use dial::{AgentDial, DialRefusal, PhoneDial, SkillDial};
pub use disposition::{DispositionRefusal, DispositionResult};
pub use lost::LegFailure;
pub use phone_action::{ActionRefusal, LegSide, PhoneAction};
pub use traffic::CUSTOMERS;

use super::agents::Agents;
use super::calls::Calls;
use super::campaigns::Campaigns;
use super::context::Context;
use super::ids::CallKey;
use super::timers::Timer;

/// Calls, agents and campaigns, and the telephones that ring for them.
#[derive(Clone, Debug)]
pub(crate) struct Switch {
    pub(super) calls: Calls,
    pub(super) agents: Agents,
    pub(super) campaigns: Campaigns,
    /// Extensions whose telephones are outside of this world.
    pub(super) phones_outside: BTreeSet<String>,
    /// Calls that have ended, and by whom, until the world looks.
    ended: Vec<(CallKey, &'static str)>,
}

impl Switch {
    pub(super) fn new(calls: Calls, agents: Agents, campaigns: Campaigns) -> Self {
        Self { calls, agents, campaigns, phones_outside: BTreeSet::new(), ended: Vec::new() }
    }

    /// The calls that have ended since the last time, and by whom.
    pub(super) fn take_ended(&mut self) -> Vec<(CallKey, &'static str)> {
        std::mem::take(&mut self.ended)
    }

    /// Whether any agent or campaign has this skill.
    pub(super) fn has_skill(&self, skill: &str) -> bool {
        self.campaigns.any_with_skill(skill) || self.agents.any_with_skill(skill)
    }

    /// Does what is due; timers of applications are not the switch's.
    pub(super) fn fire(&mut self, cx: &mut Context, timer: Timer) {
        match timer {
            Timer::AgentAnswers(call, leg) => self.agent_picks_up(cx, call, leg),
            Timer::AgentMisses(call, leg) => self.agent_fails(cx, call, leg, "NoResponse"),
            Timer::CustomerAnswers(call) => self.customer_picks_up(cx, call),
            Timer::CustomerMisses(call) => self.customer_fails(cx, call, "NormalUnspecified"),
            Timer::NumberFails(call) => self.customer_fails(cx, call, "InvalidNumberFormat"),
            Timer::PartyAnswers(call, party) => self.party_joins(cx, call, party),
            Timer::PartyMisses(call, party) => self.party_misses(cx, (call, party), "NoResponse"),
            Timer::PartyFails(call, party) => {
                self.party_misses(cx, (call, party), "InvalidNumberFormat");
            }
            Timer::SoftphoneGone(call, phone, lost) => self.softphone_gone(cx, call, phone, lost),
            Timer::HeldTooLong(call, since) => self.held_too_long(cx, call, since),
            Timer::TalkEnds(call, by_agent) => {
                let by = if by_agent { "AgentHangup" } else { "UserHangup" };
                self.hang_up_talk(cx, call, by);
            }
            Timer::CallLimit(call) => self.hang_up_talk(cx, call, "SystemHangup"),
            Timer::QueueEnds(call) => self.queue_ends(cx, call),
            Timer::WrapUpEnds(call, leg) => self.wrap_up_ends(cx, call, leg),
            Timer::TrafficDisposes(call, leg) => self.traffic_disposes(cx, call, leg),
            Timer::TrafficArrives => self.traffic_arrives(cx),
            Timer::IvrRings(..) | Timer::IvrVerb(..) | Timer::IvrCallee(..) => {}
        }
    }
}
