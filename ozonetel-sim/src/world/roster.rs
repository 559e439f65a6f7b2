//! Administration of agents: putting one out, creating, changing, deleting.

use super::setup::{AgentMode, AgentSetup};
use super::{Agent, World};

/// What an agent is to look like; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AgentChange {
    /// Display name.
    pub name: Option<String>,
    /// A new login id.
    pub id: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Skills to give.
    pub assign: Vec<String>,
    /// Skills to take.
    pub unassign: Vec<String>,
}

/// Why an agent was not created or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterRefusal {
    /// There is none of this id.
    Unknown,
    /// There is one of this id already.
    Exists,
    /// The agent is in a call.
    Busy,
}

impl World {
    /// Signs an agent out, whatever the agent is doing; a call in progress goes on. False when there is no such
    /// agent.
    pub fn force_logout(&mut self, id: &str) -> bool {
        if self.agents.get(id).is_some_and(|agent| agent.login.is_some()) {
            self.put_out(id);
        }
        self.agents.contains_key(id)
    }

    /// Ends break or after-call work. False when there is no such agent.
    pub fn release_agent(&mut self, id: &str) -> bool {
        let Some(agent) = self.agents.get_mut(id) else { return false };
        agent.pause_next = None;
        let (free, wraps) =
            (agent.login.is_some() && agent.call.is_none(), agent.wrapping.is_some());
        if free && wraps {
            self.finish_wrap_up(id);
        } else if free {
            self.release(id, self.now.second());
        }
        true
    }

    /// Creates an agent, with an extension and a number of its own.
    ///
    /// # Errors
    ///
    /// There is one of this id.
    pub fn create_agent(
        &mut self,
        id: &str,
        name: &str,
        password: &str,
        skills: Vec<String>,
    ) -> Result<(), RosterRefusal> {
        if self.agents.contains_key(id) {
            return Err(RosterRefusal::Exists);
        }
        let number = self.agents.values().map(|a| a.setup.number).max().unwrap_or(1000) + 1;
        let setup = AgentSetup {
            id: id.to_owned(),
            name: name.to_owned(),
            number,
            password: password.to_owned(),
            phone_name: id.to_owned(),
            extension: format!("{}", 499_000 + number),
            sip_password: format!("{}", 499_000 + number),
            mode: AgentMode::Blended,
            skills,
            signed_in: None,
        };
        self.agents.insert(id.to_owned(), Agent::new(setup, self.now));
        Ok(())
    }

    /// Changes an agent.
    ///
    /// # Errors
    ///
    /// No such agent, a new id that is taken, or a new id during a call.
    pub fn edit_agent(&mut self, id: &str, change: &AgentChange) -> Result<(), RosterRefusal> {
        let agent = self.agents.get(id).ok_or(RosterRefusal::Unknown)?;
        let new_id = change.id.as_deref().filter(|new| *new != id);
        if new_id.is_some_and(|new| self.agents.contains_key(new)) {
            return Err(RosterRefusal::Exists);
        }
        if new_id.is_some() && (agent.call.is_some() || agent.wrapping.is_some()) {
            return Err(RosterRefusal::Busy);
        }
        let Some(mut agent) = self.agents.remove(id) else { return Err(RosterRefusal::Unknown) };
        let setup = &mut agent.setup;
        if let Some(name) = &change.name {
            setup.name.clone_from(name);
        }
        if let Some(password) = &change.password {
            setup.password.clone_from(password);
        }
        setup.skills.retain(|skill| !change.unassign.contains(skill));
        for skill in &change.assign {
            if !setup.skills.contains(skill) {
                setup.skills.push(skill.clone());
            }
        }
        if let Some(new) = new_id {
            new.clone_into(&mut setup.id);
        }
        self.agents.insert(agent.setup.id.clone(), agent);
        Ok(())
    }

    /// Deletes an agent; a call the agent is in ends. False when there is no such agent.
    pub fn delete_agent(&mut self, id: &str) -> bool {
        let call = self.agents.get(id).and_then(|agent| agent.call);
        if let Some(key) = call {
            self.end_call(key, "SystemHangup");
        }
        self.force_logout(id) && self.agents.remove(id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::world::{AgentState, Moment, Setup};

    #[test]
    fn an_agent_comes_changes_and_goes() {
        let mut world = World::new(Setup::default(), Moment::from_unix_s(1_790_000_000));
        assert_eq!(world.create_agent("agent01", "A", "x", vec![]), Err(RosterRefusal::Exists));
        world.create_agent("agent77", "A B", "x", vec!["Sales".into()]).unwrap();
        world.login("agent77", "x", "").unwrap();
        let change = AgentChange {
            id: Some("agent78".into()),
            assign: vec!["General".into()],
            unassign: vec!["Sales".into()],
            ..AgentChange::default()
        };
        world.edit_agent("agent77", &change).unwrap();
        assert!(world.agent("agent77").is_none());
        assert_eq!(world.agent("agent78").unwrap().setup.skills, ["General"]);
        let taken = AgentChange { id: Some("agent01".into()), ..AgentChange::default() };
        assert_eq!(world.edit_agent("agent78", &taken), Err(RosterRefusal::Exists));
        assert!(world.delete_agent("agent78"));
        assert!(!world.delete_agent("agent78"));
    }

    #[test]
    fn deleting_and_releasing_reach_agents_in_calls() {
        let mut world = World::new(Setup::default(), Moment::from_unix_s(1_790_000_000));
        for id in ["agent01", "agent02"] {
            world.login(id, "secret", "").unwrap();
        }
        let dial = |agent: &str, number: &str| crate::world::AgentDial {
            agent: agent.into(),
            campaign: "support_out".into(),
            number: number.into(),
            uui: String::new(),
        };
        let first = world.dial_agent(&dial("agent01", "9000000001")).unwrap();
        world.advance_to(world.now().after(Duration::from_secs(9)));
        assert!(world.delete_agent("agent01"));
        assert!(!world.call(first).unwrap().live());
        let second = world.dial_agent(&dial("agent02", "9000000002")).unwrap();
        world.advance_to(world.now().after(Duration::from_secs(9)));
        let key = world.call(second).unwrap().key;
        world.agent_leaves(key);
        assert_eq!(world.agent("agent02").unwrap().state, AgentState::Acw);
        assert!(world.release_agent("agent02"));
        assert_eq!(world.agent("agent02").unwrap().state, AgentState::Ready);
        assert!(world.force_logout("agent02") && !world.force_logout("nobody"));
        assert_eq!(world.agent("agent02").unwrap().state, AgentState::LoggedOut);
    }
}
