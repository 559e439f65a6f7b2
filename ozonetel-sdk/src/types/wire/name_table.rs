//! Finding a field by its name in one step, instead of comparing with one name after the other.

/// As many as a byte has values, with room to spare for every record: the emptier, the fewer names share a place.
const SLOTS: usize = 256;

const FREE: u8 = u8::MAX;

/// Names and what they stand for.
pub(crate) struct NameTable<F: 'static> {
    names: &'static [(&'static str, F)],
    slots: [u8; SLOTS],
}

impl<F: Copy> NameTable<F> {
    /// Made at compile time.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "at compile time, and fewer than 255"
    )]
    pub(crate) const fn of(names: &'static [(&'static str, F)]) -> Self {
        assert!(names.len() < FREE as usize, "too many names for the table");
        let mut slots = [FREE; SLOTS];
        let mut at = 0;
        while at < names.len() {
            let mut place = slot(names[at].0.as_bytes());
            while slots[place as usize] != FREE {
                place = place.wrapping_add(1);
            }
            slots[place as usize] = at as u8;
            at += 1;
        }
        Self { names, slots }
    }

    /// What a name stands for; of one that is twice in the table the first.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<F> {
        let mut place = slot(name.as_bytes());
        loop {
            // A free slot ends the search, and its number is beyond the names.
            let (known, found) =
                self.names.get(usize::from(*self.slots.get(usize::from(place))?))?;
            if *known == name {
                return Some(*found);
            }
            place = place.wrapping_add(1);
        }
    }
}

/// Where a name's search begins.
#[inline]
const fn slot(name: &[u8]) -> u8 {
    let (first, last) = match name {
        [first, .., last] => (*first, *last),
        [only] => (*only, 0),
        [] => (0, 0),
    };
    let mixed =
        (name.len() << 16 | (first as usize) << 8 | last as usize).wrapping_mul(0x9E37_79B1);
    mixed.to_le_bytes()[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of these begin in the same place.
    static TABLE: NameTable<u8> =
        NameTable::of(&[("abc", 1), ("azc", 2), ("a-c", 3), ("", 4), ("é", 5), ("abc", 6)]);

    #[test]
    fn names_that_share_a_place_are_distinguished() {
        for (name, found) in [("abc", 1), ("azc", 2), ("a-c", 3), ("", 4), ("é", 5)] {
            assert_eq!(TABLE.find(name), Some(found), "{name}");
        }
        for name in ["aXc", "Abc", "ab", "abcd", "c", "ABC"] {
            assert_eq!(TABLE.find(name), None, "{name}");
        }
    }

    #[test]
    fn every_field_of_a_call_is_found_and_nothing_else() {
        use crate::api::cdr::CallRecord;
        static FULL: NameTable<()> = NameTable::of(&[("x", ()); 254]);
        assert_eq!((FULL.find("x"), FULL.find("y")), (Some(()), None));
        for name in CallRecord::FIELDS {
            let row: CallRecord = serde_json::from_str(&format!("{{\"{name}\":null}}")).unwrap();
            assert!(row.extra.is_empty(), "{name}");
            let other = format!("{{\"{name}x\":null,\"{}\":null}}", name.to_lowercase());
            let row: CallRecord = serde_json::from_str(&other).unwrap();
            assert_eq!(row.extra.0.len(), 2, "{name}");
        }
    }
}
