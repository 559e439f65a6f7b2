//! `cdr stats`: what the calls of a range come to.

mod page;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use ozonetel_sdk::cdr::sync::Gap;
use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::Day;
use ozonetel_store::{CallLegs, CallQuery};
use serde::Serialize;

use super::coverage::RangeCoverage;
use super::place::{RangeFlags, StoreFlag, failure};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output::{self, Format, written};
use crate::part_file::{self, PartFile};

/// Counts the phone calls of a range in the store: answer rate by hour, outcomes, agents. Asks the service nothing. Of a
/// range of which no day was read nothing is said, and the exit code is 2.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    #[command(flatten)]
    store: StoreFlag,
    #[command(flatten)]
    range: RangeFlags,
    /// Writes a page that needs nothing else: no script, no other file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Phone calls, counted once each; what has not ended is neither answered nor missed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct CallStats {
    from: String,
    to: String,
    calls: u64,
    answered: u64,
    missed: u64,
    answer_percent: Option<u64>,
    hours: Vec<HourStats>,
    outcomes: BTreeMap<String, u64>,
    agents: Vec<AgentStats>,
    days_never_read: Vec<String>,
    /// Days that are over, and of which later calls are not counted.
    days_in_part: Vec<String>,
    /// When today was last read, if it is in the range.
    as_of: Option<String>,
    /// Rows that cannot be parsed as last sent: they count as they were before, or not at all.
    unread: u64,
    gaps: Vec<Gap>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
struct HourStats {
    hour: u32,
    calls: u64,
    answered: u64,
    missed: u64,
    answer_percent: Option<u64>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
struct AgentStats {
    agent: String,
    calls: u64,
    answered: u64,
    talk_s: u64,
}

impl CallStats {
    /// How many calls there were.
    fn told_calls(&self) -> String {
        if self.calls == 1 { "1 call".to_owned() } else { format!("{} calls", self.calls) }
    }

    /// How many of them have not ended, if there are any.
    fn told_open(&self) -> String {
        match self.outcomes.get(CallOutcomeKind::InProgress.as_str()) {
            Some(open) => format!(", {open} not ended"),
            None => String::new(),
        }
    }
}

impl CallStats {
    /// Takes over what is known of the days.
    fn take(&mut self, coverage: &RangeCoverage) {
        self.days_never_read = coverage.never_read.iter().map(Day::to_string).collect();
        self.days_in_part = coverage.in_part.iter().map(|part| part.day.to_string()).collect();
        self.as_of = coverage.today.map(|today| today.at.to_string());
        self.gaps.clone_from(&coverage.gaps);
    }

    /// What is said of rows that cannot be parsed.
    fn told_unread(&self) -> Option<String> {
        let rows = match self.unread {
            0 => return None,
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        Some(format!("{rows} cannot be parsed as last sent: counted as before, or not at all"))
    }
}

/// Calls on their way to statistics.
#[derive(Debug, Default)]
struct Counter {
    stats: CallStats,
    hours: BTreeMap<u32, HourStats>,
    agents: BTreeMap<String, AgentStats>,
}

impl Counter {
    /// Adds a phone call.
    fn add(&mut self, call: &CallLegs<'_>) {
        let answered = call.is_answered();
        let (yes, no) = (u64::from(answered == Some(true)), u64::from(answered == Some(false)));
        self.stats.calls += 1;
        self.stats.answered += yes;
        self.stats.missed += no;
        // A leg may be over and the call not: a caller who was transferred goes on talking.
        let outcome = if call.is_ended() { call.outcome() } else { CallOutcomeKind::InProgress };
        *self.stats.outcomes.entry(outcome.as_str().to_owned()).or_default() += 1;
        if let Some(start) = call.first().and_then(|leg| leg.start_time) {
            let hour = start.seconds() / 3600;
            let entry = self.hours.entry(hour).or_default();
            entry.hour = hour;
            entry.calls += 1;
            entry.answered += yes;
            entry.missed += no;
        }
        let mut mine: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for leg in call.legs() {
            if let Some((key, id)) = leg.agent_id.as_ref().and_then(|id| Some((id.key()?, id))) {
                let entry = self.agents.entry(key.clone()).or_default();
                id.as_str().clone_into(&mut entry.agent);
                mine.entry(key).or_default().push(*leg);
            }
        }
        for (key, legs) in mine {
            let legs = CallLegs::new(legs);
            if let Some(entry) = self.agents.get_mut(&key) {
                entry.calls += 1;
                entry.answered += u64::from(call.is_ended() && legs.is_answered() == Some(true));
                entry.talk_s += u64::from(legs.talk().seconds());
            }
        }
    }

