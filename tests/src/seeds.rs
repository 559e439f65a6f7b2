//! Seeds of the fuzz targets: what the fixtures hold, and `fuzz/seeds.http`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::endpoint::{ALL, Endpoint as _, LEGACY};
use ozonetel_sdk::testing::record::ExchangeFile;

use serde_json::Value;

use crate::fixture::{cases, folder, load};

/// The byte that the target `rows` reads first: pieces of seven.
const PIECES: u8 = 7;

/// A longer file is left out: fuzzers want small seeds.
const LONGEST: usize = 8192;

/// Seeds by name.
pub type Seeds = BTreeMap<String, Vec<u8>>;

/// The seeds that are in no fixture.
pub fn stored() -> ExchangeFile {
    load(&folder().join("../fuzz/seeds.http"))
}

/// All seeds of a target.
pub fn seeds(target: &str) -> Seeds {
    let path = format!("/{target}");
    let stored = stored().exchanges.into_iter().filter_map(|exchange| {
        let request = exchange.request.filter(|request| request.target.path() == path)?;
        Some((exchange.name, request.body.to_vec()))
    });
    let mut seeds: Seeds = stored.collect();
    match target {
        "borrowed_rows" => seeds.extend(single_rows()),
        "callbacks" => seeds.extend(callbacks()),
        "envelope" | "plain_answers" => seeds.extend(answers()),
        "exchanges" => seeds.extend(files()),
        "rows" => seeds.extend(rows()),
        _ => {}
    }
    seeds
}

/// Bodies and queries of pushes.
fn callbacks() -> impl Iterator<Item = (String, Vec<u8>)> {
    load(&folder().join("push.http")).exchanges.into_iter().filter_map(|exchange| {
        let request = exchange.request?;
        let query = request.target.query().unwrap_or_default();
        let seed = if request.body.is_empty() { query.as_bytes() } else { &request.body };
        Some((exchange.name, seed.to_vec()))
    })
}

/// Every answer once.
fn answers() -> Seeds {
    let mut names = BTreeMap::new();
    for case in ALL.iter().chain(LEGACY).flat_map(cases) {
        names.entry(case.body.to_vec()).or_insert(format!("{}.{}", case.spec, case.name));
    }
    names.into_iter().map(|(body, name)| (name, body)).collect()
}

/// Every answer with rows of one endpoint.
fn rows() -> impl Iterator<Item = (String, Vec<u8>)> {
    let cases = cases(&ozonetel_sdk::cdr::FetchDay::SPEC).into_iter();
    cases.map(|case| (case.name, [&[PIECES], case.body.as_ref()].concat()))
}

/// Every row of those answers once, and rows with one odd value each.
fn single_rows() -> Seeds {
    let mut texts = BTreeMap::new();
    for case in cases(&ozonetel_sdk::cdr::FetchDay::SPEC) {
        let Ok(answer) = serde_json::from_slice::<Value>(&case.body) else { continue };
        for row in answer["details"].as_array().into_iter().flatten() {
            texts.entry(row.to_string()).or_insert_with(|| case.name.clone());
        }
    }
    let mut seeds: Seeds =
        (0..).zip(texts).map(|(at, (text, name))| (format!("{name}.{at}"), text.into())).collect();
    for name in CallRecord::FIELDS {
        for (at, odd) in (0..).zip(ODD_VALUES) {
            let text = format!(r#"{{"CallID":7,"{name}":{odd},"UCID":"90000000000000001"}}"#);
            seeds.insert(format!("{name}.odd{at}"), text.into());
        }
    }
    seeds
}

/// What a field may hold beside what it should.
const ODD_VALUES: [&str; 16] = [
    "null",
    "\"\"",
    "\"NA\"",
    "7",
    "-7",
    "7.0",
    "7.5",
    "1e300",
    "true",
    "[]",
    "{\"a\":[1]}",
    "\"00:01:49\"",
    "\" 27:10:09 \"",
    "\"2026-02-28\"",
    "\"a\\u0031\\n\"",
    "7,\"CallID\":\"x\"",
];

/// The small files of exchanges themselves.
fn files() -> impl Iterator<Item = (String, Vec<u8>)> {
    let entries = fs::read_dir(folder()).expect("the fixtures").flatten();
    let paths = entries.map(|entry| entry.path());
    let paths = paths.filter(|path: &PathBuf| path.extension().is_some_and(|end| end == "http"));
    paths.filter_map(|path| {
        let text = fs::read(&path).ok().filter(|text| text.len() <= LONGEST)?;
        Some((path.file_stem()?.to_string_lossy().into_owned(), text))
    })
}
