//! Calls that voice assistants hand to agents, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::Memory;
use crate::core::handoff::HandoffRow;
use crate::core::profile::CallKeys;
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::handoffs::{HandoffBegun, Handoffs};

#[derive(Debug, Default)]
pub(super) struct HandoffTable(BTreeMap<String, HandoffRow>);

impl HandoffTable {
    fn of_call(&self, call: &str) -> Option<&HandoffRow> {
        self.0.values().find(|row| row.call.as_deref() == Some(call))
    }

    /// Whether the hand-off can be joined to the call: none of both has another.
    pub(super) fn check(&self, id: &str, call: &str) -> Result<(), StoreError> {
        let free = self.0.get(id).is_some_and(|row| row.call.is_none());
        if free && self.of_call(call).is_none() {
            Ok(())
        } else {
            Err(StoreError::Conflict("call"))
        }
    }

    pub(super) fn join(&mut self, id: &str, call: &str) {
        if let Some(row) = self.0.get_mut(id) {
            row.call = Some(call.to_owned());
        }
    }

    pub(super) fn absorb(&mut self, id: &str, other: &str) {
        if self.of_call(id).is_none()
            && let Some(row) = self.0.values_mut().find(|row| row.call.as_deref() == Some(other))
        {
            row.call = Some(id.to_owned());
        }
    }

    /// Drops what was heard of a call's customer.
    pub(super) fn forget(&mut self, call: &str) {
        self.0.retain(|_, row| row.call.as_deref() != Some(call));
    }

    /// Drops hand-offs that no call was found for.
    pub(super) fn drop_alone(&mut self, before: i64) {
        self.0.retain(|_, row| row.call.is_some() || row.made_ms >= before);
    }

    fn open(&self, row: &HandoffRow) -> Option<HandoffRow> {
        self.newest(|known| {
            !known.state.is_over()
                && (&known.maker, &known.session, known.keys())
                    == (&row.maker, &row.session, row.keys())
        })
    }

    fn newest(&self, fits: impl Fn(&&HandoffRow) -> bool) -> Option<HandoffRow> {
        self.0.values().filter(fits).max_by_key(|row| (row.made_ms, row.id.clone())).cloned()
    }
}

#[async_trait]
impl Handoffs for Memory {
    async fn begin_handoff(
        &self,
        row: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<HandoffBegun, StoreError> {
        self.write(|state| {
            if let Some(known) = state.handoffs.open(&row) {
                return Ok(HandoffBegun::Repeated(Box::new(known)));
            }
            let taken =
                row.call.as_deref().is_some_and(|call| state.handoffs.of_call(call).is_some());
            if taken || state.handoffs.0.contains_key(&row.id) {
                return Err(StoreError::Conflict("hand-off"));
            }
            state.events.append(row.made_ms, events);
            state.handoffs.0.insert(row.id.clone(), row);
            Ok(HandoffBegun::New)
        })
        .await
    }

    async fn open_handoff(&self, row: &HandoffRow) -> Result<Option<HandoffRow>, StoreError> {
        self.read(|state| Ok(state.handoffs.open(row))).await
    }

    async fn handoff(&self, id: &str) -> Result<Option<HandoffRow>, StoreError> {
        self.read(|state| Ok(state.handoffs.0.get(id).cloned())).await
    }

    async fn handoff_with(
        &self,
        extension: &str,
        keys: &CallKeys,
    ) -> Result<Option<HandoffRow>, StoreError> {
        let same = |one: Option<&String>, asked: Option<&String>| asked.is_some() && one == asked;
        let (sid, id) = (keys.call_sid.as_ref(), keys.call_id.as_ref());
        self.read(|state| {
            Ok(state.handoffs.newest(|row| {
                row.extension == extension
                    && (same(row.call_sid.as_ref(), sid)
                        || same(row.leg_sid.as_ref(), sid)
                        || same(row.call_id.as_ref(), id)
                        || same(Some(&row.id), id))
            }))
        })
        .await
    }

    async fn handoff_of_call(&self, call: &str) -> Result<Option<HandoffRow>, StoreError> {
        self.read(|state| Ok(state.handoffs.of_call(call).cloned())).await
    }

    async fn waiting_handoffs(
        &self,
        agent: &AgentId,
        since_ms: i64,
    ) -> Result<Vec<HandoffRow>, StoreError> {
        self.read(|state| {
            let all = state.handoffs.0.values();
            let mut waiting: Vec<_> = all
                .filter(|row| {
                    row.agent.is_same_agent(agent)
                        && row.changed_ms >= since_ms
                        && row.call.is_none()
                })
                .cloned()
                .collect();
            waiting.sort_by(|a, b| (b.changed_ms, &b.id).cmp(&(a.changed_ms, &a.id)));
            waiting.truncate(200);
            Ok(waiting)
        })
        .await
    }

    async fn forget_handoffs(&self, before_ms: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let all = state.handoffs.0.len();
            state.handoffs.0.retain(|_, row| row.call.is_some() || row.changed_ms >= before_ms);
            Ok((all - state.handoffs.0.len()) as u64)
        })
        .await
    }

    async fn change_handoff(
        &self,
        from: &HandoffRow,
        to: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if state.handoffs.0.get(&to.id) != Some(from) {
                return Err(StoreError::Conflict("hand-off"));
            }
            state.events.append(to.changed_ms, events);
            state.handoffs.0.insert(to.id.clone(), to);
            Ok(())
        })
        .await
    }
}
