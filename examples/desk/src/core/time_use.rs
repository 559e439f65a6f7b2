//! Where an agent's time went today, out of the service's words: the service's own figure comes in the night.

use ozonetel_sdk::mdl::AgentStatusKind;
use ozonetel_sdk::types::ClockDuration;

use super::agent::StateWord;
use super::figures::TimeUtilization;

/// How long an agent was in which state between two times, in milliseconds since 1970. The words are in the order of
/// their times; what the last word before the beginning says counts from the beginning on. A word that is not known is
/// time logged in, and no more.
pub fn time_use(words: &[StateWord], from_ms: i64, until_ms: i64) -> TimeUtilization {
    let mut sum = [0_i64; 6];
    for (n, word) in words.iter().enumerate() {
        let next = words.get(n + 1).map_or(until_ms, |next| next.at_ms);
        let spent = (next.min(until_ms) - word.at_ms.max(from_ms)).max(0);
        let Some(place) = place_of(word) else { continue };
        sum[0] += spent;
        if place > 0 {
            sum[place] += spent;
        }
    }
    let [login, busy, idle, pause, wrapup, dial] = sum.map(|ms| {
        ClockDuration::from_seconds(u32::try_from((ms + 500) / 1_000).unwrap_or(u32::MAX))
    });
    TimeUtilization {
        total_login_duration: login,
        total_busy_time: busy,
        total_idle_time: idle,
        total_pause_time: pause,
        total_wrapup_time: wrapup,
        total_dial_time: dial,
    }
}

/// Which time a word is counted as; `None` for none, 0 for nothing but being logged in.
fn place_of(word: &StateWord) -> Option<usize> {
    use AgentStatusKind as Kind;
    Some(match word.kind() {
        Some(Kind::LoggedOut) => return None,
        Some(Kind::InCall | Kind::Busy) => 1,
        Some(Kind::Ready | Kind::Idle | Kind::Released | Kind::LoggedIn) => 2,
        Some(Kind::Paused | Kind::Aux) => 3,
        Some(Kind::WrapUp) => 4,
        Some(Kind::Calling) => 5,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::agent::StateSource;

    fn words(said: &[(&str, i64)]) -> Vec<StateWord> {
        let word = |(word, sec): &(&str, i64)| StateWord {
            at_ms: sec * 1_000,
            source: StateSource::Event,
            word: (*word).to_owned(),
            reason: None,
        };
        said.iter().map(word).collect()
    }

    #[test]
    fn each_state_lasts_until_the_next_and_the_day_begins_in_one() {
        let said = words(&[
            ("READY", 50),
            ("incall", 130),
            ("ACW", 160),
            ("PAUSED", 170),
            ("LUNCHING", 175),
            ("logout", 180),
        ]);
        let used = time_use(&said, 100_000, 300_000);
        let seconds = |time: ClockDuration| time.seconds();
        assert_eq!(seconds(used.total_idle_time), 30);
        assert_eq!(seconds(used.total_busy_time), 30);
        assert_eq!(seconds(used.total_wrapup_time), 10);
        assert_eq!(seconds(used.total_pause_time), 5);
        assert_eq!(seconds(used.total_login_duration), 80, "a word that is not known is logged in");
        assert_eq!(time_use(&[], 0, 10), TimeUtilization::default());
    }

    proptest! {
        /// The parts are never more than the whole, and the whole never more than the time there was.
        #[test]
        fn the_parts_are_within_the_whole(
            said in prop::collection::vec((0_usize..7, 0_i64..500), 0..20),
            from in 0_i64..500, length in 0_i64..500,
        ) {
            let names = ["READY", "incall", "ACW", "PAUSED", "calling", "logout", "x"];
            let mut said: Vec<_> = said.iter().map(|(n, at)| (names[*n], *at)).collect();
            said.sort_by_key(|(_, at)| *at);
            let used = time_use(&words(&said), from * 1_000, (from + length) * 1_000);
            let parts = [
                used.total_busy_time, used.total_idle_time, used.total_pause_time,
                used.total_wrapup_time, used.total_dial_time,
            ];
            let sum: u32 = parts.iter().map(|part| part.seconds()).sum();
            let whole = used.total_login_duration.seconds();
            prop_assert!(sum <= whole && i64::from(whole) <= length, "{used:?}");
        }
    }
}
