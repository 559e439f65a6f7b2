//! What is valid in form, and worth knowing before a message is answered.

use core::fmt;
use core::slice;

use crate::digits;
use crate::head::Head;
use crate::headers::Line;
use crate::name::Name;
use crate::params::Params;
use crate::start::{RequestLine, StartLine};
use crate::text::{self, Text};
use crate::typed::Contact;
use crate::uri::Uri;
use crate::value::ContentType;

/// What an element has to know of a message although its form is valid.
///
/// ```
/// use sip_ucid::NoteKind;
/// assert_eq!(NoteKind::Version.as_str(), "version");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoteKind {
    /// The SIP version is not 2.0: 505 (RFC 3261 21.5.6).
    Version,
    /// The method, whose case counts, is none of the fourteen registered ones: 501 from the element
    /// that the request is for (RFC 3261 21.5.2). Proxies forward it.
    Method,
    /// The scheme of the Request-URI is neither `sip`, `sips` nor `tel`: 416 (RFC 3261 8.2.2.1).
    Scheme,
    /// Require or Proxy-Require demands extensions: 420 unless the element has them all (RFC 3261
    /// 8.2.2.3, 16.3). Neither counts in ACK and CANCEL.
    Extension,
    /// Max-Forwards is 0: 483 from a proxy (RFC 3261 16.3). A user agent ignores it.
    HopsExhausted,
    /// An INVITE has a body that is neither SDP nor multipart and is not marked as optional: 415
    /// unless the element understands it (RFC 3261 8.2.3).
    ContentType,
    /// The body is encoded: 415 unless the element can decode it (RFC 3261 8.2.3).
    ContentEncoding,
    /// Accept in an INVITE leaves out `application/sdp`: 406 (RFC 4475 3.3.15).
    Accept,
    /// The credentials are of another scheme than `Digest` and `Bearer`: they count as absent, so
    /// 401 or 407 where credentials are required (RFC 4475 3.3.7).
    AuthScheme,
    /// The branch of the top Via is only the magic cookie. It identifies no transaction: match it
    /// by the rules of RFC 2543 (RFC 4475 3.2.1).
    EmptyBranch,
    /// The top Via has no branch, or one without the magic cookie: a peer of RFC 2543, whose
    /// transactions are matched by other fields (RFC 3261 17.2.3).
    OldBranch,
    /// From, or To in a response other than 100, has no tag: a peer of RFC 2543, whose tag counts
    /// as empty (RFC 3261 12.1).
    MissingTag,
    /// A request has no Max-Forwards: a peer of RFC 2543 (RFC 3261 16.3).
    MissingMaxForwards,
    /// An INVITE has no Contact, so there is no address for later requests (RFC 3261 8.1.1.8).
    MissingContact,
    /// The first Route has no `lr`: a strict router of RFC 2543, to which the Request-URI has to be
    /// rewritten (RFC 3261 16.6).
    StrictRoute,
    /// Max-Forwards above 255 counts as absent; an Expires, or `expires` of a Contact, that is not
    /// a number below 2^32 counts as 3600 (RFC 4475 3.1.2.4).
    OutOfRange,
}

impl NoteKind {
    /// A short name for it, in kebab case.
    ///
    /// ```
    /// use sip_ucid::NoteKind;
    /// assert_eq!(NoteKind::EmptyBranch.as_str(), "empty-branch");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Method => "method",
            Self::Scheme => "scheme",
            Self::Extension => "extension",
            Self::HopsExhausted => "hops-exhausted",
            Self::ContentType => "content-type",
            Self::ContentEncoding => "content-encoding",
            Self::Accept => "accept",
            Self::AuthScheme => "auth-scheme",
            Self::EmptyBranch => "empty-branch",
            Self::OldBranch => "old-branch",
            Self::MissingTag => "missing-tag",
            Self::MissingMaxForwards => "missing-max-forwards",
            Self::MissingContact => "missing-contact",
            Self::StrictRoute => "strict-route",
            Self::OutOfRange => "out-of-range",
        }
    }
}

