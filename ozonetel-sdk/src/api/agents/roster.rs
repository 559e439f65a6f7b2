//! Who is there: details of one agent, the campaign it is live on, and everybody who is logged in.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize};

use super::Agents;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Endpoint, Envelope, Input, Method, Payload, Rate, Reply, Rows, Spec,
};
use crate::types::ids::{AgentId, CampaignName, SkillName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{RawJson, SensitiveText, record, string_enum};

const DETAILS: Spec = Spec {
    name: "agents.details",
    title: "Agent details",
    method: Method::Post,
    path: "/ca_apis/agentDetails",
    path_verified: false,
    auth: Auth::KeyHeader,
    rate: Rate::AgentDetails,
    envelope: Envelope::of(&["success"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentdetails",
    ..Spec::DEFAULT
};

/// The details of an agent. No source shows a success, so the reply is the document as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchDetails {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
}

impl Endpoint for FetchDetails {
    const SPEC: Spec = DETAILS;
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())
    }
}

/// The login status of an agent (field report).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchLoginStatus {
    /// The agent.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
}

record! {
    /// Where an agent is live.
    pub struct LoginStatus {
        /// The agent.
        agent_id: AgentId = "AgentId" | "agentID" | "AgentID" | "agentId",
        /// The campaign that the agent is live on.
        campaign: CampaignName = "CampaignName" | "Campaign" | "campaignName",
        /// The service's word, where the row stands beside it.
        status: String = "status",
    }
}

/// A [`LoginStatus`] wherever the answer has it: as the first of a list under `message`, under `message`, or at the
/// top.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "Anywhere")]
pub struct LiveOn(pub LoginStatus);

#[derive(Deserialize)]
#[serde(untagged)]
enum Anywhere {
    Listed { status: Option<String>, message: [LoginStatus; 1] },
    Under { status: Option<String>, message: LoginStatus },
    Top(LoginStatus),
}

impl From<Anywhere> for LiveOn {
    fn from(found: Anywhere) -> Self {
        match found {
            Anywhere::Listed { status, message: [mut row] }
            | Anywhere::Under { status, message: mut row } => {
                row.status = row.status.or(status);
                Self(row)
            }
            Anywhere::Top(row) => Self(row),
        }
    }
}

/// In the first of the forms.
impl Serialize for LiveOn {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut row = self.0.clone();
        let status = row.status.take();
        let mut out = to.serialize_map(Some(2))?;
        out.serialize_entry("status", &status)?;
        out.serialize_entry("message", &[row])?;
        out.end()
    }
}

impl Reply for LiveOn {}

impl Endpoint for FetchLoginStatus {
    const SPEC: Spec = Spec {
        name: "agents.login_status",
        title: "Agent login status",
        path: "/ca_apis/AgentLoginStatus",
        path_verified: true,
        rate: Rate::Unstated,
        docs: "field report",
        ..DETAILS
    };
    type Reply = LiveOn;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentID", self.agent.as_str())
    }
}

string_enum! {
    /// An agent's state as the list of logged-in agents words it.
    AgentState, AgentStateKind {
        /// Takes calls.
        Ready = ["READY"],
        /// After-call work.
        Acw = ["ACW"],
        /// Logged in, not taking calls.
        Idle = ["IDLE"],
        /// In a call.
        Busy = ["BUSY"],
    }
}

record! {
    /// An agent who is logged in.
    pub struct LoggedIn {
        /// The agent's login id.
        agent_id: AgentId = "AgentId",
        /// The agent's name.
        agent_name: SensitiveText = "AgentName",
        /// Number or SIP id that calls are routed to.
        phone_number: PhoneNumber = "PhoneNumber",
        /// The state.
        state: AgentState = "AgentState",
        /// The skill.
        skill: SkillName = "SkillName",
    }
}

/// Lists the agents who are logged in: one request in five minutes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListLoggedIn {}

