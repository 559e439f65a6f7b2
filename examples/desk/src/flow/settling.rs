//! Settling of a dial of unknown outcome, by evidence or by a supervisor.

use ozonetel_sdk::types::Ucid;

use super::facts::{Together, record_with};
use super::ledger::{answered, dial_changed, dialed};
use super::viewing::now_ms;
use crate::core::caller::Scope;
use crate::core::dial::{DialEntry, DialEvidence, DialState, DialWay, settle};
use crate::core::fact::Fact;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::{DialWrite, StoreError};

/// How often a row is read again that another has changed: each change leads on, and there are few.
const CHANGES: usize = 4;

/// Applies a piece of evidence to a row, also where the row changes meanwhile. Whether it changed it.
///
/// # Errors
/// The store is not available.
pub async fn apply(
    desk: &Desk,
    row: &DialEntry,
    evidence: &DialEvidence,
) -> Result<bool, StoreError> {
    let mut row = row.clone();
    for _ in 0..CHANGES {
        match apply_once(desk, &row, evidence).await {
            // What was being sent, say, is unknown since a moment ago: what was seen settles it all the same.
            Err(StoreError::Conflict("dial")) => {
                let Some(now) = desk.store().dial(&row.id).await? else { return Ok(false) };
                row = now;
            }
            done => return done,
        }
    }
    Err(StoreError::Conflict("dial"))
}

async fn apply_once(
    desk: &Desk,
    row: &DialEntry,
    evidence: &DialEvidence,
) -> Result<bool, StoreError> {
    let at = now_ms(desk);
    let Some(settled) = settle(row, evidence, at) else { return Ok(false) };
    let settled = answered(row, settled);
    let write = DialWrite { from: row.state, entry: settled.clone() };
    match settled.ucid {
        Some(ucid) if !settled.state.rang_no_one() && settled.state != DialState::Unknown => {
            let fact = dialed(&settled, ucid, settled.asked_ms);
            let together = Together { dials: vec![write], ..Together::default() };
            record_with(desk, vec![fact], together).await?;
        }
        _ => {
            let events = vec![dial_changed(&settled)];
            desk.store().change_dial(write, at, events).await?;
        }
    }
    Ok(true)
}

/// What follows for the ledger when a leg is seen that a dial without a reference has asked for: the fact and the write
/// that belong to it, if there is such a dial and its leg is not known.
pub(super) async fn leg_of_dial(
    desk: &Desk,
    dial: &str,
    ucid: Ucid,
) -> Result<Option<(Fact, DialWrite)>, StoreError> {
    let row = desk.store().dial(dial).await?;
    let Some(row) = row.filter(|row| row.way == DialWay::Socket && row.ucid.is_none()) else {
        return Ok(None);
    };
    if is_of_another_dial(desk, ucid, dial).await? {
        return Ok(None);
    }
    let evidence = DialEvidence::Seen { ucid: Some(ucid) };
    let Some(settled) = settle(&row, &evidence, now_ms(desk)) else { return Ok(None) };
    let entry = answered(&row, settled);
    Ok(Some((dialed(&entry, ucid, entry.asked_ms), DialWrite { from: row.state, entry })))
}

/// Whether a leg is known to be another dial's: late news of one call is no news of the next.
pub(super) async fn is_of_another_dial(
    desk: &Desk,
    ucid: Ucid,
    dial: &str,
) -> Result<bool, StoreError> {
    let known = desk.store().call(ucid.as_str(), &Scope::All).await?;
    Ok(known.and_then(|call| call.state.dial.clone()).is_some_and(|(known, _)| known != dial))
}

/// A supervisor's word on a dial.
///
/// # Errors
/// [`Kind::NotFound`] for no such row, [`Kind::Conflict`] for one that is not unknown.
pub async fn decide(
    desk: &Desk,
    id: &str,
    happened: bool,
    by: &str,
    reason: &str,
) -> Result<DialEntry, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such dial");
    let row = desk.store().dial(id).await?.ok_or_else(missing)?;
    let evidence = DialEvidence::Decided { happened, by: by.to_owned(), reason: reason.to_owned() };
    if !apply(desk, &row, &evidence).await? {
        let message = format!("the dial is {}, not unknown", row.state.as_str());
        return Err(Problem::new(Kind::Conflict, message).because("not_unknown"));
    }
    desk.store().dial(id).await?.ok_or_else(missing)
}
