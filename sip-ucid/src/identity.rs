//! Who calls, and which call it is: the headers that identify them, each on its own.
//!
//! Nothing is merged, normalized or checked: From is what the caller claims, P-Asserted-Identity
//! what the network vouches for, Remote-Party-ID the same in older equipment, X-CALLERNO what the
//! platform resolved. The functions need no whole message: they take the lines that are complete.

use core::fmt;

use crate::address::{Address, Addresses};
use crate::headers::{self, HeaderValues, Headers, Line};
use crate::layout::Layout;
use crate::leniency::Leniency;
use crate::list::ListElements;
use crate::name::Name;
use crate::number;
use crate::scan::{self, Opening};
use crate::text::Text;
use crate::ucid::AvayaUcid;
use crate::uri::Uri;
use crate::uui;

/// The value of the first X-UCID header that has one, as sent.
///
/// ```
/// let invite = b"INVITE sip:500001@example.test SIP/2.0\r\nx-ucid: 90174967305497\r\n\r\n";
/// let ucid = sip_ucid::ucid(invite).unwrap();
/// assert_eq!(ucid, "90174967305497");
/// assert!(sip_ucid::is_cloudagent_ucid(ucid));
/// ```
pub fn ucid(bytes: &[u8]) -> Option<Text<'_>> {
    let mut lines = PrefixedLines::new(bytes, *b"xx");
    lines.find_map(|(name, value)| {
        Some(Text::new(value).trimmed()).filter(|text| name == Name::XUcid && !text.is_empty())
    })
}

/// The UCID and the caller of a phone call; see [`call`].
///
/// ```
/// let invite = b"INVITE sip:500001@example.test SIP/2.0\r\nf: <tel:+919000000001>\r\n\r\n";
/// let call = sip_ucid::call(invite);
/// assert_eq!((call.ucid, call.caller), (None, Some("+919000000001".into())));
/// assert_eq!(call.source, sip_ucid::Name::From);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallSummary<'a> {
    /// The first X-UCID that has a value, as sent.
    pub ucid: Option<Text<'a>>,
    /// The first X-CALLERNO that has a value, as sent, else the user part of From.
    pub caller: Option<Text<'a>>,
    /// Which of the two headers gave the caller; [`Name::Other`] if neither did.
    pub source: Name,
}

/// Finds the UCID and the caller, and stops as soon as it has them.
///
/// [`identity`] collects every header that identifies the call, and notices repeats that differ.
///
/// ```
/// let invite = b"INVITE sip:500001@example.test SIP/2.0\r\n\
///     X-UCID: 90174967305497\r\nX-CALLERNO: 09000000001\r\n\r\n";
/// let call = sip_ucid::call(invite);
/// assert_eq!(call.ucid.unwrap(), "90174967305497");
/// assert_eq!(call.caller.unwrap(), "09000000001");
/// ```
pub fn call(bytes: &[u8]) -> CallSummary<'_> {
    let (mut ucid, mut callerno, mut from) = (None, None, None);
    for (name, value) in PrefixedLines::new(bytes, *b"xf") {
        let slot = match name {
            Name::XUcid => &mut ucid,
            Name::XCallerno => &mut callerno,
            Name::From => &mut from,
            _ => continue,
        };
        // An empty header says nothing, and hides nothing.
        let value = Text::new(value);
        if slot.is_none() && !value.trimmed().is_empty() {
            *slot = Some(value);
        }
        if ucid.is_some() && callerno.is_some() {
            break;
        }
    }
    let ucid = ucid.map(Text::trimmed);
    if let Some(caller) = callerno {
        return CallSummary { ucid, caller: Some(caller.trimmed()), source: Name::XCallerno };
    }
    let user = from.and_then(|value| number_in(value.as_bytes()));
    let source = if user.is_some() { Name::From } else { Name::Other };
    CallSummary { ucid, caller: user, source }
}

/// The user part or the `tel:` number in a value that holds an address.
fn number_in(value: &[u8]) -> Option<Text<'_>> {
    Uri::number_in(Address::parse(value).ok()?.uri().as_bytes())
}

/// The header lines whose name begins with one of two letters: name and raw value.
struct PrefixedLines<'a> {
    bytes: &'a [u8],
    at: usize,
    bare: bool,
    letters: [u8; 2],
}

