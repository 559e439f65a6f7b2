//! A supervisor's word on a dial of unknown outcome.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DialView, shown};
use crate::access::no_such;
use crate::body::{Body, given};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::settling::decide;
use crate::problem::Problem;
use crate::routes::calls::audited;

/// What is known of a dial, and how.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SettleOrder {
    /// `placed` or `not_placed`.
    outcome: String,
    /// How that is known.
    reason: String,
}

/// Settles a dial of unknown outcome. The agent can be dialled for again afterwards.
#[utoipa::path(
    post,
    path = "/api/dials/{id}/settle",
    tag = "dials",
    params(("id" = String, Path, description = "The dial's id")),
    extensions(("x-allow" = json!("supervisor:team"))),
    request_body = SettleOrder,
    responses(
        (status = 200, description = "The dial", body = DialView),
        (status = 409, description = "It is not unknown"),
    ),
)]
pub(crate) async fn settle(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<SettleOrder>,
) -> Result<Json<DialView>, Problem> {
    let happened = match body.outcome.as_str() {
        "placed" => true,
        "not_placed" => false,
        _ => return Err(Problem::field("outcome", "has to be placed or not_placed")),
    };
    let reason = given(Some(&body.reason)).filter(|reason| reason.chars().count() <= 500);
    let reason = reason.ok_or_else(|| Problem::field("reason", "has to be 1 to 500 characters"))?;
    let row = desk.store().dial(&id).await?.filter(|row| caller.may_act_for(&row.agent));
    let row = row.ok_or_else(|| no_such("dial"))?;
    let settled = decide(&desk, &row.id, happened, &caller.id, reason).await;
    let about = (Some(&row.agent), settled.as_ref().err());
    audited(&desk, &caller, "dial.settle", &row.id, about).await;
    Ok(Json(shown(&settled?)))
}
