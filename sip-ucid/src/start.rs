//! The start line: `Method SP Request-URI SP SIP/2.0` or `SIP/2.0 SP 3DIGIT SP reason`.

use core::fmt;

use crate::chars::{self, DIGIT, LWS, TEXT, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::leniency::Leniency;
use crate::scan;
use crate::text::{self, Text};
use crate::uri::Uri;

/// The first line of a message.
///
/// ```
/// use sip_ucid::StartLine;
///
/// let line = StartLine::parse(b"SIP/2.0 180 Ringing").unwrap();
/// let StartLine::Status(status) = line else { panic!("a status line") };
/// assert_eq!((status.code().unwrap(), status.reason()), (180, "Ringing".into()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// The first line of a request.
    Request(RequestLine<'a>),
    /// The first line of a response.
    Status(StatusLine<'a>),
}

/// `Method SP Request-URI SP SIP/2.0`.
///
/// ```
/// use sip_ucid::StartLine;
///
/// let line = StartLine::parse(b"INVITE sip:500001@example.test SIP/2.0").unwrap();
/// let StartLine::Request(request) = line else { panic!("a request line") };
/// assert_eq!(request.method(), "INVITE");
/// assert_eq!(request.uri(), "sip:500001@example.test");
/// assert_eq!(request.version(), "SIP/2.0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLine<'a> {
    method: Text<'a>,
    uri: Text<'a>,
    version: Text<'a>,
}

/// `SIP/2.0 SP 3DIGIT SP reason`.
///
/// ```
/// use sip_ucid::{ErrorKind, StartLine};
///
/// let line = StartLine::parse(b"SIP/2.0 4294967301 big").unwrap();
/// let StartLine::Status(status) = line else { panic!("a status line") };
/// assert_eq!(status.code().unwrap_err().kind(), ErrorKind::StatusCode);
/// assert_eq!(status.code_text(), "4294967301");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLine<'a> {
    version: Text<'a>,
    code: Text<'a>,
    reason: Text<'a>,
}

impl<'a> StartLine<'a> {
    /// Parses a line, without its line break.
    ///
    /// # Errors
    /// [`ErrorKind::NotSip`] without a SIP version in its place; [`ErrorKind::StartLine`] if a
    /// part is missing.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, StartLine};
    /// assert!(matches!(StartLine::parse(b"ACK tel:1 SIP/2.0"), Ok(StartLine::Request(_))));
    /// assert_eq!(StartLine::parse(b"GET / HTTP/1.1").unwrap_err().kind(), ErrorKind::NotSip);
    /// ```
    pub fn parse(line: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(line, Leniency::default())
    }

    /// The same with the given leniency.
    ///
    /// # Errors
    /// As [`StartLine::parse`]; without [`Leniency::START_LINE_SPACES`] also
    /// [`ErrorKind::StartLine`] for spaces that are out of place.
    ///
    /// ```
    /// use sip_ucid::{Leniency, StartLine};
    /// let line = b"SIP/2.0  200 OK";
    /// assert!(StartLine::parse_with(line, Leniency::START_LINE_SPACES).is_ok());
    /// assert!(StartLine::parse_with(line, Leniency::NONE).is_err());
    /// ```
    pub fn parse_with(line: &'a [u8], leniency: Leniency) -> Result<Self, Error> {
        let loose = leniency.has(Leniency::START_LINE_SPACES);
        if is_version(line) {
            StatusLine::parse(line, loose).map(Self::Status)
        } else {
            RequestLine::parse(line, loose).map(Self::Request)
        }
    }
}

/// Whether `text` begins with `SIP/`, in any case.
#[inline]
fn is_version(text: &[u8]) -> bool {
    matches!(text, [b'S' | b's', b'I' | b'i', b'P' | b'p', b'/', ..])
}

/// `SIP/` 1*DIGIT `.` 1*DIGIT
pub(crate) fn is_sip_version(text: &[u8]) -> bool {
    let Some(number) = text.get(4..).filter(|_| is_version(text)) else { return false };
    let Some(dot) = scan::find(number, 0, b'.') else { return false };
    let (major, minor) = number.split_at_checked(dot).unwrap_or_default();
    chars::all(major, DIGIT) && chars::all(minor.get(1..).unwrap_or_default(), DIGIT)
}

impl<'a> RequestLine<'a> {
    #[inline]
    fn parse(line: &'a [u8], loose: bool) -> Result<Self, Error> {
        let bad = |at| Error::new(ErrorKind::StartLine, at);
        let trimmed = if loose { text::trim_end(line) } else { line };
        let space = trimmed.iter().rposition(|byte| *byte == b' ');
        let (before, version) =
            trimmed.split_at_checked(space.map_or(0, |at| at + 1)).unwrap_or_default();
        if !is_version(version) {
            // Spaces at the end hide the version from a strict reader, but it is SIP all the same.
            let hidden = !loose && Self::parse(line, true).is_ok();
            let kind = if hidden { ErrorKind::StartLine } else { ErrorKind::NotSip };
            return Err(Error::new(kind, 0));
        }
        let gap = before.iter().position(|byte| *byte == b' ').ok_or(bad(0))?;
        let (method, uri) = before.split_at_checked(gap).ok_or(bad(gap))?;
        // `uri` has the space before it and the one after it, which may be the same.
        let uri = uri.get(1..).and_then(|uri| uri.strip_suffix(b" ")).ok_or(bad(gap))?;
        let uri = if loose { text::trim(uri) } else { uri };
        let spaced = !loose && uri.iter().any(|byte| chars::is(*byte, LWS));
        if method.is_empty() || uri.is_empty() || spaced {
            return Err(bad(gap));
        }
        Ok(Self { method: Text::new(method), uri: Text::new(uri), version: Text::new(version) })
    }

