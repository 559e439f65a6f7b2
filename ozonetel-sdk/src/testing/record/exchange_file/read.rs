//! Text to exchanges.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::text::{self, ANSWER, EXCHANGE};
use super::{
    ExchangeFile, ExchangeFileError, RecordedAnswer, RecordedExchange, RecordedRequest, VERSION,
    is_method, is_name, is_note,
};

type Headers = Vec<(HeaderName, HeaderValue)>;

/// The lines of a file, one after the other.
struct Lines<'a> {
    all: Vec<&'a [u8]>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        self.all.get(self.next).copied()
    }

    fn take(&mut self) -> Option<&'a [u8]> {
        let line = self.peek()?;
        self.next += 1;
        Some(line)
    }

    /// A problem of the line that was taken last.
    fn wrong(&self, problem: &'static str) -> ExchangeFileError {
        ExchangeFileError { line: Some(self.next.max(1)), problem }
    }

    /// A problem of the line that comes next.
    fn next_wrong(&self, problem: &'static str) -> ExchangeFileError {
        ExchangeFileError { line: Some(self.next + 1), problem }
    }

    /// Whether the next line begins a part of the file, or there is none.
    fn at_mark(&self) -> bool {
        self.peek().is_none_or(is_mark)
    }

    /// The one empty line between two parts; at the end of the file there is none.
    fn divided(&mut self) -> Result<(), ExchangeFileError> {
        match self.peek() {
            None => Ok(()),
            Some([]) if self.all.get(self.next + 1).copied().is_some_and(is_mark) => {
                self.next += 1;
                Ok(())
            }
            Some(_) => Err(self.next_wrong("one empty line divides the parts of a file")),
        }
    }
}

fn is_mark(line: &[u8]) -> bool {
    line.starts_with(EXCHANGE.as_bytes()) || line.starts_with(ANSWER.as_bytes())
}

pub(super) fn file(text: &[u8]) -> Result<ExchangeFile, ExchangeFileError> {
    let mut all: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let whole = all.pop().is_some_and(<[u8]>::is_empty);
    let mut lines = Lines { all, next: 0 };
    if !whole {
        lines.next = lines.all.len();
        return Err(lines.next_wrong("the last line does not end"));
    }
    let mut file = ExchangeFile { notes: notes(&mut lines)?, exchanges: Vec::new() };
    let mut names = BTreeSet::new();
    if !file.notes.is_empty() {
        lines.divided()?;
    }
    while lines.peek().is_some() {
        let at = lines.next + 1;
        let one = exchange(&mut lines)?;
        if !names.insert(one.name.clone()) {
            let problem = "two exchanges have the same name";
            return Err(ExchangeFileError { line: Some(at), problem });
        }
        file.exchanges.push(one);
    }
    Ok(file)
}

fn exchange(lines: &mut Lines<'_>) -> Result<RecordedExchange, ExchangeFileError> {
    let line = lines.take().and_then(|line| std::str::from_utf8(line).ok());
    let name = line.and_then(|line| line.strip_prefix(EXCHANGE)?.strip_prefix(' '));
    let name = name.ok_or_else(|| lines.wrong("an exchange begins with `### ` and its name"))?;
    if !is_name(name) {
        return Err(lines.wrong("a name is made of letters, digits, `_`, `-` and `.`"));
    }
    let notes = notes(lines)?;
    let mut one = RecordedExchange { name: name.to_owned(), notes, request: None, answer: None };
    if lines.at_mark() && !lines.peek().is_some_and(|line| line.starts_with(ANSWER.as_bytes())) {
        return Err(lines.next_wrong("an exchange has a request or an answer"));
    }
    if !lines.at_mark() {
        one.request = Some(request(lines)?);
        lines.divided()?;
    }
    if lines.peek().is_some_and(|line| line.starts_with(ANSWER.as_bytes())) {
        one.answer = Some(answer(lines)?);
        lines.divided()?;
    }
    Ok(one)
}

fn notes(lines: &mut Lines<'_>) -> Result<Vec<String>, ExchangeFileError> {
    let mut notes = Vec::new();
    while let Some([b'#', note @ ..]) = lines.peek().filter(|line| !is_mark(line)) {
        lines.next += 1;
        let note = match note {
            [] => "",
            [b' ', note @ ..] => {
                std::str::from_utf8(note).map_err(|_| lines.wrong("a note is UTF-8"))?
            }
            _ => return Err(lines.wrong("a note begins with `# `")),
        };
        if !is_note(note) {
            return Err(lines.wrong("a note has no control characters"));
        }
        notes.push(note.to_owned());
    }
    Ok(notes)
}

