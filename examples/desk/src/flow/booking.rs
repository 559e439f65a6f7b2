//! Appointments: booked, moved, cancelled. Whether the time is free is looked at again as it is written.

use ozonetel_sdk::types::{AgentId, PhoneNumber, SensitiveText};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::facts::{Actor, Together, acted, record_with};
use crate::core::appointment::{
    Appointment, AppointmentChange, AppointmentError, AppointmentState, AppointmentView, Doctor,
    Slot,
};
use crate::core::caller::Caller;
use crate::core::fact::{Action, ActionOutcome};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::ports::platform::PlatformError;
use crate::problem::{Kind, Problem};
use crate::store::{AppointmentQuery, Audience, NewEvent, StoredCall};
use crate::tasks::TaskKind;

/// How many appointments of one person are looked through.
const MOST: u32 = 200;

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
    match desk.platform().save_appointment(new, now, events).await {
        Ok(version) => {
            let appointment = Appointment { version, ..appointment };
            note(desk, &appointment, &order.by).await;
            Ok((appointment, true))
        }
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
    let number = Some(order.number.clone());
    let query = AppointmentQuery { number, most: MOST, ..AppointmentQuery::default() };
    let same = |one: &Appointment| {
        one.slot == slot.id && one.stands() && one.booked_by == order.by && one.version == 1
    };
    let known = desk.platform().appointments(&query).await?;
    match known.into_iter().find(same) {
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
    /// Other notes.
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
        let (desk, id, by) = (desk.clone(), id.to_owned(), caller.id.clone());
        async move { change_now(&desk, &id, order, &by).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn change_now(
    desk: &Desk,
    id: &str,
    order: ChangeOrder,
    by: &str,
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
    let change = AppointmentChange { slot: slot.clone(), notes: order.notes, state: order.state };
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
    match desk.platform().save_appointment(wanted, now, events).await {
        Ok(version) => {
            let next = Appointment { version, ..next };
            note(desk, &next, by).await;
            Ok(next)
        }
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

/// Notes on the call that an appointment came of it. The appointment stands, whether or not that can be written.
async fn note(desk: &Desk, appointment: &Appointment, by: &str) {
    let Some(call) = &appointment.call else { return };
    if let Err(error) = note_on_call(desk, call, appointment, by).await {
        tracing::error!(%error, "an appointment was not noted on its call");
    }
}

async fn note_on_call(
    desk: &Desk,
    call: &str,
    appointment: &Appointment,
    by: &str,
) -> Result<(), crate::store::StoreError> {
    let Some(known) = desk.store().call(call, &crate::core::caller::Scope::All).await? else {
        return Ok(());
    };
    let agent = known.state.agent.clone().unwrap_or_else(|| AgentId::from(""));
    let action = Action::Appointment { id: appointment.id.clone(), stands: appointment.stands() };
    // Keys rise with the version, so that of two in one moment the later counts.
    let key = format!("appointment:{}:{:010}", appointment.id, appointment.version);
    let actor = Actor { by: by.to_owned(), agent };
    let fact = acted(&known.state, key, actor, action, ActionOutcome::Done, desk.now());
    let together = Together { call: Some(known.id), ..Together::default() };
    record_with(desk, fact.into_iter().collect(), together).await?;
    Ok(())
}
