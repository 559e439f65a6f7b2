//! The people behind numbers, where the platform is elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use ozonetel_sdk::types::PhoneNumber;

use crate::core::dial::number_key;
use crate::ports::platform::{Platform, PlatformError};
use crate::store::work::Lead;

/// How many leads are kept at hand.
const KEPT: u64 = 10_000;

/// For how long, where they are elsewhere.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// How many numbers a platform elsewhere is asked for at once.
const TOGETHER: usize = 250;

/// Id and name of a lead, as a call shows them.
pub type LeadName = (String, String);

/// What lists show of a lead. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownLead {
    /// Its id.
    pub id: String,
    /// The name; empty where none was given.
    pub name: String,
    /// Where it comes from; empty where that is not known.
    pub source: String,
    /// When there was last something with this person.
    pub last_interaction: Option<i64>,
}

impl fmt::Debug for KnownLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownLead").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<Lead> for KnownLead {
    fn from(lead: Lead) -> Self {
        let Lead { id, name, source, last_interaction, .. } = lead;
        Self { id, name, source, last_interaction }
    }
}

/// The leads of numbers, where the platform is elsewhere: a call is never kept waiting for it.
pub struct LeadNames(Cache<String, Option<KnownLead>>);

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

fn name_of(lead: KnownLead) -> LeadName {
    (lead.id, lead.name)
}

impl LeadNames {
    /// The lead of a number, where it is known or known to be none.
    pub async fn get(&self, number: &PhoneNumber) -> Option<Option<LeadName>> {
        let known = self.0.get(&number_key(number)).await?;
        Some(known.map(name_of))
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
        let ask = async { Ok(platform.lead_of_number(number).await?.map(KnownLead::from)) };
        let found = self.0.try_get_with(number_key(number), ask).await?;
        Ok(found.map(name_of))
    }

    /// Adds the leads of numbers that are known, and returns the other numbers, each once.
    pub(super) async fn known(
        &self,
        numbers: &[PhoneNumber],
        leads: &mut BTreeMap<String, KnownLead>,
    ) -> BTreeMap<String, PhoneNumber> {
        let mut unknown = BTreeMap::new();
        for number in numbers {
            let key = number_key(number);
            match self.0.get(&key).await {
                Some(Some(lead)) => _ = leads.insert(key, lead),
                Some(None) => {}
                None => _ = unknown.insert(key, number.clone()),
            }
        }
        unknown
    }

    /// Adds the leads of numbers, asking the platform.
    ///
    /// # Errors
    /// The platform is not available, or a part of its answer cannot be understood.
    pub(super) async fn ask_all(
        &self,
        platform: &dyn Platform,
        numbers: BTreeMap<String, PhoneNumber>,
        leads: &mut BTreeMap<String, KnownLead>,
    ) -> Result<(), PlatformError> {
        let numbers: Vec<_> = numbers.into_iter().collect();
        for some in numbers.chunks(TOGETHER) {
            let asked: Vec<_> = some.iter().map(|(_, number)| number.clone()).collect();
            let mut found = platform.leads_of_numbers(&asked).await?;
            if found.unreadable > 0 {
                // Of which numbers these are is not known.
                leads.extend(found.leads.into_iter().map(|(key, lead)| (key, lead.into())));
                return Err(PlatformError::Unavailable("a part cannot be understood".into()));
            }
            for (key, _) in some {
                let lead = found.leads.remove(key).map(KnownLead::from);
                self.0.insert(key.clone(), lead.clone()).await;
                leads.extend(lead.map(|lead| (key.clone(), lead)));
            }
        }
        Ok(())
    }
}
