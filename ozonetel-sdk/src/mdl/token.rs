//! The token: one JSON object per frame, kept whole, with views on the few fields that every token may carry.

pub(crate) mod push;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod session;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::core::envelope::fields::repeats;
use crate::types::wire::{float_text, shown_name};

/// The namespace of system tokens.
pub const SYSTEM_NS: &str = "org.jwebsocket.plugins.system";

/// The names of system events, which are about other clients.
pub(crate) const EVENTS: [&str; 4] = ["connect", "disconnect", "login", "logout"];

/// The namespace of the toolbar's tokens.
pub const TOOLBAR_NS: &str = "ozonetel.cloudagent";

/// One token. Cheap to clone; whatever it carries, known or not, is kept as it came.
///
/// `Debug` shows type, field names and a `utid` that is a short number only: the values are personal data.
///
/// ```
/// use ozonetel_sdk::mdl::Token;
/// let token = Token::parse(r#"{"type":"somethingNew","utid":"7","ucid":12345678901234567,"x":[null,1.0]}"#)?;
/// assert_eq!(token.kind(), Some("somethingNew"));
/// assert_eq!(token.utid().as_deref(), Some("7"));
/// assert_eq!(token.text("ucid").as_deref(), Some("12345678901234567"));
/// assert!(token.json().contains("[null,1.0]"));
/// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Token(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    fields: Map<String, Value>,
    /// The text as received; `None` once a field was set here.
    raw: Option<Box<str>>,
    /// Whether a name came twice, as far as `raw` no longer shows it.
    repeats: bool,
}

impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

/// A frame that holds no token: not JSON, or JSON that is not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAToken;

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the frame is not a JSON object")
    }
}

impl std::error::Error for NotAToken {}

impl Token {
    /// A token of a type, without anything else.
    pub fn new(kind: &str) -> Self {
        Self::from(Map::new()).with("type", kind)
    }

    /// Reads a frame's text.
    ///
    /// # Errors
    /// [`NotAToken`] for anything but one JSON object.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let fields = serde_json::from_str(text).map_err(|_| NotAToken)?;
        Ok(Self(Arc::new(Inner { fields, raw: Some(text.into()), repeats: false })))
    }

    /// The same token with one field set.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.repeats |= inner.raw.take().is_some_and(|raw| repeats(&raw));
        inner.fields.insert(name.to_owned(), value.into());
        self
    }

    /// One field by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.fields.get(name)
    }

    /// All fields.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.0.fields
    }

    /// A scalar field as text, whether it came as text or as a number; `30.0` becomes `30`, and a number
    /// that may have been rounded is written with an exponent. `None` for what is absent, `null`, an object or a list.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.get(name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "true" } else { "false" })),
            Value::Number(number) => Some(Cow::Owned(number_text(number))),
            _ => None,
        }
    }

    /// `type`, where it is text.
    pub fn kind(&self) -> Option<&str> {
        self.get("type")?.as_str()
    }

    /// `ns`, where it is text.
    pub fn ns(&self) -> Option<&str> {
        self.get("ns")?.as_str()
    }

    /// `utid` as text: replies carry it as text or as a number.
    pub fn utid(&self) -> Option<Cow<'_, str>> {
        self.text("utid")
    }

    /// Whether it answers a request: `type` is `response`.
    pub fn is_reply(&self) -> bool {
        self.kind() == Some("response")
    }

    /// Whether a name came twice in it: of the two values only the last is among the fields.
    pub(crate) fn repeats(&self) -> bool {
        self.0.repeats || self.0.raw.as_deref().is_some_and(repeats)
    }

    /// The frame's text: as received, or as it is sent.
    pub fn json(&self) -> Cow<'_, str> {
        match &self.0.raw {
            Some(raw) => Cow::Borrowed(raw),
            None => Cow::Owned(serde_json::to_string(&self.0.fields).unwrap_or_default()),
        }
    }
}

fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_text(float),
        _ => number.to_string(),
    }
}

impl From<Map<String, Value>> for Token {
    fn from(fields: Map<String, Value>) -> Self {
        Self(Arc::new(Inner { fields, raw: None, repeats: false }))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<Box<str>> = self.0.fields.keys().map(|name| shown_name(name)).collect();
        let is_counter =
            |utid: &Cow<'_, str>| utid.len() <= 8 && utid.bytes().all(|byte| byte.is_ascii_digit());
        f.debug_struct("Token")
            .field("type", &self.kind().map(short_kind))
            .field("utid", &self.utid().filter(is_counter))
            .field("fields", &names)
            .finish()
    }
}

/// A type's name for errors and lists: whatever a peer sends, no more than a word of it, and no number.
pub(crate) fn short_kind(kind: &str) -> Box<str> {
    shown_name(kind)
}

/// The unique id of a token sent: the sender's counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utid(pub(crate) u64);

impl Utid {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Utid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl crate::core::error::Error {
    /// Attaches the token that this error is about.
    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "the link's stream makes them"))]
    pub(crate) fn carrying(self, token: Token) -> Self {
        self.attach(token)
    }

    /// The token of the agent socket that this error is about: for a dial whose outcome is unknown, the dial.
    pub fn token(&self) -> Option<&Token> {
        self.attachment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(value: Value) -> Token {
        match value {
            Value::Object(fields) => Token::from(fields),
            _ => panic!("an object"),
        }
    }

    #[test]
    fn only_an_object_is_a_token() {
        for text in ["", "[]", "1", "null", "\"x\"", "{", "{}x", "<html>"] {
            assert_eq!(Token::parse(text), Err(NotAToken), "{text}");
        }
        assert!(Token::parse("{}").is_ok());
    }

    #[test]
    fn utid_is_text_whatever_it_came_as() {
        for (json, want) in [
            (json!({"utid": 22}), Some("22")),
            (json!({"utid": "22"}), Some("22")),
            (json!({"utid": 22.0}), Some("22")),
            (json!({"utid": null}), None),
            (json!({"utid": [22]}), None),
            (json!({}), None),
        ] {
            assert_eq!(token(json.clone()).utid().as_deref(), want, "{json}");
        }
    }

    #[test]
    fn a_number_that_may_be_rounded_is_no_id() {
        for (number, want) in [
            ("7000361703741301.0", None),
            ("7.0003617037413001e16", None),
            ("90000000000000001", Some("90000000000000001")),
            ("22.0", Some("22")),
        ] {
            let token =
                Token::parse(&format!(r#"{{"type":"busyAgent","ucid":{number}}}"#)).unwrap();
            assert_eq!(
                token.ucid().as_ref().map(crate::types::ids::Ucid::as_str),
                want,
                "{number}"
            );
        }
    }

    #[test]
    fn what_was_received_is_handed_on_letter_by_letter() {
        let text = r#"{ "b":1.10, "a":123456789012345678901234567890, "utid":null }"#;
        let token = Token::parse(text).unwrap();
        assert_eq!(token.json(), text);
        assert!(!token.with("a", 1).json().contains("1234567"));
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", token(json!({"type":"busyAgent","callerId":"9000000001"})));
        assert!(shown.contains("callerId") && !shown.contains("9000000001"), "{shown}");
        for value in [
            json!({"9000000001": 1}),
            json!({r#"{"callerId":"9000000001"}"#: ""}),
            json!({"type": "9000000001", "utid": 9_000_000_001_u64}),
            json!({"type": r#"{"n":"Lucy"}"#, "utid": "Lucy"}),
        ] {
            let shown = format!("{:?}", token(value));
            assert!(!shown.contains("9000000001") && !shown.contains("Lucy"), "{shown}");
        }
    }
}
