//! Telephone numbers, and the form in which each place of the service wants them.
//!
//! A [`PhoneNumber`] keeps the text it was made from. It is never rewritten silently: the methods that turn it into
//! the form of one place return a new number, or an error that says why there is none.

use std::fmt;
use std::str::FromStr;

use phonenumber::country;
use serde::{Deserialize, Serialize};
use sip_ucid::{Number, NumberPlan};

use crate::types::invalid::Invalid;
use crate::types::redact::redact_number;
use crate::types::text_eq::text_eq;
use crate::types::wire::Scalar;

/// Which of the service's regions an account lives in; decides addresses and number forms.
///
/// ```
/// use ozonetel_sdk::types::Region;
/// let region: Region = "international".parse()?;
/// assert_eq!(region.to_string(), "international");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Region {
    /// India: numbers are Indian unless they say otherwise.
    #[default]
    India,
    /// International: numbers carry their country code.
    International,
}

impl Region {
    /// `india` or `international`, as it is set.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::India => "india",
            Self::International => "international",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Region {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "india" => Ok(Self::India),
            "international" => Ok(Self::International),
            _ => Err(Invalid::new("region", "expected india or international")),
        }
    }
}

/// A telephone number, as text.
///
/// `Display` and `Debug` show the last two digits only (`…01`), so that no log line carries a number by accident; what
/// they print is never accepted as a number. The whole text is [`as_str`](Self::as_str), and what serde writes.
///
/// ```
/// use ozonetel_sdk::types::{PhoneNumber, Region};
/// let number = PhoneNumber::from("+91 90000-00001");
/// assert_eq!(number.for_dial(Region::India)?.as_str(), "9000000001");
/// assert_eq!(number.for_conference(Region::India)?.as_str(), "09000000001");
/// assert!(PhoneNumber::from("90000abcde").for_dial(Region::India).is_err());
/// assert!(PhoneNumber::from("09000000001").is_same_number(&number));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(#[serde(deserialize_with = "crate::types::wire::text")] Box<str>);

const FIELD: &str = "phone_number";

impl PhoneNumber {
    /// The text as given or as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for the two manual dials and for leads: in India ten digits without country code, abroad `+` and
    /// country code.
    ///
    /// # Errors
    /// Letters, several numbers in one text, or digits that are not a telephone number. Indian service numbers
    /// (beginning with 1, or up to six digits) pass as they are, since no number plan lists them reliably.
    pub fn for_dial(&self, region: Region) -> Result<Self, Invalid> {
        match self.read(region)? {
            Read::Indian(national) => Ok(Self(national.into())),
            Read::Service(digits) => Ok(Self(digits.into())),
            Read::Foreign(e164) => Ok(Self(e164.into())),
        }
    }

    /// The form for `conferenceNumber`: in India `0` and ten digits, abroad `+` and country code.
    ///
    /// # Errors
    /// As [`PhoneNumber::for_dial`].
    pub fn for_conference(&self, region: Region) -> Result<Self, Invalid> {
        match self.read(region)? {
            Read::Indian(national) => Ok(Self(format!("0{national}").into())),
            Read::Service(digits) => Ok(Self(digits.into())),
            Read::Foreign(e164) => Ok(Self(e164.into())),
        }
    }

    /// The form for KooKoo's `phone_no`: Indian numbers with a leading `0`.
    ///
    /// # Errors
    /// As [`PhoneNumber::for_dial`].
    pub fn for_kookoo(&self) -> Result<Self, Invalid> {
        self.for_conference(Region::India)
    }

    /// Whether both are the same number, however they are written: an Indian number with nothing, `0`, `91`, `+91` or
    /// `0091` before it; a foreign one with `+` or `00`; a short code only as it is. Text that is not a number equals
    /// nothing, itself included.
    ///
    /// This is [`sip_ucid::same_number`], so a caller of an INVITE and of a call record can be compared.
    ///
    /// ```
    /// use ozonetel_sdk::types::PhoneNumber;
    /// let in_the_cdr = PhoneNumber::from("00919000000001");
    /// assert!(in_the_cdr.is_same_number(&PhoneNumber::from("09000000001")));
    /// assert!(!in_the_cdr.is_same_number(&PhoneNumber::from("+12015550123")));
    /// ```
    pub fn is_same_number(&self, other: &Self) -> bool {
        sip_ucid::same_number(&*self.0, &*other.0)
    }

