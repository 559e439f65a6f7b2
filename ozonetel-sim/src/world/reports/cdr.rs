//! Call detail rows: one per leg, visible while the call runs, in the format of their day.

use serde_json::{Map, Value, json};

use super::Reports;
use crate::world::calls::{Direction, Leg, LegKind, PhoneCall, Transfer};
use crate::world::numbers::{e164, network_form};
use crate::world::time::clock_text;

/// Rows of a page when the request does not say how many.
pub const DEFAULT_PAGE: usize = 100;

/// How many days back rows can be read.
const READABLE_DAYS: i64 = 15;

/// How long after midnight a night of moving lasts, in seconds.
const NIGHT_S: i64 = 3 * 3600;

/// Which rows are asked for; seconds since the epoch, both ends included.
#[derive(Clone, Debug, Default)]
pub struct CdrQuery {
    /// Earliest start.
    pub from: i64,
    /// Latest start.
    pub to: i64,
    /// Id of a leg, or of a call.
    pub ucid: Option<String>,
    /// Id of a call.
    pub monitor_ucid: Option<String>,
    /// Campaign name.
    pub campaign: Option<String>,
    /// `Manual`, `InBound`, … in any case.
    pub call_type: Option<String>,
    /// `Answered` or `NotAnswered`.
    pub status: Option<String>,
}

/// The two stores of rows, which write some values differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CdrFormat {
    Today,
    Earlier,
}

impl Reports<'_> {
    /// The rows of a query, newest first.
    pub fn cdr(&self, query: &CdrQuery) -> Vec<Value> {
        let mut found: Vec<(&PhoneCall, &Leg)> = self
            .calls
            .iter()
            .filter(|c| query.takes_call(c))
            .flat_map(|c| c.legs.iter().map(move |l| (c, l)))
            .filter(|(c, l)| query.takes_leg(c, l) && self.readable(l))
            .collect();
        found.sort_by_key(|(c, l)| std::cmp::Reverse((l.started, c.key, l.ucid)));
        found.into_iter().map(|(c, l)| Value::Object(self.cdr_row(c, l))).collect()
    }

    fn readable(&self, leg: &Leg) -> bool {
        let zone = self.cx.zone();
        let (now, today) = (self.cx.second(), zone.day(self.cx.second()));
        let age = today.days_since(zone.day(leg.started));
        let moving =
            self.cx.setup.moves_at_night && age == 1 && now < zone.day_start(today) + NIGHT_S;
        let late = self.calls.is_withheld(leg.ucid, self.cx.now);
        age <= READABLE_DAYS && !moving && !late
    }

    fn cdr_row(&self, call: &PhoneCall, leg: &Leg) -> Map<String, Value> {
        let (zone, now) = (self.cx.zone(), self.cx.second());
        let format = if zone.day(leg.started) == zone.day(now) {
            CdrFormat::Today
        } else {
            CdrFormat::Earlier
        };
        let missing = || if format == CdrFormat::Today { Value::Null } else { json!("") };
        let time = |s: Option<i64>| s.map_or_else(missing, |s| json!(zone.time_of_day(s)));
        let length = |s: Option<i64>| s.map_or_else(missing, |s| json!(clock_text(s)));
        let id = |ucid: u64| {
            if format == CdrFormat::Today { json!(ucid) } else { json!(ucid.to_string()) }
        };
        let end = leg.end_at(now);
        let pickup = leg.pickup.or(leg.agent_up);
        let wrap = leg.wrap_up.and_then(|w| w.end.map(|end| (w.start, end)));
        let agent = leg.agent.as_ref().and_then(|id| self.agents.get(id));
        let event = event_word(leg.kind, format);
        let caller = cdr_caller(call);
        let row = json!({
            "AgentDialStatus": leg.agent_status,
            "AgentID": leg.agent.as_deref().unwrap_or(""),
            "AgentName": agent.map_or("", |a| &a.setup.name),
            "CallAudio": leg.audio(&self.cx.setup.account).map_or_else(missing, |url| json!(url)),
            "CallDate": zone.day(leg.started).to_string(),
            "CallFlow": event,
            "CallID": id(call.monitor),
            "CallerConfAudioFile": "",
            "CallerID": caller,
            "CampaignName": call.campaign,
            "Comments": leg.comments,
            "ConferenceDuration": clock_text(call.conference_s(leg, now)),
            "CustomerDialStatus": leg.customer_status,
            "CustomerRingTime": clock_text(leg.customer_rang_s(now)),
            "DID": call.did,
            "DialOutName": "",
            "DialStatus": leg.dial_status,
            "DialedNumber": leg.phone,
            "Disposition": leg.disposition.as_deref().unwrap_or(""),
            "Duration": clock_text(end - leg.started),
            "DynamicDID": "",
            "E164": e164(&caller),
            "EndTime": zone.time_of_day(end),
            "Event": event,
            "HandlingTime": length(leg.handling_s()),
            "HangupBy": leg.hangup_by,
            "HoldDuration": clock_text(call.held_s(leg, now)),
            "Location": "",
        });
        let rest = json!({
            "PickupTime": time(pickup),
            "QueueTime": clock_text(queue_s(call, leg)),
            "Rating": if format == CdrFormat::Today { json!(0) } else { json!("") },
            "RatingComments": "",
            "Skill": call.skill,
            "StartTime": zone.time_of_day(leg.started),
            "Status": if leg.answered() { "Answered" } else { "Unanswered" },
            "TalkTime": clock_text(leg.talk_s(now)),
            "TimeToAnswer": clock_text(pickup.map_or(0, |p| p - leg.started)),
            "TransferType": leg.transfer.as_ref().map_or("", Transfer::word),
            "TransferredTo": leg.transfer.as_ref().map_or("", |transfer| &transfer.to),
            "Type": type_word(call.direction, format),
            "UCID": id(leg.ucid),
            "UUI": call.uui,
            "VideoRecordingURL": "",
            "WrapUpEndTime": time(wrap.map(|w| w.1)),
            "WrapUpStartTime": time(wrap.map(|w| w.0)),
            "WrapupDuration": match (wrap, format) {
                (None, CdrFormat::Earlier) => json!("00:00:00"),
                _ => length(wrap.map(|w| w.1 - w.0)),
            },
        });
        let (mut row, rest) = (object(row), object(rest));
        row.extend(rest);
        row
    }
}

