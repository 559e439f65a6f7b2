//! From a front end's codes to the account's dispositions.

use std::collections::BTreeMap;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::DispositionName;

/// What every code becomes that has no disposition of its own.
pub const GENERAL: &str = "General Enquiry";

/// The codes of existing front ends that have a disposition of their own. A caller who wants to be called back is not
/// among them: no disposition of the list says so.
const CODES: [(&str, &str); 6] = [
    ("APPOINTMENT_BOOKED", "Appointment Booked"),
    ("FOLLOW_UP_SCHEDULED", "Follow Up"),
    ("INFO_PROVIDED", "Info Provided"),
    ("WRONG_NUMBER", "Wrong Number"),
    ("NO_ANSWER", "No Answer"),
    ("NOT_INTERESTED", "Not Interested"),
];

/// The code of a caller who wants to be called back.
pub const CALLBACK: &str = "CALLBACK_REQUESTED";

/// The name of the setting.
pub const VARIABLE: &str = "DESK_DISPOSITIONS";

/// A table from codes to dispositions.
///
/// As text: `listed` (the default), `general`, `one-to-one`, or `CODE=Name, CODE=Name, *=Name`, where `*` stands for
/// every other code. A value that is one of the table's dispositions already stays itself.
///
/// ```
/// use desk::core::disposition::DispositionTable;
/// let table = DispositionTable::default();
/// let list = ["Follow Up".into(), "General Enquiry".into()];
/// assert_eq!(table.of("FOLLOW_UP_SCHEDULED", Some(&list)).as_str(), "Follow Up");
/// // The account has no such disposition, or no one has asked it yet.
/// assert_eq!(table.of("NO_ANSWER", Some(&list)).as_str(), "General Enquiry");
/// assert_eq!(table.of("FOLLOW_UP_SCHEDULED", None).as_str(), "General Enquiry");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispositionTable {
    rows: BTreeMap<String, DispositionName>,
    other: DispositionName,
    /// Whether a disposition is used only where the account's list names it.
    listed_only: bool,
}

impl Default for DispositionTable {
    fn default() -> Self {
        Self { listed_only: true, ..Self::one_to_one() }
    }
}

impl DispositionTable {
    /// Every code to the general disposition.
    pub fn general() -> Self {
        Self { rows: BTreeMap::new(), other: GENERAL.into(), listed_only: false }
    }

    /// Each of the known codes to a disposition of its own, whether the account has it or not.
    pub fn one_to_one() -> Self {
        let row = |(code, name): &(&str, &str)| ((*code).to_owned(), DispositionName::from(*name));
        Self { rows: CODES.iter().map(row).collect(), ..Self::general() }
    }

    /// The disposition for a code. `list` is the account's own, where it is known.
    pub fn of(&self, code: &str, list: Option<&[DispositionName]>) -> DispositionName {
        let code = code.trim();
        let mapped = self.rows.get(&code.to_ascii_uppercase());
        let itself = || self.rows.values().find(|name| name.as_str() == code);
        let Some(name) = mapped.or_else(itself) else { return self.other.clone() };
        if !self.listed_only {
            return name.clone();
        }
        let same =
            |listed: &&DispositionName| listed.as_str().trim().eq_ignore_ascii_case(name.as_str());
        list.and_then(|list| list.iter().find(same)).unwrap_or(&self.other).clone()
    }

    /// The codes that a front end can offer: the known ones, and those of the table.
    pub fn codes(&self) -> Vec<String> {
        let known = CODES.iter().map(|(code, _)| *code).chain([CALLBACK]);
        let mut codes: Vec<_> = known.map(str::to_owned).collect();
        codes.extend(
            self.rows.keys().filter(|code| !codes.contains(code)).cloned().collect::<Vec<_>>(),
        );
        codes
    }

    /// The table's dispositions that the account's list does not name: what `doctor` reports.
    pub fn unlisted(&self, list: &[DispositionName]) -> Vec<&DispositionName> {
        let has = |name: &DispositionName| {
            list.iter().any(|listed| listed.as_str().trim().eq_ignore_ascii_case(name.as_str()))
        };
        self.rows.values().chain([&self.other]).filter(|name| !has(name)).collect()
    }
}

