//! Administration: deleting agents, and logging one out of the toolbar.

use serde::{Deserialize, Serialize};

use super::Agents;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, SecondSending,
    Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::AgentId;
use crate::types::invalid::{Invalid, filled};

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
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().force_logout("agent01").await?;
    /// assert!(client.agents().logout("agent01", "secret").await.is_err());
    /// # Ok(()) });
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
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().pause("agent01", "lunch").await?;
    /// client.agents().release("agent01").await?;
    /// client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown agent.
    pub fn release(&self, agent: impl Into<AgentId>) -> Call<'c, Release> {
        Call::new(self.0, Ok(Release { agent: agent.into() }))
    }

    /// Deletes an agent: five a minute.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.agents().delete("agent05").await?;
    /// assert!(client.agents().delete("agent05").await.is_err());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown agent.
    pub fn delete(&self, agent: impl Into<AgentId>) -> Call<'c, DeleteAgent> {
        Call::new(self.0, Ok(DeleteAgent { agent: agent.into() }))
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
