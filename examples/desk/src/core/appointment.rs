//! Appointments: departments, their doctors, the times these have, and who comes when.

use std::fmt;

use ozonetel_sdk::types::{PhoneNumber, SensitiveText, redact_number};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// How many bytes the notes of an appointment may have.
pub const LONGEST_NOTES: usize = 2_000;

/// The longest time of a doctor, in milliseconds: a day.
pub const LONGEST_SLOT_MS: i64 = 24 * 3_600_000;

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Department {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A doctor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Doctor {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The department.
    pub department: Department,
}

/// A time that a doctor has for someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its id.
    pub id: String,
    /// The doctor's id.
    pub doctor: String,
    /// When it begins, in milliseconds since 1970.
    pub starts_ms: i64,
    /// When it ends.
    pub ends_ms: i64,
    /// Whether someone has it.
    pub taken: bool,
}

/// Where an appointment is. `Debug` shows no word of a platform's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum AppointmentState {
    /// Someone is to come.
    Booked,
    /// No one comes; the time is free again.
    Cancelled,
    /// Someone came.
    Completed,
    /// In a word of the platform's that the desk does not know, as it came. It is shown, and the desk changes nothing of it.
    Other(String),
}

impl AppointmentState {
    const KNOWN: [Self; 3] = [Self::Booked, Self::Cancelled, Self::Completed];

    /// The name in `snake_case`, or the platform's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for AppointmentState {
    fn from(word: String) -> Self {
        let known = Self::KNOWN.into_iter().find(|state| state.as_str() == word);
        known.unwrap_or(Self::Other(word))
    }
}

impl fmt::Debug for AppointmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if let Self::Other(_) = self { "other" } else { self.as_str() })
    }
}

impl Serialize for AppointmentState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AppointmentState {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from)
    }
}

/// An appointment. `Debug` shows no one who comes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its id.
    pub id: String,
    /// How often it has changed; 0 is one that is not stored yet.
    pub version: i64,
    /// The lead, where the number is one's.
    pub lead: Option<String>,
    /// Who comes.
    pub name: String,
    /// That person's number.
    pub number: PhoneNumber,
    /// To whom.
    pub doctor: Doctor,
    /// The time's id.
    pub slot: String,
    /// When it begins, in milliseconds since 1970.
    pub starts_ms: i64,
    /// When it ends.
    pub ends_ms: i64,
    /// Where it is.
    pub state: AppointmentState,
    /// The call that it came of.
    pub call: Option<String>,
    /// Notes.
    pub notes: Option<SensitiveText>,
    /// The user or token that booked it.
    pub booked_by: String,
    /// When it was booked.
    pub booked_ms: i64,
}

impl fmt::Debug for Appointment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appointment")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("slot", &self.slot)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What changes of an appointment; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct AppointmentChange {
    /// Another time, with its doctor.
    pub slot: Option<(Slot, Doctor)>,
    /// Other notes.
    pub notes: Option<SensitiveText>,
    /// Another state.
    pub state: Option<AppointmentState>,
}

/// Why a time cannot be had, or an appointment not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentError {
    /// It has begun already.
    #[error("the time has begun already")]
    Past,
    /// Someone has it.
    #[error("someone else has this time")]
    Taken,
    /// It is cancelled or completed.
    #[error("the appointment is closed")]
    Closed,
    /// Nobody can have come yet.
    #[error("the time has not begun yet")]
    NotYet,
}

impl Slot {
    /// A time of a doctor, with the id that this time always has.
    pub fn of_doctor(doctor: &str, starts_ms: i64, ends_ms: i64) -> Self {
        let id = format!("{doctor}-{starts_ms}");
        Self { id, doctor: doctor.to_owned(), starts_ms, ends_ms, taken: false }
    }

