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
    /// How many days before today the desks read the call records of: as long as they have some to read, the report's
    /// limit is used up.
    pub back_fill: u8,
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
    /// The next requests of a kind go wrong.
    ServiceFault {
        /// To which path.
        path: &'static str,
        /// How.
        kind: FaultKind,
        /// How late, where it is late.
        delay_ms: u64,
        /// How many.
        times: u32,
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
    /// One desk cannot reach the store, which the others can.
    CutOff {
        /// Which.
        desk: usize,
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
    /// A supervisor sees at the service which dials of unknown outcome have rung, and says so.
    Decide {
        /// At which desk.
        desk: usize,
    },
    /// An agent's page is loaded again.
    Reload {
        /// Whose.
        agent: usize,
    },
}

const DIAL: &str = "/ca_apis/AgentManualDial";
const CDR: &str = "/ca_reports/fetchCDRDetails";
const TOKEN: &str = "/ca_apis/CAToken/generateToken";

/// The paths that faults are aimed at.
const PATHS: [&str; 5] = [DIAL, "/ca_apis/DispositionAPIV2", CDR, TOKEN, "*"];

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

/// What leaves it open whether a request was done.
const LOST: [FaultKind; 4] =
    [FaultKind::Status, FaultKind::Html, FaultKind::Cut, FaultKind::CloseAfter];

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
        let back_fill = if chance.percent(50) { 0 } else { chance.within(1..=9) };
        let back_fill = u8::try_from(back_fill).unwrap_or(0);
        let count = chance.within(8..=28);
        let mut draft =
            Draft { chance, desks, agents, at_ms: 1_000, wishes: Vec::new(), steps: Vec::new() };
        for _ in 0..count {
            let after_ms = match draft.chance.within(0..=9) {
                0..=3 => draft.chance.within(0..=30),
                4..=6 => draft.chance.within(30..=2_000),
                _ => draft.chance.within(2_000..=25_000),
            };
            draft.pass(after_ms);
            draft.draw();
        }
        Self { seed, desks, agents, back_fill, weather, steps: draft.steps }
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

/// A story while it is drawn.
#[derive(Debug)]
struct Draft {
    chance: Chance,
    desks: usize,
    agents: usize,
    at_ms: u64,
    /// Whose each wish is, and whether it has a key.
    wishes: Vec<(usize, bool)>,
    steps: Vec<Step>,
}

impl Draft {
    fn below(&mut self, count: usize) -> usize {
        let most = u64::try_from(count.saturating_sub(1)).unwrap_or(0);
        usize::try_from(self.chance.within(0..=most)).unwrap_or(0)
    }

    fn points(&mut self, most: u64) -> u64 {
        self.chance.within(0..=most)
    }

    fn pass(&mut self, ms: u64) {
        self.at_ms += ms;
    }

    fn push(&mut self, act: Act) {
        let number = self.steps.len();
        self.steps.push(Step { number, at_ms: self.at_ms, act });
    }

    /// A click on a number that was not clicked on before.
    fn push_new_wish(&mut self, agent: usize, desk: usize) {
        let wish = self.wishes.len();
        let has_key = self.below(4) > 0;
        self.wishes.push((agent, has_key));
        self.push(dial(wish, (agent, has_key), desk));
    }

    fn draw(&mut self) {
        let (desk, agent) = (self.below(self.desks), self.below(self.agents));
        match self.below(100) {
            0..=19 => self.push_new_wish(agent, desk),
            20..=32 if !self.wishes.is_empty() => {
                // The same click again, more often the latest one.
                let count = self.wishes.len();
                let back = self.below(count).min(self.below(count));
                let wish = count - 1 - back;
                let asked = self.wishes.get(wish).copied().unwrap_or((agent, true));
                self.push(dial(wish, asked, desk));
            }
            20..=47 => {
                let caller = self.below(6);
                self.push(Act::Inbound { caller });
            }
            48..=52 => self.push(Act::End { agent, desk }),
            53..=66 => self.draw_service_fault(),
            67..=75 => {
                let (after, is_done) = (self.points(39), self.below(2) == 0);
                self.push(Act::StoreFault { desk, after, is_done });
            }
            76..=78 => {
                let for_ms = self.chance.within(200..=12_000);
                self.push(Act::StoreAway { for_ms });
            }
            79..=81 => {
                let for_ms = self.chance.within(200..=20_000);
                self.push(Act::CutOff { desk, for_ms });
            }
            82..=86 => {
                let (after, back_ms) = (self.points(59), self.chance.within(100..=15_000));
                self.push(Act::Crash { desk, after, back_ms });
            }
            87..=90 => {
                let (after, back_ms) = (self.points(29), self.chance.within(100..=15_000));
                self.push(Act::CrashAtWord { desk, after, back_ms });
            }
            91 => self.push(Act::Reload { agent }),
            92 => self.push(Act::Decide { desk }),
            93..=95 => self.draw_rush(),
            96..=97 => self.draw_new_token(),
            _ => self.draw_untold(agent, desk),
        }
    }

    fn draw_service_fault(&mut self) {
        let path = PATHS.get(self.below(PATHS.len())).copied().unwrap_or("*");
        let kind = KINDS.get(self.below(KINDS.len())).copied().unwrap_or(FaultKind::Delay);
        let delay_ms = self.chance.within(100..=40_000);
        let times = if self.below(4) == 0 { 2 } else { 1 };
        self.push(Act::ServiceFault { path, kind, delay_ms, times });
    }

    /// All agents dial at once, each at another desk, and all answers are lost: each desk looks for its own in the report,
    /// and a supervisor perhaps says first what became of them.
    fn draw_rush(&mut self) {
        let kind = LOST.get(self.below(LOST.len())).copied().unwrap_or(FaultKind::CloseAfter);
        let times = u32::try_from(self.agents).unwrap_or(1);
        self.push(Act::ServiceFault { path: DIAL, kind, delay_ms: 100, times });
        for agent in 0..self.agents {
            let after_ms = self.points(20);
            self.pass(after_ms);
            self.push_new_wish(agent, agent % self.desks);
        }
        if self.below(2) == 0 {
            let (after_ms, desk) = (self.chance.within(10..=1_000), self.below(self.desks));
            self.pass(after_ms);
            self.push(Act::Decide { desk });
        }
    }

    /// The token has ended when a report is asked for, and the next one takes long.
    fn draw_new_token(&mut self) {
        let delay_ms = self.chance.within(1_000..=19_000);
        self.push(Act::ServiceFault { path: TOKEN, kind: FaultKind::Delay, delay_ms, times: 1 });
        let kind = FaultKind::ExpiredToken;
        self.push(Act::ServiceFault { path: CDR, kind, delay_ms: 100, times: 1 });
    }

    /// What became of a dial is written down, but the desk is not told, and then it is without a store for a while. The
    /// agent's next click is at a desk that has one, if there is another.
    fn draw_untold(&mut self, agent: usize, desk: usize) {
        let after = self.points(14);
        self.push(Act::StoreFault { desk, after, is_done: true });
        self.push_new_wish(agent, desk);
        let gap_ms = self.chance.within(100..=1_900);
        self.pass(gap_ms);
        let for_ms = self.chance.within(1_000..=25_000);
        self.push(Act::CutOff { desk, for_ms });
        let gap_ms = self.chance.within(2_000..=20_000);
        self.pass(gap_ms);
        self.push_new_wish(agent, (desk + 1) % self.desks);
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
        let Self { seed, desks, agents, back_fill, weather, .. } = self;
        writeln!(
            f,
            "seed {seed}: {desks} desk(s), {agents} agents, {back_fill} days to read, {weather:?}"
        )?;
        for Step { number, at_ms, act } in &self.steps {
            let (seconds, rest) = (at_ms / 1_000, at_ms % 1_000);
            writeln!(f, "  {number:3}  {seconds:4}.{rest:03} s  {act:?}")?;
        }
        Ok(())
    }
}
