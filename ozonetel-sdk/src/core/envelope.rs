//! Answers: a 200 that is a refusal, a success under six spellings, a payload under four keys.
//!
//! The only code that knows the words `status` and `message`. Success and failure words are one list for all
//! endpoints. Whatever else comes is a refusal with its text kept, or an [`Unreadable`] answer that keeps status,
//! content type and a bounded excerpt: where it is not the service's envelope at all, and where what may happen only
//! once is answered by neither a success nor a proof that nothing happened.

mod answer;
pub(crate) mod fields;
mod list;
mod plain;
pub(crate) mod words;
#[cfg(any(test, feature = "server"))]
mod write;

use std::fmt;

use http::StatusCode;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::core::endpoint::{Payload, Repeat, Reply, Spec};
use crate::core::error::{Refusal, ResponseHead, Unreadable};
use crate::core::reason::{self, Reason, reason};
use crate::core::text;
#[cfg(any(test, feature = "server", feature = "testing"))]
use crate::core::weight::ListShape;
use answer::{ENVELOPE, PAYLOAD};
use fields::{
    Object, TEXTS, as_str, as_text, find, is_structured, present, repeats, status, text_of,
};
use words::Word;

pub(crate) use answer::{Answer, Asked, TOO_LARGE};
pub(crate) use list::rows;
#[cfg(any(test, feature = "server"))]
pub use write::write;

/// What is said of an answer in which a name comes twice.
const TWICE: &str = "a field of the answer is there twice";

/// Whether a word is one of success or of failure; `None` for one that no source shows.
pub(crate) fn is_success_word(word: &str) -> Option<bool> {
    match Word::of(word) {
        Word::Success => Some(true),
        Word::Failure => Some(false),
        Word::Unlisted => None,
    }
}

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
#[cfg(any(test, feature = "server", feature = "testing"))]
pub fn read<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let asked = Asked { ucid: None, most: usize::MAX, rows: ListShape::default() };
    read_text(&Answer { spec, head, text: &text::whole(body), asked })
}

/// The same without the short way for plain successes, to compare the two.
///
/// # Errors
/// As [`read`].
#[cfg(any(test, feature = "testing"))]
pub fn read_the_long_way<T: DeserializeOwned>(
    spec: &Spec,
    head: ResponseHead<'_>,
    body: &[u8],
) -> Result<Outcome<T>, Unreadable> {
    let asked = Asked { ucid: None, most: usize::MAX, rows: ListShape::default() };
    read_any(&Answer { spec, head, text: &text::whole(body), asked })
}

/// The same for text.
pub(crate) fn read_text<T: DeserializeOwned>(
    answer: &Answer<'_>,
) -> Result<Outcome<T>, Unreadable> {
    // Before anything is decoded.
    if !answer.is_within(answer.text, ENVELOPE) {
        return Err(answer.unreadable(TOO_LARGE));
    }
    plain::success(answer).map_or_else(|| read_any(answer), Ok)
}

/// The reader of everything.
fn read_any<T: DeserializeOwned>(answer: &Answer<'_>) -> Result<Outcome<T>, Unreadable> {
    match answer.spec.envelope.payload {
        Payload::Plain => return read_plain(answer),
        Payload::Open => return read_open(answer),
        _ => {}
    }
    if let Some(object) = fields::object(answer.text) {
        return read_object(answer, answer.text, &object);
    }
    if let Some(repaired) = text::repaired(answer.text)
        && let Some(object) = fields::object(&repaired)
    {
        return read_object(answer, &repaired, &object);
    }
    if repeats(answer.text) {
        return Err(answer.unreadable(TWICE));
    }
    if answer.spec.envelope.payload == Payload::Xml {
        let document = read_xml(answer)?;
        let document = Value::Object(document).to_string();
        let object = fields::object(&document).unwrap_or_default();
        return read_object(answer, &document, &object);
    }
    if serde_json::from_str::<IgnoredAny>(answer.text).is_ok() {
        return Err(answer.unreadable("the answer is JSON, but no object"));
    }
    if answer.spec.host == crate::core::endpoint::Host::Events {
        return read_plain(answer);
    }
    Err(answer.unreadable("the answer is not JSON"))
}

