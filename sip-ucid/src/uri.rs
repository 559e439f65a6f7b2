//! SIP, SIPS and TEL URIs (RFC 3261 section 19.1, RFC 3966).
//!
//! Parsing splits a URI into its parts; it decodes nothing and compares nothing.

use core::fmt;

use crate::chars::{
    self, ALNUM, DIGIT, PASSWORD, PHONE, URI_HEADER, URI_PARAM, URIC, USER, USER_BODY,
};
use crate::digits::{decimal, hex};
use crate::error::{Error, ErrorKind};
use crate::host;
use crate::params::Params;
use crate::quoted;
use crate::scan;
use crate::text::Text;

/// A URI, by its scheme.
///
/// ```
/// use sip_ucid::Uri;
///
/// let uri = Uri::parse(b"sip:alice:secret@[2001:db8::10]:5070;transport=tcp?Subject=x").unwrap();
/// let sip = uri.sip().unwrap();
/// assert_eq!(sip.user().unwrap(), "alice");
/// assert_eq!(sip.host(), "2001:db8::10");
/// assert_eq!(sip.port(), Some(5070));
/// assert_eq!(sip.params().get("transport").unwrap(), "tcp");
/// assert_eq!(sip.headers(), "Subject=x");
///
/// let tel = Uri::parse(b"tel:+91-80-0000-0001;phone-context=x").unwrap();
/// assert_eq!(tel.number().unwrap(), "+91-80-0000-0001");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// `tel:`.
    Tel(TelUri<'a>),
    /// Any other scheme, as sent.
    Other(Text<'a>),
}

/// A `sip:` or `sips:` URI, split into its parts.
///
/// ```
/// use sip_ucid::Uri;
///
/// let uri = Uri::parse(b"sips:%61lice;postd=1@Example.TEST").unwrap();
/// let sip = uri.sip().unwrap();
/// assert!(sip.is_secure());
/// assert_eq!(sip.user().unwrap(), "%61lice");
/// assert_eq!(sip.decoded_user().unwrap().to_string(), "alice");
/// assert_eq!(sip.user_params().get("postd").unwrap(), "1");
/// assert_eq!(sip.password(), None);
/// assert_eq!(sip.port(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SipUri<'a> {
    secure: bool,
    user: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    host: &'a [u8],
    port: Option<&'a [u8]>,
    params: &'a [u8],
    headers: Option<&'a [u8]>,
}

