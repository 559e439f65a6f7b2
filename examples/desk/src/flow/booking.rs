//! Appointments: booked, moved, cancelled. Whether the time is free is looked at again as it is written.

use ozonetel_sdk::types::{AgentId, PhoneNumber, SensitiveText};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::customers::sees_appointment;
use super::facts::{Actor, Together, acted, record_with};
use crate::core::appointment::{
    Appointment, AppointmentChange, AppointmentError, AppointmentState, AppointmentView, Doctor,
    Slot,
};
use crate::core::caller::{Caller, Scope};
use crate::core::fact::{Action, ActionOutcome};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::ports::platform::PlatformError;
use crate::problem::{Kind, Problem};
use crate::store::{AppointmentQuery, Audience, NewEvent, PendingBooking, StoreError, StoredCall};
use crate::tasks::TaskKind;

/// How many appointments of one person are looked through.
const MOST: u32 = 200;

/// Longer than an appointment can be on its way to the platform.
const LONGEST_MS: i64 = 5 * 60_000;

/// A day on either side: the times around one that was taken.
const AROUND_MS: i64 = 24 * 3_600_000;

/// Who is to come, and when.
#[derive(Debug, Clone)]
pub struct BookingOrder {
    /// The lead, where the person is one.
    pub lead: Option<String>,
    /// The person.
    pub name: String,
    /// The person's number.
    pub number: PhoneNumber,
    /// The time's id.
    pub slot: String,
    /// The call that it comes of.
    pub call: Option<StoredCall>,
    /// Notes.
    pub notes: Option<SensitiveText>,
    /// Who books it.
    pub by: String,
}

/// A time as it is sent out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotView {
    /// Its id.
    pub id: String,
    /// The doctor's id.
    pub doctor_id: String,
    /// When it begins, in milliseconds since 1970.
    pub starts_at: i64,
    /// When it ends.
    pub ends_at: i64,
    /// Whether someone has it, or it has begun.
    pub taken: bool,
}

impl SlotView {
    /// As it is now.
    pub fn of(slot: Slot, now_ms: i64) -> Self {
        Self {
            taken: slot.check(now_ms).is_err(),
            id: slot.id,
            doctor_id: slot.doctor,
            starts_at: slot.starts_ms,
            ends_at: slot.ends_ms,
        }
    }
}

fn problem(error: AppointmentError) -> Problem {
    let reason = match error {
        AppointmentError::Past => "slot_past",
        AppointmentError::Taken => "slot_taken",
        AppointmentError::Closed => "appointment_closed",
        AppointmentError::NotYet => "slot_not_begun",
    };
    Problem::new(Kind::Conflict, error.to_string()).because(reason)
}

/// The problem of a time that cannot be had, with the doctor's times around it as they are now.
async fn with_fresh_slots(desk: &Desk, problem: Problem, slot: &Slot) -> Problem {
    let range = (slot.starts_ms - AROUND_MS, slot.starts_ms + AROUND_MS);
    match desk.platform().slots(&slot.doctor, range).await {
        Ok(slots) => {
            let now = desk.now();
            let slots: Vec<_> = slots.into_iter().map(|slot| SlotView::of(slot, now)).collect();
            problem.with("slots", json!(slots))
        }
        Err(error) => {
            tracing::warn!(%error, "the times around a taken one are not known");
            problem
        }
    }
}

fn changed(appointment: &Appointment) -> Result<Vec<NewEvent>, Problem> {
    let view = AppointmentView::of(appointment, false);
    Ok(vec![NewEvent::new("appointment.changed", Audience::Everyone, &view)?])
}

async fn slot(desk: &Desk, id: &str) -> Result<(Slot, Doctor), Problem> {
    let found = desk.platform().slot(id).await?;
    found.ok_or_else(|| Problem::field("slotId", "names no time of a doctor"))
}

