//! Appointments, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::core::appointment::{Appointment, Department, Doctor, Slot};
use crate::core::dial::number_key;
use crate::store::appointments::{AppointmentQuery, Appointments};
use crate::store::error::StoreError;
use crate::store::event::NewEvent;

#[derive(Debug, Default)]
pub(super) struct AppointmentTable {
    departments: BTreeMap<String, String>,
    /// Name and department.
    doctors: BTreeMap<String, (String, String)>,
    slots: BTreeMap<String, Slot>,
    appointments: BTreeMap<String, Appointment>,
}

impl AppointmentTable {
    fn doctor(&self, id: &str) -> Option<Doctor> {
        let (name, department) = self.doctors.get(id)?;
        let department =
            Department { id: department.clone(), name: self.departments.get(department)?.clone() };
        Some(Doctor { id: id.to_owned(), name: name.clone(), department })
    }

    /// Whether another appointment has the time, or one of the same doctor that overlaps it.
    fn is_taken(&self, slot: &Slot, own: Option<&str>) -> bool {
        let overlaps = |id: &String| self.slots.get(id).is_some_and(|other| other.overlaps(slot));
        let has = |one: &Appointment| {
            one.stands() && overlaps(&one.slot) && own.is_none_or(|own| one.id != own)
        };
        self.appointments.values().any(has)
    }

    /// Whether an appointment stands at this very time.
    fn stays(&self, id: &str, slot: &Slot) -> bool {
        self.appointments.get(id).is_some_and(|known| known.slot == slot.id && known.stands())
    }

    fn slot(&self, slot: &Slot) -> Slot {
        Slot { taken: self.is_taken(slot, None), ..slot.clone() }
    }

    /// The times that are new.
    fn new_slots(&self, slots: Vec<Slot>) -> Result<Vec<Slot>, StoreError> {
        let mut new: Vec<Slot> = Vec::new();
        for (place, slot) in slots.into_iter().enumerate() {
            let overlapping: Vec<_> =
                self.slots.values().chain(&new).filter(|other| other.overlaps(&slot)).collect();
            if overlapping.iter().any(|other| other.starts_ms == slot.starts_ms) {
                continue;
            }
            if !overlapping.is_empty() {
                return Err(StoreError::Overlaps(place));
            }
            if !self.slots.contains_key(&slot.id) {
                new.push(slot);
            }
        }
        Ok(new)
    }
}

fn fits(query: &AppointmentQuery, one: &Appointment) -> bool {
    query.lead.as_ref().is_none_or(|lead| one.lead.as_ref() == Some(lead))
        && query.number.as_ref().is_none_or(|n| number_key(n) == number_key(&one.number))
        && query.from_ms.is_none_or(|from| one.starts_ms >= from)
        && query.to_ms.is_none_or(|to| one.starts_ms < to)
        && query
            .calls
            .as_ref()
            .is_none_or(|calls| one.call.as_ref().is_some_and(|call| calls.contains(call)))
}

#[async_trait]
impl Appointments for Memory {
    async fn add_schedule(
        &self,
        doctors: Vec<Doctor>,
        slots: Vec<Slot>,
    ) -> Result<u64, StoreError> {
        self.write(|state| {
            let table = &mut state.appointments;
            let new = table.new_slots(slots)?;
            for Doctor { id, name, department } in doctors {
                table.departments.insert(department.id.clone(), department.name);
                table.doctors.insert(id, (name, department.id));
            }
            let count = new.len() as u64;
            table.slots.extend(new.into_iter().map(|slot| (slot.id.clone(), slot)));
            Ok(count)
        })
        .await
    }

    async fn departments(&self) -> Result<Vec<Department>, StoreError> {
        self.read(|state| {
            let department =
                |(id, name): (&String, &String)| Department { id: id.clone(), name: name.clone() };
            let mut all: Vec<_> = state.appointments.departments.iter().map(department).collect();
            all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            Ok(all)
        })
        .await
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, StoreError> {
        self.read(|state| {
            let table = &state.appointments;
            let mut all: Vec<_> = table.doctors.keys().filter_map(|id| table.doctor(id)).collect();
            all.retain(|doctor| department.is_none_or(|id| doctor.department.id == id));
            all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            Ok(all)
        })
        .await
    }

    async fn slots(
        &self,
        doctor: &str,
        (from, to): (i64, i64),
        most: u32,
    ) -> Result<Vec<Slot>, StoreError> {
        self.read(|state| {
            let table = &state.appointments;
            let fits = |slot: &&Slot| slot.doctor == doctor && (from..to).contains(&slot.starts_ms);
            let mut found: Vec<_> =
                table.slots.values().filter(fits).map(|slot| table.slot(slot)).collect();
            found.sort_by_key(|slot| slot.starts_ms);
            found.truncate(most as usize);
            Ok(found)
        })
        .await
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, StoreError> {
        self.read(|state| {
            let table = &state.appointments;
            let found = table.slots.get(id).map(|slot| table.slot(slot));
            Ok(found.and_then(|slot| Some((slot.clone(), table.doctor(&slot.doctor)?))))
        })
        .await
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(|state| {
            let table = &mut state.appointments;
            let slot = table.slots.get(&appointment.slot).ok_or(StoreError::Missing("slot"))?;
            let is_new = appointment.stands() && !table.stays(&appointment.id, slot);
            if is_new && table.is_taken(slot, Some(&appointment.id)) {
                return Err(StoreError::Taken("the slot"));
            }
            let known = table.appointments.get(&appointment.id).map_or(0, |known| known.version);
            if known != appointment.version {
                return Err(StoreError::Conflict("the appointment"));
            }
            let version = appointment.version + 1;
            let saved = Appointment { version, ..appointment };
            table.appointments.insert(saved.id.clone(), saved);
            state.events.append(at, events);
            Ok(version)
        })
        .await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, StoreError> {
        self.read(|state| Ok(state.appointments.appointments.get(id).cloned())).await
    }

    async fn appointments(&self, query: &AppointmentQuery) -> Result<Vec<Appointment>, StoreError> {
        self.read(|state| {
            let all = state.appointments.appointments.values();
            let mut found: Vec<_> = all.filter(|one| fits(query, one)).cloned().collect();
            found.sort_by_key(|one| (one.starts_ms, one.id.clone()));
            let most = query.most as usize;
            if query.latest {
                found.drain(..found.len().saturating_sub(most));
            }
            found.truncate(most);
            Ok(found)
        })
        .await
    }
}
