//! Character classes of RFC 3261 section 25.1 as one constant table.
//!
//! One bit per class; a byte may belong to several. Nothing here knows more of the grammar than
//! single bytes.

/// `token`: letters, digits and ``-.!%*_+`'~``.
pub(crate) const TOKEN: u32 = 1;
/// `word`, of which Call-ID is made.
pub(crate) const WORD: u32 = 1 << 1;
/// The user part of a SIP URI: `unreserved`, `user-unreserved` and `%`.
pub(crate) const USER: u32 = 1 << 2;
/// The password of a SIP URI.
pub(crate) const PASSWORD: u32 = 1 << 3;
/// A parameter of a SIP URI.
pub(crate) const URI_PARAM: u32 = 1 << 4;
/// A header inside a SIP URI, after `?`.
pub(crate) const URI_HEADER: u32 = 1 << 5;
/// Any character of an absolute URI (RFC 2396 `uric`, and `%`).
pub(crate) const URIC: u32 = 1 << 6;
/// An IPv6 address without its brackets.
pub(crate) const IPV6: u32 = 1 << 8;
/// `0`–`9`.
pub(crate) const DIGIT: u32 = 1 << 9;
/// Hexadecimal digits of either case.
pub(crate) const HEX: u32 = 1 << 10;
/// White space, line breaks of folds included.
pub(crate) const LWS: u32 = 1 << 11;
/// What a header value may hold outside quotes: `%x21-7E`, SP, HTAB and bytes above 7F.
pub(crate) const TEXT: u32 = 1 << 12;
/// The number of a `tel:` URI: digits, visual separators, and `*#ABCDEF` of local numbers.
pub(crate) const PHONE: u32 = 1 << 13;
/// Letters and digits.
pub(crate) const ALNUM: u32 = 1 << 14;
/// What ends a parameter name: `=`, `;`, `"`, `,`.
pub(crate) const PARAM_END: u32 = 1 << 15;
/// What ends a host without brackets: `:`, `;`, `?` and white space.
pub(crate) const HOST_END: u32 = 1 << 16;
/// What matters to a comma list: `,`, `"` and `<`.
pub(crate) const MARK: u32 = 1 << 17;
/// What a quoted string holds as it is: printable ASCII but `"` and `\`.
pub(crate) const PLAIN: u32 = 1 << 7;
/// Anything but `;` and `:`, which end a user part.
pub(crate) const USER_BODY: u32 = 1 << 18;
/// Anything but `%`.
const UNESCAPED: u32 = 1 << 19;
/// The user part of a SIP URI without escapes.
pub(crate) const PLAIN_USER: u32 = 1 << 20;
/// A parameter of a SIP URI without escapes.
pub(crate) const PLAIN_PARAM: u32 = 1 << 21;

const UNRESERVED_MARKS: &[u8] = b"-_.!~*'()";

const fn contains(set: &[u8], byte: u8) -> bool {
    let mut rest = set;
    while let [first, tail @ ..] = rest {
        if *first == byte {
            return true;
        }
        rest = tail;
    }
    false
}

