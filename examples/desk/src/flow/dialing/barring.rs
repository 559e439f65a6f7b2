//! What keeps a dial from going out: its agent is in a call, or a colleague has claimed the missed call of its number.

use crate::core::dial::DialBar;
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
