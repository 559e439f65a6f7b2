//! The properties of the fuzz targets, over every seed; and over what the targets have found, by name.

use std::collections::BTreeSet;

use ozonetel_properties::{ALL, Property};
use ozonetel_tests::fixture::{folder, read};
use ozonetel_tests::seeds::{seeds, stored};

#[test]
fn every_seed_has_the_property_of_its_target() {
    for (target, property) in ALL {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has no seed");
        for seed in seeds.values() {
            property(seed);
        }
    }
}

/// Seeds changed a little, the same in every run: cut, a byte replaced, doubled in the middle.
#[test]
fn seeds_that_were_changed_have_it_too() {
    for (target, property) in ALL {
        for (at, seed) in seeds(target).values().enumerate().filter(|(_, seed)| !seed.is_empty()) {
            for step in 1..9 {
                let middle = (at * 31 + step * 97) % seed.len();
                let (front, back) = seed.split_at(middle);
                property(front);
                property(&[front, &back[1..]].concat());
                property(&[front, &[b"\"{}[]\\0 ,:"[step]], &back[1..]].concat());
                property(&[front, seed, back].concat());
            }
        }
    }
}

#[test]
fn every_stored_seed_and_every_fuzz_target_has_a_property() {
    let names: BTreeSet<_> = ALL.iter().map(|(name, _)| *name).collect();
    for exchange in stored().exchanges {
        let target = exchange.request.unwrap().target;
        let target = target.path().trim_start_matches('/');
        assert!(names.contains(target), "{}: {target}", exchange.name);
        assert!(exchange.name.starts_with(&format!("{target}.")), "{}", exchange.name);
    }
    let targets = std::fs::read_dir(folder().join("../fuzz/fuzz_targets")).unwrap();
    let targets = targets.map(|entry| entry.unwrap().path());
    let targets: BTreeSet<_> =
        targets.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert!(names.iter().copied().eq(targets.iter().map(String::as_str)), "{targets:?}");
    let manifest = read(&folder().join("../fuzz/Cargo.toml"));
    for target in targets {
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target}");
        let source = read(&folder().join(format!("../fuzz/fuzz_targets/{target}.rs")));
        assert!(source.contains(&format!("ozonetel_properties::{target}(data)")), "{source}");
    }
}

/// What a fuzz target has found: the seed, and its property.
fn found(name: &str) -> (Vec<u8>, Property) {
    let target = name.split('.').next().unwrap();
    let (_, property) = ALL.iter().find(|(other, _)| *other == target).expect(name);
    (seeds(target).remove(name).expect(name), *property)
}

/// The found seeds that have a test below.
const FOUND: [&str; 4] =
    ["callbacks.wrapped", "events.long_number", "events.doubtful_type", "values.zeros"];

#[test]
fn every_found_seed_has_a_test() {
    let stored = stored().exchanges;
    let found = stored.iter().filter(|e| e.notes.iter().any(|note| note.starts_with("found = ")));
    assert!(found.map(|exchange| exchange.name.as_str()).eq(FOUND));
}

#[test]
fn a_callback_that_was_wrapped_again_and_again() {
    let (seed, property) = found("callbacks.wrapped");
    assert!(seed.starts_with(b"data=\t\ta\":"));
    property(&seed);
}

#[test]
fn an_event_whose_type_is_doubtful_keeps_it() {
    let (seed, property) = found("events.doubtful_type");
    assert!(seed.starts_with(b"\xbc\xbc"));
    property(&seed);
}

#[test]
fn an_event_with_a_number_beyond_64_bits() {
    let (seed, property) = found("events.long_number");
    assert!(seed.starts_with(b"{\"evenTtype\":"));
    property(&seed);
}

#[test]
fn a_number_full_of_zeros_is_not_dialled_as_another() {
    let (seed, property) = found("values.zeros");
    assert_eq!(seed, b"+8880007073140711");
    property(&seed);
}

#[test]
fn answers_that_were_written_as_something_else() {
    for body in [
        // A document without an outcome of its own went out as text, and was read as a refusal.
        &br#"{"status": "success", "message": {"AgentID": "4006"}}"#[..],
        // A refusal without a text was not an answer where answers are plain text.
        br#"{"status": "error"}"#,
        // A text that is itself an answer was read as that.
        br#"{"status": "error", "message": "{\"message\": \"{\\\"status\\\": \\\"success\\\"}\"}"}"#,
        // XML loses the blanks around a text.
        br#"{"status": "error", "message": " a \n"}"#,
        br#"{"status": "queued", "message": 7, "a b": true}"#,
    ] {
        ozonetel_properties::envelope(body);
    }
}
