//! Strict validation: would a conforming element have to refuse this message?
//!
//! A problem makes an element answer 400 to a request, or drop a response: a violation of the
//! grammar of RFC 3261, a missing header that is required, or two where one is allowed. What the
//! standards tolerate is not a problem: a Max-Forwards above 255, an Expires too large, an unknown
//! scheme, version, method, extension or transport, a missing branch or tag. The most useful of
//! these are listed separately, as notes. Headers that RFC 3261 does not define are checked for
//! their characters only.

mod notes;

use core::fmt;

use crate::address::{Address, Addresses};
use crate::auth::Auth;
use crate::chars::{self, DIGIT, TOKEN};
use crate::date::Date;
use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::head::Head;
use crate::headers::{HeaderValues, Line, Lines};
use crate::leniency::Leniency;
use crate::list::{self, ListElements};
use crate::name::Name;
use crate::plain;
use crate::scan;
use crate::start::StartLine;
use crate::text::{self, Text};
use crate::typed::Contact;
use crate::uri::Uri;
use crate::value::{CSeq, ContentType};
use crate::via::Vias;

pub use notes::{Note, NoteKind, Notes};

/// What is wrong with a message.
///
/// ```
/// use sip_ucid::{ErrorKind, ProblemKind};
/// assert_eq!(ProblemKind::Missing.as_str(), "missing");
/// assert_eq!(ProblemKind::Value(ErrorKind::Quote).as_str(), "quote");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The start line violates the grammar.
    StartLine,
    /// The Request-URI is malformed, or has headers after a `?`.
    RequestUri,
    /// The status code is not three digits from 100 to 699.
    StatusCode,
    /// Lines end in a lone LF.
    BareLf,
    /// A header line has no colon, or its name is not a token.
    HeaderName,
    /// A control character, or a CR or LF that does not end a line.
    Character,
    /// A required header is missing.
    Missing,
    /// A header that may occur once occurs again.
    Duplicate,
    /// The method in CSeq is not that of the request.
    MethodMismatch,
    /// Contact is `*` beside another value, or in a REGISTER without `Expires: 0`.
    Star,
    /// The value of the header is malformed.
    Value(ErrorKind),
}

impl ProblemKind {
    /// A short name for it, in kebab case.
    ///
    /// ```
    /// use sip_ucid::ProblemKind;
    /// assert_eq!(ProblemKind::MethodMismatch.as_str(), "method-mismatch");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartLine | Self::Value(ErrorKind::StartLine) => "start-line",
            Self::RequestUri => "request-uri",
            Self::StatusCode | Self::Value(ErrorKind::StatusCode) => "status-code",
            Self::BareLf => "bare-lf",
            Self::HeaderName | Self::Value(ErrorKind::HeaderName) => "header-name",
            Self::Character => "character",
            Self::Missing | Self::Value(ErrorKind::Missing) => "missing",
            Self::Duplicate => "duplicate",
            Self::MethodMismatch => "method-mismatch",
            Self::Star => "star",
            Self::Value(kind) => value_name(kind),
        }
    }
}

const fn value_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotSip => "not-sip",
        ErrorKind::NoEnd => "no-end",
        ErrorKind::TooLong => "too-long",
        ErrorKind::ShortBody => "short-body",
        ErrorKind::ContentLength => "content-length",
        ErrorKind::LengthConflict => "length-conflict",
        ErrorKind::NoContentLength => "no-content-length",
        ErrorKind::Quote => "quote",
        ErrorKind::Bracket => "bracket",
        ErrorKind::DisplayName => "display-name",
        ErrorKind::Uri => "uri",
        ErrorKind::Host => "host",
        ErrorKind::Port => "port",
        ErrorKind::Parameter => "parameter",
        ErrorKind::Via => "via",
        ErrorKind::CSeq => "cseq",
        ErrorKind::Number => "number",
        ErrorKind::Token => "token",
        ErrorKind::EmptyElement => "empty-element",
        ErrorKind::Date => "date",
        _ => "value",
    }
}

/// One problem of a message: what it is, in which header, at which byte of the input.
///
/// ```
/// use sip_ucid::{Message, Name, ProblemKind};
///
/// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: sip:b@example.test\r\n\
///     t: sip:c@example.test\r\ni: 1\r\nCSeq: 1 ACK\r\n\r\n";
/// let problem = Message::datagram(bytes)?.validate().next().unwrap();
/// assert_eq!(problem.kind(), ProblemKind::MethodMismatch);
/// assert_eq!(problem.header(), Some(Name::CSeq));
/// assert_eq!(problem.at(), 108);
/// assert_eq!(problem.to_string(), "method-mismatch in CSeq at byte 108");
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Problem {
    kind: ProblemKind,
    header: Option<Name>,
    at: usize,
}

