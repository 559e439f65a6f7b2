//! Administration of agents, and who is there.

use ozonetel_sdk::agents::{
    CreateAgent, DeleteAgent, DeleteManaged, EditAgent, FetchDetails, FetchLoginStatus,
    ForceLogout, ListLoggedIn, Release,
};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{Agent, AgentChange, CampaignKind, RosterRefusal, World};

macro_rules! by_admin {
    ($($endpoint:ty: $act:ident;)*) => {$(
        impl Answers<$endpoint> for World {
            const CREDENTIALS: Dialect = Dialect::Admin;

            fn answer(&mut self, asked: &Asked<'_>) -> Said {
                let action = asked.text("action");
                if !["logout", "release"].contains(&action.to_ascii_lowercase().as_str()) {
                    let text = "Check input Parameters";
                    return Said::told(json!({"code": "400", "status": "Error", "message": text}));
                }
                let id = asked.text("agentid");
                if self.$act(&id) {
                    let text = "Agent Logout/Release successfully.";
                    return Said::done(json!({"code": "200", "status": "Success", "message": text}),
                    );
                }
                let text = format!("Agent does not exists with id {id}");
                Said::told(json!({"code": "400", "status": "Error", "message": text, "response": null}))
            }
        }
    )*};
}

by_admin! {
    ForceLogout: force_logout;
    Release: release_agent;
}

/// How the older administration words refused credentials: the same for all.
pub(super) const MANAGE: Dialect = Dialect::Texts(
    "error",
    ["All parameters are mandatory", "All parameters are mandatory", "Authentication Failed"],
);

fn success(message: &str) -> Value {
    json!({"status": "success", "message": message})
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// All of these are mandatory for every action; an action that is none ends up here as well.
fn incomplete(asked: &Asked<'_>) -> Option<Said> {
    if !["create", "edit", "delete"].contains(&asked.text("action").to_ascii_lowercase().as_str()) {
        return Some(Said::no("error", "Agent Option is Invalid"));
    }
    let missing =
        ["agentName", "agentId", "agentPassword"].iter().any(|n| asked.text(n).is_empty());
    missing.then(|| Said::no("error", "All parameters are mandatory"))
}

fn refused(refusal: RosterRefusal) -> Said {
    match refusal {
        RosterRefusal::Exists => Said::no("error", "Agent Already Exists"),
        // No page says what these two are answered; the texts are ours.
        RosterRefusal::Unknown => Said::no("error", "Invalid Agent Details"),
        RosterRefusal::Busy => Said::no("error", "Agent is busy"),
    }
}

impl Answers<CreateAgent> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if let Some(said) = incomplete(asked) {
            return said;
        }
        let (id, name) = (asked.text("agentId"), asked.text("agentName"));
        let skills = list(&asked.text("skill"));
        match self.create_agent(&id, &name, &asked.text("agentPassword"), skills) {
            Ok(()) => Said::done(success("Agent Created Successfully")),
            Err(refusal) => refused(refusal),
        }
    }
}

impl Answers<EditAgent> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if let Some(said) = incomplete(asked) {
            return said;
        }
        let change = AgentChange {
            name: asked.given("agentName"),
            id: asked.given("agentIdNew"),
            password: asked.given("agentPassword"),
            assign: list(&asked.text("assignSkill")),
            unassign: list(&asked.text("unAssignSkill")),
        };
        match self.edit_agent(&asked.text("agentId"), &change) {
            // The page's text for a change was not captured; this one is built like its siblings.
            Ok(()) => Said::done(success("Agent Updated Successfully")),
            Err(refusal) => refused(refusal),
        }
    }
}

impl Answers<DeleteManaged> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if let Some(said) = incomplete(asked) {
            return said;
        }
        if self.delete_agent(&asked.text("agentId")) {
            Said::done(success("Agent Deleted Successfully"))
        } else {
            refused(RosterRefusal::Unknown)
        }
    }
}

impl Answers<DeleteAgent> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let id = asked.text("agentId");
        if self.delete_agent(&id) {
            let text = format!("Agent {id} Deleted Successfully");
            Said::done(json!({"Status": "Success", "Message": text}))
        } else {
            Said::told(json!({"messages": "Invalid Agent Details", "status": "error"}))
        }
    }
}

/// What the details of an agent look like is not documented; these are the fields of the other lists.
pub(super) fn details(world: &World, id: &str) -> Said {
    match world.agent(id) {
        Some(agent) => Said::told(json!({"status": "success", "message": [row(agent)]})),
        None => Said::no("error", "agentId is Invalid"),
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
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        details(self, &asked.text("agentId"))
    }
}

impl Answers<FetchLoginStatus> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let Some(agent) = self.agent(&asked.text("agentID")) else {
            return Said::no("error", "agentId is Invalid");
        };
        if agent.login.is_none() {
            return Said::no("error", "Agent is not Logged In");
        }
        let dials = |kind| {
            if agent.setup.mode.dials() {
                kind == CampaignKind::Manual
            } else {
                kind == CampaignKind::Inbound
            }
        };
        let campaign = self.setup().campaigns.iter().find(|c| dials(c.kind));
        let name = campaign.map_or("", |c| c.name.as_str());
        let row = json!({"AgentId": agent.setup.id, "CampaignName": name});
        Said::told(json!({"status": "success", "message": [row]}))
    }
}

impl Answers<ListLoggedIn> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, _: &Asked<'_>) -> Said {
        let rows: Vec<Value> = self.agents().filter(|a| a.login.is_some()).map(row).collect();
        Said::told(json!({"status": "success", "message": rows}))
    }
}
