//! Place a call, once.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneNumber, Ucid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::acting_agent;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::dial::{DialEntry, DialState};
use crate::desk::Desk;
use crate::flow::dialing::{DialOrder, DialReply, campaign_of, dial};
use crate::problem::{Kind, Problem, RequestId};
use crate::routes::calls::audit_row;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The ledger's row that stands for the request's key: no other dial goes out under it.
const DIAL: HeaderName = HeaderName::from_static("desk-dial");

/// Whom to call.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlaceCall {
    /// The customer's number.
    #[schema(value_type = String)]
    number: PhoneNumber,
    /// The campaign to dial on; the desk's own if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    campaign: Option<CampaignName>,
    /// The number to call from, where it can be chosen.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    did: Option<Did>,
    /// The agent; the caller's own if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
    /// The missed call that is answered by this one. It is taken for the agent, as by any call to its number.
    #[serde(default)]
    #[allow(dead_code, reason = "it is known by its number")]
    missed_id: Option<String>,
    /// The lead.
    #[serde(default)]
    #[allow(dead_code, reason = "kept by the platform")]
    lead_id: Option<String>,
}

/// A dial that was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlacedCall {
    /// The dial's id in the ledger.
    id: String,
    /// The leg, once it is known.
    #[schema(value_type = Option<String>)]
    ucid: Option<Ucid>,
    /// What was sent along, to find the call by.
    reference: String,
    /// Where the dial is.
    state: DialState,
    /// The service's text; empty while the dial is going on.
    message: String,
}

impl PlacedCall {
    fn of(entry: &DialEntry, message: &str) -> Self {
        Self {
            id: entry.id.clone(),
            ucid: entry.ucid,
            reference: entry.reference.clone(),
            state: entry.state,
            message: message.to_owned(),
        }
    }
}

/// Places a call: the agent is rung, then the customer.
///
/// With the same `Idempotency-Key` and body the first answer is given again and no one is rung. An agent has one open
/// dial: another one meanwhile is refused with the address of the first. An agent who is in a call does not dial
/// (`in_a_call`), nor does anyone call a number whose missed call a colleague has taken (`claimed`).
///
/// `Desk-Dial` is the id of the row that stands for the key, whatever the answer is. A refusal without it was written
/// down nowhere: a request under the same key that is still on its way may be the one that rings.
#[utoipa::path(
    post,
    path = "/api/calls",
    tag = "calls",
    params(("Idempotency-Key" = Option<String>, Header, description = "One key for one wish to call")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = PlaceCall,
    responses(
        (
            status = 200,
            description = "Placed, or the first answer again",
            body = PlacedCall,
            headers(
                ("Desk-Dial" = String, description = "The dial's id in the ledger"),
                ("Idempotent-Replayed" = bool, description = "`true` of the first answer again: no one was rung now"),
            ),
        ),
        (
            status = 202,
            description = "Still going on: see Location",
            body = PlacedCall,
            headers(
                ("Desk-Dial" = String, description = "The dial's id in the ledger"),
                ("Idempotent-Replayed" = bool, description = "`true`: no one was rung now"),
            ),
        ),
        (
            status = 409,
            description = "`reason` says why: the agent is in a call (`in_a_call`), a colleague has taken the number's missed \
                           call (`claimed`), it is not the time to call (`outside_calling_hours`); or the agent is not \
                           available, or has an open dial: see Location",
            headers(
                ("Desk-Dial" = String, description = "The id of the key's dial in the ledger; without it there is none"),
                ("Idempotent-Replayed" = bool, description = "`true` of the first answer again"),
            ),
        ),
        (
            status = 422,
            description = "The key was used for something else; the number is not called",
            headers(
                ("Desk-Dial" = String, description = "The id of the key's dial in the ledger; without it there is none"),
                ("Idempotent-Replayed" = bool, description = "`true` of the first answer again"),
            ),
        ),
        (
            status = 504,
            description = "It may have happened: do not repeat it",
            headers(("Desk-Dial" = String, description = "The id of the key's dial in the ledger, where it is known")),
        ),
    ),
)]
pub(crate) async fn place(
    State(desk): State<Desk>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<PlaceCall>,
) -> Result<Response, Problem> {
    let key = key.0?;
    let agent = acting_agent(&desk, &caller, body.agent)?;
    let campaign = campaign_of(&desk, &agent, body.campaign, body.did.as_ref()).await?;
    let did = body.did.filter(|did| !did.as_str().trim().is_empty());
    let phone_name = desk.phone_name(None, &agent);
    let (user, number) = (caller.id.clone(), body.number);
    let audit = Some(audit_row(&desk, &caller, "call.dial", "", Some(&agent)));
    let order = DialOrder { user, key, agent, number, campaign, did, phone_name, audit };
    let reply =
        dial(&desk, order).await.map_err(|problem| problem.renaming("phoneNumber", "number"))?;
    let row = row_of_key(&reply).and_then(|entry| HeaderValue::from_str(&entry.id).ok());
    let mut response = answer(reply, PlacedCall::of);
    if let Some(row) = row {
        response.headers_mut().insert(DIAL, row);
    }
    Ok(response)
}

