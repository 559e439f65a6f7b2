//! What is committed is what is generated.

use std::fs;

use serde_json::Value;

use crate::documents::OPENAPI;

#[test]
fn the_committed_documents_are_what_the_sources_say() {
    for document in ozonetel_description::documents() {
        let committed = fs::read_to_string(document.file()).unwrap_or_default();
        assert!(committed == document.text, "{} is out of date: scripts/describe", document.path);
    }
}

#[test]
fn every_unproven_mark_names_an_assumption() {
    fn marks(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name == "x-unproven" {
                        let ids = value
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|id| id.as_str().unwrap().to_owned());
                        found.extend(ids);
                    }
                    marks(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| marks(item, found)),
            _ => {}
        }
    }
    for document in [&*OPENAPI, &*crate::documents::ASYNCAPI] {
        let mut found = Vec::new();
        marks(document, &mut found);
        assert!(!found.is_empty());
        for id in found {
            assert!(document["x-assumptions"].get(&id).is_some(), "{id} is on no list");
        }
    }
    let range = &OPENAPI["components"]["schemas"]["MissedFetchRequest"]["properties"]["fromTime"];
    assert_eq!(range["x-unproven"], serde_json::json!(["missed.range-fields"]));
}
