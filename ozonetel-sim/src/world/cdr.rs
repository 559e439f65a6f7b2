//! Call detail rows: one per leg, visible while the call runs, in the dialect of their day.

use serde_json::{Map, Value, json};

use super::calls::{Direction, LegKind, Stage};
use super::moment::{Moment, clock_text};
use super::{Leg, PhoneCall, World};

/// Rows of a page when nobody says how many.
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

/// The two stores rows live in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Today,
    Earlier,
}

impl World {
    /// The rows of a query, newest first.
    pub fn cdr_rows(&self, query: &CdrQuery) -> Vec<Value> {
        let mut found: Vec<(&PhoneCall, &Leg)> = self
            .calls
            .values()
            .filter(|c| query.takes_call(c))
            .flat_map(|c| c.legs.iter().map(move |l| (c, l)))
            .filter(|(c, l)| query.takes_leg(c, l) && self.readable(l))
            .collect();
        found.sort_by_key(|(c, l)| std::cmp::Reverse((l.started, c.key, l.ucid)));
        found.into_iter().map(|(c, l)| Value::Object(self.cdr_row(c, l))).collect()
    }

    fn readable(&self, leg: &Leg) -> bool {
        let zone = self.setup.zone;
        let (now, today) = (self.now.second(), zone.day(self.now.second()));
        let age = today.days_since(zone.day(leg.started));
        let moving = self.setup.moves_at_night && age == 1 && now < zone.day_start(today) + NIGHT_S;
        let late = self.withheld.get(&leg.ucid).is_some_and(|until| self.now < *until);
        age <= READABLE_DAYS && !moving && !late
    }

    /// Keeps a leg's row out of the CDR for a while: a row that turns up late. False when no leg has the id.
    pub fn withhold_row(&mut self, ucid: u64, until: Moment) -> bool {
        let known = self.leg_mut(ucid).is_some();
        if known {
            self.withheld.insert(ucid, until);
        }
        known
    }

    /// Replaces a leg's remark, however long ago it ended: a row that changes late. False when no leg has the id.
    pub fn annotate(&mut self, ucid: u64, comments: &str) -> bool {
        let leg = self.leg_mut(ucid);
        leg.map(|leg| comments.clone_into(&mut leg.comments)).is_some()
    }

    fn leg_mut(&mut self, ucid: u64) -> Option<&mut Leg> {
        let call = self.calls.get_mut(self.known.get(&ucid)?)?;
        call.legs.iter_mut().find(|leg| leg.ucid == ucid)
    }

