//! How the service writes telephone numbers, in each of the places where it does so differently.
//! Whether two texts are one number is answered by [`sip_ucid::same_number`].

use super::time::Zone;

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether the network knows the number: ten digits, with or without the country's prefixes, or
/// an international number.
pub(super) fn number_exists(number: &str) -> bool {
    let digits = digits(number);
    let plain = number.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    plain
        && match digits.len() {
            10 => true,
            // No subscriber's number begins with a zero.
            11 => {
                number.trim_start().starts_with('+')
                    || digits.strip_prefix('0').is_some_and(|ten| !ten.starts_with('0'))
            }
            12..=15 => digits.starts_with("91") || number.trim_start().starts_with('+'),
            _ => false,
        }
}

/// A customer as pushes write one: ten digits, or a foreign number without its plus.
pub(super) fn pushed_caller(caller: &str) -> String {
    let digits = digits(caller);
    let bare = digits.trim_start_matches('0');
    let ten = match bare.len() {
        12 => bare.strip_prefix("91"),
        10 => Some(bare),
        _ => None,
    };
    match ten {
        Some(ten) => ten.to_owned(),
        None if bare.is_empty() => caller.to_owned(),
        None => bare.to_owned(),
    }
}

/// Made by putting `+91` in front, as the service does; right for Indian numbers only. Empty for a caller
/// who withheld the number.
pub(super) fn e164(caller: &str) -> String {
    let digits = digits(caller);
    if digits.is_empty() {
        return String::new();
    }
    let bare = digits.strip_prefix("00").unwrap_or(&digits);
    if bare.len() == 12 && bare.starts_with("91") {
        format!("+{bare}")
    } else {
        format!("+91{bare}")
    }
}

/// The caller of an inbound CDR row: `0091` and ten digits for Indian numbers, digits for others, and the
/// network's word where the number is withheld.
pub(super) fn network_form(caller: &str) -> String {
    let digits = digits(caller);
    if digits.is_empty() {
        return caller.to_owned();
    }
    let ten = digits.get(digits.len().saturating_sub(10)..).unwrap_or("");
    let indian = ten.len() == 10
        && (digits.len() == 10
            || (digits.len() == 11 && digits.starts_with('0'))
            || (digits.len() == 12 && digits.starts_with("91"))
            || (digits.len() == 14 && digits.starts_with("0091")));
    if indian { format!("0091{ten}") } else { digits }
}

/// The caller in the INVITE to an agent's telephone: `0` and ten digits for a number of this
/// country, any other number as it is.
pub(crate) fn sip_caller(number: &str) -> String {
    let digits = digits(number);
    let local = match digits.len() {
        10 => Some(digits.as_str()),
        11 => digits.strip_prefix('0'),
        12 => digits.strip_prefix("91"),
        _ => None,
    };
    local.map_or_else(|| number.to_owned(), |ten| format!("0{ten}"))
}

/// Whether a caller is one: a number, or the network's word for a number that is withheld.
pub(crate) fn is_caller(caller: &str) -> bool {
    let word = caller.len() <= 32 && caller.chars().all(|c| c.is_ascii_alphabetic());
    word || caller.chars().any(|c| c.is_ascii_digit())
}

/// Whether a caller has withheld the number.
pub(crate) fn is_withheld(caller: &str) -> bool {
    !caller.chars().any(|c| c.is_ascii_digit())
}

/// What a conference takes: `0` and ten digits for a number of this country, `+` with country code and
/// number for others. A lax one takes any spelling of a number that exists.
///
/// In India a number as it is stored (`91…`, `+91…`) is refused: field notes on call control.
pub(super) fn conference_form(number: &str, zone: Zone, lax: bool) -> bool {
    if lax && number_exists(number) {
        return true;
    }
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match number.strip_prefix('+') {
        Some(rest) => {
            let own = zone == Zone::INDIA && rest.starts_with("91");
            (7..=15).contains(&rest.len()) && digits(rest) && !own
        }
        None => number.len() == 11 && number.starts_with('0') && digits(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conference_takes_numbers_in_the_documented_form_only() {
        for (number, taken, if_lax) in [
            ("09000000001", true, true),
            ("+12025550100", true, true),
            ("+919000000001", false, true),
            ("919000000001", false, true),
            ("9000000001", false, true),
            ("0900000000", false, true),
            ("+91900", false, false),
            ("500001", false, false),
            ("", false, false),
        ] {
            assert_eq!(conference_form(number, Zone::INDIA, false), taken, "{number}");
            assert_eq!(conference_form(number, Zone::INDIA, true), if_lax, "{number}");
        }
        let elsewhere = Zone::from_minutes(60).unwrap();
        assert!(conference_form("+919000000001", elsewhere, false));
    }

    #[test]
    fn a_withheld_number_is_the_networks_word() {
        for caller in ["anonymous", "Restricted", ""] {
            assert!(is_caller(caller) && is_withheld(caller));
            assert_eq!((network_form(caller), e164(caller)), (caller.to_owned(), String::new()));
            assert_eq!(sip_caller(caller), caller);
        }
        for caller in ["an onymous", "a\r\nb", "?"] {
            assert!(!is_caller(caller), "{caller:?}");
        }
    }

    #[test]
    fn callers_are_written_as_pushes_write_them() {
        for (given, sent) in [
            ("9000000001", "9000000001"),
            ("+919000000001", "9000000001"),
            ("09000000001", "9000000001"),
            ("00919000000001", "9000000001"),
            ("+449000000003", "449000000003"),
            ("9100000001", "9100000001"),
            ("12345", "12345"),
            ("anonymous", "anonymous"),
        ] {
            assert_eq!(pushed_caller(given), sent, "{given}");
        }
    }
}
