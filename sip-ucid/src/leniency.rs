//! The named ways in which parsing is more forgiving than RFC 3261.

use core::ops::{BitOr, Sub};

/// What parsing forgives. Every flag has its reason; [`Leniency::default`] sets all of them,
/// [`Leniency::NONE`] none. [`validate`](crate::Head::validate) never uses any.
///
/// ```
/// use sip_ucid::{Address, Leniency};
///
/// let value = b"Bell, Alexander <sip:bell@example.com>";
/// assert!(Address::parse(value).is_ok());
/// assert!(Address::parse_with(value, Leniency::NONE).is_err());
/// let some = Leniency::default() - Leniency::UNQUOTED_DISPLAY;
/// assert!(Address::parse_with(value, some).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leniency(u8);

impl Leniency {
    /// Nothing is forgiven: RFC 3261 to the letter.
    ///
    /// ```
    /// use sip_ucid::{Address, Leniency};
    /// assert!(Address::parse_with(b"Doe, J <sip:a@example.test>", Leniency::NONE).is_err());
    /// ```
    pub const NONE: Self = Self(0);

    /// A message whose start line ends in a bare LF has LF line ends throughout.
    ///
    /// RFC 2543 allowed it and some equipment still sends it. The first line end decides for the
    /// whole head, so no two components can see different headers: after a start line ended by CRLF
    /// a bare LF is a character of the value, and never ends a line.
    ///
    /// ```
    /// use sip_ucid::{Head, Leniency};
    /// let partial = |how| Head::parse_with(b"SIP/2.0 200 OK\n\n", how).unwrap().is_partial();
    /// assert!(!partial(Leniency::BARE_LF));
    /// assert!(partial(Leniency::NONE));
    /// ```
    pub const BARE_LF: Self = Self(1);

    /// More than one space between the parts of a start line, and spaces at its end.
    ///
    /// RFC 4475 3.1.2.9 and 3.1.2.10 let a liberal element ignore them.
    ///
    /// ```
    /// use sip_ucid::{Leniency, StartLine};
    /// let line = b"BYE sip:a@example.test  SIP/2.0 ";
    /// assert!(StartLine::parse_with(line, Leniency::START_LINE_SPACES).is_ok());
    /// assert!(StartLine::parse_with(line, Leniency::NONE).is_err());
    /// ```
    pub const START_LINE_SPACES: Self = Self(1 << 1);

    /// White space inside angle brackets, around the URI.
    ///
    /// RFC 4475 3.1.2.14 lets a liberal element ignore it.
    ///
    /// ```
    /// use sip_ucid::{Address, Leniency};
    /// let value = b"< sip:a@example.test >";
    /// assert!(Address::parse_with(value, Leniency::BRACKET_SPACES).is_ok());
    /// assert!(Address::parse_with(value, Leniency::NONE).is_err());
    /// ```
    pub const BRACKET_SPACES: Self = Self(1 << 2);

    /// Display names of other characters than tokens, without quotes.
    ///
    /// RFC 4475 3.1.2.15 lets a liberal element infer the quotes; names such as `Müller` or
    /// `Doe, J` are common in the field, and so are quoted names with bare quotes inside.
    ///
    /// ```
    /// use sip_ucid::{Address, Leniency};
    /// let value = "Müller <sip:a@example.test>".as_bytes();
    /// assert!(Address::parse_with(value, Leniency::UNQUOTED_DISPLAY).is_ok());
    /// assert!(Address::parse_with(value, Leniency::NONE).is_err());
    /// ```
    pub const UNQUOTED_DISPLAY: Self = Self(1 << 3);

    /// Empty parameters (`;;`) and empty list elements (`,,`).
    ///
    /// Nothing is lost by skipping them, and several stacks leave a separator at the end.
    ///
    /// ```
    /// use sip_ucid::{Address, Leniency};
    /// let value = b"<sip:a@example.test>;;tag=1";
    /// assert!(Address::parse_with(value, Leniency::EMPTY_ELEMENTS).is_ok());
    /// assert!(Address::parse_with(value, Leniency::LOOSE_CHARACTERS).is_err());
    /// ```
    pub const EMPTY_ELEMENTS: Self = Self(1 << 4);

    /// Characters outside the grammar in URIs, hosts and parameters, such as `#` in the user part
    /// or `_` in a host name.
    ///
    /// Phones accept them and refusing one would lose the call.
    ///
    /// ```
    /// use sip_ucid::{Leniency, Via};
    /// let value = b"SIP/2.0/UDP my_host";
    /// assert!(Via::parse_with(value, Leniency::default()).is_ok());
    /// assert!(Via::parse_with(value, Leniency::default() - Leniency::LOOSE_CHARACTERS).is_err());
    /// ```
    pub const LOOSE_CHARACTERS: Self = Self(1 << 5);

    /// A Contact, From or To without angle brackets whose URI holds `?`.
    ///
    /// RFC 4475 3.1.2.13: the intent is plain.
    ///
    /// ```
    /// use sip_ucid::{Address, Leniency};
    /// let value = b"sip:a@example.test?Subject=x";
    /// assert!(Address::parse_with(value, Leniency::BARE_URI_HEADERS).is_ok());
    /// assert!(Address::parse_with(value, Leniency::NONE).is_err());
    /// ```
    pub const BARE_URI_HEADERS: Self = Self(1 << 6);

    const ALL: Self = Self(0x7F);

    /// Whether both empty parameters and odd characters are forgiven.
    pub(crate) const fn forgives_parts(self) -> bool {
        self.has(Self(Self::EMPTY_ELEMENTS.0 | Self::LOOSE_CHARACTERS.0))
    }

    /// Whether every flag of `flags` is set.
    ///
    /// ```
    /// use sip_ucid::Leniency;
    /// let two = Leniency::BARE_LF | Leniency::BRACKET_SPACES;
    /// assert!(two.has(Leniency::BARE_LF) && !two.has(Leniency::EMPTY_ELEMENTS));
    /// ```
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl Default for Leniency {
    fn default() -> Self {
        Self::ALL
    }
}

impl BitOr for Leniency {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Sub for Leniency {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
