//! A day's phone calls with their legs.

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::types::AgentId;
use ozonetel_store::{CallLegs, CallQuery, CallStream, Direction, StoredCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::{Params, given};
use crate::core::caller::{Caller, Scope};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::reporting::KeptCalls;
use crate::store::KeptCode;
use crate::tasks::TaskKind;

/// The most phone calls of one answer.
const MOST: usize = 100_000;

/// How many of them are in memory at once.
const TOGETHER: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryQuery {
    #[serde(default)]
    date: Option<String>,
    /// Only calls this agent had a leg of.
    #[serde(default)]
    agent_id: Option<String>,
}

/// A phone call; names as in `missed-calls`, where there are such.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Called {
    #[serde(rename = "monitorUCID")]
    monitor_ucid: Value,
    ucid: Value,
    r#type: Value,
    direction: Option<&'static str>,
    status: Option<&'static str>,
    campaign: Value,
    #[serde(rename = "callerID")]
    caller_id: Value,
    did: Value,
    #[serde(rename = "agentID")]
    agent_id: Value,
    agent: Value,
    hangup_by: Value,
    call_time: Option<String>,
    talk_time_sec: u32,
    handling_time_sec: u32,
    disposition: Option<String>,
    /// The front end's own code, where it went through this desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead_id: Option<String>,
    call_audio: Value,
    legs: Vec<Leg>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Leg {
    ucid: Value,
    event: Value,
    status: Value,
    #[serde(rename = "agentID")]
    agent_id: Value,
    agent: Value,
    start_time: Value,
    end_time: Value,
    duration_sec: u32,
    talk_time_sec: u32,
    hold_time_sec: u32,
    handling_time_sec: Option<u32>,
    dial_status: Value,
    agent_dial_status: Value,
    customer_dial_status: Value,
    hangup_by: Value,
    disposition: Value,
    call_audio: Value,
}

/// A field as the SDK writes it, absent as `null`.
fn value<T: Serialize>(field: Option<&T>) -> Value {
    field.map_or(Value::Null, |field| serde_json::to_value(field).unwrap_or(Value::Null))
}

fn seconds(time: Option<ozonetel_sdk::types::ClockDuration>) -> u32 {
    time.unwrap_or_default().seconds()
}

impl Leg {
    fn of(row: &CallRecord) -> Self {
        Self {
            ucid: value(row.ucid.as_ref()),
            event: value(row.event.as_ref()),
            status: value(row.status.as_ref()),
            agent_id: value(row.agent_id.as_ref()),
            agent: value(row.agent_name.as_ref()),
            start_time: value(row.start_time.as_ref()),
            end_time: value(row.end_time.as_ref()),
            duration_sec: seconds(row.duration),
            talk_time_sec: seconds(row.talk_time),
            hold_time_sec: seconds(row.hold_duration),
            handling_time_sec: row.handling_time.map(ozonetel_sdk::types::ClockDuration::seconds),
            dial_status: value(row.dial_status.as_ref()),
            agent_dial_status: value(row.agent_dial_status.as_ref()),
            customer_dial_status: value(row.customer_dial_status.as_ref()),
            hangup_by: value(row.hangup_by.as_ref()),
            disposition: value(row.disposition.as_ref()),
            call_audio: value(row.call_audio.as_ref()),
        }
    }
}

impl Called {
    fn of(call: &CallLegs<'_>, kept: Option<&KeptCode>) -> Option<Self> {
        let (first, main) = (call.first()?, call.main()?);
        Some(Self {
            monitor_ucid: value(main.call_id.as_ref()),
            ucid: value(main.ucid.as_ref()),
            r#type: value(main.kind.as_ref()),
            direction: call.direction().map(Direction::as_str),
            status: call.has_conversation().map(|any| if any { "Answered" } else { "Unanswered" }),
            campaign: value(main.campaign_name.as_ref()),
            caller_id: value(main.caller_id.as_ref()),
            did: value(main.did.as_ref()),
            agent_id: value(main.agent_id.as_ref()),
            agent: value(main.agent_name.as_ref()),
            hangup_by: value(main.hangup_by.as_ref()),
            call_time: first.call_date.zip(first.start_time).map(|(d, t)| d.at(t).to_string()),
            talk_time_sec: call.talk().seconds(),
            handling_time_sec: call.handling().seconds(),
            disposition: call.disposition().map(str::to_owned),
            code: kept.and_then(|kept| kept.code.clone()),
            lead_id: kept.and_then(|kept| kept.lead.clone()),
            call_audio: value(main.call_audio.as_ref()),
            legs: call.legs().iter().map(|row| Leg::of(row)).collect(),
        })
    }
}

/// A day's phone calls with their legs, newest first.
///
/// Without an agent: all that the caller may see.
#[utoipa::path(
    get,
    path = "/api/ozonetel/call-history",
    tag = "front ends",
    params(
        ("date" = Option<String>, Query, description = "The day, YYYY-MM-DD; today if it is not said"),
        ("agentId" = Option<String>, Query, description = "Only calls that this agent had a leg of"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The calls", body = Vec<Called>)),
)]
pub(super) async fn history(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<HistoryQuery>,
) -> Result<Response, Problem> {
    let agent = given(query.agent_id.as_deref()).map(AgentId::from);
    if agent.as_ref().is_some_and(|agent| !caller.may_act_for(agent)) {
        return Err(no_such("agent"));
    }
    let seen = match agent {
        Some(agent) => Scope::Agents(vec![agent]),
        None => caller.scope,
    };
    let day = super::day(&desk, query.date.as_deref())?;
    let query = CallQuery {
        from: Some(day),
        to: Some(day),
        agents: seen.agents().map(<[_]>::to_vec),
        ..CallQuery::default()
    };
    let tasks = desk.tasks().clone();
    let work = async move {
        let read = desk.records().day(day).await?;
        let (calls, unread) = looked_through(&desk, &query).await?;
        let written = WrittenCalls::new(desk, calls, query);
        Ok((read, written.body().await?, unread))
    };
    let (read, body, unread) = tasks.run(TaskKind::Read, work).await?;
    let mut headers = super::unreadable::unreadable(unread);
    if let Some(read) = read.read {
        headers.insert("desk-read-at", HeaderValue::from(read.at.saturating_mul(1000)));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((headers, body).into_response())
}

/// The calls of a query if they are few, and how many of all rows cannot be parsed: what can go wrong does before
/// anything is answered.
async fn looked_through(
    desk: &Desk,
    query: &CallQuery,
) -> Result<(Option<Vec<StoredCall>>, usize), Problem> {
    let mut stream = desk.records().store().stream(query.clone());
    let (mut few, mut count, mut unread) = (Vec::new(), 0, 0);
    while let Some(call) = stream.try_next().await? {
        count += 1;
        if count > MOST {
            let text = format!("there are more than {MOST} calls");
            return Err(Problem::new(Kind::TooLarge, text));
        }
        call.records()?;
        unread += call.unread();
        if count <= TOGETHER {
            few.push(call);
        } else {
            few = Vec::new();
        }
    }
    Ok(((count <= TOGETHER).then_some(few), unread))
}

/// Calls that are written as they are read, in the memory of some of them.
struct WrittenCalls {
    desk: Desk,
    /// Those that are known already: all that there are.
    few: Option<Vec<StoredCall>>,
    stream: CallStream,
    has_begun: bool,
    has_ended: bool,
}

impl WrittenCalls {
    fn new(desk: Desk, few: Option<Vec<StoredCall>>, query: CallQuery) -> Self {
        let stream = desk.records().store().stream(query);
        Self { desk, few, stream, has_begun: false, has_ended: false }
    }

    /// The list: few calls in one piece, many in parts.
    async fn body(mut self) -> Result<Body, Problem> {
        let first = self.part().await?;
        if self.has_ended {
            return Ok(Body::from(first.unwrap_or_default()));
        }
        let rest = stream::try_unfold(self, |mut this| async {
            let part = this.part().await.map_err(|_| {
                tracing::error!("a list of calls ended in its middle");
                io::Error::other("the store of call records does not answer")
            })?;
            Ok::<_, io::Error>(part.map(|part| (part, this)))
        });
        Ok(Body::from_stream(stream::iter(first.map(Ok)).chain(rest)))
    }

    /// The next part; none behind the last.
    async fn part(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if self.has_ended {
            return Ok(None);
        }
        let calls = self.next_calls().await?;
        let kept = KeptCalls::of(&self.desk, &calls).await?;
        let mut text = Vec::new();
        for call in &calls {
            let records = call.records()?;
            let Some(called) = Called::of(&CallLegs::new(&records), kept.of_call(call)) else {
                continue;
            };
            text.push(if self.has_begun { b',' } else { b'[' });
            self.has_begun = true;
            serde_json::to_writer(&mut text, &called)
                .map_err(|_| Problem::new(Kind::Internal, "the calls cannot be written"))?;
        }
        if self.has_ended {
            text.extend_from_slice(if self.has_begun { b"]" } else { b"[]" });
        }
        Ok(Some(text))
    }

    async fn next_calls(&mut self) -> Result<Vec<StoredCall>, Problem> {
        if let Some(few) = self.few.take() {
            self.has_ended = true;
            return Ok(few);
        }
        let mut calls = Vec::new();
        while calls.len() < TOGETHER {
            let Some(call) = self.stream.try_next().await? else {
                self.has_ended = true;
                break;
            };
            calls.push(call);
        }
        Ok(calls)
    }
}
