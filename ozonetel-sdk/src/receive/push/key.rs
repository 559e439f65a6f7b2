//! Taking the account's key out of a push, wherever it is named.

use serde_json::{Map, Value};

use super::error::{PushError, PushErrorKind};
use super::key_name::is_key;
use super::twice::SECOND;
use super::{json, work};
use crate::types::secret::Secret;

/// How many different keys one delivery may carry.
const MAX_KEYS: usize = 4;

/// Text within text (JSON in a string, percent-encoding): how many layers are opened.
const LAYERS: usize = 8;

/// FoundKeys shorter than this are not looked for inside other values.
const SCRUB_FROM: usize = 8;

/// The most fields of an object that is a name and its value: `{"name":"Apikey","value":…}`.
const PAIR: usize = 4;

/// What the name's field is called in such an object; any other may hold the value.
const NAMES: [&str; 5] = ["name", "key", "field", "id", "label"];

/// What stands for a key that was taken out.
const BLANK: &str = "…";

/// The keys that were found.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundKeys {
    /// Those in the place of the account's key: they are compared.
    pub(super) proof: Vec<Secret>,
    /// Those that some text names: they are taken out where they are.
    pub(super) named: Vec<Secret>,
}

impl FoundKeys {
    pub(super) fn prove(&mut self, key: Secret) -> Result<(), PushError> {
        if self.proof.iter().any(|known| known.reveal() == key.reveal()) {
            return Ok(());
        }
        if self.proof.len() >= MAX_KEYS {
            let reason = format!("more than {MAX_KEYS} different keys");
            return Err(PushError::new(PushErrorKind::TooMany, reason));
        }
        self.proof.push(key);
        Ok(())
    }

    fn name(&mut self, key: &str) {
        let known = self.named.iter().any(|known| known.reveal() == key);
        if !known && self.named.len() < MAX_KEYS {
            self.named.push(Secret::from(key));
        }
    }
}

/// Takes the key out of an object: from its fields, from what is nested, and from text at every depth.
pub(super) fn strip(
    fields: &mut Map<String, Value>,
    keys: &mut FoundKeys,
) -> Result<(), PushError> {
    strip_map(fields, true, LAYERS, keys).map(|_| ())
}

/// Text without the key; `None` where the text names none.
pub(super) fn strip_text(text: &str, keys: &mut FoundKeys) -> Result<Option<String>, PushError> {
    text_without(text, false, LAYERS, keys)
}

/// Whether a value is the key's name: `{"name":"Apikey","value":…}`.
fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() <= 16 && is_key(text))
}

fn take(value: Value, counts: bool, keys: &mut FoundKeys) -> Result<(), PushError> {
    let key = match value {
        Value::Null => return Ok(()),
        Value::String(text) => Secret::from(text),
        other => Secret::from(other.to_string()),
    };
    if counts { keys.prove(key) } else { Ok(()) }
}

fn strip_map(
    map: &mut Map<String, Value>,
    counts: bool,
    left: usize,
    keys: &mut FoundKeys,
) -> Result<bool, PushError> {
    // Of a name that came twice the other value is a field of its own: see `twice`.
    let once =
        |name: &&String| name.strip_suffix(SECOND).is_none_or(|name| !map.contains_key(name));
    let pair = map.values().any(is_name) && map.keys().filter(once).count() <= PAIR;
    let names = |name: &str| {
        let name = name.strip_suffix(SECOND).unwrap_or(name);
        NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let odd = |name: &str| is_key(name) || (pair && !names(name));
    let mut changed = false;
    if map.keys().any(|name| odd(name) || mark_of(name)) {
        changed = true;
        for (name, value) in std::mem::take(map) {
            if odd(&name) {
                take(value, counts, keys)?;
            } else {
                match text_without(&name, false, left, keys)? {
                    // The name was the key's name and the key: `Apikey:…`.
                    Some(clean) if is_key(&clean) => {}
                    Some(clean) => _ = map.insert(clean, value),
                    None => _ = map.insert(name, value),
                }
            }
        }
    }
    for (name, value) in map.iter_mut() {
        // Text counts as a proof only where the service puts a callback.
        let counts = counts && (!value.is_string() || name == "data");
        changed |= strip_value(value, counts, left, keys)?;
    }
    Ok(changed)
}

/// Whether a field's name can hold a key itself: it holds more than a name.
fn mark_of(name: &str) -> bool {
    name.len() > 6 && name.contains(['=', ':', '%', '"', '>'])
}

fn strip_value(
    value: &mut Value,
    counts: bool,
    left: usize,
    keys: &mut FoundKeys,
) -> Result<bool, PushError> {
    match value {
        Value::Object(map) => strip_map(map, counts, left, keys),
        Value::Array(list) => {
            let mut changed = false;
            let mut after_name = false;
            for item in list {
                if std::mem::replace(&mut after_name, is_name(item)) && item.is_string() {
                    *item = Value::from(BLANK);
                    changed = true;
                }
                changed |= strip_value(item, counts, left, keys)?;
            }
            Ok(changed)
        }
        Value::String(text) => {
            let clean = text_without(text, counts, left, keys)?;
            let changed = clean.is_some();
            if let Some(clean) = clean {
                *text = clean;
            }
            Ok(changed)
        }
        _ => Ok(false),
    }
}

fn text_without(
    text: &str,
    counts: bool,
    left: usize,
    keys: &mut FoundKeys,
) -> Result<Option<String>, PushError> {
    work::done(text.len());
    if json::looks_like_json(text)
        && let Ok(mut value) = json::value(text)
    {
        let left = deeper(left)?;
        return Ok(strip_value(&mut value, counts, left, keys)?.then(|| value.to_string()));
    }
    if text.contains('%') {
        let decoded = percent_decoded(text);
        if decoded != text
            && let Some(clean) = text_without(&decoded, counts, deeper(left)?, keys)?
        {
            return Ok(Some(clean));
        }
    }
    Ok(blanked(text, keys))
}

fn deeper(left: usize) -> Result<usize, PushError> {
    left.checked_sub(1).ok_or_else(|| {
        let reason = format!("more than {LAYERS} layers of text within text");
        PushError::new(PushErrorKind::TooDeep, reason)
    })
}

/// Percent-encoding undone; everything else as it is.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let coded = (first == b'%').then(|| hex_pair(tail)).flatten();
        out.push(coded.unwrap_or(first));
        rest = if coded.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Blanks the value after each mention of the key's name in text of no known form: cut JSON, XML, a link.
fn blanked(text: &str, keys: &mut FoundKeys) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(['a', 'A'])) {
        let start = at + start;
        at = start + 1;
        let Some(after) = name_end(text.as_bytes(), start) else { continue };
        // `<Apikey type="…">`: the attributes of a tag are no value.
        let tag = text.as_bytes().get(start.wrapping_sub(1)) == Some(&b'<');
        let end = tag.then(|| text.get(after..)?.find('>')).flatten();
        let after = end.filter(|end| *end <= GLUE).map_or(after, |end| after + end);
        let Some((from, to)) = value_after(text, after) else { continue };
        keys.name(text.get(from..to)?);
        out.push_str(text.get(done..from)?);
        out.push_str(BLANK);
        (done, at) = (to, to);
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}

