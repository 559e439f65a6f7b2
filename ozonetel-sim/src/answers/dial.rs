//! Dials.

use ozonetel_sdk::dial::{AgentDial, PhoneDial, SkillDial};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{self, DialRefusal, World};

impl Answers<AgentDial> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let (agent, campaign) = (asked.text("agentID"), asked.text("campaignName"));
        if agent.is_empty() {
            return Said::no("Fail", "Please Pass Valid AgentId are Valid skillName ");
        }
        if self.agent(&agent).is_some() && campaign.is_empty() {
            return Said::no("Fail", "Campaign name should not be null are empty");
        }
        let dialled = self.dial_agent(&world::AgentDial {
            agent,
            campaign,
            number: asked.text("customerNumber"),
            uui: asked.text("uui"),
        });
        queued(asked, dialled)
    }
}

impl Answers<SkillDial> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let dialled = self.dial_skill(&world::SkillDial {
            skill: asked.text("skill"),
            did: asked.text("did"),
            number: asked.text("customerNumber"),
            uui: asked.text("uui"),
        });
        queued(asked, dialled)
    }
}

fn queued(asked: &Asked<'_>, dialled: Result<u64, DialRefusal>) -> Said {
    let ucid = match dialled {
        Ok(ucid) => ucid,
        Err(refusal) => return Said::no("Fail", agent_text(refusal)),
    };
    // The text "true", not the word.
    let wanted = matches!(asked.value("UCID"), Some(Value::String(yes)) if yes == "true");
    let body = if wanted {
        json!({"ucid": ucid.to_string(), "status": "queued successfully"})
    } else {
        json!({"status": "queued successfully"})
    };
    Said::done(body)
}

fn agent_text(refusal: DialRefusal) -> &'static str {
    match refusal {
        DialRefusal::Agent => "Please Pass Valid AgentId",
        DialRefusal::Skill => "Please Pass Valid AgentId are Valid skillName ",
        DialRefusal::Campaign | DialRefusal::Did => "Please pass Valid Campaign Details",
        // The page breaks off before the case of a bad number; the text is ours.
        DialRefusal::Number => "Please pass Valid Customer Number",
        _ => "Agent is not available",
    }
}

impl Answers<PhoneDial> for World {
    const CREDENTIALS: Dialect = Dialect::PhoneDial;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let mut did = asked.text("did");
        let campaign = asked.given("campaignName");
        if self.setup().campaign_of_did(&did).is_none() {
            let other = campaign.and_then(|name| self.setup().campaign(&name)?.did.clone());
            did = other.unwrap_or(did);
        }
        let dialled = self.dial_phone(&world::PhoneDial {
            phone_name: asked.text("phoneName"),
            did,
            number: asked.text("custNumber"),
            uui: asked.text("uui"),
            call_limit_s: asked.text("callLimit").parse().ok(),
            check_status: asked.yes("checkStatus"),
        });
        match dialled {
            Ok(ucid) => Said::done(json!({"message": ucid.to_string(), "status": "queued"})),
            Err(refusal) => Said::no("error", phone_text(refusal)),
        }
    }
}

fn phone_text(refusal: DialRefusal) -> &'static str {
    match refusal {
        DialRefusal::PhoneName => "Phone name not found.",
        DialRefusal::Online => "Online agent logged in with same phone number",
        DialRefusal::NotOffline => "campaign IS NOT offline",
        // What is said when the agent is busy is not documented; the text is ours.
        DialRefusal::Busy => "Agent is busy",
        _ => "Something went wrong. Please contact admin!",
    }
}
