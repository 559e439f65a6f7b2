//! Tokens of programs.

mod add;
mod list;
mod revoke;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::caller::Role;
use crate::desk::Desk;
use crate::store::sessions::ApiToken;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(list::list, add::add)).routes(routes!(revoke::revoke))
}

/// A token. Its secret is shown once, when it is made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TokenView {
    /// The id, to revoke it by.
    id: String,
    /// What it is for.
    name: String,
    /// What it may do.
    role: Role,
    /// The agents it acts for.
    agents: Vec<String>,
    /// The id of who made it.
    made_by: String,
    /// When it was made, in milliseconds since 1970.
    made_at: i64,
    /// When it ends; none if it does not.
    ends_at: Option<i64>,
    /// When it was last used, to the minute.
    seen_at: Option<i64>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            agents: token.agents.iter().map(|agent| agent.as_str().to_owned()).collect(),
            id: token.id,
            name: token.name,
            role: token.role,
            made_by: token.made_by,
            made_at: token.made_at,
            ends_at: token.ends_at,
            seen_at: token.seen_at,
        }
    }
}
