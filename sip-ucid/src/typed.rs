//! The headers of a [`Head`] as values.
//!
//! Every method parses when it is called and caches nothing; a missing header is
//! [`ErrorKind::Missing`].

use crate::address::{Address, Addresses};
use crate::auth::Auth;
use crate::date::Date;
use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::head::Head;
use crate::list::ListElements;
use crate::name::Name;
use crate::text::Text;
use crate::ucid::AvayaUcid;
use crate::uui::{self, UserToUser};
use crate::value::{self, CSeq, ContentType, Privacy, Reason, SessionId};
use crate::via::{Via, Vias};

/// One value of Contact.
///
/// ```
/// use sip_ucid::{Contact, Head};
///
/// let bytes = b"REGISTER sip:example.test SIP/2.0\r\nm: *\r\nExpires: 0\r\n\r\n";
/// let head = Head::parse(bytes)?.complete().unwrap();
/// assert!(matches!(head.contacts().next(), Some(Ok(Contact::Any))));
/// # Ok::<(), sip_ucid::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`: all of them.
    Any,
    /// An address.
    Address(Address<'a>),
}

impl<'a> Contact<'a> {
    /// The address, if it is one.
    ///
    /// ```
    /// use sip_ucid::{Contact, Head};
    /// let bytes = b"SIP/2.0 200 OK\r\nContact: <sip:a@example.test>\r\n\r\n";
    /// let contact = Head::parse(bytes)?.complete().unwrap().contacts().next().unwrap()?;
    /// assert_eq!(contact.address().unwrap().uri(), "sip:a@example.test");
    /// assert!(Contact::Any.address().is_none());
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub const fn address(&self) -> Option<&Address<'a>> {
        match self {
            Self::Address(address) => Some(address),
            Self::Any => None,
        }
    }

    #[inline]
    pub(crate) fn of(address: Address<'a>) -> Self {
        let star = address.uri() == "*" && !address.is_bracketed();
        if star { Self::Any } else { Self::Address(address) }
    }
}

