//! The house rules that no compiler checks: who may import whom, which names are free, how many
//! modules are public, how long a file may be. Each rule also has tests with a planted fault.

mod cfg;
mod debug;
mod events;
mod files;
mod graph;
mod import;
mod imports;
mod listing;
mod names;
mod resolve;
mod scan;
mod source;
mod surface;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cfg::Features;
use graph::Graph;
use source::{Files, Source};

/// Every target of the workspace whose files are under the rules: name, folder, root file.
const TARGETS: &[(&str, &str, &str)] = &[
    ("ozonetel-sdk", "ozonetel-sdk/src", "lib.rs"),
    ("sip-ucid", "sip-ucid/src", "lib.rs"),
    ("ozonetel-sim", "ozonetel-sim/src", "lib.rs"),
    ("ozonetel-sim (program)", "ozonetel-sim/src", "main.rs"),
    ("ozonetel-store", "ozonetel-store/src", "lib.rs"),
    ("desk", "examples/desk/src", "lib.rs"),
    ("ozonetel-cli", "examples/cli/src", "main.rs"),
    ("ozonetel-tests", "tests/src", "lib.rs"),
    ("ozonetel-properties", "tests/properties/src", "lib.rs"),
    ("ozonetel-postgres", "tests/postgres/src", "lib.rs"),
    ("ozonetel-description", "description/src", "lib.rs"),
];

/// The targets, parsed once for all rules, with the imports of their files.
static SOURCES: LazyLock<Vec<(Source, Graph)>> = LazyLock::new(|| {
    let read = |&(name, folder, root): &(&str, &str, &str)| {
        let below = format!("{folder}/");
        let files = FILES.iter().filter_map(|(path, text)| {
            path.strip_prefix(&below).map(|path| (path.to_owned(), text.clone()))
        });
        let source = Source::parse(name, root, &files.collect(), &Features::All);
        let graph = Graph::of(&source);
        (source, graph)
    };
    TARGETS.iter().map(read).collect()
});

/// Every Rust file of the workspace, by its path in it.
static FILES: LazyLock<Files> = LazyLock::new(|| {
    let (root, mut files) = (workspace(), Files::new());
    collect(&root, &root, &mut files);
    assert!(files.len() > 300, "{} Rust files", files.len());
    files
});

/// The workspace's folder.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Adds the Rust files below `folder`; a build's own and hidden folders are left out.
fn collect(root: &Path, folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules"].contains(&&*name) && !name.starts_with('.')
        {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let key = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.insert(key, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A crate made of the given files, for the tests of the rules.
fn planted(files: &[(&str, &str)]) -> Source {
    let files = files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    Source::parse("planted", "lib.rs", &files, &Features::All)
}
