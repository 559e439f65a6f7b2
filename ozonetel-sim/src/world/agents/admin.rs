//! Administration of agents: creating and changing them.

use super::{Agent, Agents};
use crate::world::setup::{AgentMode, AgentSetup};
use crate::world::time::Timestamp;

/// Agents at most; more are not created.
const MOST: usize = 10_000;

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
pub enum AgentAdminRefusal {
    /// There is no agent with this id.
    Unknown,
    /// There is one of this id already.
    Exists,
    /// The agent is in a call.
    Busy,
    /// There are too many agents.
    Full,
}

impl Agents {
    /// Creates an agent, with an extension and a number of its own.
    ///
    /// # Errors
    ///
    /// There is one of this id, or there are too many.
    pub(crate) fn create(
        &mut self,
        id: &str,
        name: &str,
        password: &str,
        skills: Vec<String>,
        now: Timestamp,
    ) -> Result<(), AgentAdminRefusal> {
        if self.by_id.contains_key(id) {
            return Err(AgentAdminRefusal::Exists);
        }
        if self.by_id.len() >= MOST {
            return Err(AgentAdminRefusal::Full);
        }
        let number = self.by_id.values().map(|a| a.setup.number).max().unwrap_or(1000) + 1;
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
            campaigns: Vec::new(),
            signed_in: None,
        };
        self.by_id.insert(id.to_owned(), Agent::new(setup, now));
        Ok(())
    }

    /// Changes an agent.
    ///
    /// # Errors
    ///
    /// No such agent, a new id that is taken, or a new id during a call.
    pub(crate) fn edit(&mut self, id: &str, change: &AgentChange) -> Result<(), AgentAdminRefusal> {
        let agent = self.by_id.get(id).ok_or(AgentAdminRefusal::Unknown)?;
        let new_id = change.id.as_deref().filter(|new| *new != id);
        if new_id.is_some_and(|new| self.by_id.contains_key(new)) {
            return Err(AgentAdminRefusal::Exists);
        }
        if new_id.is_some() && (agent.call.is_some() || agent.wrapping.is_some()) {
            return Err(AgentAdminRefusal::Busy);
        }
        let Some(mut agent) = self.by_id.remove(id) else { return Err(AgentAdminRefusal::Unknown) };
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
        self.by_id.insert(agent.setup.id.clone(), agent);
        Ok(())
    }
}
