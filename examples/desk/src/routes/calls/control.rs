//! Commands on a call.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{audit_row, place_of, shown, visible};
use crate::access::no_such;
use crate::body::Body;
use crate::core::call::CallView;
use crate::core::caller::Caller;
use crate::core::fact::Action;
use crate::desk::Desk;
use crate::flow::controlling::{ControlOrder, control};
use crate::flow::dialing::may_call;
use crate::flow::facts::Actor;
use crate::problem::Problem;

/// What a command did.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandReply {
    /// The service's status word.
    status: String,
    /// The service's text.
    message: String,
    /// The call afterwards.
    call: CallView,
}

/// Sends a command and answers with the call afterwards.
async fn send(
    desk: &Desk,
    caller: &Caller,
    ucid: &str,
    action: Action,
) -> Result<Json<CommandReply>, Problem> {
    let call = visible(desk, caller, ucid).await?;
    if !caller.may_act_on_call_of(call.state.agent.as_ref()) {
        return Err(no_such("call"));
    }
    if let Action::Conference(number) | Action::Transfer { number, .. } = &action {
        may_call(desk, number)?;
    }
    let place = place_of(desk, caller, &call).await?;
    let leg = call.state.leg.or_else(|| call.id.parse().ok()).ok_or_else(|| no_such("call"))?;
    let audit = audit_row(desk, caller, word(&action), &call.id, Some(&place.agent));
    let order = ControlOrder {
        actor: Actor { by: caller.id.clone(), agent: place.agent },
        ucid: leg,
        call: Some(call.clone()),
        loaded: None,
        did: call.state.did.clone(),
        phone_name: place.phone_name,
        agent_number: place.agent_number,
        action,
        is_judged: true,
        audit,
    };
    let reply = control(desk, order)
        .await
        .map_err(|problem| problem.renaming("conferenceNumber", "number"))?;
    let after = reply.call.unwrap_or(call);
    let call = shown(desk, caller, &after).await?;
    Ok(Json(CommandReply { status: reply.status, message: reply.message, call }))
}

/// What the audit calls a command.
pub(crate) fn word(action: &Action) -> &'static str {
    match action {
        Action::Hold => "call.hold",
        Action::Unhold => "call.unhold",
        Action::Mute => "call.mute",
        Action::Unmute => "call.unmute",
        Action::PauseRecording => "call.pause_recording",
        Action::ResumeRecording => "call.resume_recording",
        Action::Conference(_) => "call.conference",
        Action::Kick(_) => "call.kick",
        Action::End => "call.end",
        Action::Reconnect => "call.reconnect",
        Action::Transfer { .. } => "call.transfer",
        Action::CompleteTransfer => "call.complete_transfer",
        Action::CancelTransfer => "call.cancel_transfer",
        Action::Dispose(_) => "call.dispose",
        Action::Deliver { .. } => "call.deliver",
        Action::Appointment { .. } => "call.appointment",
    }
}

macro_rules! command {
    ($(#[$doc:meta])* $name:ident, $path:literal, $action:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "calls",
            params(("ucid" = String, Path, description = "The call's id, or a leg's")),
            extensions(("x-allow" = json!("agent:own"))),
            responses(
                (status = 200, description = "Done, with the call afterwards", body = CommandReply),
                (status = 409, description = "Not possible now: `reason` says why"),
            ),
        )]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            caller: Caller,
            Path(ucid): Path<String>,
        ) -> Result<Json<CommandReply>, Problem> {
            send(&desk, &caller, &ucid, $action).await
        }
    };
}

command! {
    /// Puts the customer on hold.
    hold, "/api/calls/{ucid}/hold", Action::Hold
}
command! {
    /// Takes the customer off hold.
    unhold, "/api/calls/{ucid}/unhold", Action::Unhold
}
command! {
    /// Mutes the agent.
    mute, "/api/calls/{ucid}/mute", Action::Mute
}
command! {
    /// Unmutes the agent.
    unmute, "/api/calls/{ucid}/unmute", Action::Unmute
}
command! {
    /// Ends the call for the agent.
    end, "/api/calls/{ucid}/end", Action::End
}
command! {
    /// Rings the agent's phone into the call again, after its page or network was lost.
    reconnect, "/api/calls/{ucid}/reconnect", Action::Reconnect
}
command! {
    /// Completes a transfer: the agent leaves, and the third party stays with the customer.
    complete, "/api/calls/{ucid}/transfer/complete", Action::CompleteTransfer
}
command! {
    /// Cancels a transfer: the third party is dropped, and the agent stays with the customer.
    cancel, "/api/calls/{ucid}/transfer/cancel", Action::CancelTransfer
}

/// What to do with a recording.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RecordingCommand {
    /// `pause` or `resume`.
    action: String,
}

/// Pauses or resumes the recording of a call. One that is paused at the end of the call is resumed then.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/recording",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = RecordingCommand,
    responses((status = 200, description = "Done, with the call afterwards", body = CommandReply)),
)]
pub(crate) async fn recording(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<RecordingCommand>,
) -> Result<Json<CommandReply>, Problem> {
    let action = match body.action.as_str() {
        "pause" => Action::PauseRecording,
        "resume" => Action::ResumeRecording,
        _ => return Err(Problem::field("action", "has to be pause or resume")),
    };
    send(&desk, &caller, &ucid, action).await
}

/// A party of a call.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Party {
    /// The number.
    #[schema(value_type = String)]
    number: PhoneNumber,
}

impl Party {
    fn number(self) -> Result<PhoneNumber, Problem> {
        if self.number.as_str().trim().is_empty() {
            return Err(Problem::field("number", "is empty"));
        }
        Ok(self.number)
    }
}

/// Rings another party into the call.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/conference",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Party,
    responses((status = 200, description = "Done, with the call afterwards", body = CommandReply)),
)]
pub(crate) async fn conference(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<Party>,
) -> Result<Json<CommandReply>, Problem> {
    send(&desk, &caller, &ucid, Action::Conference(body.number()?)).await
}

/// Drops a party out of the call.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/kick",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Party,
    responses((status = 200, description = "Done, with the call afterwards", body = CommandReply)),
)]
pub(crate) async fn kick(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<Party>,
) -> Result<Json<CommandReply>, Problem> {
    send(&desk, &caller, &ucid, Action::Kick(body.number()?)).await
}

/// Where a call is to go.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TransferOrder {
    /// `warm`: the agent stays until it is completed. `cold`: the agent leaves at once.
    kind: String,
    /// The number.
    #[schema(value_type = String)]
    number: PhoneNumber,
}

/// Transfers the call to another number.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/transfer",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = TransferOrder,
    responses((status = 200, description = "Done, with the call afterwards", body = CommandReply)),
)]
pub(crate) async fn transfer(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<TransferOrder>,
) -> Result<Json<CommandReply>, Problem> {
    let warm = match body.kind.as_str() {
        "warm" => true,
        "cold" => false,
        _ => return Err(Problem::field("kind", "has to be warm or cold")),
    };
    let number = Party { number: body.number }.number()?;
    send(&desk, &caller, &ucid, Action::Transfer { number, warm }).await
}
