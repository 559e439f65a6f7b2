//! The digits of a number as people and spreadsheets write it.
//!
//! A blank, a hyphen, a point or a bracket is a separator only where people write one. Anywhere else two numbers, a
//! decimal fraction or a cell of another kind has been taken for one number.

use std::borrow::Cow;

use crate::types::invalid::Invalid;

pub(super) const FIELD: &str = "phone_number";

/// The longest text that is looked at.
const LONGEST: usize = 80;
/// The largest group that another one follows: `9198765 43210`.
const LARGEST_INNER: usize = 7;
/// The same if a point follows: `90000.00001`. More digits than that are those of a decimal number.
const LARGEST_BEFORE_POINT: usize = 5;

/// Digits, and what was written around them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrittenNumber {
    /// Whether a `+` was in front.
    pub(super) plus: bool,
    pub(super) digits: String,
    /// Whether anything but digits and `+` was there.
    pub(super) separated: bool,
}

/// The text without what is invisible around it: blanks, and the marks of direction that phones copy with a number.
pub(super) fn bare(text: &str) -> &str {
    let mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.trim_matches(|c: char| c.is_whitespace() || mark(c))
}

/// The text as numbers are compared: with blanks and hyphens of ASCII alone, without what is invisible around it and
/// without the decimals that a spreadsheet adds.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = without_decimals(bare(text));
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| separator(c).unwrap_or(c)).collect()
}

/// The blank or hyphen of ASCII that a character is written for.
fn separator(c: char) -> Option<char> {
    match c {
        ' ' | '\u{a0}' | '\u{202f}' => Some(' '),
        '-' | '\u{2010}'..='\u{2013}' => Some('-'),
        _ => None,
    }
}

/// A run of digits, and the separator in front of it.
#[derive(Debug, Default)]
struct Group {
    separator: String,
    digits: String,
}

/// Reads a text that is one number and nothing else.
pub(super) fn read(text: &str) -> Result<WrittenNumber, Invalid> {
    let text = bare(text);
    if text.is_empty() {
        return Err(Invalid::new(FIELD, "is empty"));
    }
    if text.len() > LONGEST {
        return Err(Invalid::new(FIELD, "has to be 3 to 17 digits long"));
    }
    let text = without_decimals(text);
    let (plus, groups, closing) = groups(text)?;
    let digits: String = groups.iter().map(|group| group.digits.as_str()).collect();
    if !(3..=17).contains(&digits.len()) {
        return Err(Invalid::new(FIELD, "has to be 3 to 17 digits long"));
    }
    if groups.iter().any(|group| !separates(&group.separator)) || !matches!(closing, "" | ")") {
        return Err(Invalid::new(FIELD, "has separators where a number has none"));
    }
    check_groups(&groups)?;
    let separated = groups.len() > 1 || text.contains(['(', ')']);
    Ok(WrittenNumber { plus, digits, separated })
}

/// What a spreadsheet makes of a number, without the `.0` that it adds.
fn without_decimals(text: &str) -> &str {
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00"));
    whole.filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(text)
}

/// The groups of digits, and what follows the last.
fn groups(text: &str) -> Result<(bool, Vec<Group>, &str), Invalid> {
    let not_one = Invalid::new(FIELD, "has to be one number: digits, with an optional + in front");
    let (mut plus, mut open, mut last) = (false, false, 0);
    let mut groups: Vec<Group> = Vec::new();
    let mut run = String::new();
    for (at, c) in text.char_indices() {
        let balanced = match c {
            '0'..='9' => {
                match groups.last_mut() {
                    Some(group) if run.is_empty() => group.digits.push(c),
                    _ => {
                        let separator = std::mem::take(&mut run);
                        groups.push(Group { separator, digits: c.into() });
                    }
                }
                last = at + 1;
                true
            }
            '+' => {
                let first = groups.is_empty() && matches!(run.as_str(), "" | "(");
                first && !std::mem::replace(&mut plus, true)
            }
            '(' => {
                run.push(c);
                !std::mem::replace(&mut open, true)
            }
            ')' => {
                run.push(c);
                std::mem::replace(&mut open, false)
            }
            '.' => {
                run.push(c);
                true
            }
            _ => match separator(c) {
                Some(plain) => {
                    run.push(plain);
                    true
                }
                None => false,
            },
        };
        if !balanced {
            return Err(not_one);
        }
    }
    // What is in front of the first digit is a bracket, or a blank behind the plus.
    let opening = groups.first().map_or("", |first| first.separator.as_str());
    if open || !matches!(opening, "" | "(" | " " | " (") {
        return Err(not_one);
    }
    Ok((plus, groups, text.get(last..).unwrap_or_default()))
}

/// Whether people write this between two groups of digits.
fn separates(run: &str) -> bool {
    let core = run.trim_matches(' ');
    match core {
        "." => run == ".",
        "" | "-" | "(" | ")" | ")-" | ")(" | ") (" => run.len() <= 3,
        ") -" => true,
        _ => false,
    }
}

