//! Who may see a customer's number and notes.

use ozonetel_sdk::types::{AgentId, PhoneNumber};

use crate::core::caller::{Caller, Role};
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
