//! The dial ledger.

mod read;
mod settle;
mod unknown;

use ozonetel_sdk::types::redact_number;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::dial::DialEntry;
use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(unknown::unknown))
        .routes(routes!(read::read))
        .routes(routes!(settle::settle))
}

/// A row as it is sent out.
fn shown(entry: &DialEntry) -> Value {
    json!({
        "id": entry.id,
        "agent": entry.agent,
        "masked": redact_number(entry.number.as_str()),
        "state": entry.state,
        "reference": entry.reference,
        "ucid": entry.ucid,
        "at": entry.asked_ms,
        "decidedAt": entry.decided_ms,
        "settledBy": entry.settled_by,
        "reason": entry.reason,
        "open": entry.is_open,
    })
}
