//! CSV cells that a spreadsheet would run as formulas.
//!
//! Names, comments and UUIs are written by others. A cell that begins with `=`, `+`, `-` or `@` is a formula to a
//! spreadsheet, and some split a line at semicolons and tabs as well, whatever the quotes say. A `'` in front makes it a
//! text. Source: OWASP, "CSV Injection".

use std::borrow::Cow;

/// The cell with a `'` in front of what would be run. Numbers stay as they are, signs included.
pub(crate) fn defused(cell: &str) -> Cow<'_, str> {
    if is_harmless(cell) || is_number(cell) || !cell.contains(starts_formula) {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len() + 1);
    let mut at_start = true;
    for c in cell.chars() {
        if at_start && starts_formula(c) {
            text.push('\'');
        }
        text.push(c);
        at_start = splits(c) || (at_start && is_skipped(c));
    }
    Cow::Owned(text)
}

/// The cell as it was before it was made a text.
pub(crate) fn armed(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut at_start = true;
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        let was_put = at_start && c == '\'' && chars.peek().is_some_and(|c| starts_formula(*c));
        if !was_put {
            text.push(c);
            at_start = splits(c) || (at_start && is_skipped(c));
        }
    }
    text
}

/// Most cells: a letter or a digit first, and then nothing that may begin another cell.
fn is_harmless(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii() && !splits(char::from(*byte)))
}

/// The full-width forms are read as the plain ones.
fn starts_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
}

/// What may end a cell for a spreadsheet, whatever the quotes say.
fn splits(c: char) -> bool {
    matches!(c, ';' | ',' | '|' | '\t' | '\r' | '\n' | '\0')
}

/// What a spreadsheet may take away before it looks for a formula.
fn is_skipped(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\u{feff}' | '\u{200b}')
}

/// A sign, digits and at most one point: a value and not a formula.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain(whole) && plain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (cell, want) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
            ("+91 90000 00001", "'+91 90000 00001"),
            ("  =1", "  '=1"),
            ("\t=1", "\t'=1"),
            ("a;=1", "a;'=1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("\"=1", "\"'=1"),
            ("\u{feff}=1", "\u{feff}'=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("-", "'-"),
        ] {
            assert_eq!(defused(cell), want, "{cell:?}");
            assert_eq!(armed(want), cell);
        }
    }

    #[test]
    fn other_cells_stay_as_they_are() {
        for cell in
            ["", "-5", "+919000000001", "1.5", "-0.5", "a=b", "A-B", "Follow Up", "10:00 - 11:00"]
        {
            assert_eq!(defused(cell), cell);
            assert_eq!(armed(cell), cell);
        }
    }
}
