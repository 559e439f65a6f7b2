//! Book an appointment.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ozonetel_sdk::types::PhoneNumber;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{audited, notes};
use crate::access::no_such;
use crate::body::{Body, given};
use crate::core::appointment::AppointmentView;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::booking::{BookingOrder, book as book_appointment};
use crate::problem::Problem;
use crate::store::StoredCall;
use crate::store::work::Lead;

/// How many bytes a name may have.
const LONGEST_NAME: usize = 200;

/// Who is to come, and when. The person is a lead, a number, or who is on the call.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewAppointment {
    /// The time's id.
    slot_id: String,
    /// The lead.
    #[serde(default)]
    lead_id: Option<String>,
    /// The number, in any spelling.
    #[serde(default)]
    #[schema(example = "9000000001")]
    number: Option<String>,
    /// Who is to come; the lead, if it is not said.
    #[serde(default)]
    name: Option<String>,
    /// The call that it comes of.
    #[serde(default)]
    ucid: Option<String>,
    /// Notes.
    #[serde(default)]
    notes: Option<String>,
}

/// Books an appointment. Of two who want one time, one gets it, and the other gets the doctor's times as they are now
/// (`slots`). The same again by the same user for the same person is the same appointment.
#[utoipa::path(
    post,
    path = "/api/appointments",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    request_body = NewAppointment,
    responses(
        (status = 200, description = "It was booked before, by the caller", body = AppointmentView),
        (status = 201, description = "Booked", body = AppointmentView),
        (status = 404, description = "There is no such lead or call"),
        (status = 409, description = "The time is taken or has begun; `slots` has the times as they are now"),
    ),
)]
pub(super) async fn book(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<NewAppointment>,
) -> Result<(StatusCode, Json<AppointmentView>), Problem> {
    let notes = notes(body.notes)?;
    if body.name.as_ref().is_some_and(|name| name.len() > LONGEST_NAME) {
        return Err(Problem::field("name", format!("has more than {LONGEST_NAME} bytes")));
    }
    let call = match given(body.ucid.as_deref()) {
        Some(ucid) => Some(call_of(&desk, &caller, ucid).await?),
        None => None,
    };
    let (lead_id, number) = (given(body.lead_id.as_deref()), given(body.number.as_deref()));
    let (lead, number) = person(&desk, lead_id, number, call.as_ref()).await?;
    let name = given(body.name.as_deref()).map(str::to_owned);
    let order = BookingOrder {
        // A number can be a family's: who is to come is who the caller says.
        name: name.or_else(|| lead.as_ref().map(|lead| lead.name.clone())).unwrap_or_default(),
        lead: lead.map(|lead| lead.id),
        number,
        slot: body.slot_id,
        call,
        notes: notes.filter(|notes| !notes.as_str().trim().is_empty()),
        by: caller.id.clone(),
    };
    let slot = format!("slot:{}", order.slot);
    match book_appointment(&desk, order).await {
        Ok((appointment, is_new)) => {
            if is_new {
                audited(&desk, &caller, "appointment.book", &appointment.id, None).await;
            }
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, Json(AppointmentView::of(&appointment, true))))
        }
        Err(problem) => {
            audited(&desk, &caller, "appointment.book", &slot, Some(&problem)).await;
            Err(problem)
        }
    }
}

/// A call that the caller may act on.
async fn call_of(desk: &Desk, caller: &Caller, ucid: &str) -> Result<StoredCall, Problem> {
    let found = desk.store().call(ucid, &crate::core::caller::Scope::All).await?;
    let mine = |call: &StoredCall| caller.may_act_on_call_of(call.state.agent.as_ref());
    found.filter(mine).ok_or_else(|| no_such("call"))
}

/// Who is to come: the lead that is named, else the number, else whoever is on the call.
async fn person(
    desk: &Desk,
    lead: Option<&str>,
    number: Option<&str>,
    call: Option<&StoredCall>,
) -> Result<(Option<Lead>, PhoneNumber), Problem> {
    let platform = desk.platform();
    if let Some(id) = lead {
        let lead = platform.lead(id).await?.ok_or_else(|| no_such("lead"))?;
        let number = lead.number.clone();
        return Ok((Some(lead), number));
    }
    let on_call = call.and_then(|call| call.state.number.clone());
    let number = match number.map(PhoneNumber::from).or(on_call) {
        Some(number) if number.as_str().len() <= 40 && number.key().is_some() => number,
        Some(_) => return Err(Problem::field("number", "is not a telephone number")),
        None => {
            return Err(Problem::field(
                "leadId",
                "is missing: a lead, a number or a call has to be named",
            ));
        }
    };
    let lead = platform.lead_of_number(&number).await?;
    Ok((lead, number))
}
