//! The routes as the OpenAPI document has them: whom each lets in, and which names its body knows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use http::Method;
use serde_json::Value;

use super::rule::Rule;

/// What the document says of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method.
    pub method: Method,
    /// The path, with `{names}`.
    pub path: String,
    /// Whom it lets in.
    pub rule: Rule,
    /// The names that its JSON body knows; `None` if it takes none, or keeps those that it does not know
    /// (`x-unknown-fields: kept`).
    pub names: Option<BTreeSet<String>>,
    /// Whether other names are ignored and counted, as front ends of the older routes expect, and not refused.
    pub ignores_names: bool,
}

/// A route without a rule: the desk does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path}: x-allow {problem}")]
pub struct RouteError {
    method: String,
    path: String,
    problem: String,
}

/// All routes.
#[derive(Debug, Clone)]
pub struct RouteTable {
    routes: Arc<Routes>,
}

/// Routes by method and path. These are the desk's own: no one chooses them so that they collide.
type Routes = HashMap<Method, HashMap<String, Arc<RouteInfo>, FixedState>, FixedState>;

/// Where the routes are whose front ends are older than this desk.
const FROZEN: &str = "/api/ozonetel/";

impl RouteTable {
    /// The table of a document.
    ///
    /// # Errors
    /// The route that has no rule, or one that is not a rule.
    pub fn of(document: &Value) -> Result<Self, RouteError> {
        let mut routes = Routes::default();
        for (path, item) in object(&document["paths"]) {
            for (word, operation) in object(item) {
                let Ok(method) = Method::from_bytes(word.to_ascii_uppercase().as_bytes()) else {
                    continue;
                };
                let wrong = |problem: String| RouteError {
                    method: method.to_string(),
                    path: path.clone(),
                    problem,
                };
                let rule =
                    operation["x-allow"].as_str().ok_or_else(|| wrong("is missing".into()))?;
                let rule: Rule =
                    rule.parse().map_err(|error| wrong(format!("{rule:?} {error}")))?;
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let info = RouteInfo {
                    method: method.clone(),
                    path: path.clone(),
                    rule,
                    names: (!body.is_null() && operation["x-unknown-fields"] != "kept")
                        .then(|| names(document, body)),
                    ignores_names: path.starts_with(FROZEN),
                };
                routes.entry(method).or_default().insert(path.clone(), Arc::new(info));
            }
        }
        Ok(Self { routes: Arc::new(routes) })
    }

    /// The route of a request; that of `HEAD` is that of `GET`.
    pub fn route(&self, method: &Method, path: &str) -> Option<&Arc<RouteInfo>> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.routes.get(method)?.get(path)
    }

    /// Whether there is a route on a path, with whatever method.
    pub fn has_path(&self, path: &str) -> bool {
        self.routes.values().any(|paths| paths.contains_key(path))
    }

    /// All of them, by path and method.
    pub fn all(&self) -> Vec<Arc<RouteInfo>> {
        let mut all: Vec<_> = self.routes.values().flat_map(HashMap::values).cloned().collect();
        all.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
        all
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// How deep schemas refer to each other here.
const DEPTH: usize = 16;

/// The names of an object's fields: its own, and those of the schemas it refers to or is made of.
fn names(document: &Value, schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document, schema, DEPTH, &mut found);
    found
}

fn collect(document: &Value, schema: &Value, depth: usize, found: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let place = schema["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    if let Some(schema) = place.and_then(|place| document.pointer(place)) {
        collect(document, schema, depth, found);
    }
    found.extend(object(&schema["properties"]).map(|(name, _)| name.clone()));
    for list in ["allOf", "oneOf", "anyOf"] {
        for part in schema[list].as_array().into_iter().flatten() {
            collect(document, part, depth, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(operation: &Value) -> Value {
        json!({
            "paths": {"/api/x/{id}": {"post": operation}},
            "components": {"schemas": {
                "Base": {"properties": {"b": {}, "c": {}}},
                "Loop": {"properties": {"l": {}}, "allOf": [{"$ref": "#/components/schemas/Loop"}]},
                "Whole": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"a": {}}}]},
            }},
        })
    }

    fn with_body(schema: &str) -> Value {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        document(&json!({
            "x-allow": "agent:own",
            "requestBody": {"content": {"application/json": {"schema": schema}}},
        }))
    }

    #[test]
    fn a_route_has_the_rule_and_the_names_of_the_document() {
        let table = RouteTable::of(&with_body("Whole")).unwrap();
        let route = table.route(&Method::POST, "/api/x/{id}").unwrap();
        assert_eq!(route.rule.to_string(), "agent:own");
        let names: Vec<_> = route.names.iter().flatten().map(String::as_str).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(!route.ignores_names);
        assert_eq!(table.all().len(), 1);
        assert!(table.route(&Method::GET, "/api/x/{id}").is_none());
        assert!(table.route(&Method::POST, "/api/x/7").is_none());
        let looped = RouteTable::of(&with_body("Loop")).unwrap();
        assert_eq!(looped.all()[0].names, Some(BTreeSet::from(["l".to_owned()])));
    }

    #[test]
    fn head_is_get() {
        let document = json!({"paths": {"/x": {"get": {"x-allow": "any"}}}});
        let table = RouteTable::of(&document).unwrap();
        assert!(table.route(&Method::HEAD, "/x").is_some());
        assert_eq!(table.all()[0].names, None);
    }

    #[test]
    fn a_route_without_a_rule_stops_the_start() {
        for (operation, problem) in [
            (json!({}), "POST /api/x/{id}: x-allow is missing"),
            (json!({"x-allow": true}), "POST /api/x/{id}: x-allow is missing"),
        ] {
            assert_eq!(RouteTable::of(&document(&operation)).unwrap_err().to_string(), problem);
        }
        let error = RouteTable::of(&document(&json!({"x-allow": "everyone"}))).unwrap_err();
        assert!(
            error.to_string().starts_with("POST /api/x/{id}: x-allow \"everyone\" is not a rule")
        );
    }
}
