//! Lets a story happen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_sim::{Fault, Sim};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::agents;
use crate::check::check;
use crate::desks::{DID, Desks, agent_id};
use crate::pushes;
use crate::story::{Act, Story};

/// What came of a story.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What must never be, and is.
    pub violations: Vec<String>,
    /// A digest of all that is in the store.
    pub stored: String,
    /// All that is in the store, as text.
    pub contents: String,
    /// Requests to the desks.
    pub requests: u64,
    /// Calls at the service.
    pub calls: usize,
    /// Dispositions that were acknowledged: of one agent and call, one.
    pub dispositions: usize,
    /// Desks that died.
    pub crashes: u64,
}

/// When a story begins at the service.
const START: &str = "2026-11-20T10:15:00+05:30";

/// How long after the last step people are done.
const LAST_WORDS: Duration = Duration::from_secs(90);

/// How far the service's clock is put on, to see what becomes of what is still under way, and how often.
const LATER: Duration = Duration::from_mins(6);
const ROUNDS: usize = 16;

/// For how long an answer of the service is waited for at most, before its clock is put on.
const ANSWERED: Duration = Duration::from_mins(2);

/// Runs a story on a runtime of its own.
///
/// # Panics
/// There is no runtime to be had.
#[expect(clippy::expect_used, reason = "without a runtime there is nothing to run")]
pub fn run(story: &Story) -> Outcome {
    let _seeded = desk::chance::seed(story.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(play(story))
}

async fn play(story: &Story) -> Outcome {
    let setup = Setup { seed: story.seed, manual: true, ..Setup::default() };
    let mut sim = Sim::builder().setup(setup);
    if let Some(start) = Timestamp::parse(START) {
        sim = sim.starting_at(start);
    }
    let sim = sim.build();
    let desks = Desks::new(story, sim.clone());
    pushes::subscribe(&desks);
    let players = tokio::spawn(agents::play(Arc::clone(&desks), sim.subscribe()));
    let carrier = tokio::spawn(pushes::carry(Arc::clone(&desks)));
    let clock = tokio::spawn({
        let sim = sim.clone();
        async move { sim.run().await }
    });
    let watcher = tokio::spawn(watch(Arc::clone(&desks)));
    for number in 0..story.desks {
        desks.start(number);
    }
    desks.let_people_in().await;
    for agent in 0..story.agents {
        let id = agent_id(agent);
        if sim.change(|world| world.login(&id, "secret", "")).is_err() {
            desks.violation(format!("{id} cannot sign in"));
        }
        agents::register(&desks, agent, 0).await;
    }
    let mut now = 0;
    for step in &story.steps {
        tokio::time::sleep(Duration::from_millis(step.at_ms.saturating_sub(now))).await;
        now = step.at_ms;
        act(&desks, step.number, &step.act);
    }
    tokio::time::sleep(LAST_WORDS).await;
    desks.heal();
    settle(&desks).await;
    players.abort();
    watcher.abort();
    carrier.abort();
    clock.abort();
    let failed = desks.has_failed();
    let seen = desks.log.take();
    let contents = desks.memory.contents();
    let (requests, crashes) = (seen.requests, seen.crashes);
    let said: BTreeSet<_> = seen.acknowledged.iter().map(|one| (one.ucid, &one.agent)).collect();
    let dispositions = said.len();
    let mut violations = check(&desks, &seen, &contents).await;
    if failed {
        violations.push("work in the background ended by itself".to_owned());
    }
    let contents = desks.memory.text();
    let digest = Sha256::digest(contents.as_bytes());
    Outcome {
        violations,
        stored: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        contents,
        requests,
        calls: sim.world().calls().iter().count(),
        dispositions,
        crashes,
    }
}

/// How often it is looked for what must not be at any time.
const WATCHED: Duration = Duration::from_millis(200);

/// Looks for what must not be at any time.
async fn watch(desks: Arc<Desks>) {
    loop {
        tokio::time::sleep(WATCHED).await;
        if let Some((agent, count)) = desks.memory.agents_with_open_dials(2).first() {
            return desks.violation(format!("{agent} has {count} open dials"));
        }
    }
}

/// Waits until nothing is under way any more, within limits.
async fn settle(desks: &Desks) {
    for round in 0..ROUNDS {
        tokio::time::sleep(Duration::from_secs(40)).await;
        quiet(desks).await;
        desks.sim.advance(LATER).await;
        if round >= 3 && !is_under_way(desks).await {
            break;
        }
    }
    tokio::time::sleep(Duration::from_secs(40)).await;
}

/// Waits for what is on its way to the service: no request takes as long as the clock will be put on by.
async fn quiet(desks: &Desks) {
    let begun = Instant::now();
    while desks.wait_for_service() && begun.elapsed() < ANSWERED {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn is_under_way(desks: &Desks) -> bool {
    use desk::core::outbox::OutboxState;
    use desk::store::Pushes as _;

    let contents = desks.memory.contents();
    contents.dials.iter().any(|dial| dial.state.is_undecided())
        || contents.outbox.iter().any(|entry| entry.state == OutboxState::Pending)
        || !desks.memory.next_pushes(Vec::new(), 1).await.unwrap_or_default().is_empty()
        || !desks.have_read_all().await
}

fn act(desks: &Arc<Desks>, number: usize, act: &Act) {
    let shared = Arc::clone(desks);
    match *act {
        Act::Dial { agent, wish, desk } => {
            tokio::spawn(async move { agents::dial(&shared, (agent, wish, desk), true).await });
        }
        Act::DialWithoutKey { agent, wish, desk } => {
            tokio::spawn(async move { agents::dial(&shared, (agent, wish, desk), false).await });
        }
        Act::Inbound { caller } => {
            desks.sim.inbound(DID, &agents::caller_number(caller));
        }
        Act::End { agent, desk } => {
            tokio::spawn(async move { agents::end(&shared, agent, desk).await });
        }
        Act::ServiceFault { path, kind, delay_ms, times } => {
            let delay = Duration::from_millis(delay_ms);
            let fault = Fault::new(kind).on(path).delay(delay).times(times);
            desks.sim.fault(fault);
        }
        Act::StoreFault { desk, after, is_done } => {
            if let Some(process) = desks.process(desk) {
                process.fail_after(after, is_done);
            }
        }
        Act::StoreAway { for_ms } => desks.shared.away_for(Duration::from_millis(for_ms)),
        Act::CutOff { desk, for_ms } => {
            if let Some(process) = desks.process(desk) {
                process.cut_off_for(Duration::from_millis(for_ms));
            }
        }
        Act::Crash { desk, after, back_ms } => crash(shared, desk, (after, back_ms)),
        Act::CrashAtWord { desk, after, back_ms } => desks.arm(desk, (after, back_ms)),
        Act::Decide { desk } => {
            tokio::spawn(async move { agents::decide(&shared, desk).await });
        }
        Act::Reload { agent } => {
            tokio::spawn(async move { agents::register(&shared, agent, number + 1).await });
        }
    }
}

/// A desk dies after so many points, and after a while there is another.
pub(crate) fn crash(desks: Arc<Desks>, desk: usize, (after, back_ms): (u64, u64)) {
    let Some(process) = desks.process(desk) else { return };
    process.die_after(after);
    tokio::spawn(async move {
        process.died().cancelled().await;
        desks.log.note(|seen| seen.crashes += 1);
        tokio::time::sleep(Duration::from_millis(back_ms)).await;
        if desks.process(desk).is_none() {
            desks.start(desk);
        }
    });
}
