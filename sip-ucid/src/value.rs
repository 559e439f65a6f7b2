//! Small values: CSeq, Content-Type, Session-ID, Reason and plain numbers.

use core::fmt;

use crate::chars::{self, HEX, LWS, TOKEN};
use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::headers::HeaderValues;
use crate::params::Params;
use crate::text::{self, Text};

/// CSeq: a number and a method.
///
/// ```
/// use sip_ucid::CSeq;
///
/// let cseq = CSeq::parse(b"0009\r\n  INVITE").unwrap();
/// assert_eq!((cseq.number(), cseq.method()), (9, "INVITE".into()));
/// assert!(CSeq::parse(b"36893488147419103232 REGISTER").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    number: u32,
    method: Text<'a>,
}

impl<'a> CSeq<'a> {
    /// Parses a value.
    ///
    /// # Errors
    /// [`ErrorKind::CSeq`] unless it is a number below 2^32, white space and a token.
    ///
    /// ```
    /// use sip_ucid::{CSeq, ErrorKind};
    /// assert_eq!(CSeq::parse(b"4294967295 BYE").unwrap().number(), u32::MAX);
    /// assert_eq!(CSeq::parse(b"4294967296 BYE").unwrap_err().kind(), ErrorKind::CSeq);
    /// ```
    #[inline]
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let bad = |at| Error::new(ErrorKind::CSeq, at);
        let (number, method) = Self::parts(value);
        let number = digits::decimal(number.as_bytes()).ok_or(bad(0))?;
        if !chars::all(method.as_bytes(), TOKEN) {
            return Err(bad(value.len() - method.len()));
        }
        Ok(Self { number, method })
    }

    /// The two parts as sent, so that a malformed number does not hide the method.
    ///
    /// ```
    /// use sip_ucid::CSeq;
    /// assert_eq!(CSeq::parts(b"many BYE").1, "BYE");
    /// ```
    #[inline]
    pub fn parts(value: &'a [u8]) -> (Text<'a>, Text<'a>) {
        let gap = value.iter().position(|b| chars::is(*b, LWS)).unwrap_or(value.len());
        let (number, rest) = value.split_at_checked(gap).unwrap_or_default();
        (Text::new(number), Text::new(text::trim(rest)))
    }

    /// The sequence number.
    ///
    /// ```
    /// assert_eq!(sip_ucid::CSeq::parse(b"0068 BYE").unwrap().number(), 68);
    /// ```
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The method; case matters.
    ///
    /// ```
    /// assert_eq!(sip_ucid::CSeq::parse(b"1\t BYE").unwrap().method(), "BYE");
    /// ```
    pub const fn method(&self) -> Text<'a> {
        self.method
    }
}

/// Content-Type: type, subtype and parameters.
///
/// ```
/// use sip_ucid::ContentType;
///
/// let kind = ContentType::parse(b"multipart / mixed ;boundary=\"a;b\"").unwrap();
/// assert_eq!((kind.kind(), kind.subtype()), ("multipart".into(), "mixed".into()));
/// assert_eq!(kind.params().get("boundary").unwrap(), "\"a;b\"");
/// assert!(kind.is("Multipart", "mixed"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType<'a> {
    kind: Text<'a>,
    subtype: Text<'a>,
    params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Parses a value.
    ///
    /// # Errors
    /// [`ErrorKind::Token`] unless it is `token / token`.
    ///
    /// ```
    /// use sip_ucid::{ContentType, ErrorKind};
    /// assert_eq!(ContentType::parse(b"text/plain;charset=utf-8").unwrap().subtype(), "plain");
    /// assert_eq!(ContentType::parse(b"text").unwrap_err().kind(), ErrorKind::Token);
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        let (range, params) = value.split_at_checked(end).unwrap_or_default();
        let slash = range.iter().position(|b| *b == b'/').unwrap_or(range.len());
        let (kind, subtype) = range.split_at_checked(slash).unwrap_or_default();
        let kind = text::trim(kind);
        let subtype = text::trim(subtype.get(1..).unwrap_or_default());
        if !chars::all(kind, TOKEN) || !chars::all(subtype, TOKEN) {
            return Err(Error::new(ErrorKind::Token, 0));
        }
        let params = Params::new(params);
        Ok(Self { kind: Text::new(kind), subtype: Text::new(subtype), params })
    }

    /// The type, such as `application`.
    ///
    /// ```
    /// assert_eq!(sip_ucid::ContentType::parse(b"application/sdp").unwrap().kind(), "application");
    /// ```
    pub const fn kind(&self) -> Text<'a> {
        self.kind
    }

    /// The subtype, such as `sdp`.
    ///
    /// ```
    /// assert_eq!(sip_ucid::ContentType::parse(b"application/sdp").unwrap().subtype(), "sdp");
    /// ```
    pub const fn subtype(&self) -> Text<'a> {
        self.subtype
    }

    /// The parameters.
    ///
    /// ```
    /// let kind = sip_ucid::ContentType::parse(b"text/plain; charset=utf-8").unwrap();
    /// assert_eq!(kind.params().get("charset").unwrap(), "utf-8");
    /// ```
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// Whether it is `kind/subtype`, ignoring case.
    ///
    /// ```
    /// assert!(sip_ucid::ContentType::parse(b"Application/SDP").unwrap().is("application", "sdp"));
    /// ```
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.is(kind) && self.subtype.is(subtype)
    }
}

