//! The whole number of a call.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::types::PhoneNumber;
use serde::Serialize;
use utoipa::ToSchema;

use super::{audit_showing, visible};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};

/// A whole number.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevealedNumber {
    /// The number.
    #[schema(value_type = String)]
    number: PhoneNumber,
}

/// Shows the whole number of a call. Who asked is kept in the audit, without which it is not shown.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/reveal",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The number", body = RevealedNumber)),
)]
pub(crate) async fn reveal(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
) -> Result<Json<RevealedNumber>, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    let unknown = || Problem::new(Kind::Conflict, "the number is not known").because("no_number");
    let number = call.state.number.clone().ok_or_else(unknown)?;
    audit_showing(&desk, &caller, "call.reveal", &call).await?;
    Ok(Json(RevealedNumber { number }))
}
