//! Whether calls of a campaign may be listened to.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::tasks::TaskKind;

/// How many campaigns are said at once.
const MOST: usize = 1_000;

/// How many bytes a campaign's name may have.
const LONGEST: usize = 200;

/// Whether calls of campaigns may be listened to.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct CampaignConsents {
    /// The campaigns.
    campaigns: Vec<CampaignConsent>,
}

/// Whether calls of a campaign may be listened to.
#[derive(Serialize, Deserialize, ToSchema)]
struct CampaignConsent {
    /// The campaign.
    campaign: String,
    /// Whether they may.
    consent: bool,
}

/// Which campaigns' calls may be listened to: all that the service lists, and those of which it was said before. Where
/// nothing was said, it is as DESK_ASSIST_CONSENT says.
#[utoipa::path(
    get,
    path = "/api/admin/assist/campaigns",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "The campaigns", body = CampaignConsents)),
)]
pub(super) async fn show(State(desk): State<Desk>) -> Result<Json<CampaignConsents>, Problem> {
    let client = desk.client().clone();
    let work = async move { Ok(client.campaigns().list().await?) };
    let listed = desk.tasks().run(TaskKind::Read, work).await?;
    let default = desk.assist().settings().consent;
    let names = listed.into_iter().filter_map(|campaign| campaign.name);
    let mut known: BTreeMap<String, bool> =
        names.map(|name| (name.as_str().trim().to_owned(), default)).collect();
    let said = desk.store().consents().await?;
    desk.assist().set_consents(said.clone());
    known.extend(said);
    let campaigns = known.into_iter();
    let campaigns = campaigns.map(|(campaign, consent)| CampaignConsent { campaign, consent });
    Ok(Json(CampaignConsents { campaigns: campaigns.collect() }))
}

/// Says of campaigns whether their calls may be listened to; of others, what was said before holds. A call that is
/// listened to is no longer once its campaign's may not be.
#[utoipa::path(
    put,
    path = "/api/admin/assist/campaigns",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    request_body = CampaignConsents,
    responses((status = 200, description = "As it is now", body = CampaignConsents)),
)]
pub(super) async fn set(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Body(body): Body<CampaignConsents>,
) -> Result<Json<CampaignConsents>, Problem> {
    if body.campaigns.is_empty() || body.campaigns.len() > MOST {
        return Err(Problem::field("campaigns", format!("have to be from 1 to {MOST}")));
    }
    let mut names = BTreeSet::new();
    for (n, one) in body.campaigns.iter().enumerate() {
        let name = one.campaign.trim();
        let path = format!("campaigns[{n}].campaign");
        if name.is_empty() || name.len() > LONGEST {
            return Err(Problem::field(path, format!("has to have from 1 to {LONGEST} bytes")));
        }
        if !names.insert(name.to_owned()) {
            return Err(Problem::field(path, "is there twice"));
        }
    }
    let said: Vec<_> = body
        .campaigns
        .into_iter()
        .map(|one| (one.campaign.trim().to_owned(), one.consent))
        .collect();
    let on: Vec<_> = said.iter().filter(|(_, on)| *on).map(|(name, _)| name.as_str()).collect();
    let off: Vec<_> = said.iter().filter(|(_, on)| !on).map(|(name, _)| name.as_str()).collect();
    let target = format!("campaigns: on [{}], off [{}]", on.join(", "), off.join(", "));
    let row = AuditRow::new(desk.now(), &caller, "assist.consent", target).in_request(from.request);
    desk.store().set_consents(said, row).await?;
    desk.assist().set_consents(desk.store().consents().await?);
    show(State(desk)).await
}
