//! Leads looked at one by one, in memory.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;

use super::Memory;
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::FollowUp;
use crate::store::calls::StoredCall;
use crate::store::error::StoreError;
use crate::store::leads::{LeadSearch, Leads};
use crate::store::work::{Lead, Versioned};

#[async_trait]
impl Leads for Memory {
    async fn handled_numbers(
        &self,
        scope: &Scope,
        mut keys: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.read(|state| {
            let of_calls = state
                .calls
                .all()
                .filter(|call| call.state.agents.iter().any(|agent| scope.contains(agent)));
            let mut handled: BTreeSet<String> =
                of_calls.filter_map(|call| call.state.number.as_ref()).map(number_key).collect();
            let is_own = |lead: &Lead| lead.agent.as_ref().is_none_or(|own| scope.contains(own));
            let leads = state.work.leads.iter().filter(|(_, lead)| is_own(lead));
            handled.extend(leads.map(|(key, _)| key.clone()));
            keys.retain(|key| handled.contains(key));
            Ok(keys)
        })
        .await
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, StoreError> {
        self.read(|state| Ok(state.work.leads.values().find(|lead| lead.id == id).cloned())).await
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<Vec<Lead>, StoreError> {
        let (digits, key) = (search.digits(), search.key());
        self.read(|state| {
            let place = |lead: &Lead| (lead.added, lead.id.clone());
            let fits = |(known, lead): &(&String, &Lead)| {
                lead.name.to_lowercase().contains(&search.text)
                    || **known == key
                    || digits.as_ref().is_some_and(|digits| known.contains(digits))
            };
            let found = state.work.leads.iter().filter(fits).map(|(_, lead)| lead);
            let mut found: Vec<_> = found
                .filter(|lead| lead.agent.as_ref().is_none_or(|agent| scope.contains(agent)))
                .filter(|lead| search.after.as_ref().is_none_or(|after| place(lead) < *after))
                .cloned()
                .collect();
            found.sort_by_key(|lead| Reverse(place(lead)));
            found.truncate(search.most as usize);
            Ok(found)
        })
        .await
    }

    async fn calls_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<StoredCall>, StoreError> {
        let key = number_key(number);
        self.read(|state| Ok(state.calls.of_number(&key, most))).await
    }

    async fn follow_ups_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError> {
        let key = number_key(number);
        self.read(|state| {
            let of_number = |one: &&Versioned<FollowUp>| {
                one.record.number.as_ref().map(number_key) == Some(key.clone())
            };
            let mut found: Vec<_> =
                state.work.follow_ups.values().filter(of_number).cloned().collect();
            found.sort_by_key(|one| Reverse((one.record.due_ms, one.record.id.clone())));
            found.truncate(most as usize);
            Ok(found)
        })
        .await
    }
}
