//! Missed calls, follow-ups and leads: load, ask the core, store, and once more if someone else was faster.

use std::ops::RangeInclusive;

use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::Serialize;
use serde_json::json;

use crate::core::call::{CallState, Direction};
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::{FollowUp, FollowUpKey};
use crate::core::missed::MissedNumber;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::work::Versioned;
use crate::store::{Audience, CONVERSATION_CALLS, NewEvent, StoreError, StoredCall};

/// How often a change is tried again when someone else was faster.
const TRIES: u32 = 8;

/// By how much the end of a call that was noted may be later than the one that is known by its last word.
const LATE_MS: i64 = 60_000;

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
        let was_open = found.record.is_open();
        let done = change(&mut found.record)?;
        let record = found.record.clone();
        if save(desk, found, was_open).await? {
            return Ok((record, done));
        }
    }
    Err(busy())
}

/// Notes what a call means for the lists once it is over, whichever source told of it: a conversation closes what was
/// missed before and the number's lead; one that came in and that no one answered is a missed call. What was seen while
/// it was up counts until the service has given its last word. The same call may be told any number of times.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn note_outcome(desk: &Desk, call: &StoredCall) -> Result<(), Problem> {
    let state = &call.state;
    let Some(number) = &state.number else { return Ok(()) };
    if let Some((from, until)) = state.conversation() {
        note_reached(desk, number, from, until).await?;
        if state.is_final {
            return Ok(());
        }
        // The service's last word may have been stored meanwhile, and have found nothing to take back.
        let known = desk.store().call(&call.id, &Scope::All).await?;
        return match known {
            Some(known) => take_back(desk, number, &known.state).await,
            None => Ok(()),
        };
    }
    take_back(desk, number, state).await?;
    let came_in = state.direction == Some(Direction::Inbound) && !state.is_answered();
    match state.began_ms.filter(|_| came_in && state.is_final) {
        Some(began) => {
            note_missed(desk, number, state.call_id.as_ref().unwrap_or(&call.id), began).await
        }
        None => Ok(()),
    }
}

/// When the last conversation with a number began that is over, and when the last one ended, by the calls that are stored.
async fn last_conversation(
    desk: &Desk,
    number: &PhoneNumber,
) -> Result<(Option<i64>, Option<i64>), StoreError> {
    let calls = desk.store().calls_of_number(number, CONVERSATION_CALLS).await?;
    Ok(CallState::last_conversation(calls.iter().map(|call| &*call.state)).unzip())
}

/// Takes back what was noted of a conversation that there was not, by the service's last word: who was to be called is
/// to be called again.
async fn take_back(desk: &Desk, number: &PhoneNumber, state: &CallState) -> Result<(), Problem> {
    let (Some(denied), Some(ended)) = (state.denied_ms, state.ended_ms) else { return Ok(()) };
    let began = state.began_ms.map_or(denied, |began| began.min(denied));
    let noted = began..=ended.max(denied).saturating_add(LATE_MS);
    take_back_lead(desk, number, &noted).await?;
    let key = number_key(number);
    for _ in 0..TRIES {
        let Some(mut found) = desk.store().missed_number(&key).await? else { return Ok(()) };
        if !found.record.reached_ms.is_some_and(|reached| noted.contains(&reached)) {
            return Ok(());
        }
        let (before, _) = last_conversation(desk, number).await?;
        if found.record.reached_ms == before {
            return Ok(());
        }
        let was_open = found.record.is_open();
        found.record.not_reached(before);
        if !was_open && found.record.is_open() {
            found.record.opened_ms = Some(desk.people().now());
        }
        if save(desk, found, was_open).await? {
            return Ok(());
        }
    }
    Err(busy())
}

async fn take_back_lead(
    desk: &Desk,
    number: &PhoneNumber,
    noted: &RangeInclusive<i64>,
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let lead = desk.store().lead_of_number(number).await?;
        let known = lead.and_then(|lead| lead.last_interaction);
        let Some(known) = known.filter(|known| noted.contains(known)) else { return Ok(()) };
        let (_, before) = last_conversation(desk, number).await?;
        if before == Some(known) {
            return Ok(());
        }
        let events = vec![NewEvent::new("worklist.changed", Audience::Everyone, &json!({}))?];
        let at = desk.people().now();
        if desk.store().take_back_touch(number, (known, before), at, events).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Notes a call that was missed. The same call may be told any number of times. One of a number that cannot be called
/// is on no list.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn note_missed(
    desk: &Desk,
    number: &PhoneNumber,
    call: &str,
    at_ms: i64,
) -> Result<(), Problem> {
    if number.key().is_none() {
        return Ok(());
    }
    let key = number_key(number);
    for _ in 0..TRIES {
        let found = desk.store().missed_number(&key).await?;
        let is_new = found.is_none();
        let (mut found, was_open) = match found {
            Some(found) if found.record.calls.contains(call) => return Ok(()),
            Some(mut found) => {
                let was_open = found.record.is_open();
                found.record.missed(number, call, at_ms);
                (found, was_open)
            }
            None => {
                let mut record = MissedNumber::new(number.clone(), call, at_ms);
                (record.reached_ms, _) = last_conversation(desk, number).await?;
                (Versioned { version: 0, record }, false)
            }
        };
        if !was_open && found.record.is_open() {
            found.record.opened_ms = Some(desk.people().now());
        }
        if !save(desk, found, was_open).await? {
            continue;
        }
        // A conversation that was stored meanwhile found no entry to close.
        if is_new && let (Some(from), _) = last_conversation(desk, number).await? {
            return close_by(desk, &key, from).await;
        }
        return Ok(());
    }
    Err(busy())
}

/// Notes a conversation with a number: calls that it missed before that began are answered, its lead was spoken to, and
/// is done if it was there by then.
///
/// # Errors
/// The store is not available; too many change it at once.
pub async fn note_reached(
    desk: &Desk,
    number: &PhoneNumber,
    from_ms: i64,
    until_ms: i64,
) -> Result<(), Problem> {
    if desk.store().lead_of_number(number).await?.is_some_and(|lead| {
        (!lead.done && lead.added <= until_ms)
            || lead.last_interaction.is_none_or(|known| known < until_ms)
    }) {
        // Without its number: everyone is told.
        let events = vec![NewEvent::new("worklist.changed", Audience::Everyone, &json!({}))?];
        desk.store().touch_lead(number, until_ms, true, events).await?;
    }
    close_by(desk, &number_key(number), from_ms).await
}

/// Closes what was missed before a conversation began.
async fn close_by(desk: &Desk, key: &str, from_ms: i64) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let Some(mut found) = desk.store().missed_number(key).await? else { return Ok(()) };
        if found.record.reached_ms.is_some_and(|known| known >= from_ms) {
            return Ok(());
        }
        let was_open = found.record.is_open();
        found.record.reached(from_ms);
        if save(desk, found, was_open).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Whether it was saved; if not, someone else was faster. Reported is what is, or was, on the list.
async fn save(
    desk: &Desk,
    missed: Versioned<MissedNumber>,
    was_open: bool,
) -> Result<bool, Problem> {
    let events = if was_open || missed.record.is_open() {
        changed("missed.changed", Audience::Everyone, &missed.record.key)?
    } else {
        Vec::new()
    };
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
