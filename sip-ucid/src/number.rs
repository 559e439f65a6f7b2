//! Comparing telephone numbers without rewriting them.

use core::fmt;
use core::hash::{Hash, Hasher};

/// The shortest number that may follow the international prefix `00`; a shorter text that begins
/// with `00` is an extension.
const SHORTEST_INTERNATIONAL: usize = 7;

/// The length of an Indian number without country code and trunk prefix.
const INDIAN: usize = 10;

/// The length of a foreign number that is written without a prefix: longer than an Indian number and
/// shorter than the id of a call.
const FOREIGN: core::ops::RangeInclusive<usize> = 11..=13;

/// How Indian service numbers of eleven digits and more begin. They are written like numbers of
/// country code 1.
const SERVICE: [&[u8]; 2] = [b"1800", b"1860"];

/// Whether both texts are telephone numbers, and the same one: whether both are a [`Number`] and
/// the two are equal. Text that is not a number equals nothing, itself included: two withheld
/// callers are not one caller.
///
/// ```
/// use sip_ucid::same_number;
///
/// assert!(same_number("09000000001", "+91 9000-000-001"));
/// assert!(same_number("00919000000001", "9000000001"));
/// assert!(same_number("0012015550123", "+1 (201) 555-0123"));
/// assert!(same_number("12015550123", "+12015550123"));
/// assert!(!same_number("+12015550123", "2015550123"));
/// assert!(!same_number("100", "0100"));
/// assert!(!same_number("anonymous", "anonymous"));
/// ```
pub fn same_number(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    match (Number::parse(one.as_ref()), Number::parse(other.as_ref())) {
        (Some(one), Some(other)) => one == other,
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
    Number::parse(text.as_ref()).is_some()
}

/// Which digits of a number are significant, and which numbers it is compared with.
///
/// ```
/// use sip_ucid::{Number, NumberPlan};
/// let plan = |text: &str| Number::parse(text).unwrap().plan();
/// assert_eq!(plan("0080-1"), NumberPlan::Local);
/// assert_eq!(plan("0012015550123"), NumberPlan::International);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NumberPlan {
    /// An Indian number: ten digits that do not begin with `0`, whatever precedes them: nothing,
    /// `0`, `91`, `+91`, `0091` or `+0`.
    Indian,
    /// A country code and a number, written with `+`, with `00`, or in eleven to thirteen digits
    /// without a prefix, as the platform writes foreign callers. Service numbers of India, which
    /// begin with `1800` or `1860`, are not among the latter.
    International,
    /// Any other digits, such as a short code or an extension: they equal only themselves, leading
    /// zeros included.
    Local,
}

/// A telephone number, borrowed from its text. Two are equal if they have the same plan and the
/// same significant digits, however they are written.
///
/// ```
/// use sip_ucid::{Number, NumberPlan};
///
/// let number = Number::parse("+91 9000-000-001").unwrap();
/// assert_eq!(number.plan(), NumberPlan::Indian);
/// assert!(number.significant_digits().eq(*b"9000000001"));
/// assert_eq!(number, Number::parse("09000000001").unwrap());
/// assert!(Number::parse("anonymous").is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Number<'a> {
    text: &'a [u8],
    plan: NumberPlan,
    prefix: usize,
}

impl<'a> Number<'a> {
    /// Parses a text that is a number and nothing else; see [`is_number`].
    ///
    /// ```
    /// use sip_ucid::Number;
    /// assert!(Number::parse("+1 (201) 555-0123").is_some());
    /// assert!(Number::parse("9000000001, 9000000002").is_none());
    /// ```
    pub fn parse(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let text = text.as_ref();
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

    /// The plan, which decides what the significant digits are compared with.
    ///
    /// ```
    /// use sip_ucid::{Number, NumberPlan};
    /// assert_eq!(Number::parse("00919000000001").unwrap().plan(), NumberPlan::Indian);
    /// assert_eq!(Number::parse("100").unwrap().plan(), NumberPlan::Local);
    /// ```
    pub const fn plan(self) -> NumberPlan {
        self.plan
    }

    /// The number of digits before the significant ones.
    ///
    /// ```
    /// use sip_ucid::Number;
    /// assert_eq!(Number::parse("+91 9000000001").unwrap().prefix_len(), 2);
    /// assert_eq!(Number::parse("9000000001").unwrap().prefix_len(), 0);
    /// ```
    pub const fn prefix_len(self) -> usize {
        self.prefix
    }

    /// The digits that distinguish the number from others of its plan, as ASCII.
    ///
    /// ```
    /// let number = sip_ucid::Number::parse("(+91) 90000-00001").unwrap();
    /// assert!(number.significant_digits().eq(*b"9000000001"));
    /// ```
    pub fn significant_digits(self) -> impl Iterator<Item = u8> + use<'a> {
        digits(self.text).skip(self.prefix)
    }

    /// The plan of `count` digits, and the length of the prefix before the significant ones.
    fn place(text: &[u8], global: bool, count: usize) -> (NumberPlan, usize) {
        let leads = |prefix: &[u8]| {
            begins(text, prefix)
                && digits(text).nth(prefix.len()).is_some_and(|digit| digit != b'0')
        };
        let indian = |prefix: &[u8]| count == prefix.len() + INDIAN && leads(prefix);
        if global {
            // No country code begins with 0: it is the trunk prefix of a national number.
            let national = [&b"91"[..], b"0"].into_iter().find(|prefix| indian(prefix));
            return national.map_or((NumberPlan::International, 0), |prefix| {
                (NumberPlan::Indian, prefix.len())
            });
        }
        for prefix in [&b""[..], b"0", b"91", b"0091"] {
            if indian(prefix) {
                return (NumberPlan::Indian, prefix.len());
            }
        }
        if count >= 2 + SHORTEST_INTERNATIONAL && leads(b"00") {
            return (NumberPlan::International, 2);
        }
        let service = SERVICE.iter().any(|prefix| begins(text, prefix));
        if FOREIGN.contains(&count) && leads(b"") && !service {
            return (NumberPlan::International, 0);
        }
        (NumberPlan::Local, 0)
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.plan == other.plan && self.significant_digits().eq(other.significant_digits())
    }
}

impl Eq for Number<'_> {}

impl Hash for Number<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plan.hash(state);
        self.significant_digits().for_each(|digit| state.write_u8(digit));
    }
}

/// Shows the plan only: numbers are personal data.
impl fmt::Debug for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({:?})", self.plan)
    }
}

fn begins(text: &[u8], prefix: &[u8]) -> bool {
    digits(text).take(prefix.len()).eq(prefix.iter().copied())
}

fn digits(text: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    text.iter().copied().filter(u8::is_ascii_digit)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')' | b' ')
}
