//! The agents: signing in and out, states, and who is free. Every change of state is noted as an
//! event and pushed to the subscriber of agent events.

mod admin;
mod agent;
mod events;

use std::collections::BTreeMap;

pub use admin::{AgentAdminRefusal, AgentChange};
pub use agent::{Agent, AgentState, Aside, LoginSession, StateTotals};
pub(crate) use events::AgentAction;

use super::calls::CONNECTION_LOST;
use super::context::Context;
use super::event_log::EventKind;
use super::ids::{CallKey, LegNo};
use super::setup::{AgentSetup, LoginKind};
use super::time::Timestamp;

/// All agents, by login id.
#[derive(Clone, Debug)]
pub struct Agents {
    by_id: BTreeMap<String, Agent>,
    /// Requests that were sent to agents' sessions.
    requests: u64,
}

impl Agents {
    pub(super) fn new(setups: &[AgentSetup], now: Timestamp) -> Self {
        let agents = setups.iter().map(|a| (a.id.clone(), Agent::new(a.clone(), now)));
        Self { by_id: agents.collect(), requests: 0 }
    }

    /// The agents by id.
    pub fn iter(&self) -> impl Iterator<Item = &Agent> {
        self.by_id.values()
    }

    /// One agent.
    pub fn get(&self, id: &str) -> Option<&Agent> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Agent> {
        self.by_id.get_mut(id)
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        self.by_id.remove(id).is_some()
    }

    /// The agent, if the password is the agent's.
    pub(super) fn with_password(&self, id: &str, password: &str) -> Option<&Agent> {
        self.get(id).filter(|a| a.setup.password == password)
    }

    /// The agent of a phone name.
    pub(super) fn of_phone_name(&self, name: &str) -> Option<&Agent> {
        self.iter().find(|a| a.setup.phone_name.eq_ignore_ascii_case(name))
    }

    /// The agent whose telephone has this number as its extension.
    pub(super) fn of_extension(&self, number: &str) -> Option<&Agent> {
        self.iter().find(|a| a.setup.extension == number)
    }

    /// Sets which call an agent is on.
    pub(super) fn set_call(&mut self, id: &str, call: Option<CallKey>) {
        if let Some(agent) = self.by_id.get_mut(id) {
            agent.call = call;
        }
    }

    /// The agent's softphone has gone in mid-call.
    pub(super) fn phone_lost(&self, cx: &mut Context, id: &str) {
        if let Some(agent) = self.get(id).filter(|agent| agent.login.is_some()) {
            events::push(cx, agent, AgentAction::Aux, CONNECTION_LOST);
        }
    }

    /// Puts an agent who is on no call into a state of the platform's: idle, or a break that no one asked
    /// for. False when there is no such agent, or the agent is not signed in or on a call.
    pub(super) fn put_aside(&mut self, cx: &mut Context, id: &str, aside: Aside) -> bool {
        let free = |a: &&mut Agent| a.login.is_some() && a.call.is_none() && a.wrapping.is_none();
        let Some(agent) = self.by_id.get_mut(id).filter(free) else { return false };
        let (state, action) = match &aside {
            Aside::Idle => (AgentState::Idle, AgentAction::Idle),
            Aside::Aux(_) => (AgentState::Aux, AgentAction::Aux),
        };
        agent.enter(state, cx.second(), cx.zone());
        let reason = match aside {
            Aside::Idle => String::new(),
            Aside::Aux(reason) => reason,
        };
        agent.pause_reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
        Self::note_state(cx, id, state, None);
        if let Some(agent) = self.get(id) {
            events::push(cx, agent, action, &reason);
        }
        true
    }

    /// Whether any agent has this skill.
    pub fn any_with_skill(&self, skill: &str) -> bool {
        self.iter().any(|a| a.setup.skills.iter().any(|s| s == skill))
    }

    /// Of the agents that fit, the one with the least rank, and among those the one who has been
    /// ready longest.
    pub(super) fn longest_ready<R: Ord>(
        &self,
        fits: impl Fn(&Agent) -> bool,
        rank: impl Fn(&Agent) -> R,
    ) -> Option<String> {
        self.iter()
            .filter(|a| fits(a))
            .min_by_key(|a| (rank(a), a.ready_since, a.setup.id.clone()))
            .map(|a| a.setup.id.clone())
    }

    /// The number of a new request to an agent's session.
    pub(super) fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    /// Pushes what happened to an agent to the subscriber of agent events.
    pub(super) fn announce(&self, cx: &mut Context, id: &str, action: AgentAction) {
        if let Some(agent) = self.get(id) {
            events::push(cx, agent, action, "");
        }
    }

