//! The desk's own tables as the platform.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;

use super::{AppointmentHits, LeadHits, NumberHits, Platform, PlatformError, part};
use crate::core::appointment::{Appointment, Department, Doctor, Slot};
use crate::core::caller::Scope;
use crate::core::report::CallReport;
use crate::store::work::Lead;
use crate::store::{AppointmentQuery, LeadSearch, NewEvent, Store};

/// How many times of a doctor an answer has at most.
const MOST_SLOTS: u32 = 500;

/// The desk's own tables.
#[derive(Clone)]
pub struct OwnTables(Arc<dyn Store>);

impl OwnTables {
    /// Those of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

impl fmt::Debug for OwnTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTables").finish_non_exhaustive()
    }
}

#[async_trait]
impl Platform for OwnTables {
    fn is_local(&self) -> bool {
        true
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, PlatformError> {
        Ok(self.0.lead_of_number(number).await?)
    }

    async fn leads_of_numbers(&self, numbers: &[PhoneNumber]) -> Result<NumberHits, PlatformError> {
        Ok(NumberHits { leads: self.0.leads_of_numbers(numbers).await?, unreadable: 0 })
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, PlatformError> {
        Ok(self.0.lead(id).await?)
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<LeadHits, PlatformError> {
        let one_more = LeadSearch { most: search.most.saturating_add(1), ..search.clone() };
        let found = self.0.search_leads(scope, &one_more).await?;
        let (leads, more) = part(found, search.most, false);
        let last = leads.last().filter(|_| more);
        let next = last.map(|lead| (lead.added, lead.id.clone()));
        Ok(LeadHits { leads, unreadable: 0, next })
    }

    async fn departments(&self) -> Result<Vec<Department>, PlatformError> {
        Ok(self.0.departments().await?)
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, PlatformError> {
        Ok(self.0.doctors(department).await?)
    }

    async fn slots(&self, doctor: &str, range: (i64, i64)) -> Result<Vec<Slot>, PlatformError> {
        Ok(self.0.slots(doctor, range, MOST_SLOTS).await?)
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, PlatformError> {
        Ok(self.0.slot(id).await?)
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, PlatformError> {
        Ok(self.0.appointment(id).await?)
    }

    async fn appointments(
        &self,
        query: &AppointmentQuery,
    ) -> Result<AppointmentHits, PlatformError> {
        let one_more = AppointmentQuery { most: query.most.saturating_add(1), ..query.clone() };
        let found = self.0.appointments(&one_more).await?;
        let (appointments, more) = part(found, query.most, query.latest);
        Ok(AppointmentHits { appointments, unreadable: 0, more })
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, PlatformError> {
        Ok(self.0.save_appointment(appointment, at, events).await?)
    }

    async fn report_call(&self, report: &CallReport, revision: i64) -> Result<(), PlatformError> {
        Ok(self.0.keep_report(report.clone(), revision).await?)
    }
}
