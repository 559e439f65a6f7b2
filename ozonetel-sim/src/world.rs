//! The world: an account with agents, campaigns and calls. Pure: time comes in as an argument,
//! chance from a seed, and nothing here reads or writes anything outside.
//!
//! Each part owns its facts: [`Agents`], [`Calls`], [`Campaigns`], [`Leads`], [`PhoneNumbers`],
//! [`BlockLists`], [`Ivr`], [`PushQueue`]; [`Reports`] are computed from calls and agents. The switch
//! connects calls and agents. [`World`] wires the parts: it lets time pass, hands requests to the
//! part they concern, and notifies applications when a call of agents has ended.

mod agents;
mod block_lists;
mod calls;
mod campaigns;
mod commands;
mod context;
mod event_log;
mod ids;
mod ivr;
mod leads;
mod numbers;
mod phone_numbers;
mod pushes;
mod rate_limits;
mod reports;
mod setup;
mod snapshot;
mod switch;
mod time;
mod timers;
mod tokens;

use rand::Rng as _;
use serde_json::Value;

pub use agents::{
    Agent, AgentAdminRefusal, AgentChange, AgentState, Agents, Aside, LoginSession, StateTotals,
};
pub use block_lists::{BlockGroup, BlockLists};
pub use calls::{
    CONNECTION_LOST, CallIds, CallStage, Calls, ConferenceParty, Direction, DispositionRequest,
    Leg, LegKind, PhoneCall, RecordingSegment, Transfer, WrapUp,
};
pub use campaigns::Campaigns;
pub use event_log::{EventKind, WorldEvent};
pub use ids::CallKey;
pub use ivr::{ApplicationFn, ApplicationRequest, Ivr, IvrCall, IvrDial, IvrInput};
pub(crate) use leads::column;
pub use leads::{Lead, LeadFilter, LeadRefusal, Leads};
pub(crate) use numbers::{is_caller, is_withheld, sip_caller};
pub use phone_numbers::{PhoneNumberEntry, PhoneNumbers};
pub use pushes::{EventSubscription, Push, PushKind, PushQueue};
pub use rate_limits::RateWindow;
pub(crate) use reports::CdrRow;
pub use reports::{AbandonedQuery, AhtOf, CdrQuery, DEFAULT_PAGE, Reports, SummaryQuery};
pub use setup::{
    AfterLoss, AgentMode, AgentSetup, ApplicationSetup, CallbackShape, CampaignKind, CampaignSetup,
    ConferenceUcid, Contradiction, LateDisposition, LoginKind, MdlSetup, PhoneBehaviour, PushSetup,
    Scenario, ScenarioError, Setup, Traffic, UnknownDisposition, UtidForm, is_web_address,
};
pub use switch::{
    ActionRefusal, AgentDial, CUSTOMERS, CallControl, CallControlRefusal, DialRefusal,
    DispositionRefusal, DispositionResult, LegFailure, LegSide, LoginRefusal, LogoutRefusal,
    PhoneAction, PhoneDial, SkillDial, StateChange, StateRefusal,
};
pub use time::{Day, Timestamp, Zone, clock_text};
pub use tokens::{TOKEN_LIFE_S, TokenCheck};

use context::Context;
use ids::UcidGenerator;
use rate_limits::RateWindows;
use switch::Switch;
use timers::Timer;
use tokens::Tokens;

/// An account and everything that happens in it.
#[derive(Clone, Debug)]
pub struct World {
    cx: Context,
    switch: Switch,
    ivr: Ivr,
    leads: Leads,
    phone_numbers: PhoneNumbers,
    block_lists: BlockLists,
    tokens: Tokens,
    rate_windows: RateWindows,
}

