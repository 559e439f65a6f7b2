//! Finds out what became of dials of unknown outcome.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_sdk::types::{Day, Ucid};
use ozonetel_store::{CallQuery, DayCoverage};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::caller::Scope;
use crate::core::dial::{CLOCKS_MS, DialEntry, DialEvidence, DialState, DialWay, settle};
use crate::core::fact::millis;
use crate::core::forget::FORGOTTEN;
use crate::desk::Desk;
use crate::flow::ledger::dial_changed;
use crate::flow::settling::apply;
use crate::flow::viewing::now_ms;
use crate::problem::Problem;
use crate::store::lease::presence;
use crate::store::{DialWrite, StoreError};
use crate::work::lease::LeaseKeeper;

/// How often unknown dials are looked for in the call records, which costs the account nothing.
const EVERY: Duration = Duration::from_secs(20);

/// How often the report is asked for as well: twice a minute is all that the account has, for the call records too.
const ASKS: Duration = Duration::from_mins(2);

/// How often it is looked whether another desk has died.
const OTHERS: Duration = Duration::from_secs(2);

/// How soon it is looked again after the store has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How many dials are looked for in one round.
const TOGETHER: u32 = 64;

/// How many calls to one number on the day of a dial are looked at.
const MOST: usize = 1_000;

/// How long after a dial its row may take to appear in the call records.
const ROWS_WITHIN_MS: i64 = 5 * 60_000;

/// Longer than a dial can be on its way.
const LONGEST_DIAL_MS: i64 = 5 * 60_000;

/// Marks dials that were being sent when a desk stopped as unknown, but for those whose call was seen: they have
/// happened. It is about dials of this desk, and of any desk longer ago than a dial can take. How many are unknown.
///
/// # Errors
/// The store is not available.
pub async fn take_over(desk: &Desk) -> Result<usize, StoreError> {
    take_over_until(desk, now_ms(desk)).await
}

/// The same where this process began at a time: what it has sent itself since is under way.
async fn take_over_until(desk: &Desk, began: i64) -> Result<usize, StoreError> {
    let before = now_ms(desk).saturating_sub(LONGEST_DIAL_MS);
    let mut left = desk.store().dials_left_sending(desk.calling().holder(), before).await?;
    left.retain(|row| row.asked_ms <= began || row.asked_ms < before);
    left_unknown(desk, left).await
}

/// Marks dials that another desk was sending when it died in the same way. How many are unknown. Should that one be alive
/// after all, its word counts.
///
/// # Errors
/// The store is not available.
pub async fn take_over_from_dead(desk: &Desk) -> Result<usize, StoreError> {
    let left = desk.store().dials_of_dead_desks(desk.calling().holder(), now_ms(desk)).await?;
    left_unknown(desk, left).await
}

