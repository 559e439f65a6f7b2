//! Messages in one text file, octet for octet: the form that `tests/corpus/README.md` describes.

use std::fmt::Write as _;

/// A name and the octets under it.
pub(crate) type Section = (String, Vec<u8>);

const MARK: &str = "=== ";

/// The sections of a file.
///
/// # Errors
/// The number of the first line that is not in this form, and what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let body = text.strip_suffix('\n').ok_or("the last line does not end")?;
    for (at, line) in body.split('\n').enumerate() {
        let fault = |what: &str| format!("line {}: {what}", at + 1);
        if let Some(name) = line.strip_prefix(MARK) {
            if name.is_empty() || sections.iter().any(|(known, _)| known == name) {
                return Err(fault("a section without a name of its own"));
            }
            sections.push((name.to_owned(), Vec::new()));
        } else if let Some((_, octets)) = sections.last_mut() {
            read_line(line, octets).map_err(fault)?;
        } else if !line.starts_with('#') {
            return Err(fault("no comment before the first section"));
        }
    }
    let lines = text.split_inclusive('\n');
    let comments: String = lines.take_while(|line| line.starts_with('#')).collect();
    if format!("{comments}{}", write(&sections)) != text {
        return Err("octets are written in another way than they have to be".to_owned());
    }
    Ok(sections)
}

fn read_line(line: &str, octets: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut rest = line.as_bytes();
    loop {
        rest = match rest {
            [] => {
                octets.extend_from_slice(b"\r\n");
                return Ok(());
            }
            [b'\\'] => return Ok(()),
            [b'\\', b'x', high, low, tail @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).ok_or("no octet after \\x");
                let octet = digit(*high)? << 4 | digit(*low)?;
                octets.push(u8::try_from(octet).map_err(|_| "no octet after \\x")?);
                tail
            }
            [b'\\', letter, tail @ ..] => {
                octets.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'\\' => b'\\',
                    _ => return Err("an unknown escape"),
                });
                tail
            }
            [plain @ b' '..=b'~', tail @ ..] => {
                octets.push(*plain);
                tail
            }
            _ => return Err("an octet that has to be escaped"),
        };
    }
}

/// The file of these sections, without comments.
pub(crate) fn write(sections: &[Section]) -> String {
    let mut text = String::new();
    for (name, octets) in sections {
        text.push_str(MARK);
        text.push_str(name);
        text.push('\n');
        let mut rest = &octets[..];
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            match line.strip_suffix(b"\r\n") {
                Some(line) => push_line(&mut text, line, true),
                None => push_line(&mut text, line, false),
            }
            rest = after;
        }
        if !rest.is_empty() {
            push_line(&mut text, rest, false);
        }
    }
    text
}

fn push_line(text: &mut String, line: &[u8], ends_in_crlf: bool) {
    let start = text.len();
    for (at, octet) in line.iter().enumerate() {
        let last = at + 1 == line.len();
        match octet {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'=' if at == 0 && line.starts_with(b"===") => text.push_str("\\x3d"),
            b' ' if last => text.push_str("\\x20"),
            b' '..=b'~' => text.push(char::from(*octet)),
            other => {
                let _ = write!(text, "\\x{other:02x}");
            }
        }
    }
    debug_assert!(!text[start..].contains('\n'));
    text.push_str(if ends_in_crlf { "\n" } else { "\\\n" });
}