impl World {
    /// A world at its beginning.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let mut cx = Context::new(setup, now);
        let calls = Calls::new(UcidGenerator::new(&mut cx.rng));
        let tokens = Tokens::new(cx.rng.random());
        let agents = Agents::new(&cx.setup.agents, now);
        let campaigns = Campaigns::new(cx.setup.campaigns.clone());
        let mut world = Self {
            switch: Switch::new(calls, agents, campaigns),
            ivr: Ivr::default(),
            leads: Leads::default(),
            phone_numbers: PhoneNumbers::default(),
            block_lists: BlockLists::default(),
            tokens,
            rate_windows: RateWindows::default(),
            cx,
        };
        world.sign_in_early();
        world
    }

    /// Signs in who is there from the start.
    fn sign_in_early(&mut self) {
        let agents = self.cx.setup.agents.clone();
        for agent in agents {
            if let Some(kind) = agent.signed_in {
                self.switch.sign_in(&mut self.cx, &agent.id, kind, None);
            }
        }
        self.switch.start_traffic(&mut self.cx);
    }

    /// The world begins again; telephones outside stay where they are, and so does an application.
    pub(crate) fn restart(&mut self, setup: Setup, now: Timestamp) {
        let phones_outside = std::mem::take(&mut self.switch.phones_outside);
        let ivr = std::mem::take(&mut self.ivr);
        *self = Self::new(setup, now);
        self.switch.phones_outside = phones_outside;
        self.ivr.keep_application(&ivr);
    }

    /// What the world was made of.
    pub fn setup(&self) -> &Setup {
        &self.cx.setup
    }

    /// The world's time: of the last [`World::advance_to`].
    pub fn now(&self) -> Timestamp {
        self.cx.now
    }

    /// When something happens next on its own.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.cx.timers.next()
    }

    /// Lets time pass: everything due until `now` happens, in order. Time never goes back.
    pub fn advance_to(&mut self, now: Timestamp) {
        while let Some((at, timer)) = self.cx.timers.pop(now) {
            self.cx.now = self.cx.now.max(at);
            self.fire(timer);
        }
        self.cx.now = self.cx.now.max(now);
    }

    fn fire(&mut self, timer: Timer) {
        let (cx, switch) = (&mut self.cx, &mut self.switch);
        match timer {
            Timer::IvrRings(sid, failure) => self.ivr.rings(cx, switch, sid, failure),
            Timer::IvrVerb(sid, step) => self.ivr.verb_ends(cx, switch, sid, step),
            Timer::IvrCallee(sid, step) => self.ivr.callee_answers(cx, sid, step),
            timer => switch.fire(cx, timer),
        }
        self.follow_ended_calls();
    }

    /// Calls of agents have ended: the applications that they belong to are notified.
    fn follow_ended_calls(&mut self) {
        loop {
            let ended = self.switch.take_ended();
            if ended.is_empty() {
                return;
            }
            for (key, by) in ended {
                self.ivr.follow(&mut self.cx, &mut self.switch, key, by);
            }
        }
    }

    /// The agents.
    pub fn agents(&self) -> &Agents {
        &self.switch.agents
    }

    /// One agent.
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents().get(id)
    }

    /// The calls of agents.
    pub fn calls(&self) -> &Calls {
        &self.switch.calls
    }

    /// The calls of agents, to change what their rows show.
    pub fn calls_mut(&mut self) -> &mut Calls {
        &mut self.switch.calls
    }

    /// The call an id stands for: its own or one of a leg.
    pub fn call(&self, ucid: u64) -> Option<&PhoneCall> {
        self.calls().by_ucid(ucid)
    }

    /// The campaigns.
    pub fn campaigns(&self) -> &Campaigns {
        &self.switch.campaigns
    }

    /// The campaigns, to be changed.
    pub fn campaigns_mut(&mut self) -> &mut Campaigns {
        &mut self.switch.campaigns
    }

    /// Leads of campaigns.
    pub fn leads(&self) -> &Leads {
        &self.leads
    }

    /// Leads of campaigns, to be changed.
    pub fn leads_mut(&mut self) -> &mut Leads {
        &mut self.leads
    }

    /// The phone numbers of offline agents.
    pub fn phone_numbers(&self) -> &PhoneNumbers {
        &self.phone_numbers
    }

    /// The phone numbers of offline agents, to be changed.
    pub fn phone_numbers_mut(&mut self) -> &mut PhoneNumbers {
        &mut self.phone_numbers
    }

    /// The groups of blocked numbers.
    pub fn block_lists(&self) -> &BlockLists {
        &self.block_lists
    }

    /// The groups of blocked numbers, to be changed.
    pub fn block_lists_mut(&mut self) -> &mut BlockLists {
        &mut self.block_lists
    }

    /// The calls that applications lead.
    pub fn ivr(&self) -> &Ivr {
        &self.ivr
    }

    /// What the service sends on its own.
    pub fn pushes(&self) -> &PushQueue {
        &self.cx.pushes
    }

    /// What the service sends on its own, and who has subscribed to it.
    pub fn pushes_mut(&mut self) -> &mut PushQueue {
        &mut self.cx.pushes
    }

    /// The reports as of now.
    pub fn reports(&self) -> Reports<'_> {
        Reports::new(&self.cx, self.calls(), self.agents())
    }

    /// Agents and the newest calls, as `/_sim/state` shows them.
    pub fn state_json(&self) -> Value {
        snapshot::snapshot(&self.cx, self.agents(), self.calls(), &self.ivr)
    }

    /// Whether any agent or campaign has this skill.
    pub fn has_skill(&self, skill: &str) -> bool {
        self.switch.has_skill(skill)
    }

    /// Events after a sequence number; at most the last few thousand are kept.
    pub fn events_since(&self, seq: u64) -> impl Iterator<Item = &WorldEvent> {
        self.cx.events.since(seq)
    }

    /// Sequence number of the last event.
    pub fn last_event(&self) -> u64 {
        self.cx.events.last()
    }
}
