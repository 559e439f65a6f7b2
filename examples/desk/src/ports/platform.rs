//! The platform: who the customers are, when the doctors have time, who comes when.
//!
//! By default these are tables of the desk's own ([`OwnTables`]); or a platform elsewhere ([`graphql`]).

pub mod graphql;
mod own;
mod shared;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;

use crate::core::appointment::{Appointment, Department, Doctor, Slot};
use crate::core::caller::Scope;
use crate::core::report::CallReport;
use crate::problem::{Kind, Problem};
use crate::store::work::Lead;
use crate::store::{AppointmentQuery, LeadSearch, NewEvent, StoreError};

pub use graphql::GraphqlPlatform;
pub use own::OwnTables;
pub use shared::SharedReads;

/// Why the platform did not do what it was asked. No text of a failure holds a name or a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// It cannot be reached, or answers nothing that can be understood. Nothing was changed.
    #[error("the platform is not available: {0}")]
    Unavailable(Cow<'static, str>),
    /// The connection was lost after a change was sent.
    #[error("it is not known whether the platform kept it")]
    Unknown,
    /// It answered, and does not take it.
    #[error("the platform refuses it: {0}")]
    Refused(String),
    /// Another appointment has the time.
    #[error("someone else has this time")]
    Taken,
    /// It has been changed by someone else since it was loaded.
    #[error("{0} has been changed meanwhile")]
    Conflict(&'static str),
    /// There is none.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The desk's own store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PlatformError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unknown => Self::Unknown,
            StoreError::Taken(_) => Self::Taken,
            StoreError::Conflict(what) => Self::Conflict(what),
            StoreError::Missing(what) => Self::Missing(what),
            other => Self::Store(other),
        }
    }
}

impl From<PlatformError> for Problem {
    fn from(error: PlatformError) -> Self {
        let kind = match &error {
            PlatformError::Unavailable(_) => Kind::Service,
            PlatformError::Unknown => Kind::Unknown,
            PlatformError::Refused(_) => Kind::Unprocessable,
            PlatformError::Taken => {
                return Self::new(Kind::Conflict, error.to_string()).because("slot_taken");
            }
            PlatformError::Conflict(_) => {
                return Self::new(Kind::Conflict, error.to_string()).because("changed_meanwhile");
            }
            PlatformError::Missing(_) => Kind::NotFound,
            PlatformError::Store(error) => return Self::from(error.clone()),
        };
        Self::new(kind, error.to_string())
    }
}

/// Leads that were searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadHits {
    /// The leads, the newest first.
    pub leads: Vec<Lead>,
    /// How many of the platform's rows cannot be understood, and are not here.
    pub unreadable: usize,
    /// After which place the search goes on; none if there are no more.
    pub next: Option<(i64, String)>,
}

/// The leads with some numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberHits {
    /// The leads, by [`number_key`](crate::core::dial::number_key).
    pub leads: BTreeMap<String, Lead>,
    /// How many of the platform's rows cannot be understood, and are not here.
    pub unreadable: usize,
}

/// Appointments that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentHits {
    /// The appointments, the first first.
    pub appointments: Vec<Appointment>,
    /// How many of the platform's rows cannot be understood, and are not here.
    pub unreadable: usize,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// The part of some rows that was asked for, and whether there are more: the first ones, or the last.
fn part<T>(mut rows: Vec<T>, most: u32, latest: bool) -> (Vec<T>, bool) {
    let most = most as usize;
    let more = rows.len() > most;
    if latest {
        rows.drain(..rows.len().saturating_sub(most));
    }
    rows.truncate(most);
    (rows, more)
}

/// The platform. Reads may be asked any number of times; a change names its record by an id that the desk made, so that
/// the same change again is the same record.
#[async_trait]
pub trait Platform: fmt::Debug + Send + Sync {
    /// Whether it answers as fast as the desk's own store: what is waited for while a call is being written.
    fn is_local(&self) -> bool;

    /// The lead with a number, in whatever spelling.
    ///
    /// # Errors
    /// The platform is not available.
    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, PlatformError>;

    /// The leads with these numbers, in whatever spelling: one question, however many they are.
    ///
    /// # Errors
    /// The platform is not available.
    async fn leads_of_numbers(&self, numbers: &[PhoneNumber]) -> Result<NumberHits, PlatformError>;

    /// The lead of this id.
    ///
    /// # Errors
    /// The platform is not available.
    async fn lead(&self, id: &str) -> Result<Option<Lead>, PlatformError>;

    /// Leads, the newest first: those that are assigned to agents in the scope, and everyone's.
    ///
    /// # Errors
    /// The platform is not available.
    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<LeadHits, PlatformError>;

    /// Departments, by name.
    ///
    /// # Errors
    /// The platform is not available.
    async fn departments(&self) -> Result<Vec<Department>, PlatformError>;

    /// Doctors, by name: of a department, or all.
    ///
    /// # Errors
    /// The platform is not available.
    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, PlatformError>;

    /// A doctor's times that begin in a range of milliseconds since 1970, the first first.
    ///
    /// # Errors
    /// The platform is not available.
    async fn slots(&self, doctor: &str, range: (i64, i64)) -> Result<Vec<Slot>, PlatformError>;

    /// A time, with its doctor.
    ///
    /// # Errors
    /// The platform is not available.
    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, PlatformError>;

    /// An appointment.
    ///
    /// # Errors
    /// The platform is not available.
    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, PlatformError>;

    /// Appointments of a query, the first first.
    ///
    /// # Errors
    /// The platform is not available.
    async fn appointments(
        &self,
        query: &AppointmentQuery,
    ) -> Result<AppointmentHits, PlatformError>;

    /// Writes an appointment, a new one if its version is 0, and returns the new version. Whether its time is free is
    /// looked at as it is written.
    ///
    /// # Errors
    /// [`PlatformError::Taken`], [`PlatformError::Conflict`], [`PlatformError::Missing`];
    /// [`PlatformError::Unknown`] if it may have been written; the platform is not available.
    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, PlatformError>;

    /// Keeps a finished call: one record per phone call, by any of its ids. A later revision replaces an earlier one;
    /// the same and earlier ones change nothing.
    ///
    /// # Errors
    /// [`PlatformError::Unknown`] if it may have been kept, and then it is told again; the platform is not available.
    async fn report_call(&self, report: &CallReport, revision: i64) -> Result<(), PlatformError>;
}