    /// Whether it is a time of the same doctor that has a moment in common with this one.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.doctor == other.doctor
            && self.starts_ms < other.ends_ms
            && self.ends_ms > other.starts_ms
    }

    /// Whether it can still be had.
    ///
    /// # Errors
    /// It has begun, or someone has it.
    pub fn check(&self, now_ms: i64) -> Result<(), AppointmentError> {
        match (self.starts_ms <= now_ms, self.taken) {
            (true, _) => Err(AppointmentError::Past),
            (_, true) => Err(AppointmentError::Taken),
            _ => Ok(()),
        }
    }
}

impl Appointment {
    /// Whether it keeps its time from others, and counts as booked.
    pub fn stands(&self) -> bool {
        self.state != AppointmentState::Cancelled
    }

    /// The appointment after a change. Its version stays the one that it was loaded with.
    ///
    /// # Errors
    /// It is closed, unless the change leaves it as it is, or in a state that is not known; the new time cannot be had; no
    /// one can have come yet.
    pub fn changed(
        &self,
        change: &AppointmentChange,
        now_ms: i64,
    ) -> Result<Self, AppointmentError> {
        if let AppointmentState::Other(_) = self.state {
            return Err(AppointmentError::Closed);
        }
        let state = change.state.clone().unwrap_or_else(|| self.state.clone());
        let is_other_time = change.slot.as_ref().is_some_and(|(slot, _)| slot.id != self.slot);
        let is_closed = self.state != AppointmentState::Booked;
        if is_closed && (state != self.state || is_other_time) {
            return Err(AppointmentError::Closed);
        }
        if state == AppointmentState::Completed && self.starts_ms > now_ms {
            return Err(AppointmentError::NotYet);
        }
        let mut changed = Self { state, ..self.clone() };
        if let Some((slot, doctor)) = change.slot.as_ref().filter(|_| is_other_time) {
            slot.check(now_ms)?;
            changed.doctor = doctor.clone();
            changed.slot.clone_from(&slot.id);
            (changed.starts_ms, changed.ends_ms) = (slot.starts_ms, slot.ends_ms);
        }
        if let Some(notes) = &change.notes {
            changed.notes = Some(notes.clone()).filter(|notes| !notes.as_str().trim().is_empty());
        }
        Ok(changed)
    }
}

/// An appointment as it is sent out.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppointmentView {
    /// Its id.
    pub id: String,
    /// How often it has changed: a change of it has to name this.
    pub version: i64,
    /// The lead, where the number is one's.
    pub lead_id: Option<String>,
    /// Who comes.
    pub name: String,
    /// That person's number; masked except for who booked it or handles the person.
    #[schema(example = "…01")]
    pub number: String,
    /// The doctor's id.
    pub doctor_id: String,
    /// The doctor.
    pub doctor: String,
    /// The department.
    pub department: String,
    /// The time's id.
    pub slot_id: String,
    /// When it begins, in milliseconds since 1970.
    pub starts_at: i64,
    /// When it ends.
    pub ends_at: i64,
    /// Where it is: `booked`, `cancelled`, `completed`, or a word of the platform's as it came.
    #[schema(value_type = String, example = "booked")]
    pub state: AppointmentState,
    /// The call that it came of.
    pub ucid: Option<String>,
    /// Notes; none for those who see the number masked.
    pub notes: Option<String>,
    /// The user or token that booked it.
    pub booked_by: String,
    /// When it was booked, in milliseconds since 1970.
    pub booked_at: i64,
}

impl AppointmentView {
    /// With number and notes, or without.
    pub fn of(appointment: &Appointment, whole: bool) -> Self {
        let number = appointment.number.as_str();
        let notes = appointment.notes.as_ref().filter(|_| whole);
        Self {
            id: appointment.id.clone(),
            version: appointment.version,
            lead_id: appointment.lead.clone(),
            name: appointment.name.clone(),
            number: if whole { number.to_owned() } else { redact_number(number) },
            doctor_id: appointment.doctor.id.clone(),
            doctor: appointment.doctor.name.clone(),
            department: appointment.doctor.department.name.clone(),
            slot_id: appointment.slot.clone(),
            starts_at: appointment.starts_ms,
            ends_at: appointment.ends_ms,
            state: appointment.state.clone(),
            ucid: appointment.call.clone(),
            notes: notes.map(|notes| notes.as_str().to_owned()),
            booked_by: appointment.booked_by.clone(),
            booked_at: appointment.booked_ms,
        }
    }
}

