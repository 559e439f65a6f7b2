//! Answers: a 200 that is a refusal, a success under six spellings, a payload under four keys.
//!
//! The only code that knows the words `status` and `message`. Success words are a closed list per endpoint; whatever
//! else comes is a refusal with its text kept, or, where it is not the service's envelope at all, an
//! [`Unreadable`] answer that keeps status, content type and a bounded excerpt.

#[cfg(any(test, feature = "server"))]
mod write;

use std::fmt;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::core::endpoint::{Payload, Repeat, Reply, Spec};
use crate::core::error::{Refusal, ResponseHead, Unreadable};
use crate::core::reason::{self, Reason, reason};

#[cfg(any(test, feature = "server"))]
pub use write::write;

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// Done, with its payload.
    Done(T),
    /// There is none.
    Empty,
    /// No, and why.
    Refused(Refusal),
}

/// The service's own words about a success. May name an agent; `Debug` shows the length only.
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ServiceMessage(#[serde(deserialize_with = "crate::types::wire::text")] Box<str>);

impl ServiceMessage {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ServiceMessage {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for ServiceMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceMessage({} bytes)", self.0.len())
    }
}

impl Reply for ServiceMessage {}

/// Names of the accompanying text, in the order they are tried. Compared without case.
const TEXTS: [&str; 4] = ["message", "messages", "details", "msg"];

/// Reads an answer.
///
/// # Errors
/// [`Unreadable`] when it is not the service's envelope, or when a success does not decode. For an operation that
/// may happen only once, anything doubtful is unreadable rather than refused: a refusal invites a second try.
pub fn read<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let object = match spec.envelope.payload {
        Payload::Plain => return read_plain(spec, head, body),
        Payload::Open => return read_open(spec, head, body),
        // The shared refusals are JSON even where answers are XML.
        Payload::Xml => match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => object,
            _ => read_xml(head, body)?,
        },
        _ => match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(Unreadable::new("the answer is JSON, but no object", head, body)),
            Err(_) if spec.host == crate::core::endpoint::Host::Events => {
                return read_plain(spec, head, body);
            }
            Err(_) => return Err(Unreadable::new("the answer is not JSON", head, body)),
        },
    };
    read_object(spec, head, body, object)
}

/// Reads an envelope that is already an object: what is left of a document after its rows were cut out.
pub(crate) fn read_object<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
    object: Map<String, Value>,
) -> Result<Outcome<T>, Unreadable> {
    let word = find(&object, "status").map(as_text);
    if let Payload::JsonTextAt(keys) = spec.envelope.payload
        && let Some((verdict, inner)) = inner_outcome(&object, keys)
    {
        return match verdict {
            Ok(()) => decode(spec, head, body, inner),
            Err(text) => Ok(refuse(spec, head, &text)),
        };
    }
    let good = |word: &str| {
        spec.envelope.success_words.iter().any(|g| g.eq_ignore_ascii_case(word.trim()))
    };
    // Without success words the payload decides; where it is the whole document, any status word is a refusal.
    let payload_decides =
        spec.envelope.success_words.is_empty() && matches!(spec.envelope.payload, Payload::At(_));
    match word {
        Some(word) if !good(&word) && !payload_decides => {
            return Ok(refuse(spec, head, &text_of(&object)));
        }
        None if !spec.envelope.success_words.is_empty() && !has_list(&object, spec) => {
            // A documented refusal needs no status word: some families leave it out.
            return match text_of(&object) {
                text if reason(&text) != Reason::Other => Ok(refuse(spec, head, &text)),
                _ => Err(Unreadable::new("the answer has no status", head, body)),
            };
        }
        _ => {}
    }
    let text = text_of(&object);
    let payload = match spec.envelope.payload {
        Payload::Text | Payload::Plain => Value::String(text.clone()),
        Payload::Whole | Payload::Xml | Payload::Open => Value::Object(object),
        Payload::At(keys) | Payload::RowsAt(keys) | Payload::JsonTextAt(keys) => {
            // A text beside the payload may stand under one of its names: `"message": "success"`, then the rows.
            let present =
                || keys.iter().filter_map(|key| find(&object, key).filter(|v| !v.is_null()));
            let structured = present().find(|value| value.is_array() || value.is_object());
            match structured.or_else(|| present().next()) {
                Some(value @ Value::Object(_))
                    if matches!(spec.envelope.payload, Payload::RowsAt(_)) =>
                {
                    Value::Array(vec![value.clone()])
                }
                Some(value) => value.clone(),
                None if spec.envelope.success_words.is_empty() && !text.is_empty() => {
                    return Ok(refuse(spec, head, &text));
                }
                None => {
                    let path = keys.first().copied().unwrap_or_default();
                    return Err(Unreadable::new("the payload is missing", head, body).at(path));
                }
            }
        }
    };
    let says = match (&payload, spec.envelope.payload) {
        (Value::String(says), Payload::At(_) | Payload::RowsAt(_) | Payload::JsonTextAt(_)) => {
            Some(if says.is_empty() { text } else { says.clone() })
        }
        _ => None,
    };
    match (decode(spec, head, body, payload), says) {
        // A text where the payload should be is the service talking, unless a second try could do harm.
        (Err(_), Some(says)) if spec.repeat == Repeat::Safe => Ok(refuse(spec, head, &says)),
        (result, _) => result,
    }
}

/// Whether the list that is asked for is there: bulk uploads answer with it and no status.
fn has_list(object: &Map<String, Value>, spec: &Spec) -> bool {
    match spec.envelope.payload {
        Payload::At(keys) => {
            keys.iter().any(|key| find(object, key).is_some_and(|value| !as_list(value).is_empty()))
        }
        _ => false,
    }
}

