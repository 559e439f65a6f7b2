//! Whatever happens between world, network, program and disk: the sink ends up equal to the world, and what is not in
//! it is in a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use ozonetel_sdk::cdr::WINDOW_DAYS;
use ozonetel_sdk::cdr::sync::{CdrSync, DayRead, Gap, GapReason, Progress, SyncStep};
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::types::Day;
use ozonetel_sim::world::Timestamp;
use ozonetel_sim::{Fault, FaultKind};
use proptest::prelude::*;

use super::disk::DiskSink;
use super::rig::{self, DAY, HOUR, Rig, age, nights};
use super::wire::Mangle;

/// What may happen.
#[derive(Clone, Debug)]
enum Op {
    // In the world.
    Call(usize),
    Dispose(usize),
    Annotate(usize),
    Late(usize, u64),
    Pass(u64),
    Midnight,
    // To the network.
    Fault(usize, u32),
    BadField,
    // In the program.
    Poll(usize),
    Follow(u64),
    Drop(usize),
    Other,
    Restart,
    // To the disk.
    UpsertFails,
    SaveFails,
}

fn op() -> impl Strategy<Value = Op> {
    let pass = prop_oneof![
        4 => 10..2 * HOUR,
        2 => 2 * HOUR..DAY,
        1 => DAY..5 * DAY,
        1 => Just(20 * DAY),
    ];
    prop_oneof![
        8 => (0..12usize).prop_map(Op::Call),
        2 => (0..40usize).prop_map(Op::Dispose),
        2 => (0..200usize).prop_map(Op::Annotate),
        2 => (0..3usize, 1..200u64).prop_map(|(n, hours)| Op::Late(n, hours)),
        5 => pass.prop_map(Op::Pass),
        2 => Just(Op::Midnight),
        4 => (0..FAULTS.len(), 1..5u32).prop_map(|(n, times)| Op::Fault(n, times)),
        1 => Just(Op::BadField),
        6 => (1..6usize).prop_map(Op::Poll),
        3 => (1..60u64).prop_map(Op::Follow),
        4 => (0..14usize).prop_map(Op::Drop),
        1 => Just(Op::Other),
        3 => Just(Op::Restart),
        1 => Just(Op::UpsertFails),
        1 => Just(Op::SaveFails),
    ]
}

const FAULTS: [FaultKind; 9] = [
    FaultKind::Status,
    FaultKind::LimitStatus,
    FaultKind::LimitText,
    FaultKind::Html,
    FaultKind::Cut,
    FaultKind::CloseBefore,
    FaultKind::CloseAfter,
    FaultKind::Delay,
    FaultKind::SlowDrip,
];

/// A run, and what was reported to it.
struct Run {
    rig: Rig,
    sync: CdrSync<DiskSink>,
    /// Complete readings that a poll reported: before and after it, and whether all rows were whole.
    readings: BTreeMap<Day, Vec<(Timestamp, Timestamp, DayRead)>>,
    told: Vec<Gap>,
    restarts: usize,
}

impl Run {
    fn new(moves_at_night: bool, seed: u64) -> Self {
        let rig = Rig::new(|setup| {
            (setup.moves_at_night, setup.seed) = (moves_at_night, seed);
        });
        let sync = rig.sync();
        Self { rig, sync, readings: BTreeMap::new(), told: Vec::new(), restarts: 0 }
    }

    fn heard(&mut self, before: Timestamp, progress: Progress) {
        let after = self.rig.sim.now();
        if let SyncStep::Read(read) = progress.step {
            self.readings.entry(read.day).or_default().push((before, after, read));
        }
        self.told.extend(progress.gaps);
    }

    /// One poll; false when nothing was to do. A sink that fails is asked again.
    async fn poll(&mut self) -> Option<Duration> {
        let before = self.rig.sim.now();
        let Ok(progress) = self.sync.poll().await else { return Some(Duration::ZERO) };
        let idle = matches!(progress.step, SyncStep::Idle);
        let wait =
            progress.next_at.duration_since(self.rig.client.clock().now()).unwrap_or_default();
        self.heard(before, progress);
        self.rig.look();
        idle.then_some(wait)
    }

