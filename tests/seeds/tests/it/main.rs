//! Simulation by seed as an ordinary test: as many seeds as take about a minute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use tokio::time::Instant;

use ozonetel_seeds::story::{Act, Step, Weather};
use ozonetel_seeds::{IN_TESTS, Story, run};
use ozonetel_sim::FaultKind;

/// Fails with the story of the first seed that shows something that must never be, and the command that runs it again.
#[test]
fn no_seed_shows_what_must_never_be() {
    let (begun, mut calls) = (Instant::now(), 0);
    for seed in 0..IN_TESTS {
        let story = Story::of_seed(seed);
        let outcome = run(&story);
        calls += outcome.calls;
        let found = outcome.violations;
        assert!(found.is_empty(), "{}\n{story}\n{}", found.join("\n"), story.command());
    }
    println!("{IN_TESTS} seeds, {calls} calls, {} s", begun.elapsed().as_secs());
    assert!(calls > 0);
}

fn lost_answers(kind: FaultKind, delay_ms: u64, times: u32) -> Act {
    Act::ServiceFault { path: "/ca_apis/AgentManualDial", kind, delay_ms, times }
}

/// The shortest stories that showed something once, whatever their seeds mean by now.
fn stories_that_failed() -> [Story; 3] {
    let story = |seed, (desks, back_fill), weather, acts: Vec<(usize, u64, Act)>| {
        let steps = acts.into_iter().map(|(number, at_ms, act)| Step { number, at_ms, act });
        Story { seed, desks, agents: 2, back_fill, weather, steps: steps.collect() }
    };
    let windy = |slow_store, slow_network, lost, twice, late| Weather {
        slow_store,
        slow_network,
        lost,
        twice,
        late,
    };
    [
        // A report is asked for while a token is.
        story(
            3831,
            (2, 0),
            windy(0, 45, 12, 0, 40),
            vec![
                (4, 2_087, lost_answers(FaultKind::ExpiredToken, 8_683, 1)),
                (6, 2_219, Act::DialWithoutKey { agent: 0, wish: 2, desk: 0 }),
                (7, 6_693, Act::StoreAway { for_ms: 5_190 }),
                (14, 18_463, Act::Dial { agent: 0, wish: 5, desk: 0 }),
                (15, 18_479, Act::Dial { agent: 1, wish: 6, desk: 1 }),
            ],
        ),
        // A call is over before its dial is answered.
        story(
            81,
            (1, 0),
            Weather::CALM,
            vec![
                (0, 2_978, Act::Inbound { caller: 5 }),
                (1, 2_991, lost_answers(FaultKind::Delay, 8_450, 2)),
                (4, 3_000, Act::Crash { desk: 0, after: 51, back_ms: 12_120 }),
                (5, 3_523, Act::DialWithoutKey { agent: 1, wish: 0, desk: 0 }),
                (12, 7_196, Act::Inbound { caller: 4 }),
                (18, 36_490, Act::Dial { agent: 0, wish: 5, desk: 0 }),
            ],
        ),
        // A call is over before another desk takes its dial over.
        story(
            136,
            (2, 1),
            windy(6, 36, 15, 29, 0),
            vec![
                (1, 1_039, Act::Inbound { caller: 1 }),
                (2, 7_975, Act::DialWithoutKey { agent: 1, wish: 0, desk: 0 }),
                (5, 8_019, Act::CutOff { desk: 0, for_ms: 14_800 }),
            ],
        ),
    ]
}

#[test]
fn stories_that_once_failed_hold() {
    for story in stories_that_failed() {
        let found = run(&story).violations;
        assert!(found.is_empty(), "{}\n{story}", found.join("\n"));
    }
}

/// Without this, a seed that fails could not be run again.
#[test]
fn two_runs_of_one_seed_leave_the_same_bytes_in_the_store() {
    for seed in 0..8 {
        let story = Story::of_seed(seed);
        let (one, other) = (run(&story), run(&story));
        let differs = one.contents.lines().zip(other.contents.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.stored, other.stored, "seed {seed}");
        assert_ne!(one.stored, run(&Story::of_seed(seed + 1_000)).stored, "seed {seed}");
    }
}

#[test]
fn a_shorter_story_is_named_by_its_command() {
    let story = Story::of_seed(7);
    assert_eq!(story.command(), "cargo run -p ozonetel-seeds -- --seed 7");
    let shorter = story.keep(&[0, 2]).calm();
    assert_eq!(shorter.steps.len(), 2);
    assert_eq!(shorter.command(), "cargo run -p ozonetel-seeds -- --seed 7 --keep 0,2 --calm");
}

/// `make planted` applies all of them to one copy.
#[test]
fn each_planted_fault_still_applies_alone_and_with_the_others() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("tests/seeds/planted");
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut patches: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "patch")).collect();
    patches.sort();
    assert!(patches.len() > 10, "the switch, and ten faults");
    let applies = |patches: &[std::path::PathBuf]| {
        let mut git = std::process::Command::new("git");
        let done = git.args(["apply", "--check"]).args(patches).current_dir(&root).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    for patch in &patches {
        applies(std::slice::from_ref(patch));
        let name = patch.file_stem().unwrap().to_string_lossy();
        let text = std::fs::read_to_string(patch).unwrap();
        assert!(name == "switch" || text.contains(&format!("planted(\"{name}\")")), "{name}");
    }
    applies(&patches);
}
