//! What the answer to an upload says of its rows. The list of the older path is documented with one entry per row; what
//! the current one answers is not. So nothing is taken for a success or a refusal but a word that some source shows, and
//! an entry counts for the row that it names.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::core::call::{RowOutcome, RowResult};
use crate::core::envelope::is_success_word;
use crate::core::reason;
use crate::types::phone::{NumberKey, PhoneNumber};
use crate::types::wire::SensitiveText;

/// The text for a number that is there already, on the page of the single lead.
pub(super) const ALREADY_THERE: &str = "Number Already Exist";

/// An entry of an answer.
pub(super) struct RowAnswer {
    number: Option<NumberKey>,
    /// The row, counted from 0.
    index: Option<usize>,
    outcome: RowOutcome,
}

impl RowAnswer {
    /// An entry, with what it names its row by.
    pub(super) fn new(
        number: Option<&PhoneNumber>,
        index: Option<u32>,
        outcome: RowOutcome,
    ) -> Self {
        let index = index.and_then(|index| usize::try_from(index).ok());
        Self { number: number.and_then(PhoneNumber::key), index, outcome }
    }
}

/// What a word says, and the text beside it.
pub(super) fn outcome(word: Option<&str>, says: Option<&SensitiveText>) -> RowOutcome {
    let word = word.unwrap_or_default().trim();
    let text = || says.cloned().or_else(|| (!word.is_empty()).then(|| word.into()));
    match is_success_word(word) {
        Some(true) => return RowOutcome::Taken,
        Some(false) => return RowOutcome::Refused(text().unwrap_or_default()),
        None => {}
    }
    let updated = ["Successfully Updated", "Successfully Updated, {} was started"];
    if updated.into_iter().any(|known| reason::matches(known, word)) {
        return RowOutcome::Taken;
    }
    let refuses = |text: &str| {
        text.trim().eq_ignore_ascii_case(ALREADY_THERE) || reason::documented(text).is_some()
    };
    match text() {
        Some(says) if refuses(word) || refuses(says.as_str()) => RowOutcome::Refused(says),
        other => RowOutcome::Unknown(other),
    }
}

/// The rows that were not certainly taken, counted from 1. An answer without entries says nothing of single rows. Entries
/// that cannot all be told to be of rows of this upload leave every row unknown.
pub(super) fn not_taken(rows: &[Option<NumberKey>], answers: Vec<RowAnswer>) -> Vec<RowResult> {
    if answers.is_empty() {
        return Vec::new();
    }
    let places = by_index(rows, &answers)
        .or_else(|| by_number(rows, &answers))
        .or_else(|| by_place(rows, &answers));
    let mut outcomes = vec![RowOutcome::Unknown(None); rows.len()];
    for (place, answer) in places.unwrap_or_default().into_iter().zip(answers) {
        if let Some(outcome) = outcomes.get_mut(place) {
            *outcome = answer.outcome;
        }
    }
    let results = outcomes.into_iter().enumerate();
    let results = results.filter(|(_, outcome)| *outcome != RowOutcome::Taken);
    results.map(|(at, outcome)| RowResult::new(at + 1, outcome)).collect()
}

/// Where each entry says its row is, if none contradicts its number and no two name one row.
fn by_index(rows: &[Option<NumberKey>], answers: &[RowAnswer]) -> Option<Vec<usize>> {
    let places: Vec<usize> = answers.iter().map(|answer| answer.index).collect::<Option<_>>()?;
    let all: BTreeSet<&usize> = places.iter().collect();
    (all.len() == places.len() && agree(rows, answers, &places)).then_some(places)
}

/// The row of each entry's number; of several with one number, the next.
fn by_number(rows: &[Option<NumberKey>], answers: &[RowAnswer]) -> Option<Vec<usize>> {
    let mut places: HashMap<&NumberKey, VecDeque<usize>> = HashMap::new();
    for (at, number) in rows.iter().enumerate() {
        if let Some(number) = number {
            places.entry(number).or_default().push_back(at);
        }
    }
    let place = |answer: &RowAnswer| places.get_mut(answer.number.as_ref()?)?.pop_front();
    answers.iter().map(place).collect()
}

/// One entry per row, in their order, if none contradicts its number.
fn by_place(rows: &[Option<NumberKey>], answers: &[RowAnswer]) -> Option<Vec<usize>> {
    let places: Vec<usize> = (0..rows.len()).collect();
    (answers.len() == rows.len() && agree(rows, answers, &places)).then_some(places)
}

