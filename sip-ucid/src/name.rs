//! Header names: the known ones, their compact forms, and finding out which one a line has.
//!
//! Recognition is one multiplication and one table lookup, then a comparison of up to three words
//! with the one name that can match. Names without an entry are [`Name::Other`].

use core::fmt;

use crate::scan;

macro_rules! names {
    ($($variant:ident = $text:literal,)*) => {
        /// A header name that this crate knows.
        ///
        /// ```
        /// use sip_ucid::Name;
        ///
        /// assert_eq!(Name::from_bytes(b"call-id"), Name::CallId);
        /// assert_eq!(Name::from_bytes(b"i"), Name::CallId);
        /// assert_eq!(Name::from_bytes(b"X-Anything"), Name::Other);
        /// assert_eq!(Name::CallId.as_str(), "Call-ID");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each variant is the header of that name")]
        pub enum Name { $($variant,)* Other }

        impl Name {
            const KNOWN: &'static [Self] = &[$(Self::$variant),*];
            const TEXTS: &'static [&'static str] = &[$($text),*, ""];
        }
    };
}

// The order matters: the first `INDEXED` have a place in the table of first occurrences.
names! {
    Via = "Via",
    From = "From",
    To = "To",
    CallId = "Call-ID",
    CSeq = "CSeq",
    Contact = "Contact",
    MaxForwards = "Max-Forwards",
    ContentLength = "Content-Length",
    ContentType = "Content-Type",
    Route = "Route",
    RecordRoute = "Record-Route",
    Expires = "Expires",
    PAssertedIdentity = "P-Asserted-Identity",
    RemotePartyId = "Remote-Party-ID",
    Diversion = "Diversion",
    UserToUser = "User-to-User",
    XUcid = "X-UCID",
    XCallerno = "X-CALLERNO",
    XDid = "X-DID",
    XAccount = "X-ACCOUNT",
    XUui = "X-UUI",
    HistoryInfo = "History-Info",
    ReferTo = "Refer-To",
    ReferredBy = "Referred-By",
    Authorization = "Authorization",
    ProxyAuthorization = "Proxy-Authorization",
    WwwAuthenticate = "WWW-Authenticate",
    ProxyAuthenticate = "Proxy-Authenticate",
    Allow = "Allow",
    Supported = "Supported",
    Require = "Require",
    ProxyRequire = "Proxy-Require",
    Unsupported = "Unsupported",
    Date = "Date",
    SessionId = "Session-ID",
    Reason = "Reason",
    Privacy = "Privacy",
    Subject = "Subject",
    UserAgent = "User-Agent",
    Server = "Server",
    Accept = "Accept",
    AcceptEncoding = "Accept-Encoding",
    AcceptLanguage = "Accept-Language",
    AllowEvents = "Allow-Events",
    Event = "Event",
    ContentEncoding = "Content-Encoding",
    ContentDisposition = "Content-Disposition",
    MimeVersion = "MIME-Version",
    MinExpires = "Min-Expires",
    MinSe = "Min-SE",
    SessionExpires = "Session-Expires",
    Organization = "Organization",
    Priority = "Priority",
    PPreferredIdentity = "P-Preferred-Identity",
    Path = "Path",
    RAck = "RAck",
    RSeq = "RSeq",
    ReplyTo = "Reply-To",
    Replaces = "Replaces",
    RetryAfter = "Retry-After",
    SubscriptionState = "Subscription-State",
    Timestamp = "Timestamp",
    Warning = "Warning",
    AcceptContact = "Accept-Contact",
    RejectContact = "Reject-Contact",
    RequestDisposition = "Request-Disposition",
    Identity = "Identity",
    ServiceRoute = "Service-Route",
}

/// How many names, from the first, the head remembers the first occurrence of.
pub(crate) const INDEXED: usize = 24;

