//! Takes what is personal or secret out of a token and leaves its shape: the same value gets the same stand-in, so
//! that a masked session still fits together.

use std::collections::HashMap;
use std::fmt;

use crate::mdl::token::Token;
use serde_json::{Map, Number, Value};

/// Fields whose values are words of the protocol. Everything else is masked, known or not.
const WORDS: [&str; 14] = [
    "type",
    "ns",
    "mode",
    "isSip",
    "code",
    "calltype",
    "callType",
    "agentStatus",
    "echo",
    "timeout",
    "protocolVersion",
    "subProtocol",
    "vendor",
    "version",
];

/// Dialing modes, which a reply's `resp` ends with.
const MODES: [&str; 6] = ["INBOUND", "MANUAL", "BLENDED", "PROGRESSIVE", "PREVIEW", "PREDICTIVE"];

/// Values that are told apart; any further one shares a stand-in.
const KNOWN: usize = 4096;

/// Masks tokens. One mask for one recording: stand-ins are numbered in order of appearance.
///
/// ```
/// use ozonetel_sdk::mdl::{Mask, Token};
/// let mut mask = Mask::default();
/// let token = Token::parse(r#"{"type":"dropCall","callerId":"9000000001","name":"A B","utid":"3"}"#)?;
/// assert_eq!(mask.token(&token).json(), r#"{"callerId":"0000000001","name":"masked-2","type":"dropCall","utid":"3"}"#);
/// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
/// ```
#[derive(Default)]
pub struct Mask {
    seen: HashMap<Box<str>, u64>,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} values)", self.seen.len())
    }
}

impl Mask {
    /// The token with stand-ins.
    pub fn token(&mut self, token: &Token) -> Token {
        Token::from(self.object(token.fields()))
    }

    fn object(&mut self, fields: &Map<String, Value>) -> Map<String, Value> {
        let event = fields.get("type").and_then(Value::as_str) == Some("event");
        fields
            .iter()
            .map(|(name, value)| {
                let kept = if digits(name) >= 5 || name.len() > 64 {
                    format!("key-{}", self.ordinal(name))
                } else {
                    name.clone()
                };
                let value = match (name.as_str(), value) {
                    ("utid", value) if is_counter(value) => value.clone(),
                    ("name", value) if event && is_word(value) => value.clone(),
                    (name, value) if WORDS.contains(&name) && is_word(value) => value.clone(),
                    ("params", Value::String(text)) => Value::from(self.params(text)),
                    ("resp", Value::String(text)) => Value::from(self.resp(text)),
                    (_, value) => self.value(value),
                };
                (kept, value)
            })
            .collect()
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => Value::from(self.text(text)),
            Value::Number(number) => Value::Number(self.number(number)),
            Value::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => Value::Object(self.object(fields)),
        }
    }

    fn number(&mut self, number: &Number) -> Number {
        let text = number.to_string();
        if number.is_f64() || text.len() > 19 {
            return Number::from_f64(0.5).unwrap_or_else(|| 0.into());
        }
        // The first digit stays in place, so that the number keeps its length.
        let width = u32::try_from(text.trim_start_matches('-').len()).unwrap_or(1);
        let base = 10_u64.saturating_pow(width - 1);
        (base + self.ordinal(&text) % base.max(10)).into()
    }

    fn text(&mut self, text: &str) -> String {
        let bare = text.strip_prefix('+').unwrap_or(text);
        if text.is_empty() || is_time(text) {
            return text.to_owned();
        }
        let ordinal = self.ordinal(text);
        if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) {
            let plus = if bare.len() < text.len() { "+" } else { "" };
            let room = u32::try_from(bare.len()).unwrap_or(u32::MAX);
            let ordinal = ordinal % 10_u64.saturating_pow(room);
            return format!("{plus}{ordinal:0width$}", width = bare.len());
        }
        let hyphens = text.bytes().filter(|b| *b == b'-').count();
        if text.len() == 36
            && hyphens == 4
            && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        {
            return format!("00000000-0000-4000-8000-{ordinal:012}");
        }
        format!("masked-{ordinal}")
    }

    fn params(&mut self, text: &str) -> String {
        let parts: Vec<String> = text
            .split(',')
            .map(|part| if part == "SIP:true" { part.to_owned() } else { self.text(part) })
            .collect();
        parts.join(",")
    }

    fn resp(&mut self, text: &str) -> String {
        let Some((word, rest)) = text.split_once(':') else { return self.text(text) };
        let word = if word.bytes().all(|b| b.is_ascii_alphabetic()) {
            word.to_owned()
        } else {
            self.text(word)
        };
        let rest: Vec<String> = rest
            .split('~')
            .map(|part| {
                let kind = part.starts_with("tb") && part.bytes().all(|b| b.is_ascii_alphabetic());
                if kind || MODES.contains(&part) { part.to_owned() } else { self.text(part) }
            })
            .collect();
        format!("{word}:{}", rest.join("~"))
    }

    fn ordinal(&mut self, text: &str) -> u64 {
        let next = self.seen.len() as u64 + 1;
        match self.seen.get(text) {
            Some(ordinal) => *ordinal,
            None if self.seen.len() >= KNOWN => 0,
            None => {
                self.seen.insert(text.into(), next);
                next
            }
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A word of the protocol: short, plain, and no number in it.
fn is_word(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b" ._-".contains(&b);
            text.len() <= 64 && digits(text) < 5 && text.bytes().all(plain)
        }
        Value::Number(number) => number.as_i64().is_some_and(|number| number.abs() < 1_000_000),
        Value::Bool(_) | Value::Null => true,
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_counter(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit()),
        Value::Number(number) => number.as_u64().is_some_and(|number| number < 1_000_000_000_000),
        _ => value.is_null(),
    }
}

