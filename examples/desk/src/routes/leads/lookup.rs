//! Who a number is.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LeadView;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::customers::handles_lead;
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberQuery {
    number: String,
}

/// The lead of a number.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundLead {
    /// The lead; none if the number is no one's.
    lead: Option<LeadView>,
}

/// The lead with a number, in whatever spelling: `9000000001`, `+91 90000 00001` and `09000000001` are one.
#[utoipa::path(
    get,
    path = "/api/leads/lookup",
    tag = "customers",
    params(("number" = String, Query, description = "The number, in any spelling")),
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The lead, or none", body = FoundLead)),
)]
pub(super) async fn lookup(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<NumberQuery>,
) -> Result<Json<FoundLead>, Problem> {
    let number = number(&query.number)?;
    let lead = match desk.platform().lead_of_number(&number).await? {
        Some(lead) => {
            let whole = handles_lead(&desk, &caller, &lead).await?;
            Some(LeadView::of(lead, whole))
        }
        None => None,
    };
    Ok(Json(FoundLead { lead }))
}

/// A telephone number out of a query. A plus sign that was not encoded has become a blank.
fn number(text: &str) -> Result<PhoneNumber, Problem> {
    let number = PhoneNumber::from(text.trim());
    if text.len() > 40 || number.key().is_none() {
        return Err(Problem::field("number", "is not a telephone number"));
    }
    Ok(number)
}
