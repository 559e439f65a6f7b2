//! What a voice server sends when it hands a call over, and the profile that is made of it.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::activity::of_tool_call;
use crate::core::profile::{Activity, BadProfile, CallKeys, Profile, Turn, check_text};

/// How many activities a profile has: the latest.
const ACTIVITIES: usize = 10;

/// Transcripts and lists of tool calls that are longer are refused.
const MOST_ITEMS: usize = 500;

/// A call that is handed over. What no field describes is kept in the profile.
#[derive(Clone, Default, Deserialize, ToSchema)]
pub struct HandoffRequest {
    /// The assistant's session.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The extension of the agent.
    #[serde(default)]
    #[schema(example = "500001")]
    pub extension: Option<String>,
    /// What was said: messages with `role` (`user` or `human`, `assistant` or `ai`, `tool`), `content` and `timestamp`;
    /// or one text.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub transcript: Option<Value>,
    /// What the assistant's tools did: `tool` or `name`, `result`, `timestamp`, and whatever else there is to say.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub tool_calls: Option<Value>,
    /// The caller: `id`, `name`, `email`, `phone`, `verified`, and whatever else is known.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub user: Option<Value>,
    /// The carrier's id of the caller's leg.
    #[serde(default)]
    pub call_sid: Option<String>,
    /// The assistant's id of the call; the UCID for a call that CloudAgent carries.
    #[serde(default)]
    pub call_id: Option<String>,
    /// Who rings the agent: `none` (the voice server brings the call itself), `conference` or `dial` (CloudAgent), or
    /// `twilio`. Without it the kind of the call's id decides.
    #[serde(default)]
    pub carrier: Option<String>,
    /// The DID of a call that CloudAgent carries, if it is not the desk's own.
    #[serde(default)]
    pub did: Option<String>,
    /// Where the caller waits in the domain of the agents' SIP extensions, for `twilio` without `call_sid`.
    #[serde(default)]
    pub waits_at: Option<String>,
    /// The number that the carrier names, where the user has none.
    #[serde(skip)]
    #[schema(ignore)]
    pub caller: Option<String>,
    /// The phone name of the number that a call at CloudAgent is on, where the desk does not know it from the link of
    /// the agent who has it.
    #[serde(default)]
    pub phone_name: Option<String>,
    /// What the caller said last: the speech route looks for the wish for a human in it.
    #[serde(default)]
    pub speech: Option<String>,
    /// What no field describes.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for HandoffRequest {
    /// Nothing: it is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffRequest").finish_non_exhaustive()
    }
}

/// The fields of a session in which a voice server keeps what was said.
const HISTORIES: [&str; 4] = ["transcript", "conversation_history", "history", "messages"];

impl HandoffRequest {
    /// Fills what the request leaves out with what is stored about its session.
    ///
    /// # Errors
    /// The session is another call's.
    pub fn fill(
        &mut self,
        session: &Map<String, Value>,
        keys: &CallKeys,
    ) -> Result<(), BadProfile> {
        let text = |name: &str| session.get(name).and_then(Value::as_str);
        let theirs = CallKeys::carried(text("call_sid"), text("call_id"));
        let differs = |one: &Option<String>, other: &Option<String>| {
            one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
        };
        if differs(&theirs.call_sid, &keys.call_sid) || differs(&theirs.call_id, &keys.call_id) {
            return Err(BadProfile::new("session_id", "is the session of another call"));
        }
        let said = || HISTORIES.iter().find_map(|name| session.get(*name)).cloned();
        self.transcript = self.transcript.take().or_else(said);
        self.tool_calls = self.tool_calls.take().or_else(|| session.get("tool_calls").cloned());
        self.user = self.user.take().or_else(|| session.get("user").cloned());
        if self.call_sid.is_none() {
            self.call_sid = theirs.call_sid;
        }
        if self.call_id.is_none() {
            self.call_id = theirs.call_id;
        }
        Ok(())
    }

    /// Whether nothing is left out that a stored session could say.
    pub fn is_whole(&self) -> bool {
        self.transcript.is_some()
            && self.user.is_some()
            && (self.call_sid.is_some() || self.call_id.is_some())
    }

    /// The profile of the caller.
    ///
    /// # Errors
    /// The first field that is not taken.
    pub fn profile(&self) -> Result<Profile, BadProfile> {
        let mut profile = Profile {
            extension: self.extension.clone().unwrap_or_default(),
            notes: Some("Transferred from voice assistant".to_owned()),
            call_sid: self.call_sid.clone(),
            call_id: self.call_id.clone(),
            ..Profile::default()
        };
        if let Some(user) = &self.user {
            let Value::Object(user) = user else {
                return Err(BadProfile::new("user", "has to be an object"));
            };
            describe(&mut profile, user)?;
        }
        profile.phone = profile.phone.take().or_else(|| self.caller.clone());
        let known = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let id = known(&profile.customer_id).or_else(|| known(&profile.name));
        profile.customer_id =
            Some(id.or_else(|| known(&profile.phone)).unwrap_or_else(|| "unknown".to_owned()));
        let mut did = self.tool_calls()?;
        for message in self.messages()? {
            match message {
                Message::Turn(turn) => profile.conversation_history.push(turn),
                Message::Tool(result) => note_result(&mut did, result),
            }
        }
        let first = did.len().saturating_sub(ACTIVITIES);
        profile.activities = did.split_off(first);
        profile.extra.extend(self.extra.clone());
        if let Some(session) = &self.session_id {
            profile.extra.insert("session_id".to_owned(), session.as_str().into());
        }
        profile.check()?;
        Ok(profile)
    }

