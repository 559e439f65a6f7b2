//! Place a call. Once: whatever happens to the request or the browser, nothing here dials again.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::Error;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialSettlement, DialWindow};
use ozonetel_sdk::types::{CampaignName, PhoneNumber, Ucid};
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
    ucid: Ucid,
    reference: String,
}

pub(super) async fn dial(
    State(desk): State<Desk>,
    Body(body): Body<NewCall>,
) -> Result<Json<Dialed>, Problem> {
    let agent = desk.agent(body.context.agent_id)?;
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
