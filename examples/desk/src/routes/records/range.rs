//! What the routes of figures take alike: days, and whose calls.

use ozonetel_sdk::types::{AgentId, Day};

use crate::access::no_such;
use crate::body::given;
use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::problem::Problem;

/// The most days of a range.
pub(super) const LONGEST: i32 = 366;

/// The days asked for: today unless it says otherwise, and one day unless it says to which.
pub(super) fn days(
    desk: &Desk,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(Day, Day), Problem> {
    let today = desk.client().today();
    let read = |name: &'static str, text: Option<&str>| {
        let parsed = given(text).map(|text| {
            text.parse::<Day>().map_err(|_| Problem::field(name, "has to be a day YYYY-MM-DD"))
        });
        parsed.transpose()
    };
    let from = read("from", from)?;
    let to = read("to", to)?.or(from).unwrap_or(today);
    let from = from.unwrap_or(to);
    if from > to {
        return Err(Problem::field("from", "is later than to"));
    }
    if from.days_until(to) >= LONGEST {
        return Err(Problem::field("to", format!("makes a range of more than {LONGEST} days")));
    }
    Ok((from, to))
}

/// The most days of an agent's figures: all calls of the range are counted anew for whoever asks.
const LONGEST_OWN: i32 = 93;

/// The days that figures are asked for of.
pub(super) fn figure_days(
    desk: &Desk,
    caller: &Caller,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(Day, Day), Problem> {
    let (from, to) = days(desk, from, to)?;
    if caller.role == Role::Agent && from.days_until(to) >= LONGEST_OWN {
        let text = format!("makes a range of more than {LONGEST_OWN} days, the most for an agent");
        return Err(Problem::field("to", text));
    }
    Ok((from, to))
}

/// Whose calls: an agent's whom the caller sees, else those of all whom the caller sees; `None` for everybody's.
pub(super) fn agents(caller: &Caller, said: Option<&str>) -> Result<Option<Vec<AgentId>>, Problem> {
    let Some(agent) = given(said).map(AgentId::from) else {
        return Ok(caller.scope.agents().map(<[_]>::to_vec));
    };
    if caller.scope.contains(&agent) { Ok(Some(vec![agent])) } else { Err(no_such("agent")) }
}
