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
    /// Signed in, but not ready.
    Idle,
    /// A break that the platform set.
    Aux,
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
            Self::Idle => "IDLE",
            Self::Aux => "AUX",
        }
    }
}

/// Pushes what happened to an agent to the subscriber, if there is one. The name of the reason's field
/// is ours.
pub(super) fn push(cx: &mut Context, agent: &Agent, action: AgentAction, reason: &str) {
    let url = cx.pushes.subscription().agents.clone();
    if url.is_empty() {
        return;
    }
    let mut data = json!({
        "agentId": agent.setup.id,
        "agentName": agent.setup.name,
        "agentMode": agent.setup.mode.word(),
        "phoneNumber": agent.phone(),
        "skill": agent.setup.skills.first().map_or("", String::as_str),
        "action": action.word(),
    });
    if !reason.is_empty() {
        data["reason"] = reason.into();
    }
    let body = cx.event_body("Agent", &data);
    let push = Push::json(PushKind::AgentEvent, cx.now, url, &body);
    cx.pushes.enqueue(push);
}
