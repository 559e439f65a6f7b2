//! No import runs upward and no files import each other in a circle.

use std::collections::BTreeSet;

use super::graph::{Circle, Graph};
use super::source::Source;
use super::{SOURCES, planted};

/// The bands of `ozonetel-sdk`, bottom to top: files, or folders with a slash at the end. A file of
/// a band imports from its own and from lower ones.
const BANDS: [&[&str]; 6] = [
    &["types.rs", "types/"],
    &["core.rs", "core/"],
    &["api.rs", "api/"],
    &["receive.rs", "receive/", "mdl.rs", "mdl/"],
    &["testing.rs", "testing/"],
    &["lib.rs", "setup.rs", "setup/", "guide.rs"],
];

/// The band of a file.
fn band(bands: &[&[&str]], file: &str) -> Option<usize> {
    let holds = |part: &&str| file == *part || part.ends_with('/') && file.starts_with(part);
    bands.iter().position(|band| band.iter().any(&holds))
}

/// The circles of a crate, a line or two for each.
fn circles(source: &Source, graph: &Graph) -> Vec<String> {
    let line = |circle: &Circle| {
        let files: Vec<_> = circle.files.iter().map(String::as_str).collect();
        format!("{}: {circle}\n    among {}: {}", source.name, files.len(), files.join(" "))
    };
    graph.circles().iter().map(line).collect()
}

/// What a crate's files import from its root: a line for each file.
fn from_the_root(source: &Source, graph: &Graph) -> Vec<String> {
    let line = |(file, names): (&String, &BTreeSet<String>)| {
        format!("{}: {file} imports {} from {}", source.name, list(names), source.root)
    };
    graph.facade.iter().map(line).collect()
}

/// The imports that run from a band to a higher one, and the files without a band.
fn upward(source: &Source, graph: &Graph, bands: &[&[&str]]) -> Vec<String> {
    let mut found = Vec::new();
    for file in source.files().keys() {
        if band(bands, file).is_none() {
            found.push(format!("{}: {file} belongs to no band", source.name));
        }
    }
    for (from, arrows) in &graph.arrows {
        for (to, names) in arrows {
            if let (Some(low), Some(high)) = (band(bands, from), band(bands, to))
                && low < high
            {
                found.push(format!("{}: {from} imports {} from {to}", source.name, list(names)));
            }
        }
    }
    found
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

/// What a rule finds in all crates.
fn found(rule: impl Fn(&Source, &Graph) -> Vec<String>) -> Vec<String> {
    SOURCES.iter().flat_map(|(source, graph)| rule(source, graph)).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    assert_none(&found(circles));
}

#[test]
fn no_file_imports_from_the_root_of_its_crate() {
    assert_none(&found(from_the_root));
}

#[test]
fn no_import_of_the_sdk_runs_upward() {
    let (sdk, graph) = &SOURCES[0];
    assert_none(&upward(sdk, graph, &BANDS));
}

fn planted_circles(files: &[(&str, &str)]) -> Vec<String> {
    let source = planted(files);
    circles(&source, &Graph::of(&source))
}

#[test]
fn a_planted_circle_is_found_with_its_names() {
    let found = planted_circles(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f() { crate::c::g() }"),
        ("c.rs", "pub fn g() { log!(super::a::A) }"),
    ]);
    let circle = "planted: a.rs -[B]-> b.rs -[g]-> c.rs -[A]-> a.rs\n    among 3: a.rs b.rs c.rs";
    assert_eq!(found, [circle]);
}

#[test]
fn a_circle_behind_a_reexport_is_found() {
    let found = planted_circles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod deep; pub use deep::Deep;"),
        ("a/deep.rs", "use crate::b; pub struct Deep(b::B);"),
        ("b.rs", "pub struct B(crate::a::Deep);"),
    ]);
    let circle = "a/deep.rs -[B]-> b.rs -[Deep]-> a/deep.rs";
    assert!(found.len() == 1 && found[0].contains(circle), "{found:?}");
}

#[test]
fn a_parent_and_its_own_child_are_not_a_circle_but_two_children_are() {
    let child = "use super::Parent; pub struct Child(Parent);";
    let family = [
        ("lib.rs", "mod p;"),
        ("p.rs", "mod a; mod b; pub use a::Child; pub struct Parent; fn f(_: Child) { b::g() }"),
        ("p/a.rs", child),
        ("p/b.rs", "pub fn g() { super::f() } #[cfg(test)] use crate::p::a::Child;"),
    ];
    assert_eq!(planted_circles(&family), [""; 0]);
    let mut siblings = family;
    siblings[2].1 = "use super::{Parent, b}; pub struct Child(Parent, b::B);";
    assert_eq!(planted_circles(&siblings).len(), 1);
}

#[test]
fn a_grandchild_is_not_the_files_own_child() {
    let found = planted_circles(&[
        ("lib.rs", "mod p;"),
        ("p.rs", "mod a; pub struct Parent(a::deep::Deep);"),
        ("p/a.rs", "pub(super) mod deep;"),
        ("p/a/deep.rs", "use super::super::Parent; pub struct Deep(Option<Box<Parent>>);"),
    ]);
    let circle = "p.rs -[Deep]-> p/a/deep.rs -[Parent]-> p.rs";
    assert!(found.len() == 1 && found[0].contains(circle), "{found:?}");
}

#[test]
fn an_import_through_the_root_is_found() {
    let source = planted(&[
        ("lib.rs", "mod a; mod b; pub use a::A; pub const LIMIT: u8 = 1;"),
        ("a.rs", "pub struct A;"),
        (
            "b.rs",
            "use crate::A; const B: u8 = crate::LIMIT; macro_rules! m { () => { $crate::A } }",
        ),
    ]);
    let found = from_the_root(&source, &Graph::of(&source));
    assert_eq!(found, ["planted: b.rs imports A, LIMIT from lib.rs"]);
}

#[test]
fn an_import_that_runs_upward_is_found() {
    let bands: [&[&str]; 3] = [&["low/"], &["high.rs"], &["lib.rs", "low.rs"]];
    let source = planted(&[
        ("lib.rs", "mod low; mod high; mod stray;"),
        ("low.rs", "pub(crate) mod a;"),
        ("low/a.rs", "use crate::high::High;"),
        ("high.rs", "use crate::low::a::A; pub struct High;"),
        ("stray.rs", ""),
    ]);
    let found = upward(&source, &Graph::of(&source), &bands);
    let expected =
        ["planted: stray.rs belongs to no band", "planted: low/a.rs imports High from high.rs"];
    assert_eq!(found, expected);
}
