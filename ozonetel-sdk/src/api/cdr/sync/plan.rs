//! Which day to ask for next, when and why: state, time and event in, next step out. No I/O, no clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::checkpoint::{
    Checkpoint, Closing, DayReading, DayState, FailureCause, Gap, GapReason, MOST_CLOSINGS,
    MOST_GAPS, Trouble,
};
use super::seen_time::{ClockLook, STEP, SeenTime, Unix};
use super::settings::SyncSettings;
use crate::api::cdr::retention::WINDOW_DAYS;
use crate::types::wire::{Day, Zone};

/// The first pause after a failure; it doubles with each.
const FIRST_PAUSE: Unix = 30;
/// The longest pause after failures of one day.
const LONGEST_PAUSE: Unix = 15 * 60;
/// The longest pause of all days after failures that are not about a day.
const LONGEST_HOLD: Unix = 5 * 60;

/// Why a day is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// It was never read.
    First,
    /// Rows arrive and change all day.
    Today,
    /// It was last read before it was over and moved to the store of earlier days.
    Over,
    /// Within the horizon, for late rows and late changes.
    Again,
    /// Rows were unfinished, unreadable or gone when it was last read.
    Unsettled,
    /// The service is about to forget it.
    LastLook,
}

/// One request to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) day: Day,
    pub(super) why: Why,
    /// The number that the reading will have.
    pub(super) number: u64,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Ask(Ask),
    Wait(SystemTime),
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlanEvent {
    /// The day's answer was read to its end. `started` is before the request, `ended` after the last row.
    Read {
        ask: Ask,
        started: SystemTime,
        ended: SystemTime,
        rows: u64,
        unfinished: u64,
        unread: u64,
    },
    /// It was not. `general` means that another day would have failed in the same way.
    Failed {
        ask: Ask,
        at: SystemTime,
        cause: FailureCause,
        general: bool,
        ready_in: Option<Duration>,
    },
}

/// The shortest pause between two readings of today, in seconds, however much it is wanted.
const WANTED_PAUSE: u64 = 5;

/// The same while other days are due: of the two requests a minute, some are left for them.
const SHARED_PAUSE: u64 = 40;

/// How many days are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Days that are followed, today included.
    pub days: u32,
    /// Of these, how many were never read.
    pub never_read: u32,
    /// How many are to be read now.
    pub due: u32,
    /// How many are settled: whole, and read for all nights of the horizon. Only the last look is left for them.
    pub settled: u32,
}

/// Everything is asked again for a while.
#[derive(Debug, Clone, Copy, Default)]
struct Hold {
    times: u32,
    until: Unix,
}

/// The plan over the days of the window.
#[derive(Debug)]
pub(super) struct DayPlan {
    settings: SyncSettings,
    zone: Zone,
    checkpoint: Checkpoint,
    hold: Hold,
    /// When the last request went out.
    last: Option<Unix>,
    /// Today is wanted before its pause is over.
    wanted: bool,
}

impl DayPlan {
    /// From a checkpoint, or from the beginning.
    pub(super) fn new(
        settings: SyncSettings,
        zone: Zone,
        from: Option<Checkpoint>,
        now: SystemTime,
    ) -> Self {
        let checkpoint = from.unwrap_or_else(|| {
            let first = back(zone.day(now), i32::from(settings.back_fill));
            Checkpoint::starting_at(first, SeenTime::beginning(unix(now)))
        });
        Self { settings, zone, checkpoint, hold: Hold::default(), last: None, wanted: false }
    }

