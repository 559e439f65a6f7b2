//! Manual dials: rings the agent first, then the customer.
//!
//! **A dial is never repeated.** Its outcome is one of four: not sent, accepted with a UCID, refused with a reason, or
//! unknown. Unknown means that a phone may be ringing: [`Error::may_have_happened`] is true, and
//! [`Error::reference`] hands back the `uui` under which the call stands in the CDR, the events and the callback if it
//! did happen. Settle it there before dialing again.

use serde::{Deserialize, Serialize};

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Discriminator, Effect, Endpoint, Envelope, Method, Payload, Repeat, Reply, Spec,
};
use crate::core::error::{Error, ErrorKind};
use crate::types::ids::{AgentId, CampaignName, Did, PhoneName, SkillName, Ucid};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{Flag, SensitiveText, YesNo, loose, record};

const AGENT_DIAL: Spec = Spec {
    name: "dial.agent",
    title: "Agent manual dial",
    method: Method::Post,
    path: "/ca_apis/AgentManualDial",
    discriminator: Discriminator::Has("agentID"),
    repeat: Repeat::Once,
    envelope: Envelope::of(&["queued successfully", "queued"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentmanualdial-3",
    effect: Effect::Dial,
    ..Spec::DEFAULT
};

record! {
    /// An accepted dial.
    pub struct Dialed {
        /// The leg's UCID; there unless the dial was told not to ask for it.
        ucid: Ucid = "ucid" | "UCID",
        /// The service's word.
        status: String = "status",
    }
}

impl Reply for Dialed {}

/// Rings an agent who is live on a campaign, then a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentDial {
    /// The agent: logged in, in manual or blended mode, available.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
    /// The campaign that the agent is live on.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The customer, in the service's form: see [`PhoneNumber::for_dial`].
    #[serde(rename = "customerNumber")]
    pub customer: PhoneNumber,
    /// Whether the answer is to carry the UCID.
    #[serde(rename = "UCID", default)]
    pub want_ucid: Option<YesNo>,
    /// Carried into reports, events and callbacks: the reference to find the call by.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// Skips the service's own check of the number (field report).
    #[serde(rename = "skipCustomerNumberValidation", default)]
    pub skip_validation: Option<Flag>,
}

impl Endpoint for AgentDial {
    const SPEC: Spec = AGENT_DIAL;
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

/// Rings an available agent of a skill, then a customer, from a DID: for inbound and blended modes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SkillDial {
    /// The skill.
    pub skill: SkillName,
    /// The DID to call from.
    pub did: Did,
    /// The customer, in the service's form.
    #[serde(rename = "customerNumber")]
    pub customer: PhoneNumber,
    /// Whether the answer is to carry the UCID.
    #[serde(rename = "UCID", default)]
    pub want_ucid: Option<YesNo>,
    /// Carried into reports, events and callbacks.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
}

impl Endpoint for SkillDial {
    const SPEC: Spec = Spec {
        name: "dial.skill",
        title: "Skill-wise agent manual dial",
        discriminator: Discriminator::Has("skill"),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentmanualdial",
        ..AGENT_DIAL
    };
    type Reply = Dialed;

    fn check(&self) -> Result<(), Invalid> {
        filled("skill", self.skill.as_str())?;
        filled("did", self.did.as_str())?;
        filled("customerNumber", self.customer.as_str())
    }

    fn accepts(&self, reply: &Dialed) -> bool {
        reply.ucid.is_some() || self.want_ucid != Some(YesNo(true))
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

/// What a phone manual dial has to have, on the newer path and on the older.
pub(crate) fn phone_dial(
    customer: &PhoneNumber,
    phone_name: &PhoneName,
    did: &Did,
    call_limit: Option<u32>,
) -> Result<(), Invalid> {
    filled("custNumber", customer.as_str())?;
    filled("phoneName", phone_name.as_str())?;
    filled("did", did.as_str())?;
    match call_limit {
        Some(0) => Err(Invalid::new("callLimit", "has to be at least one second")),
        _ => Ok(()),
    }
}

/// Rings an offline agent's number, then a customer; no toolbar login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhoneDial {
    /// The customer, in the service's form.
    #[serde(rename = "custNumber")]
    pub customer: PhoneNumber,
    /// The offline agent's phone name, exactly as configured.
    #[serde(rename = "phoneName")]
    pub phone_name: PhoneName,
    /// A DID of an inbound offline campaign.
    pub did: Did,
    /// Lets the service fall back to other DIDs of the campaign.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
    /// Carried into reports, events and callbacks.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// The longest conversation, in seconds.
    #[serde(rename = "callLimit", default, deserialize_with = "loose")]
    pub call_limit: Option<u32>,
    /// `true`: do not dial while the agent is busy.
    #[serde(rename = "checkStatus", default)]
    pub check_status: Option<Flag>,
}

impl Endpoint for PhoneDial {
    const SPEC: Spec = Spec {
        name: "dial.phone",
        title: "Phone manual dial",
        path: "/ca_apis/PhoneManualDial",
        discriminator: Discriminator::Always,
        envelope: Envelope::of(&["queued"], Payload::At(&["message"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-phonemanualdial-1",
        ..AGENT_DIAL
    };
    type Reply = Ucid;

    fn check(&self) -> Result<(), Invalid> {
        phone_dial(&self.customer, &self.phone_name, &self.did, self.call_limit)
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

impl Reply for Ucid {}

/// What became of a dial.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing left this machine; dialing again is safe.
    NotSent(Error),
    /// The service took it. The UCID is there unless the dial was told not to ask for it.
    Accepted(Option<Ucid>),
    /// The service said no; nobody was rung.
    Refused(Error),
    /// Nobody knows: a phone may be ringing. Not to be repeated before it is settled.
    Unknown(Error),
}

impl Outcome {
    /// Sorts a failed dial.
    pub fn of(error: Error) -> Self {
        if error.may_have_happened() {
            Self::Unknown(error)
        } else if error.kind() == ErrorKind::Refused {
            Self::Refused(error)
        } else {
            Self::NotSent(error)
        }
    }
}

/// The endpoints that dial.
pub trait Dialing: Endpoint {
    /// The UCID in the reply.
    fn ucid_of(reply: &Self::Reply) -> Option<Ucid>;

    /// Sets the reference.
    fn set_uui(&mut self, uui: SensitiveText);
}

impl Dialing for AgentDial {
    fn ucid_of(reply: &Dialed) -> Option<Ucid> {
        reply.ucid
    }
    fn set_uui(&mut self, uui: SensitiveText) {
        self.uui = Some(uui);
    }
}

impl Dialing for SkillDial {
    fn ucid_of(reply: &Dialed) -> Option<Ucid> {
        reply.ucid
    }
    fn set_uui(&mut self, uui: SensitiveText) {
        self.uui = Some(uui);
    }
}

impl Dialing for PhoneDial {
    fn ucid_of(reply: &Ucid) -> Option<Ucid> {
        Some(*reply)
    }
    fn set_uui(&mut self, uui: SensitiveText) {
        self.uui = Some(uui);
    }
}

/// Dials: see [`Client::dial`].
#[derive(Debug, Clone, Copy)]
pub struct Dial<'c>(pub(crate) &'c Client);

impl Client {
    /// Manual dials.
    pub fn dial(&self) -> Dial<'_> {
        Dial(self)
    }
}

impl<'c> Dial<'c> {
    /// Rings an agent who is live on a campaign, then the customer. The number is put into the form that the
    /// account's region wants.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// use ozonetel_sdk::dial::Outcome;
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// let dial = client.dial().agent("agent01", "support_out", "+91 90000 00001").uui("order-7");
    /// match dial.outcome().await {
    ///     Outcome::Accepted(ucid) => assert!(ucid.is_some()),
    ///     Outcome::Refused(error) => eprintln!("not rung: {error}"),
    ///     Outcome::NotSent(error) => eprintln!("safe to dial again: {error}"),
    ///     Outcome::Unknown(error) => eprintln!("look for {:?} first", error.reference()),
    ///     _ => {}
    /// }
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`](crate::Reason::NotAllowed) when the agent is not available, with
    /// [`Reason::BadInput`](crate::Reason::BadInput) for a wrong campaign or number. Any failure after it may have
    /// arrived has [`Error::may_have_happened`] set.
    pub fn agent(
        &self,
        agent: impl Into<AgentId>,
        campaign: impl Into<CampaignName>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, AgentDial> {
        let (agent, campaign) = (agent.into(), campaign.into());
        let request = self.number(customer).map(|customer| AgentDial {
            agent,
            campaign,
            customer,
            want_ucid: Some(YesNo(true)),
            uui: None,
            skip_validation: None,
        });
        Call::new(self.0, request)
    }

    /// Rings an available agent of a skill, then the customer, from a DID.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let dialed = client.dial().skill("General", "918000000001", "9000000001").uui("order-7").await?;
    /// assert!(dialed.ucid.is_some());
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`agent`](Self::agent).
    pub fn skill(
        &self,
        skill: impl Into<SkillName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, SkillDial> {
        let (skill, did) = (skill.into(), did.into());
        let request = self.number(customer).map(|customer| SkillDial {
            skill,
            did,
            customer,
            want_ucid: Some(YesNo(true)),
            uui: None,
        });
        Call::new(self.0, request)
    }

    /// Rings an offline agent's number, then the customer.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let ucid = client.dial().phone("agent01", "918000000002", "9000000001").call_limit(600).await?;
    /// assert_eq!(ucid.as_str().len(), 17);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown phone name, otherwise as
    /// [`agent`](Self::agent).
    pub fn phone(
        &self,
        phone_name: impl Into<PhoneName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, PhoneDial> {
        let (phone_name, did) = (phone_name.into(), did.into());
        let request = self.number(customer).map(|customer| PhoneDial {
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

    fn number(&self, customer: impl Into<PhoneNumber>) -> Result<PhoneNumber, Invalid> {
        customer.into().for_dial(self.0.region())
    }
}

impl<E: Dialing> Call<'_, E> {
    /// A reference of the caller's choice, carried into reports, events and callbacks: what an unknown dial is
    /// settled by.
    pub fn uui(self, reference: impl Into<SensitiveText>) -> Self {
        let reference = reference.into();
        self.map(|request| request.set_uui(reference))
    }

    /// Sends the dial and sorts what became of it.
    pub async fn outcome(self) -> Outcome {
        match self.send().await {
            Ok(reply) => Outcome::Accepted(E::ucid_of(&reply)),
            Err(error) => Outcome::of(error),
        }
    }
}

impl Call<'_, AgentDial> {
    /// Does not ask for the UCID: for accounts where asking makes dials fail, as one integrator reports.
    pub fn without_ucid(self) -> Self {
        self.map(|request| request.want_ucid = None)
    }

    /// Skips the service's own check of the number.
    pub fn skip_validation(self) -> Self {
        self.map(|request| request.skip_validation = Some(Flag(true)))
    }
}

impl Call<'_, SkillDial> {
    /// Does not ask for the UCID.
    pub fn without_ucid(self) -> Self {
        self.map(|request| request.want_ucid = None)
    }
}

impl Call<'_, PhoneDial> {
    /// Lets the service fall back to other DIDs of a campaign.
    pub fn campaign(self, campaign: impl Into<CampaignName>) -> Self {
        let campaign = campaign.into();
        self.map(|request| request.campaign = Some(campaign))
    }

    /// The longest conversation, in seconds.
    pub fn call_limit(self, seconds: u32) -> Self {
        self.map(|request| request.call_limit = Some(seconds))
    }

    /// Whether to refrain from dialing while the agent is busy.
    pub fn check_status(self, yes: bool) -> Self {
        self.map(|request| request.check_status = Some(Flag(yes)))
    }
}
