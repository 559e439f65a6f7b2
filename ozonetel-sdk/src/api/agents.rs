//! Agents: log in and out, change state.
//!
//! A login over this API is a virtual one: it does not log the agent in on the toolbar. Changing state is documented
//! for agents that are offline in the toolbar's sense.

mod admin;
mod roster;

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Reply, SecondSending,
    Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::core::error::{Error, Reason};
use crate::core::reason::ALREADY_LOGGED_IN;
use crate::types::ids::{AgentId, PauseReason, PhoneName};
use crate::types::invalid::{Invalid, filled};
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::secret::Secret;
use crate::types::wire::{SensitiveText, record, string_enum};

pub use admin::{DeleteAgent, ForceLogout, Release};
pub use roster::{FetchDetails, FetchLoginStatus, LiveOn, LoginStatus};

const AUTHENTICATION: Spec = Spec {
    name: "agents.login",
    title: "Agent login / logout",
    method: Method::Post,
    path: "/CAServices/AgentAuthenticationV2/index.php",
    discriminator: Discriminator::Is("action", "login"),
    input: Input::Form,
    auth: Auth::AgentBasic { user: "userName", key: "apiKey" },
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/post_caservices-agentauthenticationv2-index-php",
    effect: Effect::Login,
    second_sending: SecondSending::Refused,
    ..Spec::DEFAULT
};

fn no_password() -> Secret {
    Secret::from("")
}

/// Logs an agent in with a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// The agent; presented as HTTP Basic, not as a field.
    #[serde(skip, default = "no_agent")]
    pub agent: AgentId,
    /// The agent's password.
    #[serde(skip, default = "no_password")]
    pub password: Secret,
    /// Number or SIP id that the calls are routed to.
    #[serde(rename = "phoneNumber", default = "no_number")]
    pub phone_number: PhoneNumber,
}

fn no_agent() -> AgentId {
    AgentId::from("")
}

fn no_number() -> PhoneNumber {
    PhoneNumber::from("")
}

impl Endpoint for Login {
    const SPEC: Spec = AUTHENTICATION;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        credentials(&self.agent, &self.password)?;
        filled("phoneNumber", self.phone_number.as_str())
    }

    fn agent(&self) -> Option<(&str, &Secret)> {
        Some((self.agent.as_str(), &self.password))
    }

    fn set_agent(&mut self, id: &str, password: Secret) {
        self.agent = id.into();
        self.password = password;
    }
}

/// Logs an agent out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Logout {
    /// The agent; presented as HTTP Basic, not as a field.
    #[serde(skip, default = "no_agent")]
    pub agent: AgentId,
    /// The agent's password.
    #[serde(skip, default = "no_password")]
    pub password: Secret,
    /// The page marks it mandatory, then says that logout does not need it.
    #[serde(rename = "phoneNumber", default)]
    pub phone_number: Option<PhoneNumber>,
}

impl Endpoint for Logout {
    const SPEC: Spec = Spec {
        name: "agents.logout",
        discriminator: Discriminator::Is("action", "logout"),
        effect: Effect::Logout,
        ..AUTHENTICATION
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        credentials(&self.agent, &self.password)
    }

    fn agent(&self) -> Option<(&str, &Secret)> {
        Some((self.agent.as_str(), &self.password))
    }

    fn set_agent(&mut self, id: &str, password: Secret) {
        self.agent = id.into();
        self.password = password;
    }
}

fn credentials(agent: &AgentId, password: &Secret) -> Result<(), Invalid> {
    filled("agent", agent.as_str())?;
    if agent.as_str().contains(':') {
        return Err(Invalid::new("agent", "must not contain a colon"));
    }
    filled("password", password.reveal())
}

string_enum! {
    /// The state to change to.
    TargetState, TargetStateKind {
        /// Takes calls.
        Ready = ["Ready"],
        /// Takes none.
        Pause = ["Pause"],
    }
}