impl Name {
    /// The usual spelling; empty for [`Name::Other`].
    ///
    /// ```
    /// assert_eq!(sip_ucid::Name::PAssertedIdentity.as_str(), "P-Asserted-Identity");
    /// ```
    pub const fn as_str(self) -> &'static str {
        // The table has one text for every variant: the index cannot lie outside.
        Self::TEXTS[self as usize]
    }

    /// The one-letter form, if there is one.
    ///
    /// ```
    /// use sip_ucid::Name;
    /// assert_eq!(Name::Via.compact(), Some('v'));
    /// assert_eq!(Name::Route.compact(), None);
    /// ```
    pub fn compact(self) -> Option<char> {
        let (letter, _) = COMPACT.iter().find(|(_, name)| *name == self)?;
        Some(char::from(*letter))
    }

    /// The header with this name, ignoring case, in the long or the compact form.
    ///
    /// ```
    /// use sip_ucid::Name;
    /// assert_eq!(Name::from_bytes(b"CALL-id"), Name::CallId);
    /// assert_eq!(Name::from_bytes(b"i"), Name::CallId);
    /// assert_eq!(Name::from_bytes(b"X-Mine"), Name::Other);
    /// ```
    pub fn from_bytes(name: &[u8]) -> Self {
        classify(name, 0, name.len())
    }

    /// Whether a message may hold only one of it, with one value.
    ///
    /// ```
    /// use sip_ucid::Name;
    /// assert!(Name::CSeq.is_single() && !Name::Via.is_single());
    /// ```
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            Self::From
                | Self::To
                | Self::CallId
                | Self::CSeq
                | Self::MaxForwards
                | Self::ContentLength
                | Self::ContentType
                | Self::ContentDisposition
                | Self::Date
                | Self::Event
                | Self::Expires
                | Self::MimeVersion
                | Self::MinExpires
                | Self::MinSe
                | Self::Organization
                | Self::Priority
                | Self::RAck
                | Self::RSeq
                | Self::ReferTo
                | Self::ReferredBy
                | Self::Replaces
                | Self::ReplyTo
                | Self::RetryAfter
                | Self::Server
                | Self::SessionExpires
                | Self::SessionId
                | Self::Subject
                | Self::SubscriptionState
                | Self::Timestamp
                | Self::UserAgent
        )
    }

    /// Whether it is one of the headers that CloudAgent adds to an INVITE.
    ///
    /// ```
    /// use sip_ucid::Name;
    /// assert!(Name::XUcid.is_platform() && !Name::From.is_platform());
    /// ```
    pub const fn is_platform(self) -> bool {
        matches!(self, Self::XUcid | Self::XCallerno | Self::XDid | Self::XAccount | Self::XUui)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Compact forms of RFC 3261, 3515, 3841, 3892, 4028, 6665 and 8224.
const COMPACT: [(u8, Name); 19] = [
    (b'i', Name::CallId),
    (b'm', Name::Contact),
    (b'e', Name::ContentEncoding),
    (b'l', Name::ContentLength),
    (b'c', Name::ContentType),
    (b'f', Name::From),
    (b's', Name::Subject),
    (b'k', Name::Supported),
    (b't', Name::To),
    (b'v', Name::Via),
    (b'u', Name::AllowEvents),
    (b'o', Name::Event),
    (b'r', Name::ReferTo),
    (b'b', Name::ReferredBy),
    (b'x', Name::SessionExpires),
    (b'a', Name::AcceptContact),
    (b'j', Name::RejectContact),
    (b'd', Name::RequestDisposition),
    (b'y', Name::Identity),
];

/// A name as up to three words, and the bits to set in each to make letters lower-case.
#[derive(Clone, Copy)]
struct Pattern {
    words: [u64; 3],
    fold: [u64; 3],
    /// The last eight bytes, which overlap the words before them.
    last: u64,
    last_fold: u64,
    name: Name,
    len: u8,
}

const EMPTY: Pattern =
    Pattern { words: [0; 3], fold: [0; 3], last: 0, last_fold: 0, name: Name::Other, len: 0 };
const MAX_LEN: usize = 24;
/// Found by trial so that no two names share a slot; a new name may need another.
const SLOTS: usize = 256;
const SMALL: u64 = 0x2020_2020_2020_2020;
const MULTIPLIER: u64 = 0xA870_813F_C300_398B;

/// The slot of a name from its first eight bytes, with `0x20` set in each, and its length.
const fn slot(first: u64, last: u64, len: usize) -> usize {
    let mixed = (first ^ last.rotate_left(29) ^ (len as u64)).wrapping_mul(MULTIPLIER);
    (mixed >> 56) as usize
}

const fn pattern(name: Name) -> Pattern {
    let text = name.as_str().as_bytes();
    let mut pattern = EMPTY;
    pattern.name = name;
    pattern.len = text.len() as u8;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at].to_ascii_lowercase();
        let shift = 8 * (at % 8);
        pattern.words[at / 8] |= (byte as u64) << shift;
        let fold = if byte.is_ascii_lowercase() { 0x20 } else { 0 };
        pattern.fold[at / 8] |= fold << shift;
        if at >= last_from(text.len()) {
            let shift = 8 * (at - last_from(text.len()));
            pattern.last |= (byte as u64) << shift;
            pattern.last_fold |= fold << shift;
        }
        at += 1;
    }
    pattern
}

