//! Calls of the day before, so that the reports of a new simulator have something in them.

use std::time::Duration;

use ozonetel_sim::Sim;
use ozonetel_sim::world::{PhoneAction, Setup, Timestamp};

/// Ten o'clock.
const MORNING_MS: i64 = 36_000_000;

/// India is so far ahead of UTC.
const AHEAD_MS: i64 = 19_800_000;

/// The length of a day.
const DAY_MS: i64 = 86_400_000;

/// How many calls there were.
const CALLS: u64 = 12;

/// Between the beginnings of two calls.
const BETWEEN: Duration = Duration::from_mins(7);

/// When the day's first call comes, for one that is looked at now.
pub(super) fn morning(now: Timestamp) -> Timestamp {
    let midnight = (now.unix_ms() + AHEAD_MS).div_euclid(DAY_MS) * DAY_MS - AHEAD_MS;
    Timestamp::from_unix_ms(midnight - DAY_MS + MORNING_MS)
}

/// Lets the first agent answer some calls, and the time pass until now.
pub(super) async fn lived_through(sim: &Sim, setup: &Setup, now: Timestamp) {
    let did = setup.campaigns.iter().find_map(|campaign| campaign.did.clone());
    if let (Some(agent), Some(did)) = (setup.agents.first(), did) {
        let signed_in = sim.change(|world| world.login(&agent.id, &agent.password, ""));
        for number in 0..CALLS {
            let caller = format!("90000001{number:02}");
            // One in four hangs up before anyone answers.
            if number % 4 == 3 {
                sim.missed(&did, &caller);
            } else if let Some(call) = sim.inbound(&did, &caller) {
                sim.advance(Duration::from_secs(40 + 11 * number)).await;
                // It may have ended by itself.
                let _ = sim.customer(&call.ucid.to_string(), PhoneAction::Hangup);
            }
            sim.advance(BETWEEN).await;
        }
        if signed_in.is_ok() {
            // Whoever is in no call can be signed out.
            let _ = sim.change(|world| world.logout(&agent.id, &agent.password));
        }
    }
    sim.advance(now.since(sim.now())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_day_before_has_calls_and_today_has_none() {
        // Half past twelve in India, and half an hour after its midnight.
        for now in ["2026-01-06T07:00:00Z", "2026-01-05T19:00:00Z"] {
            let now = Timestamp::parse(now).unwrap();
            let sim = Sim::builder().starting_at(morning(now)).build();
            lived_through(&sim, &Setup::default(), now).await;
            let client = sim.client();
            assert_eq!(client.today().to_string(), "2026-01-06");
            assert!(client.cdr().for_day(client.today()).await.unwrap().is_empty());
            let rows = client.cdr().for_day(client.today().previous()).await.unwrap();
            let answered = rows.iter().filter(|row| row.is_answered()).count();
            assert!(rows.len() >= 12 && answered >= 9, "{} {answered}", rows.len());
            let agents = &sim.state()["agents"];
            assert_eq!(agents[0]["state"], "LOGGED_OUT", "{agents}");
        }
    }
}
