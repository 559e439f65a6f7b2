//! Where a row is found by another of its fields.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

/// An index by a hash that has no seed of its own: two runs of one story leave the same bytes.
pub(super) type Index<K, V> = HashMap<K, V, FixedState>;

/// Keys that are used up, by the same hash.
pub(super) type KeySet<K> = HashSet<K, FixedState>;
