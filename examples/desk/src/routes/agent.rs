//! Log in, log out, ready, pause.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::agents::{TargetState, TargetStateKind};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::PauseReason;
use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Deserializer};

use super::{Ack, BodyContext};
use crate::body::Body;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Login {
    #[serde(default, deserialize_with = "secret")]
    password: Option<Secret>,
    #[serde(default)]
    phone_number: Option<PhoneNumber>,
    #[serde(flatten)]
    context: BodyContext,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::from))
}

pub(super) async fn login(
    State(desk): State<Desk>,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let agent = desk.agent(body.context.agent_id)?;
    let password = desk.password(body.password, &agent)?;
    let number = desk.phone_number(body.phone_number, &agent)?;
    let client = desk.client().clone();
    let work = async move { Ok(client.agents().login(agent, password, number).await?) };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

pub(super) async fn logout(
    State(desk): State<Desk>,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let agent = desk.agent(body.context.agent_id)?;
    let password = desk.password(body.password, &agent)?;
    let client = desk.client().clone();
    let work = async move { Ok(client.agents().logout(agent, password).await?) };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

/// Logs out and in again. A failure in between says that the agent is logged out.
pub(super) async fn force_ready(
    State(desk): State<Desk>,
    Body(body): Body<Login>,
) -> Result<Json<Ack>, Problem> {
    let agent = desk.agent(body.context.agent_id)?;
    let password = desk.password(body.password, &agent)?;
    let number = desk.phone_number(body.phone_number, &agent)?;
    let client = desk.client().clone();
    let work = async move {
        client.agents().force_ready(agent, password, number).await.map_err(|error| {
            let problem = Problem::from(&error);
            if error.call() == "agents.login" {
                let message = format!("{}; the agent is logged out", problem.message());
                return problem.saying(message);
            }
            problem
        })
    };
    let said = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Ack::new(said.as_str())))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewState {
    state: String,
    #[serde(default)]
    pause_reason: Option<PauseReason>,
    #[serde(flatten)]
    context: BodyContext,
}

pub(super) async fn state(
    State(desk): State<Desk>,
    Body(body): Body<NewState>,
) -> Result<Json<Ack>, Problem> {
    let agent = desk.agent(body.context.agent_id)?;
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
    let words = [changed.resp.as_deref(), changed.agent_status.as_deref()];
    Ok(Json(Ack::new(words.into_iter().flatten().next().unwrap_or("done"))))
}
