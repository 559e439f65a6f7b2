//! What is due when. Timers fire in order of time, then of creation.

use std::collections::BTreeMap;

use super::ids::{CallKey, LegNo, LostPhone, PartyNo};
use super::time::Timestamp;

/// Something that will happen unless it has become pointless by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The agent's telephone is picked up.
    AgentAnswers(CallKey, LegNo),
    /// The agent's telephone has rung long enough.
    AgentMisses(CallKey, LegNo),
    /// The customer picks up.
    CustomerAnswers(CallKey),
    /// The customer has let it ring long enough.
    CustomerMisses(CallKey),
    /// The network refuses the customer's number.
    NumberFails(CallKey),
    /// A third party of a conference picks up.
    PartyAnswers(CallKey, PartyNo),
    /// A third party has let it ring long enough.
    PartyMisses(CallKey, PartyNo),
    /// The network refuses a third party's number.
    PartyFails(CallKey, PartyNo),
    /// A softphone that lost its connection then has not come back.
    SoftphoneGone(CallKey, LostPhone, Timestamp),
    /// The customer has waited alone since then for long enough.
    HeldTooLong(CallKey, i64),
    /// The conversation ends: the agent hangs up, else the customer.
    TalkEnds(CallKey, bool),
    /// The longest talk time asked for is over.
    CallLimit(CallKey),
    /// The caller has waited in the queue long enough.
    QueueEnds(CallKey),
    /// Wrap-up has reached the limit.
    WrapUpEnds(CallKey, LegNo),
    /// A traffic agent disposes of the call.
    TrafficDisposes(CallKey, LegNo),
    /// The next call of the traffic.
    TrafficArrives,
    /// A telephone has rung for an application: it is picked up, or fails with this word.
    IvrRings(u64, &'static str),
    /// A verb of an application is over.
    IvrVerb(u64, u32),
    /// The person an application dialled picks up.
    IvrCallee(u64, u32),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    due: BTreeMap<(Timestamp, u64), Timer>,
    made: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.made += 1;
        self.due.insert((at, self.made), timer);
    }

    /// The next timer due at or before `now`.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Timer)> {
        let entry = self.due.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let at = entry.key().0;
        Some((at, entry.remove()))
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }
}