impl Problem {
    /// What it is.
    ///
    /// ```
    /// use sip_ucid::{Head, ProblemKind};
    /// let head = Head::parse(b"SIP/2.0 200 OK\n\n")?.complete().unwrap();
    /// assert_eq!(head.validate().next().unwrap().kind(), ProblemKind::BareLf);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The header it is in; `None` for the start line, and [`Name::Other`] for an unknown header.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.validate().next().unwrap().header(), Some(Name::Via));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn header(&self) -> Option<Name> {
        self.header
    }

    /// The byte of the input where it was noticed.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\nno colon\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.validate().next().unwrap().at(), 16);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        match self.header {
            Some(name) if name != Name::Other => write!(f, " in {name} at byte {}", self.at),
            _ => write!(f, " at byte {}", self.at),
        }
    }
}

/// The problems of a message, found one by one; see [`Head::validate`].
///
/// ```
/// let head = sip_ucid::Head::parse(b"SIP/2.0 200 OK\r\n\r\n")?.complete().unwrap();
/// let missing: Vec<_> = head.validate().filter_map(|problem| problem.header()).collect();
/// assert_eq!(missing.len(), 5);
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone)]
pub struct Problems<'h, 'a> {
    head: &'h Head<'a>,
    line: usize,
    beyond: Lines<'a>,
    progress: Progress,
    seen: Seen,
    /// Whether any line may hold a forbidden character.
    suspicious: bool,
}

#[derive(Debug, Clone, Copy)]
enum Progress {
    Breaks,
    Start,
    Lines,
    Missing(usize),
}

/// The names that were seen, one bit each: two words, since a shift of 128 bits takes many instructions.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    low: u64,
    high: u64,
}

impl Seen {
    const fn bit(name: Name) -> u64 {
        1 << (name as u32 % 64)
    }

    const fn has(self, name: Name) -> bool {
        let word = if (name as u32) < 64 { self.low } else { self.high };
        word & Self::bit(name) != 0
    }

    /// Whether it was seen before; it is from now on.
    #[inline]
    fn again(&mut self, name: Name) -> bool {
        let word = if (name as u32) < 64 { &mut self.low } else { &mut self.high };
        let again = *word & Self::bit(name) != 0;
        *word |= Self::bit(name);
        again
    }
}

const REQUIRED: [Name; 5] = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];

impl<'a> Head<'a> {
    /// Everything for which a strict element would answer 400 or drop the message, by RFC 3261. No
    /// [`Leniency`] applies.
    ///
    /// At most one problem is given for each header line. What is worth knowing but not a problem,
    /// such as another version, is listed by [`Head::notes`].
    ///
    /// ```
    /// use sip_ucid::Message;
    ///
    /// let bytes = b"OPTIONS sip:a@example.test SIP/2.0\r\nVia: SIP/2.0/UDP h.example.test\r\n\
    ///     From: Doe, J <sip:b@example.test>\r\nTo: <sip:a@example.test>\r\nCall-ID: 1\r\n\
    ///     CSeq: 1 OPTIONS\r\n\r\n";
    /// let message = Message::datagram(bytes)?;
    /// let problems: Vec<_> = message.validate().map(|problem| problem.to_string()).collect();
    /// assert_eq!(problems, ["display-name in From at byte 75"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn validate(&self) -> Problems<'_, 'a> {
        Problems {
            head: self,
            line: 0,
            beyond: self.beyond(),
            progress: Progress::Breaks,
            seen: Seen::default(),
            suspicious: self.is_suspicious(),
        }
    }

    /// Whether [`Head::validate`] finds nothing.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"BYE sip:a@host.test SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <sip:b@host.test>\r\n\
    ///     t: <sip:a@example.test>\r\ni: 1\r\nCSeq: 1 BYE\r\n\r\n";
    /// assert!(Head::parse(bytes)?.complete().unwrap().is_valid());
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn is_valid(&self) -> bool {
        self.validate().next().is_none()
    }

    /// The headers that occur more than once with different values although they must not: those of
    /// [`Name::is_single`] and the platform's own.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nX-UCID: 1\r\nx-ucid: 2\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert!(head.conflicts().eq([Name::XUcid]));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn conflicts(&self) -> impl Iterator<Item = Name> + use<'a> {
        let head = *self;
        let mut seen = 0_u128;
        let mut repeated = 0_u128;
        for line in self.lines() {
            let bit = 1 << (line.name as u32);
            repeated |= seen & bit;
            seen |= bit;
        }
        self.lines().map(|line| line.name).filter(move |name| {
            let bit = 1 << (*name as u32);
            let first = repeated & bit != 0;
            repeated &= !bit;
            first && (name.is_single() || name.is_platform()) && head.differs(*name)
        })
    }

    fn differs(&self, name: Name) -> bool {
        let mut values = self.values(name);
        let Some(first) = values.next() else { return false };
        values.any(|value| {
            let number = |text: &[u8]| digits::decimal::<u64>(text);
            let (one, other) = (number(first.as_bytes()), number(value.as_bytes()));
            let same_length = name == Name::ContentLength && one.is_some() && one == other;
            !same_length && !first.same_unfolded(value)
        })
    }
}

