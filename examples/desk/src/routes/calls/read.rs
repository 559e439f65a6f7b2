//! One call.

use axum::Json;
use axum::extract::{Path, State};

use super::{shown, visible};
use crate::core::call::CallView;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;

/// A call by any of its ids.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The call", body = CallView)),
)]
pub(crate) async fn read(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
) -> Result<Json<CallView>, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    Ok(Json(shown(&desk, &caller, &call).await?))
}
