//! The plain success, decoded without a tree: what nearly every answer of a dial is.
//!
//! Whatever is not exactly that is left to the reader of everything, which begins anew; so there is nothing here that
//! could be read in another way.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};

use super::Outcome;
use super::answer::{Answer, PAYLOAD};
use super::words::Word;
use crate::core::endpoint::Payload;
use crate::types::wire::Key;

/// Reads an object whose `status` is a word of success and which is the payload itself. `None` says nothing.
pub(super) fn success<T: DeserializeOwned>(answer: &Answer<'_>) -> Option<Outcome<T>> {
    let envelope = &answer.spec.envelope;
    // Without success words the accompanying text decides.
    if envelope.payload != Payload::Whole || envelope.success_words.is_empty() {
        return None;
    }
    if !answer.is_within(answer.text, PAYLOAD) {
        return None;
    }
    let mut from = serde_json::Deserializer::from_str(answer.text);
    let success = from.deserialize_map(Probe).ok()?;
    if !success {
        return None;
    }
    serde_json::from_str(answer.text).ok().map(Outcome::Done)
}

/// Whether `status` is a word of success. A key in another case counts only without this one.
struct Probe;

/// An answer with more fields is left to the other reader.
const MOST: usize = 8;

impl<'de> Visitor<'de> for Probe {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a few fields, each there once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let (mut success, mut seen) = (false, [""; MOST]);
        let mut free = seen.iter_mut();
        let mut known = 0;
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let Cow::Borrowed(name) = key.0 else { return Err(A::Error::custom("an escape")) };
            let Some(slot) = free.next() else { return Err(A::Error::custom("many fields")) };
            *slot = name;
            known += 1;
            if name == "status" {
                // The service writes it as a text; anything else is for the other reader.
                success = Word::of(&map.next_value::<Key<'de>>()?.0) == Word::Success;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let mut names = seen.iter().take(known).enumerate();
        // A field that is there twice is believed in neither.
        let repeats = names.any(|(at, name)| seen.iter().take(at).any(|other| other == name));
        Ok(success && !repeats)
    }
}
