//! `seeds`: runs simulations by seed, shows how far it is, and for a seed that fails the command that runs it again.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

use clap::Parser;
use ozonetel_seeds::shrink::shrink;
use ozonetel_seeds::{Outcome, Story, run};
use tracing_subscriber::EnvFilter;

/// Runs the desk, the simulator and a store with faults, in an order that a seed decides.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One seed only, with its story.
    #[arg(long)]
    seed: Option<u64>,
    /// Of that seed, these steps only.
    #[arg(long, value_delimiter = ',', requires = "seed")]
    keep: Option<Vec<usize>>,
    /// Of that seed, without what is late, lost or doubled.
    #[arg(long, requires = "seed")]
    calm: bool,
    /// Of that seed, all that is in the store afterwards too.
    #[arg(long, requires = "seed")]
    stored: bool,
    /// Goes on after a seed that fails.
    #[arg(long)]
    all: bool,
    /// Makes no story shorter.
    #[arg(long)]
    whole: bool,
    /// How many run side by side.
    #[arg(long, default_value_t = default_threads())]
    threads: usize,
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs that a shorter story is looked for in.
const RUNS: usize = 200;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let failed = match arguments.seed {
        Some(seed) => one(seed, &arguments),
        None => many(&arguments),
    };
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    // A reader who has gone away is no reason to stop.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Shows what the desks log, as far as `RUST_LOG` asks for it.
fn show_log() {
    let filter = EnvFilter::from_default_env();
    tracing_subscriber::fmt().without_time().with_env_filter(filter).with_writer(io::stderr).init();
}

fn one(seed: u64, arguments: &Arguments) -> bool {
    show_log();
    let mut story = Story::of_seed(seed);
    if let Some(keep) = &arguments.keep {
        story = story.keep(keep);
    }
    if arguments.calm {
        story = story.calm();
    }
    let outcome = run(&story);
    say(&story.to_string());
    if arguments.stored {
        say(&outcome.contents);
    }
    for violation in &outcome.violations {
        say(&format!("VIOLATED: {violation}"));
    }
    let Outcome { requests, calls, dispositions, crashes, stored, .. } = &outcome;
    say(&format!(
        "{requests} requests, {calls} calls, {dispositions} dispositions, {crashes} crashes; stored {stored}"
    ));
    !outcome.violations.is_empty()
}

/// What happened in all stories.
#[derive(Default)]
struct Sums {
    requests: u64,
    calls: usize,
    dispositions: usize,
    crashes: u64,
}

impl Sums {
    fn add(&mut self, outcome: &Outcome) {
        self.requests += outcome.requests;
        self.calls += outcome.calls;
        self.dispositions += outcome.dispositions;
        self.crashes += outcome.crashes;
    }
}

/// What all threads share.
#[derive(Default)]
struct Shared {
    next: AtomicU64,
    done: AtomicU64,
    sums: Mutex<Sums>,
    failed: Mutex<Vec<(u64, Vec<String>)>>,
}

fn many(arguments: &Arguments) -> bool {
    let shared = Arc::new(Shared::default());
    let begun = Instant::now();
    let (seeds, from, all) = (arguments.seeds, arguments.from, arguments.all);
    let threads: Vec<_> = (0..arguments.threads.max(1))
        .map(|_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || work(&shared, (from, seeds), all, begun))
        })
        .collect();
    let mut broken = false;
    for thread in threads {
        broken |= thread.join().is_err();
    }
    let mut failed =
        std::mem::take(&mut *shared.failed.lock().unwrap_or_else(PoisonError::into_inner));
    failed.sort();
    let done = shared.done.load(Ordering::Relaxed);
    for (seed, violations) in &failed {
        let story = Story::of_seed(*seed);
        say(&format!("\nThe shortest story of seed {seed} that was found:"));
        let shown = match violations.first() {
            Some(violation) if !arguments.whole => shrink(&story, violation, RUNS),
            _ => story,
        };
        say(&format!("{shown}  {}", shown.command()));
    }
    let sums = shared.sums.lock().unwrap_or_else(PoisonError::into_inner);
    let Sums { requests, calls, dispositions, crashes } = &*sums;
    let seconds = begun.elapsed().as_secs();
    say(&format!(
        "\n{done} seeds from {from}: {calls} calls, {dispositions} dispositions, {crashes} crashes, {requests} requests; \
         {} failed; {seconds} s",
        failed.len()
    ));
    broken || !failed.is_empty()
}

fn work(shared: &Shared, (from, seeds): (u64, u64), all: bool, begun: Instant) {
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let has_failed =
            || !shared.failed.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if number >= seeds || (!all && has_failed()) {
            return;
        }
        let outcome = run(&Story::of_seed(from + number));
        shared.sums.lock().unwrap_or_else(PoisonError::into_inner).add(&outcome);
        if !outcome.violations.is_empty() {
            say(&format!("seed {} fails: {}", from + number, outcome.violations.join("; ")));
            let mut failed = shared.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.push((from + number, outcome.violations));
        }
        let done = shared.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(500) {
            say(&format!("{done} of {seeds} seeds, {} s", begun.elapsed().as_secs()));
        }
    }
}