impl Problems<'_, '_> {
    fn start(&self) -> Option<Problem> {
        let at = self.head.at();
        let problem = |kind| Some(Problem { kind, header: None, at });
        let line = self.head.start_line();
        match self.head.start() {
            Ok(StartLine::Request(request)) if request.is_strict(line) => {
                let uri = request.uri().as_bytes();
                let sound = plain::is_uri(uri)
                    || Uri::parse(uri).is_ok_and(|uri| {
                        uri.check().is_ok() && uri.sip().is_none_or(|sip| !sip.has_headers())
                    });
                if sound { None } else { problem(ProblemKind::RequestUri) }
            }
            Ok(StartLine::Status(status)) if status.is_strict(line) => {
                if status.code().is_ok() {
                    None
                } else {
                    problem(ProblemKind::StatusCode)
                }
            }
            _ => problem(ProblemKind::StartLine),
        }
    }

    fn line(&mut self, line: &Line<'_>) -> Option<Problem> {
        let at = |kind, at| Some(Problem { kind, header: Some(line.name), at });
        if line.name == Name::Other && !chars::all(line.name_text().as_bytes(), TOKEN) {
            return Some(Problem { kind: ProblemKind::HeaderName, header: None, at: line.at });
        }
        let again = self.seen.again(line.name);
        if again && line.name.is_single() && is_core(line.name) {
            return at(ProblemKind::Duplicate, line.at);
        }
        if self.suspicious {
            if let Some(place) = bad_character(line, self.head.is_bare()) {
                return at(ProblemKind::Character, line.value_at + place);
            }
        }
        match self.value(line.name, line.value().as_bytes()) {
            Ok(()) => None,
            Err((kind, place)) => {
                let lead = line.raw().len() - text::trim_start(line.raw()).len();
                at(kind, line.value_at + lead + place)
            }
        }
    }

    fn value(&self, name: Name, value: &[u8]) -> Result<(), (ProblemKind, usize)> {
        let checked = match name {
            // Nearly every value is plain: it is then seen once.
            Name::From
            | Name::To
            | Name::ReplyTo
            | Name::Contact
            | Name::Route
            | Name::RecordRoute
                if plain::is_address(value) =>
            {
                Ok(())
            }
            Name::Via if plain::is_via(value) => Ok(()),
            Name::ContentType if plain::is_media_type(value) => Ok(()),
            Name::CallId if !plain::is_call_id(value) => Err(bad(ErrorKind::Token)),
            Name::From | Name::To | Name::ReplyTo => {
                Address::parse_unchecked(value, Leniency::NONE).and_then(|it| it.check())
            }
            Name::Contact => return self.contact(value),
            Name::Route | Name::RecordRoute => check_routes(value),
            Name::Via => check_vias(value),
            Name::CSeq => match (CSeq::parse(value), self.head.start()) {
                (Ok(cseq), Ok(StartLine::Request(line))) if cseq.method() != line.method() => {
                    return Err((ProblemKind::MethodMismatch, 0));
                }
                (cseq, _) => cseq.map(|_| ()),
            },
            Name::MaxForwards if !chars::all(value, DIGIT) => Err(bad(ErrorKind::Number)),
            Name::ContentLength if digits::decimal::<u32>(value).is_none() => {
                Err(bad(ErrorKind::ContentLength))
            }
            Name::ContentType => {
                ContentType::parse(value).and_then(|it| it.params().check(Leniency::NONE))
            }
            Name::Date => Date::parse(value).map(|_| ()),
            Name::Allow | Name::Supported => list::check_tokens(value, true),
            Name::Require | Name::ProxyRequire | Name::Unsupported => {
                list::check_tokens(value, false)
            }
            Name::Authorization
            | Name::ProxyAuthorization
            | Name::WwwAuthenticate
            | Name::ProxyAuthenticate => Auth::parse(value).map(|_| ()),
            _ => Ok(()),
        };
        checked.map_err(|error| (ProblemKind::Value(error.kind()), error.at()))
    }

