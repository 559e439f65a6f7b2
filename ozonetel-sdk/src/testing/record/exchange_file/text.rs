//! Bytes as lines of text, and back.

/// The first letters of a line that begins an exchange.
pub(super) const EXCHANGE: &str = "###";
/// The first letters of a line that begins an answer.
pub(super) const ANSWER: &str = "HTTP/";

/// A longer line is continued on the next.
const WIDTH: usize = 100;

/// Writes a body: every line ends, the last one with `\` if the body does not end there.
pub(super) fn write_body(body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest);
        let (line, next) = match end {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        let last = next.is_empty();
        // An empty line at the end of a body would not be seen.
        if line.is_empty() && last {
            out.extend_from_slice(b"\\x0a\\\n");
            return;
        }
        for part in wrapped(&escaped(line)) {
            out.extend_from_slice(guarded(part).as_bytes());
            out.extend_from_slice(b"\\\n");
        }
        if end.is_some() {
            // The line's own end, in place of the last part's `\`.
            out.truncate(out.len().saturating_sub(2));
            out.push(b'\n');
        }
        rest = next;
    }
}

/// The value of a target or a header, on one line.
pub(super) fn value(bytes: &[u8]) -> String {
    let text = escaped(bytes);
    match text.strip_prefix(' ') {
        Some(rest) => format!("\\x20{rest}"),
        None => text,
    }
}

/// One line, with what cannot be seen or would be misread as `\xHH`.
fn escaped(line: &[u8]) -> String {
    let mut out = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        for (at, c) in chunk.valid().char_indices() {
            let behind = chunk.valid().as_bytes().get(at + c.len_utf8()..).unwrap_or_default();
            let at_end = behind.is_empty() && chunk.invalid().is_empty();
            let hidden = match c {
                '\t' | ' ' => at_end,
                '\\' => at_end || hex(behind).is_some(),
                c => c.is_control() || c == '\u{feff}',
            };
            if hidden {
                let mut utf8 = [0; 4];
                c.encode_utf8(&mut utf8).bytes().for_each(|byte| push_hex(byte, &mut out));
            } else {
                out.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| push_hex(*byte, &mut out));
    }
    out
}

fn push_hex(byte: u8, out: &mut String) {
    use std::fmt::Write as _;
    let _ = write!(out, "\\x{byte:02x}");
}

/// The byte of `xHH`, which follows a `\`.
fn hex(text: &[u8]) -> Option<u8> {
    let [b'x', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// A long line in parts, divided after commas and ampersands; at least one part.
fn wrapped(line: &str) -> Vec<&str> {
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    let (mut parts, mut from, mut fits) = (Vec::new(), 0, 0);
    for end in breaks(line) {
        let length = line.get(from..end).map_or(0, |part| part.chars().count());
        if length >= WIDTH && fits > from {
            parts.push(&line[from..fits]);
            from = fits;
        }
        fits = end;
    }
    if line[from..].chars().count() >= WIDTH && fits > from {
        parts.push(&line[from..fits]);
        from = fits;
    }
    parts.push(&line[from..]);
    parts
}

/// Where a line may be divided: after `, `, `,`, `&` and `%2C`, but not at its end.
fn breaks(line: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = line.as_bytes();
    let ends = line.char_indices().filter_map(move |(at, c)| match c {
        ',' if bytes.get(at + 1) == Some(&b' ') => Some(at + 2),
        ',' | '&' => Some(at + 1),
        '%' if line[at..].starts_with("%2C") => Some(at + 3),
        _ => None,
    });
    ends.filter(|end| *end < line.len())
}

/// What would begin another part of the file begins with an escape.
fn guarded(part: &str) -> std::borrow::Cow<'_, str> {
    match part.chars().next() {
        Some(first) if part.starts_with(EXCHANGE) || part.starts_with(ANSWER) => {
            format!("\\x{:02x}{}", u32::from(first), &part[1..]).into()
        }
        _ => part.into(),
    }
}

/// Reads one line back; whether its end belongs to it.
pub(super) fn read_line(line: &[u8], out: &mut Vec<u8>) -> Result<bool, &'static str> {
    let text =
        std::str::from_utf8(line).map_err(|_| "a byte that is not UTF-8 is written \\xHH")?;
    if text.contains(|c: char| c.is_control() && c != '\t') {
        return Err("a control character is written \\xHH");
    }
    if text.ends_with([' ', '\t']) {
        return Err("a blank at the end of a line is written \\x20");
    }
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, behind) = rest.split_at(at);
        out.extend_from_slice(before);
        let behind = &behind[1..];
        if behind.is_empty() {
            return Ok(false);
        }
        rest = if let Some(byte) = hex(behind) {
            out.push(byte);
            &behind[3..]
        } else {
            out.push(b'\\');
            behind
        };
    }
    out.extend_from_slice(rest);
    Ok(true)
}

/// Reads the value of a target or a header.
pub(super) fn read_value(line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    if read_line(line, &mut out)? { Ok(out) } else { Err("only a body's line may be continued") }
}