    fn cdr_row(&self, call: &PhoneCall, leg: &Leg) -> Map<String, Value> {
        let (zone, now) = (self.setup.zone, self.now.second());
        let dialect =
            if zone.day(leg.started) == zone.day(now) { Dialect::Today } else { Dialect::Earlier };
        let missing = || if dialect == Dialect::Today { Value::Null } else { json!("") };
        let time = |s: Option<i64>| s.map_or_else(missing, |s| json!(zone.time_of_day(s)));
        let length = |s: Option<i64>| s.map_or_else(missing, |s| json!(clock_text(s)));
        let id = |ucid: u64| {
            if dialect == Dialect::Today { json!(ucid) } else { json!(ucid.to_string()) }
        };
        let end = leg.end_at(now);
        let pickup = leg.pickup.or(leg.agent_up);
        let wrap = leg.wrap_up.and_then(|w| w.end.map(|end| (w.start, end)));
        let agent = leg.agent.as_ref().and_then(|id| self.agents.get(id));
        let event = event_word(leg.kind, dialect);
        let caller = cdr_caller(call);
        let row = json!({
            "AgentDialStatus": leg.agent_status,
            "AgentID": leg.agent.as_deref().unwrap_or(""),
            "AgentName": agent.map_or("", |a| &a.setup.name),
            "CallAudio": self.audio(leg).map_or_else(missing, |url| json!(url)),
            "CallDate": zone.day(leg.started).to_string(),
            "CallFlow": event,
            "CallID": id(call.monitor),
            "CallerConfAudioFile": "",
            "CallerID": caller,
            "CampaignName": call.campaign,
            "Comments": leg.comments,
            "ConferenceDuration": clock_text(if leg.answered() { call.conference_s(now) } else { 0 }),
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
            "HoldDuration": clock_text(held_s(call, leg, now)),
            "Location": "",
        });
        let rest = json!({
            "PickupTime": time(pickup),
            "QueueTime": clock_text(queue_s(call, leg)),
            "Rating": if dialect == Dialect::Today { json!(0) } else { json!("") },
            "RatingComments": "",
            "Skill": call.skill,
            "StartTime": zone.time_of_day(leg.started),
            "Status": if leg.answered() { "Answered" } else { "Unanswered" },
            "TalkTime": clock_text(leg.talk_s(now)),
            "TimeToAnswer": clock_text(pickup.map_or(0, |p| p - leg.started)),
            "TransferType": "",
            "TransferredTo": "",
            "Type": type_word(call.direction, dialect),
            "UCID": id(leg.ucid),
            "UUI": call.uui,
            "VideoRecordingURL": "",
            "WrapUpEndTime": time(wrap.map(|w| w.1)),
            "WrapUpStartTime": time(wrap.map(|w| w.0)),
            "WrapupDuration": match (wrap, dialect) {
                (None, Dialect::Earlier) => json!("00:00:00"),
                _ => length(wrap.map(|w| w.1 - w.0)),
            },
        });
        let (mut row, rest) = (object(row), object(rest));
        row.extend(rest);
        row
    }

    pub(super) fn audio(&self, leg: &Leg) -> Option<String> {
        let account = &self.setup.account;
        let ucid = leg.ucid;
        leg.answered()
            .then(|| format!("https://recordings.example.test/{account}/{account}_{ucid}.mp3"))
    }
}

impl CdrQuery {
    fn takes_call(&self, call: &PhoneCall) -> bool {
        let word = type_word(call.direction, Dialect::Today);
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

fn event_word(kind: LegKind, dialect: Dialect) -> &'static str {
    match (kind, dialect) {
        (LegKind::Agent, Dialect::Today) => "AgentDial",
        (LegKind::Agent, Dialect::Earlier) => "Agent Dials",
        (LegKind::Queue, _) => "Queue",
        (LegKind::Disconnect, _) => "Disconnect",
    }
}

fn type_word(direction: Direction, dialect: Dialect) -> &'static str {
    match (direction, dialect) {
        (Direction::Outbound, _) => "Manual",
        (Direction::Inbound, Dialect::Today) => "InBound",
        (Direction::Inbound, Dialect::Earlier) => "Inbound",
    }
}

pub(super) fn held_s(call: &PhoneCall, leg: &Leg, now: i64) -> i64 {
    let open = call.held_since.filter(|_| call.stage == Stage::Talking && leg.ended.is_none());
    leg.held_s + open.map_or(0, |from| (now - from).max(0))
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

/// Made by putting `+91` in front, as the service does; right for Indian numbers only.
fn e164(caller: &str) -> String {
    let digits: String = caller.chars().filter(char::is_ascii_digit).collect();
    let bare = digits.strip_prefix("00").unwrap_or(&digits);
    if bare.len() == 12 && bare.starts_with("91") {
        format!("+{bare}")
    } else {
        format!("+91{bare}")
    }
}

/// `0091` and ten digits for Indian numbers, digits for others.
fn network_form(caller: &str) -> String {
    let digits: String = caller.chars().filter(char::is_ascii_digit).collect();
    let ten = digits.get(digits.len().saturating_sub(10)..).unwrap_or("");
    let indian = ten.len() == 10
        && (digits.len() == 10
            || (digits.len() == 11 && digits.starts_with('0'))
            || (digits.len() == 12 && digits.starts_with("91"))
            || (digits.len() == 14 && digits.starts_with("0091")));
    if indian { format!("0091{ten}") } else { digits }
}