    fn tool_calls(&self) -> Result<Vec<Activity>, BadProfile> {
        let wrong = |text| BadProfile::new("tool_calls", text);
        let list = match &self.tool_calls {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(wrong("has to be a list")),
        };
        if list.len() > MOST_ITEMS {
            return Err(wrong("has more than 500 entries"));
        }
        let call = |call: &Value| match call {
            Value::Object(call) => Ok(of_tool_call(call.clone())),
            _ => Err(wrong("has an entry that is not an object")),
        };
        list.iter().map(call).collect()
    }

    fn messages(&self) -> Result<Vec<Message>, BadProfile> {
        let wrong = |text| BadProfile::new("transcript", text);
        let list = match &self.transcript {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::String(text)) => {
                let turn = Turn {
                    role: "transcript".to_owned(),
                    content: text.clone(),
                    ..Turn::default()
                };
                return Ok(vec![Message::Turn(turn)]);
            }
            Some(Value::Array(list)) => list,
            Some(_) => return Err(wrong("has to be a list of messages, or a text")),
        };
        if list.len() > MOST_ITEMS {
            return Err(wrong("has more than 500 messages"));
        }
        let mut messages = Vec::with_capacity(list.len());
        for (n, message) in list.iter().enumerate() {
            let Value::Object(message) = message else {
                return Err(wrong("has a message that is not an object"));
            };
            messages.extend(message_of(n, message.clone())?);
        }
        Ok(messages)
    }
}

enum Message {
    Turn(Turn),
    Tool(Activity),
}

/// One message; `None` for the assistant's own instructions, which are no part of the conversation.
fn message_of(n: usize, mut message: Map<String, Value>) -> Result<Option<Message>, BadProfile> {
    let path = |field: &str| format!("transcript[{n}].{field}");
    let role = ["role", "type"].iter().find_map(|name| message.remove(*name));
    let Some(Value::String(role)) = role else {
        return Err(BadProfile::new(path("role"), "is missing, or is not a text"));
    };
    let word = match role.trim().to_ascii_lowercase().as_str() {
        "human" | "user" => "user".to_owned(),
        "assistant" | "ai" => "assistant".to_owned(),
        "tool" | "function" => return Ok(Some(Message::Tool(of_tool_call(message)))),
        "system" | "developer" => return Ok(None),
        _ => role,
    };
    let content = ["content", "text"].iter().find_map(|name| message.remove(*name));
    let content = match content {
        Some(Value::String(content)) => content,
        None | Some(Value::Null) => String::new(),
        Some(_) => return Err(BadProfile::new(path("content"), "is not a text")),
    };
    let timestamp = message.remove("timestamp");
    Ok(Some(Message::Turn(Turn { role: word, content, timestamp, extra: message })))
}

/// The result of a tool: of the call that it answers, else an activity of its own.
fn note_result(did: &mut Vec<Activity>, result: Activity) {
    let id = result.extra.get("tool_call_id").filter(|id| !id.is_null());
    let asked = id.and_then(|id| did.iter_mut().find(|call| call.extra.get("id") == Some(id)));
    match asked {
        Some(call) => {
            call.result = call.result.take().or(result.result);
            call.timestamp = call.timestamp.take().or(result.timestamp);
        }
        None => did.push(result),
    }
}

/// Puts what is known of a user into a profile. What no field describes stays under `user`.
fn describe(profile: &mut Profile, user: &Map<String, Value>) -> Result<(), BadProfile> {
    let mut rest = user.clone();
    let mut take = |names: &[&str]| -> Result<Option<String>, BadProfile> {
        for name in names {
            match rest.remove(*name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => {
                    check_text(&format!("user.{name}"), &text, 200)?;
                    return Ok(Some(text));
                }
                Some(Value::Number(number)) => return Ok(Some(number.to_string())),
                Some(_) => return Err(BadProfile::new(format!("user.{name}"), "is not a text")),
            }
        }
        Ok(None)
    };
    profile.customer_id = take(&["id", "user_id", "customer_id"])?;
    profile.name = take(&["name", "full_name"])?;
    profile.email = take(&["email"])?;
    profile.phone = take(&["phone", "phone_number"])?;
    profile.account_status = take(&["account_status"])?;
    profile.tier = take(&["tier"])?;
    if profile.account_status.is_none()
        && let Some(Value::Bool(verified)) = user.get("verified")
    {
        let word = if *verified { "Verified" } else { "Unverified" };
        profile.account_status = Some(word.to_owned());
    }
    if !rest.is_empty() {
        profile.extra.insert("user".to_owned(), Value::Object(rest));
    }
    Ok(())
}
