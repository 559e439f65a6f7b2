//! Quoted strings: `"` … `"`, with `\` before any byte of 00–7F but CR and LF.

use core::fmt;

use crate::chars::{self, PLAIN, TEXT};
use crate::scan;
use crate::text::Text;

/// The index after the closing quote of a text that begins with a quote.
#[inline]
pub(crate) fn end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        scan::tally(1);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Whether the whole text is one quoted string within the grammar, folds included.
pub(crate) fn is_strict(text: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = text else { return false };
    if chars::only(inner, PLAIN) {
        return true;
    }
    if end(text) != Some(text.len()) || core::str::from_utf8(inner).is_err() {
        return false;
    }
    let mut rest = inner;
    loop {
        match rest {
            [] => return true,
            [b'\\', b'\r' | b'\n' | 0x80.., ..] => return false,
            [b'\\', _, tail @ ..] | [b'\r', b'\n', b' ' | b'\t', tail @ ..] => rest = tail,
            [byte, tail @ ..] if chars::is(*byte, TEXT) => rest = tail,
            _ => return false,
        }
    }
}

/// The bytes of a token or quoted string, without quotes, escapes and folds.
///
/// `Display` replaces bytes that are not UTF-8; the iterator yields every byte.
///
/// ```
/// use sip_ucid::Unescape;
///
/// let name = Unescape::new(br#""J Rosenberg \\\"""#);
/// assert_eq!(name.to_string(), r#"J Rosenberg \""#);
/// assert!(name.eq(*br#"J Rosenberg \""#));
/// ```
#[derive(Clone)]
pub struct Unescape<'a> {
    rest: &'a [u8],
    quoted: bool,
}

impl<'a> Unescape<'a> {
    /// Text as sent; if it begins with a quote it is taken as a quoted string.
    ///
    /// ```
    /// use sip_ucid::Unescape;
    /// assert_eq!(Unescape::new(br#""a\"b""#).to_string(), "a\"b");
    /// assert_eq!(Unescape::new(b"token").to_string(), "token");
    /// ```
    pub fn new(text: &'a [u8]) -> Self {
        match text {
            [b'"', inner @ ..] => {
                Self { rest: inner.strip_suffix(b"\"").unwrap_or(inner), quoted: true }
            }
            _ => Self { rest: text, quoted: false },
        }
    }

    /// The text itself if nothing in it is escaped or folded.
    ///
    /// ```
    /// use sip_ucid::Unescape;
    /// assert_eq!(Unescape::new(b"\"plain\"").as_text().unwrap(), "plain");
    /// assert_eq!(Unescape::new(br#""a\"b""#).as_text(), None);
    /// ```
    pub fn as_text(&self) -> Option<Text<'a>> {
        let plain = |byte: &u8| !matches!(byte, b'\\' | b'\n');
        self.rest.iter().all(plain).then(|| Text::new(self.rest))
    }
}

impl Iterator for Unescape<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        match self.rest {
            [b'\\', byte, tail @ ..] if self.quoted => {
                self.rest = tail;
                Some(*byte)
            }
            [b'\r', b'\n', b' ' | b'\t', tail @ ..] | [b'\n', b' ' | b'\t', tail @ ..] => {
                self.rest = tail;
                while let [b' ' | b'\t', tail @ ..] = self.rest {
                    self.rest = tail;
                }
                Some(b' ')
            }
            [byte, tail @ ..] => {
                self.rest = tail;
                Some(*byte)
            }
            [] => None,
        }
    }
}

impl fmt::Display for Unescape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_utf8(self.clone(), f)
    }
}

impl fmt::Debug for Unescape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unescape({} bytes)", self.rest.len())
    }
}

/// Writes bytes as text, invalid ones as U+FFFD, and buffers no more than one character.
pub(crate) fn write_utf8(
    bytes: impl Iterator<Item = u8>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut pending = [0_u8; 4];
    let mut held = 0;
    for byte in bytes {
        if let Some(place) = pending.get_mut(held) {
            *place = byte;
            held += 1;
        }
        held = flush(&mut pending, held, f)?;
    }
    if held > 0 {
        f.write_str("\u{FFFD}")?;
    }
    Ok(())
}

/// Writes the complete characters of the held bytes and returns how many bytes are still held.
fn flush(
    pending: &mut [u8; 4],
    held: usize,
    f: &mut fmt::Formatter<'_>,
) -> Result<usize, fmt::Error> {
    let bytes = pending.get(..held).unwrap_or_default();
    match core::str::from_utf8(bytes) {
        Ok(text) => {
            f.write_str(text)?;
            Ok(0)
        }
        Err(error) if error.error_len().is_none() => Ok(held),
        Err(_) => {
            // The last byte may begin another character; those before it are not UTF-8.
            f.write_str("\u{FFFD}")?;
            match bytes {
                [_, .., last] => {
                    *pending = [*last, 0, 0, 0];
                    flush(pending, 1, f)
                }
                _ => Ok(0),
            }
        }
    }
}