/// A `tel:` URI.
///
/// ```
/// use sip_ucid::Uri;
///
/// let uri = Uri::parse(b"tel:0-80-1;phone-context=+91").unwrap();
/// let tel = uri.tel().unwrap();
/// assert_eq!(tel.number(), "0-80-1");
/// assert!(!tel.is_global());
/// assert_eq!(tel.params().get("phone-context").unwrap(), "+91");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TelUri<'a> {
    number: &'a [u8],
    params: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Parses a URI on its own.
    ///
    /// # Errors
    /// [`ErrorKind::Uri`] without a scheme, [`ErrorKind::Host`] without a host or with an open
    /// bracket. Characters and ports are not looked at here: [`Uri::check`] does.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Uri};
    /// assert!(matches!(Uri::parse(b"sips:a@example.test"), Ok(Uri::Sip(_))));
    /// assert!(matches!(Uri::parse(b"isbn:2983792873"), Ok(Uri::Other(_))));
    /// assert_eq!(Uri::parse(b"sip:a@").unwrap_err().kind(), ErrorKind::Host);
    /// ```
    #[inline]
    pub fn parse(text: &'a [u8]) -> Result<Self, Error> {
        match text {
            [b'S' | b's', b'I' | b'i', b'P' | b'p', b':', rest @ ..] => {
                SipUri::parse(rest, false).map_err(|e| e.shifted(4)).map(Self::Sip)
            }
            [b'S' | b's', b'I' | b'i', b'P' | b'p', b'S' | b's', b':', rest @ ..] => {
                SipUri::parse(rest, true).map_err(|e| e.shifted(5)).map(Self::Sip)
            }
            [b'T' | b't', b'E' | b'e', b'L' | b'l', b':', rest @ ..] => {
                let (number, params) = split(rest, b';');
                Ok(Self::Tel(TelUri { number, params: params.unwrap_or_default() }))
            }
            _ => {
                let (scheme, rest) = split(text, b':');
                let [first, tail @ ..] = scheme else {
                    return Err(Error::new(ErrorKind::Uri, 0));
                };
                let named = tail.iter().all(|b| chars::is(*b, ALNUM) || b"+-.".contains(b));
                if rest.is_none_or(|rest| rest.len() < 2) || !first.is_ascii_alphabetic() || !named
                {
                    return Err(Error::new(ErrorKind::Uri, 0));
                }
                Ok(Self::Other(Text::new(text)))
            }
        }
    }

    /// The user part or `tel:` number of a URI; what follows it is ignored.
    #[inline]
    pub(crate) fn number_in(text: &'a [u8]) -> Option<Text<'a>> {
        let ([b'S' | b's', b'I' | b'i', b'P' | b'p', b':', rest @ ..]
        | [b'S' | b's', b'I' | b'i', b'P' | b'p', b'S' | b's', b':', rest @ ..]) = text
        else {
            return Self::parse(text).ok()?.number();
        };
        let user = rest.get(..scan::find(rest, 0, b'@')?)?;
        not_empty(user.get(..chars::run(user, USER_BODY))?)
    }

    /// The parts, if it is a `sip:` or `sips:` URI.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// assert_eq!(Uri::parse(b"sip:a@host.test").unwrap().sip().unwrap().host(), "host.test");
    /// assert_eq!(Uri::parse(b"tel:1").unwrap().sip(), None);
    /// ```
    pub const fn sip(&self) -> Option<&SipUri<'a>> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The parts, if it is a `tel:` URI.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// assert_eq!(Uri::parse(b"tel:+91-80").unwrap().tel().unwrap().number(), "+91-80");
    /// assert_eq!(Uri::parse(b"sip:a@example.test").unwrap().tel(), None);
    /// ```
    pub const fn tel(&self) -> Option<&TelUri<'a>> {
        match self {
            Self::Tel(uri) => Some(uri),
            _ => None,
        }
    }

    /// The user part of a SIP URI or the number of a `tel:` one, as sent.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let number = |uri| Uri::parse(uri).unwrap().number();
    /// assert_eq!(number(b"tel:+911;ext=2").unwrap(), "+911");
    /// assert_eq!(number(b"sip:+911;ext=2@example.test").unwrap(), "+911");
    /// assert_eq!(number(b"sip:example.test"), None);
    /// ```
    pub const fn number(&self) -> Option<Text<'a>> {
        match self {
            Self::Sip(uri) => uri.user(),
            Self::Tel(uri) => not_empty(uri.number),
            Self::Other(_) => None,
        }
    }

    /// The host of a SIP URI, without brackets.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// assert_eq!(Uri::parse(b"sip:a@[2001:db8::1]").unwrap().host().unwrap(), "2001:db8::1");
    /// assert_eq!(Uri::parse(b"tel:1").unwrap().host(), None);
    /// ```
    pub const fn host(&self) -> Option<Text<'a>> {
        match self {
            Self::Sip(uri) => Some(uri.host()),
            _ => None,
        }
    }

    /// Checks every character against the grammar.
    ///
    /// # Errors
    /// [`ErrorKind::Uri`], [`ErrorKind::Host`], [`ErrorKind::Port`] or [`ErrorKind::Parameter`].
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Uri};
    /// let bad = Uri::parse(b"sip:2001:db8::10").unwrap();
    /// assert_eq!(bad.check().unwrap_err().kind(), ErrorKind::Host);
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Sip(uri) => uri.check(),
            Self::Tel(uri) => uri.check(),
            Self::Other(text) if chars::all_escaped(text.as_bytes(), URIC) => Ok(()),
            Self::Other(_) => Err(Error::new(ErrorKind::Uri, 0)),
        }
    }
}

/// The text before the first `byte`, and the text from it on, if there is one.
#[inline]
fn split(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match scan::find(text, 0, byte) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
        None => (text, None),
    }
}

