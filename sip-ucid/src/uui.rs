//! User-to-User (RFC 7433, 7434), and the Avaya UCID in it.
//!
//! The data is hexadecimal; its first octet is a protocol discriminator unless a `pd` parameter
//! holds that. Triples of type, length and value follow; type `FA` is the UCID.

use core::fmt;

use crate::chars::{self, HEX};
use crate::digits;
use crate::error::{Error, ErrorKind};
use crate::params::Params;
use crate::quoted;
use crate::text::{self, Text};
use crate::ucid::AvayaUcid;

/// The type of the UCID among the type-length-values.
const AVAYA_UCID: u8 = 0xFA;

/// One value of User-to-User.
///
/// ```
/// use sip_ucid::UserToUser;
///
/// let uui = UserToUser::parse(b"00FA080019001038F725B3;encoding=hex").unwrap();
/// assert_eq!(uui.data(), "00FA080019001038F725B3");
/// assert_eq!(uui.ucid().unwrap().to_string(), "00025000160955721139");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserToUser<'a> {
    data: &'a [u8],
    params: Params<'a>,
}

impl<'a> UserToUser<'a> {
    /// Parses one value of the list.
    ///
    /// # Errors
    /// [`ErrorKind::Quote`] for an open quote, [`ErrorKind::Token`] without data.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, UserToUser};
    /// assert_eq!(UserToUser::parse(b"\"00c8\";encoding=hex").unwrap().data(), "00c8");
    /// assert_eq!(UserToUser::parse(b";encoding=hex").unwrap_err().kind(), ErrorKind::Token);
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let value = text::trim(value);
        let end = match value {
            [b'"', ..] => quoted::end(value).ok_or(Error::new(ErrorKind::Quote, 0))?,
            _ => value.iter().position(|b| *b == b';').unwrap_or(value.len()),
        };
        let (data, params) = value.split_at_checked(end).unwrap_or_default();
        // The quotes do not count as data.
        let data = match data {
            [b'"', inner @ .., b'"'] => inner,
            data => text::trim_end(data),
        };
        if data.is_empty() {
            return Err(Error::new(ErrorKind::Token, 0));
        }
        Ok(Self { data, params: Params::new(text::trim_start(params)) })
    }

    /// The data as sent, without quotes.
    ///
    /// ```
    /// assert_eq!(sip_ucid::UserToUser::parse(b"\"any text\"").unwrap().data(), "any text");
    /// ```
    pub const fn data(&self) -> Text<'a> {
        Text::new(self.data)
    }

    /// All parameters.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C8;encoding=hex;pd=04").unwrap();
    /// assert_eq!(uui.params().get("pd").unwrap(), "04");
    /// ```
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// The `encoding` parameter; `hex` if it is missing.
    ///
    /// ```
    /// use sip_ucid::UserToUser;
    /// assert_eq!(UserToUser::parse(b"x;encoding=text").unwrap().encoding(), "text");
    /// assert_eq!(UserToUser::parse(b"00C8").unwrap().encoding(), "hex");
    /// ```
    pub fn encoding(&self) -> Text<'a> {
        self.params.get("encoding").unwrap_or(Text::new(b"hex"))
    }

    /// The `purpose` parameter; `isdn-uui` if it is missing.
    ///
    /// ```
    /// use sip_ucid::UserToUser;
    /// assert_eq!(UserToUser::parse(b"x;purpose=mine").unwrap().purpose(), "mine");
    /// assert_eq!(UserToUser::parse(b"00C8").unwrap().purpose(), "isdn-uui");
    /// ```
    pub fn purpose(&self) -> Text<'a> {
        self.params.get("purpose").unwrap_or(Text::new(b"isdn-uui"))
    }

    /// The `content` parameter.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C8;content=isdn-uui").unwrap();
    /// assert_eq!(uui.content().unwrap(), "isdn-uui");
    /// ```
    pub fn content(&self) -> Option<Text<'a>> {
        self.params.get("content")
    }

    /// Whether this crate understands purpose and encoding.
    ///
    /// ```
    /// use sip_ucid::UserToUser;
    /// assert!(UserToUser::parse(b"00C8").unwrap().is_isdn_hex());
    /// assert!(!UserToUser::parse(b"00C8;purpose=mine").unwrap().is_isdn_hex());
    /// ```
    pub fn is_isdn_hex(&self) -> bool {
        self.purpose().is("isdn-uui") && self.encoding().is("hex")
    }

    /// The octets of hexadecimal data, the discriminator included.
    ///
    /// # Errors
    /// [`ErrorKind::Hex`] if the data is not pairs of hexadecimal digits.
    ///
    /// ```
    /// use sip_ucid::{ErrorKind, UserToUser};
    /// assert!(UserToUser::parse(b"00C8").unwrap().octets().unwrap().eq([0x00, 0xC8]));
    /// let odd = UserToUser::parse(b"00C").unwrap().octets();
    /// assert_eq!(odd.unwrap_err().kind(), ErrorKind::Hex);
    /// ```
    pub fn octets(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = u8> + Clone + fmt::Debug + use<'a>, Error> {
        self.hex_octets()
    }

    fn hex_octets(&self) -> Result<HexOctets<'a>, Error> {
        if self.data.len() % 2 != 0 || !chars::all(self.data, HEX) {
            return Err(Error::new(ErrorKind::Hex, 0));
        }
        Ok(HexOctets { digits: self.data })
    }

    /// The protocol discriminator: the `pd` parameter or the first octet.
    ///
    /// ```
    /// use sip_ucid::UserToUser;
    /// assert_eq!(UserToUser::parse(b"04C80141").unwrap().discriminator(), Some(4));
    /// assert_eq!(UserToUser::parse(b"C80141;pd=00").unwrap().discriminator(), Some(0));
    /// ```
    pub fn discriminator(&self) -> Option<u8> {
        match self.params.get("pd") {
            Some(pd) => pair(pd.as_bytes()),
            None => self.octets().ok()?.next(),
        }
    }

    /// The type-length-values after the discriminator; none if the data is not hexadecimal.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C80141C8024243").unwrap();
    /// let lengths: Vec<usize> = uui.values().map(|value| value.octets().len()).collect();
    /// assert_eq!(lengths, [1, 2]);
    /// ```
    pub fn values(&self) -> impl Iterator<Item = TypeLengthValue<'a>> + Clone + use<'a> {
        let skipped = if self.params.has("pd") { 0 } else { 2 };
        let digits = match self.hex_octets() {
            Ok(octets) => octets.digits.get(skipped..).unwrap_or_default(),
            Err(_) => &[],
        };
        TypeLengthValues { digits }
    }

    /// The first UCID among the values.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"04C80141FA080019001038F725B3").unwrap();
    /// assert_eq!(uui.ucid().unwrap().to_string(), "00025000160955721139");
    /// ```
    pub fn ucid(&self) -> Option<AvayaUcid> {
        self.values().find_map(|value| value.ucid())
    }
}

