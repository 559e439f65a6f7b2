//! Call detail rows: one per leg, visible while the call runs, in the format of their day.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

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
        // A text, a number or nothing under each name: it always is a value.
        let value = |row| serde_json::to_value(row).unwrap_or_default();
        self.cdr_rows(query).into_iter().map(value).collect()
    }

    /// The same, before they are written: a day of them is not built as a tree while the whole service waits.
    pub(crate) fn cdr_rows(&self, query: &CdrQuery) -> Vec<CdrRow<'_>> {
        let mut found: Vec<(&PhoneCall, &Leg)> = self
            .calls
            .iter()
            .filter(|c| query.takes_call(c))
            .flat_map(|c| c.legs.iter().map(move |l| (c, l)))
            .filter(|(c, l)| query.takes_leg(c, l) && self.readable(l))
            .collect();
        found.sort_by_key(|(c, l)| std::cmp::Reverse((l.started, c.key, l.ucid)));
        found.into_iter().map(|(c, l)| self.cdr_row(c, l)).collect()
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

    fn cdr_row<'r>(&'r self, call: &'r PhoneCall, leg: &'r Leg) -> CdrRow<'r> {
        let (zone, now) = (self.cx.zone(), self.cx.second());
        let is_today = zone.day(leg.started) == zone.day(now);
        let format = if is_today { CdrFormat::Today } else { CdrFormat::Earlier };
        let missing = || if is_today { Cell::Null } else { Cell::from("") };
        let time = |s: Option<i64>| s.map_or_else(missing, |s| zone.time_of_day(s).into());
        let length = |s: Option<i64>| s.map_or_else(missing, |s| clock_text(s).into());
        let id =
            |ucid: u64| if is_today { Cell::Number(ucid) } else { Cell::from(ucid.to_string()) };
        let end = leg.end_at(now);
        let pickup = leg.pickup.or(leg.agent_up);
        let wrap = leg.wrap_up.and_then(|w| w.end.map(|end| (w.start, end)));
        let agent = leg.agent.as_ref().and_then(|id| self.agents.get(id));
        let event = event_word(leg.kind, format);
        let caller = cdr_caller(call);
        CdrRow([
            ("AgentDialStatus", leg.agent_status.into()),
            ("AgentID", leg.agent.as_deref().unwrap_or("").into()),
            ("AgentName", agent.map_or("", |a| &a.setup.name).into()),
            ("CallAudio", leg.audio(&self.cx.setup.account).map_or_else(missing, Cell::from)),
            ("CallDate", zone.day(leg.started).to_string().into()),
            ("CallFlow", event.into()),
            ("CallID", id(call.monitor)),
            ("CallerConfAudioFile", "".into()),
            ("CallerID", caller.clone().into()),
            ("CampaignName", call.campaign.as_str().into()),
            ("Comments", leg.comments.as_str().into()),
            ("ConferenceDuration", clock_text(call.conference_s(leg, now)).into()),
            ("CustomerDialStatus", leg.customer_status.into()),
            ("CustomerRingTime", clock_text(leg.customer_rang_s(now)).into()),
            ("DID", call.did.as_str().into()),
            ("DialOutName", "".into()),
            ("DialStatus", leg.dial_status.into()),
            ("DialedNumber", leg.phone.as_str().into()),
            ("Disposition", leg.reported_disposition().unwrap_or("").into()),
            ("Duration", clock_text(end - leg.started).into()),
            ("DynamicDID", "".into()),
            ("E164", e164(&caller).into()),
            ("EndTime", zone.time_of_day(end).into()),
            ("Event", event.into()),
            ("HandlingTime", length(leg.handling_s())),
            ("HangupBy", leg.hangup_by.into()),
            ("HoldDuration", clock_text(call.held_s(leg, now)).into()),
            ("Location", "".into()),
            ("PickupTime", time(pickup)),
            ("QueueTime", clock_text(queue_s(call, leg)).into()),
            ("Rating", if is_today { Cell::Number(0) } else { "".into() }),
            ("RatingComments", "".into()),
            ("Skill", call.skill.as_str().into()),
            ("StartTime", zone.time_of_day(leg.started).into()),
            ("Status", if leg.answered() { "Answered" } else { "Unanswered" }.into()),
            ("TalkTime", clock_text(leg.talk_s(now)).into()),
            ("TimeToAnswer", clock_text(pickup.map_or(0, |p| p - leg.started)).into()),
            ("TransferType", leg.transfer.as_ref().map_or("", Transfer::word).into()),
            ("TransferredTo", leg.transfer.as_ref().map_or("", |to| to.to.as_str()).into()),
            ("Type", type_word(call.direction, format).into()),
            ("UCID", id(leg.ucid)),
            ("UUI", call.uui.as_str().into()),
            ("VideoRecordingURL", "".into()),
            ("WrapUpEndTime", time(wrap.map(|w| w.1))),
            ("WrapUpStartTime", time(wrap.map(|w| w.0))),
            (
                "WrapupDuration",
                match (wrap, format) {
                    (None, CdrFormat::Earlier) => "00:00:00".into(),
                    _ => length(wrap.map(|w| w.1 - w.0)),
                },
            ),
        ])
    }
}

/// A row's fields in the order of their names.
#[derive(Debug)]
pub(crate) struct CdrRow<'r>([(&'static str, Cell<'r>); 46]);

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Cell<'r> {
    Null,
    Text(Cow<'r, str>),
    Number(u64),
}

impl<'r> From<&'r str> for Cell<'r> {
    fn from(text: &'r str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl Serialize for CdrRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, cell)| (name, cell)))
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
