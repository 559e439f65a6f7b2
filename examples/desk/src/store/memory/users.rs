//! Users, links and teams, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::{Memory, State};
use crate::store::audit::AuditRow;
use crate::store::error::StoreError;
use crate::store::teams::Team;
use crate::store::users::{AgentLink, User, UserChange, UserChanged, UserLogin, Users};

#[derive(Debug, Default)]
pub(super) struct UserTable {
    pub(super) users: BTreeMap<String, UserLogin>,
    pub(super) links: BTreeMap<String, AgentLink>,
    pub(super) teams: BTreeMap<String, Team>,
}

impl UserTable {
    pub(super) fn link_of(&self, agent: &AgentId) -> Option<&AgentLink> {
        self.links.values().find(|link| link.agent.is_same_agent(agent))
    }

    /// How many can sign in as administrators.
    pub(super) fn administrators(&self) -> usize {
        self.users.values().filter(|login| login.user.administers()).count()
    }

    /// Adds a user, if the id and the address are free.
    pub(super) fn insert(&mut self, mut login: UserLogin) -> Result<(), StoreError> {
        login.user.has_password = login.hash.is_some();
        let taken = |other: &UserLogin| {
            other.user.id == login.user.id || other.user.email == login.user.email
        };
        if self.users.values().any(taken) {
            return Err(StoreError::Taken("the address"));
        }
        self.users.insert(login.user.id.clone(), login);
        Ok(())
    }
}

fn user<'s>(state: &'s mut State, id: &str) -> Result<&'s mut UserLogin, StoreError> {
    state.users.users.get_mut(id).ok_or(StoreError::Missing("user"))
}

#[async_trait]
impl Users for Memory {
    async fn add_user(&self, login: UserLogin, audit: AuditRow) -> Result<(), StoreError> {
        self.write(|state| {
            state.users.insert(login)?;
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        self.read(|state| Ok(state.users.users.get(id).map(|login| login.user.clone()))).await
    }

    async fn user_login(&self, email: &str) -> Result<Option<UserLogin>, StoreError> {
        self.read(|state| {
            Ok(state.users.users.values().find(|login| login.user.email == email).cloned())
        })
        .await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(|state| {
            let mut users: Vec<_> =
                state.users.users.values().map(|login| login.user.clone()).collect();
            users.sort_by(|one, other| one.email.cmp(&other.email));
            Ok(users)
        })
        .await
    }

    async fn has_administrator(&self) -> Result<bool, StoreError> {
        self.read(|state| Ok(state.users.administrators() > 0)).await
    }

    async fn change_user(
        &self,
        id: &str,
        change: UserChange,
        audit: AuditRow,
    ) -> Result<UserChanged, StoreError> {
        self.write(|state| {
            let count = state.users.administrators();
            let before = user(state, id)?.user.clone();
            let changed = change.apply(before.clone());
            if before.administers() && !changed.administers() && count < 2 {
                return Ok(UserChanged::LastAdministrator);
            }
            user(state, id)?.user = changed.clone();
            if changed.disabled || changed.role != before.role {
                state.sessions.end_of_user(id);
            }
            state.audit.push(audit);
            Ok(UserChanged::Changed(changed))
        })
        .await
    }

    async fn set_password(
        &self,
        id: &str,
        hash: String,
        must_change: bool,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let login = user(state, id)?;
            login.hash = Some(hash);
            login.user.has_password = true;
            login.user.must_change = must_change;
            state.sessions.end_of_user(id);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn replace_password(
        &self,
        id: &str,
        old: &str,
        new: String,
        audit: AuditRow,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let known = state.users.users.get_mut(id);
            let Some(login) = known.filter(|login| login.hash.as_deref() == Some(old)) else {
                return Ok(false);
            };
            login.hash = Some(new);
            login.user.must_change = false;
            state.sessions.end_of_user(id);
            state.audit.push(audit);
            Ok(true)
        })
        .await
    }

    async fn strengthen_hash(&self, id: &str, old: &str, new: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            let known = state.users.users.get_mut(id);
            let known = known.filter(|login| login.hash.as_deref() == Some(old));
            Ok(known.map(|login| login.hash = Some(new.to_owned())).is_some())
        })
        .await
    }

    async fn set_link(&self, link: AgentLink, audit: AuditRow) -> Result<(), StoreError> {
        self.write(|state| {
            user(state, &link.user)?;
            link.agent.key().ok_or(StoreError::Missing("agent"))?;
            let taken = |other: &AgentLink| {
                other.user != link.user && other.agent.is_same_agent(&link.agent)
            };
            if state.users.links.values().any(taken) {
                return Err(StoreError::Taken("the agent's link"));
            }
            state.users.links.insert(link.user.clone(), link);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn remove_link(&self, user: &str, audit: AuditRow) -> Result<bool, StoreError> {
        self.write(|state| {
            let found = state.users.links.remove(user).is_some();
            state.audit.extend(found.then_some(audit));
            Ok(found)
        })
        .await
    }

    async fn links(&self) -> Result<Vec<AgentLink>, StoreError> {
        self.read(|state| {
            let mut links: Vec<_> = state.users.links.values().cloned().collect();
            links.sort_by_key(|link| link.agent.key());
            Ok(links)
        })
        .await
    }

    async fn link_of_agent(&self, agent: &AgentId) -> Result<Option<AgentLink>, StoreError> {
        self.read(|state| Ok(state.users.link_of(agent).cloned())).await
    }

    async fn save_team(&self, mut team: Team, audit: AuditRow) -> Result<(), StoreError> {
        self.write(|state| {
            let taken = |other: &Team| other.id != team.id && other.name == team.name;
            if state.users.teams.values().any(taken) {
                return Err(StoreError::Taken("the team's name"));
            }
            if team.agents.iter().any(|agent| agent.key().is_none()) {
                return Err(StoreError::Missing("agent"));
            }
            for supervisor in &team.supervisors {
                user(state, supervisor)?;
            }
            team.agents.sort_by_key(AgentId::key);
            team.agents.dedup_by(|one, other| one.is_same_agent(other));
            team.supervisors.sort();
            team.supervisors.dedup();
            state.users.teams.insert(team.id.clone(), team);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn remove_team(&self, id: &str, audit: AuditRow) -> Result<bool, StoreError> {
        self.write(|state| {
            let found = state.users.teams.remove(id).is_some();
            state.audit.extend(found.then_some(audit));
            Ok(found)
        })
        .await
    }

    async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        self.read(|state| {
            let mut teams: Vec<_> = state.users.teams.values().cloned().collect();
            teams.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(teams)
        })
        .await
    }
}