impl<'a> PrefixedLines<'a> {
    fn new(bytes: &'a [u8], letters: [u8; 2]) -> Self {
        let layout = Layout::of(bytes, Leniency::default());
        let (at, bare) = layout.map_or((bytes.len(), false), |it| (it.headers, it.bare));
        Self { bytes, at, bare, letters }
    }
}

impl<'a> Iterator for PrefixedLines<'a> {
    type Item = (Name, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let first = *self.bytes.get(at)?;
            let breaks = first == b'\r' || first == b'\n';
            if breaks && scan::opening(self.bytes, at, self.bare) != Opening::Text {
                self.at = self.bytes.len();
                return None;
            }
            let Some(end) = scan::line_end(self.bytes, at, self.bare) else {
                self.at = self.bytes.len();
                return None;
            };
            self.at = end.next;
            let [one, other] = self.letters;
            if first | 0x20 == one || first | 0x20 == other {
                let (name, value) = headers::name_of(self.bytes, at, end.end);
                return Some((name, self.bytes.get(value..end.end)?));
            }
        }
    }
}

/// The names of the platform's own headers.
///
/// ```
/// use sip_ucid::IdentityNames;
///
/// let names = IdentityNames { ucid: "X-Call-Ref", ..IdentityNames::default() };
/// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nx-call-ref: 17\r\n\r\n";
/// assert_eq!(names.read(invite).ucid().unwrap().value(), "17");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityNames<'n> {
    /// `X-UCID`.
    pub ucid: &'n str,
    /// `X-CALLERNO`.
    pub callerno: &'n str,
    /// `X-DID`.
    pub did: &'n str,
    /// `X-ACCOUNT`.
    pub account: &'n str,
    /// `X-UUI`.
    pub uui: &'n str,
}

impl Default for IdentityNames<'_> {
    fn default() -> Self {
        Self {
            ucid: Name::XUcid.as_str(),
            callerno: Name::XCallerno.as_str(),
            did: Name::XDid.as_str(),
            account: Name::XAccount.as_str(),
            uui: Name::XUui.as_str(),
        }
    }
}

impl IdentityNames<'_> {
    /// Finds the identity headers of the message at the beginning of `bytes`, with these names.
    ///
    /// ```
    /// let bytes = b"INVITE sip:a@example.test SIP/2.0\r\nX-Call-Ref: 17\r\n\r\n";
    /// let names = sip_ucid::IdentityNames { ucid: "X-Call-Ref", ..Default::default() };
    /// assert_eq!(names.read(bytes).ucid().unwrap().value(), "17");
    /// assert!(sip_ucid::identity(bytes).ucid().is_none());
    /// ```
    pub fn read<'a>(&self, bytes: &'a [u8]) -> Identity<'a> {
        let headers = Headers::new(bytes);
        let mut identity = Identity { headers: headers.clone(), found: [None; PLACES] };
        let wanted = (*self != IdentityNames::default()).then(|| self.wanted());
        for line in headers.lines() {
            let Some(wanted) = &wanted else {
                identity.note(place_of(line.name), &line);
                continue;
            };
            // A header may be wanted under its own name and as one of the platform's.
            for (place, wanted) in wanted.iter().enumerate() {
                identity.note(wanted.is(&line).then_some(place), &line);
            }
            identity.note(place_of(line.name).filter(|place| *place >= wanted.len()), &line);
        }
        identity
    }

    /// The names in the order of their places.
    fn wanted(&self) -> [WantedName<'_>; 5] {
        [self.ucid, self.callerno, self.did, self.account, self.uui].map(WantedName::new)
    }
}

/// A header name to look for, which matches the long and the compact form of a known one.
struct WantedName<'n> {
    text: &'n str,
    known: Name,
}

impl<'n> WantedName<'n> {
    fn new(text: &'n str) -> Self {
        Self { text, known: Name::from_bytes(text.as_bytes()) }
    }

    fn is(&self, line: &Line<'_>) -> bool {
        match self.known {
            Name::Other if self.text.is_empty() => false,
            Name::Other => line.name == Name::Other && line.name_text().is(self.text),
            known => line.name == known,
        }
    }
}

const PLACES: usize = 10;

