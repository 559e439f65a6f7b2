//! The head of a message: the start line and the header lines, up to the empty line.
//!
//! One pass finds the lines and remembers the position of the first of each common header. Values
//! are parsed only on request.

use core::fmt;

use crate::error::{Error, ErrorKind};
use crate::headers::{self, Header, HeaderValues, Headers, Line, Lines};
use crate::index::{First, Index, LINES};
use crate::layout::Layout;
use crate::leniency::Leniency;
use crate::name::{INDEXED, Name};
use crate::scan::{self, Opening};
use crate::start::StartLine;
use crate::text::Text;

/// Whether the input holds all of it.
///
/// Only a stream gives [`Status::Partial`] for a message; it is not an error.
///
/// ```
/// use sip_ucid::{Message, Status};
///
/// let sofar = b"OPTIONS sip:a@example.test SIP/2.0\r\nContent-Le";
/// assert!(matches!(Message::stream(sofar), Ok(Status::Partial)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status<T> {
    /// It is complete.
    Complete(T),
    /// More octets are needed.
    Partial,
}

impl<T> Status<T> {
    /// What is complete, if it is.
    ///
    /// ```
    /// use sip_ucid::Status;
    /// assert_eq!(Status::Complete(1).complete(), Some(1));
    /// assert_eq!(Status::<u8>::Partial.complete(), None);
    /// ```
    pub fn complete(self) -> Option<T> {
        match self {
            Self::Complete(value) => Some(value),
            Self::Partial => None,
        }
    }

    /// Whether more octets are needed.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// assert!(Head::parse(b"BYE sip:a@example.test SIP/2.0\r\ni: 1\r\n").unwrap().is_partial());
    /// ```
    pub const fn is_partial(&self) -> bool {
        matches!(self, Self::Partial)
    }
}

/// The start line and the headers of a message.
///
/// ```
/// use sip_ucid::{Head, Name};
///
/// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nX-UCID: 90174967305497\r\ni: one@host\r\n\r\n";
/// let head = Head::parse(bytes).unwrap().complete().unwrap();
/// assert_eq!(head.value(Name::XUcid).unwrap(), "90174967305497");
/// assert_eq!(head.value_of("x-ucid").unwrap(), "90174967305497");
/// assert_eq!(head.call_id().unwrap(), "one@host");
/// assert_eq!(head.headers().count(), 2);
/// ```
#[derive(Clone, Copy)]
pub struct Head<'a> {
    bytes: &'a [u8],
    start: Result<StartLine<'a>, Error>,
    at: usize,
    start_end: usize,
    headers_at: usize,
    end: usize,
    bare: bool,
    leniency: Leniency,
    index: Index,
}

