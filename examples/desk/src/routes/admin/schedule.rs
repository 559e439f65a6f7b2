//! When doctors have time, in the desk's own tables.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::Body;
use crate::core::appointment::{Department, Doctor, LONGEST_SLOT_MS, Slot};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::{Kind, Problem};
use crate::store::StoreError;
use crate::store::audit::AuditRow;

/// How many times are added at once.
const MOST: usize = 500;

/// How many bytes a name or id may have.
const LONGEST_NAME: usize = 200;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(add))
}

/// A department.
#[derive(Deserialize, ToSchema)]
struct NewDepartment {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// A time.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewSlot {
    /// When it begins, in milliseconds since 1970.
    starts_at: i64,
    /// When it ends.
    ends_at: i64,
}

/// A doctor, and when the doctor has time.
#[derive(Deserialize, ToSchema)]
struct DoctorSchedule {
    /// The doctor's id.
    id: String,
    /// The doctor's name.
    name: String,
    /// The doctor's department.
    department: NewDepartment,
    /// Times, at most 500.
    #[serde(default)]
    slots: Vec<NewSlot>,
}

/// What was added.
#[derive(Serialize, ToSchema)]
struct AddedSlots {
    /// How many times were new.
    added: u64,
}

/// Adds a doctor, or gives a known one another name or department, and adds times. A time
/// that begins when one of the doctor's does already stays as it is; one that overlaps another is refused, and then
/// nothing is added.
#[utoipa::path(
    post,
    path = "/api/admin/schedule",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    request_body = DoctorSchedule,
    responses(
        (status = 200, description = "Added", body = AddedSlots),
        (status = 400, description = "What is not taken: `errors` names it, as `slots[3]` for a time that overlaps another"),
        (status = 409, description = "The schedule is the platform's, not the desk's"),
    ),
)]
async fn add(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Body(body): Body<DoctorSchedule>,
) -> Result<Json<AddedSlots>, Problem> {
    if !desk.platform().is_local() {
        return Err(Problem::new(Kind::Conflict, "the schedule is the platform's"));
    }
    let NewDepartment { id: department, name: title } = body.department;
    let texts = [
        ("id", &body.id),
        ("name", &body.name),
        ("department.id", &department),
        ("department.name", &title),
    ];
    for (path, text) in texts {
        if text.trim().is_empty() || text.len() > LONGEST_NAME {
            return Err(Problem::field(
                path,
                format!("has to have from 1 to {LONGEST_NAME} bytes"),
            ));
        }
    }
    if body.slots.len() > MOST {
        return Err(Problem::field("slots", format!("are more than {MOST}")));
    }
    let lasts = |slot: &NewSlot| slot.ends_at.saturating_sub(slot.starts_at);
    if body
        .slots
        .iter()
        .any(|slot| slot.starts_at < 0 || !(1..=LONGEST_SLOT_MS).contains(&lasts(slot)))
    {
        return Err(Problem::field("slots", "have to end after they begin, within a day"));
    }
    let department = Department { id: department, name: title };
    let doctor = Doctor { id: body.id, name: body.name, department };
    let slots = body.slots.iter();
    let slots =
        slots.map(|slot| Slot::of_doctor(&doctor.id, slot.starts_at, slot.ends_at)).collect();
    let target = format!("doctor:{}", doctor.id);
    let added = desk.store().add_schedule(vec![doctor], slots).await;
    let added = added.map_err(|error| match error {
        StoreError::Overlaps(place) => {
            Problem::field(format!("slots[{place}]"), "overlaps another time of the doctor")
        }
        other => other.into(),
    })?;
    let row = AuditRow::new(desk.now(), &caller, "schedule.add", target).in_request(from.request);
    desk.store().append_audit(vec![row]).await?;
    Ok(Json(AddedSlots { added }))
}