fn request(lines: &mut Lines<'_>) -> Result<RecordedRequest, ExchangeFileError> {
    let line = lines.take().unwrap_or_default();
    let at = line.iter().position(|byte| *byte == b' ').filter(|at| at + 1 < line.len());
    let Some(at) = at else {
        return Err(lines.wrong("a request line is METHOD, one blank, and the target"));
    };
    let method = Method::from_bytes(&line[..at]).ok().filter(is_method);
    let method = method.ok_or_else(|| lines.wrong("a method is made of capitals"))?;
    let target = text::read_value(&line[at + 1..]).map_err(|problem| lines.wrong(problem))?;
    // The parser of targets drops a `#` and what follows.
    let whole = !target.contains(&b'#');
    let target = PathAndQuery::try_from(target.as_slice()).ok().filter(|_| whole);
    let target = target.filter(|target| target.as_str().starts_with(['/', '*']));
    let target = target.ok_or_else(|| lines.wrong("a target is a path and a query"))?;
    let (headers, body) = rest_of_message(lines)?;
    Ok(RecordedRequest { method, target, headers, body })
}

fn answer(lines: &mut Lines<'_>) -> Result<RecordedAnswer, ExchangeFileError> {
    let line = lines.take().and_then(|line| std::str::from_utf8(line).ok());
    let status = line.and_then(|line| line.strip_prefix(VERSION));
    let (code, phrase) = status.map_or(("", None), |status| match status.split_once(' ') {
        Some((code, phrase)) => (code, Some(phrase)),
        None => (status, None),
    });
    let status = StatusCode::from_bytes(code.as_bytes());
    let status =
        status.map_err(|_| lines.wrong("an answer begins with `HTTP/1.1 ` and a status"))?;
    if phrase != status.canonical_reason() {
        return Err(lines.wrong("a status is followed by its standard phrase, if it has one"));
    }
    let (headers, body) = rest_of_message(lines)?;
    Ok(RecordedAnswer { status, headers, body })
}

/// Headers and body, up to the empty line that divides them from the next part.
fn rest_of_message(lines: &mut Lines<'_>) -> Result<(Headers, Bytes), ExchangeFileError> {
    let mut headers = Headers::new();
    while let Some(line) = lines.peek().filter(|line| !line.is_empty()) {
        if is_mark(line) {
            return Err(lines.next_wrong("one empty line divides the parts of a file"));
        }
        lines.next += 1;
        headers.push(header(line).map_err(|problem| lines.wrong(problem))?);
    }
    Ok((headers, body(lines)?))
}

fn header(line: &[u8]) -> Result<(HeaderName, HeaderValue), &'static str> {
    let at =
        line.iter().position(|byte| *byte == b':').ok_or("a header is a name, `:`, a value")?;
    let name = HeaderName::from_bytes(&line[..at]).map_err(|_| "this is not a header's name")?;
    let value = match &line[at + 1..] {
        [] => Vec::new(),
        [b' ', value @ ..] if !value.starts_with(b" ") => text::read_value(value)?,
        _ => return Err("a header's `:` is followed by one blank and the value"),
    };
    let value = HeaderValue::from_bytes(&value).map_err(|_| "this is not a header's value")?;
    Ok((name, value))
}

fn body(lines: &mut Lines<'_>) -> Result<Bytes, ExchangeFileError> {
    let from = lines.next;
    let mark = lines.all[from..].iter().position(|line| is_mark(line));
    // The empty line before a mark divides; it belongs to no body.
    let end = mark.map_or(lines.all.len(), |mark| (from + mark).saturating_sub(1));
    if mark.is_some() && lines.all.get(end).is_none_or(|line| !line.is_empty()) {
        lines.next = end;
        return Err(lines.next_wrong("one empty line divides the parts of a file"));
    }
    if end <= from {
        return Ok(Bytes::new());
    }
    lines.next = from + 1;
    let mut out = Vec::new();
    while lines.next < end {
        let line = lines.take().unwrap_or_default();
        if text::read_line(line, &mut out).map_err(|problem| lines.wrong(problem))? {
            out.push(b'\n');
        }
        if line.is_empty() && lines.next == end {
            return Err(lines.wrong("an empty line at the end of a body is written \\x0a\\"));
        }
    }
    if out.is_empty() {
        return Err(lines.wrong("an empty line divides the parts of a file, and nothing follows"));
    }
    Ok(out.into())
}
