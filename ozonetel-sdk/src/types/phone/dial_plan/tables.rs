//! Which numbers are telephone numbers of their country, as far as this build knows.

use super::super::written::FIELD;
use super::Country;
use crate::types::invalid::Invalid;

/// A valid number with `+` and country code, and its country, unless the code belongs to none.
pub(super) type Known = (String, Option<Country>);

/// Whether there is a country of these two capital letters. Without tables all letters are believed: only numbers of
/// India pass [`valid`].
pub(super) fn is_country(letters: &str) -> bool {
    #[cfg(feature = "phonenumber")]
    return letters.parse::<phonenumber::country::Id>().is_ok();
    #[cfg(not(feature = "phonenumber"))]
    return letters.len() == 2;
}

/// The number of a text: with `+` and country code, or, if `indian`, as it is written within India.
#[cfg(feature = "phonenumber")]
pub(super) fn valid(indian: bool, text: &str) -> Result<Known, Invalid> {
    let assumed = indian.then_some(phonenumber::country::IN);
    let number = phonenumber::parse(assumed, text)
        .ok()
        .filter(phonenumber::is_valid)
        .filter(|number| number.extension().is_none())
        .ok_or_else(|| {
            let hint = if indian && !text.starts_with('0') {
                "; one of another country begins with + and the country code"
            } else {
                ""
            };
            Invalid::new(FIELD, format!("is not a telephone number of its country{hint}"))
        })?;
    let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
    Ok((e164, country_of(&number)))
}

/// The country of a valid number. Where the library does not know it, since it looks at the number without the zero that
/// some national numbers begin with, it is the first country of the code that has such numbers.
#[cfg(feature = "phonenumber")]
fn country_of(number: &phonenumber::PhoneNumber) -> Option<Country> {
    use phonenumber::metadata::DATABASE;
    number.country().id().and_then(|id| id.as_ref().parse().ok()).or_else(|| {
        let national = number.national().to_string();
        let fits = |region: &&str| {
            let known = DATABASE.by_id(*region);
            known.is_some_and(|known| known.descriptors().general().is_match(&national))
        };
        DATABASE.region(&number.code().value())?.into_iter().find(fits)?.parse().ok()
    })
}

/// The number of a text, without tables: a mobile number of India, which its form alone shows. Any other number is
/// refused, since it cannot be checked.
#[cfg(any(test, not(feature = "phonenumber")))]
pub(super) fn valid_by_form(text: &str) -> Result<Known, Invalid> {
    let mobile = text.strip_prefix("+91").is_some_and(|national| {
        national.len() == 10
            && national.starts_with(['6', '7', '8', '9'])
            && national.bytes().all(|byte| byte.is_ascii_digit())
    });
    if mobile {
        return Ok((text.to_owned(), Some(Country::INDIA)));
    }
    let reason = "cannot be checked: without the feature `phonenumber` only mobile and toll-free numbers of India, and \
                  short codes, are known";
    Err(Invalid::new(FIELD, reason))
}

#[cfg(not(feature = "phonenumber"))]
pub(super) fn valid(_indian: bool, text: &str) -> Result<Known, Invalid> {
    valid_by_form(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_tables_only_mobile_numbers_of_india_are_known() {
        let known = valid_by_form("+919000000001").unwrap();
        assert_eq!(known, ("+919000000001".to_owned(), Some(Country::INDIA)));
        for text in [
            "+914012345678",
            "+12025550143",
            "9000000001",
            "+9190000000012",
            "+91900000000x",
            "+91",
        ] {
            let refused = valid_by_form(text).unwrap_err();
            assert!(refused.reason().contains("`phonenumber`"), "{text}: {refused}");
        }
    }

    proptest! {
        /// The feature takes no number away and changes none.
        #[cfg(feature = "phonenumber")]
        #[test]
        fn with_tables_a_number_that_is_known_by_its_form_is_the_same(national in "[6-9][0-9]{9}") {
            let plus = format!("+91{national}");
            let by_form = valid_by_form(&plus).unwrap();
            if let Ok(by_tables) = valid(false, &plus) {
                prop_assert_eq!(by_form, by_tables);
            }
        }
    }
}
