//! Make a token.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TokenView;
use crate::body::Body;
use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::people::fields;
use crate::people::sign_in::RequestOrigin;
use crate::people::token::new_id;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::sessions::ApiToken;

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewToken {
    /// What it is for.
    #[schema(example = "front end of the west office")]
    name: String,
    /// What it may do.
    role: Role,
    /// The agents it acts for: of an agent's or a supervisor's token at least one.
    #[serde(default)]
    agents: Vec<String>,
    /// In how many days it ends; without, it lasts until it is revoked.
    #[serde(default)]
    days: Option<u16>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// The token itself, for `Authorization: Bearer`: it is shown this once.
    token: String,
    #[serde(flatten)]
    view: TokenView,
}

const DAY_MS: i64 = 24 * 3_600_000;

/// Makes a token for a program.
#[utoipa::path(
    post,
    path = "/api/admin/tokens",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    request_body = NewToken,
    responses((status = 201, description = "Made", body = MadeToken)),
)]
pub(super) async fn add(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Body(body): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let name = fields::name(&body.name, "")?;
    let agents = fields::agents(&body.agents)?;
    if agents.is_empty() && matches!(body.role, Role::Agent | Role::Supervisor) {
        return Err(Problem::field("agents", "has to name at least one agent"));
    }
    if body.days == Some(0) {
        return Err(Problem::field("days", "has to be at least 1"));
    }
    let now = desk.people().now();
    let token = ApiToken {
        id: new_id(),
        name,
        role: body.role,
        agents,
        made_by: caller.id.clone(),
        made_at: now,
        ends_at: body.days.map(|days| now + i64::from(days) * DAY_MS),
        seen_at: None,
    };
    let row = AuditRow::new(now, &caller, "token.add", format!("token:{}", token.id))
        .in_request(from.request);
    let secret = desk.people().add_token(token.clone(), row).await?;
    let made = MadeToken { token: secret.reveal().to_owned(), view: token.into() };
    Ok((StatusCode::CREATED, Json(made)))
}