impl<'a> SipUri<'a> {
    /// Parses what follows the scheme.
    #[inline]
    fn parse(text: &'a [u8], secure: bool) -> Result<Self, Error> {
        // The `@` first: before it `;`, `?` and `,` belong to the user part.
        let (before, from_at) = split(text, b'@');
        let (userinfo, rest) = match from_at {
            Some(rest) => (Some(before), rest.get(1..).unwrap_or_default()),
            None => (None, text),
        };
        let host_at = text.len() - rest.len();
        let (host, rest) = host::split(rest).map_err(|e| e.shifted(host_at))?;
        let (host, port, rest) = match rest {
            [b':', rest @ ..] => {
                let ends = |b: &u8| matches!(b, b';' | b'?' | b':');
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                let (port, after) = rest.split_at_checked(end).unwrap_or_default();
                match after {
                    [b':', ..] => many_colons(host, text.get(host_at..).unwrap_or_default()),
                    _ => (host, Some(port), after),
                }
            }
            _ => (host, None, rest),
        };
        let (params, headers) = match rest {
            [] => (rest, None),
            _ => split(rest, b'?'),
        };
        let headers = headers.and_then(|headers| headers.get(1..));
        let (user, password) = match userinfo {
            Some(info) => {
                let (user, password) = split(info, b':');
                (Some(user), password.and_then(|password| password.get(1..)))
            }
            None => (None, None),
        };
        Ok(Self { secure, user, password, host, port, params, headers })
    }

