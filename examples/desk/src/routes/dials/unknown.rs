//! Dials in a state.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{DialView, shown};
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::dial::DialState;
use crate::desk::Desk;
use crate::problem::Problem;

/// How many are listed.
const MOST: u32 = 500;

/// Which dials.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DialsQuery {
    /// `unknown` if it is not said; `sending`, `accepted`, `refused`, `invalid`, `not_sent`, `settled_happened`,
    /// `settled_not_happened`.
    #[serde(default)]
    state: Option<String>,
}

/// Dials.
#[derive(Serialize, ToSchema)]
pub(crate) struct DialList {
    /// The dials, the oldest first, at most 500.
    dials: Vec<DialView>,
    /// Whether there are more.
    more: bool,
}

/// The team's dials in a state, the oldest first.
#[utoipa::path(
    get,
    path = "/api/dials",
    tag = "dials",
    params(DialsQuery),
    extensions(("x-allow" = json!("supervisor:team"))),
    responses((status = 200, description = "The dials", body = DialList)),
)]
pub(crate) async fn unknown(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<DialsQuery>,
) -> Result<Json<DialList>, Problem> {
    let state = query.state.as_deref().unwrap_or("unknown");
    let known = || DialState::ALL.map(DialState::as_str).join(", ");
    let wrong = || Problem::field("state", format!("has to be one of {}", known()));
    let state = DialState::of_name(state).ok_or_else(wrong)?;
    let mut rows = desk.store().dials_in(state, &caller.scope, MOST + 1).await?;
    let more = rows.len() > MOST as usize;
    rows.truncate(MOST as usize);
    Ok(Json(DialList { dials: rows.iter().map(shown).collect(), more }))
}
