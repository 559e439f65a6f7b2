//! What an assistant's tools did, as activities.

use serde_json::{Map, Value};

use crate::core::profile::Activity;

/// How much of a tool's result is kept.
const MOST_RESULT: usize = 200;

/// Words in a tool's name, and what they say about the thing that it handles.
const KINDS: &[(&str, &[&str])] = &[
    ("calendar_event", &["calendar", "event", "meeting", "appointment", "slot"]),
    ("todo", &["todo", "todos", "task", "tasks", "reminder"]),
];

/// Words in a tool's name, and what they say about what became of it.
const ACTIONS: &[(&str, &[&str])] = &[
    ("created", &["create", "created", "add", "added", "book", "booked", "schedule", "new", "set"]),
    ("updated", &["update", "updated", "change", "edit", "move", "reschedule", "rescheduled"]),
    ("completed", &["complete", "completed", "finish", "finished", "done", "close", "closed"]),
];

/// The words of a tool's name: `createCalendarEvent`, `create_calendar_event`, `calendar.create`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn of_table(words: &[String], table: &[(&str, &[&str])]) -> Option<String> {
    let said = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    table.iter().find(|(_, known)| said(known)).map(|(meaning, _)| (*meaning).to_owned())
}

/// A text, or a document as text, cut.
fn result_of(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MOST_RESULT).collect()
}

/// An activity out of a tool call: its name and result in their usual spellings, everything else as it came.
pub(super) fn of_tool_call(mut call: Map<String, Value>) -> Activity {
    let mut take = |names: &[&str]| names.iter().find_map(|name| call.remove(*name));
    let text = |value: Option<Value>| value.and_then(|value| Some(value.as_str()?.to_owned()));
    // A tool call as language models write it has the name and the arguments one step down.
    let function = match take(&["function"]) {
        Some(Value::Object(function)) => function,
        _ => Map::new(),
    };
    let tool =
        text(take(&["tool", "name", "tool_name"])).or_else(|| text(function.get("name").cloned()));
    let result = take(&["result", "output", "content"]).map(|value| result_of(&value));
    let timestamp = take(&["timestamp", "at", "time"]);
    let kind = text(take(&["type"])).filter(|kind| kind != "function");
    let (kind_said, action_said) = (text(take(&["activity_type"])), text(take(&["action"])));
    if let Some(arguments) = function.get("arguments") {
        call.entry("arguments").or_insert_with(|| arguments.clone());
    }
    let words = tool.as_deref().map(words).unwrap_or_default();
    Activity {
        kind: kind.unwrap_or_else(|| "tool_call".to_owned()),
        activity_type: kind_said.or_else(|| of_table(&words, KINDS)),
        action: action_said.or_else(|| of_table(&words, ACTIONS)),
        tool,
        result,
        timestamp,
        extra: call,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn activity(call: Value) -> Activity {
        let Value::Object(call) = call else { panic!("an object") };
        of_tool_call(call)
    }

    #[test]
    fn a_tools_name_says_what_it_did_to_what() {
        for (tool, kind, action) in [
            ("create_calendar_event", Some("calendar_event"), Some("created")),
            ("updateCalendarEvent", Some("calendar_event"), Some("updated")),
            ("todo.complete", Some("todo"), Some("completed")),
            ("add_todo", Some("todo"), Some("created")),
            ("book_appointment", Some("calendar_event"), Some("created")),
            ("search_patients", None, None),
            ("address_lookup", None, None),
        ] {
            let found = activity(json!({"tool": tool}));
            assert_eq!(found.activity_type.as_deref(), kind, "{tool}");
            assert_eq!(found.action.as_deref(), action, "{tool}");
            assert_eq!((found.kind.as_str(), found.tool.as_deref()), ("tool_call", Some(tool)));
        }
    }

    #[test]
    fn results_are_cut_and_what_no_field_describes_is_kept() {
        let found = activity(json!({
            "id": "call_1", "type": "function",
            "function": {"name": "add_todo", "arguments": "{\"title\":\"x\"}"},
            "output": {"text": "a".repeat(500)}, "title": "Call back", "case_id": 7,
        }));
        assert_eq!(found.kind, "tool_call");
        assert_eq!(found.tool.as_deref(), Some("add_todo"));
        assert_eq!(found.result.unwrap().chars().count(), 200);
        assert_eq!(found.extra["title"], "Call back");
        assert_eq!((&found.extra["case_id"], &found.extra["id"]), (&json!(7), &json!("call_1")));
        assert_eq!(found.extra["arguments"], "{\"title\":\"x\"}");
        let said =
            activity(json!({"name": "add_todo", "activity_type": "mortgage", "action": "x"}));
        assert_eq!(said.activity_type.as_deref(), Some("mortgage"));
        assert_eq!(said.action.as_deref(), Some("x"));
    }
}
