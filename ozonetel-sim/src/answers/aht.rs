//! Average handling time.

use ozonetel_sdk::aht::{AgentAht, CampaignAht};
use ozonetel_sdk::endpoint::Method;
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{AhtOf, World, clock_text};

const LIMIT: &str = "max limit exceeded";

impl Answers<AgentAht> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;
    const LIMIT: &'static str = LIMIT;
    const ALSO: &'static [Method] = &[Method::Post];

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        aht(self, request)
    }
}

impl Answers<CampaignAht> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;
    const LIMIT: &'static str = LIMIT;
    const ALSO: &'static [Method] = &[Method::Post];

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        aht(self, request)
    }
}

fn aht(world: &World, request: &ApiRequest<'_>) -> Reply {
    let is_there = |name| request.value(name).is_some();
    let (agent, campaign) = (request.given("agentId"), request.given("campaignName"));
    match (agent, campaign) {
        (Some(id), None) => match world.agent(&id) {
            None => Reply::refused("error", "agentId is Invalid"),
            Some(agent) => {
                let (number, name) = (agent.setup.number.to_string(), agent.setup.name.clone());
                let aht = clock_text(world.reports().aht_s(&AhtOf::Agent(id)));
                told(&json!({"AgentID": number, "AgentName": name, "AHT": aht}))
            }
        },
        (None, Some(name)) => match world.campaigns().get(&name) {
            None => Reply::refused("error", "campaignName is Invalid"),
            Some(campaign) => {
                let id = campaign.id.to_string();
                let aht = clock_text(world.reports().aht_s(&AhtOf::Campaign(name.clone())));
                told(&json!({"CampaignID": id, "CampaignName": name, "AHT": aht}))
            }
        },
        // There, but empty; without either the service speaks of the opposite.
        (None, None) if is_there("agentId") || is_there("campaignName") => {
            Reply::refused("error", "Both agentId and campaignName cannot be empty")
        }
        _ => Reply::refused("error", "Both agentId and campaignName cannot be passed at a time"),
    }
}

fn told(message: &serde_json::Value) -> Reply {
    Reply::unchanged(json!({"status": "success", "message": message}))
}
