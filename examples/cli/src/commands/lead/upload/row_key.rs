//! By what a row is known again.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use ozonetel_sdk::types::{NumberKey, PhoneNumber};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A digest of a number, however it is written, in the first eight bytes, and one of the row's other cells in the last
/// four: rows of one number are leads of their own, and are told apart by what else they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct RowKey([u8; 12]);

/// A row as it is sent.
#[derive(Debug, Clone)]
pub(super) struct SentRow<'r> {
    pub(super) number: &'r str,
    /// The cells but that, with their headers, in the order of the headers.
    pub(super) cells: Vec<(&'r str, &'r str)>,
}

impl RowKey {
    /// The key of a row that has so many equal ones before it.
    pub(super) fn of(row: &SentRow<'_>, before: u32) -> Self {
        let mut number = Sha256::new();
        if let Some(key) = PhoneNumber::from(row.number).key() {
            number.update([1]);
            number.update(key.to_canonical());
        } else {
            number.update([0]);
            number.update(row.number);
        }
        let mut content = Sha256::new();
        for text in row.cells.iter().flat_map(|(header, cell)| [header, cell]) {
            content.update((text.len() as u64).to_be_bytes());
            content.update(text);
        }
        content.update(before.to_be_bytes());
        let digest = number.finalize().into_iter().take(NUMBER).chain(content.finalize());
        Self::kept(digest)
    }

    /// By what the version that told rows of one number apart by their order alone knew such a row.
    pub(super) fn of_an_earlier_version(number: &str, before: u32) -> Self {
        let mut hash = Sha256::new();
        let key = PhoneNumber::from(number).key();
        if let Some(digits) = key.as_ref().and_then(NumberKey::indian_digits) {
            hash.update(digits);
        } else if key.is_some() {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            hash.update(digits.trim_start_matches('0'));
        } else {
            hash.update(number);
        }
        hash.update([0]);
        hash.update(before.to_be_bytes());
        Self::kept(hash.finalize().into_iter())
    }

    fn kept(digest: impl Iterator<Item = u8>) -> Self {
        let mut kept = [0; 12];
        for (kept, byte) in kept.iter_mut().zip(digest) {
            *kept = byte;
        }
        Self(kept)
    }

    /// What the rows of one number have in common.
    pub(super) fn number(self) -> [u8; NUMBER] {
        let [number @ .., _, _, _, _] = self.0;
        number
    }

    /// The keys of the rows of a file, in their order; no two are the same.
    pub(super) fn all<'r>(rows: impl Iterator<Item = SentRow<'r>>) -> Vec<Self> {
        let (mut equal, mut given) = (HashMap::<Self, u32>::new(), HashSet::new());
        let key = |row: SentRow<'r>| {
            let before = equal.entry(Self::of(&row, 0)).or_default();
            loop {
                let key = Self::of(&row, *before);
                *before += 1;
                // Rows of different content have the same four bytes once in thousands of millions.
                if given.insert(key) {
                    return key;
                }
            }
        };
        rows.map(key).collect()
    }
}

/// How many bytes of a key are the number's.
const NUMBER: usize = 8;

impl From<RowKey> for String {
    fn from(RowKey(bytes): RowKey) -> Self {
        bytes.iter().fold(Self::new(), |mut text, byte| {
            // A text takes all that is written.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl TryFrom<String> for RowKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "a row is 24 hexadecimal digits";
        let mut bytes = [0; 12];
        if text.len() != 24 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(EXPECTED);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2).ok_or(EXPECTED)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| EXPECTED)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'r>(number: &'r str, name: &'r str) -> SentRow<'r> {
        SentRow { number, cells: vec![("Name", name)] }
    }

    #[test]
    fn a_row_is_known_by_its_number_however_that_is_written_and_by_its_cells() {
        let rows = [
            row("9000000001", "A B"),
            row("+91 90000 00001", "A B"),
            row("9000000001", "C D"),
            row("9000000002", "A B"),
        ];
        let keys = RowKey::all(rows.iter().cloned());
        assert_eq!(keys[0], RowKey::of(&row("00919000000001", "A B"), 0));
        assert_eq!(keys[1], RowKey::of(&rows[0], 1), "an equal row is a lead of its own");
        assert_eq!(keys[2], RowKey::all([rows[2].clone()].into_iter())[0], "wherever it is");
        assert!(keys[..3].iter().all(|key| key.number() == keys[0].number()));
        assert!(keys[3].number() != keys[0].number());
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 4);
        let shifted = SentRow { number: "9000000001", cells: vec![("Nam", "eA B")] };
        assert!(RowKey::of(&shifted, 0) != keys[0]);
        // What is on disk has to be understood by every later version.
        let text = String::from(keys[0]);
        assert_eq!(text, "58dd95787f5f216d7cfe2ad1");
        let earlier = RowKey::of_an_earlier_version("+91 90000 00001", 1);
        assert_eq!(String::from(earlier), "0bea3eb13bb7320baddd21ff");
        assert_eq!(RowKey::try_from(text), Ok(keys[0]));
        for bad in ["", "zz", "é"] {
            assert!(RowKey::try_from(bad.repeat(12)).is_err());
        }
    }

    #[test]
    fn numbers_of_different_plans_are_different_however_alike_their_digits_are() {
        #[derive(Deserialize)]
        struct Table {
            pair: Vec<Pair>,
        }
        #[derive(Deserialize)]
        struct Pair {
            one: String,
            other: String,
            same: bool,
        }
        let text = include_str!("../../../../../../fixtures/same_number.toml");
        let table: Table = toml::from_str(text).unwrap();
        let number = |text: &str| RowKey::of(&row(text, ""), 0).number();
        for Pair { one, other, same } in table.pair.iter().filter(|pair| pair.one != pair.other) {
            assert_eq!(number(one) == number(other), *same, "{one:?} and {other:?}");
        }
        for (one, other) in [
            ("+65 9000 0000", "6590000000"),
            ("+47 9000 0000", "4790000000"),
            ("+45 9000 0000", "4590000000"),
            ("012345678", "12345678"),
        ] {
            assert!(number(one) != number(other), "{one} and {other}");
        }
    }
}
