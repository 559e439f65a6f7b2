//! Comma lists: commas count only outside quotes and angle brackets.

use crate::chars::{self, MARK, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::headers::HeaderValues;
use crate::leniency::Leniency;
use crate::quoted;
use crate::scan;
use crate::text::{self, Text};

/// The index of the first comma, quote or `<` at or after `from`, or the length.
#[inline]
fn next_mark(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let found = rest.iter().position(|b| chars::is(*b, MARK)).unwrap_or(rest.len());
    scan::tally(1 + found);
    from + found
}

/// The index of the first byte of `marks`, or the length.
pub(crate) fn first_of(text: &[u8], marks: &[u8]) -> usize {
    let found = text.iter().position(|byte| marks.contains(byte)).unwrap_or(text.len());
    scan::tally(1 + found);
    found
}

/// The index of the comma that ends the parameters, or the length; `None` if a quote is open.
#[inline]
pub(crate) fn end_of_params(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at = next_mark(text, at);
        match text.get(at) {
            None | Some(b',') => return Some(at),
            Some(b'"') => at += quoted::end(text.get(at..)?)?,
            Some(_) => at += 1,
        }
    }
}

/// The index of the comma that ends the element, or the length.
///
/// A quote or bracket that is not closed extends to the end.
#[inline]
pub(crate) fn end_of_element(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at = next_mark(text, at);
        let step = match text.get(at) {
            None | Some(b',') => return at,
            Some(b'"') => text.get(at..).and_then(quoted::end),
            Some(_) => scan::find(text, at, b'>').map(|close| close - at + 1),
        };
        match step {
            Some(step) => at += step,
            None => return text.len(),
        }
    }
}

/// The elements of a comma list, over all lines of its header, each trimmed.
#[derive(Clone)]
pub(crate) struct ListElements<'a> {
    values: HeaderValues<'a>,
    rest: Option<&'a [u8]>,
}

impl<'a> ListElements<'a> {
    pub(crate) const fn new(values: HeaderValues<'a>) -> Self {
        Self { values, rest: None }
    }

    /// The next element, empty ones included.
    #[inline]
    pub(crate) fn step(&mut self) -> Option<Text<'a>> {
        let rest = match self.rest {
            Some(rest) => rest,
            None => self.values.next()?.as_bytes(),
        };
        let (element, after) = rest.split_at_checked(end_of_element(rest)).unwrap_or_default();
        self.rest = after.get(1..);
        Some(Text::new(text::trim(element)))
    }
}

impl<'a> Iterator for ListElements<'a> {
    type Item = Text<'a>;

    #[inline]
    fn next(&mut self) -> Option<Text<'a>> {
        loop {
            let element = self.step()?;
            if !element.is_empty() {
                return Some(element);
            }
        }
    }
}

/// Checks a value that is a list of tokens, with white space only around them.
pub(crate) fn check_tokens(value: &[u8], may_be_empty: bool) -> Result<(), Error> {
    if value.is_empty() && may_be_empty {
        return Ok(());
    }
    let mut rest = value;
    loop {
        let token = text::trim_start(rest);
        let end = chars::run(token, TOKEN);
        let after = text::trim_start(token.get(end..).unwrap_or_default());
        if end == 0 {
            return Err(Error::new(ErrorKind::EmptyElement, value.len() - token.len()));
        }
        match after {
            [] => return Ok(()),
            [b',', tail @ ..] => rest = tail,
            _ => return Err(Error::new(ErrorKind::Token, value.len() - after.len())),
        }
    }
}

/// Whether empty elements are forgiven.
pub(crate) const fn forgives_empty(leniency: Leniency) -> bool {
    leniency.has(Leniency::EMPTY_ELEMENTS)
}