    /// What all spellings of the number have in common, to group and to look up by. `None` for text that is not a number.
    ///
    /// ```
    /// use ozonetel_sdk::types::PhoneNumber;
    /// let key = PhoneNumber::from("00919000000001").key();
    /// assert_eq!(key, PhoneNumber::from("+91 90000 00001").key());
    /// assert_eq!(key.unwrap().indian_digits(), Some("9000000001"));
    /// assert_eq!(PhoneNumber::from("anonymous").key(), None);
    /// ```
    pub fn key(&self) -> Option<NumberKey> {
        let number = Number::parse(&*self.0)?;
        let digits = number.significant_digits().map(char::from).collect();
        Some(NumberKey { plan: number.plan(), digits })
    }

    fn read(&self, region: Region) -> Result<Read, Invalid> {
        let text = self.0.trim();
        // Ten digits from 6 on are what an Indian mobile number is, and what nearly every dial carries: the library's
        // tables, which cost more than the rest of a dial, have nothing to add.
        let mobile = text.len() == 10 && text.starts_with(['6', '7', '8', '9']);
        if region == Region::India && mobile && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Read::Indian(text.to_owned()));
        }
        let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.');
        if text.is_empty() {
            return Err(Invalid::new(FIELD, "is empty"));
        }
        if !text.chars().all(plain) || text.rfind('+').is_some_and(|at| at > 0) {
            return Err(Invalid::new(
                FIELD,
                "has to be one number: digits, with an optional + in front",
            ));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if !(3..=17).contains(&digits.len()) {
            return Err(Invalid::new(FIELD, "has to be 3 to 17 digits long"));
        }
        let country = matches!(region, Region::India).then_some(country::IN);
        let service = country.is_some()
            && !text.starts_with('+')
            && (digits.len() <= 6 || (digits.starts_with('1') && digits.len() <= 11));
        if service {
            return Ok(Read::Service(digits));
        }
        if country.is_none() && !text.starts_with('+') {
            return Err(Invalid::new(
                FIELD,
                "has to begin with + and the country code outside India",
            ));
        }
        // Ten digits behind `0`, `91` or `0091`, without a plus, are how Indian numbers are written here. The library
        // would take a mobile number's own leading 91 for the country code.
        let bare = ["", "0", "91", "0091"].iter().find_map(|prefix| {
            digits.strip_prefix(prefix).filter(|rest| rest.len() == 10 && !rest.starts_with('0'))
        });
        let national = match bare {
            Some(rest) if country.is_some() && !text.starts_with('+') => format!("+91{rest}"),
            _ => text.to_owned(),
        };
        // A number with its country code is read without a country: the library would strip India's prefix from it.
        let assumed = country.filter(|_| !national.starts_with('+'));
        let number = phonenumber::parse(assumed, national)
            .ok()
            .filter(phonenumber::is_valid)
            .filter(|number| number.extension().is_none())
            .ok_or(Invalid::new(FIELD, "is not a telephone number of its country"))?;
        if country.is_some() && number.code().value() == 91 {
            return Ok(Read::Indian(number.national().to_string()));
        }
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        Ok(Read::Foreign(e164))
    }
}

/// What all spellings of one number have in common: see [`PhoneNumber::key`]. `Debug` shows no digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberKey {
    plan: NumberPlan,
    digits: Box<str>,
}

impl NumberKey {
    /// The ten digits of an Indian number.
    pub fn indian_digits(&self) -> Option<&str> {
        (self.plan == NumberPlan::Indian).then_some(&*self.digits)
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberKey({:?})", self.plan)
    }
}

enum Read {
    Indian(String),
    Service(String),
    Foreign(String),
}

