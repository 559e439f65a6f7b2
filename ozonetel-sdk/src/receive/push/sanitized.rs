//! From bytes to plain objects, with the account's key taken out on the way.

use std::fmt;

use serde_json::{Map, Value};

use super::error::{PushError, PushErrorKind};
use super::forms::{self, Opened};
use super::json;
use super::key::{self, FoundKeys};
use super::key_name::is_key;
use super::twice;
use crate::core::text;
use crate::types::secret::Secret;
use crate::types::wire::shown_name;

/// How much of a push is read.
///
/// ```
/// use ozonetel_sdk::push::{PushReader, PushLimits, PushErrorKind};
/// let reader = PushReader::new().limits(PushLimits { bytes: 64, ..PushLimits::default() });
/// let error = reader.callbacks(None, &[b' '; 65]).unwrap_err();
/// assert_eq!(error.kind(), PushErrorKind::TooLarge);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushLimits {
    /// Bytes of the body, and of the query.
    pub bytes: usize,
    /// Objects in one delivery.
    pub items: usize,
    /// Fields of one object, nested ones counted.
    pub fields: usize,
    /// Levels of nesting, the object itself being the first.
    pub depth: usize,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self { bytes: 256 * 1024, items: 100, fields: 256, depth: 8 }
    }
}

/// The objects of one delivery, as plain fields and **without the account's key**: what may be stored, and read again
/// later with [`PushReader::read`](super::PushReader::read) from [`to_json`](Self::to_json).
///
/// Of a name that comes twice, the last value that says something is under it, and the other under the name and
/// `_first`. A number that JSON writes without quotes is kept as one: beyond 64 bits, or with a fraction, its digits are
/// those of the nearest `f64`.
///
/// `Debug` shows the fields' names only; the values are personal data.
///
/// ```
/// use ozonetel_sdk::auth::Secret;
/// use ozonetel_sdk::push::PushReader;
/// let body = b"data=%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22Apikey%22%3A%22test-key%22%7D";
/// let sanitized = PushReader::new().sanitize(None, body)?;
/// assert!(sanitized.key_is(&Secret::from("test-key")));
/// assert_eq!(sanitized.to_json(), r#"[{"monitorUCID":"90000000000000001"}]"#);
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Clone, Default)]
pub struct SanitizedPush {
    objects: Vec<Object>,
    /// FoundKeys beside the objects, not in them.
    outer: Vec<Secret>,
    /// All that are different, while it is read.
    distinct: FoundKeys,
}

/// A push in no form that can be opened.
#[derive(Debug)]
pub(crate) struct Unopened {
    /// Why.
    pub(crate) error: Box<PushError>,
    /// The keys that its text names.
    pub(crate) keys: Vec<Secret>,
}

#[derive(Clone, Default)]
struct Object {
    fields: Map<String, Value>,
    keys: Vec<Secret>,
}

/// What is known of a push in advance.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expected<'a> {
    /// The query parameter that is not a field, but the URL's secret.
    pub(crate) hidden: Option<&'a str>,
    /// The account's keys: they are taken out wherever they are.
    pub(crate) keys: &'a [Secret],
}

/// Whether fields are on their own, or inside the JSON text of a field `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The field `data` may hold the objects.
    Wrapped,
    /// A field `data` is a field like any other.
    Flat,
}

/// JSON text inside JSON text, or `data` inside `data`: how often that is undone.
const WRAPPINGS: usize = 3;

impl SanitizedPush {
    /// Reads a body, or the query where there is no body.
    pub(crate) fn read(
        query: Option<&str>,
        body: &[u8],
        form: Form,
        limits: &PushLimits,
        expected: Expected<'_>,
    ) -> Result<Self, Unopened> {
        let query = query.unwrap_or_default();
        if body.len() > limits.bytes || query.len() > limits.bytes {
            let reason = format!("more than {} bytes", limits.bytes);
            let error = Box::new(PushError::new(PushErrorKind::TooLarge, reason));
            return Err(Unopened { error, keys: Vec::new() });
        }
        let body = text::whole(body);
        let body = body.trim_ascii();
        let mut sanitized = Self::default();
        let opened = if body.is_empty() {
            forms::listed(query, limits.fields).and_then(|mut pairs| {
                pairs.retain(|(name, _)| expected.hidden != Some(forms::unescaped(name)));
                match &*pairs {
                    // JSON without a field's name, as in a body.
                    [(json, value)] if value.is_empty() && json::looks_like_json(json) => {
                        sanitized.json(json, form, limits)
                    }
                    _ => sanitized.pairs(pairs, form, limits),
                }
            })
        } else if body == "null" {
            Ok(())
        } else {
            sanitized.body(body, form, limits)
        };
        if let Err(error) = opened {
            return Err(unopened(error, query, body, expected));
        }
        let mut keys = std::mem::take(&mut sanitized.distinct).proof;
        keys.extend_from_slice(expected.keys);
        key::scrub(sanitized.objects.iter_mut().map(|object| &mut object.fields), &keys);
        Ok(sanitized)
    }

