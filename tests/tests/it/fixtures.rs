//! What holds for the fixtures as files: whose they are, where they are from, how many there are, what is in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ozonetel_sdk::endpoint::{ALL, LEGACY, Spec};
use ozonetel_sdk::testing::record::RecordedExchange;
use ozonetel_tests::Findings;
use ozonetel_tests::fixture::{Basis, Recorded, cases, fixture, folder, load};

/// Files of exchanges that belong to no endpoint: the situations of all of them, and what the service sends to us.
const NO_ENDPOINT: [&str; 2] = ["_every", "push"];

/// Cases that were there when the form was decided, and the pushes among them.
const CASES: (usize, usize) = (1166, 34);

/// The most files that fixtures and corpora may have together.
const FILES: usize = 300;

/// Every description, the deprecated ones included.
fn all() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().chain(LEGACY)
}

/// The files of the folder; it has no folders in it.
fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.iter().all(|path| path.is_file()), "{files:?}");
    files
}

/// The files of exchanges.
fn exchange_files() -> impl Iterator<Item = PathBuf> {
    files().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "http"))
}

#[test]
fn every_file_of_exchanges_belongs_to_something() {
    let known: BTreeSet<_> = all().map(|spec| spec.name).chain(NO_ENDPOINT).collect();
    for path in exchange_files() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "fixtures/{name}.http belongs to no endpoint");
    }
}

#[test]
fn every_file_is_as_the_recorder_would_write_it() {
    for path in exchange_files() {
        let written = load(&path).to_bytes().unwrap();
        let found = fs::read(&path).unwrap();
        let (written, found) = (String::from_utf8_lossy(&written), String::from_utf8_lossy(&found));
        for (at, (written, found)) in written.lines().zip(found.lines()).enumerate() {
            assert_eq!(found, written, "{}:{}", path.display(), at + 1);
        }
        assert_eq!(found.len(), written.len(), "{}: the end", path.display());
    }
}

#[test]
fn every_case_says_where_it_is_from() {
    let mut findings = Findings::default();
    for case in all().flat_map(cases) {
        let about = &case.about;
        findings.hold(!about.source.trim().is_empty(), &case, || "has no source".into());
        let link = about.source.starts_with("https://docs.ozonetel.com/");
        findings.hold(link == (about.basis == Basis::Documented), &case, || {
            format!("is {:?} and names {}", about.basis, about.source)
        });
        findings.hold(!about.masked.is_empty(), &case, || "does not say what was masked".into());
        let note = about.note.as_ref().is_none_or(|note| !note.is_empty());
        findings.hold(note, &case, || "has an empty note".into());
    }
    findings.done();
}

#[test]
fn the_head_of_a_file_names_only_what_has_an_effect() {
    let mut findings = Findings::default();
    for spec in all() {
        for name in fixture(spec).idle {
            findings
                .add(spec.name, format!("{name} is not among the situations that are added here"));
        }
    }
    findings.done();
}

#[test]
fn no_case_is_lost() {
    let (mut written, mut added) = (0, 0);
    for spec in all() {
        let fixture = fixture(spec);
        let names: BTreeSet<_> = fixture.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), fixture.cases.len(), "{}", spec.name);
        written += fixture.written;
        added += fixture.cases.len() - fixture.written;
    }
    let pushes = load(&folder().join("push.http")).exchanges.len();
    let all = written + added + pushes;
    assert!(all >= CASES.0, "{written} written, {added} added, {pushes} pushes");
    assert!(pushes >= CASES.1, "{pushes} pushes");
}

/// Folders of small files hide what they hold: a case belongs into its endpoint's file, a seed into `fuzz/seeds.http`.
#[test]
fn fixtures_and_corpora_stay_few_files() {
    let listed = Command::new("git")
        .args(["ls-files", "--", "fixtures", "fuzz", "sip-ucid/fuzz", "sip-ucid/tests"])
        .current_dir(folder().join(".."))
        .output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let data = |path: &&str| {
        path.starts_with("fixtures/") || path.contains("/corpus/") || path.contains("seeds")
    };
    let tracked = listed.lines().filter(data).count();
    // Without git there are at least the files of this folder.
    let count = tracked.max(files().len());
    assert!(count < FILES, "{count} files");
}

/// Runs of digits that are allowed in a fixture: made-up customers, DIDs and ids, and times.
fn is_placeholder(digits: &str) -> bool {
    let customer = ["", "0", "91", "0091"].iter().any(|lead| {
        digits
            .strip_prefix(lead)
            .is_some_and(|rest| rest.len() == 10 && rest.starts_with("90000000"))
    });
    let did = digits.len() == 12 && digits.starts_with("9180000000");
    let id = (15..=20).contains(&digits.len()) && digits.starts_with("900000000000");
    let time = digits.len() == 14 && digits.starts_with("2026");
    digits.len() < 7 || customer || did || id || time
}

