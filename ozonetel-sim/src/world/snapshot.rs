//! The world as JSON, for `/_sim/state`.

use serde_json::{Value, json};

use super::agents::{Agent, Agents};
use super::calls::{Calls, ConferenceParty, Leg, PhoneCall, RecordingSegment};
use super::context::Context;
use super::ivr::Ivr;
use super::setup::LoginKind;
use super::time::Timestamp;

/// The newest calls shown.
const CALLS_SHOWN: usize = 1000;

/// Agents and the newest calls.
pub(super) fn snapshot(cx: &Context, agents: &Agents, calls: &Calls, ivr: &Ivr) -> Value {
    let mut newest: Vec<&PhoneCall> = calls.iter().rev().take(CALLS_SHOWN).collect();
    newest.reverse();
    json!({
        "now": cx.now.to_string(),
        "agents": agents.iter().map(|a| agent_json(a, calls)).collect::<Vec<_>>(),
        "calls": newest.into_iter().map(call_json).collect::<Vec<_>>(),
        "applications": ivr.to_json(),
    })
}

fn agent_json(agent: &Agent, calls: &Calls) -> Value {
    let call = agent.call.and_then(|key| calls.get(key));
    json!({
        "id": agent.setup.id,
        "logged_in": agent.login.is_some(),
        "login": agent.login_kind().map(|kind| match kind {
            LoginKind::Virtual => "virtual",
            LoginKind::Toolbar => "toolbar",
        }),
        "state": agent.state.word(),
        "mode": agent.setup.mode.word(),
        "phone": agent.phone(),
        "pause_reason": agent.pause_reason,
        "ucid": call.map(|c| c.ucid().to_string()),
    })
}

fn at(second: i64) -> String {
    Timestamp::from_unix_s(second).to_string()
}

fn call_json(call: &PhoneCall) -> Value {
    let disposition = call.legs.iter().rev().find_map(|l| l.disposition.as_deref());
    json!({
        "ucid": call.ucid().to_string(),
        "monitor_ucid": call.monitor.to_string(),
        "direction": call.direction.word(),
        "state": call.state_word(),
        "agent": call.agent(),
        "caller": call.caller,
        "did": call.did,
        "campaign": call.campaign,
        "skill": call.skill,
        "uui": call.uui,
        "disposition": disposition,
        "started": at(call.started.second()),
        "ended": call.ended.map(at),
        "held": call.held_since.is_some(),
        "muted": call.muted,
        "customer_lost": call.customer_lost.is_some(),
        "conference": call.parties.iter().map(party_json).collect::<Vec<_>>(),
        "recording": call.recording.iter().map(segment_json).collect::<Vec<_>>(),
        "legs": call.legs.iter().map(leg_json).collect::<Vec<_>>(),
    })
}

fn party_json(party: &ConferenceParty) -> Value {
    let state = match (party.joined, party.left) {
        _ if party.leg.is_some() => "transferred",
        (_, Some(_)) => "left",
        (Some(_), None) => "joined",
        (None, None) => "ringing",
    };
    json!({
        "number": party.number,
        "state": state,
        "agent": party.agent,
        "ucid": party.ucid.to_string(),
        "lost": party.lost.is_some(),
        "reason": reason(party.failure, &party.reason),
    })
}

/// Why something failed: the word of the reports, and what it does not say.
fn reason(status: &str, reason: &str) -> Option<String> {
    match (status, reason) {
        ("", "") => None,
        ("", only) | (only, "") => Some(only.to_owned()),
        (status, reason) => Some(format!("{status}: {reason}")),
    }
}

fn segment_json(segment: &RecordingSegment) -> Value {
    json!({ "from": at(segment.from), "to": segment.to.map(at) })
}

fn leg_json(leg: &Leg) -> Value {
    json!({
        "ucid": leg.ucid.to_string(),
        "agent": leg.agent,
        "phone": leg.phone,
        "started": at(leg.started),
        "answered": leg.pickup.map(at),
        "ended": leg.ended.map(at),
        "hangup_by": leg.hangup_by,
        "lost": leg.lost.is_some(),
        "reason": if leg.reason.is_empty() { None } else { reason(leg.agent_status, &leg.reason) },
        "transferred_to": leg.transfer.as_ref().map(|transfer| &transfer.to),
        "disposition": leg.disposition,
        "call_back_time": leg.call_back_time,
    })
}