impl fmt::Debug for AppointmentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppointmentView").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doctor(id: &str) -> Doctor {
        let department = Department { id: "d1".into(), name: "General".into() };
        Doctor { id: id.into(), name: "Dr A".into(), department }
    }

    fn slot(id: &str, starts_ms: i64, taken: bool) -> Slot {
        Slot { id: id.into(), doctor: "m2".into(), starts_ms, ends_ms: starts_ms + 10, taken }
    }

    fn appointment() -> Appointment {
        Appointment {
            id: "a1".into(),
            version: 3,
            lead: None,
            name: "Customer A".into(),
            number: "9000000001".into(),
            doctor: doctor("m1"),
            slot: "s1".into(),
            starts_ms: 100,
            ends_ms: 110,
            state: AppointmentState::Booked,
            call: None,
            notes: Some("x".into()),
            booked_by: "u1".into(),
            booked_ms: 1,
        }
    }

    #[test]
    fn a_change_moves_notes_and_closes_and_says_why_it_cannot() {
        let to = |slot: Slot| AppointmentChange {
            slot: Some((slot, doctor("m2"))),
            ..AppointmentChange::default()
        };
        let state =
            |state| AppointmentChange { state: Some(state), ..AppointmentChange::default() };
        let moved = appointment().changed(&to(slot("s2", 50, false)), 10).unwrap();
        assert_eq!(
            (moved.slot.as_str(), moved.starts_ms, moved.ends_ms, moved.doctor.id.as_str()),
            ("s2", 50, 60, "m2")
        );
        assert_eq!((moved.version, moved.notes), (3, Some("x".into())));
        let taken = appointment().changed(&to(slot("s2", 50, true)), 10);
        assert_eq!(taken, Err(AppointmentError::Taken));
        let past = appointment().changed(&to(slot("s2", 50, false)), 50);
        assert_eq!(past, Err(AppointmentError::Past));
        // Its own time is taken by itself.
        assert!(appointment().changed(&to(slot("s1", 100, true)), 200).is_ok());
        let early = appointment().changed(&state(AppointmentState::Completed), 99);
        assert_eq!(early, Err(AppointmentError::NotYet));
        let cancelled = appointment().changed(&state(AppointmentState::Cancelled), 10).unwrap();
        assert!(!cancelled.stands());
        assert_eq!(cancelled.changed(&state(AppointmentState::Cancelled), 10).unwrap(), cancelled);
        for change in [state(AppointmentState::Booked), to(slot("s2", 50, false))] {
            assert_eq!(cancelled.changed(&change, 10), Err(AppointmentError::Closed));
        }
        let word: AppointmentState = serde_json::from_str("\"no_show\"").unwrap();
        let other = Appointment { state: word, ..appointment() };
        assert_eq!((other.state.as_str(), other.stands()), ("no_show", true));
        let (kept, view) = (serde_json::to_value(&other), AppointmentView::of(&other, true));
        assert_eq!(kept.unwrap()["state"], "no_show");
        assert_eq!(serde_json::to_value(view).unwrap()["state"], "no_show");
        assert!(!format!("{other:?}").contains("no_show"), "{other:?}");
        for change in [state(AppointmentState::Cancelled), AppointmentChange::default()] {
            assert_eq!(other.changed(&change, 10), Err(AppointmentError::Closed));
        }
        let notes = AppointmentChange { notes: Some(" ".into()), ..AppointmentChange::default() };
        assert_eq!(cancelled.changed(&notes, 10).unwrap().notes, None);
        assert!(!format!("{cancelled:?}").contains("Customer"));
    }
}
