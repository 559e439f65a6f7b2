//! The plan alone: days and times in, requests out.

mod back_fill;
mod clocks;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::api::cdr::sync::LAST_LOOK;
use crate::types::wire::{ClockDuration, TimeOfDay};

const TODAY: &str = "2026-11-21";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// So many days before today, at a time of day in India.
fn at(days_ago: i32, time: &str) -> SystemTime {
    let time: TimeOfDay = time.parse().unwrap();
    back(day(TODAY), days_ago).at(time).instant(&Zone::india())
}

/// So many days after today.
fn later(days: u64, time: &str) -> SystemTime {
    at(0, time) + Duration::from_secs(days * 86_400)
}

fn plan(settings: SyncSettings) -> DayPlan {
    DayPlan::new(settings, Zone::india(), None, at(0, "12:00:00"))
}

fn ask(plan: &DayPlan, now: SystemTime) -> Ask {
    match plan.next(now) {
        Next::Ask(ask) => ask,
        Next::Wait(until) => panic!("waits until {:?}", Zone::india().stamp(until)),
    }
}

fn wait(plan: &DayPlan, now: SystemTime) -> SystemTime {
    match plan.next(now) {
        Next::Wait(until) => until,
        Next::Ask(ask) => panic!("asks for {ask:?}"),
    }
}

fn read_as(ask: Ask, now: SystemTime, rows: u64, unfinished: u64, unread: u64) -> PlanEvent {
    PlanEvent::Read { ask, started: now, ended: now, rows, unfinished, unread }
}

fn failed(ask: Ask, now: SystemTime, general: bool) -> PlanEvent {
    let cause = FailureCause::failed(crate::ErrorKind::Status, None);
    PlanEvent::Failed { ask, at: now, cause, general, ready_in: None }
}

/// A plan that follows one day, read or not, and today.
fn one_day(read: Option<(SystemTime, u64, u64, u64)>, which: Day) -> DayPlan {
    let mut plan = plan(SyncSettings::default());
    plan.checkpoint.next = which;
    if let Some((now, rows, unfinished, unread)) = read {
        let ask = Ask { day: which, why: Why::First, number: 1 };
        plan.on(read_as(ask, now, rows, unfinished, unread));
    }
    plan
}

fn due(plan: &DayPlan, which: Day, now: SystemTime) -> Option<(SystemTime, Why)> {
    let due = plan.due(which, plan.checkpoint.days.get(&which), now);
    due.map(|(at, why)| (time(at), why))
}

#[test]
fn the_back_fill_takes_today_then_the_oldest_then_waits_for_today_again() {
    let mut plan = plan(SyncSettings::default());
    let mut now = at(0, "12:00:00");
    let mut asked = Vec::new();
    while let Next::Ask(ask) = plan.next(now) {
        asked.push(ask.day.days_until(day(TODAY)));
        assert_eq!((ask.why, ask.number), (Why::First, asked.len() as u64));
        plan.on(read_as(ask, now, 1, 0, 0));
        now += Duration::from_secs(10);
    }
    let expected: Vec<i32> = std::iter::once(0).chain((1..=15).rev()).collect();
    assert_eq!(asked, expected);
    assert_eq!(wait(&plan, now), at(0, "12:05:00"));
    assert_eq!(ask(&plan, at(0, "12:05:00")).why, Why::Today);
    let tally = plan.tally(now);
    assert_eq!(tally, Tally { days: 16, never_read: 0, due: 0, settled: 13 });
}

#[test]
fn what_was_never_read_goes_before_what_is_read_again_and_today_before_both() {
    let mut plan = plan(SyncSettings::default().back_fill(10));
    let now = at(0, "12:00:00");
    let (old, young) = (back(day(TODAY), 10), back(day(TODAY), 2));
    for age in 0..=10 {
        let which = back(day(TODAY), age);
        if which != young {
            // The oldest is unfinished; today was read long ago.
            let asked = Ask { day: which, why: Why::First, number: 1 };
            let when = if which == old { at(1, "12:00:00") } else { at(0, "09:00:00") };
            plan.on(read_as(asked, when, 1, u64::from(which == old), 0));
        }
    }
    let mut order = Vec::new();
    while let Next::Ask(ask) = plan.next(now) {
        order.push((ask.day, ask.why));
        plan.on(read_as(ask, now, 1, 0, 0));
    }
    assert_eq!(order, [(day(TODAY), Why::Today), (young, Why::First), (old, Why::Unsettled)]);
}

