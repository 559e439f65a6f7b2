//! Bytes into text, and text into JSON: one reader for answers, whole or as they arrive, and for pushes.
//!
//! A byte-order mark in front is left out. What is not UTF-8, such as a name that was cut inside a letter, becomes
//! U+FFFD: names survive with a hole in them, and an id never has one, since an id is digits. A raw control character
//! inside a JSON text, and half of a surrogate pair, do not cost the rest either.

use std::borrow::Cow;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads text as its bytes arrive, however they are cut.
#[derive(Debug, Default)]
pub(crate) struct TextReader {
    began: bool,
    /// The beginning of a letter or of the mark, at most three bytes.
    cut: Vec<u8>,
}

impl TextReader {
    /// Appends what the bytes say.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut String) {
        let joined;
        let mut bytes = bytes;
        if !self.cut.is_empty() {
            let mut both = std::mem::take(&mut self.cut);
            both.extend_from_slice(bytes);
            joined = both;
            bytes = &joined;
        }
        if !self.began {
            if bytes.len() < MARK.len() && MARK.starts_with(bytes) {
                self.cut = bytes.to_vec();
                return;
            }
            self.began = true;
            bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            out.push_str(text);
            return;
        }
        let mut parts = bytes.utf8_chunks().peekable();
        while let Some(part) = parts.next() {
            out.push_str(part.valid());
            if parts.peek().is_none() && is_cut(part.invalid()) {
                self.cut = part.invalid().to_vec();
            } else if !part.invalid().is_empty() {
                out.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }

    /// No more bytes come.
    pub(crate) fn end(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.cut).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Whether bytes are the beginning of a letter.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Bytes that are all there.
pub(crate) fn whole(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(MARK).unwrap_or(bytes))
}

/// JSON text with control characters inside its texts escaped and halves of surrogate pairs replaced. `None` where
/// there is none of either.
pub(crate) fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut quoted, mut changed) = (false, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut len = first.len_utf8();
        match first {
            '"' => quoted = !quoted,
            '\\' if quoted => {
                let (taken, whole) = escape(rest);
                if !whole {
                    changed = true;
                    out.push_str("\\ufffd");
                    rest = rest.get(taken..).unwrap_or_default();
                    continue;
                }
                len = taken;
            }
            control if quoted && control < ' ' => {
                changed = true;
                out.push_str("\\u00");
                for half in [u32::from(control) >> 4, u32::from(control) & 15] {
                    out.extend(char::from_digit(half, 16));
                }
                rest = rest.get(len..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        out.push_str(rest.get(..len).unwrap_or(rest));
        rest = rest.get(len..).unwrap_or_default();
    }
    changed.then_some(out)
}

/// How long the escape at the start is, and whether it is a whole letter.
fn escape(text: &str) -> (usize, bool) {
    let unit = |from: usize| {
        let digits = text.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match unit(0) {
        Some(0xd800..=0xdbff) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (12, true),
        Some(0xd800..=0xdfff) => (6, false),
        Some(_) => (6, true),
        None => (1 + text.chars().nth(1).map_or(0, char::len_utf8), true),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(bytes: &[u8], size: usize) -> String {
        let (mut reader, mut out) = (TextReader::default(), String::new());
        bytes.chunks(size).for_each(|piece| reader.push(piece, &mut out));
        reader.end(&mut out);
        out
    }

    #[test]
    fn a_mark_is_left_out_and_a_letter_that_is_cut_is_replaced() {
        let cut = &"प्रिय".as_bytes()[..14];
        for size in 1..20 {
            assert_eq!(in_pieces("\u{feff}{\"a\":\"é\"}".as_bytes(), size), "{\"a\":\"é\"}");
            assert_eq!(in_pieces(cut, size), "प्रि\u{fffd}");
            assert_eq!(in_pieces(b"\xef\xbb", size), "\u{fffd}");
            assert_eq!(in_pieces(b"", size), "");
        }
        assert_eq!(whole(b"\xef\xbb\xbfa\xffb"), "a\u{fffd}b");
        // Only in front it is a mark.
        assert_eq!(in_pieces("a\u{feff}".as_bytes(), 1), "a\u{feff}");
    }

    proptest! {
        #[test]
        fn the_pieces_that_bytes_come_in_do_not_change_the_text(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xef), Just(0xbb), Just(0xe0), Just(b'a')], 0..40),
            size in 1usize..9,
        ) {
            // Alone, the beginning of a mark is one letter that was cut.
            prop_assert_eq!(in_pieces(&bytes, size), whole(&bytes));
        }
    }
}
