//! One dial.

use axum::Json;
use axum::extract::{Path, State};

use super::{DialView, shown};
use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;

/// What became of a dial: by its id, or by the `Idempotency-Key` with which the caller asked for it.
#[utoipa::path(
    get,
    path = "/api/dials/{key}",
    tag = "dials",
    params(("key" = String, Path, description = "The dial's id, or the request's key")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The dial", body = DialView)),
)]
pub(crate) async fn read(
    State(desk): State<Desk>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<DialView>, Problem> {
    let found = match desk.store().dial_of_key(&caller.id, &key).await? {
        Some(found) => Some(found),
        None => desk.store().dial(&key).await?,
    };
    let found = found.filter(|entry| caller.may_act_for(&entry.agent));
    Ok(Json(shown(&found.ok_or_else(|| no_such("dial"))?)))
}
