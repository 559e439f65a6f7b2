//! Agent events, while they are subscribed to: fields in camelCase.

use serde_json::json;

use super::Agent;
use crate::world::context::Context;
use crate::world::pushes::{Push, PushKind};

/// What happened to an agent: the words of agent events, in the service's mixed case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentAction {
    Login,
    Logout,
    Ready,
    /// Back from a break.
    Release,
    Calling,
    InCall,
    Acw,
    Pause,
}

impl AgentAction {
    fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Ready => "READY",
            Self::Release => "release",
            Self::Calling => "calling",
            Self::InCall => "incall",
            Self::Acw => "ACW",
            Self::Pause => "pause",
        }
    }
}

/// Pushes what happened to an agent to the subscriber, if there is one.
pub(super) fn push(cx: &mut Context, agent: &Agent, action: AgentAction) {
    let url = cx.pushes.subscription().agents.clone();
    if url.is_empty() {
        return;
    }
    let data = json!({
        "agentId": agent.setup.id,
        "agentName": agent.setup.name,
        "agentMode": agent.setup.mode.word(),
        "phoneNumber": agent.phone(),
        "skill": agent.setup.skills.first().map_or("", String::as_str),
        "action": action.word(),
    });
    let body = cx.event_body("Agent", &data);
    let push = Push::json(PushKind::AgentEvent, cx.now, url, &body);
    cx.pushes.enqueue(push);
}
