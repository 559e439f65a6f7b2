//! Abandoned calls.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::cdr::{CallStatus, CallType, HangupBy};
use ozonetel_sdk::missed::MissedCall;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{AgentId, CallId, CampaignName, Did};
use ozonetel_sdk::types::{Day, LocalDateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Params, given};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
pub(super) struct Range {
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    campaign: Option<String>,
}

/// An abandoned call.
#[derive(Serialize, ToSchema)]
pub(super) struct Missed {
    #[serde(rename = "monitorUCID")]
    #[schema(value_type = Option<String>)]
    monitor_ucid: Option<CallId>,
    #[schema(value_type = Option<String>)]
    r#type: Option<CallType>,
    #[schema(value_type = Option<String>)]
    status: Option<CallStatus>,
    #[schema(value_type = Option<String>)]
    campaign: Option<CampaignName>,
    #[serde(rename = "callerID")]
    #[schema(value_type = Option<String>)]
    caller_id: Option<PhoneNumber>,
    #[schema(value_type = Option<String>)]
    did: Option<Did>,
    #[serde(rename = "agentID")]
    agent_id: Option<String>,
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
    #[serde(rename = "hangupBy")]
    #[schema(value_type = Option<String>)]
    hangup_by: Option<HangupBy>,
    #[serde(rename = "callTime")]
    #[schema(value_type = Option<String>)]
    call_time: Option<LocalDateTime>,
}

impl From<MissedCall> for Missed {
    fn from(row: MissedCall) -> Self {
        Self {
            monitor_ucid: row.call_id,
            r#type: row.kind,
            status: row.status,
            campaign: row.campaign,
            caller_id: row.caller,
            did: row.did,
            agent_id: row.agent_id,
            agent: row.agent,
            hangup_by: row.hangup_by,
            call_time: row.call_time,
        }
    }
}

/// Calls that no one answered.
///
/// Those that reached no agent, and those of agents whom the caller looks after.
#[utoipa::path(
    get,
    path = "/api/ozonetel/missed-calls",
    tag = "front ends",
    params(
        ("from" = Option<String>, Query, description = "A day or a time; the start of today if it is not said"),
        ("to" = Option<String>, Query, description = "A day or a time; the end of today if it is not said"),
        ("campaign" = Option<String>, Query, description = "Only calls of this campaign"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The calls", body = Vec<Missed>)),
)]
pub(super) async fn missed(
    State(desk): State<Desk>,
    caller: Caller,
    Params(range): Params<Range>,
) -> Result<Json<Vec<Missed>>, Problem> {
    let today = desk.client().today();
    let from = moment("from", range.from.as_deref(), Day::start)?.unwrap_or_else(|| today.start());
    let to = moment("to", range.to.as_deref(), Day::end)?.unwrap_or_else(|| today.end());
    if from > to {
        return Err(Problem::bad_request("from is later than to"));
    }
    let campaign = given(range.campaign.as_deref()).map(CampaignName::from);
    let client = desk.client().clone();
    let work = async move {
        let call = client.missed().between(from, to);
        Ok(match campaign {
            Some(name) => call.campaign(name),
            None => call,
        }
        .await?)
    };
    let rows = desk.tasks().run(TaskKind::Read, work).await?;
    let seen = |row: &MissedCall| row.agent.as_ref().is_none_or(|agent| caller.may_act_for(agent));
    Ok(Json(rows.into_iter().filter(seen).map(Missed::from).collect()))
}

/// A time, or a day that stands for its first or last second.
fn moment(
    field: &'static str,
    text: Option<&str>,
    of_day: fn(Day) -> LocalDateTime,
) -> Result<Option<LocalDateTime>, Problem> {
    let read = |text: &str| {
        let stamp = text.parse::<LocalDateTime>().or_else(|_| text.parse().map(of_day));
        stamp.map_err(|_| {
            Problem::bad_request(format!("{field} has to be YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"))
        })
    };
    given(text).map(read).transpose()
}
