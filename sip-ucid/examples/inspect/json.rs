//! JSON, as much of it as the report needs.

use std::fmt::Write as _;

/// An object under construction.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    /// Adds a member whose value is JSON already.
    pub(crate) fn member(mut self, name: &str, json: &str) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&plain(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// The object as text.
    pub(crate) fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// An array of JSON values.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// `null` for what is absent.
pub(crate) fn or_null(json: Option<String>) -> String {
    json.unwrap_or_else(|| "null".to_owned())
}

/// A string of known text.
pub(crate) fn plain(text: &str) -> String {
    let mut json = String::from('"');
    text.chars().for_each(|char| push(&mut json, char));
    json.push('"');
    json
}

/// A string of bytes: those that are not UTF-8 as `\xNN` text, a backslash doubled.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    plain(&shown)
}

fn push(json: &mut String, char: char) {
    match char {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        control if control < ' ' || control == '\u{7F}' => {
            let _ = write!(json, "\\u{:04x}", u32::from(control));
        }
        other => json.push(other),
    }
}
