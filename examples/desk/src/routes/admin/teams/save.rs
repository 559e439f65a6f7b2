//! Make or change a team.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TeamView;
use crate::access::no_such;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::fields;
use crate::people::sign_in::RequestOrigin;
use crate::problem::{FieldError, Problem};
use crate::store::audit::AuditRow;
use crate::store::teams::Team;

/// A team's name and members.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewTeam {
    /// The name; no two teams have the same.
    name: String,
    /// The agents in it.
    #[serde(default)]
    agents: Vec<String>,
    /// The ids of the users who look after them.
    #[serde(default)]
    supervisors: Vec<String>,
}

/// Makes a team, or gives it another name and other members.
#[utoipa::path(
    put,
    path = "/api/admin/teams/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The team's id: letters, digits, - and _")),
    extensions(("x-allow" = json!("administrator"))),
    request_body = NewTeam,
    responses(
        (status = 200, description = "Saved", body = TeamView),
        (status = 409, description = "Another team has the name"),
    ),
)]
pub(super) async fn save(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
    Body(body): Body<NewTeam>,
) -> Result<Json<TeamView>, Problem> {
    let is_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if id.len() > 64 || !id.bytes().all(is_id) {
        return Err(Problem::field("id", "has to be letters, digits, - and _, at most 64"));
    }
    let name = fields::name(&body.name, "")?;
    let agents = fields::agents(&body.agents)?;
    let users = desk.store().users().await?;
    let missing = |(at, id): (usize, &String)| {
        let path = format!("supervisors[{at}]");
        let known = users.iter().any(|user| user.id == *id);
        (!known).then(|| FieldError { path, text: "is not the id of a user".into() })
    };
    let errors: Vec<_> = body.supervisors.iter().enumerate().filter_map(missing).collect();
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let row = AuditRow::new(desk.people().now(), &caller, "team.save", format!("team:{id}"))
        .in_request(from.request);
    let team = Team { id: id.clone(), name, agents, supervisors: body.supervisors };
    desk.store().save_team(team, row).await?;
    desk.people().changed();
    let team = desk.store().teams().await?.into_iter().find(|team| team.id == id);
    team.map(|team| Json(team.into())).ok_or_else(|| no_such("team"))
}