/// One note: what it is, in which header, at which byte, and the response that it calls for.
///
/// ```
/// use sip_ucid::{Head, Name, NoteKind};
///
/// let bytes = b"BYE sip:a@host.test SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
///     f: <sip:b@host.test>;tag=1\r\nMax-Forwards: 0\r\n\r\n";
/// let head = Head::parse(bytes)?.complete().unwrap();
/// let note = head.notes().next().unwrap();
/// assert_eq!((note.kind(), note.code()), (NoteKind::HopsExhausted, Some(483)));
/// assert_eq!(note.header(), Some(Name::MaxForwards));
/// assert_eq!(note.to_string(), "hops-exhausted in Max-Forwards at byte 105: 483");
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Note {
    kind: NoteKind,
    header: Option<Name>,
    at: usize,
    code: Option<u16>,
}

impl Note {
    /// What it is.
    ///
    /// ```
    /// use sip_ucid::{Head, NoteKind};
    /// let head = Head::parse(b"SIP/3.0 200 OK\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.notes().next().unwrap().kind(), NoteKind::Version);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn kind(&self) -> NoteKind {
        self.kind
    }

    /// The header that it is in or that is missing; `None` for the start line.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let head = Head::parse(b"INVITE tel:1 SIP/2.0\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.notes().next().unwrap().header(), Some(Name::MaxForwards));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn header(&self) -> Option<Name> {
        self.header
    }

    /// The byte of the input where it was noticed; the end of the head for a missing header.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"\r\ninvite tel:1 SIP/2.0\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.notes().next().unwrap().at(), 2);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The status code that an element answers which cannot do what the request demands.
    ///
    /// `None` if it is not a reason to refuse the request, and in responses and ACK, which are
    /// never answered.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let code = |bytes| Head::parse(bytes).unwrap().complete().unwrap().notes().next()?.code();
    /// assert_eq!(code(b"OPTIONS urn:a SIP/2.0\r\n\r\n"), Some(416));
    /// assert_eq!(code(b"ACK urn:a SIP/2.0\r\n\r\n"), None);
    /// ```
    pub const fn code(&self) -> Option<u16> {
        self.code
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(name) = self.header {
            write!(f, " in {name}")?;
        }
        write!(f, " at byte {}", self.at)?;
        self.code.map_or(Ok(()), |code| write!(f, ": {code}"))
    }
}

/// The notes on a message, found one by one; see [`Head::notes`].
///
/// ```
/// let head = sip_ucid::Head::parse(b"FETCH urn:a SIP/7.0\r\n\r\n")?.complete().unwrap();
/// let codes: Vec<_> = head.notes().filter_map(|note| note.code()).collect();
/// assert_eq!(codes, [505, 501, 416]);
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Clone)]
pub struct Notes<'h, 'a> {
    head: &'h Head<'a>,
    checks: slice::Iter<'static, Check>,
}

/// One thing to look for.
type Check = fn(&Head<'_>) -> Option<Note>;

/// In the order in which an element examines a message (RFC 3261 8.2 and 16.3).
const CHECKS: [Check; 19] = [
    version,
    method,
    scheme,
    |head| extension(head, Name::Require),
    |head| extension(head, Name::ProxyRequire),
    max_forwards,
    |head| auth_scheme(head, Name::Authorization, 401),
    |head| auth_scheme(head, Name::ProxyAuthorization, 407),
    content_type,
    content_encoding,
    accept,
    branch,
    |head| tag(head, Name::From),
    |head| tag(head, Name::To),
    missing_max_forwards,
    missing_contact,
    strict_route,
    expires,
    contact_expires,
];

impl<'a> Head<'a> {
    /// What is valid in form and worth knowing: what makes some elements refuse the request with
    /// another code than 400, and the signs of an older peer.
    ///
    /// Each kind is given once for each header. What depends on the element alone is not listed:
    /// whether it allows the method (405), requires an extension (421), knows the dialog (481) or
    /// accepts a message of this length (413, 414, 513), for which RFC 3261 sets no limit.
    ///
    /// ```
    /// use sip_ucid::Message;
    ///
    /// let bytes = b"OPTIONS sip:a@host.test SIP/7.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK\r\n\
    ///     From: <sip:b@host.test>;tag=1\r\nTo: <sip:a@host.test>\r\nCall-ID: 1\r\n\
    ///     CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n";
    /// let message = Message::datagram(bytes)?;
    /// assert!(message.is_valid());
    /// let notes: Vec<_> = message.notes().map(|note| note.to_string()).collect();
    /// assert_eq!(notes, ["version at byte 0: 505", "empty-branch in Via at byte 38"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn notes(&self) -> Notes<'_, 'a> {
        Notes { head: self, checks: CHECKS.iter() }
    }

    fn request(&self) -> Option<RequestLine<'a>> {
        match self.start() {
            Ok(StartLine::Request(line)) => Some(line),
            _ => None,
        }
    }

    fn is_invite(&self) -> bool {
        self.method() == "INVITE"
    }

    /// Whether there is a body, or may be one.
    fn may_have_body(&self) -> bool {
        self.framing_length() != Ok(Some(0))
    }

    fn start_note(&self, kind: NoteKind, code: u16) -> Note {
        Note { kind, header: None, at: self.at(), code: self.answered(code) }
    }

    /// A note on a header: at its first value, or at the end of the head if it is missing.
    fn note(&self, kind: NoteKind, name: Name, code: Option<u16>) -> Note {
        let place = |line: Line<'_>| {
            let raw = line.raw();
            line.value_at + raw.len() - text::trim_start(raw).len()
        };
        let at = self.lines().find(|line| line.name == name).map_or(self.end(), place);
        let code = code.and_then(|code| self.answered(code));
        Note { kind, header: Some(name), at, code }
    }

    /// The code, if this message may be answered.
    fn answered(&self, code: u16) -> Option<u16> {
        self.request().filter(|line| line.method() != "ACK").map(|_| code)
    }
}

