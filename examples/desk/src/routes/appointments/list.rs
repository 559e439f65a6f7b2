//! Who comes when.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::{Params, given};
use crate::core::appointment::{Appointment, AppointmentView};
use crate::core::caller::{Caller, Role, Scope};
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::flow::customers::{handled, handles, handles_lead};
use crate::problem::Problem;
use crate::store::AppointmentQuery;

/// How many appointments an answer has at most.
const MOST: u32 = 500;

/// The longest range, in milliseconds: 93 days.
const LONGEST_MS: i64 = 93 * 24 * 3_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ListQuery {
    lead_id: Option<String>,
    ucid: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
}

/// Appointments.
#[derive(Serialize, ToSchema)]
pub(super) struct AppointmentList {
    /// The first first, cancelled ones too; at most 500.
    appointments: Vec<AppointmentView>,
    /// Whether there are more.
    more: bool,
    /// How many of the platform's cannot be understood, and are not here.
    unreadable: usize,
}

/// Appointments: of a lead, of a call, or those of a range, the next seven days if nothing is said. Everyone sees when
/// doctors are busy; number and notes are whole for who booked it or handles the person.
#[utoipa::path(
    get,
    path = "/api/appointments",
    tag = "customers",
    params(
        ("leadId" = Option<String>, Query, description = "Only of this lead"),
        ("ucid" = Option<String>, Query, description = "Only those that name this call"),
        ("from" = Option<i64>, Query, description = "That begin at this time or later, in milliseconds since 1970"),
        ("to" = Option<i64>, Query, description = "That begin before this time"),
    ),
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "The appointments", body = AppointmentList),
        (status = 404, description = "There is no such lead or call"),
    ),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Result<Json<AppointmentList>, Problem> {
    let mut asked = AppointmentQuery {
        from_ms: query.from,
        to_ms: query.to,
        most: MOST,
        ..AppointmentQuery::default()
    };
    let mut whole = caller.role == Role::Administrator;
    if let Some(id) = given(query.lead_id.as_deref()) {
        let lead = desk.platform().lead(id).await?.ok_or_else(|| no_such("lead"))?;
        whole = handles_lead(&desk, &caller, &lead).await?;
        asked.number = Some(lead.number);
    }
    if let Some(ucid) = given(query.ucid.as_deref()) {
        let call = desk.store().call(ucid, &Scope::All).await?;
        let mine = call.filter(|call| caller.may_act_on_call_of(call.state.agent.as_ref()));
        let call = mine.ok_or_else(|| no_such("call"))?;
        if let Some(number) = &call.state.number {
            whole = whole || handles(&desk, &caller, None, number).await?;
        }
        // It names the call by the id that it had then.
        let mut ids: Vec<_> = call.state.ids.iter().cloned().collect();
        ids.push(call.id);
        asked.calls = Some(ids);
    }
    if asked.number.is_none() && asked.calls.is_none() {
        range(&mut asked, desk.now())?;
    }
    let found = desk.platform().appointments(&asked).await?;
    let numbers = found.appointments.iter().map(|one| &one.number);
    let handled = if whole { BTreeSet::new() } else { handled(&desk, &caller, numbers).await? };
    let view = |one: &Appointment| {
        let is_own = one.booked_by == caller.id || handled.contains(&number_key(&one.number));
        AppointmentView::of(one, whole || is_own)
    };
    Ok(Json(AppointmentList {
        appointments: found.appointments.iter().map(view).collect(),
        more: found.more,
        unreadable: found.unreadable,
    }))
}

fn range(asked: &mut AppointmentQuery, now: i64) -> Result<(), Problem> {
    let from = asked.from_ms.unwrap_or(now);
    let to = asked.to_ms.unwrap_or_else(|| from.saturating_add(7 * 24 * 3_600_000));
    if from > to {
        return Err(Problem::field("from", "is later than to"));
    }
    if to.saturating_sub(from) > LONGEST_MS {
        return Err(Problem::field("to", "is more than 93 days after from"));
    }
    (asked.from_ms, asked.to_ms) = (Some(from), Some(to));
    Ok(())
}