    fn finish(self, from: Day, to: Day) -> CallStats {
        let percent = |answered: u64, missed: u64| {
            let ended = answered + missed;
            (ended > 0).then(|| (answered * 200 + ended) / (ended * 2))
        };
        let mut stats = self.stats;
        (stats.from, stats.to) = (from.to_string(), to.to_string());
        stats.answer_percent = percent(stats.answered, stats.missed);
        stats.hours = self.hours.into_values().collect();
        for hour in &mut stats.hours {
            hour.answer_percent = percent(hour.answered, hour.missed);
        }
        stats.agents = self.agents.into_values().collect();
        stats.agents.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.agent.cmp(&b.agent)));
        stats
    }
}

impl Stats {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (from, to) = self.range.days(context)?;
        if let Some(path) = &self.html {
            part_file::check(path).map_err(|error| cannot_be_written(path, &error))?;
        }
        let store = self.store.open_there(context).await?;
        let coverage = RangeCoverage::of(context, &store, (from, to));
        let coverage = context.until_stopped(coverage).await?;
        coverage.note();
        if coverage.is_empty() {
            let sync = format!("ozonetel cdr sync{}", self.store.again());
            return Err(Failure::usage("the store has none of these days")
                .advise(&format!("`{sync}` copies what the service still has")));
        }
        let mut calls = store.stream(CallQuery::days(from, to));
        let mut counter = Counter::default();
        loop {
            let next = async { calls.try_next().await.map_err(failure) };
            let Some(call) = context.until_stopped(next).await? else { break };
            let records = call.records().map_err(failure)?;
            counter.stats.unread += u64::try_from(call.unread()).unwrap_or(u64::MAX);
            if !records.is_empty() {
                counter.add(&CallLegs::new(&records));
            }
        }
        let mut stats = counter.finish(from, to);
        stats.take(&coverage);
        if let Some(unread) = stats.told_unread() {
            note(&unread);
        }
        let completion =
            if stats.unread == 0 { coverage.completion() } else { Completion::BadRows };
        if let Some(path) = &self.html {
            let account = context.environment.account.as_deref().unwrap_or_default();
            PartFile::write(path, page::drawn(&stats, account).as_bytes())
                .map_err(|error| cannot_be_written(path, &error))?;
        }
        if context.output.format != Format::Table {
            output::one(context.output, &stats)?;
            return Ok(completion);
        }
        let mut out = io::stdout().lock();
        written(out.write_all(drawn(&stats).as_bytes()).and_then(|()| out.flush()))?;
        Ok(completion)
    }
}

