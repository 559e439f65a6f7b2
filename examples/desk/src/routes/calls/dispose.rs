//! Say how a call went.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use ozonetel_sdk::types::{AgentId, DispositionName, PauseReason, SensitiveText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{audited, part_of, visible};
use crate::access::no_such;
use crate::body::{Body, given};
use crate::core::caller::Caller;
use crate::core::outbox::OutboxState;
use crate::desk::Desk;
use crate::flow::disposing::{DisposalOrder, dispose as store_and_send};
use crate::flow::facts::Actor;
use crate::problem::{Kind, Problem};

/// How a call went.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaidOfCall {
    /// The front end's code, such as `FOLLOW_UP_SCHEDULED`.
    code: String,
    /// The agent of whose part in the call it is said; else of whose the call is, or of the caller's own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
    /// Notes; those that were typed so far if they are not said.
    #[serde(default)]
    notes: Option<String>,
    /// When to call back, in milliseconds since 1970.
    #[serde(default)]
    call_back_at: Option<i64>,
    /// The reason of a pause after the call.
    #[serde(default)]
    pause_after: Option<String>,
}

/// What became of a disposition.
#[derive(Serialize, ToSchema)]
pub(crate) struct DispositionReply {
    /// `success`, or `queued` if it is delivered later.
    status: &'static str,
    /// The service's words, or why it is delivered later.
    message: Option<String>,
    /// The code that was chosen.
    code: String,
    /// The account's disposition it stands for.
    #[schema(value_type = String)]
    disposition: DispositionName,
    /// Whether the service has it only later.
    queued: bool,
    /// What is to be delivered.
    target: DeliveryState,
}

/// How far a delivery is.
#[derive(Serialize, ToSchema)]
struct DeliveryState {
    /// Its id, to repeat it by.
    id: String,
    /// Where it is.
    state: OutboxState,
}

/// Says how a call went, which ends after-call work.
///
/// It is stored before it is sent: what cannot be delivered now is delivered later, and `queued` says so.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/disposition",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = SaidOfCall,
    responses(
        (status = 200, description = "Saved", body = DispositionReply),
        (status = 202, description = "Kept and delivered later: see Location", body = DispositionReply),
        (status = 422, description = "The call has one already, or the service does not take it"),
    ),
)]
pub(crate) async fn dispose(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<SaidOfCall>,
) -> Result<Response, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    let agent = part_of(&desk, &caller, &call, body.agent)?;
    let code =
        given(Some(&body.code)).ok_or_else(|| Problem::field("code", "is empty"))?.to_owned();
    if code.chars().count() > 250 {
        return Err(Problem::field("code", "is longer than 250 characters"));
    }
    let call_back = body.call_back_at.map(|ms| call_back(&desk, ms)).transpose()?;
    let notes = match body.notes {
        Some(notes) => Some(notes),
        None => desk.store().draft(&call.id, &agent).await?.map(|draft| draft.notes),
    };
    let leg = call
        .state
        .leg_of(&agent)
        .or_else(|| call.id.parse().ok())
        .ok_or_else(|| no_such("call"))?;
    let order = DisposalOrder {
        actor: Actor { by: caller.id.clone(), agent: agent.clone() },
        ucid: leg,
        did: call.state.did.clone(),
        code: code.clone(),
        notes: given(notes.as_deref()).map(SensitiveText::from),
        pause: given(body.pause_after.as_deref()).map(PauseReason::from),
        call_back,
        lead: None,
        duration_sec: None,
        direction: None,
        caller: None,
    };
    let reply = store_and_send(&desk, order).await;
    let about = (Some(&agent), reply.as_ref().err());
    audited(&desk, &caller, "call.dispose", &call.id, about).await;
    let reply = reply?;
    let document = |status: &'static str| DispositionReply {
        status,
        message: reply.message.clone().or_else(|| reply.entry.message.clone()),
        code: code.clone(),
        disposition: reply.disposition.clone(),
        queued: reply.is_queued || status == "queued",
        target: DeliveryState { id: reply.entry.id.clone(), state: reply.entry.state },
    };
    match reply.entry.state {
        OutboxState::Sent | OutboxState::Kept => Ok(Json(document("success")).into_response()),
        OutboxState::Pending => {
            let mut response = (StatusCode::ACCEPTED, Json(document("queued"))).into_response();
            if let Ok(place) = HeaderValue::from_str(&format!("/api/calls/{}", reply.call)) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            Ok(response)
        }
        state => Err(reply.problem.unwrap_or_else(|| {
            let message = format!("the service did not take it: {}", state.as_str());
            Problem::new(Kind::Unprocessable, message)
        })),
    }
}

/// A call-back time in the account's zone.
fn call_back(desk: &Desk, ms: i64) -> Result<ozonetel_sdk::types::LocalDateTime, Problem> {
    let since = u64::try_from(ms).ok().filter(|_| ms >= desk.now());
    let since = since.ok_or_else(|| Problem::field("callBackAt", "is in the past"))?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(since));
    let at = at.ok_or_else(|| Problem::field("callBackAt", "is not a time"))?;
    Ok(desk.client().zone().stamp(at))
}
