//! Facts out of what the service sends: their keys and times.

use std::time::SystemTime;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::mdl::CallPush;
use ozonetel_sdk::push::{CallEvent, Callback};
use ozonetel_sdk::types::{AgentId, ClockDuration, Ucid, Zone};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Fact, FactBody, FactSource, LegNews, MissingNews, SocketNews};
use crate::core::hex::hex;

/// An instant in milliseconds since 1970.
pub fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How much later than the moment of hearing of it something may have happened: two machines' clocks.
const CLOCKS_MS: i64 = 60_000;

/// When something happened, as the service says it. What is said to happen later than it was heard of happened then: taken
/// at its word, it would be the last word for as long as that time has not come.
pub fn believed(said: SystemTime, heard_ms: i64) -> i64 {
    let said = millis(said);
    if said > heard_ms.saturating_add(CLOCKS_MS) { heard_ms } else { said }
}

/// A key for what has no id of its own: equal for equal content.
fn digest(content: &impl Serialize) -> String {
    let text = serde_json::to_vec(content).unwrap_or_default();
    hex(Sha256::digest(text).iter().take(16))
}

impl Fact {
    /// A fact without a time of its own.
    pub fn new(source: FactSource, key: impl Into<String>, at_ms: i64, body: FactBody) -> Self {
        Self { source, key: key.into(), at_ms, said_ms: None, began_ms: None, body }
    }

    /// A call event. Another delivery with other content is another fact.
    pub fn of_event(event: CallEvent, at_ms: i64, zone: &Zone) -> Self {
        let said_ms = event.event_time.map(|time| believed(time.instant(zone), at_ms));
        let began_ms = event.start_time.map(|time| believed(time.instant(zone), at_ms));
        let key = digest(&event);
        let body = FactBody::Event(Box::new(event));
        Self { said_ms, began_ms, ..Self::new(FactSource::Event, key, at_ms, body) }
    }

    /// A callback.
    pub fn of_callback(callback: Callback, at_ms: i64, zone: &Zone) -> Self {
        let said_ms = callback.end_time.map(|time| believed(time.instant(zone), at_ms));
        let began_ms = callback.start_time.map(|time| believed(time.instant(zone), at_ms));
        let key = digest(&callback);
        let body = FactBody::Callback(Box::new(callback));
        Self { said_ms, began_ms, ..Self::new(FactSource::Callback, key, at_ms, body) }
    }

    /// A row of the call-detail records. A row that was rewritten is another fact of the same leg.
    pub fn of_row(row: CallRecord, at_ms: i64, zone: &Zone) -> Self {
        let began = row.call_date.zip(row.start_time).map(|(day, time)| day.at(time));
        // The row's end is a time of day: past midnight, that of the next.
        let lasted = row.start_time.zip(row.end_time).map(|(start, end)| {
            let (start, end) = (start.seconds(), end.seconds());
            if end < start { end + 86_400 - start } else { end - start }
        });
        let lasted = row.duration.or(lasted.map(ClockDuration::from_seconds));
        let ended = began.zip(lasted).map(|(began, lasted)| began.plus(lasted));
        let said_ms = ended.or(began).map(|time| believed(time.instant(zone), at_ms));
        let began_ms = began.map(|time| believed(time.instant(zone), at_ms));
        let key = digest(&row);
        let body = FactBody::Row(Box::new(row));
        Self { said_ms, began_ms, ..Self::new(FactSource::Cdr, key, at_ms, body) }
    }

    /// A push of an agent's socket about a call.
    pub fn of_push(agent: AgentId, news: SocketNews, push: CallPush, at_ms: i64) -> Self {
        let key = digest(&(&agent, news, &push));
        let body = FactBody::Pushed { agent, news, push: Box::new(push) };
        Self::new(FactSource::Socket, key, at_ms, body)
    }

    /// News of a SIP leg. A leg can be answered again after it was lost: each moment is a fact.
    pub fn of_leg(agent: AgentId, ucid: Ucid, news: LegNews, at_ms: i64) -> Self {
        let key = digest(&(&agent, ucid, news, at_ms));
        Self::new(FactSource::Phone, key, at_ms, FactBody::Leg { ucid, agent, news })
    }

    /// Time that passed without news. Once per leg and kind.
    pub fn of_silence(ucid: Ucid, missing: MissingNews, at_ms: i64) -> Self {
        let key = digest(&(ucid, missing));
        Self::new(FactSource::Time, key, at_ms, FactBody::Elapsed { ucid, missing })
    }
}
