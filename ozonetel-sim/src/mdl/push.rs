//! What is pushed to a session without a request.
//!
//! `busyAgent` and `dropCall` are known from pages that embed the toolbar. The types that begin
//! with `sim` are constructed: no source names the tokens for ringing, for the end of an answered
//! call, and for an agent's state.

use ozonetel_sdk::mdl::{TOOLBAR_NS, Token};

use crate::world::{Direction, EventKind, World, WorldEvent};

/// An agent's telephone rings. Constructed.
pub(crate) const RINGING: &str = "simRinging";
/// An answered call has ended. Constructed.
pub(crate) const ENDED: &str = "simCallEnded";
/// The agent's state has changed. Constructed.
pub(crate) const STATE: &str = "simAgentState";

/// The token for an event, if the agent's session is sent one.
pub(crate) fn push(world: &World, event: &WorldEvent) -> Option<Token> {
    let agent = event.agent.as_deref()?;
    let leg = || {
        let call = world.call(event.ucid?)?;
        let leg = call.legs.iter().rev().find(|leg| Some(leg.ucid) == event.ucid)?;
        Some((call, leg))
    };
    let kind = match event.kind {
        EventKind::AgentState(state) => {
            let token = base(STATE, agent);
            return Some(token.with("agentStatus", state));
        }
        EventKind::AgentRinging => RINGING,
        EventKind::Answered => "busyAgent",
        EventKind::Ended if leg()?.1.answered() => ENDED,
        EventKind::Ended => "dropCall",
        _ => return None,
    };
    let (call, leg) = leg()?;
    let zone = world.setup().zone;
    let how = match call.direction {
        Direction::Inbound => "IncomingCall",
        Direction::Outbound => "Manual Dialing",
    };
    let mut token = base(kind, agent)
        .with("ucid", leg.ucid.to_string())
        .with("callerId", call.caller.as_str())
        .with("callType", how)
        .with("campaignName", call.campaign.as_str())
        .with("startTime", zone.date_time(leg.started));
    if let Some(end) = leg.ended {
        token = token.with("endTime", zone.date_time(end));
    }
    Some(token)
}

fn base(kind: &str, agent: &str) -> Token {
    Token::new(kind).with("ns", TOOLBAR_NS).with("agentId", agent)
}
