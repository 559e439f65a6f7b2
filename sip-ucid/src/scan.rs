//! Finding line ends and names: the hot loops.
//!
//! Two tricks, both in safe code. A 16-byte array compared element by element and folded into one
//! flag compiles to a vector comparison; and a word of eight bytes minus `0x01…` finds a byte in it
//! without a loop. Everything else takes slices with `get`.

/// Counts steps in unit tests, to distinguish linear from quadratic time without a clock.
#[inline(always)]
#[allow(clippy::inline_always, reason = "nothing is left of it outside tests")]
pub(crate) fn tally(steps: usize) {
    #[cfg(test)]
    tests::STEPS.with(|all| all.set(all.get() + steps));
    #[cfg(not(test))]
    let _ = steps;
}

/// Eight bytes from `at`, little end first, if there are eight.
#[inline]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk::<8>().map(|chunk| u64::from_le_bytes(*chunk))
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of every byte of `word` that equals `byte`; exact up to the first such byte.
#[inline]
const fn matches(word: u64, byte: u8) -> u64 {
    let differing = word ^ (LOW * byte as u64);
    differing.wrapping_sub(LOW) & !differing & HIGH
}

/// The index of the first `byte` in a word, or 8.
#[inline]
pub(crate) const fn index_in(word: u64, byte: u8) -> usize {
    (matches(word, byte).trailing_zeros() / 8) as usize
}

/// The index of the first `byte` in a chunk, or 16.
#[inline]
fn index_in_chunk(chunk: &[u8; 16], byte: u8) -> usize {
    let half = |from| word(chunk, from).map_or(8, |word| index_in(word, byte));
    let index = half(0);
    if index < 8 { index } else { 8 + half(8) }
}

#[inline]
fn any_in(chunk: &[u8; 16], byte: u8) -> bool {
    let mut found = 0;
    for each in chunk {
        found |= u8::from(*each == byte);
    }
    found != 0
}

/// The first `byte` at or after `from`.
#[inline]
pub(crate) fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    let found = first(bytes, from, byte);
    tally(1 + found.unwrap_or(bytes.len()).saturating_sub(from));
    found
}

#[inline]
fn first(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    let mut at = from;
    while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
        if any_in(chunk, byte) {
            return Some(at + index_in_chunk(chunk, byte));
        }
        rest = tail;
        at += 16;
    }
    if let Some(eight) = word(rest, 0) {
        let index = index_in(eight, byte);
        if index < 8 {
            return Some(at + index);
        }
        rest = rest.get(8..)?;
        at += 8;
    }
    rest.iter().position(|each| *each == byte).map(|index| at + index)
}

/// The first control character but HTAB at or after `from`: below 20, or 7F.
#[allow(clippy::needless_bitwise_bool, reason = "no branches: it is compiled to vectors")]
pub(crate) fn find_control(bytes: &[u8], from: usize) -> Option<usize> {
    let is_control = |byte: &u8| (*byte < 0x20) & (*byte != b'\t') | (*byte == 0x7F);
    let mut rest = bytes.get(from..)?;
    let mut at = from;
    while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
        let mut found = 0;
        for each in chunk {
            found |= u8::from(is_control(each));
        }
        if found != 0 {
            break;
        }
        rest = tail;
        at += 16;
    }
    let found = rest.iter().position(is_control).map(|index| at + index);
    tally(1 + found.unwrap_or(bytes.len()) - from);
    found
}

/// How many control characters there are: below 20, or 7F.
#[allow(clippy::needless_bitwise_bool, reason = "no branches: it is compiled to vectors")]
pub(crate) fn controls(bytes: &[u8]) -> usize {
    tally(bytes.len());
    let (mut all, mut rest) = (0, bytes);
    while let Some((chunk, tail)) = rest.split_first_chunk::<64>() {
        let mut count = 0_u8;
        for each in chunk {
            count += u8::from((*each < 0x20) | (*each == 0x7F));
        }
        all += usize::from(count);
        rest = tail;
    }
    all + rest.iter().filter(|each| **each < 0x20 || **each == 0x7F).count()
}

