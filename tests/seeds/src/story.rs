//! What happens in one simulation: what people do, and what breaks.

use std::fmt;

use ozonetel_sim::FaultKind;

use crate::chance::Chance;

/// A whole simulation, before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The seed that it was drawn from.
    pub seed: u64,
    /// How many desks there are on the one store.
    pub desks: usize,
    /// How many agents.
    pub agents: usize,
    /// How things are on their way.
    pub weather: Weather,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// How often what is on its way is late, lost or doubled, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// Reads and writes that take a while.
    pub slow_store: u64,
    /// Requests to the service, and answers, that take a while.
    pub slow_network: u64,
    /// Pushes that are lost.
    pub lost: u64,
    /// Pushes that come twice.
    pub twice: u64,
    /// Pushes that come late, and so in another order.
    pub late: u64,
}

impl Weather {
    /// Nothing is late, lost or doubled.
    pub const CALM: Self = Self { slow_store: 0, slow_network: 0, lost: 0, twice: 0, late: 0 };
}

/// Something that happens at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its place in the story as it was drawn: shorter stories name their steps by it.
    pub number: usize,
    /// When, in milliseconds after the start.
    pub at_ms: u64,
    /// What.
    pub act: Act,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// An agent clicks on a number. The same wish again is the same click again: one key, one number.
    Dial {
        /// Who.
        agent: usize,
        /// Which wish.
        wish: usize,
        /// At which desk.
        desk: usize,
    },
    /// An old front end dials, without a key.
    DialWithoutKey {
        /// Who.
        agent: usize,
        /// Which wish.
        wish: usize,
        /// At which desk.
        desk: usize,
    },
    /// A customer calls.
    Inbound {
        /// Which.
        caller: usize,
    },
    /// An agent ends the call by a click.
    End {
        /// Who.
        agent: usize,
        /// At which desk.
        desk: usize,
    },
    /// The next request of a kind goes wrong.
    ServiceFault {
        /// To which path.
        path: &'static str,
        /// How.
        kind: FaultKind,
        /// How late, where it is late.
        delay_ms: u64,
    },
    /// A read or write fails.
    StoreFault {
        /// Of which desk.
        desk: usize,
        /// After so many others.
        after: u64,
        /// Whether it was done, and no one is told.
        is_done: bool,
    },
    /// The store of all desks is away.
    StoreAway {
        /// For how long.
        for_ms: u64,
    },
    /// A desk dies, and another process takes its place.
    Crash {
        /// Which.
        desk: usize,
        /// After so many reads, writes, requests and answers.
        after: u64,
        /// After how long there is another.
        back_ms: u64,
    },
    /// A desk dies while it is told how a call went, and another process takes its place.
    CrashAtWord {
        /// Which.
        desk: usize,
        /// After so many reads, writes, requests and answers from then on.
        after: u64,
        /// After how long there is another.
        back_ms: u64,
    },
    /// An agent's page is loaded again.
    Reload {
        /// Whose.
        agent: usize,
    },
}

/// The paths that faults are aimed at.
const PATHS: [&str; 4] =
    ["/ca_apis/AgentManualDial", "/ca_apis/DispositionAPIV2", "/ca_reports/fetchCDRDetails", "*"];

/// How a request goes wrong.
const KINDS: [FaultKind; 8] = [
    FaultKind::Delay,
    FaultKind::Status,
    FaultKind::LimitText,
    FaultKind::Html,
    FaultKind::Cut,
    FaultKind::CloseBefore,
    FaultKind::CloseAfter,
    FaultKind::ExpiredToken,
];

