//! Administration: creating, changing and deleting agents, and putting one out of the toolbar.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Agents;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat,
    SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, SkillName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::secret::Secret;
use crate::types::wire::{SensitiveText, commas, nested};

const BY_ADMIN: Spec = Spec {
    name: "agents.force_logout",
    title: "Force logout / release agent",
    method: Method::Post,
    path: "/CAServicesV2/agentLogoutByAdmin.html",
    discriminator: Discriminator::Is("action", "Logout"),
    // The page names parameters and no encoding; the login of the same family is field-verified as a form.
    input: Input::Form,
    auth: Auth::Fields { user: "username", key: "apikey" },
    envelope: Envelope::of(&["Success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/post_caservicesv2-agentlogoutbyadmin-html",
    effect: Effect::Logout,
    ..Spec::DEFAULT
};

/// Logs an agent out, whatever the agent is doing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForceLogout {
    /// The agent.
    #[serde(rename = "agentid")]
    pub agent: AgentId,
}

impl Endpoint for ForceLogout {
    const SPEC: Spec = BY_ADMIN;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentid", self.agent.as_str())
    }
}

/// Releases an agent, whatever the agent is doing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// The agent.
    #[serde(rename = "agentid")]
    pub agent: AgentId,
}

impl Endpoint for Release {
    const SPEC: Spec = Spec {
        name: "agents.release",
        discriminator: Discriminator::Is("action", "Release"),
        effect: Effect::Release,
        ..BY_ADMIN
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentid", self.agent.as_str())
    }
}

const MANAGE: Spec = Spec {
    name: "agents.create",
    title: "Create / edit / delete agent (legacy)",
    method: Method::Get,
    path: "/cloudAgentRestAPI/index.php/CloudAgent/CloudAgentAPI/AgentManage",
    discriminator: Discriminator::Is("action", "Create"),
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    repeat: Repeat::Once,
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/get_cloudagentrestapi-index-php-cloudagent-cloudagentapi-agentmanage",
    effect: Effect::CreateAgent,
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
        name: "agents.edit",
        discriminator: Discriminator::Is("action", "Edit"),
        effect: Effect::EditAgent,
        ..MANAGE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        complete(&self.name, &self.agent, &self.password)
    }
}

/// Deletes an agent, on the older path that wants name and password.
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
        name: "agents.delete_managed",
        discriminator: Discriminator::Is("action", "Delete"),
        repeat: Repeat::Safe,
        effect: Effect::DeleteAgent,
        second_sending: SecondSending::Refused,
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

/// Deletes an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteAgent {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
}

impl Endpoint for DeleteAgent {
    const SPEC: Spec = Spec {
        name: "agents.delete",
        title: "Delete agent",
        method: Method::Delete,
        path: "/ca_apis/deleteAgent",
        auth: Auth::KeyHeader,
        rate: Rate::DeleteAgent,
        envelope: Envelope::of(&["Success"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deleteagent",
        effect: Effect::DeleteAgent,
        second_sending: SecondSending::Refused,
        ..Spec::DEFAULT
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())
    }
}

impl<'c> Agents<'c> {
    /// Logs an agent out on the toolbar, whatever the agent is doing.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().force_logout("agent01").await?;
    /// assert!(client.agents().logged_in().await?.is_empty());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown agent.
    pub fn force_logout(&self, agent: impl Into<AgentId>) -> Call<'c, ForceLogout> {
        Call::new(self.0, Ok(ForceLogout { agent: agent.into() }))
    }

    /// Releases an agent: ends the pause or after-call work that holds it.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().pause("agent01", "lunch").await?;
    /// client.agents().release("agent01").await?;
    /// client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown agent.
    pub fn release(&self, agent: impl Into<AgentId>) -> Call<'c, Release> {
        Call::new(self.0, Ok(Release { agent: agent.into() }))
    }

    /// Creates an agent. Not repeated once it may have arrived.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().create("A B", "agent77", "secret").skills(["General"]).await?;
    /// client.agents().edit("A B", "agent77", "secret").new_id("agent78").await?;
    /// client.agents().delete("agent78").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`](crate::Reason::NotAllowed) when the agent exists.
    pub fn create(
        &self,
        name: impl Into<SensitiveText>,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
    ) -> Call<'c, CreateAgent> {
        let request = CreateAgent {
            name: name.into(),
            agent: agent.into(),
            password: password.into(),
            skills: None,
            sip_location: None,
            call_controllers: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Changes an agent's skills, id, location or buttons. Not repeated once it may have arrived.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().create("A B", "agent77", "secret").await?;
    /// client.agents().edit("A B", "agent77", "secret").assign(["General"]).await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused for an unknown agent.
    pub fn edit(
        &self,
        name: impl Into<SensitiveText>,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
    ) -> Call<'c, EditAgent> {
        let request = EditAgent {
            name: name.into(),
            agent: agent.into(),
            password: password.into(),
            new_id: None,
            assign: None,
            unassign: None,
            sip_location: None,
            call_controllers: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Deletes an agent: five a minute.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().create("A B", "agent77", "secret").await?;
    /// client.agents().delete("agent77").await?;
    /// assert!(client.agents().delete("agent77").await.is_err());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown agent.
    pub fn delete(&self, agent: impl Into<AgentId>) -> Call<'c, DeleteAgent> {
        Call::new(self.0, Ok(DeleteAgent { agent: agent.into() }))
    }

    /// Deletes an agent on the older path, which has no published limit and wants name and password.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.agents().create("A B", "agent77", "secret").await?;
    /// client.agents().delete_managed("A B", "agent77", "secret").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused for an unknown agent.
    pub fn delete_managed(
        &self,
        name: impl Into<SensitiveText>,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
    ) -> Call<'c, DeleteManaged> {
        let (name, agent, password) = (name.into(), agent.into(), password.into());
        Call::new(self.0, Ok(DeleteManaged { name, agent, password }))
    }
}

