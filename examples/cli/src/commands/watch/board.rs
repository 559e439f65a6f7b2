//! What the wallboard shows: agents, live calls, today's figures. Pure: changes in, rows out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use ozonetel_sdk::mdl::{AgentStatus, AgentStatusKind};
use serde::Serialize;

/// Calls that ended and are remembered for the figures, at most.
const REMEMBERED: usize = 200_000;

/// Agents and calls that are shown, at most: more than any account has, and no more than fit into memory, for without a
/// secret anyone may send events.
const MOST_AGENTS: usize = 10_000;
const MOST_CALLS: usize = 10_000;

/// What an agent is doing, in the order in which a supervisor looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AgentGroup {
    OnCall,
    WrapUp,
    Ready,
    Paused,
    Idle,
    /// A word that no source explains.
    Unknown,
    LoggedOut,
}

impl AgentGroup {
    /// What a word of the service means.
    pub(super) fn of(word: &str) -> Self {
        match AgentStatus::from(word).kind() {
            Some(AgentStatusKind::Calling | AgentStatusKind::InCall | AgentStatusKind::Busy) => {
                Self::OnCall
            }
            Some(AgentStatusKind::WrapUp) => Self::WrapUp,
            Some(AgentStatusKind::Ready | AgentStatusKind::Released) => Self::Ready,
            Some(AgentStatusKind::Paused | AgentStatusKind::Aux) => Self::Paused,
            Some(AgentStatusKind::Idle | AgentStatusKind::LoggedIn) => Self::Idle,
            Some(AgentStatusKind::LoggedOut) => Self::LoggedOut,
            _ if word.eq_ignore_ascii_case("LOGGED_OUT") => Self::LoggedOut,
            _ => Self::Unknown,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::OnCall => "on a call",
            Self::WrapUp => "wrap-up",
            Self::Ready => "ready",
            Self::Paused => "paused",
            Self::Idle => "idle",
            Self::Unknown => "unknown",
            Self::LoggedOut => "logged out",
        }
    }
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallStage {
    /// In the queue.
    Waiting,
    Ringing,
    Talking,
    WrapUp,
    Ended,
}

impl CallStage {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::WrapUp => "wrap-up",
            Self::Ended => "ended",
        }
    }
}

/// What a source says of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AgentNews {
    pub(super) agent: String,
    /// The service's word, as received.
    pub(super) word: String,
    pub(super) reason: Option<String>,
    /// Since when, where the source says.
    pub(super) since: Option<Timestamp>,
    /// When it happened, where news may arrive late or twice: what is older than what is known says nothing.
    #[serde(skip)]
    pub(super) at: Option<Timestamp>,
}

/// What a source says of a call. Numbers are shortened already, unless they are to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CallNews {
    pub(super) id: String,
    pub(super) stage: CallStage,
    pub(super) caller: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) since: Option<Timestamp>,
    /// Whether it was answered, where that is known by now.
    pub(super) answered: Option<bool>,
    /// As an agent's.
    #[serde(skip)]
    pub(super) at: Option<Timestamp>,
}

/// Something that a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Everything there is: what is not in it is gone.
    Everything {
        agents: Vec<AgentNews>,
        calls: Vec<CallNews>,
    },
    Agent(AgentNews),
    Call(CallNews),
    /// There is no such call any more: it is part of another one.
    Gone(String),
    /// Events are lossy: calls that were not heard of for so long have ended.
    Silent(SignedDuration),
    /// The source is there.
    Up,
    /// The source is not there, and why: what is shown is of before.
    Down(String),
}

/// An agent's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AgentRow {
    pub(super) agent: String,
    pub(super) word: String,
    pub(super) group: AgentGroup,
    pub(super) reason: Option<String>,
    pub(super) since: Timestamp,
    at: Option<Timestamp>,
}

/// A call's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallRow {
    pub(super) news: CallNews,
    pub(super) since: Timestamp,
    /// When it was last heard of.
    heard: Timestamp,
}

/// A call that has ended.
#[derive(Debug, Clone, Copy)]
struct EndedCall {
    answered: Option<bool>,
    at: Option<Timestamp>,
}

