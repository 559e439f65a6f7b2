//! Which numbers an account dials, and in which form.

mod tables;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use sip_ucid::NumberPlan;

use super::written::{self, FIELD, WrittenNumber};
use super::{PhoneNumber, Region};
use crate::types::invalid::Invalid;

/// The longest extension, service code or emergency code.
const SHORT: usize = 6;

/// A country, by its two letters of ISO 3166.
///
/// ```
/// use ozonetel_sdk::types::Country;
/// let country: Country = "us".parse()?;
/// assert_eq!(country.to_string(), "US");
/// assert!("USA".parse::<Country>().is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// India.
    pub const INDIA: Self = Self(*b"IN");

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Country {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let letters = text.trim().to_ascii_uppercase();
        match *letters.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] if tables::is_country(&letters) => Ok(Self([a, b])),
            _ => Err(Invalid::new("country", "expected two letters, such as IN or US")),
        }
    }
}

/// Which numbers an account dials, and in which form: its region, the countries that are dialled, its own numbers,
/// and the exceptions.
///
/// A client has one ([`Client::dial_plan`](crate::Client::dial_plan)) and checks it before anything is sent.
///
/// ```
/// use ozonetel_sdk::types::{DialPlan, PhoneNumber, Region};
/// let plan = DialPlan::new(Region::India);
/// let abroad = PhoneNumber::from("+1 202-555-0143");
/// assert!(abroad.for_dial(&plan).unwrap_err().reason().contains("US"));
/// let plan = plan.countries(["IN".parse()?, "US".parse()?]);
/// assert_eq!(abroad.for_dial(&plan)?.as_str(), "+12025550143");
/// // An extension is not dialled, unless it is allowed.
/// let extension = PhoneNumber::from("500001");
/// assert!(extension.for_dial(&plan).is_err());
/// assert_eq!(extension.for_dial(&plan.allowed(["500001"]))?.as_str(), "500001");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
///
/// Without the feature `phonenumber`, only mobile and toll-free numbers of India and short codes are known; any other
/// number is refused, since it cannot be checked.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct DialPlan {
    region: Region,
    /// Without a list, India in the region of India, and none elsewhere.
    countries: Option<Vec<Country>>,
    /// In the form that is dialled, where there is one.
    own: Vec<PhoneNumber>,
    allowed: Vec<PhoneNumber>,
    /// The list that has an entry which is not a number.
    unread: Option<&'static str>,
}

/// What a text turned out to be.
enum Number<'a> {
    /// Ten digits.
    Indian(Cow<'a, str>),
    /// A service number of India, such as a toll-free one.
    Service(String),
    /// An extension, a service code or an emergency code.
    Short(String),
    /// `+`, country code and number; without a country where the code belongs to none, as those of satellites.
    Foreign(String, Option<Country>),
}

impl DialPlan {
    /// The plan of a region: India is dialled from India; from elsewhere no country is until
    /// [`countries`](Self::countries) are given.
    pub fn new(region: Region) -> Self {
        Self { region, ..Self::default() }
    }

    /// The countries that are dialled, instead of the region's default.
    pub fn countries(mut self, countries: impl IntoIterator<Item = Country>) -> Self {
        self.countries = Some(countries.into_iter().collect());
        self
    }

    /// Numbers of the account itself, such as its DIDs and its agents' extensions, which are not dialled, however they
    /// are written. An entry that is not a number could keep nothing from being dialled: with one, nothing is.
    pub fn own<N: Into<PhoneNumber>>(mut self, numbers: impl IntoIterator<Item = N>) -> Self {
        let numbers = numbers.into_iter().map(|number| self.listed(&number.into(), "own_numbers"));
        let numbers: Result<Vec<_>, _> = numbers.collect();
        match numbers {
            Ok(numbers) => self.own.extend(numbers),
            Err(list) => self.unread = Some(list),
        }
        self
    }

