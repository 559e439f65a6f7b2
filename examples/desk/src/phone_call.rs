//! Rows of the CDR put together to phone calls: a row is a leg, a phone call has one or more.

use std::collections::BTreeMap;

use ozonetel_sdk::cdr::{CallRecord, CallStatusKind, CallTypeKind};
use ozonetel_sdk::types::ClockDuration;

use crate::core::call::Direction;

/// How a phone call came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was a conversation on at least one leg.
    Answered,
    /// There was none.
    Missed,
}

/// One phone call with its legs, oldest leg first.
#[derive(Debug)]
pub struct PhoneCall<'r> {
    legs: Vec<&'r CallRecord>,
}

/// Half a day: legs of one call are no further apart, unless midnight is between them.
const HALF_DAY: u32 = 12 * 3600;

impl<'r> PhoneCall<'r> {
    fn new(mut legs: Vec<&'r CallRecord>) -> Self {
        let starts = legs.iter().filter_map(|leg| Some(leg.start_time?.seconds()));
        let latest = starts.max().unwrap_or(0);
        let dates = legs.iter().any(|leg| leg.call_date != legs.first().and_then(|l| l.call_date));
        legs.sort_by_key(|leg| {
            let start = leg.start_time.map_or(0, ozonetel_sdk::types::TimeOfDay::seconds);
            // Legs that carry the day the call began, though they began after midnight.
            let wrapped = !dates && latest > start + HALF_DAY;
            (leg.call_date, wrapped, start, leg.ucid)
        });
        Self { legs }
    }

    /// The legs, oldest first.
    pub fn legs(&self) -> &[&'r CallRecord] {
        &self.legs
    }

    /// The oldest leg.
    pub fn first(&self) -> Option<&'r CallRecord> {
        self.legs.first().copied()
    }

    /// The leg that counted: the last answered one, else the last.
    pub fn main(&self) -> Option<&'r CallRecord> {
        let answered = self.legs.iter().rev().find(|leg| leg.is_answered());
        answered.or(self.legs.last()).copied()
    }

    /// Which way it went; `None` for a type that says neither.
    pub fn direction(&self) -> Option<Direction> {
        self.legs.iter().find_map(|leg| match leg.kind.as_ref()?.kind()? {
            CallTypeKind::Inbound => Some(Direction::Inbound),
            kind if kind.is_outbound() => Some(Direction::Outbound),
            _ => None,
        })
    }

    /// How it came out, by `Status` alone: a row that was not answered may have a pick-up time all the same.
    pub fn outcome(&self) -> Option<Outcome> {
        if self.legs.iter().any(|leg| leg.is_answered()) {
            return Some(Outcome::Answered);
        }
        let missed = |leg: &&CallRecord| {
            leg.status.as_ref().is_some_and(|status| *status == CallStatusKind::NotAnswered)
        };
        self.legs.iter().any(missed).then_some(Outcome::Missed)
    }

    /// The conversation, over all legs.
    pub fn talk(&self) -> ClockDuration {
        self.legs.iter().filter(|leg| leg.is_answered()).filter_map(|leg| leg.talk_time).sum()
    }

    /// Conversation and after-call work over all legs, as long as they are finished.
    pub fn handling(&self) -> ClockDuration {
        self.legs.iter().filter(|leg| leg.is_answered()).filter_map(|leg| leg.handling_time).sum()
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

/// Phone calls of a day's rows, newest first. Rows are grouped by `CallID`; a row without one is a call of its own.
pub fn group<'r>(rows: impl IntoIterator<Item = &'r CallRecord>) -> Vec<PhoneCall<'r>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&CallRecord>> = Vec::new();
    for row in rows {
        let key = row.call_id.as_ref().map(ozonetel_sdk::types::CallId::as_str);
        let place = key.map_or(groups.len(), |key| *places.entry(key).or_insert(groups.len()));
        match groups.get_mut(place) {
            Some(legs) => legs.push(row),
            None => groups.push(vec![row]),
        }
    }
    let mut calls: Vec<PhoneCall<'_>> = groups.into_iter().map(PhoneCall::new).collect();
    calls.sort_by_key(|call| {
        let first = call.first();
        std::cmp::Reverse(first.map(|leg| (leg.call_date, leg.start_time, leg.ucid)))
    });
    calls
}