const fn classes(byte: u8) -> u32 {
    let alnum = byte.is_ascii_alphanumeric();
    let unreserved = alnum || contains(UNRESERVED_MARKS, byte) || byte == b'%';
    let rows: [(u32, bool); 22] = [
        (TOKEN, alnum || contains(b"-.!%*_+`'~", byte)),
        (WORD, alnum || contains(b"-.!%*_+`'~()<>:\\\"/[]?{}", byte)),
        (USER, unreserved || contains(b"&=+$,;?/", byte)),
        (PASSWORD, unreserved || contains(b"&=+$,", byte)),
        (URI_PARAM, unreserved || contains(b"[]/:&+$", byte)),
        (URI_HEADER, unreserved || contains(b"[]/?:+$", byte)),
        (URIC, unreserved || contains(b";/?:@&=+$,[]", byte)),
        (IPV6, byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'),
        (DIGIT, byte.is_ascii_digit()),
        (HEX, byte.is_ascii_hexdigit()),
        (LWS, contains(b" \t\r\n", byte)),
        (TEXT, byte == b'\t' || (byte >= 0x20 && byte != 0x7F)),
        (PHONE, byte.is_ascii_hexdigit() || contains(b"*#-.()", byte)),
        (ALNUM, alnum),
        (PARAM_END, contains(b"=;\",", byte)),
        (MARK, contains(b",\"<", byte)),
        (PLAIN, matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'),
        (USER_BODY, byte != b';' && byte != b':'),
        (HOST_END, contains(b":;? \t\r\n", byte)),
        (UNESCAPED, byte != b'%'),
        (PLAIN_USER, byte != b'%' && (unreserved || contains(b"&=+$,;?/", byte))),
        (PLAIN_PARAM, byte != b'%' && (unreserved || contains(b"[]/:&+$", byte))),
    ];
    let mut rest: &[(u32, bool)] = &rows;
    let mut bits = 0;
    while let [(bit, member), tail @ ..] = rest {
        if *member {
            bits |= *bit;
        }
        rest = tail;
    }
    bits
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = classes(byte);
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    table
};

/// Whether `byte` belongs to any class in `class`.
#[inline]
pub(crate) const fn is(byte: u8, class: u32) -> bool {
    of(byte) & class != 0
}

/// The classes of a byte.
#[inline]
const fn of(byte: u8) -> u32 {
    // A byte is always inside a table of 256, so no bounds check can fail.
    TABLE[byte as usize]
}

/// Whether `text` is not empty and every byte belongs to every class in `class`.
#[inline]
pub(crate) fn all(text: &[u8], class: u32) -> bool {
    !text.is_empty() && only(text, class)
}

/// Whether every byte belongs to every class in `class`.
///
/// Four bytes at a time: their classes are combined before the one comparison.
#[inline]
pub(crate) fn only(text: &[u8], class: u32) -> bool {
    let mut rest = text;
    while let Some(([a, b, c, d], tail)) = rest.split_first_chunk::<4>() {
        if of(*a) & of(*b) & of(*c) & of(*d) & class != class {
            return false;
        }
        rest = tail;
    }
    rest.iter().all(|byte| of(*byte) & class == class)
}

/// The length of the longest beginning of `text` that belongs to `class`.
#[inline]
pub(crate) fn run(text: &[u8], class: u32) -> usize {
    text.iter().position(|byte| !is(*byte, class)).unwrap_or(text.len())
}

/// Whether every byte belongs to `class`, which has `%`, and every `%` begins an escape.
#[inline]
pub(crate) fn all_escaped(text: &[u8], class: u32) -> bool {
    only(text, class | UNESCAPED) || (only(text, class) && all_percents_escape(text))
}

/// Whether every `%` begins an escape.
pub(crate) fn all_percents_escape(text: &[u8]) -> bool {
    let escapes = |rest: &[u8]| match rest {
        [high, low, ..] => is(*high, HEX) && is(*low, HEX),
        _ => false,
    };
    let mut parts = text.split(|byte| *byte == b'%');
    parts.next();
    parts.all(escapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_agree_with_the_grammar() {
        for byte in 0..=u8::MAX {
            let alnum = byte.is_ascii_alphanumeric();
            assert_eq!(is(byte, TOKEN), alnum || b"-.!%*_+`'~".contains(&byte), "{byte:#x}");
            assert_eq!(is(byte, LWS), matches!(byte, b' ' | b'\t' | b'\r' | b'\n'), "{byte:#x}");
            assert_eq!(is(byte, TEXT), byte == 9 || (byte >= 32 && byte != 127), "{byte:#x}");
        }
        assert!(!is(b'#', URIC) && is(b'#', PHONE));
        assert!(is(b'@', URIC) && !is(b'@', USER) && !is(b'"', USER) && !is(b'#', USER));
        assert!(all(b"abc", TOKEN) && !all(b"", TOKEN) && !all(b"a b", TOKEN));
        assert!(all_escaped(b"%41b", USER) && !all_escaped(b"%4", USER));
        assert!(!all_escaped(b"%zz", USER) && all_escaped(b"", USER));
        assert!(all_escaped(b"abcdef%41", USER) && !all_escaped(b"abcdef%4", USER));
    }

    #[test]
    fn steps_of_four_find_what_single_steps_find() {
        for len in 0..24 {
            for place in 0..=len {
                let mut text = [b'a'; 24];
                if let Some(byte) = text.get_mut(place) {
                    *byte = b';';
                }
                let text = text.get(..len).unwrap_or_default();
                let sound = text.iter().all(|byte| is(*byte, TOKEN));
                assert_eq!(only(text, TOKEN), sound);
                assert_eq!(only(text, TOKEN | ALNUM), sound);
                assert_eq!(all(text, TOKEN), sound && len > 0);
                assert_eq!(run(text, TOKEN), place.min(len));
            }
        }
    }
}
