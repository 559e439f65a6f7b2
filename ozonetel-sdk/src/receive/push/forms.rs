//! The forms in which a body may come: JSON, a form, a multipart form, and these encoded once more.

use super::error::{PushError, PushErrorKind};

/// A name without what an escaped ampersand leaves in front of it: `amp;`.
pub(super) fn unescaped(mut name: &str) -> &str {
    while let Some(rest) = name.strip_prefix("amp;") {
        name = rest;
    }
    name
}

/// What a body is.
pub(super) enum Opened {
    /// JSON text.
    Json(String),
    /// Names and values.
    Pairs(Vec<(String, String)>),
}

/// Longest name of a field in a form.
const NAME: usize = 128;

fn unknown(reason: &'static str) -> PushError {
    PushError::new(PushErrorKind::Syntax, reason)
}

/// What a body is that is not empty; what is in no known form is an error.
pub(super) fn open(text: &str, most: usize) -> Result<Opened, PushError> {
    match text.as_bytes() {
        [b'{' | b'[' | b'"', ..] => Ok(Opened::Json(text.to_owned())),
        [b'<', ..] => Err(unknown("XML is not a form of a push")),
        [b'-', b'-', ..] => multipart(text, most).map(Opened::Pairs),
        [b'%', ..] => {
            let json = form_urlencoded::parse(text.trim_end_matches('=').as_bytes())
                .next()
                .map(|(name, _)| name.into_owned())
                .filter(|name| super::json::looks_like_json(name));
            json.map(Opened::Json).ok_or_else(not_a_form)
        }
        _ => match base64(text) {
            Some(inner) if super::json::looks_like_json(&inner) => Ok(Opened::Json(inner)),
            Some(inner) if inner.starts_with("data=") => pairs(&inner, most).map(Opened::Pairs),
            _ => pairs(text, most).map(Opened::Pairs),
        },
    }
}

fn not_a_form() -> PushError {
    unknown("neither JSON nor a form")
}

fn too_many(most: usize) -> PushError {
    PushError::new(PushErrorKind::TooMany, format!("more than {most} fields"))
}

/// The pairs of a body; every name has to look like one, and the first to have a value.
fn pairs(text: &str, most: usize) -> Result<Vec<(String, String)>, PushError> {
    let first = text.split('&').find(|pair| !pair.is_empty()).unwrap_or_default();
    let pairs = listed(text, most)?;
    let named = pairs.iter().all(|(name, _)| is_name(name));
    if named && first.contains('=') { Ok(pairs) } else { Err(not_a_form()) }
}

/// The pairs of a query, which may hold anything.
pub(super) fn listed(text: &str, most: usize) -> Result<Vec<(String, String)>, PushError> {
    let mut pairs = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if pairs.len() >= most {
            return Err(too_many(most));
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

fn is_name(name: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || " _-.[]:;$@/".contains(letter);
    name.len() <= NAME && name.chars().all(letter)
}

/// The parts of a multipart form, which are plain fields.
fn multipart(text: &str, most: usize) -> Result<Vec<(String, String)>, PushError> {
    let cut = || unknown("a multipart form that is not whole");
    let (boundary, mut rest) = text.split_once('\n').ok_or_else(cut)?;
    let blank = if boundary.ends_with('\r') { "\r\n\r\n" } else { "\n\n" };
    let boundary = boundary.trim_end();
    if boundary.len() > 72 {
        return Err(cut());
    }
    let end = format!("\n{boundary}");
    let mut pairs = Vec::new();
    loop {
        if pairs.len() >= most {
            return Err(too_many(most));
        }
        let at = rest.find(blank).ok_or_else(cut)?;
        let head = rest.get(..at).unwrap_or_default();
        // The line break behind the head may be the one in front of the boundary: an empty value.
        let body = rest.get(at + blank.len() - 1..).unwrap_or_default();
        let stop = body.find(&end).ok_or_else(cut)?;
        let value = body.get(1..stop).unwrap_or_default();
        let name = part_name(head).filter(|name| is_name(name)).ok_or_else(cut)?;
        pairs.push((name, value.strip_suffix('\r').unwrap_or(value).to_owned()));
        let after = body.get(stop + end.len()..).unwrap_or_default();
        if after.starts_with("--") {
            return Ok(pairs);
        }
        let line = after.find('\n').ok_or_else(cut)?;
        rest = after.get(line + 1..).unwrap_or_default();
    }
}

/// The field's name in a part's head.
fn part_name(head: &str) -> Option<String> {
    let names = |line: &&str| {
        line.get(..20).is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    };
    let line = head.lines().find(names)?;
    let parameters = line.split(';').map(str::trim);
    let name = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then(|| value.trim().trim_matches('"'))
    });
    name.take(1).map(str::to_owned).next().filter(|name| !name.is_empty())
}

/// Base64 of text, in either alphabet; line breaks and padding are skipped.
fn base64(text: &str) -> Option<String> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    String::from_utf8(out).ok()
}