impl Story {
    /// The story of a seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut chance = Chance::of(seed, "story");
        let desks = if chance.percent(40) { 2 } else { 1 };
        let agents = usize::try_from(chance.within(2..=3)).unwrap_or(2);
        let mut share = |most: u64| if chance.percent(30) { 0 } else { chance.within(1..=most) };
        let weather = Weather {
            slow_store: share(40),
            slow_network: share(60),
            lost: share(30),
            twice: share(30),
            late: share(40),
        };
        let mut steps = Vec::new();
        let (mut at_ms, mut wishes) = (1_000, Vec::<(usize, bool)>::new());
        for number in 0..usize::try_from(chance.within(8..=28)).unwrap_or(8) {
            at_ms += match chance.within(0..=9) {
                0..=3 => chance.within(0..=30),
                4..=6 => chance.within(30..=2_000),
                _ => chance.within(2_000..=25_000),
            };
            let act = draw(&mut chance, (desks, agents), &mut wishes);
            steps.push(Step { number, at_ms, act });
        }
        Self { seed, desks, agents, weather, steps }
    }

    /// The story with these steps only.
    #[must_use]
    pub fn keep(&self, numbers: &[usize]) -> Self {
        let mut story = self.clone();
        story.steps.retain(|step| numbers.contains(&step.number));
        story
    }

    /// The story in calm weather.
    #[must_use]
    pub fn calm(&self) -> Self {
        Self { weather: Weather::CALM, ..self.clone() }
    }

    /// The command that runs it again.
    pub fn command(&self) -> String {
        let whole = Self::of_seed(self.seed);
        let mut command = format!("cargo run -p ozonetel-seeds -- --seed {}", self.seed);
        if self.steps.len() < whole.steps.len() {
            let numbers: Vec<_> = self.steps.iter().map(|step| step.number.to_string()).collect();
            command.push_str(" --keep ");
            command.push_str(&numbers.join(","));
        }
        if self.weather != whole.weather {
            command.push_str(" --calm");
        }
        command
    }
}

fn draw(
    chance: &mut Chance,
    (desks, agents): (usize, usize),
    wishes: &mut Vec<(usize, bool)>,
) -> Act {
    let mut below = |count: usize| {
        let most = u64::try_from(count.saturating_sub(1)).unwrap_or(0);
        usize::try_from(chance.within(0..=most)).unwrap_or(0)
    };
    let (desk, agent) = (below(desks), below(agents));
    let roll = below(100);
    match roll {
        0..=21 => {
            let wish = wishes.len();
            let has_key = below(4) > 0;
            wishes.push((agent, has_key));
            dial(wish, (agent, has_key), desk)
        }
        22..=35 if !wishes.is_empty() => {
            // The same click again, more often the latest one.
            let back = below(wishes.len()).min(below(wishes.len()));
            let wish = wishes.len() - 1 - back;
            dial(wish, wishes.get(wish).copied().unwrap_or((agent, true)), desk)
        }
        22..=51 => Act::Inbound { caller: below(6) },
        52..=56 => Act::End { agent, desk },
        57..=71 => Act::ServiceFault {
            path: PATHS.get(below(PATHS.len())).copied().unwrap_or("*"),
            kind: KINDS.get(below(KINDS.len())).copied().unwrap_or(FaultKind::Delay),
            delay_ms: chance.within(100..=40_000),
        },
        72..=81 => Act::StoreFault {
            desk,
            after: u64::try_from(below(40)).unwrap_or(0),
            is_done: below(2) == 0,
        },
        82..=85 => Act::StoreAway { for_ms: chance.within(200..=12_000) },
        86..=91 => Act::Crash {
            desk,
            after: u64::try_from(below(60)).unwrap_or(0),
            back_ms: chance.within(100..=15_000),
        },
        92..=95 => Act::CrashAtWord {
            desk,
            after: u64::try_from(below(30)).unwrap_or(0),
            back_ms: chance.within(100..=15_000),
        },
        _ => Act::Reload { agent },
    }
}

fn dial(wish: usize, (agent, has_key): (usize, bool), desk: usize) -> Act {
    if has_key {
        Act::Dial { agent, wish, desk }
    } else {
        Act::DialWithoutKey { agent, wish, desk }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, desks, agents, weather, .. } = self;
        writeln!(f, "seed {seed}: {desks} desk(s), {agents} agents, {weather:?}")?;
        for Step { number, at_ms, act } in &self.steps {
            let (seconds, rest) = (at_ms / 1_000, at_ms % 1_000);
            writeln!(f, "  {number:3}  {seconds:4}.{rest:03} s  {act:?}")?;
        }
        Ok(())
    }
}
