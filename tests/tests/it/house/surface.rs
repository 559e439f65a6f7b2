//! How many modules a user of the SDK sees.

use std::collections::BTreeSet;
use std::fs;

use super::cfg::Features;
use super::source::Source;
use super::{FILES, planted, workspace};

/// Modules that `ozonetel-sdk` has at its root with its default features, at most.
const MOST: usize = 26;

/// Paths of the modules that users can name at the crate's root, each once.
fn public_modules(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(source, 0, &mut found);
    found.into_iter().map(|at| source.modules[at].path.join("::")).collect()
}

/// Adds the public modules that a module has or exports, `*` included.
fn collect(source: &Source, at: usize, found: &mut BTreeSet<usize>) {
    let module = &source.modules[at];
    let children = module.children.values().copied();
    found.extend(children.filter(|&child| source.modules[child].public));
    for import in module.imports.iter().filter(|import| import.public) {
        let Some(target) = source.resolve(at, &import.path) else { continue };
        if target.item.is_none() && import.name.is_some() {
            found.insert(target.module);
        } else if target.item.is_none() && target.module != at {
            collect(source, target.module, found);
        }
    }
}

/// The features that are on unless the user says otherwise.
fn default_features(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let names = |feature: &str| {
        let list = manifest["features"].get(feature).and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(toml::Value::as_str)
    };
    let mut on = BTreeSet::new();
    let mut next: Vec<&str> = names("default").collect();
    while let Some(feature) = next.pop() {
        if on.insert(feature.to_owned()) {
            next.extend(names(feature));
        }
    }
    on
}

#[test]
fn the_sdk_has_few_public_modules() {
    let manifest = fs::read_to_string(workspace().join("ozonetel-sdk/Cargo.toml")).unwrap();
    let features = Features::Only(default_features(&manifest));
    let files = FILES.iter().filter_map(|(path, text)| {
        path.strip_prefix("ozonetel-sdk/src/").map(|path| (path.to_owned(), text.clone()))
    });
    let source = Source::parse("ozonetel-sdk", "lib.rs", &files.collect(), &features);
    let found = public_modules(&source);
    let names: Vec<_> = found.iter().map(String::as_str).collect();
    assert!(found.len() <= MOST, "{} public modules: {}", found.len(), names.join(" "));
}

#[test]
fn modules_are_counted_where_a_user_finds_them() {
    let source = planted(&[
        (
            "lib.rs",
            "pub mod a; pub(crate) mod inside {} #[cfg(test)] pub mod tests {} mod b; mod c; pub use b::{deep, Item}; pub use c::*; pub mod d { pub use crate::b::*; }",
        ),
        ("a.rs", "pub mod below {}"),
        ("b.rs", "pub mod deep; pub struct Item;"),
        ("b/deep.rs", ""),
        ("c.rs", "pub mod wide {}"),
    ]);
    let found: Vec<_> = public_modules(&source).into_iter().collect();
    assert_eq!(found, ["a", "b::deep", "c::wide", "d"]);
}

#[test]
fn default_features_bring_others() {
    let manifest = "[features]\ndefault = ['a']\na = ['b', 'dep:x']\nb = []\nc = []";
    let on: Vec<_> = default_features(manifest).into_iter().collect();
    assert_eq!(on, ["a", "b", "dep:x"]);
}
