//! The callback after a call, from the same call as its CDR rows.

use serde_json::{Map, Value, json};

use super::calls::{Direction, LegKind};
use super::cdr::held_s;
use super::moment::clock_text;
use super::{Agent, Leg, PhoneCall, World};

/// Between the legs of a call.
const ARROW: &str = " -> ";

/// How a call ended, as callback and `Disconnect` both tell it.
pub(super) struct Ending<'a> {
    pub(super) status: &'static str,
    /// One word per leg that has one.
    pub(super) dial: Vec<&'static str>,
    pub(super) customer: &'static str,
    pub(super) hangup_by: &'static str,
    pub(super) disposition: &'a str,
    pub(super) comments: &'a str,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) talk: i64,
    pub(super) answered_at: Option<i64>,
    pub(super) audio: String,
}

impl World {
    /// How a call ended, as of now.
    pub(super) fn ending<'a>(&self, call: &'a PhoneCall) -> Ending<'a> {
        let now = self.now.second();
        let said = |word: &&str| !word.is_empty();
        let disposed = call.legs.iter().rev().find(|l| l.disposition.is_some());
        let answered = call.legs.iter().rev().find(|l| l.answered());
        Ending {
            status: if call.answered() { "Answered" } else { "NotAnswered" },
            dial: call.legs.iter().map(|l| l.dial_status).filter(said).collect(),
            customer: call.legs.iter().rev().map(|l| l.customer_status).find(said).unwrap_or(""),
            hangup_by: call.legs.last().map_or("", |l| l.hangup_by),
            disposition: disposed.and_then(|l| l.disposition.as_deref()).unwrap_or(""),
            comments: disposed.map_or("", |l| &l.comments),
            start: call.started.second(),
            end: call.ended.unwrap_or(now),
            talk: call.legs.iter().map(|l| l.talk_s(now)).sum(),
            answered_at: call.legs.iter().find_map(|l| l.pickup),
            audio: answered.and_then(|l| self.audio(l)).unwrap_or_default(),
        }
    }

    /// The callback's fields: every value is text.
    pub(super) fn callback_fields(&self, call: &PhoneCall) -> Map<String, Value> {
        let (zone, now) = (self.setup.zone, self.now.second());
        let ending = self.ending(call);
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
            "Apikey": self.setup.key,
            "AudioFile": ending.audio,
            "CallDuration": clock_text(ending.end - ending.start),
            "CallerConfAudioFile": "",
            "CallerID": pushed_caller(&call.caller),
            "CampaignName": call.campaign,
            "CampaignStatus": if call.offline { "OFFLINE" } else { "ONLINE" },
            "Comments": ending.comments,
            "ConfDuration": clock_text(if call.answered() { call.conference_s(now) } else { 0 }),
            "CustomerStatus": ending.customer,
            "DialStatus": ending.dial.join(ARROW),
            "DialedNumber": phones,
            "Did": call.did,
            "Disposition": ending.disposition,
            "Duration": clock_text(ending.talk),
            "EndTime": zone.date_time(ending.end),
            "FallBackRule": "AgentDial",
            "HangupBy": ending.hangup_by,
            "Location": "",
            "PhoneName": chain("", &of_agent(|a| a.setup.phone_name.clone())),
            "Skill": call.skill,
            "StartTime": zone.date_time(ending.start),
            "Status": ending.status,
            "TimeToAnswer":
                ending.answered_at.map(|at| clock_text(at - ending.start)).unwrap_or_default(),
            "TransferType": "No Transfers",
            "TransferredTo": "",
            "Type": type_word(call.direction),
            "UUI": call.uui,
            "UserName": self.setup.account,
            "monitorUCID": call.monitor.to_string(),
        });
        let Value::Object(mut fields) = fields else { return Map::new() };
        if self.setup.push.newer_fields {
            let held = call.legs.iter().map(|l| held_s(call, l, now)).sum();
            let wrapped = call.legs.iter().filter_map(Leg::wrap_up_s).sum();
            let answered = ending.answered_at.map(|at| zone.date_time(at)).unwrap_or_default();
            fields.insert("AnswerTime".into(), answered.into());
            fields.insert("HoldDuration".into(), clock_text(held).into());
            fields.insert("WrapUpDuration".into(), clock_text(wrapped).into());
            fields.insert("DataUniqueId".into(), "".into());
        }
        fields
    }
}

/// The type's word in pushes.
pub(super) fn type_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "InBound",
        Direction::Outbound => "Manual",
    }
}

/// A customer as pushes write one: ten digits, or a foreign number without its plus.
pub(super) fn pushed_caller(caller: &str) -> String {
    let digits: String = caller.chars().filter(char::is_ascii_digit).collect();
    let bare = digits.trim_start_matches('0');
    let ten = match bare.len() {
        12 => bare.strip_prefix("91"),
        10 => Some(bare),
        _ => None,
    };
    match ten {
        Some(ten) => ten.to_owned(),
        None if bare.is_empty() => caller.to_owned(),
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_written_as_pushes_write_them() {
        for (given, sent) in [
            ("9000000001", "9000000001"),
            ("+919000000001", "9000000001"),
            ("09000000001", "9000000001"),
            ("00919000000001", "9000000001"),
            ("+449000000003", "449000000003"),
            ("9100000001", "9100000001"),
            ("12345", "12345"),
            ("anonymous", "anonymous"),
        ] {
            assert_eq!(pushed_caller(given), sent, "{given}");
        }
    }
}
