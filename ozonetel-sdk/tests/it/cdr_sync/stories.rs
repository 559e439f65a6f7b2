//! One fact after the other.

use std::time::Duration;

use ozonetel_sdk::ErrorKind;
use ozonetel_sdk::cdr::sync::{
    Checkpoint, DayRead, FailureCause, GapReason, MemorySink, Progress, RowKey, SyncError,
    SyncSettings, SyncStep, Upserted, Why,
};
use ozonetel_sim::world::{LegSide, PhoneAction};
use ozonetel_sim::{Fault, FaultKind};

use super::disk::Full;
use super::rig::{DAY, HOUR, Rig, back};
use super::wire::Mangle;

fn read(progress: &Progress) -> DayRead {
    match &progress.step {
        SyncStep::Read(read) => *read,
        other => panic!("{other:?}"),
    }
}

fn counts(new: u64, changed: u64, same: u64) -> Upserted {
    Upserted { new, changed, same }
}

/// So many finished calls, a minute apart.
async fn calls(rig: &mut Rig, count: usize) {
    for n in 0..count {
        rig.call(2 * n);
        rig.pass(60).await;
    }
    rig.pass(2 * HOUR).await;
}

/// A world with some calls on each of the days before.
async fn busy(days: usize) -> Rig {
    let mut rig = Rig::new(|_| ());
    for day in 0..days {
        calls(&mut rig, 1 + day % 3).await;
        rig.pass_to(12).await;
    }
    calls(&mut rig, 2).await;
    rig
}

#[tokio::test(start_paused = true)]
async fn the_back_fill_brings_every_day_of_the_window_at_two_requests_a_minute() {
    let mut rig = busy(15).await;
    let mut sync = rig.sync();
    let begun = rig.sim.now();
    for n in 1..=16 {
        let progress = sync.poll().await.unwrap();
        assert_eq!(read(&progress).why, Why::First);
        assert_eq!((progress.tally.days, progress.tally.never_read), (16, 16 - n));
        assert!(progress.gaps.is_empty());
    }
    let minutes = rig.sim.now().since(begun).as_secs() / 60;
    assert_eq!(minutes, 7);
    assert_eq!(rig.wire.asked.lock().unwrap().len(), 16);
    rig.wire.check_budget();
    rig.look();
    for age in 0..=15 {
        let day = back(rig.today(), age);
        assert!(!rig.world_rows(day).is_empty());
        let disk = rig.disk.day(day);
        assert_eq!(disk.into_iter().collect::<super::rig::Rows>(), rig.world_rows(day), "{day}");
    }
    // Nothing more is due before today is again.
    let progress = sync.poll().await.unwrap();
    assert!(matches!(progress.step, SyncStep::Idle));
    assert_eq!(progress.tally.due, 0);
    let wait = progress.next_at.duration_since(rig.client.clock().now()).unwrap();
    assert!(wait > Duration::from_secs(5 * HOUR) && wait <= Duration::from_secs(6 * HOUR));
    assert_eq!(rig.wire.asked.lock().unwrap().len(), 16);
    assert!(rig.disk.disk().batches.iter().all(|(_, _, rows)| (1..=3).contains(rows)));
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_where_the_checkpoint_stood() {
    let rig = busy(3).await;
    let mut sync = rig.sync();
    for _ in 0..5 {
        sync.poll().await.unwrap();
    }
    let asked = rig.wire.asked.lock().unwrap().len();
    drop(sync);
    let mut sync = rig.sync();
    assert_eq!(sync.checkpoint(), None);
    let progress = sync.poll().await.unwrap();
    // Six days were asked for; the oldest was empty on the edge of the window, which does not count.
    assert_eq!(progress.tally.never_read, 16 - 5);
    assert_eq!(rig.wire.asked.lock().unwrap().len(), asked + 1);
    assert_eq!(sync.checkpoint(), rig.disk.checkpoint().as_ref());
}

#[tokio::test(start_paused = true)]
async fn a_poll_may_be_dropped_wherever_it_waits() {
    let rig = busy(1).await;
    let rows = rig.world_rows(rig.today());
    *rig.wire.piece.lock().unwrap() = Some(600);
    let mut points = 0;
    loop {
        // A new disk each time, one more look at the future each time.
        *rig.disk.disk() = super::disk::Disk::default();
        let mut sync = rig.sync();
        let (mut left, mut poll) = (points, Box::pin(sync.poll()));
        let done = std::future::poll_fn(|cx| {
            if left == 0 {
                return std::task::Poll::Ready(false);
            }
            left -= 1;
            poll.as_mut().poll(cx).map(|polled| polled.is_ok())
        })
        .await;
        drop(poll);
        if done {
            break;
        }
        points += 1;
        // The same sync, or one that begins at the checkpoint.
        let mut next = if points % 2 == 0 { sync } else { rig.sync() };
        while rig.disk.checkpoint().is_none_or(|saved| saved.day(rig.today()).is_none()) {
            next.poll().await.unwrap();
        }
        let disk: super::rig::Rows = rig.disk.day(rig.today()).into_iter().collect();
        assert_eq!(disk, rows, "dropped at {points}");
    }
    assert!(points > 10, "only {points} places to drop it");
}

#[tokio::test(start_paused = true)]
async fn rows_are_stored_as_they_arrive() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 12).await;
    *rig.wire.piece.lock().unwrap() = Some(1_000);
    let mut sync = rig.sync();
    // The answer is ten times as long as what has arrived after these few milliseconds.
    let early = tokio::time::timeout(Duration::from_millis(7), sync.poll()).await;
    assert!(early.is_err(), "all of it has come");
    let stored = rig.disk.disk().rows.len();
    assert!((1..8).contains(&stored), "{stored} rows");
    // What is saved is where it began, and no reading.
    assert_eq!(rig.disk.checkpoint().unwrap().day(rig.today()), None);
}

