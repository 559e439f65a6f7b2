//! What is shown of a number in logs, tables and messages: its last two digits.

/// How many digits in a row are taken for a telephone number in running text. Calls' ids are longer.
const NUMBER_IN_TEXT: std::ops::RangeInclusive<usize> = 7..=13;

/// A number as it may be shown: `…01`. Of four characters and fewer, nothing is shown.
///
/// Every log line, table and `Display` of the workspace shortens numbers with this function.
///
/// ```
/// use ozonetel_sdk::types::redact_number;
/// assert_eq!(redact_number("+919000000001"), "…01");
/// assert_eq!(redact_number("1234"), "…");
/// ```
pub fn redact_number(text: &str) -> String {
    let total = text.chars().count();
    let keep = if total > 4 { 2 } else { 0 };
    std::iter::once('…').chain(text.chars().skip(total - keep)).collect()
}

/// A text with every telephone number in it shortened: seven to thirteen digits in a row. The ids of calls are longer
/// and stay.
///
/// ```
/// use ozonetel_sdk::types::redact_numbers_in;
/// assert_eq!(redact_numbers_in("UCID 90000000000000001: 9000000001 is busy"), "UCID 90000000000000001: …01 is busy");
/// ```
pub fn redact_numbers_in(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        out.push_str(before);
        if NUMBER_IN_TEXT.contains(&digits.len()) {
            out.push_str(&redact_number(digits));
        } else {
            out.push_str(digits);
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortened_wherever_they_stand() {
        assert_eq!(
            redact_numbers_in("call +919000000001, then 09000000002"),
            "call +…01, then …02"
        );
        for kept in ["on 2026-11-21 at 10:00:00, agent 1001", "ucid [12345170000000099]", ""] {
            assert_eq!(redact_numbers_in(kept), kept);
        }
        assert_eq!(redact_number("500001"), "…01");
    }
}
