//! Clocks that are set: ahead by weeks and back again, behind and right again.

use super::*;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A plan, true time, and a service that has rows for the last 15 true days.
struct World {
    plan: DayPlan,
    truth: SystemTime,
    /// What the clock shows is so many seconds from the truth.
    off: i64,
    /// The nights after which each day was really read.
    read: BTreeMap<Day, u8>,
    asked: usize,
}

impl World {
    fn new(settings: SyncSettings, off: i64) -> Self {
        let truth = at(0, "12:00:00");
        let mut world = Self { plan: plan(settings), truth, off, read: BTreeMap::new(), asked: 0 };
        world.plan = DayPlan::new(settings, Zone::india(), None, world.clock());
        world
    }

    fn clock(&self) -> SystemTime {
        let by = Duration::from_secs(self.off.unsigned_abs());
        if self.off < 0 { self.truth - by } else { self.truth + by }
    }

    fn today(&self) -> Day {
        Zone::india().day(self.truth)
    }

    fn pass(&mut self, seconds: u64) {
        self.truth += Duration::from_secs(seconds);
    }

    /// Looks, and asks for what is due; the number of requests.
    fn poll(&mut self) -> usize {
        let before = self.asked;
        for _ in 0..40 {
            self.plan.advance(self.clock());
            let Next::Ask(ask) = self.plan.next(self.clock()) else { break };
            self.asked += 1;
            let there = (0..=WINDOW_DAYS).contains(&ask.day.days_until(self.today()));
            if there {
                let nights = self.plan.round(ask.day, unix(self.truth));
                let most = self.read.entry(ask.day).or_default();
                *most = (*most).max(nights);
            }
            let (started, rows) = (self.clock(), u64::from(there));
            self.pass(30);
            let ended = self.clock();
            let (unfinished, unread) = (0, 0);
            self.plan.on(PlanEvent::Read { ask, started, ended, rows, unfinished, unread });
        }
        self.asked - before
    }

    fn follow(&mut self, seconds: u64) {
        for _ in 0..seconds / HOUR {
            self.poll();
            self.pass(HOUR);
        }
    }

    fn restart(&mut self) {
        let text = self.plan.checkpoint.to_json();
        let saved = Checkpoint::from_json(text.as_bytes()).unwrap();
        assert_eq!(&saved, self.plan.checkpoint());
        let (settings, now) = (self.plan.settings, self.clock());
        self.plan = DayPlan::new(settings, Zone::india(), Some(saved), now);
    }

    /// Days that left the window without having been read after the horizon's last night, and without a gap.
    fn lost(&self, first: Day) -> Vec<Day> {
        let told = |day: &Day| {
            let mut gaps = self.plan.checkpoint.gaps().iter();
            gaps.any(|gap| gap.from <= day.end() && day.start() <= gap.to)
        };
        let read = |day: &Day| {
            self.read.get(day).is_some_and(|nights| *nights >= self.plan.settings.horizon)
        };
        let end = back(self.today(), WINDOW_DAYS);
        let days = std::iter::successors(Some(first), |day| Some(day.next()));
        days.take_while(|day| *day < end).filter(|day| !told(day) && !read(day)).collect()
    }
}

#[test]
fn a_clock_set_forward_by_weeks_and_back_loses_no_day() {
    for days in [1, 4, 15, 20, 400] {
        let mut world = World::new(SyncSettings::default(), 0);
        let first = back(world.today(), 12);
        world.follow(2 * DAY);
        let ahead = days * i64::try_from(DAY).unwrap();
        world.off = ahead;
        for _ in 0..3 {
            world.poll();
            world.pass(200);
        }
        world.off = 0;
        // For an hour nothing is done: the clock may be right again at once.
        assert_eq!(world.poll(), 0, "{days}");
        world.restart();
        world.pass(HOUR);
        assert!(world.poll() > 0, "{days}");
        // No day that has not happened is settled, and the ones that have are followed again.
        let today = world.today();
        assert!(world.plan.checkpoint.days.keys().all(|day| *day <= today), "{days}");
        assert_eq!(world.plan.tally(world.clock()).days, 16, "{days}");
        world.follow(40 * DAY);
        assert_eq!(world.lost(first), [], "{days}");
        let missed: Vec<_> = (0..20)
            .map(|age| back(world.today(), age + 4))
            .filter(|day| !world.read.contains_key(day))
            .collect();
        assert_eq!(missed, [], "{days}: every day of the weeks after it was read");
    }
}

