//! How a reference comes back in a report.

use crate::api::cdr::CallRecord;
use crate::types::wire::SensitiveText;

/// What stands in Windows-1252 for the bytes from 0x80; those that it leaves out come as they are.
const WINDOWS_1252: [(char, u8); 27] = [
    ('\u{20ac}', 0x80),
    ('\u{201a}', 0x82),
    ('\u{0192}', 0x83),
    ('\u{201e}', 0x84),
    ('\u{2026}', 0x85),
    ('\u{2020}', 0x86),
    ('\u{2021}', 0x87),
    ('\u{02c6}', 0x88),
    ('\u{2030}', 0x89),
    ('\u{0160}', 0x8a),
    ('\u{2039}', 0x8b),
    ('\u{0152}', 0x8c),
    ('\u{017d}', 0x8e),
    ('\u{2018}', 0x91),
    ('\u{2019}', 0x92),
    ('\u{201c}', 0x93),
    ('\u{201d}', 0x94),
    ('\u{2022}', 0x95),
    ('\u{2013}', 0x96),
    ('\u{2014}', 0x97),
    ('\u{02dc}', 0x98),
    ('\u{2122}', 0x99),
    ('\u{0161}', 0x9a),
    ('\u{203a}', 0x9b),
    ('\u{0153}', 0x9c),
    ('\u{017e}', 0x9e),
    ('\u{0178}', 0x9f),
];

/// What a row's UUI says of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// It is the reference.
    Same,
    /// It may be the reference, cut or with something around it.
    Perhaps,
    /// It is another one, or none.
    Other,
    /// It cannot be read.
    Unreadable,
}

/// What a row says of a reference.
pub(super) fn carries(row: &CallRecord, reference: &str) -> Carries {
    let first = row.extra.get("UUI_first").and_then(serde_json::Value::as_str);
    let last = row.uui.as_ref().map(SensitiveText::as_str);
    let said = || [last, first].into_iter().flatten();
    if said().any(|uui| is_same(uui, reference)) {
        Carries::Same
    } else if row.extra.get("UUI_text").is_some() {
        Carries::Unreadable
    } else if said().any(|uui| is_alike(uui, reference)) {
        Carries::Perhaps
    } else {
        Carries::Other
    }
}

/// Whether a reference comes back as it was sent: Hindi text arrives as `\uXXXX` or as mis-decoded UTF-8.
pub(super) fn comes_back(reference: &str) -> bool {
    reference.trim().bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn is_same(uui: &str, reference: &str) -> bool {
    let (uui, reference) = (uui.trim(), reference.trim());
    uui == reference
        || (!comes_back(reference)
            && (uui == escaped(reference, |unit| format!("\\u{unit:04x}"))
                || uui == escaped(reference, |unit| format!("\\u{unit:04X}"))
                || redecoded(uui).is_some_and(|uui| uui.trim() == reference)))
}

/// Whether one is the other cut, or with something around it. Less than half of a reference names nothing. A blank may
/// come as `+`, as it does in other fields.
fn is_alike(uui: &str, reference: &str) -> bool {
    let (uui, reference) = (uui.trim().replace('+', " "), reference.trim().replace('+', " "));
    let (uui, reference) = (uui.as_str(), reference.as_str());
    let cut = reference.starts_with(uui) || reference.ends_with(uui);
    uui.contains(reference) || (cut && uui.len() > reference.len() / 2)
}

/// The text with what stands for each unit beyond ASCII.
fn escaped(text: &str, stands_for: impl Fn(u16) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            out.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| stands_for(*unit)));
        }
    }
    out
}

/// The text whose UTF-8 was taken for Latin-1 or Windows-1252.
fn redecoded(text: &str) -> Option<String> {
    let byte = |letter: char| {
        let known = WINDOWS_1252.iter().find(|(known, _)| *known == letter);
        known.map(|(_, byte)| *byte).or_else(|| u8::try_from(letter).ok())
    };
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(uui: &serde_json::Value, reference: &str) -> Carries {
        let row = serde_json::json!({"UCID": "71", "UUI": uui}).to_string();
        carries(&serde_json::from_str(&row).unwrap(), reference)
    }

    #[test]
    fn a_reference_is_found_in_every_form_in_which_it_comes_back() {
        for (uui, reference, want) in [
            ("order-7", "order-7", Carries::Same),
            (" order-7 ", "order-7", Carries::Same),
            ("आ-7", "आ-7", Carries::Same),
            ("à¤†-7", "आ-7", Carries::Same),
            ("\u{e0}\u{a4}\u{86}-7", "आ-7", Carries::Same),
            (r"\u0906-7", "आ-7", Carries::Same),
            (r"\u092d-7", "भ-7", Carries::Same),
            (r"\u092D-7", "भ-7", Carries::Same),
            (r"\u092D-a", "भ-A", Carries::Other),
            (r"\ud83d\ude00", "😀", Carries::Same),
            ("order+7", "order 7", Carries::Perhaps),
            ("à¤ˆ-7", "आ-7", Carries::Other),
            ("??-7", "आ-7", Carries::Other),
            ("order-", "order-7", Carries::Perhaps),
            ("order-7AAA", "order-7", Carries::Perhaps),
            ("Lead|order-7", "order-7", Carries::Perhaps),
            ("rder-7", "order-7", Carries::Perhaps),
            ("7", "order-7", Carries::Other),
            ("", "order-7", Carries::Other),
            ("order-8", "order-7", Carries::Other),
            ("Manual Dial", "order-7", Carries::Other),
        ] {
            assert_eq!(said(&uui.into(), reference), want, "{uui} of {reference}");
        }
        for uui in [serde_json::json!(["order-7"]), serde_json::json!({"id": "order-8"})] {
            assert_eq!(said(&uui, "order-7"), Carries::Unreadable);
        }
        let twice = r#"{"UCID":"71","UUI":"order-7","UUI":"Manual Dial"}"#;
        assert_eq!(carries(&serde_json::from_str(twice).unwrap(), "order-7"), Carries::Same);
    }

    #[test]
    fn only_printable_ascii_comes_back_as_it_was_sent() {
        for (reference, comes) in [
            ("order-7", true),
            (" a b ", true),
            ("a\tb", false),
            ("आ", false),
            ("caf\u{e9}", false),
        ] {
            assert_eq!(comes_back(reference), comes, "{reference}");
        }
    }
}