/// Whether the rows at these places are there and have the entries' numbers, where both can be read.
fn agree(rows: &[Option<NumberKey>], answers: &[RowAnswer], places: &[usize]) -> bool {
    answers.iter().zip(places).all(|(answer, place)| {
        rows.get(*place).is_some_and(|row| match (row, &answer.number) {
            (Some(row), Some(named)) => row == named,
            _ => true,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: &[&str]) -> Vec<Option<NumberKey>> {
        numbers.iter().map(|number| PhoneNumber::from(*number).key()).collect()
    }

    /// What became of rows that were sent, by what an answer says: number and word of each entry.
    fn known(sent: &[&str], said: &[(&str, &str)]) -> Vec<&'static str> {
        let answer = |(number, word): &(&str, &str)| {
            let number = Some(PhoneNumber::from(*number)).filter(|number| number.as_str() != "");
            RowAnswer::new(number.as_ref(), None, outcome(Some(word), None))
        };
        let not_taken = not_taken(&rows(sent), said.iter().map(answer).collect());
        let of = |row: usize| not_taken.iter().find(|result| result.row == row);
        let word = |row: usize| match of(row).map(|result| &result.outcome) {
            None => "taken",
            Some(RowOutcome::Refused(_)) => "refused",
            Some(RowOutcome::Unknown(None)) => "not said",
            Some(RowOutcome::Unknown(Some(_))) => "unknown",
            Some(other) => panic!("{other:?}"),
        };
        (1..=sent.len()).map(word).collect()
    }

    const SENT: [&str; 3] = ["9000000001", "9000000002", "9000000003"];

    #[test]
    fn a_word_that_no_source_shows_is_neither_success_nor_refusal() {
        for (word, want) in [
            ("SuccessFully Updated", "taken"),
            ("Successfully Updated, Progressive was started", "taken"),
            ("success", "taken"),
            (" Queued ", "taken"),
            ("queued successfully", "taken"),
            ("true", "taken"),
            ("fail", "refused"),
            ("Error", "refused"),
            ("Number Already Exist", "refused"),
            ("PhoneNumber Added is a DND Number", "refused"),
            ("Phone Number is Empty!", "refused"),
            ("Accepted for processing", "unknown"),
            ("Not Successfully Updated", "unknown"),
            ("", "not said"),
        ] {
            assert_eq!(known(&["9000000001"], &[("9000000001", word)]), [want], "{word}");
        }
    }

    #[test]
    fn an_entry_counts_for_the_row_that_it_names() {
        let (yes, no) = ("queued", "Number Already Exist");
        // In another order, and written otherwise.
        let said = [("+919000000003", yes), ("9000000001", no), ("09000000002", yes)];
        assert_eq!(known(&SENT, &said), ["refused", "taken", "taken"]);
        // One is left out: what became of it is not said.
        let said = [("9000000001", yes), ("9000000003", no)];
        assert_eq!(known(&SENT, &said), ["taken", "not said", "refused"]);
        // Two rows with one number.
        let said = [("9000000002", yes), ("9000000001", yes), ("9000000002", no)];
        let sent = ["9000000002", "9000000002", "9000000001"];
        assert_eq!(known(&sent, &said), ["taken", "refused", "taken"]);
        // Without numbers, or with numbers that cannot be read, by their places.
        assert_eq!(known(&SENT, &[("", yes), ("", no), ("", yes)]), ["taken", "refused", "taken"]);
        assert_eq!(
            known(&SENT[..2], &[("XXXXXXXX01", yes), ("9000000002", no)]),
            ["taken", "refused"]
        );
    }

    #[test]
    fn entries_that_name_no_row_say_nothing() {
        let yes = "queued";
        let unsaid = ["not said"; 3];
        for said in [
            &[("", yes), ("", yes)][..],
            &[("9000000001", yes), ("9000000002", yes), ("9000000009", yes)],
            &[("9000000001", yes), ("9000000001", yes)],
            &[("", yes), ("", yes), ("", yes), ("", yes)],
        ] {
            assert_eq!(known(&SENT, said), unsaid, "{said:?}");
        }
        assert_eq!(known(&SENT, &[]), ["taken"; 3]);
    }

    #[test]
    fn a_place_that_an_entry_names_counts_unless_its_number_is_another() {
        let said = |said: &[(u32, &str)]| {
            let answer = |(index, number): &(u32, &str)| {
                let number = PhoneNumber::from(*number);
                RowAnswer::new(Some(&number), Some(*index), RowOutcome::Taken)
            };
            let results = not_taken(&rows(&SENT), said.iter().map(answer).collect());
            results.into_iter().map(|result| result.row).collect::<Vec<_>>()
        };
        assert_eq!(said(&[(2, "9000000003"), (0, "")]), [2]);
        // Counted otherwise than documented: by the number.
        assert_eq!(said(&[(1, "9000000001"), (2, "9000000002")]), [3]);
        assert_eq!(said(&[(0, ""), (0, "")]), [1, 2, 3]);
        assert_eq!(said(&[(7, "")]), [1, 2, 3]);
    }
}
