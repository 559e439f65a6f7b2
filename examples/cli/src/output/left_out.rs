//! Fields that have no column.

use std::collections::BTreeSet;

use crate::mask::shortened;
use crate::notes::note;

/// So many are told by name.
const MOST: usize = 20;

/// Fields that have no column, of which the first are told once each: a service that sends a new name in each row fills
/// neither the memory nor the terminal.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(BTreeSet<String>);

impl LeftOut {
    /// Notes a field, the last time with what is not said any more.
    pub(crate) fn note(&mut self, name: &str, text: impl FnOnce(&str) -> String) {
        if let Some(text) = self.told(name, text) {
            note(&text);
        }
    }

    fn told(&mut self, name: &str, text: impl FnOnce(&str) -> String) -> Option<String> {
        if self.0.len() >= MOST || self.0.contains(name) {
            return None;
        }
        self.0.insert(name.to_owned());
        let rest = if self.0.len() == MOST { ", and so are any further ones" } else { "" };
        Some(format!("{}{rest}", text(&shortened(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_without_end_are_neither_all_told_nor_all_kept() {
        let mut left_out = LeftOut::default();
        let mut told = |name: &str| left_out.told(name, |name| format!("{name}, left out"));
        assert_eq!(told("a\u{1b}b 9000000001").as_deref(), Some("a b …01, left out"));
        assert_eq!(told("a\u{1b}b 9000000001"), None);
        let all: Vec<String> = (0..1000).filter_map(|n| told(&format!("New{n}"))).collect();
        assert_eq!(all.len(), MOST - 1);
        assert!(all[MOST - 2].ends_with(", left out, and so are any further ones"), "{all:?}");
        assert_eq!(left_out.0.len(), MOST);
    }
}