/// Whether text holds a control character other than in CRLF, or may: the last bytes
/// are not compared with what follows them.
#[allow(clippy::needless_bitwise_bool, reason = "no branches: it is compiled to vectors")]
pub(crate) fn is_suspicious(bytes: &[u8]) -> bool {
    tally(bytes.len());
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
        // The same bytes one place on: each CR must precede a LF, each LF follow a CR.
        let Some(next) = rest.get(1..).and_then(|next| next.first_chunk::<16>()) else { break };
        let mut found = 0;
        for (each, next) in chunk.iter().zip(next) {
            let control = (*each < 0x20) & (*each != b'\r') & (*each != b'\n');
            let broken = (*each == b'\r') ^ (*next == b'\n');
            found |= u8::from(control | (*each == 0x7F) | broken);
        }
        if found != 0 {
            return true;
        }
        rest = tail;
    }
    rest.iter()
        .any(|each| *each == 0x7F || (*each < 0x20 && !matches!(each, b'\t' | b'\r' | b'\n')))
        || rest.windows(2).any(|pair| matches!(pair, [a, b] if (*a == b'\r') != (*b == b'\n')))
}

/// Where a header line ends: its last byte, and where the next line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// One past the last byte before the line break.
    pub(crate) end: usize,
    /// The first byte of the next line.
    pub(crate) next: usize,
}

/// The end of the header line that begins at `from`, its folded continuations included.
///
/// `None` if the input ends before that is known, which takes the byte after the line break: it may
/// be a space and continue the line. `bare` lets a lone LF end a line.
#[inline]
pub(crate) fn line_end(bytes: &[u8], from: usize, bare: bool) -> Option<End> {
    let mut search = from;
    loop {
        let lf = find(bytes, search, b'\n')?;
        search = lf + 1;
        let has_return = lf > from && bytes.get(lf - 1) == Some(&b'\r');
        if has_return || bare {
            match bytes.get(search)? {
                b' ' | b'\t' => {}
                _ => return Some(End { end: lf - usize::from(has_return), next: search }),
            }
        }
    }
}

/// What a line of the head begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The empty line that ends the head; the body begins at the offset.
    Empty(usize),
    /// Something else.
    Text,
    /// The input ends too early.
    Unknown,
}

/// Looks at the line that begins at `at`.
#[inline]
pub(crate) fn opening(bytes: &[u8], at: usize, bare: bool) -> Opening {
    match bytes.get(at) {
        Some(b'\r') => match bytes.get(at + 1) {
            Some(b'\n') => Opening::Empty(at + 2),
            Some(_) => Opening::Text,
            None => Opening::Unknown,
        },
        Some(b'\n') if bare => Opening::Empty(at + 1),
        Some(_) => Opening::Text,
        None => Opening::Unknown,
    }
}

