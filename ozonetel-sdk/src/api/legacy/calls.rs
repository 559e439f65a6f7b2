//! The older forms of what is done with calls and agents.

use serde::{Deserialize, Serialize};

use super::Legacy;
use crate::api::agents::{StateChanged, TargetState};
use crate::api::aht::AverageHandling;
use crate::api::call_control::{Controlled, party};
use crate::api::dial::{Dialed, phone_dial};
use crate::api::disposition::Disposed;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Rate, Repeat,
    SecondSending, Spec,
};
use crate::types::ids::{
    AgentId, CampaignName, Did, DispositionName, PauseReason, PhoneName, Ucid,
};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{RawJson, SensitiveText, YesNo, loose};

const STATE: Spec = Spec {
    name: "legacy.change_state",
    title: "Change agent state (legacy)",
    method: Method::Get,
    path: "/CAServices/AgentState/StateChange.php",
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    envelope: Envelope::of(&["success"], Payload::JsonTextAt(&["message"])),
    docs: "https://docs.ozonetel.com/reference/get_caservices-agentstate-statechange-php",
    effect: Effect::AgentState,
    ..Spec::DEFAULT
};

/// Changes an agent's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeState {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
    /// `Ready` or `Pause`.
    pub state: TargetState,
    /// One of the account's pause reasons; needed with a pause.
    #[serde(rename = "pauseReason", default)]
    pub pause_reason: Option<PauseReason>,
}

impl Endpoint for ChangeState {
    const SPEC: Spec = STATE;
    type Reply = StateChanged;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())?;
        match self.state.kind() {
            Some(_) => Ok(()),
            None => Err(Invalid::new("state", "has to be Ready or Pause")),
        }
    }
}

/// The details of an agent. Not in the catalogue's index; its newer form is [`crate::api::agents::FetchDetails`].
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
        path: "/CAServices/AgentDetails/AgentDetails.php",
        path_verified: false,
        envelope: Envelope::of(&["success"], Payload::Whole),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentdetails",
        effect: Effect::None,
        ..STATE
    };
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        filled("AgentId", self.agent.as_str())
    }
}

/// Average handling time of an agent or a campaign. No source names the fields of this form; those of the newer one
/// are assumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aht {
    /// The agent; this or the campaign.
    #[serde(rename = "agentId", default)]
    pub agent: Option<AgentId>,
    /// The campaign.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
}

impl Endpoint for Aht {
    const SPEC: Spec = Spec {
        name: "legacy.aht",
        title: "AHT (legacy)",
        path: "/CAServices/AgentDetails/AHT.php",
        rate: Rate::Aht,
        envelope: Envelope::of(&["success"], Payload::At(&["message", "data", "details"])),
        docs: "https://docs.ozonetel.com/reference/get_caservices-agentdetails-aht-php",
        effect: Effect::None,
        ..STATE
    };
    type Reply = AverageHandling;

    fn check(&self) -> Result<(), Invalid> {
        match (&self.agent, &self.campaign) {
            (Some(agent), None) => filled("agentId", agent.as_str()),
            (None, Some(campaign)) => filled("campaignName", campaign.as_str()),
            _ => Err(Invalid::new("agentId", "either agent or campaign has to be given")),
        }
    }
}

/// Rings an agent, then a customer. A `GET` that rings phones: never repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentDial {
    /// The agent.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
    /// The campaign that the agent is live on.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The customer, in the service's form.
    #[serde(rename = "customerNumber")]
    pub customer: PhoneNumber,
    /// Whether the answer is to carry the UCID.
    #[serde(rename = "UCID", default)]
    pub want_ucid: Option<YesNo>,
    /// The reference to find the call by.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// `json`: without it the answer is XML (field report).
    #[serde(default)]
    pub format: Option<String>,
}

