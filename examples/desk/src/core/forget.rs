//! Taking a telephone number out of what is kept, however it is written there.

use ozonetel_sdk::types::PhoneNumber;
use serde_json::Value;

/// What stands in place of a number that was forgotten: no number, and valid wherever a number is.
pub const FORGOTTEN: &str = "0";

/// A longer run of digits is an id or a time.
const LONGEST: usize = 15;

/// The text without the number; `None` if it is not in it. JSON stays JSON: its strings and numbers are looked at one by
/// one.
///
/// ```
/// use desk::core::forget::without;
///
/// let number = "9000000001".into();
/// let text = r#"{"CallerID":"09000000001","note":"ask +91 90000-00001, not 9000000002","n":9000000001}"#;
/// let left = r#"{"CallerID":"0","n":0,"note":"ask 0, not 9000000002"}"#;
/// assert_eq!(without(text, &number).as_deref(), Some(left));
/// assert_eq!(without("9000000002", &number), None);
/// ```
pub fn without(text: &str, number: &PhoneNumber) -> Option<String> {
    let json = serde_json::from_str::<Value>(text);
    let Ok(mut json) = json.map_err(|_| ()).and_then(|value| match value {
        Value::Object(_) | Value::Array(_) | Value::String(_) => Ok(value),
        // A text of digits is no JSON.
        _ => Err(()),
    }) else {
        return of_text(text, number);
    };
    clear(&mut json, number).then(|| json.to_string())
}

fn clear(value: &mut Value, number: &PhoneNumber) -> bool {
    match value {
        Value::String(text) => match without(text, number) {
            Some(left) => {
                *text = left;
                true
            }
            None => false,
        },
        Value::Number(digits) if is_it(&digits.to_string(), number) => {
            *value = Value::from(0);
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| clear(item, number) | any),
        Value::Object(fields) => {
            fields.values_mut().fold(false, |any, field| clear(field, number) | any)
        }
        _ => false,
    }
}

fn is_it(text: &str, number: &PhoneNumber) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits <= LONGEST && PhoneNumber::from(text).is_same_number(number)
}

fn of_text(text: &str, number: &PhoneNumber) -> Option<String> {
    let (mut left, mut rest, mut found) = (String::new(), text, false);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || c == '+') {
        let (before, from) = rest.split_at(start);
        left.push_str(before);
        let length = ends_of(from).find(|end| is_it(&from[..*end], number));
        if let Some(end) = length {
            left.push_str(FORGOTTEN);
            (rest, found) = (&from[end..], true);
        } else {
            // All digits that hang together: a number does not begin within another.
            let end =
                from[1..].find(|c: char| !c.is_ascii_digit()).map_or(from.len(), |end| end + 1);
            left.push_str(&from[..end]);
            rest = &from[end..];
        }
    }
    left.push_str(rest);
    found.then_some(left)
}

/// Where a number that begins at the start of a text may end, the longest first: after a digit that no other follows.
fn ends_of(text: &str) -> impl Iterator<Item = usize> {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
    let longest = text.find(|c| !part(c)).unwrap_or(text.len()).min(3 * LONGEST);
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let ends: Vec<_> =
        (1..=longest).rev().filter(|end| is_digit(end - 1) && !is_digit(*end)).collect();
    ends.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(text: &str) -> Option<String> {
        without(text, &"9000000001".into())
    }

    #[test]
    fn every_spelling_goes_and_nothing_else_does() {
        for spelling in
            ["9000000001", "09000000001", "+91 9000-000-001", "919000000001", "(+91) 90000 00001"]
        {
            let text = format!("call {spelling} today");
            assert!(!left(&text).unwrap_or(text).contains("000001"), "{spelling}");
        }
        for other in [
            "9000000002",
            "12345179000000001",
            "19000000001000",
            "1764139000000001",
            "2026-11-20",
            "",
        ] {
            assert_eq!(left(other), None, "{other}");
        }
        assert_eq!(left("9000000001 9000000002").as_deref(), Some("0 9000000002"));
        assert_eq!(left("9000000002 9000000001").as_deref(), Some("9000000002 0"));
        assert_eq!(left(r#""9000000001""#).as_deref(), Some(r#""0""#));
        let nested = r#"{"a":["{\"b\":\"9000000001\"}"]}"#;
        assert_eq!(left(nested).as_deref(), Some(r#"{"a":["{\"b\":\"0\"}"]}"#));
    }

    proptest! {
        /// A second time finds nothing, and JSON stays JSON.
        #[test]
        fn once_is_enough(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let text = format!("{before} 9000000001 {after}");
            if let Some(gone) = left(&text) {
                prop_assert_eq!(left(&gone), None);
            }
            let json = serde_json::json!({"x": [text, 9_000_000_001_i64]}).to_string();
            let gone = left(&json).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&gone).is_ok());
            prop_assert_eq!(left(&gone), None);
        }

        #[test]
        fn any_text_is_taken(text in "\\PC{0,60}") {
            let _ = left(&text);
        }
    }
}
