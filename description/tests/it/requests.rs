//! Requests: what the SDK sends is what the document describes, no field more.

use std::collections::{BTreeMap, BTreeSet};

use ozonetel_description::operations::Operation;
use ozonetel_sdk::endpoint::Auth;
use ozonetel_tests::Findings;
use ozonetel_tests::fixture::{Case, Way};
use serde_json::{Map, Value, json};

use crate::documents::{OPENAPI, OPERATIONS, Validators, described, problems, validator};

/// The parameters in a place, by name.
fn parameters<'d>(described: &'d Value, place: &str) -> BTreeMap<&'d str, &'d Value> {
    let all = described["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let there = all.iter().filter(|one| one["in"] == place);
    there.map(|one| (one["name"].as_str().unwrap(), one)).collect()
}

/// Readings of a text in a query or a form, which have no types.
fn readings(text: &str) -> Vec<Value> {
    let number = text.parse::<u64>().ok().map(|number| json!(number));
    let flag = text.parse::<bool>().ok().map(|flag| json!(flag));
    [Some(json!(text)), number, flag].into_iter().flatten().collect()
}

/// What is wrong with a request's query.
fn query_problems(described: &Value, case: &Case, validators: &mut Validators) -> Vec<String> {
    let mut found = Vec::new();
    let known = parameters(described, "query");
    let open = known.contains_key("further");
    for (name, value) in &case.request.query {
        match known.get(name.as_str()) {
            Some(parameter) => {
                let validator = validators.of(&parameter["schema"]);
                if !readings(value).iter().any(|value| problems(validator, value).is_none()) {
                    found.push(format!("{name}={value} is not described"));
                }
            }
            None if open => {}
            None => found.push(format!("the field {name} is not described")),
        }
    }
    for (name, parameter) in known {
        if parameter["required"] == true && !case.request.query.contains_key(name) {
            found.push(format!("{name} is required, and not sent"));
        }
    }
    found
}

/// The fields that a schema, or one of several, has a place for.
fn fields(schema: &Value, found: &mut BTreeMap<String, Value>) {
    if let Some(reference) = schema["$ref"].as_str() {
        fields(OPENAPI.pointer(reference.trim_start_matches('#')).unwrap(), found);
    }
    let properties = schema["properties"].as_object();
    found.extend(
        properties.into_iter().flatten().map(|(name, field)| (name.clone(), field.clone())),
    );
    for part in ["oneOf", "allOf", "anyOf"] {
        let parts = schema[part].as_array();
        parts.into_iter().flatten().for_each(|part| fields(part, found));
    }
}

/// What is wrong with a request's body.
fn body_problems(described: &Value, case: &Case, validators: &mut Validators) -> Vec<String> {
    if case.request.json.is_none() && case.request.form.is_none() {
        return Vec::new();
    }
    let Some(contents) = described["requestBody"]["content"].as_object() else {
        return vec!["a body is not described".to_owned()];
    };
    let schema = &contents.values().next().unwrap()["schema"];
    let mut known = BTreeMap::new();
    fields(schema, &mut known);
    let typed = |(name, text): (&String, &String)| {
        let schema = known.get(name).cloned().unwrap_or_else(|| json!({}));
        let fits = |value: &Value| problems(&validator(&OPENAPI, &schema), value).is_none();
        let value = readings(text).into_iter().find(fits).unwrap_or_else(|| json!(text));
        (name.clone(), value)
    };
    let sent: Value = match (&case.request.json, &case.request.form) {
        (Some(json), _) => json.clone(),
        (None, form) => form.iter().flatten().map(typed).collect::<Map<_, _>>().into(),
    };
    let mut found: Vec<_> = problems(validators.of(schema), &sent).into_iter().collect();
    let names = sent.as_object().into_iter().flatten().map(|(name, _)| name);
    let strange: Vec<_> = names.filter(|name| !known.contains_key(*name)).collect();
    // The columns of a lead are the campaign's own.
    if !strange.is_empty() && !case.spec.ends_with("leads.add") {
        found.push(format!("the fields {strange:?} are not described"));
    }
    found
}

/// Whether one of the alternatives of credentials is what the request shows.
fn shows_credential(operation: &Operation, described: &Value, case: &Case) -> bool {
    let headers = &case.request.headers;
    let bearer = headers.get("authorization").is_some_and(|text| text.starts_with("Bearer"));
    let needed = match operation.spec.auth {
        Auth::Account if bearer => "bearer",
        Auth::Account | Auth::KeyHeader => "key",
        _ => return true,
    };
    let alternatives = described["security"].as_array().map(Vec::as_slice).unwrap_or_default();
    alternatives.iter().any(|one| one.get(needed).is_some())
}

#[test]
fn every_request_that_the_sdk_sends_is_described() {
    let (mut findings, mut held) = (Findings::default(), 0);
    let mut validators = Validators::default();
    for operation in OPERATIONS.iter() {
        let described = described(operation);
        let own = operation.cases.iter().take(operation.written);
        let sent = own.filter(|case| case.about.request == Way::Sent);
        for case in sent.filter(|case| case.request.method == operation.spec.method.as_str()) {
            held += 1;
            for problem in query_problems(described, case, &mut validators) {
                findings.add(case, problem);
            }
            for problem in body_problems(described, case, &mut validators) {
                findings.add(case, problem);
            }
            let shown = shows_credential(operation, described, case);
            findings.hold(shown, case, || "its credential is not described".to_owned());
        }
    }
    assert!(held > 300, "only {held} requests");
    findings.done();
}

#[test]
fn operations_that_share_a_path_are_told_apart() {
    let operation = OPERATIONS.iter().find(|one| one.spec.name == "dial.agent").unwrap();
    let schema = &described(operation)["requestBody"]["content"]["application/json"]["schema"];
    let validator = validator(&OPENAPI, schema);
    let base = json!({"userName": "acme_support", "customerNumber": "9000000001"});
    let with = |fields: Value| {
        let mut all = base.clone();
        all.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap());
        problems(&validator, &all).is_none()
    };
    assert!(with(json!({"agentID": "agent01", "campaignName": "support_out"})));
    assert!(with(json!({"skill": "General", "did": "918000000001"})));
    assert!(!with(json!({"skill": "General"})));
    assert!(!with(json!({})));
    let ids: Vec<_> = OPENAPI["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| {
            methods.as_object().unwrap().values().filter_map(|one| one["operationId"].as_str())
        })
        .collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
}
