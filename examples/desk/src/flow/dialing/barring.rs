//! What keeps a dial from going out: its agent is in a call, or a colleague has claimed the missed call of its number.

use crate::core::dial::{DialBar, DialEntry};
use crate::desk::Desk;
use crate::flow::working::change_missed;
use crate::problem::{Kind, Problem};

/// Why the dial is refused.
pub(super) fn refusal(bar: DialBar) -> Problem {
    match bar {
        DialBar::InCall => {
            let message = "the agent is in a call: dial after it";
            Problem::new(Kind::Conflict, message).because("in_a_call")
        }
        DialBar::Claimed { by } => {
            let message = format!("{by} has taken the missed call of this number");
            Problem::new(Kind::Conflict, message).because("claimed")
        }
    }
}

/// Gives back the missed call that was claimed for a dial which rang no one.
pub(super) async fn give_back(desk: &Desk, entry: &DialEntry) {
    let release = change_missed(desk, &entry.number_key, |missed| {
        missed.release(entry.agent.as_str());
        Ok(())
    });
    if let Err(problem) = release.await {
        tracing::warn!(?problem, "a missed call stays claimed after a dial that rang no one");
    }
}
