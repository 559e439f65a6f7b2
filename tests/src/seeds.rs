//! Seeds of the fuzz targets: what the fixtures hold, and `fuzz/seeds.http`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ozonetel_sdk::endpoint::{ALL, Endpoint as _, LEGACY};
use ozonetel_sdk::testing::record::ExchangeFile;

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
        "callbacks" => seeds.extend(callbacks()),
        "envelope" => seeds.extend(answers()),
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
