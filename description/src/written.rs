//! JSON as it is committed.

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Keys that come first, in this order; all others follow by name. The order of a map in memory depends on features of
/// other crates, and must not show.
const FIRST: &[&str] = &[
    "openapi",
    "asyncapi",
    "info",
    "title",
    "version",
    "name",
    "in",
    "operationId",
    "summary",
    "description",
    "type",
    "required",
    "tags",
    "servers",
    "channels",
    "operations",
    "paths",
    "parameters",
    "requestBody",
    "responses",
    "schema",
    "properties",
    "value",
];

struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let rank = |name: &str| {
                    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
                };
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_by_key(|(name, _)| (rank(name), *name));
                let mut out = to.serialize_map(Some(sorted.len()))?;
                for (name, value) in sorted {
                    out.serialize_entry(name, &Ordered(value))?;
                }
                out.end()
            }
            Value::Array(items) => {
                let mut out = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    out.serialize_element(&Ordered(item))?;
                }
                out.end()
            }
            single => single.serialize(to),
        }
    }
}

/// The document as text, the same whatever order its maps have in memory.
pub fn pretty(document: &Value) -> String {
    let text = serde_json::to_string_pretty(&Ordered(document));
    text.unwrap_or_else(|error| panic!("JSON: {error}")) + "\n"
}