/// Where a header is kept; the platform's own come first, in the order of [`IdentityNames`].
const fn place_of(name: Name) -> Option<usize> {
    Some(match name {
        Name::XUcid => 0,
        Name::XCallerno => 1,
        Name::XDid => 2,
        Name::XAccount => 3,
        Name::XUui => 4,
        Name::From => 5,
        Name::PAssertedIdentity => 6,
        Name::RemotePartyId => 7,
        Name::Diversion => 8,
        Name::UserToUser => 9,
        _ => return None,
    })
}

/// A header that identifies caller or call: its name and its value, as sent.
///
/// ```
/// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UCID: 17\r\nX-UCID: 18\r\n\r\n";
/// let found = *sip_ucid::identity(invite).ucid().unwrap();
/// assert_eq!((found.name(), found.value()), ("X-UCID".into(), "17".into()));
/// assert_eq!(found.count(), 2);
/// assert!(found.is_conflicting());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityHeader<'a> {
    known: Name,
    name: Text<'a>,
    value: Text<'a>,
    count: usize,
    conflicting: bool,
}

impl<'a> IdentityHeader<'a> {
    const fn new(name: Text<'a>, known: Name, value: Text<'a>) -> Self {
        Self { known, name, value, count: 1, conflicting: false }
    }

    fn repeat(&mut self, value: Text<'a>) {
        self.count += 1;
        self.conflicting |= !self.value.same_unfolded(value);
    }

    /// The name of the header as sent.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nx-ucid: 17\r\n\r\n";
    /// assert_eq!(sip_ucid::identity(invite).ucid().unwrap().name(), "x-ucid");
    /// ```
    pub const fn name(&self) -> Text<'a> {
        self.name
    }

    /// The value of the first one, as sent.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UCID: 017\r\n\r\n";
    /// assert_eq!(sip_ucid::identity(invite).ucid().unwrap().value(), "017");
    /// ```
    pub const fn value(&self) -> Text<'a> {
        self.value
    }

    /// How many header lines of this name there are.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UCID: 17\r\nX-UCID: 17\r\n\r\n";
    /// assert_eq!(sip_ucid::identity(invite).ucid().unwrap().count(), 2);
    /// ```
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Whether a repeat has another value; in lists, such as Diversion, that is usual.
    ///
    /// ```
    /// let conflict = |bytes| sip_ucid::identity(bytes).did().unwrap().is_conflicting();
    /// assert!(conflict(b"INVITE sip:a@example.test SIP/2.0\r\nX-DID: 1\r\nX-DID: 2\r\n\r\n"));
    /// assert!(!conflict(b"INVITE sip:a@example.test SIP/2.0\r\nX-DID: 1\r\nX-DID: 1\r\n\r\n"));
    /// ```
    pub const fn is_conflicting(&self) -> bool {
        self.conflicting
    }

    /// The telephone number or user part in it, as sent: that of the first address; a bare number,
    /// in a header that holds no address by rule, is itself.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nf: \"A\" <tel:+91-80-1>;tag=1\r\n\
    ///     X-CALLERNO: 09000000001\r\n\r\n";
    /// let who = sip_ucid::identity(invite);
    /// assert_eq!(who.from().unwrap().number().unwrap(), "+91-80-1");
    /// assert_eq!(who.callerno().unwrap().number().unwrap(), "09000000001");
    /// ```
    pub fn number(&self) -> Option<Text<'a>> {
        match self.known {
            Name::From => number_in(self.value.as_bytes()),
            Name::PAssertedIdentity | Name::RemotePartyId | Name::Diversion => self.first_number(),
            Name::UserToUser => None,
            _ if number::is_number(self.value) => Some(self.value),
            _ => self.first_number(),
        }
    }

    fn first_number(&self) -> Option<Text<'a>> {
        let address = Addresses::alone(self.value).next()?.ok()?;
        Uri::number_in(address.uri().as_bytes())
    }
}

/// Every header that identifies the caller or the call; see [`identity`].
///
/// ```
/// let invite = b"INVITE sip:a@example.test SIP/2.0\r\n\
///     From: <sip:9000000001@example.test>\r\nX-CALLERNO: 09000000001\r\n\r\n";
/// let identity = sip_ucid::identity(invite);
/// let (claimed, resolved) = (identity.from().unwrap(), identity.callerno().unwrap());
/// assert_eq!(claimed.number().unwrap(), "9000000001");
/// assert_eq!(resolved.value(), "09000000001");
/// ```
#[derive(Clone)]
pub struct Identity<'a> {
    headers: Headers<'a>,
    found: [Option<IdentityHeader<'a>>; PLACES],
}

