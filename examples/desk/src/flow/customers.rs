//! Who a customer is: the lead behind a number, and what there was with that person.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use ozonetel_sdk::types::{AgentId, PhoneNumber};

use crate::core::caller::{Caller, Role};
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::ports::platform::{Platform, PlatformError};
use crate::problem::Problem;
use crate::store::work::Lead;

/// How many leads of calls are kept at hand.
const KEPT: u64 = 10_000;

/// For how long, where they are elsewhere.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// Id and name of a lead, as a call shows them.
pub type LeadName = (String, String);

/// The leads of calls, where the platform is elsewhere: a call is never kept waiting for it.
pub struct LeadNames(Cache<String, Option<LeadName>>);

impl fmt::Debug for LeadNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadNames").finish_non_exhaustive()
    }
}

impl Default for LeadNames {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build())
    }
}

impl LeadNames {
    /// The lead of a number, where it is known or known to be none.
    pub async fn get(&self, number: &PhoneNumber) -> Option<Option<LeadName>> {
        self.0.get(&number_key(number)).await
    }

    /// Asks the platform, once for all who want to know at the same time.
    ///
    /// # Errors
    /// The platform is not available.
    pub async fn ask(
        &self,
        platform: &dyn Platform,
        number: &PhoneNumber,
    ) -> Result<Option<LeadName>, Arc<PlatformError>> {
        let ask = async {
            let found = platform.lead_of_number(number).await?;
            Ok(found.map(|lead| (lead.id, lead.name)))
        };
        self.0.try_get_with(number_key(number), ask).await
    }
}

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
