//! Numbers of the simulator's seeded world. Some of them may be real people's: with a real account they are never
//! dialled.

use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sim::world::{CUSTOMERS, Setup};

/// The numbers of the seeded world.
#[derive(Debug, Clone)]
pub struct SeededNumbers {
    lines: Vec<PhoneNumber>,
}

impl Default for SeededNumbers {
    fn default() -> Self {
        let setup = Setup::default();
        let dids = setup.campaigns.iter().filter_map(|campaign| campaign.did.as_deref());
        let extensions = setup.agents.iter().map(|agent| agent.extension.as_str());
        Self { lines: dids.chain(extensions).map(PhoneNumber::from).collect() }
    }
}

impl SeededNumbers {
    /// Whether a number, however it is written, belongs to the seeded world: a customer of the seeded traffic, one of
    /// its DIDs or one of its extensions.
    pub fn contains(&self, number: &PhoneNumber) -> bool {
        let key = number.key();
        let customer = key.as_ref().and_then(|key| key.indian_digits()?.parse().ok());
        customer.is_some_and(|ten: u64| CUSTOMERS.contains(&ten))
            || self.lines.iter().any(|line| line.is_same_number(number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_customer_of_the_traffic_is_known_however_the_number_is_written() {
        let sim = crate::simulated::world(1.0, &ozonetel_sdk::client::TokioClock::new());
        sim.advance(Duration::from_hours(1)).await;
        let state = sim.state();
        let seeded = SeededNumbers::default();
        let calls = state["calls"].as_array().unwrap();
        assert!(calls.len() > 20, "{} calls", calls.len());
        for call in calls {
            let caller = call["caller"].as_str().unwrap();
            for text in [caller.to_owned(), format!("+91 {caller}"), format!("0{caller}")] {
                assert!(seeded.contains(&PhoneNumber::from(text.as_str())), "{text}");
            }
        }
    }

    #[test]
    fn a_number_is_found_in_every_spelling_of_the_projects_table() {
        #[derive(serde::Deserialize)]
        struct Table {
            pair: Vec<Pair>,
        }
        #[derive(serde::Deserialize)]
        struct Pair {
            one: PhoneNumber,
            other: PhoneNumber,
            same: bool,
            why: String,
        }
        let table: Table =
            toml::from_str(include_str!("../../../fixtures/same_number.toml")).unwrap();
        for Pair { one, other, same, why } in table.pair {
            let seeded = SeededNumbers { lines: vec![one] };
            assert_eq!(seeded.contains(&other), same, "{:?}: {why}", other.as_str());
        }
    }

    #[test]
    fn dids_and_extensions_are_known_and_others_are_not() {
        let seeded = SeededNumbers::default();
        for text in ["918000000001", "8000000002", "500003", "+91 90000 12345"] {
            assert!(seeded.contains(&PhoneNumber::from(text)), "{text}");
        }
        for text in ["9876543210", "9000000001", "9000100000", "500009", "", "12"] {
            assert!(!seeded.contains(&PhoneNumber::from(text)), "{text}");
        }
    }
}
