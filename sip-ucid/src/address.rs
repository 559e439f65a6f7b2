//! Addresses: `[display-name] "<" URI ">" *(";" param)` or a bare URI, alone or in lists.

use core::fmt;

use crate::chars::{self, LWS, TOKEN};
use crate::error::{Error, ErrorKind};
use crate::headers::HeaderValues;
use crate::leniency::Leniency;
use crate::list;
use crate::params::Params;
use crate::quoted::{self, Unescape};
use crate::scan;
use crate::text::{self, Text};
use crate::uri::Uri;

/// The value of From, To, Contact and all other headers that hold addresses.
///
/// ```
/// use sip_ucid::Address;
///
/// let from = Address::parse(b"\"A \\\"B\\\" C\" <sip:+918000000001@example.test;user=phone>;tag=x")?;
/// assert_eq!(from.display_name().unwrap().to_string(), "A \"B\" C");
/// assert_eq!(from.uri(), "sip:+918000000001@example.test;user=phone");
/// assert_eq!(from.tag().unwrap(), "x");
/// assert_eq!(from.parsed_uri()?.number().unwrap(), "+918000000001");
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    display: Option<&'a [u8]>,
    uri: &'a [u8],
    params: &'a [u8],
    bracketed: bool,
}

impl<'a> Address<'a> {
    /// Parses a value that holds one address.
    ///
    /// # Errors
    /// [`ErrorKind::Quote`] or [`ErrorKind::Bracket`] for what is not closed,
    /// [`ErrorKind::Parameter`] if another value follows, [`ErrorKind::Uri`] without a URI.
    ///
    /// ```
    /// let to = sip_ucid::Address::parse(b"Front Desk <sip:desk@example.test>;tag=7").unwrap();
    /// assert_eq!((to.uri(), to.tag().unwrap()), ("sip:desk@example.test".into(), "7".into()));
    /// ```
    #[inline]
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(value, Leniency::default())
    }

    /// The same with the given leniency.
    ///
    /// # Errors
    /// As [`Address::parse`], and for whatever is not forgiven; without
    /// [`Leniency::EMPTY_ELEMENTS`] or [`Leniency::LOOSE_CHARACTERS`] this includes what
    /// [`Address::check`] reports.
    ///
    /// ```
    /// use sip_ucid::{Address, ErrorKind, Leniency};
    /// let spaced = b"< sip:desk@example.test >";
    /// assert_eq!(Address::parse(spaced).unwrap().uri(), "sip:desk@example.test");
    /// let strict = Address::parse_with(spaced, Leniency::NONE).unwrap_err();
    /// assert_eq!(strict.kind(), ErrorKind::Uri);
    /// ```
    pub fn parse_with(value: &'a [u8], leniency: Leniency) -> Result<Self, Error> {
        let address = Self::parse_unchecked(value, leniency)?;
        address.check_with(leniency)?;
        Ok(address)
    }

    /// The same without the checks, which the caller makes.
    #[inline]
    pub(crate) fn parse_unchecked(value: &'a [u8], leniency: Leniency) -> Result<Self, Error> {
        let (address, rest) = Self::read(value, leniency, false)?;
        if rest.is_empty() {
            return Ok(address);
        }
        Err(Error::new(ErrorKind::Parameter, value.len() - rest.len()))
    }

    /// Checks the URI and the parameters against the grammar.
    ///
    /// # Errors
    /// As [`Uri::check`], and [`ErrorKind::Parameter`].
    ///
    /// ```
    /// use sip_ucid::{Address, ErrorKind};
    /// let address = Address::parse(b"<sip:a@my_host>;tag=1;;").unwrap();
    /// assert_eq!(address.check().unwrap_err().kind(), ErrorKind::Host);
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
            self.parsed_uri()?.check()?;
        }
        self.params().check(leniency)
    }

    /// Reads one address and returns what follows it, which is empty or begins with a comma.
    #[inline]
    pub(crate) fn read(
        value: &'a [u8],
        leniency: Leniency,
        in_list: bool,
    ) -> Result<(Self, &'a [u8]), Error> {
        let start = text::trim_start(value);
        let error = |kind, rest: &[u8]| Err(Error::new(kind, value.len() - rest.len()));
        let (display, bracket) = if let [b'"', ..] = start {
            let Some(end) = quoted::end(start) else { return error(ErrorKind::Quote, start) };
            let (name, rest) = start.split_at_checked(end).unwrap_or_default();
            match text::trim_start(rest) {
                bracket @ [b'<', ..] => (Some(name), bracket),
                rest => match quotes_inside(start, leniency, in_list) {
                    Some((name, bracket)) => (Some(name), bracket),
                    None => return error(ErrorKind::Bracket, rest),
                },
            }
        } else {
            let ends = |b: &u8| matches!(*b, b'<' | b';') || (in_list && *b == b',');
            let end = start.iter().position(ends).unwrap_or(start.len());
            scan::tally(1 + end);
            let (name, rest) = start.split_at_checked(end).unwrap_or_default();
            match rest {
                [b'<', ..] if name.is_empty() => (None, rest),
                [b'<', ..] => (Some(text::trim_end(name)), rest),
                _ => {
                    return Self::bare(name, rest, leniency, in_list)
                        .map_err(|e| e.shifted(value.len() - start.len()));
                }
            }
        };
        let [b'<', inner @ ..] = bracket else { return error(ErrorKind::Bracket, bracket) };
        if let Some(name) = display {
            if !leniency.has(Leniency::UNQUOTED_DISPLAY) && !is_display(name) {
                return error(ErrorKind::DisplayName, start);
            }
        }
        let Some(close) = scan::find(inner, 0, b'>') else {
            return error(ErrorKind::Bracket, bracket);
        };
        let (uri, rest) = inner.split_at_checked(close).unwrap_or_default();
        let trimmed = text::trim(uri);
        let spaced = trimmed.len() != uri.len() && !leniency.has(Leniency::BRACKET_SPACES);
        if trimmed.is_empty() || spaced {
            return error(ErrorKind::Uri, inner);
        }
        let rest = rest.get(1..).unwrap_or_default();
        let (params, rest) =
            params(rest, leniency, in_list).map_err(|e| e.shifted(value.len() - rest.len()))?;
        Ok((Self { display, uri: trimmed, params, bracketed: true }, rest))
    }

    /// An address without brackets: what follows `;` belongs to the header.
    fn bare(
        uri: &'a [u8],
        rest: &'a [u8],
        leniency: Leniency,
        in_list: bool,
    ) -> Result<(Self, &'a [u8]), Error> {
        let uri = text::trim_end(uri);
        let bad = uri.is_empty() || uri.iter().any(|b| chars::is(*b, LWS) || *b == b'>');
        let ambiguous = !leniency.has(Leniency::BARE_URI_HEADERS)
            && uri.iter().any(|b| matches!(b, b'?' | b','));
        if bad || ambiguous {
            return Err(Error::new(ErrorKind::Uri, 0));
        }
        let (params, rest) = params(rest, leniency, in_list).map_err(|e| e.shifted(uri.len()))?;
        Ok((Self { display: None, uri, params, bracketed: false }, rest))
    }

    /// The display name, without quotes and escapes; empty if it was sent empty.
    ///
    /// ```
    /// use sip_ucid::Address;
    /// let name = |text| Address::parse(text).unwrap().display_name().map(|it| it.to_string());
    /// assert_eq!(name(br#""Bob \"B\"" <tel:1>"#).unwrap(), r#"Bob "B""#);
    /// assert_eq!((name(br#""" <tel:1>"#).unwrap(), name(b"<tel:1>")), (String::new(), None));
    /// ```
    pub fn display_name(&self) -> Option<Unescape<'a>> {
        self.display.map(Unescape::new)
    }

    /// The display name as sent.
    ///
    /// ```
    /// let address = sip_ucid::Address::parse(br#""Bob \"B\"" <tel:1>"#).unwrap();
    /// assert_eq!(address.raw_display_name().unwrap(), r#""Bob \"B\"""#);
    /// ```
    pub fn raw_display_name(&self) -> Option<Text<'a>> {
        self.display.map(Text::new)
    }

    /// The URI as sent, without brackets.
    ///
    /// ```
    /// let address = sip_ucid::Address::parse(b"sip:desk@example.test;tag=7").unwrap();
    /// assert_eq!(address.uri(), "sip:desk@example.test");
    /// ```
    pub const fn uri(&self) -> Text<'a> {
        Text::new(self.uri)
    }

    /// The URI, parsed.
    ///
    /// # Errors
    /// As [`Uri::parse`].
    ///
    /// ```
    /// let address = sip_ucid::Address::parse(b"<sip:desk@example.test:5070>").unwrap();
    /// assert_eq!(address.parsed_uri().unwrap().sip().unwrap().port(), Some(5070));
    /// ```
    #[inline]
    pub fn parsed_uri(&self) -> Result<Uri<'a>, Error> {
        Uri::parse(self.uri)
    }

    /// The parameters of the header, not those of the URI.
    ///
    /// ```
    /// let address = sip_ucid::Address::parse(b"<sip:a@host.test;lr>;expires=60;q=0.5").unwrap();
    /// assert_eq!(address.params().get("expires").unwrap(), "60");
    /// assert!(!address.params().has("lr"));
    /// ```
    pub const fn params(&self) -> Params<'a> {
        Params::new(self.params)
    }

    /// The `tag` parameter.
    ///
    /// ```
    /// let tag = |value| sip_ucid::Address::parse(value).unwrap().tag();
    /// assert_eq!(tag(b"<sip:a@example.test>;TAG=x").unwrap(), "x");
    /// assert_eq!(tag(b"<sip:a@example.test;tag=x>"), None);
    /// ```
    #[inline]
    pub fn tag(&self) -> Option<Text<'a>> {
        self.params().get("tag")
    }

    /// Whether the URI was in angle brackets.
    ///
    /// ```
    /// use sip_ucid::Address;
    /// assert!(Address::parse(b"<sip:a@example.test>").unwrap().is_bracketed());
    /// assert!(!Address::parse(b"sip:a@example.test").unwrap().is_bracketed());
    /// ```
    pub const fn is_bracketed(&self) -> bool {
        self.bracketed
    }
}

