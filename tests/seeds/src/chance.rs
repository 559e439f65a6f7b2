//! Chance that depends on the seed and on what it is for, not on what was drawn before: a shorter story has the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A generator for one purpose.
#[derive(Debug)]
pub(crate) struct Chance(SmallRng);

impl Chance {
    pub(crate) fn of(seed: u64, purpose: impl Hash) -> Self {
        // Without keys of its own, the hasher gives the same for the same.
        let mut hasher = DefaultHasher::new();
        (seed, purpose).hash(&mut hasher);
        Self(SmallRng::seed_from_u64(hasher.finish()))
    }

    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.random_range(range)
    }

    pub(crate) fn percent(&mut self, share: u64) -> bool {
        self.0.random_range(0..100) < share
    }

    pub(crate) fn one_of<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.get(self.0.random_range(0..list.len().max(1)))
    }
}