fn read_object<T: DeserializeOwned>(
    answer: &Answer<'_>,
    document: &str,
    object: &Object<'_>,
) -> Result<Outcome<T>, Unreadable> {
    let spec = answer.spec;
    if let Payload::JsonTextAt(keys) = spec.envelope.payload
        && let Some((verdict, inner)) = inner_outcome(answer, object, keys)
    {
        return match verdict {
            Ok(()) => decode(answer, &inner),
            Err((word, text)) => judge_failure(answer, Some(word), &text, document),
        };
    }
    let word = status(object).map(|word| Word::of(&word));
    // Without success words the payload decides, whatever the status word beside it.
    let payload_decides =
        spec.envelope.success_words.is_empty() && matches!(spec.envelope.payload, Payload::At(_));
    match word {
        Some(Word::Failure | Word::Unlisted) if !payload_decides => {
            return judge_failure(answer, word, &text_of(object), document);
        }
        None if !spec.envelope.success_words.is_empty() && !has_list(answer, object) => {
            // A documented refusal needs no status word: some families leave it out.
            return match text_of(object) {
                text if reason(&text) != Reason::Other => {
                    judge_failure(answer, None, &text, document)
                }
                _ => Err(answer.unreadable("the answer has no status")),
            };
        }
        Some(Word::Success) if spec.envelope.success_words.is_empty() && !payload_decides => {
            let text = text_of(object);
            if reason::documented(&text).is_some() || is_none(spec, &text) {
                return judge_failure(answer, word, &text, document);
            }
        }
        _ => {}
    }
    let keys = match spec.envelope.payload {
        Payload::Text | Payload::Plain => return decode_said(answer, &text_of(object)),
        Payload::Whole | Payload::Xml | Payload::Open => return decode(answer, document),
        Payload::At(keys)
        | Payload::AtOrTop(keys)
        | Payload::RowsAt(keys)
        | Payload::JsonTextAt(keys) => keys,
    };
    match read_payload(answer, object, keys) {
        Err(unread) => doubt(answer, document, (word, object, keys), unread),
        done => done,
    }
}

/// The first value under the keys that decodes: structured ones before texts, since a text beside the payload may be
/// under one of its names (`"message": "success"`, then the rows).
fn read_payload<T: DeserializeOwned>(
    answer: &Answer<'_>,
    object: &Object<'_>,
    keys: &[&str],
) -> Result<Outcome<T>, Unreadable> {
    let mut first = None;
    let present = present(object, keys);
    if let Payload::AtOrTop(_) = answer.spec.envelope.payload
        && !present.iter().any(|value| is_structured(value))
    {
        let rest = without_words(object);
        if rest != "{}" {
            return decode(answer, &rest);
        }
    }
    for value in present {
        for reading in list::readings(answer, value) {
            match decode(answer, &reading) {
                Ok(done) => return Ok(done),
                Err(unread) => first = first.or(Some(unread)),
            }
        }
    }
    let path = keys.first().copied().unwrap_or_default();
    let missing = "the payload is missing, or not of its form";
    Err(first.unwrap_or_else(|| answer.unreadable(missing).at(path)))
}

/// An envelope's fields without its status word and its texts.
fn without_words(object: &Object<'_>) -> String {
    let word = |name: &str| {
        let mut words = TEXTS.into_iter().chain(["status"]);
        words.any(|word| word.eq_ignore_ascii_case(name))
    };
    let left: Object<'_> = object
        .iter()
        .filter(|(name, _)| !word(name))
        .map(|(name, value)| (name.clone(), *value))
        .collect();
    serde_json::to_string(&left).unwrap_or_default()
}