/// The display name and the bracket of a value whose name is quoted and has bare quotes inside,
/// such as `""unknown"" <sip:…>`.
///
/// Only where it is certain which `<` begins the URI: a quote is before it, and it is the only one
/// or, in a list, nothing but parameters or the next address follows the `>`.
#[cold]
fn quotes_inside(value: &[u8], leniency: Leniency, in_list: bool) -> Option<(&[u8], &[u8])> {
    if !leniency.has(Leniency::UNQUOTED_DISPLAY) {
        return None;
    }
    let at = if in_list { list::first_of(value, b"<,") } else { scan::find(value, 0, b'<')? };
    let (name, bracket) = value.split_at_checked(at)?;
    let name = text::trim_end(name);
    if bracket.first() != Some(&b'<') || name.len() < 2 || !name.ends_with(b"\"") {
        return None;
    }
    let certain = if in_list {
        let close = scan::find(bracket, 1, b'>')?;
        matches!(text::trim_start(bracket.get(close + 1..)?), [] | [b';' | b',', ..])
    } else {
        scan::find(bracket, 1, b'<').is_none()
    };
    certain.then_some((name, bracket))
}

/// What follows the URI: the parameters, and in a list what follows them.
#[inline]
fn params(rest: &[u8], leniency: Leniency, in_list: bool) -> Result<(&[u8], &[u8]), Error> {
    let start = text::trim_start(rest);
    match start {
        [] => return Ok((start, start)),
        [b';', ..] => {}
        [b',', ..] if in_list => return Ok((&[], start)),
        _ if leniency.has(Leniency::LOOSE_CHARACTERS) && start.first() != Some(&b',') => {}
        _ => return Err(Error::new(ErrorKind::Parameter, rest.len() - start.len())),
    }
    if !in_list {
        return Ok((start, &[]));
    }
    let end = list::end_of_params(start).ok_or(Error::new(ErrorKind::Quote, 0))?;
    Ok(start.split_at_checked(end).unwrap_or_default())
}

