//! The dial ledger.

mod read;
mod settle;
mod unknown;

use ozonetel_sdk::types::{AgentId, Ucid, redact_number};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::dial::{DialEntry, DialState, DialWay};
use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(unknown::unknown))
        .routes(routes!(read::read))
        .routes(routes!(settle::settle))
}

/// A dial.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DialView {
    /// Its id.
    id: String,
    /// The agent for whom it was placed.
    #[schema(value_type = String)]
    agent: AgentId,
    /// The number, masked.
    masked: String,
    /// How it goes.
    way: DialWay,
    /// Where it is.
    state: DialState,
    /// What was sent along, to find the call by.
    reference: String,
    /// The leg, once it is known.
    #[schema(value_type = Option<String>)]
    ucid: Option<Ucid>,
    /// When it was asked for, in milliseconds since 1970.
    at: i64,
    /// When its outcome was known, or known to be unknown.
    decided_at: Option<i64>,
    /// The id of who settled it, where a person did.
    settled_by: Option<String>,
    /// How that one knew.
    reason: Option<String>,
    /// Whether it keeps its agent from being dialled for again.
    open: bool,
}

/// A row as it is sent out.
fn shown(entry: &DialEntry) -> DialView {
    DialView {
        id: entry.id.clone(),
        agent: entry.agent.clone(),
        masked: redact_number(entry.number.as_str()),
        way: entry.way,
        state: entry.state,
        reference: entry.reference.clone(),
        ucid: entry.ucid,
        at: entry.asked_ms,
        decided_at: entry.decided_ms,
        settled_by: entry.settled_by.clone(),
        reason: entry.reason.clone(),
        open: entry.is_open,
    }
}
