//! Where a row is found by another of its fields.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// An index by a hash that has no seed of its own: two runs of one story leave the same bytes.
pub(super) type Index<K, V> = HashMap<K, V, FixedState>;