/// Session-ID (RFC 7989): 32 hexadecimal digits, and those of the other side.
///
/// ```
/// use sip_ucid::SessionId;
///
/// let id = SessionId::parse(
///     b"ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000",
/// ).unwrap();
/// assert_eq!(id.local(), "ab30317f1a784dc48ff824d0d3715d86");
/// assert!(id.remote().is_none() && id.has_remote());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId<'a> {
    local: Text<'a>,
    remote: Option<Text<'a>>,
}

impl<'a> SessionId<'a> {
    /// Parses a value.
    ///
    /// # Errors
    /// [`ErrorKind::SessionId`] unless local and remote part are 32 hexadecimal digits.
    ///
    /// ```
    /// use sip_ucid::SessionId;
    /// assert!(SessionId::parse(b"ab30317f1a784dc48ff824d0d3715d86").is_ok());
    /// assert!(SessionId::parse(b"ab30317f").is_err());
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        let (local, params) = value.split_at_checked(end).unwrap_or_default();
        let local = Text::new(text::trim(local));
        let remote = Params::new(params).get("remote");
        let good = |id: Text<'_>| id.len() == 32 && chars::all(id.as_bytes(), HEX);
        if !good(local) || !remote.is_none_or(good) {
            return Err(Error::new(ErrorKind::SessionId, 0));
        }
        Ok(Self { local, remote })
    }

    /// The digits of the sender.
    ///
    /// ```
    /// let id = sip_ucid::SessionId::parse(b"ab30317f1a784dc48ff824d0d3715d86").unwrap();
    /// assert_eq!(id.local(), "ab30317f1a784dc48ff824d0d3715d86");
    /// ```
    pub const fn local(&self) -> Text<'a> {
        self.local
    }

    /// The digits of the other side; `None` if they are missing or all zero, which means unknown.
    ///
    /// ```
    /// use sip_ucid::SessionId;
    /// let id = SessionId::parse(
    ///     b"ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2",
    /// ).unwrap();
    /// assert_eq!(id.remote().unwrap(), "47755a9de7794ba387653f2099600ef2");
    /// ```
    pub fn remote(&self) -> Option<Text<'a>> {
        self.remote.filter(|id| id.as_bytes().iter().any(|b| *b != b'0'))
    }

    /// Whether there is a remote part; the older form has none.
    ///
    /// ```
    /// let id = sip_ucid::SessionId::parse(b"ab30317f1a784dc48ff824d0d3715d86").unwrap();
    /// assert!(!id.has_remote());
    /// ```
    pub const fn has_remote(&self) -> bool {
        self.remote.is_some()
    }
}

/// One value of Reason (RFC 3326): a protocol, a cause and a text.
///
/// ```
/// use sip_ucid::Reason;
///
/// let reason = Reason::parse(b"Q.850 ;cause=16 ;text=\"Terminated\"").unwrap();
/// assert_eq!((reason.protocol(), reason.cause()), ("Q.850".into(), Some(16)));
/// assert_eq!(reason.params().next().unwrap().name(), "cause");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason<'a> {
    protocol: Text<'a>,
    params: Params<'a>,
}

