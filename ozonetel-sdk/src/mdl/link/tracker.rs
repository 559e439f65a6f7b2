//! What is known of the agent and the call.

use crate::mdl::token::Token;
use crate::mdl::token::push::{AgentStatus, CallPush, SocketPush};
use crate::mdl::token::session::AgentIdentity;
use crate::types::ids::AgentId;
use std::time::Duration;

/// What was last known before the link broke: returned after every reconnect, so that a consumer knows that it may
/// have missed something, and what to check.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AgentSnapshot {
    /// The agent's last state.
    pub status: Option<AgentStatus>,
    /// The call that was in progress. A state in which an agent is in no call ends it, `PAUSED` in the reply to a request
    /// included. No source shows whether the service answers so in the middle of a call; where it does, the call is
    /// missing here.
    pub call: Option<CallPush>,
    /// How long the link was down.
    pub down_for: Duration,
    /// How many requests were left with an unknown outcome by the break.
    pub unknown: u32,
}

/// Follows state and call through the tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker {
    pub(crate) status: Option<AgentStatus>,
    pub(crate) call: Option<CallPush>,
}

impl Tracker {
    pub(crate) fn see(&mut self, agent: &AgentIdentity, token: &Token, push: &SocketPush) {
        if is_of_another(agent, token) {
            return;
        }
        match push {
            SocketPush::Answered(call) => self.call = Some(call.clone()),
            SocketPush::Dropped(call) => {
                let current = self.call.as_ref().and_then(|current| current.ucid);
                if call.ucid.is_none() || current.is_none() || call.ucid == current {
                    self.call = None;
                }
            }
            _ => {}
        }
        if let Some(status) = token.agent_status() {
            if status.may_be_on_call() == Some(false) {
                self.call = None;
            }
            self.status = Some(status);
        }
    }

    pub(crate) fn snapshot(&self, down_for: Duration, unknown: u32) -> AgentSnapshot {
        AgentSnapshot { status: self.status.clone(), call: self.call.clone(), down_for, unknown }
    }
}

/// Whether a token is about another agent: by the login name, and by the number where it has no name.
pub(super) fn is_of_another(agent: &AgentIdentity, token: &Token) -> bool {
    let id = |name: &str| token.text(name).map(|id| AgentId::from(id.as_ref()));
    if let Some(named) = id("agentId") {
        return !agent.id.is_same_agent(&named);
    }
    let number = id("agentUniqId").filter(|number| number.key().is_some());
    number.is_some_and(|number| !number.is_same_agent(&AgentId::from(agent.uniq_id.to_string())))
}

/// Whether a token names another account under the name that requests have for it. For ids of a session only: in a push
/// about a call, no source says what `customer` is.
pub(super) fn is_of_another_account(agent: &AgentIdentity, token: &Token) -> bool {
    let named = token.text("customer");
    let named = named.as_deref().map(str::trim).filter(|named| !named.is_empty());
    named.is_some_and(|named| !named.eq_ignore_ascii_case(agent.customer.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(tokens: &[&str]) -> Tracker {
        let agent = AgentIdentity::new("acme_support", "agent01", 1001);
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
        assert_eq!(tracker.status.unwrap().as_str(), "BUSY");
        assert!(tracker.call.is_some());
        for (token, is_ours) in [
            (r#"{"agentUniqId":1002,"agentStatus":"ACW"}"#, false),
            (r#"{"agentUniqId":"1002","agentStatus":"ACW"}"#, false),
            (r#"{"agentUniqId":"1001","agentStatus":"ACW"}"#, true),
            (r#"{"agentUniqId":1001.0,"agentStatus":"ACW"}"#, true),
            (r#"{"agentUniqId":0,"agentStatus":"ACW"}"#, true),
            (r#"{"agentUniqId":"","agentStatus":"ACW"}"#, true),
            (r#"{"agentId":"agent01","agentUniqId":1002,"agentStatus":"ACW"}"#, true),
        ] {
            let status = track(&[ANSWERED, token]).status.unwrap();
            assert_eq!(status.as_str() == "ACW", is_ours, "{token}");
        }
    }
}
