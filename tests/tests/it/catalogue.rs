//! What holds for the catalogue as a whole, for the fixtures as files, and for the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ozonetel_sdk::endpoint::{ALL, LEGACY, Method, Repeat, Spec, When};
use ozonetel_tests::Findings;
use ozonetel_tests::fixture::{Basis, cases, folder, folders, read};

/// `GET`s that must not be repeated. None so far: those that place calls have to be named here.
const GETS_THAT_ACT: [&str; 10] = [
    "agents.create",
    "agents.edit",
    "kookoo.call",
    "kookoo.sms",
    "legacy.agent_dial",
    "legacy.conference",
    "legacy.kick",
    "legacy.phone_dial",
    "legacy.schedule",
    "legacy.set_campaign",
];

/// Folders of fixtures that belong to no endpoint.
const NO_ENDPOINT: [&str; 1] = ["push"];

/// Every description, the deprecated ones included.
fn all() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().chain(LEGACY)
}

#[test]
fn names_are_unique_and_name_their_module() {
    let names: BTreeSet<_> = all().map(|spec| spec.name).collect();
    assert_eq!(names.len(), all().count());
    for name in names {
        let (module, operation) = name.split_once('.').unwrap();
        assert!(!module.is_empty() && !operation.is_empty(), "{name}");
    }
}

#[test]
fn every_description_says_where_it_is_from() {
    for spec in all() {
        let link = url::Url::parse(spec.docs).is_ok_and(|url| url.scheme().starts_with("http"));
        assert!(link || spec.docs.starts_with("field report"), "{}: {}", spec.name, spec.docs);
    }
}

#[test]
fn a_get_that_must_not_be_repeated_is_on_the_list() {
    for spec in all() {
        let acts = spec.method == Method::Get && spec.repeat == Repeat::Once;
        assert_eq!(acts, GETS_THAT_ACT.contains(&spec.name), "{}", spec.name);
    }
}

#[test]
fn no_two_operations_answer_to_the_same_request() {
    let overlap = |a: When, b: When| match (a, b) {
        (When::Is(field, value), When::Is(other, word)) => {
            field != other || value.eq_ignore_ascii_case(word)
        }
        // Two fields may both be there; the first in the catalogue answers, and neither type has the field of the
        // other.
        (When::Has(field), When::Has(other)) => field == other,
        _ => true,
    };
    for (at, a) in all().enumerate() {
        for b in all().skip(at + 1) {
            let same = (a.method, a.host, a.path) == (b.method, b.host, b.path);
            assert!(!(same && overlap(a.when, b.when)), "{} and {}", a.name, b.name);
        }
    }
}

#[test]
fn every_folder_of_fixtures_belongs_to_something() {
    let known: BTreeSet<_> = all().map(|spec| spec.name).chain(NO_ENDPOINT).collect();
    for name in folders(&folder()) {
        assert!(known.contains(name.as_str()), "fixtures/{name} is nobody's");
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

/// Every file under a folder, the build's own left out.
fn files(of: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(of) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            files(&path, out);
        } else if path.is_file() {
            out.push(path);
        }
    }
}

/// The lines of a source that are neither comments nor tests.
fn code(path: &Path) -> Vec<String> {
    let text = read(path);
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.starts_with("//")).map(str::to_owned).collect()
}

#[test]
fn a_path_stands_once_in_the_sources() {
    let root = folder().join("..").canonicalize().unwrap();
    let mut sources = Vec::new();
    for part in ["ozonetel-sdk/src", "ozonetel-sim/src", "sip-ucid/src", "examples", "tests/src"] {
        files(&root.join(part), &mut sources);
    }
    sources.retain(|path| {
        let is_test = path.components().any(|part| part.as_os_str() == "tests")
            && !path.to_string_lossy().contains("/tests/src/");
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        rust && !is_test && path.file_stem().is_some_and(|stem| stem != "tests")
    });
    assert!(sources.len() > 50, "{} sources", sources.len());
    let lines: Vec<(PathBuf, Vec<String>)> =
        sources.into_iter().map(|path| (path.clone(), code(&path))).collect();
    let paths: BTreeSet<_> = all().map(|spec| spec.path).collect();
    for path in paths {
        let literal = format!("\"{path}\"");
        let found: Vec<_> = lines
            .iter()
            .flat_map(|(file, lines)| lines.iter().map(move |line| (file, line)))
            .filter(|(_, line)| line.contains(&literal))
            .collect();
        assert_eq!(found.len(), 1, "{path}: {found:?}");
    }
}

