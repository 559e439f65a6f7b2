//! Finds out what became of dials of unknown outcome.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_store::CallQuery;
use tokio_util::sync::CancellationToken;

use crate::core::caller::Scope;
use crate::core::dial::{DialEntry, DialEvidence, DialState, DialWay, settle};
use crate::core::fact::millis;
use crate::desk::Desk;
use crate::flow::settling::apply;
use crate::flow::viewing::now_ms;
use crate::problem::Problem;
use crate::store::{DialWrite, StoreError};

/// How long after an unknown dial it is looked for, and how often: a row may take minutes to appear, and the report can
/// be asked for twice a minute by all who share the account.
const EVERY: Duration = Duration::from_mins(2);

/// How soon it is looked again after the store has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How many dials are looked for in one round.
const TOGETHER: u32 = 8;

/// How many calls to one number on the day of a dial are looked at.
const MOST: usize = 1_000;

/// How long after a dial its row may take to appear in the call records.
const ROWS_WITHIN_MS: i64 = 5 * 60_000;

/// Longer than a dial can be on its way.
const LONGEST_DIAL_MS: i64 = 5 * 60_000;

/// Marks dials that were being sent when a desk stopped as unknown: of this desk, and of any desk longer ago than a dial
/// can take. How many there were.
///
/// # Errors
/// The store is not available.
pub async fn take_over(desk: &Desk) -> Result<usize, StoreError> {
    take_over_until(desk, now_ms(desk)).await
}

/// The same where this process began at a time: what it has sent itself since is under way.
async fn take_over_until(desk: &Desk, began: i64) -> Result<usize, StoreError> {
    let at = now_ms(desk);
    let before = at.saturating_sub(LONGEST_DIAL_MS);
    let mut left = desk.store().dials_left_sending(desk.calling().holder(), before).await?;
    left.retain(|row| row.asked_ms <= began || row.asked_ms < before);
    let mut count = 0;
    for row in left {
        let Some(entry) = settle(&row, &DialEvidence::Restarted, at) else { continue };
        let answer = Some(crate::flow::ledger::unknown_answer(&entry));
        let write = DialWrite { from: row.state, entry: DialEntry { answer, ..entry } };
        match desk.store().change_dial(write, at, Vec::new()).await {
            Ok(()) => count += 1,
            // Another desk was faster.
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if count > 0 {
        tracing::warn!(
            count,
            "dials were being sent when the desk stopped: their outcome is unknown"
        );
    }
    Ok(count)
}

/// Looks for unknown dials in the report once. How many were settled.
///
/// # Errors
/// The store is not available.
pub async fn look(desk: &Desk) -> Result<usize, StoreError> {
    let mut settled = 0;
    for row in desk.store().dials_in(DialState::Unknown, TOGETHER).await? {
        let Some(evidence) = look_for(desk, &row).await else { continue };
        settled += usize::from(apply(desk, &row, &evidence).await?);
    }
    Ok(settled)
}

/// What the report says of a dial, if a request of its limit is free.
async fn look_for(desk: &Desk, row: &DialEntry) -> Option<DialEvidence> {
    match row.way {
        DialWay::Agent => by_reference(desk, row).await,
        DialWay::Socket => match by_records(desk, row).await {
            Ok(evidence) => evidence,
            Err(problem) => {
                tracing::debug!(?problem, "an unknown dial could not be looked for");
                None
            }
        },
        // What KooKoo asks the desk, or reports, names the dial; no report does.
        DialWay::Kookoo => None,
    }
}

/// What the call records say of a dial that carries no reference: a call of its agent to its number, when it was sent.
/// That there is none counts once the records were read completely, long enough after it.
async fn by_records(desk: &Desk, row: &DialEntry) -> Result<Option<DialEvidence>, Problem> {
    let zone = desk.client().zone();
    let day = |ms: i64| zone.stamp(instant(ms)).day();
    let until = row.decided_ms.unwrap_or(row.asked_ms);
    let (from, to) = (day(row.asked_ms), day(until));
    let query = CallQuery { number: Some(row.number.clone()), ..CallQuery::days(from, to) };
    let mut is_unclear = false;
    for call in desk.records().calls(query, MOST).await? {
        for leg in call.records()? {
            let began = leg.call_date.zip(leg.start_time).map(|(day, time)| day.at(time));
            let began = began.map(|time| millis(time.instant(zone)));
            if !began.is_some_and(|began| row.may_have_begun(began)) {
                continue;
            }
            match (&leg.agent_id, leg.ucid) {
                (Some(agent), Some(ucid)) if agent.is_same_agent(&row.agent) => {
                    let known = desk.store().call(ucid.as_str(), &Scope::All).await?;
                    let other = known.and_then(|call| call.state.dial);
                    if other.is_none_or(|(dial, _)| dial == row.id) {
                        return Ok(Some(DialEvidence::Seen { ucid: Some(ucid) }));
                    }
                }
                (Some(agent), _) if agent.key().is_some() => {}
                // Whose it is, the row does not say.
                _ => is_unclear = true,
            }
        }
    }
    let closes = until.saturating_add(ROWS_WITHIN_MS);
    let days = desk.records().store().days(from, to).await?;
    let is_read = !days.is_empty()
        && days.iter().all(|day| {
            let read = day.read.filter(|read| read.unread == 0);
            read.is_some_and(|read| i64::try_from(read.at).is_ok_and(|at| at * 1000 >= closes))
        });
    Ok((is_read && !is_unclear).then_some(DialEvidence::NotInReport))
}

fn instant(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// What the report says of a dial by its reference.
async fn by_reference(desk: &Desk, row: &DialEntry) -> Option<DialEvidence> {
    let decided = row.decided_ms.unwrap_or(row.asked_ms);
    // It was sent between the row's writing and the longest that a dial can take.
    let until = decided.min(row.asked_ms.saturating_add(LONGEST_DIAL_MS)).max(row.asked_ms);
    let window = DialWindow::new(instant(row.asked_ms), instant(until));
    let look = desk.client().settle(row.reference.as_str(), window).patience(Patience::Never);
    match look.await {
        Ok(DialSettlement::Happened { ucid, .. }) => Some(DialEvidence::Seen { ucid: Some(ucid) }),
        Ok(DialSettlement::DidNotHappen) => Some(DialEvidence::NotInReport),
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, "an unknown dial could not be looked for");
            None
        }
    }
}

/// Settles until it is stopped. What another process has left, or this one could not write down, is looked for again and
/// again: a dial that is being sent for ever keeps its agent from dialling.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let began = now_ms(&desk);
    loop {
        let mut pause = EVERY;
        if let Err(error) = take_over_until(&desk, began).await {
            tracing::error!(%error, "dials that were being sent cannot be taken over");
            pause = AFTER_FAILURE;
        }
        if let Err(error) = look(&desk).await {
            tracing::warn!(%error, "unknown dials cannot be settled");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = desk.calling().settling_woken() => {}
            () = tokio::time::sleep(pause) => {}
        }
        if stop.is_cancelled() {
            return;
        }
    }
}