/// A time of day, with or without a date: no telephone number has two colons.
fn is_time(text: &str) -> bool {
    text.bytes().filter(|b| *b == b':').count() == 2
        && digits(text) <= 20
        && text.bytes().all(|b| b.is_ascii_digit() || b":-/ .TZ+".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(text: &str) -> String {
        Mask::default().token(&Token::parse(text).unwrap()).json().into_owned()
    }

    #[test]
    fn words_stay_and_everything_else_goes() {
        for (token, want) in [
            (
                r#"{"type":"tbManualDial","isSip":"true","params":"77,9000000001,500001,SIP:true","agentUniqId":1001}"#,
                r#"{"agentUniqId":1001,"isSip":"true","params":"02,0000000003,000004,SIP:true","type":"tbManualDial"}"#,
            ),
            (
                r#"{"resp":"Success:tbAgentPause~INBOUND","agentStatus":"PAUSED","user":"acme_support"}"#,
                r#"{"agentStatus":"PAUSED","resp":"Success:tbAgentPause~INBOUND","user":"masked-1"}"#,
            ),
            (r#"{"resp":"Failure:A B 9000000001"}"#, r#"{"resp":"Failure:masked-1"}"#),
            (r#"{"type":"9000000001"}"#, r#"{"type":"0000000001"}"#),
            (r#"{"9000000001":"x"}"#, r#"{"key-1":"masked-2"}"#),
            (r#"{"name":"A B"}"#, r#"{"name":"masked-1"}"#),
            (r#"{"type":"event","name":"login"}"#, r#"{"name":"login","type":"event"}"#),
            (r#"{"startTime":"2026-01-02 10:00:00"}"#, r#"{"startTime":"2026-01-02 10:00:00"}"#),
            (
                r#"{"x":[1.5,null,true,{"n":"+919000000001"}]}"#,
                r#"{"x":[0.5,null,true,{"n":"+000000000001"}]}"#,
            ),
            (
                r#"{"browserSessionId":"5b0e6c1e-1234-4000-8000-0123456789ab"}"#,
                r#"{"browserSessionId":"00000000-0000-4000-8000-000000000001"}"#,
            ),
        ] {
            assert_eq!(masked(token), want, "{token}");
        }
    }

    #[test]
    fn the_same_value_gets_the_same_stand_in() {
        let mut mask = Mask::default();
        let mut one = |text: &str| mask.token(&Token::parse(text).unwrap()).json().into_owned();
        let first = one(r#"{"a":"9000000001"}"#);
        assert_ne!(one(r#"{"a":"9000000002"}"#), first);
        assert_eq!(one(r#"{"a":"9000000001"}"#), first);
    }

    proptest! {
        /// A number of five digits or more does not survive, wherever it stands.
        #[test]
        fn no_number_survives(
            number in "[1-9][0-9]{7,11}",
            name in "type|ns|utidx|callerId|params|resp|code|name|agentStatus|x",
            shape in 0..5,
        ) {
            let value = match shape {
                0 => Value::from(number.as_str()),
                1 => Value::from(number.parse::<u64>().unwrap()),
                2 => Value::from(format!("Success:tb~{number}")),
                3 => Value::from(format!("77,{number},5,SIP:true")),
                _ => serde_json::json!({ "deep": [number.as_str()], number.as_str(): 1 }),
            };
            let token = Token::from(Map::new()).with(&name, value);
            let masked = Mask::default().token(&token).json().into_owned();
            prop_assert!(!masked.contains(&number), "{}", masked);
        }
    }
}