impl CdrQuery {
    fn takes_call(&self, call: &PhoneCall) -> bool {
        let word = type_word(call.direction, CdrFormat::Today);
        let is = |want: &Option<String>, id: u64| {
            want.as_ref().is_none_or(|w| w.trim() == id.to_string())
        };
        is(&self.monitor_ucid, call.monitor)
            && self.campaign.as_ref().is_none_or(|c| *c == call.campaign)
            && self.call_type.as_ref().is_none_or(|t| t.eq_ignore_ascii_case(word))
    }

    fn takes_leg(&self, call: &PhoneCall, leg: &Leg) -> bool {
        let of_id =
            |u: &String| u.trim() == leg.ucid.to_string() || u.trim() == call.monitor.to_string();
        let word = if leg.answered() { "Answered" } else { "NotAnswered" };
        (self.from..=self.to).contains(&leg.started)
            && self.ucid.as_ref().is_none_or(of_id)
            && self.status.as_ref().is_none_or(|s| s.eq_ignore_ascii_case(word))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn event_word(kind: LegKind, format: CdrFormat) -> &'static str {
    match (kind, format) {
        (LegKind::Agent, CdrFormat::Today) => "AgentDial",
        (LegKind::Agent, CdrFormat::Earlier) => "Agent Dials",
        (LegKind::Queue, _) => "Queue",
        (LegKind::Disconnect, _) => "Disconnect",
    }
}

fn type_word(direction: Direction, format: CdrFormat) -> &'static str {
    match (direction, format) {
        (Direction::Outbound, _) => "Manual",
        (Direction::Inbound, CdrFormat::Today) => "InBound",
        (Direction::Inbound, CdrFormat::Earlier) => "Inbound",
    }
}

fn queue_s(call: &PhoneCall, leg: &Leg) -> i64 {
    let until = if leg.kind == LegKind::Queue { leg.ended } else { Some(leg.started) };
    match call.direction {
        Direction::Inbound => (until.unwrap_or(leg.started) - call.started.second()).max(0),
        Direction::Outbound => 0,
    }
}

/// The caller as rows give it: as dialled, or as the network gave it.
fn cdr_caller(call: &PhoneCall) -> String {
    match call.direction {
        Direction::Outbound => call.caller.clone(),
        Direction::Inbound => network_form(&call.caller),
    }
}