impl<'a> Head<'a> {
    /// Parses the head at the beginning of `bytes` and ignores what follows it.
    ///
    /// Line breaks before the start line are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::NotSip`] if the first line is not one of SIP; [`ErrorKind::TooLong`] beyond
    /// 4 GiB. A malformed header is not an error here; it is reported when its value is requested.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Head};
    /// let bytes = b"\r\nBYE sip:a@example.test SIP/2.0\r\ni: 1\r\n\r\nbody";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!((head.at(), head.end()), (2, 42));
    /// assert_eq!(Head::parse(b"GET / HTTP/1.1\r\n\r\n").unwrap_err().kind(), ErrorKind::NotSip);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Status<Self>, Error> {
        Self::parse_with(bytes, Leniency::default())
    }

    /// The same with the given leniency, which also applies to every value of the head.
    ///
    /// # Errors
    /// As [`Head::parse`].
    ///
    /// ```
    /// use sip_ucid::{Head, Leniency};
    /// let bytes = b"BYE  sip:a@example.test SIP/2.0\r\n\r\n";
    /// let start = |how| Head::parse_with(bytes, how).unwrap().complete().unwrap().start();
    /// assert!(start(Leniency::default()).is_ok());
    /// assert!(start(Leniency::NONE).is_err());
    /// ```
    pub fn parse_with(bytes: &'a [u8], leniency: Leniency) -> Result<Status<Self>, Error> {
        let Some(mut head) = Self::begin(bytes, leniency)? else { return Ok(Status::Partial) };
        Ok(if head.finish()? { Status::Complete(head) } else { Status::Partial })
    }

    /// Parses the start line; `None` if the input ends before it does.
    ///
    /// A head is a large value: it is put together where it is kept, and moved as little as possible.
    #[inline]
    pub(crate) fn begin(bytes: &'a [u8], leniency: Leniency) -> Result<Option<Self>, Error> {
        let Some(layout) = Layout::of(bytes, leniency) else { return Ok(None) };
        let line = bytes.get(layout.start..layout.start_end).unwrap_or_default();
        let start = StartLine::parse_with(line, leniency).map_err(|e| e.shifted(layout.start));
        if let Err(error) = start {
            if error.kind() == ErrorKind::NotSip {
                return Err(error);
            }
        }
        Ok(Some(Self {
            bytes,
            start,
            at: layout.start,
            start_end: layout.start_end,
            headers_at: layout.headers,
            end: layout.headers,
            bare: layout.bare,
            leniency,
            index: Index::new(),
        }))
    }

    /// Finds the header lines of a head that begins; false if it is incomplete.
    pub(crate) fn finish(&mut self) -> Result<bool, Error> {
        if !self.find_lines() {
            return Ok(false);
        }
        if u32::try_from(self.end).is_err() {
            return Err(Error::new(ErrorKind::TooLong, self.end));
        }
        Ok(true)
    }

    /// Finds the header lines; false if the head is incomplete.
    #[inline]
    fn find_lines(&mut self) -> bool {
        let bytes = self.bytes;
        let mut at = self.headers_at;
        loop {
            // What begins with a letter is not the empty line.
            if bytes.get(at).is_none_or(|first| *first <= b'\r') {
                match scan::opening(bytes, at, self.bare) {
                    Opening::Empty(next) => {
                        self.end = next;
                        return true;
                    }
                    Opening::Text => {}
                    Opening::Unknown => return false,
                }
            }
            // Two searches for the end, each in its own place: one for both is slower.
            if let Some((name, value)) = headers::plain_name(bytes, at) {
                let Some(end) = scan::line_end(bytes, value, self.bare) else { return false };
                self.index.note(name, value, end.end);
                at = end.next;
                continue;
            }
            let Some(end) = scan::line_end(bytes, at, self.bare) else { return false };
            let (name, value) = headers::name_of(bytes, at, end.end);
            self.index.note(name, value, end.end);
            at = end.next;
        }
    }

    /// The start line.
    ///
    /// # Errors
    /// [`ErrorKind::StartLine`] if it is recognizably SIP and yet malformed.
    ///
    /// ```
    /// use sip_ucid::{Head, StartLine};
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\n\r\n")?.complete().unwrap();
    /// assert!(matches!(head.start()?, StartLine::Status(line) if line.reason() == "OK"));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn start(&self) -> Result<StartLine<'a>, Error> {
        self.start
    }

    /// The method of a request, the empty text of a response.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"BYE sip:a@example.test SIP/2.0\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.method(), "BYE");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn method(&self) -> Text<'a> {
        match &self.start {
            Ok(StartLine::Request(line)) => line.method(),
            _ => Text::default(),
        }
    }

    /// The status code of a response.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 486 Busy Here\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.code(), Some(486));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn code(&self) -> Option<u16> {
        match &self.start {
            Ok(StartLine::Status(line)) => line.code().ok(),
            _ => None,
        }
    }

    /// The header lines in their order.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\ni: 1\r\nX-Mine: 2\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let names: Vec<_> = head.headers().flatten().map(|header| header.name()).collect();
    /// assert_eq!(names, ["i", "X-Mine"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn headers(&self) -> Headers<'a> {
        Headers::between(self.bytes, self.headers_at, self.end, self.bare)
    }

    /// The value of the first header of this name.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nL: 0\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.value(Name::ContentLength).unwrap(), "0");
    /// assert_eq!(head.value(Name::Expires), None);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn value(&self, name: Name) -> Option<Text<'a>> {
        match self.first(name)? {
            First::At((from, to)) => {
                let raw = self.bytes.get(from as usize..to as usize)?;
                Some(Text::new(raw).trimmed())
            }
            First::Beyond => self.beyond().find(|line| line.name == name).map(|it| it.value()),
        }
    }

    /// The position of the first header of a name; for a rare name it may need a scan of the lines.
    #[inline]
    fn first(&self, name: Name) -> Option<First> {
        if (name as usize) < INDEXED {
            return self.index.first(name);
        }
        let known = (0..).map_while(|at| self.index.line(at)).find(|line| line.0 == name);
        match known {
            Some((_, span)) => Some(First::At(span)),
            None if self.index.is_whole() => None,
            None => Some(First::Beyond),
        }
    }

    /// The values of all headers of this name, in order.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nRoute: <sip:b>\r\nroute: <sip:c>\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let routes: Vec<_> = head.values(Name::Route).collect();
    /// assert_eq!(routes, ["<sip:b>", "<sip:c>"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn values(&self, name: Name) -> impl Iterator<Item = Text<'a>> + Clone + use<'a> {
        self.values_of(name)
    }

    #[inline]
    pub(crate) fn values_of(&self, name: Name) -> HeaderValues<'a> {
        match self.first(name) {
            None => HeaderValues::of(name, None, self.headers().finished()),
            Some(First::Beyond) => HeaderValues::of(name, None, self.beyond().headers()),
            Some(First::At((_, to))) => {
                let once = (name as usize) < INDEXED && !self.index.is_repeated(name);
                let rest = self.headers();
                let rest = if once { rest.finished() } else { rest.after(to as usize) };
                HeaderValues::of(name, self.value(name), rest)
            }
        }
    }

    /// A line of the table.
    #[inline]
    pub(crate) fn line(&self, at: usize) -> Option<Line<'a>> {
        let (name, (value, end)) = self.index.line(at)?;
        let from = match at.checked_sub(1).and_then(|before| self.index.line(before)) {
            Some((_, (_, end))) => self.headers().after(end as usize).at(),
            None => self.headers_at,
        };
        Some(Line::new(self.bytes, name, from, value as usize, end as usize))
    }

    /// The lines after those of the table.
    pub(crate) fn beyond(&self) -> Lines<'a> {
        match self.index.line(LINES - 1) {
            Some((_, (_, end))) => self.headers().after(end as usize).lines(),
            None => self.headers().finished().lines(),
        }
    }

    /// All lines, those of the table without looking for their ends again.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let head = *self;
        (0..LINES).map_while(move |at| head.line(at)).chain(self.beyond())
    }

    /// The value of the first header with this name, known or not; compact names match too.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nX-Mine: 2\r\ni: 1\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.value_of("x-mine").unwrap(), "2");
    /// assert_eq!(head.value_of("Call-ID").unwrap(), "1");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn value_of(&self, name: &str) -> Option<Text<'a>> {
        match Name::from_bytes(name.as_bytes()) {
            Name::Other => self
                .headers()
                .lines()
                .find(|line| line.name_text().is(name))
                .map(|line| line.value()),
            known => self.value(known),
        }
    }

    /// The headers with this name, known or not; compact names match too.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nX-Mine: 2\r\nx-mine: 3\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.all_of("X-MINE").nth(1).unwrap().value(), "3");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn all_of<'n>(&self, name: &'n str) -> impl Iterator<Item = Header<'a>> + use<'a, 'n> {
        let known = Name::from_bytes(name.as_bytes());
        self.headers().flatten().filter(move |header| match known {
            Name::Other => header.name().is(name),
            known => header.known() == known,
        })
    }

    /// Whether more than one header of this name is there.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nCall-ID: 1\r\ni: 2\r\nl: 0\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert!(head.is_repeated(Name::CallId) && !head.is_repeated(Name::ContentLength));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn is_repeated(&self, name: Name) -> bool {
        if (name as usize) < INDEXED {
            return self.index.is_repeated(name);
        }
        self.values(name).nth(1).is_some()
    }

    /// The leniency with which values are parsed.
    ///
    /// ```
    /// use sip_ucid::{Head, Leniency};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\n\r\n";
    /// let head = Head::parse_with(bytes, Leniency::BARE_LF)?.complete().unwrap();
    /// assert_eq!(head.leniency(), Leniency::BARE_LF);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn leniency(&self) -> Leniency {
        self.leniency
    }

    /// The first byte of the start line.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"\r\n\r\nBYE sip:a@example.test SIP/2.0\r\n\r\n";
    /// assert_eq!(Head::parse(bytes)?.complete().unwrap().at(), 4);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn at(&self) -> usize {
        self.at
    }

    /// One past the empty line: where the body begins.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nl: 2\r\n\r\nhi";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(&bytes[head.end()..], b"hi");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn end(&self) -> usize {
        self.end
    }

    /// Whether lines end in a lone LF; see [`Leniency::BARE_LF`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bare = |bytes| Head::parse(bytes).unwrap().complete().unwrap().is_bare();
    /// assert!(bare(b"SIP/2.0 200 OK\nl: 0\n\n"));
    /// assert!(!bare(b"SIP/2.0 200 OK\r\nl: 0\r\n\r\n"));
    /// ```
    pub const fn is_bare(&self) -> bool {
        self.bare
    }

    /// The bytes from the start line to the empty line.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"\r\nSIP/2.0 200 OK\r\n\r\nbody")?.complete().unwrap();
    /// assert_eq!(head.as_bytes(), b"SIP/2.0 200 OK\r\n\r\n");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Whether the head holds a control character other than in CRLF, or may.
    ///
    /// Each line that was found ends with CRLF, unless lines end in a lone LF. If these are all the control characters
    /// there are, none is anywhere else.
    pub(crate) fn is_suspicious(&self) -> bool {
        let Some(lines) = self.index.lines().filter(|_| !self.bare) else {
            return scan::is_suspicious(self.as_bytes());
        };
        // The start line and the empty line are not in the table.
        scan::controls(self.as_bytes()) != 2 * (lines + 2)
    }

    /// The start line as sent, without its line break.
    pub(crate) fn start_line(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.start_end).unwrap_or_default()
    }

    pub(crate) const fn input(&self) -> &'a [u8] {
        self.bytes
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({} bytes)", self.end - self.at)
    }
}
