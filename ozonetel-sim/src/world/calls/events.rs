//! Call events, while they are subscribed to: fields in snake_case, all of them text.

use serde_json::{Value, json};

use super::{Direction, PhoneCall};
use crate::world::context::Context;
use crate::world::numbers::pushed_caller;
use crate::world::pushes::{Push, PushKind};
use crate::world::time::clock_text;

/// What happened to a call: the words of call events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallAction {
    /// A caller waits, or an agent is rung.
    Calling,
    /// Customer and agent talk.
    Answered,
    /// The call is over.
    Disconnect,
}

impl CallAction {
    fn word(self) -> &'static str {
        match self {
            Self::Calling => "Calling",
            Self::Answered => "Answered",
            Self::Disconnect => "Disconnect",
        }
    }
}

impl Direction {
    /// The call type's word in pushes.
    pub(crate) fn type_word(self) -> &'static str {
        match self {
            Self::Inbound => "InBound",
            Self::Outbound => "Manual",
        }
    }
}

/// Pushes what happened to a call to the subscriber, if there is one.
pub(super) fn push(cx: &mut Context, call: &PhoneCall, action: CallAction) {
    let url = cx.pushes.subscription().calls.clone();
    if url.is_empty() {
        return;
    }
    let last = call.legs.last();
    let mut data = json!({
        "action": action.word(),
        "call_type": call.direction.type_word(),
        "ucid": call.ucid().to_string(),
        "monitor_ucid": call.monitor.to_string(),
        "agent_id": last.and_then(|l| l.agent.as_deref()).unwrap_or(""),
        "skill": call.skill,
        "caller_id": pushed_caller(&call.caller),
        "did": call.did,
        "agent_number": last.map_or("", |l| &l.phone),
        "event_time": cx.zone().date_time(cx.second()),
    });
    if action == CallAction::Disconnect && !cx.pushes.setup.bare_disconnect {
        add_summary(cx, &mut data, call);
    }
    let body = cx.event_body("Call", &data);
    let push = Push::json(PushKind::CallEvent, cx.now, url, &body);
    cx.pushes.enqueue(Push { call_id: Some(call.monitor), ..push });
}

fn add_summary(cx: &Context, data: &mut Value, call: &PhoneCall) {
    let (zone, summary) = (cx.zone(), call.summary(&cx.setup.account, cx.second()));
    let said = |word: &&str| !word.is_empty();
    let agent = call.legs.iter().rev().map(|l| l.agent_status).find(said);
    let more = json!({
        "dial_status": summary.dial.last().unwrap_or(&""),
        "call_status": summary.status,
        "customer_status": summary.customer,
        "agent_status": agent.unwrap_or(""),
        "hangup_by": summary.hangup_by,
        "campaign_name": call.campaign,
        "uui": call.uui,
        "disposition": summary.disposition,
        "audio_file": summary.audio,
        "start_time": zone.date_time(summary.start),
        "end_time": zone.date_time(summary.end),
        "duration": clock_text(summary.end - summary.start),
    });
    if let (Value::Object(data), Value::Object(more)) = (data, more) {
        data.extend(more);
    }
}
