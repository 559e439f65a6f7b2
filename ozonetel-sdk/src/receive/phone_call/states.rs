//! All that was seen of one part of a call: several deliveries of one callback, several readings of one row.

use serde::Serialize;

use super::observation::written;
use crate::types::wire::FillGaps;

/// How many states of one thing are kept.
const KEPT: usize = 64;

/// Which of two states of one thing has more in it.
pub(super) trait Ranked: FillGaps + Serialize + Clone {
    type Rank: Ord;

    fn rank(&self) -> Self::Rank;
}

/// The states of one thing, the fullest first, and all of them in one: every field as the fullest state has it that has
/// it at all, so that a later delivery that lacks a field does not erase it. States that add nothing are not kept.
///
/// The order of the states is total over what is written on the wire. So joining is associative, commutative and
/// idempotent, as long as no more than [`KEPT`] states add something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MergedStates<T> {
    states: Vec<T>,
    whole: T,
}

impl<T: Ranked> MergedStates<T> {
    pub(super) fn of(state: T) -> Self {
        Self { whole: state.clone(), states: vec![state] }
    }

    /// Every field as it is known best.
    pub(super) fn whole(&self) -> &T {
        &self.whole
    }

    /// The states that it is made of.
    pub(super) fn into_states(self) -> Vec<T> {
        self.states
    }

    /// Both in one.
    pub(super) fn join(self, other: Self) -> Self {
        let states = self.states.into_iter().chain(other.states);
        let mut states: Vec<_> =
            states.map(|state| (state.rank(), written(&state), state)).collect();
        states.sort_by(|(a, a_text, _), (b, b_text, _)| (b, b_text).cmp(&(a, a_text)));
        states.dedup_by(|(_, a, _), (_, b, _)| a == b);
        let mut states = states.into_iter().map(|(_, _, state)| state);
        let Some(fullest) = states.next() else {
            return Self { states: vec![], whole: self.whole };
        };
        let mut seen = Self::of(fullest);
        for state in states.take(KEPT * 2) {
            if seen.whole.fill_gaps(&state) && seen.states.len() < KEPT {
                seen.states.push(state);
            }
        }
        seen
    }
}