/// Finds the identity headers of the message at the beginning of `bytes`.
///
/// ```
/// let invite = b"INVITE sip:500001@example.test SIP/2.0\r\n\
///     From: \"Customer\" <sip:9000000001@example.test>;tag=1\r\n\
///     P-Asserted-Identity: <sip:+919000000001@example.test>, <tel:+919000000001>\r\n\
///     X-CALLERNO: 09000000001\r\nX-UCID: 90174967305497\r\nX-DID: 918000000001\r\n\r\n";
/// let identity = sip_ucid::identity(invite);
/// assert_eq!(identity.ucid().unwrap().value(), "90174967305497");
/// assert_eq!(identity.callerno().unwrap().value(), "09000000001");
/// assert_eq!(identity.from().unwrap().number().unwrap(), "9000000001");
/// assert_eq!(identity.asserted().count(), 2);
/// assert_eq!(identity.asserted_number().unwrap(), "+919000000001");
/// assert_eq!(identity.did().unwrap().value(), "918000000001");
/// assert!(identity.diversion().is_none() && identity.avaya_ucid().is_none());
/// ```
pub fn identity(bytes: &[u8]) -> Identity<'_> {
    IdentityNames::default().read(bytes)
}

macro_rules! places {
    ($($(#[$doc:meta])* $method:ident = $name:ident,)*) => {
        $(
            $(#[$doc])*
            pub const fn $method(&self) -> Option<&IdentityHeader<'a>> {
                match place_of(Name::$name) {
                    Some(place) => self.place(place),
                    None => None,
                }
            }
        )*
    };
}

impl<'a> Identity<'a> {
    /// Takes a line into its place, if it has one.
    #[inline]
    fn note(&mut self, place: Option<usize>, line: &Line<'a>) {
        match place.and_then(|place| self.found.get_mut(place)) {
            Some(Some(found)) if !found.value().is_empty() => found.repeat(line.value()),
            Some(slot) => {
                *slot = Some(IdentityHeader::new(line.name_text(), line.name, line.value()));
            }
            None => {}
        }
    }

    const fn place(&self, place: usize) -> Option<&IdentityHeader<'a>> {
        let mut rest: &[Option<IdentityHeader<'a>>] = &self.found;
        let mut at = 0;
        while let [first, tail @ ..] = rest {
            if at == place {
                return first.as_ref();
            }
            at += 1;
            rest = tail;
        }
        None
    }

    places! {
        /// X-UCID: the platform's id of this leg of the phone call.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UCID: 90174967305497\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).ucid().unwrap().value(), "90174967305497");
        /// ```
        ucid = XUcid,
        /// X-CALLERNO: the caller as the platform resolved it.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-CALLERNO: 09000000001\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).callerno().unwrap().value(), "09000000001");
        /// ```
        callerno = XCallerno,
        /// X-DID: the number that was called.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-DID: 918000000001\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).did().unwrap().value(), "918000000001");
        /// ```
        did = XDid,
        /// X-ACCOUNT: the account.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-ACCOUNT: acme_support\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).account().unwrap().value(), "acme_support");
        /// ```
        account = XAccount,
        /// X-UUI: what was set by the dial or stream that made the call.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nX-UUI: order 17\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).uui().unwrap().value(), "order 17");
        /// ```
        uui = XUui,
        /// From: what the caller claims.
        ///
        /// ```
        /// let invite = b"INVITE tel:1 SIP/2.0\r\nf: <sip:9000000001@example.test>\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).from().unwrap().number().unwrap(), "9000000001");
        /// ```
        from = From,
        /// P-Asserted-Identity: what the network vouches for; believe it only from a trusted peer.
        ///
        /// ```
        /// let invite = b"INVITE tel:1 SIP/2.0\r\nP-Asserted-Identity: tel:+911\r\n\r\n";
        /// let asserted = *sip_ucid::identity(invite).p_asserted_identity().unwrap();
        /// assert_eq!(asserted.number().unwrap(), "+911");
        /// ```
        p_asserted_identity = PAssertedIdentity,
        /// Remote-Party-ID: the same in older equipment.
        ///
        /// ```
        /// let invite = b"INVITE tel:1 SIP/2.0\r\nRemote-Party-ID: <tel:1>;screen=yes\r\n\r\n";
        /// let remote = *sip_ucid::identity(invite).remote_party_id().unwrap();
        /// assert_eq!(remote.value(), "<tel:1>;screen=yes");
        /// ```
        remote_party_id = RemotePartyId,
        /// Diversion: who sent the call on, the latest first.
        ///
        /// ```
        /// let invite = b"INVITE tel:2 SIP/2.0\r\nDiversion: <tel:1>;reason=no-answer\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).diversion().unwrap().number().unwrap(), "1");
        /// ```
        diversion = Diversion,
        /// User-to-User.
        ///
        /// ```
        /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nUser-to-User: 00C80141\r\n\r\n";
        /// assert_eq!(sip_ucid::identity(invite).user_to_user().unwrap().value(), "00C80141");
        /// ```
        user_to_user = UserToUser,
    }

    fn values(&self, name: Name) -> HeaderValues<'a> {
        HeaderValues::of(name, None, self.headers.clone())
    }

    /// All addresses of P-Asserted-Identity, over lines and commas.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\n\
    ///     P-Asserted-Identity: <sip:b@example.test>\r\nP-Asserted-Identity: tel:+911\r\n\r\n";
    /// let identity = sip_ucid::identity(invite);
    /// let uris: Vec<_> = identity.asserted().flatten().map(|it| it.uri()).collect();
    /// assert_eq!(uris, ["sip:b@example.test", "tel:+911"]);
    /// ```
    pub fn asserted(&self) -> Addresses<'a> {
        Addresses::new(self.values(Name::PAssertedIdentity), Leniency::default())
    }

    /// The first telephone number of P-Asserted-Identity; where no address has one, the first user
    /// part.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\n\
    ///     P-Asserted-Identity: <sip:reception@example.test>, tel:+914000000001\r\n\r\n";
    /// let identity = sip_ucid::identity(invite);
    /// assert_eq!(identity.asserted_number().unwrap(), "+914000000001");
    /// ```
    pub fn asserted_number(&self) -> Option<Text<'a>> {
        let user = |address: Address<'a>| address.parsed_uri().ok().and_then(|uri| uri.number());
        let mut users = self.asserted().filter_map(|address| address.ok().and_then(user));
        let first = users.next()?;
        let is_number = |user: &Text<'a>| number::is_number(user);
        if is_number(&first) { Some(first) } else { users.find(is_number).or(Some(first)) }
    }

    /// The Remote-Party-ID with `party=calling`, or the first without a party.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\n\
    ///     Remote-Party-ID: <tel:1>;party=called, <tel:2>;party=calling\r\n\r\n";
    /// assert_eq!(sip_ucid::identity(invite).remote_caller().unwrap().uri(), "tel:2");
    /// ```
    pub fn remote_caller(&self) -> Option<Address<'a>> {
        let all = Addresses::new(self.values(Name::RemotePartyId), Leniency::default());
        let party = |address: &Address<'a>| address.params().get("party");
        let calling = |address: &Address<'a>| party(address).is_some_and(|it| it.is("calling"));
        let mut known = all.clone().flatten();
        known.find(calling).or_else(|| all.flatten().find(|address| party(address).is_none()))
    }

    /// All addresses of Diversion, the latest first.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\nDiversion: <tel:2>, <tel:1>\r\n\r\n";
    /// let latest = sip_ucid::identity(invite).diversions().next().unwrap()?;
    /// assert_eq!(latest.uri(), "tel:2");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn diversions(&self) -> Addresses<'a> {
        Addresses::new(self.values(Name::Diversion), Leniency::default())
    }

    /// The Avaya UCID in User-to-User; none if more than one value claims to hold `isdn-uui`.
    ///
    /// ```
    /// let invite = b"INVITE sip:a@example.test SIP/2.0\r\n\
    ///     User-to-User: 00FA080019001038F725B3;encoding=hex\r\n\r\n";
    /// let ucid = sip_ucid::identity(invite).avaya_ucid().unwrap();
    /// assert_eq!(ucid.to_string(), "00025000160955721139");
    /// ```
    pub fn avaya_ucid(&self) -> Option<AvayaUcid> {
        uui::ucid_of(ListElements::new(self.values(Name::UserToUser)))
    }
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} headers)", self.found.iter().flatten().count())
    }
}
