//! Leads, one by one: who a number is, and everything that there was with that person.

mod list;
mod lookup;
mod messages;
mod overview;

use std::collections::BTreeMap;

use ozonetel_sdk::types::{AgentId, redact_number};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::store::work::Lead;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(lookup::lookup))
        .routes(routes!(overview::overview))
        .routes(routes!(messages::templates))
        .routes(routes!(messages::send))
}

/// A lead.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeadView {
    /// Its id.
    id: String,
    /// The name; empty where none was given.
    name: String,
    /// The number; whole for who handles the person, else masked.
    #[schema(example = "9000000001")]
    number: String,
    /// The e-mail address; only for who handles the person.
    email: Option<String>,
    /// Where the person comes from.
    source: Option<String>,
    /// The agent whom the lead is assigned to; everyone's where there is none.
    assigned_to: Option<String>,
    /// When it was added, in milliseconds since 1970.
    created_at: i64,
    /// When there was last something with this person.
    last_interaction_at: Option<i64>,
    /// What else is known, by name; only for who handles the person.
    fields: BTreeMap<String, String>,
}

impl LeadView {
    fn of(lead: Lead, whole: bool) -> Self {
        let number = lead.number.as_str();
        Self {
            number: if whole { number.to_owned() } else { redact_number(number) },
            id: lead.id,
            name: lead.name,
            email: lead.email.filter(|_| whole),
            source: Some(lead.source).filter(|source| !source.is_empty()),
            assigned_to: lead.agent.as_ref().map(AgentId::as_str).map(str::to_owned),
            created_at: lead.added,
            last_interaction_at: lead.last_interaction,
            fields: if whole { lead.fields } else { BTreeMap::new() },
        }
    }
}
