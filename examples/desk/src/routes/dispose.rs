//! Dispose of a call: what ends after-call work.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{DispositionName, PauseReason, Ucid};
use ozonetel_sdk::types::{Flag, LocalDateTime, SensitiveText};
use ozonetel_sdk::{Error, Reason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BodyContext;
use crate::access::{acting_agent, check_call, of_call};
use crate::body::{Body, given};
use crate::call_memory::{CallFacts, Disposed};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

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
    let known = desk.known(&ucid).await;
    check_call(&caller, known.agent.as_ref())?;
    let agent = acting_agent(&desk, &caller, super::said_or(body.context.agent_id, known.agent))?;
    let did = desk.did(super::said_or(body.context.did, known.did))?;
    let disposition = desk.dispositions().of(&code, None);
    let disposed = Disposed {
        code: code.clone(),
        disposition: disposition.clone(),
        lead: body.lead_id.map(|lead| match lead {
            LeadId::Text(text) => text,
            LeadId::Number(number) => number.to_string(),
        }),
        duration_sec: body.duration_sec,
        direction: body.direction.map(|way| match way {
            Way::Inbound => crate::core::call::Direction::Inbound,
            Way::Outbound => crate::core::call::Direction::Outbound,
        }),
        caller: body.caller_phone,
    };
    let notes = given(body.notes.as_deref()).map(SensitiveText::from);
    let (tasks, mapped) = (desk.tasks().clone(), disposition.clone());
    let work = async move {
        let mut call = desk.client().disposition().set(ucid, did, agent, mapped);
        if let Some(reason) = pause {
            call = call.pause_after(reason);
        }
        if let Some(notes) = notes {
            call = call.comments(notes);
        }
        if let Some(time) = call_back {
            call = call.call_back_at(time);
        }
        let answer = call.await.map_err(|error| problem(&error));
        // What may have been saved is kept as well as what was.
        if answer.as_ref().map_or_else(Problem::may_have_happened, |_| true) {
            let known = CallFacts { disposed: Some(disposed), ..CallFacts::default() };
            desk.memory().learn(ucid, known).await;
            desk.records().call_ended();
        }
        answer
    };
    let said = tasks.run(TaskKind::Change, work).await.map_err(of_call)?;
    let (message, queued) = (said.message().to_owned(), said.is_queued());
    Ok(Json(DisposalAck { status: "success", message, code, disposition, queued }))
}

/// A disposition may be sent again, and a second one is refused: after an attempt whose answer was lost, nothing but a
/// documented refusal says that it was not saved.
fn problem(error: &Error) -> Problem {
    let problem = Problem::from(error);
    let known = error.reason().is_some_and(|reason| reason != Reason::Other);
    if error.may_have_reached() && !known {
        return problem.unknown().saying(
            "It is not known whether the disposition was saved. Look at the call before sending it again.",
        );
    }
    problem
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