/// A success whose payload cannot be decoded. Where a documented refusal is in the payload's place, that is the
/// answer, unless a second try could do harm; any other text there may be data and is not taken for the service's
/// words.
fn doubt<T: DeserializeOwned>(
    answer: &Answer<'_>,
    document: &str,
    (word, object, keys): (Option<Word>, &Object<'_>, &[&str]),
    unread: Unreadable,
) -> Result<Outcome<T>, Unreadable> {
    let spec = answer.spec;
    let text = text_of(object);
    let said = present(object, keys).into_iter().filter_map(as_str).chain([text.clone()]);
    let mut said = said.filter(|said| reason::documented(said).is_some() || is_none(spec, said));
    if let (Repeat::Safe, Some(said)) = (spec.repeat, said.next()) {
        return Ok(refuse(spec, answer.head, &said));
    }
    if spec.envelope.success_words.is_empty() && !text.is_empty() {
        return judge_failure(answer, word, &text, document);
    }
    // A state change whose text is not the documented JSON is still a success.
    if let Payload::JsonTextAt(keys) = spec.envelope.payload
        && let Some(text) = present(object, keys).into_iter().find_map(as_str)
    {
        let said = Value::Object(Map::from_iter([("message".to_owned(), Value::from(text))]));
        return decode(answer, &said.to_string()).map_err(|_| unread);
    }
    Err(unread)
}

/// Whether the list that is asked for is there: bulk uploads answer with it and no status.
fn has_list(answer: &Answer<'_>, object: &Object<'_>) -> bool {
    let Payload::At(keys) = answer.spec.envelope.payload else { return false };
    let filled = |list: &str| {
        serde_json::from_str::<Vec<IgnoredAny>>(list).is_ok_and(|rows| !rows.is_empty())
    };
    let mut values = present(object, keys).into_iter();
    values.any(|value| list::readings(answer, value).iter().any(|list| filled(list)))
}

/// An answer that is no success: refused, or unreadable where nothing proves that it was refused.
fn judge_failure<T>(
    answer: &Answer<'_>,
    word: Option<Word>,
    text: &str,
    document: &str,
) -> Result<Outcome<T>, Unreadable> {
    if words::is_refusal(answer, word, text, document) {
        return Ok(refuse(answer.spec, answer.head, text));
    }
    Err(answer.unreadable("the answer is neither a known success nor a known refusal"))
}

fn read_open<T: DeserializeOwned>(answer: &Answer<'_>) -> Result<Outcome<T>, Unreadable> {
    let Answer { head, text, .. } = *answer;
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Err(answer.unreadable("the answer is not JSON"));
    }
    if let Some(object) = fields::object(text) {
        let word = status(&object).map(|word| Word::of(&word));
        let said = text_of(&object);
        // A text that is known for a refusal, or speaks of a limit, needs no status word. Any other word may be a state in
        // the document.
        let refuses = match word {
            Some(Word::Failure) => true,
            Some(Word::Success) => false,
            None | Some(Word::Unlisted) => reason(&said) != Reason::Other,
        };
        if refuses || !head.status.is_success() {
            return judge_failure(answer, word, &said, text);
        }
    } else if repeats(text) {
        return Err(answer.unreadable(TWICE));
    }
    if !head.status.is_success() {
        return Err(answer.unreadable("the service failed"));
    }
    decode(answer, text)
}

/// Decodes JSON text, and names the path of what cannot be decoded.
fn decode<T: DeserializeOwned>(
    answer: &Answer<'_>,
    payload: &str,
) -> Result<Outcome<T>, Unreadable> {
    let root = match answer.spec.envelope.payload {
        Payload::At(keys)
        | Payload::AtOrTop(keys)
        | Payload::RowsAt(keys)
        | Payload::JsonTextAt(keys) => keys.first().copied().unwrap_or_default(),
        _ => "",
    };
    if !answer.is_within(payload, PAYLOAD) {
        return Err(answer.unreadable(TOO_LARGE).at(root));
    }
    let read = |json: &str| {
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json))
    };
    let read = read(payload).or_else(|error| match text::repaired(payload) {
        Some(repaired) => read(&repaired),
        None => Err(error),
    });
    read.map(Outcome::Done).map_err(|error| {
        let path = match (root, error.path().to_string()) {
            ("", path) => path,
            (root, path) if path == "." => root.to_owned(),
            (root, path) if path.starts_with('[') => format!("{root}{path}"),
            (root, path) => format!("{root}.{path}"),
        };
        answer.unreadable("the payload does not decode").at(&path)
    })
}

/// Decodes a text of the service.
fn decode_said<T: DeserializeOwned>(
    answer: &Answer<'_>,
    said: &str,
) -> Result<Outcome<T>, Unreadable> {
    decode(answer, &Value::from(said).to_string())
}

/// The word and the text of an outcome that is no success.
type Failed = (Word, String);

