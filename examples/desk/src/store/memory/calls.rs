//! Phone calls, in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::Memory;
use super::dial_table::DialTable;
use super::index::{Index, KeySet};
use super::outbox_table::OutboxTable;
use crate::core::call::{Call, CallPhase};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::number_key;
use crate::core::fact::{Fact, FactSource};
use crate::store::calls::{CallChange, LoadedCall, PhoneCalls, StoredCall, sees};
use crate::store::error::StoreError;
use crate::store::notes::clear_fact;
use crate::store::parts::Draft;

#[derive(Debug, Default)]
pub(super) struct CallTable {
    calls: Index<String, Box<CallRow>>,
    /// To which call an id belongs.
    ids: Index<String, String>,
    /// The facts that a call has, by source and key: each is one's alone.
    known: KeySet<(FactSource, String)>,
    /// By call and agent.
    drafts: BTreeMap<(String, String), Draft>,
    /// The conversations that agents are in: the agent's key, and the call.
    talking: BTreeSet<(String, String)>,
}

/// Who is in a conversation by this call.
fn talks(call: &StoredCall) -> Option<(String, String)> {
    let agent = call.state.agent.as_ref().filter(|_| call.state.phase == CallPhase::Active)?;
    Some((agent_key(agent), call.id.clone()))
}

/// A call with its facts, in the order of storing.
#[derive(Debug)]
struct CallRow {
    call: StoredCall,
    facts: Vec<Fact>,
}

impl Memory {
    /// The ids of the calls that are something else than what their facts make of them once these were written and read
    /// again.
    ///
    /// ```
    /// assert!(desk::store::Memory::new().unlike_their_facts().is_empty());
    /// ```
    pub fn unlike_their_facts(&self) -> Vec<String> {
        self.locked(|state| {
            let table = &state.calls;
            let is_unlike = |call: &&StoredCall| {
                let texts = table.facts_of(&call.id).iter().map(serde_json::to_string);
                let facts: Result<Vec<Fact>, _> =
                    texts.map(|text| text.and_then(|text| serde_json::from_str(&text))).collect();
                !facts.is_ok_and(|facts| *Call::of(facts).state() == call.state)
            };
            table.all().filter(is_unlike).map(|call| call.id.clone()).collect()
        })
    }
}

impl CallTable {
    pub(super) fn id_of(&self, alias: &str) -> Option<&String> {
        self.ids.get(alias)
    }

    pub(super) fn get(&self, id: &str) -> Option<&StoredCall> {
        self.calls.get(id).map(|row| &row.call)
    }

    /// The calls with a number, the newest first.
    pub(super) fn of_number(&self, key: &str, most: u32) -> Vec<StoredCall> {
        let is_of =
            |call: &&StoredCall| call.state.number.as_ref().map(number_key).as_deref() == Some(key);
        let mut found: Vec<_> = self.all().filter(is_of).cloned().collect();
        found.sort_by_key(|call| Reverse((call.state.began_ms, call.id.clone())));
        found.truncate(most as usize);
        found
    }

    fn rows(&self) -> impl Iterator<Item = &CallRow> {
        let mut rows: Vec<_> = self.calls.values().map(AsRef::as_ref).collect();
        rows.sort_by(|one, other| one.call.id.cmp(&other.call.id));
        rows.into_iter()
    }

    /// All calls, by their ids.
    pub(super) fn all(&self) -> impl Iterator<Item = &StoredCall> {
        self.rows().map(|row| &row.call)
    }

    pub(super) fn all_facts(&self) -> impl Iterator<Item = &Fact> {
        self.rows().flat_map(|row| &row.facts)
    }

    /// Calls that are over, began before a time and have notes.
    pub(super) fn with_notes(&self, before: i64, most: usize) -> Vec<String> {
        let old = |call: &&StoredCall| {
            call.state.phase == CallPhase::Closed
                && call.state.began_ms.is_some_and(|began| began < before)
                && self.facts_of(&call.id).iter().any(|fact| clear_fact(&mut fact.clone()))
        };
        self.all().filter(old).take(most).map(|call| call.id.clone()).collect()
    }