/// The row that stands for the request's key. An open dial of the agent's is another one.
fn row_of_key(reply: &DialReply) -> Option<&DialEntry> {
    match reply {
        DialReply::Answered { entry, .. }
        | DialReply::UnderWay(entry)
        | DialReply::OtherBody(entry) => Some(entry),
        DialReply::AgentBusy(_) => None,
    }
}

/// The request's key, or what is wrong with it: it is too long, or holds what cannot be seen.
pub(crate) struct IdempotencyKey(pub(crate) Result<Option<String>, Problem>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(idempotency_key(&parts.headers)))
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), more) = (values.next(), values.next()) else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=200).contains(&key.len()));
    // One of the desk's own begins so.
    match key.filter(|key| more.is_none() && !key.starts_with('~')) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::field("Idempotency-Key", "has to be one text of 1 to 200 characters")),
    }
}

/// What a request to dial is answered. `placed` writes the answer of one that has happened.
pub(crate) fn answer<T: Serialize>(
    reply: DialReply,
    placed: impl Fn(&DialEntry, &str) -> T,
) -> Response {
    match reply {
        DialReply::Answered { entry, is_replay } => {
            let mut response = given(&entry, placed);
            if is_replay {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
        DialReply::UnderWay(entry) => {
            let body = Json(PlacedCall::of(&entry, ""));
            let mut response = (StatusCode::ACCEPTED, body).into_response();
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            at(response, &entry)
        }
        DialReply::OtherBody(entry) => {
            let message = "this Idempotency-Key, or without one this agent and number, was used a moment ago for another \
                           dial";
            let problem = Problem::new(Kind::Unprocessable, message).because("key_used");
            at(problem.with_reference(&entry.reference).into_response(), &entry)
        }
        DialReply::AgentBusy(entry) => {
            let message = format!("the agent has an open dial: {}", entry.id);
            let problem = Problem::new(Kind::Conflict, message).because("dial_open");
            at(problem.with_reference(&entry.reference).into_response(), &entry)
        }
    }
}

fn given<T: Serialize>(entry: &DialEntry, placed: impl Fn(&DialEntry, &str) -> T) -> Response {
    let Some(answer) = &entry.answer else {
        return Problem::new(Kind::Internal, "the dial has no answer").into_response();
    };
    if answer.status == 200 {
        return Json(placed(entry, answer.body.message())).into_response();
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = answer.body.document();
    let ready_in = body["readyInSec"].as_u64();
    if let (Some(id), Some(fields)) = (RequestId::current(), body.as_object_mut()) {
        fields.insert("instance".to_owned(), id.urn().into());
    }
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = ready_in {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn at(mut response: Response, entry: &DialEntry) -> Response {
    if let Ok(place) = HeaderValue::from_str(&format!("/api/dials/{}", entry.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