const fn word_at(text: &[u8], from: usize) -> u64 {
    let mut word = 0;
    let mut at = 0;
    while at < 8 && from + at < text.len() {
        word |= ((text[from + at] | 0x20) as u64) << (8 * at);
        at += 1;
    }
    word
}

const fn last_from(len: usize) -> usize {
    len.saturating_sub(8)
}

const TABLE: [u8; SLOTS] = {
    let mut table = [Name::Other as u8; SLOTS];
    let mut at = 0;
    while at < Name::KNOWN.len() {
        let text = Name::KNOWN[at].as_str().as_bytes();
        assert!(text.len() <= MAX_LEN, "a known name is too long for its pattern");
        let place = slot(word_at(text, 0), word_at(text, last_from(text.len())), text.len());
        assert!(table[place] == Name::Other as u8, "two names share a slot");
        table[place] = at as u8;
        at += 1;
    }
    table
};

const PATTERNS: [Pattern; Name::KNOWN.len() + 1] = {
    let mut patterns = [EMPTY; Name::KNOWN.len() + 1];
    let mut at = 0;
    while at < Name::KNOWN.len() {
        patterns[at] = pattern(Name::KNOWN[at]);
        at += 1;
    }
    patterns
};

const LETTERS: [Name; 26] = {
    let mut letters = [Name::Other; 26];
    let mut at = 0;
    while at < COMPACT.len() {
        let (letter, name) = COMPACT[at];
        letters[(letter - b'a') as usize] = name;
        at += 1;
    }
    letters
};

/// The name at `bytes[from..end]`; it loads up to a word past its end to save time.
#[inline]
pub(crate) fn classify(bytes: &[u8], from: usize, end: usize) -> Name {
    let len = end.saturating_sub(from);
    match len {
        0 => Name::Other,
        1 => {
            let letter = bytes.get(from).map_or(0, |byte| byte | 0x20);
            let place = usize::from(letter.wrapping_sub(b'a'));
            LETTERS.get(place).copied().unwrap_or(Name::Other)
        }
        2..=MAX_LEN => match scan::word(bytes, from) {
            Some(first) => classify_long(bytes, from, len, first),
            None => classify_at_end(bytes, from, end),
        },
        _ => Name::Other,
    }
}

/// The name of fewer than eight bytes that a word begins with.
#[inline]
pub(crate) fn classify_short(word: u64, len: usize) -> Name {
    if len < 2 {
        let letter = (word as u8 | 0x20).wrapping_sub(b'a');
        let known = LETTERS.get(usize::from(letter)).filter(|_| len == 1);
        return known.copied().unwrap_or(Name::Other);
    }
    let mask = (1 << (8 * len)) - 1;
    let head = word & mask;
    let folded = head | (SMALL & mask);
    let Some(pattern) = pattern_at(slot(folded, folded, len)) else { return Name::Other };
    let ([known, ..], [fold, ..]) = (pattern.words, pattern.fold);
    let same = usize::from(pattern.len) == len && head | fold == known;
    if same { pattern.name } else { Name::Other }
}

#[inline]
fn pattern_at(place: usize) -> Option<&'static Pattern> {
    PATTERNS.get(usize::from(*TABLE.get(place)?))
}

#[inline]
fn classify_long(bytes: &[u8], from: usize, len: usize, first: u64) -> Name {
    let head = if len < 8 { first & (u64::MAX >> (64 - 8 * len)) } else { first };
    let folded = if len < 8 { SMALL & (u64::MAX >> (64 - 8 * len)) } else { SMALL };
    let last = if len > 8 { scan::word(bytes, from + len - 8).unwrap_or(0) } else { head };
    let place = slot(head | folded, last | folded, len);
    let Some(pattern) = pattern_at(place) else { return Name::Other };
    let [word, middle, _] = pattern.words;
    let [fold, fold_middle, _] = pattern.fold;
    let same = usize::from(pattern.len) == len
        && head | fold == word
        && last | pattern.last_fold == pattern.last
        && (len <= 16
            || scan::word(bytes, from + 8).is_some_and(|between| between | fold_middle == middle));
    if same { pattern.name } else { Name::Other }
}

/// The same for a name so near the end of the input that no word can be loaded.
#[cold]
fn classify_at_end(bytes: &[u8], from: usize, end: usize) -> Name {
    let name = bytes.get(from..end).unwrap_or_default();
    let same = |known: &&Name| name.eq_ignore_ascii_case(known.as_str().as_bytes());
    Name::KNOWN.iter().find(same).copied().unwrap_or(Name::Other)
}
