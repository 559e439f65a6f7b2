//! The OpenAPI document as a page: no script, nothing from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\
    h1,h2{line-height:1.2}h2{margin-top:2.5rem}article{border-top:1px solid #8884;padding:.5rem 0 1rem}\
    h3{font:600 1rem ui-monospace,monospace;margin:.75rem 0 .25rem}h3 span{color:rgb(32,96,160)}\
    table{border-collapse:collapse;width:100%;margin:.5rem 0}caption{text-align:left;font-weight:600}\
    td,th{text-align:left;vertical-align:top;padding:.15rem .75rem .15rem 0;border-bottom:1px solid #8882}\
    code{font-family:ui-monospace,monospace}.allow{color:#666}@media(prefers-color-scheme:dark){\
    body{background:#111;color:#eee}h3 span{color:rgb(120,175,230)}.allow{color:#aaa}}";

/// The page.
pub(super) fn html(document: &Value) -> String {
    let mut out = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
    let (title, text) = (&document["info"]["title"], &document["info"]["description"]);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style>\
         <h1>{0}</h1><p>{1}</p>",
        escaped(title),
        escaped(text)
    );
    let mut by_tag: BTreeMap<&str, Vec<(&String, &String, &Value)>> = BTreeMap::new();
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in object(item) {
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            by_tag.entry(tag).or_default().push((path, method, operation));
        }
    }
    for (tag, operations) in by_tag {
        let _ = write!(out, "<h2>{}</h2>", escape(tag));
        for (path, method, operation) in operations {
            article(&mut out, document, path, method, operation);
        }
    }
    out
}

fn article(out: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        out,
        "<article><h3><span>{}</span> {}</h3><p>{} <span class=\"allow\">For: {}.</span></p>",
        escape(&method.to_uppercase()),
        escape(path),
        escaped(&operation["summary"]),
        escaped(&operation["x-allow"])
    );
    if let Some(text) = operation["description"].as_str() {
        let _ = write!(out, "<p>{}</p>", escape(text));
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters =
        parameters.map(|p| (text(&p["name"]), kind(&p["schema"]), text(&p["description"])));
    table(out, "Parameters", parameters.collect());
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    table(out, "Body", fields(document, body));
    let mut answers = Vec::new();
    for (status, answer) in object(&operation["responses"]) {
        let schema = object(&answer["content"]).map(|(_, content)| &content["schema"]).next();
        answers.push((
            status.clone(),
            schema.map(kind).unwrap_or_default(),
            text(&answer["description"]),
        ));
        if status.starts_with('2') {
            let item = schema
                .map(|schema| if schema["items"].is_null() { schema } else { &schema["items"] });
            let fields = item.map(|schema| fields(document, schema)).unwrap_or_default();
            table(out, &format!("Answer {status}"), fields);
        }
    }
    table(out, "Answers", answers);
    out.push_str("</article>");
}

fn table(out: &mut String, caption: &str, rows: Vec<(String, String, String)>) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<table><caption>{}</caption>", escape(caption));
    for (name, kind, text) in rows {
        let (name, kind, text) = (escape(&name), escape(&kind), escape(&text));
        let _ = write!(out, "<tr><th scope=\"row\"><code>{name}</code><td>{kind}<td>{text}");
    }
    out.push_str("</table>");
}

/// The fields of an object: name, kind, what it is.
fn fields(document: &Value, schema: &Value) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    collect(document, schema, 8, &mut found);
    found
}

fn collect(document: &Value, schema: &Value, depth: u8, found: &mut Vec<(String, String, String)>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let named =
        schema["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
    if let Some(schema) = named {
        collect(document, schema, depth, found);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, depth, found);
    }
    let needed = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|found| found == name))
    };
    for (name, field) in object(&schema["properties"]) {
        let optional = if needed(name) { "" } else { ", optional" };
        found.push((
            name.clone(),
            format!("{}{optional}", kind(field)),
            text(&field["description"]),
        ));
    }
}

/// What kind of value a schema describes.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        return name.to_owned();
    }
    if !schema["items"].is_null() {
        return format!("list of {}", kind(&schema["items"]));
    }
    match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => {
            let parts = schema["oneOf"].as_array().or(schema["allOf"].as_array());
            parts.into_iter().flatten().map(kind).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn escaped(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_has_every_route_with_its_fields_and_escapes_all_text() {
        let page = html(&json!({
            "info": {"title": "A & B", "description": "<script>"},
            "paths": {"/x/{id}": {"post": {
                "summary": "Does \"it\".", "x-allow": "agent:own", "tags": ["t<"],
                "parameters": [{"name": "id", "schema": {"type": "string"}, "description": "Which"}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
                "responses": {"200": {"description": "Done", "content": {"application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/New"}}}}}},
            }}},
            "components": {"schemas": {"New": {
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "description": "The <name>"},
                    "days": {"type": ["integer", "null"]},
                },
            }}},
        }));
        for part in [
            "<h1>A &amp; B</h1>",
            "&lt;script&gt;",
            "<h2>t&lt;</h2>",
            "<span>POST</span> /x/{id}",
            "Does &quot;it&quot;.",
            "For: agent:own.",
            "<code>id</code>",
            "<code>name</code><td>string<td>The &lt;name&gt;",
            "<code>days</code><td>integer or null, optional",
            "list of New",
            "Answer 200",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("<script"));
    }
}
