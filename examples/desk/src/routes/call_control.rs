//! Hold, mute, conference, kick.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use crate::access::{acting_agent, check_call, of_call};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

/// What to do with a call.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Control {
    /// `HOLD`, `UNHOLD`, `MUTE`, `UNMUTE`, `CONFERENCE` or `KICK_CALL`.
    #[schema(example = "HOLD")]
    action: String,
    /// The call's id.
    #[schema(value_type = String)]
    ucid: Ucid,
    /// Whom to ring into the call, or to drop out of it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    conference_number: Option<PhoneNumber>,
    #[serde(flatten)]
    context: BodyContext,
}

/// The service's own words.
#[derive(Serialize, ToSchema)]
pub(super) struct Controlled {
    status: String,
    message: String,
    /// The id of the leg, where there is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ucid: Option<Ucid>,
}

enum Action {
    Hold,
    Unhold,
    Mute,
    Unmute,
    Conference(PhoneNumber),
    Kick(PhoneNumber),
}

impl Action {
    fn read(word: &str, number: Option<PhoneNumber>) -> Result<Self, Problem> {
        let number = number.filter(|number| !number.as_str().trim().is_empty());
        let number = || number.ok_or_else(|| Problem::bad_request("conferenceNumber is missing"));
        Ok(match word.trim().to_ascii_uppercase().as_str() {
            "HOLD" => Self::Hold,
            "UNHOLD" => Self::Unhold,
            "MUTE" => Self::Mute,
            "UNMUTE" => Self::Unmute,
            "CONFERENCE" => Self::Conference(number()?),
            "KICK_CALL" => Self::Kick(number()?),
            _ => {
                return Err(Problem::bad_request(
                    "action has to be HOLD, UNHOLD, MUTE, UNMUTE, CONFERENCE or KICK_CALL",
                ));
            }
        })
    }
}

/// Holds, mutes, rings a third party into a call, drops one out of it.
#[utoipa::path(
    post,
    path = "/api/ozonetel/call-control",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Control,
    responses((status = 200, description = "Done", body = Controlled)),
)]
pub(super) async fn control(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Control>,
) -> Result<Json<Controlled>, Problem> {
    let ucid = body.ucid;
    let action = Action::read(&body.action, body.conference_number)?;
    let known = desk.known(&ucid).await;
    check_call(&caller, known.agent.as_ref())?;
    let did = desk.did(super::said_or(body.context.did, known.did))?;
    let said = super::said_or(body.context.agent_phone_name, known.phone_name);
    let name = if let Some(name) = said {
        name
    } else {
        let said = super::said_or(body.context.agent_id, known.agent);
        let agent = acting_agent(&desk, &caller, said)?;
        desk.needed_phone_name(&agent)?
    };
    let client = desk.client().clone();
    let work = async move {
        let control = client.call_control();
        Ok(match action {
            Action::Hold => control.hold(ucid, did, name).await?,
            Action::Unhold => control.unhold(ucid, did, name).await?,
            Action::Mute => control.mute(ucid, did, name).await?,
            Action::Unmute => control.unmute(ucid, did, name).await?,
            Action::Conference(number) => control.conference(ucid, did, name, number).await?,
            Action::Kick(number) => control.kick(ucid, did, name, number).await?,
        })
    };
    let done = desk.tasks().run(TaskKind::Change, work).await.map_err(of_call)?;
    let status = done.status.unwrap_or_else(|| "Success".to_owned());
    Ok(Json(Controlled { status, message: done.message.unwrap_or_default(), ucid: done.ucid }))
}
