//! The generated documents, once for all tests.

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use ozonetel_description::operations::{self, Operation};
use serde_json::{Value, json};

pub(crate) static OPENAPI: LazyLock<Value> = LazyLock::new(ozonetel_description::openapi);
pub(crate) static ASYNCAPI: LazyLock<Value> = LazyLock::new(ozonetel_description::asyncapi);
pub(crate) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(operations::all);

/// What the OpenAPI document says of an endpoint.
pub(crate) fn described(operation: &Operation) -> &'static Value {
    let method = operation.spec.method.as_str().to_lowercase();
    &OPENAPI["paths"][operation.spec.path][&method]
}

/// A validator of a part of a document, whose references it resolves.
pub(crate) fn validator(document: &Value, schema: &Value) -> Validator {
    let mut root = json!({"allOf": [schema]});
    if schema.to_string().contains("$ref") {
        root["components"] = document["components"].clone();
    }
    jsonschema::draft202012::new(&root).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

/// Validators that were made before, since a schema is asked many times.
#[derive(Default)]
pub(crate) struct Validators(HashMap<String, Validator>);

impl Validators {
    /// The validator of a part of the OpenAPI document.
    pub(crate) fn of(&mut self, schema: &Value) -> &Validator {
        self.0.entry(schema.to_string()).or_insert_with(|| validator(&OPENAPI, schema))
    }
}

/// What a schema finds wrong, in one line.
pub(crate) fn problems(validator: &Validator, value: &Value) -> Option<String> {
    let error =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    let errors: Vec<_> = validator.iter_errors(value).map(error).collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}
