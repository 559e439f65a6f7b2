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

/// A number that is written in groups has so many digits, and so many in each group; behind a `+`, groups may be
/// shorter. Dates and times have shorter groups, and addresses have points.
const GROUPED: std::ops::RangeInclusive<usize> = 10..=13;
const GROUP: usize = 3;

/// A text with every telephone number in it shortened: seven to thirteen digits in a row, or ten to thirteen in groups
/// of three and more with blanks, hyphens or brackets between them. The ids of calls are longer and stay.
///
/// ```
/// use ozonetel_sdk::types::redact_numbers_in;
/// assert_eq!(redact_numbers_in("UCID 90000000000000001: 9000000001 is busy"), "UCID 90000000000000001: …01 is busy");
/// assert_eq!(redact_numbers_in("ring +91 90000-00001 on 2026-11-21"), "ring +…01 on 2026-11-21");
/// ```
pub fn redact_numbers_in(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        if let Some((number, after)) = grouped(from, before.ends_with('+')) {
            out.push_str(&redact_number(number));
            rest = after;
            continue;
        }
        let (digits, after) = digits(from);
        if NUMBER_IN_TEXT.contains(&digits.len()) {
            out.push_str(&redact_number(digits));
        } else {
            out.push_str(digits);
        }
        rest = after;
    }
    out + rest
}

/// The digits at the beginning of a text, and what follows.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// A number in groups at the beginning of a text, and what follows.
fn grouped(text: &str, plus: bool) -> Option<(&str, &str)> {
    let between = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '\u{a0}' | '\u{2010}' | '\u{2011}');
    let (first, mut after) = digits(text);
    let (mut count, mut groups) = (first.len(), 1);
    if !plus && count < GROUP {
        return None;
    }
    loop {
        let next = after.trim_start_matches(between);
        let gap = after.len() - next.len();
        let (group, rest) = digits(next);
        // One or two separators, of which some take three bytes.
        let few = (1..=2).contains(&after.get(..gap)?.chars().count());
        let short = group.is_empty() || (!plus && group.len() < GROUP);
        if !few || short || count + group.len() > *GROUPED.end() {
            break;
        }
        (count, groups, after) = (count + group.len(), groups + 1, rest);
    }
    let number = text.get(..text.len() - after.len())?;
    (groups > 1 && GROUPED.contains(&count)).then_some((number, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_groups_is_shortened_and_a_date_is_not() {
        for (text, want) in [
            ("call 90000 00001 or +91 90000 00001", "call …01 or +…01"),
            ("90000 00001 90000 00002", "…01 …02"),
            ("(080) 4000 0001, 1800-123-4567", "(…01, …67"),
            ("+1 (201) 555-0123.", "+…23."),
            ("90000\u{2011}00001 90000\u{a0}00002", "…01 …02"),
        ] {
            assert_eq!(redact_numbers_in(text), want, "{text}");
        }
        for kept in [
            "2026-11-21 10:00:00 to 2026-11-22 10:00:00",
            "http://192.168.100.200:8080 and port 8080 8971",
            "agents 1001, 1002 and 043",
            "12345170000000099 12345170000000098",
            "a - b -- 100 -",
        ] {
            assert_eq!(redact_numbers_in(kept), kept);
        }
    }

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
