//! From which numbers an agent may call.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::flow::dialing::can_dial;
use crate::problem::Problem;
use crate::tasks::TaskKind;

/// Numbers to call from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallerIdList {
    /// The numbers: what `did` of `POST /api/calls` takes.
    caller_ids: Vec<CallerId>,
    /// The one that is taken if none is chosen, where it is known.
    default: Option<String>,
}

/// A number to call from.
#[derive(Serialize, ToSchema)]
struct CallerId {
    /// The number.
    #[schema(example = "918000000001")]
    did: String,
    /// The campaign that calls from it; `null` for the desk's own.
    campaign: Option<String>,
}

/// The account's numbers that calls go out from: those of its campaigns that dial, as the service lists them now, and
/// the desk's own. A dial by `agent` or `socket` goes out from its campaign's number: choosing one chooses the campaign.
#[utoipa::path(
    get,
    path = "/api/caller-ids",
    tag = "agents",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The numbers", body = CallerIdList)),
)]
pub(super) async fn caller_ids(State(desk): State<Desk>) -> Result<Json<CallerIdList>, Problem> {
    let client = desk.client().clone();
    let work = async move { Ok(client.campaigns().list().await?) };
    let campaigns = desk.tasks().run(TaskKind::Read, work).await?;
    let default = desk.settings().did.as_ref().map(|did| did.as_str().to_owned());
    let mut numbers: BTreeMap<String, Option<String>> = BTreeMap::new();
    for campaign in campaigns.into_iter().filter(|campaign| can_dial(campaign.kind.as_deref())) {
        let did = campaign.did.map(|did| did.as_str().trim().to_owned());
        if let Some(did) = did.filter(|did| !did.is_empty()) {
            numbers.entry(did).or_insert(campaign.name.map(|name| name.as_str().to_owned()));
        }
    }
    if let Some(did) = &default {
        numbers.entry(did.clone()).or_insert(None);
    }
    let caller_ids = numbers.into_iter().map(|(did, campaign)| CallerId { did, campaign });
    Ok(Json(CallerIdList { caller_ids: caller_ids.collect(), default }))
}
