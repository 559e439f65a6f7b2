//! Comparing telephone numbers without ever rewriting one.

/// Whether both are telephone numbers and the same one.
///
/// Visual separators (`-`, `.`, brackets, spaces) do not count. In-country numbers of India are the
/// same as ten digits, with `0` or `91` before them, or with `+91`; all others must agree digit by
/// digit, `+` included. Text that is no number equals nothing.
///
/// ```
/// use sip_ucid::same_number;
///
/// assert!(same_number("09000000001", "+91 9000-000-001"));
/// assert!(same_number("9000000001", "919000000001"));
/// assert!(!same_number("+19000000001", "9000000001"));
/// assert!(!same_number("anonymous", "anonymous"));
/// ```
pub fn same_number(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    is_number(one) && is_number(other) && significant(one).eq(significant(other))
}

/// Whether the text is a telephone number: digits with visual separators, a `+` only in front.
///
/// ```
/// use sip_ucid::is_number;
///
/// assert!(is_number("+1 (201) 555-0123") && is_number("100"));
/// assert!(!is_number("alice") && !is_number("") && !is_number("+") && !is_number("1+2"));
/// ```
pub fn is_number(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    let body = text.strip_prefix(b"+").unwrap_or(text);
    let allowed = |byte: &u8| byte.is_ascii_digit() || is_separator(*byte);
    body.iter().all(allowed) && body.iter().any(u8::is_ascii_digit)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')' | b' ')
}

fn digits(text: &[u8]) -> impl Iterator<Item = u8> + Clone {
    text.iter().copied().filter(|byte| !is_separator(*byte))
}

/// The digits that tell numbers apart: ten for one of India, all of them for another.
fn significant(text: &[u8]) -> impl Iterator<Item = u8> {
    let count = digits(text).count();
    let prefix = [&b"+91"[..], b"91", b"0"].into_iter().find(|prefix| {
        count == prefix.len() + 10 && digits(text).take(prefix.len()).eq(prefix.iter().copied())
    });
    digits(text).skip(prefix.map_or(0, <[u8]>::len))
}
