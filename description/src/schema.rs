//! JSON schemas of the SDK's types: the one table from Rust's types to JSON's.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::declared::{Declared, Field, Fields, Shape, TypeName};
use crate::samples::{Samples, types};

/// Where a value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a JSON document.
    Json,
    /// In a query string, a form or a path: a list or an object is JSON text there.
    Text,
}

/// Types of the SDK that are written by hand, and how each is on the wire. Everything else follows from its
/// declaration.
fn by_hand(name: &str) -> Option<Value> {
    let pattern = |pattern: &str, example: &str| json!({"type": "string", "pattern": pattern, "examples": [example]});
    Some(match name {
        "String" | "SensitiveText" | "PhoneNumber" | "Did" | "ServiceMessage" | "str" => {
            json!({"type": "string"})
        }
        "Secret" => json!({"type": "string", "format": "password"}),
        "u32" | "u64" | "usize" | "NumberAsNumber" => json!({"type": "integer", "minimum": 0}),
        "bool" | "Flag" => json!({"type": "boolean"}),
        "YesNo" => json!({"type": "string", "enum": ["true", "false"]}),
        "Upper" => json!({"type": "string", "enum": ["TRUE", "FALSE"]}),
        "LocalDateTime" => pattern(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", "2026-11-20 10:00:00"),
        "Day" => pattern(r"^\d{4}-\d{2}-\d{2}$", "2026-11-20"),
        "TimeOfDay" => pattern(r"^\d{2}:\d{2}:\d{2}$", "10:00:00"),
        "ClockDuration" => pattern(r"^\d{2,}:\d{2}:\d{2}$", "00:01:30"),
        "NumberList" => json!({"type": "string", "description": "Numbers, separated by commas."}),
        "RawJson" | "Value" => json!({}),
        _ => return None,
    })
}

impl Declared {
    /// The schema of a value of this type in a request.
    pub fn request_schema(&self, ty: &TypeName, place: Place) -> Value {
        let ty = ty.inner();
        if let Some(schema) = by_hand(&ty.name) {
            return schema;
        }
        let schema = match (ty.name.as_str(), ty.args.as_slice()) {
            ("Vec", [item]) => {
                json!({"type": "array", "items": self.request_schema(item, Place::Json)})
            }
            ("BTreeMap", [_, value]) => {
                json!({"type": "object", "additionalProperties": self.request_schema(value, Place::Json)})
            }
            _ => match self.get(&ty.name).map(|declaration| &declaration.shape) {
                Some(Shape::Text) => return json!({"type": "string"}),
                Some(Shape::Digits) => {
                    return json!({"type": "string", "pattern": "^[0-9]{1,19}$"});
                }
                Some(Shape::Words(words)) => return open_words(words),
                Some(Shape::Same(other)) => return self.request_schema(other, place),
                Some(Shape::Object { .. }) => match self.fields(ty) {
                    Some(fields) => self.object(&fields, Place::Json),
                    None => json!({}),
                },
                None => panic!("{} is in no table: add it to schema::by_hand", ty.name),
            },
        };
        match place {
            Place::Json => schema,
            Place::Text => json!({
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": schema,
            }),
        }
    }

    /// The schema of one field of a request.
    pub fn field_schema(&self, field: &Field, place: Place) -> Value {
        let mut schema = self.request_schema(&field.ty, place);
        described(&mut schema, &field.doc);
        schema
    }

    /// The schema of a request's fields.
    pub fn object(&self, fields: &Fields, place: Place) -> Value {
        let mut properties = Map::new();
        for field in &fields.fields {
            properties.insert(field.name.clone(), self.field_schema(field, place));
        }
        let required: Vec<&str> =
            fields.fields.iter().filter(|field| field.required).map(|field| &*field.name).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// The schema of a record that the service writes: what was seen, what is declared, and `null`. A record is open:
    /// no field is required, and others may be there.
    pub fn record_schema(&self, record: &str, samples: &Samples) -> Value {
        let fields = self.fields(&TypeName { name: record.to_owned(), args: Vec::new() });
        let fields = fields.unwrap_or_default().fields;
        let mut properties = Map::new();
        for field in &fields {
            let seen = samples.field(&field.name);
            properties.insert(field.name.clone(), self.answer_field(field, seen));
        }
        for name in samples.names() {
            let Some(seen) = samples.field(name).filter(|_| !properties.contains_key(name)) else {
                continue;
            };
            let known = fields.iter().find(|field| field.aliases.iter().any(|alias| alias == name));
            let schema = match known {
                Some(field) => self.answer_field(field, Some(seen)),
                None => seen.schema("", &|_| None),
            };
            properties.insert(name.to_owned(), schema);
        }
        let doc = self.get(record).map_or("", |declaration| &declaration.doc);
        let mut schema = json!({"type": "object", "properties": properties});
        described(&mut schema, doc);
        schema
    }

    /// The schema of a field that the service writes.
    fn answer_field(&self, field: &Field, seen: Option<&Samples>) -> Value {
        let ty = field.ty.inner();
        let structured = matches!(ty.name.as_str(), "Vec" | "BTreeMap" | "RawJson" | "Value");
        let mut schema = if structured {
            json!({})
        } else {
            let mut kinds: BTreeSet<&'static str> = ["null", "string"].into();
            let shape = self.get(&ty.name).map(|declaration| &declaration.shape);
            if matches!(shape, Some(Shape::Digits)) || matches!(ty.name.as_str(), "u32" | "u64") {
                kinds.insert("integer");
            }
            kinds.extend(seen.into_iter().flat_map(|seen| seen.scalars().iter().copied()));
            let mut schema = json!({"type": types(&kinds)});
            if let Some(Shape::Words(words)) = shape {
                schema["examples"] = open_words(words)["examples"].clone();
                schema["x-known-words"] = open_words(words)["x-known-words"].clone();
            }
            schema
        };
        described(&mut schema, &field.doc);
        if !field.aliases.is_empty() {
            schema["x-also-named"] = json!(field.aliases);
        }
        schema
    }
}

/// A word from a list that the service may extend.
fn open_words(words: &[(String, String)]) -> Value {
    let meanings: Map<String, Value> =
        words.iter().map(|(word, doc)| (word.clone(), json!(doc))).collect();
    let examples: Vec<&String> = words.iter().map(|(word, _)| word).collect();
    json!({"type": "string", "examples": examples, "x-known-words": meanings})
}

/// Adds a description, unless there is none to add or one already.
pub fn described(schema: &mut Value, doc: &str) {
    if !doc.is_empty() {
        schema["description"] = json!(doc);
    }
}
