//! Owed and given dispositions, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::core::caller::Scope;
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::owed::{KeptCode, OwedCall, OwedCalls};

#[async_trait]
impl OwedCalls for Memory {
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError> {
        self.read(|state| {
            let mut owed: Vec<_> =
                state.calls.all().filter(|call| call.state.owes_disposition()).collect();
            owed.retain(|call| match &call.state.agent {
                Some(agent) => scope.contains(agent),
                None => *scope == Scope::All,
            });
            owed.sort_by_key(|call| (call.state.ended_ms, &call.id));
            let taken = |id: &str| state.owed_by.get(id).cloned();
            let owed = owed.into_iter().take(most as usize);
            Ok(owed
                .map(|call| OwedCall { taken_by: taken(&call.id), call: call.clone() })
                .collect())
        })
        .await
    }

    async fn take_owed_call(
        &self,
        id: &str,
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let call = state.calls.id_of(id).and_then(|id| state.calls.get(id));
            let is_sad = |id: &str| {
                state.outbox.rows.values().any(|row| row.call == id && row.state.is_sad())
            };
            let owed = call.filter(|call| call.state.owes_disposition() || is_sad(&call.id));
            let Some(id) = owed.map(|call| call.id.clone()) else { return Ok(false) };
            state.owed_by.insert(id, by.to_owned());
            state.events.append(at, events);
            Ok(true)
        })
        .await
    }

    async fn owed_taker(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.read(|state| Ok(state.owed_by.get(id).cloned())).await
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
