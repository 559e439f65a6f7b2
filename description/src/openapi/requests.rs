//! Requests: parameters and bodies.

use ozonetel_sdk::endpoint::{ASSUMPTIONS, Discriminator, Input, Spec};
use serde_json::{Map, Value, json};

use super::{Components, credentials, pascal};
use crate::declared::{Declared, Field, Fields, TypeName};
use crate::operations::Operation;
use crate::schema::Place;

/// The fields of a request, what distinguishes it first.
fn fields(declared: &Declared, of: &Operation) -> Fields {
    let mut fields = declared.fields(&of.request).unwrap_or_default();
    if let Discriminator::Is(name, _) = of.spec.discriminator {
        fields.fields.retain(|field| field.name != name);
        let ty = TypeName { name: "String".to_owned(), args: Vec::new() };
        let doc = "Which of the operations of this path is meant.".to_owned();
        let (name, aliases) = (name.to_owned(), Vec::new());
        fields.fields.insert(0, Field { name, aliases, ty, required: true, spread: false, doc });
    }
    // One that is told by a field cannot be without it.
    if let Discriminator::Has(name) = of.spec.discriminator {
        for field in fields.fields.iter_mut().filter(|field| field.name == name) {
            field.required = true;
        }
    }
    fields
}

/// The schema of a field, with what is unproven about it.
fn schema(declared: &Declared, spec: &Spec, field: &Field, place: Place) -> Value {
    let mut schema = declared.field_schema(field, place);
    if let Discriminator::Is(name, value) = spec.discriminator
        && field.name == name
    {
        schema["const"] = json!(value);
    }
    let about = ASSUMPTIONS
        .iter()
        .filter(|one| one.is_about(spec) && one.fields.contains(&field.name.as_str()));
    let ids: Vec<&str> = about.map(|one| one.id).collect();
    if !ids.is_empty() {
        schema["x-unproven"] = json!(ids);
    }
    schema
}

fn is_in_query(spec: &Spec, name: &str) -> bool {
    match spec.input {
        Input::Query => true,
        Input::Path => !is_in_path(spec, name),
        Input::JsonAndQuery(names) => names.contains(&name),
        Input::Form | Input::Json => false,
    }
}

fn is_in_path(spec: &Spec, name: &str) -> bool {
    spec.input == Input::Path && spec.path.contains(&format!("{{{name}}}"))
}

/// Parameters in path and query. Where operations share them, one is required if all of them require it.
pub(super) fn parameters(declared: &Declared, group: &[&Operation]) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    let mut add = |place: &str, name: &str, required: bool, mut schema: Value, inside: usize| {
        let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
        if let Some(known) = out.iter_mut().find(|one| one["name"] == name) {
            known["x-in"] = json!(known["x-in"].as_u64().unwrap_or(0) + 1);
            known["required"] = json!(required && known["required"] == true);
            // What distinguishes operations has one value in each of them.
            if let Some(mine) = schema.get("const") {
                if let Some(words) = known["schema"].get_mut("enum").and_then(Value::as_array_mut) {
                    words.push(mine.clone());
                } else if let Some(other) = known["schema"].get("const") {
                    known["schema"] = json!({"type": "string", "enum": [other, mine]});
                }
            }
            return;
        }
        let required = required && inside == 0;
        let mut parameter =
            json!({"name": name, "in": place, "required": required, "schema": schema, "x-in": 1});
        if let Some(description) = description {
            parameter["description"] = description;
        }
        out.push(parameter);
    };
    for (at, one) in group.iter().enumerate() {
        let spec = &one.spec;
        if credentials::in_query(spec) {
            for (name, schema) in credentials::input_fields(spec) {
                add("query", name, true, schema, at);
            }
        }
        let fields = fields(declared, one);
        for field in &fields.fields {
            let schema = schema(declared, spec, field, Place::Text);
            if is_in_path(spec, &field.name) {
                add("path", &field.name, true, schema, at);
            } else if is_in_query(spec, &field.name) {
                add("query", &field.name, field.required, schema, at);
            }
        }
        if fields.open && spec.input == Input::Query {
            let schema = json!({"type": "object", "additionalProperties": {"type": "string"}, "description": "Further fields, under the names of the account's own page."});
            add("query", "further", false, schema, at);
        }
    }
    // A field of some operations only is not required by the path.
    for parameter in &mut out {
        let inside = parameter.as_object_mut().and_then(|fields| fields.remove("x-in"));
        if inside != Some(json!(group.len())) {
            parameter["required"] = json!(false);
        }
        if parameter["name"] == "further" {
            parameter["style"] = json!("form");
            parameter["explode"] = json!(true);
        }
    }
    with_examples(&mut out, group);
    out
}

