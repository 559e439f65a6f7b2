//! Telephone numbers in what people read: hidden but for the last two digits.

use ozonetel_sdk::types::{redact_number, redact_numbers_in};
use serde_json::{Map, Value};

/// Fields whose value is a telephone number, an extension or a line, by the service's own names.
const NUMBERS: [&str; 22] = [
    "phoneNumber",
    "PhoneNumber",
    "phone_number",
    "phone_no",
    "newPhoneNumber",
    "number",
    "customerNumber",
    "custNumber",
    "conferenceNumber",
    "kickNumber",
    "caller_id",
    "recipient",
    "blockNumbers",
    "CallerID",
    "callerID",
    "DialedNumber",
    "E164",
    "DID",
    "did",
    "DynamicDID",
    "TransferredTo",
    "agentNumber",
];

/// Fields whose digits name a call.
const CALLS: [&str; 4] = ["UCID", "ucid", "CallID", "monitorUCID"];

/// A field's text as a table shows it.
pub(crate) fn field(name: &str, text: &str) -> String {
    if CALLS.contains(&name) {
        text.to_owned()
    } else if NUMBERS.contains(&name) && !text.is_empty() {
        redact_number(text)
    } else {
        redact_numbers_in(text)
    }
}

/// A value with the numbers in it shortened. What is in a field of a number is one as well.
pub(crate) fn value(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(field(name, &text)),
        Value::Number(number) => {
            let text = number.to_string();
            let shown = field(name, &text);
            if shown == text { Value::Number(number) } else { Value::from(shown) }
        }
        Value::Array(list) => list.into_iter().map(|item| self::value(name, item)).collect(),
        Value::Object(fields) => {
            let within = |own: String, part: Value| {
                let name = if NUMBERS.contains(&name) { name } else { &own };
                let part = self::value(name, part);
                (own, part)
            };
            let shown = fields.into_iter().map(|(own, part)| within(own, part));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// An address without what may be secret in it: user, query, fragment.
pub(crate) fn url(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return "(an address)".to_owned() };
    // An address that has no host cannot have a user either.
    let _ = (url.set_username(""), url.set_password(None));
    let had_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    if had_query { format!("{url}?…") } else { url.into() }
}

/// A text of a library: numbers shortened, no control characters, not endless.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    redact_numbers_in(&printable(&shown))
}

/// A text that cannot move a terminal's cursor, break its line or turn what follows around.
pub(crate) fn printable(text: &str) -> String {
    let odd =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if odd(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_in_a_value_are_short_and_ids_stay() {
        let body = json!({"monitorUCID": "90000000000000001", "CallerID": "9000000417",
            "data": {"caller_id": 9_000_000_417_u64, "n": 3}, "list": ["ring 9000000417"],
            "blockNumbers": [500_001, {"number": "9000000417"}], "did": {"own": "918000000001"}});
        let want = json!({"monitorUCID": "90000000000000001", "CallerID": "…17",
            "data": {"caller_id": "…17", "n": 3}, "list": ["ring …17"],
            "blockNumbers": ["…01", {"number": "…17"}], "did": {"own": "…01"}});
        assert_eq!(value("", body), want);
    }

    #[test]
    fn a_name_that_turns_the_line_around_does_not() {
        assert_eq!(printable("\u{202e}10…\u{2066}a\u{2028}b\u{9b}2J"), " 10… a b 2J");
        assert_eq!(printable("زید \u{200f}ज़ैद"), "زید \u{200f}ज़ैद");
    }

    #[test]
    fn numbers_are_hidden_and_calls_keep_their_ids() {
        assert_eq!(field("UCID", "12345170000000099"), "12345170000000099");
        assert_eq!(field("DialedNumber", "500001"), "…01");
        assert_eq!(field("CallerID", ""), "");
        assert_eq!(field("Comments", "ring 9000000001"), "ring …01");
        assert_eq!(field("Comments", "ucid [12345170000000099]"), "ucid [12345170000000099]");
    }
}
