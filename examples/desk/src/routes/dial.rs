//! Place a call. Once: whatever happens to the request or the browser, nothing here dials again.

use axum::extract::State;
use axum::response::Response;
use ozonetel_sdk::types::{CampaignName, PhoneNumber, Ucid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use super::calls::{IdempotencyKey, answer, audit_row};
use crate::access::acting_agent;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::dialing::{DialOrder, dial as place};
use crate::problem::Problem;

/// Whom to call.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewCall {
    /// The number.
    #[schema(value_type = String)]
    phone_number: PhoneNumber,
    /// The campaign to dial on; the desk's own if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    campaign_name: Option<CampaignName>,
    #[serde(flatten)]
    context: BodyContext,
}

/// A call that was placed.
#[derive(Serialize, ToSchema)]
pub(super) struct Dialed {
    /// `success`.
    status: &'static str,
    /// The service's words.
    message: String,
    /// The call's id.
    #[schema(value_type = String)]
    ucid: Option<Ucid>,
    /// What the call is found by under UUI in the day's calls.
    reference: String,
}

/// Places a call: the agent is rung, then the customer.
///
/// With the same `Idempotency-Key` the first answer is given again and no one is rung. Without the header, agent and
/// number are the key for a minute, or until the dial is settled. An agent has one open dial; an agent who is in a call
/// does not dial (`reason` is `in_a_call`), nor does anyone call a number whose missed call a colleague has taken
/// (`claimed`).
#[utoipa::path(
    post,
    path = "/api/ozonetel/dial",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "One key for one wish to call")),
    request_body = NewCall,
    responses(
        (status = 200, description = "Placed, or the first answer again", body = Dialed),
        (status = 202, description = "Still going on: see Location", body = Object),
        (
            status = 409,
            description = "`reason` says why: the agent is in a call (`in_a_call`), a colleague has taken the number's missed \
                           call (`claimed`), it is not the time to call (`outside_calling_hours`); or the agent is not \
                           available, or has an open dial: see Location",
        ),
    ),
)]
pub(super) async fn dial(
    State(desk): State<Desk>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<NewCall>,
) -> Result<Response, Problem> {
    let key = key.0?;
    let agent = acting_agent(&desk, &caller, body.context.agent_id)?;
    let campaign = desk.campaign(body.campaign_name)?;
    // What the environment says is not about this call: a row that names the DID is better.
    let did = body.context.did.filter(|did| !did.as_str().trim().is_empty());
    let phone_name = desk.phone_name(body.context.agent_phone_name, &agent);
    let (user, number) = (caller.id.clone(), body.phone_number);
    let audit = Some(audit_row(&desk, &caller, "call.dial", "", Some(&agent)));
    let order = DialOrder { user, key, agent, number, campaign, did, phone_name, audit };
    let reply = place(&desk, order).await?;
    Ok(answer(reply, |entry, message| {
        let (message, reference) = (message.to_owned(), entry.reference.clone());
        Dialed { status: "success", message, ucid: entry.ucid, reference }
    }))
}
