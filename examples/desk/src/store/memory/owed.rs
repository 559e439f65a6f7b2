//! Owed and given dispositions, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::Memory;
use crate::core::caller::{Scope, agent_key};
use crate::core::outbox::OutboxEntry;
use crate::store::calls::StoredCall;
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::owed::{KeptCode, OwedCall, OwedCalls, key_of};

#[async_trait]
impl OwedCalls for Memory {
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError> {
        self.read(|state| {
            let mut owed = Vec::new();
            for call in state.calls.all() {
                for agent in call.state.owing().filter(|agent| scope.contains(agent)) {
                    let part = call.state.part_of(agent);
                    let ended = part.map(|part| part.wrapup.started_ms).or(call.state.ended_ms);
                    let key = agent_key(agent);
                    let taken_by = state.owed_by.get(&(call.id.clone(), key.clone())).cloned();
                    let one = OwedCall::of(call, &key, taken_by);
                    let since = (ended.unwrap_or(0), call.id.clone(), key);
                    owed.extend(one.map(|one| (since, one)));
                }
            }
            owed.sort_by(|(one, _), (other, _)| other.cmp(one));
            owed.sort_by_key(|(_, one)| one.taken_by.is_some());
            owed.truncate(most as usize);
            owed.sort_by(|(one, _), (other, _)| one.cmp(other));
            Ok(owed.into_iter().map(|(_, one)| one).collect())
        })
        .await
    }

    async fn take_owed_call(
        &self,
        (id, agent): (&str, Option<&AgentId>),
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        let agent = key_of(agent);
        self.write(|state| {
            let call = state.calls.id_of(id).and_then(|id| state.calls.get(id));
            let is_sad = |call: &StoredCall| {
                let of_call = key_of(call.state.agent.as_ref());
                let is_of = |row: &OutboxEntry| {
                    row.agent == agent || (row.agent.is_empty() && of_call == agent)
                };
                let mut rows = state.outbox.rows.values();
                rows.any(|row| row.call == call.id && row.state.is_sad() && is_of(row))
            };
            let owes = |call: &StoredCall| call.state.owing().any(|one| agent_key(one) == agent);
            let taken = call.filter(|call| owes(call) || is_sad(call));
            let Some(id) = taken.map(|call| call.id.clone()) else { return Ok(false) };
            state.owed_by.insert((id, agent), by.to_owned());
            state.events.append(at, events);
            Ok(true)
        })
        .await
    }

    async fn owed_taker(
        &self,
        id: &str,
        agent: Option<&AgentId>,
    ) -> Result<Option<String>, StoreError> {
        let of = (id.to_owned(), key_of(agent));
        self.read(|state| Ok(state.owed_by.get(&of).cloned())).await
    }

    async fn kept_codes(&self, ids: &[String]) -> Result<BTreeMap<String, KeptCode>, StoreError> {
        self.read(|state| {
            let kept = |id: &String| {
                let call = state.calls.get(state.calls.id_of(id)?)?;
                let given = call.state.kept_disposition();
                let has_appointment = !call.state.appointments.is_empty();
                (given.is_some() || has_appointment).then(|| {
                    let code = given.map(|given| given.said.code.clone());
                    let lead = given.and_then(|given| given.said.lead.clone());
                    (id.clone(), KeptCode { code, lead, has_appointment })
                })
            };
            Ok(ids.iter().filter_map(kept).collect())
        })
        .await
    }
}