async fn left_unknown(desk: &Desk, left: Vec<DialEntry>) -> Result<usize, StoreError> {
    let (at, mut count) = (now_ms(desk), 0);
    for row in left {
        if row.ucid.is_some() {
            apply(desk, &row, &DialEvidence::Restarted).await?;
            continue;
        }
        let Some(entry) = settle(&row, &DialEvidence::Restarted, at) else { continue };
        let answer = Some(crate::flow::ledger::unknown_answer(&entry));
        let entry = DialEntry { answer, ..entry };
        let events = vec![dial_changed(&entry)];
        match desk.store().change_dial(DialWrite { from: row.state, entry }, at, events).await {
            // Its call may have been seen between the two.
            Ok(()) => count += usize::from(!was_seen(desk, &row.id).await?),
            // Another desk was faster.
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if count > 0 {
        tracing::warn!(
            count,
            "dials were being sent when a desk stopped: their outcome is unknown"
        );
    }
    Ok(count)
}

/// Settles an unknown dial that names its call. Whether it does.
async fn was_seen(desk: &Desk, dial: &str) -> Result<bool, StoreError> {
    let Some(row) = desk.store().dial(dial).await? else { return Ok(false) };
    if row.ucid.is_some() && row.state == DialState::Unknown {
        apply(desk, &row, &DialEvidence::Seen { ucid: row.ucid }).await?;
    }
    Ok(row.ucid.is_some())
}

/// Says that this desk is alive, by a lease in its name; only where others can hear it.
pub async fn be_present(desk: Desk, keeper: LeaseKeeper, stop: CancellationToken) {
    if !desk.store().is_shared() {
        stop.cancelled().await;
        return;
    }
    let name = presence(desk.calling().holder());
    keeper.run(&name, stop, |_, stop| async move { stop.cancelled().await }).await;
}

/// Looks for unknown dials once: in the call records, and in a report of its own. How many were settled.
///
/// # Errors
/// The store is not available.
pub async fn look(desk: &Desk) -> Result<usize, StoreError> {
    look_in(desk, true).await
}

/// Looks for unknown dials in the call records and, with `asks`, for those of which they say nothing yet in a report of
/// its own, as far as requests of its limit are free. How many were settled.
async fn look_in(desk: &Desk, asks: bool) -> Result<usize, StoreError> {
    let mut settled = 0;
    for row in desk.store().dials_in(DialState::Unknown, &Scope::All, TOGETHER).await? {
        let Some(evidence) = look_for(desk, &row, asks).await else { continue };
        settled += usize::from(apply(desk, &row, &evidence).await?);
    }
    Ok(settled)
}

/// What is known of a dial by now.
async fn look_for(desk: &Desk, row: &DialEntry, asks: bool) -> Option<DialEvidence> {
    // What KooKoo asks the desk, or reports, names the dial; no report does.
    if row.way == DialWay::Kookoo {
        return None;
    }
    match by_records(desk, row).await {
        Ok(None) if asks && row.way == DialWay::Agent => by_reference(desk, row).await,
        Ok(evidence) => evidence,
        Err(problem) => {
            tracing::debug!(?problem, "an unknown dial could not be looked for");
            None
        }
    }
}

/// What a leg says of a dial.
enum LegSays {
    /// It is the dial's.
    IsIts(Option<Ucid>),
    /// It is not.
    IsNot,
    /// It may be.
    MayBe,
}

/// What the call records say of a dial. That they have no leg of it counts once they were read completely, long enough
/// after it.
async fn by_records(desk: &Desk, row: &DialEntry) -> Result<Option<DialEvidence>, Problem> {
    // Its number was forgotten, or is none that calls are found by: that they are not says nothing.
    if row.number.as_str() == FORGOTTEN || row.number.key().is_none() {
        return Ok(None);
    }
    let zone = desk.client().zone();
    let day = |ms: i64| zone.stamp(instant(ms)).day();
    let until = row.decided_ms.unwrap_or(row.asked_ms);
    // The service's clock may be behind: right after midnight the call may be among those of the day before.
    let (from, to) = (day(row.asked_ms.saturating_sub(CLOCKS_MS)), day(until));
    let query = CallQuery { number: Some(row.number.clone()), ..CallQuery::days(from, to) };
    // A day's last rows are stored together with what is known of the day: that is read before them.
    let days = desk.records().store().days(from, to).await?;
    let mut is_unclear = false;
    for call in desk.records().calls(query, MOST).await? {
        for leg in call.records()? {
            let says = match row.way {
                DialWay::Agent => by_its_reference(desk, row, &leg).await?,
                DialWay::Socket | DialWay::Kookoo => by_its_time(desk, row, &leg).await?,
            };
            match says {
                LegSays::IsIts(ucid) => return Ok(Some(DialEvidence::Seen { ucid })),
                LegSays::IsNot => {}
                LegSays::MayBe => is_unclear = true,
            }
        }
    }
    let closes = until.saturating_add(ROWS_WITHIN_MS);
    let is_read = are_read(&days, (from, to), closes);
    Ok((is_read && !is_unclear).then_some(DialEvidence::NotInReport))
}

/// Whether each of these days was read completely, at this time or later. One that was never read may not be among them.
fn are_read(days: &[DayCoverage], (from, to): (Day, Day), since: i64) -> bool {
    let is_read = |day: &DayCoverage| {
        let read = day.read.filter(|read| read.unread == 0);
        read.is_some_and(|read| i64::try_from(read.at).is_ok_and(|at| at * 1000 >= since))
    };
    let wanted = from.days_until(to).saturating_add(1);
    wanted > 0
        && usize::try_from(wanted).is_ok_and(|wanted| days.len() == wanted)
        && days.iter().all(is_read)
}

/// Of a dial that carries a reference: a leg with it is the dial's, and one of its agent at that time may be, if its
/// reference is missing or was cut or padded on its way.
async fn by_its_reference(
    desk: &Desk,
    row: &DialEntry,
    leg: &CallRecord,
) -> Result<LegSays, Problem> {
    let own = row.reference.trim();
    let carried = leg.uui.as_ref().map_or("", |uui| uui.as_str().trim());
    if carried == own {
        return Ok(LegSays::IsIts(leg.ucid));
    }
    if !own.contains(carried) && !carried.contains(own) {
        return Ok(LegSays::IsNot);
    }
    Ok(match by_its_time(desk, row, leg).await? {
        LegSays::IsNot => LegSays::IsNot,
        LegSays::IsIts(_) | LegSays::MayBe => LegSays::MayBe,
    })
}

/// Of a dial that carries none: a leg of its agent at that time.
async fn by_its_time(desk: &Desk, row: &DialEntry, leg: &CallRecord) -> Result<LegSays, Problem> {
    let began = leg.call_date.zip(leg.start_time).map(|(day, time)| day.at(time));
    let began = began.map(|time| millis(time.instant(desk.client().zone())));
    if !began.is_some_and(|began| row.may_have_begun(began)) {
        return Ok(LegSays::IsNot);
    }
    Ok(match (&leg.agent_id, leg.ucid) {
        (Some(agent), Some(ucid)) if agent.is_same_agent(&row.agent) => {
            let known = desk.store().call(ucid.as_str(), &Scope::All).await?;
            let other = known.and_then(|call| call.state.dial.clone());
            let is_its = other.is_none_or(|(dial, _)| dial == row.id);
            if is_its { LegSays::IsIts(Some(ucid)) } else { LegSays::IsNot }
        }
        (Some(agent), _) if agent.key().is_some() => LegSays::IsNot,
        // Whose it is, the row does not say.
        _ => LegSays::MayBe,
    })
}

fn instant(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Whether the report has a dial, by its reference.
async fn by_reference(desk: &Desk, row: &DialEntry) -> Option<DialEvidence> {
    let decided = row.decided_ms.unwrap_or(row.asked_ms);
    // It was sent between the row's writing and the longest that a dial can take.
    let until = decided.min(row.asked_ms.saturating_add(LONGEST_DIAL_MS)).max(row.asked_ms);
    let window = DialWindow::new(instant(row.asked_ms), instant(until));
    let look = desk.client().settle(row.reference.as_str(), window).patience(Patience::Never);
    match look.await {
        Ok(DialSettlement::Happened { ucid, .. }) => Some(DialEvidence::Seen { ucid: Some(ucid) }),
        // That no row carries the reference says nothing of one that should and does not: only the call records are
        // looked through for the agent and the number too.
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, "an unknown dial could not be looked for");
            None
        }
    }
}

/// Settles until it is stopped.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let began = now_ms(&desk);
    let is_shared = desk.store().is_shared();
    let (mut due, mut asks) = (Instant::now(), Instant::now());
    loop {
        if is_shared {
            match take_over_from_dead(&desk).await {
                Ok(0) => {}
                Ok(_) => due = Instant::now(),
                // The next look is soon.
                Err(error) => tracing::debug!(%error, "dials of dead desks cannot be looked for"),
            }
        }
        if Instant::now() >= due {
            let mut pause = EVERY;
            if let Err(error) = take_over_until(&desk, began).await {
                tracing::error!(%error, "dials that were being sent cannot be taken over");
                pause = AFTER_FAILURE;
            }
            let may_ask = Instant::now() >= asks;
            if may_ask {
                asks = Instant::now() + ASKS;
            }
            if let Err(error) = look_in(&desk, may_ask).await {
                tracing::warn!(%error, "unknown dials cannot be settled");
            }
            due = Instant::now() + pause;
        }
        let next = if is_shared { due.min(Instant::now() + OTHERS) } else { due };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = desk.calling().settling_woken() => {
                (due, asks) = (Instant::now(), Instant::now());
            }
            () = tokio::time::sleep_until(next) => {}
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
