//! Messages to leads, in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;

use super::Memory;
use crate::core::dial::number_key;
use crate::core::message::{LeadMessage, MessageState};
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::messages::{KnownMessage, Messages, NewMessage};

/// By who sends them, and key.
#[derive(Debug, Default)]
pub(super) struct MessageTable(BTreeMap<(String, String), KnownMessage>);

#[async_trait]
impl Messages for Memory {
    async fn begin_message(&self, new: NewMessage) -> Result<Option<KnownMessage>, StoreError> {
        self.write(|state| {
            let NewMessage { message, key, body_hash } = new;
            let place = (message.by.clone(), key);
            if let Some(known) = state.messages.0.get(&place) {
                return Ok(Some(known.clone()));
            }
            state.messages.0.insert(place, KnownMessage { message, body_hash });
            Ok(None)
        })
        .await
    }

    async fn end_message(
        &self,
        message: LeadMessage,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            let is_it = |known: &&mut KnownMessage| {
                known.message.id == message.id && known.message.state == MessageState::Sending
            };
            if let Some(known) = state.messages.0.values_mut().find(is_it) {
                known.message = message;
                state.events.append(at, events);
            }
            Ok(())
        })
        .await
    }

    async fn messages_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<LeadMessage>, StoreError> {
        let key = number_key(number);
        self.read(|state| {
            let all = state.messages.0.values().map(|known| &known.message);
            let mut found: Vec<_> =
                all.filter(|one| number_key(&one.number) == key).cloned().collect();
            found.sort_by_key(|one| Reverse((one.at_ms, one.id.clone())));
            found.truncate(most as usize);
            Ok(found)
        })
        .await
    }
}