#[test]
fn a_sync_that_began_while_the_clock_was_ahead_begins_again() {
    let ahead = 20 * i64::try_from(DAY).unwrap();
    let mut world = World::new(SyncSettings::default(), ahead);
    world.poll();
    world.off = 0;
    world.poll();
    world.pass(HOUR);
    world.poll();
    assert_eq!(world.read.len(), 16, "{:?}", world.read.keys());
    assert_eq!(world.plan.checkpoint.oldest(), back(world.today(), 15));
}

#[test]
fn a_clock_that_is_behind_for_a_while_asks_for_nothing_and_closes_nothing() {
    for behind in [DAY, 20 * DAY, 400 * DAY, 20_000 * DAY] {
        let mut world = World::new(SyncSettings::default(), 0);
        world.follow(DAY);
        let known = world.plan.checkpoint.clone();
        world.off = -i64::try_from(behind).unwrap();
        for _ in 0..5 {
            assert_eq!(world.poll(), 0);
            assert!(wait(&world.plan, world.clock()) > world.clock());
            assert!(world.plan.is_clock_behind(), "it is said");
            world.pass(10 * 60);
        }
        world.off = 0;
        world.poll();
        assert!(!world.plan.is_clock_behind());
        assert_eq!((known.next, known.gaps.len()), (world.plan.checkpoint.next, 0));
        assert_eq!(world.plan.checkpoint.gaps(), []);
    }
}

#[test]
fn a_clock_that_goes_back_by_minutes_changes_nothing() {
    let mut world = World::new(SyncSettings::default(), 0);
    world.poll();
    world.off = -200;
    let days = world.plan.checkpoint.days.clone();
    assert_eq!((world.poll(), &world.plan.checkpoint.days), (0, &days));
    // Times outside every calendar are looked at without a panic.
    let _ = world.plan.next(SystemTime::UNIX_EPOCH);
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::MAX / 2_000_000_000);
    world.plan.advance(far);
    let _ = world.plan.next(far);
}

#[test]
fn closings_are_kept_for_a_month_and_damaged_ones_refused() {
    let mut world = World::new(SyncSettings::default(), 0);
    world.follow(60 * DAY);
    assert_eq!(world.plan.checkpoint.closings.len(), MOST_CLOSINGS);
    world.restart();
    let mut value: serde_json::Value =
        serde_json::from_str(&world.plan.checkpoint.to_json()).unwrap();
    value["closings"][31]["from"] = "2199-01-01".into();
    assert!(Checkpoint::from_json(value.to_string().as_bytes()).is_err());
}

/// What may happen to a clock and a program.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Follow(u64),
    Off(u64),
    Glitch { off: i64, polls: u64 },
    Restart,
}

fn turn() -> impl Strategy<Value = Turn> {
    let days = |days: i64| days * 86_400;
    prop_oneof![
        4 => (1..200_u64).prop_map(|hours| Turn::Follow(hours * HOUR)),
        1 => (1..20 * DAY).prop_map(Turn::Off),
        3 => (-days(30)..days(30), 1..6_u64).prop_map(|(off, polls)| Turn::Glitch { off, polls }),
        1 => Just(Turn::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// However a clock is set while the sync looks at it and goes on for an hour, in the end every day was read after
    /// its horizon or is in a gap.
    #[test]
    fn no_day_is_lost_whatever_the_clock_does(turns in prop::collection::vec(turn(), 1..12)) {
        let mut world = World::new(SyncSettings::default(), 0);
        let first = world.today();
        world.poll();
        for turn in turns {
            match turn {
                Turn::Follow(seconds) => world.follow(seconds),
                Turn::Off(seconds) => world.pass(seconds),
                Turn::Restart => world.restart(),
                Turn::Glitch { off, polls } => {
                    // A clock that was slow all the time shows nothing.
                    world.poll();
                    world.off = off;
                    for _ in 0..polls {
                        world.poll();
                        world.pass(600);
                    }
                    world.off = 0;
                    // So long it takes until a clock is believed.
                    world.follow(3 * HOUR);
                }
            }
        }
        world.follow(20 * DAY);
        prop_assert_eq!(world.lost(first), []);
    }
}