    pub(super) fn clear_notes(&mut self, id: &str) {
        self.drafts.retain(|(call, _), _| call != id);
        let Some(CallRow { call, facts }) = self.calls.get_mut(id).map(AsMut::as_mut) else {
            return;
        };
        for fact in &mut *facts {
            clear_fact(fact);
        }
        call.state = Arc::clone(Call::of(facts.iter().cloned()).state());
        call.version += 1;
    }

    pub(super) fn drop_drafts(&mut self, before: i64) {
        self.drafts.retain(|_, draft| draft.at >= before);
    }

    fn facts_of(&self, id: &str) -> &[Fact] {
        self.calls.get(id).map_or(&[], |row| &row.facts)
    }

    /// When a call was last heard of, apart from its dial's reply.
    pub(super) fn heard(&self, id: &str) -> Option<i64> {
        let told = self.facts_of(id).iter();
        told.filter(|fact| !matches!(fact.source, FactSource::Dial | FactSource::Action))
            .map(|fact| fact.at_ms)
            .max()
    }

    /// When the conversation that an agent is in was last heard of, apart from a dial's reply.
    pub(super) fn talking(&self, agent: &AgentId) -> Option<i64> {
        let key = agent_key(agent);
        let from = (key.clone(), String::new());
        let own = self.talking.range(from..).take_while(|(agent, _)| *agent == key);
        own.filter_map(|(_, call)| self.heard(call)).max()
    }

    /// Whether a change fits what is there.
    fn check(&self, change: &CallChange) -> Result<(), StoreError> {
        let conflict = StoreError::Conflict("call");
        let version = |id: &str| self.get(id).map_or(0, |call| call.version);
        if version(&change.id) != change.version {
            return Err(conflict);
        }
        if change.absorbed.iter().any(|(id, known)| *known == 0 || version(id) != *known) {
            return Err(conflict);
        }
        let own = |id: &String| {
            *id == change.id || change.absorbed.iter().any(|(absorbed, _)| absorbed == id)
        };
        if !change.state.ids.iter().filter_map(|alias| self.ids.get(alias)).all(own) {
            return Err(conflict);
        }
        Ok(())
    }

    fn write(&mut self, call: StoredCall, absorbed: &[(String, i64)], mut facts: Vec<Fact>) {
        facts.retain(|fact| self.known.insert((fact.source, fact.key.clone()), ()).is_none());
        for id in absorbed.iter().map(|(other, _)| other).chain([&call.id]) {
            if let Some(talked) = self.get(id).and_then(talks) {
                self.talking.remove(&talked);
            }
        }
        self.talking.extend(talks(&call));
        for (other, _) in absorbed {
            facts.extend(self.calls.remove(other).into_iter().flat_map(|row| row.facts));
            self.ids.values_mut().filter(|id| *id == other).for_each(|id| id.clone_from(&call.id));
            absorb(&mut self.drafts, &call.id, other);
        }
        for alias in &call.state.ids {
            self.ids.insert(alias.clone(), call.id.clone());
        }
        match self.calls.get_mut(&call.id) {
            Some(row) => {
                row.call = call;
                row.facts.append(&mut facts);
            }
            None => {
                self.calls.insert(call.id.clone(), Box::new(CallRow { call, facts }));
            }
        }
    }
}

/// What is of each agent's part in a call is of their parts in the one that it is a part of. Where there is the same of
/// both, that one's stays.
fn absorb<T>(of_parts: &mut BTreeMap<(String, String), T>, id: &str, other: &str) {
    for ((_, agent), one) in
        of_parts.extract_if(.., |(call, _), _| call == other).collect::<Vec<_>>()
    {
        of_parts.entry((id.to_owned(), agent)).or_insert(one);
    }
}

/// Checks everything first, so that nothing fails halfway.
fn check(
    calls: &CallTable,
    outbox: &OutboxTable,
    dials: &DialTable,
    change: &CallChange,
) -> Result<(), StoreError> {
    calls.check(change)?;
    change.outbox.iter().try_for_each(|write| outbox.check(write))?;
    change.dials.iter().try_for_each(|write| dials.check(write))
}

