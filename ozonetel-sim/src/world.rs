//! The world: an account with agents, campaigns and calls. Pure: time comes in as an argument,
//! chance from a seed, and nothing here reads or writes anything outside.

mod agents;
mod callback;
mod calls;
mod campaigns;
mod cdr;
mod control;
mod dial;
mod disposition;
mod event_push;
mod events;
mod flow;
mod ids;
mod inbound;
mod ivr;
mod limits;
mod moment;
mod push;
mod registers;
mod reports;
mod roster;
mod scenario;
mod setup;
mod socket;
mod staff;
mod state;
mod timers;
mod tokens;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

pub use agents::{Agent, AgentState, Login, Totals};
pub use calls::{
    CallKey, Direction, Disposal, Leg, LegKind, Party, PhoneCall, Segment, Stage, WrapUp,
};
pub(crate) use campaigns::column;
pub use campaigns::{Lead, LeadFilter};
pub use cdr::{CdrQuery, DEFAULT_PAGE};
pub use control::{Control, ControlRefusal};
pub use dial::{AgentDial, DialRefusal, PhoneDial, SkillDial};
pub use disposition::{DisposeRefusal, Disposed};
pub use events::{Event, EventKind};
pub use inbound::{ActionRefusal, Arrived, LegSide, PhoneAction};
pub use ivr::{Application, ApplicationSetup, IvrCall, IvrDial, IvrInput, Question};
pub use limits::Window;
pub use moment::{Day, Moment, Zone, clock_text};
pub use push::{CallbackShape, Push, PushKind, PushSetup};
pub use registers::{BlockGroup, PhoneEntry, Subscription};
pub use reports::{AbandonedQuery, AhtOf, SummaryQuery};
pub use roster::{AgentChange, RosterRefusal};
pub use scenario::{Scenario, ScenarioError};
pub use setup::{
    AgentMode, AgentSetup, Behaviour, CampaignKind, CampaignSetup, LoginKind, Mode, Setup, Traffic,
};
pub use socket::{MdlSetup, UtidForm};
pub use staff::{LoginRefusal, LogoutRefusal, StateChange, StateRefusal};
pub use tokens::{TOKEN_LIFE_S, TokenCheck};
pub use traffic::CUSTOMERS;

use ids::Ucids;
use limits::Windows;
use timers::{Timer, Timers};
use tokens::Tokens;

/// Ended calls beyond this number are forgotten, oldest first.
const CALLS_KEPT: usize = 100_000;

/// An account and everything that happens in it.
#[derive(Debug)]
pub struct World {
    setup: Setup,
    now: Moment,
    rng: StdRng,
    timers: Timers,
    agents: BTreeMap<String, Agent>,
    calls: BTreeMap<CallKey, PhoneCall>,
    /// Every id that stands for a call: its own and those of its legs.
    known: BTreeMap<u64, CallKey>,
    /// Legs whose rows cannot be read before a time.
    withheld: BTreeMap<u64, Moment>,
    /// Extensions whose telephones are outside of this world.
    phones_outside: BTreeSet<String>,
    ucids: Ucids,
    tokens: Tokens,
    windows: Windows,
    events: events::Events,
    campaigns: campaigns::Campaigns,
    registers: registers::Registers,
    outbox: push::Outbox,
    ivr: ivr::Ivr,
    calls_made: u64,
    requests_to_agents: u64,
}

impl World {
    /// A world at its beginning.
    pub fn new(setup: Setup, now: Moment) -> Self {
        let mut rng = StdRng::seed_from_u64(setup.seed);
        let ucids = Ucids::new(&mut rng);
        let tokens = Tokens::new(rng.random());
        let agents = setup.agents.iter().map(|a| (a.id.clone(), Agent::new(a.clone(), now)));
        let agents = agents.collect();
        let mut world = Self {
            setup,
            now,
            rng,
            timers: Timers::default(),
            agents,
            calls: BTreeMap::new(),
            known: BTreeMap::new(),
            withheld: BTreeMap::new(),
            phones_outside: BTreeSet::new(),
            ucids,
            tokens,
            windows: Windows::default(),
            events: events::Events::default(),
            campaigns: campaigns::Campaigns::default(),
            registers: registers::Registers::default(),
            outbox: push::Outbox::default(),
            ivr: ivr::Ivr::default(),
            calls_made: 0,
            requests_to_agents: 0,
        };
        world.open();
        world
    }

    /// Subscribes and signs in who is there from the start.
    fn open(&mut self) {
        let push = &self.setup.push;
        let (calls, agents) = (push.call_events_url.clone(), push.agent_events_url.clone());
        let subscription = self.subscription_mut();
        subscription.calls = calls.unwrap_or_default();
        subscription.agents = agents.unwrap_or_default();
        let early: Vec<(String, LoginKind)> = self
            .setup
            .agents
            .iter()
            .filter_map(|a| a.signed_in.map(|kind| (a.id.clone(), kind)))
            .collect();
        for (id, kind) in early {
            self.sign_in(&id, kind, None);
        }
        self.start_traffic();
    }

