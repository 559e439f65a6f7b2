//! Groups of blocked numbers.

use std::collections::BTreeMap;

/// Groups at most, and numbers of one.
const KEPT: usize = 100_000;

/// A group of blocked numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockGroup {
    /// Its name.
    pub name: String,
    /// The numbers.
    pub numbers: Vec<String>,
}

/// All groups, by id.
#[derive(Clone, Debug, Default)]
pub struct BlockLists(BTreeMap<u64, BlockGroup>);

impl BlockGroup {
    /// Adds numbers. False, and none is added, when the group would have too many.
    pub fn extend(&mut self, numbers: &[String]) -> bool {
        let room = self.numbers.len() + numbers.len() <= KEPT;
        if room {
            self.numbers.extend_from_slice(numbers);
        }
        room
    }
}

impl BlockLists {
    /// Creates a group of blocked numbers; its id, or `None` when there are too many groups.
    pub fn add(&mut self, name: &str, numbers: Vec<String>) -> Option<u64> {
        if self.0.len() >= KEPT {
            return None;
        }
        let id = self.0.keys().last().map_or(20, |last| last + 1);
        self.0.insert(id, BlockGroup { name: name.to_owned(), numbers });
        Some(id)
    }

    /// The group of an id.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut BlockGroup> {
        self.0.get_mut(&id)
    }

    /// Whether a number is in any group.
    pub fn is_blocked(&self, number: &str) -> bool {
        self.0.values().any(|group| group.numbers.iter().any(|n| n == number))
    }

    /// Takes a number out of every group. False when it was in none.
    pub fn unblock(&mut self, number: &str) -> bool {
        let mut found = false;
        for group in self.0.values_mut() {
            let before = group.numbers.len();
            group.numbers.retain(|n| n != number);
            found |= group.numbers.len() < before;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_blocked_until_it_is_taken_out() {
        let mut lists = BlockLists::default();
        let id = lists.add("x", vec!["9000000001".into()]).unwrap();
        assert!(lists.is_blocked("9000000001") && lists.get_mut(id + 1).is_none());
        assert!(lists.unblock("9000000001") && !lists.unblock("9000000001"));
    }

    #[test]
    fn what_finds_no_room_is_refused_and_nothing_goes_for_it() {
        let mut group = BlockGroup { name: "x".into(), numbers: vec![String::new(); KEPT - 1] };
        assert!(!group.extend(&["1".into(), "2".into()]) && group.extend(&["1".into()]));
        assert!(!group.extend(&["2".into()]) && group.numbers.len() == KEPT);
        let groups = (1..=KEPT as u64).map(|id| (id, BlockGroup::default()));
        let mut lists = BlockLists(groups.collect());
        assert_eq!(lists.add("x", Vec::new()), None);
        assert!(lists.get_mut(1).is_some());
    }
}
