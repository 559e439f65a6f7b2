//! What the SDK's features cost in crates, as its README says.

use std::collections::BTreeSet;
use std::process::Command;

use ozonetel_tests::fixture::{folder, read};

/// The crates of the SDK with these features and no default ones, itself included.
fn crates(features: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["tree", "--offline", "--locked", "--package", "ozonetel-sdk"]);
    cargo.args(["--edges", "normal", "--prefix", "none", "--no-dedupe"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu"]);
    cargo.args(["--no-default-features", "--features", features]);
    let tree = cargo.current_dir(folder().join("..")).output().expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8_lossy(&tree.stdout).lines().map(str::to_owned).collect()
}

/// The rows of the README's table: features, and how many crates they bring.
fn stated(readme: &str) -> Vec<(String, usize)> {
    let table = readme.split("| crates |").nth(1).expect("the README has the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let features: Vec<_> = cells[0].split('"').skip(1).step_by(2).collect();
        (features.join(","), cells[1].parse().expect("a number of crates"))
    };
    rows.map(row).collect()
}

#[test]
fn the_crates_of_each_choice_of_features_are_as_many_as_the_readme_says() {
    let stated = stated(&read(&folder().join("../ozonetel-sdk/README.md")));
    let found: Vec<_> =
        stated.iter().map(|(features, _)| (features.clone(), crates(features).len())).collect();
    assert_eq!(stated, found);
    let of = |wanted: &str| found.iter().find(|(features, _)| features == wanted).unwrap().1;
    assert!(of("") < 100 && of("reqwest") < 160, "{found:?}");
}

#[test]
fn the_core_has_no_network_and_no_tables() {
    let core = crates("");
    let name = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    let names: BTreeSet<_> = core.iter().map(name).collect();
    for left_out in
        ["hyper", "jsonwebtoken", "phonenumber", "regex", "reqwest", "rustls", "tungstenite"]
    {
        assert!(!names.contains(left_out), "{left_out}");
    }
    assert!(names.contains("ozonetel-sdk") && names.contains("sip-ucid"), "{names:?}");
}
