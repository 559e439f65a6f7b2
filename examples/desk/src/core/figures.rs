//! What counts, defined once: a tally of phone calls, and the figures that each answer shows of it.
//!
//! Tallies add up: the tally of a range is the sum of those of its days, and the sum of the agents' tallies has a phone
//! call once for each agent who had a leg of it. Not here: where the calls come from, and the service's own handling
//! time, which covers the last two hours of outbound calls and no day.

use std::collections::BTreeMap;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::{AgentId, ClockDuration, Day};
use ozonetel_store::{CallLegs, Direction};
use serde::Serialize;
use utoipa::ToSchema;

/// What a call without a disposition counts as.
pub const NO_DISPOSITION: &str = "No Disposition";

/// The front end's code of a booked appointment.
pub const BOOKED: &str = "APPOINTMENT_BOOKED";

/// Phone calls by direction and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct CallCounts {
    /// All of them.
    pub total: u32,
    /// From customers.
    pub inbound: u32,
    /// To customers: Manual, Progressive, Preview, Predictive.
    pub outbound: u32,
    /// Ended for those who are counted, with a conversation.
    pub answered: u32,
    /// Ended for them, without one.
    pub missed: u32,
}

/// What the desk itself keeps of a phone call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptFacts<'k> {
    /// The front end's code of its disposition.
    pub code: Option<&'k str>,
    /// Whether an appointment that was not cancelled names it.
    pub has_appointment: bool,
}

/// Phone calls, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    calls: CallCounts,
    talk: Mean,
    handling: Mean,
    booked: u32,
    dispositions: BTreeMap<String, u32>,
}

impl Tally {
    /// Counts one phone call, given all its legs: as a whole, or what was some agents' of it. A call of which they had no
    /// leg does not count.
    pub fn add(&mut self, records: &[CallRecord], agents: Option<&[AgentId]>, kept: KeptFacts<'_>) {
        let is_mine = |leg: &&CallRecord| is_of(agents, leg.agent_id.as_ref());
        let call = CallLegs::new(records.iter().filter(is_mine));
        if call.legs().is_empty() {
            return;
        }
        self.calls.total += 1;
        match call.direction() {
            Some(Direction::Inbound) => self.calls.inbound += 1,
            Some(Direction::Outbound) => self.calls.outbound += 1,
            None => {}
        }
        match call.is_answered() {
            Some(true) => self.calls.answered += 1,
            Some(false) => self.calls.missed += 1,
            None => {}
        }
        // What goes on has no length yet, and what is not said of it may still be.
        let is_ended = call.is_ended();
        if is_ended {
            self.talk.add(call.talk());
            self.handling.add(call.handling());
        }
        let disposition = call.disposition();
        // What came of a conversation is not of those who were rung before it and had none.
        let is_theirs = call.is_answered() == Some(true)
            || CallLegs::new(records.iter()).is_answered() != Some(true);
        let kept = if is_theirs { kept } else { KeptFacts::default() };
        self.booked += u32::from(is_booked(disposition.unwrap_or(NO_DISPOSITION), kept));
        if let Some(name) = disposition.or(is_ended.then_some(NO_DISPOSITION)) {
            *self.dispositions.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Phone calls by direction and outcome.
    pub fn calls(&self) -> CallCounts {
        self.calls
    }
}

impl std::ops::AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        let CallCounts { total, inbound, outbound, answered, missed } = other.calls;
        self.calls.total += total;
        self.calls.inbound += inbound;
        self.calls.outbound += outbound;
        self.calls.answered += answered;
        self.calls.missed += missed;
        self.talk.join(other.talk);
        self.handling.join(other.handling);
        self.booked += other.booked;
        for (name, count) in &other.dispositions {
            *self.dispositions.entry(name.clone()).or_default() += count;
        }
    }
}

/// Whether an appointment came of a call: by the code that the front end gave or an appointment that names it; without
/// either, by the disposition's text.
fn is_booked(disposition: &str, kept: KeptFacts<'_>) -> bool {
    match kept.code {
        _ if kept.has_appointment => true,
        Some(code) => code.trim().eq_ignore_ascii_case(BOOKED),
        None => disposition.to_lowercase().contains("appointment"),
    }
}

/// How agents' time was spent, over all modes.
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

