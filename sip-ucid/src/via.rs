//! Via: `SIP / 2.0 / transport LWS host [: port] *(; param)`.

use core::fmt;

use crate::chars::{self, LWS, TOKEN};
use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::host;
use crate::leniency::Leniency;
use crate::list::{self, ListElements};
use crate::params::Params;
use crate::text::{self, Text};

/// One Via value.
///
/// ```
/// use sip_ucid::Via;
///
/// let via = Via::parse(b"SIP / 2.0 / WSS [2001:db8::1]:5061 ;branch=z9hG4bK1;rport;received=\
///     2001:db8::2")?;
/// assert_eq!(via.transport(), "WSS");
/// assert_eq!((via.host(), via.port()), ("2001:db8::1".into(), Some(5061)));
/// assert_eq!(via.sent_by(), "[2001:db8::1]:5061");
/// assert_eq!(via.branch().unwrap(), "z9hG4bK1");
/// assert_eq!(via.rport().unwrap(), "");
/// assert_eq!(via.received().unwrap(), "2001:db8::2");
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    protocol: &'a [u8],
    version: &'a [u8],
    transport: &'a [u8],
    sent_by: &'a [u8],
    host: &'a [u8],
    port: Option<&'a [u8]>,
    params: &'a [u8],
}

impl<'a> Via<'a> {
    /// Parses one value.
    ///
    /// # Errors
    /// [`ErrorKind::Via`] if protocol, transport or host is missing.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Via};
    /// let via = Via::parse(b"SIP / 2.0 / UDP  first.example.test : 4000;ttl=16").unwrap();
    /// assert_eq!((via.host(), via.port()), ("first.example.test".into(), Some(4000)));
    /// assert_eq!(Via::parse(b"SIP/2.0/UDP").unwrap_err().kind(), ErrorKind::Via);
    /// ```
    #[inline]
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(value, Leniency::default())
    }

    /// The same with the given leniency.
    ///
    /// # Errors
    /// As [`Via::parse`]; without [`Leniency::EMPTY_ELEMENTS`] or
    /// [`Leniency::LOOSE_CHARACTERS`] also for what [`Via::check`] reports.
    ///
    /// ```
    /// use sip_ucid::{Leniency, Via};
    /// assert!(Via::parse_with(b"SIP/2.0/UDP h;branch=1", Leniency::NONE).is_ok());
    /// assert!(Via::parse_with(b"SIP/2.0/UDP h;;branch=1", Leniency::NONE).is_err());
    /// ```
    #[inline]
    pub fn parse_with(value: &'a [u8], leniency: Leniency) -> Result<Self, Error> {
        let via = Self::read(value)?;
        via.check_with(leniency)?;
        Ok(via)
    }

    fn read(value: &'a [u8]) -> Result<Self, Error> {
        let bad = |rest: &[u8]| Error::new(ErrorKind::Via, value.len() - rest.len());
        let (protocol, rest) = part(text::trim_start(value)).ok_or(bad(value))?;
        let (version, rest) = part(rest).ok_or(bad(rest))?;
        let rest = text::trim_start(rest);
        let gap = rest.iter().position(|b| chars::is(*b, LWS)).ok_or(bad(rest))?;
        let (transport, rest) = rest.split_at_checked(gap).unwrap_or_default();
        let by = text::trim_start(rest);
        let (mut host, rest) = host::split(by).map_err(|_| bad(by))?;
        let mut end = host.len();
        let mut rest = text::trim_start(rest);
        let mut port = None;
        if let [b':', after @ ..] = rest {
            let after = text::trim_start(after);
            let ends = |b: &u8| matches!(*b, b';' | b':') || chars::is(*b, LWS);
            let digits = after.iter().position(ends).unwrap_or(after.len());
            let (number, mut tail) = after.split_at_checked(digits).unwrap_or_default();
            port = Some(number);
            if let [b':', ..] = tail {
                (host, port, tail) = many_colons(host, by);
            }
            end = by.len() - tail.len();
            rest = text::trim_start(tail);
        }
        if transport.is_empty() || !matches!(rest, [] | [b';', ..]) {
            return Err(bad(rest));
        }
        let sent_by = by.get(..end).unwrap_or_default();
        Ok(Self { protocol, version, transport, sent_by, host, port, params: rest })
    }

    /// Checks every part against the grammar.
    ///
    /// # Errors
    /// [`ErrorKind::Via`], [`ErrorKind::Host`], [`ErrorKind::Port`] or [`ErrorKind::Parameter`].
    ///
    /// ```
    /// use sip_ucid::Via;
    /// assert!(Via::parse(b"SIP/2.0/UDP 192.0.2.15;;,;").unwrap().check().is_err());
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        self.check_with(Leniency::NONE)
    }

    #[inline]
    fn check_with(&self, leniency: Leniency) -> Result<(), Error> {
        if leniency.forgives_parts() {
            return Ok(());
        }
        if !leniency.has(Leniency::LOOSE_CHARACTERS) {
            let tokens = [self.protocol, self.version, self.transport];
            if !tokens.iter().all(|token| chars::all(token, TOKEN)) {
                return Err(Error::new(ErrorKind::Via, 0));
            }
            host::check(self.host)?;
            if self.port.is_some() && self.port().is_none() {
                return Err(Error::new(ErrorKind::Port, 0));
            }
        }
        self.params().check(leniency)
    }

    /// The transport as sent: `UDP`, `TCP`, `TLS`, `SCTP`, `WS`, `WSS` or any other token.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Via::parse(b"SIP/2.0/WSS h").unwrap().transport(), "WSS");
    /// ```
    pub const fn transport(&self) -> Text<'a> {
        Text::new(self.transport)
    }

    /// The protocol version, such as `2.0`.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Via::parse(b"SIP/2.0/UDP h").unwrap().version(), "2.0");
    /// ```
    pub const fn version(&self) -> Text<'a> {
        Text::new(self.version)
    }

    /// Host and port as sent, brackets included.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP [2001:db8::1]:5060;rport").unwrap();
    /// assert_eq!(via.sent_by(), "[2001:db8::1]:5060");
    /// ```
    pub const fn sent_by(&self) -> Text<'a> {
        Text::new(self.sent_by)
    }

    /// The host; an IPv6 address comes without its brackets.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP [2001:db8::1]:5060").unwrap();
    /// assert_eq!(via.host(), "2001:db8::1");
    /// ```
    pub const fn host(&self) -> Text<'a> {
        Text::new(unbracketed(self.host))
    }

    /// The port, if there is one and it is a number up to 65535.
    ///
    /// ```
    /// use sip_ucid::Via;
    /// assert_eq!(Via::parse(b"SIP/2.0/UDP [2001:db8::1]:5060").unwrap().port(), Some(5060));
    /// assert_eq!(Via::parse(b"SIP/2.0/UDP [2001:db8::1]").unwrap().port(), None);
    /// ```
    pub fn port(&self) -> Option<u16> {
        digits::decimal(self.port?)
    }

    /// All parameters.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP h;keep;branch=z9hG4bK1").unwrap();
    /// assert!(via.params().has("keep"));
    /// ```
    pub const fn params(&self) -> Params<'a> {
        Params::new(self.params)
    }

    /// The `branch` parameter.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP h;branch=z9hG4bK1").unwrap();
    /// assert_eq!(via.branch().unwrap(), "z9hG4bK1");
    /// ```
    #[inline]
    pub fn branch(&self) -> Option<Text<'a>> {
        self.params().get("branch")
    }

    /// The `received` parameter, without the brackets that some peers put around an IPv6 address.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP h;received=[2001:db8::9:255]").unwrap();
    /// assert_eq!(via.received().unwrap(), "2001:db8::9:255");
    /// ```
    pub fn received(&self) -> Option<Text<'a>> {
        self.params().get("received").map(|text| Text::new(unbracketed(text.as_bytes())))
    }

    /// The `rport` parameter (RFC 3581); empty if it has no value.
    ///
    /// ```
    /// use sip_ucid::Via;
    /// let rport = |value| Via::parse(value).unwrap().rport();
    /// assert_eq!(rport(b"SIP/2.0/UDP h;rport=4000").unwrap(), "4000");
    /// assert_eq!(rport(b"SIP/2.0/UDP h;rport").unwrap(), "");
    /// assert_eq!(rport(b"SIP/2.0/UDP h"), None);
    /// ```
    pub fn rport(&self) -> Option<Text<'a>> {
        self.params().get("rport")
    }

    /// The `ttl` parameter, if it is a number up to 255.
    ///
    /// ```
    /// assert_eq!(sip_ucid::Via::parse(b"SIP/2.0/UDP h;ttl=16").unwrap().ttl(), Some(16));
    /// assert_eq!(sip_ucid::Via::parse(b"SIP/2.0/UDP h;ttl=256").unwrap().ttl(), None);
    /// ```
    pub fn ttl(&self) -> Option<u8> {
        digits::decimal(self.params().get("ttl")?.as_bytes())
    }

    /// The `maddr` parameter.
    ///
    /// ```
    /// let via = sip_ucid::Via::parse(b"SIP/2.0/UDP h;maddr=224.2.0.1").unwrap();
    /// assert_eq!(via.maddr().unwrap(), "224.2.0.1");
    /// ```
    pub fn maddr(&self) -> Option<Text<'a>> {
        self.params().get("maddr")
    }
}

