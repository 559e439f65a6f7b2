//! Many calls at once. A figure, and no test of one:
//! `cargo test -p desk --test it assist::load -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::Duration;

use desk::core::assist::transcript::Speaker::{Agent, Customer};
use desk::core::call::{CallPhase, CallState, Recording, RecordingState};
use desk::core::caller::Role;
use desk::store::{Assists as _, CallChange, Db, PhoneCalls as _};

use super::{Assisted, until};
use crate::floor::token;
use tokio::time::Instant;

/// How many calls.
const CALLS: u64 = 200;

/// For how long they go on.
const LASTS: Duration = Duration::from_mins(1);

/// Resident memory in MiB, and seconds of processor, of this process.
fn used() -> (u64, f64) {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let pages: u64 = read("statm").split(' ').nth(1).unwrap().parse().unwrap();
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    (pages * 4 / 1024, f64::from(ticks) / 100.0)
}

/// The call of an agent, who talks.
fn talking(n: u64) -> CallChange {
    let id = (90_000_000_000_000_000 + n).to_string();
    let agent: ozonetel_sdk::types::AgentId = format!("agent{n:03}").as_str().into();
    let state = CallState {
        ids: [id.clone()].into(),
        agents: vec![agent.clone()],
        agent: Some(agent),
        phase: CallPhase::Active,
        held: Some(false),
        answered_ms: Some(1),
        recording: Recording { state: RecordingState::On, ..Recording::default() },
        ..CallState::default()
    };
    CallChange { id, state: state.into(), at: 1, ..CallChange::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute of 200 calls"]
async fn two_hundred_calls_with_assist_on_one_desk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    let assisted = Arc::new(Assisted::on(Arc::new(store.clone())).await);
    let mut pages = Vec::new();
    for n in 0..CALLS {
        let change = talking(n);
        let ucid = change.id.clone();
        store.save_call(change).await.unwrap();
        let agent = format!("agent{n:03}");
        let bearer = token(&assisted.floor.desk, Role::Agent, &[&agent]).await;
        let mut page = assisted.open_as(&bearer, &ucid).await.unwrap();
        page.is("on").await;
        pages.push(page);
    }
    let (before, begun) = (used(), Instant::now());
    let talk = pages.into_iter().enumerate().map(|(n, mut page)| {
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(100));
            let (mut frames, mut count) = (0_u64, n);
            while begun.elapsed() < LASTS {
                beat.tick().await;
                // Two seconds of words, one of silence.
                let value = if count % 30 < 20 { 5_000 } else { 0 };
                page.send(&[Customer, Agent], value).await;
                (frames, count) = (frames + 2, count + 1);
            }
            (page, frames)
        })
    });
    let (mut sent, mut open) = (0, Vec::new());
    for task in talk.collect::<Vec<_>>() {
        let (page, frames) = task.await.unwrap();
        sent += frames;
        open.push(page);
    }
    let (after, took) = (used(), begun.elapsed().as_secs_f64());
    let streams = assisted.stand_ins.heard();
    let arrived: u64 = streams.iter().map(|stream| stream.bytes / 3_200).sum();
    let first = (90_000_000_000_000_000_u64).to_string();
    until(async || (!store.transcript(&first, None, 9).await.unwrap().is_empty()).then_some(()))
        .await;
    println!(
        "{CALLS} calls, {took:.0} s: {sent} frames sent, {arrived} arrived at the provider; resident {} MiB before, \
         {} MiB after; processor {:.1} s, {:.0} % of one core, pages and stand-ins included",
        before.0,
        after.0,
        after.1 - before.1,
        100.0 * (after.1 - before.1) / took,
    );
    let metrics = assisted.floor.desk.metrics().render();
    for line in metrics.lines().filter(|line| line.starts_with("desk_assist")) {
        println!("{line}");
    }
    assert!(arrived > 0);
}
