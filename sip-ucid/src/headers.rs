//! Header lines: `name *(SP / HTAB) ":" value`, with folds.

use core::fmt;

use crate::chars::{self, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::layout::Layout;
use crate::leniency::Leniency;
use crate::name::{self, Name};
use crate::scan::{self, Opening};
use crate::text::Text;

/// One header: its name and its value as sent.
///
/// ```
/// use sip_ucid::{Headers, Name};
///
/// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nf : <sip:b@example.test>\r\n\r\n";
/// let header = Headers::new(bytes).next().unwrap().unwrap();
/// assert_eq!(header.known(), Name::From);
/// assert_eq!(header.name(), "f");
/// assert_eq!(header.value(), "<sip:b@example.test>");
/// assert_eq!(header.at(), 32);
/// ```
#[derive(Clone, Copy)]
pub struct Header<'a> {
    known: Name,
    name: Text<'a>,
    value: Text<'a>,
    at: usize,
}

impl<'a> Header<'a> {
    /// Which header it is.
    ///
    /// ```
    /// use sip_ucid::{Headers, Name};
    /// let known = |bytes| Headers::new(bytes).next().unwrap().unwrap().known();
    /// assert_eq!(known(b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\n\r\n"), Name::Via);
    /// assert_eq!(known(b"SIP/2.0 200 OK\r\nX-Mine: 1\r\n\r\n"), Name::Other);
    /// ```
    pub const fn known(&self) -> Name {
        self.known
    }

    /// The name as sent.
    ///
    /// ```
    /// let mut headers = sip_ucid::Headers::new(b"SIP/2.0 200 OK\r\nX-Mine : 1\r\n\r\n");
    /// let header = headers.next().unwrap()?;
    /// assert_eq!(header.name(), "X-Mine");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn name(&self) -> Text<'a> {
        self.name
    }

    /// The value as sent, without white space at its ends; folds are still in it.
    ///
    /// ```
    /// let mut headers = sip_ucid::Headers::new(b"SIP/2.0 200 OK\r\nX-Mine: 1;2\r\n\r\n");
    /// let header = headers.next().unwrap()?;
    /// assert_eq!(header.value(), "1;2");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn value(&self) -> Text<'a> {
        self.value
    }

    /// The offset of its first byte.
    ///
    /// ```
    /// let mut headers = sip_ucid::Headers::new(b"SIP/2.0 200 OK\r\nX-Mine: 1\r\n\r\n");
    /// let header = headers.next().unwrap()?;
    /// assert_eq!(header.at(), 16);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({} at byte {}, {:?})", self.known, self.at, self.value)
    }
}

/// A header line that is not checked yet.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) name: Name,
    pub(crate) at: usize,
    pub(crate) value_at: usize,
    pub(crate) end: usize,
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    pub(crate) const fn new(
        bytes: &'a [u8],
        name: Name,
        at: usize,
        value_at: usize,
        end: usize,
    ) -> Self {
        Self { name, at, value_at, end, bytes }
    }

    /// The whole line, folds included.
    pub(crate) fn whole(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// The value with all white space around it.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.bytes.get(self.value_at..self.end).unwrap_or_default()
    }

    /// The value, trimmed.
    #[inline]
    pub(crate) fn value(&self) -> Text<'a> {
        Text::new(self.raw()).trimmed()
    }

    /// The name as sent; empty if there is no colon.
    pub(crate) fn name_text(&self) -> Text<'a> {
        let line = self.whole();
        match colon(self.bytes, self.at, self.end) {
            Some(colon) => {
                let name = line.get(..colon - self.at).unwrap_or_default();
                Text::new(trim_blanks(name))
            }
            None => Text::default(),
        }
    }

    fn header(&self) -> Result<Header<'a>, Error> {
        let name = self.name_text();
        if self.name == Name::Other && !chars::all(name.as_bytes(), TOKEN) {
            return Err(Error::new(ErrorKind::HeaderName, self.at));
        }
        Ok(Header { known: self.name, name, value: self.value(), at: self.at })
    }
}

fn trim_blanks(mut name: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = name {
        name = rest;
    }
    name
}

#[inline]
fn colon(bytes: &[u8], from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    while at < end {
        let Some(word) = scan::word(bytes, at) else {
            return scan::find(bytes.get(..end)?, at, b':');
        };
        let index = scan::index_in(word, b':');
        if index < 8 {
            return Some(at + index).filter(|colon| *colon < end);
        }
        at += 8;
    }
    None
}

/// The name and the value of a line that is written as nearly every line is: a name that is known, a colon right behind
/// it, one blank, and the value. There is no line break up to the value, so the search for the line's end begins there.
#[inline(always)]
#[allow(clippy::inline_always, reason = "once for each line: a call costs a tenth of it")]
pub(crate) fn plain_name(bytes: &[u8], from: usize) -> Option<(Name, usize)> {
    let first = scan::word(bytes, from)?;
    let short = scan::index_in(first, b':');
    let (name, colon) = if short < 8 {
        (name::classify_short(first, short), from + short)
    } else {
        let next = |at| Some(at + scan::index_in(scan::word(bytes, at)?, b':'));
        let mut colon = next(from + 8)?;
        if colon == from + 16 {
            colon = next(colon)?;
        }
        (name::classify(bytes, from, colon), colon)
    };
    match bytes.get(colon..)?.first_chunk()? {
        [b':', b' ', value] if *value > b' ' && name != Name::Other => Some((name, colon + 2)),
        _ => None,
    }
}