/// Whether the digits are grouped as people group them.
fn check_groups(groups: &[Group]) -> Result<(), Invalid> {
    let Some((last, inner)) = groups.split_last().filter(|(_, inner)| !inner.is_empty()) else {
        return Ok(());
    };
    let points = groups.iter().filter(|group| group.separator == ".").count();
    let zeros = last.digits.bytes().all(|digit| digit == b'0');
    if last.separator == "." && (last.digits.len() == 1 || (points == 1 && zeros)) {
        let reason = "ends in decimals, as a spreadsheet writes them; put the number as text";
        return Err(Invalid::new(FIELD, reason));
    }
    if inner.iter().any(|group| group.digits.len() > LARGEST_INNER) {
        return Err(Invalid::new(FIELD, "has more digits behind a whole number"));
    }
    let before_point = groups.windows(2).any(|pair| match pair {
        [group, next] => next.separator == "." && group.digits.len() > LARGEST_BEFORE_POINT,
        _ => false,
    });
    if before_point {
        return Err(Invalid::new(FIELD, "has a decimal point; put the number as text"));
    }
    // A country code or an area code may be a single digit, and so is the `(0)` behind a country code.
    let bracketed = |at: usize| {
        let next = groups.get(at + 1);
        groups.get(at).is_some_and(|group| group.separator.ends_with('(') && group.digits == "0")
            && next.is_some_and(|next| next.separator.starts_with(')'))
    };
    let lone = |(at, group): (usize, &Group)| {
        group.digits.len() == 1 && (at + 1 == groups.len() || (at > 1 && !bracketed(at)))
    };
    if groups.iter().enumerate().any(lone) {
        return Err(Invalid::new(FIELD, "has separators where a number has none"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits(text: &str) -> Result<String, String> {
        read(text).map(|written| written.digits).map_err(|invalid| invalid.reason().to_owned())
    }

    #[test]
    fn separators_are_read_where_people_write_them() {
        for (text, want) in [
            ("+91 (90000) 00001", "919000000001"),
            ("(+91) 9000000001", "919000000001"),
            ("+ 91 9000000001", "919000000001"),
            ("90000-00001", "9000000001"),
            ("90000.00001", "9000000001"),
            ("022-26001234", "02226001234"),
            ("0-9000000001", "09000000001"),
            ("+61 2 9374 4000", "61293744000"),
            ("+44 (0)20 7946 0018", "4402079460018"),
            ("+33 6 12 34 56 78", "33612345678"),
            ("+1.202.555.0143", "12025550143"),
            ("1-800-123-4567", "18001234567"),
            ("1800 123 4567", "18001234567"),
            ("+9190000 00001", "919000000001"),
            ("\u{202a}+91\u{a0}90000\u{2011}00001\u{202c}", "919000000001"),
            ("(022) - 26001234", "02226001234"),
        ] {
            assert_eq!(digits(text).as_deref(), Ok(want), "{text:?}");
        }
    }

    #[test]
    fn the_decimal_place_of_a_spreadsheet_is_no_digit_of_the_number() {
        for (text, want) in [
            ("1800123456.0", "1800123456"),
            ("9000000001.0", "9000000001"),
            ("9000000001.00", "9000000001"),
            ("112.0", "112"),
        ] {
            assert_eq!(digits(text).as_deref(), Ok(want), "{text:?}");
        }
        for text in [
            "+39 06 1234567.0",
            "+39 06 1234567.00",
            "9000000.000",
            "9000000.001",
            "90000 00001.0",
            "180012345.75",
            "9000000001.5",
            "9000000001.25",
            "900.00000010.0",
            "1.8001234567E10",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn separators_where_no_one_writes_them_are_refused() {
        for text in [
            "9000000001 02",
            "9198765432 10",
            "9000000001-9000000002",
            "90000 0000 1",
            "9 0 0 0 0 0 0 0 0 1",
            "-9000000001",
            ".9000000001",
            "9000000001.",
            "9000000001-",
            "90000..00001",
            "90000 . 00001",
            "90000--00001",
            "90000    00001",
            "(90000 00001",
            "90000) 00001",
            "((90000)) 00001",
            "() 9000000001",
            "+91+9000000001",
            "++919000000001",
            "9000000001+",
            "९०००००००००१",
            "９000000001",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        /// Whatever is read, the digits are those of the text, in order, but for decimals that a spreadsheet added.
        #[test]
        fn no_digit_is_made_up(text in "[-+() .0-9]{0,24}") {
            if let Ok(written) = read(&text) {
                let all: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert!(all.starts_with(&written.digits));
                let rest = &all[written.digits.len()..];
                prop_assert!(rest.is_empty() || (text.contains('.') && rest.len() <= 2 && !written.separated));
                prop_assert!(rest.bytes().all(|digit| digit == b'0'));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,90}") {
            let _ = read(&text);
        }
    }
}