#[tokio::test(start_paused = true)]
async fn rows_before_a_break_are_kept_and_the_day_is_asked_for_again() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 9).await;
    rig.sim.fault(Fault::new(FaultKind::Cut));
    let mut sync = rig.sync();
    let progress = sync.poll().await.unwrap();
    let SyncStep::Failed { day, rows, error, .. } = &progress.step else { panic!("{progress:?}") };
    assert_eq!((*day, error.kind()), (rig.today(), ErrorKind::Unreadable));
    assert!(rows.new > 0 && rig.disk.disk().rows.len() as u64 == rows.new);
    let trouble = sync.checkpoint().unwrap().day(*day).unwrap().trouble.clone().unwrap();
    assert_eq!(
        trouble.cause,
        rig.disk.checkpoint().unwrap().day(*day).unwrap().trouble.clone().unwrap().cause
    );
    assert!(matches!(trouble.cause, FailureCause::Failed { ref kind, .. } if kind == "unreadable"));
    // The other days come first; then it is read whole.
    while rig.disk.checkpoint().unwrap().day(rig.today()).unwrap().read.is_none() {
        sync.poll().await.unwrap();
    }
    rig.look();
    assert!(rig.has(rig.today()));
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_stops_the_poll_and_loses_nothing() {
    let mut rig = busy(0).await;
    let mut sync = rig.sync();
    rig.disk.disk().failing_loads = 1;
    assert!(matches!(sync.poll().await, Err(SyncError::Load(Full))));
    assert!(rig.wire.asked.lock().unwrap().is_empty(), "asked without knowing its state");
    rig.disk.disk().failing_upserts = 1;
    let error = sync.poll().await.unwrap_err();
    assert!(matches!(error, SyncError::Upsert(Full)));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is full");
    assert_eq!(rig.disk.checkpoint().unwrap().day(rig.today()), None);
    // The save behind the rows fails.
    rig.disk.disk().failing_saves = 2;
    assert!(matches!(sync.poll().await, Err(SyncError::Save(Full))));
    // What was read stays read: it only has to be saved.
    let asked = rig.wire.asked.lock().unwrap().len();
    let saved = sync.run(std::future::ready(()), |_| ()).await;
    assert!(matches!(saved, Err(SyncError::Save(Full))));
    sync.run(std::future::ready(()), |_| ()).await.unwrap();
    assert_eq!(rig.wire.asked.lock().unwrap().len(), asked);
    assert_eq!(rig.disk.checkpoint().as_ref(), sync.checkpoint());
    rig.look();
    assert!(rig.has(rig.today()));
}

