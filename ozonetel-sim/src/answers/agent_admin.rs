//! Administration of agents, and who is there.

use ozonetel_sdk::agents::{DeleteAgent, FetchDetails, FetchLoginStatus, ForceLogout, Release};
use ozonetel_sdk::legacy::{CreateAgent, DeleteManaged, EditAgent, ListLoggedIn};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{Agent, AgentAdminRefusal, AgentChange, CampaignKind, World};

macro_rules! by_admin {
    ($($endpoint:ty: $act:ident;)*) => {$(
        impl Answers<$endpoint> for World {
            const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Admin;

            fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
                let action = request.text("action");
                if !["logout", "release"].contains(&action.to_ascii_lowercase().as_str()) {
                    let text = "Check input Parameters";
                    return Reply::unchanged(json!({"code": "400", "status": "Error", "message": text}));
                }
                let id = request.text("agentid");
                if self.$act(&id) {
                    let text = "Agent Logout/Release successfully.";
                    let body = json!({"code": "200", "status": "Success", "message": text});
                    return Reply::done(body);
                }
                let text = format!("Agent does not exists with id {id}");
                Reply::unchanged(json!({"code": "400", "status": "Error", "message": text, "response": null}))
            }
        }
    )*};
}

by_admin! {
    ForceLogout: force_logout;
    Release: release_agent;
}

/// How the older administration words refused credentials: the same for all.
pub(super) const MANAGE: AuthErrorStyle = AuthErrorStyle::Texts(
    "error",
    ["All parameters are mandatory", "All parameters are mandatory", "Authentication Failed"],
);

fn success(message: &str) -> Value {
    json!({"status": "success", "message": message})
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// All of these are mandatory for every action; an unknown action ends up here as well.
fn incomplete(request: &ApiRequest<'_>) -> Option<Reply> {
    if !["create", "edit", "delete"].contains(&request.text("action").to_ascii_lowercase().as_str())
    {
        return Some(Reply::refused("error", "Agent Option is Invalid"));
    }
    let missing =
        ["agentName", "agentId", "agentPassword"].iter().any(|n| request.text(n).is_empty());
    missing.then(|| Reply::refused("error", "All parameters are mandatory"))
}

fn refused(refusal: AgentAdminRefusal) -> Reply {
    match refusal {
        AgentAdminRefusal::Exists => Reply::refused("error", "Agent Already Exists"),
        // No page says what these three are answered; the texts are ours.
        AgentAdminRefusal::Unknown => Reply::refused("error", "Invalid Agent Details"),
        AgentAdminRefusal::Busy => Reply::refused("error", "Agent is busy"),
        AgentAdminRefusal::Full => Reply::refused("error", "There are too many agents"),
    }
}

impl Answers<CreateAgent> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if let Some(reply) = incomplete(request) {
            return reply;
        }
        let (id, name) = (request.text("agentId"), request.text("agentName"));
        let skills = list(&request.text("skill"));
        match self.create_agent(&id, &name, &request.text("agentPassword"), skills) {
            Ok(()) => Reply::done(success("Agent Created Successfully")),
            Err(refusal) => refused(refusal),
        }
    }
}

impl Answers<EditAgent> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if let Some(reply) = incomplete(request) {
            return reply;
        }
        let change = AgentChange {
            name: request.given("agentName"),
            id: request.given("agentIdNew"),
            password: request.given("agentPassword"),
            assign: list(&request.text("assignSkill")),
            unassign: list(&request.text("unAssignSkill")),
        };
        match self.edit_agent(&request.text("agentId"), &change) {
            // The page's text for a change was not captured; this one is built like its siblings.
            Ok(()) => Reply::done(success("Agent Updated Successfully")),
            Err(refusal) => refused(refusal),
        }
    }
}

impl Answers<DeleteManaged> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if let Some(reply) = incomplete(request) {
            return reply;
        }
        if self.delete_agent(&request.text("agentId")) {
            Reply::done(success("Agent Deleted Successfully"))
        } else {
            refused(AgentAdminRefusal::Unknown)
        }
    }
}

impl Answers<DeleteAgent> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let id = request.text("agentId");
        if self.delete_agent(&id) {
            let text = format!("Agent {id} Deleted Successfully");
            Reply::done(json!({"Status": "Success", "Message": text}))
        } else {
            Reply::unchanged(json!({"messages": "Invalid Agent Details", "status": "error"}))
        }
    }
}

/// What the details of an agent look like is not documented; these are the fields of the other lists.
pub(super) fn details(world: &World, id: &str) -> Reply {
    match world.agent(id) {
        Some(agent) => Reply::unchanged(json!({"status": "success", "message": [row(agent)]})),
        None => Reply::refused("error", "agentId is Invalid"),
    }
}

fn row(agent: &Agent) -> Value {
    json!({
        "AgentId": agent.setup.id,
        "AgentName": agent.setup.name,
        "PhoneNumber": agent.phone(),
        "AgentState": agent.state.word(),
        "SkillName": agent.setup.skills.join(","),
    })
}

impl Answers<FetchDetails> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        details(self, &request.text("agentId"))
    }
}

impl Answers<FetchLoginStatus> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let Some(agent) = self.agent(&request.text("agentID")) else {
            return Reply::refused("error", "agentId is Invalid");
        };
        if agent.login.is_none() {
            return Reply::refused("error", "Agent is not Logged In");
        }
        let dials = |kind| {
            if agent.setup.mode.dials() {
                kind == CampaignKind::Manual
            } else {
                kind == CampaignKind::Inbound
            }
        };
        let campaign = self.campaigns().iter().find(|c| dials(c.kind));
        let name = campaign.map_or("", |c| c.name.as_str());
        let row = json!({"AgentId": agent.setup.id, "CampaignName": name});
        Reply::unchanged(json!({"status": "success", "message": [row]}))
    }
}

impl Answers<ListLoggedIn> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        let rows: Vec<Value> =
            self.agents().iter().filter(|a| a.login.is_some()).map(row).collect();
        Reply::unchanged(json!({"status": "success", "message": rows}))
    }
}
