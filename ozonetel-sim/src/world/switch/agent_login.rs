//! Signing in and out, and breaks.

use sip_ucid::same_number;

use super::Switch;
use crate::world::agents::Agent;
use crate::world::context::Context;
use crate::world::setup::{AgentMode, Contradiction, LoginKind};

/// Why a login was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Unknown agent or wrong password.
    Credentials,
    /// No number, in a strict world.
    NoNumber,
    /// Signed in already.
    Already,
    /// Another agent is signed in with the number.
    NumberInUse {
        /// That agent.
        by: String,
    },
}

/// Why a logout was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutRefusal {
    /// Unknown agent or wrong password.
    Credentials,
    /// Not signed in.
    NotLoggedIn,
}

/// Why a change of state was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateRefusal {
    /// Neither `Ready` nor `Pause`.
    State,
    /// Not a pause reason of the account.
    Reason,
    /// Unknown or signed out; in a world that contradicts `agents.state-online` also an agent at the toolbar.
    NotLoggedIn,
    /// On a call.
    Busy,
}

/// What a change of state led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Number of the request to the agent's session.
    pub utid: u64,
    /// The state's word.
    pub status: &'static str,
    /// The agent's mode.
    pub mode: AgentMode,
}

impl Switch {
    /// A login over REST. Without a number the agent's extension is used, although the page requires one; a
    /// strict world refuses it.
    pub(crate) fn login(
        &mut self,
        cx: &mut Context,
        id: &str,
        password: &str,
        phone: &str,
    ) -> Result<(), LoginRefusal> {
        let agent = self.agents.with_password(id, password).ok_or(LoginRefusal::Credentials)?;
        if agent.login.is_some() {
            return Err(LoginRefusal::Already);
        }
        if phone.is_empty() && cx.setup.strict {
            return Err(LoginRefusal::NoNumber);
        }
        let phone = if phone.is_empty() { agent.setup.extension.clone() } else { phone.to_owned() };
        let in_use = |other: &str| other == phone || same_number(other, &phone);
        let holds = |a: &&Agent| a.login.as_ref().is_some_and(|l| in_use(&l.phone));
        if let Some(other) = self.agents.iter().find(holds) {
            return Err(LoginRefusal::NumberInUse { by: other.setup.id.clone() });
        }
        self.sign_in(cx, id, LoginKind::Virtual, Some(phone));
        Ok(())
    }

    /// The agent opens the toolbar: a login of its own, or the virtual one becomes one.
    pub(crate) fn toolbar_login(
        &mut self,
        cx: &mut Context,
        id: &str,
        password: &str,
    ) -> Result<(), LoginRefusal> {
        self.agents.with_password(id, password).ok_or(LoginRefusal::Credentials)?;
        match self.agents.get_mut(id).and_then(|a| a.login.as_mut()) {
            Some(login) => login.kind = LoginKind::Toolbar,
            None => self.sign_in(cx, id, LoginKind::Toolbar, None),
        }
        Ok(())
    }

    /// Signs an agent in; callers who wait may be served now.
    pub(crate) fn sign_in(
        &mut self,
        cx: &mut Context,
        id: &str,
        kind: LoginKind,
        phone: Option<String>,
    ) {
        self.agents.sign_in(cx, id, kind, phone);
        self.route_waiting(cx);
    }

    /// A logout over REST. Ends after-call work; a call in progress continues.
    pub(crate) fn logout(
        &mut self,
        cx: &mut Context,
        id: &str,
        password: &str,
    ) -> Result<(), LogoutRefusal> {
        let agent = self.agents.with_password(id, password).ok_or(LogoutRefusal::Credentials)?;
        if agent.login.is_none() {
            return Err(LogoutRefusal::NotLoggedIn);
        }
        self.sign_out(cx, id);
        Ok(())
    }

    /// Ends an agent's login, and with it after-call work.
    fn sign_out(&mut self, cx: &mut Context, id: &str) {
        if let Some(leg) = self.agents.sign_out(cx, id) {
            self.end_wrap_up(cx, leg);
        }
    }

    /// Signs an agent out, whatever the agent is doing; a call in progress continues. False when there
    /// is no such agent.
    pub(crate) fn force_logout(&mut self, cx: &mut Context, id: &str) -> bool {
        if self.agents.get(id).is_some_and(|agent| agent.login.is_some()) {
            self.sign_out(cx, id);
        }
        self.agents.contains(id)
    }

    /// Deletes an agent; a call the agent is in ends. False when there is no such agent.
    pub(crate) fn delete_agent(&mut self, cx: &mut Context, id: &str) -> bool {
        if let Some(key) = self.agents.get(id).and_then(|agent| agent.call) {
            self.end_call(cx, key, "SystemHangup");
        }
        self.force_logout(cx, id) && self.agents.remove(id)
    }

    /// Ends break or after-call work. False when there is no such agent.
    pub(crate) fn release_agent(&mut self, cx: &mut Context, id: &str) -> bool {
        let Some(agent) = self.agents.get_mut(id) else { return false };
        agent.pause_next = None;
        if agent.login.is_some() && agent.call.is_none() {
            self.leave_wrap_up_or_break(cx, id);
        }
        true
    }

    fn leave_wrap_up_or_break(&mut self, cx: &mut Context, id: &str) {
        if self.agents.get(id).is_some_and(|agent| agent.wrapping.is_some()) {
            self.finish_wrap_up(cx, id);
        } else {
            self.release(cx, id, cx.second());
        }
    }

    /// Ready or break. Ends after-call work; an agent on a call stays on it.
    pub(crate) fn change_state(
        &mut self,
        cx: &mut Context,
        id: &str,
        state: &str,
        reason: Option<&str>,
    ) -> Result<StateChange, StateRefusal> {
        let pause = match state {
            "Ready" => None,
            "Pause" => {
                let known = |r: &&str| cx.setup.pause_reasons.iter().any(|k| k == r);
                Some(reason.filter(known).ok_or(StateRefusal::Reason)?.to_owned())
            }
            _ => return Err(StateRefusal::State),
        };
        let agent = self.agents.get_mut(id).ok_or(StateRefusal::NotLoggedIn)?;
        let kind = agent.login_kind().ok_or(StateRefusal::NotLoggedIn)?;
        if kind == LoginKind::Toolbar && cx.setup.denies(Contradiction::AgentsStateOnline) {
            return Err(StateRefusal::NotLoggedIn);
        }
        if agent.call.is_none() {
            agent.pause_next = pause;
            self.leave_wrap_up_or_break(cx, id);
        } else if pause.is_some() {
            return Err(StateRefusal::Busy);
        }
        let utid = self.agents.next_request();
        let agent = self.agents.get(id).ok_or(StateRefusal::NotLoggedIn)?;
        Ok(StateChange { utid, status: agent.state.word(), mode: agent.setup.mode })
    }
}
