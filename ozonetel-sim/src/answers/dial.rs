//! Dials.

use ozonetel_sdk::dial::{AgentDial, PhoneDial, SkillDial};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{self, DialRefusal, World};

impl Answers<AgentDial> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (agent, campaign) = (request.text("agentID"), request.text("campaignName"));
        if agent.is_empty() {
            return Reply::refused("Fail", "Please Pass Valid AgentId are Valid skillName ");
        }
        if self.agent(&agent).is_some() && campaign.is_empty() {
            return Reply::refused("Fail", "Campaign name should not be null are empty");
        }
        let dialled = self.dial_agent(&world::AgentDial {
            agent,
            campaign,
            number: request.text("customerNumber"),
            uui: request.text("uui"),
        });
        queued(request, dialled)
    }
}

impl Answers<SkillDial> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let dialled = self.dial_skill(&world::SkillDial {
            skill: request.text("skill"),
            did: request.text("did"),
            number: request.text("customerNumber"),
            uui: request.text("uui"),
        });
        queued(request, dialled)
    }
}

fn queued(request: &ApiRequest<'_>, dialled: Result<u64, DialRefusal>) -> Reply {
    let ucid = match dialled {
        Ok(ucid) => ucid,
        Err(refusal) => return Reply::refused("Fail", agent_text(refusal)),
    };
    // The text "true", not the word.
    let wanted = matches!(request.value("UCID"), Some(Value::String(yes)) if yes == "true");
    let body = if wanted {
        json!({"ucid": ucid.to_string(), "status": "queued successfully"})
    } else {
        json!({"status": "queued successfully"})
    };
    Reply::done(body)
}

fn agent_text(refusal: DialRefusal) -> &'static str {
    match refusal {
        DialRefusal::Agent => "Please Pass Valid AgentId",
        DialRefusal::Skill => "Please Pass Valid AgentId are Valid skillName ",
        DialRefusal::Campaign | DialRefusal::Did => "Please pass Valid Campaign Details",
        // Ours: that a campaign has to run is from the field, its text was not captured.
        DialRefusal::NotRunning => "Campaign is not running",
        // The page breaks off before the case of a bad number; the text is ours.
        DialRefusal::Number => "Please pass Valid Customer Number",
        // Ours: no source says what becomes of a reference with a line break in it.
        DialRefusal::Uui => "Please pass Valid uui",
        _ => "Agent is not available",
    }
}

impl Answers<PhoneDial> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::PhoneDial;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let mut did = request.text("did");
        let campaign = request.given("campaignName");
        if self.campaigns().of_did(&did).is_none() {
            let other = campaign.and_then(|name| self.campaigns().get(&name)?.did.clone());
            did = other.unwrap_or(did);
        }
        let dialled = self.dial_phone(&world::PhoneDial {
            phone_name: request.text("phoneName"),
            did,
            number: request.text("custNumber"),
            uui: request.text("uui"),
            call_limit_s: request.text("callLimit").parse().ok(),
            check_status: request.yes("checkStatus"),
        });
        match dialled {
            Ok(ucid) => Reply::done(json!({"message": ucid.to_string(), "status": "queued"})),
            Err(refusal) => Reply::refused("error", phone_text(refusal)),
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
