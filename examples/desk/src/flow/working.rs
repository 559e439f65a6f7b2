//! Missed calls, follow-ups and leads: load, ask the core, store, and once more if someone else was faster.

use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::Serialize;

use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::{FollowUp, FollowUpKey};
use crate::core::missed::MissedNumber;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::work::Versioned;
use crate::store::{Audience, NewEvent, StoreError};

/// How often a change is tried again when someone else was faster.
const TRIES: u32 = 8;

/// That something on the lists has changed; the page asks for what it shows.
#[derive(Serialize)]
struct Changed<'a> {
    id: &'a str,
}

fn changed(kind: &'static str, audience: Audience, id: &str) -> Result<Vec<NewEvent>, StoreError> {
    Ok(vec![NewEvent::new(kind, audience, &Changed { id })?])
}

/// Changes the missed calls of a number.
///
/// # Errors
/// The change's own; the store is not available; too many change it at once.
pub async fn change_missed<T>(
    desk: &Desk,
    key: &str,
    change: impl Fn(&mut MissedNumber) -> Result<T, Problem>,
) -> Result<(MissedNumber, T), Problem> {
    for _ in 0..TRIES {
        let Some(mut found) = desk.store().missed_number(key).await? else {
            return Err(Problem::new(Kind::NotFound, "there is no such missed call"));
        };
        let done = change(&mut found.record)?;
        let record = found.record.clone();
        if save(desk, found).await? {
            return Ok((record, done));
        }
    }
    Err(busy())
}

/// Notes a call that was missed. The same call may be told any number of times.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn note_missed(
    desk: &Desk,
    number: &PhoneNumber,
    call: &str,
    at_ms: i64,
) -> Result<(), Problem> {
    let key = number_key(number);
    for _ in 0..TRIES {
        let found = match desk.store().missed_number(&key).await? {
            Some(mut found) => {
                if found.record.calls.contains(call) {
                    return Ok(());
                }
                found.record.missed(number, call, at_ms);
                found
            }
            None => {
                Versioned { version: 0, record: MissedNumber::new(number.clone(), call, at_ms) }
            }
        };
        if save(desk, found).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Notes a conversation with a number: its missed calls before that are answered, its lead was spoken to.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn note_reached(desk: &Desk, number: &PhoneNumber, at_ms: i64) -> Result<(), Problem> {
    let key = number_key(number);
    let events = changed("worklist.changed", Audience::Everyone, &key)?;
    desk.store().touch_lead(number, at_ms, true, events).await?;
    for _ in 0..TRIES {
        let Some(mut found) = desk.store().missed_number(&key).await? else { return Ok(()) };
        if found.record.reached_ms.is_some_and(|known| known >= at_ms) {
            return Ok(());
        }
        found.record.reached(at_ms);
        if save(desk, found).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Whether it was saved; if not, someone else was faster.
async fn save(desk: &Desk, missed: Versioned<MissedNumber>) -> Result<bool, Problem> {
    let events = changed("missed.changed", Audience::Everyone, &missed.record.key)?;
    match desk.store().save_missed(missed, desk.people().now(), events).await {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The follow-up that was made under a key before.
///
/// # Errors
/// Something else was asked for under the key; the store is not available.
pub async fn follow_up_of_key(
    desk: &Desk,
    scope: &Scope,
    key: &FollowUpKey,
) -> Result<Option<FollowUp>, Problem> {
    let Some(found) = desk.store().follow_up(&Scope::All, &key.id).await? else { return Ok(None) };
    let found = found.record;
    let is_same = found.asked.as_ref().is_none_or(|asked| *asked == key.asked);
    if !is_same || !scope.contains(&found.agent.as_str().into()) {
        let text = "this Idempotency-Key was used for another follow-up";
        return Err(Problem::new(Kind::Unprocessable, text).because("key_used"));
    }
    Ok(Some(found))
}

/// Makes a follow-up; whether it did: one with an id that is there already is not made again.
///
/// # Errors
/// The store is not available.
pub async fn add_follow_up(desk: &Desk, follow_up: FollowUp) -> Result<bool, Problem> {
    let agent = AgentId::from(follow_up.agent.as_str());
    let events = changed("followup.changed", Audience::Agent(agent), &follow_up.id)?;
    let new = Versioned { version: 0, record: follow_up };
    match desk.store().save_follow_up(new, desk.people().now(), events).await {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Changes a follow-up of an agent in the scope.
///
/// # Errors
/// The change's own; there is none; the store is not available; too many change it at once.
pub async fn change_follow_up(
    desk: &Desk,
    scope: &Scope,
    id: &str,
    change: impl Fn(&mut FollowUp) -> Result<(), Problem>,
) -> Result<FollowUp, Problem> {
    for _ in 0..TRIES {
        let Some(mut found) = desk.store().follow_up(scope, id).await? else {
            return Err(Problem::new(Kind::NotFound, "there is no such follow-up"));
        };
        change(&mut found.record)?;
        let record = found.record.clone();
        let agent = AgentId::from(record.agent.as_str());
        let events = changed("followup.changed", Audience::Agent(agent), id)?;
        match desk.store().save_follow_up(found, desk.people().now(), events).await {
            Ok(_) => return Ok(record),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// Others were faster, as often as it was tried.
pub fn busy() -> Problem {
    Problem::new(Kind::Conflict, "someone else is changing it; try again")
}