/// Figures of the calls that were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    pub(super) calls: usize,
    pub(super) answered: usize,
    pub(super) missed: usize,
    pub(super) waiting: usize,
    pub(super) talking: usize,
}

/// Everything that is shown. The order of the lines is kept up to date with each change, so that a picture costs what is
/// on it and not what there is.
#[derive(Debug)]
pub(super) struct Board {
    agents: BTreeMap<String, AgentRow>,
    /// Those who are logged in: by what they do, those who have done it longest first.
    agent_order: BTreeSet<(AgentGroup, Timestamp, String)>,
    calls: BTreeMap<String, CallRow>,
    /// Those that wait first, the longest first.
    call_order: BTreeSet<(CallStage, Timestamp, String)>,
    /// Calls that have ended.
    ended: BTreeMap<String, EndedCall>,
    /// How many of them were answered, and how many were not.
    ended_answered: usize,
    ended_missed: usize,
    /// Why the source is not there.
    pub(super) down: Option<String>,
    /// When the source was last heard of.
    pub(super) heard: Option<Timestamp>,
    pub(super) began: Timestamp,
}

impl Board {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            agents: BTreeMap::new(),
            agent_order: BTreeSet::new(),
            calls: BTreeMap::new(),
            call_order: BTreeSet::new(),
            ended: BTreeMap::new(),
            ended_answered: 0,
            ended_missed: 0,
            down: Some("nothing was heard yet".to_owned()),
            heard: None,
            began: now,
        }
    }

    /// Takes a change, and returns what is new as sentences.
    pub(super) fn apply(&mut self, change: Change, now: Timestamp) -> Vec<String> {
        let mut told = Vec::new();
        if let Change::Down(reason) = change {
            if self.down.as_ref() != Some(&reason) {
                told.push(format!("the source is not there: {reason}"));
            }
            self.down = Some(reason);
            return told;
        }
        if let Change::Silent(silent) = change {
            return self.forget_silent(silent, now);
        }
        if self.down.take().is_some() && self.heard.is_some() {
            told.push("the source is back".to_owned());
        }
        self.heard = Some(now);
        match change {
            Change::Everything { agents, calls } => {
                let there: HashSet<&str> = agents.iter().map(|news| news.agent.as_str()).collect();
                let gone = self.agents.keys().filter(|known| !there.contains(known.as_str()));
                for agent in gone.cloned().collect::<Vec<_>>() {
                    told.push(format!("{agent} is gone"));
                    self.remove_agent(&agent);
                }
                let there: HashSet<&str> = calls.iter().map(|news| news.id.as_str()).collect();
                let gone = self.calls.keys().filter(|known| !there.contains(known.as_str()));
                let gone: Vec<String> = gone.cloned().collect();
                for call in gone {
                    self.end(&call, None, None);
                    told.push(format!("call {call} is over"));
                }
                for news in agents {
                    told.extend(self.agent(news, now));
                }
                for mut news in calls {
                    // What is there has not ended, whatever was said before.
                    if news.stage != CallStage::Ended {
                        self.reopen(&mut news);
                    }
                    told.extend(self.call(news, now));
                }
            }
            Change::Agent(news) => told.extend(self.agent(news, now)),
            Change::Call(news) => told.extend(self.call(news, now)),
            Change::Gone(call) => {
                let was_known = self.remove_call(&call).is_some();
                let was_ended = self.forget_ended(&call).is_some();
                if was_known || was_ended {
                    told.push(format!("call {call} is part of another"));
                }
            }
            Change::Up | Change::Down(_) | Change::Silent(_) => {}
        }
        told
    }

    fn agent(&mut self, news: AgentNews, now: Timestamp) -> Option<String> {
        let known = self.agents.get(&news.agent);
        if is_late(news.at, known.and_then(|known| known.at)) {
            return None;
        }
        if known.is_none() && !self.has_room_for_an_agent() {
            return None;
        }
        let known = self.agents.get(&news.agent);
        let is_same =
            known.is_some_and(|known| known.word == news.word && known.reason == news.reason);
        let since = match (news.since, known) {
            (Some(since), _) => since,
            (None, Some(known)) if is_same => known.since,
            _ => now,
        };
        let group = AgentGroup::of(&news.word);
        let AgentNews { agent, word, reason, at, .. } = news;
        let text = match &reason {
            Some(reason) if !reason.is_empty() => {
                format!("{agent} is {} ({reason})", group.word())
            }
            _ if group == AgentGroup::Unknown => format!("{agent} is {word}"),
            _ => format!("{agent} is {}", group.word()),
        };
        self.remove_agent(&agent);
        if group != AgentGroup::LoggedOut {
            self.agent_order.insert((group, since, agent.clone()));
        }
        self.agents.insert(agent.clone(), AgentRow { agent, word, group, reason, since, at });
        (!is_same).then_some(text)
    }

    /// Whether another agent can be shown; one who has logged out makes room.
    fn has_room_for_an_agent(&mut self) -> bool {
        if self.agents.len() < MOST_AGENTS {
            return true;
        }
        let mut rows = self.agents.values();
        let left = rows.find(|row| row.group == AgentGroup::LoggedOut).map(|row| row.agent.clone());
        left.is_some_and(|agent| self.agents.remove(&agent).is_some())
    }

    fn remove_agent(&mut self, agent: &str) {
        if let Some(row) = self.agents.remove(agent) {
            self.agent_order.remove(&(row.group, row.since, row.agent));
        }
    }

    fn remove_call(&mut self, id: &str) -> Option<CallNews> {
        let CallRow { news, since, .. } = self.calls.remove(id)?;
        self.call_order.remove(&(news.stage, since, news.id.clone()));
        Some(news)
    }

    fn call(&mut self, mut news: CallNews, now: Timestamp) -> Option<String> {
        if news.stage == CallStage::Ended {
            let was_known = self.calls.contains_key(&news.id);
            let is_new = !self.ended.contains_key(&news.id);
            self.end(&news.id, news.answered, news.at);
            return (was_known || is_new && news.answered == Some(false))
                .then(|| format!("call {} is over", news.id));
        }
        if let Some(ended) = self.ended.get(&news.id) {
            // Late, or told twice: it is over. What came after that, or by a source that tells in order, is of its next leg.
            if ended.at.is_some_and(|over| news.at.is_none_or(|at| at <= over)) {
                return None;
            }
            self.reopen(&mut news);
        }
        let known = self.calls.get(&news.id);
        let is_before = |known: &CallRow| {
            let same_second = news.at.is_some() && news.at == known.news.at;
            is_late(news.at, known.news.at) || (same_second && news.stage < known.news.stage)
        };
        if known.is_some_and(is_before) {
            return None;
        }
        let is_same = known
            .is_some_and(|known| known.news.stage == news.stage && known.news.agent == news.agent);
        let since = match (news.since, known) {
            (Some(since), _) => since,
            (None, Some(known)) if known.news.stage == news.stage => known.since,
            _ => now,
        };
        if let Some(known) = known {
            // Later news may say less.
            news.caller = news.caller.or_else(|| known.news.caller.clone());
            news.agent = news.agent.or_else(|| known.news.agent.clone());
            news.campaign = news.campaign.or_else(|| known.news.campaign.clone());
            news.answered = news.answered.or(known.news.answered);
        }
        if news.stage == CallStage::Talking {
            news.answered = Some(true);
        }
        let with = news.agent.as_ref().map_or_else(String::new, |agent| format!(" with {agent}"));
        let text = format!("call {} is {}{with}", news.id, news.stage.word());
        if self.remove_call(&news.id).is_none() && self.calls.len() >= MOST_CALLS {
            self.end_most_silent();
        }
        self.call_order.insert((news.stage, since, news.id.clone()));
        self.calls.insert(news.id.clone(), CallRow { news, since, heard: now });
        (!is_same).then_some(text)
    }

    /// Ends a call. One that was answered stays that, whatever its end is called.
    fn end(&mut self, id: &str, answered: Option<bool>, at: Option<Timestamp>) {
        let known = self.remove_call(id).and_then(|news| news.answered);
        let before = self.forget_ended(id);
        if self.ended.len() >= REMEMBERED
            && let Some((_, forgotten)) = self.ended.pop_first()
        {
            self.count_ended(forgotten.answered, false);
        }
        let said = [answered, before.and_then(|before| before.answered), known];
        let answered = said.into_iter().flatten().reduce(|one, other| one || other);
        self.count_ended(answered, true);
        let at = at.max(before.and_then(|before| before.at));
        self.ended.insert(id.to_owned(), EndedCall { answered, at });
    }

    /// Takes a call that goes on out of those that have ended; that it was answered stays known.
    fn reopen(&mut self, news: &mut CallNews) {
        if let Some(before) = self.forget_ended(&news.id) {
            news.answered = news.answered.or(before.answered);
        }
    }

    /// Counts a call that had ended out.
    fn forget_ended(&mut self, id: &str) -> Option<EndedCall> {
        let ended = self.ended.remove(id)?;
        self.count_ended(ended.answered, false);
        Some(ended)
    }

    /// Ends calls that were not heard of for so long: the news of their end was lost.
    fn forget_silent(&mut self, silent: SignedDuration, now: Timestamp) -> Vec<String> {
        let is_silent = |row: &&CallRow| now.duration_since(row.heard) >= silent;
        let rows = self.calls.values().filter(is_silent);
        let silent: Vec<(String, Option<Timestamp>)> =
            rows.map(|row| (row.news.id.clone(), row.news.at)).collect();
        let mut told = Vec::new();
        for (call, at) in silent {
            self.end(&call, None, at);
            told.push(format!("call {call} was not heard of any more"));
        }
        told
    }

    /// Ends the call that was not heard of for longest, so that another one can be shown.
    fn end_most_silent(&mut self) {
        let row = self.calls.values().min_by_key(|row| row.heard);
        if let Some((call, at)) = row.map(|row| (row.news.id.clone(), row.news.at)) {
            self.end(&call, None, at);
        }
    }

    /// Counts an ended call in, or out again.
    fn count_ended(&mut self, answered: Option<bool>, is_in: bool) {
        let count = match answered {
            Some(true) => &mut self.ended_answered,
            Some(false) => &mut self.ended_missed,
            None => return,
        };
        *count = if is_in { *count + 1 } else { count.saturating_sub(1) };
    }

    /// How many agents are logged in.
    pub(super) fn agent_count(&self) -> usize {
        self.agent_order.len()
    }

    /// Agents who are logged in: by what they do, those who have done it longest first.
    pub(super) fn agents(&self) -> impl Iterator<Item = &AgentRow> {
        self.agent_order.iter().filter_map(|(_, _, agent)| self.agents.get(agent))
    }

    /// How many calls are going on.
    pub(super) fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// Calls that are going on: those that wait first, the longest first.
    pub(super) fn calls(&self) -> impl Iterator<Item = &CallRow> {
        self.call_order.iter().filter_map(|(_, _, id)| self.calls.get(id))
    }

    /// How many agents are in each group, the largest first.
    pub(super) fn groups(&self) -> Vec<(AgentGroup, usize)> {
        let mut counts: Vec<(AgentGroup, usize)> = Vec::new();
        for (group, ..) in &self.agent_order {
            match counts.last_mut() {
                Some((last, count)) if last == group => *count += 1,
                _ => counts.push((*group, 1)),
            }
        }
        counts.sort_by_key(|(group, count)| (Reverse(*count), *group));
        counts
    }

    pub(super) fn figures(&self) -> Figures {
        let (mut waiting, mut talking, mut wrapping) = (0, 0, 0);
        for row in self.calls.values() {
            match row.news.stage {
                CallStage::Waiting => waiting += 1,
                CallStage::Talking => talking += 1,
                CallStage::WrapUp if row.news.answered == Some(true) => wrapping += 1,
                _ => {}
            }
        }
        Figures {
            calls: self.calls.len() + self.ended.len(),
            answered: self.ended_answered + talking + wrapping,
            missed: self.ended_missed,
            waiting,
            talking,
        }
    }
}

/// Whether news are older than what is known.
fn is_late(news: Option<Timestamp>, known: Option<Timestamp>) -> bool {
    news.zip(known).is_some_and(|(news, known)| news < known)
}

/// A time that has passed: `0:07`, `12:03`, `1:00:00`.
pub(super) fn clock(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

#[cfg(test)]
pub(super) mod tests;
