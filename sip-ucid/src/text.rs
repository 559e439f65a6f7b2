//! A borrowed piece of a message.

use core::fmt;

use crate::scan;

/// A slice of the input, as sent.
///
/// SIP text should be UTF-8 and in practice may be anything, so this is bytes with the conveniences
/// of a string. `Display` writes it with folds undone and invalid bytes replaced; `Debug` shows
/// only the length, so that numbers and names stay out of logs.
///
/// ```
/// use sip_ucid::Text;
///
/// let value = Text::new(b"one\r\n  two");
/// assert!(value.is_folded());
/// assert_eq!(value.to_string(), "one two");
/// assert_eq!(value.as_bytes(), b"one\r\n  two");
/// assert_eq!(format!("{value:?}"), "Text(10 bytes)");
/// assert_eq!(Text::new(b"abc"), "abc");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Wraps bytes.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Text::new(b"abc"), "abc");
    /// ```
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes as sent, folds and all.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Text::new(b"a\r\n b").as_bytes(), b"a\r\n b");
    /// ```
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text if it is UTF-8; folds are still in it.
    ///
    /// ```
    /// use sip_ucid::Text;
    /// assert_eq!(Text::new(b"abc").to_str(), Some("abc"));
    /// assert_eq!(Text::new(b"\xff").to_str(), None);
    /// ```
    pub fn to_str(self) -> Option<&'a str> {
        core::str::from_utf8(self.0).ok()
    }

    /// How many bytes it has.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Text::new(b"abc").len(), 3);
    /// ```
    #[inline]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    ///
    /// ```
    /// assert!(sip_ucid::Text::new(b"").is_empty() && !sip_ucid::Text::new(b" ").is_empty());
    /// ```
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether it spans more than one line.
    ///
    /// ```
    /// assert!(sip_ucid::Text::new(b"a\r\n b").is_folded());
    /// assert!(!sip_ucid::Text::new(b"a b").is_folded());
    /// ```
    pub fn is_folded(self) -> bool {
        self.0.contains(&b'\n')
    }

    /// Its pieces with folds undone: a line break and the white space after it are one space.
    ///
    /// ```
    /// let value = sip_ucid::Text::new(b"one\r\n\ttwo");
    /// let pieces: Vec<&[u8]> = value.unfold().collect();
    /// assert_eq!(pieces.concat(), b"one two");
    /// ```
    pub const fn unfold(self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        Unfold { rest: self.0, break_due: false }
    }

    /// Whether both are equal once folds are undone.
    ///
    /// ```
    /// use sip_ucid::Text;
    /// assert!(Text::new(b"a\r\n b").same_unfolded(Text::new(b"a b")));
    /// assert!(!Text::new(b"a b").same_unfolded(Text::new(b"ab")));
    /// ```
    pub fn same_unfolded(self, other: Self) -> bool {
        self.0 == other.0 || self.unfold().flatten().eq(other.unfold().flatten())
    }

    /// Whether it is `other` without regard to the case of ASCII letters.
    ///
    /// ```
    /// use sip_ucid::Text;
    /// assert!(Text::new(b"uDp").is("UDP") && !Text::new(b"UDP ").is("UDP"));
    /// ```
    #[inline]
    pub fn is(self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }

    /// An owned copy with folds undone and invalid bytes replaced.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Text::new(b"a\r\n b\xff").to_owned_string(), "a b\u{FFFD}");
    /// ```
    #[cfg(feature = "alloc")]
    pub fn to_owned_string(self) -> alloc::string::String {
        alloc::string::ToString::to_string(&self)
    }

    pub(crate) fn trimmed(self) -> Self {
        Self(trim(self.0))
    }
}

/// The class `LWS` without its table: one comparison decides for most bytes.
#[inline]
const fn is_lws(byte: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `bytes` without white space (folds included) at both ends.
#[inline]
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

#[inline]
pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        scan::tally(1);
        if !is_lws(*first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

#[inline]
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes {
        scan::tally(1);
        if !is_lws(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.unfold() {
            for chunk in piece.utf8_chunks() {
                f.write_str(chunk.valid())?;
                if !chunk.invalid().is_empty() {
                    f.write_str("\u{FFFD}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<[u8]> for Text<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.0 == other
    }
}

/// The pieces of a [`Text`] with folds undone; see [`Text::unfold`].
#[derive(Clone)]
struct Unfold<'a> {
    rest: &'a [u8],
    break_due: bool,
}

impl<'a> Iterator for Unfold<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.break_due {
            self.break_due = false;
            return Some(b" ");
        }
        if self.rest.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(found) =
            self.rest.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let lf = from + found;
            scan::tally(1 + found);
            // Only a line break before white space is a fold; any other LF is a character.
            if matches!(self.rest.get(lf + 1), Some(b' ' | b'\t')) {
                let (piece, tail) = self.rest.split_at_checked(lf)?;
                let blanks = tail.iter().skip(1).take_while(|b| matches!(b, b' ' | b'\t')).count();
                self.rest = tail.get(1 + blanks..).unwrap_or_default();
                let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
                if piece.is_empty() {
                    return Some(b" ");
                }
                self.break_due = true;
                return Some(piece);
            }
            from = lf + 1;
        }
        Some(core::mem::take(&mut self.rest))
    }
}
