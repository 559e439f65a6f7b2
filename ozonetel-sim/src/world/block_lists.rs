//! Groups of blocked numbers.

use std::collections::BTreeMap;

/// Groups at most; the oldest goes.
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

impl BlockLists {
    /// Creates a group of blocked numbers; its id.
    pub fn add(&mut self, name: &str, numbers: Vec<String>) -> u64 {
        let id = self.0.keys().last().map_or(20, |last| last + 1);
        self.0.insert(id, BlockGroup { name: name.to_owned(), numbers });
        if self.0.len() > KEPT {
            self.0.pop_first();
        }
        id
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
        let id = lists.add("x", vec!["9000000001".into()]);
        assert!(lists.is_blocked("9000000001") && lists.get_mut(id + 1).is_none());
        assert!(lists.unblock("9000000001") && !lists.unblock("9000000001"));
    }
}
