//! An agent: what the service says of them, what was asked for, and the registration of their phone. Three things,
//! and none of them stands for another.

use std::collections::VecDeque;

use ozonetel_sdk::mdl::{AgentStatus, AgentStatusKind};
use serde::{Deserialize, Serialize};

/// After how long a state is no longer believed, where no living source would have said otherwise.
pub const STALE_MS: i64 = 60_000;

/// How many words about an agent are kept.
const MOST_WORDS: usize = 128;

/// Who says something about an agent's state, the least telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateSource {
    /// The list of logged-in agents, asked for now and then.
    LoginList,
    /// The event subscription.
    Event,
    /// The agent socket.
    Socket,
}

impl StateSource {
    const ALL: [Self; 3] = [Self::LoginList, Self::Event, Self::Socket];

    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginList => "login_list",
            Self::Event => "event",
            Self::Socket => "socket",
        }
    }

    /// The source of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

/// A word of the service about an agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StateWord {
    /// When it was so.
    pub at_ms: i64,
    /// Who says it.
    pub source: StateSource,
    /// The word, as received.
    pub word: String,
    /// The reason of a pause, where it is said.
    pub reason: Option<String>,
}

impl StateWord {
    /// What the word means, where it is known.
    pub fn kind(&self) -> Option<AgentStatusKind> {
        AgentStatus::from(self.word.as_str()).kind()
    }
}

/// What was asked for and is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedState {
    /// `Ready` or `Pause`.
    pub word: String,
    /// When.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
    /// The reason of a pause.
    pub reason: Option<String>,
}

/// What is known of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentRecord {
    words: VecDeque<StateWord>,
    /// What was asked for last.
    pub asked: Option<AskedState>,
    /// Whether the phone is registered, and since when.
    pub registered: Option<(bool, i64)>,
    /// The pause after the call that is going on.
    pub after_call: Option<String>,
    /// The state that a dial began in, to go back to.
    pub before_dial: Option<String>,
}

/// An agent's state as it is sent out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentStateView {
    /// The service's word; `None` where there is none.
    pub word: Option<String>,
    /// What it means, where it is known.
    pub kind: Option<&'static str>,
    /// Who says so.
    pub source: Option<StateSource>,
    /// When it was last said.
    pub at: Option<i64>,
    /// Since when it has been so.
    pub since: Option<i64>,
    /// Whether it can be believed; if not, it is unknown since `at`.
    pub fresh: bool,
    /// The reason of a pause.
    pub reason: Option<String>,
    /// What was asked for and is not confirmed.
    pub asked: Option<AskedState>,
    /// Who set the state: the name, or `service`.
    pub set_by: Option<String>,
}

impl AgentRecord {
    /// Takes a word of the service, in whatever order words come.
    pub fn say(&mut self, word: StateWord) {
        let place = self.words.partition_point(|known| *known < word);
        if self.words.get(place) != Some(&word) {
            self.words.insert(place, word);
        }
        while self.words.len() > MOST_WORDS {
            self.words.pop_front();
        }
    }

    /// Notes what was asked for. It says nothing about the state.
    pub fn ask(&mut self, asked: AskedState) {
        self.asked = Some(asked);
    }

    /// Notes that a dial begins: the state before it is kept.
    pub fn dialing(&mut self) {
        self.before_dial = self.words.back().map(|word| word.word.clone());
    }

    /// The last word of the service.
    pub fn last(&self) -> Option<&StateWord> {
        self.words.back()
    }

    /// What the last word means, where it is known.
    pub fn kind(&self) -> Option<AgentStatusKind> {
        self.last().and_then(StateWord::kind)
    }

    /// Whether a call may be going on; a word that is not known may mean anything.
    pub fn may_be_on_call(&self) -> bool {
        let word = self.last().map(|last| AgentStatus::from(last.word.as_str()));
        word.is_some_and(|word| word.may_be_on_call() != Some(false))
    }

    /// Since when the last word has held: the first of the unbroken row of equal words.
    fn since(&self) -> Option<i64> {
        let last = self.words.back()?;
        let same = self.words.iter().rev().take_while(|word| {
            word.word.eq_ignore_ascii_case(&last.word)
                || (word.kind().is_some() && word.kind() == last.kind())
        });
        same.map(|word| word.at_ms).min()
    }

    /// What was asked for, as long as the service has not said it.
    fn pending(&self) -> Option<&AskedState> {
        let asked = self.asked.as_ref()?;
        let said = self.words.iter().any(|word| word.at_ms >= asked.at_ms && fits(asked, word));
        (!said).then_some(asked)
    }

    /// The state as it is sent out. `is_watched` is whether a source is alive that would say if it changed.
    pub fn view(&self, is_watched: bool, now_ms: i64) -> AgentStateView {
        let last = self.last();
        let recent = last.is_some_and(|word| now_ms.saturating_sub(word.at_ms) < STALE_MS);
        let set_by = last.map(|_| {
            let asked = self.asked.as_ref().filter(|asked| {
                self.pending().is_none() && self.since().is_some_and(|since| since >= asked.at_ms)
            });
            let fits_still = asked.filter(|asked| last.is_some_and(|word| fits(asked, word)));
            fits_still.map_or_else(|| "service".to_owned(), |asked| asked.by.clone())
        });
        AgentStateView {
            word: last.map(|word| word.word.clone()),
            kind: self.kind().map(kind_name),
            source: last.map(|word| word.source),
            at: last.map(|word| word.at_ms),
            since: self.since(),
            fresh: last.is_some() && (is_watched || recent),
            reason: last.and_then(|word| word.reason.clone()),
            asked: self.pending().cloned(),
            set_by,
        }
    }
}

