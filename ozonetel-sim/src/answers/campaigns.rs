//! Campaigns.

use ozonetel_sdk::campaigns::{
    CreateInbound, CreateOutbound, FetchStatus, ListCampaigns, StartCampaign, StopCampaign,
    UpdateDynamicDids,
};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::World;

/// How the campaign paths word refused credentials.
pub(super) const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Texts(
    "failure",
    ["All parameters are mandatory", "All parameters are mandatory", "no record found"],
);

const MANDATORY: &str = "All parameters are mandatory";

pub(super) fn status(world: &World, name: &str) -> Reply {
    if name.is_empty() {
        return Reply::refused("failure", MANDATORY);
    }
    let rows = world.campaigns().rows(&world.setup().account, Some(name));
    if rows.is_empty() {
        return Reply::refused("failure", "no record found");
    }
    Reply::unchanged(json!({"status": "success", "message": rows}))
}

pub(super) fn run(world: &mut World, request: &ApiRequest<'_>, name: &str) -> Reply {
    let action = request.text("action");
    let on = action.eq_ignore_ascii_case("start");
    if name.is_empty() || !request.yes("process") || !(on || action.eq_ignore_ascii_case("stop")) {
        return Reply::refused("failure", MANDATORY);
    }
    match world.campaigns_mut().run(name, on) {
        Some(kind) => {
            let done = if on { "started" } else { "stopped" };
            let text = format!("SUCCESSFULLY UPDATED, {kind} was {done}");
            Reply::done(json!({"status": "SUCCESS", "message": text}))
        }
        None => Reply::refused("failure", "no record found"),
    }
}

impl Answers<FetchStatus> for World {
    const CREDENTIALS: AuthErrorStyle = CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        status(self, &request.text("campaignName"))
    }
}

impl Answers<ListCampaigns> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        Reply::unchanged(
            json!({"status": "success", "message": self.campaigns().rows(&self.setup().account, None)}),
        )
    }
}

impl Answers<StartCampaign> for World {
    const CREDENTIALS: AuthErrorStyle = CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        run(self, request, &request.text("campaignName"))
    }
}

impl Answers<StopCampaign> for World {
    const CREDENTIALS: AuthErrorStyle = CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        run(self, request, &request.text("campaignName"))
    }
}

/// The answers to a creation were not captured; these carry the family's key.
fn create(world: &mut World, request: &ApiRequest<'_>) -> Reply {
    let text = |name: &str| request.text(name);
    let (name, kind, did) = (text("campaignName"), text("campaignType"), text("did"));
    let problem = if name.is_empty() || kind.is_empty() {
        Some(MANDATORY)
    } else if !world.campaigns().owns_did(&did) {
        Some("Please enter the Valid DIDs assigned to the account.")
    } else if !world.campaigns_mut().put(&name, &kind, &did) {
        Some("Campaign is running")
    } else {
        world.set_callback_url(Some(&name), request.given("callbackUrl"));
        None
    };
    match problem {
        Some(text) => Reply::unchanged(json!({"status": "error", "Message": text})),
        None => {
            Reply::done(json!({"status": "success", "Message": "Campaign created successfully"}))
        }
    }
}

impl Answers<CreateOutbound> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::ApiServices;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        create(self, request)
    }
}

impl Answers<CreateInbound> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::ApiServices;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        create(self, request)
    }
}

impl Answers<UpdateDynamicDids> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::ApiServices;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let list = |name: &str| -> Vec<String> {
            let text = request.text(name);
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        };
        let (dids, fallback) = (list("dynamicDIDs"), list("fallbackDynamicDIDs"));
        let campaign = request.text("campaignName");
        let owned = |dids: &[String]| dids.iter().all(|did| self.campaigns().owns_did(did));
        let text = if self.campaigns().get(&campaign).is_none() {
            "Campaign not found."
        } else if dids.is_empty() {
            "DIDs is required"
        } else if !owned(&dids) {
            "Please enter the Valid DIDs assigned to the account."
        } else if fallback.is_empty() {
            "fallbackDIDs is required"
        } else if !owned(&fallback) {
            "Please enter the Valid FallbackDIDs assigned to the account."
        } else {
            self.campaigns_mut().set_dynamic_dids(&campaign, dids, fallback);
            let text = "Dynamic DIDs updated successfully";
            return Reply::done(json!({"Message": text}));
        };
        Reply::unchanged(json!({"Message": text}))
    }
}