/// The outcome inside a JSON text of the answer: its own `status`, or the word before the colon of `resp`.
fn inner_outcome(
    answer: &Answer<'_>,
    object: &Object<'_>,
    keys: &[&str],
) -> Option<(Result<(), Failed>, String)> {
    let text = keys.iter().find_map(|key| find(object, key)).and_then(as_str)?;
    if !answer.is_within(&text, PAYLOAD) {
        return None;
    }
    let inner = fields::object(&text)?;
    let verdict = match inner_word(&inner)? {
        Word::Success => Ok(()),
        word => match text_of(&inner) {
            text if text.is_empty() => {
                Err((word, find(&inner, "resp").map(as_text).unwrap_or_default()))
            }
            text => Err((word, text)),
        },
    };
    Some((verdict, text))
}

/// What an inner answer says, if it has an outcome at all.
fn inner_word(inner: &Object<'_>) -> Option<Word> {
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

fn read_plain<T: DeserializeOwned>(answer: &Answer<'_>) -> Result<Outcome<T>, Unreadable> {
    let Answer { spec, head, .. } = *answer;
    let not_text = || Err(answer.unreadable("the answer is not the service's text"));
    let text = answer.text.trim();
    if text.is_empty()
        || text.starts_with('<')
        || text.len() > 1000
        || text.contains(char::REPLACEMENT_CHARACTER)
    {
        return not_text();
    }
    if repeats(text) {
        return Err(answer.unreadable(TWICE));
    }
    // The shared refusals are JSON even where answers are text.
    if let Some(object) = fields::object(text) {
        let (word, said) = (status(&object).map(|word| Word::of(&word)), text_of(&object));
        return match word {
            Some(Word::Success) if head.status.is_success() && is_plain_success(spec, &said) => {
                decode_said(answer, &said)
            }
            Some(Word::Success) if reason::documented(&said).is_none() => not_text(),
            _ => judge_failure(answer, word, &said, text),
        };
    }
    if head.status.is_success() && is_plain_success(spec, text) {
        return decode_said(answer, text);
    }
    if !head.status.is_success() && reason(text) == Reason::Other {
        return Err(answer.unreadable("the service failed"));
    }
    judge_failure(answer, None, text, "")
}

/// Whether a plain answer begins with one of the endpoint's texts of success.
fn is_plain_success(spec: &Spec, text: &str) -> bool {
    let start = |g: &&str| text.get(..g.len()).is_some_and(|start| start.eq_ignore_ascii_case(g));
    spec.envelope.success_words.iter().any(start)
}

/// `QUEUED|id`: how older answers of KooKoo are written. The word has to be a known one.
fn read_bar(text: &str) -> Option<Map<String, Value>> {
    let (word, rest) = text.trim().split_once('|')?;
    let field = |name: &str, value: &str| (name.to_owned(), Value::from(value.trim()));
    (Word::of(word) != Word::Unlisted && !rest.contains(['|', '<']))
        .then(|| Map::from_iter([field("status", word), field("message", rest)]))
}

/// `<response>` with one element per field.
fn read_xml(answer: &Answer<'_>) -> Result<Map<String, Value>, Unreadable> {
    use quick_xml::events::Event;
    let bad = || answer.unreadable("the answer is not KooKoo's XML");
    if let Some(object) = read_bar(answer.text) {
        return Ok(object);
    }
    let mut reader = quick_xml::Reader::from_str(answer.text);
    let (mut depth, mut object) = (0_usize, Map::new());
    let (mut name, mut value) = (String::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| bad())? {
            Event::Start(tag) => {
                depth += 1;
                let tag = tag.local_name().as_ref().to_owned();
                match depth {
                    1 if !object.is_empty() => return Err(bad()),
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
                    let field = object.insert(std::mem::take(&mut name), value.trim().into());
                    if field.is_some() {
                        return Err(answer.unreadable(TWICE));
                    }
                }
                depth = depth.checked_sub(1).ok_or_else(bad)?;
            }
            // `<status/>` is an empty field, and `<response/>` a second document.
            Event::Empty(_) if depth == 0 => return Err(bad()),
            Event::Eof if depth == 0 && !object.is_empty() => return Ok(object),
            Event::Eof => return Err(bad()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
