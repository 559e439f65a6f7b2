//! The named ways in which reading is more forgiving than RFC 3261.

use core::ops::{BitOr, Sub};

/// What reading forgives. Every flag has its reason; [`Leniency::default`] sets all of them,
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
    /// Nothing: the letter of RFC 3261.
    pub const NONE: Self = Self(0);

    /// A message whose start line ends in a bare LF has LF line ends throughout.
    ///
    /// RFC 2543 allowed it and some gear still sends it. The first line end decides for the whole
    /// head, so no two components can see different headers: after a start line ended by CRLF a
    /// bare LF is a character of the value, and never ends a line.
    pub const BARE_LF: Self = Self(1);

    /// More than one space between the parts of a start line, and spaces at its end.
    ///
    /// RFC 4475 3.1.2.9 and 3.1.2.10 let a liberal element ignore them.
    pub const START_LINE_SPACES: Self = Self(1 << 1);

    /// White space inside angle brackets, around the URI.
    ///
    /// RFC 4475 3.1.2.14 lets a liberal element ignore it.
    pub const BRACKET_SPACES: Self = Self(1 << 2);

    /// Display names of other characters than tokens, without quotes.
    ///
    /// RFC 4475 3.1.2.15 lets a liberal element infer the quotes; names such as `Müller` or `J. Doe`
    /// are common in the field.
    pub const UNQUOTED_DISPLAY: Self = Self(1 << 3);

    /// Empty parameters (`;;`) and empty list elements (`,,`).
    ///
    /// Nothing is lost by passing over them, and several stacks leave a separator at the end.
    pub const EMPTY_ELEMENTS: Self = Self(1 << 4);

    /// Characters outside the grammar in URIs, hosts and parameters, such as `#` in the user part
    /// or `_` in a host name.
    ///
    /// Phones accept them and refusing one would lose the call.
    pub const LOOSE_CHARACTERS: Self = Self(1 << 5);

    /// A Contact, From or To without angle brackets whose URI holds `?`.
    ///
    /// RFC 4475 3.1.2.13: the intent is plain.
    pub const BARE_URI_HEADERS: Self = Self(1 << 6);

    const ALL: Self = Self(0x7F);

    /// Whether every flag of `flags` is set.
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