/// `*(token LWS) / quoted-string`
fn is_display(name: &[u8]) -> bool {
    match name {
        [b'"', ..] => quoted::is_strict(name),
        _ => name.iter().all(|b| chars::is(*b, TOKEN | LWS)),
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({} bytes of URI)", self.uri.len())
    }
}

/// The addresses of a header, over all its lines and commas.
///
/// A malformed address is an error and does not hide those after it.
///
/// ```
/// use sip_ucid::{Head, Name};
///
/// let bytes = b"INVITE sip:a@example.test SIP/2.0\r\n\
///     Diversion: <sip:one@example.test>;reason=no-answer, \"x, y\" <sip:two@example.test>\r\n\
///     Diversion: <tel:3>\r\n\r\n";
/// let head = Head::parse(bytes)?.complete().unwrap();
/// let uris: Vec<_> = head.addresses(Name::Diversion).map(|a| a.unwrap().uri()).collect();
/// assert_eq!(uris, ["sip:one@example.test", "sip:two@example.test", "tel:3"]);
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone)]
pub struct Addresses<'a> {
    values: HeaderValues<'a>,
    rest: &'a [u8],
    due: bool,
    leniency: Leniency,
    /// Whether the caller checks the parts.
    unchecked: bool,
}

impl<'a> Addresses<'a> {
    pub(crate) const fn new(values: HeaderValues<'a>, leniency: Leniency) -> Self {
        Self { values, rest: &[], due: false, leniency, unchecked: false }
    }