    pub(super) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Closes the days that have left the window, and records what is missing of them; follows more of those that are in
    /// it where the settings want more. True when anything changed.
    ///
    /// While the clock is behind a time that has passed, nothing is done; once it is believed, what was known of later
    /// times is forgotten.
    pub(super) fn advance(&mut self, now: SystemTime) -> bool {
        let corrected = match self.checkpoint.seen.look(unix(now)) {
            ClockLook::GoesOn => false,
            ClockLook::FallsBehind => return true,
            ClockLook::StaysBehind => return false,
            ClockLook::CaughtUp(behind) => {
                self.forget_after(behind);
                true
            }
            ClockLook::SetBack(since) => {
                self.forget_after(since);
                self.reopen(since, self.zone.day(now));
                true
            }
        };
        let today = self.zone.day(now);
        let reached = self.reach_back(today);
        let edge = back(today, WINDOW_DAYS);
        let before = self.checkpoint.next;
        while self.checkpoint.next < edge {
            let day = self.checkpoint.next;
            let state = self.checkpoint.days.remove(&day);
            if let Some(gap) = self.gap(day, state) {
                self.note(gap);
            }
            self.checkpoint.next = day.next();
        }
        let closed = before != self.checkpoint.next;
        if closed {
            self.checkpoint.seen.pass(unix(now));
            let closings = &mut self.checkpoint.closings;
            closings.push(Closing { at: unix(now), from: before });
            let too_many = closings.len().saturating_sub(MOST_CLOSINGS);
            closings.drain(..too_many);
        }
        corrected || reached || closed
    }

    /// Follows earlier days as well where more are wanted than when the sync began: all of these the service still has.
    /// Once a day has left the window, what is wanted is followed already.
    fn reach_back(&mut self, today: Day) -> bool {
        let first = back(today, i32::from(self.settings.back_fill));
        let Checkpoint { next, closings, .. } = &mut self.checkpoint;
        let is_earlier = closings.is_empty() && first < *next;
        if is_earlier {
            *next = first;
        }
        is_earlier
    }

    /// A reading from the future is no reading, and a failure no failure. Nothing was read while the clock was behind:
    /// what is later than its beginning was in the future then.
    fn forget_after(&mut self, at: Unix) {
        let known = at.saturating_add(STEP);
        for state in self.checkpoint.days.values_mut() {
            state.read = state.read.filter(|read| read.at <= known);
            state.trouble = state.trouble.take().filter(|trouble| trouble.at <= known);
        }
        self.hold = Hold::default();
        self.last = None;
    }

    /// Follows the days again that were closed by a clock that was ahead, and no day that has not begun.
    fn reopen(&mut self, since: Unix, today: Day) {
        let at = since.saturating_add(STEP);
        let Checkpoint { next, days, closings, .. } = &mut self.checkpoint;
        while let Some(closing) = closings.pop_if(|closing| closing.at > at) {
            *next = closing.from.min(*next);
        }
        if *next > today {
            // It all began while the clock was ahead.
            *next = back(today, i32::from(self.settings.back_fill));
            closings.clear();
        }
        days.retain(|day, _| *day <= today);
    }

    /// Makes today due before its pause is over.
    pub(super) fn want_today(&mut self) {
        self.wanted = true;
    }

    /// Whether nothing is asked for because the clock is behind a time that has passed.
    pub(super) fn is_clock_behind(&self) -> bool {
        self.checkpoint.seen.look_again().is_some()
    }

    /// The next step.
    pub(super) fn next(&self, now: SystemTime) -> Next {
        let (at, today) = (unix(now), self.zone.day(now));
        if let Some(again) = self.checkpoint.seen.look_again() {
            return Next::Wait(time(again.max(at.saturating_add(1))));
        }
        let mut wake = self.unix_of(today.next().start());
        let mut best: Option<(u32, u8, Ask)> = None;
        for (day, state) in self.followed(now) {
            let Some((due, why)) = self.due(day, state, now) else { continue };
            if due > at {
                wake = wake.min(due);
                continue;
            }
            // What failed comes after what did not, then today, then what was never read; older days first.
            let trouble = state.and_then(|state| state.trouble.as_ref()).map_or(0, |t| t.times);
            let class = match why {
                _ if day == today => 0,
                Why::First => 1,
                _ => 2,
            };
            if best.is_none_or(|(t, c, _)| (trouble, class) < (t, c)) {
                let number = self.checkpoint.readings + 1;
                best = Some((trouble, class, Ask { day, why, number }));
            }
        }
        let free = self.free();
        match best {
            Some((.., ask)) if free <= at => Next::Ask(ask),
            Some(_) => Next::Wait(time(free)),
            None => Next::Wait(time(wake.max(free))),
        }
    }

