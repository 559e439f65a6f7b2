//! Hold, mute, conference, kick.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};

use super::BodyContext;
use crate::body::Body;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Control {
    action: String,
    ucid: Ucid,
    #[serde(default)]
    conference_number: Option<PhoneNumber>,
    #[serde(flatten)]
    context: BodyContext,
}

/// The service's own words.
#[derive(Serialize)]
pub(super) struct Controlled {
    status: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
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

pub(super) async fn control(
    State(desk): State<Desk>,
    Body(body): Body<Control>,
) -> Result<Json<Controlled>, Problem> {
    let ucid = body.ucid;
    let action = Action::read(&body.action, body.conference_number)?;
    let known = desk.memory().of(&ucid).await;
    let did = desk.did(super::said_or(body.context.did, known.did))?;
    let said = super::said_or(body.context.agent_phone_name, known.phone_name);
    let name = if let Some(name) = said {
        name
    } else {
        let agent = desk.agent(super::said_or(body.context.agent_id, known.agent))?;
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
    let done = desk.tasks().run(TaskKind::Change, work).await?;
    let status = done.status.unwrap_or_else(|| "Success".to_owned());
    Ok(Json(Controlled { status, message: done.message.unwrap_or_default(), ucid: done.ucid }))
}
