//! The service's status words, for all endpoints together, and what counts as proof of a refusal.
//!
//! The pages and field reports show these words and no others (`docs.ozonetel.com/reference`, the tables of each page;
//! `true` and `false` as text or as booleans are from field reports). No source shows an endpoint at which one of them
//! means something else, so no endpoint has a list of its own. Further failure words exist on pages that no one has
//! captured: an unlisted word refuses what may be repeated, and leaves open what may happen only once.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::fields::TEXTS;
use crate::core::endpoint::Repeat;
use crate::core::reason;
use crate::types::ids::Ucid;

/// Words of success, compared without case.
pub(super) const SUCCESS: [&str; 4] = ["success", "true", "queued", "queued successfully"];

/// Words of failure, compared without case.
pub(crate) const FAILURE: [&str; 4] = ["false", "fail", "failure", "error"];

/// What a status word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Success,
    Failure,
    /// One that no source shows.
    Unlisted,
}

impl Word {
    pub(super) fn of(word: &str) -> Self {
        let word = word.trim();
        let is = |known: &str| known.eq_ignore_ascii_case(word);
        if SUCCESS.iter().any(|known| is(known)) {
            Self::Success
        } else if FAILURE.iter().any(|known| is(known)) {
            Self::Failure
        } else {
            Self::Unlisted
        }
    }
}

/// Whether an answer that is no success proves that nothing happened. What may be repeated needs no proof. What may
/// happen only once needs a documented text or a failure word, and nothing that [speaks against it](contradicts_refusal).
pub(super) fn is_refusal(
    answer: &Answer<'_>,
    word: Option<Word>,
    text: &str,
    document: &str,
) -> bool {
    let own = answer.asked.ucid.as_ref();
    let contradicted = || {
        let object = match serde_json::from_str(document) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        };
        contradicts_refusal(&object, text, own)
    };
    let said = || word == Some(Word::Failure) || reason::documented(text).is_some();
    answer.spec.repeat == Repeat::Safe || (said() && !contradicted())
}

/// Whether an answer that says no shows that something may have happened all the same: it names a call, or its text says
/// success or mentions a call. A documented text means what it is documented for. The id that was asked about, sent back,
/// is no news of another call.
///
/// Answers over REST and replies on the agent socket are judged alike.
pub(crate) fn contradicts_refusal(
    object: &Map<String, Value>,
    text: &str,
    own: Option<&Ucid>,
) -> bool {
    let says_otherwise = || says_success(text) || mentions_a_call(text, own);
    has_call_id(object, own) || (reason::documented(text).is_none() && says_otherwise())
}

/// Whether a text says that something was done: `Call queued successfully`.
fn says_success(text: &str) -> bool {
    let mut done = false;
    for word in text.split(|letter: char| !letter.is_alphanumeric()) {
        let is = |known: &str| known.eq_ignore_ascii_case(word);
        if ["not", "no", "cannot", "failed"].into_iter().any(is) {
            return false;
        }
        done |= ["success", "successful", "successfully", "queued"].into_iter().any(is);
    }
    done
}

/// Whether a text has a run of digits that can only be the id of a call other than this one.
fn mentions_a_call(text: &str, own: Option<&Ucid>) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit())
        .any(|run| run.len() > LONGEST_NUMBER && own.is_none_or(|own| own.as_str() != run))
}

/// Names under which answers carry the id of a call.
const IDS: [&str; 5] = ["ucid", "monitorUCID", "sid", "callID", "call_id"];

/// The shortest id in a published sample.
const SHORTEST_ID: usize = 14;

/// The longest telephone number that a text may mention: `0091` and ten digits.
const LONGEST_NUMBER: usize = 14;

/// Whether an answer names a call other than this one, at whatever depth: under a name for ids, or as the whole
/// accompanying text.
fn has_call_id(object: &Map<String, Value>, own: Option<&Ucid>) -> bool {
    let is_own = |value: &Value| own.is_some_and(|own| as_text(value).trim() == own.as_str());
    let is = |name: &str, known: &[&str]| known.iter().any(|k| k.eq_ignore_ascii_case(name));
    object.iter().filter(|(_, value)| !is_own(value)).any(|(name, value)| {
        if is(name, &IDS) {
            return as_text(value).bytes().any(|b| matches!(b, b'1'..=b'9'));
        }
        names_a_call(value, own) || (is(name, &TEXTS) && is_id_text(value))
    })
}

fn names_a_call(value: &Value, own: Option<&Ucid>) -> bool {
    match value {
        Value::Object(inner) => has_call_id(inner, own),
        Value::Array(items) => items.iter().any(|item| names_a_call(item, own)),
        _ => false,
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_id_text(value: &Value) -> bool {
    let text = as_text(value);
    let text = text.trim();
    text.len() >= SHORTEST_ID && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::catalogue::ALL;
    use crate::core::endpoint::{Payload, Spec};

    #[test]
    fn every_endpoint_draws_its_success_words_from_the_one_list() {
        let by_word = |spec: &&Spec| !matches!(spec.envelope.payload, Payload::Plain);
        for spec in ALL.iter().filter(by_word) {
            for word in spec.envelope.success_words {
                assert_eq!(Word::of(word), Word::Success, "{}: {word}", spec.name);
            }
        }
    }

    #[test]
    fn no_word_is_both_and_case_and_blanks_do_not_count() {
        for word in SUCCESS {
            assert_eq!(Word::of(&format!(" {} ", word.to_uppercase())), Word::Success);
            assert!(!FAILURE.contains(&word));
        }
        for word in FAILURE {
            assert_eq!(Word::of(&word.to_uppercase()), Word::Failure);
        }
        for word in ["", "ok", "processing", "Message queued", "successful", "queue", "errors"] {
            assert_eq!(Word::of(word), Word::Unlisted, "{word}");
        }
    }

    #[test]
    fn a_calls_id_is_found_wherever_it_is() {
        let found = |json: &str| has_call_id(&serde_json::from_str(json).unwrap(), None);
        for json in [
            r#"{"ucid":"90000000000000001"}"#,
            r#"{"UCID":90000000000000001}"#,
            r#"{"ucid":7.0003617037413001e16}"#,
            r#"{"data":{"monitorUcid":"90000000000000001"}}"#,
            r#"{"data":[{"sid":"90000000000000001"}]}"#,
            r#"{"message":" 90000000000000001 "}"#,
            r#"{"Message":90000000000000001}"#,
        ] {
            assert!(found(json), "{json}");
        }
        for json in [
            "{}",
            r#"{"ucid":null}"#,
            r#"{"ucid":""}"#,
            r#"{"ucid":"NA","UCID":0}"#,
            r#"{"message":"404"}"#,
            r#"{"message":"Invalid ucid [90000000000000001] or did [918000000001]"}"#,
        ] {
            assert!(!found(json), "{json}");
        }
    }

    #[test]
    fn a_text_that_says_success_or_names_a_call_is_no_refusal() {
        for text in ["Call queued successfully", "Queued", "SUCCESS", "Dial: successful."] {
            assert!(says_success(text), "{text}");
        }
        for text in
            ["Call not queued", "No success", "queued: failed", "Agent busy", "", "unsuccessful"]
        {
            assert!(!says_success(text), "{text}");
        }
        let own = "90000000000000001".parse().ok();
        let other = r#"{"ucid":"90000000000000002"}"#;
        assert!(mentions_a_call(other, own.as_ref()) && mentions_a_call(other, None));
        assert!(!mentions_a_call("ucid 90000000000000001 is over", own.as_ref()));
        assert!(!mentions_a_call("00919000000001 is not reachable", None));
    }
}
