//! Place a call. Once: whatever happens to the request or the browser, nothing here dials again.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::Error;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_sdk::types::{CampaignName, PhoneNumber, Ucid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use crate::access::acting_agent;
use crate::body::Body;
use crate::call_memory::CallFacts;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

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
    ucid: Ucid,
    /// What the call is found by under UUI in the day's calls.
    reference: String,
}

/// Places a call: the agent is rung, then the customer.
#[utoipa::path(
    post,
    path = "/api/ozonetel/dial",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = NewCall,
    responses((status = 200, description = "Placed", body = Dialed)),
)]
pub(super) async fn dial(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<NewCall>,
) -> Result<Json<Dialed>, Problem> {
    let agent = acting_agent(&desk, &caller, body.context.agent_id)?;
    let campaign = desk.campaign(body.campaign_name)?;
    let known = CallFacts {
        // What the environment says is not about this call: a row that names the DID is better.
        did: body.context.did.filter(|did| !did.as_str().trim().is_empty()),
        phone_name: desk.phone_name(body.context.agent_phone_name, &agent),
        agent: Some(agent.clone()),
        disposed: None,
    };
    let reference = desk.reference();
    let (tasks, uui) = (desk.tasks().clone(), reference.clone());
    let work = async move {
        let call = desk.client().dial().agent(agent, campaign, body.phone_number).uui(uui);
        let (ucid, message) = match call.await {
            Ok(dialed) => (dialed.ucid(), dialed.status().unwrap_or_default().to_owned()),
            Err(error) => settle(&desk, error).await?,
        };
        desk.memory().learn(ucid, known).await;
        Ok((ucid, message))
    };
    let (ucid, message) = tasks.run(TaskKind::Change, work).await?;
    Ok(Json(Dialed { status: "success", message, ucid, reference }))
}

/// Looks once whether a dial of unknown outcome is in the report by now; if not, it stays unknown. The look spends a
/// request of the report's limit only if one is free.
async fn settle(desk: &Desk, error: Error) -> Result<(Ucid, String), Error> {
    let Some(reference) = error.reference().filter(|_| error.may_have_happened()) else {
        return Err(error);
    };
    let window = DialWindow::of(&error, desk.client().clock().now());
    let look = desk.client().settle(reference, window).patience(Patience::Never);
    match look.await {
        Ok(DialSettlement::Happened { ucid, .. }) => Ok((ucid, "found in the report".to_owned())),
        _ => Err(error),
    }
}
