//! Makes a story that shows a violation shorter: delta debugging over its steps.

use crate::run::run;
use crate::story::Story;

/// The kind of a violation: its text without the ids and numbers in it.
fn kind(violation: &str) -> String {
    violation.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// The shortest story that was found in so many runs, which shows a violation of the same kind.
pub fn shrink(story: &Story, violation: &str, mut runs: usize) -> Story {
    let wanted = kind(violation);
    let mut shows = |story: &Story| {
        if runs == 0 {
            return false;
        }
        runs -= 1;
        run(story).violations.iter().any(|found| kind(found) == wanted)
    };
    let mut shortest = story.clone();
    if shows(&story.calm()) {
        shortest = story.calm();
    }
    let mut pieces = 2;
    while shortest.steps.len() > 1 {
        let numbers: Vec<usize> = shortest.steps.iter().map(|step| step.number).collect();
        let size = numbers.len().div_ceil(pieces);
        let without = |piece: &[usize]| {
            let rest: Vec<_> = numbers.iter().filter(|n| !piece.contains(n)).copied().collect();
            shortest.keep(&rest)
        };
        match numbers.chunks(size).map(without).find(|shorter| shows(shorter)) {
            Some(shorter) => {
                shortest = shorter;
                pieces = pieces.saturating_sub(1).max(2);
            }
            None if size == 1 => break,
            None => pieces = (pieces * 2).min(numbers.len()),
        }
    }
    shortest
}
