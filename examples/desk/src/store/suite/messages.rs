//! Messages to leads: written once for each wish.

use std::sync::Arc;

use super::{Case, cases};
use crate::core::message::{Channel, LeadMessage, MessageState};
use crate::store::messages::{KnownMessage, NewMessage};
use crate::store::{Audience, NewEvent, Store};

pub(super) fn cases() -> Vec<Case> {
    cases![a_wish_is_written_once, the_first_word_about_a_message_counts]
}

fn message(id: &str, by: &str, at_ms: i64) -> LeadMessage {
    LeadMessage {
        id: id.into(),
        lead: "l1".into(),
        number: "9000000001".into(),
        channel: Channel::Whatsapp,
        template: Some("order_left".into()),
        parameters: vec!["A".into()],
        text: None,
        state: MessageState::Sending,
        answer: None,
        at_ms,
        by: by.into(),
    }
}

fn new(message: LeadMessage, key: &str, hash: &str) -> NewMessage {
    NewMessage { message, key: key.into(), body_hash: hash.into() }
}

async fn a_wish_is_written_once(store: Arc<dyn Store>) {
    let first = message("m1", "u1", 1);
    assert_eq!(store.begin_message(new(first.clone(), "k1", "h1")).await, Ok(None));
    let known = Ok(Some(KnownMessage { message: first, body_hash: "h1".into() }));
    assert_eq!(store.begin_message(new(message("m2", "u1", 2), "k1", "h2")).await, known);
    assert_eq!(store.begin_message(new(message("m3", "u2", 3), "k1", "h1")).await, Ok(None));
    assert_eq!(store.begin_message(new(message("m4", "u1", 4), "k2", "h1")).await, Ok(None));
    let found = store.messages_of_number(&"+919000000001".into(), 9).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["m4", "m3", "m1"]);
    assert_eq!(store.messages_of_number(&"9000000001".into(), 1).await.unwrap().len(), 1);
    assert_eq!(store.messages_of_number(&"9000000002".into(), 9).await, Ok(Vec::new()));
}

async fn the_first_word_about_a_message_counts(store: Arc<dyn Store>) {
    let first = message("m1", "u1", 1);
    store.begin_message(new(first.clone(), "k1", "h1")).await.unwrap();
    let event = || vec![NewEvent::new("lead.changed", Audience::Everyone, &1).unwrap()];
    for state in [MessageState::Sent, MessageState::Refused] {
        let ended = LeadMessage { state, answer: Some("ok".into()), ..first.clone() };
        store.end_message(ended, 5, event()).await.unwrap();
    }
    let found = store.messages_of_number(&first.number, 9).await.unwrap();
    let sent = LeadMessage { state: MessageState::Sent, answer: Some("ok".into()), ..first };
    assert_eq!(found, [sent]);
    assert_eq!(store.events_after(0, 9).await.unwrap().len(), 1);
}
