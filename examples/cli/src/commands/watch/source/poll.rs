//! Polling: the list of agents who are logged in, as often as its published limit allows.

use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::endpoint::Rate;
use ozonetel_sdk::legacy::ListLoggedIn;

use super::super::board::{AgentNews, Change};
use super::Changes;

/// The shortest interval that the limit of the list allows.
pub(crate) fn shortest() -> Duration {
    let (requests, seconds) = Rate::AgentLogins.limit().unwrap_or((1, 0));
    Duration::from_secs(u64::from(seconds.div_ceil(requests.max(1))))
}

/// What an interval costs, or why it cannot be.
pub(crate) fn cost(interval: Duration) -> Result<String, String> {
    let least = shortest();
    if interval < least {
        return Err(format!(
            "--interval {} is too short: the published limit allows one request in {} s, for the whole account",
            interval.as_secs(),
            least.as_secs()
        ));
    }
    let seconds = interval.as_secs();
    // Requests a minute, in hundredths.
    let hundredths = 6000 / seconds.max(1);
    let share = least.as_secs() * 100 / seconds.max(1);
    Ok(format!(
        "polling: {}.{:02} requests a minute, {share} % of the limit of the account; states are up to {seconds} s old, and \
         there are no calls in it",
        hundredths / 100,
        hundredths % 100
    ))
}

/// Asks until no one listens.
pub(crate) async fn run(client: Client, interval: Duration, changes: Changes) {
    let mut tick = tokio::time::interval(interval);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let listed = client.call(ListLoggedIn {}).patience(Patience::Wait).await;
        let change = match listed {
            Ok(rows) => {
                let agents = rows.into_iter().filter_map(|row| {
                    let word = row.state.as_ref().map(|state| state.as_str().to_owned());
                    Some(AgentNews {
                        agent: row.agent_id?.to_string(),
                        word: word.unwrap_or_default(),
                        reason: None,
                        since: None,
                        at: None,
                    })
                });
                Change::Everything { agents: agents.collect(), calls: Vec::new() }
            }
            Err(error) => Change::Down(error.summary()),
        };
        if changes.send(change).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_costs_what_it_costs_and_never_more_than_the_limit() {
        let cost = |seconds| cost(Duration::from_secs(seconds));
        assert!(cost(299).unwrap_err().contains("one request in 300 s"));
        assert!(cost(300).unwrap().starts_with("polling: 0.20 requests a minute, 100 %"));
        assert!(cost(600).unwrap().starts_with("polling: 0.10 requests a minute, 50 %"));
        assert!(cost(0).is_err());
    }
}