#[test]
fn back_fill_and_horizon_stay_in_range() {
    let first = |days| plan(SyncSettings::default().back_fill(days)).checkpoint.next;
    assert_eq!(first(0), day(TODAY));
    assert_eq!(first(15), first(200));
    assert_eq!(first(15).days_until(day(TODAY)), 15);
    assert_eq!(SyncSettings::default().horizon(0).readings_at_most(), 2);
    assert_eq!(SyncSettings::default().horizon(13).readings_at_most(), 14);
    assert_eq!(SyncSettings::default().horizon(99).readings_at_most(), LAST_LOOK);
    assert_eq!(SyncSettings::default().every(Duration::ZERO).every, Duration::from_secs(60));
    assert_eq!(SyncSettings::default().batch(0).batch, 1);
    assert_eq!(
        SyncSettings::default()
            .night_over(ClockDuration::from_seconds(90_000))
            .night_over
            .seconds(),
        86_399
    );
}

/// Each state of a day, at each age: when it is due, and why.
#[test]
fn the_table_of_states_and_ages() {
    let yesterday = back(day(TODAY), 1);
    let whole = |when| one_day(Some((when, 3, 0, 0)), yesterday);
    let night = |n: u64| Some(later(n, "04:00:00"));
    let rows: Vec<(&str, DayPlan, Option<SystemTime>, Why)> = vec![
        ("never read", one_day(None, yesterday), night(0), Why::First),
        ("read while it was today", whole(at(1, "23:59:59")), night(0), Why::Over),
        ("read before the night was over", whole(at(0, "03:59:59")), night(0), Why::Over),
        ("read after the first night", whole(at(0, "04:00:00")), night(1), Why::Again),
        ("after the second", whole(later(2, "03:59:59")), night(2), Why::Again),
        ("after the third: settled", whole(later(2, "04:00:00")), night(13), Why::LastLook),
        ("a night before the last look", whole(later(13, "03:59:59")), night(13), Why::LastLook),
        (
            "unfinished",
            one_day(Some((later(2, "05:00:00"), 3, 1, 0)), yesterday),
            night(3),
            Why::Unsettled,
        ),
        (
            "unread",
            one_day(Some((later(6, "05:00:00"), 3, 0, 1)), yesterday),
            night(7),
            Why::Unsettled,
        ),
        (
            "unread, late",
            one_day(Some((later(12, "05:00:00"), 3, 0, 1)), yesterday),
            night(13),
            Why::Unsettled,
        ),
    ];
    for (what, plan, when, why) in rows {
        let now = at(0, "12:00:00");
        assert_eq!(due(&plan, yesterday, now), when.map(|when| (when, why)), "{what}");
    }
    for (what, rows, unfinished) in [("whole", 3, 0), ("unfinished", 3, 2)] {
        let plan = one_day(Some((later(13, "04:00:00"), rows, unfinished, 0)), yesterday);
        assert_eq!(
            due(&plan, yesterday, later(13, "05:00:00")),
            None,
            "{what} after the last look"
        );
    }
    // A row that was there and is gone.
    let mut plan = whole(later(1, "05:00:00"));
    let again = Ask { day: yesterday, why: Why::Again, number: 2 };
    plan.on(read_as(again, later(2, "05:00:00"), 2, 0, 0));
    assert_eq!(
        due(&plan, yesterday, later(2, "06:00:00")).unwrap(),
        (later(3, "04:00:00"), Why::Unsettled)
    );
    plan.on(read_as(again, later(3, "05:00:00"), 3, 0, 0));
    assert_eq!(
        due(&plan, yesterday, later(3, "06:00:00")).unwrap(),
        (later(13, "04:00:00"), Why::LastLook)
    );
}

