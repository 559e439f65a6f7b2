//! Takes what is personal or secret out of a token and leaves its shape: the same value gets the same stand-in, so
//! that a masked session still fits together.

use serde_json::{Map, Value};

use crate::mdl::token::push::{AgentStatus, SocketCallType};
use crate::mdl::token::reply::ReplyStatus;
use crate::mdl::token::{EVENTS, Token};
use crate::types::pseudonyms::Pseudonyms;

/// Fields whose values are words of the protocol. Everything else is masked, known or not.
const WORDS: [&str; 11] = [
    "type",
    "ns",
    "mode",
    "isSip",
    "code",
    "echo",
    "timeout",
    "protocolVersion",
    "subProtocol",
    "vendor",
    "version",
];

/// Dialing modes, which a reply's `resp` ends with.
const MODES: [&str; 6] = ["INBOUND", "MANUAL", "BLENDED", "PROGRESSIVE", "PREVIEW", "PREDICTIVE"];

/// Masks tokens, the same values by the same stand-ins: see [`Pseudonyms`].
///
/// ```
/// use ozonetel_sdk::mdl::{Mask, Token};
/// let mask = Mask::default();
/// let token = Token::parse(r#"{"type":"dropCall","callerId":"9000000417","name":"Lucy L","utid":"3"}"#)?;
/// assert_eq!(mask.token(&token).json(), r#"{"callerId":"9000000001","name":"A B 1","type":"dropCall","utid":"3"}"#);
/// # Ok::<(), ozonetel_sdk::mdl::NotAToken>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Mask {
    pseudonyms: Pseudonyms,
}

impl Mask {
    /// A mask whose stand-ins are in a table that others may share.
    pub fn new(pseudonyms: Pseudonyms) -> Self {
        Self { pseudonyms }
    }

    /// The token with stand-ins.
    pub fn token(&self, token: &Token) -> Token {
        Token::from(self.object(token.fields()))
    }

    fn object(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        let event = fields.get("type").and_then(Value::as_str) == Some("event");
        fields
            .iter()
            .map(|(name, value)| {
                let kept = if name.len() > 64 {
                    self.pseudonyms.of_field("", name)
                } else if digits(name) >= 5 {
                    self.pseudonyms.in_text(name)
                } else {
                    name.clone()
                };
                let value = match (name.as_str(), value) {
                    ("utid", value) if is_counter(value) => value.clone(),
                    ("name", Value::String(text)) if event && EVENTS.contains(&&**text) => {
                        value.clone()
                    }
                    ("agentStatus" | "calltype" | "callType", Value::String(text))
                        if is_known(text) =>
                    {
                        value.clone()
                    }
                    (name, value) if WORDS.contains(&name) && is_word(value) => value.clone(),
                    ("params", Value::String(text)) => Value::from(self.params(text)),
                    ("resp", Value::String(text)) => Value::from(self.resp(text)),
                    (name, value) => self.value(name, value),
                };
                (kept, value)
            })
            .collect()
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => Value::from(self.pseudonyms.of_field(name, text)),
            Value::Number(number) => Value::Number(self.pseudonyms.of_number(name, number)),
            Value::Array(values) => values.iter().map(|value| self.value(name, value)).collect(),
            Value::Object(fields) => Value::Object(self.object(fields)),
        }
    }

    fn text(&self, text: &str) -> String {
        self.pseudonyms.of_field("", text)
    }

    fn params(&self, text: &str) -> String {
        let parts: Vec<String> = text
            .split(',')
            .map(|part| if part == "SIP:true" { part.to_owned() } else { self.text(part) })
            .collect();
        parts.join(",")
    }

    fn resp(&self, text: &str) -> String {
        let Some((word, rest)) = text.split_once(':') else { return self.text(text) };
        let word = match ReplyStatus::of(word.trim()) {
            ReplyStatus::Unclear => self.text(word),
            _ => word.to_owned(),
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
}

/// Whether a text is a word for an agent's state or a kind of call.
fn is_known(text: &str) -> bool {
    AgentStatus::from(text).kind().is_some() || SocketCallType::from(text).kind().is_some()
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
                r#"{"type":"tbManualDial","isSip":"true","params":"77,9000000417,500417,SIP:true","agentUniqId":1001}"#,
                r#"{"agentUniqId":1001,"isSip":"true","params":"77,9000000001,500001,SIP:true","type":"tbManualDial"}"#,
            ),
            (
                r#"{"resp":"Success:tbAgentPause~INBOUND","agentStatus":"PAUSED","user":"shop"}"#,
                r#"{"agentStatus":"PAUSED","resp":"Success:tbAgentPause~INBOUND","user":"acme_support"}"#,
            ),
            (r#"{"resp":"Failure:A B 9000000417"}"#, r#"{"resp":"Failure:text 1"}"#),
            (r#"{"type":"9000000417"}"#, r#"{"type":"9000000001"}"#),
            (r#"{"9000000417":"x"}"#, r#"{"9000000001":"text 1"}"#),
            (r#"{"name":"Lucy L"}"#, r#"{"name":"A B 1"}"#),
            (r#"{"type":"event","name":"login"}"#, r#"{"name":"login","type":"event"}"#),
            (r#"{"type":"event","name":"Lucy L"}"#, r#"{"name":"A B 1","type":"event"}"#),
            (r#"{"agentStatus":"with Lucy L"}"#, r#"{"agentStatus":"text 1"}"#),
            (r#"{"calltype":"Lucy"}"#, r#"{"calltype":"text 1"}"#),
            (r#"{"callType":"Manual Dialing"}"#, r#"{"callType":"Manual Dialing"}"#),
            (r#"{"resp":"Lucy:tbAgentPause"}"#, r#"{"resp":"text 1:tbAgentPause"}"#),
            (r#"{"startTime":"2026-01-02 10:00:00"}"#, r#"{"startTime":"2026-01-02 10:00:00"}"#),
            (
                r#"{"x":[1.5,98765.5,null,true,{"n":"+919000000417"}]}"#,
                r#"{"x":[1.5,0,null,true,{"n":"+919000000001"}]}"#,
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
        let mask = Mask::default();
        let one = |text: &str| mask.token(&Token::parse(text).unwrap()).json().into_owned();
        let first = one(r#"{"a":"9000000417"}"#);
        assert_ne!(one(r#"{"a":"9000000418"}"#), first);
        assert_eq!(one(r#"{"a":"9000000417"}"#), first);
    }

    proptest! {
        /// A number of five digits or more does not survive, wherever it is.
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
