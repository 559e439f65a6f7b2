//! Files agents' state summaries: every day once it is over, all agents in one request, 30 days back at the start.

use std::collections::BTreeSet;
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::types::{ClockDuration, Day, LocalDateTime};
use ozonetel_store::Store;
use tokio_util::sync::CancellationToken;

/// Days that the service still has, and that one request may be for.
const DAYS: usize = 30;

/// How long after midnight the day before can be counted on to be complete: as for call records.
const NIGHT_OVER: ClockDuration = ClockDuration::from_seconds(4 * 3600);

/// How often is looked whether a day is over, and the pause after a failure.
const PAUSE: Duration = Duration::from_mins(10);

/// The range to ask for: from the oldest of the last 30 days that is not stored to the newest that is over. `None` when
/// all are.
pub fn next_range(now: LocalDateTime, stored: &BTreeSet<Day>) -> Option<(Day, Day)> {
    let today = now.day();
    let night_is_over = now >= today.start().plus(NIGHT_OVER);
    let last = if night_is_over { today.previous() } else { today.previous().previous() };
    let days = std::iter::successors(Some(last), |day| Some(day.previous()));
    let oldest = days.take(DAYS).filter(|day| !stored.contains(day)).last()?;
    Some((oldest, last))
}

/// Asks for what is missing, if anything is. Whether it did.
///
/// # Errors
/// The service or the store failed, in words for a log.
pub async fn file(client: &Client, store: &Store) -> Result<bool, String> {
    let now = client.clock().now();
    let local = client.zone().stamp(now);
    let (from, to) = (local.day(), local.day());
    let from = std::iter::successors(Some(from), |day| Some(day.previous())).nth(DAYS + 1);
    let stored = store.summary(from.unwrap_or(to), to).await.map_err(|error| error.to_string())?;
    let stored = stored.into_keys().collect();
    let Some((from, mut to)) = next_range(local, &stored) else { return Ok(false) };
    let ask = async |to: Day| {
        let call = client.summary().between(from.start(), to.end()).patience(Patience::Wait);
        call.await.map_err(|error| error.to_string())
    };
    let mut rows = ask(to).await?;
    // A row without a day is of the one that was asked for, if that is one.
    if from != to && rows.iter().any(|row| row.call_date.is_none()) {
        to = from;
        rows = ask(to).await?;
    }
    store.save_summary(from, to, rows, now).await.map_err(|error| error.to_string())?;
    Ok(true)
}

/// Files summaries until `stop`.
pub async fn run(client: Client, store: Store, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            filed = file(&client, &store) => match filed {
                Ok(true) => tracing::info!("agents' summaries are filed"),
                Ok(false) => {}
                Err(error) => tracing::warn!(error, "agents' summaries cannot be filed; trying again"),
            },
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::auth::AuthMode;
    use ozonetel_sdk::testing::doubles::{Replay, Turn};

    use super::*;

    fn at(text: &str) -> LocalDateTime {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn at_the_start_thirty_days_in_one_request() {
        let none = BTreeSet::new();
        let range = next_range(at("2026-11-20 10:00:00"), &none);
        assert_eq!(range, Some((day("2026-10-21"), day("2026-11-19"))));
        assert_eq!(day("2026-10-21").days_until(day("2026-11-19")), 29);
    }

    #[test]
    fn a_day_is_asked_for_once_its_night_is_over_and_once_only() {
        let mut stored = BTreeSet::new();
        let mut last = day("2026-11-18");
        for _ in 0..30 {
            stored.insert(last);
            last = last.previous();
        }
        assert_eq!(next_range(at("2026-11-20 03:59:59"), &stored), None);
        let yesterday = day("2026-11-19");
        assert_eq!(next_range(at("2026-11-20 04:00:00"), &stored), Some((yesterday, yesterday)));
        stored.insert(yesterday);
        assert_eq!(next_range(at("2026-11-20 04:00:00"), &stored), None);
    }

    #[tokio::test]
    async fn a_row_without_a_day_is_asked_for_by_its_day() {
        let rows = r#"{"status":"success","message":[{"AgentUniqueID":"agent01","CallDate":"0000-00-00"}]}"#;
        let replay = Replay::new([Turn::json(rows), Turn::json(rows)]);
        let client = Client::builder().account("acme_support").key("test-key").mode(AuthMode::Key);
        let client = client.transport(std::sync::Arc::new(replay.clone())).build().unwrap();
        let store = Store::in_memory(client.zone().clone());
        assert_eq!(file(&client, &store).await, Ok(true));
        let sent = |at: usize| {
            let body = serde_json::from_slice::<serde_json::Value>(replay.requests()[at].body());
            let body = body.unwrap();
            ["fromDate", "toDate"]
                .map(|name| body[name].as_str().unwrap()[..10].parse::<Day>().unwrap())
        };
        let ([from, to], one) = (sent(0), sent(1));
        assert_eq!((from.days_until(to), one), (29, [from, from]));
        let stored = store.summary(from, to).await.unwrap();
        assert_eq!(stored.keys().copied().collect::<Vec<_>>(), [from]);
        assert_eq!(stored[&from].len(), 1);
    }

    #[test]
    fn days_missed_while_the_desk_was_down_come_in_one_request() {
        let mut stored = BTreeSet::new();
        let mut last = day("2026-11-19");
        for n in 0..30 {
            if n != 5 {
                stored.insert(last);
            }
            last = last.previous();
        }
        let range = next_range(at("2026-11-20 10:00:00"), &stored);
        assert_eq!(range, Some((day("2026-11-14"), day("2026-11-19"))));
    }
}
