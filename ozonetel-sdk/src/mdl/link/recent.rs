//! Pushes that are sent twice.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::mdl::token::Token;
use crate::types::ids::Ucid;

/// Pushes that are remembered.
const RECENT: usize = 64;

/// The last pushes about calls that were answered or dropped.
#[derive(Debug, Default)]
pub(super) struct RecentPushes(VecDeque<SeenPush>);

#[derive(Debug)]
struct SeenPush {
    ucid: Ucid,
    answered: bool,
    /// What was in it, but for its `utid`.
    print: u64,
}

impl RecentPushes {
    /// Whether the same was there before; if not, it is from now on. Only pushes about a call that has an id can be
    /// distinguished from two that look alike. A call that was dropped since can be answered in the same words, by
    /// another leg.
    pub(super) fn has(&mut self, token: &Token, answered: bool) -> bool {
        let Some(ucid) = token.ucid() else { return false };
        let mut hasher = DefaultHasher::new();
        for (name, value) in token.fields().iter().filter(|(name, _)| *name != "utid") {
            (name, value.to_string()).hash(&mut hasher);
        }
        let print = hasher.finish();
        if self.0.iter().any(|seen| seen.ucid == ucid && seen.print == print) {
            return true;
        }
        self.0.retain(|seen| seen.ucid != ucid || seen.answered == answered);
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(SeenPush { ucid, answered, print });
        false
    }
}