#[tokio::test(start_paused = true)]
async fn rows_that_do_not_read_or_have_no_id_are_kept() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 3).await;
    *rig.wire.mangle.lock().unwrap() = vec![Mangle::NoRow, Mangle::BadField];
    let mut sync = rig.sync().settings(SyncSettings::default().every(Duration::from_secs(HOUR)));
    let first = read(&sync.poll().await.unwrap());
    assert_eq!(first.unread, 1);
    let total = first.rows.new;
    let unread = |rig: &Rig| {
        let disk = rig.disk.disk();
        let unread = disk.rows.rows().filter(|(_, row)| row.unread.is_some());
        unread.map(|(key, row)| (key.clone(), row.unread.clone().unwrap())).collect::<Vec<_>>()
    };
    let (key, row) = unread(&rig).remove(0);
    assert_eq!(row.text.as_str(), r#"["no","row"]"#);
    assert!(key.to_string().starts_with("row-2026-11-02-"), "{key}");
    // Today is asked for again; the bad field keeps what was known beside it.
    rig.pass(HOUR).await;
    assert_eq!(read(&sync.poll().await.unwrap()).unread, 1);
    let bad = unread(&rig);
    let (key, row) = bad.iter().find(|(key, _)| matches!(key, RowKey::Leg(_))).unwrap();
    assert_eq!((&*row.path, bad.len()), ("TalkTime", 2));
    let RowKey::Leg(ucid) = key else { panic!("{key}") };
    assert!(rig.disk.disk().rows.get(*ucid).is_some());
    // And once more, whole.
    rig.pass(HOUR).await;
    assert_eq!(read(&sync.poll().await.unwrap()).why, Why::Today);
    assert_eq!(unread(&rig).len(), 1);
    assert_eq!(rig.disk.disk().rows.len() as u64, total);

    *rig.wire.mangle.lock().unwrap() = vec![Mangle::NoUcid];
    *rig.disk.disk() = super::disk::Disk::default();
    let progress = rig.sync().poll().await.unwrap();
    assert_eq!((read(&progress).unread, read(&progress).rows.new), (0, total - 1));
    let named = |(key, _): &(&RowKey, _)| matches!(key, RowKey::Unnamed(_));
    assert_eq!(rig.disk.disk().rows.rows().filter(named).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_moves_overnight_is_the_same_and_what_changes_is_not() {
    let mut rig = Rig::new(|setup| setup.moves_at_night = true);
    calls(&mut rig, 4).await;
    let day = rig.today();
    let mut sync =
        rig.sync().settings(SyncSettings::default().back_fill(0).every(Duration::from_secs(HOUR)));
    let first = read(&sync.poll().await.unwrap());
    let all = first.rows.new;
    assert_eq!((first.why, first.rows), (Why::First, counts(all, 0, 0)));
    rig.pass(HOUR).await;
    let again = read(&sync.poll().await.unwrap());
    assert_eq!((again.why, again.rows), (Why::Today, counts(0, 0, all)));
    // In the night no one asks for yesterday: the service has nothing.
    rig.pass_to(1).await;
    assert_eq!(read(&sync.poll().await.unwrap()).day, day.next());
    assert!(matches!(sync.poll().await.unwrap().step, SyncStep::Idle));
    assert!(rig.world_rows(day).is_empty());
    rig.pass_to(4).await;
    assert_eq!(read(&sync.poll().await.unwrap()).day, day.next());
    let over = read(&sync.poll().await.unwrap());
    assert_eq!((over.day, over.why, over.rows), (day, Why::Over, counts(0, 0, all)));
    // Somebody writes a remark.
    let (ucid, ..) = rig.legs(1)[0];
    rig.sim.change(|world| world.calls_mut().annotate(ucid, "called back"));
    rig.pass_to(4).await;
    let mut readings = Vec::new();
    for _ in 0..3 {
        readings.push(read(&sync.poll().await.unwrap()));
    }
    let again = readings.iter().find(|read| read.day == day).unwrap();
    assert_eq!((again.why, again.rows), (Why::Again, counts(0, 1, all - 1)));
    let key = ucid.to_string().parse().unwrap();
    assert_eq!(
        rig.disk.disk().rows.get(key).unwrap().comments.as_ref().unwrap().as_str(),
        "called back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_across_midnight_keeps_its_day_open_until_it_is_finished() {
    let mut rig = Rig::new(|setup| {
        setup.behaviour.talk = None;
        (setup.behaviour.agent_answer_rate, setup.behaviour.customer_answer_rate) = (1.0, 1.0);
    });
    rig.pass_to(23).await;
    let arrived = rig.sim.inbound("918000000001", "9000000001").unwrap();
    let day = rig.today();
    let mut sync = rig.sync().settings(SyncSettings::default().back_fill(0).horizon(1));
    assert_eq!(read(&sync.poll().await.unwrap()).unfinished, 1);
    // It is still going on at the reading after the night, and ends later.
    rig.pass_to(5).await;
    let mut readings = Vec::new();
    while let SyncStep::Read(read) = sync.poll().await.unwrap().step {
        readings.push((read.day, read.why, read.unfinished));
    }
    assert!(readings.contains(&(day, Why::Over, 1)), "{readings:?}");
    rig.sim.phone(&arrived.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    rig.pass_to(5).await;
    let mut readings = Vec::new();
    while let SyncStep::Read(read) = sync.poll().await.unwrap().step {
        readings.push((read.day, read.why, read.unfinished));
    }
    assert!(readings.contains(&(day, Why::Unsettled, 0)), "{readings:?}");
    assert!(rig.has(day));
    rig.pass_to(5).await;
    while let SyncStep::Read(read) = sync.poll().await.unwrap().step {
        assert_ne!(read.day, day, "settled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_row_is_found_within_the_horizon_and_a_very_late_one_at_the_last_look() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 4).await;
    let day = rig.today();
    let legs = rig.legs(1);
    for (n, hours) in [(0, 30), (1, 12 * 24)] {
        let until = rig.sim.now().after(Duration::from_secs(hours * HOUR));
        rig.sim.change(|world| world.calls_mut().withhold_row(legs[n].0, until));
    }
    let mut sync =
        rig.sync().settings(SyncSettings::default().back_fill(0).every(Duration::from_secs(DAY)));
    let mut found = Vec::new();
    for _ in 0..17 {
        loop {
            match sync.poll().await.unwrap().step {
                SyncStep::Read(read) if read.day == day => found.push((read.why, read.rows.new)),
                SyncStep::Read(_) => {}
                _ => break,
            }
        }
        rig.pass_to(5).await;
    }
    let all = legs.len() as u64;
    let expected = [
        (Why::First, all - 2),
        (Why::Over, 0),
        (Why::Again, 1),
        (Why::Again, 0),
        (Why::LastLook, 1),
    ];
    assert_eq!(found, expected);
    assert!(rig.has(day));
    rig.check_groups(day);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_was_down_for_too_long_is_told_what_is_missing_once() {
    let mut rig = busy(0).await;
    let mut sync = rig.sync();
    while !matches!(sync.poll().await.unwrap().step, SyncStep::Idle) {}
    let first = rig.today();
    rig.pass(20 * DAY).await;
    drop(sync);
    let mut sync = rig.sync();
    let told = sync.poll().await.unwrap().gaps;
    let gaps: Vec<_> =
        told.iter().map(|gap| (gap.reason, gap.to.day(), gap.cause.clone())).collect();
    // The oldest day was empty on the edge; three nights were missing for three of the others; then no one asked.
    let expected = [
        (GapReason::NeverRead, back(first, 15), Some(FailureCause::EmptyAtTheEdge)),
        (GapReason::Unsettled, back(first, 1), None),
        (GapReason::ReadInPart, first, None),
        (GapReason::NeverRead, back(rig.today(), 16), None),
    ];
    assert_eq!(gaps, expected);
    assert_eq!(told[1].from, back(first, 2).start());
    assert_eq!(told[2].from.day(), first);
    assert_eq!(told[3].from, first.next().start());
    assert!(sync.poll().await.unwrap().gaps.is_empty(), "told twice");
    let saved =
        Checkpoint::from_json(rig.disk.disk().checkpoint.as_ref().unwrap().as_bytes()).unwrap();
    assert_eq!(saved.gaps(), told);
    assert!(rig.sync().poll().await.unwrap().gaps.is_empty(), "told again after a restart");
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_very_first_day_and_a_long_absence_are_a_gap_too() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 2).await;
    let first = rig.today();
    // The rows are stored, their checkpoint is not.
    let mut sync = rig.sync();
    while rig.disk.disk().rows.is_empty() {
        let mut left = 7;
        let mut poll = Box::pin(sync.poll());
        std::future::poll_fn(|cx| {
            left -= 1;
            let _ = poll.as_mut().poll(cx);
            if left == 0 || !rig.disk.disk().rows.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
    assert_eq!(rig.disk.checkpoint().unwrap().day(first), None);
    rig.pass(20 * DAY).await;
    let gaps = rig.sync().poll().await.unwrap().gaps;
    assert_eq!((gaps[0].from.day(), gaps[0].reason), (back(first, 15), GapReason::NeverRead));
    assert!(gaps[0].to.day() >= first);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_stays_refused_becomes_a_gap_with_its_reason() {
    let mut rig = busy(0).await;
    // Today cannot be had for as long as it is there; everything else is asked for in between.
    rig.sim.fault(Fault::new(FaultKind::Html).times(100_000));
    let mut sync = rig.sync().settings(SyncSettings::default().back_fill(0));
    let day = rig.today();
    let mut told = Vec::new();
    for _ in 0..400 {
        told.extend(sync.poll().await.unwrap().gaps);
        rig.pass(HOUR).await;
    }
    let gap = &told[0];
    assert_eq!((gap.from, gap.to, gap.reason), (day.start(), day.end(), GapReason::NeverRead));
    assert!(
        matches!(&gap.cause, Some(FailureCause::Failed { kind, .. }) if kind == "unreadable"),
        "{gap:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn rows_that_vanish_stay_and_are_named() {
    let mut rig = Rig::new(|_| ());
    calls(&mut rig, 3).await;
    let mut sync =
        rig.sync().settings(SyncSettings::default().back_fill(0).every(Duration::from_secs(HOUR)));
    let all = read(&sync.poll().await.unwrap()).rows.new;
    rig.pass(HOUR).await;
    rig.wire.mangle.lock().unwrap().push(Mangle::Empty);
    assert_eq!(read(&sync.poll().await.unwrap()).rows, Upserted::default());
    let day = rig.today();
    let saved = rig.disk.checkpoint().unwrap();
    let reading = saved.day(day).unwrap().read.unwrap();
    assert_eq!((reading.rows, reading.most, reading.is_whole()), (0, all, false));
    {
        let disk = rig.disk.disk();
        assert_eq!(disk.rows.len() as u64, all);
        assert!(disk.rows.rows().all(|(_, row)| row.reading < reading.number));
    }

    // The same with the sink that keeps its checkpoint beside the rows.
    let settings = SyncSettings::default().back_fill(0).every(Duration::from_secs(60));
    let mut sync = rig.client.cdr().sync(MemorySink::default()).settings(settings);
    sync.poll().await.unwrap();
    assert_eq!(sync.sink().vanished(day).count(), 0);
    rig.pass(60).await;
    rig.wire.mangle.lock().unwrap().push(Mangle::Empty);
    sync.poll().await.unwrap();
    assert_eq!(sync.sink().vanished(day).count() as u64, all);
    assert_eq!(sync.sink().vanished(day.previous()).count(), 0);
    assert_eq!(sync.sink().checkpoint(), sync.checkpoint());
}

#[tokio::test(start_paused = true)]
async fn it_can_run_in_a_task_of_its_own() {
    let rig = busy(0).await;
    let mut sync = rig.sync();
    let task = tokio::spawn(async move {
        let mut days = 0;
        sync.run(tokio::time::sleep(Duration::from_secs(600)), |_| days += 1).await.map(|()| days)
    });
    assert_eq!(task.await.unwrap().unwrap(), 16);
}

#[tokio::test(start_paused = true)]
async fn it_runs_until_it_is_told_to_stop_and_tells_of_every_step() {
    let mut rig = busy(1).await;
    let mut sync = rig.sync();
    let mut steps = Vec::new();
    let two_days = tokio::time::sleep(Duration::from_secs(2 * DAY));
    sync.run(two_days, |progress| steps.push(read(progress).why)).await.unwrap();
    let count = |why: Why| steps.iter().filter(|step| **step == why).count();
    // 16 days, two new ones; four times a day; each night the day before and those within the horizon.
    assert_eq!(count(Why::First), 18);
    assert_eq!(count(Why::Over), 2);
    assert!((6..=8).contains(&count(Why::Today)), "{}", count(Why::Today));
    assert!(count(Why::Again) >= 4);
    assert_eq!(rig.disk.checkpoint().as_ref(), sync.checkpoint());
    rig.wire.check_budget();
    rig.look();

    // While it waits for the limit it stops at once.
    let mut sync = rig.sync();
    *rig.disk.disk() = super::disk::Disk::default();
    let before = rig.sim.now();
    sync.run(tokio::time::sleep(Duration::from_secs(20)), |_| ()).await.unwrap();
    assert_eq!(rig.sim.now().since(before).as_secs(), 20);
    // A sink that fails ends it, and it can be run again.
    rig.disk.disk().failing_saves = 1;
    let end = sync.run(tokio::time::sleep(Duration::from_secs(300)), |_| ()).await;
    assert!(matches!(end, Err(SyncError::Save(Full))));
    sync.run(tokio::time::sleep(Duration::from_secs(300)), |_| ()).await.unwrap();
}