impl std::ops::Add for TimeUtilization {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            total_login_duration: self.total_login_duration + other.total_login_duration,
            total_busy_time: self.total_busy_time + other.total_busy_time,
            total_idle_time: self.total_idle_time + other.total_idle_time,
            total_pause_time: self.total_pause_time + other.total_pause_time,
            total_wrapup_time: self.total_wrapup_time + other.total_wrapup_time,
            total_dial_time: self.total_dial_time + other.total_dial_time,
        }
    }
}

/// Whether this is one of these agents; of all, everything is, what is no agent's too.
fn is_of(agents: Option<&[AgentId]>, id: Option<&AgentId>) -> bool {
    agents.is_none_or(|agents| {
        id.is_some_and(|id| agents.iter().any(|agent| agent.is_same_agent(id)))
    })
}

/// Sums the summary's rows: those of some agents, or all; `None` without any.
pub fn utilization<'s>(
    agents: Option<&[AgentId]>,
    summary: impl IntoIterator<Item = &'s AgentSummary>,
) -> Option<TimeUtilization> {
    let is_mine = |row: &&AgentSummary| is_of(agents, row.agent_unique_id.as_ref());
    let mut mine = summary.into_iter().filter(is_mine).peekable();
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

/// An agent's figures of one day, as the frozen route has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Performance {
    /// The day.
    #[schema(value_type = String, example = "2026-11-20")]
    pub date: Day,
    /// Phone calls, one count each however many legs they had.
    pub calls: CallCounts,
    /// Mean of the conversations, in whole seconds.
    pub avg_talk_time_sec: u64,
    /// Mean of conversation and after-call work; today the service's own figure.
    #[schema(value_type = String, example = "00:01:30")]
    pub avg_handling_time: ClockDuration,
    /// Booked appointments per hundred phone calls.
    pub conversion_rate: u64,
    /// Phone calls that an appointment came of.
    pub appointments_booked: u32,
    /// Where the time went; `None` without data.
    pub time_utilization: Option<TimeUtilization>,
    /// How often each disposition was set.
    pub dispositions: BTreeMap<String, u32>,
}

impl Performance {
    /// Of a day's tally.
    pub fn of(date: Day, tally: Tally, time_utilization: Option<TimeUtilization>) -> Self {
        let handling = u32::try_from(tally.handling.seconds()).unwrap_or(u32::MAX);
        Self {
            date,
            calls: tally.calls,
            avg_talk_time_sec: tally.talk.seconds(),
            avg_handling_time: ClockDuration::from_seconds(handling),
            conversion_rate: tally.conversion_rate(),
            appointments_booked: tally.booked,
            time_utilization,
            dispositions: tally.dispositions,
        }
    }
}

/// Figures of any range, of one agent or of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Phone calls, one count each however many legs they had.
    pub calls: CallCounts,
    /// Ended with a conversation, per hundred that ended.
    pub answer_rate: u64,
    /// Mean of the conversations, in whole seconds.
    pub talk_mean_sec: u64,
    /// Mean of conversation and after-call work, in whole seconds.
    pub handling_mean_sec: u64,
    /// Phone calls that an appointment came of.
    pub appointments_booked: u32,
    /// Those per hundred phone calls.
    pub conversion_rate: u64,
    /// How often each disposition was set.
    pub dispositions: BTreeMap<String, u32>,
}

impl From<Tally> for Figures {
    fn from(tally: Tally) -> Self {
        let CallCounts { answered, missed, .. } = tally.calls;
        Self {
            calls: tally.calls,
            answer_rate: rounded(
                u64::from(answered) * 100,
                u64::from(answered) + u64::from(missed),
            ),
            talk_mean_sec: tally.talk.seconds(),
            handling_mean_sec: tally.handling.seconds(),
            appointments_booked: tally.booked,
            conversion_rate: tally.conversion_rate(),
            dispositions: tally.dispositions,
        }
    }
}

impl Tally {
    fn conversion_rate(&self) -> u64 {
        rounded(u64::from(self.booked) * 100, self.calls.total.into())
    }
}

/// The mean of times that are not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, time: ClockDuration) {
        self.sum += u64::from(time.seconds());
        self.count += u64::from(time > ClockDuration::ZERO);
    }

    fn join(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn seconds(self) -> u64 {
        rounded(self.sum, self.count)
    }
}

/// A quotient rounded to the nearest, halves up; 0 where there is nothing to divide by.
fn rounded(number: u64, by: u64) -> u64 {
    if by == 0 { 0 } else { (number * 2 + by) / (by * 2) }
}

#[cfg(test)]
mod tests;
