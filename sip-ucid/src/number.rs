//! Comparing telephone numbers without rewriting them.

/// The shortest number that an international prefix `00` is believed of; a shorter text that begins
/// with `00` is an extension.
const SHORTEST_INTERNATIONAL: usize = 7;

/// The length of an Indian number without country code and trunk prefix.
const INDIAN: usize = 10;

/// Whether both texts are telephone numbers, and the same one.
///
/// - An Indian number is ten digits that do not begin with `0`, whatever stands before them: nothing,
///   `0`, `91`, `+91` or `0091`.
/// - `+` and `00` are the same international prefix. A number written with it is never the same as
///   its digits without it: without a prefix nothing says which country is meant.
/// - Any other number, a short code or an extension, equals only itself, leading zeros included.
/// - The separators of [`is_number`] do not count. Text that is no number equals nothing, itself
///   included: two withheld callers are not one caller.
///
/// ```
/// use sip_ucid::same_number;
///
/// assert!(same_number("09000000001", "+91 9000-000-001"));
/// assert!(same_number("00919000000001", "9000000001"));
/// assert!(same_number("0012015550123", "+1 (201) 555-0123"));
/// assert!(!same_number("+12015550123", "2015550123"));
/// assert!(!same_number("100", "0100"));
/// assert!(!same_number("anonymous", "anonymous"));
/// ```
pub fn same_number(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    match (Number::new(one.as_ref()), Number::new(other.as_ref())) {
        (Some(one), Some(other)) => one.plan == other.plan && one.digits().eq(other.digits()),
        _ => false,
    }
}

/// Whether the text is a telephone number: at least one digit, separators (space, `-`, `.`, `(` and
/// `)`), and at most one `+` before the first digit.
///
/// ```
/// use sip_ucid::is_number;
///
/// assert!(is_number("+1 (201) 555-0123") && is_number("(+91) 9000000001") && is_number("100"));
/// assert!(!is_number("alice") && !is_number("") && !is_number("+") && !is_number("1+2"));
/// ```
pub fn is_number(text: impl AsRef<[u8]>) -> bool {
    Number::new(text.as_ref()).is_some()
}

/// Which numbering plan the significant digits belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Ten digits of India.
    Indian,
    /// A country code and a number, written with `+` or `00`.
    International,
    /// Digits as they are dialled.
    Local,
}

/// A telephone number: its text, and how many of the digits in it only say where it belongs.
#[derive(Clone, Copy)]
struct Number<'a> {
    text: &'a [u8],
    plan: Plan,
    prefix: usize,
}

impl<'a> Number<'a> {
    fn new(text: &'a [u8]) -> Option<Self> {
        let mut global = false;
        let mut count = 0;
        for byte in text {
            match byte {
                b'0'..=b'9' => count += 1,
                b'+' if !global && count == 0 => global = true,
                _ if is_separator(*byte) => {}
                _ => return None,
            }
        }
        if count == 0 {
            return None;
        }
        let (plan, prefix) = Self::place(text, global, count);
        Some(Self { text, plan, prefix })
    }

    /// The plan of `count` digits, and the length of what stands before the significant ones.
    fn place(text: &[u8], global: bool, count: usize) -> (Plan, usize) {
        let leads = |prefix: &[u8]| {
            let mut digits = digits(text);
            prefix.iter().all(|digit| digits.next() == Some(*digit))
                && digits.next().is_some_and(|digit| digit != b'0')
        };
        let indian = |prefix: &[u8]| count == prefix.len() + INDIAN && leads(prefix);
        if global {
            return if indian(b"91") { (Plan::Indian, 2) } else { (Plan::International, 0) };
        }
        for prefix in [&b""[..], b"0", b"91", b"0091"] {
            if indian(prefix) {
                return (Plan::Indian, prefix.len());
            }
        }
        if count >= 2 + SHORTEST_INTERNATIONAL && leads(b"00") {
            return (Plan::International, 2);
        }
        (Plan::Local, 0)
    }

    /// The digits that distinguish the number from others of its plan.
    fn digits(self) -> impl Iterator<Item = u8> + use<'a> {
        digits(self.text).skip(self.prefix)
    }
}

fn digits(text: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    text.iter().copied().filter(u8::is_ascii_digit)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')' | b' ')
}
