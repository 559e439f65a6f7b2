//! The people behind the numbers of a list.

use std::collections::BTreeMap;
use std::time::Duration;

use ozonetel_sdk::types::PhoneNumber;

use super::lead_names::KnownLead;
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::problem::Problem;

/// How long a list waits for the leads of a platform elsewhere.
const WAITS: Duration = Duration::from_secs(3);

/// The leads of the numbers on a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedLeads {
    leads: BTreeMap<String, KnownLead>,
    /// Whether there may be more: the platform did not answer in time, or not well.
    pub missing: bool,
}

impl ListedLeads {
    /// The lead of a number.
    pub fn of(&self, number: &PhoneNumber) -> Option<&KnownLead> {
        self.leads.get(&number_key(number))
    }
}

/// The leads of some numbers: those of the platform, and, where it is elsewhere and has none, those that were imported. A
/// platform elsewhere is asked for many at once, and no list waits for it longer than three seconds.
///
/// # Errors
/// The desk's own store is not available.
pub async fn leads_of(desk: &Desk, numbers: &[PhoneNumber]) -> Result<ListedLeads, Problem> {
    let own = desk.store().leads_of_numbers(numbers).await?;
    let mut leads: BTreeMap<_, _> = own.into_iter().map(|(key, lead)| (key, lead.into())).collect();
    if desk.platform().is_local() {
        return Ok(ListedLeads { leads, missing: false });
    }
    let unknown = desk.lead_names().known(numbers, &mut leads).await;
    if unknown.is_empty() {
        return Ok(ListedLeads { leads, missing: false });
    }
    let asked = desk.lead_names().ask_all(&**desk.platform(), unknown, &mut leads);
    let missing = match tokio::time::timeout(WAITS, asked).await {
        Ok(Ok(())) => false,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a list is without leads of the platform");
            true
        }
        Err(_) => {
            tracing::warn!("a list is without leads of the platform: it does not answer in time");
            true
        }
    };
    Ok(ListedLeads { leads, missing })
}
