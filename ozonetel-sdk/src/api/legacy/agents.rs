//! Agents as they were administered before, and the list of those who are logged in.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat, Rows,
    SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, SkillName};
use crate::types::invalid::{Invalid, filled};
use crate::types::phone::PhoneNumber;
use crate::types::secret::Secret;
use crate::types::wire::{RawJson, SensitiveText, nested, record, string_enum};

const MANAGE: Spec = Spec {
    name: "legacy.create_agent",
    title: "Create / edit / delete agent (legacy)",
    method: Method::Get,
    path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/AgentManage",
    discriminator: Discriminator::Is("action", "Create"),
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    repeat: Repeat::Once,
    effect: Effect::CreateAgent,
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-agentmanage",
    ..Spec::DEFAULT
};

fn reveal<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.reveal())
}

fn conceal<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    crate::types::wire::text(from).map(|text| Secret::from(&*text))
}

/// Creates an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateAgent {
    /// The agent's name.
    #[serde(rename = "agentName")]
    pub name: SensitiveText,
    /// The agent's login id.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// The agent's password. The service takes it in the query string.
    #[serde(rename = "agentPassword", serialize_with = "reveal", deserialize_with = "conceal")]
    pub password: Secret,
    /// Skills, separated by commas.
    #[serde(rename = "skill", default)]
    pub skills: Option<String>,
    /// The agent's SIP location.
    #[serde(rename = "sipLocation", default)]
    pub sip_location: Option<String>,
    /// Which buttons the agent gets, such as `{"mute":true,"transfer":{"agent":{"warm":true}}}`.
    #[serde(rename = "callControllers", default, deserialize_with = "nested")]
    pub call_controllers: Option<Value>,
}

impl CreateAgent {
    /// An agent without skills.
    pub fn new(
        name: impl Into<SensitiveText>,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
    ) -> Self {
        Self {
            name: name.into(),
            agent: agent.into(),
            password: password.into(),
            skills: None,
            sip_location: None,
            call_controllers: None,
        }
    }
}

impl Endpoint for CreateAgent {
    const SPEC: Spec = MANAGE;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        complete(&self.name, &self.agent, &self.password)
    }
}

/// Changes an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditAgent {
    /// The agent's name.
    #[serde(rename = "agentName")]
    pub name: SensitiveText,
    /// The agent's login id.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// The agent's password. The service takes it in the query string.
    #[serde(rename = "agentPassword", serialize_with = "reveal", deserialize_with = "conceal")]
    pub password: Secret,
    /// A new login id. The page marks it mandatory and describes it as optional.
    #[serde(rename = "agentIdNew", default)]
    pub new_id: Option<AgentId>,
    /// Skills to give, separated by commas.
    #[serde(rename = "assignSkill", default)]
    pub assign: Option<String>,
    /// Skills to take, separated by commas.
    #[serde(rename = "unAssignSkill", default)]
    pub unassign: Option<String>,
    /// The agent's SIP location.
    #[serde(rename = "sipLocation", default)]
    pub sip_location: Option<String>,
    /// Which buttons the agent gets.
    #[serde(rename = "callControllers", default, deserialize_with = "nested")]
    pub call_controllers: Option<Value>,
}

impl Endpoint for EditAgent {
    // A second try of a renaming that worked would report an agent that does not exist.
    const SPEC: Spec = Spec {
        name: "legacy.edit_agent",
        discriminator: Discriminator::Is("action", "Edit"),
        effect: Effect::EditAgent,
        ..MANAGE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        complete(&self.name, &self.agent, &self.password)
    }
}

/// Deletes an agent; this path requires name and password, and has no published limit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteManaged {
    /// The agent's name.
    #[serde(rename = "agentName")]
    pub name: SensitiveText,
    /// The agent's login id.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// The agent's password. The service takes it in the query string.
    #[serde(rename = "agentPassword", serialize_with = "reveal", deserialize_with = "conceal")]
    pub password: Secret,
}

impl Endpoint for DeleteManaged {
    const SPEC: Spec = Spec {
        name: "legacy.delete_agent",
        discriminator: Discriminator::Is("action", "Delete"),
        repeat: Repeat::Safe,
        second_sending: SecondSending::Refused,
        effect: Effect::DeleteAgent,
        ..MANAGE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        complete(&self.name, &self.agent, &self.password)
    }
}

/// All three are mandatory for every action.
fn complete(name: &SensitiveText, agent: &AgentId, password: &Secret) -> Result<(), Invalid> {
    filled("agentName", name.as_str())?;
    filled("agentId", agent.as_str())?;
    filled("agentPassword", password.reveal())
}

/// The details of an agent. Not in the catalogue's index; its newer form is
/// [`FetchDetails`](crate::agents::FetchDetails).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentDetails {
    /// The agent.
    #[serde(rename = "AgentId")]
    pub agent: AgentId,
}

impl Endpoint for AgentDetails {
    const SPEC: Spec = Spec {
        name: "legacy.agent_details",
        title: "Agent details (legacy)",
        method: Method::Get,
        path: "/CAServices/AgentDetails/AgentDetails.php",
        path_verified: false,
        input: Input::Query,
        auth: Auth::Fields { user: "userName", key: "apiKey" },
        envelope: Envelope::of(&[], Payload::Open),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentdetails",
        ..Spec::DEFAULT
    };
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        filled("AgentId", self.agent.as_str())
    }
}

string_enum! {
    /// An agent's state as the list of logged-in agents words it.
    LoginState, LoginStateKind {
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
        state: LoginState = "AgentState",
        /// The skill.
        skill: SkillName = "SkillName",
    }
}

/// Lists the agents who are logged in, with their state: one request in five minutes, for the whole account. A failure
/// says nothing about who is there.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListLoggedIn {}

impl Endpoint for ListLoggedIn {
    const SPEC: Spec = Spec {
        name: "legacy.logged_in",
        title: "Logged-in agents (legacy)",
        method: Method::Get,
        path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/getAgentLogins",
        input: Input::Query,
        auth: Auth::Fields { user: "username", key: "api_key" },
        rate: Rate::AgentLogins,
        envelope: Envelope {
            empty_messages: &["No Data Found"],
            ..Envelope::of(&["success"], Payload::RowsAt(&["message"]))
        },
        docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-getagentlogins",
        ..Spec::DEFAULT
    };
    type Reply = Vec<LoggedIn>;
}

impl Rows for ListLoggedIn {
    type Row = LoggedIn;
    const KEYS: &'static [&'static str] = &["message"];
}