    /// What the world was made of.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The world's time: of the last [`World::advance_to`].
    pub fn now(&self) -> Moment {
        self.now
    }

    /// When something happens next by itself.
    pub fn next_due(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Lets time pass: everything due until `now` happens, in order. Time never goes back.
    pub fn advance_to(&mut self, now: Moment) {
        while let Some((at, timer)) = self.timers.pop(now) {
            self.now = self.now.max(at);
            self.fire(timer);
        }
        self.now = self.now.max(now);
    }

    /// The agents by id.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// One agent.
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// The calls in order of creation.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &PhoneCall> {
        self.calls.values()
    }

    /// The call an id stands for: its own or one of a leg.
    pub fn call(&self, ucid: u64) -> Option<&PhoneCall> {
        self.calls.get(self.known.get(&ucid)?)
    }

    /// The call an id in text form stands for.
    pub fn call_of(&self, ucid: &str) -> Option<&PhoneCall> {
        self.call(read_ucid(ucid)?)
    }

    /// Events after a sequence number; at most the last few thousand are kept.
    pub fn events_since(&self, seq: u64) -> impl Iterator<Item = &Event> {
        self.events.since(seq)
    }

    /// Sequence number of the last event.
    pub fn last_event(&self) -> u64 {
        self.events.last()
    }

    /// A new bearer token; `None` when ten were made within the hour.
    pub fn issue_token(&mut self) -> Option<String> {
        self.tokens.issue(&self.setup.account, self.now)
    }

    /// What the service thinks of a token.
    pub fn check_token(&self, token: &str) -> TokenCheck {
        self.tokens.check(token, self.now)
    }

    /// Spends one of a rate class's window; false when it is used up.
    pub fn spend(&mut self, class: &str, limit: u32, per_s: u32) -> bool {
        self.windows.spend(class, limit, per_s, self.now)
    }

    /// A telephone outside rings for calls to this extension and answers by itself; or it no
    /// longer does.
    pub fn set_phone_outside(&mut self, extension: &str, outside: bool) {
        if outside {
            self.phones_outside.insert(extension.to_owned());
        } else {
            self.phones_outside.remove(extension);
        }
    }

    /// Whether a telephone outside rings for this extension.
    pub fn is_phone_outside(&self, extension: &str) -> bool {
        self.phones_outside.contains(extension)
    }

    /// The world begins again; telephones outside stay where they are, and so does an application.
    pub(crate) fn restart(&mut self, setup: Setup, now: Moment) {
        let phones_outside = std::mem::take(&mut self.phones_outside);
        let application = self.ivr.take_application();
        *self = Self { phones_outside, ..Self::new(setup, now) };
        self.set_application(application);
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::AgentAnswers(call, leg) => self.agent_picks_up(call, leg),
            Timer::AgentMisses(call, leg) => self.agent_fails(call, leg, "NoResponse"),
            Timer::CustomerAnswers(call) => self.customer_picks_up(call),
            Timer::CustomerMisses(call) => self.customer_fails(call, "NormalUnspecified"),
            Timer::NumberFails(call) => self.customer_fails(call, "InvalidNumberFormat"),
            Timer::PartyAnswers(call, party) => self.party_joins(call, party),
            Timer::TalkEnds(call, by_agent) => {
                let by = if by_agent { "AgentHangup" } else { "UserHangup" };
                self.hang_up_talk(call, by);
            }
            Timer::CallLimit(call) => self.hang_up_talk(call, "SystemHangup"),
            Timer::QueueEnds(call) => self.queue_ends(call),
            Timer::WrapUpEnds(call, leg) => self.wrap_up_ends(call, leg),
            Timer::TrafficDisposes(call, leg) => self.traffic_disposes(call, leg),
            Timer::TrafficArrives => self.traffic_arrives(),
            Timer::IvrRings(sid, failure) => self.ivr_rings(sid, failure),
            Timer::IvrVerb(sid, step) => self.ivr_verb_ends(sid, step),
            Timer::IvrCallee(sid, step) => self.ivr_callee(sid, step),
        }
    }

    /// Sets a timer of telephone life, `speed` applied.
    fn later(&mut self, after: Duration, timer: Timer) {
        let at = self.now.after(self.setup.scaled(after));
        self.timers.set(at, timer);
    }

    fn chance(&mut self, rate: f64) -> bool {
        rate >= 1.0 || (rate > 0.0 && self.rng.random_bool(rate))
    }

    fn between(&mut self, (from, to): (Duration, Duration)) -> Duration {
        let (from, to) = (from.as_millis(), to.as_millis().max(from.as_millis()));
        let ms = self.rng.random_range(from..=to);
        Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

/// An id from its digits; the service's ids have at most 19.
pub(crate) fn read_ucid(text: &str) -> Option<u64> {
    let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
