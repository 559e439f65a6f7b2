//! The two kinds of UCID and their forms. Finding one in a message does not check it.

use core::fmt;

use crate::chars::{self, DIGIT};
use crate::digits;

/// Whether `text` can be a UCID of CloudAgent: decimal digits, one to nineteen of them.
///
/// It is an identifier, not a number: leading zeros count. The platform refuses twenty or more
/// digits, although an Avaya UCID has twenty.
///
/// ```
/// use sip_ucid::is_cloudagent_ucid;
///
/// assert!(is_cloudagent_ucid(b"90174967305497"));
/// assert!(!is_cloudagent_ucid(b"00025000160955721139"));
/// assert!(!is_cloudagent_ucid(b""));
/// ```
pub fn is_cloudagent_ucid(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    text.len() < 20 && chars::all(text, DIGIT)
}

/// A UCID of Avaya: a node, a sequence number and a time.
///
/// `Display` writes the twenty digits.
///
/// ```
/// use sip_ucid::AvayaUcid;
///
/// let ucid = AvayaUcid::parse(b"00025000160955721139").unwrap();
/// assert_eq!((ucid.node(), ucid.sequence(), ucid.unix_seconds()), (25, 16, 955_721_139));
/// assert_eq!(ucid.to_string(), "00025000160955721139");
/// assert_eq!(AvayaUcid::from_octets([0, 0x19, 0, 0x10, 0x38, 0xF7, 0x25, 0xB3]), ucid);
/// assert!(AvayaUcid::parse(b"99999000160955721139").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AvayaUcid {
    node: u16,
    sequence: u16,
    time: u32,
}

impl AvayaUcid {
    /// Parses twenty digits; `None` for any other text, and for parts that do not fit.
    ///
    /// ```
    /// use sip_ucid::AvayaUcid;
    /// assert_eq!(AvayaUcid::parse("00025000160955721139").unwrap().node(), 25);
    /// assert!(AvayaUcid::parse("90174967305497").is_none());
    /// ```
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        let (node, rest) = text.split_at_checked(5)?;
        let (sequence, time) = rest.split_at_checked(5)?;
        if time.len() != 10 {
            return None;
        }
        Some(Self {
            node: digits::decimal(node)?,
            sequence: digits::decimal(sequence)?,
            time: digits::decimal(time)?,
        })
    }

    /// From the eight octets on the wire.
    ///
    /// ```
    /// use sip_ucid::AvayaUcid;
    /// let ucid = AvayaUcid::from_octets([0, 25, 0, 16, 0, 0, 0, 1]);
    /// assert_eq!(ucid.to_string(), "00025000160000000001");
    /// ```
    pub const fn from_octets(octets: [u8; 8]) -> Self {
        let [n0, n1, s0, s1, t0, t1, t2, t3] = octets;
        Self {
            node: u16::from_be_bytes([n0, n1]),
            sequence: u16::from_be_bytes([s0, s1]),
            time: u32::from_be_bytes([t0, t1, t2, t3]),
        }
    }

    /// The eight octets on the wire.
    ///
    /// ```
    /// let ucid = sip_ucid::AvayaUcid::parse("00025000160000000258").unwrap();
    /// assert_eq!(ucid.to_octets(), [0, 25, 0, 16, 0, 0, 1, 2]);
    /// ```
    pub const fn to_octets(self) -> [u8; 8] {
        let [n0, n1] = self.node.to_be_bytes();
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.time.to_be_bytes();
        [n0, n1, s0, s1, t0, t1, t2, t3]
    }

    /// The switch that made it.
    ///
    /// ```
    /// assert_eq!(sip_ucid::AvayaUcid::parse("00025000160955721139").unwrap().node(), 25);
    /// ```
    pub const fn node(self) -> u16 {
        self.node
    }

    /// The sequence number.
    ///
    /// ```
    /// assert_eq!(sip_ucid::AvayaUcid::parse("00025000160955721139").unwrap().sequence(), 16);
    /// ```
    pub const fn sequence(self) -> u16 {
        self.sequence
    }

    /// When it was made, in seconds since 1970.
    ///
    /// ```
    /// let ucid = sip_ucid::AvayaUcid::parse("00025000160955721139").unwrap();
    /// assert_eq!(ucid.unix_seconds(), 955_721_139);
    /// ```
    pub const fn unix_seconds(self) -> u32 {
        self.time
    }
}

impl fmt::Display for AvayaUcid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}{:05}{:010}", self.node, self.sequence, self.time)
    }
}

impl fmt::Debug for AvayaUcid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AvayaUcid({self})")
    }
}
