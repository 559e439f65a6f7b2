//! What became of a hand-off.

use axum::Json;
use axum::extract::{Path, State};

use super::HandoffAnswer;
use crate::access::no_such;
use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::flow::handing_over::{HandoffReply, state_now};
use crate::problem::Problem;

/// What became of a hand-off of the caller's own: `waiting`, `asking`, `ringing`, `connected`, `failed`, `unknown` or
/// `ended`.
#[utoipa::path(
    get,
    path = "/api/handoff/{id}",
    tag = "customers",
    params(("id" = String, Path, description = "`handoff` of the answer to handing over")),
    extensions(("x-allow" = json!("service"))),
    responses(
        (status = 200, description = "The hand-off", body = HandoffAnswer),
        (status = 404, description = "No such hand-off, or another token's"),
    ),
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<HandoffAnswer>, Problem> {
    let own = |maker: &str| caller.role == Role::Administrator || maker == caller.id;
    let row = desk.store().handoff(&id).await?.filter(|row| own(&row.maker));
    let mut row = row.ok_or_else(|| no_such("hand-off"))?;
    row.state = state_now(&desk, &row).await?;
    Ok(Json(HandoffReply { row, is_replay: false }.into()))
}
