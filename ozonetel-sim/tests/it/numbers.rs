//! The simulator compares telephone numbers as the rest of the project does.

use ozonetel_sim::world::{Lead, LeadFilter, LoginRefusal, Setup, Timestamp, World};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Table {
    pair: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    one: String,
    other: String,
    same: bool,
    why: String,
}

fn world() -> World {
    World::new(Setup::default(), Timestamp::from_unix_s(1_790_000_000))
}

fn lead(number: &str) -> Lead {
    let Value::Object(lead) = json!({ "PhoneNumber": number }) else { panic!() };
    lead
}

/// Whether the leads of a campaign take both for one number, when one is added and when it is deleted.
fn one_lead(one: &str, other: &str) -> (bool, bool) {
    let mut world = world();
    assert_eq!(world.leads_mut().add("c", lead(one), true), Ok(()));
    let duplicate = world.leads_mut().add("c", lead(other), true).is_err();
    let filter = LeadFilter { number: Some(other.into()), ..LeadFilter::default() };
    let mut world = self::world();
    world.leads_mut().add("c", lead(one), false).unwrap();
    (duplicate, world.leads_mut().delete("c", &filter) == 1)
}

/// Whether a second agent is refused a number because the first is signed in with it.
fn one_telephone(one: &str, other: &str) -> bool {
    let mut world = world();
    world.login("agent01", "secret", one).unwrap();
    match world.login("agent02", "secret", other) {
        Ok(()) => false,
        Err(LoginRefusal::NumberInUse { by }) => by == "agent01",
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_table_of_numbers_holds_for_leads_and_logins() {
    let table: Table = toml::from_str(include_str!("../../../fixtures/same_number.toml")).unwrap();
    assert!(table.pair.len() > 20);
    for Pair { one, other, same, why } in &table.pair {
        for (one, other) in [(one, other), (other, one)] {
            assert_eq!(one_lead(one, other), (*same, *same), "{one} and {other}: {why}");
            // An empty number is the agent's extension, and one text is one telephone.
            if !one.is_empty() && !other.is_empty() {
                let want = *same || one == other;
                assert_eq!(one_telephone(one, other), want, "{one} and {other}: {why}");
            }
        }
    }
}