    /// Polls for a while, sleeping in between.
    async fn follow(&mut self, seconds: u64) {
        let until = self.rig.sim.now().after(Duration::from_secs(seconds));
        while self.rig.sim.now() < until {
            if let Some(wait) = self.poll().await {
                let left = until.since(self.rig.sim.now());
                let wait = wait.max(Duration::from_secs(1)).min(left);
                self.rig.pass(wait.as_secs() + 1).await;
            }
        }
    }

    async fn apply(&mut self, op: Op) {
        let still = rig::STILL - 1;
        match op {
            Op::Call(n) => self.rig.call(n),
            Op::Dispose(n) => self.rig.dispose(n, "Follow Up"),
            Op::Annotate(n) => {
                let legs = self.rig.legs(still);
                if let Some((ucid, ..)) = legs.get(n % legs.len().max(1)) {
                    self.rig
                        .sim
                        .change(|world| world.calls_mut().annotate(*ucid, &format!("remark {n}")));
                }
            }
            Op::Late(n, hours) => {
                let until = self.rig.sim.now().after(Duration::from_secs(hours * HOUR));
                if let Some((ucid, ..)) = self.rig.legs(1).get(n) {
                    // A row that was seen does not go: only one that no one has asked for is late.
                    let key = ucid.to_string().parse().unwrap();
                    let seen = self.rig.disk.disk().rows.rows().any(|(known, _)| *known == key);
                    let listed = self.rig.seen.values().any(|rows| rows.contains_key(&key));
                    if !seen && !listed {
                        self.rig.sim.change(|world| world.calls_mut().withhold_row(*ucid, until));
                    }
                }
            }
            Op::Pass(seconds) => self.rig.pass(seconds).await,
            Op::Midnight => self.rig.pass_to(0).await,
            Op::Fault(n, times) => {
                self.rig.sim.fault(Fault::new(FAULTS[n]).times(times));
            }
            Op::BadField => self.rig.wire.mangle.lock().unwrap().push(Mangle::BadField),
            Op::Poll(times) => {
                for _ in 0..times {
                    self.poll().await;
                }
            }
            Op::Follow(hours) => self.follow(hours * HOUR).await,
            Op::Drop(polls) => self.drop_after(polls).await,
            Op::Other => {
                // Somebody else draws from the same two a minute.
                let day = self.rig.today();
                let _ = self.rig.client.cdr().page(day, 1, 10).patience(Patience::Wait).await;
            }
            Op::Restart => self.restart(),
            Op::UpsertFails => self.rig.disk.disk().failing_upserts += 1,
            Op::SaveFails => self.rig.disk.disk().failing_saves += 1,
        }
        // Not before every row that is there was looked at; late ones are chosen among those that were not.
        if !matches!(op, Op::Call(_) | Op::Late(..)) {
            self.rig.look();
        }
    }