    /// Extensions, service codes, emergency codes and own numbers that are dialled nevertheless, however they are
    /// written. With an entry that is not a number, nothing is dialled.
    pub fn allowed<N: Into<PhoneNumber>>(mut self, numbers: impl IntoIterator<Item = N>) -> Self {
        let numbers =
            numbers.into_iter().map(|number| self.listed(&number.into(), "allowed_numbers"));
        let numbers: Result<Vec<_>, _> = numbers.collect();
        match numbers {
            Ok(numbers) => self.allowed.extend(numbers),
            Err(list) => self.unread = Some(list),
        }
        self
    }

    /// An entry of a list, in the form that is compared: that in which it is dialled, else as it is written.
    fn listed(
        &self,
        number: &PhoneNumber,
        list: &'static str,
    ) -> Result<PhoneNumber, &'static str> {
        number.key().ok_or(list)?;
        Ok(self.compared(number.as_str()).into_owned().into())
    }

    /// The text by which a number is compared with one that is to be dialled.
    fn compared<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let plain = written::plain(text);
        let is_indian = |number: sip_ucid::Number<'_>| number.plan() == NumberPlan::Indian;
        if sip_ucid::Number::parse(&*plain).is_some_and(is_indian) {
            return plain;
        }
        match parse(text, self.region) {
            Ok(number) => number.text().to_owned().into(),
            Err(_) => plain,
        }
    }

    /// Whether the lists have numbers only.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        match self.unread {
            None => Ok(()),
            Some(list) => Err(Invalid::new(list, "has an entry that is not a telephone number")),
        }
    }

    /// The region that decides the form of numbers.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The form of a number to be dialled, from this DID; the text itself if it has that form.
    pub(super) fn customer<'a>(
        &self,
        text: &'a str,
        did: Option<&str>,
    ) -> Result<Cow<'a, str>, Invalid> {
        self.dialled(text, self.region, did).map(|number| match number {
            Number::Indian(digits) => digits,
            other => other.into_text().into(),
        })
    }

    /// The form of a number that KooKoo dials.
    pub(super) fn kookoo(&self, text: &str) -> Result<String, Invalid> {
        self.dialled(text, Region::India, None).map(Number::into_text)
    }

    /// The form of a number to be rung into a call.
    pub(super) fn third_party(&self, text: &str) -> Result<String, Invalid> {
        let number = parse(text, self.region)?;
        self.check_country(&number)?;
        Ok(number.into_text())
    }

    /// The form of a number that is in a call.
    pub(super) fn party(&self, text: &str) -> Result<String, Invalid> {
        parse(text, self.region).map(Number::into_text)
    }

    /// A number that may be dialled.
    fn dialled<'a>(
        &self,
        text: &'a str,
        region: Region,
        did: Option<&str>,
    ) -> Result<Number<'a>, Invalid> {
        self.check()?;
        let number = parse(text, region)?;
        let is = |other: &str| sip_ucid::same_number(number.text(), other);
        let is_one_of = |others: &[PhoneNumber]| others.iter().any(|other| is(other.as_str()));
        if !is_one_of(&self.allowed) {
            if did.is_some_and(|did| is(&self.compared(did))) || is_one_of(&self.own) {
                let reason = "is a number of the account itself, which is dialled only if OZONETEL_ALLOWED_NUMBERS \
                              (or allowed_numbers) lists it";
                return Err(Invalid::new(FIELD, reason));
            }
            if matches!(number, Number::Short(_)) {
                let reason = "is an extension, a service code or an emergency code, which is dialled only if \
                              OZONETEL_ALLOWED_NUMBERS (or allowed_numbers) lists it";
                return Err(Invalid::new(FIELD, reason));
            }
        }
        self.check_country(&number)?;
        Ok(number)
    }

    fn check_country(&self, number: &Number<'_>) -> Result<(), Invalid> {
        let country = match number {
            Number::Short(_) => return Ok(()),
            Number::Indian(_) | Number::Service(_) => Some(Country::INDIA),
            Number::Foreign(_, country) => *country,
        };
        let listed: &[Country] = match (&self.countries, self.region) {
            (Some(countries), _) => countries,
            (None, Region::India) => &[Country::INDIA],
            (None, Region::International) => &[],
        };
        if country.is_some_and(|country| listed.contains(&country)) {
            return Ok(());
        }
        if listed.is_empty() {
            let reason = "cannot be dialled before the countries to dial are set: OZONETEL_COUNTRIES (or countries) \
                          lists none";
            return Err(Invalid::new(FIELD, reason));
        }
        let known: Vec<&str> = listed.iter().map(Country::as_str).collect();
        let place = country.map_or("no country".to_owned(), |country| country.to_string());
        let known = known.join(",");
        let reason = format!(
            "is of {place}, and OZONETEL_COUNTRIES (or countries) lists {known}: only those are dialled"
        );
        Err(Invalid::new(FIELD, reason))
    }
}

