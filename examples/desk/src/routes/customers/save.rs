//! A voice server stores what it knows of a caller.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::ProfileQuery;
use crate::body::{Body, Params};
use crate::core::caller::Caller;
use crate::core::profile::Profile;
use crate::desk::Desk;
use crate::flow::caller_profiles::{place, save as store};
use crate::problem::Problem;

/// Stores the profile of a call on an extension: with `call_sid` or `call_id` that of this call, without both that of
/// the call that asks for it first. It lasts 300 seconds from its last use, and as long as the call's record once the
/// call is known.
#[utoipa::path(
    put,
    path = "/api/customer/data",
    tag = "customers",
    params(ProfileQuery),
    extensions(("x-allow" = json!("service")), ("x-unknown-fields" = json!("kept"))),
    request_body = Profile,
    responses(
        (status = 200, description = "The profile as it is stored", body = Profile),
        (status = 400, description = "A field is not taken: `errors` names it"),
        (status = 404, description = "No such extension"),
        (status = 413, description = "It is too large"),
        (status = 503, description = "The profiles cannot be reached"),
    ),
)]
pub(super) async fn save(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<ProfileQuery>,
    Body(profile): Body<Profile>,
) -> Result<Json<Value>, Problem> {
    let of_body = Some(profile.extension.clone()).filter(|text| !text.trim().is_empty());
    let ids = ProfileQuery {
        extension: agreed("extension", query.extension, of_body)?,
        call_sid: agreed("call_sid", query.call_sid, profile.call_sid.clone())?,
        call_id: agreed("call_id", query.call_id, profile.call_id.clone())?,
    };
    let place = place(&desk, &caller, ids.extension()?).await?;
    Ok(Json(store(&desk, &caller, &place, &ids.keys()?, profile).await?))
}

/// What the query says, else the body; both may not say different things.
fn agreed(
    field: &'static str,
    query: Option<String>,
    body: Option<String>,
) -> Result<Option<String>, Problem> {
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    match (said(query), said(body)) {
        (Some(query), Some(body)) if query.trim() != body.trim() => {
            Err(Problem::field(field, "is another one in the query than in the body"))
        }
        (query, body) => Ok(query.or(body)),
    }
}
