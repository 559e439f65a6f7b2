//! One agent: signed in or not, in which state, and how long in which.

use std::collections::BTreeMap;

use crate::world::ids::{CallKey, LegNo};
use crate::world::setup::{AgentMode, AgentSetup, LoginKind};
use crate::world::time::{Day, Timestamp, Zone};

/// What an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// Signed out.
    LoggedOut,
    /// Waits for a call.
    Ready,
    /// A dial of the agent's has not been answered yet.
    Dialing,
    /// On a call, or an inbound call rings.
    Busy,
    /// After-call work.
    Acw,
    /// On a break.
    Paused,
    /// Signed in, but not ready: calls do not come before the agent says so.
    Idle,
    /// A break that the platform set.
    Aux,
}

/// A state that the platform puts an agent into.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aside {
    /// Signed in, but not ready.
    Idle,
    /// A break that the platform set, for this reason.
    Aux(String),
}

impl AgentState {
    /// The service's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::LoggedOut => "LOGGED_OUT",
            Self::Ready => "READY",
            Self::Dialing | Self::Busy => "BUSY",
            Self::Acw => "ACW",
            Self::Paused => "PAUSED",
            Self::Idle => "IDLE",
            Self::Aux => "AUX",
        }
    }
}

/// A login that is in force.
#[derive(Clone, Debug)]
pub struct LoginSession {
    /// What it counts as.
    pub kind: LoginKind,
    /// Where the agent's calls are routed to.
    pub phone: String,
    since: i64,
}

/// Seconds an agent spent on a day in a mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTotals {
    /// On calls, and while inbound calls rang.
    pub busy: i64,
    /// Own dials before the customer answered.
    pub dial: i64,
    /// Ready.
    pub idle: i64,
    /// On a break.
    pub pause: i64,
    /// After-call work.
    pub wrap_up: i64,
    /// Signed in; the sum of the others.
    pub login: i64,
}

/// An agent as the world knows it.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Who it is.
    pub setup: AgentSetup,
    /// The login in force.
    pub login: Option<LoginSession>,
    /// What the agent is doing.
    pub state: AgentState,
    /// Reason of the break.
    pub pause_reason: Option<String>,
    /// The call that rings or is up.
    pub(crate) call: Option<CallKey>,
    /// The leg in after-call work.
    pub(crate) wrapping: Option<(CallKey, LegNo)>,
    /// A break to go to when the call is over.
    pub(crate) pause_next: Option<String>,
    /// Since when in this state, to the millisecond; the one who waits longest rings first.
    pub(crate) ready_since: Timestamp,
    since: i64,
    totals: BTreeMap<(Day, AgentMode), StateTotals>,
}

impl Agent {
    pub(crate) fn new(setup: AgentSetup, now: Timestamp) -> Self {
        Self {
            setup,
            login: None,
            state: AgentState::LoggedOut,
            pause_reason: None,
            call: None,
            wrapping: None,
            pause_next: None,
            ready_since: now,
            since: now.second(),
            totals: BTreeMap::new(),
        }
    }

    /// Whether a call rings or is up.
    pub fn is_on_call(&self) -> bool {
        self.call.is_some()
    }

    /// Whether the agent is in after-call work.
    pub fn is_wrapping_up(&self) -> bool {
        self.wrapping.is_some()
    }

    /// Whether the agent would take another call now.
    pub fn is_free(&self) -> bool {
        self.state == AgentState::Ready && self.call.is_none()
    }

    /// Signed in, and how.
    pub fn login_kind(&self) -> Option<LoginKind> {
        self.login.as_ref().map(|l| l.kind)
    }

    /// The number calls to this agent go to.
    pub fn phone(&self) -> &str {
        self.login.as_ref().map_or(&self.setup.extension, |l| &l.phone)
    }

    /// Changes the state at a second; never before the last change.
    pub(crate) fn enter(&mut self, state: AgentState, second: i64, zone: Zone) -> i64 {
        let at = second.max(self.since);
        let (was, from, mode) = (self.state, self.since, self.setup.mode);
        spread(&mut self.totals, (from, at), mode, zone, |t, s| add(t, was, s));
        self.state = state;
        self.since = at;
        if !matches!(state, AgentState::Paused | AgentState::Aux) {
            self.pause_reason = None;
        }
        at
    }

    pub(crate) fn sign_in(&mut self, kind: LoginKind, phone: String, second: i64, zone: Zone) {
        let state = if self.call.is_some() { AgentState::Busy } else { AgentState::Ready };
        let since = self.enter(state, second, zone);
        self.login = Some(LoginSession { kind, phone, since });
    }

    pub(crate) fn sign_out(&mut self, second: i64, zone: Zone) {
        let at = self.enter(AgentState::LoggedOut, second, zone);
        self.pause_next = None;
        if let Some(login) = self.login.take() {
            let mode = self.setup.mode;
            spread(&mut self.totals, (login.since, at), mode, zone, |t, s| t.login += s);
        }
    }

    /// The totals as of a second, by day and mode.
    pub(crate) fn totals(&self, now: i64, zone: Zone) -> BTreeMap<(Day, AgentMode), StateTotals> {
        let mut totals = self.totals.clone();
        let (mode, state, now) = (self.setup.mode, self.state, now.max(self.since));
        spread(&mut totals, (self.since, now), mode, zone, |t, s| add(t, state, s));
        if let Some(login) = &self.login {
            spread(&mut totals, (login.since, now), mode, zone, |t, s| t.login += s);
        }
        totals.retain(|_, t| *t != StateTotals::default());
        totals
    }
}

fn add(totals: &mut StateTotals, state: AgentState, seconds: i64) {
    match state {
        AgentState::LoggedOut => {}
        AgentState::Ready | AgentState::Idle => totals.idle += seconds,
        AgentState::Dialing => totals.dial += seconds,
        AgentState::Busy => totals.busy += seconds,
        AgentState::Acw => totals.wrap_up += seconds,
        AgentState::Paused | AgentState::Aux => totals.pause += seconds,
    }
}

/// Hands the seconds of a stretch to the days they belong to.
fn spread(
    totals: &mut BTreeMap<(Day, AgentMode), StateTotals>,
    (mut from, to): (i64, i64),
    mode: AgentMode,
    zone: Zone,
    mut give: impl FnMut(&mut StateTotals, i64),
) {
    while from < to {
        let day = zone.day(from);
        let end = to.min(zone.day_start(day.back(-1)));
        give(totals.entry((day, mode)).or_default(), end - from);
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::setup::numbered_agent;

    #[test]
    fn a_shift_over_midnight_counts_on_both_days() {
        let zone = Zone::INDIA;
        let start = zone.parse_date_time("2026-11-21 23:00:00").unwrap();
        let mut agent = Agent::new(numbered_agent(1), Timestamp::from_unix_s(start));
        agent.sign_in(LoginKind::Virtual, "500001".into(), start, zone);
        agent.enter(AgentState::Paused, start + 1800, zone);
        agent.sign_out(start + 7200, zone);
        let rows: Vec<_> = agent.totals(start + 9000, zone).into_iter().collect();
        let (first, second) = (&rows[0], &rows[1]);
        assert_eq!(first.0.0.to_string(), "2026-11-21");
        assert_eq!((first.1.idle, first.1.pause, first.1.login), (1800, 1800, 3600));
        assert_eq!((second.1.pause, second.1.login), (3600, 3600));
        assert_eq!(rows.len(), 2);
    }
}