/// Runs of digits that may stand in a fixture: made-up customers, DIDs and ids, and times.
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

/// Secrets that may stand in a fixture.
const SECRETS: [&str; 10] = [
    // Stands under a key of that name in the samples of the older reports.
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
    let mut found = Vec::new();
    files(&folder(), &mut found);
    found.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    assert!(found.len() > 1000, "{} files", found.len());
    let mut findings = Findings::default();
    for path in found {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let name = path.strip_prefix(folder()).unwrap().display().to_string();
        for problem in lint(&text) {
            findings.add(&name, problem);
        }
    }
    findings.done();
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

/// Values of JSON fields whose name is that of a secret, wherever they stand.
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

/// The lines of the reason table, read out of its source: text and reason.
fn table() -> Vec<(String, String)> {
    let source = read(&folder().join("../ozonetel-sdk/src/core/envelope/reason.rs"));
    let table = source.split("const TABLE").nth(1).unwrap().split("];").next().unwrap();
    let expired = source.split("EXPIRED: &str = \"").nth(1).unwrap().split('"').next().unwrap();
    let flat = table.lines().filter(|line| !line.trim().starts_with("//"));
    let flat: String =
        flat.collect::<Vec<_>>().join(" ").replace("EXPIRED,", &format!("\"{expired}\","));
    let mut out = Vec::new();
    let mut rest = flat.as_str();
    while let Some((_, tail)) = rest.split_once('"') {
        let (text, tail) = tail.split_once("\",").unwrap();
        let (reason, tail) = tail.split_once(')').unwrap();
        out.push((text.to_owned(), snake(reason.trim().trim_end_matches(','))));
        rest = tail;
    }
    out
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Whether a text is a pattern's, `{}` standing for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.trim().to_lowercase());
    let mut parts = pattern.split("{}");
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.len() > part.len() && rest.ends_with(part);
        }
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn every_text_of_the_reason_table_is_proved_by_a_fixture() {
    #[derive(serde::Deserialize)]
    struct Elsewhere {
        texts: BTreeMap<String, String>,
    }
    let table = table();
    assert!(table.len() > 80, "{} lines", table.len());
    let proved: Vec<(String, String)> = all()
        .flat_map(cases)
        .filter_map(|case| Some((case.about.text?, case.about.reason?)))
        .collect();
    let elsewhere: Elsewhere = toml::from_str(&read(&folder().join("texts.toml"))).unwrap();
    let mut findings = Findings::default();
    for (pattern, reason) in &table {
        let here = proved.iter().any(|(text, why)| why == reason && fits(pattern, text));
        let there = elsewhere.texts.contains_key(pattern);
        findings.hold(here || there, pattern, || format!("no fixture says that it is {reason}"));
    }
    for (text, source) in &elsewhere.texts {
        let known = table.iter().any(|(pattern, _)| pattern == text);
        findings.hold(known && source.len() > 3, text, || "is not in the reason table".into());
        let here = proved.iter().any(|(said, _)| fits(text, said));
        findings.hold(!here, text, || "is proved by a fixture; it need not be listed".into());
    }
    findings.done();
}

/// The table's texts mean what it says when they are read as answers, by the one public way to ask.
#[test]
fn every_text_of_the_reason_table_reads_as_its_reason() {
    use ozonetel_sdk::endpoint::Said;
    use ozonetel_sdk::error::Head;
    use ozonetel_sdk::server::envelope::{Outcome, read};
    let spec: &Spec = all().find(|spec| spec.name == "agents.login").unwrap();
    for (pattern, want) in table() {
        let text = pattern.replace("{}", "x1");
        let body = serde_json::json!({"status": "error", "message": text}).to_string();
        let Ok(Outcome::Refused(refusal)) = read::<Said>(spec, Head::OK, body.as_bytes()) else {
            panic!("{pattern} is no refusal");
        };
        assert_eq!(refusal.reason().as_str(), want, "{pattern}");
        assert_eq!(refusal.message(), text);
    }
}