/// The name of the line at `from..end`, and where its value begins.
#[inline]
pub(crate) fn name_of(bytes: &[u8], from: usize, end: usize) -> (Name, usize) {
    let Some(colon) = colon(bytes, from, end) else { return (Name::Other, end) };
    let mut name_end = colon;
    // Only SP and HTAB may stand before the colon: `To\x01:` is not To.
    while name_end > from && matches!(bytes.get(name_end - 1), Some(b' ' | b'\t')) {
        name_end -= 1;
    }
    let mut value = colon + 1;
    while value < end && matches!(bytes.get(value), Some(b' ' | b'\t')) {
        value += 1;
    }
    (name::classify(bytes, from, name_end), value)
}

/// The header lines of a head, in order; a malformed line is an error and hides no other line.
///
/// It never allocates and has no limit on the number of headers.
///
/// ```
/// use sip_ucid::{ErrorKind, Headers};
///
/// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nno colon\r\nX-One: 1\r\n 2\r\n\r\nbody: no";
/// let mut headers = Headers::new(bytes);
/// assert_eq!(headers.next().unwrap().unwrap_err().kind(), ErrorKind::HeaderName);
/// assert_eq!(headers.next().unwrap().unwrap().value().to_string(), "1 2");
/// assert!(headers.next().is_none());
/// ```
#[derive(Clone)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    bare: bool,
}

impl<'a> Headers<'a> {
    /// The headers of the message at the beginning of `bytes`, up to the last complete line.
    ///
    /// The start line is skipped without checking it.
    ///
    /// ```
    /// use sip_ucid::Headers;
    /// assert_eq!(Headers::new(b"SIP/2.0 200 OK\r\nA: 1\r\nB: 2\r\nC").count(), 2);
    /// ```
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with(bytes, Leniency::default())
    }

    /// The same with the given leniency; only [`Leniency::BARE_LF`] matters here.
    ///
    /// ```
    /// use sip_ucid::{Headers, Leniency};
    /// let bare = b"SIP/2.0 200 OK\nA: 1\nB: 2\n\n";
    /// assert_eq!(Headers::with(bare, Leniency::BARE_LF).count(), 2);
    /// assert_eq!(Headers::with(bare, Leniency::NONE).count(), 0);
    /// ```
    pub fn with(bytes: &'a [u8], leniency: Leniency) -> Self {
        match Layout::of(bytes, leniency) {
            Some(layout) => Self::between(bytes, layout.headers, bytes.len(), layout.bare),
            None => Self::between(bytes, bytes.len(), bytes.len(), false),
        }
    }

    pub(crate) const fn between(bytes: &'a [u8], at: usize, end: usize, bare: bool) -> Self {
        Self { bytes, at, end, bare }
    }

    pub(crate) const fn finished(mut self) -> Self {
        self.at = self.end;
        self
    }

    /// The lines after the one whose value ends at `end`.
    pub(crate) fn after(mut self, end: usize) -> Self {
        self.at = end + if self.bytes.get(end) == Some(&b'\r') { 2 } else { 1 };
        self
    }

    /// Where the next line begins.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn lines(self) -> Lines<'a> {
        Lines(self)
    }

    #[inline]
    fn line(&mut self) -> Option<Line<'a>> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.end;
        if scan::opening(self.bytes, at, self.bare) != Opening::Text {
            return None;
        }
        let end = scan::line_end(self.bytes, at, self.bare)?;
        self.at = end.next;
        let (name, value_at) = name_of(self.bytes, at, end.end);
        Some(Line::new(self.bytes, name, at, value_at, end.end))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<Header<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().map(|line| line.header())
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Headers(at byte {})", self.at)
    }
}

/// [`Headers`] without the checks.
#[derive(Clone)]
pub(crate) struct Lines<'a>(Headers<'a>);

impl<'a> Lines<'a> {
    pub(crate) fn headers(self) -> Headers<'a> {
        self.0
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        self.0.line()
    }
}

/// The values of all headers of one name; see [`Head::values`](crate::Head::values).
#[derive(Clone)]
pub(crate) struct HeaderValues<'a> {
    name: Name,
    first: Option<Text<'a>>,
    rest: Headers<'a>,
}

impl<'a> HeaderValues<'a> {
    pub(crate) const fn of(name: Name, first: Option<Text<'a>>, rest: Headers<'a>) -> Self {
        Self { name, first, rest }
    }

    /// One value and nothing after it.
    pub(crate) const fn only(value: Text<'a>) -> Self {
        Self { name: Name::Other, first: Some(value), rest: Headers::between(&[], 0, 0, false) }
    }
}

impl<'a> Iterator for HeaderValues<'a> {
    type Item = Text<'a>;

    #[inline]
    fn next(&mut self) -> Option<Text<'a>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let line = self.rest.line()?;
            if line.name == self.name {
                return Some(line.value());
            }
        }
    }
}

impl fmt::Debug for HeaderValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderValues({})", self.name)
    }
}
