//! Telephone numbers, and the form in which each place of the service wants them.
//!
//! A [`PhoneNumber`] keeps the text it was made from. It is never rewritten silently: the methods that turn it into
//! the form of one place return a new number, or an error that says why there is none. Which numbers may be dialled is
//! the account's [`DialPlan`].

mod dial_plan;
mod written;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sip_ucid::{Number, NumberPlan};

use crate::types::invalid::Invalid;
use crate::types::redact::redact_number;
use crate::types::text_eq::text_eq;
use crate::types::wire::Scalar;

pub use dial_plan::{Country, DialPlan};

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
/// use ozonetel_sdk::types::{DialPlan, PhoneNumber, Region};
/// let plan = DialPlan::new(Region::India);
/// let number = PhoneNumber::from("+91 90000-00001");
/// assert_eq!(number.for_dial(&plan)?.as_str(), "9000000001");
/// assert_eq!(number.for_conference(&plan)?.as_str(), "09000000001");
/// assert!(PhoneNumber::from("90000abcde").for_dial(&plan).is_err());
/// assert!(PhoneNumber::from("09000000001").is_same_number(&number));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(#[serde(deserialize_with = "crate::types::wire::text")] Box<str>);

impl PhoneNumber {
    /// The text as given or as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which a number is dialled, and in which leads are uploaded: in India ten digits without country
    /// code, abroad `+` and country code. Toll-free and other service numbers of India keep their own form.
    ///
    /// # Errors
    /// Text that is not one number (letters, a list, separators where no one writes them), digits that are not a
    /// telephone number, a country that the plan does not list, a number of the account itself, and up to six digits:
    /// an extension, a service code or an emergency code. [`DialPlan::allowed`] makes exceptions of the last two.
    pub fn for_dial(&self, plan: &DialPlan) -> Result<Self, Invalid> {
        plan.customer(self.as_str(), None).map(|form| Self::from(form.into_owned()))
    }

    /// Puts it into that form; a call from a DID does not dial that DID.
    pub(crate) fn dialled(&mut self, plan: &DialPlan, did: Option<&str>) -> Result<(), Invalid> {
        let form = match plan.customer(self.as_str(), did)? {
            // It has the form already.
            Cow::Borrowed(_) => return Ok(()),
            Cow::Owned(form) => form,
        };
        self.0 = form.into();
        Ok(())
    }

    /// The form for the `conferenceNumber` of a party that is to be rung: in India `0` and ten digits, abroad `+` and
    /// country code. Service numbers of India keep their own form, and so do extensions and other short numbers.
    ///
    /// # Errors
    /// Text that is not one number, digits that are not a telephone number, a country that the plan does not list.
    pub fn for_conference(&self, plan: &DialPlan) -> Result<Self, Invalid> {
        plan.third_party(self.as_str()).map(Self::from)
    }

    /// The form for the `conferenceNumber` of a party that is in the call already: as
    /// [`for_conference`](Self::for_conference), in any country.
    ///
    /// # Errors
    /// Text that is not one number, or digits that are not a telephone number.
    pub fn for_kick(&self, plan: &DialPlan) -> Result<Self, Invalid> {
        plan.party(self.as_str()).map(Self::from)
    }

    /// The form for KooKoo's `phone_no`: Indian numbers with a leading `0`.
    ///
    /// # Errors
    /// As [`PhoneNumber::for_dial`].
    pub fn for_kookoo(&self, plan: &DialPlan) -> Result<Self, Invalid> {
        plan.kookoo(self.as_str()).map(Self::from)
    }

    /// Whether both are the same number, however they are written: an Indian number with nothing, `0`, `91`, `+91`,
    /// `0091` or `+0` before it; a foreign one with `+`, `00` or nothing; a short code only as it is. Text that is not a number equals
    /// nothing, itself included.
    ///
    /// This is [`sip_ucid::same_number`], so a caller of an INVITE and of a call record can be compared; blanks and hyphens
    /// of other kinds, the marks that phones copy and a spreadsheet's `.0` are as good as none. A zero that is left out
    /// when it is dialled, as in `+91 (0)90000 00001`, counts: a number that is to be dialled is compared in the form that
    /// is dialled, [`for_dial`](Self::for_dial).
    ///
    /// ```
    /// use ozonetel_sdk::types::PhoneNumber;
    /// let in_the_cdr = PhoneNumber::from("00919000000001");
    /// assert!(in_the_cdr.is_same_number(&PhoneNumber::from("09000000001")));
    /// assert!(!in_the_cdr.is_same_number(&PhoneNumber::from("+12015550123")));
    /// ```
    pub fn is_same_number(&self, other: &Self) -> bool {
        sip_ucid::same_number(&*written::plain(&self.0), &*written::plain(&other.0))
    }