/// Each state of a day when it leaves the window: what is reported of it.
#[test]
fn the_table_of_gaps() {
    let which = back(day(TODAY), 1);
    let whole = |when| Some((when, 3, 0, 0));
    let rows = [
        ("never read", None, Some((GapReason::NeverRead, which.start(), 0))),
        (
            "read on the day",
            whole(at(1, "18:30:00")),
            Some((GapReason::ReadInPart, which.at("18:30:00".parse().unwrap()), 0)),
        ),
        (
            "read in the night",
            whole(at(0, "02:00:00")),
            Some((GapReason::ReadInPart, which.end(), 0)),
        ),
        ("one night", whole(at(0, "04:00:00")), Some((GapReason::Unsettled, which.start(), 0))),
        ("two nights", whole(later(2, "03:00:00")), Some((GapReason::Unsettled, which.start(), 0))),
        ("three nights", whole(later(2, "04:00:00")), None),
        ("last look", whole(later(13, "04:00:00")), None),
        (
            "unfinished",
            Some((later(13, "04:00:00"), 5, 2, 1)),
            Some((GapReason::Unsettled, which.start(), 3)),
        ),
    ];
    for (what, read, expected) in rows {
        let mut plan = one_day(read, which);
        assert!(!plan.advance(later(14, "23:59:59")), "{what}: still in the window");
        assert!(plan.advance(later(15, "00:00:00")), "{what}");
        let gaps = plan.tell();
        let told: Vec<_> = gaps.iter().map(|gap| (gap.reason, gap.from, gap.rows)).collect();
        assert_eq!(told, Vec::from_iter(expected), "{what}");
        assert!(gaps.iter().all(|gap| gap.to == which.end() && gap.cause.is_none()), "{what}");
        assert!(plan.tell().is_empty(), "{what}: told once");
        assert_eq!(plan.checkpoint.gaps().len(), gaps.len(), "{what}: kept");
    }
}

#[test]
fn a_gap_says_how_many_rows_have_gone_and_what_went_wrong_last() {
    let which = back(day(TODAY), 1);
    let mut plan = one_day(Some((at(0, "04:00:00"), 9, 0, 0)), which);
    let again = Ask { day: which, why: Why::Again, number: 2 };
    plan.on(read_as(again, later(5, "04:00:00"), 4, 1, 0));
    plan.on(failed(again, later(6, "04:00:00"), false));
    plan.advance(later(15, "00:00:00"));
    let gaps = plan.tell();
    assert_eq!((gaps[0].reason, gaps[0].rows), (GapReason::Unsettled, 6));
    assert_eq!(gaps[0].cause, Some(FailureCause::failed(crate::ErrorKind::Status, None)));
}

#[test]
fn neighbouring_gaps_are_one_until_they_are_told() {
    let mut plan = plan(SyncSettings::default());
    plan.advance(later(20, "12:00:00"));
    let gaps = plan.tell();
    assert_eq!(gaps.len(), 1);
    // 15 days back, today, and the four that came and went.
    assert_eq!(gaps[0].from, back(day(TODAY), 15).start());
    assert_eq!(gaps[0].to, day("2026-11-25").end());
    assert_eq!(plan.checkpoint.oldest(), day("2026-11-26"));
    plan.advance(later(22, "12:00:00"));
    let more = plan.tell();
    assert_eq!((more[0].from, more[0].to), (day("2026-11-26").start(), day("2026-11-27").end()));
    assert_eq!(plan.checkpoint.gaps().len(), 2);
}

#[test]
fn gaps_that_differ_or_lie_apart_stay_apart() {
    let mut plan = plan(SyncSettings::default());
    let first = back(day(TODAY), 15);
    let read = |which: Day, number| Ask { day: which, why: Why::First, number };
    // Whole, in between; and one that failed.
    plan.on(read_as(read(first.next(), 1), at(0, "12:00:00"), 1, 0, 0));
    plan.on(failed(read(first.next().next().next(), 2), at(0, "12:00:00"), false));
    plan.advance(later(5, "00:00:00"));
    let gaps = plan.tell();
    let days: Vec<_> = gaps.iter().map(|gap| first.days_until(gap.from.day())).collect();
    assert_eq!(days, [0, 2, 3, 4]);
    assert_eq!(gaps.iter().filter(|gap| gap.cause.is_some()).count(), 1);
}

#[test]
fn very_many_gaps_are_joined_from_the_oldest_on() {
    let mut plan = plan(SyncSettings::default());
    for n in 0..450 {
        plan.advance(later(10 + n, "12:00:00"));
        assert_eq!(plan.tell().len(), 1);
    }
    let gaps = plan.checkpoint.gaps();
    assert_eq!(gaps.len(), MOST_GAPS);
    assert_eq!((gaps[0].from, gaps[0].reason), (back(day(TODAY), 15).start(), GapReason::Several));
    assert_eq!(gaps[1].reason, GapReason::NeverRead);
    assert!(gaps.windows(2).all(|two| two[0].to.day().next() == two[1].from.day()));
    let text = plan.checkpoint.to_json();
    assert_eq!(&Checkpoint::from_json(text.as_bytes()).unwrap(), plan.checkpoint());
}

