//! Signing in and out, breaks, and who is there.

use super::agents::{Agent, AgentState};
use super::event_push::AgentWord;
use super::events::EventKind;
use super::setup::LoginKind;
use super::{AgentMode, World};

/// Why a login was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Unknown agent or wrong password.
    Credentials,
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
    /// Unknown or signed out; in a strict world also whoever sits at the toolbar.
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

impl World {
    fn agent_with(&self, id: &str, password: &str) -> Option<&Agent> {
        self.agents.get(id).filter(|a| a.setup.password == password)
    }

    /// A login over REST. Without a number the agent's extension is used.
    ///
    /// # Errors
    ///
    /// Wrong credentials, a login in force, or a number in use.
    pub fn login(&mut self, id: &str, password: &str, phone: &str) -> Result<(), LoginRefusal> {
        let agent = self.agent_with(id, password).ok_or(LoginRefusal::Credentials)?;
        if agent.login.is_some() {
            return Err(LoginRefusal::Already);
        }
        let phone = if phone.is_empty() { agent.setup.extension.clone() } else { phone.to_owned() };
        let taken = |a: &&Agent| a.login.as_ref().is_some_and(|l| same_number(&l.phone, &phone));
        if let Some(other) = self.agents.values().find(taken) {
            return Err(LoginRefusal::NumberInUse { by: other.setup.id.clone() });
        }
        self.sign_in(id, LoginKind::Virtual, Some(phone));
        Ok(())
    }

    /// The agent opens the toolbar: a login of its own, or the virtual one becomes one.
    ///
    /// # Errors
    ///
    /// Wrong credentials.
    pub fn toolbar_login(&mut self, id: &str, password: &str) -> Result<(), LoginRefusal> {
        self.agent_with(id, password).ok_or(LoginRefusal::Credentials)?;
        match self.agents.get_mut(id).and_then(|a| a.login.as_mut()) {
            Some(login) => login.kind = LoginKind::Toolbar,
            None => self.sign_in(id, LoginKind::Toolbar, None),
        }
        Ok(())
    }

    pub(super) fn sign_in(&mut self, id: &str, kind: LoginKind, phone: Option<String>) {
        let (now, zone) = (self.now, self.setup.zone);
        let Some(agent) = self.agents.get_mut(id) else { return };
        let phone = phone.unwrap_or_else(|| agent.setup.extension.clone());
        agent.sign_in(kind, phone, now.second(), zone);
        agent.ready_since = now;
        let state = agent.state;
        self.events.push(now, EventKind::AgentState(state.word()), Some(id), None);
        self.tell_agent(id, AgentWord::Login);
        let free = state == AgentState::Ready;
        self.tell_agent(id, if free { AgentWord::Ready } else { AgentWord::InCall });
        self.route_waiting();
    }

    /// A logout over REST. Ends after-call work; a call in progress goes on.
    ///
    /// # Errors
    ///
    /// Wrong credentials, or no login in force.
    pub fn logout(&mut self, id: &str, password: &str) -> Result<(), LogoutRefusal> {
        let agent = self.agent_with(id, password).ok_or(LogoutRefusal::Credentials)?;
        if agent.login.is_none() {
            return Err(LogoutRefusal::NotLoggedIn);
        }
        self.put_out(id);
        Ok(())
    }

    /// Ends an agent's login, and with it after-call work.
    pub(super) fn put_out(&mut self, id: &str) {
        let (now, zone) = (self.now, self.setup.zone);
        let mut wrapped = None;
        if let Some(agent) = self.agents.get_mut(id) {
            let wrapping = agent.wrapping.take();
            agent.sign_out(now.second(), zone);
            let leg = wrapping.and_then(|(key, no)| self.calls.get_mut(&key)?.legs.get_mut(no));
            if let Some(wrap) = leg.and_then(|l| l.wrap_up.as_mut()) {
                wrap.end.get_or_insert(now.second().max(wrap.start));
            }
            wrapped = wrapping.map(|(key, _)| key);
        }
        let word = EventKind::AgentState(AgentState::LoggedOut.word());
        self.events.push(now, word, Some(id), None);
        self.tell_agent(id, AgentWord::Logout);
        if let Some(key) = wrapped {
            self.settle(key);
        }
    }

    /// Ready or break. Ends after-call work; an agent on a call stays on it.
    ///
    /// # Errors
    ///
    /// A bad state or reason, an agent who is not signed in, a break during a call.
    pub fn change_state(
        &mut self,
        id: &str,
        state: &str,
        reason: Option<&str>,
    ) -> Result<StateChange, StateRefusal> {
        let pause = match state {
            "Ready" => None,
            "Pause" => {
                let known = |r: &&str| self.setup.pause_reasons.iter().any(|k| k == r);
                Some(reason.filter(known).ok_or(StateRefusal::Reason)?.to_owned())
            }
            _ => return Err(StateRefusal::State),
        };
        let strict = self.setup.strict;
        let agent = self.agents.get_mut(id).ok_or(StateRefusal::NotLoggedIn)?;
        let kind = agent.login_kind().ok_or(StateRefusal::NotLoggedIn)?;
        if strict && kind == LoginKind::Toolbar {
            return Err(StateRefusal::NotLoggedIn);
        }
        if agent.call.is_some() {
            if pause.is_some() {
                return Err(StateRefusal::Busy);
            }
        } else {
            agent.pause_next = pause;
            if agent.wrapping.is_some() {
                self.finish_wrap_up(id);
            } else {
                self.release(id, self.now.second());
            }
        }
        self.requests_to_agents += 1;
        let agent = self.agents.get(id).ok_or(StateRefusal::NotLoggedIn)?;
        Ok(StateChange {
            utid: self.requests_to_agents,
            status: agent.state.word(),
            mode: agent.setup.mode,
        })
    }

    /// Whether the agent would take another call now.
    pub(super) fn is_free(agent: &Agent) -> bool {
        agent.state == AgentState::Ready && agent.call.is_none()
    }
}

/// Two spellings of one number: equal, or equal in the last ten digits.
pub(crate) fn same_number(a: &str, b: &str) -> bool {
    fn digits(s: &str) -> String {
        s.chars().filter(char::is_ascii_digit).collect()
    }
    let (a, b) = (digits(a), digits(b));
    let tail = |s: &str| s.get(s.len().saturating_sub(10)..).map(str::to_owned);
    !a.is_empty() && (a == b || (a.len() >= 10 && b.len() >= 10 && tail(&a) == tail(&b)))
}