    /// Whether the scheme is `sips:`.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// assert!(Uri::parse(b"sips:a@example.test").unwrap().sip().unwrap().is_secure());
    /// ```
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The user part as sent, without its parameters; `None` without an `@` or if it is
    /// empty.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let user = |uri| Uri::parse(uri).unwrap().sip().unwrap().user();
    /// assert_eq!(user(b"sip:a%20b;x=y:pw@example.test").unwrap(), "a%20b");
    /// assert_eq!(user(b"sip:example.test"), None);
    /// ```
    pub const fn user(&self) -> Option<Text<'a>> {
        match self.user {
            Some(user) => not_empty(until_semicolon(user).0),
            None => None,
        }
    }

    /// The user part with `%HH` decoded, once.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:a%20b@example.test").unwrap();
    /// assert_eq!(uri.sip().unwrap().decoded_user().unwrap().to_string(), "a b");
    /// ```
    pub fn decoded_user(&self) -> Option<PercentDecode<'a>> {
        self.user().map(|user| PercentDecode::new(user.as_bytes()))
    }

    /// The whole user part, with the parameters in it and without the password.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:1;phone-context=+91:pw@example.test").unwrap();
    /// assert_eq!(uri.sip().unwrap().full_user().unwrap(), "1;phone-context=+91");
    /// ```
    pub fn full_user(&self) -> Option<Text<'a>> {
        not_empty(self.user?)
    }

    /// The parameters inside the user part, such as `phone-context`.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:1;phone-context=+91@example.test;user=phone").unwrap();
    /// let inside = uri.sip().unwrap().user_params();
    /// assert_eq!(inside.get("phone-context").unwrap(), "+91");
    /// assert!(!inside.has("user"));
    /// ```
    pub fn user_params(&self) -> Params<'a> {
        Params::new(until_semicolon(self.user.unwrap_or_default()).1)
    }

    /// The password. RFC 3261 advises against it: it is sent in clear text.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:a:secret@example.test").unwrap();
    /// assert_eq!(uri.sip().unwrap().password().unwrap(), "secret");
    /// ```
    pub fn password(&self) -> Option<Text<'a>> {
        self.password.map(Text::new)
    }

    /// The host; an IPv6 address comes without its brackets.
    ///
    /// An address that was sent without brackets is given if it is clear where it ends; otherwise
    /// the host is empty.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let host = |uri| Uri::parse(uri).unwrap().sip().unwrap().host();
    /// assert_eq!(host(b"sip:a@3f9c2e.example.test:5060"), "3f9c2e.example.test");
    /// assert_eq!(host(b"sip:[2001:db8::1]"), "2001:db8::1");
    /// ```
    pub const fn host(&self) -> Text<'a> {
        match self.host {
            [b'[', inner @ .., b']'] => Text::new(inner),
            host => Text::new(host),
        }
    }

    /// Whether the host is an IPv6 address.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// assert!(Uri::parse(b"sip:a@[::1]").unwrap().sip().unwrap().is_ipv6());
    /// ```
    pub fn is_ipv6(&self) -> bool {
        matches!(self.host, [b'[', ..]) || host::is_ipv6(self.host)
    }

    /// The port, if there is one and it is a number up to 65535.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let port = |uri| Uri::parse(uri).unwrap().sip().unwrap().port();
    /// assert_eq!(port(b"sip:a@[::1]:5070"), Some(5070));
    /// assert_eq!((port(b"sip:a@[::1]"), port(b"sip:a@h:65536")), (None, None));
    /// ```
    pub fn port(&self) -> Option<u16> {
        decimal(self.port?)
    }

    /// The URI parameters.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:a@example.test;transport=tcp;lr?Subject=x").unwrap();
    /// let params = uri.sip().unwrap().params();
    /// assert!(params.has("lr") && params.get("transport").unwrap().is("TCP"));
    /// ```
    pub const fn params(&self) -> Params<'a> {
        Params::new(self.params)
    }

    /// The headers after `?`, without it.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"sip:a@example.test?Subject=x&Priority=urgent").unwrap();
    /// assert_eq!(uri.sip().unwrap().headers(), "Subject=x&Priority=urgent");
    /// ```
    pub fn headers(&self) -> Text<'a> {
        Text::new(self.headers.unwrap_or_default())
    }

    /// Whether there is a `?`.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let has = |uri| Uri::parse(uri).unwrap().sip().unwrap().has_headers();
    /// assert!(has(b"sip:a@example.test?Subject=x") && !has(b"sip:a@example.test"));
    /// ```
    pub const fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    fn check(&self) -> Result<(), Error> {
        let bad = |kind| Err(Error::new(kind, 0));
        let user_bad = |user: &[u8]| user.is_empty() || !chars::all_escaped(user, USER);
        if self.user.is_some_and(user_bad)
            || self.password.is_some_and(|text| !chars::all_escaped(text, PASSWORD))
        {
            return bad(ErrorKind::Uri);
        }
        host::check(self.host)?;
        if self.port.is_some_and(|port| decimal::<u16>(port).is_none()) {
            return bad(ErrorKind::Port);
        }
        if !matches!(self.params, [] | [b';', ..]) {
            return bad(ErrorKind::Host);
        }
        if !are_params(self.params) {
            return bad(ErrorKind::Parameter);
        }
        let header_bad = |part: &[u8]| {
            let (name, value) = split(part, b'=');
            let value = value.is_none_or(|value| {
                !chars::all_escaped(value.get(1..).unwrap_or_default(), URI_HEADER)
            });
            name.is_empty() || !chars::all_escaped(name, URI_HEADER) || value
        };
        if self.headers.is_some_and(|all| all.split(|byte| *byte == b'&').any(header_bad)) {
            return bad(ErrorKind::Uri);
        }
        Ok(())
    }
}

/// Whether the text is `*( ";" pname [ "=" pvalue ] )`.
fn are_params(text: &[u8]) -> bool {
    let mut rest = text;
    while let [b';', after @ ..] = rest {
        let (name, after) =
            after.split_at_checked(chars::run(after, URI_PARAM)).unwrap_or_default();
        let (value, after) = match after {
            [b'=', after @ ..] => {
                after.split_at_checked(chars::run(after, URI_PARAM)).unwrap_or_default()
            }
            _ => (name, after),
        };
        if name.is_empty() || value.is_empty() {
            return false;
        }
        rest = after;
    }
    rest.is_empty() && chars::all_percents_escape(text)
}

/// Host, port and what follows them where `text` has more than one colon after `host`.
#[cold]
fn many_colons<'a>(host: &'a [u8], text: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
    let end = text.iter().position(|b| matches!(b, b';' | b'?')).unwrap_or(text.len());
    let (both, rest) = text.split_at_checked(end).unwrap_or_default();
    let (host, port) = host::split_many_colons(host, both);
    (host, port, rest)
}

