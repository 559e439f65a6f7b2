//! Schemas out of samples: which types stand at which place, and which fields are always there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// What was seen at one place.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    seen: usize,
    scalars: BTreeSet<&'static str>,
    texts: BTreeSet<String>,
    objects: usize,
    fields: BTreeMap<String, Self>,
    lists: usize,
    items: Option<Box<Self>>,
}

impl Samples {
    /// Adds a value.
    pub fn add(&mut self, value: &Value) {
        self.seen += 1;
        match value {
            Value::Null => drop(self.scalars.insert("null")),
            Value::Bool(_) => drop(self.scalars.insert("boolean")),
            Value::Number(number) => {
                let whole = number.is_i64() || number.is_u64();
                self.scalars.insert(if whole { "integer" } else { "number" });
            }
            Value::String(text) => {
                self.scalars.insert("string");
                self.texts.insert(text.clone());
            }
            Value::Array(items) => {
                self.lists += 1;
                let inside = self.items.get_or_insert_default();
                for item in items {
                    inside.add(item);
                }
            }
            Value::Object(fields) => {
                self.objects += 1;
                for (name, value) in fields {
                    self.fields.entry(name.clone()).or_default().add(value);
                }
            }
        }
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// What was seen in a field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields.get(name)
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The names of the fields that were always there.
    pub fn always(&self) -> Vec<&str> {
        let always = self.fields.iter().filter(|(_, field)| field.seen == self.objects);
        always.map(|(name, _)| name.as_str()).collect()
    }

    /// The JSON types of its single values.
    pub fn scalars(&self) -> &BTreeSet<&'static str> {
        &self.scalars
    }

    /// Its texts.
    pub fn texts(&self) -> &BTreeSet<String> {
        &self.texts
    }

    /// The schema that all samples satisfy. `known` gives the schema of the objects at a path, where there is one.
    pub fn schema(&self, path: &str, known: &dyn Fn(&str) -> Option<Value>) -> Value {
        let mut any = Vec::new();
        if self.objects > 0
            && let Some(known) = known(path)
        {
            any.push(known);
        } else if self.objects > 0 {
            let property = |(name, field): (&String, &Self)| {
                (name.clone(), field.schema(&format!("{path}/{name}"), known))
            };
            let properties: Map<String, Value> = self.fields.iter().map(property).collect();
            let mut schema = json!({"type": "object", "properties": properties});
            if !self.always().is_empty() {
                schema["required"] = json!(self.always());
            }
            any.push(schema);
        }
        if self.lists > 0 {
            let items = match &self.items {
                Some(items) if !items.is_empty() => items.schema(&format!("{path}[]"), known),
                _ => json!({}),
            };
            any.push(json!({"type": "array", "items": items}));
        }
        if !self.scalars.is_empty() {
            any.push(json!({"type": types(&self.scalars)}));
        }
        match any.len() {
            0 => json!({}),
            1 => any.remove(0),
            _ => json!({ "anyOf": any }),
        }
    }
}

/// One type, or a list of several; a whole number is a number.
pub fn types(types: &BTreeSet<&'static str>) -> Value {
    let number = types.contains("number");
    let kept: Vec<_> = types.iter().filter(|one| !(number && **one == "integer")).collect();
    match kept.as_slice() {
        [one] => json!(one),
        several => json!(several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_the_types_and_the_fields_that_are_always_there() {
        let mut samples = Samples::default();
        samples.add(&json!({"status": "success", "rows": [{"a": 1}, {"a": "x", "b": null}]}));
        samples.add(&json!({"status": "success", "rows": "none", "more": 1.5}));
        let want = json!({
            "type": "object",
            "required": ["rows", "status"],
            "properties": {
                "status": {"type": "string"},
                "more": {"type": "number"},
                "rows": {"anyOf": [
                    {"type": "array", "items": {
                        "type": "object",
                        "required": ["a"],
                        "properties": {"a": {"type": ["integer", "string"]}, "b": {"type": "null"}},
                    }},
                    {"type": "string"},
                ]},
            },
        });
        assert_eq!(samples.schema("", &|_| None), want);
        let decided = |path: &str| (path == "/rows[]").then(|| json!({"$ref": "#/r"}));
        let schema = samples.schema("", &decided);
        assert_eq!(schema["properties"]["rows"]["anyOf"][0]["items"], json!({"$ref": "#/r"}));
    }
}