impl Endpoint for AgentDial {
    const SPEC: Spec = Spec {
        name: "legacy.agent_dial",
        title: "Agent manual dial (legacy)",
        path: "/CAServices/AgentManualDial.php",
        auth: Auth::Fields { user: "username", key: "api_key" },
        repeat: Repeat::Once,
        envelope: Envelope::of(&["queued successfully", "queued"], Payload::Whole),
        docs: "https://docs.ozonetel.com/reference/get_caservices-agentmanualdial-php-2",
        effect: Effect::Dial,
        ..STATE
    };
    type Reply = Dialed;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentID", self.agent.as_str())?;
        filled("campaignName", self.campaign.as_str())?;
        filled("customerNumber", self.customer.as_str())
    }

    fn accepts(&self, reply: &Dialed) -> bool {
        reply.ucid.is_some() || self.want_ucid != Some(YesNo(true))
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

/// Rings an offline agent's number, then a customer. A `GET` that rings phones: never repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhoneDial {
    /// The customer, in the service's form.
    #[serde(rename = "custNumber")]
    pub customer: PhoneNumber,
    /// The offline agent's phone name.
    #[serde(rename = "phoneName")]
    pub phone_name: PhoneName,
    /// A DID of an inbound offline campaign.
    pub did: Did,
    /// Lets the service fall back to other DIDs of the campaign.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
    /// The reference to find the call by.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// The longest conversation, in seconds.
    #[serde(rename = "callLimit", default, deserialize_with = "loose")]
    pub call_limit: Option<u32>,
    /// `"true"`: do not dial while the agent is busy. Text here, a boolean on the newer path.
    #[serde(rename = "checkStatus", default)]
    pub check_status: Option<YesNo>,
}

impl Endpoint for PhoneDial {
    const SPEC: Spec = Spec {
        name: "legacy.phone_dial",
        title: "Phone manual dial (legacy)",
        path: "/CAServices/PhoneManualDial.php",
        repeat: Repeat::Once,
        envelope: Envelope::of(&["queued"], Payload::At(&["message"])),
        docs: "https://docs.ozonetel.com/reference/get_caservices-phonemanualdial-php-1",
        effect: Effect::Dial,
        ..STATE
    };
    type Reply = Ucid;

    fn check(&self) -> Result<(), Invalid> {
        phone_dial(&self.customer, &self.phone_name, &self.did, self.call_limit)
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

/// Sets a call's disposition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetDisposition {
    /// The leg.
    pub ucid: Ucid,
    /// The DID of the call.
    pub did: Did,
    /// The agent; optional here.
    #[serde(rename = "agentId", default)]
    pub agent: Option<AgentId>,
    /// The disposition.
    pub disposition: DispositionName,
    /// Free text.
    #[serde(default)]
    pub comments: Option<SensitiveText>,
    /// Pauses the agent after the call; needs a reason.
    #[serde(rename = "pauseAfterDispose", default)]
    pub pause_after: Option<YesNo>,
    /// Why the agent is paused.
    #[serde(rename = "pauseReason", default)]
    pub pause_reason: Option<PauseReason>,
}

impl Endpoint for SetDisposition {
    const SPEC: Spec = Spec {
        name: "legacy.set_disposition",
        title: "Set disposition (legacy)",
        path: "/CAServices/Disposition/DispositionAPIV2.php",
        discriminator: Discriminator::Is("action", "Set"),
        auth: Auth::Fields { user: "customer", key: "apiKey" },
        envelope: Envelope::of(&["Success"], Payload::Text),
        docs: "https://docs.ozonetel.com/reference/get_caservices-disposition-dispositionapiv2-php",
        effect: Effect::Disposition,
        second_sending: SecondSending::Refused,
        ..STATE
    };
    type Reply = Disposed;

    fn check(&self) -> Result<(), Invalid> {
        filled("did", self.did.as_str())?;
        filled("disposition", self.disposition.as_str())?;
        if self.pause_after == Some(YesNo(true)) {
            filled("pauseReason", self.pause_reason.as_ref().map_or("", PauseReason::as_str))?;
        }
        Ok(())
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

/// The dispositions of one campaign, by its number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListDispositions {
    /// The campaign's number.
    #[serde(rename = "campaignID", deserialize_with = "id")]
    pub campaign: String,
}

fn id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    crate::types::wire::text(from).map(String::from)
}

impl Endpoint for ListDispositions {
    const SPEC: Spec = Spec {
        name: "legacy.list_dispositions",
        title: "Dispositions of a campaign (legacy)",
        path: "/CAServices/Disposition/DispositionAPI.php",
        path_verified: false,
        discriminator: Discriminator::Is("action", "get"),
        auth: Auth::Fields { user: "customer", key: "apiKey" },
        envelope: Envelope {
            success_words: &["Success"],
            payload: Payload::At(&["details"]),
            empty_messages: &["No disposition found for campaign ID: {} and user: {}"],
        },
        docs: "https://docs.ozonetel.com/reference/get_caservices-disposition-dispositionapi-php",
        effect: Effect::None,
        ..STATE
    };
    type Reply = Vec<DispositionName>;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignID", &self.campaign)
    }
}

