//! One read per question, however many ask it at once.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use moka::future::Cache;
use ozonetel_sdk::types::PhoneNumber;
use tokio::sync::watch;

use super::{AppointmentHits, LeadHits, NumberHits, Platform, PlatformError};
use crate::core::appointment::{Appointment, Department, Doctor, Slot};
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::report::CallReport;
use crate::store::work::Lead;
use crate::store::{AppointmentQuery, LeadSearch, NewEvent, Store};

/// How many questions may be under way at once and still be shared.
const QUESTIONS: u64 = 10_000;

/// A question, and the newest event when it was asked: who asks after a change is not given an answer from before it.
type Question = (i64, String);

/// A platform whose reads are shared by all who ask the same at the same time. Nothing is kept once it is answered.
/// Changes of a platform elsewhere are reported in the desk's own log.
#[derive(Debug)]
pub struct SharedReads {
    inner: Arc<dyn Platform>,
    store: EventLog,
    leads: Cache<Question, Option<Lead>>,
    departments: Cache<Question, Vec<Department>>,
    doctors: Cache<Question, Vec<Doctor>>,
    slots: Cache<Question, Vec<Slot>>,
    appointments: Cache<Question, AppointmentHits>,
}

struct EventLog {
    store: Arc<dyn Store>,
    head: watch::Receiver<i64>,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}

impl SharedReads {
    /// Around a platform; what changes there is reported in this store's log.
    pub fn new(inner: Arc<dyn Platform>, store: Arc<dyn Store>) -> Self {
        let head = store.head();
        Self {
            inner,
            store: EventLog { store, head },
            leads: Cache::new(QUESTIONS),
            departments: Cache::new(QUESTIONS),
            doctors: Cache::new(QUESTIONS),
            slots: Cache::new(QUESTIONS),
            appointments: Cache::new(QUESTIONS),
        }
    }

    /// Joins whoever asks the same, or asks. The answer is forgotten as soon as it is there.
    async fn ask<T: Clone + Send + Sync + 'static>(
        &self,
        cache: &Cache<Question, T>,
        text: String,
        read: impl Future<Output = Result<T, PlatformError>> + Send,
    ) -> Result<T, PlatformError> {
        let question = (*self.store.head.borrow(), text);
        let answer = cache.try_get_with_by_ref(&question, read).await;
        cache.invalidate(&question).await;
        answer.map_err(|error| (*error).clone())
    }
}

#[async_trait]
impl Platform for SharedReads {
    fn is_local(&self) -> bool {
        self.inner.is_local()
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, PlatformError> {
        if self.inner.is_local() {
            // Looked up by its key, which costs less than to find out who else asks.
            return self.inner.lead_of_number(number).await;
        }
        let question = format!("number {}", number_key(number));
        self.ask(&self.leads, question, self.inner.lead_of_number(number)).await
    }

    async fn leads_of_numbers(&self, numbers: &[PhoneNumber]) -> Result<NumberHits, PlatformError> {
        // Who asks has left out what is known already.
        self.inner.leads_of_numbers(numbers).await
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, PlatformError> {
        self.ask(&self.leads, format!("id {id}"), self.inner.lead(id)).await
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<LeadHits, PlatformError> {
        // What someone types is rarely what another types.
        self.inner.search_leads(scope, search).await
    }

    async fn departments(&self) -> Result<Vec<Department>, PlatformError> {
        self.ask(&self.departments, String::new(), self.inner.departments()).await
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, PlatformError> {
        let question = format!("{department:?}");
        self.ask(&self.doctors, question, self.inner.doctors(department)).await
    }

    async fn slots(&self, doctor: &str, range: (i64, i64)) -> Result<Vec<Slot>, PlatformError> {
        let question = format!("{range:?} {doctor}");
        self.ask(&self.slots, question, self.inner.slots(doctor, range)).await
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, PlatformError> {
        // Asked before a booking only: it has to be the newest.
        self.inner.slot(id).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, PlatformError> {
        self.inner.appointment(id).await
    }

    async fn appointments(
        &self,
        query: &AppointmentQuery,
    ) -> Result<AppointmentHits, PlatformError> {
        let number = query.number.as_ref().map(number_key);
        let AppointmentQuery { lead, calls, from_ms, to_ms, most, latest, .. } = query;
        let question =
            format!("{number:?} {lead:?} {calls:?} {from_ms:?} {to_ms:?} {most} {latest}");
        self.ask(&self.appointments, question, self.inner.appointments(query)).await
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, PlatformError> {
        if self.inner.is_local() {
            return self.inner.save_appointment(appointment, at, events).await;
        }
        let version = self.inner.save_appointment(appointment, at, Vec::new()).await?;
        // It is booked there, whether or not it can be reported here.
        if let Err(error) = self.store.store.append_events(at, events).await {
            tracing::warn!(%error, "a change of an appointment was not reported");
        }
        Ok(version)
    }

    async fn report_call(&self, report: &CallReport, revision: i64) -> Result<(), PlatformError> {
        self.inner.report_call(report, revision).await
    }
}