    /// The addresses in one value, parsed leniently.
    pub(crate) fn alone(value: Text<'a>) -> Self {
        Self::new(HeaderValues::only(value), Leniency::default())
    }

    /// The addresses in one value, parsed strictly; their parts are checked by the caller.
    pub(crate) fn strict(value: Text<'a>) -> Self {
        Self { unchecked: true, ..Self::new(HeaderValues::only(value), Leniency::NONE) }
    }

    /// The element at the beginning of the rest; the comma after it is taken too.
    #[inline]
    fn element(&mut self) -> Option<Result<Address<'a>, Error>> {
        let start = text::trim_start(self.rest);
        if matches!(start, [] | [b',', ..]) {
            self.due = !start.is_empty();
            self.rest = start.get(1..).unwrap_or_default();
            let forgiven = self.leniency.has(Leniency::EMPTY_ELEMENTS);
            return (!forgiven).then_some(Err(Error::new(ErrorKind::EmptyElement, 0)));
        }
        let read = Address::read(start, self.leniency, true);
        let after = match &read {
            Ok((_, rest)) => *rest,
            Err(_) => start.get(list::end_of_element(start)..).unwrap_or_default(),
        };
        self.due = !after.is_empty();
        self.rest = after.get(1..).unwrap_or_default();
        Some(read.and_then(|(address, _)| {
            // `*` in Contact means all addresses and is not one.
            let star = address.uri == b"*" && !address.bracketed;
            if !self.unchecked && !star {
                address.check_with(self.leniency)?;
            }
            Ok(address)
        }))
    }
}

impl<'a> Iterator for Addresses<'a> {
    type Item = Result<Address<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.due {
                self.rest = self.values.next()?.as_bytes();
                self.due = true;
            }
            if let Some(item) = self.element() {
                return Some(item);
            }
        }
    }
}

impl fmt::Debug for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Addresses({:?})", self.values)
    }
}