impl From<&str> for PhoneNumber {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&String> for PhoneNumber {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<String> for PhoneNumber {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&PhoneNumber> for PhoneNumber {
    fn from(number: &PhoneNumber) -> Self {
        number.clone()
    }
}

impl FromStr for PhoneNumber {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

impl AsRef<str> for PhoneNumber {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", redact_number(&self.0))
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_number(&self.0))
    }
}

text_eq!(PhoneNumber);

impl Scalar for PhoneNumber {
    fn read(text: &str) -> Result<Self, &'static str> {
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dial(text: &str) -> Result<String, String> {
        let dialled = PhoneNumber::from(text).for_dial(Region::India);
        dialled.map(|number| number.0.into()).map_err(|invalid| invalid.reason().to_owned())
    }

    #[test]
    fn every_spelling_of_an_indian_number_dials_the_same_ten_digits() {
        for text in [
            "9000000001",
            "09000000001",
            "919000000001",
            "00919000000001",
            "+919000000001",
            "+91 (90000) 00001",
            "90000-00001",
        ] {
            assert_eq!(dial(text).as_deref(), Ok("9000000001"), "{text}");
        }
    }

    #[test]
    fn a_mobile_number_may_begin_with_91() {
        assert_eq!(dial("9100000001").as_deref(), Ok("9100000001"));
        assert_eq!(dial("919100000001").as_deref(), Ok("9100000001"));
    }

    #[test]
    fn letters_lists_and_nonsense_are_refused() {
        for text in [
            "98765abcde",
            "9000000001,9000000002",
            "",
            "   ",
            "12",
            "+",
            "9000000001+91",
            "90000000011234567890",
        ] {
            assert!(dial(text).is_err(), "{text}");
        }
    }

    #[test]
    fn service_numbers_pass_as_they_are() {
        for text in ["18001234567", "1860123456", "1600123456", "112"] {
            assert_eq!(dial(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn abroad_the_country_code_is_needed_and_kept() {
        let us = PhoneNumber::from("+1 202-555-0143");
        assert_eq!(us.for_dial(Region::International).unwrap().as_str(), "+12025550143");
        assert_eq!(us.for_dial(Region::India).unwrap().as_str(), "+12025550143");
        assert!(PhoneNumber::from("2025550143").for_dial(Region::International).is_err());
    }

    #[test]
    fn a_number_that_would_be_written_as_another_is_refused() {
        // Found by fuzzing: read as if it might be Indian, its zeros are taken for a prefix.
        for region in [Region::India, Region::International] {
            assert!(PhoneNumber::from("+8880007073140711").for_dial(region).is_err());
        }
    }

    #[test]
    fn the_projects_table_of_equal_numbers_holds() {
        #[derive(Deserialize)]
        struct Table {
            pair: Vec<Pair>,
        }
        #[derive(Deserialize)]
        struct Pair {
            one: PhoneNumber,
            other: PhoneNumber,
            same: bool,
            why: String,
        }
        let text = include_str!("../../../fixtures/same_number.toml");
        let table: Table = toml::from_str(text).unwrap();
        assert!(table.pair.len() >= 50);
        for Pair { one, other, same, why } in table.pair {
            let (a, b) = (one.as_str(), other.as_str());
            assert_eq!(one.is_same_number(&other), same, "{a:?} and {b:?}: {why}");
            assert_eq!(other.is_same_number(&one), same, "{b:?} and {a:?}: {why}");
            assert_eq!(one.key().is_some_and(|key| Some(key) == other.key()), same, "{a:?} {b:?}");
        }
    }

    #[test]
    fn debug_and_display_hide_the_number() {
        assert_eq!(PhoneNumber::from("9000000001").to_string(), "…01");
        assert!(PhoneNumber::from("…01").for_dial(Region::India).is_err());
        assert_eq!(format!("{:?}", PhoneNumber::from("9000000001")), "PhoneNumber(…01)");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,30}") {
            let number = PhoneNumber::from(text.as_str());
            let _ = (number.for_dial(Region::India), number.for_conference(Region::International));
        }
    }
}
