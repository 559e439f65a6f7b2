//! The profile of a caller.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::ProfileQuery;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::profile::Profile;
use crate::desk::Desk;
use crate::flow::caller_profiles::{look_up, look_up_by_call, place_to_read};
use crate::problem::Problem;

/// The profile of a caller: that of the call with `call_sid`, else with `call_id`, else of the only call that is live on
/// the extension. It is never another call's. Where nothing is known the answer is a success with the name `Unknown
/// Caller`. Who does not handle the call sees its number and address masked and none of its words.
#[utoipa::path(
    get,
    path = "/api/customer/data",
    tag = "customers",
    params(ProfileQuery),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "The profile, or that nothing is known", body = Profile),
        (status = 404, description = "No such extension among those that the caller sees"),
        (status = 503, description = "The profiles cannot be reached"),
    ),
)]
pub(super) async fn read(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<ProfileQuery>,
) -> Result<Json<Value>, Problem> {
    let (said, keys) = (query.extension()?, query.keys()?);
    let answer = match place_to_read(&desk, &caller, said, &keys).await? {
        Some(place) => look_up(&desk, &caller, &place, &keys).await?,
        None => look_up_by_call(&desk, &caller, &keys).await?,
    };
    Ok(Json(answer))
}