impl Call<'_, CreateAgent> {
    /// The agent's skills.
    pub fn skills<S: Into<SkillName>>(self, skills: impl IntoIterator<Item = S>) -> Self {
        let skills = commas(skills.into_iter().map(Into::into));
        self.map(|request| request.skills = Some(skills))
    }

    /// The agent's SIP location.
    pub fn sip_location(self, location: impl Into<String>) -> Self {
        let location = location.into();
        self.map(|request| request.sip_location = Some(location))
    }

    /// Which buttons the agent gets.
    pub fn call_controllers(self, controllers: Value) -> Self {
        self.map(|request| request.call_controllers = Some(controllers))
    }
}

impl Call<'_, EditAgent> {
    /// A new login id.
    pub fn new_id(self, id: impl Into<AgentId>) -> Self {
        let id = id.into();
        self.map(|request| request.new_id = Some(id))
    }

    /// Skills to give.
    pub fn assign<S: Into<SkillName>>(self, skills: impl IntoIterator<Item = S>) -> Self {
        let skills = commas(skills.into_iter().map(Into::into));
        self.map(|request| request.assign = Some(skills))
    }

    /// Skills to take.
    pub fn unassign<S: Into<SkillName>>(self, skills: impl IntoIterator<Item = S>) -> Self {
        let skills = commas(skills.into_iter().map(Into::into));
        self.map(|request| request.unassign = Some(skills))
    }

    /// The agent's SIP location.
    pub fn sip_location(self, location: impl Into<String>) -> Self {
        let location = location.into();
        self.map(|request| request.sip_location = Some(location))
    }

    /// Which buttons the agent gets.
    pub fn call_controllers(self, controllers: Value) -> Self {
        self.map(|request| request.call_controllers = Some(controllers))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::Reason;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn force_logout_speaks_in_lower_case() {
        let done =
            r#"{"code":"200","status":"Success","message":"Agent Logout/Release successfully."}"#;
        let replay = Replay::new([Turn::json(done), Turn::json(done)]);
        let client = client(&replay);
        let said = client.agents().force_logout("agent01").await.unwrap();
        assert_eq!(said.as_str(), "Agent Logout/Release successfully.");
        client.agents().release("agent01").await.unwrap();
        let want = |action: &str| json!({"action": action, "agentid": "agent01", "username": "acme_support", "apikey": "test-key"});
        assert_eq!(asked(&replay, 0), want("Logout"));
        assert_eq!(asked(&replay, 1), want("Release"));
        assert_eq!(replay.requests()[0].uri().query(), None);
    }

    #[tokio::test]
    async fn an_unknown_agent_is_not_found() {
        let no = r#"{"code":"400","status":"Error","message":"Agent does not exists with id x","response":null}"#;
        let replay = Replay::new([Turn::json(no)]);
        let error = client(&replay).agents().force_logout("x").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
    }

    #[tokio::test]
    async fn a_created_agent_carries_its_skills_and_buttons() {
        let done = r#"{"status":"success","message":"Agent Created Successfully"}"#;
        let replay = Replay::new([Turn::json(done)]);
        let call = client(&replay);
        let call = call.agents().create("A B", "agent77", "pass").skills(["General", "Sales"]);
        let call = call.call_controllers(json!({"mute": true}));
        assert!(!format!("{call:?}").contains("pass\""), "{call:?}");
        call.await.unwrap();
        let want = json!({"action": "Create", "agentName": "A B", "agentId": "agent77", "agentPassword": "pass",
            "skill": "General,Sales", "callControllers": "{\"mute\":true}", "userName": "acme_support",
            "apiKey": "test-key"});
        assert_eq!(asked(&replay, 0), want);
    }

    #[tokio::test]
    async fn deleting_reads_capitals_and_the_plural_key() {
        let replay = Replay::new([
            Turn::json(r#"{"Status":"Success","Message":"Agent agent01 Deleted Successfully"}"#),
            Turn::json(r#"{"messages":"Invalid Agent Details","status":"error"}"#),
        ]);
        let client = client(&replay);
        let said = client.agents().delete("agent01").await.unwrap();
        assert_eq!(said.as_str(), "Agent agent01 Deleted Successfully");
        let error = client.agents().delete("agent99").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadInput));
        assert_eq!(replay.requests()[0].method(), "DELETE");
        assert_eq!(asked(&replay, 0), json!({"userName": "acme_support", "agentId": "agent01"}));
    }
}
