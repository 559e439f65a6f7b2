//! Departments, doctors, and the times that they have.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::Day;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::Params;
use crate::core::fact::millis;
use crate::desk::Desk;
use crate::flow::booking::SlotView;
use crate::problem::Problem;

/// A department.
#[derive(Serialize, ToSchema)]
struct DepartmentView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// All departments.
#[derive(Serialize, ToSchema)]
pub(super) struct DepartmentList {
    /// By name.
    departments: Vec<DepartmentView>,
}

/// Departments that appointments can be made in.
#[utoipa::path(
    get,
    path = "/api/departments",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The departments", body = DepartmentList)),
)]
pub(super) async fn departments(State(desk): State<Desk>) -> Result<Json<DepartmentList>, Problem> {
    let found = desk.platform().departments().await?.into_iter();
    let departments = found.map(|one| DepartmentView { id: one.id, name: one.name }).collect();
    Ok(Json(DepartmentList { departments }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoctorQuery {
    department: Option<String>,
}

/// A doctor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DoctorView {
    /// The id.
    id: String,
    /// The name.
    name: String,
    /// The department's id.
    department_id: String,
}

/// Doctors.
#[derive(Serialize, ToSchema)]
pub(super) struct DoctorList {
    /// By name.
    doctors: Vec<DoctorView>,
}

/// Doctors: of a department, or all.
#[utoipa::path(
    get,
    path = "/api/doctors",
    tag = "customers",
    params(("department" = Option<String>, Query, description = "Only of this department")),
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The doctors", body = DoctorList)),
)]
pub(super) async fn doctors(
    State(desk): State<Desk>,
    Params(query): Params<DoctorQuery>,
) -> Result<Json<DoctorList>, Problem> {
    let department = query.department.as_deref().filter(|id| !id.is_empty());
    let found = desk.platform().doctors(department).await?.into_iter();
    let doctors = found.map(|doctor| DoctorView {
        id: doctor.id,
        name: doctor.name,
        department_id: doctor.department.id,
    });
    Ok(Json(DoctorList { doctors: doctors.collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotQuery {
    doctor: String,
    date: String,
}

/// A doctor's times of a day.
#[derive(Serialize, ToSchema)]
pub(super) struct SlotList {
    /// The first first.
    slots: Vec<SlotView>,
}

/// A doctor's times of a day in the account's time zone, those that are taken too.
#[utoipa::path(
    get,
    path = "/api/slots",
    tag = "customers",
    params(
        ("doctor" = String, Query, description = "The doctor's id"),
        ("date" = String, Query, description = "The day, YYYY-MM-DD"),
    ),
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The times", body = SlotList)),
)]
pub(super) async fn slots(
    State(desk): State<Desk>,
    Params(query): Params<SlotQuery>,
) -> Result<Json<SlotList>, Problem> {
    let day: Day = query
        .date
        .trim()
        .parse()
        .map_err(|_| Problem::field("date", "has to be a day YYYY-MM-DD"))?;
    let zone = desk.client().zone();
    let begins = |day: Day| millis(day.start().instant(zone));
    let found = desk.platform().slots(&query.doctor, (begins(day), begins(day.next()))).await?;
    let now = desk.now();
    let slots = found.into_iter().map(|slot| SlotView::of(slot, now)).collect();
    Ok(Json(SlotList { slots }))
}
