//! What an agent chooses from: pause reasons, campaigns, dispositions.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::Params;
use crate::desk::Desk;
use crate::flow::dialing::can_dial;
use crate::problem::Problem;
use crate::tasks::TaskKind;

/// Pause reasons.
#[derive(Serialize, ToSchema)]
pub(super) struct PauseReasons {
    /// The reasons, as `DESK_PAUSE_REASONS` lists them: no API of the service does.
    #[schema(example = json!(["lunch", "training"]))]
    reasons: Vec<String>,
}

/// Why an agent may pause.
#[utoipa::path(
    get,
    path = "/api/pause-reasons",
    tag = "agents",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The reasons", body = PauseReasons)),
)]
pub(super) async fn pause_reasons(State(desk): State<Desk>) -> Json<PauseReasons> {
    Json(PauseReasons { reasons: desk.settings().pause_reasons.clone() })
}

/// Campaigns.
#[derive(Serialize, ToSchema)]
pub(super) struct CampaignList {
    /// The account's campaigns.
    campaigns: Vec<CampaignView>,
}

/// A campaign.
#[derive(Serialize, ToSchema)]
struct CampaignView {
    /// The name.
    #[schema(example = "support_out")]
    name: String,
    /// Its type, in the service's word.
    kind: Option<String>,
    /// Its DID.
    did: Option<String>,
    /// Whether one can be dialled on it, as far as its type says.
    #[serde(rename = "canDial")]
    can_dial: bool,
}

/// The account's campaigns, as the service lists them now.
#[utoipa::path(
    get,
    path = "/api/campaigns",
    tag = "agents",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The campaigns", body = CampaignList)),
)]
pub(super) async fn campaigns(State(desk): State<Desk>) -> Result<Json<CampaignList>, Problem> {
    let client = desk.client().clone();
    let work = async move { Ok(client.campaigns().list().await?) };
    let list = desk.tasks().run(TaskKind::Read, work).await?;
    let campaigns = list.into_iter().filter_map(|campaign| {
        Some(CampaignView {
            name: campaign.name?.as_str().to_owned(),
            can_dial: can_dial(campaign.kind.as_deref()),
            kind: campaign.kind,
            did: campaign.did.map(|did| did.as_str().to_owned()),
        })
    });
    Ok(Json(CampaignList { campaigns: campaigns.collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DispositionQuery {
    #[serde(default, rename = "campaign")]
    _campaign: Option<String>,
}

/// What can be said about a call.
#[derive(Serialize, ToSchema)]
pub(super) struct DispositionList {
    /// The codes, each with the account's disposition it stands for.
    dispositions: Vec<DispositionChoice>,
    /// Whether the account's own list is known; without it, all codes go as the general disposition.
    listed: bool,
}

/// A code.
#[derive(Serialize, ToSchema)]
struct DispositionChoice {
    /// What to send.
    #[schema(example = "FOLLOW_UP_SCHEDULED")]
    code: String,
    /// The account's disposition it stands for.
    #[schema(example = "Follow Up")]
    name: String,
    /// What to show.
    #[schema(example = "Follow up scheduled")]
    label: String,
}

/// What can be said about a call when it is over.
#[utoipa::path(
    get,
    path = "/api/dispositions",
    tag = "agents",
    params(("campaign" = Option<String>, Query, description = "The call's campaign; the list is the account's")),
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The codes", body = DispositionList)),
)]
pub(super) async fn dispositions(
    State(desk): State<Desk>,
    Params(_): Params<DispositionQuery>,
) -> Json<DispositionList> {
    let list = desk.calling().dispositions();
    let table = desk.dispositions();
    let choice = |code: String| DispositionChoice {
        name: table.of(&code, list.as_deref()).as_str().to_owned(),
        label: label(&code),
        code,
    };
    let dispositions = table.codes().into_iter().map(choice).collect();
    Json(DispositionList { dispositions, listed: list.is_some() })
}

/// `FOLLOW_UP_SCHEDULED` as `Follow up scheduled`.
fn label(code: &str) -> String {
    let words = code.replace('_', " ").to_lowercase();
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn a_code_is_shown_as_words() {
        assert_eq!(label("FOLLOW_UP_SCHEDULED"), "Follow up scheduled");
        assert_eq!(label(""), "");
    }
}
