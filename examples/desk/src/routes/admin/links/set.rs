//! Link a user to an agent.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::types::AgentId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::LinkView;
use crate::access::no_such;
use crate::body::{Body, given};
use crate::core::caller::Caller;
use crate::core::dial::DialWay;
use crate::desk::Desk;
use crate::people::LinkSecrets;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::users::AgentLink;

/// The agent that a user is. What is not said is removed, passwords excepted: those stay until another is given.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLink {
    /// The agent's login id.
    #[schema(example = "agent01")]
    agent: String,
    /// The agent's password, which is kept sealed.
    #[serde(default, deserialize_with = "crate::body::optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    /// The phone name of the agent's number.
    #[serde(default)]
    phone_name: Option<String>,
    /// The number or SIP extension the agent is called on.
    #[serde(default)]
    extension: Option<String>,
    /// The SIP password, kept sealed; without one it is the extension itself.
    #[serde(default, deserialize_with = "crate::body::optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    sip_password: Option<Secret>,
    /// The service's own number for the agent.
    #[serde(default)]
    unique_id: Option<String>,
    /// The campaign's number, for dials over the agent socket.
    #[serde(default)]
    campaign_id: Option<String>,
    /// Which calls the phone answers by itself: 0 none, 1 all, 2 inbound, 3 outbound.
    #[serde(default)]
    #[schema(maximum = 3)]
    auto_answer: Option<u32>,
    /// How dials go: `agent`, `socket` or `kookoo`; as `DESK_DIAL` says if it is not set.
    #[serde(default)]
    dial_way: Option<String>,
}

/// The longest text of a link.
const LONGEST: usize = 200;

fn text(path: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    match given(text) {
        Some(text) if text.len() > LONGEST || text.chars().any(char::is_control) => {
            Err(Problem::field(
                path,
                format!("is longer than {LONGEST} bytes or has control characters"),
            ))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// Links a user to the CloudAgent agent that the user is, in place of the link before.
#[utoipa::path(
    put,
    path = "/api/admin/links/{user}",
    tag = "admin",
    params(("user" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    request_body = NewLink,
    responses(
        (status = 200, description = "Linked", body = LinkView),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "Another user is linked to the agent"),
        (status = 422, description = "There is no key to seal the password with"),
    ),
)]
pub(super) async fn set(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(user): Path<String>,
    Body(body): Body<NewLink>,
) -> Result<Json<LinkView>, Problem> {
    let agent = text("agent", Some(&body.agent))?.map(AgentId::from);
    let agent = agent.filter(|agent| agent.key().is_some());
    let agent = agent.ok_or_else(|| Problem::field("agent", "is missing"))?;
    if body.auto_answer.is_some_and(|policy| policy > 3) {
        return Err(Problem::field("autoAnswer", "has to be 0, 1, 2 or 3"));
    }
    let dial_way = match given(body.dial_way.as_deref()) {
        None => None,
        Some(word) => Some(
            DialWay::of_name(word)
                .ok_or_else(|| Problem::field("dialWay", "has to be agent, socket or kookoo"))?,
        ),
    };
    if desk.store().user(&user).await?.is_none() {
        return Err(no_such("user"));
    }
    let link = AgentLink {
        phone_name: text("phoneName", body.phone_name.as_deref())?,
        extension: text("extension", body.extension.as_deref())?,
        unique_id: text("uniqueId", body.unique_id.as_deref())?,
        campaign_id: text("campaignId", body.campaign_id.as_deref())?,
        auto_answer: body.auto_answer,
        dial_way,
        ..AgentLink::new(user.as_str(), agent.clone())
    };
    let secrets = LinkSecrets { password: body.password, sip_password: body.sip_password };
    let row = AuditRow::new(desk.people().now(), &caller, "link.set", format!("user:{user}"))
        .about(Some(&agent))
        .in_request(from.request);
    desk.people().set_link(link, secrets, row).await?;
    let link = desk.store().link_of_agent(&agent).await?.ok_or_else(|| no_such("link"))?;
    Ok(Json(link.into()))
}