impl<'a> Head<'a> {
    #[inline]
    fn required(&self, name: Name) -> Result<Text<'a>, Error> {
        self.value(name).ok_or(Error::new(ErrorKind::Missing, self.end()))
    }

    /// The one address in a header such as Refer-To, Referred-By or Remote-Party-ID.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`Address::parse`].
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"REFER sip:a@example.test SIP/2.0\r\nr: <sip:b@example.test>\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.address(Name::ReferTo)?.uri(), "sip:b@example.test");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn address(&self, name: Name) -> Result<Address<'a>, Error> {
        Address::parse_with(self.required(name)?.as_bytes(), self.leniency())
    }

    /// All addresses in the headers of a name, over lines and commas.
    ///
    /// Suitable for P-Asserted-Identity, Diversion, History-Info, Route, Record-Route and
    /// Remote-Party-ID; see [`Head::contacts`] for Contact.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"SIP/2.0 200 OK\r\n\
    ///     Record-Route: <sip:a;lr>, <sip:b>\r\nRecord-Route: <sip:c>\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let uris: Vec<_> = head.addresses(Name::RecordRoute).flatten().map(|it| it.uri()).collect();
    /// assert_eq!(uris, ["sip:a;lr", "sip:b", "sip:c"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn addresses(&self, name: Name) -> Addresses<'a> {
        Addresses::new(self.values_of(name), self.leniency())
    }

    /// The elements of a comma list, such as Allow, Supported or Require, over all lines.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"SIP/2.0 200 OK\r\nk: timer , 100rel\r\nSupported: path\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let all: Vec<_> = head.elements(Name::Supported).collect();
    /// assert_eq!(all, ["timer", "100rel", "path"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn elements(&self, name: Name) -> impl Iterator<Item = Text<'a>> + Clone + use<'a> {
        self.elements_of(name)
    }

    #[inline]
    fn elements_of(&self, name: Name) -> ListElements<'a> {
        ListElements::new(self.values_of(name))
    }

    /// From: what the caller claims.
    ///
    /// # Errors
    /// As [`Head::address`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nf: \"A\" <sip:a@example.test>;tag=1\r\n\r\n";
    /// let from = Head::parse(bytes)?.complete().unwrap().from()?;
    /// assert_eq!((from.uri(), from.tag().unwrap()), ("sip:a@example.test".into(), "1".into()));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn from(&self) -> Result<Address<'a>, Error> {
        self.address(Name::From)
    }

    /// To.
    ///
    /// # Errors
    /// As [`Head::address`].
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Head};
    /// let to = |bytes| Head::parse(bytes).unwrap().complete().unwrap().to();
    /// assert_eq!(to(b"SIP/2.0 200 OK\r\nt: tel:1\r\n\r\n")?.uri(), "tel:1");
    /// assert_eq!(to(b"SIP/2.0 200 OK\r\n\r\n").unwrap_err().kind(), ErrorKind::Missing);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn to(&self) -> Result<Address<'a>, Error> {
        self.address(Name::To)
    }

    /// The Contact values.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nm: \"A, B\" <sip:a@h>;q=1, <sip:b@h>\r\n\r\n";
    /// assert_eq!(Head::parse(bytes)?.complete().unwrap().contacts().count(), 2);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'a>, Error>> + use<'a> {
        self.addresses(Name::Contact).map(|address| address.map(Contact::of))
    }

    /// The Via values, topmost first.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\nv: SIP/2.0/TCP b, SIP/2.0/WS c\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let hosts: Vec<_> = head.vias().flatten().map(|via| via.host()).collect();
    /// assert_eq!(hosts, ["a", "b", "c"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'a>, Error>> + Clone + use<'a> {
        Vias::new(self.elements_of(Name::Via), self.leniency())
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`Via::parse`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/TCP b\r\n\r\n";
    /// let top = Head::parse(bytes)?.complete().unwrap().via()?;
    /// assert_eq!(top.branch().unwrap(), "z9hG4bK1");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn via(&self) -> Result<Via<'a>, Error> {
        self.vias().next().unwrap_or(Err(Error::new(ErrorKind::Missing, self.end())))
    }

    /// Call-ID; compare it byte by byte.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], and [`ErrorKind::Token`] if it is empty.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\ni: 1@host\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.call_id()?, "1@host");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn call_id(&self) -> Result<Text<'a>, Error> {
        let value = self.required(Name::CallId)?;
        if value.is_empty() { Err(Error::new(ErrorKind::Token, self.end())) } else { Ok(value) }
    }

    /// CSeq.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`CSeq::parse`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\nCSeq: 007 BYE\r\n\r\n")?.complete().unwrap();
    /// assert_eq!((head.cseq()?.number(), head.cseq()?.method()), (7, "BYE".into()));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    #[inline]
    pub fn cseq(&self) -> Result<CSeq<'a>, Error> {
        CSeq::parse(self.required(Name::CSeq)?.as_bytes())
    }

    /// Max-Forwards; above 255 it counts as absent.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], also for a number above 255; [`ErrorKind::Number`] for anything but
    /// a number.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, Head};
    /// let bytes = b"BYE sip:a@example.test SIP/2.0\r\nMax-Forwards: 300\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.max_forwards().unwrap_err().kind(), ErrorKind::Missing);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn max_forwards(&self) -> Result<u8, Error> {
        let value = self.required(Name::MaxForwards)?;
        let digits = value.as_bytes();
        let absent = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let kind = if absent { ErrorKind::Missing } else { ErrorKind::Number };
        digits::decimal(digits).ok_or(Error::new(kind, self.end()))
    }

    /// Content-Length as a number.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`Head::framing_length`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\nl: 012\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.content_length()?, 12);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn content_length(&self) -> Result<u64, Error> {
        self.framing_length()?.ok_or(Error::new(ErrorKind::Missing, self.end()))
    }

    /// Content-Type.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`ContentType::parse`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\nc: Text/Plain\r\n\r\n")?.complete().unwrap();
    /// assert!(head.content_type()?.is("text", "plain"));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn content_type(&self) -> Result<ContentType<'a>, Error> {
        ContentType::parse(self.required(Name::ContentType)?.as_bytes())
    }

    /// Expires in seconds.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], and [`ErrorKind::Number`] unless it is a number below 2^32.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let head = Head::parse(b"SIP/2.0 200 OK\r\nExpires: 3600\r\n\r\n")?.complete().unwrap();
    /// assert_eq!(head.expires()?, 3600);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn expires(&self) -> Result<u32, Error> {
        let value = self.required(Name::Expires)?;
        let bad = Error::new(ErrorKind::Number, self.end());
        value::leading_number(value.as_bytes()).ok_or(bad)
    }

    /// Date.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`Date::parse`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\n\r\n";
    /// assert_eq!(Head::parse(bytes)?.complete().unwrap().date()?.year(), 2010);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn date(&self) -> Result<Date, Error> {
        Date::parse(self.required(Name::Date)?.as_bytes())
    }

    /// Session-ID.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`], or as [`SessionId::parse`].
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"SIP/2.0 200 OK\r\nSession-ID: ab30317f1a784dc48ff824d0d3715d86\r\n\r\n";
    /// let id = Head::parse(bytes)?.complete().unwrap().session_id()?;
    /// assert_eq!(id.local(), "ab30317f1a784dc48ff824d0d3715d86");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn session_id(&self) -> Result<SessionId<'a>, Error> {
        SessionId::parse(self.required(Name::SessionId)?.as_bytes())
    }

    /// The Reason values.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"BYE tel:1 SIP/2.0\r\nReason: SIP;cause=200, Q.850;cause=16\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let causes: Vec<_> = head.reasons().flatten().filter_map(|reason| reason.cause()).collect();
    /// assert_eq!(causes, [200, 16]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn reasons(&self) -> impl Iterator<Item = Result<Reason<'a>, Error>> + use<'a> {
        self.elements(Name::Reason).map(|value| Reason::parse(value.as_bytes()))
    }

    /// The values of Privacy, over all lines.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"INVITE tel:1 SIP/2.0\r\nPrivacy: header;id\r\n\r\n";
    /// assert!(Head::parse(bytes)?.complete().unwrap().privacy().has("id"));
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn privacy(&self) -> Privacy<'a> {
        Privacy::of(self.values_of(Name::Privacy))
    }

    /// The values of Authorization, WWW-Authenticate or their Proxy- variants, one for each line.
    ///
    /// ```
    /// use sip_ucid::{Head, Name};
    /// let bytes = b"SIP/2.0 401 No\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"1\"\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let challenge = head.auths(Name::WwwAuthenticate).next().unwrap()?;
    /// assert_eq!(challenge.get("realm").unwrap().to_string(), "a");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn auths(&self, name: Name) -> impl Iterator<Item = Result<Auth<'a>, Error>> + use<'a> {
        self.values(name).map(|value| Auth::parse(value.as_bytes()))
    }

    /// The User-to-User values.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"INVITE tel:1 SIP/2.0\r\nUser-to-User: 00C8;encoding=hex, x;purpose=y\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// let data: Vec<_> = head.user_to_user().flatten().map(|value| value.data()).collect();
    /// assert_eq!(data, ["00C8", "x"]);
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn user_to_user(&self) -> impl Iterator<Item = Result<UserToUser<'a>, Error>> + use<'a> {
        self.elements(Name::UserToUser).map(|value| UserToUser::parse(value.as_bytes()))
    }

    /// The Avaya UCID in User-to-User; none if more than one value claims to hold `isdn-uui`.
    ///
    /// ```
    /// use sip_ucid::Head;
    /// let bytes = b"INVITE sip:a@example.test SIP/2.0\r\n\
    ///     User-to-User: 00FA080019001038F725B3;encoding=hex\r\n\r\n";
    /// let head = Head::parse(bytes)?.complete().unwrap();
    /// assert_eq!(head.avaya_ucid().unwrap().to_string(), "00025000160955721139");
    /// # Ok::<(), sip_ucid::Error>(())
    /// ```
    pub fn avaya_ucid(&self) -> Option<AvayaUcid> {
        uui::ucid_of(self.elements(Name::UserToUser))
    }
}
