//! A caller's profile as a voice assistant knows it: who calls, what was said, what was done. Pure.
//!
//! The field names are those that voice servers write; what no field describes is kept as it came.

use std::fmt;

use ozonetel_sdk::types::redact_number;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

mod ids;

pub use ids::{BadId, CallKeys, Extension, KEYS, NotAnId};

/// Name of a caller of whom nothing is known.
pub const UNKNOWN_CALLER: &str = "Unknown Caller";

/// How long a profile lasts after its last use, in seconds, unless it is kept with a call.
pub const LASTS_SEC: u64 = 300;

/// Texts longer than this are refused.
const MOST_CHARS: usize = 8_000;

/// Names, addresses and numbers longer than this are refused.
const MOST_NAME: usize = 200;

/// Lists longer than this are refused.
const MOST_ITEMS: usize = 500;

/// A caller's profile.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// The extension of the agent that the caller is handed to.
    #[serde(default)]
    pub extension: String,
    /// The caller's id where the assistant comes from: the user's id, else name, else number.
    #[serde(default)]
    pub customer_id: Option<String>,
    /// The caller's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The caller's address.
    #[serde(default)]
    pub email: Option<String>,
    /// The caller's number.
    #[serde(default)]
    pub phone: Option<String>,
    /// What the assistant says of the account.
    #[serde(default)]
    pub account_status: Option<String>,
    /// What the assistant says of the customer's class.
    #[serde(default)]
    pub tier: Option<String>,
    /// Where the profile comes from.
    #[serde(default)]
    pub notes: Option<String>,
    /// What was said, the oldest first.
    #[serde(default)]
    pub conversation_history: Vec<Turn>,
    /// What the assistant did, the oldest first.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// The carrier's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_sid: Option<String>,
    /// The assistant's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// What no field describes.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

/// Something that was said.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// `user` or `assistant`; another word as it came.
    #[serde(default)]
    pub role: String,
    /// The words.
    #[serde(default)]
    pub content: String,
    /// When, as the assistant writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub timestamp: Option<Value>,
    /// What no field describes.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

/// Something that the assistant did.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// `tool_call`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What came of it, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When, as the assistant writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub timestamp: Option<Value>,
    /// `calendar_event` or `todo`, where the tool's name says so; another word as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_type: Option<String>,
    /// `created`, `updated` or `completed`, where the tool's name says so; another word as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// What no field describes: titles, dates, ids.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            /// Nothing: it is about a person.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
hidden!(Profile, Turn, Activity);

/// A field of a profile that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {text}")]
pub struct BadProfile {
    /// The field.
    pub path: String,
    /// What is wrong with it.
    pub text: &'static str,
}

impl BadProfile {
    /// A field and what is wrong with it.
    pub fn new(path: impl Into<String>, text: &'static str) -> Self {
        Self { path: path.into(), text }
    }
}

/// Checks a text: not too long, and without control characters other than those of layout.
///
/// # Errors
/// The field, and which of both it is.
pub fn check_text(path: &str, text: &str, most: usize) -> Result<(), BadProfile> {
    if text.chars().nth(most).is_some() {
        return Err(BadProfile::new(path, "is too long"));
    }
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if text.chars().all(plain) {
        Ok(())
    } else {
        Err(BadProfile::new(path, "holds control characters"))
    }
}

