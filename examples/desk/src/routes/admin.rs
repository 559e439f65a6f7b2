//! Users, links to agents, teams, tokens, the subscription to events.

mod links;
mod schedule;
mod subscription;
mod teams;
mod tokens;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::desk::Desk;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .merge(users::router())
        .merge(links::router())
        .merge(subscription::router())
        .merge(teams::router())
        .merge(tokens::router())
        .merge(schedule::router())
}