const CONTROL: Spec = Spec {
    name: "legacy.hold",
    title: "Call control V4 (legacy)",
    path: "/callcontrol_v4.php",
    auth: Auth::KeyField("api_key"),
    envelope: Envelope::of(&["Success"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/get_callcontrol-v4-php",
    effect: Effect::None,
    ..STATE
};

fn json() -> String {
    "json".to_owned()
}

macro_rules! control {
    ($(#[$meta:meta])* $name:ident, $spec:literal, $action:literal, $repeat:expr, $effect:expr, number: $required:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub struct $name {
            /// The leg.
            pub ucid: Ucid,
            /// The DID that the call was dialled through.
            pub did: Did,
            /// The phone name of the agent's number.
            #[serde(rename = "agentPhoneName")]
            pub agent_phone_name: PhoneName,
            /// The party that is rung or dropped.
            #[serde(rename = "conferenceNumber", default)]
            pub number: Option<PhoneNumber>,
            /// Always true, says the page.
            #[serde(rename = "playRing")]
            pub play_ring: YesNo,
            /// Whether the number is a SIP number.
            #[serde(default)]
            pub sip: Option<YesNo>,
            /// `json`.
            #[serde(default)]
            pub output: Option<String>,
        }

        impl $name {
            fn new(ucid: Ucid, did: Did, name: PhoneName, number: Option<PhoneNumber>) -> Self {
                let (agent_phone_name, play_ring) = (name, YesNo(true));
                Self { ucid, did, agent_phone_name, number, play_ring, sip: None, output: Some(json()) }
            }
        }

        impl Endpoint for $name {
            const SPEC: Spec =
                Spec { name: $spec, discriminator: Discriminator::Is("action", $action), repeat: $repeat, effect: $effect, ..CONTROL };
            type Reply = Controlled;

            fn check(&self) -> Result<(), Invalid> {
                party(&self.did, &self.agent_phone_name, self.number.as_ref(), $required)
            }

            fn ucid(&self) -> Option<Ucid> {
                Some(self.ucid)
            }
        }
    };
}

control! {
    /// Rings another party into the call.
    Conference, "legacy.conference", "CONFERENCE", Repeat::Once, Effect::Conference, number: true
}
control! {
    /// Drops a party.
    Kick, "legacy.kick", "KICK_CALL", Repeat::Once, Effect::Kick, number: true
}
control! {
    /// Puts the customer on hold.
    Hold, "legacy.hold", "HOLD", Repeat::Safe, Effect::Hold, number: false
}
control! {
    /// Takes the customer off hold.
    Unhold, "legacy.unhold", "UNHOLD", Repeat::Safe, Effect::Unhold, number: false
}
control! {
    /// Mutes the agent.
    Mute, "legacy.mute", "MUTE", Repeat::Safe, Effect::Mute, number: false
}
control! {
    /// Unmutes the agent.
    Unmute, "legacy.unmute", "UNMUTE", Repeat::Safe, Effect::Unmute, number: false
}

macro_rules! plain {
    ($(#[$meta:meta])* $method:ident, $name:ident) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// As [`CallControl::hold`](crate::api::call_control::CallControl::hold).
        pub fn $method(
            &self,
            ucid: Ucid,
            did: impl Into<Did>,
            agent_phone_name: impl Into<PhoneName>,
        ) -> Call<'c, $name> {
            Call::new(self.0, Ok($name::new(ucid, did.into(), agent_phone_name.into(), None)))
        }
    };
}

impl<'c> Legacy<'c> {
    /// Sets an agent ready.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// use ozonetel_sdk::agents::TargetStateKind;
    /// client.legacy().change_state("agent01", TargetStateKind::Ready).await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Agents::ready`](crate::api::agents::Agents::ready).
    pub fn change_state(
        &self,
        agent: impl Into<AgentId>,
        state: impl Into<TargetState>,
    ) -> Call<'c, ChangeState> {
        let (agent, state) = (agent.into(), state.into());
        Call::new(self.0, Ok(ChangeState { agent, state, pause_reason: None }))
    }

    /// The details of an agent. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let details = client.legacy().agent_details("agent01").await?;
    /// assert!(details.0.to_string().contains("agent01"));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn agent_details(&self, agent: impl Into<AgentId>) -> Call<'c, AgentDetails> {
        Call::new(self.0, Ok(AgentDetails { agent: agent.into() }))
    }

    /// Average handling time of an agent.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let aht = client.legacy().aht_of_agent("agent01").await?;
    /// let _ = aht;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn aht_of_agent(&self, agent: impl Into<AgentId>) -> Call<'c, Aht> {
        Call::new(self.0, Ok(Aht { agent: Some(agent.into()), campaign: None }))
    }

    /// Average handling time of a campaign.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let aht = client.legacy().aht_of_campaign("support_out").await?;
    /// let _ = aht;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn aht_of_campaign(&self, campaign: impl Into<CampaignName>) -> Call<'c, Aht> {
        Call::new(self.0, Ok(Aht { agent: None, campaign: Some(campaign.into()) }))
    }

    /// Rings an agent, then a customer.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let dialed = client.legacy().agent_dial("agent01", "support_out", "9000000001").await?;
    /// assert!(dialed.ucid.is_some());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dial::agent`](crate::api::dial::Dial::agent).
    pub fn agent_dial(
        &self,
        agent: impl Into<AgentId>,
        campaign: impl Into<CampaignName>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, AgentDial> {
        let (agent, campaign) = (agent.into(), campaign.into());
        let request = customer.into().for_dial(self.0.region()).map(|customer| AgentDial {
            agent,
            campaign,
            customer,
            want_ucid: Some(YesNo(true)),
            uui: None,
            format: Some(json()),
        });
        Call::new(self.0, request)
    }

    /// Rings an offline agent's number, then a customer.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let ucid = client.legacy().phone_dial("agent01", "918000000002", "9000000001").await?;
    /// assert_eq!(ucid.as_str().len(), 17);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dial::phone`](crate::api::dial::Dial::phone).
    pub fn phone_dial(
        &self,
        phone_name: impl Into<PhoneName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, PhoneDial> {
        let (phone_name, did) = (phone_name.into(), did.into());
        let request = customer.into().for_dial(self.0.region()).map(|customer| PhoneDial {
            customer,
            phone_name,
            did,
            campaign: None,
            uui: None,
            call_limit: None,
            check_status: None,
        });
        Call::new(self.0, request)
    }

    /// Sets a call's disposition.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// # sim.phone(ucid.as_str(), ozonetel_sim::world::LegSide::Customer, ozonetel_sim::world::PhoneAction::Hangup)?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.legacy().set_disposition(ucid, "918000000001", "Follow Up").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dispositions::set`](crate::api::disposition::Dispositions::set).
    pub fn set_disposition(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        disposition: impl Into<DispositionName>,
    ) -> Call<'c, SetDisposition> {
        let request = SetDisposition {
            ucid,
            did: did.into(),
            agent: None,
            disposition: disposition.into(),
            comments: None,
            pause_after: None,
            pause_reason: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// The dispositions of one campaign, by its number. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let dispositions = client.legacy().list_dispositions("77").await?;
    /// assert!(!dispositions.is_empty());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn list_dispositions(&self, campaign: impl Into<String>) -> Call<'c, ListDispositions> {
        Call::new(self.0, Ok(ListDispositions { campaign: campaign.into() }))
    }

    plain! {
        /// Puts the customer on hold.
        hold, Hold
    }
    plain! {
        /// Takes the customer off hold.
        unhold, Unhold
    }
    plain! {
        /// Mutes the agent.
        mute, Mute
    }
    plain! {
        /// Unmutes the agent.
        unmute, Unmute
    }

    /// Rings another party into the call.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.legacy().conference(ucid, "918000000001", "agent01", "9000000002").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`CallControl::conference`](crate::api::call_control::CallControl::conference).
    pub fn conference(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent_phone_name: impl Into<PhoneName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, Conference> {
        let (did, agent_phone_name) = (did.into(), agent_phone_name.into());
        let number = number.into().for_conference(self.0.region());
        let request =
            number.map(|number| Conference::new(ucid, did, agent_phone_name, Some(number)));
        Call::new(self.0, request)
    }

    /// Drops a party.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// # let ucid = dialed.ucid.ok_or("no ucid")?;
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.legacy().kick(ucid, "918000000001", "agent01", "9000000001").await?;
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`CallControl::kick`](crate::api::call_control::CallControl::kick).
    pub fn kick(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent_phone_name: impl Into<PhoneName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, Kick> {
        let (did, agent_phone_name) = (did.into(), agent_phone_name.into());
        let number = number.into().for_conference(self.0.region());
        let request = number.map(|number| Kick::new(ucid, did, agent_phone_name, Some(number)));
        Call::new(self.0, request)
    }
}

impl Call<'_, ChangeState> {
    /// Why the agent pauses.
    pub fn pause_reason(self, reason: impl Into<PauseReason>) -> Self {
        let reason = reason.into();
        self.map(|request| request.pause_reason = Some(reason))
    }
}

impl Call<'_, SetDisposition> {
    /// The agent.
    pub fn agent(self, agent: impl Into<AgentId>) -> Self {
        let agent = agent.into();
        self.map(|request| request.agent = Some(agent))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::core::transport::SendStage;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_call_of_no_length_is_refused_before_it_is_sent() {
        let replay = Replay::new([]);
        let client = client(&replay);
        let call = client.legacy().phone_dial("desk", "918000000002", "9000000001");
        let error = call.map(|request| request.call_limit = Some(0)).await.unwrap_err();
        assert_eq!(error.invalid_input().unwrap().field(), "callLimit");
        assert!(replay.requests().is_empty());
    }

    #[tokio::test]
    async fn a_get_that_rings_phones_is_never_repeated() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"queued successfully","ucid":"90000000000000001"}"#),
            Turn::Fail(SendStage::Unknown),
            Turn::Fail(SendStage::Unknown),
            Turn::json(r#"{"status":"fail","message":"please provide proper user credentials"}"#),
        ]);
        let client = client(&replay);
        let dial = || client.legacy().agent_dial("agent01", "support_out", "9000000001");
        assert!(dial().await.unwrap().ucid.is_some());
        let want = json!({"agentID": "agent01", "campaignName": "support_out", "customerNumber": "9000000001",
            "UCID": "true", "format": "json", "username": "acme_support", "api_key": "test-key"});
        assert_eq!((asked(&replay, 0), replay.requests()[0].method().as_str()), (want, "GET"));
        assert!(dial().await.unwrap_err().may_have_happened());
        let phone = client.legacy().phone_dial("desk", "918000000002", "9000000001").await;
        assert!(phone.unwrap_err().may_have_happened());
        assert_eq!(replay.requests().len(), 3);
        assert_eq!(dial().await.unwrap_err().reason(), Some(Reason::BadCredentials));
    }

    #[tokio::test]
    async fn call_control_needs_no_account_name_and_always_plays_a_ring() {
        let ok = r#"{"status":"Success","message":"User hold is successful"}"#;
        let replay = Replay::new([Turn::json(ok)]);
        let client = client(&replay);
        let ucid = "90000000000000001".parse().unwrap();
        client.legacy().hold(ucid, "918000000001", "agent01").await.unwrap();
        let want = json!({"action": "HOLD", "ucid": "90000000000000001", "did": "918000000001",
            "agentPhoneName": "agent01", "playRing": "true", "output": "json", "api_key": "test-key"});
        assert_eq!(asked(&replay, 0), want);
        let call = client.legacy().kick(ucid, "918000000001", "agent01", "no number");
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Input);
    }

    #[tokio::test]
    async fn dispositions_of_a_campaign_may_be_none() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"Success","details":["A","B"]}"#),
            Turn::json(
                r#"{"status":"Fail","message":"No disposition found for campaign ID: 12 and user: acme_support"}"#,
            ),
            Turn::json(r#"{"status":"Success","details":"queued successfully"}"#),
        ]);
        let client = client(&replay);
        assert_eq!(client.legacy().list_dispositions("12").await.unwrap().len(), 2);
        assert!(client.legacy().list_dispositions("12").await.unwrap().is_empty());
        let ucid = "90000000000000001".parse().unwrap();
        let set = client.legacy().set_disposition(ucid, "918000000001", "Follow Up");
        assert!(set.agent("agent01").await.unwrap().is_queued());
        assert_eq!(asked(&replay, 2)["customer"], "acme_support");
    }
}