/// The first byte after the line breaks that may precede a start line.
pub(crate) fn skip_breaks(bytes: &[u8], bare: bool) -> usize {
    let mut at = 0;
    while let Opening::Empty(next) = opening(bytes, at, bare) {
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    std::thread_local! {
        pub(super) static STEPS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    }

    /// The steps that a reading takes.
    fn steps(bytes: &[u8]) -> usize {
        STEPS.with(|steps| steps.set(0));
        let _ = crate::call(bytes);
        let who = crate::identity(bytes);
        let _ = (who.asserted_number(), who.remote_caller(), who.avaya_ucid());
        let _ = (who.diversions().count(), crate::Message::stream(bytes));
        if let Ok(crate::Status::Complete(head)) = crate::Head::parse(bytes) {
            let _ = (head.from(), head.to(), head.cseq(), head.via(), head.framing_length());
            let _ = (head.vias().count(), head.contacts().count(), head.headers().count());
            let _ = (head.validate().count(), head.conflicts().count());
            for name in [crate::Name::Route, crate::Name::Contact, crate::Name::From] {
                let params = |it: crate::Address<'_>| {
                    it.params().count() + it.tag().map_or(0, crate::Text::len)
                };
                let _ = head.addresses(name).flatten().map(params).sum::<usize>();
                let _ = head.elements(name).map(|it| it.unfold().count()).sum::<usize>();
            }
        }
        STEPS.with(core::cell::Cell::get)
    }

    #[test]
    fn hostile_messages_take_steps_in_proportion_to_their_length() {
        let hostile: [(&str, &str, &str); 16] = [
            ("f:", "\r\n ", "x"),
            ("f: \"", "\\\"", "\" <sip:a@h>"),
            ("f: ", "\"\"", "<sip:a@h>"),
            ("m: ", "\"a\",", "x"),
            ("m: ", "<", "x"),
            ("m: ", "<>,", "x"),
            ("m: ", ",", "x"),
            ("m: ", "<sip:a@h>;x,", "<sip:a@h>"),
            ("m: <sip:a@h>", ";", "x"),
            ("m: <sip:a@h>", "; x = \"", "x"),
            ("v: ", "SIP/2.0/UDP h;a=b,", "x"),
            ("Route: ", "<sip:h;lr>, ", "<sip:h>"),
            ("m: *", "\r\nm: *", ""),
            ("X: ", "\r\nl: 1\r\nX-UCID: 1\r\nf: a", ""),
            ("X: ", "\n\r", ""),
            ("m: a", " ", ";"),
        ];
        for (before, repeated, after) in hostile {
            let message = |len: usize| {
                let middle = repeated.repeat(len / repeated.len());
                let filler = "X-Filler: 1\r\n".repeat(len / 40);
                std::format!(
                    "BYE sip:a@h SIP/2.0\r\n{before}\r\n{filler}{before}{middle}{after}\r\n\r\n"
                )
            };
            let (short, long) = (message(1 << 11), message(1 << 17));
            let rate = |text: &str| steps(text.as_bytes()) / text.len();
            let (slow, fast) = (rate(&long), rate(&short));
            assert!(
                slow <= 2 * fast.max(1) && slow < 100,
                "{before}{repeated}: {fast} then {slow}"
            );
        }
    }

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for len in 0..70 {
            for place in 0..len {
                for from in 0..=place {
                    let mut bytes = [b'a'; 70];
                    bytes[place] = b'\n';
                    bytes[69] = b'\n';
                    assert_eq!(find(&bytes[..len], from, b'\n'), Some(place));
                }
            }
            assert_eq!(find(&[b'\x0b'; 70][..len], 0, b'\n'), None);
        }
        assert_eq!(find(b"abc", 4, b'c'), None);
    }

    #[test]
    fn every_control_character_is_counted() {
        for len in [0, 1, 15, 16, 17, 255, 256, 4079, 4080, 4081, 9000] {
            let bytes: std::vec::Vec<u8> = (0..=255).cycle().step_by(7).take(len).collect();
            let single = bytes.iter().filter(|byte| **byte < 0x20 || **byte == 0x7F).count();
            assert_eq!(controls(&bytes), single, "{len}");
            assert_eq!(controls(&std::vec![0; len]), len);
        }
    }

    #[test]
    fn folds_and_lone_breaks_do_not_end_a_line() {
        let end = |text: &[u8], bare| line_end(text, 0, bare);
        assert_eq!(end(b"a: b\r\nc", false), Some(End { end: 4, next: 6 }));
        assert_eq!(end(b"a: b\r\n c\r\nd", false), Some(End { end: 8, next: 10 }));
        assert_eq!(end(b"a: b\r\n \r\nd", false), Some(End { end: 7, next: 9 }));
        assert_eq!(end(b"a: b\nc\r\nd", false), Some(End { end: 6, next: 8 }));
        assert_eq!(end(b"a: b\nc\r\nd", true), Some(End { end: 4, next: 5 }));
        assert_eq!(end(b"a: b\r\n", false), None);
        assert_eq!(end(b"a: b\rc\r\nd", false), Some(End { end: 6, next: 8 }));
    }
}