#[test]
fn an_answer_that_came_after_the_day_left_the_window_proves_nothing() {
    let mut plan = plan(SyncSettings::default());
    let oldest = back(day(TODAY), 15);
    let asked = Ask { day: oldest, why: Why::First, number: 1 };
    let late = PlanEvent::Read {
        ask: asked,
        started: at(0, "23:59:50"),
        ended: later(1, "00:00:10"),
        rows: 0,
        unfinished: 0,
        unread: 0,
    };
    plan.on(late.clone());
    assert_eq!((plan.checkpoint.day(oldest), plan.checkpoint.readings), (None, 0));
    plan.advance(later(1, "00:00:20"));
    assert_eq!(plan.tell()[0].reason, GapReason::NeverRead);
    // Nor does it bring back a day that is closed.
    plan.on(late);
    plan.on(failed(asked, later(1, "00:00:30"), false));
    assert_eq!(plan.checkpoint.day(oldest), None);
}

#[test]
fn an_empty_answer_on_the_edge_is_no_reading() {
    let mut plan = plan(SyncSettings::default());
    let oldest = back(day(TODAY), 15);
    let asked = Ask { day: oldest, why: Why::First, number: 1 };
    plan.on(read_as(asked, at(0, "12:00:00"), 0, 0, 0));
    let state = plan.checkpoint.day(oldest).unwrap();
    assert_eq!(state.read, None);
    assert_eq!(due(&plan, oldest, at(0, "12:00:01")).unwrap().0, later(1, "00:00:00"));
    plan.advance(later(1, "00:00:00"));
    let gaps = plan.tell();
    assert_eq!(gaps[0].cause, Some(FailureCause::EmptyAtTheEdge));
    // With a row it is one; and a day younger it may be empty.
    for (age, rows) in [(15, 1), (14, 0)] {
        let mut plan = self::plan(SyncSettings::default());
        let which = back(day(TODAY), age);
        plan.on(read_as(Ask { day: which, ..asked }, at(0, "12:00:00"), rows, 0, 0));
        assert_eq!(plan.checkpoint.day(which).unwrap().read.unwrap().rows, rows);
    }
}

#[test]
fn a_day_that_fails_is_put_off_and_does_not_hold_up_others() {
    let mut plan = plan(SyncSettings::default());
    let mut now = at(0, "12:00:00");
    let first = ask(&plan, now);
    for (n, pause) in [30, 60, 120, 240, 480, 900, 900].into_iter().enumerate() {
        let again = Ask { day: first.day, ..ask(&plan, now) };
        plan.on(failed(again, now, false));
        let trouble = plan.checkpoint.day(first.day).unwrap().trouble.clone().unwrap();
        assert_eq!((trouble.times as usize, trouble.again_at - trouble.at), (n + 1, pause));
        assert_ne!(ask(&plan, now).day, first.day);
        now += Duration::from_secs(pause);
    }
    // When its time has come it still lets those that did not fail go first.
    assert_eq!(ask(&plan, now).day, back(day(TODAY), 15));
    while let Next::Ask(ask) = plan.next(now) {
        plan.on(read_as(ask, now, 1, 0, 0));
    }
    assert_eq!(plan.checkpoint.day(first.day).unwrap().trouble, None);
}

#[test]
fn what_is_not_about_the_day_holds_up_all_of_them_for_a_while() {
    let mut plan = plan(SyncSettings::default());
    let mut now = at(0, "12:00:00");
    for pause in [30, 60, 120, 240, 300, 300] {
        let asked = ask(&plan, now);
        plan.on(failed(asked, now, true));
        assert_eq!(wait(&plan, now), now + Duration::from_secs(pause));
        now += Duration::from_secs(pause);
    }
    let asked = ask(&plan, now);
    plan.on(read_as(asked, now, 1, 0, 0));
    assert_ne!(ask(&plan, now).day, asked.day);
    // What the service asks for counts, if it is longer.
    let asked = ask(&plan, now);
    let cause =
        FailureCause::failed(crate::ErrorKind::Refused, Some(crate::Reason::TooManyRequests));
    let ready_in = Some(Duration::from_millis(90_500));
    plan.on(PlanEvent::Failed { ask: asked, at: now, cause, general: true, ready_in });
    assert_eq!(wait(&plan, now), now + Duration::from_secs(91));
}

