//! Log in, log out, ready, pause.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::agents::{TargetState, TargetStateKind};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::{AgentId, PauseReason, PhoneNumber};
use ozonetel_sdk::{Error, Reason};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Ack, BodyContext};
use crate::access::acting_agent;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::agent_state::note_login;
use crate::problem::Problem;
use crate::store::users::AgentLink;
use crate::tasks::TaskKind;

/// Which agent, and what the desk does not know of the agent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Login {
    /// The agent's password.
    #[serde(default, deserialize_with = "crate::body::optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    /// The number or SIP extension to be called on.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone_number: Option<PhoneNumber>,
    #[serde(flatten)]
    context: BodyContext,
}

/// An agent with the password, the body's, else what the desk knows.
async fn agent_and_password(
    desk: &Desk,
    caller: &Caller,
    said: Option<AgentId>,
    password: Option<Secret>,
) -> Result<(AgentId, Secret, Option<AgentLink>), Problem> {
    let agent = acting_agent(desk, caller, said)?;
    let password = password.filter(|secret| !secret.reveal().is_empty());
    let known = desk.people().agent_login(&agent).await?;
    let (link, kept) = known.map_or((None, None), |known| (Some(known.link), known.password));
    let password = desk.password(password.or(kept), &agent)?;
    Ok((agent, password, link))
}

/// The number an agent logs in with: the body's, else that of the link, else the desk's own agent's.
fn number(
    desk: &Desk,
    said: Option<PhoneNumber>,
    agent: &AgentId,
    link: Option<AgentLink>,
) -> Result<PhoneNumber, Problem> {
    let said = said.filter(|number| !number.as_str().trim().is_empty());
    let linked = link.and_then(|link| link.extension).map(PhoneNumber::from);
    desk.phone_number(said.or(linked), agent)
}

/// Whether a login was refused because the agent is in. Other refusals of the same kind are about the number.
fn says_already_in(error: &Error) -> bool {
    let said = error.refusal().map(|refusal| refusal.message().trim());
    said.is_some_and(|said| said.eq_ignore_ascii_case("Agent has already logged in"))
}

/// Logs an agent in.
#[utoipa::path(
    post,
    path = "/api/ozonetel/agent-login",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Login,
    responses((status = 200, description = "Logged in", body = Ack)),
)]
pub(super) async fn login(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let said = body.context.agent_id;
    let (agent, password, link) = agent_and_password(&desk, &caller, said, body.password).await?;
    let number = number(&desk, body.phone_number, &agent, link)?;
    let work = {
        let desk = desk.clone();
        async move {
            let said = desk.client().agents().login(&agent, password, number).await;
            if said.as_ref().err().is_none_or(says_already_in) {
                note_login(&desk, &agent, true).await;
            }
            Ok(said?)
        }
    };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

/// Logs an agent out.
#[utoipa::path(
    post,
    path = "/api/ozonetel/agent-logout",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Login,
    responses((status = 200, description = "Logged out", body = Ack)),
)]
pub(super) async fn logout(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let said = body.context.agent_id;
    let (agent, password, _) = agent_and_password(&desk, &caller, said, body.password).await?;
    let work = {
        let desk = desk.clone();
        async move {
            let said = desk.client().agents().logout(&agent, password).await;
            let is_out = |error: &Error| error.reason() == Some(Reason::NotAllowed);
            if said.as_ref().err().is_none_or(is_out) {
                note_login(&desk, &agent, false).await;
            }
            Ok(said?)
        }
    };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

/// Logs an agent out and in again, out of whatever state.
///
/// A failure in between says that the agent is logged out.
#[utoipa::path(
    post,
    path = "/api/ozonetel/force-ready",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Login,
    responses((status = 200, description = "Logged in again", body = Ack)),
)]
pub(super) async fn force_ready(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let said = body.context.agent_id;
    let (agent, password, link) = agent_and_password(&desk, &caller, said, body.password).await?;
    let number = number(&desk, body.phone_number, &agent, link)?;
    let work = {
        let desk = desk.clone();
        async move {
            let done = desk.client().agents().force_ready(&agent, password, number).await;
            let of_login = done.as_ref().err().filter(|error| error.call() == "agents.login");
            // Of a login whose answer was lost nothing is known.
            if done.is_ok() || of_login.is_some_and(|error| error.refusal().is_some()) {
                note_login(&desk, &agent, done.is_ok()).await;
            }
            done.map_err(|error| {
                let problem = Problem::from(&error);
                if error.call() == "agents.login" {
                    let message = format!("{}; the agent is logged out", problem.message());
                    return problem.saying(message);
                }
                problem
            })
        }
    };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

/// The state that an agent is to have.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewState {
    /// `Ready` or `Pause`.
    #[schema(example = "Ready")]
    state: String,
    /// Why the agent pauses; needed for a pause.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pause_reason: Option<PauseReason>,
    #[serde(flatten)]
    context: BodyContext,
}

/// Makes an agent ready, or pauses one.
#[utoipa::path(
    post,
    path = "/api/ozonetel/agent-state",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = NewState,
    responses((status = 200, description = "Asked for", body = Ack)),
)]
pub(super) async fn state(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<NewState>,
) -> Result<Json<Ack>, Problem> {
    let agent = acting_agent(&desk, &caller, body.context.agent_id)?;
    let phone_name = desk.phone_name(body.context.agent_phone_name, &agent);
    let reason = body.pause_reason.filter(|reason| !reason.as_str().trim().is_empty());
    let (ready, reason) = match (TargetState::from(body.state.as_str()).kind(), reason) {
        (Some(TargetStateKind::Ready), _) => (true, PauseReason::from("")),
        (Some(TargetStateKind::Pause), Some(reason)) => (false, reason),
        (Some(TargetStateKind::Pause), None) => {
            return Err(Problem::bad_request("pauseReason is missing"));
        }
        _ => return Err(Problem::bad_request("state has to be Ready or Pause")),
    };
    let client = desk.client().clone();
    let work = async move {
        let agents = client.agents();
        let call = if ready { agents.ready(agent) } else { agents.pause(agent, reason) };
        let call = match phone_name {
            Some(name) => call.phone_name(name),
            None => call,
        };
        Ok(call.await?)
    };
    let changed = desk.tasks().run(TaskKind::Change, work).await?;
    let words = [changed.resp.as_ref().map(AsRef::as_ref), changed.agent_status.as_deref()];
    Ok(Json(Ack::new(words.into_iter().flatten().next().unwrap_or("done"))))
}
