//! Answers: a 200 that is a refusal, a success under six spellings, a payload under four keys.
//!
//! The only code that knows the words `status` and `message`. Success and failure words are one list for all
//! endpoints. Whatever else comes is a refusal with its text kept, or an [`Unreadable`] answer that keeps status,
//! content type and a bounded excerpt: where it is not the service's envelope at all, and where what may happen only
//! once is answered by neither a success nor a proof that nothing happened.

mod fields;
mod list;
mod words;
#[cfg(any(test, feature = "server"))]
mod write;

use std::fmt;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::core::endpoint::{Payload, Repeat, Reply, Spec};
use crate::core::error::{Refusal, ResponseHead, Unreadable};
use crate::core::reason::{self, Reason, reason};
use fields::{as_text, present, status, text_of};
use words::Word;

pub(crate) use fields::find;
pub(crate) use list::rows;
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
    if let Payload::JsonTextAt(keys) = spec.envelope.payload
        && let Some((verdict, inner)) = inner_outcome(&object, keys)
    {
        return match verdict {
            Ok(()) => decode(spec, head, body, inner),
            Err((word, text)) => judge_failure(spec, head, body, (Some(word), &text, &object)),
        };
    }
    let word = status(&object).map(|word| Word::of(&word));
    // Without success words the payload decides, whatever the status word beside it.
    let payload_decides =
        spec.envelope.success_words.is_empty() && matches!(spec.envelope.payload, Payload::At(_));
    match word {
        Some(Word::Failure | Word::Unlisted) if !payload_decides => {
            return judge_failure(spec, head, body, (word, &text_of(&object), &object));
        }
        None if !spec.envelope.success_words.is_empty() && !has_list(&object, spec) => {
            // A documented refusal needs no status word: some families leave it out.
            return match text_of(&object) {
                text if reason(&text) != Reason::Other => {
                    judge_failure(spec, head, body, (None, &text, &object))
                }
                _ => Err(Unreadable::new("the answer has no status", head, body)),
            };
        }
        Some(Word::Success) if spec.envelope.success_words.is_empty() && !payload_decides => {
            let text = text_of(&object);
            if reason::documented(&text).is_some() || is_none(spec, &text) {
                return judge_failure(spec, head, body, (word, &text, &object));
            }
        }
        _ => {}
    }
    let keys = match spec.envelope.payload {
        Payload::Text | Payload::Plain => {
            return decode(spec, head, body, Value::String(text_of(&object)));
        }
        Payload::Whole | Payload::Xml | Payload::Open => {
            return decode(spec, head, body, Value::Object(object));
        }
        Payload::At(keys) | Payload::RowsAt(keys) | Payload::JsonTextAt(keys) => keys,
    };
    match read_payload(spec, head, body, &object, keys) {
        Err(unread) => doubt(spec, head, body, (word, &object, keys), unread),
        done => done,
    }
}

/// The first value under the keys that decodes: structured ones before texts, since a text beside the payload may be
/// under one of its names (`"message": "success"`, then the rows).
fn read_payload<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
    object: &Map<String, Value>,
    keys: &[&str],
) -> Result<Outcome<T>, Unreadable> {
    let mut first = None;
    for value in present(object, keys) {
        for reading in list::readings(spec, value) {
            match decode(spec, head, body, reading) {
                Ok(done) => return Ok(done),
                Err(unread) => first = first.or(Some(unread)),
            }
        }
    }
    let path = keys.first().copied().unwrap_or_default();
    Err(first.unwrap_or_else(|| {
        Unreadable::new("the payload is missing, or not of its form", head, body).at(path)
    }))
}

/// A success whose payload cannot be decoded. Where a documented refusal is in the payload's place, that is the
/// answer, unless a second try could do harm; any other text there may be data and is not taken for the service's
/// words.
fn doubt<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
    (word, object, keys): (Option<Word>, &Map<String, Value>, &[&str]),
    unread: Unreadable,
) -> Result<Outcome<T>, Unreadable> {
    let text = text_of(object);
    let said = present(object, keys).into_iter().filter_map(Value::as_str).chain([text.as_str()]);
    let mut said = said.filter(|said| reason::documented(said).is_some() || is_none(spec, said));
    if let (Repeat::Safe, Some(said)) = (spec.repeat, said.next()) {
        return Ok(refuse(spec, head, said));
    }
    if spec.envelope.success_words.is_empty() && !text.is_empty() {
        return judge_failure(spec, head, body, (word, &text, object));
    }
    // A state change whose text is not the documented JSON is still a success.
    if let Payload::JsonTextAt(keys) = spec.envelope.payload
        && let Some(text) = present(object, keys).into_iter().find_map(Value::as_str)
    {
        let said = Value::Object(Map::from_iter([("message".to_owned(), Value::from(text))]));
        return decode(spec, head, body, said).map_err(|_| unread);
    }
    Err(unread)
}

