//! Teams: agents, and the supervisors who look after them.

mod list;
mod remove;
mod save;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::store::teams::Team;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(save::save, remove::remove))
}

/// A team.
#[derive(Serialize, ToSchema)]
struct TeamView {
    /// The id, chosen by who makes the team.
    id: String,
    /// The name; no two teams have the same.
    name: String,
    /// The agents in it.
    agents: Vec<String>,
    /// The ids of the users who look after them.
    supervisors: Vec<String>,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        let agents = team.agents.iter().map(|agent| agent.as_str().to_owned()).collect();
        Self { id: team.id, name: team.name, agents, supervisors: team.supervisors }
    }
}
