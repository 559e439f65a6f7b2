//! Average handling time.

use ozonetel_sdk::aht::{AgentAht, CampaignAht};
use ozonetel_sdk::endpoint::Method;
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{AhtOf, World, clock_text};

const LIMIT: &str = "max limit exceeded";

impl Answers<AgentAht> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;
    const LIMIT: &'static str = LIMIT;
    const ALSO: &'static [Method] = &[Method::Post];

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        aht(self, asked)
    }
}

impl Answers<CampaignAht> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;
    const LIMIT: &'static str = LIMIT;
    const ALSO: &'static [Method] = &[Method::Post];

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        aht(self, asked)
    }
}

fn aht(world: &World, asked: &Asked<'_>) -> Said {
    let is_there = |name| asked.value(name).is_some();
    let (agent, campaign) = (asked.given("agentId"), asked.given("campaignName"));
    match (agent, campaign) {
        (Some(id), None) => match world.agent(&id) {
            None => Said::no("error", "agentId is Invalid"),
            Some(agent) => {
                let (number, name) = (agent.setup.number.to_string(), agent.setup.name.clone());
                let aht = clock_text(world.aht_s(&AhtOf::Agent(id)));
                told(&json!({"AgentID": number, "AgentName": name, "AHT": aht}))
            }
        },
        (None, Some(name)) => match world.setup().campaign(&name) {
            None => Said::no("error", "campaignName is Invalid"),
            Some(campaign) => {
                let id = campaign.id.to_string();
                let aht = clock_text(world.aht_s(&AhtOf::Campaign(name.clone())));
                told(&json!({"CampaignID": id, "CampaignName": name, "AHT": aht}))
            }
        },
        // There, but empty; without either the service speaks of the opposite.
        (None, None) if is_there("agentId") || is_there("campaignName") => {
            Said::no("error", "Both agentId and campaignName cannot be empty")
        }
        _ => Said::no("error", "Both agentId and campaignName cannot be passed at a time"),
    }
}

fn told(message: &serde_json::Value) -> Said {
    Said::told(json!({"status": "success", "message": message}))
}
