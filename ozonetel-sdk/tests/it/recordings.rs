//! A recording of requests and a recording of the agent socket, made of one table of stand-ins, fit together.

use std::collections::HashMap;

use ozonetel_sdk::mdl::{Mask, Token};
use ozonetel_sdk::testing::record::Masker;
use ozonetel_sdk::types::{PhoneNumber, Pseudonyms};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// What a session is about: how a kind of value is called in requests and on the socket.
const FIELDS: [(&str, &str); 8] = [
    ("CallerID", "callerId"),
    ("UCID", "ucid"),
    ("AgentID", "agentId"),
    ("AgentName", "agentName"),
    ("CampaignName", "campaignName"),
    ("userName", "user"),
    ("UUI", "uui"),
    ("Did", "did"),
];

fn number() -> impl Strategy<Value = String> {
    (prop::sample::select(vec!["", "0", "91", "0091", "+91"]), "[67][2-9][0-9]{8}")
        .prop_map(|(prefix, ten)| prefix.to_owned() + &ten)
}

/// Values unlike any stand-in, each with the index of its field.
fn session() -> impl Strategy<Value = Vec<(usize, String)>> {
    let value = prop_oneof![
        (Just(0), number()),
        (Just(1), "[2-7][0-9]{15,16}".prop_map(|id| id)),
        (Just(2), "[q-z]{5,8}".prop_map(|id| id)),
        (Just(3), "[Q-Z][q-z]{4,7} [Q-Z]".prop_map(|name| name)),
        (Just(4), "[Q-Z]{2}_[q-z]{5}".prop_map(|name| name)),
        (Just(5), "[q-z]{4}shop".prop_map(|name| name)),
        (Just(6), "order [2-8]{6}".prop_map(|text| text)),
        (Just(7), number()),
    ];
    prop::collection::vec(value, 1..24)
}

fn as_request(masker: &Masker, name: &str, value: &str) -> String {
    let body = Value::Object(Map::from_iter([(name.to_owned(), Value::from(value))])).to_string();
    let out: Value = serde_json::from_str(&masker.json(body.as_bytes()).unwrap()).unwrap();
    out[name].as_str().unwrap().to_owned()
}

fn as_token(mask: &Mask, name: &str, value: &str) -> String {
    let token = Token::parse(
        &Value::Object(Map::from_iter([
            ("type".to_owned(), Value::from("busyAgent")),
            (name.to_owned(), Value::from(value)),
        ]))
        .to_string(),
    );
    mask.token(&token.unwrap()).fields()[name].as_str().unwrap().to_owned()
}

proptest! {
    #[test]
    fn both_recordings_agree_nothing_survives_and_nothing_collides(
        session in session(), socket_first in any::<bool>(),
    ) {
        let pseudonyms = Pseudonyms::new();
        let (masker, mask) = (Masker::new(pseudonyms.clone()), Mask::new(pseudonyms));
        let mut origins: HashMap<String, String> = HashMap::new();
        for (field, value) in &session {
            let (request, socket) = FIELDS[*field];
            let (one, other) = if socket_first {
                let token = as_token(&mask, socket, value);
                (as_request(&masker, request, value), token)
            } else {
                (as_request(&masker, request, value), as_token(&mask, socket, value))
            };
            prop_assert_eq!(&one, &other, "{} as {} and as {}", value, request, socket);
            prop_assert!(!one.contains(value.as_str()));
            let origin = origins.entry(one.clone()).or_insert_with(|| value.clone());
            prop_assert_eq!(origin, value, "two values became {}", one);
        }
        // Spellings of one number stay spellings of one number, on both sides.
        let numbers: Vec<_> = session.iter().filter(|(field, _)| [0, 7].contains(field)).collect();
        for (_, a) in &numbers {
            for (_, b) in &numbers {
                let same = PhoneNumber::from(a).is_same_number(&b.into());
                let masked = PhoneNumber::from(as_request(&masker, "CallerID", a));
                prop_assert_eq!(masked.is_same_number(&as_token(&mask, "callerId", b).into()), same);
            }
        }
    }
}
