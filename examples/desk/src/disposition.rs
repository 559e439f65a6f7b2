//! From a front end's codes to the account's dispositions.

use std::collections::BTreeMap;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::DispositionName;

/// What the default table makes of every code.
pub const GENERAL: &str = "General Enquiry";

/// The codes of existing front ends, and the disposition that each stands for when they are told apart.
const ONE_TO_ONE: [(&str, &str); 6] = [
    ("APPOINTMENT_BOOKED", "Appointment Booked"),
    ("FOLLOW_UP_SCHEDULED", "Follow Up"),
    ("INFO_PROVIDED", "Info Provided"),
    ("NO_ANSWER", "No Answer"),
    ("WRONG_NUMBER", "Wrong Number"),
    ("CALLBACK_REQUESTED", "Not Interested"),
];

/// The name of the setting.
pub const VARIABLE: &str = "DESK_DISPOSITIONS";

/// A table from codes to dispositions.
///
/// As text: `general` (the default), `one-to-one`, or `CODE=Name, CODE=Name, *=Name`, where `*` stands for every other
/// code. A value that is one of the table's dispositions already stays itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispositionTable {
    rows: BTreeMap<String, DispositionName>,
    other: DispositionName,
}

impl Default for DispositionTable {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), other: GENERAL.into() }
    }
}

impl DispositionTable {
    /// Each of the known codes to a disposition of its own, every other to the general one.
    pub fn one_to_one() -> Self {
        let row = |(code, name): &(&str, &str)| ((*code).to_owned(), DispositionName::from(*name));
        Self { rows: ONE_TO_ONE.iter().map(row).collect(), other: GENERAL.into() }
    }

    /// The disposition for a code.
    pub fn of(&self, code: &str) -> DispositionName {
        let code = code.trim();
        let mapped = self.rows.get(&code.to_ascii_uppercase());
        let itself = || self.rows.values().find(|name| name.as_str() == code);
        mapped.or_else(itself).unwrap_or(&self.other).clone()
    }
}

impl FromStr for DispositionTable {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim() {
            "general" => return Ok(Self::default()),
            "one-to-one" => return Ok(Self::one_to_one()),
            _ => {}
        }
        let expected =
            || Invalid::new(VARIABLE, "expected general, one-to-one or CODE=Name, …, *=Name");
        let mut table = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (code, name) = part.split_once('=').ok_or_else(expected)?;
            let (code, name) = (code.trim(), name.trim());
            if code.is_empty() || name.is_empty() || name.chars().count() > 250 {
                return Err(expected());
            }
            if code == "*" {
                table.other = name.into();
            } else {
                table.rows.insert(code.to_ascii_uppercase(), name.into());
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [&str; 6] = [
        "APPOINTMENT_BOOKED",
        "FOLLOW_UP_SCHEDULED",
        "INFO_PROVIDED",
        "NO_ANSWER",
        "WRONG_NUMBER",
        "CALLBACK_REQUESTED",
    ];

    fn map(table: &DispositionTable, codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| table.of(code).to_string()).collect()
    }

    #[test]
    fn by_default_everything_is_a_general_enquiry() {
        let table = DispositionTable::default();
        assert_eq!(map(&table, &CODES), ["General Enquiry"; 6]);
        assert_eq!(map(&table, &["SOMETHING_ELSE", "Follow Up"]), ["General Enquiry"; 2]);
    }

    #[test]
    fn one_to_one_in_the_order_of_the_codes() {
        let table: DispositionTable = "one-to-one".parse().unwrap();
        let names = [
            "Appointment Booked",
            "Follow Up",
            "Info Provided",
            "No Answer",
            "Wrong Number",
            "Not Interested",
        ];
        assert_eq!(map(&table, &CODES), names);
        assert_eq!(map(&table, &names), names, "a disposition stays itself");
        assert_eq!(map(&table, &[" no_answer ", "WHATEVER"]), ["No Answer", "General Enquiry"]);
    }

    #[test]
    fn a_table_of_ones_own() {
        let table: DispositionTable =
            "NO_ANSWER = Not reached, callback_requested=Follow Up, * = Other".parse().unwrap();
        assert_eq!(
            map(&table, &["NO_ANSWER", "CALLBACK_REQUESTED", "INFO_PROVIDED", "Follow Up"]),
            ["Not reached", "Follow Up", "Other", "Follow Up"]
        );
        for text in ["NO_ANSWER", "=x", "NO_ANSWER="] {
            assert_eq!(text.parse::<DispositionTable>().unwrap_err().field(), VARIABLE, "{text}");
        }
    }
}
