//! What holds for the catalogue as a whole, and for the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ozonetel_sdk::endpoint::{ALL, Discriminator, Effect, LEGACY, Repeat, SecondSending, Spec};
use ozonetel_sdk::error::documented_texts;
use ozonetel_tests::Findings;
use ozonetel_tests::fixture::{cases, folder, read};

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
fn what_the_service_deprecates_is_in_the_legacy_list_and_says_so() {
    for spec in ALL {
        assert!(!spec.title.ends_with("(legacy)"), "{} belongs behind the feature", spec.name);
    }
    for spec in LEGACY {
        assert!(spec.name.starts_with("legacy."), "{}", spec.name);
        assert!(spec.title.ends_with("(legacy)"), "{}: {}", spec.name, spec.title);
    }
}

#[test]
fn operations_that_may_not_be_repeated_have_an_effect_to_count() {
    for spec in all() {
        let counted = spec.repeat == Repeat::Safe || spec.effect != Effect::None;
        assert!(counted, "{} has no effect", spec.name);
        let twice = spec.repeat == Repeat::Once && spec.second_sending == SecondSending::Refused;
        assert!(!twice, "{} is never sent a second time", spec.name);
    }
}

#[test]
fn the_simulator_answers_alternative_paths_alike() {
    let mut found = 0;
    for spec in all() {
        for path in spec.alternative_paths {
            let asked = |path: &str| {
                let sim = ozonetel_sim::Sim::builder().seed(1).build();
                let request = http::Request::builder()
                    .method(spec.method.as_str())
                    .uri(format!("http://example.test{path}"))
                    .header("apiKey", "test-key")
                    .header("content-type", "application/json")
                    .body(bytes::Bytes::from_static(br#"{"userName":"acme_support"}"#))
                    .unwrap();
                let delivery = sim.handle(&request);
                (delivery.response().map(|answer| answer.status), sim.effects(spec.effect.as_str()))
            };
            assert_eq!(asked(path), asked(spec.path), "{}", spec.name);
            assert_eq!(asked(path).0, Some(http::StatusCode::OK), "{}", spec.name);
            found += 1;
        }
    }
    assert!(found > 0, "the token has a second path");
}

#[test]
fn no_two_operations_answer_to_the_same_request() {
    let overlap = |a: Discriminator, b: Discriminator| match (a, b) {
        (Discriminator::Is(field, value), Discriminator::Is(other, word)) => {
            field != other || value.eq_ignore_ascii_case(word)
        }
        // Two fields may both be there; the first in the catalogue answers, and neither type has the field of the
        // other.
        (Discriminator::Has(field), Discriminator::Has(other)) => field == other,
        _ => true,
    };
    for (at, a) in all().enumerate() {
        for b in all().skip(at + 1) {
            let same = (a.method, a.host, a.path) == (b.method, b.host, b.path);
            assert!(
                !(same && overlap(a.discriminator, b.discriminator)),
                "{} and {}",
                a.name,
                b.name
            );
        }
    }
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
    let others = all().flat_map(|spec| spec.alternative_paths.iter().copied());
    let paths: BTreeSet<_> = all().map(|spec| spec.path).chain(others).collect();
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

#[test]
fn every_text_of_the_reason_table_is_proved_by_a_fixture() {
    let table: Vec<_> = documented_texts().collect();
    assert!(table.len() > 80, "{} texts", table.len());
    let proved: Vec<(String, String)> = all()
        .flat_map(cases)
        .filter_map(|case| Some((case.about.text?, case.about.reason?)))
        .collect();
    let mut findings = Findings::default();
    for known in &table {
        let (pattern, reason) = (known.pattern(), known.reason());
        let shown = |(text, why): &(String, String)| why == reason.as_str() && known.matches(text);
        let here = proved.iter().any(shown);
        findings.hold(here, pattern, || format!("no fixture says that it is {reason}"));
    }
    findings.done();
}

/// The table's texts mean what it says when they are read as answers, by the one public way to ask.
#[test]
fn every_text_of_the_reason_table_reads_as_its_reason() {
    use ozonetel_sdk::endpoint::ServiceMessage;
    use ozonetel_sdk::error::ResponseHead;
    use ozonetel_sdk::server::envelope::{Outcome, read};
    let spec: &Spec = all().find(|spec| spec.name == "agents.login").unwrap();
    for known in documented_texts() {
        let (pattern, want) = (known.pattern(), known.reason());
        let text = pattern.replace("{}", "x1");
        let body = serde_json::json!({"status": "error", "message": text}).to_string();
        let Ok(Outcome::Refused(refusal)) =
            read::<ServiceMessage>(spec, ResponseHead::OK, body.as_bytes())
        else {
            panic!("{pattern} is not a refusal");
        };
        assert_eq!(refusal.reason(), want, "{pattern}");
        assert_eq!(refusal.message(), text);
    }
}
