//! Move, edit, complete or cancel an appointment.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{audited, notes};
use crate::body::{Body, Params};
use crate::core::appointment::{AppointmentState, AppointmentView};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::booking::{ChangeOrder, change as change_appointment};
use crate::flow::customers::sees_appointment;
use crate::problem::Problem;

/// What changes; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppointmentEdit {
    /// The version that was seen.
    version: i64,
    /// Another time.
    #[serde(default)]
    slot_id: Option<String>,
    /// Other notes; empty ones take them away. Who does not see the notes that there are can do neither: empty ones are
    /// left out, others refused.
    #[serde(default)]
    notes: Option<String>,
    /// The person came.
    #[serde(default)]
    completed: bool,
}

/// Moves an appointment to another time, edits its notes, or says that the person came. Whoever takes the person's call
/// may: who it was is in the audit.
#[utoipa::path(
    patch,
    path = "/api/appointments/{id}",
    tag = "customers",
    params(("id" = String, Path, description = "The appointment's id")),
    extensions(("x-allow" = json!("agent"))),
    request_body = AppointmentEdit,
    responses(
        (status = 200, description = "Changed", body = AppointmentView),
        (status = 403, description = "There are notes that the caller does not see"),
        (status = 404, description = "There is no such appointment"),
        (
            status = 409,
            description = "It has changed meanwhile, is closed, or the time is taken: then `slots` has the times as they are now",
        ),
    ),
)]
pub(super) async fn change(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<AppointmentEdit>,
) -> Result<Json<AppointmentView>, Problem> {
    let order = ChangeOrder {
        version: Some(body.version),
        slot: body.slot_id,
        notes: notes(body.notes)?,
        state: body.completed.then_some(AppointmentState::Completed),
    };
    changed(&desk, &caller, &id, "appointment.change", order).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelQuery {
    version: Option<i64>,
}

/// Cancels an appointment: its time is free again, and the appointment is kept as cancelled.
#[utoipa::path(
    delete,
    path = "/api/appointments/{id}",
    tag = "customers",
    params(
        ("id" = String, Path, description = "The appointment's id"),
        ("version" = Option<i64>, Query, description = "The version that was seen"),
    ),
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "Cancelled", body = AppointmentView),
        (status = 404, description = "There is no such appointment"),
        (status = 409, description = "It has changed meanwhile, or is completed"),
    ),
)]
pub(super) async fn cancel(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<CancelQuery>,
) -> Result<Json<AppointmentView>, Problem> {
    let order = ChangeOrder {
        version: query.version,
        state: Some(AppointmentState::Cancelled),
        ..ChangeOrder::default()
    };
    changed(&desk, &caller, &id, "appointment.cancel", order).await
}

async fn changed(
    desk: &Desk,
    caller: &Caller,
    id: &str,
    action: &str,
    order: ChangeOrder,
) -> Result<Json<AppointmentView>, Problem> {
    match change_appointment(desk, caller, id, order).await {
        Ok(appointment) => {
            audited(desk, caller, action, id, None).await;
            let whole = sees_appointment(desk, caller, &appointment).await?;
            Ok(Json(AppointmentView::of(&appointment, whole)))
        }
        Err(problem) => {
            audited(desk, caller, action, id, Some(&problem)).await;
            Err(problem)
        }
    }
}