    /// What all spellings of the number have in common, to group and to look up by: equal where
    /// [`is_same_number`](Self::is_same_number) is true. `None` for text that is not a number.
    ///
    /// ```
    /// use ozonetel_sdk::types::PhoneNumber;
    /// let key = PhoneNumber::from("00919000000001").key();
    /// assert_eq!(key, PhoneNumber::from("+91 90000 00001").key());
    /// assert_eq!(key.unwrap().indian_digits(), Some("9000000001"));
    /// assert_eq!(PhoneNumber::from("anonymous").key(), None);
    /// ```
    pub fn key(&self) -> Option<NumberKey> {
        let text = written::plain(&self.0);
        let number = Number::parse(&*text)?;
        let digits = number.significant_digits().map(char::from).collect();
        Some(NumberKey { plan: number.plan(), digits })
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

    /// The one spelling that stands for all: `+` and country code, an Indian number among them, or the digits alone of
    /// any other, such as a short code. Two keys are equal exactly if these texts are.
    ///
    /// ```
    /// use ozonetel_sdk::types::PhoneNumber;
    /// let text = |number: &str| Some(PhoneNumber::from(number).key()?.to_canonical());
    /// assert_eq!(text("09000000001").as_deref(), Some("+919000000001"));
    /// assert_eq!(text("0012015550123").as_deref(), Some("+12015550123"));
    /// assert_eq!(text("112").as_deref(), Some("112"));
    /// ```
    pub fn to_canonical(&self) -> String {
        match self.plan {
            NumberPlan::Indian => format!("+91{}", self.digits),
            NumberPlan::International => format!("+{}", self.digits),
            _ => self.digits.to_string(),
        }
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberKey({:?})", self.plan)
    }
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
    use super::*;

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
            let [one, other] =
                [&one, &other].map(|number| number.key().map(|key| key.to_canonical()));
            assert_eq!(one.is_some_and(|text| Some(text) == other), same, "{a:?} {b:?}");
        }
    }

    #[test]
    fn debug_and_display_hide_the_number() {
        assert_eq!(PhoneNumber::from("9000000001").to_string(), "…01");
        assert!(PhoneNumber::from("…01").for_dial(&DialPlan::default()).is_err());
        assert_eq!(format!("{:?}", PhoneNumber::from("9000000001")), "PhoneNumber(…01)");
    }

    #[test]
    fn a_number_is_known_by_what_is_dialled_for_it() {
        let key = PhoneNumber::from("9000000001").key();
        for text in [
            "9000000001.0",
            "9000000001.00",
            "+91\u{a0}90000\u{a0}00001",
            "90000\u{2011}00001",
            "90000\u{2013}00001",
            "90000\u{202f}00001",
            "\u{202a}+91 90000 00001\u{202c}",
            "\t9000000001",
            "9000000001\n",
            "\u{a0}9000000001",
        ] {
            let number = PhoneNumber::from(text);
            assert_eq!(number.for_dial(&DialPlan::default()).unwrap().as_str(), "9000000001");
            assert_eq!(number.key(), key, "{text:?}");
            assert!(number.is_same_number(&PhoneNumber::from("09000000001")), "{text:?}");
        }
        // Decimals that say something, and those behind separators, are digits as before.
        for text in ["9000000001.01", "90000.00001.0", "9000000001\u{2014}"] {
            assert_ne!(PhoneNumber::from(text).key(), key, "{text:?}");
        }
    }

    proptest::proptest! {
        /// But for a zero behind the country code, and for service numbers, whose country code is not dialled.
        #[test]
        fn what_is_dialled_is_the_same_number(
            text in "(\\+91|0091|91|0)?[ \u{a0}\u{2011}-]?[1-9][0-9]{1,5}[ .\u{a0}\u{202f}\u{2013}-]?[0-9]{2,9}(\\.00?)?",
        ) {
            let number = PhoneNumber::from(text.as_str());
            let Ok(dialled) = number.for_dial(&DialPlan::default()) else { return Ok(()) };
            let digits = dialled.as_str();
            if !["1800", "1860", "1600", "1601", "140"].iter().any(|head| digits.starts_with(head)) {
                proptest::prop_assert_eq!(number.key(), dialled.key());
                proptest::prop_assert!(number.is_same_number(&dialled));
            }
        }
    }

    #[test]
    fn direction_marks_around_a_number_do_not_make_it_another() {
        let copied = PhoneNumber::from("\u{202a}+91 90000 00001\u{202c}");
        assert!(copied.is_same_number(&PhoneNumber::from("9000000001")));
        assert_eq!(copied.key(), PhoneNumber::from("9000000001").key());
    }
}