    /// Drops a poll at one of its waiting points; often the program ends there too.
    async fn drop_after(&mut self, polls: usize) {
        let before = self.rig.sim.now();
        let done = {
            let mut poll = pin!(self.sync.poll());
            let mut left = polls;
            std::future::poll_fn(|cx| {
                if left == 0 {
                    return std::task::Poll::Ready(None);
                }
                left -= 1;
                poll.as_mut().poll(cx).map(Some)
            })
            .await
        };
        if let Some(Ok(progress)) = done {
            self.heard(before, progress);
        }
        if polls.is_multiple_of(2) {
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.sync = self.rig.sync();
        self.restarts += 1;
    }

    /// Faults wear off, and time goes on until every day that there was has left the window.
    async fn settle(&mut self) -> (Day, Day) {
        self.rig.wire.mangle.lock().unwrap().clear();
        {
            let mut disk = self.rig.disk.disk();
            (disk.failing_upserts, disk.failing_saves) = (0, 0);
        }
        while self.rig.sim.faults_waiting() > 0 {
            let day = self.rig.today();
            let _ = self.rig.client.cdr().page(day, 1, 10).patience(Patience::Wait).await;
            self.rig.look();
        }
        let today = self.rig.today();
        // From here on nothing fails: days that are younger than this cannot be missed.
        let young = rig::back(today, rig::STILL - 1);
        self.follow(u64::from(WINDOW_DAYS.unsigned_abs() + 2) * DAY).await;
        (young, today)
    }

    fn check(&self, young: Day, last: Day) {
        self.rig.wire.check_budget();
        let checkpoint = self.rig.disk.checkpoint().unwrap();
        assert!(checkpoint.oldest() > last);
        let gaps = checkpoint.gaps();
        // Before the first checkpoint nothing is promised, and nothing is stored.
        let mut day = self.rig.disk.disk().since.unwrap();
        while day <= last {
            let gap = gaps.iter().find(|gap| gap.from <= day.end() && day.start() <= gap.to);
            match gap {
                Some(gap) => self.check_gap(day, gap),
                None => self.check_day(day, day >= young),
            }
            assert!(gap.is_none() || day < young, "{day} could be had, but {gap:?}");
            day = day.next();
        }
        let told: BTreeSet<_> = self.told.iter().map(|gap| gap.from).collect();
        assert!(gaps.iter().all(|gap| told.contains(&gap.from)), "not told: {gaps:?}");
        assert!(self.restarts > 0 || told.len() == self.told.len(), "told twice: {:?}", self.told);
    }

    /// A day without a gap: the sink has it as the world had it.
    fn check_day(&self, day: Day, strictly: bool) {
        let readings = self.readings.get(&day).map(Vec::as_slice).unwrap_or_default();
        let looked_last =
            readings.iter().any(|(before, ..)| nights(day, *before) >= i32::from(rig::LAST));
        if strictly || looked_last {
            assert!(self.rig.has(day), "{day} differs: {readings:?}");
            self.rig.check_groups(day);
            return;
        }
        // Settled, and then no one looked any more: what changed after that is not known. Nothing else may differ.
        let seen = self.rig.seen.get(&day).cloned().unwrap_or_default();
        let disk: rig::Rows = self.rig.disk.day(day).into_iter().collect();
        assert!(disk.keys().all(|key| seen.contains_key(key)), "{day}: rows from nowhere");
        for (key, row) in disk {
            let by_hand_aside = |mut row: ozonetel_sdk::cdr::CallRecord| {
                (row.comments, row.disposition) = (None, None);
                row
            };
            let ours = by_hand_aside(row);
            let theirs = by_hand_aside(seen.get(&key).cloned().unwrap());
            assert_eq!(ours, theirs, "{day}");
        }
    }

    /// A gap names what could not be had, and nothing that was had.
    fn check_gap(&self, day: Day, gap: &Gap) {
        let readings = self.readings.get(&day).map(Vec::as_slice).unwrap_or_default();
        // A poll that reported a reading had saved it. Empty ones on the edge prove nothing, nor do those that came
        // after the day was gone.
        let counted = readings.iter().filter(|(_, after, read)| {
            let rows = read.rows.new + read.rows.changed + read.rows.same;
            age(day, *after) < WINDOW_DAYS || (age(day, *after) == WINDOW_DAYS && rows > 0)
        });
        let counted: Vec<_> = counted.collect();
        match gap.reason {
            GapReason::NeverRead => {
                assert!(counted.is_empty(), "{day} was read: {counted:?}");
            }
            GapReason::ReadInPart => {
                assert!(
                    counted.iter().all(|(before, ..)| nights(day, *before) < 1),
                    "{day}: {counted:?}"
                );
            }
            GapReason::Unsettled => {
                let settled = counted.last().is_some_and(|(before, _, read)| {
                    nights(day, *before) >= 3 && read.unfinished == 0 && read.unread == 0
                });
                assert!(!settled, "{day} was settled: {counted:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::with_cases(36) })]

    #[test]
    fn the_sink_equals_the_world(
        ops in prop::collection::vec(op(), 1..50),
        moves_at_night: bool,
        seed in 0..1000u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut run = Run::new(moves_at_night, seed);
            for op in ops {
                run.apply(op).await;
            }
            let (young, last) = run.settle().await;
            run.check(young, last);
        });
    }
}
