//! Campaigns.

use ozonetel_sdk::campaigns::{
    CreateInbound, CreateOutbound, FetchStatus, ListCampaigns, Start, Stop, UpdateDynamicDids,
};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::World;

/// How the campaign paths word refused credentials.
pub(super) const CREDENTIALS: Dialect = Dialect::Texts(
    "failure",
    ["All parameters are mandatory", "All parameters are mandatory", "no record found"],
);

const MANDATORY: &str = "All parameters are mandatory";

pub(super) fn status(world: &World, name: &str) -> Said {
    if name.is_empty() {
        return Said::no("failure", MANDATORY);
    }
    let rows = world.campaign_rows(Some(name));
    if rows.is_empty() {
        return Said::no("failure", "no record found");
    }
    Said::told(json!({"status": "success", "message": rows}))
}

pub(super) fn run(world: &mut World, asked: &Asked<'_>, name: &str) -> Said {
    let action = asked.text("action");
    let on = action.eq_ignore_ascii_case("start");
    if name.is_empty() || !asked.yes("process") || !(on || action.eq_ignore_ascii_case("stop")) {
        return Said::no("failure", MANDATORY);
    }
    match world.run_campaign(name, on) {
        Some(kind) => {
            let done = if on { "started" } else { "stopped" };
            let text = format!("SUCCESSFULLY UPDATED, {kind} was {done}");
            Said::done(json!({"status": "SUCCESS", "message": text}))
        }
        None => Said::no("failure", "no record found"),
    }
}

impl Answers<FetchStatus> for World {
    const CREDENTIALS: Dialect = CREDENTIALS;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        status(self, &asked.text("campaignName"))
    }
}

impl Answers<ListCampaigns> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, _: &Asked<'_>) -> Said {
        Said::told(json!({"status": "success", "message": self.campaign_rows(None)}))
    }
}

impl Answers<Start> for World {
    const CREDENTIALS: Dialect = CREDENTIALS;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        run(self, asked, &asked.text("campaignName"))
    }
}

impl Answers<Stop> for World {
    const CREDENTIALS: Dialect = CREDENTIALS;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        run(self, asked, &asked.text("campaignName"))
    }
}

/// The answers to a creation were not captured; these carry the family's key.
fn create(world: &mut World, asked: &Asked<'_>) -> Said {
    let text = |name: &str| asked.text(name);
    let (name, kind, did) = (text("campaignName"), text("campaignType"), text("did"));
    let problem = if name.is_empty() || kind.is_empty() {
        Some(MANDATORY)
    } else if !world.owns_did(&did) {
        Some("Please enter the Valid DIDs assigned to the account.")
    } else if !world.put_campaign(&name, &kind, &did) {
        Some("Campaign is running")
    } else {
        world.set_callback_url(Some(&name), asked.given("callbackUrl"));
        None
    };
    match problem {
        Some(text) => Said::told(json!({"status": "error", "Message": text})),
        None => {
            Said::done(json!({"status": "success", "Message": "Campaign created successfully"}))
        }
    }
}

impl Answers<CreateOutbound> for World {
    const CREDENTIALS: Dialect = Dialect::ApiServices;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        create(self, asked)
    }
}

impl Answers<CreateInbound> for World {
    const CREDENTIALS: Dialect = Dialect::ApiServices;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        create(self, asked)
    }
}

impl Answers<UpdateDynamicDids> for World {
    const CREDENTIALS: Dialect = Dialect::ApiServices;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let list = |name: &str| -> Vec<String> {
            let text = asked.text(name);
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        };
        let (dids, fallback) = (list("dynamicDIDs"), list("fallbackDynamicDIDs"));
        let campaign = asked.text("campaignName");
        let owned = |dids: &[String]| dids.iter().all(|did| self.owns_did(did));
        let text = if self.setup().campaign(&campaign).is_none() {
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
            self.set_dynamic_dids(&campaign, dids, fallback);
            let text = "Dynamic DIDs updated successfully";
            return Said::done(json!({"Message": text}));
        };
        Said::told(json!({"Message": text}))
    }
}