/// What a plain success sends in its query. Keys are no examples.
fn with_examples(parameters: &mut [Value], group: &[&Operation]) {
    let Some(case) = group.first().and_then(|one| one.cases.first()) else { return };
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let Some(text) = case.request.query.get(name) else { continue };
        if parameter["schema"]["format"] == "password" {
            continue;
        }
        let whole = parameter["schema"]["type"] == "integer";
        let number = text.parse::<u64>().ok().filter(|_| whole);
        parameter["example"] = number.map_or_else(|| json!(text), |number| json!(number));
    }
}

/// The body, if there is one: of several operations one of theirs.
pub(super) fn body(
    declared: &Declared,
    group: &[&Operation],
    components: &mut Components,
) -> Option<Value> {
    let media = match group[0].spec.input {
        Input::Query | Input::Path => return None,
        Input::Form => "application/x-www-form-urlencoded",
        Input::Json | Input::JsonAndQuery(_) => "application/json",
    };
    let mut schemas = Vec::new();
    let mut mapping = Map::new();
    let mut property = None;
    for one in group {
        let schema = body_schema(declared, one);
        let schema = components.add(&format!("{}Request", pascal(one.spec.name)), schema);
        if let Discriminator::Is(name, value) = one.spec.discriminator {
            property = Some(name);
            mapping.insert(value.to_owned(), schema["$ref"].clone());
        }
        schemas.push(schema);
    }
    let schema = match (schemas.as_slice(), property) {
        ([one], _) => one.clone(),
        (several, Some(property)) => json!({
            "oneOf": several,
            "discriminator": {"propertyName": property, "mapping": mapping},
        }),
        (several, None) => json!({ "oneOf": several }),
    };
    Some(
        json!({"required": true, "content": {media: {"schema": schema, "examples": examples(declared, group)}}}),
    )
}

fn body_schema(declared: &Declared, one: &Operation) -> Value {
    let spec = &one.spec;
    let place = if spec.input == Input::Form { Place::Text } else { Place::Json };
    let mut fields = fields(declared, one);
    fields.fields.retain(|field| !is_in_query(spec, &field.name));
    let mut out = declared.object(&fields, place);
    for field in &fields.fields {
        out["properties"][&field.name] = schema(declared, spec, field, place);
    }
    let mut required: Vec<Value> = Vec::new();
    for (name, schema) in credentials::input_fields(spec) {
        out["properties"][name] = schema;
        required.push(json!(name));
    }
    required.extend(out["required"].as_array().cloned().unwrap_or_default());
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    if let Some(declaration) = declared.get(&one.request.name) {
        crate::schema::described(&mut out, &declaration.doc);
    }
    out
}

/// The request of each plain success; what a form has as text is a number where the field is one.
fn examples(declared: &Declared, group: &[&Operation]) -> Value {
    let example = |one: &&Operation| {
        let case = one.cases.first()?;
        let fields = fields(declared, one).fields;
        let typed = |(name, text): (&String, &String)| {
            let field = fields.iter().find(|field| field.name == *name);
            let whole = field.is_some_and(|field| {
                declared.field_schema(field, Place::Text)["type"] == "integer"
            });
            let number = text.parse::<u64>().ok().filter(|_| whole);
            (name.clone(), number.map_or_else(|| json!(text), |number| json!(number)))
        };
        let value = match (&case.request.json, &case.request.form) {
            (Some(json), _) => json.clone(),
            (None, Some(form)) => form.iter().map(typed).collect::<Map<_, _>>().into(),
            (None, None) => return None,
        };
        Some((one.spec.name.to_owned(), json!({"value": value, "x-fixture": case.to_string()})))
    };
    group.iter().filter_map(example).collect::<Map<_, _>>().into()
}
