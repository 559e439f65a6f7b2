//! Live assist, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Memory, State};
use crate::core::assist::budget::Used;
use crate::core::assist::transcript::{Suggestion, TranscriptEntry};
use crate::store::assist::Assists;
use crate::store::audit::AuditRow;
use crate::store::error::StoreError;
use crate::store::event::NewEvent;

#[derive(Debug, Default)]
pub(super) struct AssistTable {
    /// By call and id, each with the time it was written first.
    entries: BTreeMap<(String, String), (i64, TranscriptEntry)>,
    suggestions: BTreeMap<(String, String), Suggestion>,
    /// By call: since when, the summary, and what was used.
    assisted: BTreeMap<String, (i64, Option<String>, Used)>,
    consents: BTreeMap<String, bool>,
    used: BTreeMap<String, Used>,
}

impl AssistTable {
    pub(super) fn absorb(&mut self, id: &str, other: &str) {
        fn moved<T>(rows: &mut BTreeMap<(String, String), T>, id: &str, other: &str) {
            for ((call, row), value) in std::mem::take(rows) {
                let call = if call == other { id.to_owned() } else { call };
                rows.insert((call, row), value);
            }
        }
        moved(&mut self.entries, id, other);
        moved(&mut self.suggestions, id, other);
        if let Some(known) = self.assisted.remove(other) {
            let used = known.2;
            let both = self.assisted.entry(id.to_owned());
            both.and_modify(|own| own.2 = own.2.and(used)).or_insert(known);
        }
    }

    pub(super) fn clear(&mut self, call: &str) {
        self.entries.retain(|(of, _), _| of != call);
        self.suggestions.retain(|(of, _), _| of != call);
        self.assisted.remove(call);
    }
}

/// The call's own id, if it is part of another one by now.
fn own_id(state: &State, call: &str) -> String {
    state.calls.id_of(call).cloned().unwrap_or_else(|| call.to_owned())
}

#[async_trait]
impl Assists for Memory {
    async fn begin_assist(&self, call: &str, at: i64) -> Result<i64, StoreError> {
        self.write(|state| {
            let call = own_id(state, call);
            Ok(state.assist.assisted.entry(call).or_insert((at, None, Used::default())).0)
        })
        .await
    }

    async fn write_transcript(
        &self,
        call: &str,
        entries: Vec<TranscriptEntry>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let call = own_id(state, call);
            for entry in entries {
                let entry = TranscriptEntry { is_final: true, ..entry };
                let row = state.assist.entries.entry((call.clone(), entry.id.clone()));
                row.and_modify(|row| row.1 = entry.clone()).or_insert((at, entry));
            }
            state.events.append(at, events);
            Ok(())
        })
        .await
    }

    async fn transcript(
        &self,
        call: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<Vec<TranscriptEntry>, StoreError> {
        self.read(|state| {
            let after = after.unwrap_or_default();
            let own =
                state.assist.entries.iter().filter(|((of, id), _)| of == call && **id > *after);
            Ok(own.take(most as usize).map(|(_, (_, entry))| entry.clone()).collect())
        })
        .await
    }

    async fn write_suggestion(
        &self,
        call: &str,
        suggestion: Suggestion,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let call = own_id(state, call);
            let at = suggestion.at_ms;
            let key = (call, suggestion.id.clone());
            state.assist.suggestions.entry(key).or_insert(suggestion);
            state.events.append(at, events);
            Ok(())
        })
        .await
    }

    async fn suggestions(&self, call: &str, most: u32) -> Result<Vec<Suggestion>, StoreError> {
        self.read(|state| {
            let own = state.assist.suggestions.iter().filter(|((of, _), _)| of == call);
            Ok(own.take(most as usize).map(|(_, suggestion)| suggestion.clone()).collect())
        })
        .await
    }

    async fn dismiss_suggestion(&self, call: &str, id: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            let found = state.assist.suggestions.get_mut(&(call.to_owned(), id.to_owned()));
            Ok(found.map(|found| found.dismissed = true).is_some())
        })
        .await
    }

    async fn write_summary(
        &self,
        call: &str,
        text: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let call = own_id(state, call);
            if let Some(known) = state.assist.assisted.get_mut(&call) {
                known.1 = Some(text.to_owned());
            }
            state.events.append(at, events);
            Ok(())
        })
        .await
    }

    async fn summary(&self, call: &str) -> Result<Option<String>, StoreError> {
        self.read(|state| Ok(state.assist.assisted.get(call).and_then(|known| known.1.clone())))
            .await
    }

    async fn consents(&self) -> Result<Vec<(String, bool)>, StoreError> {
        self.read(|state| Ok(state.assist.consents.clone().into_iter().collect())).await
    }

    async fn set_consents(
        &self,
        consents: Vec<(String, bool)>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.assist.consents.extend(consents);
            state.audit.push(audit);
            Ok(())
        })
        .await
    }

    async fn use_of_call(&self, call: &str, more: Used) -> Result<Used, StoreError> {
        let more = Used { micros: 0, ..more };
        self.write(|state| {
            let call = own_id(state, call);
            let Some(known) = state.assist.assisted.get_mut(&call) else { return Ok(more) };
            known.2 = known.2.and(more);
            Ok(known.2)
        })
        .await
    }

    async fn use_assist(&self, day: &str, more: Used) -> Result<Used, StoreError> {
        self.write(|state| {
            let used = state.assist.used.entry(day.to_owned()).or_default();
            *used = used.and(more);
            Ok(*used)
        })
        .await
    }

    async fn forget_assist(&self, before: i64, day: &str) -> Result<u64, StoreError> {
        self.write(|state| {
            let table = &mut state.assist;
            let count = |table: &super::assist::AssistTable| {
                table.entries.len() + table.suggestions.len() + table.assisted.len()
            };
            let all = count(table);
            table.entries.retain(|_, (at, _)| *at >= before);
            table.suggestions.retain(|_, one| one.at_ms >= before);
            table.assisted.retain(|_, (since, ..)| *since >= before);
            table.used.retain(|of, _| *of.as_str() >= *day);
            Ok((all - count(table)) as u64)
        })
        .await
    }
}
