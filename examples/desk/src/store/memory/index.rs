//! Where a row is found by another of its fields.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// How many parts an index has. One that is full is copied while everyone waits: a part of it, and not all at once.
const PARTS: u64 = 64;

/// An index by a hash that has no seed of its own: two runs of one story leave the same bytes.
pub(super) struct Index<K, V> {
    /// None until something is in it.
    parts: Vec<HashMap<K, V, FixedState>>,
}

/// Keys that are used up, by the same hash.
pub(super) type KeySet<K> = Index<K, ()>;

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self { parts: Vec::new() }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Index<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.parts.iter().flatten()).finish()
    }
}

/// The number of a key's part. A part finds its keys by the bits at both ends of the same hash: these are others.
fn part_of<Q: Hash + ?Sized>(key: &Q) -> usize {
    let hash = FixedState::default().hash_one(key);
    usize::try_from((hash >> 40) % PARTS).unwrap_or_default()
}

impl<K: Eq + Hash, V> Index<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.parts.get(part_of(key))?.get(key)
    }

    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.parts.get_mut(part_of(key))?.get_mut(key)
    }

    pub(super) fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The value that was there before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.parts.is_empty() {
            self.parts = (0..PARTS).map(|_| HashMap::default()).collect();
        }
        self.parts.get_mut(part_of(&key))?.insert(key, value)
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.parts.get_mut(part_of(key))?.remove(key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().flat_map(HashMap::values)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.parts.iter_mut().flat_map(HashMap::values_mut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_key_in_whichever_part() {
        let mut index = Index::<String, u32>::default();
        assert!(index.get("1").is_none() && index.remove("1").is_none());
        for n in 0..1_000 {
            assert_eq!(index.insert(n.to_string(), n), None);
        }
        assert!(index.parts.iter().all(|part| (1..60).contains(&part.len())));
        assert!((0..1_000).all(|n| index.get(&n.to_string()) == Some(&n)));
        assert_eq!((index.insert("7".to_owned(), 8), index.remove("9")), (Some(7), Some(9)));
        assert!(index.contains_key("7") && !index.contains_key("9"));
        assert_eq!((index.values().count(), index.get_mut("7")), (999, Some(&mut 8)));
    }
}
