//! Which observations are of one phone call.

use std::collections::BTreeMap;

use super::merge::{CallKey, PhoneCall};
use super::observation::CallObservation;

/// Phone calls by their ids, in memory, up to a limit.
///
/// What is seen may arrive in any order and any number of times: the calls come out the same, as long as the limit is not
/// reached. Beyond it the call that was seen first is evicted.
///
/// ```
/// use ozonetel_sdk::phone_call::{DialReply, PhoneCalls};
/// let mut calls = PhoneCalls::new(1000);
/// let reply = DialReply::new("90000000000000001".parse()?);
/// let first = calls.observe(reply.clone()).unwrap();
/// let second = calls.observe(reply).unwrap();
/// assert_eq!((first.key, calls.len()), (second.key, 1));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone)]
pub struct PhoneCalls {
    limit: usize,
    next: u64,
    calls: BTreeMap<u64, PhoneCall>,
    /// Ids of legs and of calls, which are never equal unless they are the same call's.
    ids: BTreeMap<CallKey, u64>,
}

/// Result of adding one observation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MergeResult {
    /// The key of the call it belongs to.
    pub key: CallKey,
    /// Keys that the call had before: what is stored under them is part of it now.
    pub absorbed: Vec<CallKey>,
    /// The call that was evicted to keep to the limit.
    pub evicted: Option<PhoneCall>,
}

/// The ids of a call and of its legs.
fn ids_of(call: &PhoneCall) -> impl Iterator<Item = CallKey> {
    call.call_ids().map(CallKey::from).chain(call.ucids().map(CallKey::from))
}

impl PhoneCalls {
    /// None yet. `limit` is how many are kept, at least one.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), next: 0, calls: BTreeMap::new(), ids: BTreeMap::new() }
    }

    /// Adds an observation. `None` where it names neither a leg nor a call.
    pub fn observe(&mut self, observation: impl Into<CallObservation>) -> Option<MergeResult> {
        let mut call = PhoneCall::of(observation)?;
        let mut ids: Vec<CallKey> = ids_of(&call).collect();
        let mut slots: Vec<u64> = ids.iter().filter_map(|id| self.ids.get(id).copied()).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut before = Vec::new();
        for slot in &slots {
            if let Some(known) = self.calls.remove(slot) {
                before.extend(known.key());
                ids.extend(ids_of(&known));
                call = known.merge(call);
            }
        }
        let slot = slots.first().copied().unwrap_or(self.next);
        self.next = self.next.max(slot + 1);
        // A call keeps a limited number of legs, and the index no more than the call.
        for id in &ids {
            self.ids.remove(id);
        }
        self.ids.extend(ids_of(&call).map(|id| (id, slot)));
        let key = call.key()?;
        self.calls.insert(slot, call);
        before.retain(|old| *old != key);
        before.sort_unstable();
        let evicted = (self.calls.len() > self.limit).then(|| self.evict()).flatten();
        Some(MergeResult { key, absorbed: before, evicted })
    }

    fn evict(&mut self) -> Option<PhoneCall> {
        let (slot, call) = self.calls.pop_first()?;
        self.forget(slot, &call);
        Some(call)
    }

    fn forget(&mut self, slot: u64, call: &PhoneCall) {
        for id in ids_of(call) {
            if self.ids.get(&id) == Some(&slot) {
                self.ids.remove(&id);
            }
        }
    }

    /// A call by any of its ids.
    pub fn get(&self, id: &CallKey) -> Option<&PhoneCall> {
        self.calls.get(self.ids.get(id)?)
    }

    /// Takes a call out, for instance once it is stored.
    pub fn remove(&mut self, id: &CallKey) -> Option<PhoneCall> {
        let slot = *self.ids.get(id)?;
        let call = self.calls.remove(&slot)?;
        self.forget(slot, &call);
        Some(call)
    }

    /// The calls, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = &PhoneCall> {
        self.calls.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// How many ids lead to them.
    #[cfg(test)]
    pub(super) fn held_ids(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}
