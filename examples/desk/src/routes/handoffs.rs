//! A voice assistant hands its calls to agents.

mod begin;
mod show;
mod speech;

use axum::extract::DefaultBodyLimit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::customers::LARGEST_PROFILE;
use crate::core::handoff::HandoffState;
use crate::desk::Desk;
use crate::flow::handing_over::HandoffReply;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(begin::begin))
        .routes(routes!(speech::speech))
        .routes(routes!(show::show))
        .layer(DefaultBodyLimit::max(LARGEST_PROFILE))
}

/// A hand-off, in the spelling of voice servers.
#[derive(Debug, Serialize, ToSchema)]
struct HandoffAnswer {
    /// Its id, which is also the reference that the call carries.
    handoff: String,
    /// The assistant's session.
    session_id: String,
    /// The extension of the agent.
    extension: String,
    /// The carrier's id of the agent's leg, else of the caller's.
    call_sid: Option<String>,
    /// The assistant's id of the call.
    call_id: Option<String>,
    /// Who rings the agent; none if the voice server brings the call itself.
    carrier: Option<String>,
    /// How far it is.
    state: HandoffState,
    /// What went wrong.
    message: Option<String>,
    /// The phone call that it was joined to.
    ucid: Option<String>,
    /// Whether the same call had been handed over before.
    replayed: bool,
}

impl From<HandoffReply> for HandoffAnswer {
    fn from(HandoffReply { row, is_replay }: HandoffReply) -> Self {
        Self {
            handoff: row.id,
            session_id: row.session,
            extension: row.extension,
            call_sid: row.leg_sid.or(row.call_sid),
            call_id: row.call_id,
            carrier: row.carrier,
            state: row.state,
            message: row.message,
            ucid: row.call,
            replayed: is_replay,
        }
    }
}