impl Profile {
    /// Checks everything that has a bound.
    ///
    /// # Errors
    /// The first field that is not taken.
    pub fn check(&self) -> Result<(), BadProfile> {
        let short = [
            ("customer_id", &self.customer_id),
            ("name", &self.name),
            ("email", &self.email),
            ("phone", &self.phone),
            ("account_status", &self.account_status),
            ("tier", &self.tier),
        ];
        for (path, text) in short {
            check_text(path, text.as_deref().unwrap_or_default(), MOST_NAME)?;
        }
        check_text("notes", self.notes.as_deref().unwrap_or_default(), MOST_CHARS)?;
        if self.conversation_history.len() > MOST_ITEMS {
            return Err(BadProfile::new("conversation_history", "has more than 500 turns"));
        }
        for (n, turn) in self.conversation_history.iter().enumerate() {
            check_text(&format!("conversation_history[{n}].role"), &turn.role, MOST_NAME)?;
            check_text(&format!("conversation_history[{n}].content"), &turn.content, MOST_CHARS)?;
        }
        if self.activities.len() > MOST_ITEMS {
            return Err(BadProfile::new("activities", "has more than 500 entries"));
        }
        for (n, activity) in self.activities.iter().enumerate() {
            let texts = [
                ("type", Some(&activity.kind)),
                ("tool", activity.tool.as_ref()),
                ("result", activity.result.as_ref()),
                ("activity_type", activity.activity_type.as_ref()),
                ("action", activity.action.as_ref()),
            ];
            for (field, text) in texts {
                let text = text.map_or("", String::as_str);
                check_text(&format!("activities[{n}].{field}"), text, MOST_CHARS)?;
            }
        }
        Ok(())
    }

    /// The ids of the call that it carries.
    pub fn keys(&self) -> CallKeys {
        CallKeys::carried(self.call_sid.as_deref(), self.call_id.as_deref())
    }

    /// Puts the ids of a call into it.
    pub fn set_keys(&mut self, keys: &CallKeys) {
        self.call_sid.clone_from(&keys.call_sid);
        self.call_id.clone_from(&keys.call_id);
    }

    /// The body that is sent: `name` and the lists are always there.
    pub fn to_body(&self) -> Value {
        let mut body = serde_json::to_value(self).unwrap_or_default();
        if body["name"].as_str().is_none_or(|name| name.trim().is_empty()) {
            body["name"] = UNKNOWN_CALLER.into();
        }
        body
    }

    /// The same for one who does not handle the call: number and address are masked, the words are left out.
    #[must_use]
    pub fn masked(&self) -> Self {
        let hide = |text: &Option<String>| text.as_deref().map(|_| "…".to_owned());
        Self {
            extension: self.extension.clone(),
            name: self.name.clone(),
            phone: self.phone.as_deref().map(redact_number),
            email: hide(&self.email),
            account_status: self.account_status.clone(),
            tier: self.tier.clone(),
            call_sid: self.call_sid.clone(),
            call_id: self.call_id.clone(),
            ..Self::default()
        }
    }
}

/// What is answered where nothing is known of a caller: a success, as front ends expect it.
pub fn unknown_caller(customer_id: &str, phone: Option<&str>) -> Value {
    json!({
        "customer_id": customer_id,
        "name": UNKNOWN_CALLER,
        "email": "N/A",
        "phone": phone.unwrap_or("N/A"),
        "account_status": "N/A",
        "tier": "N/A",
        "last_contact": "N/A",
        "lifetime_value": "N/A",
        "open_tickets": 0,
        "notes": "No context from voice assistant. Call may not be from transfer.",
        "conversation_history": [],
        "activities": [],
    })
}

/// What is answered for an agent without an extension, whom no assistant can hand a call to: nothing is known, and why.
pub fn without_extension(customer_id: &str) -> Value {
    let mut body = unknown_caller(customer_id, None);
    body["reason"] = "no_extension".into();
    body
}

/// What an extension's own entry is to whoever asks for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryUse {
    /// It is this call's.
    Own,
    /// It names no call: whoever asks first takes it, so that no one else gets it.
    Unclaimed,
    /// It is another call's, or may be.
    Other,
}

/// Whether an entry that may be of any call on an extension can be shown for the call that is asked about.
pub fn entry_use(entry: &CallKeys, asked: &CallKeys) -> EntryUse {
    if entry.is_empty() {
        return if asked.is_empty() { EntryUse::Other } else { EntryUse::Unclaimed };
    }
    if entry.is_same(asked) { EntryUse::Own } else { EntryUse::Other }
}

#[cfg(test)]
mod tests;