    fn body(&mut self, body: &str, form: Form, limits: &PushLimits) -> Result<(), PushError> {
        match forms::open(body, limits.fields)? {
            Opened::Json(text) => self.json(&text, form, limits),
            Opened::Pairs(pairs) => self.pairs(pairs, form, limits),
        }
    }

    fn json(&mut self, text: &str, form: Form, limits: &PushLimits) -> Result<(), PushError> {
        self.unfold(json::parse(text, limits.depth)?, form, limits, WRAPPINGS)
    }

    /// Takes the key out of fields, and says which it was.
    fn strip(&mut self, fields: &mut Map<String, Value>) -> Result<Vec<Secret>, PushError> {
        let mut keys = FoundKeys::default();
        key::strip(fields, &mut keys)?;
        for found in &keys.proof {
            self.distinct.prove(found.clone())?;
        }
        Ok(keys.proof)
    }

    /// Down to the objects, through JSON text in a string and through an object whose only field is `data`.
    fn unfold(
        &mut self,
        value: Value,
        form: Form,
        limits: &PushLimits,
        left: usize,
    ) -> Result<(), PushError> {
        match value {
            Value::Null => Ok(()),
            Value::String(text) if text.trim().is_empty() => Ok(()),
            Value::String(text) if left > 0 => {
                self.unfold(json::parse(&text, limits.depth)?, form, limits, left - 1)
            }
            Value::Array(list) => {
                if list.len() > limits.items.saturating_sub(self.objects.len()) {
                    let reason = format!("more than {} objects", limits.items);
                    return Err(PushError::new(PushErrorKind::TooMany, reason));
                }
                list.into_iter().enumerate().try_for_each(|(at, item)| match item {
                    Value::Array(_) => Err(shape().at(at)),
                    item if left > 0 => {
                        self.unfold(item, form, limits, left - 1).map_err(|e| e.at(at))
                    }
                    _ => Err(shape().at(at)),
                })
            }
            Value::Object(mut fields) => {
                if form == Form::Wrapped && only_data(&fields) {
                    if left == 0 {
                        return Err(shape());
                    }
                    let data = fields.remove("data").unwrap_or_default();
                    let keys = self.strip(&mut fields)?;
                    self.outer.extend(keys);
                    return self.unfold(data, form, limits, left - 1);
                }
                self.add(fields, limits)
            }
            _ => Err(shape()),
        }
    }

    fn add(
        &mut self,
        mut fields: Map<String, Value>,
        limits: &PushLimits,
    ) -> Result<(), PushError> {
        if named(&fields) > limits.fields {
            return Err(too_many_fields(limits));
        }
        if self.objects.len() >= limits.items {
            let reason = format!("more than {} objects", limits.items);
            return Err(PushError::new(PushErrorKind::TooMany, reason));
        }
        let keys = self.strip(&mut fields)?;
        self.objects.push(Object { fields, keys });
        Ok(())
    }

    /// `name=value` pairs: the JSON text of `data`, or the fields one by one.
    fn pairs(
        &mut self,
        pairs: Vec<(String, String)>,
        form: Form,
        limits: &PushLimits,
    ) -> Result<(), PushError> {
        let mut fields = Map::new();
        for (name, value) in pairs {
            let name = forms::unescaped(&name);
            if is_key(name) {
                let mut key = Map::from_iter([(name.to_owned(), Value::String(value))]);
                let keys = self.strip(&mut key)?;
                self.outer.extend(keys);
            } else if !name.is_empty() {
                twice::put(&mut fields, name.to_owned(), Value::String(value));
            }
        }
        let wrapped = form == Form::Wrapped && fields.get("data").is_some_and(wraps);
        if wrapped && let Some(Value::String(data)) = fields.remove("data") {
            let before = self.objects.len();
            self.json(&data, form, limits)
                .map_err(|e| if e.kind() == PushErrorKind::Syntax { in_data() } else { e })?;
            let keys = self.strip(&mut fields)?;
            self.outer.extend(keys);
            if self.objects.len() > before || fields.is_empty() {
                return self.share(before, &fields, limits);
            }
            return self.add(fields, limits);
        }
        if form == Form::Wrapped && only_data(&fields) {
            return match fields.get("data") {
                Some(Value::String(data)) if matches!(data.trim(), "" | "null") => Ok(()),
                _ => Err(in_data()),
            };
        }
        if fields.is_empty() { Ok(()) } else { self.add(fields, limits) }
    }

