use proptest::prelude::*;

use super::*;

fn dial(text: &str) -> Result<String, String> {
    reason(PhoneNumber::from(text).for_dial(&DialPlan::default()))
}

fn reason(result: Result<PhoneNumber, Invalid>) -> Result<String, String> {
    result.map(|number| number.as_str().to_owned()).map_err(|invalid| invalid.reason().to_owned())
}

fn abroad(countries: &[&str]) -> DialPlan {
    let countries = countries.iter().map(|text| text.parse().unwrap());
    DialPlan::new(Region::International).countries(countries)
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
        "9000000001.0",
        " 9000000001\n",
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
        "9000000001 9000000002",
        "9000000001/02",
        "9000000001;ext=5",
        "9000000001,,5",
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
fn a_spreadsheets_number_does_not_dial_another_line() {
    assert_eq!(dial("1800123456.0").as_deref(), Ok("1800123456"));
    assert_eq!(dial("18001234567.0").as_deref(), Ok("18001234567"));
    for text in ["112.0", "+39 06 1234567.0", "1.8001234567E10", "9000000.001"] {
        assert!(dial(text).is_err(), "{text}");
    }
    let plan = DialPlan::default().allowed(["112"]);
    assert_eq!(reason(PhoneNumber::from("112.0").for_dial(&plan)).as_deref(), Ok("112"));
}

#[test]
fn two_short_codes_are_not_one_number() {
    let plan = DialPlan::default().allowed(["100101", "100", "101"]);
    for text in ["100 101", "100-101", "100.101", "(100)", "+100"] {
        let number = PhoneNumber::from(text);
        for result in [number.for_dial(&plan), number.for_conference(&plan), number.for_kick(&plan)]
        {
            assert!(reason(result).unwrap_err().contains("separators"), "{text}");
        }
    }
}

#[test]
fn service_numbers_have_one_form_however_they_are_written() {
    for (text, want) in [
        ("18001234567", "18001234567"),
        ("1800 123 4567", "18001234567"),
        ("+91 1800 123 4567", "18001234567"),
        ("911800123456", "1800123456"),
        ("0 1800 123 4567", "18001234567"),
        ("1860123456", "1860123456"),
        ("1860 1234 1234", "186012341234"),
        ("1600123456", "1600123456"),
        ("000 800 100 1234", "0008001001234"),
    ] {
        let (number, plan) = (PhoneNumber::from(text), DialPlan::default());
        for result in [
            number.for_dial(&plan),
            number.for_conference(&plan),
            number.for_kick(&plan),
            number.for_kookoo(&plan),
        ] {
            assert_eq!(reason(result).as_deref(), Ok(want), "{text}");
        }
    }
}

#[test]
fn a_foreign_number_without_its_plus_is_not_a_service_number() {
    let refused = dial("12025550143").unwrap_err();
    assert!(refused.contains("begins with +"), "{refused}");
}

#[test]
fn extensions_and_emergency_codes_are_rung_but_not_dialled() {
    let plan = DialPlan::default();
    for text in ["500001", "112", "100", "1091", "0112", "91112"] {
        let number = PhoneNumber::from(text);
        assert!(reason(number.for_dial(&plan)).unwrap_err().contains("extension"), "{text}");
        assert!(number.for_kookoo(&plan).is_err(), "{text}");
        assert_eq!(reason(number.for_conference(&plan)).as_deref(), Ok(text));
        assert_eq!(reason(number.for_kick(&plan)).as_deref(), Ok(text));
        let plan = plan.clone().allowed([text]);
        assert_eq!(reason(number.for_dial(&plan)).as_deref(), Ok(text));
    }
    let other = abroad(&["US"]);
    assert_eq!(reason(PhoneNumber::from("500001").for_kick(&other)).as_deref(), Ok("500001"));
    for text in ["+91112", "+1911", "0091112"] {
        assert!(PhoneNumber::from(text).for_conference(&plan).is_err(), "{text}");
    }
}

#[test]
fn an_own_number_is_not_dialled() {
    let plan = DialPlan::default().own(["918000000001", "5000001"]);
    for text in ["8000000001", "08000000001", "+91 80000 00001", "80000 00001"] {
        let number = PhoneNumber::from(text);
        assert!(reason(number.for_dial(&plan)).unwrap_err().contains("account itself"), "{text}");
        assert!(number.for_kookoo(&plan).is_err());
        assert_eq!(reason(number.for_conference(&plan)).as_deref(), Ok("08000000001"));
        let plan = plan.clone().allowed(["8000000001"]);
        assert_eq!(reason(number.for_dial(&plan)).as_deref(), Ok("8000000001"));
    }
    assert!(PhoneNumber::from("9000000001").for_dial(&plan).is_ok());
}

#[test]
fn a_listed_number_is_compared_as_it_is_dialled() {
    for own in [
        "+91\u{a0}90000\u{a0}00001",
        "90000\u{2011}00001",
        "9000000001.0",
        "+91 (0)90000 00001",
        "+91 090000 00001",
        "\u{202a}09000000001\u{202c}",
    ] {
        let plan = DialPlan::default().own([own]);
        let number = PhoneNumber::from("9000000001");
        assert!(reason(number.for_dial(&plan)).unwrap_err().contains("account itself"), "{own:?}");
        let plan = plan.allowed([own]);
        assert_eq!(reason(number.for_dial(&plan)).as_deref(), Ok("9000000001"), "{own:?}");
        // From a DID that is written so, the number is the DID itself.
        let from = DialPlan::default().customer("9000000001", Some(own)).unwrap_err();
        assert!(from.reason().contains("account itself"), "{own:?}");
    }
    let plan = DialPlan::default().own(["+91 1800 123 4567"]);
    assert!(PhoneNumber::from("1800 123 4567").for_dial(&plan).is_err());
    let plan = abroad(&["GB"]).own(["+44 (0)20 7946 0958"]);
    let number = PhoneNumber::from("+44 20 7946 0958");
    assert!(reason(number.for_dial(&plan)).unwrap_err().contains("account itself"));
    let plan = DialPlan::default().allowed(["112.0"]);
    assert_eq!(reason(PhoneNumber::from("112").for_dial(&plan)).as_deref(), Ok("112"));
}

#[test]
fn with_a_listed_text_that_is_not_a_number_nothing_is_dialled() {
    let number = PhoneNumber::from("9000000002");
    for (plan, list) in [
        (DialPlan::default().own(["9000000001/9000000003"]), "own_numbers"),
        (DialPlan::default().own(["9000000001", ""]), "own_numbers"),
        (DialPlan::default().allowed(["*100#"]), "allowed_numbers"),
    ] {
        let refused = number.for_dial(&plan).unwrap_err();
        assert_eq!(refused.field(), list);
        assert_eq!(refused.reason(), "has an entry that is not a telephone number");
        assert!(number.for_kookoo(&plan).is_err());
    }
}

#[test]
fn from_india_only_india_is_dialled_until_countries_are_set() {
    let us = PhoneNumber::from("+1 202-555-0143");
    let plan = DialPlan::default();
    for result in [us.for_dial(&plan), us.for_conference(&plan), us.for_kookoo(&plan)] {
        let refused = reason(result).unwrap_err();
        for part in ["US", "OZONETEL_COUNTRIES", "IN"] {
            assert!(refused.contains(part), "{refused}");
        }
    }
    // A party that is in the call already can be dropped wherever it is.
    assert_eq!(reason(us.for_kick(&plan)).as_deref(), Ok("+12025550143"));
    let plan = plan.countries(["IN".parse().unwrap(), "US".parse().unwrap()]);
    assert_eq!(reason(us.for_dial(&plan)).as_deref(), Ok("+12025550143"));
    assert_eq!(
        reason(PhoneNumber::from("0012025550143").for_dial(&plan)).as_deref(),
        Ok("+12025550143")
    );
    assert_eq!(
        reason(PhoneNumber::from("9000000001").for_dial(&plan)).as_deref(),
        Ok("9000000001")
    );
    // Codes that belong to no country are never dialled.
    assert!(PhoneNumber::from("+870773111632").for_dial(&plan).is_err());
    let plan = plan.countries(["US".parse().unwrap()]);
    for text in ["9000000001", "1800 123 4567"] {
        assert!(PhoneNumber::from(text).for_dial(&plan).is_err(), "{text}");
    }
}

#[test]
fn abroad_no_country_is_dialled_until_it_is_set() {
    let us = PhoneNumber::from("+1 202-555-0143");
    let refused = reason(us.for_dial(&DialPlan::new(Region::International))).unwrap_err();
    assert!(refused.contains("OZONETEL_COUNTRIES"), "{refused}");
    assert_eq!(reason(us.for_dial(&abroad(&["US"]))).as_deref(), Ok("+12025550143"));
    assert!(us.for_dial(&abroad(&["CA", "GB"])).is_err());
    assert!(PhoneNumber::from("2025550143").for_dial(&abroad(&["US"])).is_err());
    let gb = PhoneNumber::from("+44 (0)20 7946 0018");
    assert_eq!(reason(gb.for_dial(&abroad(&["GB"]))).as_deref(), Ok("+442079460018"));
    let it = PhoneNumber::from("+39 06 6982 1234");
    assert_eq!(reason(it.for_dial(&abroad(&["IT"]))).as_deref(), Ok("+390669821234"));
}

#[test]
fn a_number_that_would_be_written_as_another_is_refused() {
    // Found by fuzzing: read as if it might be Indian, its zeros are taken for a prefix.
    let number = PhoneNumber::from("+8880007073140711");
    assert!(number.for_kick(&DialPlan::default()).is_err());
    assert!(number.for_kick(&abroad(&["IN"])).is_err());
}

/// A second round of attacks: kinds of text that no report named.
#[test]
fn other_texts_dial_no_other_line() {
    let plan = DialPlan::default().countries(["IN", "US"].map(|text| text.parse().unwrap()));
    let dial = |text: &str| reason(PhoneNumber::from(text).for_dial(&plan));
    for (text, what) in [
        ("-9000000001", "a negative number of a spreadsheet"),
        ("9,000,000,001", "thousands of a spreadsheet"),
        ("90,00,00,00,01", "lakhs of a spreadsheet"),
        ("9.000000001e9", "an exponent"),
        ("9000000001%", "a format"),
        ("='9000000001", "a formula"),
        ("9000000001 2026-01-02", "a date behind it"),
        ("26-11-2026", "a date"),
        ("2026.11.26", "a date with points"),
        ("10.20.30.40", "an address"),
        ("12:30:45", "a time"),
        ("1500.00", "a price"),
        ("110001", "a postal code"),
        ("411 001", "a postal code with a blank"),
        ("4111 1111 1111 1111", "a card"),
        ("1234 5678 9012", "an Aadhaar number"),
        ("9000000001x5", "an extension"),
        ("9000000001p5", "a pause"),
        ("9000000001#", "a key"),
        ("*31#9000000001", "a service of the network"),
        ("**21*9000000001#", "a diversion"),
        ("tel:+919000000001", "an address of a telephone"),
        ("sip:9000000001@example.test", "an address of SIP"),
        ("+91112", "an emergency code with the country code"),
        ("0091 112", "the same with 00"),
        ("091112", "the same with a trunk prefix"),
        ("112112", "twice an emergency code"),
        ("+1 911", "an emergency code abroad"),
        ("+0919000000001", "a plus and a trunk prefix"),
        ("+00919000000001", "a plus and an international prefix"),
        ("000919000000001", "three zeros"),
        ("90000O0001", "a letter like a digit"),
        ("9000000001\u{0}", "a NUL"),
        ("90000\n00001", "a line feed"),
        ("90000\t00001", "a tab"),
        ("9000000001\u{200d}1", "an invisible joiner"),
        ("+91 1860", "a service prefix alone"),
        ("1800", "a toll-free prefix alone"),
        ("1800123", "a toll-free number cut off"),
        ("14155550123", "a foreign number without plus"),
        ("18005550123456", "a toll-free number that is too long"),
    ] {
        assert!(dial(text).is_err(), "{what}: {text} dials {:?}", dial(text));
    }
    for (text, want) in [
        ("+1 (202) 555-0143", "+12025550143"),
        ("001 202 555 0143", "+12025550143"),
        ("+91-22-2600-1234", "2226001234"),
        ("(0)90000 00001", "9000000001"),
        ("1800-12-3456", "1800123456"),
    ] {
        assert_eq!(dial(text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn no_reason_shows_a_digit_of_the_number() {
    for text in ["+1 202-555-0143", "500001", "8000000001", "9000000001.25", "9x00000001"] {
        let plan = DialPlan::default().own(["8000000001"]);
        let refused = PhoneNumber::from(text).for_dial(&plan).unwrap_err().to_string();
        assert!(!refused.chars().any(|c| c.is_ascii_digit()), "{refused}");
    }
    let plan = DialPlan::default().own(["8000000001"]).allowed(["112"]);
    assert!(!format!("{plan:?}").contains("8000000001"));
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,30}") {
        let number = PhoneNumber::from(text.as_str());
        let _ = (number.for_dial(&DialPlan::default()), number.for_conference(&abroad(&["IN"])));
    }

    /// A form is its own form: nothing is read twice in two ways.
    #[test]
    fn a_form_is_read_as_itself(text in "[+]?[0-9]{3,14}") {
        let plan = DialPlan::default();
        if let Ok(form) = PhoneNumber::from(text.as_str()).for_kick(&plan) {
            prop_assert_eq!(form.for_kick(&plan).unwrap(), form);
        }
    }
}

#[test]
fn zeros_in_place_of_the_plus_change_nothing() {
    let plan = DialPlan::new(Region::India)
        .countries(["IN", "US", "RU", "GB"].map(|c| c.parse().unwrap()));
    for digits in
        ["78739001614", "12015550123", "442079460123", "919000000001", "0000000", "70000000000"]
    {
        let form = |prefix: &str| {
            let number = PhoneNumber::from(format!("{prefix}{digits}"));
            [number.for_dial(&plan), number.for_conference(&plan), number.for_kick(&plan)]
        };
        let [plus, zeros] = ["+", "00"].map(form).map(|forms| forms.map(Result::ok));
        assert_eq!(plus, zeros, "{digits}");
        if let [.., Some(kicked)] = zeros {
            assert_eq!(kicked.for_kick(&plan), Ok(kicked));
        }
    }
}