/// Secrets that are allowed in a fixture.
const SECRETS: [&str; 10] = [
    // Is under a key of that name in the samples of the older reports.
    "No Transfers",
    "test-key",
    "wrong-key",
    "test-token",
    "wrong-token",
    "old-token",
    "secret",
    "wrong",
    "header.payload.signature",
    "",
];

#[test]
fn no_fixture_holds_a_plausible_number_key_or_address() {
    let mut findings = Findings::default();
    for path in exchange_files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = load(&path);
        for problem in lint(&file.notes.join("\n")) {
            findings.add(&name, problem);
        }
        for exchange in file.exchanges {
            for problem in texts(&exchange).iter().flat_map(|text| lint(text)) {
                findings.add(format!("{name}: {}", exchange.name), problem);
            }
        }
    }
    findings.done();
}

/// Everything that an exchange says.
fn texts(exchange: &RecordedExchange) -> Vec<String> {
    let mut texts = vec![exchange.notes.join("\n")];
    if let Some(request) = &exchange.request {
        let parts = Recorded::of(&request.to_http());
        texts.push(serde_json::to_string(&parts).unwrap());
        texts.push(request.target.as_str().to_owned());
        texts.push(String::from_utf8_lossy(&request.body).into_owned());
    }
    if let Some(answer) = &exchange.answer {
        texts.push(format!("{:?}", answer.headers));
        texts.push(String::from_utf8_lossy(&answer.body).into_owned());
    }
    texts
}

/// A text without the escapes of forms.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                out.push(if byte.is_ascii() { char::from(byte) } else { ' ' });
                out.push_str(&part[2..]);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// What is suspicious in a text.
fn lint(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let decoded = unescaped(text);
    let text = decoded.as_str();
    for digits in text.split(|c: char| !c.is_ascii_digit()) {
        if !is_placeholder(digits) {
            problems.push(format!("the number {digits}"));
        }
    }
    for rest in text.split("://").skip(1) {
        let host: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).collect();
        let known = host.ends_with("example.test") || host == "docs.ozonetel.com";
        if !known {
            problems.push(format!("the host {host}"));
        }
    }
    for (at, _) in text.match_indices('@') {
        if !text[at..].starts_with("@example.test") {
            problems.push("an address at another host".into());
        }
    }
    let word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    for run in text.split(|c: char| !word(c)) {
        let (letters, digits) = (
            run.chars().any(|c| c.is_ascii_alphabetic()),
            run.chars().filter(char::is_ascii_digit).count(),
        );
        let mixed = letters && digits > 4 && run.len() >= 20 && !run.contains("example.test");
        // A Basic header: agent and password in base64, or the account and its key.
        let basic = ["YWdlbnQw", "YWdlbnQ5", "YWNtZV9zdXBwb3J0O"]
            .iter()
            .any(|agent| run.starts_with(agent));
        if mixed && !basic && !run.starts_with("9000") {
            problems.push(format!("something like a key: {run}"));
        }
    }
    for (name, value) in named_secrets(text) {
        if !SECRETS.contains(&value.as_str()) {
            problems.push(format!("{name} is {value}"));
        }
    }
    problems
}

/// Values of JSON fields whose name is that of a secret, wherever they are.
fn named_secrets(text: &str) -> Vec<(String, String)> {
    fn walk(value: &serde_json::Value, out: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    let folded = name.replace(['_', '-'], "").to_ascii_lowercase();
                    if let Some(text) = value.as_str() {
                        if ["apikey", "password", "token"].contains(&folded.as_str()) {
                            out.push((name.clone(), text.to_owned()));
                        }
                        if folded == "authorization" {
                            let text = text.strip_prefix("Bearer ").unwrap_or("");
                            out.push((name.clone(), text.to_owned()));
                        }
                    }
                    walk(value, out);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    if let Ok(value) = serde_json::from_str(text) {
        walk(&value, &mut out);
    }
    out
}

#[test]
fn the_lint_finds_what_it_looks_for() {
    for text in [
        r#"{"a":"9812345670"}"#,
        r#"{"apiKey":"live"}"#,
        r#"{"headers":{"authorization":"Bearer live"}}"#,
        "https://recordings.example.com/a.mp3",
        "agent@company.example",
        "KK0a1b2c3d4e5f6a7b8c9d0e1f2a3b",
    ] {
        assert_eq!(lint(text).len(), 1, "{text}: {:?}", lint(text));
    }
    for text in [r#"{"a":"9000000001","apiKey":"test-key"}"#, "00919000000003", "2026-11-20"] {
        assert_eq!(lint(text), [""; 0], "{text}");
    }
}
