//! The people behind the numbers of a list.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use ozonetel_sdk::types::PhoneNumber;

use super::lead_names::KnownLead;
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::work::Lead;

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
    /// Of a list about one person.
    pub fn of_one(lead: &Lead) -> Self {
        let leads = BTreeMap::from([(number_key(&lead.number), lead.clone().into())]);
        Self { leads, missing: false }
    }

    /// The lead of a number.
    pub fn of(&self, number: &PhoneNumber) -> Option<&KnownLead> {
        self.leads.get(&number_key(number))
    }
}

/// The leads of some numbers: those of the platform, and, where it is elsewhere and has none, those that were imported. A
/// platform elsewhere is asked for many at once, once for all who want to know, and no list waits for it longer than
/// three seconds: what it answers later is there for the next one.
///
/// # Errors
/// The desk's own store is not available.
pub async fn leads_of(desk: &Desk, numbers: &[PhoneNumber]) -> Result<ListedLeads, Problem> {
    let (mut listed, unknown) = known(desk, numbers).await?;
    if unknown.is_empty() {
        return Ok(listed);
    }
    listed.missing |= !ask(desk, unknown, &mut listed.leads).await;
    Ok(listed)
}

/// The leads of some numbers as far as they are known at once.
///
/// # Errors
/// The desk's own store is not available.
pub async fn known_leads_of(desk: &Desk, numbers: &[PhoneNumber]) -> Result<ListedLeads, Problem> {
    let (listed, unknown) = known(desk, numbers).await?;
    Ok(ListedLeads { missing: listed.missing || !unknown.is_empty(), ..listed })
}

/// What is known, and of which numbers a platform elsewhere has to be asked.
async fn known(
    desk: &Desk,
    numbers: &[PhoneNumber],
) -> Result<(ListedLeads, BTreeMap<String, PhoneNumber>), Problem> {
    let own = desk.store().leads_of_numbers(numbers).await?;
    let mut leads: BTreeMap<_, _> = own.into_iter().map(|(key, lead)| (key, lead.into())).collect();
    if desk.platform().is_local() {
        return Ok((ListedLeads { leads, missing: false }, BTreeMap::new()));
    }
    let (unknown, missing) = desk.lead_names().known(numbers, &mut leads).await;
    Ok((ListedLeads { leads, missing }, unknown))
}

/// Adds what a platform elsewhere knows of numbers; whether it has answered in time, and well.
async fn ask(
    desk: &Desk,
    unknown: BTreeMap<String, PhoneNumber>,
    leads: &mut BTreeMap<String, KnownLead>,
) -> bool {
    let count = unknown.len();
    let (asked, questions) = desk.lead_names().questions(unknown);
    for question in questions {
        let own = desk.clone();
        desk.tasks().watch(async move {
            own.lead_names().ask_for_lists(&**own.platform(), question).await;
        });
    }
    let all = join_all(asked.values().cloned());
    if tokio::time::timeout(WAITS, all).await.is_err() {
        tracing::warn!("a list is without leads of the platform: it does not answer in time");
    }
    let mut is_whole = asked.len() == count;
    for (key, question) in asked {
        let Some(Ok(answer)) = question.peek() else {
            is_whole = false;
            continue;
        };
        match answer.leads.get(&key) {
            Some(lead) => _ = leads.insert(key, lead.clone()),
            None => is_whole &= answer.is_whole,
        }
    }
    is_whole
}
