//! What the wallboard shows: agents, live calls, today's figures. Pure: changes in, rows out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ozonetel_sdk::mdl::{AgentStatus, AgentStatusKind};
use serde::Serialize;

/// Calls that ended and are remembered for the figures, at most.
const REMEMBERED: usize = 200_000;

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
}

/// A call's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallRow {
    pub(super) news: CallNews,
    pub(super) since: Timestamp,
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

/// Everything that is shown.
#[derive(Debug)]
pub(super) struct Board {
    agents: BTreeMap<String, AgentRow>,
    calls: BTreeMap<String, CallRow>,
    /// Calls that have ended: whether they were answered.
    ended: BTreeMap<String, Option<bool>>,
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
            calls: BTreeMap::new(),
            ended: BTreeMap::new(),
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
        if self.down.take().is_some() && self.heard.is_some() {
            told.push("the source is back".to_owned());
        }
        self.heard = Some(now);
        match change {
            Change::Everything { agents, calls } => {
                let there = |known: &String| agents.iter().any(|news| news.agent == *known);
                let gone: Vec<String> =
                    self.agents.keys().filter(|known| !there(known)).cloned().collect();
                for agent in gone {
                    told.push(format!("{agent} is gone"));
                    self.agents.remove(&agent);
                }
                let there = |known: &String| calls.iter().any(|news| news.id == *known);
                let gone: Vec<String> =
                    self.calls.keys().filter(|known| !there(known)).cloned().collect();
                for call in gone {
                    self.end(&call, None);
                    told.push(format!("call {call} is over"));
                }
                for news in agents {
                    told.extend(self.agent(news, now));
                }
                for news in calls {
                    told.extend(self.call(news, now));
                }
            }
            Change::Agent(news) => told.extend(self.agent(news, now)),
            Change::Call(news) => told.extend(self.call(news, now)),
            Change::Up | Change::Down(_) => {}
        }
        told
    }

    fn agent(&mut self, news: AgentNews, now: Timestamp) -> Option<String> {
        let known = self.agents.get(&news.agent);
        let is_same =
            known.is_some_and(|known| known.word == news.word && known.reason == news.reason);
        let since = match (news.since, known) {
            (Some(since), _) => since,
            (None, Some(known)) if is_same => known.since,
            _ => now,
        };
        let group = AgentGroup::of(&news.word);
        let AgentNews { agent, word, reason, .. } = news;
        let text = match &reason {
            Some(reason) if !reason.is_empty() => {
                format!("{agent} is {} ({reason})", group.word())
            }
            _ if group == AgentGroup::Unknown => format!("{agent} is {word}"),
            _ => format!("{agent} is {}", group.word()),
        };
        self.agents.insert(agent.clone(), AgentRow { agent, word, group, reason, since });
        (!is_same).then_some(text)
    }

    fn call(&mut self, news: CallNews, now: Timestamp) -> Option<String> {
        if news.stage == CallStage::Ended {
            let was_known = self.calls.contains_key(&news.id);
            let is_new = !self.ended.contains_key(&news.id);
            self.end(&news.id, news.answered);
            return (was_known || is_new && news.answered == Some(false))
                .then(|| format!("call {} is over", news.id));
        }
        let known = self.calls.get(&news.id);
        let is_same = known
            .is_some_and(|known| known.news.stage == news.stage && known.news.agent == news.agent);
        let since = match (news.since, known) {
            (Some(since), _) => since,
            (None, Some(known)) if known.news.stage == news.stage => known.since,
            _ => now,
        };
        let mut news = news;
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
        self.calls.insert(news.id.clone(), CallRow { news, since });
        (!is_same).then_some(text)
    }

    fn end(&mut self, id: &str, answered: Option<bool>) {
        let known = self.calls.remove(id).and_then(|call| call.news.answered);
        if self.ended.len() >= REMEMBERED {
            self.ended.pop_first();
        }
        let entry = self.ended.entry(id.to_owned()).or_default();
        *entry = answered.or(*entry).or(known);
    }

    /// Agents who are logged in: by what they do, those who have done it longest first.
    pub(super) fn agents(&self) -> Vec<&AgentRow> {
        let mut rows: Vec<&AgentRow> =
            self.agents.values().filter(|row| row.group != AgentGroup::LoggedOut).collect();
        rows.sort_by_key(|row| (row.group, row.since, &row.agent));
        rows
    }

    /// Calls that are going on: those that wait first, the longest first.
    pub(super) fn calls(&self) -> Vec<&CallRow> {
        let mut rows: Vec<&CallRow> = self.calls.values().collect();
        rows.sort_by_key(|row| (row.news.stage, row.since, &row.news.id));
        rows
    }

    /// How many agents are in each group, the largest first.
    pub(super) fn groups(&self) -> Vec<(AgentGroup, usize)> {
        let mut counts: BTreeMap<AgentGroup, usize> = BTreeMap::new();
        for row in self.agents() {
            *counts.entry(row.group).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(group, count)| (Reverse(*count), *group));
        counts
    }

    pub(super) fn figures(&self) -> Figures {
        let live =
            |stage: CallStage| self.calls.values().filter(|row| row.news.stage == stage).count();
        let ended =
            |answered: bool| self.ended.values().filter(|was| **was == Some(answered)).count();
        let wrapping =
            |row: &&CallRow| row.news.stage == CallStage::WrapUp && row.news.answered == Some(true);
        Figures {
            calls: self.calls.len() + self.ended.len(),
            answered: ended(true)
                + live(CallStage::Talking)
                + self.calls.values().filter(wrapping).count(),
            missed: ended(false),
            waiting: live(CallStage::Waiting),
            talking: live(CallStage::Talking),
        }
    }
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
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_335_400 + second).unwrap()
    }

    pub(in super::super) fn agent(agent: &str, word: &str) -> AgentNews {
        AgentNews { agent: agent.to_owned(), word: word.to_owned(), reason: None, since: None }
    }

    pub(in super::super) fn call(id: &str, stage: CallStage) -> CallNews {
        CallNews {
            id: id.to_owned(),
            stage,
            caller: Some("…01".to_owned()),
            agent: None,
            campaign: None,
            since: None,
            answered: None,
        }
    }

    #[test]
    fn the_time_in_a_state_begins_when_the_state_does() {
        let mut board = Board::new(at(0));
        assert_eq!(
            board.apply(Change::Agent(agent("agent01", "READY")), at(5)),
            ["agent01 is ready"]
        );
        assert!(board.apply(Change::Agent(agent("agent01", "READY")), at(9)).is_empty());
        assert_eq!(board.agents()[0].since, at(5));
        let paused = AgentNews { reason: Some("lunch".into()), ..agent("agent01", "PAUSED") };
        assert_eq!(board.apply(Change::Agent(paused), at(12)), ["agent01 is paused (lunch)"]);
        assert_eq!(board.agents()[0].since, at(12));
        let told = AgentNews { since: Some(at(3)), ..agent("agent02", "ACW") };
        board.apply(Change::Agent(told), at(13));
        assert_eq!(board.agents()[0].since, at(3));
        board.apply(Change::Agent(agent("agent02", "logout")), at(14));
        assert_eq!(board.agents().len(), 1);
        assert_eq!(board.apply(Change::Agent(agent("x", "SIP down")), at(15)), ["x is SIP down"]);
    }

    #[test]
    fn a_call_is_counted_once_however_it_is_told() {
        let mut board = Board::new(at(0));
        for (stage, second) in
            [(CallStage::Waiting, 1), (CallStage::Ringing, 2), (CallStage::Talking, 3)]
        {
            board.apply(Change::Call(call("1", stage)), at(second));
        }
        assert_eq!(
            board.figures(),
            Figures { calls: 1, answered: 1, talking: 1, ..Figures::default() }
        );
        board.apply(Change::Call(call("1", CallStage::Ended)), at(9));
        board.apply(Change::Call(call("1", CallStage::Ended)), at(9));
        let missed = CallNews { answered: Some(false), ..call("2", CallStage::Ended) };
        board.apply(Change::Call(missed), at(10));
        board.apply(Change::Call(call("3", CallStage::Waiting)), at(11));
        let want = Figures { calls: 3, answered: 1, missed: 1, waiting: 1, talking: 0 };
        assert_eq!(board.figures(), want);
        assert_eq!(board.calls().len(), 1);
    }

    #[test]
    fn what_a_snapshot_does_not_have_is_gone() {
        let mut board = Board::new(at(0));
        board.apply(Change::Agent(agent("agent01", "READY")), at(1));
        board.apply(Change::Call(call("1", CallStage::Talking)), at(1));
        let everything =
            Change::Everything { agents: vec![agent("agent02", "READY")], calls: Vec::new() };
        let told = board.apply(everything, at(2));
        assert_eq!(told, ["agent01 is gone", "call 1 is over", "agent02 is ready"]);
        assert_eq!(board.figures(), Figures { calls: 1, answered: 1, ..Figures::default() });
    }

    #[test]
    fn a_source_that_is_gone_is_said_once_and_what_was_shown_stays() {
        let mut board = Board::new(at(0));
        board.apply(Change::Agent(agent("agent01", "READY")), at(1));
        let down = || Change::Down("no answer".to_owned());
        assert_eq!(board.apply(down(), at(2)), ["the source is not there: no answer"]);
        assert!(board.apply(down(), at(3)).is_empty());
        assert_eq!(board.agents().len(), 1);
        assert_eq!(board.apply(Change::Up, at(4)), ["the source is back"]);
    }

    #[test]
    fn times_are_short() {
        let clock = |seconds| clock(SignedDuration::from_secs(seconds));
        assert_eq!(
            [clock(-3), clock(7), clock(723), clock(3600)],
            ["0:00", "0:07", "12:03", "1:00:00"]
        );
    }
}
