//! Which agents users are.

mod list;
mod remove;
mod set;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::dial::DialWay;
use crate::desk::Desk;
use crate::store::users::AgentLink;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(set::set, remove::remove))
}

/// The CloudAgent agent that a user is. Passwords are never shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkView {
    /// The user's id.
    user: String,
    /// The agent's login id.
    agent: String,
    /// Whether the agent's password is kept.
    has_password: bool,
    /// The phone name of the agent's number.
    phone_name: Option<String>,
    /// The number or SIP extension the agent is called on.
    extension: Option<String>,
    /// Whether a SIP password is kept; without one it is the extension itself.
    has_sip_password: bool,
    /// The service's own number for the agent.
    unique_id: Option<String>,
    /// The campaign's number, for dials over the agent socket.
    campaign_id: Option<String>,
    /// Which calls the phone answers by itself: 0 none, 1 all, 2 inbound, 3 outbound.
    auto_answer: Option<u32>,
    /// How dials go: `agent`, `socket` or `kookoo`; as `DESK_DIAL` says if it is not set.
    dial_way: Option<&'static str>,
}

impl From<AgentLink> for LinkView {
    fn from(link: AgentLink) -> Self {
        Self {
            user: link.user,
            agent: link.agent.as_str().to_owned(),
            has_password: link.password.is_some(),
            phone_name: link.phone_name,
            extension: link.extension,
            has_sip_password: link.sip_password.is_some(),
            unique_id: link.unique_id,
            campaign_id: link.campaign_id,
            auto_answer: link.auto_answer,
            dial_way: link.dial_way.map(DialWay::as_str),
        }
    }
}
