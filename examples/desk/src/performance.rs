//! An agent's figures of a day: a pure function over rows.
//!
//! Not here: where the rows come from, and the service's own handling time, which covers the last two hours of
//! outbound calls and no day.

use std::collections::BTreeMap;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::AgentId;
use ozonetel_sdk::types::{ClockDuration, Day};
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::call::Direction;
use crate::phone_call::{self, Outcome};

/// What a call without a disposition counts as.
pub const NO_DISPOSITION: &str = "No Disposition";

/// Phone calls by direction and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Calls {
    /// All of them.
    pub total: u32,
    /// From customers.
    pub inbound: u32,
    /// To customers: Manual, Progressive, Preview, Predictive.
    pub outbound: u32,
    /// With a conversation.
    pub answered: u32,
    /// Without one.
    pub missed: u32,
}

/// How an agent's day was spent, over all modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimeUtilization {
    /// Logged in.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_login_duration: ClockDuration,
    /// In calls.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_busy_time: ClockDuration,
    /// Waiting for calls.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_idle_time: ClockDuration,
    /// Paused.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_pause_time: ClockDuration,
    /// In after-call work.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_wrapup_time: ClockDuration,
    /// Dialing.
    #[schema(value_type = String, example = "00:01:30")]
    pub total_dial_time: ClockDuration,
}

/// An agent's figures of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Performance {
    /// The day.
    #[schema(value_type = String, example = "2026-11-20")]
    pub date: Day,
    /// Phone calls, one count each however many legs they had.
    pub calls: Calls,
    /// Mean of the conversations, in whole seconds.
    pub avg_talk_time_sec: u64,
    /// Mean of conversation and after-call work.
    #[schema(value_type = String, example = "00:01:30")]
    pub avg_handling_time: ClockDuration,
    /// Booked appointments per hundred phone calls.
    pub conversion_rate: u64,
    /// Dispositions that speak of an appointment.
    pub appointments_booked: u32,
    /// Where the time went; `None` without data.
    pub time_utilization: Option<TimeUtilization>,
    /// How often each disposition was set.
    pub dispositions: BTreeMap<String, u32>,
}

/// The figures of one agent from a day's rows and the day's summary.
pub fn figures(
    day: Day,
    agent: &AgentId,
    rows: &[CallRecord],
    summary: &[AgentSummary],
) -> Performance {
    let mine =
        rows.iter().filter(|row| row.agent_id.as_ref().is_some_and(|id| id.is_same_agent(agent)));
    let phone_calls = phone_call::group(mine);
    let mut calls = Calls::default();
    let mut dispositions: BTreeMap<String, u32> = BTreeMap::new();
    let (mut talks, mut handlings) = (Mean::default(), Mean::default());
    let mut appointments_booked = 0;
    for call in &phone_calls {
        calls.total += 1;
        match call.direction() {
            Some(Direction::Inbound) => calls.inbound += 1,
            Some(Direction::Outbound) => calls.outbound += 1,
            None => {}
        }
        match call.outcome() {
            Some(Outcome::Answered) => calls.answered += 1,
            Some(Outcome::Missed) => calls.missed += 1,
            None => {}
        }
        talks.add(call.talk());
        handlings.add(call.handling());
        let disposition = call.disposition().unwrap_or(NO_DISPOSITION);
        appointments_booked += u32::from(disposition.to_lowercase().contains("appointment"));
        *dispositions.entry(disposition.to_owned()).or_default() += 1;
    }
    Performance {
        date: day,
        calls,
        avg_talk_time_sec: talks.seconds(),
        avg_handling_time: ClockDuration::from_seconds(
            u32::try_from(handlings.seconds()).unwrap_or(u32::MAX),
        ),
        conversion_rate: rounded(u64::from(appointments_booked) * 100, calls.total.into()),
        appointments_booked,
        time_utilization: utilization(agent, summary),
        dispositions,
    }
}

fn utilization(agent: &AgentId, summary: &[AgentSummary]) -> Option<TimeUtilization> {
    let of_agent = |row: &&AgentSummary| {
        row.agent_unique_id.as_ref().is_some_and(|id| id.is_same_agent(agent))
    };
    let mut mine = summary.iter().filter(of_agent).peekable();
    mine.peek()?;
    let add = |to: &mut ClockDuration, part: Option<ClockDuration>| {
        *to = *to + part.unwrap_or(ClockDuration::ZERO);
    };
    Some(mine.fold(TimeUtilization::default(), |mut sum, row| {
        add(&mut sum.total_login_duration, row.total_login_duration);
        add(&mut sum.total_busy_time, row.total_busy_time);
        add(&mut sum.total_idle_time, row.total_idle_time);
        add(&mut sum.total_pause_time, row.total_pause_time);
        add(&mut sum.total_wrapup_time, row.total_wrapup_time);
        add(&mut sum.total_dial_time, row.total_dial_time);
        sum
    }))
}

/// The mean of times that are not zero.
#[derive(Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, time: ClockDuration) {
        self.sum += u64::from(time.seconds());
        self.count += u64::from(time > ClockDuration::ZERO);
    }

    fn seconds(&self) -> u64 {
        rounded(self.sum, self.count)
    }
}

/// A quotient rounded to the nearest, halves up; 0 where there is nothing to divide by.
fn rounded(number: u64, by: u64) -> u64 {
    if by == 0 { 0 } else { (number * 2 + by) / (by * 2) }
}

#[cfg(test)]
mod tests;