/// Whether the list that is asked for is there: bulk uploads answer with it and no status.
fn has_list(object: &Map<String, Value>, spec: &Spec) -> bool {
    let Payload::At(keys) = spec.envelope.payload else { return false };
    let filled = |value: &Value| value.as_array().is_some_and(|rows| !rows.is_empty());
    present(object, keys).into_iter().any(|value| list::readings(spec, value).iter().any(filled))
}

/// An answer that is no success: refused, or unreadable where nothing proves that it was refused.
fn judge_failure<T>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
    (word, text, object): (Option<Word>, &str, &Map<String, Value>),
) -> Result<Outcome<T>, Unreadable> {
    if words::is_refusal(spec, word, text, object) {
        return Ok(refuse(spec, head, text));
    }
    let what = "the answer is neither a known success nor a known refusal";
    Err(Unreadable::new(what, head, body))
}

fn read_open<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|_| Unreadable::new("the answer is not JSON", head, body))?;
    if let Value::Object(object) = &document {
        let word = status(object).map(|word| Word::of(&word));
        if word == Some(Word::Failure) || !head.status.is_success() {
            return judge_failure(spec, head, body, (word, &text_of(object), object));
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

/// The word and the text of an outcome that is no success.
type Failed = (Word, String);

/// The outcome inside a JSON text of the answer: its own `status`, or the word before the colon of `resp`.
fn inner_outcome(
    object: &Map<String, Value>,
    keys: &[&str],
) -> Option<(Result<(), Failed>, Value)> {
    let text = keys.iter().find_map(|key| find(object, key)).and_then(Value::as_str)?;
    let inner: Map<String, Value> = serde_json::from_str(text).ok()?;
    let verdict = match inner_word(&inner)? {
        Word::Success => Ok(()),
        word => match text_of(&inner) {
            text if text.is_empty() => {
                Err((word, find(&inner, "resp").map(as_text).unwrap_or_default()))
            }
            text => Err((word, text)),
        },
    };
    Some((verdict, Value::Object(inner)))
}

/// What an inner answer says, if it has an outcome at all.
fn inner_word(inner: &Map<String, Value>) -> Option<Word> {
    let word = match (status(inner), find(inner, "resp")) {
        (Some(word), _) => word,
        (None, Some(resp)) => as_text(resp).split(':').next().unwrap_or_default().to_owned(),
        (None, None) => return None,
    };
    Some(Word::of(&word))
}

fn refuse<T>(spec: &Spec, head: ResponseHead<'_>, text: &str) -> Outcome<T> {
    let reason = if head.status == StatusCode::TOO_MANY_REQUESTS {
        Reason::TooManyRequests
    } else {
        reason(text)
    };
    if is_none(spec, text) {
        return Outcome::Empty;
    }
    Outcome::Refused(Refusal::new(reason, text, head.status))
}

/// Whether a text means "there is none" at this endpoint.
fn is_none(spec: &Spec, text: &str) -> bool {
    spec.envelope.empty_messages.iter().any(|none| reason::matches(none, text.trim()))
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
        let (word, said) = (status(&object).map(|word| Word::of(&word)), text_of(&object));
        return match word {
            Some(Word::Success) if head.status.is_success() && is_plain_success(spec, &said) => {
                decode(spec, head, body, Value::from(said))
            }
            Some(Word::Success) if reason::documented(&said).is_none() => {
                Err(Unreadable::new("the answer is not the service's text", head, body))
            }
            _ => judge_failure(spec, head, body, (word, &said, &object)),
        };
    }
    if head.status.is_success() && is_plain_success(spec, text) {
        return decode(spec, head, body, Value::from(text));
    }
    if !head.status.is_success() && reason(text) == Reason::Other {
        return Err(Unreadable::new("the service failed", head, body));
    }
    judge_failure(spec, head, body, (None, text, &Map::new()))
}

/// Whether a plain answer begins with one of the endpoint's texts of success.
fn is_plain_success(spec: &Spec, text: &str) -> bool {
    let start = |g: &&str| text.get(..g.len()).is_some_and(|start| start.eq_ignore_ascii_case(g));
    spec.envelope.success_words.iter().any(start)
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

#[cfg(test)]
mod tests;