    /// The method; case matters.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Request(line) = StartLine::parse(b"ACK tel:1 SIP/2.0")? else { panic!() };
    /// assert_eq!(line.method(), "ACK");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn method(&self) -> Text<'a> {
        self.method
    }

    /// The Request-URI as sent.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Request(line) = StartLine::parse(b"ACK tel:1 SIP/2.0")? else { panic!() };
    /// assert_eq!(line.uri(), "tel:1");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn uri(&self) -> Text<'a> {
        self.uri
    }

    /// The Request-URI, parsed.
    ///
    /// # Errors
    /// As [`Uri::parse`].
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Request(line) = StartLine::parse(b"ACK sip:h:50 SIP/2.0")? else { panic!() };
    /// assert_eq!(line.parsed_uri()?.sip().unwrap().port(), Some(50));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn parsed_uri(&self) -> Result<Uri<'a>, Error> {
        Uri::parse(self.uri.as_bytes())
    }

    /// The version, such as `SIP/2.0`.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Request(line) = StartLine::parse(b"ACK tel:1 sip/2.0")? else { panic!() };
    /// assert_eq!(line.version(), "sip/2.0");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn version(&self) -> Text<'a> {
        self.version
    }

    /// Whether method and version match the grammar, with one space between the parts.
    pub(crate) fn is_strict(&self, line: &[u8]) -> bool {
        self.method.len() + self.uri.len() + self.version.len() + 2 == line.len()
            && chars::all(self.method.as_bytes(), TOKEN)
            && is_sip_version(self.version.as_bytes())
    }
}

impl<'a> StatusLine<'a> {
    fn parse(line: &'a [u8], loose: bool) -> Result<Self, Error> {
        let bad = |at| Error::new(ErrorKind::StartLine, at);
        let gap = line.iter().position(|byte| *byte == b' ').ok_or(bad(line.len()))?;
        let (version, rest) = line.split_at_checked(gap).ok_or(bad(gap))?;
        let rest = rest.get(1..).unwrap_or_default();
        let rest = if loose { text::trim_start(rest) } else { rest };
        let (code, reason) = match rest.iter().position(|byte| *byte == b' ') {
            Some(end) => rest.split_at_checked(end).ok_or(bad(gap))?,
            None if loose => (rest, &b" "[..]),
            None => return Err(bad(line.len())),
        };
        if code.is_empty() {
            return Err(bad(gap + 1));
        }
        let reason = reason.get(1..).unwrap_or_default();
        Ok(Self { version: Text::new(version), code: Text::new(code), reason: Text::new(reason) })
    }

    /// The version, such as `SIP/2.0`.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Status(line) = StartLine::parse(b"SIP/2.0 200 OK")? else { panic!() };
    /// assert_eq!(line.version(), "SIP/2.0");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn version(&self) -> Text<'a> {
        self.version
    }

    /// The status code, 100 to 699.
    ///
    /// # Errors
    /// [`ErrorKind::StatusCode`] for anything but three digits in that range.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let code = |line| match StartLine::parse(line) {
    ///     Ok(StartLine::Status(line)) => line.code().ok(),
    ///     _ => None,
    /// };
    /// assert_eq!(code(b"SIP/2.0 404 Not Found"), Some(404));
    /// assert_eq!(code(b"SIP/2.0 700 No"), None);
    /// ```
    pub fn code(&self) -> Result<u16, Error> {
        let [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9'] = self.code.as_bytes() else {
            return Err(Error::new(ErrorKind::StatusCode, self.version.len() + 1));
        };
        let digit = |byte: u8| u16::from(byte - b'0');
        Ok(100 * digit(*a) + 10 * digit(*b) + digit(*c))
    }

    /// The status code as sent.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Status(line) = StartLine::parse(b"SIP/2.0 20 Odd")? else { panic!() };
    /// assert_eq!(line.code_text(), "20");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn code_text(&self) -> Text<'a> {
        self.code
    }

    /// The reason phrase; it may be empty, and may hold UTF-8.
    ///
    /// ```
    /// use sip_ucid::StartLine;
    /// let StartLine::Status(line) = StartLine::parse(b"SIP/2.0 404 Not Found")? else { panic!() };
    /// assert_eq!(line.reason(), "Not Found");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn reason(&self) -> Text<'a> {
        self.reason
    }

    /// Whether version and reason match the grammar, with one space between the parts.
    pub(crate) fn is_strict(&self, line: &[u8]) -> bool {
        self.version.len() + self.code.len() + self.reason.len() + 2 == line.len()
            && is_sip_version(self.version.as_bytes())
            && self.reason.as_bytes().iter().all(|b| chars::is(*b, TEXT))
    }
}

impl fmt::Display for StartLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(line) => write!(f, "{} {} {}", line.method, line.uri, line.version),
            Self::Status(line) => write!(f, "{} {} {}", line.version, line.code, line.reason),
        }
    }
}
