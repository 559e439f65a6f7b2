//! Rows put together to phone calls: a row is a leg, a phone call has one or more.

use std::collections::BTreeMap;

use ozonetel_sdk::cdr::{CallRecord, CallStatusKind};
use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind, PhoneCall};
use ozonetel_sdk::types::{CallId, ClockDuration, Day, TimeOfDay, Zone};

use crate::direction::Direction;
use crate::error::StoreError;
use crate::leg::{
    StoredLeg, ended_at, epoch_ms, is_recorded, number_key, seconds, started_at, text,
};

/// One phone call out of rows, oldest leg first.
///
/// ```
/// use ozonetel_sdk::cdr::CallRecord;
/// use ozonetel_store::{CallLegs, Direction};
/// let rows: Vec<CallRecord> = serde_json::from_str(r#"[
///     {"CallID":"1","UCID":"11","Type":"InBound","Status":"Unanswered","Event":"Queue","StartTime":"10:00:00"},
///     {"CallID":"1","UCID":"12","Type":"InBound","Status":"Answered","Event":"AgentDial","StartTime":"10:00:20",
///      "HangupBy":"UserHangup","TalkTime":"00:00:30"}]"#)?;
/// let calls = CallLegs::group(&rows);
/// assert_eq!((calls.len(), calls[0].legs().len()), (1, 2));
/// assert_eq!((calls[0].direction(), calls[0].is_answered()), (Some(Direction::Inbound), Some(true)));
/// assert_eq!(calls[0].talk().seconds(), 30);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CallLegs<'r> {
    legs: Vec<&'r CallRecord>,
}

/// Half a day: legs of one call are no further apart, unless midnight is between them.
const HALF_DAY: u32 = 12 * 3600;

impl<'r> CallLegs<'r> {
    /// The legs of one call, in any order.
    pub fn new(legs: impl IntoIterator<Item = &'r CallRecord>) -> Self {
        let mut legs: Vec<&CallRecord> = legs.into_iter().collect();
        let starts = legs.iter().filter_map(|leg| Some(leg.start_time?.seconds()));
        let latest = starts.max().unwrap_or(0);
        let dates = || legs.iter().filter_map(|leg| leg.call_date);
        let (earliest, one_date) = (dates().min(), dates().min() == dates().max());
        legs.sort_by_key(|leg| {
            // A leg without a date is of the call's; if that has several, it comes last, as does one without a time.
            let date = leg.call_date.or(earliest.filter(|_| one_date));
            let start = leg.start_time.map_or(0, TimeOfDay::seconds);
            // Legs that carry the day the call began, though they began after midnight.
            let wrapped = one_date && latest > start + HALF_DAY;
            (date.is_none(), date, leg.start_time.is_none(), wrapped, start, leg.ucid)
        });
        Self { legs }
    }

    /// The phone calls of rows, newest first. Rows are grouped by `CallID`; a row without one is a call of its own.
    pub fn group(rows: impl IntoIterator<Item = &'r CallRecord>) -> Vec<Self> {
        let mut places: BTreeMap<CallId, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<&CallRecord>> = Vec::new();
        for row in rows {
            let place = match row.call_id {
                Some(call) => *places.entry(call).or_insert(groups.len()),
                None => groups.len(),
            };
            match groups.get_mut(place) {
                Some(legs) => legs.push(row),
                None => groups.push(vec![row]),
            }
        }
        let mut calls: Vec<Self> = groups.into_iter().map(Self::new).collect();
        calls.sort_by_key(|call| {
            let start = call.legs.iter().find_map(|leg| leg.start_time);
            std::cmp::Reverse((call.day(), start, call.first().map(|leg| leg.ucid)))
        });
        calls
    }

    /// The legs, oldest first.
    pub fn legs(&self) -> &[&'r CallRecord] {
        &self.legs
    }

