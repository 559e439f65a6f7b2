//! Records as a GraphQL platform writes them. What is missing is none; a number may be written as text.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::core::appointment::{Appointment, AppointmentState, Department, Doctor, Slot};
use crate::store::work::Lead;

/// A time or version: a number without a fraction, or the digits of one.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(from)?;
    whole_of(&value).ok_or_else(|| D::Error::custom("expected a whole number"))
}

fn maybe_whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.as_ref().and_then(whole_of))
}

fn whole_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            // GraphQL has no integers of this size: they come as floating-point numbers.
            let text = format!("{:.0}", number.as_f64().filter(|n| n.fract() == 0.0)?);
            text.parse().ok()
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A lead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeadRecord {
    id: String,
    number: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    fields: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    assigned_to: Option<String>,
    #[serde(default, deserialize_with = "maybe_whole")]
    created_at: Option<i64>,
    #[serde(default, deserialize_with = "maybe_whole")]
    last_interaction_at: Option<i64>,
    #[serde(default)]
    done: Option<bool>,
}

/// Where a row is in a search: when the lead was added, and its id. A row may have that and not be understood.
pub(super) fn place(row: &Value) -> Option<(i64, String)> {
    let id = row["id"].as_str()?.to_owned();
    Some((whole_of(&row["createdAt"]).unwrap_or_default(), id))
}

impl From<LeadRecord> for Lead {
    fn from(record: LeadRecord) -> Self {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let fields = record.fields.unwrap_or_default().into_iter();
        Self {
            id: record.id,
            number: record.number.as_str().into(),
            name: record.name.unwrap_or_default(),
            source: record.source.unwrap_or_default(),
            email: record.email,
            fields: fields
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, text(value)))
                .collect(),
            agent: record.assigned_to.filter(|id| !id.is_empty()).map(|id| id.as_str().into()),
            added: record.created_at.unwrap_or_default(),
            last_interaction: record.last_interaction_at,
            done: record.done.unwrap_or_default(),
        }
    }
}

/// A doctor.
#[derive(Deserialize)]
pub(super) struct DoctorRecord {
    id: String,
    name: String,
    #[serde(default)]
    department: Option<Department>,
}

impl From<DoctorRecord> for Doctor {
    fn from(record: DoctorRecord) -> Self {
        let none = || Department { id: String::new(), name: String::new() };
        let department = record.department.unwrap_or_else(none);
        Self { id: record.id, name: record.name, department }
    }
}

/// A time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotRecord {
    id: String,
    doctor_id: String,
    #[serde(deserialize_with = "whole")]
    starts_at: i64,
    #[serde(deserialize_with = "whole")]
    ends_at: i64,
    taken: bool,
}

impl From<SlotRecord> for Slot {
    fn from(record: SlotRecord) -> Self {
        Self {
            id: record.id,
            doctor: record.doctor_id,
            starts_ms: record.starts_at,
            ends_ms: record.ends_at,
            taken: record.taken,
        }
    }
}

/// A time with its doctor.
#[derive(Deserialize)]
pub(super) struct SlotWithDoctor {
    #[serde(flatten)]
    slot: SlotRecord,
    doctor: DoctorRecord,
}

impl From<SlotWithDoctor> for (Slot, Doctor) {
    fn from(record: SlotWithDoctor) -> Self {
        (record.slot.into(), record.doctor.into())
    }
}

/// An appointment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppointmentRecord {
    id: String,
    #[serde(deserialize_with = "whole")]
    version: i64,
    #[serde(default)]
    lead_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    number: String,
    doctor: DoctorRecord,
    slot_id: String,
    #[serde(deserialize_with = "whole")]
    starts_at: i64,
    #[serde(deserialize_with = "whole")]
    ends_at: i64,
    /// In the platform's words, which may be more than the desk's.
    state: AppointmentState,
    #[serde(default)]
    call_id: Option<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    booked_by: Option<String>,
    #[serde(default, deserialize_with = "maybe_whole")]
    booked_at: Option<i64>,
}

impl From<AppointmentRecord> for Appointment {
    fn from(record: AppointmentRecord) -> Self {
        Self {
            id: record.id,
            version: record.version,
            lead: record.lead_id,
            name: record.name.unwrap_or_default(),
            number: record.number.as_str().into(),
            doctor: record.doctor.into(),
            slot: record.slot_id,
            starts_ms: record.starts_at,
            ends_ms: record.ends_at,
            state: record.state,
            call: record.call_id,
            notes: record.notes.map(Into::into),
            booked_by: record.booked_by.unwrap_or_default(),
            booked_ms: record.booked_at.unwrap_or_default(),
        }
    }
}

/// What a saved appointment is answered with.
#[derive(Deserialize)]
pub(super) struct SavedRecord {
    #[serde(deserialize_with = "whole")]
    pub(super) version: i64,
}

/// An appointment as it is sent.
pub(super) fn input(appointment: &Appointment) -> Value {
    json!({
        "id": appointment.id,
        "version": appointment.version,
        "leadId": appointment.lead,
        "name": appointment.name,
        "number": appointment.number,
        "doctorId": appointment.doctor.id,
        "slotId": appointment.slot,
        "state": appointment.state,
        "callId": appointment.call,
        "notes": appointment.notes,
        "bookedBy": appointment.booked_by,
        "bookedAt": appointment.booked_ms,
    })
}
