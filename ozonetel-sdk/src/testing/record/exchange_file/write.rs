//! Exchanges to text.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};

use super::text::{self, EXCHANGE};
use super::{
    ExchangeFile, ExchangeFileError, RecordedExchange, VERSION, is_method, is_name, is_note,
};

fn unwritable(problem: &'static str) -> ExchangeFileError {
    ExchangeFileError { line: None, problem }
}

pub(super) fn file(file: &ExchangeFile) -> Result<Vec<u8>, ExchangeFileError> {
    let (mut out, mut names) = (Vec::new(), BTreeSet::new());
    notes(&file.notes, &mut out)?;
    for one in &file.exchanges {
        if !names.insert(one.name.as_str()) {
            return Err(unwritable("two exchanges have the same name"));
        }
        if !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(&exchange(one)?);
    }
    Ok(out)
}

pub(super) fn exchange(one: &RecordedExchange) -> Result<Vec<u8>, ExchangeFileError> {
    if !is_name(&one.name) {
        return Err(unwritable("a name is made of letters, digits, `_`, `-` and `.`"));
    }
    let mut out = format!("{EXCHANGE} {}\n", one.name).into_bytes();
    notes(&one.notes, &mut out)?;
    if let Some(request) = &one.request {
        if !is_method(&request.method) {
            return Err(unwritable("a method is made of capitals"));
        }
        let target = text::value(request.target.as_str().as_bytes());
        let line = format!("{} {target}\n", request.method);
        message(&line, &request.headers, &request.body, &mut out);
    }
    if let Some(answer) = &one.answer {
        if one.request.is_some() {
            out.push(b'\n');
        }
        let status = answer.status;
        let phrase = status.canonical_reason().map(|phrase| format!(" {phrase}"));
        let line = format!("{VERSION}{}{}\n", status.as_u16(), phrase.unwrap_or_default());
        message(&line, &answer.headers, &answer.body, &mut out);
    } else if one.request.is_none() {
        return Err(unwritable("an exchange has a request or an answer"));
    }
    Ok(out)
}

fn notes(notes: &[String], out: &mut Vec<u8>) -> Result<(), ExchangeFileError> {
    for note in notes {
        if !is_note(note) {
            return Err(unwritable("a note is one line without control characters"));
        }
        let blank = if note.is_empty() { "" } else { " " };
        out.extend_from_slice(format!("#{blank}{note}\n").as_bytes());
    }
    Ok(())
}

fn message(line: &str, headers: &[(HeaderName, HeaderValue)], body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(line.as_bytes());
    for (name, value) in headers {
        let value = text::value(value.as_bytes());
        let blank = if value.is_empty() { "" } else { " " };
        out.extend_from_slice(format!("{name}:{blank}{value}\n").as_bytes());
    }
    if !body.is_empty() {
        out.push(b'\n');
        text::write_body(body, out);
    }
}