/// Changes an agent's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeState {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// The state; a known word is sent in the page's spelling.
    pub state: TargetState,
    /// One of the account's pause reasons; needed with a pause.
    #[serde(rename = "pauseReason", default)]
    pub pause_reason: Option<PauseReason>,
    /// The phone name of the agent's number.
    #[serde(rename = "phoneName", default)]
    pub phone_name: Option<PhoneName>,
}

record! {
    /// The service's answer to a change of state.
    pub struct StateChanged {
        /// The outcome, a colon, and what was done.
        resp: SensitiveText = "resp",
        /// The agent's state now, in the service's word.
        agent_status: String = "agentStatus",
        /// The agent.
        agent_id: AgentId = "agentId",
        /// The account.
        user: String = "user",
        /// The toolbar's token number.
        utid: String = "utid",
        /// The toolbar's token type.
        kind: String = "type",
    }
}

impl Reply for StateChanged {}

impl ChangeState {
    /// A change of state without a reason.
    pub fn new(agent: impl Into<AgentId>, state: impl Into<TargetState>) -> Self {
        Self { agent: agent.into(), state: state.into(), pause_reason: None, phone_name: None }
    }
}

impl Endpoint for ChangeState {
    const SPEC: Spec = Spec {
        name: "agents.change_state",
        title: "Change agent state",
        method: Method::Post,
        path: "/ca_apis/changeAgentState",
        envelope: Envelope::of(&["success"], Payload::JsonTextAt(&["message"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-changeagentstate-1",
        effect: Effect::AgentState,
        ..Spec::DEFAULT
    };
    type Reply = StateChanged;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        if let Some(known) = self.state.kind() {
            self.state = known.into();
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())?;
        if self.state.kind().is_none() {
            return Err(Invalid::new("state", "has to be Ready or Pause"));
        }
        match &self.pause_reason {
            Some(reason) => filled("pauseReason", reason.as_str()),
            None => Ok(()),
        }
    }
}

/// Agents: see [`Client::agents`].
#[derive(Debug, Clone, Copy)]
pub struct Agents<'c>(pub(crate) &'c Client);

impl Client {
    /// Agents: log in and out, change state.
    pub fn agents(&self) -> Agents<'_> {
        Agents(self)
    }
}

/// What [`Agents::ensure_login`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnsuredLogin {
    /// The agent was logged in now.
    LoggedIn,
    /// The agent was logged in before.
    WasLoggedIn,
}