impl Endpoint for ListLoggedIn {
    const SPEC: Spec = Spec {
        name: "agents.logged_in",
        title: "Logged-in agents (legacy)",
        method: Method::Get,
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/getAgentLogins",
        path_verified: true,
        input: Input::Query,
        auth: Auth::Fields { user: "username", key: "api_key" },
        rate: Rate::AgentLogins,
        envelope: Envelope {
            success_words: &["success"],
            payload: Payload::RowsAt(&["message"]),
            empty_messages: &["No Data Found"],
        },
        docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-getagentlogins",
        ..DETAILS
    };
    type Reply = Vec<LoggedIn>;
}

impl Rows for ListLoggedIn {
    type Row = LoggedIn;
    const KEYS: &'static [&'static str] = &["message"];
}

impl<'c> Agents<'c> {
    /// The details of an agent: ten a minute. The path's letter case is unconfirmed, and no source shows the answer.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let details = client.agents().details("agent01").await?;
    /// assert!(details.get("message").is_some());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn details(&self, agent: impl Into<AgentId>) -> Call<'c, FetchDetails> {
        Call::new(self.0, Ok(FetchDetails { agent: agent.into() }))
    }

    /// The campaign that an agent is live on.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let status = client.agents().login_status("agent01").await?;
    /// assert_eq!(status.0.campaign.as_ref().unwrap().as_str(), "support_out");
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn login_status(&self, agent: impl Into<AgentId>) -> Call<'c, FetchLoginStatus> {
        Call::new(self.0, Ok(FetchLoginStatus { agent: agent.into() }))
    }

    /// Everybody who is logged in, with state: one request in five minutes, for the whole account.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// let here = client.agents().logged_in().await?;
    /// assert_eq!(here.len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call; a failure says nothing about who is there.
    pub fn logged_in(&self) -> Call<'c, ListLoggedIn> {
        Call::new(self.0, Ok(ListLoggedIn {}))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::Reason;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn the_campaign_is_found_wherever_it_stands() {
        let row = json!({"AgentId": "agent01", "Campaign": "support_out"});
        for body in [
            json!({"status": "success", "message": [row]}),
            json!({"status": "success", "message": row}),
            json!({"status": "success", "agentID": "agent01", "campaignName": "support_out"}),
        ] {
            let replay = Replay::new([Turn::json(body.to_string())]);
            let live = client(&replay).agents().login_status("agent01").await.unwrap().0;
            assert_eq!(live.campaign, Some("support_out".into()), "{body}");
            assert_eq!(live.agent_id, Some("agent01".into()), "{body}");
            assert_eq!(
                asked(&replay, 0),
                json!({"userName": "acme_support", "agentID": "agent01"})
            );
        }
    }

    #[tokio::test]
    async fn logged_in_agents_keep_unknown_states() {
        let replay = Replay::new([Turn::json(
            r#"{"status":"success","message":[{"AgentId":"agent01","AgentState":"AUX","New":1}]}"#,
        )]);
        let rows = client(&replay).agents().logged_in().await.unwrap();
        assert_eq!(rows[0].state.as_ref().unwrap().as_str(), "AUX");
        assert_eq!(rows[0].state.as_ref().unwrap().kind(), None);
        assert_eq!(rows[0].extra.get("New"), Some(&json!(1)));
        assert_eq!(asked(&replay, 0), json!({"username": "acme_support", "api_key": "test-key"}));
    }

    #[tokio::test(start_paused = true)]
    async fn details_come_as_they_are_and_the_limit_is_one() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"success","message":[{"agentId":"agent01"}]}"#),
            Turn::json(r#"{"message":"Max limit exceeded","status":"error"}"#),
        ]);
        let client = client(&replay);
        let details = client.agents().details("agent01").await.unwrap();
        assert_eq!(details.get("message").unwrap()[0]["agentId"], "agent01");
        assert!(!format!("{details:?}").contains("agent01"));
        let never = crate::core::pace::Patience::Never;
        let error = client.agents().details("agent01").patience(never).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::TooManyRequests));
    }
}
