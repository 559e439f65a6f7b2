//! Whose socket it is, which session the service gave it, and what was last known about the agent.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::token::Token;
use super::view::{AgentState, CallPush, Push};
use crate::types::ids::AgentId;

/// The agent whose socket it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The account's name.
    pub customer: Box<str>,
    /// The agent's login name.
    pub id: AgentId,
    /// The agent's numeric id.
    pub uniq_id: u64,
}

impl Agent {
    /// An agent of an account.
    pub fn new(customer: impl Into<Box<str>>, id: impl Into<AgentId>, uniq_id: u64) -> Self {
        Self { customer: customer.into(), id: id.into(), uniq_id }
    }
}

/// The session that the service gave this connection; without it, nobody knows to which browser the INVITE goes.
/// `Debug` shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub(crate) us_id: Box<str>,
    pub(crate) browser_session_id: Box<str>,
}

impl Session {
    /// `usId`.
    pub fn us_id(&self) -> &str {
        &self.us_id
    }

    /// `browserSessionId`.
    pub fn browser_session_id(&self) -> &str {
        &self.browser_session_id
    }

    /// Puts agent and session into a token that lacks them.
    pub(crate) fn stamp(&self, agent: &Agent, fields: &mut Map<String, Value>) {
        let values = [
            ("customer", Value::from(&*agent.customer)),
            ("agentId", Value::from(agent.id.as_str())),
            ("agentUniqId", Value::from(agent.uniq_id)),
            ("browserSessionId", Value::from(&*self.browser_session_id)),
            ("usId", Value::from(&*self.us_id)),
        ];
        for (name, value) in values {
            fields.entry(name).or_insert(value);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// What was last known before the link broke: handed out after every reconnect, so that a consumer knows that it may
/// have missed something, and what to check.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Snapshot {
    /// The agent's last state.
    pub state: Option<AgentState>,
    /// The call that was in progress.
    pub call: Option<CallPush>,
    /// How long the link was down.
    pub down_for: Duration,
    /// How many requests were left with an unknown outcome by the break.
    pub unknown: u32,
}

/// Follows state and call through the tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker {
    pub(crate) state: Option<AgentState>,
    pub(crate) call: Option<CallPush>,
}

impl Tracker {
    pub(crate) fn see(&mut self, agent: &Agent, token: &Token, push: &Push) {
        // Leading zeros of an agent's id are not stable between what the service sends.
        let bare = |id: &str| id.trim_start_matches('0').to_ascii_lowercase();
        if token.text("agentId").is_some_and(|id| bare(&id) != bare(agent.id.as_str())) {
            return;
        }
        match push {
            Push::Answered(call) => self.call = Some(call.clone()),
            Push::Dropped(call) => {
                let current = self.call.as_ref().and_then(|current| current.ucid);
                if call.ucid.is_none() || current.is_none() || call.ucid == current {
                    self.call = None;
                }
            }
            _ => {}
        }
        if let Some(state) = token.agent_state() {
            if state.may_be_on_call() == Some(false) {
                self.call = None;
            }
            self.state = Some(state);
        }
    }

    pub(crate) fn snapshot(&self, down_for: Duration, unknown: u32) -> Snapshot {
        Snapshot { state: self.state.clone(), call: self.call.clone(), down_for, unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(tokens: &[&str]) -> Tracker {
        let agent = Agent::new("acme_support", "agent01", 1001);
        let mut tracker = Tracker::default();
        for text in tokens {
            let token = Token::parse(text).unwrap();
            tracker.see(&agent, &token, &token.push());
        }
        tracker
    }

    const ANSWERED: &str =
        r#"{"type":"busyAgent","ucid":"11","agentId":"agent01","agentStatus":"BUSY"}"#;

    #[test]
    fn a_call_is_in_progress_until_something_says_otherwise() {
        let call =
            |tokens: &[&str]| track(tokens).call.and_then(|call| call.ucid).map(|u| u.to_string());
        assert_eq!(call(&[ANSWERED]).as_deref(), Some("11"));
        assert_eq!(call(&[ANSWERED, r#"{"type":"dropCall","ucid":"12"}"#]).as_deref(), Some("11"));
        assert_eq!(call(&[ANSWERED, r#"{"type":"dropCall","ucid":"11"}"#]), None);
        assert_eq!(call(&[ANSWERED, r#"{"agentStatus":"ACW"}"#]), None);
        assert_eq!(call(&[ANSWERED, r#"{"agentStatus":"SOMETHING"}"#]).as_deref(), Some("11"));
    }

    #[test]
    fn another_agents_tokens_are_not_ours() {
        let tracker = track(&[ANSWERED, r#"{"agentId":"agent02","agentStatus":"ACW"}"#]);
        assert_eq!(tracker.state.unwrap().as_str(), "BUSY");
        assert!(tracker.call.is_some());
    }

    #[test]
    fn what_the_caller_set_is_not_overwritten() {
        let session = Session { us_id: "u".into(), browser_session_id: "b".into() };
        let mut fields = Map::new();
        fields.insert("usId".into(), "mine".into());
        session.stamp(&Agent::new("acme_support", "agent01", 1001), &mut fields);
        assert_eq!(fields["usId"], "mine");
        assert_eq!(fields["agentUniqId"], 1001);
    }
}
