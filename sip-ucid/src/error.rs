//! The one error type: what was wrong and at which byte.

use core::fmt;

/// What was wrong with a message or a value.
///
/// ```
/// use sip_ucid::{Address, ErrorKind};
///
/// let broken = Address::parse(b"\"Mr. User <sip:user@example.com>").unwrap_err();
/// assert_eq!(broken.kind(), ErrorKind::Quote);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input does not begin like a SIP message.
    NotSip,
    /// No empty line ends the head of a datagram or WebSocket message.
    NoEnd,
    /// The head is longer than 4 GiB or than the framer's limit.
    TooLong,
    /// A datagram holds fewer octets than its Content-Length says.
    ShortBody,
    /// Content-Length is not a number that fits.
    ContentLength,
    /// Two Content-Lengths differ.
    LengthConflict,
    /// A message on a stream has no Content-Length.
    NoContentLength,
    /// The start line is neither a request line nor a status line.
    StartLine,
    /// The status code is not three digits from 100 to 699.
    StatusCode,
    /// A header line has no colon, or its name is not a token.
    HeaderName,
    /// The requested header is missing.
    Missing,
    /// A quoted string is not closed.
    Quote,
    /// An angle bracket is not closed, or is misplaced.
    Bracket,
    /// A display name holds characters that need quotes.
    DisplayName,
    /// The URI is malformed.
    Uri,
    /// The host is malformed.
    Host,
    /// The port is not a number up to 65535.
    Port,
    /// A parameter is malformed.
    Parameter,
    /// The Via value is malformed.
    Via,
    /// The CSeq value is malformed or its number is 2^32 or more.
    CSeq,
    /// A value that must be a number is not one, or is too large.
    Number,
    /// A token is missing or holds other characters.
    Token,
    /// A list has an empty element.
    EmptyElement,
    /// The date is not of the form `Sat, 13 Nov 2010 23:29:00 GMT`.
    Date,
    /// Hexadecimal data is malformed.
    Hex,
    /// Session-ID is not 32 hexadecimal digits.
    SessionId,
    /// Credentials or a challenge are malformed.
    Auth,
}

impl ErrorKind {
    /// A short description, without any of the input.
    ///
    /// ```
    /// assert_eq!(sip_ucid::ErrorKind::ShortBody.as_str(), "body shorter than Content-Length");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSip => "not a SIP message",
            Self::NoEnd => "no empty line ends the head",
            Self::TooLong => "longer than the limit",
            Self::ShortBody => "body shorter than Content-Length",
            Self::ContentLength => "unusable Content-Length",
            Self::LengthConflict => "different Content-Lengths",
            Self::NoContentLength => "no Content-Length on a stream",
            Self::StartLine => "malformed start line",
            Self::StatusCode => "status code out of range",
            Self::HeaderName => "malformed header line",
            Self::Missing => "header missing",
            Self::Quote => "quoted string not closed",
            Self::Bracket => "angle bracket out of place",
            Self::DisplayName => "display name needs quotes",
            Self::Uri => "malformed URI",
            Self::Host => "malformed host",
            Self::Port => "malformed port",
            Self::Parameter => "malformed parameter",
            Self::Via => "malformed Via",
            Self::CSeq => "malformed CSeq",
            Self::Number => "not a number in range",
            Self::Token => "not a token",
            Self::EmptyElement => "empty list element",
            Self::Date => "malformed date",
            Self::Hex => "malformed hexadecimal data",
            Self::SessionId => "malformed Session-ID",
            Self::Auth => "malformed credentials",
        }
    }
}

/// A parse error: an [`ErrorKind`] and the byte at which it was noticed.
///
/// The offset counts from the start of the slice that was parsed. The error holds none of the
/// input, so it can be logged.
///
/// ```
/// let error = sip_ucid::Message::datagram(b"hello\r\n\r\n").unwrap_err();
/// assert_eq!(error.to_string(), "not a SIP message at byte 0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    at: usize,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, at: usize) -> Self {
        Self { kind, at }
    }

    /// What was wrong.
    ///
    /// ```
    /// let error = sip_ucid::CSeq::parse(b"x BYE").unwrap_err();
    /// assert_eq!(error.kind(), sip_ucid::ErrorKind::CSeq);
    /// ```
    pub const fn kind(self) -> ErrorKind {
        self.kind
    }

    /// The byte at which it was noticed.
    ///
    /// ```
    /// let error = sip_ucid::Message::datagram(b"\r\nhello\r\n\r\n").unwrap_err();
    /// assert_eq!(error.at(), 2);
    /// ```
    pub const fn at(self) -> usize {
        self.at
    }

    /// The same error seen from a slice that begins `by` bytes earlier.
    pub(crate) const fn shifted(self, by: usize) -> Self {
        Self { kind: self.kind, at: self.at + by }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.as_str(), self.at)
    }
}

impl core::error::Error for Error {}

#[cfg(feature = "std")]
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}