    fn contact(&self, value: &[u8]) -> Result<(), (ProblemKind, usize)> {
        let whole = Text::new(value);
        for address in Addresses::strict(whole) {
            let sound = match address.map(Contact::of) {
                Ok(Contact::Any) if value != b"*" || !self.may_be_star() => {
                    return Err((ProblemKind::Star, 0));
                }
                Ok(Contact::Any) => Ok(()),
                Ok(Contact::Address(address)) => address.check(),
                Err(error) => Err(error),
            };
            sound.map_err(|error| (ProblemKind::Value(error.kind()), error.at()))?;
        }
        Ok(())
    }

    /// RFC 3261 10.3: `*` must be alone, and in a REGISTER comes only with `Expires: 0`.
    fn may_be_star(&self) -> bool {
        !self.head.is_repeated(Name::Contact)
            && (self.head.method() != "REGISTER" || self.head.expires() == Ok(0))
    }
}

const fn bad(kind: ErrorKind) -> Error {
    Error::new(kind, 0)
}

/// The headers that RFC 3261 does not let repeat: a second one makes the message invalid.
const fn is_core(name: Name) -> bool {
    matches!(
        name,
        Name::From
            | Name::To
            | Name::CallId
            | Name::CSeq
            | Name::MaxForwards
            | Name::ContentLength
            | Name::ContentType
    )
}

fn check_routes(value: &[u8]) -> Result<(), Error> {
    for address in Addresses::strict(Text::new(value)) {
        let address = address?;
        if !address.is_bracketed() {
            return Err(bad(ErrorKind::Bracket));
        }
        address.check()?;
    }
    Ok(())
}

fn check_vias(value: &[u8]) -> Result<(), Error> {
    let elements = ListElements::new(HeaderValues::only(Text::new(value)));
    for via in Vias::new(elements, Leniency::NONE) {
        via?;
    }
    Ok(())
}

/// The place of the first forbidden character in a value.
///
/// A control character may follow a backslash in a quoted string, which only known headers have;
/// CR and LF may not even there.
fn bad_character(line: &Line<'_>, bare: bool) -> Option<usize> {
    let raw = line.raw();
    let mut at = scan::find_control(raw, 0)?;
    loop {
        let before = at.checked_sub(1).and_then(|before| raw.get(before));
        let after = raw.get(at + 1);
        let sound = match raw.get(at)? {
            b'\r' => after == Some(&b'\n'),
            b'\n' => (bare || before == Some(&b'\r')) && matches!(after, Some(b' ' | b'\t')),
            _ => before == Some(&b'\\') && line.name != Name::Other,
        };
        if !sound {
            return Some(at);
        }
        at = scan::find_control(raw, at + 1)?;
    }
}

impl Iterator for Problems<'_, '_> {
    type Item = Problem;

    fn next(&mut self) -> Option<Problem> {
        loop {
            let found = match self.progress {
                Progress::Breaks => {
                    self.progress = Progress::Start;
                    let at = self.head.at();
                    let problem = Problem { kind: ProblemKind::BareLf, header: None, at };
                    self.head.is_bare().then_some(problem)
                }
                Progress::Start => {
                    self.progress = Progress::Lines;
                    self.start()
                }
                Progress::Lines => {
                    let line = self.head.line(self.line).or_else(|| self.beyond.next());
                    self.line += 1;
                    if line.is_none() {
                        self.progress = Progress::Missing(0);
                    }
                    line.and_then(|line| self.line(&line))
                }
                Progress::Missing(at) => {
                    let name = *REQUIRED.get(at)?;
                    self.progress = Progress::Missing(at + 1);
                    let absent = !self.seen.has(name);
                    let kind = ProblemKind::Missing;
                    absent.then_some(Problem { kind, header: Some(name), at: self.head.end() })
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl fmt::Debug for Problems<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problems({:?})", self.progress)
    }
}
