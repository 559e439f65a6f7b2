//! What is pushed to a session without a request.
//!
//! `busyAgent` and `dropCall` are known from pages that embed the toolbar. The types that begin
//! with `sim` are constructed: no source names the tokens for ringing, for the end of an answered
//! call, and for an agent's state.

use ozonetel_sdk::mdl::{TOOLBAR_NS, Token};

use crate::world::{CONNECTION_LOST, Direction, EventKind, PhoneCall, World, WorldEvent};

/// An agent's telephone rings. Constructed.
pub(crate) const RINGING: &str = "simRinging";
/// An answered call has ended. Constructed.
pub(crate) const ENDED: &str = "simCallEnded";
/// The agent's state has changed. Constructed.
pub(crate) const STATE: &str = "simAgentState";

/// The token for an event, if the agent's session is sent one.
pub(crate) fn push(world: &World, event: &WorldEvent) -> Option<Token> {
    let agent = event.agent.as_deref()?;
    let line = || Line::of(world.call(event.ucid?)?, event.ucid?);
    let kind = match event.kind {
        EventKind::AgentState(state) => {
            let token = base(STATE, agent);
            return Some(token.with("agentStatus", state));
        }
        EventKind::AgentRinging => RINGING,
        EventKind::Answered => "busyAgent",
        EventKind::Ended if line()?.answered && !world.setup().mdl.drop_call_ends_all => ENDED,
        EventKind::Ended => "dropCall",
        _ => return None,
    };
    let line = line()?;
    let call = line.call;
    let zone = world.setup().zone;
    let how = match call.direction {
        Direction::Inbound => "IncomingCall",
        Direction::Outbound => "Manual Dialing",
    };
    let mut token = base(kind, agent)
        .with("ucid", line.announced.to_string())
        .with("callerId", call.caller.as_str())
        .with("callType", how)
        .with("campaignName", call.campaign.as_str())
        .with("startTime", zone.date_time(line.started));
    if let Some(end) = line.ended {
        token = token.with("endTime", zone.date_time(end));
    }
    if line.hangup_by == CONNECTION_LOST {
        token = token.with("hangupBy", CONNECTION_LOST);
    }
    Some(token)
}

/// What an agent's session is told of a leg, or of a call that the agent was rung into.
struct Line<'a> {
    call: &'a PhoneCall,
    announced: u64,
    answered: bool,
    started: i64,
    ended: Option<i64>,
    hangup_by: &'static str,
}

impl<'a> Line<'a> {
    fn of(call: &'a PhoneCall, ucid: u64) -> Option<Self> {
        if let Some(leg) = call.legs.iter().rev().find(|leg| leg.ucid == ucid) {
            return Some(Self {
                call,
                announced: leg.announced,
                answered: leg.answered(),
                started: leg.started,
                ended: leg.ended,
                hangup_by: leg.hangup_by,
            });
        }
        let party = call.parties.iter().rev().find(|party| party.ucid == ucid)?;
        Some(Self {
            call,
            announced: party.announced,
            answered: party.joined.is_some(),
            started: party.rang,
            ended: party.left,
            hangup_by: party.failure,
        })
    }
}

fn base(kind: &str, agent: &str) -> Token {
    Token::new(kind).with("ns", TOOLBAR_NS).with("agentId", agent)
}
