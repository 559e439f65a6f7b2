//! The names of the people behind numbers, where the platform is elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use ozonetel_sdk::types::PhoneNumber;

use crate::core::dial::number_key;
use crate::ports::platform::{Platform, PlatformError};

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
