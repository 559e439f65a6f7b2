//! What was said in a call.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::Params;
use crate::core::assist::transcript::TranscriptEntry;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::routes::calls::{audit_showing, handles, visible};

/// How many entries are answered unless a request says otherwise, and at most.
const PAGE: (u32, u32) = (200, 1_000);

/// The longest id of an entry.
const LONGEST_ID: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TranscriptQuery {
    after: Option<String>,
    limit: Option<u32>,
}

/// What was said.
#[derive(Serialize, ToSchema)]
pub(super) struct Transcript {
    /// The entries, in the order of their ids.
    entries: Vec<TranscriptEntry>,
    /// Whether there are more.
    more: bool,
}

/// What was said in a call, as far as it is kept: final words, with numbers of cards and identities masked. Who reads it
/// without having had a part in the call is in the audit.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}/transcript",
    tag = "assist",
    params(
        ("ucid" = String, Path, description = "The call's id, or a leg's"),
        ("after" = Option<String>, Query, description = "The entries after this one"),
        ("limit" = Option<u32>, Query, description = "At most so many: 200, up to 1000"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "The entries", body = Transcript),
        (status = 404, description = "There is no such call, or nothing was heard of it"),
    ),
)]
pub(super) async fn transcript(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Params(query): Params<TranscriptQuery>,
) -> Result<Json<Transcript>, Problem> {
    let (usual, most) = PAGE;
    let limit = query.limit.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Problem::bad_request(format!("limit has to be from 1 to {most}")));
    }
    if query.after.as_ref().is_some_and(|after| after.len() > LONGEST_ID) {
        return Err(Problem::bad_request("after has to be the id of an entry"));
    }
    let call = visible(&desk, &caller, &ucid).await?;
    let entries = desk.store().transcript(&call.id, query.after.as_deref(), limit + 1);
    let mut entries = entries.await?;
    if entries.is_empty() && query.after.is_none() && !desk.assist().is_listening(&call.id) {
        return Err(crate::access::no_such("transcript"));
    }
    if !handles(&caller, &call) {
        audit_showing(&desk, &caller, "transcript.read", &call).await?;
    }
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(Json(Transcript { entries, more }))
}
