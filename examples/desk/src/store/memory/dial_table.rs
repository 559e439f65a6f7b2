//! The rows of the dial ledger, in memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::answer::AskedLeg;
use crate::core::caller::agent_key;
use crate::core::dial::{DialEntry, IMPLICIT_KEY_MS, LedgerView};
use crate::store::dials::DialWrite;
use crate::store::error::StoreError;

#[derive(Debug, Default)]
pub(super) struct DialTable {
    pub(super) rows: BTreeMap<String, DialEntry>,
    pub(super) holders: BTreeMap<String, String>,
    /// Dials and legs whose INVITE has come.
    pub(super) rung: BTreeSet<String>,
    pub(super) legs: BTreeMap<String, (String, AskedLeg)>,
}

impl DialTable {
    pub(super) fn check(&self, write: &DialWrite) -> Result<(), StoreError> {
        let same = self.rows.get(&write.entry.id).is_some_and(|row| row.state == write.from);
        if same { Ok(()) } else { Err(StoreError::Conflict("dial")) }
    }

    pub(super) fn write(&mut self, write: DialWrite) {
        let known = self.rows.get(&write.entry.id).and_then(|row| row.ucid);
        let entry = DialEntry { ucid: write.entry.ucid.or(known), ..write.entry };
        self.rows.insert(entry.id.clone(), entry);
    }

    pub(super) fn release(&mut self, id: &str) {
        if let Some(row) = self.rows.get_mut(id).filter(|row| !row.state.is_undecided()) {
            row.is_open = false;
        }
    }

    pub(super) fn ledger(
        &self,
        new: &DialEntry,
        heard: impl Fn(&str) -> Option<i64>,
        at: i64,
    ) -> LedgerView {
        let mut rows: Vec<&DialEntry> = self.rows.values().collect();
        rows.sort_by_key(|row| row.asked_ms);
        let mine = |row: &&&DialEntry| agent_key(&row.agent) == agent_key(&new.agent);
        let since = at.saturating_sub(IMPLICIT_KEY_MS);
        let same_number = |row: &&&DialEntry| {
            mine(row)
                && row.number_key == new.number_key
                && !row.is_explicit
                && (row.is_open || row.asked_ms > since)
        };
        let open = rows.iter().find(|row| mine(row) && row.is_open).map(|row| (*row).clone());
        let ucid = open.as_ref().and_then(|open| open.ucid);
        LedgerView {
            same_key: rows
                .iter()
                .find(|row| row.user == new.user && row.key == new.key)
                .map(|row| (*row).clone()),
            same_number: rows.iter().rfind(same_number).map(|row| (*row).clone()),
            open_heard_ms: ucid.and_then(|ucid| heard(ucid.as_str())),
            open,
        }
    }

    pub(super) fn sorted(&self, fits: impl Fn(&DialEntry) -> bool) -> Vec<DialEntry> {
        let mut rows: Vec<DialEntry> =
            self.rows.values().filter(|row| fits(row)).cloned().collect();
        rows.sort_by_key(|row| (row.asked_ms, row.id.clone()));
        rows
    }
}
