//! Call events and agent events, while they are subscribed to.

use serde_json::{Value, json};

use super::callback::{pushed_caller, type_word};
use super::calls::CallKey;
use super::moment::clock_text;
use super::push::PushKind;
use super::{PhoneCall, World};

/// What happened to a call: the words of call events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallWord {
    /// A caller waits, or an agent is rung.
    Calling,
    /// Customer and agent talk.
    Answered,
    /// The call is over.
    Disconnect,
}

impl CallWord {
    fn word(self) -> &'static str {
        match self {
            Self::Calling => "Calling",
            Self::Answered => "Answered",
            Self::Disconnect => "Disconnect",
        }
    }
}

/// What happened to an agent: the words of agent events, in the service's mixed case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AgentWord {
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

impl AgentWord {
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

impl World {
    fn event(&self, kind: &str, data: &Value) -> Value {
        json!({
            "eventType": kind,
            "eventTime": self.setup.zone.date_time(self.now.second()),
            "username": self.setup.account,
            "data": data,
        })
    }

    /// Tells whoever subscribed to call events: fields in snake_case, all of them text.
    pub(super) fn tell_call(&mut self, key: CallKey, word: CallWord) {
        let url = self.subscription().calls.clone();
        let Some(call) = self.calls.get(&key).filter(|_| !url.is_empty()) else { return };
        let last = call.legs.last();
        let mut data = json!({
            "action": word.word(),
            "call_type": type_word(call.direction),
            "ucid": call.ucid().to_string(),
            "monitor_ucid": call.monitor.to_string(),
            "agent_id": last.and_then(|l| l.agent.as_deref()).unwrap_or(""),
            "skill": call.skill,
            "caller_id": pushed_caller(&call.caller),
            "did": call.did,
            "agent_number": last.map_or("", |l| &l.phone),
            "event_time": self.setup.zone.date_time(self.now.second()),
        });
        if word == CallWord::Disconnect && !self.setup.push.bare_disconnect {
            self.add_ending(&mut data, call);
        }
        let (id, body) = (call.monitor, self.event("Call", &data));
        self.post_json(PushKind::CallEvent, url, Some(id), &body);
    }

    fn add_ending(&self, data: &mut Value, call: &PhoneCall) {
        let (zone, ending) = (self.setup.zone, self.ending(call));
        let said = |word: &&str| !word.is_empty();
        let agent = call.legs.iter().rev().map(|l| l.agent_status).find(said);
        let more = json!({
            "dial_status": ending.dial.last().unwrap_or(&""),
            "call_status": ending.status,
            "customer_status": ending.customer,
            "agent_status": agent.unwrap_or(""),
            "hangup_by": ending.hangup_by,
            "campaign_name": call.campaign,
            "uui": call.uui,
            "disposition": ending.disposition,
            "audio_file": ending.audio,
            "start_time": zone.date_time(ending.start),
            "end_time": zone.date_time(ending.end),
            "duration": clock_text(ending.end - ending.start),
        });
        if let (Value::Object(data), Value::Object(more)) = (data, more) {
            data.extend(more);
        }
    }

    /// Tells whoever subscribed to agent events: fields in camelCase.
    pub(super) fn tell_agent(&mut self, id: &str, word: AgentWord) {
        let url = self.subscription().agents.clone();
        let Some(agent) = self.agents.get(id).filter(|_| !url.is_empty()) else { return };
        let data = json!({
            "agentId": agent.setup.id,
            "agentName": agent.setup.name,
            "agentMode": agent.setup.mode.word(),
            "phoneNumber": agent.phone(),
            "skill": agent.setup.skills.first().map_or("", String::as_str),
            "action": word.word(),
        });
        let body = self.event("Agent", &data);
        self.post_json(PushKind::AgentEvent, url, None, &body);
    }
}