/// Where the key's name that begins at `start` ends; one separator between two letters is allowed.
fn name_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for letter in b"apikey" {
        let separator = text.get(at).is_some_and(|byte| !byte.is_ascii_alphanumeric());
        at += usize::from(separator && at > start);
        if !text.get(at)?.eq_ignore_ascii_case(letter) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// How far quotes, separators and tags between a name and its value are looked through.
const GLUE: usize = 128;

/// The value behind a name: where it begins and ends.
fn value_after(text: &str, name_end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut separated) = (name_end, false);
    while at < name_end.saturating_add(GLUE) {
        let rest = bytes.get(at..)?;
        at += match rest {
            [b'<', ..] if rest.starts_with(b"<![CDATA[") => 9,
            [b'<', ..] => rest.iter().take(64).position(|byte| *byte == b'>')? + 1,
            [b'&', ..] => entity(rest)?,
            [b'"' | b'\'' | b'\\' | b']' | b'[' | 0, ..] => 1,
            [byte, ..] if byte.is_ascii_whitespace() || b":=>".contains(byte) => 1,
            _ => break,
        };
        separated |= matches!(rest, [b':' | b'=' | b'>' | b'<' | b'\n', ..])
            || rest.starts_with(b"&#58;")
            || rest.starts_with(b"&#61;");
    }
    let ends = ['"', '\'', '\\', '&', ',', '<', '}', ';', '\n', '\r', '\t', ' '];
    let rest = text.get(at..)?;
    let end = at + rest.find(ends).unwrap_or(rest.len());
    (separated && end > at).then_some((at, end))
}

/// The length of a quotation mark or a separator that is written as an entity of XML.
fn entity(rest: &[u8]) -> Option<usize> {
    let known = ["&quot;", "&apos;", "&#34;", "&#39;", "&#x22;", "&#x27;", "&#58;", "&#61;"];
    let starts = |known: &&str| {
        rest.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes()))
    };
    known.into_iter().find(starts).map(str::len)
}

/// Text without these keys.
pub(super) fn scrub_text(mut text: String, keys: &[Secret]) -> String {
    for needle in needles(keys) {
        if text.contains(needle.as_str()) {
            text = text.replace(needle.as_str(), BLANK);
        }
    }
    text
}

/// Blanks out these keys wherever else they are.
pub(super) fn scrub<'a>(
    objects: impl Iterator<Item = &'a mut Map<String, Value>>,
    keys: &[Secret],
) {
    let needles = needles(keys);
    if needles.is_empty() {
        return;
    }
    for object in objects {
        scrub_map(object, &needles);
    }
}

/// The keys in the spellings in which they are looked for.
fn needles(keys: &[Secret]) -> Vec<String> {
    let mut needles: Vec<String> = Vec::new();
    for key in keys.iter().map(Secret::reveal).filter(|key| key.len() >= SCRUB_FROM) {
        let coded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let quoted = Value::from(key).to_string();
        let quoted = quoted.trim_matches('"').to_owned();
        for needle in [key.to_owned(), coded, quoted] {
            if !needles.contains(&needle) {
                needles.push(needle);
            }
        }
    }
    needles
}

fn scrub_map(map: &mut Map<String, Value>, needles: &[String]) {
    map.retain(|name, value| {
        scrub_value(value, needles);
        work::done(name.len().saturating_mul(needles.len()));
        !needles.iter().any(|needle| name.contains(needle.as_str()))
    });
}

fn scrub_value(value: &mut Value, needles: &[String]) {
    match value {
        Value::String(text) => {
            for needle in needles {
                work::done(text.len());
                if text.contains(needle.as_str()) {
                    *text = text.replace(needle.as_str(), BLANK);
                }
            }
        }
        Value::Object(map) => scrub_map(map, needles),
        Value::Array(list) => list.iter_mut().for_each(|item| scrub_value(item, needles)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