fn as_list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Failure words of the service, for answers of which no source shows more.
const FAILURES: [&str; 4] = ["false", "fail", "failure", "error"];

fn read_open<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|_| Unreadable::new("the answer is not JSON", head, body))?;
    if let Value::Object(object) = &document {
        let word = find(object, "status").map(as_text).unwrap_or_default();
        let failed = FAILURES.iter().any(|failure| failure.eq_ignore_ascii_case(word.trim()));
        if failed || !head.status.is_success() {
            return Ok(refuse(spec, head, &text_of(object)));
        }
    }
    if !head.status.is_success() {
        return Err(Unreadable::new("the service failed", head, body));
    }
    decode(spec, head, body, document)
}

fn decode<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
    payload: Value,
) -> Result<Outcome<T>, Unreadable> {
    let root = match spec.envelope.payload {
        Payload::At(keys) | Payload::RowsAt(keys) | Payload::JsonTextAt(keys) => {
            keys.first().copied().unwrap_or_default()
        }
        _ => "",
    };
    serde_path_to_error::deserialize(payload).map(Outcome::Done).map_err(|error| {
        let path = match (root, error.path().to_string()) {
            ("", path) => path,
            (root, path) if path == "." => root.to_owned(),
            (root, path) if path.starts_with('[') => format!("{root}{path}"),
            (root, path) => format!("{root}.{path}"),
        };
        Unreadable::new("the payload does not decode", head, body).at(path)
    })
}

/// The outcome inside a JSON text of the answer: its own `status`, or the word before the colon of `resp`.
fn inner_outcome(
    object: &Map<String, Value>,
    keys: &[&str],
) -> Option<(Result<(), String>, Value)> {
    let text = keys.iter().find_map(|key| find(object, key)).and_then(Value::as_str)?;
    let inner: Map<String, Value> = serde_json::from_str(text).ok()?;
    let verdict = if inner_success(&inner)? {
        Ok(())
    } else {
        Err(match text_of(&inner) {
            text if text.is_empty() => find(&inner, "resp").map(as_text).unwrap_or_default(),
            text => text,
        })
    };
    Some((verdict, Value::Object(inner)))
}

/// Whether an inner answer is a success, if it has an outcome at all.
fn inner_success(inner: &Map<String, Value>) -> Option<bool> {
    let word = match (find(inner, "status"), find(inner, "resp")) {
        (Some(status), _) => as_text(status),
        (None, Some(resp)) => as_text(resp).split(':').next().unwrap_or_default().to_owned(),
        (None, None) => return None,
    };
    Some(word.trim().eq_ignore_ascii_case("success"))
}

fn refuse<T>(spec: &Spec, head: ResponseHead<'_>, text: &str) -> Outcome<T> {
    let reason = if head.status == StatusCode::TOO_MANY_REQUESTS {
        Reason::TooManyRequests
    } else {
        reason(text)
    };
    let folded = text.trim();
    if spec.envelope.empty_messages.iter().any(|none| reason::matches(none, folded)) {
        return Outcome::Empty;
    }
    Outcome::Refused(Refusal::new(reason, text, head.status))
}

fn read_plain<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Unreadable::new("the answer is not text", head, body))?;
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') || text.len() > 1000 {
        return Err(Unreadable::new("the answer is not the service's text", head, body));
    }
    // The shared refusals are JSON even where answers are text.
    if let Ok(Value::Object(object)) = serde_json::from_str(text) {
        return Ok(refuse(spec, head, &text_of(&object)));
    }
    let good = |g: &&str| text.get(..g.len()).is_some_and(|start| start.eq_ignore_ascii_case(g));
    if head.status.is_success() && spec.envelope.success_words.iter().any(good) {
        return decode(spec, head, body, Value::from(text));
    }
    if !head.status.is_success() && reason(text) == Reason::Other {
        return Err(Unreadable::new("the service failed", head, body));
    }
    Ok(refuse(spec, head, text))
}

/// `<response>` with one element per field.
fn read_xml(head: ResponseHead<'_>, body: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    use quick_xml::events::Event;
    let bad = || Unreadable::new("the answer is not KooKoo's XML", head, body);
    let text = std::str::from_utf8(body).map_err(|_| bad())?;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut object) = (0_usize, Map::new());
    let (mut name, mut value) = (String::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| bad())? {
            Event::Start(tag) => {
                depth += 1;
                let tag = tag.local_name().as_ref().to_owned();
                match depth {
                    1 if !tag.eq_ignore_ascii_case("response") => return Err(bad()),
                    2 => (name, value) = (tag, String::new()),
                    _ => {}
                }
            }
            Event::Text(part) if depth == 2 => value.push_str(&part),
            Event::CData(part) if depth == 2 => value.push_str(&part),
            Event::GeneralRef(part) if depth == 2 => {
                match part.resolve_char_ref().map_err(|_| bad())? {
                    Some(character) => value.push(character),
                    None => value.push_str(
                        quick_xml::escape::resolve_predefined_entity(&part).ok_or_else(bad)?,
                    ),
                }
            }
            Event::End(_) => {
                if depth == 2 {
                    object.insert(std::mem::take(&mut name), Value::from(value.trim()));
                }
                depth = depth.checked_sub(1).ok_or_else(bad)?;
            }
            Event::Eof if depth == 0 && !object.is_empty() => return Ok(object),
            Event::Eof => return Err(bad()),
            _ => {}
        }
    }
}

/// Looks a key up without case; an exact spelling wins.
pub(crate) fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

fn text_of(object: &Map<String, Value>) -> String {
    let texts = TEXTS.iter().filter_map(|name| find(object, name));
    texts.map(as_text).find(|text| !text.is_empty()).unwrap_or_default()
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
