//! Dispose of a call: what ends after-call work.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{DispositionName, PauseReason, Ucid};
use ozonetel_sdk::types::{Flag, LocalDateTime, SensitiveText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use super::calls::{audited, is_seen, known_of};
use crate::access::{agent_of_call, check_call, of_call};
use crate::body::{Body, given};
use crate::core::call::Direction;
use crate::core::caller::Caller;
use crate::core::can::own_part;
use crate::core::outbox::OutboxState;
use crate::desk::Desk;
use crate::flow::disposing::{DisposalOrder, dispose as store_and_send};
use crate::flow::facts::Actor;
use crate::problem::{Kind, Problem};

/// How a call ended.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Disposal {
    /// The call's id.
    #[schema(value_type = String)]
    ucid: Ucid,
    /// The front end's code.
    #[schema(example = "FOLLOW_UP_SCHEDULED")]
    disposition: String,
    /// The customer's number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    caller_phone: Option<PhoneNumber>,
    /// Which way the call went.
    #[serde(default)]
    direction: Option<Way>,
    /// How long it took.
    #[serde(default)]
    duration_sec: Option<u32>,
    /// The front end's lead.
    #[serde(default)]
    lead_id: Option<LeadId>,
    /// What the agent wrote.
    #[serde(default)]
    notes: Option<String>,
    /// Pauses the agent after the call instead of releasing; needs the reason.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pause_after_dispose: Option<Flag>,
    /// Why the agent pauses.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pause_reason: Option<PauseReason>,
    /// `YYYY-MM-DD HH:MM`, for dispositions that ask for it.
    #[serde(default)]
    call_back_time: Option<String>,
    #[serde(flatten)]
    context: BodyContext,
}

/// Which way the call went, as front ends write it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Way {
    #[serde(alias = "Inbound", alias = "InBound", alias = "INBOUND")]
    Inbound,
    #[serde(alias = "Outbound", alias = "OutBound", alias = "OUTBOUND", alias = "Manual")]
    Outbound,
}

/// A lead's id: text or a number.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum LeadId {
    Text(String),
    Number(u64),
}

/// What became of a disposition.
#[derive(Serialize, ToSchema)]
pub(super) struct DisposalAck {
    /// `success`.
    status: &'static str,
    /// The service's words.
    message: String,
    /// The front end's code.
    code: String,
    /// What it was mapped to.
    #[schema(value_type = String)]
    disposition: DispositionName,
    /// Whether it waits to be taken.
    queued: bool,
}

/// Disposes of a call: ends after-call work.
#[utoipa::path(
    post,
    path = "/api/ozonetel/dispose",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Disposal,
    responses((status = 200, description = "Taken, or queued", body = DisposalAck)),
)]
pub(super) async fn dispose(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Disposal>,
) -> Result<Json<DisposalAck>, Problem> {
    let ucid = body.ucid;
    let code = given(Some(&body.disposition))
        .ok_or_else(|| Problem::bad_request("disposition is empty"))?
        .to_owned();
    let pause = pause(body.pause_after_dispose, body.pause_reason)?;
    let call_back = call_back(body.call_back_time.as_deref())?;
    let (known, loaded) = known_of(&desk, &ucid).await?;
    let is_seen = is_seen(loaded.as_ref());
    let agent = match check_call(&caller, known.agent.as_ref()) {
        Ok(()) => {
            agent_of_call(&desk, &caller, super::said_or(body.context.agent_id, known.agent))?
        }
        // The call was handed on.
        Err(problem) => {
            let own = loaded.as_ref().and_then(|one| own_part(&caller, one.call.state()));
            own.cloned().ok_or(problem)?
        }
    };
    let did = desk.did(super::said_or(body.context.did, known.did))?;
    let lead = body.lead_id.map(|lead| match lead {
        LeadId::Text(text) => text,
        LeadId::Number(number) => number.to_string(),
    });
    let direction = body.direction.map(|way| match way {
        Way::Inbound => Direction::Inbound,
        Way::Outbound => Direction::Outbound,
    });
    let order = DisposalOrder {
        actor: Actor { by: caller.id.clone(), agent: agent.clone() },
        ucid,
        did: Some(did),
        code: code.clone(),
        notes: given(body.notes.as_deref()).map(SensitiveText::from),
        pause,
        call_back,
        lead,
        duration_sec: body.duration_sec,
        direction: direction.map(Direction::as_str),
        caller: body.caller_phone,
    };
    let reply = store_and_send(&desk, order).await;
    let about = (Some(&agent), reply.as_ref().err());
    audited(&desk, &caller, "call.dispose", ucid.as_str(), about).await;
    let reply = reply?;
    let disposition = reply.disposition.clone();
    // What may have been saved is soon in the report, as is what was.
    if !matches!(reply.entry.state, OutboxState::Refused | OutboxState::NoCall) {
        desk.records().call_ended();
    }
    match (reply.entry.state, reply.problem) {
        (OutboxState::Sent | OutboxState::Kept, _) => {
            let (message, queued) = (reply.message.unwrap_or_default(), reply.is_queued);
            Ok(Json(DisposalAck { status: "success", message, code, disposition, queued }))
        }
        (_, Some(problem)) => Err(of_call(problem, is_seen)),
        (state, None) => {
            let message = format!("the disposition is {}: see /api/calls/{ucid}", state.as_str());
            Err(Problem::new(Kind::Conflict, message))
        }
    }
}

fn pause(
    wanted: Option<Flag>,
    reason: Option<PauseReason>,
) -> Result<Option<PauseReason>, Problem> {
    let reason = reason.filter(|reason| !reason.as_str().trim().is_empty());
    match (wanted, reason) {
        (Some(Flag(false)), _) | (None, None) => Ok(None),
        (_, Some(reason)) => Ok(Some(reason)),
        (Some(Flag(true)), None) => Err(Problem::bad_request("pauseReason is missing")),
    }
}

fn call_back(text: Option<&str>) -> Result<Option<LocalDateTime>, Problem> {
    let read = |text: &str| {
        let wrong = || Problem::bad_request("callBackTime has to be YYYY-MM-DD HH:MM");
        text.parse().map_err(|_| wrong())
    };
    given(text).map(read).transpose()
}
