//! The table of endpoints on the front page, written from the descriptions.

#![allow(clippy::expect_used, clippy::panic)] // all of it is a test

use std::fmt::Write as _;

use super::{ALL, LEGACY};
use crate::core::endpoint::{Auth, Repeat, Spec};

fn row(out: &mut String, spec: &Spec) {
    let mark = if spec.path_verified { "" } else { " †" };
    let auth = match spec.auth {
        Auth::Account => "account",
        Auth::KeyHeader | Auth::KeyOnlyHeader(_) => "key header",
        Auth::Fields { .. } | Auth::KeyField(_) => "key in the fields",
        Auth::Headers { .. } => "name and key headers",
        Auth::AccountBasic => "Basic (account)",
        Auth::AgentBasic { .. } => "Basic (agent)",
        Auth::Kookoo(_) => "KooKoo key",
    };
    let rate = match spec.rate.limit() {
        None => "—".to_owned(),
        Some((limit, 60)) => format!("{limit} / min"),
        Some((limit, 3600)) => format!("{limit} / h"),
        Some((limit, seconds)) => format!("{limit} / {seconds} s"),
    };
    let again = if spec.repeat == Repeat::Once { "never" } else { "yes" };
    let (title, name) = (spec.title, spec.name);
    let (method, path) = (spec.method.as_str(), spec.path);
    let page = if spec.docs.starts_with("http") {
        format!("[page]({})", spec.docs)
    } else {
        spec.docs.to_owned()
    };
    writeln!(
        out,
        "| {title} | `{name}` | `{method} {path}`{mark} | {auth} | {rate} | {again} | {page} |"
    )
    .expect("a text takes text");
}

fn table() -> String {
    let mut out = String::from(
        "| what | name | method and path | credential | limit | repeated | source |\n|---|---|---|---|---|---|---|\n",
    );
    for spec in ALL.iter().chain(LEGACY) {
        row(&mut out, spec);
    }
    out
}

#[test]
fn the_front_page_has_the_table_of_all_endpoints() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ENDPOINTS.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let (head, old) = written.split_once("\n| what").unwrap_or((&written, ""));
    let new = table();
    if format!("| what{old}") != new {
        // `UPDATE_ENDPOINTS=1 cargo test` rewrites it.
        if std::env::var_os("UPDATE_ENDPOINTS").is_some() {
            std::fs::write(path, format!("{head}\n{new}")).unwrap();
        }
        panic!("ENDPOINTS.md is not what the descriptions say");
    }
}
