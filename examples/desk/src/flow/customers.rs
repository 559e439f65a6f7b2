//! Who may see a customer's number and notes.

use std::collections::BTreeSet;

use ozonetel_sdk::types::{AgentId, PhoneNumber};

use crate::core::appointment::Appointment;
use crate::core::caller::{Caller, Role};
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::work::Lead;

/// Whether a caller sees a person's number and notes: whose lead it is, or who had a call with the number.
///
/// # Errors
/// The store is not available.
pub async fn handles(
    desk: &Desk,
    caller: &Caller,
    assigned: Option<&AgentId>,
    number: &PhoneNumber,
) -> Result<bool, Problem> {
    if caller.role == Role::Administrator || assigned.is_some_and(|agent| caller.may_act_for(agent))
    {
        return Ok(true);
    }
    let calls = desk.store().calls_of_number(number, MOST_CALLS).await?;
    Ok(calls.iter().any(|call| call.state.agents.iter().any(|agent| caller.may_act_for(agent))))
}

/// Of which of these numbers, by [`number_key`], a caller sees number and notes: where an agent of the caller's had a
/// call with the number or has the lead, or where the lead is no one's.
///
/// # Errors
/// The store is not available.
pub async fn handled<'n>(
    desk: &Desk,
    caller: &Caller,
    numbers: impl Iterator<Item = &'n PhoneNumber>,
) -> Result<BTreeSet<String>, Problem> {
    // Callers who withhold their number have a word in common, and nothing else.
    let keys = numbers.filter(|number| number.key().is_some()).map(number_key).collect();
    Ok(desk.store().handled_numbers(&caller.scope, keys).await?)
}

/// Whether the caller sees number and notes of an appointment: who booked it, and who handles the person.
///
/// # Errors
/// The store is not available.
pub async fn sees_appointment(
    desk: &Desk,
    caller: &Caller,
    one: &Appointment,
) -> Result<bool, Problem> {
    if one.booked_by == caller.id || caller.role == Role::Administrator {
        return Ok(true);
    }
    Ok(!handled(desk, caller, std::iter::once(&one.number)).await?.is_empty())
}

/// How many calls with a number are looked at.
pub const MOST_CALLS: u32 = 50;

/// The same of a lead: one that no one has is everyone's.
///
/// # Errors
/// The store is not available.
pub async fn handles_lead(desk: &Desk, caller: &Caller, lead: &Lead) -> Result<bool, Problem> {
    match &lead.agent {
        None => Ok(true),
        Some(agent) => handles(desk, caller, Some(agent), &lead.number).await,
    }
}