#[async_trait]
impl PhoneCalls for Memory {
    async fn load_calls(&self, ids: &[String]) -> Result<Vec<LoadedCall>, StoreError> {
        self.read(|state| {
            let table = &state.calls;
            let mut found: Vec<&StoredCall> = Vec::new();
            for call in ids.iter().filter_map(|alias| table.get(table.ids.get(alias)?)) {
                if !found.iter().any(|known| known.id == call.id) {
                    found.push(call);
                }
            }
            found.sort_by_key(|call| (call.state.began_ms, &call.id));
            let load = |call: &StoredCall| LoadedCall {
                id: call.id.clone(),
                version: call.version,
                call: Call::of(table.facts_of(&call.id).iter().cloned()),
            };
            Ok(found.into_iter().map(load).collect())
        })
        .await
    }

    async fn save_call(&self, change: CallChange) -> Result<i64, StoreError> {
        self.write(|state| {
            check(&state.calls, &state.outbox, &state.dials, &change)?;
            if let Some(handoff) = &change.handoff {
                state.handoffs.check(handoff, &change.id)?;
            }
            for (other, _) in &change.absorbed {
                absorb(&mut state.owed_by, &change.id, other);
                state.outbox.absorb(&change.id, other);
                state.handoffs.absorb(&change.id, other);
                state.assist.absorb(&change.id, other);
            }
            if let Some(handoff) = &change.handoff {
                state.handoffs.join(handoff, &change.id);
            }
            let version = change.version + 1;
            let call = StoredCall { id: change.id, version, state: change.state };
            // Who has it back owes nothing of the time before.
            let before = state.calls.get(&call.id).map(|before| before.state.parts.clone());
            for part in before.unwrap_or_default() {
                if part.owes && call.state.part_of(&part.agent).is_none() {
                    state.owed_by.remove(&(call.id.clone(), agent_key(&part.agent)));
                }
            }
            state.calls.write(call, &change.absorbed, change.facts);
            for write in change.outbox {
                state.outbox.write(write);
            }
            for write in change.dials {
                state.write_dial(write, change.at)?;
            }
            for dial in &change.released {
                state.dials.release(dial);
            }
            for follow_up in change.follow_ups {
                state.work.remind(follow_up);
            }
            state.audit.extend(change.audit);
            state.events.append(change.at, change.events);
            Ok(version)
        })
        .await
    }

    async fn call(&self, id: &str, scope: &Scope) -> Result<Option<StoredCall>, StoreError> {
        self.read(|state| {
            let call = state.calls.ids.get(id).and_then(|id| state.calls.get(id));
            Ok(call.filter(|call| sees(scope, &call.state)).cloned())
        })
        .await
    }

    async fn live_calls(&self, scope: &Scope, most: u32) -> Result<Vec<StoredCall>, StoreError> {
        self.read(|state| {
            let live = |call: &&StoredCall| {
                call.state.phase != crate::core::call::CallPhase::Closed && sees(scope, &call.state)
            };
            let mut calls: Vec<StoredCall> = state.calls.all().filter(live).cloned().collect();
            calls.sort_by_key(|call| (call.state.began_ms, call.id.clone()));
            calls.truncate(most as usize);
            Ok(calls)
        })
        .await
    }

    async fn unlike_facts(&self, most: u32) -> Result<(usize, Vec<String>), StoreError> {
        let mut unlike = self.unlike_their_facts();
        self.read(move |state| {
            let newest = |call: &StoredCall| (Reverse(call.state.began_ms), call.id.clone());
            let mut newest: Vec<_> = state.calls.all().map(newest).collect();
            newest.sort();
            newest.truncate(most as usize);
            unlike.retain(|id| newest.iter().any(|(_, known)| known == id));
            Ok((newest.len(), unlike))
        })
        .await
    }

    async fn heard_of(&self, id: &str) -> Result<Option<i64>, StoreError> {
        self.read(|state| Ok(state.calls.ids.get(id).and_then(|id| state.calls.heard(id)))).await
    }

    async fn save_draft(
        &self,
        call: &str,
        agent: &AgentId,
        draft: Draft,
    ) -> Result<(), StoreError> {
        let of = (call.to_owned(), agent_key(agent));
        self.write(|state| {
            let known = state.calls.drafts.get(&of);
            if known.is_none_or(|known| known.at <= draft.at) {
                state.calls.drafts.insert(of, draft);
            }
            Ok(())
        })
        .await
    }

    async fn draft(&self, call: &str, agent: &AgentId) -> Result<Option<Draft>, StoreError> {
        let of = (call.to_owned(), agent_key(agent));
        self.read(|state| Ok(state.calls.drafts.get(&of).cloned())).await
    }
}
