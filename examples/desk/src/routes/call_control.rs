//! Hold, mute, conference, kick.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use super::calls::{audit_row, is_seen, known_of, phone_name, word};
use crate::access::{agent_of_call, check_call, of_call};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::fact::Action;
use crate::desk::Desk;
use crate::flow::controlling::{ControlOrder, control as send};
use crate::flow::dialing::may_call;
use crate::flow::facts::Actor;
use crate::problem::Problem;
use crate::store::LoadedCall;

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

/// The command of a word.
fn command(word: &str, number: Option<PhoneNumber>) -> Result<Action, Problem> {
    let number = number.filter(|number| !number.as_str().trim().is_empty());
    let number = || number.ok_or_else(|| Problem::field("conferenceNumber", "is missing"));
    Ok(match word.trim().to_ascii_uppercase().as_str() {
        "HOLD" => Action::Hold,
        "UNHOLD" => Action::Unhold,
        "MUTE" => Action::Mute,
        "UNMUTE" => Action::Unmute,
        "CONFERENCE" => Action::Conference(number()?),
        "KICK_CALL" => Action::Kick(number()?),
        _ => {
            return Err(Problem::field(
                "action",
                "has to be HOLD, UNHOLD, MUTE, UNMUTE, CONFERENCE or KICK_CALL",
            ));
        }
    })
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
    let action = command(&body.action, body.conference_number)?;
    if let Action::Conference(number) = &action {
        may_call(&desk, number)?;
    }
    let (known, loaded) = known_of(&desk, &ucid).await?;
    check_call(&caller, known.agent.as_ref())?;
    let is_seen = is_seen(loaded.as_ref());
    let did = desk.did(super::said_or(body.context.did, known.did))?;
    let said = super::said_or(body.context.agent_id, known.agent);
    let agent = agent_of_call(&desk, &caller, said);
    let named = super::said_or(body.context.agent_phone_name, known.phone_name);
    let phone_name = match (named, &agent) {
        (Some(name), _) => name,
        (None, Ok(agent)) => phone_name(&desk, agent).await?,
        (None, Err(problem)) => return Err(problem.clone()),
    };
    let agent = agent.unwrap_or_else(|_| "".into());
    let audit = audit_row(&desk, &caller, word(&action), ucid.as_str(), Some(&agent));
    let order = ControlOrder {
        actor: Actor { by: caller.id.clone(), agent },
        ucid,
        call: loaded.as_ref().map(LoadedCall::stored),
        loaded,
        did: Some(did),
        phone_name: Some(phone_name),
        agent_number: None,
        action,
        is_judged: false,
        audit,
    };
    let done = send(&desk, order).await.map_err(|problem| of_call(problem, is_seen))?;
    Ok(Json(Controlled { status: done.status, message: done.message, ucid: done.ucid }))
}