/// Host, port and what follows them where `text` has more than one colon after `host`.
#[cold]
fn many_colons<'a>(host: &'a [u8], text: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
    let ends = |b: &u8| *b == b';' || chars::is(*b, LWS);
    let end = text.iter().position(ends).unwrap_or(text.len());
    let (both, rest) = text.split_at_checked(end).unwrap_or_default();
    let (host, port) = host::split_many_colons(host, both);
    (host, port, rest)
}

const fn unbracketed(host: &[u8]) -> &[u8] {
    match host {
        [b'[', inner @ .., b']'] => inner,
        host => host,
    }
}

/// The trimmed text before a slash, and what follows the slash.
fn part(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = text.iter().position(|byte| *byte == b'/')?;
    let (part, rest) = text.split_at_checked(slash)?;
    Some((text::trim(part), rest.get(1..)?))
}

impl fmt::Debug for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Via({})", self.transport())
    }
}

/// The Via values of a message, topmost first.
#[derive(Clone)]
pub(crate) struct Vias<'a> {
    elements: ListElements<'a>,
    leniency: Leniency,
}

impl<'a> Vias<'a> {
    pub(crate) const fn new(elements: ListElements<'a>, leniency: Leniency) -> Self {
        Self { elements, leniency }
    }
}

impl<'a> Iterator for Vias<'a> {
    type Item = Result<Via<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let element = self.elements.step()?;
            if !element.is_empty() {
                return Some(Via::parse_with(element.as_bytes(), self.leniency));
            }
            if !list::forgives_empty(self.leniency) {
                return Some(Err(Error::new(ErrorKind::EmptyElement, 0)));
            }
        }
    }
}
