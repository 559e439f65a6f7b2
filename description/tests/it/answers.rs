//! Answers: every fixture satisfies the document, and the document is no blank cheque.

use ozonetel_description::operations::{Body, body, is_described};
use ozonetel_sdk::endpoint::Payload;
use ozonetel_tests::Findings;
use serde_json::{Value, json};

use crate::documents::{OPENAPI, OPERATIONS, Validators, described, problems, validator};

#[test]
fn every_answer_of_the_fixtures_is_described() {
    let (mut findings, mut held) = (Findings::default(), 0);
    let mut validators = Validators::default();
    for operation in OPERATIONS.iter() {
        let responses = &described(operation)["responses"];
        for case in operation.cases.iter().filter(|case| is_described(case)) {
            held += 1;
            let contents = &responses[case.status.as_str()]["content"];
            let Some(contents) = contents.as_object() else {
                findings.add(case, format!("status {} is not described", case.status));
                continue;
            };
            let given = case.content_type.as_deref().unwrap_or("application/json");
            let media = given.split(';').next().unwrap_or(given).trim().to_lowercase();
            let Some(content) = contents.get(&media) else {
                findings.add(case, format!("{media} is not described"));
                continue;
            };
            let value = match body(&operation.spec, case) {
                Body::Document(value) if media.ends_with("json") || media.ends_with("xml") => value,
                Body::Document(value) => json!(value.to_string()),
                Body::Text(text) => json!(text),
            };
            if let Some(problems) = problems(validators.of(&content["schema"]), &value) {
                findings.add(case, problems);
            }
        }
    }
    assert!(held > 1200, "only {held} cases");
    findings.done();
}

#[test]
fn an_answer_that_no_source_shows_is_not_described() {
    let mut findings = Findings::default();
    for operation in OPERATIONS.iter() {
        if matches!(operation.spec.envelope.payload, Payload::Open | Payload::Plain | Payload::Xml)
        {
            continue;
        }
        let Some(schema) =
            described(operation)["responses"]["200"]["content"]["application/json"].get("schema")
        else {
            continue;
        };
        let validator = validator(&OPENAPI, schema);
        for strange in [
            json!([]),
            json!("success"),
            json!({}),
            json!({"status": "Denied"}),
            json!({"result": 1}),
        ] {
            let unknown = problems(&validator, &strange).is_some();
            findings.hold(unknown, &operation.cases[0], || format!("{strange} passes"));
        }
    }
    findings.done();
}

#[test]
fn a_report_without_its_rows_is_not_described() {
    for name in ["cdr.fetch_day", "cdr.fetch_page", "cdr.fetch_ucid"] {
        let operation = OPERATIONS.iter().find(|one| one.spec.name == name).unwrap();
        let schema =
            &described(operation)["responses"]["200"]["content"]["application/json"]["schema"];
        let validator = validator(&OPENAPI, schema);
        let mut answer: Value = operation.cases[0].json().unwrap();
        assert_eq!(problems(&validator, &answer), None, "{name}");
        answer.as_object_mut().unwrap().remove("details");
        assert!(problems(&validator, &answer).is_some(), "{name}");
    }
}
