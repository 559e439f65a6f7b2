//! By what a row is known again.

use std::collections::HashMap;
use std::fmt::Write as _;

use ozonetel_sdk::types::{NumberKey, PhoneNumber};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A digest of a number, however it is written, and of how many rows before it have that number: a file that names a
/// number twice has two leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct RowKey([u8; 12]);

impl RowKey {
    pub(super) fn of(number: &str, before: u32) -> Self {
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
        let digest: [u8; 32] = hash.finalize().into();
        let mut kept = [0; 12];
        for (kept, byte) in kept.iter_mut().zip(digest) {
            *kept = byte;
        }
        Self(kept)
    }

    /// The keys of rows with these numbers, in the order of their file.
    pub(super) fn all<'n>(numbers: impl Iterator<Item = &'n str>) -> Vec<Self> {
        let mut seen: HashMap<Self, u32> = HashMap::new();
        let key = |number: &str| {
            let before = seen.entry(Self::of(number, 0)).or_default();
            *before += 1;
            Self::of(number, *before - 1)
        };
        numbers.map(key).collect()
    }
}

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

    #[test]
    fn a_row_is_known_by_its_number_however_that_is_written() {
        let numbers = ["9000000001", "+91 90000 00001", "9000000002"];
        let keys = RowKey::all(numbers.into_iter());
        assert_eq!(keys[0], RowKey::of("00919000000001", 0));
        assert_eq!(keys[1], RowKey::of("9000000001", 1));
        assert_eq!(RowKey::of("+1 202 555 0100", 0), RowKey::of("0012025550100", 0));
        assert!(keys[0] != keys[1] && keys[2] == RowKey::of("9000000002", 0));
        let text = String::from(keys[0]);
        assert_eq!(RowKey::try_from(text), Ok(keys[0]));
        for bad in ["", "zz", "é"] {
            assert!(RowKey::try_from(bad.repeat(12)).is_err());
        }
    }
}
