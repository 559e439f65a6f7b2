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

/// Whether a text may be a telephone number, and is not an id or a time.
fn may_be_one(text: &PhoneNumber) -> bool {
    let digits = text.as_str().bytes().filter(u8::is_ascii_digit).count();
    digits <= LONGEST && text.key().is_some()
}

fn is_it(text: &str, number: &PhoneNumber) -> bool {
    let text = PhoneNumber::from(text);
    may_be_one(&text) && text.is_same_number(number)
}

fn of_text(text: &str, number: &PhoneNumber) -> Option<String> {
    let (mut left, mut rest, mut found) = (String::new(), text, false);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || c == '+') {
        let (before, from) = rest.split_at(start);
        left.push_str(before);
        if let Some(end) = end_of(from, number) {
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

/// Where the number ends that a text begins with, in its longest spelling. Which characters a number may have in it is
/// for its type to say: once a part of the text is no number, nothing that is longer is one.
fn end_of(text: &str, number: &PhoneNumber) -> Option<usize> {
    // A number has one plus. Of many in a row, each would be looked at up to the digits behind the last.
    let next =
        text.strip_prefix('+').and_then(|rest| rest.find(|c: char| c.is_ascii_digit() || c == '+'));
    if next.is_some_and(|next| text[next + 1..].starts_with('+')) {
        return None;
    }
    let mut end = None;
    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        let (part, rest) = text.split_at(at + 1);
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let part = PhoneNumber::from(part);
        if !may_be_one(&part) {
            break;
        }
        if part.is_same_number(number) {
            end = Some(at + 1);
        }
    }
    end
}

/// What the text of a column with the number is like: its digits, with whatever is written between them.
///
/// ```
/// use desk::core::forget::pattern;
///
/// assert_eq!(pattern(&"+91 112-34".into()).as_deref(), Some("%9%1%1%1%2%3%4%"));
/// assert_eq!(pattern(&"anonymous".into()), None);
/// ```
pub fn pattern(number: &PhoneNumber) -> Option<String> {
    let key = number.key()?;
    // A country code or a zero may be missing in another spelling.
    let digits = match key.indian_digits() {
        Some(digits) => digits.to_owned(),
        None => key.to_canonical(),
    };
    let digits = digits.chars().filter(char::is_ascii_digit);
    Some(digits.fold("%".to_owned(), |like, digit| format!("{like}{digit}%")))
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
        for spelling in [
            "9000000001",
            "09000000001",
            "+91 9000-000-001",
            "919000000001",
            "(+91) 90000 00001",
            "9000000001.0",
            "90000\u{a0}00001",
            "+91\u{202f}90000\u{202f}00001",
            "90000\u{2010}00001",
            "90000\u{2011}00001",
            "90000\u{2013}00001",
            "9 0 0 0 0 0 0 0 0 1",
            "90000                                             00001",
        ] {
            let text = format!("call {spelling} today");
            let gone = left(&text).unwrap_or(text);
            assert!(
                ["call 0 today", "call (0 today"].contains(&gone.as_str()),
                "{spelling}: {gone}"
            );
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

    /// Looked at up to the digits from each plus, these would take many minutes.
    #[test]
    fn a_long_run_of_pluses_is_passed_over() {
        for (plus, count) in [("+", 1_000_000), ("+ (", 300_000)] {
            let text = format!("{}+91 9000000001", plus.repeat(count));
            assert_eq!(left(&text), Some(format!("{}0", plus.repeat(count))));
        }
    }

    proptest! {
        /// Whatever the key of a number takes for one of its spellings, is found.
        #[test]
        fn what_a_key_knows_is_known(gaps in prop::collection::vec("[ .()\u{a0}\u{202f}\u{2010}-\u{2015}-]{0,2}", 9)) {
            let number = PhoneNumber::from("9000000001");
            let digits = number.as_str().chars();
            let text: String = digits.zip(gaps.iter().map(String::as_str).chain([""]))
                .flat_map(|(digit, gap)| [digit.to_string(), gap.to_owned()]).collect();
            if number.is_same_number(&text.as_str().into()) {
                prop_assert_eq!(left(&format!("ask {text}!")), Some("ask 0!".to_owned()));
            }
        }

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