impl FromStr for DispositionTable {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim() {
            "listed" => return Ok(Self::default()),
            "general" => return Ok(Self::general()),
            "one-to-one" => return Ok(Self::one_to_one()),
            _ => {}
        }
        let expected = || {
            Invalid::new(VARIABLE, "expected listed, general, one-to-one or CODE=Name, …, *=Name")
        };
        let mut table = Self::general();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (code, name) = part.split_once('=').ok_or_else(expected)?;
            let (code, name) = (code.trim(), name.trim());
            if code.is_empty() || name.is_empty() || name.chars().count() > 250 {
                return Err(expected());
            }
            if code.eq_ignore_ascii_case(CALLBACK) && name.eq_ignore_ascii_case("Not Interested") {
                let reason = "files a caller who wants to be called back as not interested";
                return Err(Invalid::new(VARIABLE, reason));
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

    fn list(names: &[&str]) -> Vec<DispositionName> {
        names.iter().map(|name| DispositionName::from(*name)).collect()
    }

    fn map(
        table: &DispositionTable,
        codes: &[&str],
        list: Option<&[DispositionName]>,
    ) -> Vec<String> {
        codes.iter().map(|code| table.of(code, list).to_string()).collect()
    }

    const KNOWN: [&str; 6] = [
        "APPOINTMENT_BOOKED",
        "FOLLOW_UP_SCHEDULED",
        "INFO_PROVIDED",
        "WRONG_NUMBER",
        "NO_ANSWER",
        "NOT_INTERESTED",
    ];
    const NAMES: [&str; 6] = [
        "Appointment Booked",
        "Follow Up",
        "Info Provided",
        "Wrong Number",
        "No Answer",
        "Not Interested",
    ];

    #[test]
    fn each_code_has_its_disposition_only_where_the_list_names_it() {
        let table = DispositionTable::default();
        assert_eq!(map(&table, &KNOWN, Some(&list(&NAMES))), NAMES);
        assert_eq!(map(&table, &KNOWN, None), ["General Enquiry"; 6], "unproven");
        assert_eq!(map(&table, &KNOWN, Some(&[])), ["General Enquiry"; 6], "empty");
        let some = list(&[" follow up ", "Sale"]);
        assert_eq!(
            map(&table, &["follow_up_scheduled", "NO_ANSWER", "Follow Up", "X"], Some(&some)),
            [" follow up ", "General Enquiry", " follow up ", "General Enquiry"]
        );
        assert_eq!(table.unlisted(&list(&NAMES)), [&DispositionName::from("General Enquiry")]);
    }

    #[test]
    fn a_caller_who_wants_to_be_called_back_is_never_filed_as_not_interested() {
        let names = list(&NAMES);
        for text in ["listed", "general", "one-to-one"] {
            let table: DispositionTable = text.parse().unwrap();
            assert_eq!(table.of(CALLBACK, Some(&names)).as_str(), GENERAL, "{text}");
        }
        let refused = "callback_requested = not interested".parse::<DispositionTable>();
        assert_eq!(refused.unwrap_err().field(), VARIABLE);
    }

    #[test]
    fn general_is_general() {
        let table: DispositionTable = "general".parse().unwrap();
        assert_eq!(map(&table, &KNOWN, Some(&list(&NAMES))), ["General Enquiry"; 6]);
        assert_eq!(map(&table, &["SOMETHING_ELSE", "Follow Up"], None), ["General Enquiry"; 2]);
    }

    #[test]
    fn one_to_one_does_not_ask_the_list() {
        let table: DispositionTable = "one-to-one".parse().unwrap();
        assert_eq!(map(&table, &KNOWN, None), NAMES);
        assert_eq!(map(&table, &NAMES, None), NAMES, "a disposition stays itself");
        assert_eq!(
            map(&table, &[" no_answer ", "WHATEVER"], None),
            ["No Answer", "General Enquiry"]
        );
    }

    #[test]
    fn a_table_of_ones_own() {
        let table: DispositionTable =
            "NO_ANSWER = Not reached, callback_requested=Follow Up, * = Other".parse().unwrap();
        let codes = ["NO_ANSWER", "CALLBACK_REQUESTED", "INFO_PROVIDED", "Follow Up"];
        assert_eq!(map(&table, &codes, None), ["Not reached", "Follow Up", "Other", "Follow Up"]);
        for text in ["NO_ANSWER", "=x", "NO_ANSWER="] {
            assert_eq!(text.parse::<DispositionTable>().unwrap_err().field(), VARIABLE, "{text}");
        }
    }
}
