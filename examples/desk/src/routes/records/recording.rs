//! A call's recording, for whoever may see the call.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing};

use crate::access::no_such;
use crate::core::audio::{AudioAnswer, NoLink, judge, link};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;

/// What is passed on of the answer.
const PASSED: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::CONTENT_RANGE, header::ACCEPT_RANGES, header::LAST_MODIFIED];

/// How long to wait before a recording that is not there yet is asked for again.
const AGAIN: std::time::Duration = std::time::Duration::from_mins(1);

/// A call's recording, or a range of it. Who listened is in the audit; the link itself is never handed out here.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}/recording",
    tag = "calls",
    params(
        ("ucid" = String, Path, description = "The call, or one of its legs"),
        ("range" = Option<String>, Header, description = "A range of bytes"),
        ("desk-user" = Option<String>, Query, description = "The user the page is of: a player sends no header"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "The audio", content_type = "audio/mpeg"),
        (status = 206, description = "The part that was asked for", content_type = "audio/mpeg"),
        (status = 409, description = "It is not there yet"),
    ),
)]
pub(super) async fn recording(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(ucid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = desk.records().store().call(&ucid).await?.ok_or_else(|| no_such("call"))?;
    let records = found.records()?;
    let agents = records.iter().filter_map(|record| record.agent_id.as_ref());
    let seen = agents.clone().find(|id| caller.scope.contains(id));
    if caller.scope.agents().is_some() && seen.is_none() {
        return Err(no_such("call"));
    }
    let audio = desk
        .records()
        .audio()
        .ok_or_else(|| Problem::new(Kind::NotFound, "this desk fetches no recordings"))?;
    let link = link(&records, &ucid, &audio.hosts).map_err(no_link)?;
    let mut request = http::Request::new(Bytes::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = link;
    if let Some(range) = headers.get(header::RANGE) {
        request.headers_mut().insert(header::RANGE, range.clone());
    }
    let row = AuditRow::new(desk.now(), &caller, "recording.play", format!("call:{}", found.key))
        .about(seen)
        .in_request(from.request);
    // Nothing is played that is not in the audit.
    desk.store().append_audit(vec![row]).await?;
    let answer = audio
        .transport
        .send(Outgoing::new(request, false))
        .await
        .map_err(|failure| failed(&failure))?;
    played(answer).await
}

fn no_link(why: NoLink) -> Problem {
    match why {
        NoLink::Running => {
            Problem::new(Kind::Conflict, "the call has not ended; its recording is being made")
                .ready_in(AGAIN)
        }
        NoLink::NotRecorded => Problem::new(Kind::NotFound, "the call has no recording"),
        NoLink::NotListed => Problem::new(
            Kind::Service,
            "the recording is on a host that is not listed: DESK_RECORDING_HOSTS lists them",
        ),
    }
}

fn failed(failure: &Failure) -> Problem {
    tracing::warn!(%failure, "a recording cannot be fetched");
    Problem::new(Kind::Service, "the recording cannot be fetched")
}

/// The answer as it arrives, once its first bytes are audio.
async fn played(answer: Incoming) -> Result<Response, Problem> {
    let Incoming { head, mut body } = answer;
    let first = match body.next().await {
        Some(first) => first.map_err(|failure| failed(&failure))?,
        None => Bytes::new(),
    };
    let kind = head.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match judge(head.status(), kind, &first) {
        AudioAnswer::Audio => {}
        AudioAnswer::NotReady => {
            let text = "the recording is not there yet";
            return Err(Problem::new(Kind::Conflict, text).ready_in(AGAIN));
        }
        AudioAnswer::NoSuchRange => {
            return Err(Problem::field("range", "is not part of the recording"));
        }
        AudioAnswer::Elsewhere => {
            let text = "the recording is somewhere else; redirects are not followed";
            return Err(Problem::new(Kind::Service, text));
        }
        AudioAnswer::Failed => {
            let text = "the store of recordings does not answer as it should";
            return Err(Problem::new(Kind::Service, text));
        }
    }
    let audio = kind.filter(|kind| kind.to_ascii_lowercase().starts_with("audio/"));
    let kind = audio.and_then(|kind| HeaderValue::from_str(kind).ok());
    let rest = stream::once(async move { Ok::<_, Failure>(first) }).chain(body);
    let mut response = Response::new(Body::from_stream(rest));
    *response.status_mut() = if head.status() == StatusCode::PARTIAL_CONTENT {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let headers = response.headers_mut();
    let kind = kind.unwrap_or(HeaderValue::from_static("audio/mpeg"));
    headers.insert(header::CONTENT_TYPE, kind);
    for name in PASSED {
        if let Some(value) = head.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    Ok(response)
}