    /// The oldest leg.
    pub fn first(&self) -> Option<&'r CallRecord> {
        self.legs.first().copied()
    }

    /// The day on which it began: that of the oldest leg that says.
    fn day(&self) -> Option<Day> {
        self.legs.iter().find_map(|leg| leg.call_date)
    }

    /// The leg that counted: the last answered one, else the last.
    pub fn main(&self) -> Option<&'r CallRecord> {
        let answered = self.legs.iter().rev().find(|leg| leg.is_answered());
        answered.or(self.legs.last()).copied()
    }

    /// Which way it went; `None` for a type that says neither.
    pub fn direction(&self) -> Option<Direction> {
        self.legs.iter().find_map(|leg| Direction::of(leg))
    }

    /// Whether no agent's leg is going on any more. After-call work may.
    pub fn is_ended(&self) -> bool {
        !self.legs.iter().any(|leg| leg.is_agent_leg() && leg.hangup_by.is_none())
    }

    /// Whether there was a conversation, by `Status` alone: a row that was not answered may have a pick-up time all the
    /// same. `None` where no leg says.
    pub fn has_conversation(&self) -> Option<bool> {
        if self.legs.iter().any(|leg| leg.is_answered()) {
            return Some(true);
        }
        let missed = |leg: &&CallRecord| {
            leg.status.as_ref().is_some_and(|status| *status == CallStatusKind::NotAnswered)
        };
        self.legs.iter().any(missed).then_some(false)
    }

    /// Whether it was answered or missed; `None` for a call that has not ended, or that says neither.
    pub fn is_answered(&self) -> Option<bool> {
        self.has_conversation().filter(|_| self.is_ended())
    }

    /// How it ended, in the SDK's words.
    pub fn outcome(&self) -> CallOutcomeKind {
        let seen = self.legs.iter().filter_map(|leg| PhoneCall::of((*leg).clone()));
        let merged = seen.reduce(PhoneCall::merge).map(|call| call.outcome());
        let alone = || self.main().map(CallOutcome::from);
        merged.or_else(alone).map_or(CallOutcomeKind::Unknown, |outcome| outcome.kind)
    }

    /// The conversation, over all legs.
    pub fn talk(&self) -> ClockDuration {
        self.sum(|leg| leg.talk_time)
    }

    /// Conversation and after-call work over all legs, as long as they are finished.
    pub fn handling(&self) -> ClockDuration {
        self.sum(|leg| leg.handling_time)
    }

    fn sum(&self, field: impl Fn(&CallRecord) -> Option<ClockDuration>) -> ClockDuration {
        self.legs.iter().filter(|leg| leg.is_answered()).filter_map(|leg| field(leg)).sum()
    }

    /// The disposition: the last one that is not empty.
    pub fn disposition(&self) -> Option<&'r str> {
        let filled = |leg: &&'r CallRecord| {
            let text = leg.disposition.as_ref()?.as_str();
            (!text.trim().is_empty()).then_some(text)
        };
        self.legs.iter().rev().find_map(filled)
    }
}

/// A phone call as the store indexes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallColumns {
    pub(crate) key: String,
    pub(crate) day: Day,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) direction: Option<Direction>,
    pub(crate) outcome: CallOutcomeKind,
    pub(crate) answered: Option<bool>,
    pub(crate) ended: bool,
    pub(crate) legs: i64,
    pub(crate) campaign: Option<String>,
    pub(crate) skill: Option<String>,
    pub(crate) did: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) number_key: Option<String>,
    pub(crate) talk_sec: i64,
    pub(crate) hold_sec: i64,
    pub(crate) wrapup_sec: i64,
    pub(crate) handling_sec: i64,
    pub(crate) queue_sec: i64,
    pub(crate) disposition: Option<String>,
    pub(crate) recorded: bool,
}

impl CallColumns {
    /// From a call's legs; `None` without any.
    pub(crate) fn of(
        key: &str,
        legs: &[StoredLeg],
        zone: &Zone,
    ) -> Result<Option<Self>, StoreError> {
        let Some(seen) = legs.iter().map(|leg| leg.day).min() else { return Ok(None) };
        let mut records = Vec::with_capacity(legs.len());
        for leg in legs {
            records.extend(leg.record()?);
        }
        let call = CallLegs::new(&records);
        let main = call.main();
        let day = call.day().unwrap_or(seen);
        let began = call.legs().iter().find_map(|leg| started_at(leg, zone));
        let all = |field: fn(&CallRecord) -> Option<ClockDuration>| {
            records.iter().filter_map(field).map(|time| i64::from(time.seconds())).sum()
        };
        let queued = records.iter().filter_map(|leg| seconds(leg.queue_time)).max();
        let ended = call.is_ended();
        Ok(Some(Self {
            key: key.to_owned(),
            day,
            started_at: began.unwrap_or_else(|| epoch_ms(day.start().instant(zone))),
            ended_at: records.iter().filter_map(|leg| ended_at(leg, zone)).max().filter(|_| ended),
            direction: call.direction(),
            outcome: call.outcome(),
            answered: call.is_answered(),
            ended,
            legs: i64::try_from(legs.len()).unwrap_or(i64::MAX),
            campaign: text(main.and_then(|leg| leg.campaign_name.as_ref())),
            skill: text(main.and_then(|leg| leg.skill.as_ref())),
            did: text(main.and_then(|leg| leg.did.as_ref())),
            agent: text(main.and_then(|leg| leg.agent_id.as_ref())),
            number: text(main.and_then(|leg| leg.caller_id.as_ref())),
            number_key: main.and_then(|leg| number_key(leg.caller_id.as_ref()?)),
            talk_sec: call.talk().seconds().into(),
            hold_sec: all(|leg| leg.hold_duration),
            wrapup_sec: all(|leg| leg.wrapup_duration),
            handling_sec: call.handling().seconds().into(),
            queue_sec: queued.unwrap_or(0),
            disposition: call.disposition().map(str::to_owned),
            recorded: records.iter().any(is_recorded),
        }))
    }
}