impl<'c> Agents<'c> {
    /// Logs an agent in with the number or SIP id that calls are routed to.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().pause("agent01", "lunch").await?;
    /// let changed = client.agents().ready("agent01").await?;
    /// assert!(changed.resp.is_some_and(|resp| resp.as_str().starts_with("Success")));
    /// client.agents().logout("agent01", "secret").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`] when the agent is logged in already or the number is in use, with
    /// [`Reason::BadCredentials`] for a wrong password or key.
    pub fn login(
        &self,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
        phone_number: impl Into<PhoneNumber>,
    ) -> Call<'c, Login> {
        let (agent, password, phone_number) = (agent.into(), password.into(), phone_number.into());
        Call::new(self.0, Ok(Login { agent, password, phone_number }))
    }

    /// Logs an agent in, and takes "already logged in" as done: for programs that may run a second time.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::agents::EnsuredLogin;
    /// let first = client.agents().ensure_login("agent01", "secret", "500001").await?;
    /// let second = client.agents().ensure_login("agent01", "secret", "500001").await?;
    /// assert_eq!((first, second), (EnsuredLogin::LoggedIn, EnsuredLogin::WasLoggedIn));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`login`](Self::login), but for the one refusal. An agent who is logged in stays where they are: with
    /// another number than this one, if that is what they logged in with.
    ///
    /// # Cancel safety
    /// A login that is dropped after it was sent may have happened; asking again is harmless.
    pub async fn ensure_login(
        &self,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
        phone_number: impl Into<PhoneNumber>,
    ) -> Result<EnsuredLogin, Error> {
        let already = |error: &Error| {
            error.refusal().is_some_and(|refusal| {
                refusal.message().trim().eq_ignore_ascii_case(ALREADY_LOGGED_IN)
            })
        };
        match self.login(agent, password, phone_number).await {
            Ok(_) => Ok(EnsuredLogin::LoggedIn),
            Err(error) if already(&error) => Ok(EnsuredLogin::WasLoggedIn),
            Err(error) => Err(error),
        }
    }

    /// Logs an agent out.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().logout("agent01", "secret").await?;
    /// let again = client.agents().logout("agent01", "secret").await.unwrap_err();
    /// assert_eq!(again.reason(), Some(ozonetel_sdk::Reason::NotAllowed));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`] when the agent is not logged in.
    pub fn logout(
        &self,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
    ) -> Call<'c, Logout> {
        let (agent, password) = (agent.into(), password.into());
        Call::new(self.0, Ok(Logout { agent, password, phone_number: None }))
    }

    /// Sets an agent ready.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().pause("agent01", "lunch").await?;
    /// let changed = client.agents().ready("agent01").await?;
    /// assert_eq!(changed.agent_status.unwrap().as_str(), "READY");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`] when the agent is not logged in.
    pub fn ready(&self, agent: impl Into<AgentId>) -> Call<'c, ChangeState> {
        self.change(agent, TargetStateKind::Ready, None)
    }

    /// Pauses an agent for one of the account's reasons.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// client.agents().pause("agent01", "lunch").await?;
    /// let unknown = client.agents().pause("agent01", "gardening").await.unwrap_err();
    /// assert_eq!(unknown.reason(), Some(ozonetel_sdk::Reason::BadInput));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`] for an unknown reason, with [`Reason::NotAllowed`] while the agent is busy
    /// or not logged in.
    pub fn pause(
        &self,
        agent: impl Into<AgentId>,
        reason: impl Into<PauseReason>,
    ) -> Call<'c, ChangeState> {
        self.change(agent, TargetStateKind::Pause, Some(reason.into()))
    }

    fn change(
        &self,
        agent: impl Into<AgentId>,
        state: TargetStateKind,
        pause_reason: Option<PauseReason>,
    ) -> Call<'c, ChangeState> {
        Call::new(self.0, Ok(ChangeState { pause_reason, ..ChangeState::new(agent, state) }))
    }

    /// Logs out and in again: the known way to force an agent out of after-call work into ready. An agent that is not
    /// logged in is just logged in.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// // The agent is in after-call work, so a dial is refused; now it is not.
    /// client.agents().force_ready("agent01", "secret", "500001").await?;
    /// client.dial().agent("agent01", "support_out", "9000000002").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`login`](Self::login) and [`logout`](Self::logout).
    ///
    /// # Cancel safety
    /// Dropped between the two steps, the agent is logged out.
    pub async fn force_ready(
        &self,
        agent: impl Into<AgentId>,
        password: impl Into<Secret>,
        phone_number: impl Into<PhoneNumber>,
    ) -> Result<ServiceMessage, Error> {
        let (agent, password) = (agent.into(), password.into());
        match self.logout(&agent, &password).await {
            Ok(_) => {}
            Err(error) if error.reason() == Some(Reason::NotAllowed) => {}
            Err(error) => return Err(error),
        }
        self.login(agent, password, phone_number).await
    }
}

setters! { ChangeState {
    /// The phone name of the agent's number.
    phone_name(name: impl Into<PhoneName>) => phone_name = name.into();
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_known_state_goes_out_in_the_pages_spelling() {
        let said = r#"{"status":"success","message":"{\"resp\":\"Success:done\"}"}"#;
        let words =
            [("ready", "Ready"), ("READY", "Ready"), ("Pause", "Pause"), (" pause", "Pause")];
        let replay = Replay::new(words.map(|_| Turn::json(said)));
        let client = client(&replay);
        for (at, (word, want)) in words.into_iter().enumerate() {
            client.call(ChangeState::new("agent01", word)).await.unwrap();
            assert_eq!(asked(&replay, at)["state"], *want);
        }
        let error = client.call(ChangeState::new("agent01", "away")).await.unwrap_err();
        assert_eq!(error.invalid_input().unwrap().field(), "state");
    }
}