fn version(head: &Head<'_>) -> Option<Note> {
    let version = match head.start().ok()? {
        StartLine::Request(line) => line.version(),
        StartLine::Status(line) => line.version(),
    };
    (!version.is("SIP/2.0")).then(|| head.start_note(NoteKind::Version, 505))
}

/// The methods of RFC 3261, 3262, 3311, 3428, 3515, 3903, 6086 and 6665.
const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "UPDATE",
    "MESSAGE",
    "REFER",
    "PUBLISH",
    "INFO",
    "SUBSCRIBE",
    "NOTIFY",
];

fn method(head: &Head<'_>) -> Option<Note> {
    let method = head.request()?.method();
    let known = METHODS.iter().any(|known| method == *known);
    (!known).then(|| head.start_note(NoteKind::Method, 501))
}

fn scheme(head: &Head<'_>) -> Option<Note> {
    let other = matches!(head.request()?.parsed_uri(), Ok(Uri::Other(_)));
    other.then(|| head.start_note(NoteKind::Scheme, 416))
}

fn extension(head: &Head<'_>, name: Name) -> Option<Note> {
    let counts = !matches!(head.request()?.method().as_bytes(), b"ACK" | b"CANCEL");
    head.elements(name).next().filter(|_| counts)?;
    Some(head.note(NoteKind::Extension, name, Some(420)))
}

fn max_forwards(head: &Head<'_>) -> Option<Note> {
    head.request()?;
    let value = head.value(Name::MaxForwards)?;
    let digits = value.as_bytes();
    let (kind, code) = match digits::decimal::<u8>(digits) {
        Some(0) => (NoteKind::HopsExhausted, Some(483)),
        None if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            (NoteKind::OutOfRange, None)
        }
        _ => return None,
    };
    Some(head.note(kind, Name::MaxForwards, code))
}

fn auth_scheme(head: &Head<'_>, name: Name, code: u16) -> Option<Note> {
    head.request()?;
    let known = |scheme: Text<'_>| scheme.is("Digest") || scheme.is("Bearer");
    let mut any = false;
    for auth in head.auths(name) {
        if auth.is_ok_and(|auth| known(auth.scheme())) {
            return None;
        }
        any |= auth.is_ok();
    }
    any.then(|| head.note(NoteKind::AuthScheme, name, Some(code)))
}

fn content_type(head: &Head<'_>) -> Option<Note> {
    let body = head.content_type().ok().filter(|_| head.is_invite() && head.may_have_body())?;
    let disposition = head.value(Name::ContentDisposition).unwrap_or_default().as_bytes();
    let params = disposition.iter().position(|byte| *byte == b';').unwrap_or(disposition.len());
    let params = Params::new(disposition.get(params..).unwrap_or_default());
    let optional = params.get("handling").is_some_and(|handling| handling.is("optional"));
    let known = body.is("application", "sdp") || body.kind().is("multipart");
    (!known && !optional).then(|| head.note(NoteKind::ContentType, Name::ContentType, Some(415)))
}