/// Whether a word is what was asked for.
fn fits(asked: &AskedState, word: &StateWord) -> bool {
    use AgentStatusKind::{Aux, Idle, Paused, Ready, Released};
    let ready = asked.word.eq_ignore_ascii_case("ready");
    match word.kind() {
        Some(Ready | Idle | Released) => ready,
        Some(Paused | Aux) => !ready,
        _ => false,
    }
}

/// The name of a state in `snake_case`.
pub fn kind_name(kind: AgentStatusKind) -> &'static str {
    match kind {
        AgentStatusKind::LoggedIn => "logged_in",
        AgentStatusKind::LoggedOut => "logged_out",
        AgentStatusKind::Ready => "ready",
        AgentStatusKind::Idle => "idle",
        AgentStatusKind::Calling => "calling",
        AgentStatusKind::InCall => "in_call",
        AgentStatusKind::Busy => "busy",
        AgentStatusKind::WrapUp => "wrap_up",
        AgentStatusKind::Paused => "paused",
        AgentStatusKind::Aux => "aux",
        AgentStatusKind::Released => "released",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(word: &str, at_ms: i64, source: StateSource) -> StateWord {
        StateWord { at_ms, source, word: word.into(), reason: None }
    }

    fn told(words: &[(&str, i64)]) -> AgentRecord {
        let mut agent = AgentRecord::default();
        for (text, at) in words {
            agent.say(word(text, *at, StateSource::Event));
        }
        agent
    }

    #[test]
    fn a_ready_badge_does_not_show_sip_registration() {
        let mut agent = told(&[("PAUSED", 0)]);
        agent.registered = Some((true, 5));
        let view = agent.view(true, 10);
        assert_eq!((view.word.as_deref(), view.kind), (Some("PAUSED"), Some("paused")));
        agent.registered = Some((false, 6));
        assert_eq!(agent.view(true, 10), view, "a phone that is gone changes no state either");
        assert_eq!(
            AgentRecord { registered: Some((true, 5)), ..AgentRecord::default() }
                .view(true, 9)
                .word,
            None
        );
    }

    #[test]
    fn a_command_is_no_source() {
        let mut agent = told(&[("PAUSED", 0)]);
        let asked =
            AskedState { word: "Ready".into(), at_ms: 10, by: "agent01".into(), reason: None };
        agent.ask(asked.clone());
        let view = agent.view(true, 13);
        assert_eq!((view.word.as_deref(), view.asked.as_ref()), (Some("PAUSED"), Some(&asked)));
        agent.say(word("READY", 14, StateSource::Socket));
        let view = agent.view(true, 15);
        assert_eq!((view.word.as_deref(), view.asked), (Some("READY"), None));
        assert_eq!(view.set_by.as_deref(), Some("agent01"));
        agent.say(word("AUX", 20, StateSource::Socket));
        assert_eq!(agent.view(true, 21).set_by.as_deref(), Some("service"));
    }

    #[test]
    fn an_old_word_without_a_living_source_is_unknown() {
        let agent = told(&[("READY", 0)]);
        for (watched, now, fresh) in
            [(true, STALE_MS * 9, true), (false, STALE_MS - 1, true), (false, STALE_MS, false)]
        {
            assert_eq!(agent.view(watched, now).fresh, fresh, "{watched} {now}");
        }
        assert!(!AgentRecord::default().view(true, 0).fresh, "nothing was ever said");
    }

    #[test]
    fn since_is_the_first_of_the_last_row_and_unknown_words_are_shown() {
        let agent = told(&[("READY", 1), ("LUNCHING", 5), ("lunching", 9)]);
        let view = agent.view(true, 10);
        assert_eq!((view.word.as_deref(), view.kind), (Some("lunching"), None));
        assert!(agent.may_be_on_call(), "an unknown word may mean anything");
        assert!(!told(&[("READY", 1)]).may_be_on_call());
        assert_eq!(told(&[("READY", 1), ("READY", 7)]).view(true, 8).since, Some(1));
    }

    proptest! {
        /// Words may come late and repeatedly: the latest moment counts.
        #[test]
        fn the_order_of_words_does_not_matter(
            words in prop::collection::vec((0_usize..4, 0_i64..30), 1..20), turn in 0_usize..20,
        ) {
            let names = ["READY", "PAUSED", "ACW", "incall"];
            let of = |words: &[(usize, i64)]| {
                told(&words.iter().map(|(n, at)| (names[*n], *at)).collect::<Vec<_>>())
            };
            let mut other = words.clone();
            other.rotate_left(turn % words.len());
            other.extend(words.clone());
            prop_assert_eq!(of(&words), of(&other));
            let latest = words.iter().map(|(_, at)| *at).max();
            prop_assert_eq!(of(&words).last().map(|word| word.at_ms), latest);
        }
    }
}
