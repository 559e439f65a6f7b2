//! The callback after a call, from the same call as its CDR rows.

use serde_json::{Map, Value, json};

use super::Switch;
use crate::world::agents::Agent;
use crate::world::calls::{Leg, LegKind, PhoneCall, Transfer};
use crate::world::context::Context;
use crate::world::ids::CallKey;
use crate::world::numbers::pushed_caller;
use crate::world::pushes::{self, Push};
use crate::world::time::clock_text;

/// Between the legs of a call.
const ARROW: &str = " -> ";

impl Switch {
    /// Once a call is over and so is all after-call work, its callback goes out: one to the account's
    /// address and one to the campaign's.
    pub(super) fn call_back_if_done(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else { return };
        if call.live() || call.wrapping() || call.called_back {
            return;
        }
        call.called_back = true;
        let Some(call) = self.calls.get(key) else { return };
        let own = self.campaigns.get(&call.campaign).and_then(|c| c.callback_url.clone());
        let urls = [cx.pushes.setup.callback_url.clone(), own];
        for url in urls.into_iter().flatten().filter(|url| !url.is_empty()) {
            let fields = self.callback_fields(cx, call);
            let push = pushes::callback(cx.pushes.setup.shape, cx.now, url, fields);
            cx.pushes.enqueue(Push { call_id: Some(call.monitor), ..push });
        }
    }

    /// The callback's fields: every value is text.
    fn callback_fields(&self, cx: &Context, call: &PhoneCall) -> Map<String, Value> {
        let (zone, now) = (cx.zone(), cx.second());
        let summary = call.summary(&cx.setup.account, now);
        let legs: Vec<(&Leg, Option<&Agent>)> = call
            .legs
            .iter()
            .filter(|l| l.kind == LegKind::Agent)
            .map(|l| (l, l.agent.as_ref().and_then(|id| self.agents.get(id))))
            .collect();
        let chain = |none: &str, of: &dyn Fn(&Leg, Option<&Agent>) -> String| {
            let segments: Vec<String> = legs.iter().map(|(leg, agent)| of(leg, *agent)).collect();
            if segments.is_empty() { none.to_owned() } else { segments.join(ARROW) }
        };
        let of_agent = |of: fn(&Agent) -> String| {
            move |_: &Leg, agent: Option<&Agent>| agent.map(of).unwrap_or_default()
        };
        let phones = chain("", &|leg, _| leg.phone.clone());
        let fields = json!({
            "AgentID": chain("0", &|leg, _| leg.agent.clone().unwrap_or_default()),
            "AgentName": chain("None", &of_agent(|a| a.setup.name.clone())),
            "AgentPhoneNumber": phones,
            "AgentStatus": chain("NotDialed", &|leg, _| leg.agent_status.to_owned()),
            "AgentUniqueID": chain("", &of_agent(|a| a.setup.number.to_string())),
            "Apikey": cx.setup.key,
            "AudioFile": summary.audio,
            "CallDuration": clock_text(summary.end - summary.start),
            "CallerConfAudioFile": "",
            "CallerID": pushed_caller(&call.caller),
            "CampaignName": call.campaign,
            "CampaignStatus": if call.offline { "OFFLINE" } else { "ONLINE" },
            "Comments": summary.comments,
            "ConfDuration": clock_text(call.legs.iter().map(|l| call.conference_s(l, now)).sum()),
            "CustomerStatus": summary.customer,
            "DialStatus": summary.dial.join(ARROW),
            "DialedNumber": phones,
            "Did": call.did,
            "Disposition": summary.disposition,
            "Duration": clock_text(summary.talk),
            "EndTime": zone.date_time(summary.end),
            "FallBackRule": "AgentDial",
            "HangupBy": summary.hangup_by,
            "Location": "",
            "PhoneName": chain("", &of_agent(|a| a.setup.phone_name.clone())),
            "Skill": call.skill,
            "StartTime": zone.date_time(summary.start),
            "Status": summary.status,
            "TimeToAnswer":
                summary.answered_at.map(|at| clock_text(at - summary.start)).unwrap_or_default(),
            "TransferType": call.transfer().map_or("No Transfers", Transfer::word),
            "TransferredTo": call.transfer().map_or("", |transfer| &transfer.to),
            "Type": call.direction.type_word(),
            "UUI": call.uui,
            "UserName": cx.setup.account,
            "monitorUCID": call.monitor.to_string(),
        });
        let Value::Object(mut fields) = fields else { return Map::new() };
        if cx.pushes.setup.newer_fields {
            let held = call.legs.iter().map(|l| call.held_s(l, now)).sum();
            let wrapped = call.legs.iter().filter_map(Leg::wrap_up_s).sum();
            let answered = summary.answered_at.map(|at| zone.date_time(at)).unwrap_or_default();
            fields.insert("AnswerTime".into(), answered.into());
            fields.insert("HoldDuration".into(), clock_text(held).into());
            fields.insert("WrapUpDuration".into(), clock_text(wrapped).into());
            fields.insert("DataUniqueId".into(), "".into());
        }
        fields
    }
}
