//! Who asks, and whose records that one sees.

use std::fmt;
use std::str::FromStr;

use ozonetel_sdk::types::AgentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user or a token is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Handles calls: own ones.
    Agent,
    /// Looks after the agents of teams.
    Supervisor,
    /// Looks after users, links and tokens, and sees every agent.
    Administrator,
    /// A machine: hands calls over and writes profiles.
    Service,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Supervisor, Self::Administrator, Self::Service];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to be agent, supervisor, administrator or service")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// Whose records a caller sees. What reads records takes one; there is no way to read without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of these agents; of none, if the list is empty.
    Agents(Vec<AgentId>),
    /// Those of all agents, and those of no agent.
    All,
}

impl Scope {
    /// Whether the records of an agent are in it.
    pub fn contains(&self, agent: &AgentId) -> bool {
        match self {
            Self::Agents(agents) => agents.iter().any(|own| own.is_same_agent(agent)),
            Self::All => true,
        }
    }

    /// The agents it is limited to; `None` for all.
    pub fn agents(&self) -> Option<&[AgentId]> {
        match self {
            Self::Agents(agents) => Some(agents),
            Self::All => None,
        }
    }
}

/// What all spellings of an agent's id have in common, as text: leading zeros of numeric ids and the case of letters
/// do not count.
///
/// ```
/// use desk::core::caller::agent_key;
///
/// assert_eq!(agent_key(&" Agent01 ".into()), "agent01");
/// assert_eq!(agent_key(&"0042".into()), agent_key(&"42".into()));
/// ```
pub fn agent_key(agent: &AgentId) -> String {
    let id = agent.as_str().trim();
    let numeric = id.bytes().all(|byte| byte.is_ascii_digit());
    if numeric { id.trim_start_matches('0') } else { id }.to_ascii_lowercase()
}

/// Who asks: a user with a session, or a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The id of the user or token, which the audit names.
    pub id: String,
    /// What the role allows is in each route's rule.
    pub role: Role,
    /// The agents this caller *is*: the one that a user is linked to, those that a token names.
    pub own: Vec<AgentId>,
    /// Whose records this caller sees.
    pub scope: Scope,
    /// Whether a user signed in, and not a machine with a token.
    pub is_person: bool,
    /// Whether nothing is allowed before the password is changed.
    pub must_change_password: bool,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Which agent a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActingAgent {
    /// This one.
    Agent(AgentId),
    /// None was named, and the caller is none or more than one.
    Unsaid,
    /// One whom the caller may not see: answered as if there were no such agent.
    Unseen,
}

impl Caller {
    /// Whether this caller may act for an agent.
    pub fn may_act_for(&self, agent: &AgentId) -> bool {
        self.scope.contains(agent)
    }

    /// Whether this caller may act on a phone call. One whose agent is not known yet is everyone's: the service is
    /// told the caller's own agent and refuses what is not that agent's, and a call nobody may dispose of would keep
    /// its agent in after-call work.
    pub fn may_act_on_call_of(&self, agent: Option<&AgentId>) -> bool {
        agent.is_none_or(|agent| self.scope.contains(agent))
    }

    /// The agent a request is for: the one it names, else the caller's own if that is one.
    pub fn acting_agent(&self, said: Option<AgentId>) -> ActingAgent {
        match (said, self.own.as_slice()) {
            (Some(agent), _) if self.scope.contains(&agent) => ActingAgent::Agent(agent),
            (Some(_), _) => ActingAgent::Unseen,
            (None, [own]) => ActingAgent::Agent(own.clone()),
            (None, _) => ActingAgent::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(own: &[&str], scope: Scope) -> Caller {
        Caller {
            id: "u1".into(),
            role: Role::Agent,
            own: own.iter().map(|id| AgentId::from(*id)).collect(),
            scope,
            is_person: true,
            must_change_password: false,
        }
    }

    #[test]
    fn a_role_is_its_word_in_every_form() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.to_string());
        }
        for text in ["", "Agent", "agent ", "root"] {
            assert_eq!(text.parse::<Role>(), Err(UnknownRole), "{text}");
        }
    }

    #[test]
    fn a_scope_without_agents_is_not_everything() {
        let none = Scope::Agents(Vec::new());
        assert!(!none.contains(&"agent01".into()));
        assert_eq!((none.agents(), Scope::All.agents()), (Some(&[][..]), None));
        assert!(Scope::All.contains(&"agent01".into()));
    }

    #[test]
    fn the_agent_is_the_one_named_if_it_may_be_seen_else_the_callers_own() {
        let own = caller(&["agent01"], Scope::Agents(vec!["agent01".into()]));
        let agent = |id: &str| ActingAgent::Agent(id.into());
        assert_eq!(own.acting_agent(None), agent("agent01"));
        assert_eq!(own.acting_agent(Some("AGENT01".into())), agent("AGENT01"));
        assert_eq!(own.acting_agent(Some("agent02".into())), ActingAgent::Unseen);
        let supervisor = caller(&[], Scope::Agents(vec!["agent01".into(), "agent02".into()]));
        assert_eq!(supervisor.acting_agent(Some("agent02".into())), agent("agent02"));
        assert_eq!(supervisor.acting_agent(Some("agent03".into())), ActingAgent::Unseen);
        assert_eq!(supervisor.acting_agent(None), ActingAgent::Unsaid);
        let two = caller(&["a", "b"], Scope::Agents(vec!["a".into(), "b".into()]));
        assert_eq!(two.acting_agent(None), ActingAgent::Unsaid);
        assert_eq!(caller(&[], Scope::All).acting_agent(Some("x".into())), agent("x"));
    }

    #[test]
    fn a_call_of_an_unknown_agent_is_everyones_and_a_known_ones_is_not() {
        let own = caller(&["agent01"], Scope::Agents(vec!["agent01".into()]));
        assert!(own.may_act_on_call_of(None));
        assert!(own.may_act_on_call_of(Some(&"agent01".into())));
        assert!(!own.may_act_on_call_of(Some(&"agent02".into())));
    }
}