impl<'a> Reason<'a> {
    /// Parses one value of the list.
    ///
    /// # Errors
    /// [`ErrorKind::Token`] unless it begins with a token.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Reason};
    /// assert_eq!(Reason::parse(b"SIP;cause=486").unwrap().protocol(), "SIP");
    /// assert_eq!(Reason::parse(b";cause=486").unwrap_err().kind(), ErrorKind::Token);
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        let (protocol, params) = value.split_at_checked(end).unwrap_or_default();
        let protocol = text::trim(protocol);
        if !chars::all(protocol, TOKEN) {
            return Err(Error::new(ErrorKind::Token, 0));
        }
        Ok(Self { protocol: Text::new(protocol), params: Params::new(params) })
    }

    /// The protocol, such as `SIP` or `Q.850`.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Reason::parse(b"Q.850 ;cause=16").unwrap().protocol(), "Q.850");
    /// ```
    pub const fn protocol(&self) -> Text<'a> {
        self.protocol
    }

    /// The cause.
    ///
    /// ```
    /// use sip_ucid::Reason;
    /// assert_eq!(Reason::parse(b"SIP ;cause=486").unwrap().cause(), Some(486));
    /// assert_eq!(Reason::parse(b"SIP ;text=\"Busy\"").unwrap().cause(), None);
    /// ```
    pub fn cause(&self) -> Option<u16> {
        digits::decimal(self.params.get("cause")?.as_bytes())
    }

    /// All parameters.
    ///
    /// ```
    /// let reason = sip_ucid::Reason::parse(b"SIP;cause=486;text=\"Busy\"").unwrap();
    /// assert_eq!(reason.params().get("text").unwrap(), "\"Busy\"");
    /// ```
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// The values of Privacy (RFC 3323, 3325), separated by semicolons, over all lines.
///
/// Commas separate values too: the standard has none here, but they are sent, and missing an `id`
/// would show a number that should be withheld.
///
/// ```
/// use sip_ucid::Privacy;
///
/// let privacy = Privacy::new(b"id; critical");
/// assert!(privacy.has("ID") && !privacy.has("none"));
/// assert_eq!(privacy.count(), 2);
/// ```
#[derive(Clone)]
pub struct Privacy<'a> {
    values: HeaderValues<'a>,
    rest: &'a [u8],
}

impl<'a> Privacy<'a> {
    /// The values of one header.
    ///
    /// ```
    /// assert!(sip_ucid::Privacy::new(b"header; session").has("session"));
    /// ```
    pub const fn new(value: &'a [u8]) -> Self {
        Self::of(HeaderValues::only(Text::new(value)))
    }

    /// The values of all headers.
    pub(crate) const fn of(values: HeaderValues<'a>) -> Self {
        Self { values, rest: &[] }
    }

    /// Whether `name` is among them, ignoring case.
    ///
    /// ```
    /// let privacy = sip_ucid::Privacy::new(b"id;critical");
    /// assert!(privacy.has("ID") && !privacy.has("user"));
    /// ```
    pub fn has(&self, name: &str) -> bool {
        self.clone().any(|value| value.is(name))
    }
}

impl<'a> Iterator for Privacy<'a> {
    type Item = Text<'a>;

    fn next(&mut self) -> Option<Text<'a>> {
        loop {
            if self.rest.is_empty() {
                self.rest = self.values.next()?.as_bytes();
            }
            let ends = |byte: &u8| matches!(byte, b';' | b',');
            let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
            let (value, after) = self.rest.split_at_checked(end)?;
            self.rest = after.get(1..).unwrap_or_default();
            let value = text::trim(value);
            if !value.is_empty() {
                return Some(Text::new(value));
            }
        }
    }
}

impl fmt::Debug for Privacy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Privacy")
    }
}

/// A value of digits, if it fits; parameters after it are ignored.
pub(crate) fn leading_number<T: TryFrom<u64>>(value: &[u8]) -> Option<T> {
    let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
    digits::decimal(text::trim(value.get(..end)?))
}