    /// Takes the result of a request.
    pub(super) fn on(&mut self, event: PlanEvent) {
        match event {
            PlanEvent::Read { ask, started, ended, rows, unfinished, unread } => {
                self.hold = Hold::default();
                self.last = Some(unix(started));
                self.checkpoint.seen.pass(unix(started.max(ended)));
                let today = self.zone.day(ended);
                self.wanted &= ask.day != today;
                let age = ask.day.days_until(today);
                if age > WINDOW_DAYS || ask.day < self.checkpoint.next {
                    // The day left the window meanwhile: the service answers such days with nothing.
                    return;
                }
                let tomorrow = self.unix_of(today.next().start());
                let state = self.checkpoint.days.entry(ask.day).or_default();
                if age == WINDOW_DAYS && rows == 0 {
                    let times = state.trouble.as_ref().map_or(0, |t| t.times).saturating_add(1);
                    let (at, cause) = (unix(ended), FailureCause::EmptyAtTheEdge);
                    state.trouble = Some(Trouble { times, at, again_at: tomorrow, cause });
                    return;
                }
                let most = state.read.map_or(rows, |read| read.most.max(rows));
                self.checkpoint.readings = ask.number;
                let (number, at) = (ask.number, unix(started));
                state.read = Some(DayReading { number, at, rows, most, unfinished, unread });
                state.trouble = None;
            }
            PlanEvent::Failed { ask, at, cause, general, ready_in } => {
                let at = unix(at);
                self.last = Some(at);
                self.checkpoint.seen.pass(at);
                let asked = ready_in.map_or(0, |wait| wait.as_secs().saturating_add(1));
                if general {
                    self.hold.times = self.hold.times.saturating_add(1);
                    let pause = pause(self.hold.times, LONGEST_HOLD).max(asked);
                    self.hold.until = at.saturating_add(pause);
                }
                if ask.day < self.checkpoint.next {
                    return;
                }
                let state = self.checkpoint.days.entry(ask.day).or_default();
                let times = state.trouble.as_ref().map_or(0, |t| t.times).saturating_add(1);
                let again_at = at.saturating_add(pause(times, LONGEST_PAUSE).max(asked));
                state.trouble = Some(Trouble { times, at, again_at, cause });
            }
        }
    }

    pub(super) fn tally(&self, now: SystemTime) -> Tally {
        let mut tally = Tally::default();
        for (day, state) in self.followed(now) {
            let read = state.and_then(|state| state.read);
            tally.days += 1;
            tally.never_read += u32::from(read.is_none());
            tally.settled += u32::from(read.is_some_and(|read| self.is_settled(day, &read)));
            let due = self.due(day, state, now);
            tally.due += u32::from(due.is_some_and(|(at, _)| at <= unix(now)));
        }
        tally
    }

    /// The gaps that were not reported yet.
    pub(super) fn tell(&mut self) -> Vec<Gap> {
        let told = std::mem::replace(&mut self.checkpoint.told, self.checkpoint.gaps.len());
        self.checkpoint.gaps.get(told..).unwrap_or_default().to_vec()
    }

    fn followed(&self, now: SystemTime) -> impl Iterator<Item = (Day, Option<&DayState>)> {
        let today = self.zone.day(now);
        let first = self.checkpoint.next.max(back(today, WINDOW_DAYS));
        let later = |day: &Day| Some(day.next()).filter(|next| next != day);
        let days = std::iter::successors(Some(first), later);
        days.take_while(move |day| *day <= today).map(|day| (day, self.checkpoint.days.get(&day)))
    }

    /// When a day is wanted next, and why; `None` when it is not any more.
    fn due(&self, day: Day, state: Option<&DayState>, now: SystemTime) -> Option<(Unix, Why)> {
        let is_today = day == self.zone.day(now);
        let opens = |round| self.unix_of(self.settings.opens(day, round));
        let (at, why) = match state.and_then(|state| state.read) {
            None if is_today => (0, Why::First),
            None => (opens(1), Why::First),
            Some(read) if is_today => {
                let every = self.settings.every.as_secs();
                let pause = if self.wanted { every.min(self.wanted_pause(now)) } else { every };
                (read.at.saturating_add(pause), Why::Today)
            }
            Some(read) => {
                let round = self.round(day, read.at);
                let next = self.settings.wanted_after(round, read.is_whole())?;
                let why = match next {
                    _ if round == 0 => Why::Over,
                    _ if !read.is_whole() => Why::Unsettled,
                    next if next <= self.settings.horizon => Why::Again,
                    _ => Why::LastLook,
                };
                (opens(next), why)
            }
        };
        let again_at = state.and_then(|state| state.trouble.as_ref()).map_or(0, |t| t.again_at);
        Some((at.max(again_at), why))
    }

