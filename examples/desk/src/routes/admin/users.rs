//! Users.

mod add;
mod change;
mod end_sessions;
mod list;
mod set_password;
mod show;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::caller::Role;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::users::{AgentLink, User};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list::list, add::add))
        .routes(routes!(show::show, change::change))
        .routes(routes!(set_password::set_password))
        .routes(routes!(end_sessions::end_sessions))
}

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserView {
    /// The id, which never changes.
    id: String,
    /// The address to sign in with.
    email: String,
    /// The name to show.
    name: String,
    /// What the user may do.
    role: Role,
    /// The CloudAgent agent that the user is.
    agent: Option<String>,
    /// Whether a password was ever set: without one no one signs in.
    has_password: bool,
    /// Whether nothing is allowed before the password is changed.
    must_change_password: bool,
    /// Whether signing in is refused.
    disabled: bool,
    /// When the user was made, in milliseconds since 1970.
    made_at: i64,
}

impl UserView {
    fn new(user: User, links: &[AgentLink]) -> Self {
        let link = links.iter().find(|link| link.user == user.id);
        Self {
            agent: link.map(|link| link.agent.as_str().to_owned()),
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            has_password: user.has_password,
            must_change_password: user.must_change,
            disabled: user.disabled,
            made_at: user.made_at,
        }
    }

    async fn of(desk: &Desk, user: User) -> Result<Self, Problem> {
        Ok(Self::new(user, &desk.store().links().await?))
    }
}