const fn not_empty(text: &[u8]) -> Option<Text<'_>> {
    if text.is_empty() { None } else { Some(Text::new(text)) }
}

const fn until_semicolon(text: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if *first == b';' {
            return (text.split_at(text.len() - rest.len()).0, rest);
        }
        rest = tail;
    }
    (text, rest)
}

impl<'a> TelUri<'a> {
    /// The number as sent, with its visual separators.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"tel:(080)-123.4;ext=5").unwrap();
    /// assert_eq!(uri.tel().unwrap().number(), "(080)-123.4");
    /// ```
    pub const fn number(&self) -> Text<'a> {
        Text::new(self.number)
    }

    /// Whether the number begins with `+`.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let global = |uri| Uri::parse(uri).unwrap().tel().unwrap().is_global();
    /// assert!(global(b"tel:+911") && !global(b"tel:011"));
    /// ```
    pub const fn is_global(&self) -> bool {
        matches!(self.number, [b'+', ..])
    }

    /// The parameters.
    ///
    /// ```
    /// use sip_ucid::Uri;
    /// let uri = Uri::parse(b"tel:011;phone-context=+91").unwrap();
    /// assert_eq!(uri.tel().unwrap().params().get("phone-context").unwrap(), "+91");
    /// ```
    pub const fn params(&self) -> Params<'a> {
        Params::new(self.params)
    }

    fn check(&self) -> Result<(), Error> {
        // A local number may hold `*`, `#` and `A` to `F`, a global one only digits.
        let (digits, class) = match self.number {
            [b'+', digits @ ..] => (digits, DIGIT),
            digits => (digits, PHONE),
        };
        let visual = |byte: u8| b"-.()".contains(&byte);
        let sound = digits.iter().all(|byte| visual(*byte) || chars::is(*byte, class));
        if !sound || digits.iter().all(|byte| visual(*byte)) {
            return Err(Error::new(ErrorKind::Uri, 0));
        }
        let bad = |part: &[u8]| {
            let (name, value) = split(part, b'=');
            let name_sound = name.iter().all(|byte| chars::is(*byte, ALNUM) || *byte == b'-');
            let value = value.and_then(|value| value.get(1..));
            let value_bad =
                |value: &[u8]| value.is_empty() || !chars::all_escaped(value, URI_PARAM);
            name.is_empty() || !name_sound || value.is_some_and(value_bad)
        };
        match self.params {
            [b';', params @ ..] if params.split(|b| *b == b';').any(bad) => {
                Err(Error::new(ErrorKind::Parameter, 0))
            }
            _ => Ok(()),
        }
    }
}

/// Bytes with `%HH` decoded, once; a `%` without two digits stays.
///
/// ```
/// use sip_ucid::PercentDecode;
/// assert_eq!(PercentDecode::new(b"a%20b%2").to_string(), "a b%2");
/// assert!(PercentDecode::new(b"%00%2541").eq(*b"\0%41"));
/// ```
#[derive(Clone)]
pub struct PercentDecode<'a> {
    rest: &'a [u8],
}

impl<'a> PercentDecode<'a> {
    /// Text as sent.
    ///
    /// ```
    /// assert_eq!(sip_ucid::PercentDecode::new(b"%41%zz").to_string(), "A%zz");
    /// ```
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl Iterator for PercentDecode<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let [b'%', high, low, tail @ ..] = self.rest {
            if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                self.rest = tail;
                return Some(high << 4 | low);
            }
        }
        let (first, tail) = self.rest.split_first()?;
        self.rest = tail;
        Some(*first)
    }
}

impl fmt::Display for PercentDecode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted::write_utf8(self.clone(), f)
    }
}

impl fmt::Debug for PercentDecode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PercentDecode({} bytes)", self.rest.len())
    }
}

impl fmt::Debug for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip(uri) if uri.secure => "Uri(sips)",
            Self::Sip(_) => "Uri(sip)",
            Self::Tel(_) => "Uri(tel)",
            Self::Other(_) => "Uri(other)",
        })
    }
}

impl fmt::Debug for SipUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "SipUri(sips)" } else { "SipUri(sip)" })
    }
}

impl fmt::Debug for TelUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TelUri")
    }
}