fn pair(digits: &[u8]) -> Option<u8> {
    match digits {
        [high, low] => Some(digits::hex(*high)? << 4 | digits::hex(*low)?),
        [low] => digits::hex(*low),
        _ => None,
    }
}

impl fmt::Debug for UserToUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserToUser({} digits)", self.data.len())
    }
}

/// The octets of hexadecimal data.
#[derive(Clone, Copy)]
struct HexOctets<'a> {
    digits: &'a [u8],
}

impl Iterator for HexOctets<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (digits, rest) = self.digits.split_at_checked(2)?;
        self.digits = rest;
        pair(digits)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.digits.len() / 2, Some(self.digits.len() / 2))
    }
}

impl ExactSizeIterator for HexOctets<'_> {}

impl fmt::Debug for HexOctets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HexOctets({})", self.len())
    }
}

/// One type-length-value of User-to-User data.
///
/// ```
/// let uui = sip_ucid::UserToUser::parse(b"04C80241").unwrap();
/// assert!(uui.values().next().is_none(), "two octets promised, one there");
/// let uui = sip_ucid::UserToUser::parse(b"04C8024142FA").unwrap();
/// let value = uui.values().next().unwrap();
/// assert_eq!(value.kind(), 0xC8);
/// assert!(value.octets().eq(*b"AB"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TypeLengthValue<'a> {
    kind: u8,
    octets: HexOctets<'a>,
}

impl<'a> TypeLengthValue<'a> {
    /// The type.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C80141").unwrap();
    /// assert_eq!(uui.values().next().unwrap().kind(), 0xC8);
    /// ```
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// The value.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C8024142").unwrap();
    /// assert!(uui.values().next().unwrap().octets().eq(*b"AB"));
    /// ```
    pub const fn octets(&self) -> impl ExactSizeIterator<Item = u8> + Clone + fmt::Debug + use<'a> {
        self.octets
    }

    /// The UCID, if the type is that of a UCID and the length is right.
    ///
    /// ```
    /// let uui = sip_ucid::UserToUser::parse(b"00C80141FA080019001038F725B3").unwrap();
    /// let nodes: Vec<_> = uui.values().map(|it| it.ucid().map(|ucid| ucid.node())).collect();
    /// assert_eq!(nodes, [None, Some(25)]);
    /// ```
    pub fn ucid(&self) -> Option<AvayaUcid> {
        if self.kind != AVAYA_UCID || self.octets.len() != 8 {
            return None;
        }
        let mut octets = [0; 8];
        for (place, octet) in octets.iter_mut().zip(self.octets) {
            *place = octet;
        }
        Some(AvayaUcid::from_octets(octets))
    }
}

/// The type-length-values of User-to-User data; ends where a length runs past the end.
#[derive(Debug, Clone, Copy)]
struct TypeLengthValues<'a> {
    digits: &'a [u8],
}

impl<'a> Iterator for TypeLengthValues<'a> {
    type Item = TypeLengthValue<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.digits.split_at_checked(2)?;
        let (len, rest) = rest.split_at_checked(2)?;
        let (value, rest) = rest.split_at_checked(2 * usize::from(pair(len)?))?;
        self.digits = rest;
        Some(TypeLengthValue { kind: pair(kind)?, octets: HexOctets { digits: value } })
    }
}

/// The UCID of all values together: none if more than one claims `isdn-uui`.
pub(crate) fn ucid_of<'a>(values: impl Iterator<Item = Text<'a>>) -> Option<AvayaUcid> {
    let mut found = None;
    for value in values {
        let Ok(uui) = UserToUser::parse(value.as_bytes()) else { continue };
        if uui.is_isdn_hex() && found.replace(uui).is_some() {
            return None;
        }
    }
    found.and_then(|uui| uui.ucid())
}