    fn note_state(cx: &mut Context, id: &str, state: AgentState, ucids: Option<(u64, u64)>) {
        cx.note(EventKind::AgentState(state.word()), Some(id), ucids);
    }

    /// Signs an agent in.
    pub(super) fn sign_in(
        &mut self,
        cx: &mut Context,
        id: &str,
        kind: LoginKind,
        phone: Option<String>,
    ) {
        let Some(agent) = self.by_id.get_mut(id) else { return };
        let phone = phone.unwrap_or_else(|| agent.setup.extension.clone());
        agent.sign_in(kind, phone, cx.second(), cx.zone());
        if cx.setup.idle_after_login && agent.state == AgentState::Ready {
            agent.enter(AgentState::Idle, cx.second(), cx.zone());
        }
        agent.ready_since = cx.now;
        let state = agent.state;
        Self::note_state(cx, id, state, None);
        self.announce(cx, id, AgentAction::Login);
        let action = match state {
            AgentState::Ready => AgentAction::Ready,
            AgentState::Idle => AgentAction::Idle,
            _ => AgentAction::InCall,
        };
        self.announce(cx, id, action);
    }

    /// Signs an agent out; the leg whose after-call work that ends.
    pub(super) fn sign_out(&mut self, cx: &mut Context, id: &str) -> Option<(CallKey, LegNo)> {
        let agent = self.by_id.get_mut(id);
        let wrapping = agent.and_then(|agent| {
            agent.sign_out(cx.second(), cx.zone());
            agent.wrapping.take()
        });
        Self::note_state(cx, id, AgentState::LoggedOut, None);
        self.announce(cx, id, AgentAction::Logout);
        wrapping
    }

    /// An agent's telephone begins to ring.
    pub(super) fn ring(
        &mut self,
        cx: &mut Context,
        id: &str,
        (key, ucids): (CallKey, (u64, u64)),
        state: AgentState,
    ) {
        let Some(agent) = self.by_id.get_mut(id) else { return };
        agent.call = Some(key);
        if agent.state == AgentState::Paused {
            agent.pause_next = agent.pause_reason.clone();
        }
        let there = agent.login.is_some();
        if there {
            agent.enter(state, cx.second(), cx.zone());
            Self::note_state(cx, id, state, Some(ucids));
        }
        cx.note(EventKind::AgentRinging, Some(id), Some(ucids));
        if there {
            self.announce(cx, id, AgentAction::Calling);
        }
    }

    /// An agent and a customer can talk from now on.
    pub(super) fn talk(&mut self, cx: &mut Context, id: &str) {
        let agent = self.by_id.get_mut(id).filter(|a| a.login.is_some());
        if let Some(agent) = agent {
            agent.enter(AgentState::Busy, cx.second(), cx.zone());
            self.announce(cx, id, AgentAction::InCall);
        }
    }

    /// After-call work for a leg begins at a second. False when the agent has signed out.
    pub(super) fn wrap_up(
        &mut self,
        cx: &mut Context,
        id: &str,
        leg: (CallKey, LegNo),
        second: i64,
    ) -> bool {
        let Some(agent) = self.by_id.get_mut(id).filter(|a| a.login.is_some()) else {
            return false;
        };
        agent.wrapping = Some(leg);
        agent.enter(AgentState::Acw, second, cx.zone());
        Self::note_state(cx, id, AgentState::Acw, None);
        self.announce(cx, id, AgentAction::Acw);
        true
    }

    /// Makes an agent ready, or lets the break begin that was asked for. True when the agent is ready
    /// now.
    pub(super) fn release(&mut self, cx: &mut Context, id: &str, second: i64) -> bool {
        let agent = self.by_id.get_mut(id).filter(|a| a.login.is_some() && a.call.is_none());
        let Some(agent) = agent else { return false };
        let pause = agent.pause_next.take();
        let action = match (&pause, agent.state) {
            (Some(_), _) => AgentAction::Pause,
            (None, AgentState::Paused | AgentState::Aux) => AgentAction::Release,
            (None, _) => AgentAction::Ready,
        };
        let state = if pause.is_some() { AgentState::Paused } else { AgentState::Ready };
        agent.enter(state, second, cx.zone());
        agent.pause_reason = pause;
        agent.ready_since = cx.now;
        Self::note_state(cx, id, state, None);
        self.announce(cx, id, action);
        state == AgentState::Ready
    }
}