#[test]
fn spacing_keeps_requests_apart_whatever_came_of_them() {
    let mut plan = plan(SyncSettings::default().spacing(Duration::from_secs(45)));
    let now = at(0, "12:00:00");
    plan.on(read_as(ask(&plan, now), now, 1, 0, 0));
    assert_eq!(wait(&plan, now), now + Duration::from_secs(45));
    let now = now + Duration::from_secs(45);
    plan.on(failed(ask(&plan, now), now, false));
    assert_eq!(wait(&plan, now), now + Duration::from_secs(45));
}

#[test]
fn checkpoints_are_read_back_and_damaged_ones_refused() {
    use crate::api::cdr::sync::CheckpointError;
    let mut plan = plan(SyncSettings::default());
    let now = at(0, "12:00:00");
    plan.on(read_as(ask(&plan, now), now, 1, 1, 1));
    plan.on(failed(ask(&plan, now), now, true));
    plan.advance(later(1, "00:00:00"));
    plan.tell();
    let text = plan.checkpoint.to_json();
    assert_eq!(&Checkpoint::from_json(text.as_bytes()).unwrap(), plan.checkpoint());
    assert_eq!(&serde_json::from_str::<Checkpoint>(&text).unwrap(), plan.checkpoint());

    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let with = |path: &str, new: serde_json::Value| {
        let mut value = value.clone();
        *value.pointer_mut(path).unwrap() = new;
        value.to_string()
    };
    let refused = |text: &str| {
        assert!(serde_json::from_str::<Checkpoint>(text).is_err(), "{text}");
        Checkpoint::from_json(text.as_bytes()).unwrap_err()
    };
    assert_eq!(refused(&with("/version", 7.into())), CheckpointError::Version(7));
    let unreadable = |what: &str| CheckpointError::Unreadable(what.to_owned());
    assert_eq!(refused(&with("/next", "soon".into())), unreadable("next"));
    assert_eq!(refused(&with("/next", "2026-12-01".into())), unreadable("days"));
    assert_eq!(refused(&with("/told", 2.into())), unreadable("gaps"));
    assert!(matches!(refused("[]"), CheckpointError::Unreadable(_)));
    assert!(matches!(refused(&text[..text.len() / 2]), CheckpointError::Unreadable(_)));

    // Nothing grows without end: 64 days and 800 gaps are more than there can be.
    let many_days = |count: usize| {
        let days = std::iter::successors(Some(day(TODAY)), |day| Some(day.next())).take(count);
        let days =
            days.map(|day| (day.to_string(), serde_json::json!({"read": null, "trouble": null})));
        with("/days", serde_json::Value::Object(days.collect()))
    };
    let many_gaps = |count| with("/gaps", vec![value["gaps"][0].clone(); count].into());
    assert!(Checkpoint::from_json(many_days(64).as_bytes()).is_ok());
    assert_eq!(refused(&many_days(65)), unreadable("days"));
    assert!(Checkpoint::from_json(many_gaps(800).as_bytes()).is_ok());
    assert_eq!(refused(&many_gaps(801)), unreadable("gaps"));

    // What this version does not know stays, at the top and in a day.
    let mut newer = value.clone();
    newer["added"] = 1.into();
    newer["days"][TODAY]["added"] = 2.into();
    let kept = Checkpoint::from_json(newer.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&kept.to_json()).unwrap(), newer);
}

/// What may come between two looks at the plan.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Read { rows: u64, unfinished: bool },
    Fail { general: bool },
    Pass(u64),
    Restart { back_fill: u8 },
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => (0..4u64, prop::bool::weighted(0.2)).prop_map(|(rows, unfinished)| Turn::Read { rows, unfinished }),
        2 => any::<bool>().prop_map(|general| Turn::Fail { general }),
        4 => prop_oneof![Just(30), 60..4_000u64, 3_600..200_000u64, Just(1_500_000u64)].prop_map(Turn::Pass),
        1 => (0..16u8).prop_map(|back_fill| Turn::Restart { back_fill }),
    ]
}