fn content_encoding(head: &Head<'_>) -> Option<Note> {
    head.request().filter(|_| head.may_have_body())?;
    let encoded = head.elements(Name::ContentEncoding).any(|coding| !coding.is("identity"));
    encoded.then(|| head.note(NoteKind::ContentEncoding, Name::ContentEncoding, Some(415)))
}

fn accept(head: &Head<'_>) -> Option<Note> {
    head.value(Name::Accept).filter(|_| head.is_invite())?;
    let accepted = head.elements(Name::Accept).any(takes_sdp);
    (!accepted).then(|| head.note(NoteKind::Accept, Name::Accept, Some(406)))
}

/// Whether a range of Accept includes `application/sdp`; one that cannot be parsed may.
fn takes_sdp(range: Text<'_>) -> bool {
    let Ok(range) = ContentType::parse(range.as_bytes()) else { return true };
    let (kind, subtype) = (range.kind(), range.subtype());
    let refused = range.params().get("q").is_some_and(|q| {
        !q.is_empty() && q.as_bytes().iter().all(|byte| matches!(byte, b'0' | b'.'))
    });
    let named = (kind == "*" && subtype == "*")
        || kind.is("application") && (subtype == "*" || subtype.is("sdp"));
    named && !refused
}

const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

fn branch(head: &Head<'_>) -> Option<Note> {
    head.request()?;
    let branch = head.via().ok()?.branch().unwrap_or_default();
    let kind = match branch.as_bytes().split_at_checked(MAGIC_COOKIE.len()) {
        Some((cookie, rest)) if cookie.eq_ignore_ascii_case(MAGIC_COOKIE) => {
            if !rest.is_empty() {
                return None;
            }
            NoteKind::EmptyBranch
        }
        _ => NoteKind::OldBranch,
    };
    Some(head.note(kind, Name::Via, None))
}

fn tag(head: &Head<'_>, name: Name) -> Option<Note> {
    if name == Name::To && head.code().is_none_or(|code| code == 100) {
        return None;
    }
    let untagged = head.address(name).ok()?.tag().is_none_or(Text::is_empty);
    untagged.then(|| head.note(NoteKind::MissingTag, name, None))
}

fn missing_max_forwards(head: &Head<'_>) -> Option<Note> {
    let missing = head.request().is_some() && head.value(Name::MaxForwards).is_none();
    missing.then(|| head.note(NoteKind::MissingMaxForwards, Name::MaxForwards, None))
}

fn missing_contact(head: &Head<'_>) -> Option<Note> {
    let missing = head.is_invite() && head.value(Name::Contact).is_none();
    missing.then(|| head.note(NoteKind::MissingContact, Name::Contact, None))
}

fn strict_route(head: &Head<'_>) -> Option<Note> {
    head.request()?;
    let first = head.addresses(Name::Route).next()?.ok()?;
    let strict = first.parsed_uri().ok()?.sip().is_some_and(|uri| !uri.params().has("lr"));
    strict.then(|| head.note(NoteKind::StrictRoute, Name::Route, None))
}

fn expires(head: &Head<'_>) -> Option<Note> {
    let unusable = head.value(Name::Expires).is_some() && head.expires().is_err();
    unusable.then(|| head.note(NoteKind::OutOfRange, Name::Expires, None))
}

fn contact_expires(head: &Head<'_>) -> Option<Note> {
    let unusable = |contact: Contact<'_>| {
        let expires = contact.address().and_then(|it| it.params().get("expires"));
        expires.is_some_and(|expires| digits::decimal::<u32>(expires.as_bytes()).is_none())
    };
    let found = head.contacts().flatten().any(unusable);
    found.then(|| head.note(NoteKind::OutOfRange, Name::Contact, None))
}

impl Iterator for Notes<'_, '_> {
    type Item = Note;

    fn next(&mut self) -> Option<Note> {
        let head = self.head;
        self.checks.find_map(|check| check(head))
    }
}

impl fmt::Debug for Notes<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notes({} checks left)", self.checks.len())
    }
}
