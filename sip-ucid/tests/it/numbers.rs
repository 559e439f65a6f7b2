//! The project's table of telephone numbers that are the same or are not, and what must hold beyond
//! it.

use proptest::prelude::*;
use sip_ucid::{is_number, same_number};

struct Pair {
    one: String,
    other: String,
    same: bool,
    why: String,
}

fn table() -> Vec<Pair> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/same_number.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let pairs = table["pair"].as_array().unwrap();
    pairs
        .iter()
        .map(|pair| {
            let keys: Vec<_> = pair.as_table().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["one", "other", "same", "why"]);
            let text = |key: &str| pair[key].as_str().unwrap().to_owned();
            let same = pair["same"].as_bool().unwrap();
            Pair { one: text("one"), other: text("other"), same, why: text("why") }
        })
        .collect()
}

fn texts() -> Vec<String> {
    let mut all: Vec<_> = table().into_iter().flat_map(|pair| [pair.one, pair.other]).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn every_pair_of_the_table_is_answered_in_both_directions() {
    let table = table();
    assert!(table.len() >= 50, "the table lost pairs: {}", table.len());
    for Pair { one, other, same, why } in &table {
        assert!(!why.is_empty(), "{one} and {other} have no reason");
        assert_eq!(same_number(one, other), *same, "{one:?} and {other:?}: {why}");
        assert_eq!(same_number(other, one), *same, "{other:?} and {one:?}: {why}");
    }
}

#[test]
fn the_numbers_of_the_table_fall_into_classes() {
    let texts = texts();
    for one in &texts {
        assert_eq!(same_number(one, one), is_number(one), "{one:?} and itself");
        for other in &texts {
            let same = same_number(one, other);
            assert_eq!(same, same_number(other, one), "{one:?} and {other:?}");
            for third in texts.iter().filter(|third| same && same_number(other, third)) {
                assert!(same_number(one, third), "{one:?} = {other:?} = {third:?}");
            }
        }
    }
}

#[test]
fn all_spellings_of_an_indian_number_are_one() {
    let spellings =
        ["9000000001", "09000000001", "919000000001", "+919000000001", "00919000000001"];
    for one in spellings {
        for other in spellings {
            assert!(same_number(one, other), "{one} and {other}");
        }
        for other in ["9000000002", "+9000000001", "009000000001", "000000001", "", "+1 9000000001"]
        {
            assert!(!same_number(one, other), "{one} and {other}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_no_number() {
    assert!(!is_number(b"9000000001\xFF") && !is_number(b"\x009000000001"));
    assert!(!same_number(b"\xFF", b"\xFF") && !is_number(b"9000000001\t"));
}

fn dialled() -> impl Strategy<Value = String> {
    "[ (]{0,2}(\\+|00|0|91|\\+91|0091)?[-. ()]?[0-9]{0,12}[-. ()]{0,2}[0-9a+]?"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn comparing_is_an_equivalence_on_numbers(one in dialled(), other in dialled(), third in dialled()) {
        prop_assert_eq!(same_number(&one, &one), is_number(&one));
        prop_assert_eq!(same_number(&one, &other), same_number(&other, &one));
        if same_number(&one, &other) {
            prop_assert!(is_number(&one) && is_number(&other));
            prop_assert_eq!(same_number(&one, &third), same_number(&other, &third));
        }
    }

    #[test]
    fn separators_change_nothing(text in "[+]?[0-9]{1,15}", gaps in proptest::collection::vec("[-. ()]{0,2}", 17)) {
        let mut spaced = gaps[0].clone();
        for (digit, gap) in text.chars().zip(&gaps[1..]) {
            spaced.push(digit);
            spaced.push_str(gap);
        }
        prop_assert!(same_number(&text, &spaced), "{} and {}", text, spaced);
    }

    #[test]
    fn a_national_number_is_the_same_with_every_prefix(national in "[1-9][0-9]{9}") {
        for prefix in ["0", "91", "+91", "0091", "00 91 "] {
            let text = format!("{prefix}{national}");
            prop_assert!(same_number(&national, &text), "{}", text);
        }
        for prefix in ["+", "00", "1", "+1", "001", "091", "+091"] {
            let text = format!("{prefix}{national}");
            prop_assert!(!same_number(&national, &text), "{}", text);
        }
    }

    #[test]
    fn both_international_prefixes_are_one(number in "[1-9][0-9]{6,14}") {
        let (plus, zeros) = (format!("+{number}"), format!("00{number}"));
        prop_assert!(same_number(&plus, &zeros));
        let service = number.starts_with("1800") || number.starts_with("1860");
        let bare = (11..=13).contains(&number.len()) && !service;
        prop_assert_eq!(same_number(&plus, &number), bare, "{}", number);
    }

    #[test]
    fn a_short_code_equals_only_itself(code in "[0-9]{1,6}", other in "[0-9]{1,6}") {
        prop_assert_eq!(same_number(&code, &other), code == other);
        let (plus, country) = (format!("+{code}"), format!("91{code}"));
        prop_assert!(!same_number(&code, plus));
        prop_assert!(!same_number(&code, country));
    }
}

#[test]
fn equal_numbers_have_equal_hashes_and_debug_shows_no_digit() {
    use sip_ucid::Number;
    use std::collections::HashSet;
    let texts = texts();
    let all: HashSet<Number<'_>> = texts.iter().filter_map(Number::parse).collect();
    for text in &texts {
        let Some(number) = Number::parse(text) else { continue };
        assert!(all.contains(&number), "{text:?}");
        assert!(!format!("{number:?}").contains(|c: char| c.is_ascii_digit()));
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        assert_eq!(number.prefix_len() + number.significant_digits().count(), digits);
    }
    assert!(all.len() < texts.len());
}