fn cannot_be_written(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

/// How long a bar is at most.
const BAR: u64 = 30;

/// A bar for a part of a whole; what is not nothing is seen.
fn bar(part: u64, whole: u64) -> String {
    let length = if whole == 0 { 0 } else { (part * BAR).div_ceil(whole) };
    "█".repeat(usize::try_from(length).unwrap_or_default())
}

/// For the terminal.
fn drawn(stats: &CallStats) -> String {
    let mut out = String::new();
    let percent = |percent: Option<u64>| percent.map_or("–".to_owned(), |n| format!("{n} %"));
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{} to {}: {}, {} answered, {} missed{}, answer rate {}",
        stats.from,
        stats.to,
        stats.told_calls(),
        stats.answered,
        stats.missed,
        stats.told_open(),
        percent(stats.answer_percent)
    );
    if stats.calls == 0 {
        return out;
    }
    let _ = writeln!(out, "\nhour   calls  answered");
    let most = stats.hours.iter().map(|hour| hour.calls).max().unwrap_or_default();
    for hour in &stats.hours {
        let rate = percent(hour.answer_percent);
        let bar = bar(hour.calls, most);
        let _ = writeln!(out, "{:02}:00  {:>5}  {rate:>8}  {bar}", hour.hour, hour.calls);
    }
    let _ = writeln!(out, "\noutcome");
    let mut outcomes: Vec<(&String, &u64)> = stats.outcomes.iter().collect();
    outcomes.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    for (outcome, calls) in outcomes {
        let _ = writeln!(out, "{outcome:<20}  {calls:>5}  {}", bar(*calls, stats.calls));
    }
    let _ = writeln!(out, "\nagent                 calls  answered  talk");
    for agent in &stats.agents {
        let name = crate::mask::printable(&agent.agent);
        let talk = format!(
            "{}:{:02}:{:02}",
            agent.talk_s / 3600,
            agent.talk_s / 60 % 60,
            agent.talk_s % 60
        );
        let _ = writeln!(out, "{name:<20}  {:>5}  {:>8}  {talk}", agent.calls, agent.answered);
    }
    out
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::cdr::CallRecord;
    use serde_json::json;

    use super::*;

    fn counted(rows: &[serde_json::Value]) -> CallStats {
        let rows: Vec<CallRecord> =
            rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
        let mut counter = Counter::default();
        for call in CallLegs::group(&rows) {
            counter.add(&call);
        }
        let day: Day = "2026-11-20".parse().unwrap();
        counter.finish(day, day)
    }

    #[test]
    fn calls_are_counted_once_and_agents_by_their_legs() {
        let leg = |call: u32, agent: &str, start: &str, status: &str, hangup: &str| {
            json!({"CallID": call, "UCID": format!("{call}{}", agent.len()), "AgentID": agent, "StartTime": start,
                "Type": "InBound", "Status": status, "Event": "AgentDial", "HangupBy": hangup, "TalkTime": "00:01:00"})
        };
        let stats = counted(&[
            leg(1, "agent01", "10:00:00", "Answered", "UserHangup"),
            leg(1, "agent2", "10:05:00", "Answered", "UserHangup"),
            leg(2, "Agent01", "10:30:00", "Unanswered", "UserHangup"),
            leg(3, "agent01", "11:00:00", "Answered", ""),
        ]);
        assert_eq!((stats.calls, stats.answered, stats.missed), (3, 1, 1));
        assert_eq!(stats.answer_percent, Some(50));
        let hours: Vec<_> =
            stats.hours.iter().map(|h| (h.hour, h.calls, h.answer_percent)).collect();
        assert_eq!(hours, [(10, 2, Some(50)), (11, 1, None)]);
        let agents: Vec<_> = stats.agents.iter().map(|a| (a.calls, a.answered, a.talk_s)).collect();
        assert_eq!(agents, [(3, 1, 120), (1, 1, 60)]);
        assert_eq!(stats.outcomes["in_progress"], 1);
        let text = drawn(&stats);
        assert!(text.contains("10:00      2      50 %"), "{text}");
        assert!(text.contains(": 3 calls, 1 answered, 1 missed, 1 not ended, answer"), "{text}");
    }

    #[test]
    fn a_call_that_goes_on_after_its_transfer_has_no_outcome_yet() {
        let leg = |ucid: u32, agent: Option<&str>, hangup: &str| {
            json!({"CallID": 1, "UCID": ucid, "AgentID": agent, "StartTime": "10:00:00", "Type": "Manual",
                "Status": "Answered", "Event": "AgentDial", "HangupBy": hangup, "TalkTime": "00:01:00"})
        };
        let stats = counted(&[leg(1, Some("agent01"), "AgentHangup"), leg(2, None, "")]);
        assert_eq!(stats.outcomes, BTreeMap::from([("in_progress".to_owned(), 1)]));
        let text = drawn(&stats);
        let first =
            "2026-11-20 to 2026-11-20: 1 call, 0 answered, 0 missed, 1 not ended, answer rate –\n";
        assert!(text.starts_with(first), "{text}");
    }

    #[test]
    fn bars_are_as_long_as_their_part_and_never_longer() {
        assert_eq!(
            (bar(0, 9), bar(1, 1000).chars().count(), bar(9, 9).chars().count()),
            (String::new(), 1, 30)
        );
        assert_eq!(bar(0, 0), "");
    }
}
