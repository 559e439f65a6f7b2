//! The README's example, in a crate of its own outside the workspace: it compiles with what the README says to depend
//! on, and it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ozonetel_sim::Sim;
use ozonetel_tests::fixture::{folder, read};
use tokio::process::Command;

/// A cold build of the client and all it depends on, on a slow machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// The first block of a kind in a document.
fn block<'t>(document: &'t str, kind: &str) -> &'t str {
    let fence = format!("```{kind}\n");
    let rest = document.split(&fence).nth(1).expect("the README has such a block");
    rest.split("\n```").next().expect("a block ends")
}

/// Where the build's files are: this test's own binary lies two folders below.
fn target() -> PathBuf {
    let binary = std::env::current_exe().expect("a test has a binary");
    let target = binary.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    target.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// The manifest that the README shows, with the path that it leaves open.
fn manifest(readme: &str, root: &Path) -> String {
    let dependencies = block(readme, "toml");
    let shown = "path = \"…/ozonetel-sdk\"";
    assert!(dependencies.contains(shown), "{dependencies}");
    let path = format!("path = \"{}\"", root.join("ozonetel-sdk").display());
    let dependencies = dependencies.replace(shown, &path);
    format!(
        "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\ndebug = false\n\n{dependencies}\n"
    )
}

/// What the example prints when it ends well.
async fn run(program: &Path, url: &str) -> String {
    let mut example = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OZONETEL_") {
            example.env_remove(name);
        }
    }
    example.env("OZONETEL_BASE_URL", url).env("OZONETEL_ACCOUNT", "acme_support");
    example.env("OZONETEL_API_KEY", "test-key").stdin(Stdio::null()).kill_on_drop(true);
    let ran = tokio::time::timeout(PATIENCE, example.output()).await.unwrap().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}{err}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_of_the_readme_runs_outside_the_workspace_and_once_more() {
    let root = folder().join("..").canonicalize().unwrap();
    let readme = read(&root.join("README.md"));
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("src")).unwrap();
    fs::write(outside.path().join("src/main.rs"), block(&readme, "rust")).unwrap();
    fs::write(outside.path().join("Cargo.toml"), manifest(&readme, &root)).unwrap();
    // The versions that the workspace was built with: nothing has to be downloaded.
    fs::copy(root.join("Cargo.lock"), outside.path().join("Cargo.lock")).unwrap();

    let target = target().join("outside");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--offline"]).current_dir(outside.path());
    // Nobody steps through it: without what a debugger needs it is built sooner.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.env("CARGO_TARGET_DIR", &target).stdin(Stdio::null()).kill_on_drop(true);
    let built = tokio::time::timeout(PATIENCE, cargo.output()).await.unwrap().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let program = target.join("debug").join(format!("outside{}", std::env::consts::EXE_SUFFIX));
    let first = run(&program, &server.url()).await;
    let ucid = first.strip_prefix("ringing, UCID ").and_then(|rest| rest.lines().next());
    assert!(ucid.is_some_and(|ucid| ucid.parse::<u64>().is_ok()), "{first}");
    // The call is in the CDR while it rings.
    assert_eq!(first.lines().count(), 2, "{first}");
    assert_eq!(["dial", "login", "token"].map(|effect| sim.effects(effect)), [1, 1, 1]);

    // A second run finds the agent logged in and in a call.
    let second = run(&program, &server.url()).await;
    assert!(second.starts_with("not now: dial.agent: "), "{second}");
    assert_eq!(["dial", "login"].map(|effect| sim.effects(effect)), [1, 1]);
    server.stop().await;
}

/// The paths that `ARCHITECTURE.md` names, as they are there.
fn paths(document: &str) -> impl Iterator<Item = &str> {
    let quoted = document.split('`').skip(1).step_by(2);
    quoted.filter(|text| {
        let named =
            text.ends_with('/') || [".rs", ".http", ".toml"].iter().any(|end| text.ends_with(end));
        named && text.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c))
    })
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let root = folder().join("..");
    let bases =
        ["", "ozonetel-sdk/src", "ozonetel-sim/src", "ozonetel-sim/src/world", "examples/desk/src"];
    let document = read(&root.join("ARCHITECTURE.md"));
    let missing: Vec<_> = paths(&document)
        .filter(|path| !bases.iter().any(|base| root.join(base).join(path).exists()))
        .collect();
    assert!(paths(&document).count() > 60 && missing.is_empty(), "{missing:?}");
}
