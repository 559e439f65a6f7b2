//! The reports: call detail rows, abandoned calls, agent state summary, average handling time. All
//! are computed from the same calls and agents.

mod cdr;

use serde_json::{Value, json};

use super::agents::Agents;
use super::calls::{Calls, Direction};
use super::context::Context;
use super::setup::AgentMode;
use super::time::clock_text;

pub(crate) use cdr::CdrRow;
pub use cdr::{CdrQuery, DEFAULT_PAGE};

/// Which unanswered calls are asked for; seconds since the epoch, both ends included.
#[derive(Clone, Debug)]
pub struct AbandonedQuery {
    /// Earliest start.
    pub from: i64,
    /// Latest start.
    pub to: i64,
    /// Campaign name.
    pub campaign: Option<String>,
}

/// Which rows of the agent state summary are asked for.
#[derive(Clone, Debug)]
pub struct SummaryQuery {
    /// A second of the first day.
    pub from: i64,
    /// A second of the last day.
    pub to: i64,
    /// Login ids; empty for all.
    pub agents: Vec<String>,
    /// Modes; empty for all.
    pub modes: Vec<AgentMode>,
}

/// Whose handling time is asked for.
#[derive(Clone, Debug)]
pub enum AhtOf {
    /// An agent, by login id.
    Agent(String),
    /// A campaign, by name.
    Campaign(String),
}

/// The average covers calls that ended so many seconds ago at most.
const AHT_WINDOW_S: i64 = 2 * 3600;

/// What the account's calls and agents come to, as of now.
#[derive(Clone, Copy, Debug)]
pub struct Reports<'a> {
    cx: &'a Context,
    calls: &'a Calls,
    agents: &'a Agents,
}

impl<'a> Reports<'a> {
    pub(super) fn new(cx: &'a Context, calls: &'a Calls, agents: &'a Agents) -> Self {
        Self { cx, calls, agents }
    }

    /// Calls that ended without a conversation, newest first.
    pub fn abandoned(&self, query: &AbandonedQuery) -> Vec<Value> {
        self.calls
            .iter()
            .rev()
            .filter(|c| !c.live() && !c.answered())
            .filter(|c| (query.from..=query.to).contains(&c.started.second()))
            .filter(|c| query.campaign.as_ref().is_none_or(|name| *name == c.campaign))
            .map(|c| {
                let agent = c.agent().and_then(|id| self.agents.get(id));
                json!({
                    "monitorUCID": c.monitor,
                    "type": c.direction.type_word(),
                    "status": "NotAnswered",
                    "campaign": c.campaign,
                    "callerID": c.caller,
                    "did": c.did,
                    "skillID": "",
                    "skill": c.skill,
                    "agentID": agent.map_or_else(String::new, |a| a.setup.number.to_string()),
                    "agent": agent.map_or("", |a| &a.setup.id),
                    "hangupBy": c.legs.last().map_or("", |l| l.hangup_by),
                    "callTime": self.cx.zone().date_time(c.started.second()),
                })
            })
            .collect()
    }

    /// One row per agent, day and mode.
    pub fn agent_summary(&self, query: &SummaryQuery) -> Vec<Value> {
        let (zone, now) = (self.cx.zone(), self.cx.second());
        let days = zone.day(query.from)..=zone.day(query.to);
        let wanted = |id: &String| query.agents.is_empty() || query.agents.iter().any(|a| a == id);
        let mut rows = Vec::new();
        for agent in self.agents.iter().filter(|a| wanted(&a.setup.id)) {
            for ((day, mode), totals) in agent.totals(now, zone) {
                let of_mode = query.modes.is_empty() || query.modes.contains(&mode);
                if !of_mode || !days.contains(&day) {
                    continue;
                }
                rows.push(json!({
                    "AgentIncrID": agent.setup.number.to_string(),
                    "AgentName": agent.setup.name,
                    "AgentUniqueID": agent.setup.id,
                    "CallDate": day.to_string(),
                    "ModeType": mode.word(),
                    "TotalBusyTime": clock_text(totals.busy),
                    "TotalDialTime": clock_text(totals.dial),
                    "TotalIdleTime": clock_text(totals.idle),
                    "TotalLoginDuration": clock_text(totals.login),
                    "TotalPauseTime": clock_text(totals.pause),
                    "TotalWrapupTime": clock_text(totals.wrap_up),
                }));
            }
        }
        rows
    }

    /// The mean handling time in whole seconds of answered outbound calls whose handling ended in
    /// the last two hours; zero without any.
    pub fn aht_s(&self, of: &AhtOf) -> i64 {
        let now = self.cx.second();
        let mut sum = 0;
        let mut count = 0;
        for call in self.calls.iter().filter(|c| c.direction == Direction::Outbound) {
            let wanted = |agent: Option<&str>| match of {
                AhtOf::Agent(id) => agent == Some(id),
                AhtOf::Campaign(name) => call.campaign == *name,
            };
            for leg in call.legs.iter().filter(|l| l.answered() && wanted(l.agent.as_deref())) {
                let recent = leg.ended.is_some_and(|end| now - end <= AHT_WINDOW_S);
                if let Some(handling) = leg.handling_s().filter(|_| recent) {
                    sum += handling;
                    count += 1;
                }
            }
        }
        if count == 0 { 0 } else { (sum + count / 2) / count }
    }
}