    /// Puts fields beside `data` into each object in it; into the first only where that would multiply them beyond what is
    /// read at once: what is stored has to be readable again.
    fn share(
        &mut self,
        from: usize,
        beside: &Map<String, Value>,
        limits: &PushLimits,
    ) -> Result<(), PushError> {
        if beside.is_empty() {
            return Ok(());
        }
        let objects = self.objects.get_mut(from..).unwrap_or_default();
        let room = |object: &Object| named(&object.fields) + named(beside) <= limits.fields;
        // A name that is in both gets a longer one, and the list its brackets and commas.
        let each = written(beside) + beside.len() * twice::SECOND.len();
        let inside: usize = objects.iter().map(|object| written(&object.fields)).sum();
        let total = inside + each.saturating_mul(objects.len()) + 2;
        let most =
            if total <= limits.bytes && objects.iter().all(room) { objects.len() } else { 1 };
        for object in objects.iter_mut().take(most) {
            if !room(object) {
                return Err(too_many_fields(limits));
            }
            let inside = std::mem::replace(&mut object.fields, beside.clone());
            for (name, value) in inside {
                twice::put(&mut object.fields, name, value);
            }
        }
        Ok(())
    }

    /// Whether the delivery carries this key, compared in constant time: every object has one, and every one is equal.
    ///
    /// A delivery without any object carries none.
    pub fn key_is(&self, key: &Secret) -> bool {
        let mut all = !self.objects.is_empty();
        for found in self.outer.iter().chain(self.objects.iter().flat_map(|object| &object.keys)) {
            all &= found.same(key);
        }
        let carried = |object: &Object| !object.keys.is_empty() || !self.outer.is_empty();
        all & self.objects.iter().all(carried)
    }

    /// Whether any object of the delivery carries a key at all.
    pub fn has_key(&self) -> bool {
        !self.outer.is_empty() || self.objects.iter().any(|object| !object.keys.is_empty())
    }

    /// The objects, without the key.
    pub fn objects(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.objects.iter().map(|object| &object.fields)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none: a check of the URL, or an empty ping.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The objects as a JSON list, without the key: the form to store. Holds personal data.
    pub fn to_json(&self) -> String {
        let list = self.objects.iter().map(|object| Value::Object(object.fields.clone()));
        Value::Array(list.collect()).to_string()
    }
}

impl fmt::Debug for SanitizedPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<'a>(&'a Map<String, Value>);
        impl fmt::Debug for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.0.keys().map(|name| shown_name(name))).finish()
            }
        }
        f.debug_list().entries(self.objects().map(Names)).finish()
    }
}

/// How many fields an object has, nested ones counted.
fn named(fields: &Map<String, Value>) -> usize {
    fields.len() + fields.values().map(json::fields_in).sum::<usize>()
}

/// How long an object is as JSON.
fn written(fields: &Map<String, Value>) -> usize {
    serde_json::to_string(fields).map_or(0, |text| text.len())
}

fn too_many_fields(limits: &PushLimits) -> PushError {
    PushError::new(PushErrorKind::TooMany, format!("more than {} fields", limits.fields))
}

fn shape() -> PushError {
    PushError::new(PushErrorKind::Shape, "expected an object or a list of objects")
}

fn in_data() -> PushError {
    PushError::field("data", "expected JSON text").of_kind(PushErrorKind::Syntax)
}

fn only_data(fields: &Map<String, Value>) -> bool {
    fields.contains_key("data") && fields.keys().all(|name| name == "data" || is_key(name))
}

fn wraps(value: &Value) -> bool {
    value.as_str().is_some_and(json::looks_like_json)
}

/// An error with the push beside it as text, key taken out, and with the keys that the text names.
fn unopened(error: PushError, query: &str, body: &str, expected: Expected<'_>) -> Unopened {
    let mut keys = FoundKeys::default();
    // A query with the URL's secret in it is not kept.
    let text = if body.is_empty() && expected.hidden.is_none() { query } else { body };
    let unread = match key::strip_text(text, &mut keys) {
        Ok(clean) => clean.unwrap_or_else(|| text.to_owned()),
        Err(_) => String::new(),
    };
    let unread = key::scrub_text(unread, expected.keys);
    keys.named.append(&mut keys.proof);
    Unopened { error: Box::new(error.with_unread(unread)), keys: keys.named }
}

#[cfg(test)]
mod tests;