impl Number<'_> {
    /// What identifies it.
    fn text(&self) -> &str {
        match self {
            Self::Indian(digits) => digits,
            Self::Service(text) | Self::Short(text) | Self::Foreign(text, _) => text,
        }
    }

    /// The form with the trunk prefix of India.
    fn into_text(self) -> String {
        match self {
            Self::Indian(digits) => format!("0{digits}"),
            Self::Service(text) | Self::Short(text) | Self::Foreign(text, _) => text,
        }
    }
}

fn parse(text: &str, region: Region) -> Result<Number<'_>, Invalid> {
    // Ten digits from 6 on are what an Indian mobile number is, and what nearly every dial carries: the library's
    // tables, which cost more than the rest of a dial, have nothing to add.
    let mobile = text.len() == 10 && text.starts_with(['6', '7', '8', '9']);
    if region == Region::India && mobile && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Number::Indian(text.into()));
    }
    let WrittenNumber { plus, digits, separated } = written::read(text)?;
    if digits.len() <= SHORT {
        if plus || separated {
            let reason = "has up to six digits: such a number takes no separators and no +";
            return Err(Invalid::new(FIELD, reason));
        }
        return Ok(Number::Short(digits));
    }
    match region {
        Region::India => indian(plus, &digits),
        Region::International if plus => foreign(false, &format!("+{digits}")),
        Region::International => {
            Err(Invalid::new(FIELD, "has to begin with + and the country code outside India"))
        }
    }
}

fn indian(plus: bool, digits: &str) -> Result<Number<'static>, Invalid> {
    let prefixes: &[&str] = if plus { &["91"] } else { &["", "0", "91", "0091"] };
    let rest = |accepts: fn(&str) -> bool| {
        prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| accepts(rest)))
    };
    if let Some(service) = rest(is_service) {
        return Ok(Number::Service(service.to_owned()));
    }
    // Ten digits behind `0`, `91` or `0091`, without a plus, are how Indian numbers are written here. The library
    // would take a mobile number's own leading 91 for the country code. A number with its country code is read without
    // a country: the library would strip India's prefix from it.
    match rest(|rest| rest.len() == 10 && !rest.starts_with('0')) {
        Some(national) => foreign(false, &format!("+91{national}")),
        None if plus => foreign(false, &format!("+{digits}")),
        // `00` is a plus. With a country beside it, the library takes numbers that it refuses with the plus.
        None => match digits.strip_prefix("00") {
            Some(abroad) => foreign(false, &format!("+{abroad}")),
            None => foreign(true, digits),
        },
    }
    .map(|number| match number {
        Number::Foreign(text, Some(Country::INDIA)) => {
            let national = text.strip_prefix("+91").unwrap_or(&text).to_owned();
            if national.len() == 10 && !national.starts_with('0') {
                Number::Indian(national.into())
            } else {
                Number::Service(national)
            }
        }
        other => other,
    })
}

/// Toll-free numbers and others of India that no area code has; the library's tables know them in part. The last is
/// the toll-free form for callers from abroad.
fn is_service(digits: &str) -> bool {
    let long = digits.len();
    match digits.get(..4) {
        Some("1800") => (10..=13).contains(&long),
        Some("1860") => (10..=12).contains(&long),
        Some("1600" | "1601") => long == 10,
        Some("0008") => long == 13 && digits.starts_with("000800"),
        Some(other) => other.starts_with("140") && long == 10,
        None => false,
    }
}

/// A valid number, with its country.
fn foreign(indian: bool, text: &str) -> Result<Number<'static>, Invalid> {
    let (text, country) = tables::valid(indian, text)?;
    Ok(Number::Foreign(text, country))
}

#[cfg(test)]
mod tests;
