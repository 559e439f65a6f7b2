//! What the wallboard shows: agents, live calls, today's figures. Pure: changes in, rows out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

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
            Change::Up | Change::Down(_) | Change::Silent(_) => {}
        }
        told
    }

    fn agent(&mut self, news: AgentNews, now: Timestamp) -> Option<String> {
        let known = self.agents.get(&news.agent);
        if is_late(news.at, known.and_then(|known| known.at)) {
            return None;
        }
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
        self.remove_call(&news.id);
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
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_335_400 + second).unwrap()
    }

    pub(in super::super) fn agent(agent: &str, word: &str) -> AgentNews {
        AgentNews {
            agent: agent.to_owned(),
            word: word.to_owned(),
            reason: None,
            since: None,
            at: None,
        }
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
            at: None,
        }
    }

    fn first(board: &Board) -> &AgentRow {
        board.agents().next().unwrap()
    }

    proptest! {
        /// The order and the counts are kept along: they are what a look at everything gives.
        #[test]
        fn what_is_kept_along_is_what_there_is(
            changes in prop::collection::vec((0..3_u8, 0..6_u8, 0..6_usize, prop::option::of(any::<bool>())), 0..60),
        ) {
            let words = ["READY", "BUSY", "ACW", "PAUSED", "logout", "new word"];
            let stages = [
                CallStage::Waiting, CallStage::Ringing, CallStage::Talking, CallStage::WrapUp, CallStage::Ended, CallStage::Ended,
            ];
            let mut board = Board::new(at(0));
            let mut seen = BTreeMap::new();
            for (second, (kind, who, what, answered)) in (0_i64..).zip(changes) {
                let call = CallNews { answered, ..call(&who.to_string(), stages[what]) };
                let agent = agent(&format!("agent{who}"), words[what]);
                let change = match kind {
                    0 => Change::Agent(agent),
                    1 => Change::Call(call),
                    _ => Change::Everything { agents: vec![agent], calls: vec![call] },
                };
                board.apply(change, at(second / 3));
                // A call that is there again has not ended.
                seen.retain(|id, _| board.ended.contains_key(id));
                for (id, ended) in &board.ended {
                    seen.insert(id.clone(), ended.answered);
                }
                prop_assert!(board.calls.keys().all(|id| !board.ended.contains_key(id)));
            }
            let mut rows: Vec<&AgentRow> =
                board.agents.values().filter(|row| row.group != AgentGroup::LoggedOut).collect();
            rows.sort_by_key(|row| (row.group, row.since, &row.agent));
            prop_assert_eq!(board.agents().collect::<Vec<_>>(), rows);
            let mut calls: Vec<&CallRow> = board.calls.values().collect();
            calls.sort_by_key(|row| (row.news.stage, row.since, &row.news.id));
            prop_assert_eq!(board.calls().collect::<Vec<_>>(), calls);
            let missed = seen.values().filter(|answered| **answered == Some(false)).count();
            prop_assert_eq!(board.figures().missed, missed);
            let total: usize = board.groups().iter().map(|(_, count)| count).sum();
            prop_assert_eq!(total, board.agent_count());
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
        assert_eq!(first(&board).since, at(5));
        let paused = AgentNews { reason: Some("lunch".into()), ..agent("agent01", "PAUSED") };
        assert_eq!(board.apply(Change::Agent(paused), at(12)), ["agent01 is paused (lunch)"]);
        assert_eq!(first(&board).since, at(12));
        let told = AgentNews { since: Some(at(3)), ..agent("agent02", "ACW") };
        board.apply(Change::Agent(told), at(13));
        assert_eq!(first(&board).since, at(3));
        board.apply(Change::Agent(agent("agent02", "logout")), at(14));
        assert_eq!(board.agent_count(), 1);
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
        assert_eq!(board.call_count(), 1);
    }

    #[test]
    fn an_answered_call_is_not_missed_whatever_its_end_is_called() {
        let mut board = Board::new(at(0));
        let dropped = || CallNews { answered: Some(false), ..call("11", CallStage::Ended) };
        board.apply(Change::Call(call("11", CallStage::Talking)), at(1));
        board.apply(Change::Call(dropped()), at(9));
        board.apply(Change::Call(dropped()), at(10));
        let unanswered = CallNews { id: "12".into(), ..dropped() };
        board.apply(Change::Call(unanswered), at(11));
        let want = Figures { calls: 2, answered: 1, missed: 1, ..Figures::default() };
        assert_eq!(board.figures(), want);
    }

    #[test]
    fn news_that_come_late_or_twice_do_not_bring_a_call_back() {
        let mut board = Board::new(at(0));
        let news = |stage, second| CallNews { at: Some(at(second)), ..call("7", stage) };
        for (stage, second) in [
            (CallStage::Waiting, 1),
            (CallStage::Talking, 5),
            (CallStage::Waiting, 1),
            (CallStage::Ringing, 5),
            (CallStage::Ended, 9),
            (CallStage::Talking, 5),
            (CallStage::Waiting, 1),
            (CallStage::Ended, 9),
        ] {
            board.apply(Change::Call(news(stage, second)), at(20));
        }
        let untimed = call("7", CallStage::Talking);
        assert!(board.apply(Change::Call(untimed), at(21)).is_empty());
        let over = Figures { calls: 1, answered: 1, ..Figures::default() };
        assert_eq!(board.figures(), over);
        // What happened after its end is of a further leg, and it is still one call.
        board.apply(Change::Call(news(CallStage::Talking, 12)), at(22));
        assert_eq!(board.figures(), Figures { talking: 1, ..over });
        // Back in the queue, and given up there: it was answered all the same.
        board.apply(Change::Call(news(CallStage::Ended, 13)), at(22));
        board.apply(Change::Call(news(CallStage::Waiting, 14)), at(22));
        let gave_up = CallNews { answered: Some(false), ..news(CallStage::Ended, 15) };
        board.apply(Change::Call(gave_up), at(22));
        assert_eq!(board.figures(), over);
        board.apply(Change::Call(news(CallStage::Talking, 20)), at(22));
        // While it is talking, what was before says nothing.
        board.apply(Change::Call(news(CallStage::Waiting, 19)), at(23));
        assert_eq!(board.figures(), Figures { talking: 1, ..over });
        // An agent who has left does not come back by what was said before.
        let agent = |word, second| AgentNews { at: Some(at(second)), ..agent("agent01", word) };
        board.apply(Change::Agent(agent("READY", 1)), at(30));
        board.apply(Change::Agent(agent("logout", 8)), at(31));
        assert!(board.apply(Change::Agent(agent("READY", 7)), at(32)).is_empty());
        assert_eq!(board.agent_count(), 0);
        board.apply(Change::Agent(agent("READY", 9)), at(33));
        assert_eq!(board.agent_count(), 1);
    }

    #[test]
    fn a_call_whose_end_was_lost_does_not_stay_for_ever() {
        let mut board = Board::new(at(0));
        board.apply(Change::Call(call("1", CallStage::Talking)), at(1));
        board.apply(Change::Call(call("2", CallStage::Waiting)), at(100));
        let silent = || Change::Silent(SignedDuration::from_secs(600));
        assert!(board.apply(silent(), at(600)).is_empty());
        let told = board.apply(silent(), at(601));
        assert_eq!(told, ["call 1 was not heard of any more"]);
        assert_eq!((board.call_count(), board.figures().calls), (1, 2));
        // Its end, when it comes after all, counts it no second time.
        board.apply(Change::Call(call("1", CallStage::Ended)), at(700));
        assert_eq!(board.figures().calls, 2);
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
        assert_eq!(board.agent_count(), 1);
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