    /// How soon today is read again where that is wanted.
    fn wanted_pause(&self, now: SystemTime) -> u64 {
        let (at, today) = (unix(now), self.zone.day(now));
        let mut others = self.followed(now).filter(|(day, _)| *day != today);
        let due =
            others.any(|(day, state)| self.due(day, state, now).is_some_and(|(due, _)| due <= at));
        if due { SHARED_PAUSE } else { WANTED_PAUSE }
    }

    /// How many nights after the day had passed at that time; 0 while it could not be read whole.
    fn round(&self, day: Day, at: Unix) -> u8 {
        let night = self.zone.day(time(at));
        let age = u8::try_from(day.days_until(night).clamp(0, i32::from(u8::MAX))).unwrap_or(0);
        let passed = at >= self.unix_of(self.settings.opens(night, 0));
        age.saturating_sub(u8::from(!passed))
    }

    fn is_settled(&self, day: Day, read: &DayReading) -> bool {
        read.is_whole() && self.round(day, read.at) >= self.settings.horizon
    }

    /// When the next request may go out at all.
    fn free(&self) -> Unix {
        let spaced = self.last.map_or(0, |at| at.saturating_add(self.settings.spacing.as_secs()));
        self.hold.until.max(spaced)
    }

    /// What is missing of a day that left the window.
    fn gap(&self, day: Day, state: Option<DayState>) -> Option<Gap> {
        let DayState { read, trouble, .. } = state.unwrap_or_default();
        let (from, reason) = match &read {
            None => (day.start(), GapReason::NeverRead),
            Some(read) if self.round(day, read.at) == 0 => {
                (self.zone.stamp(time(read.at)).min(day.end()), GapReason::ReadInPart)
            }
            Some(read) if !self.is_settled(day, read) => (day.start(), GapReason::Unsettled),
            Some(_) => return None,
        };
        let rows = read.map_or(0, |read| {
            let gone = read.most.saturating_sub(read.rows);
            read.unfinished.saturating_add(read.unread).saturating_add(gone)
        });
        Some(Gap { from, to: day.end(), reason, rows, cause: trouble.map(|t| t.cause) })
    }

    /// Keeps a gap: joined with the one before it where both are of one kind and that one was not reported yet.
    fn note(&mut self, gap: Gap) {
        let Checkpoint { gaps, told, .. } = &mut self.checkpoint;
        let fresh = gaps.len() > *told;
        if let Some(last) = gaps.last_mut().filter(|last| {
            fresh
                && (last.reason, &last.cause) == (gap.reason, &gap.cause)
                && last.to.day().next().start() == gap.from
        }) {
            last.to = gap.to;
            last.rows = last.rows.saturating_add(gap.rows);
            return;
        }
        gaps.push(gap);
        if gaps.len() > MOST_GAPS && *told >= 2 {
            let oldest = gaps.remove(0);
            *told -= 1;
            if let Some(next) = gaps.first_mut() {
                next.from = oldest.from;
                next.reason = GapReason::Several;
                next.rows = next.rows.saturating_add(oldest.rows);
                next.cause = None;
            }
        }
    }

    fn unix_of(&self, stamp: crate::types::wire::LocalDateTime) -> Unix {
        unix(stamp.instant(&self.zone))
    }
}

fn unix(at: SystemTime) -> Unix {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Times that are in no calendar are moved to one that is.
fn time(at: Unix) -> SystemTime {
    const YEAR_9999: Unix = 253_370_764_800;
    UNIX_EPOCH + Duration::from_secs(at.min(YEAR_9999))
}

fn back(day: Day, days: i32) -> Day {
    (0..days).fold(day, |day, _| day.previous())
}

fn pause(times: u32, most: Unix) -> Unix {
    let doublings = times.saturating_sub(1).min(16);
    (FIRST_PAUSE << doublings).min(most)
}

#[cfg(test)]
mod tests;
