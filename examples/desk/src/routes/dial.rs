//! Place a call. Once: whatever becomes of the request or of the browser, nothing here dials again.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{CampaignName, Ucid};
use serde::{Deserialize, Serialize};

use super::BodyContext;
use crate::body::Body;
use crate::call_memory::CallFacts;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewCall {
    phone_number: PhoneNumber,
    #[serde(default)]
    campaign_name: Option<CampaignName>,
    #[serde(flatten)]
    context: BodyContext,
}

#[derive(Serialize)]
pub(super) struct Dialed {
    status: &'static str,
    message: String,
    ucid: Option<Ucid>,
    reference: String,
}

pub(super) async fn dial(
    State(desk): State<Desk>,
    Body(body): Body<NewCall>,
) -> Result<Json<Dialed>, Problem> {
    desk.may_ring(&body.phone_number)?;
    let agent = desk.agent(body.context.agent_id)?;
    let campaign = desk.campaign(body.campaign_name)?;
    let known = CallFacts {
        // What the environment says is no knowledge of this call: a row that names the DID is better.
        did: body.context.did.filter(|did| !did.as_str().trim().is_empty()),
        phone_name: desk.phone_name(body.context.agent_phone_name, &agent),
        agent: Some(agent.clone()),
        disposed: None,
    };
    let reference = desk.reference();
    let (tasks, uui) = (desk.tasks().clone(), reference.clone());
    let work = async move {
        let call = desk.client().dial().agent(agent, campaign, body.phone_number).uui(uui);
        let dialed = call.await?;
        if let Some(ucid) = dialed.ucid {
            desk.memory().learn(ucid, known).await;
        }
        Ok(dialed)
    };
    let dialed = tasks.run(TaskKind::Change, work).await?;
    let message = dialed.status.unwrap_or_default();
    Ok(Json(Dialed { status: "success", message, ucid: dialed.ucid, reference }))
}
