//! The people behind numbers, where the platform is elsewhere.

mod questions;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use ozonetel_sdk::types::PhoneNumber;

use questions::LeadQuestions;
pub(super) use questions::{AskedQuestion, LeadQuestion};

use crate::core::dial::number_key;
use crate::ports::platform::{Platform, PlatformError};
use crate::store::work::Lead;

/// How many leads are kept at hand.
const KEPT: u64 = 10_000;

/// For how long, where they are elsewhere.
const KEPT_FOR: Duration = Duration::from_mins(5);

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
pub struct LeadNames {
    leads: Cache<String, Option<KnownLead>>,
    /// The numbers of which a list was told no lead, and whether there is none. It says nothing to a call: a platform may
    /// find the lead of one number where it does not find it among many.
    unlisted: Cache<String, bool>,
    questions: LeadQuestions,
}

impl fmt::Debug for LeadNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadNames").finish_non_exhaustive()
    }
}

impl Default for LeadNames {
    fn default() -> Self {
        Self {
            leads: Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build(),
            unlisted: Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build(),
            questions: LeadQuestions::default(),
        }
    }
}

fn name_of(lead: KnownLead) -> LeadName {
    (lead.id, lead.name)
}

impl LeadNames {
    /// The lead of a number, where it is known or known to be none.
    pub async fn get(&self, number: &PhoneNumber) -> Option<Option<LeadName>> {
        let known = self.leads.get(&number_key(number)).await?;
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
        let found = self.leads.try_get_with(number_key(number), ask).await?;
        Ok(found.map(name_of))
    }

    /// Adds the leads of numbers that are known to lists. Returns the other numbers, each once, and whether there may be
    /// a lead of one that is none of them.
    pub(super) async fn known(
        &self,
        numbers: &[PhoneNumber],
        leads: &mut BTreeMap<String, KnownLead>,
    ) -> (BTreeMap<String, PhoneNumber>, bool) {
        let (mut unknown, mut missing) = (BTreeMap::new(), false);
        for number in numbers {
            let key = number_key(number);
            match self.leads.get(&key).await {
                Some(Some(lead)) => _ = leads.insert(key, lead),
                Some(None) => {}
                None => match self.unlisted.get(&key).await {
                    Some(is_none) => missing |= !is_none,
                    None => _ = unknown.insert(key, number.clone()),
                },
            }
        }
        (unknown, missing)
    }

    /// The questions about the numbers of a list: for each number one that is under way, unless there are too many, and
    /// those that have to be asked for it.
    pub(super) fn questions(
        &self,
        unknown: BTreeMap<String, PhoneNumber>,
    ) -> (BTreeMap<String, AskedQuestion>, Vec<LeadQuestion>) {
        self.questions.about(unknown)
    }

    /// Asks the platform the question of a list, and keeps what it answers.
    pub(super) async fn ask_for_lists(&self, platform: &dyn Platform, question: LeadQuestion) {
        let answer = match question.ask(platform).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "lists are without leads of the platform");
                return;
            }
        };
        for key in question.keys() {
            match answer.leads.get(key) {
                Some(lead) => self.leads.insert(key.clone(), Some(lead.clone())).await,
                // Where some cannot be understood, it is not known whose they are.
                None => self.unlisted.insert(key.clone(), answer.is_whole).await,
            }
        }
        question.answer(answer);
    }
}
