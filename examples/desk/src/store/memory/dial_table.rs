//! The rows of the dial ledger, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ozonetel_sdk::types::AgentId;

use super::index::Index;
use crate::core::answer::AskedLeg;
use crate::core::caller::agent_key;
use crate::core::dial::{DialEntry, IMPLICIT_KEY_MS, LedgerView};
use crate::store::dials::DialWrite;
use crate::store::error::StoreError;

#[derive(Debug, Default)]
pub(super) struct DialTable {
    /// Boxed: an index that grows copies what is in it, and everyone waits for it.
    pub(super) rows: Index<Arc<str>, Box<DialEntry>>,
    pub(super) holders: Index<Arc<str>, String>,
    /// Dials and legs whose INVITE has come.
    pub(super) rung: BTreeSet<String>,
    pub(super) legs: BTreeMap<String, (String, AskedLeg)>,
    /// The rows of an agent, of a user's request, of a reference.
    of_agent: Index<String, Vec<Arc<str>>>,
    of_request: Index<String, Index<String, Arc<str>>>,
    of_reference: Index<String, Arc<str>>,
}

impl DialTable {
    pub(super) fn check(&self, write: &DialWrite) -> Result<(), StoreError> {
        let same = self.rows.get(&*write.entry.id).is_some_and(|row| row.state == write.from);
        if same { Ok(()) } else { Err(StoreError::Conflict("dial")) }
    }

    /// A row that is new, and the desk that sends its dial.
    pub(super) fn insert(&mut self, row: DialEntry, holder: &str) {
        let id: Arc<str> = row.id.as_str().into();
        let agent = agent_key(&row.agent);
        match self.of_agent.get_mut(&agent) {
            Some(ids) => ids.push(Arc::clone(&id)),
            None => drop(self.of_agent.insert(agent, vec![Arc::clone(&id)])),
        }
        if row.is_explicit && !self.of_request.contains_key(&row.user) {
            self.of_request.insert(row.user.clone(), Index::default());
        }
        if row.is_explicit
            && let Some(of_user) = self.of_request.get_mut(&row.user)
        {
            of_user.insert(row.key.clone(), Arc::clone(&id));
        }
        self.of_reference.insert(row.reference.clone(), Arc::clone(&id));
        self.holders.insert(Arc::clone(&id), holder.to_owned());
        self.rows.insert(id, Box::new(row));
    }

    pub(super) fn of_agent(&self, agent: &AgentId) -> impl Iterator<Item = &DialEntry> {
        let ids = self.of_agent.get(&agent_key(agent)).into_iter().flatten();
        ids.filter_map(|id| self.rows.get(id)).map(AsRef::as_ref)
    }

    pub(super) fn of_request(&self, user: &str, key: &str) -> Option<&DialEntry> {
        self.rows.get(self.of_request.get(user)?.get(key)?).map(AsRef::as_ref)
    }

    pub(super) fn of_reference(&self, reference: &str) -> Option<&DialEntry> {
        self.rows.get(self.of_reference.get(reference)?).map(AsRef::as_ref)
    }

    pub(super) fn write(&mut self, write: DialWrite) {
        if let Some(row) = self.rows.get_mut(&*write.entry.id) {
            **row = DialEntry { ucid: write.entry.ucid.or(row.ucid), ..write.entry };
        }
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
        let mut mine: Vec<&DialEntry> = self.of_agent(&new.agent).collect();
        mine.sort_by_key(|row| row.asked_ms);
        let since = at.saturating_sub(IMPLICIT_KEY_MS);
        let same_number = |row: &&&DialEntry| {
            row.number_key == new.number_key
                && !row.is_explicit
                && (row.is_open || row.asked_ms > since)
        };
        let open = mine.iter().find(|row| row.is_open).map(|row| (*row).clone());
        let ucid = open.as_ref().and_then(|open| open.ucid);
        LedgerView {
            same_key: self.of_request(&new.user, &new.key).cloned(),
            same_number: mine.iter().rfind(same_number).map(|row| (*row).clone()),
            open_heard_ms: ucid.and_then(|ucid| heard(ucid.as_str())),
            open,
            ..LedgerView::default()
        }
    }

    pub(super) fn sorted(&self, fits: impl Fn(&DialEntry) -> bool) -> Vec<DialEntry> {
        let mut rows: Vec<DialEntry> =
            self.rows.values().map(AsRef::as_ref).filter(|row| fits(row)).cloned().collect();
        rows.sort_by_key(|row| (row.asked_ms, row.id.clone()));
        rows
    }
}