proptest! {
    /// Whatever happens: only days in the window and never tomorrow, as many of them as are wanted, a settled day no
    /// more often than stated, every day that leaves either settled or in exactly one gap, and always a way forward.
    #[test]
    fn the_plan_keeps_its_word(
        turns in prop::collection::vec(turn(), 1..120),
        horizon in 1u8..6,
        back_fill in 0u8..16,
    ) {
        let settings = SyncSettings::default().horizon(horizon).every(Duration::from_secs(10_800));
        let mut settings = settings.back_fill(back_fill);
        let zone = Zone::india();
        let mut plan = plan(settings);
        let mut first = plan.checkpoint.next;
        let mut now = at(0, "12:00:00");
        // Readings of each day after its end, and whether all were whole.
        let mut over: BTreeMap<Day, (u32, bool)> = BTreeMap::new();
        for turn in turns {
            plan.advance(now);
            first = first.min(plan.checkpoint.next);
            prop_assert!(plan.checkpoint.next <= back(zone.day(now), i32::from(settings.back_fill)));
            match (turn, plan.next(now)) {
                (Turn::Pass(seconds), _) => now += Duration::from_secs(seconds),
                (Turn::Restart { back_fill }, _) => {
                    settings = settings.back_fill(back_fill);
                    let saved = Checkpoint::from_json(plan.checkpoint.to_json().as_bytes()).unwrap();
                    prop_assert_eq!(&saved, plan.checkpoint());
                    plan = DayPlan::new(settings, zone.clone(), Some(saved), now);
                }
                (_, Next::Wait(until)) => {
                    prop_assert!(until > now, "{turn:?}");
                    now = until;
                }
                (turn, Next::Ask(ask)) => {
                    let age = ask.day.days_until(zone.day(now));
                    prop_assert!((0..=WINDOW_DAYS).contains(&age));
                    if let Turn::Read { rows, unfinished } = turn {
                        let before = plan.checkpoint.day(ask.day).and_then(|state| state.read);
                        plan.on(read_as(ask, now, rows, u64::from(unfinished), 0));
                        let after = plan.checkpoint.day(ask.day).and_then(|state| state.read);
                        if let Some(read) = after.filter(|_| age > 0 && after != before) {
                            let (times, whole) = over.entry(ask.day).or_insert((0, true));
                            *times += 1;
                            // What the next reading is for is decided by the one before it.
                            let most = if *whole { u32::from(settings.readings_at_most()) } else { u32::from(LAST_LOOK) };
                            prop_assert!(*times <= most, "{} was read {times} times", ask.day);
                            *whole &= read.is_whole();
                        }
                    } else {
                        plan.on(failed(ask, now, matches!(turn, Turn::Fail { general: true })));
                    }
                    now += Duration::from_secs(1);
                }
            }
            let tally = plan.tally(now);
            prop_assert!(tally.never_read <= tally.days && tally.settled <= tally.days && tally.due <= tally.days);
        }
        // Every closed day that was never read whole after its end is in a gap, and no day is in two.
        let mut last = None;
        for gap in plan.checkpoint.gaps() {
            prop_assert!(gap.from <= gap.to && last < Some(gap.from));
            last = Some(gap.to);
        }
        let mut closed = first;
        while closed < plan.checkpoint.next {
            let in_gap = plan.checkpoint.gaps().iter().any(|gap| gap.from <= closed.end() && closed.start() <= gap.to);
            prop_assert!(in_gap || over.contains_key(&closed), "{closed} is lost");
            closed = closed.next();
        }
    }
}

#[test]
fn today_is_read_sooner_where_it_is_wanted_and_once_for_that() {
    let mut plan = one_day(None, day(TODAY));
    let now = at(0, "12:00:00");
    let first = ask(&plan, now);
    plan.on(read_as(first, now, 1, 0, 0));
    assert_eq!(wait(&plan, now), at(0, "12:05:00"));
    plan.want_today();
    assert_eq!(wait(&plan, now), at(0, "12:00:05"));
    let again = ask(&plan, at(0, "12:00:05"));
    assert_eq!((again.day, again.why), (day(TODAY), Why::Today));
    plan.on(read_as(again, at(0, "12:00:05"), 1, 0, 0));
    assert_eq!(wait(&plan, at(0, "12:00:05")), at(0, "12:05:05"));
}

#[test]
fn a_today_that_is_wanted_leaves_room_for_days_that_were_never_read() {
    let mut plan = plan(SyncSettings::default());
    let now = at(0, "12:00:00");
    let first = ask(&plan, now);
    plan.on(read_as(first, now, 1, 0, 0));
    plan.want_today();
    assert_eq!(ask(&plan, at(0, "12:00:39")).why, Why::First);
    assert_eq!(ask(&plan, at(0, "12:00:40")).why, Why::Today);
}