/// Books an appointment. Whether it is new: the same person at the same time by the same user is the appointment that
/// is there already.
///
/// # Errors
/// The time cannot be had, and then the problem has `slots`; the platform fails.
///
/// # Cancel safety
/// If it is dropped, the work continues.
pub async fn book(desk: &Desk, order: BookingOrder) -> Result<(Appointment, bool), Problem> {
    let work = {
        let desk = desk.clone();
        async move { book_now(&desk, order).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn book_now(desk: &Desk, order: BookingOrder) -> Result<(Appointment, bool), Problem> {
    let (slot, doctor) = slot(desk, &order.slot).await?;
    let now = desk.now();
    if let Err(error) = slot.check(now) {
        return refused(desk, problem(error), &slot, &order).await;
    }
    let appointment = Appointment {
        id: new_id(),
        version: 1,
        lead: order.lead.clone(),
        name: order.name.clone(),
        number: order.number.clone(),
        doctor,
        slot: slot.id.clone(),
        starts_ms: slot.starts_ms,
        ends_ms: slot.ends_ms,
        state: AppointmentState::Booked,
        call: order.call.as_ref().map(|call| call.id.clone()),
        notes: order.notes.clone(),
        booked_by: order.by.clone(),
        booked_ms: now,
    };
    let events = changed(&appointment)?;
    let new = Appointment { version: 0, ..appointment.clone() };
    match save(desk, new, events, &order.by).await {
        Ok(version) => Ok((Appointment { version, ..appointment }, true)),
        Err(PlatformError::Taken) => {
            let taken = problem(AppointmentError::Taken);
            refused(desk, taken, &slot, &order).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The appointment that is there already, if it is this very one; else why not.
async fn refused(
    desk: &Desk,
    why: Problem,
    slot: &Slot,
    order: &BookingOrder,
) -> Result<(Appointment, bool), Problem> {
    let query = AppointmentQuery {
        number: Some(order.number.clone()),
        from_ms: Some(slot.starts_ms),
        to_ms: Some(slot.starts_ms.saturating_add(1)),
        most: MOST,
        ..AppointmentQuery::default()
    };
    let same = |one: &Appointment| {
        let person = (&one.name, &one.lead) == (&order.name, &order.lead);
        person
            && one.slot == slot.id
            && one.stands()
            && one.booked_by == order.by
            && one.version == 1
    };
    let known = desk.platform().appointments(&query).await?;
    match known.appointments.into_iter().find(same) {
        Some(appointment) => Ok((appointment, false)),
        None => Err(with_fresh_slots(desk, why, slot).await),
    }
}

/// What changes of an appointment.
#[derive(Debug, Clone, Default)]
pub struct ChangeOrder {
    /// The version that whoever asks has seen; any if it is not said.
    pub version: Option<i64>,
    /// Another time.
    pub slot: Option<String>,
    /// Other notes, unless there are some that the caller does not see.
    pub notes: Option<SensitiveText>,
    /// Another state.
    pub state: Option<AppointmentState>,
}

/// Moves, edits, completes or cancels an appointment.
///
/// # Errors
/// There is none; it has changed meanwhile or is closed; the new time cannot be had, and then the problem has `slots`;
/// the platform fails.
///
/// # Cancel safety
/// If it is dropped, the work continues.
pub async fn change(
    desk: &Desk,
    caller: &Caller,
    id: &str,
    order: ChangeOrder,
) -> Result<Appointment, Problem> {
    let work = {
        let (desk, id, caller) = (desk.clone(), id.to_owned(), caller.clone());
        async move { change_now(&desk, &id, order, &caller).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn change_now(
    desk: &Desk,
    id: &str,
    order: ChangeOrder,
    caller: &Caller,
) -> Result<Appointment, Problem> {
    let known = desk.platform().appointment(id).await?;
    let known = known.ok_or(PlatformError::Missing("appointment"))?;
    if order.version.is_some_and(|version| version != known.version) {
        return Err(PlatformError::Conflict("the appointment").into());
    }
    let slot = match &order.slot {
        Some(id) => Some(slot(desk, id).await?),
        None => None,
    };
    let now = desk.now();
    let notes = changed_notes(desk, caller, &known, order.notes).await?;
    let change = AppointmentChange { slot: slot.clone(), notes, state: order.state };
    let wanted = match (known.changed(&change, now), &slot) {
        (Ok(wanted), _) => wanted,
        (Err(AppointmentError::Taken | AppointmentError::Past), Some((slot, _))) => {
            let why = known.changed(&change, now).err().unwrap_or(AppointmentError::Taken);
            return Err(with_fresh_slots(desk, problem(why), slot).await);
        }
        (Err(error), _) => return Err(problem(error)),
    };
    if wanted == known {
        return Ok(known);
    }
    let next = Appointment { version: known.version + 1, ..wanted.clone() };
    let events = changed(&next)?;
    match save(desk, wanted, events, &caller.id).await {
        Ok(version) => Ok(Appointment { version, ..next }),
        Err(PlatformError::Taken) => {
            let taken = problem(AppointmentError::Taken);
            match slot {
                Some((slot, _)) => Err(with_fresh_slots(desk, taken, &slot).await),
                None => Err(taken),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The notes that are to be written. Notes that the caller does not see are not overwritten: a form that shows none
/// sends empty ones.
async fn changed_notes(
    desk: &Desk,
    caller: &Caller,
    known: &Appointment,
    notes: Option<SensitiveText>,
) -> Result<Option<SensitiveText>, Problem> {
    let Some(notes) = notes else { return Ok(None) };
    if known.notes.is_none() || sees_appointment(desk, caller, known).await? {
        return Ok(Some(notes));
    }
    if notes.as_str().trim().is_empty() {
        return Ok(None);
    }
    let text = "the appointment has notes that are for who handles the person";
    Err(Problem::new(Kind::Forbidden, text).because("notes_hidden"))
}

/// Writes an appointment, and then on its call that it came of it. Both happen or neither: what is left of it when the
/// desk stops in between is noted by [`note_pending`].
async fn save(
    desk: &Desk,
    appointment: Appointment,
    events: Vec<NewEvent>,
    by: &str,
) -> Result<i64, PlatformError> {
    let at = desk.now();
    let pending = appointment.call.clone().map(|call| PendingBooking {
        id: new_id(),
        appointment: appointment.id.clone(),
        version: appointment.version + 1,
        call,
        by: by.to_owned(),
        at_ms: at,
    });
    if let Some(pending) = &pending {
        desk.store().begin_booking(pending.clone()).await?;
    }
    let saved = desk.platform().save_appointment(appointment.clone(), at, events).await;
    let Some(pending) = pending else { return saved };
    let noted = match &saved {
        Ok(version) => {
            note(desk, &pending, &Appointment { version: *version, ..appointment }).await
        }
        // Whether it was written is looked at later.
        Err(PlatformError::Unknown) => Ok(()),
        Err(_) => desk.store().end_booking(&pending.id).await,
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "an appointment is noted on its call later");
    }
    saved
}

/// Notes on its call that an appointment came of it, or no longer stands. Noting it again changes nothing.
async fn note(
    desk: &Desk,
    pending: &PendingBooking,
    appointment: &Appointment,
) -> Result<(), StoreError> {
    if let Some(known) = desk.store().call(&pending.call, &Scope::All).await? {
        let agent = known.state.agent.clone().unwrap_or_else(|| AgentId::from(""));
        let action =
            Action::Appointment { id: appointment.id.clone(), stands: appointment.stands() };
        // Keys rise with the version, so that of two in one moment the later counts.
        let key = format!("appointment:{}:{:010}", appointment.id, appointment.version);
        let actor = Actor { by: pending.by.clone(), agent };
        let fact = acted(&known.state, key, actor, action, ActionOutcome::Done, desk.now());
        let together = Together { call: Some(known.id), ..Together::default() };
        record_with(desk, fact.into_iter().collect(), together).await?;
    }
    desk.store().end_booking(&pending.id).await
}

/// Notes appointments on their calls that were written when a desk stopped; how many were looked at. One that was not
/// written is let go once it cannot be on its way any more.
///
/// # Errors
/// The store is not available.
pub async fn note_pending(desk: &Desk) -> Result<usize, StoreError> {
    let pending = desk.store().pending_bookings(MOST).await?;
    for booking in &pending {
        let written = match desk.platform().appointment(&booking.appointment).await {
            Ok(known) => known.filter(|known| known.version >= booking.version),
            Err(error) => {
                tracing::debug!(%error, "whether an appointment was written is not known yet");
                continue;
            }
        };
        match written {
            Some(appointment) => note(desk, booking, &appointment).await?,
            None if desk.now().saturating_sub(booking.at_ms) > LONGEST_MS => {
                desk.store().end_booking(&booking.id).await?;
            }
            // It may be on its way.
            None => {}
        }
    }
    Ok(pending.len())
}
