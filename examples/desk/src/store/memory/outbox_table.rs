//! The rows of the outbox, in memory.

use std::collections::BTreeMap;

use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use crate::store::error::StoreError;
use crate::store::outbox::OutboxWrite;

#[derive(Debug, Default)]
pub(super) struct OutboxTable {
    pub(super) rows: BTreeMap<String, OutboxEntry>,
}

impl OutboxTable {
    pub(super) fn check(&self, write: &OutboxWrite) -> Result<(), StoreError> {
        let OutboxWrite::Result(entry) = write else { return Ok(()) };
        let latest = self.rows.get(&entry.id).is_some_and(|row| row.attempt == entry.attempt);
        if latest { Ok(()) } else { Err(StoreError::Conflict("outbox entry")) }
    }

    pub(super) fn write(&mut self, write: OutboxWrite) {
        match write {
            OutboxWrite::Result(entry) => {
                self.rows.insert(entry.id.clone(), entry);
            }
            OutboxWrite::Put(entry) => {
                let same = |row: &&mut OutboxEntry| row.is_about_the_same(&entry);
                match self.rows.values_mut().find(same) {
                    Some(row) if row.state.gives_way() => {
                        let attempt = row.attempt + entry.attempt;
                        let may_have_arrived = row.may_have_arrived;
                        let id = row.id.clone();
                        *row = OutboxEntry { id, attempt, may_have_arrived, ..entry };
                    }
                    Some(_) => {}
                    None => {
                        self.rows.insert(entry.id.clone(), entry);
                    }
                }
            }
            OutboxWrite::Complete(entry) => {
                let same = |row: &&mut OutboxEntry| row.is_about_the_same(&entry);
                match self.rows.values_mut().find(same) {
                    Some(row) if row.payload != entry.payload => {
                        let (id, attempt) = (row.id.clone(), row.attempt + 1);
                        let may_have_arrived = row.may_have_arrived;
                        *row = OutboxEntry { id, attempt, may_have_arrived, ..entry };
                    }
                    Some(_) => {}
                    None => {
                        self.rows.insert(entry.id.clone(), entry);
                    }
                }
            }
        }
    }

    pub(super) fn absorb(&mut self, id: &str, other: &str) {
        self.join_platform(id, other);
        let taken: Vec<_> = self
            .rows
            .values()
            .filter(|row| row.call == id)
            .map(|row| (row.target, row.kind.clone(), row.agent.clone()))
            .collect();
        let free = |row: &&mut OutboxEntry| {
            row.call == other && !taken.contains(&(row.target, row.kind.clone(), row.agent.clone()))
        };
        self.rows.values_mut().filter(free).for_each(|row| id.clone_into(&mut row.call));
    }

    pub(super) fn clear_notes(&mut self, id: &str) {
        let settled = |row: &&mut OutboxEntry| {
            let is_over = row.state != OutboxState::Pending;
            row.call == id && (is_over || row.target == OutboxTarget::Platform)
        };
        for row in self.rows.values_mut().filter(settled) {
            if let Some(fields) = row.payload.as_object_mut() {
                fields.remove("notes");
            }
        }
    }

    /// Of the platform's record there is one: it counts the attempts of both.
    fn join_platform(&mut self, id: &str, other: &str) {
        let of_platform = |row: &OutboxEntry| row.target == OutboxTarget::Platform;
        let others: Vec<_> = self
            .rows
            .values()
            .filter(|row| of_platform(row) && row.call == other)
            .map(|row| (row.id.clone(), row.kind.clone(), row.attempt))
            .collect();
        for (double, kind, attempt) in others {
            let mine =
                |row: &&mut OutboxEntry| of_platform(row) && row.call == id && row.kind == kind;
            if let Some(row) = self.rows.values_mut().find(mine) {
                row.attempt += attempt;
                self.rows.remove(&double);
            }
        }
    }

    pub(super) fn claim(&mut self, id: &str, until: i64) -> Option<OutboxEntry> {
        let row = self.rows.get_mut(id)?;
        *row = row.clone().taken(until);
        Some(row.clone())
    }

    pub(super) fn sorted(&self, fits: impl Fn(&OutboxEntry) -> bool) -> Vec<OutboxEntry> {
        let mut rows: Vec<OutboxEntry> =
            self.rows.values().filter(|row| fits(row)).cloned().collect();
        rows.sort_by_key(|row| (row.created_ms, row.id.clone()));
        rows
    }
}
